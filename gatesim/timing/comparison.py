"""The same netlist in many technologies: time and energy of one operation in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import LoopError, UnsupportedError
from ..netlist import Netlist
from ..stimulus import Stimulus
from .energies import Energy, energy, energy_of_counts
from .glitches import count_glitches
from .preparation import area, prepare
from .static import StaticTiming, static_timing
from .technology import Technology


@dataclass(frozen=True, eq=False)
class Outcome:
    """One netlist in one technology.

    Attributes
    ----------
    technology : Technology
    netlist : Netlist or None
        As prepared for it; None where it cannot be built, and then ``problem`` says why.
    timing : StaticTiming or None
    energy : Energy or None
        At zero delay; None where no energy was asked for.
    glitchy : Energy or None
        With all transitions simulated; None where that was not asked for, where the technology does not
        pay for changes, and for netlists with memories, which the timed engines do not take.
    area : float
    problem : str
    """

    technology: Technology
    netlist: Netlist | None = None
    timing: StaticTiming | None = None
    energy: Energy | None = None
    glitchy: Energy | None = None
    area: float = 0.0
    problem: str = ""


def outcome(
    net: Netlist,
    technology: Technology,
    stimulus: Stimulus | None = None,
    *,
    clock_ps: int | None = None,
    glitches: bool = False,
) -> Outcome:
    """Prepare `net` for one technology and time it (against a clock); with a stimulus, its energy too,
    and with `glitches` the energy of all transitions.

    Raises
    ------
    UnsupportedError, LoopError
        It cannot be built or timed.
    ValueFitError
        A stimulus without two operations.
    """
    ready = prepare(net, technology)
    timing = static_timing(ready, technology, clock_ps=clock_ps)
    spent = None if stimulus is None else energy(ready, technology, stimulus)
    glitchy = None
    if stimulus is not None and glitches and technology.pays_for == "toggle" and not ready.memories:
        seen = count_glitches(ready, technology, stimulus)
        glitchy = energy_of_counts(ready, technology, seen.toggles, seen.n_operations, time_ps=timing.worst_ps)
    return Outcome(technology, ready, timing, spent, glitchy, area(ready, technology))


def compare(net: Netlist, technologies: Iterable[Technology], stimulus: Stimulus | None = None) -> list[Outcome]:
    """`net` in every one of `technologies`, slowest first; those that cannot build it at the end.

    Raises
    ------
    LoopError
        `net` has a combinational loop: no technology can be timed.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import technologies
    >>> b = Builder("both"); b.output("z", b.input("x") & b.input("y"))
    >>> [o.technology.name for o in compare(b.freeze(), technologies().values())][::16]
    ['dna', 'rsfq']
    """
    found = []
    for technology in technologies:
        try:
            found.append(outcome(net, technology, stimulus))
        except LoopError:
            raise
        except UnsupportedError as exc:
            found.append(Outcome(technology, problem=str(exc)))
    return sorted(found, key=lambda o: (o.timing is None, -(o.timing.worst_ps if o.timing else 0)))
