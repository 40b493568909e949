"""From a netlist of AND and XOR to a machine: widths, leaks, splitters, and when to pour.

Water has no gain, so a gate that feeds several others is built wider, and an input is poured once for
every vessel that reads it. Two ways to build:

* *plain*, as Steve Mould did: outlets run straight into the next vessels and everything is poured at
  once. A leak must be slower than the leak that feeds it, so every stage of XORs costs a factor of
  seven in time, and ones get weaker.
* with *cups*: an outlet runs into a leak-free cup that fires at 0.8 units. A 1 comes out whole and
  fast, a 0 stays behind. A siphon brings anything from 1.3 to 2.2 units: a measure, a chamber with a low
  rim, keeps 1.2 of them and gives them to its cup slowly. So ones are alike at any depth; the price is
  that every vessel must be half as wide again as what it feeds. Water is poured when it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import sqrt

from ...netlist import Netlist
from .half_adders import HalfAdders, Source, half_adders
from .machine import Machine, Outlet, Pipe, Pour
from .vessel import Vessel, VesselError

WEAKEST_ONE, STRONGEST_ONE = 1.05, 1.25
"""Units that a 1 brings to a vessel of a machine with cups."""
WAITING_LOSS = 0.4
"""Units that a 1 may lose while it waits for another: more, and two ones no longer pass the crest."""
MEASURED = 1.2
"""Units that a measure keeps of what a siphon brings."""
PULSE_S = 2.0
"""How long a siphon or a syringe takes to bring one unit."""
PER_STAGE_S = 4.0
"""A siphon and a pipe."""


@dataclass(frozen=True)
class Design:
    """Choices of the builder; the defaults are the plain four-bit adder that always adds.

    Parameters
    ----------
    vessel : Vessel
        What every vessel looks like, but for its leak and width.
    unit_m3, pour_m3s, pipe_s : float
        Water of a 1, speed of pouring, time in a pipe.
    splitter : float
        Share of an AND outlet's water (1.7 units) that goes on; the rest is drained.
    leak_m, leak_ratio : float
        Diameter of the leak in the first stage, and from each stage to the next that it feeds.
    line_units : float
        Where buckets are read.
    cups : bool
        Restore every XOR outlet with a cup.
    cup_units : float
        Where a cup fires, in units.
    strength : float
        Units that a syringe and a cup bring for a 1.
    """

    vessel: Vessel = field(default_factory=Vessel)
    unit_m3: float = 80e-6
    pour_m3s: float = 60e-6
    pipe_s: float = 0.4
    splitter: float = 0.58
    leak_m: float = 0.004
    leak_ratio: float = 0.375
    line_units: float = 0.7
    cups: bool = False
    cup_units: float = 0.8
    strength: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.splitter <= 1:
            raise VesselError(f"a splitter passes a share between 0 and 1 of the water, not {self.splitter:g}")
        if not 0 < self.leak_ratio <= 1:
            raise VesselError(f"the ratio of leaks is between 0 and 1, not {self.leak_ratio:g}")
        if not 0 < self.cup_units < 1:
            raise VesselError(f"a cup fires between 0 and 1 units, not at {self.cup_units:g}")
        if not self.unit_m3 < self.vessel.volume_m3(self.vessel.crest_m) < 2 * self.unit_m3:
            raise VesselError(
                f"the crest holds {self.vessel.volume_m3(self.vessel.crest_m) * 1e6:.0f} mL: one unit of "
                f"{self.unit_m3 * 1e6:.0f} mL must stay below it and two must pass it"
            )

    @classmethod
    def with_cups(cls) -> Design:
        """A design for circuits of any depth."""
        return cls(splitter=0.76, line_units=0.5, cups=True, strength=WEAKEST_ONE)

    @property
    def unit_level_m(self) -> float:
        """Level of one unit."""
        return self.unit_m3 / self.vessel.total_area_m2

    @property
    def cup_yield(self) -> float:
        """Units that a cup passes on, of one unit: what it fires, but for what stays under its inlet."""
        return self.cup_units * (1 - self.vessel.inlet_m / self.vessel.crest_m)


def plumb(net: Netlist, design: Design | None = None) -> Machine:
    """The machine of an AND-XOR netlist.

    Parameters
    ----------
    net : Netlist
        Of AND and XOR (``map_to(net, "xag")``, or :func:`to_half_adders`, which needs fewer vessels).
    design : Design, optional
        With cups when left out.

    Raises
    ------
    UnsupportedError
        Other gates, or state.

    Examples
    --------
    >>> from circuits.adders import full_adder
    >>> from gatesim import build
    >>> from gatesim.timing.water import plumb, pour, to_half_adders
    >>> machine = plumb(to_half_adders(build(full_adder)))
    >>> pour(machine, {"a": 1, "b": 0, "cin": 1}).values()
    {'sum': array([0], dtype=object), 'carry': array([1], dtype=object)}
    """
    return _Plumber(net, half_adders(net), design or Design.with_cups()).machine()


_Pair = tuple[int, int]
"""A half adder, by the two nets that it adds."""


@dataclass
class _Arrival:
    """When the water of a 1 starts to arrive, whatever the other inputs are."""

    early: float
    late: float

    @property
    def middle(self) -> float:
        return (self.early + self.late) / 2


class _Plumber:
    def __init__(self, net: Netlist, logic: HalfAdders, design: Design) -> None:
        self.net, self.logic, self.design = net, logic, design
        self.pairs = list(logic.sides)
        self.feeds: dict[Source, list[tuple[_Pair | None, int]]] = {}  # readers: (pair, side) or (None, bucket)
        for pair, both in logic.sides.items():
            for side, sources in enumerate(both):
                for s in sources:
                    self.feeds.setdefault(s, []).append((pair, side))
        for k, sources in enumerate(logic.outputs):
            for s in sources:
                self.feeds.setdefault(s, []).append((None, k))
        self.width: dict[_Pair, float] = {}
        self._widths()
        self.held_back = dict.fromkeys(self.pairs, 0.0)
        self.leak: dict[_Pair, float] = {}
        self.arrival: dict[tuple[_Pair, int], _Arrival] = {}
        if design.cups:
            for _ in range(4):  # leaks depend on skews, skews on leaks
                self._time()
                self._hold_back()
            self._time()
        else:
            self._stages()

    # -- sizes -------------------------------------------------------------------------------

    def _wanted(self, source: Source) -> float:
        """Units that all readers of a source need together."""
        return sum(self.width[pair] if pair else 1.0 for pair, _ in self.feeds.get(source, []))

    def _outlets(self, pair: _Pair) -> tuple[Source, Source]:
        return Source(pair=pair, outlet=Outlet.XOR), Source(pair=pair, outlet=Outlet.AND)

    def _widths(self) -> None:
        for pair in reversed(self.pairs):
            self.width[pair] = max(self._wanted(s) / self._passed(s) for s in self._outlets(pair))

    def _restored(self, source: Source) -> bool:
        """Whether cups stand behind an outlet. A siphon into buckets only needs none: its 0 is dry."""
        reads = self.feeds.get(source, [])
        return self.design.cups and (source.outlet is Outlet.XOR or any(pair for pair, _ in reads)) and bool(reads)

    def _passed(self, source: Source) -> float:
        """Ones that an outlet hands on, of a vessel of width 1."""
        if self._restored(source):
            return self.design.cup_yield / self.design.strength
        return 1.0 if source.outlet is Outlet.XOR else 1 / self.design.splitter

    # -- plain: a slower leak for every stage ------------------------------------------------

    def _stages(self) -> None:
        stage: dict[_Pair, int] = {}
        for pair, both in self.logic.sides.items():
            fed = [stage[s.pair] + (s.outlet is Outlet.XOR) for side in both for s in side if s.pair]
            stage[pair] = max(fed, default=0)
            self.leak[pair] = self.design.leak_m * self.design.leak_ratio ** stage[pair]
        level = self.design.unit_level_m
        slowest = [self._vessel(pair).leak_time(level, level / 10) for pair in self.pairs]
        self.seconds = sum(sorted(set(slowest))) + PER_STAGE_S * (len(self.pairs) + 1)

    # -- with cups: leaks for the skews, pours in time ---------------------------------------

    def _time(self) -> None:
        """Arrivals from inputs to buckets; each leak as fast as the skew of its vessel allows."""
        ready: dict[Source, _Arrival] = {}
        end = 0.0
        for pair, both in self.logic.sides.items():
            found = [self._side(side, ready) for side in both]
            known = [a for a in found if a]
            for k in range(2):  # an input is poured when the other side comes
                at = known[0].middle if known else self.held_back[pair]
                found[k] = found[k] or _Arrival(at, at)
            a, b = found[0], found[1]
            assert a and b
            self.arrival[pair, 0], self.arrival[pair, 1] = a, b
            self.leak[pair] = self._leak_for(max(a.late - b.early, b.late - a.early))
            leak, siphon = self._outlets(pair)
            ready[leak] = self._restored_at(min(a.early, b.early), max(a.late, b.late), self._vessel(pair), leak)
            both_there = max(a.early, b.early), max(a.late, b.late) + PULSE_S + self.design.pipe_s
            ready[siphon] = self._restored_at(*both_there, self._measure(pair), siphon)
            end = max(end, ready[leak].late, ready[siphon].late)
        self.seconds = end + 4 * PULSE_S

    def _side(self, sources, ready: dict[Source, _Arrival]) -> _Arrival | None:
        """When a side gets its water; None when it is only poured."""
        fed = [ready[s] for s in sources if s.pair]
        return _Arrival(min(a.early for a in fed), max(a.late for a in fed)) if fed else None

    def _leak_for(self, skew: float) -> float:
        """Largest diameter that keeps the loss of a 1 waiting for `skew` small."""
        widest = replace(self.design.vessel, leak_diameter_m=self.design.leak_m)
        level = self.design.unit_level_m
        held = widest.leak_time(WEAKEST_ONE * level, (WEAKEST_ONE - WAITING_LOSS) * level)
        return self.design.leak_m * min(1.0, sqrt(held / (skew + PULSE_S)))

    def _restored_at(self, early: float, late: float, vessel: Vessel, source: Source) -> _Arrival:
        """When an outlet's water arrives at its readers, if that of `vessel` arrives from early to late."""
        pipe, level = self.design.pipe_s, self.design.unit_level_m
        if not self._restored(source):
            return _Arrival(early + pipe, late + pipe)
        strong = STRONGEST_ONE if source.outlet is Outlet.XOR else MEASURED
        weak = WEAKEST_ONE if source.outlet is Outlet.XOR else MEASURED
        quick, slow = (vessel.leak_time(u * level, (u - self.design.cup_units) * level) for u in (strong, weak))
        return _Arrival(early + quick, late + PULSE_S + slow + 2 * pipe)

    def _hold_back(self) -> None:
        """Delay what is poured alone by what it would otherwise wait for others."""
        spare: dict[_Pair, float] = {}
        for pair in reversed(self.pairs):
            readers = [r for outlet in self._outlets(pair) for r in self.feeds.get(outlet, [])]
            waits = []
            for reader, side in readers:
                if reader is None:
                    waits.append(0.0)
                    continue
                mine, other = self.arrival[reader, side], self.arrival[reader, 1 - side]
                waits.append(spare[reader] + max(0.0, other.middle - mine.middle))
            spare[pair] = min(waits)
            if not any(s.pair for side in self.logic.sides[pair] for s in side):
                self.held_back[pair] += spare[pair]

    # -- the machine -------------------------------------------------------------------------

    def _vessel(self, pair: _Pair) -> Vessel:
        return replace(self.design.vessel, leak_diameter_m=self.leak[pair], width=self.width[pair])

    def _cup(self, pair: _Pair) -> Vessel:
        full = self.design.vessel.volume_m3(self.design.vessel.crest_m) / self.design.unit_m3
        width = self.width[pair] * self.design.cup_units / full
        return replace(self.design.vessel, leak_diameter_m=0.0, width=width)

    def _measure(self, pair: _Pair) -> Vessel:
        """A chamber without a siphon; its leak is as large as the design has any."""
        return replace(
            self.design.vessel, siphon_diameter_m=0.0, rim_m=MEASURED * self.design.unit_level_m,
            leak_diameter_m=self.design.leak_m, width=self.width[pair],
        )  # fmt: skip

    def machine(self) -> Machine:
        """Half adders first, then what restores their outlets."""
        vessels = {pair: self._vessel(pair) for pair in self.pairs}
        parts, labels = list(vessels.values()), [self._label(pair) for pair in self.pairs]
        place = {pair: k for k, pair in enumerate(self.pairs)}
        pipes: list[Pipe] = []
        tail: dict[Source, tuple[int, Outlet]] = {}  # the outlet that readers of a source are joined to

        def restored(pair: _Pair, source: Source, vessel: Vessel, label: str) -> None:
            at, outlet = tail[source]
            pipes.append(Pipe(at, outlet, len(parts), 1.0, self.design.pipe_s))
            tail[source] = len(parts), Outlet.XOR if vessel.leak_diameter_m else Outlet.AND
            parts.append(vessel)
            labels.append(f"{label} of {labels[place[pair]]}")

        for pair in self.pairs:
            for source in self._outlets(pair):
                tail[source] = place[pair], source.outlet
                if self._restored(source):
                    if source.outlet is Outlet.AND:
                        restored(pair, source, self._measure(pair), "measure")
                    restored(pair, source, self._cup(pair), "cup")
        pours: list[Pour] = []
        for source, readers in self.feeds.items():
            for reader, side in readers:
                target = len(parts) + side if reader is None else place[reader]
                units = 1.0 if reader is None else self.width[reader]
                if source.pair is None:
                    start = self.arrival[reader, side].middle if self.design.cups and reader else 0.0
                    pours.append(Pour(target, source.bit, start, units * self.design.strength))
                else:
                    share = units / (self.width[source.pair] * self._passed(source))
                    pipes.append(Pipe(*tail[source], target, min(share, 1.0), self.design.pipe_s))
        inputs, outputs = (tuple((p.name, p.width) for p in side) for side in (self.net.inputs, self.net.outputs))
        return Machine(
            self.net.name, tuple(parts), tuple(labels), tuple(pipes), tuple(pours), inputs, outputs,
            self.design.unit_m3, self.design.pour_m3s, self.design.line_units, self.seconds,
        )  # fmt: skip

    def _label(self, pair: _Pair) -> str:
        return " + ".join("tap" if n == 1 else self.net.net_name(n) for n in pair)


__all__ = ["Design", "plumb"]
