"""What switched and how often: transitions with glitches against those that were needed.

``timing.energy_of_counts(net, technology, activity.toggles, activity.n_operations)`` says what it cost, and
``activity.needed`` in place of ``toggles`` what it would have cost without glitches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .gates import IS_LOGIC, IS_REGISTER
from .netlist import Netlist


class Restless(NamedTuple):
    """A net, its transitions in one operation on average, and how many of them were glitches."""

    net: str
    toggles: float
    glitches: float


@dataclass(frozen=True, eq=False)
class Activity:
    """Transitions of every net over a number of operations.

    An operation is one new set of input values (or one clock cycle), and all that it sets in motion.

    Attributes
    ----------
    netlist : Netlist
    n_operations : int
    toggles : (n,) int64
        Transitions of each net, glitches included.
    needed : (n,) int64
        Operations after which the net has another value than before: its transitions without delays.
    last_ps : (n,) int64
        The latest transition of each net, counted from the start of its operation; -1 if there was none.

    Examples
    --------
    >>> from gatesim import Builder, Stimulus
    >>> from gatesim.engines.waves import WaveEngine
    >>> b = Builder("hazard"); x = b.input("x"); b.output("z", x ^ ~x)
    >>> net = b.freeze()
    >>> flips = Stimulus.from_values(net, {"x": [1, 0, 1]}, n_patterns=3)
    >>> seen = WaveEngine(net, 10).run(flips).activity
    >>> seen.toggles.tolist(), seen.needed.tolist(), seen.last_ps.tolist()
    ([0, 0, 3, 3, 6], [0, 0, 3, 3, 0], [-1, -1, 0, 10, 20])
    """

    netlist: Netlist
    n_operations: int
    toggles: np.ndarray
    needed: np.ndarray
    last_ps: np.ndarray

    @property
    def glitches(self) -> np.ndarray:
        """(n,) int64: transitions of each net that a circuit without delays would not make."""
        return self.toggles - self.needed

    @property
    def cells(self) -> np.ndarray:
        """(n,) bool: nets driven by a gate or a flip-flop (inputs are switched by somebody else)."""
        return IS_LOGIC[self.netlist.op] | IS_REGISTER[self.netlist.op]

    def most_glitches(self, limit: int = 10) -> list[Restless]:
        """The `limit` gates and flip-flops with most glitches, most first (ties by net id)."""
        order = np.argsort(-np.where(self.cells, self.glitches, 0), kind="stable")[:limit]
        return [self._row(k, self.netlist.net_name(k)) for k in order.tolist() if self.glitches[k]]

    def per_output(self) -> list[Restless]:
        """Every output bit, in port order."""
        return [
            self._row(k, p.name if p.width == 1 else f"{p.name}[{i}]")
            for p in self.netlist.outputs
            for i, k in enumerate(p.nets)
        ]

    def _row(self, net: int, name: str) -> Restless:
        n = max(1, self.n_operations)
        return Restless(name, float(self.toggles[net] / n), float(self.glitches[net] / n))
