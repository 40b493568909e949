"""The tree of sheets of a netlist: its scopes, without those that only wrap one other, and groups.

A scope with more than :data:`SHEET_LIMIT` things on its sheet is cut into groups by cones: things are put
in depth-first order from what they are for, so that a cone lies together, and the order is cut where few
wires pass. Groups are grouped again until the sheet is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import unknown_name
from ..gates import CONST0, CONST1, INPUT, IS_REGISTER
from ..kernels import layout_groups
from ..netlist import Netlist

SHEET_LIMIT = 600
"""Things on a sheet at most: above it they are put into groups."""

GROUP_SIZES, UPPER_SIZES = (50, 200), (8, 24)
"""Least and most things in a group of cells, and in a group of groups."""

OUTSIDE, OPEN = -2, -1
"""Places that are no box: not on the sheet; shown cell by cell."""


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The tree of sheets.

    Attributes
    ----------
    parent : (t,) int32
        -1 for the root, which is node 0. Nodes below ``len(netlist.scopes)`` are scopes of the netlist.
    name : tuple of str
    is_group : (t,) bool
        Made by us, because a sheet would be too large.
    shown_as : (t,) int32
        The node whose sheet shows this one: itself, or the scope that does nothing but wrap it.
    cell_at : (n,) int32
        The node on whose sheet each cell stands.
    order : (t,) int32
        All nodes, parents first.
    size : (t,) int32
        Cells inside, those of nodes below included.
    written : dict of str to int
        Scopes of the netlist by their full path, wrappers included.
    """

    parent: np.ndarray
    name: tuple[str, ...]
    is_group: np.ndarray
    shown_as: np.ndarray
    cell_at: np.ndarray
    order: np.ndarray
    size: np.ndarray
    written: dict[str, int]

    def path(self, node: int) -> tuple[tuple[int, str], ...]:
        """Nodes from the root to `node`, with their names."""
        found = []
        while node >= 0:
            found.append((int(node), self.name[node]))
            node = int(self.parent[node])
        return tuple(reversed(found))

    def node(self, scope: int | str) -> int:
        """The sheet called `scope` (names joined by ``/``, the root's left out), or with that number.

        Raises
        ------
        UnknownNameError
            There is no such scope; the message has the nearest name.
        """
        if isinstance(scope, str):
            names = {"/".join(name for _, name in self.path(i)[1:]): i for i in range(len(self.parent))[::-1]}
            names = {**self.written, **names}
            if scope.strip("/") not in names:
                raise unknown_name(f"scope of {self.name[0]!r}", scope, (n for n in names if n))
            scope = names[scope.strip("/")]
        if not 0 <= scope < len(self.parent):
            raise unknown_name(f"scope of {self.name[0]!r}", scope, map(str, range(len(self.parent))))
        return int(self.shown_as[scope])

    def places(self, node: int, depth: int = 0) -> np.ndarray:
        """(t,) int32: the box of the sheet of `node` that every node is in, or ``OPEN`` or ``OUTSIDE``.

        Scopes up to `depth` levels below are shown open, as if their walls were not there.
        """
        place = np.full(len(self.parent), OUTSIDE, np.int32)
        left = np.zeros(len(self.parent), np.int32)
        place[node], left[node] = OPEN, depth
        for i in self.order.tolist():
            above = self.parent[i]
            if i == node or above < 0 or place[above] == OUTSIDE:
                continue
            if place[above] != OPEN:
                place[i] = place[above]
            elif left[above] > 0:
                place[i], left[i] = OPEN, left[above] - 1
            else:
                place[i] = i
        return place


_hierarchies: WeakKeyDictionary[Netlist, Hierarchy] = WeakKeyDictionary()


def hierarchy(net: Netlist) -> Hierarchy:
    """The tree of sheets of `net` (made once a netlist)."""
    known = _hierarchies.get(net)
    if known is None:
        known = _hierarchies[net] = _tree(net)
    return known


def _tree(net: Netlist) -> Hierarchy:
    parent = np.array([s.parent for s in net.scopes], np.int32)
    order = _parents_first(parent)
    drawn = ~np.isin(net.op, (CONST0, CONST1, INPUT))
    own = np.bincount(net.scope_of[drawn], minlength=len(parent))
    inside = own.copy()
    for i in order[::-1].tolist():
        if parent[i] >= 0:
            inside[parent[i]] += inside[i]
    busy = np.bincount(parent[(inside > 0) & (parent >= 0)], minlength=len(parent))
    shown_as = np.arange(len(parent), dtype=np.int32)
    for i in order.tolist():
        above = parent[i]
        # A scope that does nothing but wrap another shows what that one contains.
        if above >= 0 and inside[i] > 0 and busy[above] == 1 and own[above] == 0:
            shown_as[i] = shown_as[above]
    top = np.where(parent >= 0, shown_as[parent], -1).astype(np.int32)
    shown = shown_as[net.scope_of]
    name = [net.name, *(s.name for s in net.scopes[1:])]
    raw = {net.scope_path(i): i for i in range(len(parent))[::-1]}
    grown = _Groups(net, top, shown, name, drawn)
    for scope in np.flatnonzero(inside > SHEET_LIMIT).tolist():
        if shown_as[scope] == scope:
            grown.cut(scope)
    made = len(grown.name) - len(parent)
    all_parents = np.array(grown.parent, np.int32)
    is_group = np.arange(len(all_parents)) >= len(parent)
    shown_as = np.concatenate((shown_as, np.arange(len(parent), len(parent) + made))).astype(np.int32)
    order = _parents_first(all_parents)
    size = np.bincount(grown.cell_at[drawn], minlength=len(all_parents))
    for i in order[::-1].tolist():
        if all_parents[i] >= 0:
            size[all_parents[i]] += size[i]
    return Hierarchy(
        all_parents, tuple(grown.name), is_group, shown_as, grown.cell_at, order, size.astype(np.int32), raw
    )  # fmt: skip


class _Groups:
    """The tree while groups are added to it."""

    def __init__(self, net: Netlist, parent: np.ndarray, cell_at: np.ndarray, name: list[str], drawn) -> None:
        self.net, self.cell_at, self.name, self.drawn = net, cell_at.copy(), name, drawn
        self.parent: list[int] = parent.tolist()
        self.memory_of = {n: m.reads[0].data[0] for m in net.memories if m.reads for p in m.reads for n in p.data}

    def cut(self, scope: int) -> None:
        """Cut the sheet of `scope` into groups if it is too large, and those into groups of groups."""
        net, parent = self.net, np.array(self.parent, np.int32)
        # The thing on this sheet that each cell is in: a cell, a memory, or a scope below.
        below = np.full(len(parent), -1, np.int64)
        for i in _parents_first(parent).tolist():
            if parent[i] >= 0 and i != scope:
                below[i] = i if parent[i] == scope else below[parent[i]]
        thing = np.where(self.cell_at == scope, len(parent) + np.arange(net.n_nets), below[self.cell_at])
        for n, first in self.memory_of.items():
            if self.cell_at[n] == scope:
                thing[n] = len(parent) + first
        thing[~self.drawn] = -1
        things, item = np.unique(thing, return_inverse=True)
        if things[0] == -1:
            things, item = things[1:], item - 1
        if len(things) <= SHEET_LIMIT:
            return
        cell = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
        tail, head = item[net.fanin], item[cell]
        keep = (tail >= 0) & (head >= 0) & (tail != head)
        ptr, pins = _lists(tail[keep], head[keep], len(things))
        bare = things - len(parent)
        register = np.zeros(len(things), np.bool_)
        register[bare >= 0] = IS_REGISTER[net.op[bare[bare >= 0]]]
        is_root = register | (np.bincount(pins, minlength=len(things)) == 0)
        order = layout_groups.cone_order(ptr, pins, is_root)
        starts = layout_groups.cut_points(order, ptr, pins, *GROUP_SIZES)
        group = self._add(scope, len(starts) - 1, "group")
        into = np.empty(len(things), np.int64)
        into[order] = group[np.repeat(np.arange(len(starts) - 1), np.diff(starts))]
        own = (self.cell_at == scope) & self.drawn
        self.cell_at[own] = into[item[own]]
        for k in np.flatnonzero(bare < 0).tolist():
            self.parent[int(things[k])] = int(into[k])
        while len(group) > UPPER_SIZES[0] * 8:
            level = np.arange(len(group))
            first = int(group[0])
            a, b = into[tail[keep]] - first, into[head[keep]] - first
            apart = a != b
            ptr, pins = _lists(a[apart], b[apart], len(group))
            starts = layout_groups.cut_points(level, ptr, pins, *UPPER_SIZES)
            upper = self._add(scope, len(starts) - 1, "part")
            member = upper[np.repeat(np.arange(len(starts) - 1), np.diff(starts))]
            for k, above in zip(group.tolist(), member.tolist(), strict=True):
                self.parent[k] = above
            into = member[into - first]
            group = upper

    def _add(self, parent: int, count: int, word: str) -> np.ndarray:
        first = len(self.name)
        self.name += [f"{word}_{k + 1}" for k in range(count)]
        self.parent += [parent] * count
        return np.arange(first, first + count)


def _lists(tail: np.ndarray, head: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """CSR of what each item reads."""
    order = np.argsort(head, kind="stable")
    return np.searchsorted(head[order], np.arange(n + 1)), tail[order]


def _parents_first(parent: np.ndarray) -> np.ndarray:
    """(t,) int32: all nodes of a tree, parents first."""
    depth = np.zeros(len(parent), np.int32)
    at = parent.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, parent[at], -1)
    return np.argsort(depth, kind="stable").astype(np.int32)
