"""The whole TPU v1 matrix unit at gate level: 256 x 256 int8 cells, a 256^3 product, mapped freely and as NANDs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np

from circuits.systolic import SystolicArray

from .harness import Record, in_turn

_MEMORY = """
import resource, sys
import numpy as np
from circuits.systolic import SystolicArray
size = int(sys.argv[1])
a = np.random.default_rng(0).integers(-128, 128, (2, size, size))
assert np.array_equal(SystolicArray(size, size, basis="nand").multiply(a[0], a[1]).values, a[0] @ a[1])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
"""A process of its own that multiplies once and says how much memory it took at most (MiB)."""


def run(quick: bool) -> list[Record]:
    """Wall time of the product, all of it (feeding, 1,022 clock edges, collecting), beside NumPy without BLAS."""
    size = 64 if quick else 256
    generator = np.random.default_rng(0)
    a, b = generator.integers(-128, 128, (2, size, size))
    a32, b32 = a.astype(np.int32), b.astype(np.int32)
    arrays = {"mapped freely": SystolicArray(size, size), "NANDs": SystolicArray(size, size, basis="nand")}
    found: dict[str, np.ndarray] = {}

    def by(name: str) -> None:
        found[name] = arrays[name].multiply(a, b).values

    ways = {name: (lambda name=name: by(name)) for name in arrays}
    times = in_turn({**ways, "numpy": lambda: a32 @ b32}, 3 if quick else 7)
    records = []
    for (name, array), goal in zip(arrays.items(), (1.0, 2.0), strict=True):
        assert np.array_equal(found[name], a32 @ b32)
        gates = size * size * array.cell.n_gates
        record = Record(
            f"matrix unit, {name}", f"{size}x{size} cells, {gates:,} gates, {4 * size - 2:,} clock edges",
            times[name].median, "s", goal=None if quick else goal, peer="NumPy int32 @",
            peer_value=times["numpy"].median,
        )  # fmt: skip
        records.append(replace(record, low=min(times[name].seconds), high=max(times[name].seconds)))
    mib = float(
        subprocess.run([sys.executable, "-c", _MEMORY, str(size)], capture_output=True, text=True, check=True).stdout
    )
    note = "largest resident memory of a process that compiles and multiplies"
    records.append(Record("matrix unit, NANDs, memory", f"{size}x{size} cells", mib, "MiB", goal=2000, note=note))
    return records
