"""The fast two-valued engine: 64 patterns a word, rows of three-input functions, slots in cache."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from typing import Literal, NamedTuple

import numpy as np

from .. import bits
from ..errors import unknown_name
from ..kernels import logic2 as kernel
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Record, Stepper
from .straight import CACHE_BYTES, Code, compile_straight

SLICE_ROWS = 20_000_000
"""Row evaluations in one kernel call: a fraction of a second, so that an interrupt is soon heard."""

ROW_SECONDS = 2.5e-9
"""Time to interpret a row for 512 patterns, about."""

COMPILE_SECONDS = 2e-4
"""Time to compile a row, about."""

MAX_COMPILED_ROWS = 100_000
"""Rows past which nothing is compiled unless asked for: it would outlast most runs, and hold up the exit."""

SHARED_WORK_ROWS = 2_000_000
"""Row evaluations below which a second thread costs more than it brings."""


Tier = Literal["auto", "interpreting", "compiled"]


class Logic2Engine(Engine):
    """Runs a schedule with Numba, combinational or clocked, many cycles in one call.

    Two tiers compute the same bits. *Interpreting* starts at once. *Compiled* is straight-line machine
    code made for the netlist: with ``tier="auto"`` it is made in the background when the work pays for
    it, and taken over as soon as it is ready. ``result.metadata["tier"]`` says which ran.
    """

    name = "logic2"

    def __init__(self, schedule: Schedule, *, threads: int | None = None, tier: Tier = "auto") -> None:
        super().__init__(schedule, threads=threads)
        if tier not in ("auto", "interpreting", "compiled"):
            raise unknown_name("tier", tier, ("auto", "interpreting", "compiled"))
        self.tier = tier
        self._code: dict[int, Future[Code]] = {}

    def compiled(self, width: int, *, wait: bool = True) -> Code | None:
        """The compiled form for slots of `width` words; started now if it was not (None: not ready yet)."""
        if width not in self._code:
            maker = ThreadPoolExecutor(1, thread_name_prefix="gatesim-compile")
            self._code[width] = maker.submit(compile_straight, self.schedule, width)
            maker.shutdown(wait=False)
        future = self._code[width]
        return future.result() if wait or future.done() else None

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        n_words, n_cycles = stimulus.words.shape[2], stimulus.n_cycles
        width = block_words(self.schedule, n_words)
        job = _Job(self.schedule, stimulus, state, nets, n_cycles if record == "all" else min(1, n_cycles))
        cost = _block_cost(self.schedule, len(nets), min(stimulus.n_patterns, 64 * width))
        blocks = -(-n_words // width)
        want_code = self.tier == "compiled" or (
            self.tier == "auto" and _pays_to_compile(len(self.schedule.rows), -(-n_words // 8) * n_cycles)
        )
        if self.tier == "compiled":
            self.compiled(width)
        tiers: set[str] = set()
        stop = Event()

        def work(first_word: int, last_word: int) -> None:
            program, scratch = None, np.zeros((0, 0), np.uint64)
            for low, high, start, end in _slices(first_word, last_word, n_cycles, width, cost):
                if stop.is_set():
                    return
                code = self.compiled(width, wait=False) if want_code else None
                if program is None or (code is not None and program.schedule is not code.schedule):
                    program = _program(self.schedule, code, width, nets)
                    scratch = _scratch(program.schedule.n_slots, program.width)
                tiers.add("interpreting" if code is None else "compiled")
                job.run(program, scratch, (low, high), (start, end))

        n_threads = _thread_count(self.threads, blocks, blocks * n_cycles * cost)
        edges = [min(n_words, blocks * i // n_threads * width) for i in range(n_threads)] + [n_words]
        if n_threads == 1:
            work(0, n_words)
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                running = [pool.submit(work, *edge) for edge in pairwise(edges)]
                try:
                    for future in running:
                        future.result()
                finally:
                    stop.set()
        job.finish()
        tier = ", then ".join(sorted(tiers, reverse=True))
        return job.out, {"tier": tier, "block_words": width, "threads": n_threads, "rows": len(self.schedule.rows)}

    def stepper(self, stimulus: Stimulus, ports: Sequence[str]) -> Stepper:
        """A :class:`~gatesim.engines.base.Stepper` that calls the kernel directly."""
        return _FastStepper(self, stimulus, ports)


class _Job:
    """One run's arrays, and the kernel call on a part of them."""

    def __init__(self, schedule: Schedule, stimulus: Stimulus, state: State, nets: np.ndarray, n_recorded: int) -> None:
        schedule.literals(nets)  # refuses a net that was not kept
        self.stimulus, self.state = stimulus, state
        self.planes = np.ascontiguousarray(stimulus.words)
        self.out = np.empty((n_recorded, len(nets), stimulus.words.shape[2]), np.uint64)
        self.memories = schedule.netlist.memories
        self.memory_table, self.words = _flatten(self.memories, state)

    def run(self, program: _Program, scratch: np.ndarray, words: tuple[int, int], cycles: tuple[int, int]) -> None:
        """Simulate the given words of every plane for the given cycles."""
        s = program.schedule
        kernel.simulate(
            *words, self.stimulus.n_patterns, scratch,
            *cycles, self.planes, s.input_slot,
            s.runs, s.rows, program.addresses,
            program.observe, self.out, self.stimulus.n_cycles - len(self.out),
            s.register_slot, s.next_literal, self.state.registers,
            self.memory_table, s.reads.memory, s.reads.address_ptr, s.reads.address, s.reads.data_ptr, s.reads.data,
            s.writes.memory, s.writes.address_ptr, s.writes.address, s.writes.data_ptr, s.writes.data,
            s.writes.enable, self.words,
        )  # fmt: skip

    def finish(self) -> None:
        """Clear the unused lanes and put the memories back into the state."""
        last = bits.lane_mask(self.stimulus.n_patterns)[-1:]
        self.out[..., -1:] &= last
        self.state.registers[:, -1:] &= last
        _restore(self.memories, self.state, self.memory_table, self.words)


class _FastStepper(Stepper):
    """Steps without the bookkeeping of a run; compiled code is used where the engine's tier asks for it."""

    def __init__(self, engine: Logic2Engine, stimulus: Stimulus, ports: Sequence[str]) -> None:
        super().__init__(engine, stimulus, ports)
        nets = np.array([k for name in ports for k in engine.netlist.port(name).nets], np.int32)
        self._job = _Job(engine.schedule, stimulus, self._state, nets, 1)
        n_words = stimulus.words.shape[2]
        width = block_words(engine.schedule, n_words)
        code = None if engine.tier == "interpreting" else engine.compiled(width)
        self._program = _program(engine.schedule, code, width, nets)
        self._scratch = _scratch(self._program.schedule.n_slots, self._program.width)
        self._all_words = (0, n_words)

    @property
    def registers(self) -> np.ndarray:
        return self._job.state.registers

    def step(self) -> None:
        self._job.run(self._program, self._scratch, self._all_words, (0, 1))

    def outputs(self) -> dict[str, np.ndarray]:
        self._job.finish()
        low, found = 0, {}
        for name in self._ports:
            width = self._engine.netlist.port(name).width
            found[name] = self._job.out[0, low : low + width]
            low += width
        return found

    def state(self) -> State:
        self._job.finish()
        return self._job.state.copy()


class _Program(NamedTuple):
    """What the kernel runs: a schedule, the code its runs call, words a slot, and what to record."""

    schedule: Schedule
    addresses: np.ndarray
    width: int
    observe: np.ndarray


def _program(schedule: Schedule, code: Code | None, width: int, nets: np.ndarray) -> _Program:
    if code is None:
        return _Program(schedule, np.zeros(0, np.int64), width, schedule.literals(nets))
    return _Program(code.schedule, code.addresses, code.width, code.schedule.literals(nets))


def _pays_to_compile(rows: int, blocks: int) -> bool:
    """Whether interpreting `rows` rows for so many blocks takes several times longer than compiling."""
    return rows <= MAX_COMPILED_ROWS and rows * blocks * ROW_SECONDS > 3 * (0.1 + rows * COMPILE_SECONDS)


def block_words(schedule: Schedule, n_words: int) -> int:
    """Words a slot: 1 for few patterns, else 8 or 32, the most that keeps the scratch in cache."""
    if n_words <= 2:
        return 1
    return 32 if n_words > 8 and schedule.n_slots * 32 * 8 <= CACHE_BYTES else 8


def _thread_count(wanted: int | None, blocks: int, row_evaluations: int) -> int:
    if wanted is None:
        wanted = (os.cpu_count() or 1) if row_evaluations >= SHARED_WORK_ROWS else 1
    return max(1, min(wanted, blocks))


def _block_cost(schedule: Schedule, n_observed: int, lanes: int) -> int:
    """A cycle of one block in row evaluations, about: copies count as rows, memories go lane by lane."""
    copies = len(schedule.input_slot) + n_observed + 3 * len(schedule.register_slot)
    ports = (schedule.reads, schedule.writes)
    memory_bits = sum(len(p.address) + len(p.data) for p in ports) * lanes
    return max(1, len(schedule.rows) + copies + memory_bits // 2)


def _slices(first: int, last: int, n_cycles: int, width: int, cost: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut words ``first .. last`` and all cycles into kernel calls: (low, high, start, end)."""
    cycles = max(1, min(n_cycles, SLICE_ROWS // cost))
    words = width * max(1, SLICE_ROWS // (cost * cycles))
    for low in range(first, last, words):
        for start in range(0, n_cycles, cycles):
            yield low, min(low + words, last), start, min(start + cycles, n_cycles)


def _scratch(n_slots: int, width: int) -> np.ndarray:
    """(n_slots, width) uint64 zeros that start on a cache line."""
    raw = np.zeros(n_slots * width + 8, np.uint64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + n_slots * width].reshape(n_slots, width)


def _flatten(memories, state: State) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) int64 rows (base, stride a lane, depth) and all words in one array."""
    table = np.zeros((len(memories), 3), np.int64)
    parts, base = [np.zeros(0, np.uint64)], 0
    for i, (m, stored) in enumerate(zip(memories, state.memories, strict=True)):
        content = m.contents if m.is_rom else stored.reshape(-1)
        table[i] = base, 0 if m.is_rom else m.depth, m.depth
        parts.append(content)
        base += len(content)
    return table, np.concatenate(parts)


def _restore(memories, state: State, table: np.ndarray, words: np.ndarray) -> None:
    for i, (m, stored) in enumerate(zip(memories, state.memories, strict=True)):
        if not m.is_rom:
            stored[:] = words[table[i, 0] : table[i, 0] + stored.size].reshape(stored.shape)
