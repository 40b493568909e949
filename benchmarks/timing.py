"""Static timing of a netlist of 1,000,000 cells: arrivals, required times, slacks. Goal: 0.2 s."""

from __future__ import annotations

import dataclasses

from gatesim import levels
from gatesim.timing import Delays, delays, load_technology, prepare, static_timing

from .circuits import array_multiplier
from .harness import Record, median_seconds


def run(quick: bool) -> list[Record]:
    technology = load_technology("nangate45")
    net = prepare(array_multiplier(130 if quick else 410), technology)
    found = delays(net, technology)
    level = levels(net)
    goal = None if quick else 0.2
    label = f"{net.name}, {net.n_nets:,} cells, depth {int(level.level.max()):,}"
    seconds, timing = median_seconds(lambda: static_timing(net, found))
    assert timing.worst_slack_ps == 0
    assert timing.worst_ps == _checked(net, found, timing)
    # A copy: nothing is remembered of it from the run before.
    whole, _ = median_seconds(lambda: static_timing(dataclasses.replace(net), technology), 3)
    return [
        Record("static timing", label, seconds, "s", goal=goal),
        Record("delays and static timing, from scratch", label, whole, "s"),
    ]


def _checked(net, found: Delays, timing) -> int:
    """The critical path added up cell by cell."""
    path = timing.critical_path
    return sum(int((found.rise_ps, found.fall_ps)[step.edge == "fall"][step.net]) for step in path.steps)
