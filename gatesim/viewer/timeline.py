"""Time: input changes, where we are, back and forth, undo and redo.

A run is determined by its input changes. So the past is not recorded: an earlier cycle is the nearest
snapshot and a replay, and so is the waveform of a net that nobody watched at the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from ..errors import ValueFitError, unknown_name
from ..netlist import Netlist, Port
from ..results import State
from .circuit import Circuit, Inputs
from .computer import Service
from .numbers import codes_of, value_of
from .snapshots import Snapshots

SNAPSHOT_SECONDS = 0.04
"""Computing time between two snapshots, about: what a jump back costs at most, twice."""

CALL_SECONDS = 0.02
"""Time in one call of an engine, about."""

MAX_UNDO = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """From `cycle` on, the inputs are these."""

    cycle: int
    inputs: Inputs


@dataclass(frozen=True, eq=False)
class Moment:
    """Everything that undo brings back."""

    changes: tuple[Change, ...]
    snapshots: Snapshots
    horizon: int
    now: int
    printed: dict[int, bytes]


class Timeline:
    """One instance of a circuit, moving through time.

    In a circuit without state every input change starts a new cycle, so that time is the list of inputs
    tried. With state, inputs change within the present cycle.

    Attributes
    ----------
    circuit : Circuit
    start : State, optional
        What registers and memories hold at cycle 0; power-up when left out.
    service : Service, optional
        What the world around the circuit does from time to time.
    now : int
        The present cycle: its inputs are applied, its clock edge is yet to come.
    horizon : int
        The furthest cycle reached.
    version : int
        Grows whenever the past becomes another one.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("toggle"); q = b.wire("q"); b.drive(q, b.flip_flop(~q)); b.output("out", q)
    >>> line = Timeline(Circuit(b.freeze()))
    >>> line.step(1_000_001); line.go_to(7); line.number("out"), line.horizon
    (1, 1000001)
    """

    def __init__(self, circuit: Circuit, start: State | None = None, service: Service | None = None) -> None:
        self.circuit, self._service = circuit, service
        self._printed: dict[int, bytes] = {}
        self._place: dict[str, tuple[int, Port]] = {}
        low = 0
        for p in circuit.net.inputs:
            self._place[p.name] = (low, p)
            low += p.width
        self._changes: tuple[Change, ...] = (Change(0, circuit.no_inputs),)
        self._state = circuit.power_up() if start is None else start.copy()
        self._snapshots = Snapshots(self._state)
        self.now = self.horizon = 0
        self._past: list[Moment] = []
        self._future: list[Moment] = []
        self._values: np.ndarray | None = None
        self._moving: np.ndarray | None = None
        self.version = 0
        self._seconds_per_cycle = 1e-5
        self._unsaved_seconds = 0.0

    @property
    def net(self) -> Netlist:
        """The netlist of the circuit."""
        return self.circuit.net

    # -- the present -------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Registers and memories before the clock edge of the present cycle (not to be changed)."""
        return self._state

    @property
    def inputs(self) -> Inputs:
        """The inputs of the present cycle."""
        return self.inputs_at(self.now)

    def inputs_at(self, cycle: int) -> Inputs:
        """The inputs of a cycle."""
        return next(c.inputs for c in reversed(self._changes) if c.cycle <= cycle)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All input changes, by cycle; the first holds from cycle 0 on."""
        return self._changes

    @property
    def values(self) -> np.ndarray:
        """(n,) uint8: codes of all nets now; while gate delays are stepped, on their way."""
        if self._moving is not None:
            return self._moving
        if self._values is None:
            self._values = self.circuit.values(self._state, self.inputs)
        return self._values

    @property
    def is_moving(self) -> bool:
        """Whether a change is being followed gate delay by gate delay."""
        return self._moving is not None

    def number(self, name: str) -> int | str:
        """The value of a port or named net: a number, or letters where a bit is X or Z."""
        port = next((p for p in self.net.ports if p.name == name), None)
        nets = port.nets if port is not None else (self.net.net(name),)
        return value_of(self.values[list(nets)])

    # -- inputs ------------------------------------------------------------------------------

    def set_inputs(self, values: Mapping[str, int | str], *, gently: bool = False) -> None:
        """Change inputs now; what lay ahead is another future and is forgotten (undo brings it back).

        Parameters
        ----------
        values : by input port
            A number (negative: two's complement), or letters 0, 1, X, Z, most significant first.
        gently : bool
            Let the change wait at the inputs: :meth:`step_gate` moves it on.

        Raises
        ------
        UnknownNameError, ValueFitError
        """
        codes = bytearray(self.inputs)
        for name, value in values.items():
            if name not in self._place:
                raise unknown_name(f"input of {self.net.name!r}", name, self._place)
            low, port = self._place[name]
            codes[low : low + port.width] = codes_of(value, port.width, f"input {name!r}", self.circuit.four_valued)
        if bytes(codes) == self.inputs:
            return
        before = self.values.copy()
        self._remember()
        if self.net.is_combinational:
            self._advance_to(self.now + 1)
        earlier = tuple(c for c in self._changes if c.cycle < self.now)
        if earlier and earlier[-1].inputs == bytes(codes):
            self._changes = earlier
        else:
            self._changes = (*earlier, Change(self.now, bytes(codes)))
        self.horizon = self.now
        self._snapshots.forget_after(self.now)
        self._printed = {c: text for c, text in self._printed.items() if c <= self.now}
        self._settled()
        if gently:
            self._moving = before
            self.circuit.sources(self._state, self.inputs, self._moving)

    def toggle(self, name: str, bit: int = 0, *, gently: bool = False) -> None:
        """Flip one bit of an input port (X and Z become 0)."""
        if name not in self._place:
            raise unknown_name(f"input of {self.net.name!r}", name, self._place)
        low, port = self._place[name]
        if not 0 <= bit < port.width:
            raise ValueFitError(f"input {name!r} has bits 0 to {port.width - 1}, not {bit}")
        codes = list(self.inputs[low : low + port.width])
        codes[bit] = 1 if codes[bit] == 0 else 0
        self.set_inputs({name: "".join("01XZ"[c] for c in reversed(codes))}, gently=gently)

    def replace_changes(self, changes: tuple[Change, ...], cycle: int) -> None:
        """Another past: these input changes, and be at `cycle`. Undo brings the present one back."""
        self._remember()
        self._changes = changes
        self._snapshots.forget_after(0)
        self._printed = {}
        self.horizon, self.now = 0, -1
        self.go_to(cycle)

    def undo(self) -> bool:
        """Take back the last input change: time is again what it was when it was made."""
        return self._swap(self._past, self._future)

    def redo(self) -> bool:
        """Make the change again that was taken back, with all that followed."""
        return self._swap(self._future, self._past)

    def _remember(self) -> None:
        self.version += 1
        self._past.append(self._moment())
        del self._past[:-MAX_UNDO]
        self._future.clear()

    def _moment(self) -> Moment:
        return Moment(self._changes, self._snapshots.copy(), self.horizon, self.now, dict(self._printed))

    def _swap(self, source: list[Moment], target: list[Moment]) -> bool:
        if not source:
            return False
        self.version += 1
        target.append(self._moment())
        there = source.pop()
        self._changes, self._snapshots, self.horizon = there.changes, there.snapshots.copy(), there.horizon
        self._printed = dict(there.printed)
        self.now = -1  # whatever the state is, it belongs to the other time
        self.go_to(there.now)
        return True

    # -- moving ------------------------------------------------------------------------------

    def step(self, cycles: int = 1) -> None:
        """Go `cycles` clock edges forward (input changes that lie ahead happen again)."""
        if cycles < 0:
            self.go_to(max(0, self.now + cycles))
        else:
            self._advance_to(self.now + cycles)

    def step_gate(self) -> int:
        """Let one gate delay pass; how many nets changed.

        Where everything has settled, the clock edge comes first: registers and memories change, and nothing
        else yet. 0 says that everything has settled.
        """
        if self._moving is None:
            before = self.values.copy()
            if self.net.is_combinational:
                return 0
            self._advance_to(self.now + 1)
            moving = before.copy()
            self.circuit.sources(self._state, self.inputs, moving)
            self._moving = moving
            return int((moving != before).sum())
        changed = self.circuit.relax(self._moving, self._state)
        if not changed:
            self._moving = None
        return changed

    def go_to(self, cycle: int) -> None:
        """Be at `cycle`; past the horizon, run there."""
        if cycle < 0:
            raise ValueFitError(f"there is no cycle {cycle}: time starts at 0")
        target = cycle
        if not 0 <= self.now <= target or self._snapshots.distance(target) < target - self.now:
            self.now, self._state = self._snapshots.before(min(target, self.horizon))
            self._unsaved_seconds = 0.0
        self._settled()
        self._advance_to(target)

    def advance(self, cycles: int, watch: Sequence[int] = ()) -> np.ndarray:
        """Run forward and look at some nets: (cycles, len(watch)) uint8, from the present cycle on."""
        parts = [np.zeros((0, len(watch)), np.uint8)]
        parts += list(self._pieces(self.now + cycles, watch))
        return np.concatenate(parts)

    def advance_piece(self, cycles: int, watch: Sequence[int] = ()) -> np.ndarray:
        """Like :meth:`advance`, but only a fraction of a second's worth of at most so many cycles."""
        return next(self._pieces(self.now + cycles, watch), np.zeros((0, len(watch)), np.uint8))

    def go_back(self, cycle: int) -> None:
        """Be at an earlier cycle, and let what was run past it be forgotten."""
        self.go_to(cycle)
        if not any(c.cycle > cycle for c in self._changes):
            self.horizon = cycle
            self._snapshots.forget_after(cycle)

    def seen(self, nets: Sequence[int], first: int, last: int) -> np.ndarray:
        """(last - first, len(nets)) uint8: codes in cycles ``first ... last - 1``, all of them past or present.

        Computed by replay: any net can be asked for, whether or not somebody watched it then.
        """
        last = min(last, self.horizon + 1)
        if first >= last:
            return np.zeros((0, len(nets)), np.uint8)
        replay = self.replica()
        replay.go_to(first)
        return replay.advance(last - first, nets)

    def replica(self, circuit: Circuit | None = None) -> Timeline:
        """The same time, to move about in by itself (in another thread: with a circuit of its own)."""
        other = object.__new__(Timeline)
        other.__dict__.update(self.__dict__)
        other._snapshots = self._snapshots.copy()
        other._past, other._future, other._printed = [], [], {}
        if circuit is not None:
            other.circuit = circuit
        return other

    def keep(self) -> None:
        """Keep a snapshot of the present cycle."""
        self._snapshots.add(self.now, self._state)

    def _advance_to(self, target: int) -> None:
        for _ in self._pieces(target, ()):
            pass

    def _pieces(self, target: int, watch: Sequence[int]) -> Iterator[np.ndarray]:
        """Run to `target`, a call of the engine at a time."""
        while self.now < target:
            until = min((c.cycle for c in self._changes if c.cycle > self.now), default=target)
            if self._service is not None:
                until = min(until, (self.now // self._service.period + 1) * self._service.period)
            cycles = max(1, min(int(CALL_SECONDS / self._seconds_per_cycle), 1 << 20))
            cycles = min(cycles, target - self.now, until - self.now)
            began = perf_counter()
            self._state, seen = self.circuit.run(self._state, self.inputs, cycles, watch)
            taken = perf_counter() - began
            if cycles > 8 or taken / cycles < self._seconds_per_cycle:
                self._seconds_per_cycle = max(1e-9, taken / cycles)
            self.now += cycles
            self._serve()
            self.horizon = max(self.horizon, self.now)
            self._unsaved_seconds += taken
            if self._unsaved_seconds > SNAPSHOT_SECONDS:
                self._snapshots.add(self.now, self._state)
                self._unsaved_seconds = 0.0
            self._settled()
            yield seen

    def _serve(self) -> None:
        """Let the world around the circuit act, where its time has come."""
        if self._service is not None and self.now % self._service.period == 0:
            self._state, printed = self._service.serve(self._state)
            if printed:
                self._printed[self.now] = printed
            else:
                self._printed.pop(self.now, None)

    def printed(self) -> bytes:
        """All that was printed up to now."""
        return b"".join(self._printed[c] for c in sorted(self._printed) if c <= self.now)

    def _settled(self) -> None:
        self._values = self._moving = None
