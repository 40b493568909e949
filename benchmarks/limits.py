"""What one core of this machine can do at most: vector logic, cache and memory traffic, measured with gcc.

The figures that ``docs/performance.md`` holds the engine's against. No goal: the machine is as it is.
"""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from .harness import Record, core_seconds, has, in_turn

_TEXT = """
typedef unsigned long long V __attribute__((vector_size(64), aligned(64)));
/* Eight independent chains of three-input functions in registers. */
void logic(V *x, long rounds) {
  V a = x[0], b = x[1], c = x[2], d = x[3], e = x[4], f = x[5], g = x[6], h = x[7], k = x[8], m = x[9];
  for (long i = 0; i < rounds; ++i) {
#define STEP(z) __asm__ volatile("vpternlogq $0x96, %1, %2, %0" : "+v"(z) : "v"(k), "v"(m))
    STEP(a); STEP(b); STEP(c); STEP(d); STEP(e); STEP(f); STEP(g); STEP(h);
  }
  x[0] = a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
/* Rows as the interpreting tier has them: three loads, one function, one store, in a working set of `slots`. */
void rows(V *x, const int *row, long n, long rounds) {
  for (long r = 0; r < rounds; ++r)
    for (long i = 0; i < n; ++i) {
      const int *p = row + 4 * i;
      x[p[3]] = x[p[0]] ^ x[p[1]] ^ x[p[2]];
    }
}
"""

WORKING_SETS = {"L1 (16 KiB)": 256, "L2 (512 KiB)": 8192, "L3 (8 MiB)": 131072}
"""Slots of 64 bytes."""


def run(quick: bool) -> list[Record]:
    records = [_copying(quick)]
    if not has("gcc"):
        return records
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "f.c").write_text(_TEXT)
        command = ["gcc", "-O2", "-march=native", "-shared", "-fPIC", "-o", "f.so", "f.c"]
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode:  # no AVX-512 here
            return records
        code = ctypes.CDLL(str(folder / "f.so"))
        return [*records, *_logic(code, quick), *_rows(code, quick)]


def _logic(code: ctypes.CDLL, quick: bool) -> list[Record]:
    planes = _aligned(16)
    rounds = 10**6 if quick else 10**7
    code.logic.argtypes = (ctypes.c_void_p, ctypes.c_long)
    times = in_turn({"logic": lambda: core_seconds(lambda: code.logic(planes.ctypes.data, rounds))}, 5)["logic"]
    name = "three-input vector functions in registers"
    return [Record(name, "512 bits each, eight chains", unit="G/s", **times.rates(8 * rounds / 1e9))]


def _rows(code: ctypes.CDLL, quick: bool) -> list[Record]:
    records = []
    code.rows.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, ctypes.c_long)
    for name, slots in WORKING_SETS.items():
        planes = _aligned(slots)
        n = 4 * slots
        row = np.random.default_rng(0).integers(0, slots, size=(n, 4), dtype=np.int32)
        rounds = max(1, (10**6 if quick else 10**7) // n)
        call = lambda p=planes, r=row, n=n, k=rounds: code.rows(p.ctypes.data, r.ctypes.data, n, k)  # noqa: E731
        times = in_turn({"rows": lambda c=call: core_seconds(c)}, 5)["rows"]
        label = f"512 bits each, random slots in {name}"
        records.append(
            Record("rows: three loads, a function, a store", label, unit="G/s", **times.rates(n * rounds / 1e9))
        )
    return records


def _copying(quick: bool) -> Record:
    n = 1 << (23 if quick else 25)
    source, target = np.arange(n, dtype=np.uint64), np.zeros(n, np.uint64)
    times = in_turn({"copy": lambda: core_seconds(lambda: np.copyto(target, source))}, 5)["copy"]
    assert np.array_equal(source, target)
    label = f"{8 * n >> 20} MiB to {8 * n >> 20} MiB, read and written bytes both counted"
    return Record("copying in memory", label, unit="GB/s", **times.rates(16 * n / 1e9))


def _aligned(slots: int) -> np.ndarray:
    raw = np.ones(8 * slots + 8, np.uint64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + 8 * slots]
