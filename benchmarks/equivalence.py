"""Seconds to prove two circuits equal, beside ABC's ``cec`` and ``&cec`` on the same pair.

Ours is the whole of ``equivalent()`` (two netlists in memory, to a verdict) with kernels loaded; ABC's is a
process that reads two small files. Both are processor seconds. The pairs are built in different ways, so
that there is something to prove: ``multiplier 8x8`` is measured with everything simulated and, since that
needs no solver, with the proof alone.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from circuits.adders import kogge_stone, ripple_carry
from circuits.multipliers import array_multiplier, wallace_multiplier
from gatesim import Netlist, build, equivalent, map_to, strash, write

from .circuits import DATA, OUTSIDE, outside
from .harness import Record, Times, child_seconds, has, has_package, in_turn

SECONDS = 120.0


def run(quick: bool) -> list[Record]:
    if not has_package("python-sat"):
        return []
    records: list[Record] = []
    rounds = 1 if quick else 3
    adders = build(ripple_carry, a=64, b=64), build(kogge_stone, a=64, b=64)
    records += _measure("64-bit ripple-carry and Kogge-Stone adder", *adders, 5.0, rounds)
    width = 6 if quick else 8
    pair = build(array_multiplier, a=width, b=width), build(wallace_multiplier, a=width, b=width)
    title = f"{width}x{width} array and Wallace multiplier"
    records += _measure(f"{title}, all {1 << 2 * width:,} patterns", *pair, 10.0, 1)
    records += _measure(f"{title}, SAT only", *pair, 10.0, 1, exhaustive_bits=0)
    for name, goal in (("c7552", 5.0), ("multiplier", None)):
        circuit = outside(name) if name == "c7552" or not quick else None
        if circuit is not None:
            nand = strash(map_to(circuit.netlist, "nand"), ["nand"])
            records += _measure(f"{name} and its NAND mapping", circuit.netlist, nand, goal, rounds)
            if name == "c7552":
                records += _fresh(nand, rounds)
    return records


def _measure(title: str, a: Netlist, b: Netlist, goal: float | None, rounds: int, **options) -> list[Record]:
    def ours() -> float:
        began = process_time()
        found = equivalent(a, b, seconds=SECONDS, **options)
        seconds = process_time() - began
        if not found:
            raise AssertionError(f"{title}: {found}")
        return seconds

    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.aig" for name in "ab"]
        for net, path in zip((a, b), paths, strict=True):
            write(map_to(net, "aig"), path)
        contenders = {"gatesim": ours}
        if has("berkeley-abc"):
            contenders["ABC cec"] = lambda: _abc(f"cec {paths[0]} {paths[1]}")
            contenders["ABC &cec"] = lambda: _abc(f"&r {paths[0]}; &cec {paths[1]}")
        times = in_turn(contenders, rounds)
    return _records("equivalence", title, times, goal)


def _records(name: str, title: str, times: dict[str, Times], goal: float | None) -> list[Record]:
    own = times.pop("gatesim")
    spread = {"value": own.median, "low": min(own.seconds), "high": max(own.seconds)}
    peers = [(peer, t.median) for peer, t in times.items()] or [(None, None)]
    return [Record(name, title, unit="s", goal=goal, peer=p, peer_value=v, **spread) for p, v in peers]


def _abc(text: str) -> float:
    def prove() -> None:
        done = subprocess.run(["berkeley-abc", "-q", text], capture_output=True, text=True, check=True)
        if "Networks are equivalent" not in done.stdout:
            raise AssertionError(f"ABC: {text}: {done.stdout}")

    return child_seconds(prove)


def _fresh(nand: Netlist, rounds: int) -> list[Record]:
    """The command line in a new process, with kernels on disk."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "nand.bench"
        write(nand, path)
        command = [sys.executable, "-m", "gatesim", "equiv", str(DATA / OUTSIDE["c7552"]), str(path)]

        def prove() -> None:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            if "equal, proven" not in done.stdout:
                raise AssertionError(done.stdout)

        times = in_turn({"gatesim": lambda: child_seconds(prove)}, rounds)
    return _records("equivalence, fresh process", "gatesim equiv c7552.bench nand.bench", times, 5.0)
