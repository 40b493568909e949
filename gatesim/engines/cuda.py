"""The GPU engine: 32 patterns a thread, nothing shared between threads; numba-cuda (``gatesim[gpu]``).

Two tiers compute the same bits, as in logic2. *Interpreting* walks over the runs of the schedule with
its slots in shared memory. *Compiled* is straight-line PTX made for the netlist (``ptx``), whose values
stay in registers. Patterns, and then cycles, are cut into slices that fit the device's memory and last
a fraction of a second, so that an interrupt is soon heard.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Hashable, Iterator
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Any, Literal

import numpy as np

from .. import bits
from ..errors import GatesimError, UnsupportedError, unknown_name
from ..reductions import Request
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Record
from .cuda_grid import CudaGrid
from .cuda_program import ports, program
from .links import Grid, GridRunner
from .ptx import BLOCK as PTX_BLOCK
from .ptx import PARAMETERS, straight_line

SLICE_BYTES = 1 << 30
"""Device memory that the planes of one launch may take, about."""

SLICE_ROWS = 1 << 34
"""Row evaluations on 32 patterns in one launch: tens of milliseconds on a data-centre GPU."""

SUM_BLOCK = 128
"""Threads a block where stimulus is made and planes are added up."""

MAX_COMPILED_ROWS = 20_000
"""Rows past which nothing is compiled unless asked for: the assembler's time grows faster than the rows."""

ROW_SECONDS = 5e-14
"""Time to interpret a row for one pattern, about (a third of the shared-memory limit of an H100)."""

COMPILE_SECONDS = 2e-4
"""Time in which the driver assembles a row, about."""

Tier = Literal["auto", "interpreting", "compiled"]


def missing() -> str | None:
    """What this machine lacks to run the engine, and what to do; None when it can run."""
    if find_spec("numba_cuda") is None:
        return "it needs numba-cuda: pip install 'gatesim[gpu]', or choose engine 'logic2'"
    from ..kernels import cuda as kernel

    if not kernel.SIMULATED and not kernel.device.is_available():
        return (
            "no CUDA device was found: it needs an NVIDIA GPU and its driver; "
            "choose engine 'logic2', or set NUMBA_ENABLE_CUDASIM=1 to simulate a device (slowly)"
        )
    return None


class CudaEngine(Engine):
    """Runs a schedule on the current CUDA device, or in Numba's simulator of one.

    ``threads`` (cores of the CPU) has no effect. ``result.metadata`` says the ``tier``, where the slots
    of the interpreting tier lay (``slots``), the ``device`` and the ``kernel_seconds`` spent computing,
    without the copies to the device and back.

    Raises
    ------
    UnsupportedError
        numba-cuda or a device is missing, or the compiled tier is asked of the simulator.
    """

    name = "cuda"

    def __init__(self, schedule: Schedule, *, threads: int | None = None, tier: Tier = "auto") -> None:
        super().__init__(schedule, threads=threads)
        if tier not in ("auto", "interpreting", "compiled"):
            raise unknown_name("tier", tier, ("auto", "interpreting", "compiled"))
        lacking = missing()
        if lacking:
            raise UnsupportedError(f"engine 'cuda' cannot run here: {lacking}")
        from ..kernels import cuda as kernel

        self.tier: Tier = tier
        self._kernel: Any = kernel
        self._loaded: dict[tuple[str, bytes], Any] = {}
        self._grids: dict[Hashable, CudaGrid] = {}

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        n_recorded = stimulus.n_cycles if record == "all" else min(1, stimulus.n_cycles)
        skipped = stimulus.n_cycles - n_recorded
        out = bits.empty_planes((n_recorded, len(nets), stimulus.n_words), "the record of this run")

        def record_planes(planes, cycles: slice, words: slice) -> None:
            here = slice(cycles.start - skipped, cycles.stop - skipped)
            out[here, :, words] = planes.copy_to_host().view(np.uint64)

        metadata = self._work(stimulus, state, nets, skipped, record_planes)
        out[..., -1:] &= bits.last_word_mask(stimulus.n_patterns)
        return out, metadata

    def _summarize(self, stimulus: Stimulus, state: State, nets: np.ndarray, request: Request):
        if request.pair is not None or not request.measure <= {"ones", "signature"}:
            return super()._summarize(stimulus, state, nets, request)
        kernel, n = self._kernel, len(nets)
        ones, signature = (kernel.device.to_device(np.zeros(n, t)) for t in (np.int64, np.uint64))

        def add_up(planes, cycles: slice, words: slice) -> None:
            n_lanes = min(64 * words.stop, stimulus.n_patterns) - 64 * words.start
            place = cycles.start * stimulus.n_words + words.start
            grid = (min(256, -(-planes.shape[2] // (2 * SUM_BLOCK))), min(1024, n))
            kernel.add_up[grid, SUM_BLOCK](planes, n_lanes, place, stimulus.n_words, ones, signature)

        metadata = self._work(stimulus, state, nets, 0, add_up)
        sums = {"ones": ones.copy_to_host(), "signature": signature.copy_to_host()}
        return {name: sums[name] for name in request.measure}, metadata

    def _work(
        self, stimulus: Stimulus, state: State, nets: np.ndarray, skipped: int, take: Callable[..., None]
    ) -> dict[str, object]:
        """Run all slices; ``take(planes, cycles, words)`` what each recorded, cycles before `skipped` apart."""
        n_cycles, device = stimulus.n_cycles, self._kernel.device
        tier = self._choose(stimulus)
        run = self._prepared(tier, nets)
        seconds = 0.0
        buffers: dict[Hashable, Any] = {}  # large allocations take milliseconds: every slice uses the same
        for low, high, cycles in _slices(self.schedule, len(nets), stimulus.n_words, n_cycles, run.scratch_bytes):
            part = _Part(device, state, self.schedule, stimulus.n_patterns, low, high)
            for first, last in cycles:
                planes = self._planes(stimulus, part, first, last, buffers)
                recorded = slice(min(max(first, skipped), last), last)
                out = self._buffer(buffers, "out", (last - recorded.start, len(nets), part.n_words))
                device.synchronize()
                started = perf_counter()
                run(part, planes, out, (first, last, recorded.start))
                device.synchronize()
                seconds += perf_counter() - started
                if out.size:
                    take(out, recorded, slice(low, high))
            part.download()
        state.registers[:, -1:] &= bits.last_word_mask(stimulus.n_patterns)
        metadata = {"tier": tier, "kernel_seconds": seconds, "device": self._device_name(), **run.metadata}
        return {**metadata, "rows": len(self.schedule.rows)}

    def _buffer(self, buffers: dict[Hashable, Any], use: str, shape: tuple[int, ...]):
        if (use, shape) not in buffers:
            buffers[use, shape] = self._kernel.device.device_array(shape, np.uint32)
        return buffers[use, shape]

    def _planes(self, stimulus: Stimulus, part: _Part, first: int, last: int, buffers: dict[Hashable, Any]):
        """The input planes of a slice on the device: copied, or made there."""
        if stimulus.kind == "planes":
            words = stimulus.words[first:last] if len(stimulus.words) > 1 else stimulus.words
            return part.upload(words[..., part.words_of_planes])
        is_random = stimulus.kind == "random"
        shape = (last - first if is_random else 1, stimulus.n_bits, part.n_words)
        planes = self._buffer(buffers, "planes", shape)
        blocks = -(-planes.size // (2 * SUM_BLOCK))
        if blocks:
            word = stimulus.first_word + part.words_of_planes.start
            self._kernel.generate[blocks, SUM_BLOCK](planes, int(is_random), np.uint64(stimulus.seed), first, word)
        return planes

    def _choose(self, stimulus: Stimulus) -> Tier:
        """The tier of a run."""
        if self.tier != "auto":
            return self.tier
        if self._kernel.SIMULATED:
            return "interpreting"
        rows = len(self.schedule.rows)
        work = rows * stimulus.n_patterns * stimulus.n_cycles * ROW_SECONDS
        return "compiled" if rows <= MAX_COMPILED_ROWS and work > rows * COMPILE_SECONDS else "interpreting"

    def _prepared(self, tier: Tier, nets: np.ndarray) -> _Interpreting | _Compiled:
        key = tier, nets.tobytes()
        if key not in self._loaded:
            made = _Compiled if tier == "compiled" else _Interpreting
            self._loaded[key] = made(self._kernel, self.schedule, nets)
        return self._loaded[key]

    def grid(self, grid: Grid) -> GridRunner | None:
        """The grid on the device, unless its cells have memories or too many slots."""
        if self.netlist.memories:
            return None
        worth = not self._kernel.SIMULATED and len(self.schedule.rows) <= MAX_COMPILED_ROWS
        compiled = self.tier == "compiled" or (self.tier == "auto" and worth)
        if grid.key not in self._grids:
            self._grids[grid.key] = CudaGrid(self._kernel, self.schedule, grid, load_ptx if compiled else None)
        made = self._grids[grid.key]
        return made if made.fits() else None

    def _device_name(self) -> str:
        if self._kernel.SIMULATED:
            return "CUDA simulator"
        name = self._kernel.device.get_current_device().name
        return name.decode() if isinstance(name, bytes) else str(name)


def _slices(
    schedule: Schedule, n_observed: int, n_words: int, n_cycles: int, scratch_bytes: int
) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """Words ``low .. high`` of the planes, and the cycles of each launch on them."""
    depth = sum(m.depth for m in schedule.netlist.memories if not m.is_rom)
    planes = len(schedule.input_slot) + n_observed
    a_word = 8 * (planes + len(schedule.register_slot) + 64 * depth) + 2 * scratch_bytes
    words = SLICE_BYTES // a_word
    words = max(1, min(n_words, words - words % 16 if words > 16 else words))  # planes begin at memory's lines
    at_once = SLICE_BYTES // (8 * words * max(1, planes)), SLICE_ROWS // (2 * words * max(1, len(schedule.rows)))
    step = max(1, min(n_cycles, *at_once))
    cycles = [(first, min(first + step, n_cycles)) for first in range(0, n_cycles, step)]
    for low in range(0, n_words, words):
        yield low, min(low + words, n_words), cycles


class _Part:
    """The state of some words of all planes, on the device."""

    def __init__(self, device, state: State, schedule: Schedule, n_patterns: int, low: int, high: int) -> None:
        self._device, self._state = device, state
        self.words_of_planes, self.lanes = slice(low, high), slice(64 * low, min(64 * high, n_patterns))
        self.n_patterns = self.lanes.stop - self.lanes.start
        self.n_words = 2 * (high - low)
        self.registers = self.upload(state.registers[:, self.words_of_planes])
        self._memories = schedule.netlist.memories
        table, parts, base = np.zeros((len(self._memories), 3), np.int64), [np.zeros(0, np.uint64)], 0
        for i, (m, stored) in enumerate(zip(self._memories, state.memories, strict=True)):
            content = m.contents if m.is_rom else stored[self.lanes].reshape(-1)
            table[i] = base, 0 if m.is_rom else m.depth, m.depth
            parts.append(np.asarray(content, np.uint64))
            base += len(content)
        self._table = table
        self.memories, self.words = device.to_device(table), device.to_device(np.concatenate(parts))

    def upload(self, planes: np.ndarray):
        """Planes of uint64 words as planes of uint32 words on the device."""
        return self._device.to_device(np.ascontiguousarray(planes).view(np.uint32))

    def download(self) -> None:
        """Back into the state."""
        if self.registers.size:
            self._state.registers[:, self.words_of_planes] = self.registers.copy_to_host().view(np.uint64)
        words = self.words.copy_to_host() if self.words.size else np.zeros(0, np.uint64)
        for (base, step, _), stored in zip(self._table, self._state.memories, strict=True):
            if step:
                stored[self.lanes] = words[base : base + self.n_patterns * step].reshape(self.n_patterns, step)


class _Interpreting:
    """The schedule's arrays on the device, and the launch of Numba's kernel on them."""

    def __init__(self, kernel, schedule: Schedule, nets: np.ndarray) -> None:
        self._kernel = kernel
        fields, n_slots = program(kernel.BLOCK, schedule, schedule.literals(nets))
        self._n_slots = n_slots * kernel.BLOCK
        self._program = kernel.Program(*(kernel.device.to_device(a) for a in fields))
        self._ports = [
            kernel.Ports(*(kernel.device.to_device(a) for a in ports(kernel.BLOCK, given)))
            for given in (schedule.reads, schedule.writes)
        ]
        shared = 4 * self._n_slots <= kernel.DEFAULT_SHARED_BYTES
        self.scratch_bytes = 0 if shared else 4 * n_slots
        self.metadata = {"slots": "shared memory" if shared else "global memory"}

    def __call__(self, part: _Part, planes, out, cycles: tuple[int, int, int]) -> None:
        first, last, out_first = cycles
        kernel, n_slots = self._kernel, self._n_slots
        blocks = -(-part.n_words // kernel.BLOCK)
        scratch = kernel.device.device_array(blocks * n_slots if self.scratch_bytes else 1, np.uint32)
        chosen = kernel.simulate_global if self.scratch_bytes else kernel.simulate_shared
        chosen[blocks, kernel.BLOCK, 0, 0 if self.scratch_bytes else 4 * n_slots](
            self._program, part.n_words, part.n_patterns, first, last, planes, out, out_first, part.registers,
            part.memories, part.words, *self._ports, scratch, np.uint64(n_slots),
        )  # fmt: skip


class _Compiled:
    """PTX of the schedule, loaded by the driver, and its launch."""

    scratch_bytes = 0

    def __init__(self, kernel, schedule: Schedule, nets: np.ndarray) -> None:
        started = perf_counter()
        self._launch = load_ptx(kernel, straight_line(schedule, nets), PARAMETERS)
        self.metadata = {"compile_seconds": perf_counter() - started}

    def __call__(self, part: _Part, planes, out, cycles: tuple[int, int, int]) -> None:
        first, last, out_first = cycles
        step = 0 if planes.shape[0] == 1 else 4 * planes.shape[1] * planes.shape[2]
        self._launch(
            -(-part.n_words // PTX_BLOCK), PTX_BLOCK, planes, step, out, part.registers, part.memories, part.words,
            part.n_words, part.n_patterns, last - first, out_first - first,
        )  # fmt: skip


def load_ptx(kernel, text: str, parameters: tuple[type, ...]) -> Callable[..., None]:
    """Hand PTX to the driver: ``launch(blocks, threads, *arguments)`` of its kernel ``simulate``.

    An argument is a number, an array on the device, or such an array and an offset in bytes; `parameters`
    are their C types.
    """
    if kernel.SIMULATED:
        raise UnsupportedError("the compiled tier of engine 'cuda' needs a device: the simulator runs no PTX")
    driver: Any = import_module("cuda.bindings.driver")

    def done(answer):
        status, *values = answer
        if status != driver.CUresult.CUDA_SUCCESS:
            raise GatesimError(f"the CUDA driver refused the compiled netlist: {status.name}")
        return values[0] if values else None

    kernel.device.current_context()  # The arrays belong to Numba's context: load into the same.
    buffer = ctypes.create_string_buffer(text.encode())
    module = done(driver.cuModuleLoadData(ctypes.addressof(buffer)))
    function = done(driver.cuModuleGetFunction(module, b"simulate"))

    def launch(blocks: int, threads: int, *arguments) -> None:
        values = tuple(a if isinstance(a, int) else _address(a) for a in arguments)
        done(driver.cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, 0, 0, (values, parameters), 0))

    return launch


def _address(place) -> int:
    array, offset = place if isinstance(place, tuple) else (place, 0)
    return array.__cuda_array_interface__["data"][0] + offset
