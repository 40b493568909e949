"""SAT sweeping: merge nodes that simulation cannot tell apart, drivers first, until the goals are one.

Kuehlmann, Paruthi, Krohm, Ganai, "Robust Boolean reasoning for equivalence checking", IEEE TCAD 21 (2002);
Mishchenko, Chatterjee, Jiang, Brayton, "FRAIGs", 2005. Nodes with equal simulated values (up to inversion)
are candidates. They are taken in topological order: each is rebuilt on what its drivers were merged into,
found equal by its structure, or put to the solver. A counterexample becomes 64 new patterns, which split
classes at once.
"""

from __future__ import annotations

from time import monotonic

import numpy as np

from ..kernels import sweep as kernel
from .graph import Graph
from .searching import Report
from .solver import ConeSolver

FIRST_BUDGET, BUDGET_GROWTH = 100, 8
"""Conflicts that a candidate may take in the first pass, and how many times more in each pass after it."""

LOOK_EVERY = 2048
"""Nodes between two looks at the clock."""


class Sweep:
    """One proof.

    Parameters
    ----------
    graph : Graph
    words : (graph.first, n_words) uint64
        Values of the sources (row 0 is the constant and ignored) to start the classes from.
    deadline : float
        ``time.monotonic()`` at which to give up.
    report : callable
    rng : numpy.random.Generator
    """

    def __init__(
        self, graph: Graph, words: np.ndarray, deadline: float, report: Report, rng: np.random.Generator
    ) -> None:
        self.graph, self.deadline, self._report, self._rng = graph, deadline, report, rng
        n = graph.n_nodes
        values = np.zeros((n, words.shape[1]), np.uint64)
        values[1 : graph.first] = words[1:]
        kernel.simulate(graph.first, graph.is_xor, graph.pin, values)
        self.difference = self._goal_difference(values)
        self._phase = (values[:, 0] & np.uint64(1)).astype(np.uint8)
        self._head, self._following = _classes(kernel.hashes(values))
        self._now = [2 * v for v in range(n)]
        self._pin = graph.pin.copy()
        self._word = np.zeros((n, 1), np.uint64)
        self._solver = ConeSolver(graph, self._pin)

    @property
    def sat_calls(self) -> int:
        """Questions put to the solver so far."""
        return self._solver.calls

    def run(self) -> bool | None:
        """Whether all goals are equal; None: out of time.

        On False ``difference`` (first,) uint64 holds values of the sources, and lane 0 fails a goal.
        """
        budget = FIRST_BUDGET
        try:
            while self.difference is None:
                complete = self._pass(budget)
                if self.difference is None and self._reached():
                    return True
                if complete is None:
                    return None
                budget *= BUDGET_GROWTH
            return False
        finally:
            self._solver.close()

    def _literal(self, literal: int) -> int:
        return self._now[literal >> 1] ^ (literal & 1)

    def _reached(self) -> bool:
        return all(self._literal(x) == self._literal(y) for x, y in self.graph.goals.tolist())

    def _pass(self, budget: int) -> bool | None:
        """One walk over all nodes; None when there is no time left."""
        now, first, pins, is_xor = self._now, self.graph.first, self._pin.tolist(), self.graph.is_xor.tolist()
        table: dict[tuple[bool, int, int], int] = {}
        for v in range(1, first):
            if self._head[v] != v and self._candidate(v, budget):
                return None
        for v in range(first, len(now)):
            if v % LOOK_EVERY == 0:
                self._report("proving", v, len(now))
                if monotonic() > self.deadline:
                    return None
            if now[v] != 2 * v:
                now[v] = self._literal(now[v])
                continue
            a, b = (self._literal(k) for k in pins[v])
            found = _rebuilt(table, is_xor[v], a, b, v)
            if found != 2 * v:
                now[v] = self._literal(found)
                continue
            self._pin[v] = a, b
            if self._head[v] != v and self._candidate(v, budget):
                return None
            if self.difference is not None:
                return True
        return True

    def _candidate(self, v: int, budget: int) -> bool:
        """Try to merge `v` with the head of its class, whichever that is; True when time is up."""
        while (head := int(self._head[v])) != v and self.difference is None:
            other = self._literal(2 * head) ^ int(self._phase[v] ^ self._phase[head])
            answer = self._solver.differ(2 * v, other, budget, self.deadline)
            if answer is False:
                self._now[v] = other
                break
            if answer is None:
                return monotonic() > self.deadline
            self._learn(*self._solver.model())
            if monotonic() > self.deadline:
                return True
        return False

    def _learn(self, sources: np.ndarray, values: np.ndarray) -> None:
        """Split classes by a counterexample and 63 patterns near it."""
        first = self.graph.first
        word = self._word
        word[:first, 0] = self._rng.integers(0, 1 << 64, size=first, dtype=np.uint64)
        flips = np.bitwise_and.reduce(self._rng.integers(0, 1 << 64, size=(4, len(sources)), dtype=np.uint64), axis=0)
        word[sources, 0] = (np.uint64(0) - values.astype(np.uint64)) ^ (flips & ~np.uint64(1))
        word[0] = 0
        kernel.simulate(first, self.graph.is_xor, self.graph.pin, word)
        kernel.refine(self._head, self._following, self._phase, word)
        self.difference = self._goal_difference(word)

    def _goal_difference(self, values: np.ndarray) -> np.ndarray | None:
        """(first,) uint64 values of the sources, lane 0 of which fails a goal; None: no goal fails."""
        x, y = self.graph.goals.T
        flip = np.uint64(0) - ((x ^ y) & 1).astype(np.uint64)
        failing = np.bitwise_or.reduce(values[x >> 1] ^ values[y >> 1] ^ flip[:, None], axis=0)
        if not failing.any():
            return None
        at = int(np.argmax(failing != 0))
        lane = (int(failing[at]) & -int(failing[at])).bit_length() - 1
        word = values[: self.graph.first, at]
        return word >> np.uint64(lane) | word << np.uint64(64 - lane) if lane else word.copy()


def _rebuilt(table: dict[tuple[bool, int, int], int], is_xor: bool, a: int, b: int, v: int) -> int:
    """The literal that node `v` = `a` op `b` is by its structure: ``2 * v`` if it is new."""
    if a > b:
        a, b = b, a
    if is_xor:
        inverted = (a ^ b) & 1
        a, b = a & ~1, b & ~1
        if a == b:
            return inverted
        if a == 0:
            return b ^ inverted
        return table.setdefault((True, a, b), 2 * v ^ inverted) ^ inverted
    if a == 0 or a == b ^ 1:
        return 0
    if a in (1, b):
        return b
    return table.setdefault((False, a, b), 2 * v)


def _classes(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lists of the nodes with equal keys, ascending: the head of each node's list, and who follows it (-1)."""
    n = len(keys)
    order = np.argsort(keys, kind="stable")
    same = keys[order[1:]] == keys[order[:-1]]
    following = np.full(n, -1, np.int64)
    following[order[:-1][same]] = order[1:][same]
    starts = np.concatenate(([True], ~same))
    head = np.empty(n, np.int64)
    head[order] = order[np.flatnonzero(starts)[np.cumsum(starts) - 1]]
    return head, following
