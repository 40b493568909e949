"""A run of a machine: one instance of it, or many, each a lane with memories of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Literal

import numpy as np

from gatesim import Stimulus
from gatesim import compile as compile_netlist
from gatesim import engine as engine_class
from gatesim.bits import as_unsigned, pack, unpack, unpack_cycles
from gatesim.engines.base import Engine, initial_state
from gatesim.errors import ValueFitError, unknown_name
from gatesim.results import Result, State

if TYPE_CHECKING:
    from .machine import Console, Machine

FIRST_CYCLES = 2048
"""Cycles of the first engine run of a session; later ones grow with what has been run."""

MOST_RECORDED = 1 << 22
"""Words that one engine run may record."""

PATIENCE_SECONDS = 0.2
"""Simulation time after which compiled code is worth making."""

Tier = Literal["auto", "interpreting", "compiled"]
Words = Sequence[int] | np.ndarray


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
        """An engine that can watch inner nets; sessions share it, and see whether its state is still theirs."""
        key = (watched, self._engine_name, self._tier, self._threads)
        if key not in self.machine.engines:
            schedule = compile_netlist(self.machine.netlist, keep=watched) if watched else self.machine.schedule
            options = {"tier": self._tier} if self._engine_name == "logic2" else {}
            self.machine.engines[key] = engine_class(self._engine_name)(schedule, threads=self._threads, **options)
        return self.machine.engines[key]

    @property
    def state(self) -> State:
        """Everything that the machines remember, as engines take it: a copy."""
        return self._state.copy()

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
            self._advance(self._engine, n)
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
            words = self._advance(tracing, n, watched).words
            self._seconds += perf_counter() - started
            pieces.append(words[:, words.shape[1] - len(watched) :])
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

    def _advance(self, engine: Engine, n_cycles: int, watched: np.ndarray | tuple[()] = ()) -> Result:
        """Run an engine for some cycles, and take in what happened; the state changes hands where it must."""
        if engine.own_state is not self._state:
            engine.state = self._state
        result = engine.run(self._stimulus(n_cycles), watch=watched)
        state = engine.own_state
        assert state is not None
        self._state = state
        self._last_tier = str(result.metadata.get("tier", "")).rpartition(" ")[2]
        if self.machine.console is not None:
            self._drain(self.machine.console)
        self._count({k: result.planes(k) for k in self.machine.flags}, n_cycles)
        return result

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
    if n_lanes == 1:  # 64 times less to add up
        return np.array([np.count_nonzero(planes[:, 0] & np.uint64(1))], np.int64)
    total = np.zeros(64 * planes.shape[1], np.int64)
    for low in range(0, len(planes), 4096):
        part = np.ascontiguousarray(planes[low : low + 4096]).view(np.uint8)
        total += np.unpackbits(part, axis=1, bitorder="little").sum(axis=0, dtype=np.int64)
    return total[:n_lanes]
