"""Where the waveform engine keeps the waveforms of one block of patterns, and how it makes them.

Two ways that find the same transitions: sorted lists of times, whose cost goes with the number of times at
which something changes, and rows on a grid of time, whose cost goes with the length of time alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..analysis import levels
from ..errors import GatesimError
from ..gates import ARITY, IS_LOGIC, MAX_ARITY, TABLE
from ..kernels import timed_grid as grid
from ..kernels import timed_waves as lists
from ..netlist import Netlist

BUDGET_STEPS = 20_000_000
"""Steps in one kernel call: a fraction of a second, so that an interrupt is soon heard."""

LIST_COST, GRID_COST = 16, 4
"""Nanoseconds a step, about, for 512 patterns: an entry of a pin's list; a unit of time on the grid."""

SHORT_TIME = 4000
"""Units of time a cell, on average, below which the first block is done on the grid."""


@dataclass(frozen=True)
class Plan:
    """What the kernels read of a netlist; arrays by net, pins by (net, pin), delays by (net, value to come)."""

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


def make_plan(net: Netlist, rise: np.ndarray, fall: np.ndarray, transport: bool) -> Plan:
    """The arrays that the kernels read; LoopError where the netlist has a loop."""
    by_level = levels(net).order  # refuses loops
    sinks = np.array([k for p in net.outputs for k in p.nets], np.int32)
    order = grid.depth_first(np.concatenate((sinks, by_level[::-1])), IS_LOGIC[net.op], net.fanin_ptr, net.fanin)
    counts = np.diff(net.fanin_ptr)
    pins = np.zeros((net.n_nets, MAX_ARITY), np.int32)
    for k in range(MAX_ARITY):
        has = np.flatnonzero(counts > k)
        pins[has, k] = net.fanin[net.fanin_ptr[has] + k]
    anf = np.array([_normal_form(int(t)) for t in TABLE], np.int64)[net.op]
    delay = np.stack([rise, fall], axis=1)
    logic = delay[order].reshape(-1)
    unit = int(np.gcd.reduce(logic)) if len(logic) else 1
    if transport:  # a slow edge can be caught up by the fast one that follows it; see docs/timing.md
        hold = np.maximum(0, delay - delay[:, ::-1])
        hold[hold > 0] += 1
        rest = delay - hold
    else:
        certain = (rise == fall) & (rise == unit)  # events lie on the grid: no pulse is shorter than this
        hold = np.where(certain[:, None], 0, delay)
        rest = delay - hold
    return Plan(
        net, order, pins, counts.astype(np.int32), anf, hold, rest,
        np.bincount(net.fanin, minlength=net.n_nets).astype(np.int32),
        np.array([k for p in net.inputs for k in p.nets], np.int32), unit,
    )  # fmt: skip


def _normal_form(table: int) -> int:
    """Coefficients of the exclusive-or of products that equals the truth table (Moebius transform)."""
    for v in range(MAX_ARITY):
        step = 1 << v
        for index in range(1 << MAX_ARITY):
            if index & step:
                table ^= (table >> (index ^ step) & 1) << index
    return table


class Room(Protocol):
    """The waveforms of one block of patterns; one thread's."""

    def begin(self, before: np.ndarray, after: np.ndarray, arrival: np.ndarray, low: int, words: int) -> None:
        """Start with the inputs of words ``low .. low + words``."""
        ...

    def propagate(self, kept: np.ndarray, toggles: np.ndarray, needed: np.ndarray, last: np.ndarray) -> bool:
        """Go on for a fraction of a second; whether all cells are done. The counts by net are added to."""
        ...

    def is_dearer(self, grid_units: int | None) -> bool:
        """Whether the other way would have cost less for the block done last."""
        ...

    def entries(self, net: int) -> tuple[np.ndarray, np.ndarray]:
        """Times (k,) and masks (k, words) of a net that was kept."""
        ...

    def initial(self, nets: list[int]) -> np.ndarray:
        """(nets, words) values before the inputs change."""
        ...


def _aligned(n: int, width: int) -> np.ndarray:
    """(n, width) uint64, not cleared, that starts on a cache line."""
    try:
        raw = np.empty(n * width + 8, np.uint64)
    except MemoryError:
        raise GatesimError(
            f"the waveforms of {64 * width} patterns need more memory than there is ({8 * n * width:,} bytes): this "
            "netlist switches too often; the event engine (TimedEngine) needs no such memory"
        ) from None
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + n * width].reshape(n, width)


class ListRoom:
    """Sorted lists of (time, lanes that change), for blocks of 1 or 8 words."""

    def __init__(self, plan: Plan, width: int) -> None:
        self.plan, self.width = plan, width
        n = plan.net.n_nets
        self.times, self.masks = np.empty(1 << 14, np.int64), self._lanes(1 << 14)
        self.value = self._lanes(n)
        self.starts, self.ends = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.made = np.zeros(n, np.int32)
        self.progress = np.zeros(6, np.int64)
        self._make_scratch(1 << 10)

    def _lanes(self, n: int) -> np.ndarray:
        masks = _aligned(n, self.width)
        return masks.reshape(-1) if self.width == 1 else masks

    def _make_scratch(self, steps: int) -> None:
        kinds = "tmtmmtmm"  # times and masks: of the function, of rises, of falls; what was cancelled since
        self.scratch = tuple(np.empty(steps, np.int64) if kind == "t" else self._lanes(steps) for kind in kinds)

    def is_dearer(self, grid_units: int | None) -> bool:
        """Whether the block done last would have cost less on the grid (None: it does not fit)."""
        return grid_units is not None and grid_units * GRID_COST < int(self.progress[lists.STEPS]) * LIST_COST

    def begin(self, before, after, arrival, low, words) -> None:
        """See :class:`Room`."""
        self.readers = self.plan.readers.copy()
        lists.begin(
            self.plan.inputs, arrival, before, after, low, words,
            self.times, self.masks, self.value, self.starts, self.ends, self.made, self.progress,
        )  # fmt: skip

    def propagate(self, kept, toggles, needed, last) -> bool:
        """See :class:`Room`."""
        p = self.plan
        arguments = (
            p.order, p.pins, p.n_pins, p.anf, p.hold, p.rest, kept, self.readers, BUDGET_STEPS,
            self.times, self.masks, self.value, self.starts, self.ends, self.made, self.progress,
            *self.scratch, toggles, needed, last,
        )  # fmt: skip
        status = lists.propagate(*arguments)  # pyright: ignore[reportCallIssue]
        wanted = 2 * int(self.progress[lists.LAST_ROOM])
        if status == lists.NEEDS_SCRATCH:
            self._make_scratch(wanted)
        elif status == lists.NEEDS_ROOM:
            top = int(self.progress[lists.TOP])
            times, masks = np.empty(wanted, np.int64), self._lanes(wanted)
            times[:top], masks[:top] = self.times[:top], self.masks[:top]
            self.times, self.masks = times, masks
        return status == lists.DONE

    def entries(self, net: int) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Room`."""
        rows = slice(self.starts[net], self.ends[net])
        return self.times[rows], self.masks[rows].reshape(-1, self.width)

    def initial(self, nets: list[int]) -> np.ndarray:
        """See :class:`Room`."""
        return self.value.reshape(-1, self.width)[nets]


class GridRoom:
    """Rows of masks, one a unit of time, for blocks of 8 words."""

    width = grid.WORDS

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        n = plan.net.n_nets
        self.hold, self.rest = plan.hold // plan.grid_ps, plan.rest // plan.grid_ps
        kinds, inverted = grid.loop_kinds(TABLE, ARITY)
        self.kinds, self.inverted = kinds[plan.net.op], inverted[plan.net.op]
        self.n_bits, states = grid.register_states(self.hold)
        # The loops work on what comes before an inversion of the output: there a rise is a fall.
        self.states = np.where(self.inverted[:, None] & 4, states[:, ::-1], states)
        self.counting = True
        self.masks, self.value = _aligned(1 << 16, self.width), _aligned(n, self.width)
        self.starts, self.origins, self.counts, self.blocks, self.sizes = (np.zeros(n, np.int64) for _ in range(5))
        self.free, self.progress = np.zeros(grid.N_SIZES, np.int64), np.zeros(grid.N_FIELDS, np.int64)

    @staticmethod
    def fits(plan: Plan, arrival: np.ndarray) -> bool:
        """Whether all events lie on the grid and no delay is too long for it."""
        equal = np.array_equal(plan.rest[:, 0], plan.rest[:, 1])
        return bool(
            equal and plan.hold.max(initial=0) <= grid.MAX_HOLD * plan.grid_ps and not (arrival % plan.grid_ps).any()
        )

    @staticmethod
    def cost(plan: Plan, arrival: np.ndarray) -> int:
        """Units of time that a block takes at most, summed over the cells."""
        delay = (plan.hold + plan.rest) // plan.grid_ps
        at = np.full(plan.net.n_nets, -1, np.int64)
        at[plan.inputs] = arrival // plan.grid_ps
        return grid.units_of_time(plan.order, plan.pins, plan.n_pins, delay.min(axis=1), delay.max(axis=1), at)

    def is_dearer(self, grid_units: int | None) -> bool:
        """Whether the block done last would have cost less with lists."""
        self.counting = False  # asked once
        entries, units = int(self.progress[grid.ENTRIES]), int(self.progress[grid.STEPS])
        return entries * LIST_COST < units * GRID_COST

    def begin(self, before, after, arrival, low, words) -> None:
        """See :class:`Room`."""
        self.readers = self.plan.readers.copy()
        grid.begin(
            self.plan.inputs, arrival // self.plan.grid_ps, before, after, low, words,
            self.masks, self.value, self.starts, self.origins, self.counts, self.blocks, self.sizes, self.free,
            self.progress,
        )  # fmt: skip

    def propagate(self, kept, toggles, needed, last) -> bool:
        """See :class:`Room`."""
        p = self.plan
        latest = np.full(p.net.n_nets, -1, np.int64)
        status = grid.propagate(
            p.order, p.pins, p.n_pins, self.kinds, self.inverted, p.anf, self.n_bits, self.states, self.hold, self.rest,
            kept, self.readers, BUDGET_STEPS, self.counting, self.masks, self.value, self.starts, self.origins,
            self.counts, self.blocks, self.sizes, self.free, self.progress, toggles, needed, latest,
        )  # fmt: skip
        np.maximum(last, np.where(latest >= 0, latest * p.grid_ps, -1), out=last)
        if status == grid.NEEDS_ROOM:
            top = int(self.progress[grid.TOP])
            masks = _aligned(2 * int(self.progress[grid.WANTED]), self.width)
            masks[:top] = self.masks[:top]
            self.masks = masks
        return status == grid.DONE

    def entries(self, net: int) -> tuple[np.ndarray, np.ndarray]:
        """See :class:`Room`."""
        masks = self.masks[self.starts[net] : self.starts[net] + self.counts[net]]
        used = np.flatnonzero(masks.any(axis=1))
        return (self.origins[net] + used) * self.plan.grid_ps, masks[used]

    def initial(self, nets: list[int]) -> np.ndarray:
        """See :class:`Room`."""
        return self.value[nets]
