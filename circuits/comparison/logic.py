"""What a netlist costs in a technology, and what a run of many copies of it spent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from gatesim import Netlist, Stimulus, map_to
from gatesim.analysis import depth
from gatesim.gates import IS_REGISTER
from gatesim.timing import (
    Switching,
    Technology,
    area,
    count_glitches,
    count_switching,
    energy_of_counts,
    prepare,
    static_timing,
)

FAN_OUT = 16
"""Pins that an output drives at most where the technology knows no limit."""


def buffered(technology: Technology) -> Technology:
    """The technology with a limit of pins that an output drives, so that lines to all lanes become trees."""
    if technology.fan_out is None and "BUF" in technology.gates:
        return replace(technology, fan_out=FAN_OUT)
    return technology


@dataclass(frozen=True, eq=False)
class Logic:
    """`copies` of a netlist in a technology.

    Attributes
    ----------
    netlist : Netlist
        As designed.
    technology : Technology
    copies : int
    """

    netlist: Netlist
    technology: Technology
    copies: int = 1

    @cached_property
    def ready(self) -> Netlist:
        """In the technology's gates; ports and flip-flops are those of ``netlist``."""
        return prepare(self.netlist, self.technology)

    @cached_property
    def in_nands(self) -> Netlist:
        """One copy, of NANDs alone."""
        return map_to(self.netlist, "nand")

    @property
    def nands(self) -> int:
        """NANDs of all copies."""
        return self.copies * self.in_nands.counts().get("NAND", 0)

    @property
    def flip_flops(self) -> int:
        """Flip-flops of all copies."""
        return self.copies * int(IS_REGISTER[self.netlist.op].sum())

    @property
    def area(self) -> float:
        """Of all copies, in the technology's unit."""
        return self.copies * area(self.ready, self.technology)

    @property
    def path_nands(self) -> int:
        """NANDs on the longest path."""
        return depth(self.in_nands)

    @property
    def path_ps(self) -> int:
        """The longest path of one copy alone, in the technology."""
        return static_timing(self.ready, self.technology).worst_ps

    def spent_fj(self, done: Switching, cycles: int, period_ps: int, scale: float = 1.0) -> float:
        """Energy of a run of `cycles` of all copies, in fJ.

        `done` holds the sums over all copies; where they are of a part of the run, `scale` is the whole
        over the part. What the technology pays for decides what counts (see ``Technology.pays_for``).
        """
        pays = self.technology.pays_for
        if pays == "evaluation":
            events = np.full(self.ready.n_nets, cycles * self.copies, np.int64)
            scale = 1.0
        else:
            events = done.ones if pays == "one" else done.toggles
        found = energy_of_counts(self.ready, self.technology, events, 1, time_ps=period_ps)
        standing = found.standing_fj * cycles * self.copies
        return standing + (0.0 if pays == "time" else scale * found.switching_fj)

    def switching(self, stimulus: Stimulus) -> Switching:
        """What every net of all copies did: copies are the patterns of `stimulus`."""
        return count_switching(self.ready, stimulus)

    def glitch_factor(self, stimulus: Stimulus, lanes: list[int], period_ps: int) -> float | None:
        """All transitions of some copies over those without delays; None where changes are not paid for."""
        if self.technology.pays_for != "toggle":
            return None
        seen = needed = 0
        for lane in lanes:
            activity = count_glitches(self.ready, self.technology, one_lane(stimulus, lane), clock_ps=period_ps)
            seen += int(activity.toggles.sum())
            needed += int(activity.needed.sum())
        return seen / needed if needed else None


def toggles(net: Netlist, done: Switching) -> int:
    """Changes of all nets that a gate or a flip-flop of `net` drives."""
    return int(done.toggles[np.diff(net.fanin_ptr) > 0].sum())


def one_lane(stimulus: Stimulus, lane: int) -> Stimulus:
    """One pattern of a stimulus in all its cycles.

    Examples
    --------
    >>> two = Stimulus(np.array([[[1]], [[2]]], np.uint64), 2, 2)
    >>> one_lane(two, 1).words.ravel().tolist()
    [0, 1]
    """
    bit = stimulus.words[:, :, lane >> 6] >> np.uint64(lane & 63) & np.uint64(1)
    return Stimulus(np.ascontiguousarray(bit[:, :, None]), 1, stimulus.n_cycles)
