"""Layered layout of a sheet: inputs on the left, outputs on the right, wires at right angles.

The steps are those of Sugiyama, Tagawa and Toda (IEEE SMC 11, 1981): edges that close cycles are turned
round (those into registers first), boxes get layers by their longest path, a wire gets one place in every
layer that it passes (one a *net*, however many readers it has), the layers are ordered by barycentres, and
heights follow from the order. Then :mod:`~gatesim.viewer.routing` draws the wires.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from weakref import WeakKeyDictionary

import numpy as np

from ..kernels import layout_place, layout_straighten
from ..netlist import Netlist
from .contents import Contents, contents
from .grouping import hierarchy
from .layering import FINE_LIMIT, bus_of_pin, layered, layers, pin_order, split
from .routing import Routes, route
from .scene import GRID, Kind, Sheet

FLAT = 1 << 20
"""A depth that opens everything."""

ROUGH_SWEEPS, SWEEPS = 4, 8
"""Barycentre sweeps before pins have found their places, and after."""

STRAIGHTENING_SWEEPS = 8

SCREEN, TALL = 16 / 9, 1.5
"""Width by height of what sheets are looked at on, and height by width from which layers are cut into columns."""

COLUMNS = (1, 1.5, 2)
"""How fine layers of a tall sheet are cut, in turn: 1 is what would fit if no wire passed between columns."""


@dataclass(frozen=True)
class _Known:
    """What has been laid out of a netlist: sheets, and arrangements by structure."""

    sheets: dict[tuple[int, int], Sheet] = field(default_factory=dict)
    arrangements: dict[bytes, Arrangement] = field(default_factory=dict)


_known: WeakKeyDictionary[Netlist, _Known] = WeakKeyDictionary()


def lay_out(net: Netlist, scope: int | str = 0, *, depth: int = 0) -> Sheet:
    """The sheet of one scope of `net` (made once).

    Parameters
    ----------
    net : Netlist
    scope : int or str
        A number found in a box of another sheet, or names from the root down joined by ``/``; 0 is the
        whole netlist. A scope that only wraps another shows what that one contains.
    depth : int
        So many levels of scopes below are shown open, in one drawing.

    Raises
    ------
    UnknownNameError
        There is no such scope.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("half_adder"); x, y = b.input("x"), b.input("y")
    >>> b.output("sum", x ^ y); b.output("carry", x & y)
    >>> sheet = lay_out(b.freeze())
    >>> [sheet.box(i).label for i in range(sheet.n_boxes)]
    ['XOR', 'AND', 'x', 'y', 'sum', 'carry']
    """
    tree = hierarchy(net)
    node = tree.node(scope)
    known = _known.setdefault(net, _Known())
    if (node, depth) not in known.sheets:
        inside = contents(net, tree, node, depth)
        structure = fingerprint(inside)
        if structure not in known.arrangements:
            known.arrangements[structure] = arrange(inside)
        placed = known.arrangements[structure]
        known.sheets[node, depth] = _sheet(net.name, node, tree.path(node), inside.with_pins(placed.pins), placed)
    return known.sheets[node, depth]


def fingerprint(inside: Contents) -> bytes:
    """The same for two sheets exactly when nothing that their arrangement depends on differs."""
    width, height, dy = sizes(inside)
    digest = sha256()
    for part in (
        inside.kind, inside.op, inside.pin_node, inside.pin_wire, inside.pin_slot, inside.pin_is_output,
        width, height, dy, bus_of_pin(inside),
    ):  # fmt: skip
        digest.update(len(part).to_bytes(8, "little") + np.ascontiguousarray(part).tobytes())
    return digest.digest()


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where everything stands, in grid units: ``x``, ``y``, ``width``, ``height`` of nodes, ``dy`` of pins.

    ``pins`` is the order in which the pins came to stand; ``dy`` is in that order.
    """

    pins: np.ndarray
    x: np.ndarray
    y: np.ndarray
    width: np.ndarray
    height: np.ndarray
    dy: np.ndarray
    routes: Routes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all boxes together."""
        if not len(self.x):
            return 1, 1
        return int((self.x + self.width).max() - self.x.min()), int((self.y + self.height).max() - self.y.min())


def _text_units(text: str, px_a_letter: float = 7.0) -> int:
    return int(np.ceil(len(text) * px_a_letter / GRID))


def _value_units(bits: int) -> int:
    """Room for the value of so many bits in hexadecimal."""
    return _text_units("0" * ((bits + 3) // 4)) + 1


def sizes(inside: Contents) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Width and height of every node, and the height of every pin below its node's top, in grid units."""
    n = len(inside.kind)
    width = np.full(n, 6, np.int64)
    height = np.full(n, 4, np.int64)
    n_in = np.bincount(inside.pin_node[~inside.pin_is_output], minlength=n)
    n_out = np.bincount(inside.pin_node[inside.pin_is_output], minlength=n)
    side = inside.pin_is_output.astype(np.int64)
    group = inside.pin_node.astype(np.int64) * 2 + side
    start = np.searchsorted(group, group)
    rank = np.arange(len(group)) - start
    many = np.where(inside.pin_is_output, n_out[inside.pin_node], n_in[inside.pin_node])
    gate = inside.kind == Kind.GATE
    height[gate] = np.maximum(4, 2 * n_in[gate])
    flag = inside.kind >= Kind.INPUT
    height[flag] = 2
    boxed = ~gate & ~flag
    head = np.where(inside.kind == Kind.REGISTER, 1, 3)
    height[boxed] = head[boxed] + 2 * np.maximum(np.maximum(n_in, n_out)[boxed], 1) + 1
    longest = np.zeros((n, 2), np.int64)
    for i, text in enumerate(inside.pin_label):
        if text:
            at = inside.pin_node[i], side[i]
            longest[at] = max(longest[at], _text_units(text, 6.0))
    bits = dict(zip(inside.pin_node.tolist(), map(len, inside.pin_nets), strict=True))
    for i in np.flatnonzero(boxed | flag).tolist():
        width[i] = _text_units(inside.label[i]) + 2
        if flag[i]:
            width[i] += _value_units(bits[i])
        if boxed[i] and inside.kind[i] != Kind.REGISTER:
            width[i] = max(8, width[i], int(longest[i].sum()) + 3)
        elif boxed[i]:
            width[i] = 6
    middle = height[inside.pin_node] // 2
    spread = middle + 2 * rank - (many - 1)
    listed = head[inside.pin_node] + 1 + 2 * rank
    dy = np.where(boxed[inside.pin_node], listed, spread)
    return width, height, dy


def arrange(inside: Contents) -> Arrangement:
    """Places for what stands on a sheet."""
    layer = layers(inside)
    placed = _in_layers(inside, layer)
    wide, tall = placed.size
    if tall > TALL * wide:
        flags = inside.kind >= Kind.INPUT
        stacks = np.bincount(layer[flags], placed.height[flags], 1)
        for columns in COLUMNS:
            limit = max(float(np.sqrt(wide * tall / SCREEN)) / columns, stacks.max())
            cut = _in_layers(inside, split(layer, inside, placed.height, limit))
            placed = min(placed, cut, key=lambda a: _misfit(*a.size))
    return placed


def _misfit(wide: int, tall: int) -> float:
    return abs(float(np.log(wide / tall / SCREEN)))


def _in_layers(inside: Contents, layer: np.ndarray) -> Arrangement:
    """The best places that were found with every node in its layer."""
    width, height, dy = sizes(inside)
    bus = bus_of_pin(inside)
    pins = np.arange(len(dy))
    cut = layered(inside, layer, height, dy)
    order = cut.swept(cut.unordered, ROUGH_SWEEPS)
    small = len(layer) <= FINE_LIMIT
    moved = inside
    for turn in range(2 if small else 1):
        pins = pins[pin_order(moved, cut.wishes(order, len(dy)), bus[pins])]
        moved = inside.with_pins(pins)
        width, height, dy = sizes(moved)
        cut = layered(moved, layer, height, dy)
        order = order if turn else cut.swept(order, SWEEPS)
        order = cut.sifted(order) if small else order
    gap = np.where(cut.is_pass, 1, 2)
    gap[: len(layer)][inside.kind >= Kind.INPUT] = 0
    tail, head = cut.tail, cut.head
    top = layout_place.place_items(
        order, cut.first, cut.height, gap, cut.edge_first, cut.item[tail], cut.item[head], cut.dy[tail], cut.dy[head],
        cut.is_pass, cut.mate, 24,
    )  # fmt: skip
    layout_straighten.straighten(
        top, order, cut.first, cut.height, gap, cut.item[tail], cut.item[head], cut.dy[tail], cut.dy[head],
        cut.is_pass, STRAIGHTENING_SWEEPS,
    )  # fmt: skip
    top -= (top.min() if len(top) else 0) - 1
    layer_width = np.zeros(len(cut.first) - 1, np.int64)
    np.maximum.at(layer_width, layer, width)
    routes = route(
        cut.channel, cut.wire, cut.side, cut.item, top[cut.item] + cut.dy, layer_width, layer, width,
        inside.kind == Kind.INPUT,
    )  # fmt: skip
    return Arrangement(pins, routes.node_x, top[: len(layer)], width, height, dy, routes)


def _sheet(circuit: str, node: int, path, inside: Contents, placed: Arrangement) -> Sheet:
    rect = np.stack((placed.x, placed.y, placed.width, placed.height), axis=1) * GRID
    at = rect[inside.pin_node, :2]
    at[:, 0] += np.where(inside.pin_is_output, rect[inside.pin_node, 2], 0)
    at[:, 1] += placed.dy * GRID
    counts = [len(nets) for nets in inside.pin_nets]
    wire_counts = [len(nets) for nets in inside.wires]
    ends = np.concatenate((rect[:, :2] + rect[:, 2:], placed.routes.segments[:, 2:]))
    width, height = (ends.max(axis=0) + GRID).tolist() if len(ends) else (GRID, GRID)
    return Sheet(
        circuit=circuit,
        scope=node,
        path=path,
        width=width,
        height=height,
        box_kind=_fixed(inside.kind, np.uint8),
        box_item=_fixed(inside.item, np.int32),
        box_op=_fixed(inside.op, np.uint8),
        box_rect=_fixed(rect, np.int32),
        box_label=inside.label,
        pin_box=_fixed(inside.pin_node, np.int32),
        pin_at=_fixed(at, np.int32),
        pin_is_output=_fixed(inside.pin_is_output, np.bool_),
        pin_wire=_fixed(inside.pin_wire, np.int32),
        pin_slot=_fixed(inside.pin_slot, np.int32),
        pin_label=tuple(inside.pin_label),
        pin_ptr=_fixed(np.concatenate(([0], np.cumsum(counts))), np.int32),
        pin_nets=_fixed([k for nets in inside.pin_nets for k in nets], np.int32),
        wire_ptr=_fixed(np.concatenate(([0], np.cumsum(wire_counts))), np.int32),
        wire_nets=_fixed([k for nets in inside.wires for k in nets], np.int32),
        segments=_fixed(placed.routes.segments, np.int32),
        segment_wire=_fixed(placed.routes.segment_wire, np.int32),
        dots=_fixed(placed.routes.dots, np.int32),
        dot_wire=_fixed(placed.routes.dot_wire, np.int32),
    )


def _fixed(values, dtype) -> np.ndarray:
    out = np.array(values, dtype=dtype)
    out.flags.writeable = False
    return out
