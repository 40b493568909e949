"""Netlists to measure on: outside circuits where they are at hand, and generated ones of any size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatesim import Builder, Netlist, gates
from gatesim.netlist import Port

from .harness import skip

DATA = Path(__file__).parents[2] / "shared" / "data"
"""Outside circuits, beside the checkout; a clone does not carry them."""

OUTSIDE = {
    "c6288": "iscas85/c6288.aig",
    "c7552": "iscas85/c7552.aig",
    "multiplier": "epfl/arithmetic/multiplier.aig",
    "sin": "epfl/arithmetic/sin.aig",
    "max": "epfl/arithmetic/max.aig",
    "cavlc": "epfl/random_control/cavlc.aig",
    "arbiter": "epfl/random_control/arbiter.aig",
}
ARITHMETIC = frozenset({"c6288", "multiplier", "sin", "max"})


@dataclass(frozen=True)
class Circuit:
    """A combinational circuit given as an and-inverter graph, with its file for peers that read it."""

    name: str
    path: Path | None
    netlist: Netlist
    n_ands: int

    @property
    def arithmetic(self) -> bool:
        return self.name in ARITHMETIC


def outside(name: str) -> Circuit | None:
    """An ISCAS-85 or EPFL circuit; None, with one line that says so, where the files are absent."""
    path = DATA / OUTSIDE[name]
    if not path.exists():
        skip(name, f"{OUTSIDE[name]} is absent: outside circuits are test data that a clone does not carry")
        return None
    netlist = _read_aiger(path)
    return Circuit(name, path, netlist, int(np.sum(netlist.op == gates.gate("AND").op)))


def _read_aiger(path: Path) -> Netlist:
    data = path.read_bytes()
    header, _, rest = data.partition(b"\n")
    _, _, n_in, n_latch, n_out, n_and = (int(x) if x.isdigit() else 0 for x in header.split()[:6])
    assert n_latch == 0
    b = Builder(path.stem)
    lits = {0: b.zero, 1: b.one}
    for i in range(n_in):
        lits[2 * i + 2] = b.input(f"i{i}")
    outs = []
    for _ in range(n_out):
        line, _, rest = rest.partition(b"\n")
        outs.append(int(line))

    def bit(lit):
        if lit not in lits:
            lits[lit] = ~lits[lit ^ 1]
        return lits[lit]

    at = 0

    def delta():
        nonlocal at
        x = shift = 0
        while True:
            byte = rest[at]
            at += 1
            x |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return x

    for k in range(n_and):
        lhs = 2 * (n_in + k + 1)
        a = lhs - delta()
        c = a - delta()
        lits[lhs] = bit(a) & bit(c)
    for i, lit in enumerate(outs):
        b.output(f"o{i}", bit(lit))
    return b.freeze()


def flat(net: Netlist) -> Netlist:
    """`net` with one-bit ports ``i0, i1, ... o0, o1, ...`` and inner nets ``n0, n1, ...``: legal in every tool.

    No inner net bears the name of an output, so that outputs are written as buffers of their own: KyuPy
    misreads an output that is also read inside.
    """
    bits = [("i", "input", k) for p in net.inputs for k in p.nets]
    outs = [("o", "output", k) for p in net.outputs for k in p.nets]
    ports = [Port(f"{stem}{i}", way, (k,)) for group in (bits, outs) for i, (stem, way, k) in enumerate(group)]  # type: ignore[arg-type]
    inputs = {k for _, _, k in bits}
    names = {k: f"n{k}" for k in range(2, net.n_nets) if k not in inputs}
    return Netlist(net.name, net.op, net.fanin_ptr, net.fanin, tuple(ports), names)


def array_multiplier(width: int) -> Netlist:
    """`width` x `width` unsigned array multiplier from two-input gates: about 6 x width^2 cells."""
    b = Builder(f"multiplier {width}x{width}")
    x, y = b.input_bus("x", width), b.input_bus("y", width)
    row = [bit & y[0] for bit in x] + [b.zero]
    low = [row[0]]
    for j in range(1, width):
        carry, above, row = b.zero, row[1:], []
        for i in range(width):
            term = x[i] & y[j]
            half = above[i] ^ term
            row.append(half ^ carry)
            carry = (above[i] & term) | (half & carry)
        row.append(carry)
        low.append(row[0])
    b.output("product", [*low, *row[1:]])
    return b.freeze()
