"""Layered layout of a sheet: inputs on the left, outputs on the right, wires at right angles.

The steps are those of Sugiyama, Tagawa and Toda (IEEE SMC 11, 1981): edges that close cycles are turned
round (those into registers first), boxes get layers by their longest path, a wire gets one place in every
layer that it passes (one a *net*, however many readers it has), the layers are ordered by barycentres, and
heights follow from the order. Then :mod:`~gatesim.viewer.routing` draws the wires.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ..kernels import graph, layout_layers, layout_order, layout_place, layout_shorten, layout_sift
from ..netlist import Netlist
from .contents import Contents, contents
from .grouping import hierarchy
from .routing import Routes, route
from .scene import GRID, Kind, Sheet

FLAT = 1 << 20
"""A depth that opens everything."""

FINE_LIMIT, SIFT_ROUNDS, SIFT_BUDGET = 800, 10, 4_000_000
"""Things up to which an order is searched finely, and for how long: rounds, and pairs of things compared."""

SHORTENING_SWEEPS = 8
"""How often every node is offered a layer in which its wires are shorter."""

_sheets: WeakKeyDictionary[Netlist, dict[tuple[int, int], Sheet]] = WeakKeyDictionary()


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
    known = _sheets.setdefault(net, {})
    if (node, depth) not in known:
        inside = contents(net, tree, node, depth)
        known[node, depth] = _sheet(net.name, node, tree.path(node), inside, arrange(inside))
    return known[node, depth]


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where everything stands, in grid units: ``x``, ``y``, ``width``, ``height`` of nodes, ``dy`` of pins."""

    x: np.ndarray
    y: np.ndarray
    width: np.ndarray
    height: np.ndarray
    dy: np.ndarray
    routes: Routes


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


def _layers(inside: Contents) -> np.ndarray:
    """(n,) layer of every node: flags of inputs 0, those of outputs last."""
    n = len(inside.kind)
    wired = inside.pin_wire >= 0
    out = wired & inside.pin_is_output
    driver = np.full(len(inside.wires), -1, np.int64)
    driver[inside.pin_wire[out]] = inside.pin_node[out]
    reads = wired & ~inside.pin_is_output
    tail, head = driver[inside.pin_wire[reads]], inside.pin_node[reads].astype(np.int64)
    order = np.argsort(tail, kind="stable")
    tail, head = tail[order], head[order]
    ptr = np.searchsorted(tail, np.arange(n + 1))
    soft = (inside.kind[head] == Kind.REGISTER) | (inside.kind[head] == Kind.MEMORY)
    back = layout_layers.backward_edges(ptr, head, soft, n < 2000)
    tail, head = tail[~back], head[~back]
    order = np.argsort(head, kind="stable")
    fanin_ptr = np.searchsorted(head[order], np.arange(n + 1)).astype(np.int32)
    source = np.diff(fanin_ptr) == 0
    layer = graph.levelise(source, fanin_ptr, tail[order].astype(np.int32), n)[0].astype(np.int64)
    first_inner = (inside.kind != Kind.INPUT) & source
    if first_inner.any():
        # What reads nothing but feedback stands behind the inputs all the same.
        extra = n
        fed = np.concatenate((tail, np.full(int(first_inner.sum()), extra)))
        to = np.concatenate((head, np.flatnonzero(first_inner)))
        order = np.argsort(to, kind="stable")
        fanin_ptr = np.searchsorted(to[order], np.arange(n + 2)).astype(np.int32)
        source = np.diff(fanin_ptr) == 0
        layer = graph.levelise(source, fanin_ptr, fed[order].astype(np.int32), n + 1)[0][:n].astype(np.int64)
    inner = inside.kind < Kind.INPUT
    sequence = np.flatnonzero(inner)[np.argsort(layer[inner], kind="stable")]
    layer[inside.kind == Kind.OUTPUT] = layer[~(inside.kind == Kind.OUTPUT)].max(initial=0) + 1
    ends = inside.pin_node.astype(np.int64) * 2 + inside.pin_is_output
    ends, wires = ends[wired], inside.pin_wire[wired]
    by_node, by_wire = np.argsort(ends >> 1, kind="stable"), np.argsort(wires, kind="stable")
    layout_shorten.shorten(
        layer, sequence, *_lists(head, tail, n), *_lists(tail, head, n),
        np.searchsorted(ends[by_node] >> 1, np.arange(n + 1)), wires[by_node], ends[by_node] & 1 > 0,
        np.searchsorted(wires[by_wire], np.arange(len(inside.wires) + 1)), ends[by_wire], SHORTENING_SWEEPS,
    )  # fmt: skip
    return layer


def _lists(key: np.ndarray, value: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """CSR of the values of every key below `n`."""
    order = np.argsort(key, kind="stable")
    return np.searchsorted(key[order], np.arange(n + 1)), value[order]


def arrange(inside: Contents) -> Arrangement:
    """Places for what stands on a sheet."""
    width, height, dy = sizes(inside)
    n = len(inside.kind)
    layer = _layers(inside)
    n_layers = int(layer.max(initial=0)) + 1
    wired = np.flatnonzero(inside.pin_wire >= 0)
    is_out = inside.pin_is_output[wired]
    wire = inside.pin_wire[wired].astype(np.int64)
    channel = layer[inside.pin_node[wired]] - ~is_out
    low = np.full(len(inside.wires), 1 << 30, np.int64)
    high = np.full(len(inside.wires), -1, np.int64)
    np.minimum.at(low, wire, channel)
    np.maximum.at(high, wire, channel)
    passes = np.maximum(high - low, 0)
    pass_wire = np.repeat(np.arange(len(passes)), passes)
    begun = np.repeat(np.cumsum(passes) - passes, passes)
    pass_layer = low[pass_wire] + 1 + np.arange(len(pass_wire)) - begun
    passing = n + np.arange(len(pass_wire))
    # Every end of a wire in a channel: (channel, wire, side, item, height within the item).
    end_channel = np.concatenate((channel, pass_layer, pass_layer - 1))
    end_wire = np.concatenate((wire, pass_wire, pass_wire))
    end_side = np.concatenate((~is_out, np.zeros(len(passing), bool), np.ones(len(passing), bool))).astype(np.int64)
    end_item = np.concatenate((inside.pin_node[wired], passing, passing)).astype(np.int64)
    end_pin = np.concatenate((wired, np.full(2 * len(passing), -1)))
    end_dy = np.where(end_pin >= 0, dy[end_pin], 0) if len(dy) else np.zeros(len(end_pin), np.int64)
    by_trunk = np.lexsort((end_dy, end_item, end_side, end_wire, end_channel))
    end_channel, end_wire, end_side, end_item, end_dy = (
        a[by_trunk] for a in (end_channel, end_wire, end_side, end_item, end_dy)
    )
    item_layer = np.concatenate((layer, pass_layer))
    item_height = np.concatenate((height, np.zeros(len(passing), np.int64)))
    is_pass = np.arange(len(item_layer)) >= n
    tail, head, mate = _edges(end_channel, end_wire, end_side, end_item, len(item_layer))
    edge_first = np.searchsorted(end_channel[tail], np.arange(n_layers + 1))
    share = (end_dy + 1) / (item_height[end_item] + 2)
    order = np.lexsort((np.arange(len(item_layer)), item_layer))
    first = np.searchsorted(item_layer[order], np.arange(n_layers + 1))
    order, _ = layout_order.barycentre_sweeps(
        order, first, edge_first, end_item[tail], end_item[head], share[tail], share[head], mate, 12
    )
    if n <= FINE_LIMIT:
        order, _ = layout_sift.sift(
            order, first, end_item[tail], end_item[head], share[tail], share[head], SIFT_ROUNDS, SIFT_BUDGET
        )
    gap = np.where(is_pass, 1, 2)
    gap[:n][inside.kind >= Kind.INPUT] = 1
    top = layout_place.place_items(
        order, first, item_height, gap, edge_first, end_item[tail], end_item[head], end_dy[tail], end_dy[head],
        is_pass, mate, 24,
    )  # fmt: skip
    top -= top.min(initial=0) - 1
    layer_width = np.zeros(n_layers, np.int64)
    np.maximum.at(layer_width, layer, width)
    routes = route(
        end_channel, end_wire, end_side, end_item, top[end_item] + end_dy, layer_width, layer, width,
        inside.kind == Kind.INPUT,
    )  # fmt: skip
    return Arrangement(routes.node_x, top[:n], width, height, dy, routes)


def _edges(channel, wire, side, item, n_items) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs (left end, right end) of one wire in one channel, and the mate of what has ends on one side only."""
    key = channel * (int(wire.max(initial=0)) + 1) + wire
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    stops = np.append(starts[1:], len(key))
    lefts = np.add.reduceat(side == 0, starts) if len(starts) else np.zeros(0, np.int64)
    rights = stops - starts - lefts
    # Left ends come first in each trunk: pair number k of a trunk is (k // rights, k % rights).
    pairs = lefts * rights
    trunk = np.repeat(np.arange(len(starts)), pairs)
    number = np.arange(len(trunk)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
    tail = starts[trunk] + number // np.maximum(rights[trunk], 1)
    head = starts[trunk] + lefts[trunk] + number % np.maximum(rights[trunk], 1)
    mate = np.full(n_items, -1, np.int64)
    for t in np.flatnonzero(((lefts > 1) | (rights > 1)) & ((lefts == 0) | (rights == 0))).tolist():
        ends = item[starts[t] : stops[t]]
        mate[ends] = np.roll(ends, 1)
    return tail, head, mate


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
