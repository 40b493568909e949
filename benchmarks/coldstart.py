"""Seconds to the first answer of a fresh process with warm kernel caches: ``gatesim sim FILE --random 4096``.

The file is an array multiplier in ``.bench`` form, so that the answers can be checked by multiplying.
Beside it: ABC (fresh process, reads and simulates as many random patterns) and Verilator (compiles, then
simulates the same patterns).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from gatesim import Netlist, Stimulus, compile, engine, write

from .circuits import array_multiplier
from .harness import Record, Times, child_seconds, has, in_turn
from .peers import check, verilog

ROOT = Path(__file__).parents[1]
NAME = "first answer of a fresh process"
N_PATTERNS = 4096
SIZES = ((41, 1.0), (183, 2.5))
"""Width of the multiplier (10,000 and 200,000 gates), and the goal in seconds."""

MAX_VERILATOR_GATES = 20_000


def run(quick: bool) -> list[Record]:
    records = []
    with TemporaryDirectory() as folder:
        for width, goal in SIZES[:1] if quick else SIZES:
            records += _measure(array_multiplier(width), goal, Path(folder), quick)
    return records


def _measure(net: Netlist, goal: float, folder: Path, quick: bool) -> list[Record]:
    path = folder / f"{net.name.replace(' ', '_')}.bench"
    write(net, path)
    command = [sys.executable, "-m", "gatesim", "sim", str(path), "--random", str(N_PATTERNS)]
    _check_products(command)
    commands = {"gatesim": command}
    if has("berkeley-abc"):
        # ABC's words have 32 patterns.
        commands["ABC sim -m -n"] = [
            "berkeley-abc", "-q", f"read_bench {path}; strash; sim -m -n -F 1 -W {N_PATTERNS // 32}"
        ]  # fmt: skip
    spent: dict[str, list[float]] = {name: [] for name in commands}

    def contender(name: str) -> Callable[[], None]:
        return lambda: spent[name].append(child_seconds(lambda: _output(commands[name])))

    wall = in_turn({name: contender(name) for name in commands}, 3 if quick else 7)
    core = {name: Times(tuple(seconds[1:])) for name, seconds in spent.items()}
    records = [*_records(NAME, net, wall, goal), *_records(f"{NAME}, processor time", net, core, goal)]
    if not quick and net.n_gates <= MAX_VERILATOR_GATES:
        seconds = _verilator(net)
        if seconds is not None:
            verilator = {"Verilator -O1, 64 bits a net": Times((seconds,))}
            records += _records(NAME, net, {"gatesim": wall["gatesim"], **verilator}, goal)
    return records


def _records(name: str, net: Netlist, times: dict[str, Times], goal: float) -> list[Record]:
    label = f"{net.name}, {net.n_gates:,} gates, {N_PATTERNS:,} patterns"
    ours = times["gatesim"]
    figures = {"value": ours.median, "unit": "s", "goal": goal, "low": min(ours.seconds), "high": max(ours.seconds)}
    peers = {peer: t.median for peer, t in times.items() if peer != "gatesim"}
    if not peers:
        return [Record(name, label, **figures)]
    return [Record(name, label, **figures, peer=peer, peer_value=seconds) for peer, seconds in peers.items()]


def _output(command: list[str]) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def _check_products(command: list[str]) -> None:
    """Fills the kernel cache too."""
    shown = json.loads(_output([*command, "--json"]))
    x, y = shown["inputs"]["x"], shown["inputs"]["y"]
    assert len(x) == N_PATTERNS
    assert [a * b for a, b in zip(x, y, strict=True)] == shown["outputs"]["product"]


def _verilator(net: Netlist) -> float | None:
    """Seconds of compiling and one pass."""
    stimulus = Stimulus.random(net, N_PATTERNS, rng=0)
    began = perf_counter()
    peer = verilog.verilator(net, stimulus.words[0], optimise="-O1")
    if peer is None:
        return None
    peer.run()
    seconds = perf_counter() - began
    check(peer, engine("logic2")(compile(net), tier="interpreting").run(stimulus).words[0])
    return seconds
