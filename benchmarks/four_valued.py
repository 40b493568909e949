"""The four-valued engine beside the two-valued one: the same netlist and patterns, equal answers asserted."""

from __future__ import annotations

import numpy as np

from circuits.multipliers import wallace_multiplier
from gatesim import Stimulus, build, compile, engine

from .harness import Record, in_turn


def run(quick: bool) -> list[Record]:
    width, patterns = (16, 1 << 14) if quick else (32, 1 << 16)
    net = build(wallace_multiplier, a=width, b=width)
    schedule = compile(net)
    stimulus = Stimulus.random(net, patterns, rng=1)
    open_bits = Stimulus(stimulus.words, patterns, 1, Stimulus.random(net, patterns, rng=2).words)
    two = engine("logic2")(schedule, threads=1, tier="interpreting")
    four = engine("logic4")(schedule, threads=1)
    known, wanted = four.run(stimulus), two.run(stimulus)
    assert known.unknown is not None and not known.unknown.any()
    assert np.array_equal(known.words, wanted.words)
    times = in_turn({"four": lambda: four.run(open_bits), "two": lambda: two.run(stimulus)}, 5)
    label = (
        f"{width} x {width} Wallace multiplier of {net.n_gates} gates, {patterns:,} patterns, half of the bits X or Z"
    )
    rate = net.n_gates * patterns / 1e9
    return [
        Record(
            "four_valued", label, rate / times["four"].median, "G gates/s",
            peer="logic2, interpreting", peer_value=rate / times["two"].median,
            note="cell by cell: the two-valued engine may merge cells, this one must not",
        )
    ]  # fmt: skip
