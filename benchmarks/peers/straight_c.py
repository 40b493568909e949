"""gcc -O1 on straight-line C: one 512-bit local variable a net, only the outputs stored."""

from __future__ import annotations

import ctypes
import subprocess
from time import perf_counter

import numpy as np

from gatesim import Netlist

from ..harness import core_seconds, has
from . import Peer, new_folder
from .source import assignments

LANES = 8  # words of a vector

_TEXT = """
typedef unsigned long long V __attribute__((vector_size({bytes}), aligned(8)));
void run(const unsigned long long *in, unsigned long long *out, long words) {{
  const V zero = {{0}};
  for (long w = 0; w < words; w += {lanes}) {{
{body}
  }}
}}
"""


def prepare(net: Netlist, words: np.ndarray, *, optimise: str = "-O1") -> Peer | None:
    """`words`: (input bits, words) uint64, words a multiple of ``LANES``."""
    if not has("gcc"):
        return None
    n_in, n_words = words.shape
    assert n_words % LANES == 0
    started = perf_counter()
    lines, outputs = assignments(net, "zero")
    body = [f"const V i{k} = *(const V *)(in + {k} * words + w);" for k in range(n_in)]
    body += [f"const V {name} = {expression};" for name, expression in lines]
    body += [f"*(V *)(out + {k} * words + w) = {name};" for k, name in enumerate(outputs)]
    folder = new_folder("straight-c")
    (folder / "f.c").write_text(_TEXT.format(bytes=8 * LANES, lanes=LANES, body="\n".join(body)))
    subprocess.run(
        ["gcc", optimise, "-march=native", "-shared", "-fPIC", "-w", "-o", "f.so", "f.c"], cwd=folder, check=True
    )
    function = ctypes.CDLL(str(folder / "f.so")).run
    function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long)
    prepared = perf_counter() - started
    planes = np.ascontiguousarray(words)
    out = np.zeros((len(outputs), n_words), np.uint64)

    def run() -> float:
        return core_seconds(lambda: function(planes.ctypes.data, out.ctypes.data, n_words))

    return Peer(f"gcc {optimise}, straight-line C", prepared, 64 * n_words, run, lambda: out)
