"""Layers of a sheet and the order in each: where boxes stand next to one another, before they have heights."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from ..gates import GATES
from ..kernels import graph, layout_layers, layout_order, layout_shorten, layout_sift
from .contents import Contents
from .scene import OPENABLE, Kind

SHORTENING_SWEEPS = 8
"""How often every node is offered a layer in which its wires are shorter."""

FINE_LIMIT, SIFT_ROUNDS, SIFT_BUDGET = 800, 10, 4_000_000
"""Things up to which an order is searched finely, and for how long: rounds, and pairs of things compared."""

_SWAPPABLE = re.compile(r"(N?AND|N?OR|X?N?OR|MAJ|RESOLVE)\d?|ANDNOT|NOTAND|ORNOT|NOTOR")
SWAPPABLE = np.array([bool(_SWAPPABLE.fullmatch(g.name)) for g in GATES])
"""Gates whose pins mean the same in any order, or show by a bubble what they mean."""

_BIT = re.compile(r"(.*)\[\d+(?::\d+)?\]$")


def layers(inside: Contents) -> np.ndarray:
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


@dataclass(frozen=True, eq=False)
class Layered:
    """Boxes and wires cut at every layer.

    Items are the nodes of a sheet, and behind them the places where a wire passes a layer. A channel is what lies
    behind a layer; a wire has *ends* on its left and right (``side`` 0 and 1), sorted by (channel, wire, side).

    Attributes
    ----------
    layer, first, is_pass, height :
        By item, in grid units; ``first[l]:first[l + 1]`` are the places of layer ``l`` in an order.
    channel, wire, side, item, pin, dy :
        By end; ``pin`` is -1 at a passing place, ``dy`` the height below the item's top.
    tail, head, edge_first :
        Pairs of ends (left, right) of a wire in a channel.
    mate : (i,) int64
        For an item of a wire with ends on one side only: another one of these, else -1.
    """

    layer: np.ndarray
    first: np.ndarray
    is_pass: np.ndarray
    height: np.ndarray
    channel: np.ndarray
    wire: np.ndarray
    side: np.ndarray
    item: np.ndarray
    pin: np.ndarray
    dy: np.ndarray
    tail: np.ndarray
    head: np.ndarray
    edge_first: np.ndarray
    mate: np.ndarray

    @property
    def share(self) -> np.ndarray:
        """Height of every end within its item, from 0 to 1."""
        return (self.dy + 1) / (self.height[self.item] + 2)

    @property
    def unordered(self) -> np.ndarray:
        """An order to start from: by layer and item."""
        return np.lexsort((np.arange(len(self.layer)), self.layer))

    def swept(self, order: np.ndarray, sweeps: int) -> np.ndarray:
        """The best order met in some barycentre sweeps."""
        share, tail, head = self.share, self.tail, self.head
        return layout_order.barycentre_sweeps(
            order, self.first, self.edge_first, self.item[tail], self.item[head], share[tail], share[head], self.mate,
            sweeps,
        )[0]  # fmt: skip

    def sifted(self, order: np.ndarray) -> np.ndarray:
        """`order` after the finer search."""
        share, tail, head = self.share, self.tail, self.head
        return layout_sift.sift(
            order, self.first, self.item[tail], self.item[head], share[tail], share[head], SIFT_ROUNDS, SIFT_BUDGET
        )[0]

    def wishes(self, order: np.ndarray, n_pins: int) -> np.ndarray:
        """(p,) float: for every pin the mean place of what it is connected to in the next layer."""
        place = np.empty(len(order))
        place[order] = np.arange(len(order))
        at = place[self.item] + self.share
        near = np.concatenate((self.tail, self.head))
        far = np.concatenate((self.head, self.tail))
        near, far = near[self.pin[near] >= 0], far[self.pin[near] >= 0]
        total = np.bincount(self.pin[near], at[far], n_pins)
        number = np.bincount(self.pin[near], minlength=n_pins)
        return np.where(number > 0, total / np.maximum(number, 1), np.inf)


def layered(inside: Contents, layer: np.ndarray, height: np.ndarray, dy: np.ndarray) -> Layered:
    """Cut the wires of a sheet at the layers of its nodes."""
    n = len(inside.kind)
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
    end_channel = np.concatenate((channel, pass_layer, pass_layer - 1))
    end_wire = np.concatenate((wire, pass_wire, pass_wire))
    end_side = np.concatenate((~is_out, np.zeros(len(passing), bool), np.ones(len(passing), bool))).astype(np.int64)
    end_item = np.concatenate((inside.pin_node[wired], passing, passing)).astype(np.int64)
    end_pin = np.concatenate((wired, np.full(2 * len(passing), -1)))
    end_dy = np.where(end_pin >= 0, dy[end_pin], 0) if len(dy) else np.zeros(len(end_pin), np.int64)
    by_trunk = np.lexsort((end_dy, end_item, end_side, end_wire, end_channel))
    end_channel, end_wire, end_side, end_item, end_pin, end_dy = (
        a[by_trunk] for a in (end_channel, end_wire, end_side, end_item, end_pin, end_dy)
    )
    item_layer = np.concatenate((layer, pass_layer))
    tail, head, mate = _edges(end_channel, end_wire, end_side, end_item, len(item_layer))
    return Layered(
        layer=item_layer,
        first=np.searchsorted(np.sort(item_layer), np.arange(n_layers + 1)),
        is_pass=np.arange(len(item_layer)) >= n,
        height=np.concatenate((height, np.zeros(len(passing), np.int64))),
        channel=end_channel,
        wire=end_wire,
        side=end_side,
        item=end_item,
        pin=end_pin,
        dy=end_dy,
        tail=tail,
        head=head,
        edge_first=np.searchsorted(end_channel[tail], np.arange(n_layers + 1)),
        mate=mate,
    )


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


def bus_of_pin(inside: Contents) -> np.ndarray:
    """(p,) int64: the first pin of the same side of a box that has another bit of the same bus; its own for others."""
    bus = np.arange(len(inside.pin_node))
    seen: dict[tuple[int, bool, str], int] = {}
    for k in np.flatnonzero(np.isin(inside.kind[inside.pin_node], OPENABLE)).tolist():
        found = _BIT.match(inside.pin_label[k])
        if found:
            bus[k] = seen.setdefault((int(inside.pin_node[k]), bool(inside.pin_is_output[k]), found[1]), k)
    return bus


def pin_order(inside: Contents, wish: np.ndarray, bus: np.ndarray) -> np.ndarray:
    """An order of pins in which those that may change places follow their wishes; bits of a bus stay in order."""
    kind = inside.kind[inside.pin_node]
    free = np.isin(kind, OPENABLE) | ((kind == Kind.GATE) & SWAPPABLE[inside.op[inside.pin_node]])
    side = inside.pin_node.astype(np.int64) * 2 + inside.pin_is_output
    order = np.lexsort((np.where(free, wish, inside.pin_slot), side))
    buses: dict[int, list[int]] = {}
    shared = np.bincount(bus, minlength=len(bus))[bus] > 1
    for k in np.flatnonzero(shared[order]).tolist():
        buses.setdefault(int(bus[order[k]]), []).append(k)
    for places in buses.values():
        order[places] = np.sort(order[places])
    return order


def split(layer: np.ndarray, inside: Contents, height: np.ndarray, limit: float) -> np.ndarray:
    """Layers in which no boxes are stacked higher than `limit`, where one could be cut into columns."""
    rows = height + 2
    column = np.zeros(len(layer), np.int64)
    for at in np.unique(layer[inside.kind < Kind.INPUT]).tolist():
        here = np.flatnonzero(layer == at)
        down = np.cumsum(rows[here])
        columns = int(np.ceil(down[-1] / limit))
        column[here] = np.minimum((down - rows[here]) * columns // down[-1], columns - 1)
    widest = np.zeros(int(layer.max(initial=0)) + 1, np.int64)
    np.maximum.at(widest, layer, column + 1)
    return (np.cumsum(widest) - widest)[layer] + column
