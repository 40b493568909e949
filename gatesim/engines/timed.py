"""The event engine: one circuit in time, with delays, loops and a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

import numpy as np
from numpy.typing import ArrayLike

from ..activity import Activity
from ..errors import OscillationError, ValueFitError
from ..gates import DFF1, IS_LOGIC, IS_REGISTER, TABLE
from ..kernels import graph
from ..kernels import timed_events as kernel
from ..netlist import Netlist
from ..stimulus import Stimulus
from ..waveforms import Trace, watched_nets
from .delays import checked_delays, checked_model

BUDGET_EVENTS = 4_000_000
"""Transitions in one kernel call: a fraction of a second, so that an interrupt is soon heard."""

MAX_BUCKETS = 4096
"""Buckets of the wheel at most; where delays need more, a bucket holds several times."""

MAX_DELAY_BITS = 31
"""Bits of the longest delay, in units of time."""

EVENTS_PER_NET = 2000
"""Transitions a net, on average, after which an operation without a period counts as endless."""

SETTLING_SWEEPS = 64
"""How often the gates of loops are evaluated, in order of net id, to find a state to start from."""


class TimedEngine:
    """Event-driven simulation of any netlist without memory macros, loops and flip-flops included.

    Parameters
    ----------
    net : Netlist
    delays : int or (rise, fall)
        Picoseconds, see :func:`~gatesim.engines.delays.checked_delays`; for a flip-flop, from clock to Q.
    model : {"inertial", "transport"}
        Whether pulses shorter than a cell's delay are swallowed; ``docs/timing.md`` defines both.

    Raises
    ------
    UnsupportedError, ValueFitError, UnknownNameError

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("ring"); run, q = b.input("run"), b.wire("q")
    >>> b.drive(q, b.nand(run, ~~q).named("q")); b.output("out", q)
    >>> trace = TimedEngine(b.freeze(), (10, 12)).run({"run": [0, 1]}, period_ps=100, watch=["q"])
    >>> [column.tolist() for column in trace.transitions("q")]
    [[112, 144, 178], [0, 1, 0]]
    """

    name = "timed"

    def __init__(self, net: Netlist, delays, *, model: str = "inertial") -> None:
        net.require_two_valued(f"engine {self.name!r}")
        self.netlist, self.model = net, checked_model(model)
        self.rise_ps, self.fall_ps = checked_delays(net, delays)
        self._readers = _readers(net)
        sources = (np.diff(net.fanin_ptr) == 0) | IS_REGISTER[net.op]
        level, order = graph.levelise(sources, net.fanin_ptr, net.fanin, net.n_nets)
        self._order = order[IS_LOGIC[net.op[order]]]
        self._looped = np.flatnonzero(level < 0).astype(np.int32)

    def run(
        self,
        inputs: Stimulus | Mapping[str, ArrayLike],
        *,
        period_ps: int | None = None,
        before: Mapping[str, int] | None = None,
        initial: Mapping[str | int, int] | None = None,
        watch: Sequence[str | int] | None = (),
        max_events: int | None = None,
    ) -> Trace:
        """Apply input values one after another, each an operation, and follow all transitions.

        Parameters
        ----------
        inputs : Stimulus, or values by input port
            The patterns of a combinational or cyclic netlist, the cycles of a clocked one, in order.
        period_ps : int, optional
            Time from one operation to the next: the clock period. When left out, an operation ends when
            nothing is under way any more.
        before : values by input port, optional
            Inputs before the first operation: a circuit starts settled with these (all 0).
        initial : values by net, optional
            What nets in loops hold before the first operation; 0 when left out. From there the gates of
            loops are evaluated in order of net id until nothing changes, 64 times at most; those that still
            contradict their pins then start to switch with the first operation.
        watch : sequence of port names, net names or numbers; None for all nets
            Whose transitions to record. Counts are kept of every net.
        max_events : int, optional
            Transitions in one operation after which it counts as endless; when left out, 2,000 a net (with a
            period: no limit).

        Raises
        ------
        OscillationError
            An operation does not end; the nets that keep switching are named.
        ValueFitError, UnknownNameError
        """
        net = self.netlist
        patterns = _operations(net, inputs)
        if period_ps is not None and period_ps < 1:
            raise ValueFitError(f"the period must be at least 1 ps, not {period_ps}")
        if period_ps is None and len(net.registers):
            raise ValueFitError(f"{net.name!r} has flip-flops: period_ps (the clock period) is needed")
        run = _Run(self, patterns, period_ps, before or {}, initial or {}, watched_nets(net, watch))
        if max_events is None and period_ps is None:
            max_events = max(100_000, EVENTS_PER_NET * net.n_nets)
        return run.finish(max_events if max_events is not None else 1 << 62)


class _Run:
    """The arrays of one run, and the kernel calls."""

    def __init__(self, engine: TimedEngine, patterns, period_ps, before, initial, watched) -> None:
        net = self.net = engine.netlist
        n = net.n_nets
        self.watched = watched
        self.unit, delay = _units(engine, period_ps)
        self.transport = engine.model == "transport"
        self.hold, self.rest = _hold_and_rest(delay, self.transport)
        start = Stimulus.from_values(net, {**{p.name: 0 for p in net.inputs}, **before})
        start_bits = _operations(net, start)[0]
        self.input_nets_all = np.array([k for p in net.inputs for k in p.nets], np.uint32)
        self.values = _settled(engine, self.input_nets_all, start_bits, initial)
        self.before = self.values.copy()
        self.cells, contradicted = _cells(net, self.values, self.hold)
        changes = np.diff(np.concatenate((start_bits[None], patterns)).astype(np.int8), axis=0) != 0
        operation, which = np.nonzero(changes)
        self.input_ptr = np.searchsorted(operation, np.arange(len(patterns) + 1)).astype(np.int64)
        self.input_nets = self.input_nets_all[which]
        self.times = np.full(len(patterns) + 1, -1, np.int64)
        if period_ps is not None:
            self.times[:] = np.arange(len(patterns) + 1) * (period_ps // self.unit)
        self.times[0] = 0
        self.begun = np.zeros(len(patterns) + 1, np.int64)
        self._make_wheel(int((self.hold + self.rest).max(initial=0)))
        self.dirty = np.zeros(n + 1, np.uint32)
        self.dirty[: len(contradicted)] = contradicted
        self.progress[kernel.N_DIRTY] = len(contradicted)
        self.touched = np.zeros(-(-n // 64), np.uint8)
        self.changed = np.zeros(2 * n + 2, np.uint32)
        self.edges = np.zeros(len(net.fanin) + kernel.READERS, np.uint32)
        self.starts = np.zeros(2 * n + 2, np.int64), np.zeros(2 * n + 2, np.int64)
        self.is_watched = np.zeros(n, np.int64)
        self.is_watched[list(watched)] = 1
        room = 2 * n + (1 << (18 if watched else 4))
        self.record = np.zeros(room, np.int64), np.zeros(room, np.int32), np.zeros(room, np.int32)
        self.recorded: list[tuple[np.ndarray, ...]] = []
        self.sampled = np.array([k for p in net.outputs for k in p.nets], np.uint32)
        self.samples = np.zeros((len(patterns), len(self.sampled)), np.uint8)
        self.registers = net.registers.astype(np.uint32)
        self.pins = np.array([net.fanin_of(q) for q in net.registers], np.uint32).reshape(-1, 3)
        self.power_up = (net.op[net.registers] == DFF1).astype(np.int64)
        self.needed, self.last = np.zeros(n, np.int64), np.full(n, -1, np.int64)
        self.start_values = self.values[list(watched)].copy()
        rows, *self.more_readers = engine._readers
        self.nets = rows.copy()
        self.counts = self.nets[kernel.COUNT :: kernel.ROW]

    def _make_wheel(self, longest: int) -> None:
        self.shift = 0
        while (longest >> self.shift) + 2 > MAX_BUCKETS:
            self.shift += 1
        if longest >> MAX_DELAY_BITS:
            raise ValueFitError(
                f"delays from {self.unit} ps to {longest * self.unit} ps are too far apart for the event engine: "
                f"the longest may be {1 << MAX_DELAY_BITS:,} times their greatest common divisor"
            )
        buckets = 64
        while buckets < (longest >> self.shift) + 2:
            buckets *= 2
        n_chunks = 2 * buckets + self._reserve()
        self.heads = np.arange(buckets, dtype=np.int64)
        self.tails = self.heads * kernel.CHUNK
        self.bitmap, self.summary = np.zeros(buckets // 64, np.uint64), np.zeros(1, np.uint64)
        self.chunks = np.zeros(n_chunks * kernel.CHUNK, np.int64)
        self.free = np.zeros(n_chunks, np.int64)
        self.free[: n_chunks - buckets] = np.arange(n_chunks - 1, buckets - 1, -1)
        self.progress = np.zeros(kernel.N_FIELDS, np.int64)
        self.progress[kernel.OPERATION] = self.progress[kernel.NOW] = -1
        self.progress[kernel.N_FREE] = n_chunks - buckets

    def _reserve(self) -> int:
        """Chunks that one step can use: a step starts at most one event a cell, and hands on one a cell."""
        return 2 * self.net.n_nets + 2

    def _more_chunks(self) -> None:
        have = len(self.free)
        self.chunks = np.concatenate((self.chunks, np.zeros_like(self.chunks)))
        self.free = np.concatenate((self.free, np.zeros_like(self.free)))
        n_free = int(self.progress[kernel.N_FREE])
        self.free[n_free : n_free + have] = np.arange(2 * have - 1, have - 1, -1)
        self.progress[kernel.N_FREE] += have

    def _flush(self) -> None:
        n = int(self.progress[kernel.N_RECORDED])
        if n:
            self.recorded.append(tuple(column[:n].copy() for column in self.record))
        self.progress[kernel.N_RECORDED] = 0

    def _turn(self, limit: int, budget: int = BUDGET_EVENTS) -> int:
        arguments = (
            len(self.samples), self.times, self.begun, self.input_ptr, self.input_nets, budget, limit,
            self._reserve(), self.cells, self.nets, self.rest, self.transport, *self.more_readers,
            self.registers, self.pins, self.power_up,
            self.before, self.shift, len(self.heads) - 1, self.chunks, self.heads, self.tails, self.bitmap,
            self.summary, self.free,
            self.changed, self.edges, self.dirty, *self.starts, self.touched, bool(self.watched), self.is_watched,
            *self.record, self.sampled, self.samples, self.needed, self.last, self.progress,
        )  # fmt: skip
        return kernel.run(*arguments)  # pyright: ignore[reportCallIssue]

    def finish(self, limit: int) -> Trace:
        """Run to the end; OscillationError where an operation has none."""
        began = perf_counter()
        while (status := self._turn(limit)) != kernel.DONE:
            if status == kernel.NEEDS_CHUNKS:
                self._more_chunks()
            elif status == kernel.NEEDS_RECORD:
                self._flush()
            elif status == kernel.OSCILLATES:
                raise self._oscillation(limit)
        seconds = perf_counter() - began
        self._flush()
        return self._trace(seconds)

    def _oscillation(self, limit: int) -> OscillationError:
        """Let it run on for a while: what still switches, and lies between two nets that do, is named."""
        events = int(self.progress[kernel.OPERATION_EVENTS])
        earlier = self.counts >> 3
        limit += 4 * self.net.n_nets + 1000
        while self._turn(limit) != kernel.OSCILLATES:
            self.progress[kernel.N_RECORDED] = 0
            self._more_chunks()
        switching = _on_loops(self.net, self.counts >> 3 > earlier)
        return OscillationError(
            self.net.name, [self.net.net_name(k) for k in switching], events, int(self.progress[kernel.OPERATION])
        )

    def _trace(self, seconds: float) -> Trace:
        net, unit = self.net, self.unit
        columns = list(zip(*self.recorded, strict=True)) or [[np.zeros(0, t)] for t in (np.int64, np.int32, np.int32)]
        time, which, operation = (np.concatenate(c) for c in columns)
        order = np.lexsort((which, time))
        last = np.where(self.last >= 0, self.last * unit, -1)
        last[self.input_nets] = 0
        pending = np.flatnonzero(self.cells[::2] >> kernel.PENDING & 1)
        return Trace(
            Activity(net, len(self.samples), self.counts >> 3, self.needed, last),
            self.begun * unit,
            self.watched,
            self.start_values,
            time[order] * unit,
            which[order],
            operation[order],
            self.samples,
            (self.cells[::2] >> kernel.VALUE & 1).astype(np.uint8),
            tuple(net.net_name(k) for k in pending.tolist()),
            {"seconds": seconds, "events": int(self.progress[kernel.EVENTS]), "unit_ps": unit},
        )


def _operations(net: Netlist, inputs: Stimulus | Mapping[str, ArrayLike]) -> np.ndarray:
    """(operations, input bits) uint8: patterns, or the cycles of one pattern."""
    if not isinstance(inputs, Stimulus):
        count = max((np.size(v) for v in inputs.values()), default=1)
        inputs = Stimulus.from_values(net, inputs, n_patterns=count)
    n_bits = sum(p.width for p in net.inputs)
    if inputs.words.shape[1] != n_bits:
        raise ValueFitError(f"stimulus drives {inputs.words.shape[1]} bits; {net.name!r} has {n_bits} input bits")
    if inputs.n_cycles > 1 and inputs.n_patterns > 1:
        raise ValueFitError(
            f"the event engine runs one instance: give cycles or patterns, not {inputs.n_cycles} x {inputs.n_patterns}"
        )
    if inputs.n_cycles > 1:
        rows = (inputs.words[:, :, 0] & np.uint64(1)).astype(np.uint8)
        return np.broadcast_to(rows, (inputs.n_cycles, n_bits))
    planes = np.ascontiguousarray(inputs.words[0])
    return np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little", count=inputs.n_patterns).T


def _readers(net: Netlist) -> tuple[np.ndarray, ...]:
    """Readers of every net as ``reader << 4 | pins`` (one bit a pin, each reader once).

    (4 n,) int64 rows of the nets for the kernel, and as a CSR list the readers for which a row is too short.
    Filling is reader 0, no pins.
    """
    n = net.n_nets
    reader = np.repeat(np.arange(n), np.diff(net.fanin_ptr))
    pin = np.arange(len(net.fanin)) - net.fanin_ptr[reader]
    logic = IS_LOGIC[net.op[reader]]
    reader, pin, driver = reader[logic], pin[logic], net.fanin[logic].astype(np.int64)
    key, place = np.unique(driver * n + reader, return_inverse=True)
    pins = np.zeros(len(key), np.int64)
    np.bitwise_or.at(pins, place, np.int64(1) << pin)
    edge = ((key % n) << 4 | pins).astype(np.uint32)
    driver = key // n
    rank = np.arange(len(key)) - np.searchsorted(driver, driver)
    row = np.zeros((n, kernel.ROW), np.int64)
    first = rank < kernel.READERS
    row.view(np.uint32)[driver[first], rank[first]] = edge[first]
    row[:, kernel.COUNT] = np.bincount(driver[first], minlength=n)
    row[:, kernel.LAST_TIME] = -1
    return row.reshape(-1), np.searchsorted(driver[~first], np.arange(n + 1)), edge[~first]


def _units(engine: TimedEngine, period_ps: int | None) -> tuple[int, np.ndarray]:
    """The unit of time, and (n, 2) delays in it, by the value to come."""
    delay = np.stack([engine.fall_ps, engine.rise_ps], axis=1)
    unit = int(np.gcd.reduce(delay.reshape(-1)))
    unit = int(np.gcd(unit, period_ps or 0)) or 1
    return unit, delay // unit


def _hold_and_rest(delay: np.ndarray, transport: bool) -> tuple[np.ndarray, np.ndarray]:
    """How long a change can be cancelled, and how long it takes after that; see docs/timing.md."""
    if not transport:
        return delay, np.zeros_like(delay)
    hold = np.maximum(0, delay - delay[:, ::-1])
    hold[hold > 0] += 1
    return hold, delay - hold


def _settled(engine: TimedEngine, input_nets, input_bits, initial: Mapping[str | int, int]) -> np.ndarray:
    """(n,) uint8: every net before the first operation."""
    net = engine.netlist
    values = np.zeros(net.n_nets, np.uint8)
    values[1] = 1
    values[net.registers] = net.op[net.registers] == DFF1
    values[input_nets] = input_bits
    for item, value in initial.items():
        (number,) = watched_nets(net, [item])
        if value not in (0, 1):
            raise ValueFitError(f"initial value of {net.net_name(number)!r} is {value!r}; it must be 0 or 1")
        values[number] = value
    for order, sweeps in ((engine._order, 1), (engine._looped, SETTLING_SWEEPS)):
        kernel.relax(order, TABLE[net.op], net.fanin_ptr, net.fanin, values, sweeps)
    return values


def _cells(net: Netlist, values: np.ndarray, hold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(2 n,) int64 for the kernel, a word and the holds of each cell; and the cells that contradict their pins."""
    reader = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
    pin = np.arange(len(net.fanin)) - net.fanin_ptr[reader]
    logic = IS_LOGIC[net.op]
    mine = logic[reader]
    index = np.zeros(net.n_nets, np.int64)
    np.bitwise_or.at(index, reader[mine], values[net.fanin[mine]].astype(np.int64) << pin[mine])
    table = TABLE[net.op].astype(np.int64)
    table[net.registers] = 0b10  # the kernel puts the next value in the place of the first pin
    wrong = logic & ((table >> index & 1) != values)
    bits = values.astype(np.int64)
    words = table | index << kernel.INDEX | bits << kernel.PROJECTED | bits << kernel.VALUE
    words |= wrong.astype(np.int64) << kernel.DIRTY
    words[0] |= 1 << kernel.DIRTY  # what fills the rows of readers is never looked at
    return np.stack([words, hold[:, 1] << 32 | hold[:, 0]], axis=1).reshape(-1), np.flatnonzero(wrong)


def _on_loops(net: Netlist, switching: np.ndarray) -> list[int]:
    """Switching nets that drive one another in circles, in driving order from the lowest id."""
    alive = set(np.flatnonzero(switching).tolist())
    reads = {k: {int(d) for d in net.fanin_of(k)} for k in alive}
    while True:
        driven = set().union(*(reads[k] for k in alive)) if alive else set()
        ends = {k for k in alive if k not in driven or not (reads[k] & alive)}
        if not ends:
            break
        alive -= ends
    found: list[int] = []
    while alive:
        at: int | None = min(alive)
        while at is not None:
            found.append(at)
            alive.discard(at)
            at = min((k for k in alive if at in reads[k]), default=None)
    return found
