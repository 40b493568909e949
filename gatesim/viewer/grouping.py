"""The tree of sheets of a netlist: its scopes, without those that only wrap one other."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import unknown_name
from ..gates import CONST0, CONST1, INPUT
from ..netlist import Netlist

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
    """

    parent: np.ndarray
    name: tuple[str, ...]
    is_group: np.ndarray
    shown_as: np.ndarray
    cell_at: np.ndarray
    order: np.ndarray

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
    name = (net.name, *(s.name for s in net.scopes[1:]))
    return Hierarchy(top, name, np.zeros(len(parent), np.bool_), shown_as, shown_as[net.scope_of], order)


def _parents_first(parent: np.ndarray) -> np.ndarray:
    """(t,) int32: all nodes of a tree, parents first."""
    depth = np.zeros(len(parent), np.int32)
    at = parent.copy()
    while (at >= 0).any():
        depth += at >= 0
        at = np.where(at >= 0, parent[at], -1)
    return np.argsort(depth, kind="stable").astype(np.int32)
