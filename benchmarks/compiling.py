"""Levelise and compile a netlist of 1,000,000 cells. Floor: 2 s."""

from __future__ import annotations

import dataclasses

from gatesim import compile

from .circuits import array_multiplier
from .harness import Record, median_seconds


def run(quick: bool) -> list[Record]:
    net = array_multiplier(120 if quick else 410)
    # A copy has no levels yet: they would be remembered from the run before.
    seconds, schedule = median_seconds(lambda: compile(dataclasses.replace(net)), 3)
    label = f"{net.name}, {net.n_gates:,} gates"
    return [
        Record("compile", label, seconds * 1e6 / net.n_gates, "s", goal=2.0),
        Record("compiled size", label, _bytes(schedule) / net.n_gates, "bytes/gate"),
    ]


def _bytes(schedule) -> int:
    return sum(a.nbytes for a in (schedule.rows, schedule.runs, schedule.input_slot, schedule.register_slot))
