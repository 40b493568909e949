"""A computer as a clocked netlist: programs go into its memories, it runs until it halts, its state is read by name.

A :class:`Machine` says what the netlist is and how it stops and speaks; a :class:`Session` is one run of
it, of one instance or of many (each a lane with memories of its own). Nothing here knows an instruction
set: the Hack computer, RV32I and the SIMT machine all run this way.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import perf_counter
from typing import Literal

import numpy as np

from gatesim import Netlist, Schedule, Stimulus, map_to
from gatesim import compile as compile_netlist
from gatesim import engine as engine_class
from gatesim.bits import as_unsigned, pack, unpack, unpack_cycles
from gatesim.engines.base import Engine, initial_state
from gatesim.errors import ValueFitError, unknown_name

FIRST_CYCLES = 2048
"""Cycles of the first engine run of a session; later ones grow with what has been run."""

MOST_RECORDED = 1 << 22
"""Words that one engine run may record."""

PATIENCE_SECONDS = 0.2
"""Simulation time after which compiled code is worth making."""

Tier = Literal["auto", "interpreting", "compiled"]
Words = Sequence[int] | np.ndarray


@dataclass(frozen=True, slots=True)
class Console:
    """A port that prints: the machine puts characters into a memory and counts them; it waits while that is full.

    The memory's read data must reach an output, or mapping sweeps it away. `waiting` is an output bit that is
    1 in a cycle in which the machine stands still because the memory is full: such cycles do not count, so
    that nothing depends on when the characters are taken out.
    """

    memory: str
    count: str
    waiting: str


@dataclass(frozen=True, eq=False)
class Machine:
    """A computer.

    Attributes
    ----------
    netlist : Netlist
        Registers are known by the names of their flip-flops (``pc[0]``, ``pc[1]``, ...), memories by theirs.
        What a program is loaded into must be a RAM (a write port that is never enabled will do).
    halted : str or None
        Output bit that is 1 once the machine has stopped for good; from then on nothing changes. None: it
        never stops by itself.
    retired : str or None
        Output bit that is 1 in a cycle that completes an instruction; None: every cycle does.
    console : Console or None
    """

    netlist: Netlist
    halted: str | None = None
    retired: str | None = None
    console: Console | None = None

    def __post_init__(self) -> None:
        for name in self.flags:
            if self.netlist.port(name).width != 1:
                raise ValueFitError(f"output {name!r} of {self.netlist.name!r} must be one bit")

    @property
    def flags(self) -> list[str]:
        """The output bits that a session counts."""
        names = (self.halted, self.retired, self.console.waiting if self.console is not None else None)
        return [name for name in names if name is not None]

    def mapped(self, basis: str = "nand") -> Machine:
        """The same machine made of other gates, NANDs unless said otherwise; memories stay macros."""
        return replace(self, netlist=map_to(self.netlist, basis))

    @cached_property
    def schedule(self) -> Schedule:
        """The netlist compiled, made once."""
        return compile_netlist(self.netlist)

    @cached_property
    def engines(self) -> dict[Hashable, Engine]:
        """Engines that sessions made; what they compiled serves the sessions that follow."""
        return {}

    @cached_property
    def registers(self) -> dict[str, np.ndarray]:
        """By name of a register: the numbers of its flip-flops in ``Netlist.registers``, LSB first."""
        place = {int(q): i for i, q in enumerate(self.netlist.registers)}
        found: dict[str, dict[int, int]] = {}
        for net, label in self.netlist.names.items():
            if net in place:
                name, _, index = label.partition("[")
                found.setdefault(name, {})[int(index.rstrip("]") or 0)] = place[net]
        return {name: np.array([bits[k] for k in sorted(bits)]) for name, bits in found.items()}

    def memory_number(self, name: str) -> int:
        """Which of ``netlist.memories`` is called `name`; UnknownNameError if none is."""
        names = [m.name for m in self.netlist.memories]
        if name not in names:
            raise unknown_name(f"memory of {self.netlist.name!r}", name, names)
        return names.index(name)

    def nets_named(self, name: str) -> list[int]:
        """The nets of a port, of a named bus or of a named bit, LSB first; UnknownNameError if there is none."""
        for port in self.netlist.ports:
            if port.name == name:
                return list(port.nets)
        if name not in self._buses:
            raise unknown_name(f"signal of {self.netlist.name!r}", name, self._buses)
        return self._buses[name]

    @cached_property
    def _buses(self) -> dict[str, list[int]]:
        found: dict[str, dict[int, int]] = {}
        for net, label in self.netlist.names.items():
            name, _, index = label.partition("[")
            found.setdefault(name, {})[int(index.rstrip("]") or 0)] = net
        return {name: [bits[k] for k in sorted(bits)] for name, bits in found.items()}

    def start(
        self,
        memories: Mapping[str, Words] | None = None,
        registers: Mapping[str, Words | int] | None = None,
        *,
        instances: int = 1,
        inputs: Mapping[str, Words | int] | None = None,
        engine: str = "logic2",
        tier: Tier = "auto",
        threads: int | None = 1,
    ) -> Session:
        """A session of `instances` machines at power-up.

        Parameters
        ----------
        memories : mapping of name to words, optional
            What memories hold from address 0 on: (words,) for all instances, or (instances, words).
        registers : mapping of name to int, optional
            What registers hold: one value, or one an instance.
        inputs : mapping of name to int, optional
            Values of the input ports (0 where left out): one value, or one an instance.
        engine, tier, threads
            As for :func:`gatesim.engine`; ``tier`` is for engine "logic2".

        Raises
        ------
        UnknownNameError
            A memory, register, input or engine that does not exist.
        ValueFitError
            Words or values that do not fit.

        Examples
        --------
        >>> from gatesim import Builder
        >>> b = Builder("counts down"); n = b.wires(4); count = b.register(n, init=3).named("count")
        >>> busy = count[0] | count[1]
        >>> b.drive(n, [count[0] ^ busy, count[1] ^ (busy & ~count[0]), b.zero, b.zero])
        >>> b.output("halted", ~busy)
        >>> session = Machine(b.freeze(), halted="halted").start()
        >>> done = session.run(100)
        >>> int(done.cycles[0]), session.register("count").tolist()
        (3, [0])
        """
        return Session(self, instances, memories or {}, registers or {}, inputs or {}, engine, tier, threads)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a session has done since it started.

    Attributes
    ----------
    halted : (instances,) bool
    cycles, instructions : (instances,) int64
        Clock cycles until it halted (or until now), and instructions completed in them; cycles in which it
        waited for its console do not count.
    console : tuple of bytes
        What each instance has printed.
    seconds : float
        Time spent simulating.
    tier : str
        How the last cycles ran: "interpreting" or "compiled" ("" before the first, or for other engines).
    """

    halted: np.ndarray
    cycles: np.ndarray
    instructions: np.ndarray
    console: tuple[bytes, ...]
    seconds: float
    tier: str


@dataclass(frozen=True, eq=False)
class Trace:
    """Signals cycle by cycle: ``trace["pc"]`` is (cycles, instances), unsigned, as they were before the clock edge."""

    cycles: int
    signals: Mapping[str, np.ndarray] = field(repr=False)

    def __getitem__(self, name: str) -> np.ndarray:
        try:
            return self.signals[name]
        except KeyError:
            raise unknown_name("traced signal", name, self.signals) from None


class Session:
    """One or many instances of a machine, somewhere in their programs; see :meth:`Machine.start`."""

    def __init__(
        self,
        machine: Machine,
        instances: int,
        memories: Mapping[str, Words],
        registers: Mapping[str, Words | int],
        inputs: Mapping[str, Words | int],
        engine: str,
        tier: Tier,
        threads: int | None,
    ) -> None:
        if instances < 1:
            raise ValueFitError(f"a session needs at least 1 instance, not {instances}")
        self.machine, self.instances = machine, instances
        self._engine_name, self._tier, self._threads = engine, tier, threads
        self._engine = self._made(())
        self._state = initial_state(machine.netlist, instances)
        self._inputs: dict[str, Words | int] = {p.name: 0 for p in machine.netlist.inputs}
        self.set_inputs(**inputs)
        for name, words in memories.items():
            self.set_memory(name, words)
        for name, value in registers.items():
            self.set_register(name, value)
        self.halted = np.zeros(instances, bool)
        self.cycles = np.zeros(instances, np.int64)
        self.instructions = np.zeros(instances, np.int64)
        self._printed = [bytearray() for _ in range(instances)]
        self._seconds, self._last_tier, self._waited = 0.0, "", False

    def _made(self, watched: tuple[int, ...]) -> Engine:
        """An engine that can watch inner nets; sessions share it, for its state is set before each run."""
        key = (watched, self._engine_name, self._tier, self._threads)
        if key not in self.machine.engines:
            schedule = compile_netlist(self.machine.netlist, keep=watched) if watched else self.machine.schedule
            options = {"tier": self._tier} if self._engine_name == "logic2" else {}
            self.machine.engines[key] = engine_class(self._engine_name)(schedule, threads=self._threads, **options)
        return self.machine.engines[key]

    # -- state by name -----------------------------------------------------------------------

    def register(self, name: str) -> np.ndarray:
        """(instances,) uint64: what a register holds."""
        return unpack(self._state.registers[self._bits(name)], self.instances)

    def set_register(self, name: str, value: Words | int) -> None:
        """Set a register: one value for all instances, or one each."""
        bits = self._bits(name)
        values = self._one_each(as_unsigned(value, len(bits), f"register {name!r}"), f"register {name!r}")
        self._state.registers[bits] = pack(values, len(bits))

    def memory(self, name: str) -> np.ndarray:
        """(instances, depth) uint64: what a memory holds, a copy."""
        number = self.machine.memory_number(name)
        memory = self.machine.netlist.memories[number]
        if memory.is_rom:
            return np.tile(memory.contents, (self.instances, 1))
        return self._state.memories[number].copy()

    def word(self, name: str, address: int) -> np.ndarray:
        """(instances,) uint64: one word of a memory."""
        number = self.machine.memory_number(name)
        memory = self.machine.netlist.memories[number]
        if not 0 <= address < memory.depth:
            raise ValueFitError(f"memory {name!r} has {memory.depth} words: there is no word {address}")
        if memory.is_rom:
            return np.full(self.instances, memory.contents[address], np.uint64)
        return self._state.memories[number][:, address].copy()

    def output(self, name: str) -> np.ndarray:
        """(instances,) what an output port shows now: one cycle is computed, and not made."""
        self._engine.state = self._state
        shown = self._engine.run(self._stimulus(1))[name]
        return np.atleast_1d(shown[0])

    def set_memory(self, name: str, words: Words, first: int = 0) -> None:
        """Put words into a memory from address `first` on: (words,) for all instances, or (instances, words)."""
        number = self.machine.memory_number(name)
        memory = self.machine.netlist.memories[number]
        if memory.is_rom:
            raise ValueFitError(f"memory {name!r} is a ROM with fixed contents: give it a write port to load programs")
        given = as_unsigned(words, memory.width, f"memory {name!r}")
        if given.ndim not in (1, 2) or (given.ndim == 2 and len(given) != self.instances):
            raise ValueFitError(
                f"memory {name!r} takes (words,) or ({self.instances}, words), not an array of shape {given.shape}"
            )
        end = first + given.shape[-1]
        if first < 0 or end > memory.depth:
            raise ValueFitError(f"memory {name!r} has {memory.depth} words: {first} to {end - 1} are not all there")
        self._state.memories[number][:, first:end] = given

    def set_inputs(self, **values: Words | int) -> None:
        """Change input ports for the cycles to come: one value for all instances, or one each."""
        for name, value in values.items():
            if name not in self._inputs:
                raise unknown_name(f"input of {self.machine.netlist.name!r}", name, self._inputs)
            self._inputs[name] = value

    def _bits(self, name: str) -> np.ndarray:
        if name not in self.machine.registers:
            raise unknown_name(f"register of {self.machine.netlist.name!r}", name, self.machine.registers)
        return self.machine.registers[name]

    def _one_each(self, values: np.ndarray, what: str) -> np.ndarray:
        if values.ndim > 1 or (values.ndim == 1 and len(values) != self.instances):
            raise ValueFitError(f"{what} takes one value or {self.instances}, not an array of shape {values.shape}")
        return np.broadcast_to(values, self.instances).astype(np.uint64)

    # -- running -----------------------------------------------------------------------------

    def run(self, max_cycles: int) -> Outcome:
        """Go on until every instance has halted, or for `max_cycles` more cycles."""
        if max_cycles < 0:
            raise ValueFitError(f"cannot run {max_cycles} cycles")
        done = 0
        while done < max_cycles and not self.halted.all():
            n = min(max_cycles - done, self._piece())
            started = perf_counter()
            self._engine.state = self._state
            result = self._engine.run(self._stimulus(n))
            self._take(self._engine, result.metadata)
            self._count({k: result.planes(k) for k in self.machine.flags}, n)
            self._seconds += perf_counter() - started
            if self._seconds > PATIENCE_SECONDS:
                self._engine.prepare(self.instances)
            done += n
        return self.outcome()

    def outcome(self) -> Outcome:
        """What was done so far."""
        console = tuple(bytes(text) for text in self._printed)
        return Outcome(
            self.halted.copy(), self.cycles.copy(), self.instructions.copy(), console, self._seconds, self._last_tier
        )

    def trace(self, cycles: int, signals: Sequence[str]) -> Trace:
        """Go on for at most so many cycles and record signals: ports, registers, named buses.

        It ends after the piece in which every instance has halted, which may record some cycles after
        the halt (in which nothing changes).
        """
        nets = {name: self.machine.nets_named(name) for name in signals}
        watched = np.array([k for part in nets.values() for k in part], np.int32)
        shown = {k for port in self.machine.netlist.outputs for k in port.nets}
        tracing = self._made(tuple(sorted(set(watched.tolist()) - shown)))
        pieces: list[np.ndarray] = []
        done, n_words = 0, self._state.registers.shape[1]
        while done < cycles and not self.halted.all():
            n = min(cycles - done, self._piece(), max(1, MOST_RECORDED // (n_words * max(1, len(watched)))))
            started = perf_counter()
            tracing.state = self._state
            result = tracing.run(self._stimulus(n), watch=watched)
            self._take(tracing, result.metadata)
            self._seconds += perf_counter() - started
            pieces.append(result.words[:, -len(watched) :] if len(watched) else result.words[:, :0])
            self._count({k: result.planes(k) for k in self.machine.flags}, n)
            done += n
        planes = np.concatenate(pieces) if pieces else np.zeros((0, len(watched), n_words), np.uint64)
        low, found = 0, {}
        for name, part in nets.items():
            found[name] = unpack_cycles(planes[:, low : low + len(part)], self.instances)
            low += len(part)
        return Trace(done, found)

    def _piece(self) -> int:
        """Cycles of the next engine run: short at first, since a machine that halts or waits stands still in vain."""
        ports = sum(p.width for p in self.machine.netlist.outputs)
        most = MOST_RECORDED // (max(1, ports) * self._state.registers.shape[1])
        wanted = FIRST_CYCLES if self._waited else max(FIRST_CYCLES, int(self.cycles.max()) // 2)
        return max(1, min(most, wanted))

    def _stimulus(self, n_cycles: int) -> Stimulus:
        net = self.machine.netlist
        values = {name: np.atleast_2d(np.asarray(value)) for name, value in self._inputs.items()}
        return Stimulus.from_values(net, values, n_patterns=self.instances, n_cycles=n_cycles)

    def _take(self, engine: Engine, metadata: Mapping[str, object]) -> None:
        state = engine.state
        assert state is not None
        self._state = state
        self._last_tier = str(metadata.get("tier", "")).rpartition(" ")[2]
        if self.machine.console is not None:
            self._drain(self.machine.console)

    def _drain(self, console: Console) -> None:
        """Take the printed characters out of the machine."""
        waiting = self.register(console.count).astype(np.int64)
        if not waiting.any():
            return
        characters = self._state.memories[self.machine.memory_number(console.memory)]
        for lane in np.flatnonzero(waiting):
            self._printed[lane] += characters[lane, : waiting[lane]].astype(np.uint8).tobytes()
        self.set_register(console.count, 0)

    def _count(self, flags: Mapping[str, np.ndarray], n: int) -> None:
        """Add up cycles and instructions of (n, 1, words) recorded flags, and see who has halted."""
        running = np.full(self.instances, n, np.int64)
        if self.machine.halted is not None:
            running -= _ones(flags[self.machine.halted][:, 0], self.instances)
            self.halted |= running < n
        if self.machine.console is not None:
            waited = _ones(flags[self.machine.console.waiting][:, 0], self.instances)
            self._waited = bool(waited.any())
            running -= waited
        self.cycles += running
        retired = self.machine.retired
        self.instructions += running if retired is None else _ones(flags[retired][:, 0], self.instances)


def _ones(planes: np.ndarray, n_lanes: int) -> np.ndarray:
    """(lanes,) int64: in how many of the cycles, planes (cycles, words), each lane is 1."""
    total = np.zeros(64 * planes.shape[1], np.int64)
    for low in range(0, len(planes), 4096):
        part = np.ascontiguousarray(planes[low : low + 4096]).view(np.uint8)
        total += np.unpackbits(part, axis=1, bitorder="little").sum(axis=0, dtype=np.int64)
    return total[:n_lanes]
