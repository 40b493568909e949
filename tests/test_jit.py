"""Kernels from the disk: what makes them stale, and what loading them costs."""

from __future__ import annotations

import os
import subprocess
import sys

from gatesim.kernels.jit import source_stamp

LOADS = """
import sys
import numpy as np
from gatesim.kernels import bits
bits.pack(np.arange(64, dtype=np.uint64), np.zeros((6, 1), np.uint64))
print(sum(bits.pack.stats.cache_hits.values()), "numba.np.linalg" in sys.modules)
"""


def _run(folder) -> list[str]:
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
    done = subprocess.run([sys.executable, "-c", LOADS], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_a_kernel_on_disk_is_loaded_without_the_compiler(tmp_path):
    assert _run(tmp_path) == ["0", "True"]
    assert _run(tmp_path) == ["1", "False"]


def test_processes_that_need_a_kernel_at_once_compile_it_once(tmp_path):
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    # Both have loaded everything else, and begin when they are told.
    code = LOADS.replace("bits.pack(", "print('ready', flush=True); input(); bits.pack(", 1)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([sys.executable, "-c", code], env=environment, **pipes) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    hits = [process.communicate()[0].split()[0] for process in both]
    assert sorted(hits) == ["0", "1"]


def test_an_edit_of_any_kernel_file_counts(tmp_path):
    (tmp_path / "one.py").write_text("x = 1\n")
    (tmp_path / "two.py").write_text("y = 1\n")
    before = source_stamp.__wrapped__(tmp_path)
    assert source_stamp.__wrapped__(tmp_path) == before
    (tmp_path / "two.py").write_text("y = 2\n")
    after = source_stamp.__wrapped__(tmp_path)
    (tmp_path / "two.py").rename(tmp_path / "three.py")
    assert len({before, after, source_stamp.__wrapped__(tmp_path)}) == 3
