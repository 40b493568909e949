"""The fast two-valued engine: 64 patterns a word, rows of three-input functions, slots in cache."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from typing import Literal

import numpy as np

from ..errors import unknown_name
from ..kernels import logic2 as kernel
from ..reductions import Request
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Record, Stepper, nets_of_ports
from .clocked import ClockedRunner, WordStepper
from .grid import CompiledGrid, can_compile
from .job import Job
from .links import Grid, GridRunner
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
        self.clocked = None if schedule.netlist.is_combinational else ClockedRunner(schedule, tier, threads)
        self._grids: dict[Hashable, CompiledGrid] = {}

    def compiled(self, width: int, *, wait: bool = True) -> Code | None:
        """The compiled form for slots of `width` words; started now if it was not (None: not ready yet)."""
        if width not in self._code:
            maker = ThreadPoolExecutor(1, thread_name_prefix="gatesim-compile")
            self._code[width] = maker.submit(compile_straight, self.schedule, width)
            maker.shutdown(wait=False)
        future = self._code[width]
        return future.result() if wait or future.done() else None

    def prepare(self, n_patterns: int) -> bool:
        """Clocked circuits: start compiling now; later runs take the code as soon as it is there."""
        return self.clocked is not None and self.clocked.prepare(n_patterns)

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        n_recorded = stimulus.n_cycles if record == "all" else min(1, stimulus.n_cycles)
        job = Job(self.schedule, stimulus, state, nets, n_recorded)
        return job.out, self._work(job)

    def _summarize(self, stimulus: Stimulus, state: State, nets: np.ndarray, request: Request):
        job = Job(self.schedule, stimulus, state, nets, 0, request)
        extra = self._work(job)
        return job.sums(), extra

    def _work(self, job: Job) -> dict[str, object]:
        """Run a whole job, in slices over threads; returns the metadata."""
        n_words, n_cycles = job.stimulus.n_words, job.stimulus.n_cycles
        width = block_words(self.schedule, n_words)
        if self.clocked is not None and self.clocked.takes(job):
            return self._work_clocked(self.clocked, job, width)
        cost = job.block_cost(min(job.stimulus.n_patterns, 64 * width))
        blocks = -(-n_words // width)
        want_code = self.tier == "compiled" or (
            self.tier == "auto" and _pays_to_compile(len(self.schedule.rows), -(-n_words // 8) * n_cycles)
        )
        if self.tier == "compiled":
            self.compiled(width)
        tiers: set[str] = set()
        stop = Event()

        def work(first_word: int, last_word: int, sums: kernel.Sums) -> None:
            program, scratch = None, np.zeros((0, 0), np.uint64)
            for low, high, start, end in _slices(first_word, last_word, n_cycles, width, cost):
                if stop.is_set():
                    return
                code = self.compiled(width, wait=False) if want_code else None
                if program is None or (code is not None and program.schedule is not code.schedule):
                    program = job.program(code, width)
                    scratch = _scratch(program.schedule.n_slots, program.width)
                tiers.add("interpreting" if code is None else "compiled")
                job.run(program, scratch, (low, high), (start, end), sums)

        n_threads = _thread_count(self.threads, blocks, blocks * n_cycles * cost)
        edges = [min(n_words, blocks * i // n_threads * width) for i in range(n_threads)] + [n_words]
        parts = [(*edge, job.new_sums()) for edge in pairwise(edges)]
        if n_threads == 1:
            work(*parts[0])
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                running = [pool.submit(work, *part) for part in parts]
                try:
                    for future in running:
                        future.result()
                finally:
                    stop.set()
        job.finish()
        tier = ", then ".join(sorted(tiers, reverse=True))
        return {"tier": tier, "block_words": width, "threads": n_threads, "rows": len(self.schedule.rows)}

    def _work_clocked(self, clocked: ClockedRunner, job: Job, width: int) -> dict[str, object]:
        """Leave a job to the clocked runner; what it has no code for yet is interpreted here."""
        no_sums = job.new_sums()

        def interpret(words: tuple[int, int], cycles: tuple[int, int]) -> None:
            job.run(job.program(None, width), _scratch(self.schedule.n_slots, width), words, cycles, no_sums)

        extra = clocked.simulate(job, interpret)
        job.finish()
        return extra

    def stepper(self, stimulus: Stimulus, ports: Sequence[str]) -> Stepper:
        """A :class:`~gatesim.engines.base.Stepper` that calls the kernel directly."""
        if self.clocked is not None and self.clocked.steps(stimulus.n_patterns):
            return WordStepper(self, stimulus, ports, self.clocked)
        return _FastStepper(self, stimulus, ports)

    def grid(self, grid: Grid) -> GridRunner | None:
        """The grid as one compiled function, unless the engine interprets or the cell is too large."""
        if self.tier == "interpreting" or not can_compile(self.schedule):
            return None
        if grid.key not in self._grids:
            self._grids[grid.key] = CompiledGrid(self.schedule, grid)
        return self._grids[grid.key]


class _FastStepper(Stepper):
    """Steps without the bookkeeping of a run; compiled code is used where the engine's tier asks for it."""

    def __init__(self, engine: Logic2Engine, stimulus: Stimulus, ports: Sequence[str]) -> None:
        super().__init__(engine, stimulus, ports)
        self._fields, nets = nets_of_ports(engine.netlist, ports)
        self._job = Job(engine.schedule, stimulus, self._state, np.array(nets, np.int32), 1)
        n_words = stimulus.n_words
        width = block_words(engine.schedule, n_words)
        code = None if engine.tier == "interpreting" else engine.compiled(width)
        self._program = self._job.program(code, width)
        self._scratch = _scratch(self._program.schedule.n_slots, self._program.width)
        self._all_words = (0, n_words)
        self._no_sums = self._job.new_sums()

    @property
    def registers(self) -> np.ndarray:
        return self._job.state.registers

    def step(self) -> None:
        self._job.run(self._program, self._scratch, self._all_words, (0, 1), self._no_sums)

    def outputs(self) -> dict[str, np.ndarray]:
        self._job.finish()
        return {name: self._job.out[0, part] for name, part in self._fields.items()}

    def state(self) -> State:
        self._job.finish()
        return self._job.state.copy()


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
