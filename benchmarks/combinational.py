"""logic2 on one core. Floor: 20 G gate-evaluations/s on a netlist of 10,000 gates."""

from __future__ import annotations

import numpy as np

from gatesim import Stimulus, compile, engine

from .circuits import array_multiplier
from .harness import Record, median_seconds


def run(quick: bool) -> list[Record]:
    records = []
    for width in (16, 42) if quick else (16, 42, 130):
        net = array_multiplier(width)
        n_patterns = min(1 << 20, (1 << 33) // net.n_gates // 4096 * 4096)
        stimulus = Stimulus.random(net, n_patterns, rng=1)
        schedule = compile(net)
        label = f"{net.name}, {net.n_gates:,} gates, {n_patterns:,} patterns"
        one = _rate(schedule, stimulus, 1)
        two = _rate(schedule, stimulus, 2)
        goal = 20.0 if width == 42 else None
        records.append(Record("logic2", label, one, "G gate-evaluations/s", goal=goal))
        records.append(Record("logic2, 2 threads", label, two, "G gate-evaluations/s", peer="1 thread", peer_value=one))
    return records


def _rate(schedule, stimulus: Stimulus, threads: int) -> float:
    """G gate-evaluations/s, after the answers were checked."""
    run = engine("logic2")(schedule, threads=threads)
    seconds, result = median_seconds(lambda: run.run(stimulus), 5)
    _check(schedule.netlist, stimulus, result)
    return schedule.netlist.n_gates * stimulus.n_patterns / seconds / 1e9


def _check(net, stimulus, result) -> None:
    some = slice(0, 200)
    values = stimulus.values(net)
    wanted = values["x"][0, some].astype(object) * values["y"][0, some].astype(object)
    assert np.array_equal(result["product"][0, some].astype(object), wanted)
