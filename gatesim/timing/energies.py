"""Energy of an operation, per net and in all, from counts of what each net did.

The counts may come from :func:`count_switching` (zero delay: one toggle a net and step at most) or from a timed
engine (glitches and all); the arithmetic is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import ValueFitError
from ..gates import GATES, IS_LOGIC, IS_REGISTER, READ
from ..netlist import Netlist
from ..stimulus import Stimulus
from .counting import Switching, count_switching, weighed_steps
from .static import static_timing
from .technology import Technology, check_gates, loads_ff

LANDAUER_FJ = 1.380649e-23 * 300.0 * np.log(2.0) * 1e15
"""kT ln 2 at 300 K in fJ (2.87e-6): the least heat for erasing a bit (R. Landauer, "Irreversibility and heat
generation in the computing process", IBM Journal of Research and Development 5, 183, 1961)."""


@dataclass(frozen=True, slots=True)
class HotNet:
    """One net's share of the energy of an operation."""

    net: int
    name: str
    gate: str
    events: float
    energy_fj: float
    share: float


@dataclass(frozen=True, eq=False)
class Energy:
    """Mean energy of one operation, in femtojoules.

    Attributes
    ----------
    netlist, technology
    events : (n,) float64
        Mean number of times per operation that each net did what the technology pays for.
    per_net_fj : (n,) float64
        What the cell of each net spends on it, its load included.
    standing_fj : float
        Power drawn by all cells during `time_ps`, whether they switch or not.
    time_ps : int
        Length of an operation.
    """

    netlist: Netlist
    technology: Technology
    events: np.ndarray
    per_net_fj: np.ndarray
    standing_fj: float
    time_ps: int

    @cached_property
    def switching_fj(self) -> float:
        """Sum over the nets."""
        return float(self.per_net_fj.sum())

    @property
    def total_fj(self) -> float:
        """Switching and standing; standing alone where the technology pays for time."""
        return self.standing_fj + (0.0 if self.technology.pays_for == "time" else self.switching_fj)

    def hot(self, k: int = 10) -> list[HotNet]:
        """The `k` nets that spend most, most first; nets that spend nothing are left out."""
        order = np.argsort(-self.per_net_fj, kind="stable")[:k]
        net, whole = self.netlist, self.switching_fj
        return [
            HotNet(
                int(i),
                net.net_name(i),
                GATES[net.op[i]].name,
                float(self.events[i]),
                float(self.per_net_fj[i]),
                float(self.per_net_fj[i]) / whole,
            )
            for i in order.tolist()
            if self.per_net_fj[i] > 0
        ]

    def __repr__(self) -> str:
        return f"<Energy of {self.netlist.name!r} in {self.technology.name}: {self.total_fj:.3g} fJ>"


def event_energy_fj(net: Netlist, technology: Technology) -> np.ndarray:
    """(n,) float64: what one event of each net costs: the cell's own energy and ½CV² of its load.

    Inputs are driven from outside: only their load is counted.

    Raises
    ------
    UnsupportedError
        A gate that the technology lacks.
    """
    check_gates(net, technology)
    cells = IS_LOGIC[net.op] | IS_REGISTER[net.op] | (net.op == READ)
    own = np.where(cells, technology.column("energy_fj")[net.op], 0.0)
    return own + 0.5 * loads_ff(net, technology) * technology.volts**2


def energy_of_counts(
    net: Netlist, technology: Technology, counts: np.ndarray, operations: int, *, time_ps: int | None = None
) -> Energy:
    """Energy from `counts` (n,) events per net over so many operations.

    Parameters
    ----------
    counts : (n,) integers
        Toggles of each net, glitches included where they were simulated; ones of each net where the
        technology pays for ones.
    operations : int
        Operations that the counts are for.
    time_ps : int, optional
        Length of an operation, for the standing power; that of the critical path by default.

    Raises
    ------
    ValueFitError
        No operation, or counts of another netlist.
    """
    if operations < 1:
        raise ValueFitError(f"counts are for {operations} operations; they need one at least")
    if len(counts) != net.n_nets:
        raise ValueFitError(f"{net.name!r} has {net.n_nets} nets; {len(counts)} counts were given")
    duration = static_timing(net, technology).worst_ps if time_ps is None else int(time_ps)
    events = np.asarray(counts, np.float64) / operations
    events[:2] = 0.0
    standing = float(technology.column("leakage_nw")[net.op].sum()) * duration * 1e-6  # nW x ps = 1e-6 fJ
    return Energy(net, technology, events, events * event_energy_fj(net, technology), standing, duration)


def energy(net: Netlist, technology: Technology, stimulus: Stimulus | Switching) -> Energy:
    """Mean energy of one operation at zero delay.

    Parameters
    ----------
    net : Netlist
        Of gates that the technology has.
    technology : Technology
        Its ``pays_for`` says which events are counted.
    stimulus : Stimulus or Switching
        Operations that follow each other (see :func:`count_switching`), or what was counted for them.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import load_technology
    >>> b = Builder("and"); b.output("z", b.input("x") & b.input("y")); net = b.freeze()
    >>> e = energy(net, load_technology("siphon"), Stimulus.exhaustive(net))
    >>> e.events[4], e.total_fj  # one pattern of four gives a 1: 0.24 J / 4
    (np.float64(0.25), 60000000000000.0)
    """
    done = count_switching(net, stimulus) if isinstance(stimulus, Stimulus) else stimulus
    if technology.pays_for == "one":
        return energy_of_counts(net, technology, done.ones, done.operations)
    if technology.pays_for == "evaluation":
        return energy_of_counts(net, technology, np.ones(net.n_nets, np.int64), 1)
    return energy_of_counts(net, technology, done.toggles, done.steps)


def energy_per_step(net: Netlist, technology: Technology, stimulus: Stimulus) -> np.ndarray:
    """Switching energy of each step from one operation to the next, in fJ, at zero delay.

    (steps,) float64 for patterns that follow each other, (steps, patterns) for cycles. The mean is that
    of :func:`energy` where the technology pays for toggles.
    """
    return weighed_steps(net, stimulus, event_energy_fj(net, technology))
