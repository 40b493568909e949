"""The waveform engine: a combinational netlist with delays, many patterns at once, cell by cell.

Every net gets the list of all times at which it changes, for all lanes of a block of patterns, before
the next net is looked at: no event queue. A list entry is a time and a mask of the lanes that change, so
that patterns which change at the same time cost one vector operation together.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from threading import Event
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from .. import bits
from ..activity import Activity
from ..analysis import levels
from ..errors import UnsupportedError, ValueFitError
from ..gates import IS_LOGIC, MAX_ARITY, TABLE
from ..kernels import timed_waves as kernel
from ..netlist import Netlist
from ..stimulus import Stimulus
from ..waveforms import Block, PerPattern, Waves, watched_nets
from .delays import checked_delays, checked_model

BUDGET_STEPS = 20_000_000
"""Merge steps in one kernel call: a fraction of a second, so that an interrupt is soon heard."""


class WaveEngine:
    """Waveforms of a combinational netlist in many patterns.

    Parameters
    ----------
    net : Netlist
        Without registers, memories and loops (:class:`~gatesim.engines.timed.TimedEngine` takes those).
    delays : int or (rise, fall)
        Picoseconds, see :func:`~gatesim.engines.delays.checked_delays`.
    model : {"inertial", "transport"}
        Whether pulses shorter than a cell's delay are swallowed; ``docs/timing.md`` defines both.
    threads : int, optional
        Cores that share a run (None: all); no result depends on it.

    Raises
    ------
    LoopError, UnsupportedError, ValueFitError

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("hazard"); x = b.input("x"); b.output("z", x & ~x)
    >>> waves = WaveEngine(b.freeze(), (20, 30)).run({"x": [1]}, watch=["z"])
    >>> [column.tolist() for column in waves.transitions("z", 0)]
    [[20, 60], [1, 0]]
    """

    name = "waves"

    def __init__(self, net: Netlist, delays, *, model: str = "inertial", threads: int | None = None) -> None:
        if not net.is_combinational:
            raise UnsupportedError(
                f"{net.name!r} has state; the waveform engine takes combinational netlists: use TimedEngine"
            )
        if threads is not None and threads < 1:
            raise ValueFitError(f"threads must be at least 1, not {threads}")
        self.netlist, self.model, self.threads = net, checked_model(model), threads
        self.rise_ps, self.fall_ps = checked_delays(net, delays)
        self._plan = _plan(net, self.rise_ps, self.fall_ps, model == "transport")

    def run(
        self,
        inputs: Stimulus | dict[str, ArrayLike],
        *,
        before: Stimulus | None = None,
        watch: Sequence[str | int] | None = (),
        at_ps: ArrayLike = 0,
        energy_fj: ArrayLike | None = None,
    ) -> Waves:
        """Change the inputs of a settled circuit, in every pattern, and follow all transitions.

        Parameters
        ----------
        inputs : Stimulus, or values by input port
            The inputs after the change, one pattern each.
        before : Stimulus, optional
            The inputs before it. When left out, pattern ``p`` starts from pattern ``p - 1`` and the
            first one from all inputs at 0.
        watch : sequence of port names, net names or numbers; None for all nets
            Whose waveforms to keep. Counts are kept of every net.
        at_ps : int or (input bits,) int
            When each input bit changes.
        energy_fj : float or (n,) array, optional
            Energy of a transition of each net: asks for the sums of every pattern
            (``Waves.per_pattern``).

        Raises
        ------
        ValueFitError, UnknownNameError
        """
        net = self.netlist
        if not isinstance(inputs, Stimulus):
            count = max((np.size(v) for v in inputs.values()), default=1)
            inputs = Stimulus.from_values(net, inputs, n_patterns=count)
        after = _planes(net, inputs, "inputs")
        start = _shifted(after) if before is None else _planes(net, before, "before")
        if start.shape != after.shape or (before is not None and before.n_patterns != inputs.n_patterns):
            raise ValueFitError(f"before has {before and before.n_patterns} patterns, inputs {inputs.n_patterns}")
        start = start & bits.lane_mask(inputs.n_patterns)
        arrival = _arrival(net, at_ps)
        watched = watched_nets(net, watch)
        weights = None if energy_fj is None else _weights(net, energy_fj)
        began = perf_counter()
        job = _Job(self._plan, start, after, arrival, watched, weights, inputs.n_patterns)
        width = job.width
        n_words = after.shape[1]
        blocks = -(-n_words // width)
        n_threads = max(1, min(self.threads or os.cpu_count() or 1, blocks))
        edges = [blocks * i // n_threads for i in range(n_threads)] + [blocks]
        stop = Event()
        if n_threads == 1:
            parts = [job.work(0, blocks, stop)]
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                running = [pool.submit(job.work, low, high, stop) for low, high in pairwise(edges)]
                try:
                    parts = [future.result() for future in running]
                finally:
                    stop.set()
        return _joined(net, parts, job, perf_counter() - began, n_threads)


@dataclass(frozen=True)
class _Plan:
    """What the kernel reads of a netlist; arrays by net."""

    net: Netlist
    order: np.ndarray
    pins: np.ndarray
    n_pins: np.ndarray
    anf: np.ndarray
    hold: np.ndarray
    rest: np.ndarray
    readers: np.ndarray
    inputs: np.ndarray
    grid_ps: int


def _plan(net: Netlist, rise: np.ndarray, fall: np.ndarray, transport: bool) -> _Plan:
    order = levels(net).order
    order = order[IS_LOGIC[net.op[order]]]
    counts = np.diff(net.fanin_ptr)
    pins = np.zeros((net.n_nets, MAX_ARITY), np.int32)
    for k in range(MAX_ARITY):
        has = np.flatnonzero(counts > k)
        pins[has, k] = net.fanin[net.fanin_ptr[has] + k]
    anf = np.array([_normal_form(int(t)) for t in TABLE], np.int64)[net.op]
    delay = np.stack([rise, fall], axis=1)
    logic = delay[order].reshape(-1)
    grid = int(np.gcd.reduce(logic)) if len(logic) else 1
    if transport:  # a slow edge can be caught up by the fast one that follows it; see docs/timing.md
        hold = np.maximum(0, delay - delay[:, ::-1])
        hold[hold > 0] += 1
        rest = delay - hold
    else:
        certain = (rise == fall) & (rise == grid)  # events lie on the grid: no pulse is shorter than this
        hold = np.where(certain[:, None], 0, delay)
        rest = delay - hold
    return _Plan(
        net, order, pins, counts.astype(np.int32), anf, hold, rest,
        np.bincount(net.fanin, minlength=net.n_nets).astype(np.int32),
        np.array([k for p in net.inputs for k in p.nets], np.int32), grid,
    )  # fmt: skip


def _normal_form(table: int) -> int:
    """Coefficients of the exclusive-or of products that equals the truth table (Moebius transform)."""
    for v in range(MAX_ARITY):
        step = 1 << v
        for index in range(1 << MAX_ARITY):
            if index & step:
                table ^= (table >> (index ^ step) & 1) << index
    return table


class _Job:
    """One run; :meth:`work` does some of its blocks."""

    def __init__(self, plan: _Plan, before, after, arrival, watched, weights, n_patterns: int) -> None:
        self.plan, self.before, self.after, self.arrival = plan, before, after, arrival
        self.watched, self.weights, self.n_patterns = watched, weights, n_patterns
        self.n_words = after.shape[1]
        self.width = _block_words(plan, self.n_words)

    def work(self, first: int, last: int, stop: Event) -> _Part:
        """Blocks ``first .. last``."""
        n = self.plan.net.n_nets
        part = _Part(np.zeros(n, np.int64), np.zeros(n, np.int64), np.full(n, -1, np.int64), [], [], [])
        room = _Room(self.width, n, 1 << 14, 1 << 10)
        kept = np.zeros(n, np.bool_)
        kept[list(self.watched)] = True
        if self.weights is not None:
            kept[:] = True
        for index in range(first, last):
            if stop.is_set():
                break
            low = index * self.width
            self._block(part, room, kept, low, min(self.width, self.n_words - low), stop)
        return part

    def _block(self, part: _Part, room: _Room, kept, low: int, words: int, stop: Event) -> None:
        plan = self.plan
        kernel.begin(
            plan.inputs, self.arrival, self.before, self.after, low, words,
            room.times, room.masks, room.value, room.starts, room.ends, room.lists, room.progress,
        )  # fmt: skip
        readers = plan.readers.copy()
        while True:
            status = kernel.propagate(
                plan.order, plan.pins, plan.n_pins, plan.anf, plan.hold, plan.rest, kept, readers, BUDGET_STEPS,
                room.times, room.masks, room.value, room.starts, room.ends, room.lists, room.progress, *room.scratch,
                part.toggles, part.needed, part.last,
            )  # fmt: skip
            if status == kernel.DONE:
                break
            if stop.is_set():
                return
            if status != kernel.PAUSED:
                room.grow(status == kernel.NEEDS_SCRATCH)
        self._finish_inputs(part, room, low, words)
        part.blocks.append(self._kept_block(room, low))
        part.before.append(room.flat(room.value)[list(self.watched), :words])
        if self.weights is not None:
            part.lanes.append(self._per_lane(room, words))

    def _finish_inputs(self, part: _Part, room: _Room, low: int, words: int) -> None:
        """Inputs change at most once: their counts."""
        inputs = self.plan.inputs
        changed = self.before[:, low : low + words] ^ self.after[:, low : low + words]
        ones = (
            np.bitwise_count(changed).sum(axis=1, dtype=np.int64) if changed.size else np.zeros(len(inputs), np.int64)
        )
        part.toggles[inputs] += ones
        part.needed[inputs] += ones
        part.last[inputs] = np.maximum(part.last[inputs], np.where(ones > 0, self.arrival, -1))

    def _kept_block(self, room: _Room, low: int) -> Block:
        nets = list(self.watched)
        lengths = room.ends[nets] - room.starts[nets]
        ptr = np.concatenate(([0], np.cumsum(lengths)))
        rows = np.concatenate([np.arange(room.starts[k], room.ends[k]) for k in nets] or [np.zeros(0, np.int64)])
        return Block(low, ptr, room.times[rows], room.flat(room.masks)[rows])

    def _per_lane(self, room: _Room, words: int) -> PerPattern:
        lanes = 64 * words
        energy, count, settled = np.zeros(lanes), np.zeros(lanes, np.int64), np.full(lanes, -1, np.int64)
        counter = room.lanes(64)
        for cell in self.plan.order.tolist():
            kernel.per_lane(
                room.starts[cell], room.ends[cell], room.times, room.masks, counter, self.weights[cell], lanes,
                energy, count, settled,
            )  # fmt: skip
        return PerPattern(count, energy, settled)


@dataclass
class _Part:
    """What some blocks of a run found."""

    toggles: np.ndarray
    needed: np.ndarray
    last: np.ndarray
    blocks: list[Block]
    before: list[np.ndarray]
    lanes: list[PerPattern]


class _Room:
    """Scratch memory of one thread: the lists of a block, and queues for one cell."""

    def __init__(self, width: int, n_nets: int, entries: int, steps: int) -> None:
        self.width = width
        self.times, self.masks = np.empty(entries, np.int64), self.lanes(entries)
        self.value = self.lanes(n_nets)
        self.starts, self.ends = np.zeros(n_nets, np.int64), np.zeros(n_nets, np.int64)
        self.lists = np.zeros(n_nets, np.int32)
        self.progress = np.zeros(6, np.int64)
        self._make_scratch(steps)

    def lanes(self, n: int) -> np.ndarray:
        """(n,) masks of lanes, that start on a cache line."""
        raw = np.empty(n * self.width + 8, np.uint64)
        skip = (-raw.ctypes.data % 64) // 8
        flat = raw[skip : skip + n * self.width]
        return flat if self.width == 1 else flat.reshape((n, 8) if self.width == 8 else (n, 4, 8))

    def flat(self, masks: np.ndarray) -> np.ndarray:
        """`masks` as (n, words)."""
        return masks.reshape(len(masks), self.width)

    def _make_scratch(self, steps: int) -> None:
        def times() -> np.ndarray:
            return np.empty(steps, np.int64)

        self.scratch = (
            times(), self.lanes(steps), times(), self.lanes(steps), self.lanes(steps), times(), self.lanes(steps),
            self.lanes(steps),
        )  # fmt: skip

    def grow(self, scratch: bool) -> None:
        """Make room for what the kernel asked for, and as much again."""
        wanted = 2 * int(self.progress[kernel.LAST_ROOM])
        if scratch:
            self._make_scratch(wanted)
            return
        top = int(self.progress[kernel.TOP])
        times, masks = np.empty(wanted, np.int64), self.lanes(wanted)
        times[:top], masks[:top] = self.times[:top], self.masks[:top]
        self.times, self.masks = times, masks


def _block_words(plan: _Plan, n_words: int) -> int:
    return 1 if n_words <= 1 else 8


def _planes(net: Netlist, stimulus: Stimulus, what: str) -> np.ndarray:
    n_bits = sum(p.width for p in net.inputs)
    if stimulus.words.shape[:2] != (1, n_bits):
        raise ValueFitError(
            f"{what}: {stimulus.words.shape[1]} bits x {stimulus.words.shape[0]} cycles; the waveform engine wants "
            f"the {n_bits} input bits of {net.name!r} and one cycle (patterns follow one another)"
        )
    return np.ascontiguousarray(stimulus.words[0])


def _shifted(planes: np.ndarray) -> np.ndarray:
    """Every pattern replaced by the one before it; the first by 0."""
    carry = np.zeros_like(planes)
    carry[:, 1:] = planes[:, :-1] >> np.uint64(63)
    return planes << np.uint64(1) | carry


def _arrival(net: Netlist, at_ps: ArrayLike) -> np.ndarray:
    n_bits = sum(p.width for p in net.inputs)
    array = np.asarray(at_ps)
    if array.dtype.kind not in "iu" or array.shape not in ((), (n_bits,)) or (array.size and array.min() < 0):
        raise ValueFitError(f"at_ps wants one whole number of picoseconds, not negative, or {n_bits} of them")
    return np.broadcast_to(array.astype(np.int64), (n_bits,)).copy()


def _weights(net: Netlist, energy_fj: ArrayLike) -> np.ndarray:
    array = np.asarray(energy_fj, np.float64)
    if array.shape not in ((), (net.n_nets,)):
        raise ValueFitError(f"energy_fj has shape {array.shape}; one number or ({net.n_nets},) is needed")
    return np.broadcast_to(array, (net.n_nets,))


def _joined(net: Netlist, parts: list[_Part], job: _Job, seconds: float, threads: int) -> Waves:
    activity = Activity(
        net,
        job.n_patterns,
        sum((p.toggles for p in parts), np.zeros(net.n_nets, np.int64)),
        sum((p.needed for p in parts), np.zeros(net.n_nets, np.int64)),
        np.max([p.last for p in parts], axis=0),
    )
    lanes = [x for p in parts for x in p.lanes]
    per_pattern = (
        PerPattern(*(np.concatenate(column)[: job.n_patterns] for column in zip(*lanes, strict=True)))
        if lanes
        else None
    )
    before = [b for p in parts for b in p.before]
    return Waves(
        activity,
        job.n_patterns,
        job.watched,
        np.concatenate(before, axis=1) if before else np.zeros((len(job.watched), 0), np.uint64),
        tuple(b for p in parts for b in p.blocks),
        per_pattern,
        {"seconds": seconds, "threads": threads, "block_words": job.width},
    )
