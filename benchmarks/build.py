"""From Python, or from a file, to something that runs: building, reading, writing, compiling.

Seconds are processor time (all of it happens on one thread).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from gatesim import Netlist, compile, engine
from gatesim.formats import bench

from .circuits import array_multiplier, stored_random
from .harness import Record, core_seconds, in_turn

T = TypeVar("T")


def run(quick: bool) -> list[Record]:
    width = 120 if quick else 410
    seconds, net = _timed(lambda: array_multiplier(width))
    label = f"{net.name}, {net.n_gates:,} gates"
    records = [Record("build from Python", label, (net.n_nets - 2) / seconds, "cells/s", goal=200_000)]
    seconds, text = _timed(lambda: bench.dump(net))
    records.append(Record("write .bench", label, seconds, "s"))
    seconds, again = _timed(lambda: bench.parse(text, f"{net.name}.bench"))
    _same(net, again)
    records.append(Record("read .bench", label, seconds, "s", goal=None if quick else 3.0))
    # A copy has no levels yet: they would be remembered from the run before.
    seconds, schedule = _timed(lambda: compile(dataclasses.replace(net)))
    note = f"{len(schedule.rows):,} rows, {schedule.n_slots:,} slots"
    records.append(Record("compile", label, seconds, "s", goal=None if quick else 2.0, note=note))
    return records


def _timed(function: Callable[[], T], rounds: int = 3) -> tuple[float, T]:
    made: list[T] = []
    seconds = in_turn({"it": lambda: core_seconds(lambda: made.append(function()))}, rounds)["it"].median
    return seconds, made[-1]


def _same(net: Netlist, again: Netlist) -> None:
    """64 random products."""
    stimulus = stored_random(net, 64)
    found = [engine("logic2")(compile(n)).run(stimulus).words for n in (net, again)]
    assert np.array_equal(*found)
