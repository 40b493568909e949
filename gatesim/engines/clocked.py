"""Clocked runs of logic2: one instance (or one word of them) at low latency, many at full width.

*One word*: blocks that nothing woke are skipped (:mod:`.clocked_plan`), interpreted or compiled. *Many
words*: the same blocks, longer and compiled for eight words a slot, all of them in every cycle. Registers
and memories stay inside the kernel for many cycles a call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from threading import Event

import numpy as np

from .. import bits
from ..kernels import clocked as kernel
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Stepper, nets_of_ports
from .clocked_code import WIDE, Coder, Words
from .clocked_plan import Plan
from .job import Job
from .machine_code import MachineCode, has_ternary

SLICE_SECONDS = 0.2
"""Time in one kernel call, about: an interrupt is heard, and compiled code taken over, between calls."""

ROW_SECONDS = 2e-9
"""Time to interpret a row of one instance, about; compiled, one word or eight, a fraction of it."""

PORT_SECONDS = 3e-9
"""Time that a memory port takes for a lane, about."""

COMPILE_SECONDS = 1.5e-4
"""Time to compile a row, about."""

MAX_COMPILED_ROWS = 100_000
"""Rows past which nothing is compiled unless asked for: it would outlast most runs, and hold up the exit."""

MAX_GENERATED_BYTES = 1 << 28
"""Generated stimuli larger than that are made where they are needed, by the kernel of all engines' runs."""

WIDE_BLOCK_ROWS = 400
"""Rows of a block where nothing is skipped: few values cross, and LLVM stays linear."""


_NO_ROWS = (np.zeros((0, 5), np.uint32), np.zeros(1, np.int64), np.zeros((0, 3), np.uint32), np.zeros(1, np.int64))


@dataclass(frozen=True, eq=False)
class Compiled:
    """Addresses of the compiled blocks by unit, and what owns them."""

    addresses: np.ndarray
    code: MachineCode


class ClockedRunner:
    """Clocked runs of one schedule; plans and code are made once, when they are first wanted."""

    def __init__(self, schedule: Schedule, tier: str, threads: int | None) -> None:
        self.schedule, self.tier, self.threads = schedule, tier, threads
        self._making: dict[int, Future[Compiled]] = {}

    def takes(self, job: Job) -> bool:
        """Whether a run is its own: one instance always, more where compiled code is wanted; no summaries."""
        stimulus = job.stimulus
        if job.request is not None or not stimulus.n_patterns:
            return False
        n_planes = 1 if stimulus.kind == "exhaustive" else stimulus.n_cycles
        if stimulus.kind != "planes" and 8 * n_planes * stimulus.n_bits * stimulus.n_words > MAX_GENERATED_BYTES:
            return False
        return stimulus.n_patterns == 1 or self._wants_code(stimulus)

    def _wants_code(self, stimulus: Stimulus) -> bool:
        """Asked for, or interpreting takes several times longer than compiling."""
        rows, n_words = len(self.schedule.rows), stimulus.n_words
        work = rows * stimulus.n_cycles * -(-n_words // WIDE) * ROW_SECONDS
        pays = rows <= MAX_COMPILED_ROWS and work > 3 * (0.1 + rows * COMPILE_SECONDS)
        return self.tier == "compiled" or (self.tier == "auto" and (pays or _code_width(n_words) in self._making))

    def prepare(self, n_patterns: int) -> bool:
        """Start compiling for so many instances, unless the engine interprets; True once the code is there."""
        if self.tier == "interpreting":
            return False
        return self.compiled(_code_width(bits.n_words(n_patterns)), wait=False) is not None

    @cached_property
    def word_plan(self) -> Plan:
        """Blocks for slots of one word."""
        return Plan(self.schedule)

    @cached_property
    def wide_plan(self) -> Plan:
        """Blocks for slots of eight words."""
        return Plan(self.schedule, WIDE_BLOCK_ROWS, bundled=False)

    def compiled(self, width: int, *, wait: bool = True) -> Compiled | None:
        """The code for slots of 1 or 8 words; started now if it was not (None: not ready yet)."""
        if width not in self._making:
            maker = ThreadPoolExecutor(1, thread_name_prefix="gatesim-compile")
            self._making[width] = maker.submit(self._compile, width)
            maker.shutdown(wait=False)
        future = self._making[width]
        return future.result() if wait or future.done() else None

    def _compile(self, width: int) -> Compiled:
        plan = self.word_plan if width == 1 else self.wide_plan
        code = MachineCode(Coder(plan, Words(width, has_ternary(width)), Words(WIDE, has_ternary(WIDE))).text())
        found = [code.address(f"block{b}") if b >= 0 else 0 for b, _ in plan.units]
        return Compiled(np.array(found, np.int64), code)

    def simulate(self, job: Job, interpret: Callable[..., None]) -> dict[str, object]:
        """Run a job; ``interpret((word, word), (cycle, cycle))`` runs a part of it without this module."""
        if job.stimulus.n_words == 1:
            return self._run_word(job, interpret)
        return self._run_wide(job, interpret)

    # -- one word ----------------------------------------------------------------------------

    def _run_word(self, job: Job, interpret: Callable[..., None]) -> dict[str, object]:
        n_cycles, lanes = job.stimulus.n_cycles, job.stimulus.n_patterns
        want_code = self._wants_code(job.stimulus)
        if self.tier == "compiled":
            self.compiled(1)
        word: WordRun | None = None
        tiers = []
        for cycles in _slices(n_cycles, self._cycle_seconds(lanes, 1)):
            code = self.compiled(1, wait=False) if want_code else None
            tiers.append("interpreting" if code is None else "compiled")
            if code is None and lanes > 1:
                interpret((0, 1), cycles)
                continue
            if word is None:
                word = WordRun(self.word_plan, job)
            word.run(cycles, code)
        extra: dict[str, object] = {}
        if word is not None:
            word.finish()
            extra["activity"] = word.activity
        return {"tier": _named(tiers), "block_words": 1, "threads": 1, "rows": len(self.schedule.rows), **extra}

    def steps(self, n_patterns: int) -> bool:
        """Whether a stepper of so many instances is its own."""
        return n_patterns == 1 or (1 < n_patterns <= 64 and self.tier == "compiled")

    # -- many words --------------------------------------------------------------------------

    def _run_wide(self, job: Job, interpret: Callable[..., None]) -> dict[str, object]:
        n_words, n_cycles = job.stimulus.n_words, job.stimulus.n_cycles
        if self.tier == "compiled":
            self.compiled(WIDE)
        seconds = self._cycle_seconds(min(job.stimulus.n_patterns, 64 * WIDE), WIDE)
        tiers: set[str] = set()
        stop = Event()

        def work(first: int, last: int) -> None:
            for low in range(first, last, WIDE):
                part = (low, min(low + WIDE, last))
                run: WideRun | None = None
                for cycles in _slices(n_cycles, seconds):
                    if stop.is_set():
                        return
                    code = self.compiled(WIDE, wait=False)
                    tiers.add("interpreting" if code is None else "compiled")
                    if code is None:
                        interpret(part, cycles)
                        continue
                    if run is None:
                        run = WideRun(self.wide_plan, job, part)
                    run.run(cycles, code)
                if run is not None:
                    run.finish()

        blocks = -(-n_words // WIDE)
        n_threads = max(1, min(self.threads or os.cpu_count() or 1, blocks))
        edges = [min(n_words, blocks * i // n_threads * WIDE) for i in range(n_threads)] + [n_words]
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
        tier = _named(sorted(tiers, reverse=True))
        return {"tier": tier, "block_words": WIDE, "threads": n_threads, "rows": len(self.schedule.rows)}

    def _cycle_seconds(self, lanes: int, width: int) -> float:
        s = self.schedule
        ports = len(s.reads.memory) + len(s.writes.memory)
        return ROW_SECONDS * (len(s.rows) + len(s.register_slot) * width + 50) + ports * PORT_SECONDS * (lanes + 50)


class WordRun:
    """Slots of one word in the middle of a run: registers and memories go on from call to call."""

    def __init__(self, plan: Plan, job: Job) -> None:
        self.plan, self.job = plan, job
        self.slots = _aligned(plan.n_slots)
        self.pending = np.zeros(len(plan.masks), np.uint64)
        self.pending[:] = bits.lane_mask(len(plan.units))[: len(self.pending)] if plan.units else 0
        self.ran = np.zeros_like(self.pending)
        self.where = plan.register_slot + plan.position
        self.slots[self.where] = job.state.registers[:, 0]
        # What is never computed differs from nothing: next states start as the present ones.
        self.slots[plan.next_slot + plan.position] = job.state.registers[:, 0]
        planes = np.ascontiguousarray(job.stimulus.words)
        self.planes = planes.reshape(planes.shape[:2])
        self.out = job.out.reshape(job.out.shape[:2])
        self.observe = _observed(plan, job.nets)
        self.tables = (
            plan.ports,
            plan.block_units,
            *plan.guards,
            plan.cross_starts,
            plan.next_starts,
            plan.masks.reshape(-1),
        )
        self.memory = (plan.read_table, plan.write_table, *job.memory)
        self.units_run = self.units_met = 0

    def run(self, cycles: tuple[int, int], code: Compiled | None) -> None:
        """Simulate cycles ``cycles[0] ... cycles[1]``."""
        stimulus = self.job.stimulus
        addresses = np.zeros(0, np.int64) if code is None else code.addresses
        self.units_run += kernel.run_word(
            self.slots, self.pending, self.ran, self.plan.layout, stimulus.n_patterns,
            *cycles, self.planes, self.observe, self.out, stimulus.n_cycles - len(self.out),
            *self.tables, addresses, *(self.plan.interpreted if code is None else _NO_ROWS), *self.memory,
        )  # fmt: skip
        self.units_met += len(self.plan.units) * (cycles[1] - cycles[0])

    @property
    def registers(self) -> np.ndarray:
        """(n_registers, 1) uint64: the flip-flops now."""
        return self.slots[self.where][:, None]

    @property
    def activity(self) -> float:
        """Share of the blocks and memory reads that ran."""
        return self.units_run / self.units_met if self.units_met else 0.0

    def finish(self) -> None:
        """Put the registers back into the state."""
        self.job.state.registers[:] = self.registers


class WordStepper(Stepper):
    """Steps of one word: what did not change since the last step is skipped."""

    def __init__(
        self,
        engine: Engine,
        stimulus: Stimulus,
        ports: Sequence[str],
        runner: ClockedRunner,
    ) -> None:
        super().__init__(engine, stimulus, ports)
        self._fields, nets = nets_of_ports(engine.netlist, ports)
        self._runner, self._job = runner, Job(engine.schedule, stimulus, self._state, np.array(nets, np.int32), 1)
        self._run = WordRun(runner.word_plan, self._job)
        self._code = runner.compiled(1) if runner.tier == "compiled" else None

    @property
    def registers(self) -> np.ndarray:
        """(n_registers, 1) uint64: the flip-flops now, a copy."""
        return self._run.registers & bits.lane_mask(self._stimulus.n_patterns)

    def step(self) -> None:
        """One cycle."""
        if self._code is None and self._runner.tier == "auto":
            self._code = self._runner.compiled(1, wait=False)
        self._run.run((0, 1), self._code)

    def outputs(self) -> dict[str, np.ndarray]:
        """(bits, 1) planes of the output ports in the last step."""
        self._finish()
        return {name: self._job.out[0, part] for name, part in self._fields.items()}

    def state(self) -> State:
        """The state after the last step."""
        self._finish()
        return self._job.state.copy()

    def _finish(self) -> None:
        self._run.finish()
        self._job.finish()


class WideRun:
    """Slots of eight words in the middle of a run of the words ``part`` of every plane."""

    def __init__(self, plan: Plan, job: Job, part: tuple[int, int]) -> None:
        self.plan, self.job, self.part = plan, job, part
        self.slots = _aligned(plan.n_slots * WIDE)
        self.layout = plan.layout.copy()
        self.planes = np.ascontiguousarray(job.stimulus.words)
        low, high = part
        self.slots.reshape(-1, WIDE)[self._places(), : high - low] = job.state.registers[:, low:high]
        self.observe = _observed(plan, job.nets)
        self.ports = plan.ports
        self.memory = (plan.read_table, plan.write_table, *job.memory)

    def run(self, cycles: tuple[int, int], code: Compiled) -> None:
        """Simulate cycles ``cycles[0] ... cycles[1]``."""
        stimulus, (low, high) = self.job.stimulus, self.part
        registers = kernel.run_wide(
            self.slots, self.layout, stimulus.n_patterns, low, high - low,
            *cycles, self.planes, self.observe, self.job.out, stimulus.n_cycles - len(self.job.out),
            self.ports, code.addresses, *self.memory,
        )  # fmt: skip
        if registers != self.layout[1]:
            self.layout[[1, 2]] = self.layout[[2, 1]]

    def finish(self) -> None:
        """Put the registers back into the state."""
        low, high = self.part
        self.job.state.registers[:, low:high] = self.slots.reshape(-1, WIDE)[self._places(), : high - low]

    def _places(self) -> np.ndarray:
        return self.layout[1] + self.plan.position


def _observed(plan: Plan, nets: np.ndarray) -> np.ndarray:
    """Slots of observed nets."""
    slot_of = {net: plan.probe_slot + k for k, net in enumerate(plan.probe_nets)}
    return np.array([slot_of[int(net)] for net in nets], np.int64)


def _code_width(n_words: int) -> int:
    """Words a slot of the code that runs so many words."""
    return 1 if n_words == 1 else WIDE


def _slices(n_cycles: int, seconds: float) -> Iterator[tuple[int, int]]:
    """Cut the cycles, of so many seconds each, into kernel calls."""
    step = max(1, int(SLICE_SECONDS / seconds))
    for start in range(0, n_cycles, step):
        yield start, min(start + step, n_cycles)


def _aligned(n: int) -> np.ndarray:
    """(n,) uint64 zeros that start on a cache line."""
    raw = np.zeros(n + 8, np.uint64)
    return raw[(-raw.ctypes.data % 64) // 8 :][:n]


def _named(tiers: list[str]) -> str:
    return ", then ".join(dict.fromkeys(tiers))
