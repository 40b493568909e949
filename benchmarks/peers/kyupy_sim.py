"""KyuPy's two-valued LogicSim, in batches that it likes best, on one core."""

from __future__ import annotations

import re
from time import perf_counter

import numpy as np

from gatesim import Netlist
from gatesim.formats import bench

from ..circuits import flat
from ..harness import core_seconds, has_package
from . import Peer

BATCH_WORDS = 1024
"""64 K patterns a call: a net is then 8 KiB, and c6288 with re-used storage stays in cache."""


def _with_output_buffers(text: str) -> str:
    """KyuPy misreads an output that is also read inside: every output becomes a buffer of its own."""
    lines = text.splitlines()
    outputs = [line[len("OUTPUT(") : -1] for line in lines if line.startswith("OUTPUT(")]
    inner = [
        line if line.startswith(("#", "INPUT", "OUTPUT")) else re.sub(r"\bo(\d+)\b", r"m\1", line) for line in lines
    ]
    return "\n".join([*inner, *(f"{name} = BUF(m{name[1:]})" for name in outputs)]) + "\n"


def prepare(net: Netlist, words: np.ndarray) -> Peer | None:
    """`words`: (input bits, words) uint64."""
    if not has_package("kyupy"):
        return None
    started = perf_counter()
    from kyupy import bench as kyupy_bench
    from kyupy.logic_sim import LogicSim

    batch = min(BATCH_WORDS, words.shape[1])
    circuit = kyupy_bench.parse(_with_output_buffers(bench.dump(flat(net))))
    sim = LogicSim(circuit, sims=64 * batch, m=2, c_reuse=True)
    sim.c_prop()  # compiles
    prepared = perf_counter() - started
    n_in = words.shape[0]
    assert len(circuit.io_nodes) == n_in + sum(p.width for p in net.outputs)
    octets = np.ascontiguousarray(words).view(np.uint8)
    out = np.zeros((len(circuit.io_nodes) - n_in, words.shape[1]), np.uint64)
    shown = out.view(np.uint8)

    def every_batch() -> None:
        step = 8 * batch
        for low in range(0, octets.shape[1], step):
            sim.s[0, :n_in, 0] = octets[:, low : low + step]
            sim.s_to_c()
            sim.c_prop()
            sim.c_to_s()
            shown[:, low : low + step] = sim.s[1, n_in : n_in + len(out), 0]

    return Peer("KyuPy LogicSim", prepared, 64 * words.shape[1], lambda: core_seconds(every_batch), lambda: out)
