"""What switched, how often, and what it cost: transitions with glitches against those that were needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .errors import ValueFitError
from .gates import IS_LOGIC, IS_REGISTER
from .netlist import Netlist


class HotNet(NamedTuple):
    """A net, its transitions and glitches per operation, and the energy of its transitions per operation."""

    net: str
    toggles: float
    glitches: float
    energy_fj: float


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

    def energy_fj(self, per_toggle_fj: ArrayLike, *, glitches: bool = True) -> float:
        """Switching energy of one operation, averaged, of gates and flip-flops.

        Parameters
        ----------
        per_toggle_fj : float or (n,) array
            Energy of one transition of each net.
        glitches : bool
            Count every transition; or (False) only the needed ones.
        """
        counts = np.where(self.cells, self.toggles if glitches else self.needed, 0)
        return float((counts * self._weights(per_toggle_fj)).sum()) / max(1, self.n_operations)

    def hot_nets(self, per_toggle_fj: ArrayLike = 1.0, limit: int = 10) -> list[HotNet]:
        """The `limit` gates that spend most, hottest first (ties by net id)."""
        energy = np.where(self.cells, self.toggles, 0) * self._weights(per_toggle_fj)
        order = np.argsort(-energy, kind="stable")[:limit]
        n = max(1, self.n_operations)
        return [
            HotNet(
                self.netlist.net_name(k),
                float(self.toggles[k] / n),
                float(self.glitches[k] / n),
                float(energy[k] / n),
            )
            for k in order.tolist()
            if self.toggles[k]
        ]

    def per_output(self) -> list[HotNet]:
        """Transitions and glitches of every output bit, in port order (energy 0: an output is a name)."""
        n = max(1, self.n_operations)
        return [
            HotNet(
                p.name if p.width == 1 else f"{p.name}[{i}]",
                float(self.toggles[k] / n),
                float(self.glitches[k] / n),
                0.0,
            )
            for p in self.netlist.outputs
            for i, k in enumerate(p.nets)
        ]

    def _weights(self, per_toggle_fj: ArrayLike) -> np.ndarray:
        weights = np.asarray(per_toggle_fj, dtype=np.float64)
        if weights.shape not in ((), (self.netlist.n_nets,)):
            raise ValueFitError(
                f"energies per toggle have shape {weights.shape}; {self.netlist.name!r} needs one number or "
                f"({self.netlist.n_nets},)"
            )
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueFitError("energies per toggle must be finite and not negative")
        return np.broadcast_to(weights, (self.netlist.n_nets,))
