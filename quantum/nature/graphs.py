"""Which spins touch which: chains, grids, the qubits of a real chip; and bonds that can act at the same time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gatesim.errors import ValueFitError, unknown_name

KINDS = ("chain", "ring", "grid", "heavy-hex")
CHIP = "FakeTorino"
"""The chip whose graph "heavy-hex" means where none is named: 133 qubits."""


@dataclass(frozen=True)
class Graph:
    """Spins 0 to `n` - 1 and the bonds between them.

    Attributes
    ----------
    name : str
    n : int
    edges : ndarray
        (bonds, 2) int64, each bond once, smaller spin first.
    """

    name: str
    n: int
    edges: np.ndarray

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueFitError(f"{self.name}: {self.n} spins; at least 1 is wanted")
        edges = np.sort(np.asarray(self.edges, np.int64).reshape(-1, 2), axis=1)
        edges = edges[np.lexsort((edges[:, 1], edges[:, 0]))]
        if len(edges) and (edges.min() < 0 or edges.max() >= self.n or (edges[:, 0] == edges[:, 1]).any()):
            raise ValueFitError(f"{self.name}: a bond joins two different spins of 0 to {self.n - 1}")
        if len(edges) != len(np.unique(edges, axis=0)):
            raise ValueFitError(f"{self.name}: a bond is there twice")
        object.__setattr__(self, "edges", edges)

    @property
    def is_chain(self) -> bool:
        """Whether the bonds are exactly those of an open chain 0, 1, 2, ..."""
        return len(self.edges) == self.n - 1 and bool((self.edges == _chain_edges(self.n)).all())

    @property
    def degree(self) -> int:
        """Most bonds at one spin."""
        return int(np.bincount(self.edges.ravel(), minlength=self.n).max())

    @property
    def centre(self) -> int:
        """A spin from which the farthest is nearest; of several the middle one."""
        farthest = [int(self.distances(i).max()) for i in range(self.n)]
        best = [i for i, d in enumerate(farthest) if d == min(farthest)]
        return best[len(best) // 2]

    def distances(self, spin: int) -> np.ndarray:
        """(n,) int64: bonds between `spin` and each spin; n where there is no way."""
        neighbours: list[list[int]] = [[] for _ in range(self.n)]
        for a, b in self.edges.tolist():
            neighbours[a].append(b)
            neighbours[b].append(a)
        found = np.full(self.n, self.n, np.int64)
        found[spin] = 0
        waiting = deque([spin])
        while waiting:
            at = waiting.popleft()
            for other in neighbours[at]:
                if found[other] == self.n:
                    found[other] = found[at] + 1
                    waiting.append(other)
        return found

    @cached_property
    def colours(self) -> tuple[np.ndarray, ...]:
        """The bonds in groups that share no spin, as (bonds of a group, 2) arrays.

        A graph without odd circles needs exactly as many as its largest degree (König 1916), any other at most
        one more (Vizing 1964; Misra and Gries's construction). So gates on all bonds take a depth that does not
        grow with the graph.
        """
        import rustworkx as rx

        graph = rx.PyGraph(multigraph=False)
        graph.add_nodes_from(range(self.n))
        graph.add_edges_from([(a, b, None) for a, b in self.edges.tolist()])
        even = rx.is_bipartite(graph)
        colour_of = rx.graph_bipartite_edge_color(graph) if even else rx.graph_misra_gries_edge_color(graph)
        groups: dict[int, list[tuple[int, int]]] = {}
        for index, (a, b) in enumerate(graph.edge_list()):
            groups.setdefault(colour_of[index], []).append((min(a, b), max(a, b)))
        return tuple(np.array(sorted(groups[k]), np.int64) for k in sorted(groups))

    def part(self, n: int) -> Graph:
        """`n` spins that hang together, those nearest to the centre, numbered in the order of the graph.

        Raises
        ------
        ValueFitError
            The graph has fewer that hang together.
        """
        if n > self.n:
            raise ValueFitError(f"{self.name} has {self.n} spins: {n} are too many")
        distance = self.distances(self.centre)
        chosen = np.lexsort((np.arange(self.n), distance))[:n]
        if n < 1 or distance[chosen[-1]] == self.n:
            raise ValueFitError(f"{self.name} has no {n} spins that hang together")
        number = np.full(self.n, -1, np.int64)
        number[np.sort(chosen)] = np.arange(n)
        edges = number[self.edges]
        return Graph(f"{self.name}, {n} spins", n, edges[(edges >= 0).all(axis=1)])


def _chain_edges(n: int) -> np.ndarray:
    return np.stack((np.arange(n - 1), np.arange(1, n)), axis=1)


def chain(n: int) -> Graph:
    """An open chain.

    Examples
    --------
    >>> chain(4).edges.tolist(), len(chain(1000).colours)
    ([[0, 1], [1, 2], [2, 3]], 2)
    """
    return Graph(f"chain of {n}", n, _chain_edges(n))


def ring(n: int) -> Graph:
    """A closed chain of at least three spins."""
    if n < 3:
        raise ValueFitError(f"a ring has at least 3 spins, not {n}")
    return Graph(f"ring of {n}", n, np.append(_chain_edges(n), [[0, n - 1]], axis=0))


def grid(rows: int, columns: int) -> Graph:
    """A rectangle; spin r `columns` + c stands in row r and column c.

    Examples
    --------
    >>> g = grid(4, 5)
    >>> g.n, len(g.edges), len(g.colours)
    (20, 31, 4)
    """
    at = np.arange(rows * columns).reshape(rows, columns)
    across = np.stack((at[:, :-1].ravel(), at[:, 1:].ravel()), axis=1)
    down = np.stack((at[:-1].ravel(), at[1:].ravel()), axis=1)
    return Graph(f"grid of {rows} x {columns}", rows * columns, np.concatenate((across, down)))


def of_pairs(name: str, n: int, pairs: Iterable[tuple[int, int]]) -> Graph:
    """A graph from pairs in any order, either way round or both (a coupling map has both)."""
    edges = {(min(a, b), max(a, b)) for a, b in pairs}
    return Graph(name, n, np.array(sorted(edges), np.int64).reshape(-1, 2))


def heavy_hex(chip: str = CHIP) -> Graph:
    """The graph of a real chip: the qubits that its two-qubit gates join, from a fake backend of its name.

    Raises
    ------
    UnsupportedError, UnknownNameError
        qiskit-ibm-runtime, which has the chips, is not installed; or it has none of that name.
    """
    from .chips import chip_named

    backend = chip_named(chip)
    return of_pairs(chip, backend.num_qubits, backend.coupling_map.get_edges())


def graph_named(text: str, n: int) -> Graph:
    """What the command line means: ``chain``, ``ring``, ``grid:4x5``, ``heavy-hex`` or ``heavy-hex:FakeFez``.

    Raises
    ------
    UnknownNameError, ValueFitError
        No such graph; a grid that does not hold `n` spins.

    Examples
    --------
    >>> graph_named("grid:3x4", 12).name
    'grid of 3 x 4'
    """
    kind, colon, rest = text.partition(":")
    if kind not in KINDS:
        raise unknown_name("graph", kind, KINDS)
    if kind == "heavy-hex":
        return heavy_hex(rest or CHIP).part(n)
    if kind == "grid":
        sizes = re.fullmatch(r"(\d+)x(\d+)", rest)
        if not sizes:
            raise ValueFitError(f"graph {text!r}: write a grid as grid:ROWSxCOLUMNS, such as grid:4x5")
        made = grid(int(sizes[1]), int(sizes[2]))
        if made.n != n:
            raise ValueFitError(f"{made.name} has {made.n} spins, not {n}: say --spins {made.n}")
        return made
    if colon:
        raise ValueFitError(f"graph {text!r}: a {kind} is as long as --spins says, write {kind!r} alone")
    return chain(n) if kind == "chain" else ring(n)
