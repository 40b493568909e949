"""Throughput against the size of the netlist (10^2 to 10^7 gates) and the number of patterns (1 to 10^7).

Sizes: array multipliers, the interpreting tier on one core, patterns so many that a run takes about a
quarter of a second. Memory, a gate: the arrays of netlist and schedule, and how far the resident memory of
the process rose while compiling (Linux). Every size runs in a process of its own, so that nothing is left
over from the size before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np

from gatesim import Netlist, Stimulus, compile, engine

from .circuits import array_multiplier, stored_random
from .harness import Record, core_seconds, in_turn

ROOT = Path(__file__).parents[1]
WIDTHS = (5, 13, 41, 130, 409, 1291)
"""Multipliers of about 10^2, 10^3, ... 10^7 gates."""

PATTERNS = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)
WORK = 3e10
"""Gate-evaluations of a run, at least, where the patterns allow it."""

UNIT = "G gate-evaluations/s"
WITHIN = 2.0
BYTES_GOAL = 60.0


def run(quick: bool) -> list[Record]:
    sizes = [_in_a_process(width) for width in (WIDTHS[:4] if quick else WIDTHS)]
    fair = [s["rate"] for s in sizes if s["gates"] >= 900]
    records = [
        Record(
            "throughput by size",
            f"multiplier {s['width']}x{s['width']}, {s['gates']:,} gates, {s['patterns']:,} patterns",
            s["rate"],
            UNIT,
            peer="best of these sizes",
            peer_value=max(fair),
            ratio_goal=1 / WITHIN if s["gates"] >= 900 else None,
            note=f"{s['rows']:,} rows, {s['slots']:,} slots of {s['block_words']} words",
        )
        for s in sizes
    ]
    for s in sizes:
        label = f"multiplier {s['width']}x{s['width']}, {s['gates']:,} gates"
        large = s["gates"] >= 90_000
        for name, value, goal in (("held", s["bytes"], BYTES_GOAL), ("peak while compiling", s["peak"], None)):
            figure = value / s["gates"]
            records.append(Record(f"memory by size, {name}", label, figure, "bytes/gate", goal=goal if large else None))
    return [*records, *_by_patterns(array_multiplier(16), PATTERNS[:-2] if quick else PATTERNS)]


def _in_a_process(width: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.growth", str(width)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def _one_size(width: int) -> dict:
    net = array_multiplier(width)
    n_patterns = int(min(1 << 20, max(4096, WORK / net.n_gates // 2048 * 2048)))
    stimulus = stored_random(net, n_patterns)
    compile(array_multiplier(4))  # kernels are loaded before memory is watched
    _forget_peak()
    before, _ = _resident()
    tracemalloc.start()
    schedule = compile(net)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    _, peak = _resident()
    own = sum(a.nbytes for a in (net.op, net.fanin_ptr, net.fanin, net.scope_of))
    fast = engine("logic2")(schedule, threads=1, tier="interpreting")
    result = fast.run(stimulus)
    _check(net, stimulus, result.planes("product")[0], width)
    seconds = in_turn({"run": lambda: core_seconds(lambda: fast.run(stimulus))}, 3)["run"].median
    return {
        "width": width,
        "gates": net.n_gates,
        "patterns": n_patterns,
        "rate": net.n_gates * n_patterns / seconds / 1e9,
        "bytes": own + held,
        "peak": own + peak - before,
        "rows": len(schedule.rows),
        "slots": schedule.n_slots,
        "block_words": result.metadata["block_words"],
    }


def _check(net: Netlist, stimulus: Stimulus, product: np.ndarray, width: int) -> None:
    """The first 64 products, as Python integers."""
    given = stimulus.words[0]
    pairs = zip(_integers(given[:width]), _integers(given[width:]), strict=True)
    assert _integers(product) == [x * y for x, y in pairs], net.name


def _integers(planes: np.ndarray) -> list[int]:
    """What the first 64 lanes hold."""
    lanes = np.unpackbits(np.ascontiguousarray(planes[:, :1]).view(np.uint8), axis=1, bitorder="little").T
    return [int.from_bytes(np.packbits(lane, bitorder="little").tobytes(), "little") for lane in lanes]


def _resident() -> tuple[int, int]:
    """Bytes of memory that this process has now, and had at most since :func:`_forget_peak` (Linux)."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    found = {line.split(":")[0]: int(line.split()[1]) << 10 for line in text.splitlines() if line.endswith(" kB")}
    return found["VmRSS"], found["VmHWM"]


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def _by_patterns(net: Netlist, counts: tuple[int, ...]) -> list[Record]:
    records = []
    schedule = compile(net)
    for n in counts:
        stimulus = stored_random(net, n)
        fast = engine("logic2")(schedule, threads=1, tier="interpreting")
        _check_small(stimulus, net, fast.run(stimulus)["product"])
        seconds = in_turn({"run": lambda: core_seconds(lambda: fast.run(stimulus))}, 9)["run"].median  # noqa: B023
        rate = net.n_gates * n / seconds / 1e9
        label = f"{net.name}, {net.n_gates:,} gates, {n:,} patterns"
        records.append(Record("throughput by patterns", label, rate, UNIT, note=f"{seconds * 1e6:,.0f} us a run"))
    return records


def _check_small(stimulus: Stimulus, net: Netlist, product: np.ndarray) -> None:
    values = stimulus.values(net)
    assert np.array_equal(product[0], values["x"][0] * values["y"][0])


if __name__ == "__main__":
    print(json.dumps(_one_size(int(sys.argv[1]))))
