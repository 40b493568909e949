"""Reading large files. Goals: a million gates as BLIF or ASCII AIGER in 3 s, as binary AIGER in 1 s.

Processor time of the one thread that reads; Berkeley's ABC reads the same file where it is installed.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from gatesim import gates, read, write
from gatesim.netlist import Netlist, Port

from .harness import Record, child_seconds, core_seconds

GOALS = {"blif": ("n.blif", 3.0), "aiger_ascii": ("n.aag", 3.0), "aiger": ("n.aig", 1.0), "bench": ("n.bench", None)}


def random_gates(n_gates: int, n_inputs: int = 1000) -> Netlist:
    """AND gates with inverted pins at random, each on two nets among the last few thousand."""
    rng = np.random.default_rng(1)
    kinds = np.array([gates.AND, gates.gate("ANDNOT").op, gates.gate("NOTAND").op, gates.NOR], np.uint8)
    first = 2 + n_inputs
    cell = np.arange(first, first + n_gates)
    back = rng.integers(1, 4000, (n_gates, 2))
    fanin = np.maximum(cell[:, None] - back, 2 + (back % n_inputs))
    fanin = np.minimum(fanin, cell[:, None] - 1)
    op = np.concatenate([[gates.CONST0, gates.CONST1], np.full(n_inputs, gates.INPUT), rng.choice(kinds, n_gates)])
    ptr = np.concatenate([np.zeros(first + 1, np.int64), np.arange(2, 2 * n_gates + 1, 2)])
    ports = (
        Port("x", "input", tuple(range(2, first))),
        Port("y", "output", tuple(range(first + n_gates - 500, first + n_gates))),
    )
    return Netlist(f"{n_gates:,} gates", op, ptr, fanin.ravel(), ports)


def run(quick: bool) -> list[Record]:
    net = random_gates(100_000 if quick else 1_000_000)
    records = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, (name, goal) in GOALS.items():
            path = Path(folder) / name
            write(net, path)
            again = read(path)
            assert again.n_gates == net.n_gates, kind
            assert again.inputs[0].width == net.inputs[0].width
            times = sorted(core_seconds(lambda path=path: read(path)) for _ in range(3))
            records.append(
                Record(
                    f"read {kind}", net.name, times[1], "s", goal=goal, low=times[0], high=times[-1],
                    peer="berkeley-abc", peer_value=_abc(path),
                )
            )  # fmt: skip
            path.unlink()
    return records


def _abc(path: Path) -> float | None:
    """Processor time of ABC for the file, its start included; None where it is absent or has no reader."""
    if shutil.which("berkeley-abc") is None or path.suffix == ".aag":
        return None
    command = ["berkeley-abc", "-q", f"read {path}"]
    return child_seconds(lambda: subprocess.run(command, check=True, capture_output=True, timeout=300))
