"""The waveform engine: a combinational netlist with delays, many patterns at once, cell by cell.

Every net gets the list of all times at which it changes, for all lanes of a block of patterns, before
the next net is looked at: no event queue. An entry is a time and a mask of the lanes that change, so that
patterns which change at the same time cost one vector operation together (:mod:`.wave_rooms`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Event
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from .. import bits
from ..activity import Activity
from ..errors import UnsupportedError, ValueFitError
from ..kernels import timed_waves as kernel
from ..netlist import Netlist
from ..stimulus import Stimulus
from ..waveforms import Block, PerPattern, Waves, watched_nets
from .delays import checked_delays, checked_model
from .wave_rooms import SHORT_TIME, GridRoom, ListRoom, Plan, Room, make_plan


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
        net.require_two_valued(f"engine {self.name!r}")
        if not net.is_combinational:
            raise UnsupportedError(
                f"{net.name!r} has state; the waveform engine takes combinational netlists: use TimedEngine"
            )
        if threads is not None and threads < 1:
            raise ValueFitError(f"threads must be at least 1, not {threads}")
        self.netlist, self.model, self.threads = net, checked_model(model), threads
        self.rise_ps, self.fall_ps = checked_delays(net, delays)
        self._plan = make_plan(net, self.rise_ps, self.fall_ps, model == "transport")

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


class _Job:
    """One run; :meth:`work` does some of its blocks."""

    def __init__(self, plan: Plan, before, after, arrival, watched, weights, n_patterns: int) -> None:
        self.plan, self.before, self.after, self.arrival = plan, before, after, arrival
        self.watched, self.weights, self.n_patterns = list(watched), weights, n_patterns
        self.n_words = after.shape[1]
        self.width = 1 if self.n_words <= 1 else 8
        self.kept = np.zeros(plan.net.n_nets, np.bool_)
        self.kept[self.watched] = True
        if weights is not None:
            self.kept[:] = True
        fits = self.width == 8 and GridRoom.fits(plan, arrival)
        self.grid_units = GridRoom.cost(plan, arrival) if fits else None

    def work(self, first: int, last: int, stop: Event) -> _Part:
        """Blocks ``first .. last``; after the first, whether the other way is the better one is known."""
        part = _Part(self.plan.net.n_nets)
        on_grid = self.grid_units is not None and self.grid_units <= SHORT_TIME * len(self.plan.order)
        room = GridRoom(self.plan) if on_grid else ListRoom(self.plan, self.width)
        for index in range(first, last):
            if stop.is_set():
                break
            low = index * self.width
            self._block(part, room, low, min(self.width, self.n_words - low), stop)
            if index == first and room.is_dearer(self.grid_units):
                room = ListRoom(self.plan, self.width) if on_grid else GridRoom(self.plan)
        part.way = "grid" if isinstance(room, GridRoom) else "lists"
        return part

    def _block(self, part: _Part, room: Room, low: int, words: int, stop: Event) -> None:
        room.begin(self.before, self.after, self.arrival, low, words)
        while not room.propagate(self.kept, part.toggles, part.needed, part.last):
            if stop.is_set():
                return
        self._count_inputs(part, low, words)
        found = [room.entries(k) for k in self.watched]
        ptr = np.concatenate(([0], np.cumsum([len(times) for times, _ in found]))).astype(np.int64)
        times = np.concatenate([np.zeros(0, np.int64), *(t for t, _ in found)])
        masks = np.concatenate([np.zeros((0, self.width), np.uint64), *(m for _, m in found)])
        part.blocks.append(Block(low, ptr, times, masks))
        part.before.append(room.initial(self.watched)[:, :words])
        if self.weights is not None:
            part.lanes.append(self._per_lane(room, 64 * words))

    def _count_inputs(self, part: _Part, low: int, words: int) -> None:
        """Inputs change at most once."""
        inputs = self.plan.inputs
        changed = np.ascontiguousarray(self.before[:, low : low + words] ^ self.after[:, low : low + words])
        ones = np.unpackbits(changed.view(np.uint8), axis=1).sum(axis=1, dtype=np.int64) if changed.size else 0
        part.toggles[inputs] += ones
        part.needed[inputs] += ones
        part.last[inputs] = np.maximum(part.last[inputs], np.where(np.greater(ones, 0), self.arrival, -1))

    def _per_lane(self, room: Room, lanes: int) -> PerPattern:
        energy, count, settled = np.zeros(lanes), np.zeros(lanes, np.int64), np.full(lanes, -1, np.int64)
        counter = np.zeros(64, np.uint64) if self.width == 1 else np.zeros((64, self.width), np.uint64)
        for cell in self.plan.order.tolist():
            times, masks = room.entries(cell)
            masks = masks.reshape(-1) if self.width == 1 else np.ascontiguousarray(masks)
            kernel.per_lane(0, len(times), times, masks, counter, self.weights[cell], lanes, energy, count, settled)
        return PerPattern(count, energy, settled)


class _Part:
    """What some blocks of a run found."""

    def __init__(self, n: int) -> None:
        self.toggles, self.needed, self.last = np.zeros(n, np.int64), np.zeros(n, np.int64), np.full(n, -1, np.int64)
        self.blocks: list[Block] = []
        self.before: list[np.ndarray] = []
        self.lanes: list[PerPattern] = []
        self.way = "lists"


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
    before = np.concatenate([np.zeros((len(job.watched), 0), np.uint64), *(b for p in parts for b in p.before)], axis=1)
    before &= bits.lane_mask(job.n_patterns)
    return Waves(
        activity,
        job.n_patterns,
        tuple(job.watched),
        before,
        tuple(b for p in parts for b in p.blocks),
        per_pattern,
        {
            "seconds": seconds,
            "threads": threads,
            "way": ", ".join(sorted({p.way for p in parts})),
        },
    )
