"""The compiled tier of logic2 against the interpreting one, one core, and what compiling costs."""

from __future__ import annotations

import os
import tempfile

import numpy as np

from gatesim import Stimulus, compile, engine
from gatesim.engines.logic2 import block_words

from .circuits import array_multiplier
from .harness import Record, median_seconds


def run(quick: bool) -> list[Record]:
    records = []
    for width in (16, 64):
        net = array_multiplier(width)
        n_patterns = (1 << 20) if width == 16 else (1 << 18)
        stimulus = Stimulus.random(net, n_patterns // (4 if quick else 1), rng=1)
        schedule = compile(net)
        label = f"{net.name}, {net.n_gates:,} gates, {stimulus.n_patterns:,} patterns"
        rates, answers = [], []
        with tempfile.TemporaryDirectory() as folder:  # nothing in the disk cache
            os.environ["GATESIM_CACHE_DIR"] = folder
            for tier in ("interpreting", "compiled"):
                fast = engine("logic2")(schedule, threads=1, tier=tier)
                seconds, result = median_seconds(lambda: fast.run(stimulus), 5)  # noqa: B023
                rates.append(net.n_gates * stimulus.n_patterns / seconds / 1e9)
                answers.append(result.words)
            code = fast.compiled(block_words(schedule, stimulus.words.shape[2]))
            del os.environ["GATESIM_CACHE_DIR"]
        assert np.array_equal(*answers)
        records.append(
            Record(
                "logic2, compiled", label, rates[1], "G gate-evaluations/s", peer="interpreting", peer_value=rates[0]
            )
        )
        records.append(Record("compiling to machine code", label, code.seconds, "s", goal=2.0))
    return records
