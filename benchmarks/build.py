"""Building from Python: cells a second, freezing included. Floor: 200,000."""

from __future__ import annotations

from .circuits import array_multiplier
from .harness import Record, median_seconds


def run(quick: bool) -> list[Record]:
    seconds, net = median_seconds(lambda: array_multiplier(60 if quick else 180), 3)
    return [Record("build", net.name, (net.n_nets - 2) / seconds, "cells/s", goal=200_000)]
