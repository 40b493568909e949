"""CaDiCaL on parts of a graph: only the cones that are asked about become clauses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..kernels import sweep as kernel
from .graph import Graph

NAME = "cadical195"

SLICE_CONFLICTS = 1000
"""Conflicts in one call: a fraction of a second, so that the time limit and an interrupt are heard."""

NEAR_NODES = 100
"""Nodes that are loaded first: without the rest, which is then free, most equal literals are found equal."""

FRESH_NODES = 1500
"""A solver that holds more nodes than this, most of them of no use to the question, is started anew."""


def _solver_class():
    try:
        from pysat.solvers import Solver
    except ModuleNotFoundError:
        raise UnsupportedError(
            "a proof needs the SAT solver of python-sat, which is not installed: pip install 'gatesim[sat]'"
        ) from None
    return Solver


class ConeSolver:
    """Answers whether two literals of a graph can differ.

    Parameters
    ----------
    graph : Graph
    pin : (n_nodes, 2) int64
        Literals that each node reads; may change (to equal ones) between questions.
    """

    def __init__(self, graph: Graph, pin: np.ndarray) -> None:
        self._class = _solver_class()
        self._graph, self._pin = graph, pin
        n = graph.n_nodes
        self._seen = np.zeros(n, np.int64)
        self._queue, self._found = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self._loaded = np.zeros(n, np.int64)
        self._mark, self._epoch = 0, 1
        self.calls = 0
        # In the main thread python-sat answers an interrupt by jumping out of the solver, which leaves it broken.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="gatesim-sat")
        self._solver, self._variable = self._fresh()

    def _fresh(self) -> tuple[Any, dict[int, int]]:
        """A solver that knows the constant only, and the variable of each node that it knows."""
        return self._class(name=NAME, bootstrap_with=[[-1]]), {0: 1}

    def close(self) -> None:
        """Give the solver's memory back; nothing can be asked any more."""
        self._worker.shutdown()
        self._solver.delete()

    def differ(self, x: int, y: int, conflicts: int, deadline: float) -> bool | None:
        """Whether literals `x` and `y` can differ (then see :meth:`model`); None: not found out.

        Parameters
        ----------
        conflicts : int
            Conflicts after which to give up.
        deadline : float
            ``time.monotonic()`` at which to give up.
        """
        answer = None
        for n_nodes in (NEAR_NODES, self._graph.n_nodes):
            complete = self._load(n_nodes, x >> 1, y >> 1)
            answer = self._ask(self._literal(x), self._literal(y), conflicts, deadline)
            if answer is not True or complete:
                break
        return answer

    def _ask(self, p: int, q: int, conflicts: int, deadline: float) -> bool | None:
        for assumed in ([p, -q], [-p, q]):
            answer = self._solve(assumed, conflicts, deadline)
            if answer is not False:
                return answer
        self._solver.add_clause([p, -q])
        self._solver.add_clause([-p, q])
        return False

    def _solve(self, assumed: list[int], conflicts: int, deadline: float) -> bool | None:
        self.calls += 1
        while conflicts > 0:
            now = min(conflicts, SLICE_CONFLICTS)
            self._solver.conf_budget(now)
            answer = self._worker.submit(self._solver.solve_limited, assumed).result()
            if answer is not None:
                return answer
            conflicts -= now
            if monotonic() > deadline:
                return None
        return None

    def model(self) -> tuple[np.ndarray, np.ndarray]:
        """The sources that matter to the last question, and their values (uint8)."""
        values = self._solver.get_model()
        known = [(v, values[k - 1] > 0) for v, k in self._variable.items() if 0 < v < self._graph.first]
        return np.array([v for v, _ in known], np.int64), np.array([bit for _, bit in known], np.uint8)

    def _literal(self, literal: int) -> int:
        variable = self._number(literal >> 1)
        return -variable if literal & 1 else variable

    def _load(self, limit: int, *roots: int) -> bool:
        """Clauses for up to `limit` more nodes of the cones of `roots`, the nearest first; whether that is all."""
        nodes, n_seen, complete = self._missing(limit, roots)
        if len(self._variable) > max(FRESH_NODES, 4 * n_seen):
            self._solver.delete()
            self._solver, self._variable = self._fresh()
            self._epoch += 1
            nodes, _, complete = self._missing(limit, roots)
        add = self._solver.add_clause
        number = self._number
        for v, (a, b), xor in zip(
            nodes.tolist(), self._pin[nodes].tolist(), self._graph.is_xor[nodes].tolist(), strict=True
        ):
            z, x, y = number(v), number(a >> 1), number(b >> 1)
            x, y = -x if a & 1 else x, -y if b & 1 else y
            if xor:
                add([-z, x, y])
                add([-z, -x, -y])
                add([z, -x, y])
                add([z, x, -y])
            else:
                add([-z, x])
                add([-z, y])
                add([z, -x, -y])
        return complete

    def _missing(self, limit: int, roots: tuple[int, ...]) -> tuple[np.ndarray, int, bool]:
        self._mark += 1
        n, n_seen, complete = kernel.missing(
            np.array(roots, np.int64), self._graph.first, self._pin, self._loaded, self._epoch, limit, self._seen,
            self._mark, self._queue, self._found,
        )  # fmt: skip
        return self._found[:n], n_seen, complete

    def _number(self, node: int) -> int:
        """The variable of a node; a node without clauses is free."""
        variable = self._variable.get(node)
        if variable is None:
            variable = self._variable[node] = len(self._variable) + 1
        return variable
