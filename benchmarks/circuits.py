"""Netlists to measure on: outside circuits where they are at hand, and generated ones of any size."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gatesim import Builder, Netlist, Stimulus, map_to, read, strash
from gatesim.netlist import Port

from .harness import skip

DATA = Path(__file__).parents[2] / "shared" / "data"
"""Outside circuits, beside the checkout; a clone does not carry them."""

OUTSIDE = {
    "c6288": "iscas85/c6288.bench",
    "c7552": "iscas85/c7552.bench",
    "multiplier": "epfl/arithmetic/multiplier.aig",
    "sin": "epfl/arithmetic/sin.aig",
    "max": "epfl/arithmetic/max.aig",
    "cavlc": "epfl/random_control/cavlc.aig",
    "arbiter": "epfl/random_control/arbiter.aig",
}
ARITHMETIC = frozenset({"c6288", "multiplier", "sin", "max"})


@dataclass(frozen=True)
class Circuit:
    """A combinational circuit, the AND nodes of its and-inverter graph, and its file for peers that read it."""

    name: str
    path: Path | None
    netlist: Netlist
    n_ands: int

    @property
    def arithmetic(self) -> bool:
        return self.name in ARITHMETIC

    @property
    def plain_gates(self) -> Netlist:
        """The circuit in gates that every tool knows: as it is where it has no others, else ANDs and NOTs."""
        known = re.compile(r"(N?AND|X?N?OR)\d?|NOT|BUF|INPUT")
        return self.netlist if all(map(known.fullmatch, self.netlist.counts())) else map_to(self.netlist, "aig")


def outside(name: str) -> Circuit | None:
    """An ISCAS-85 or EPFL circuit; None, with one line that says so, where the files are absent."""
    path = DATA / OUTSIDE[name]
    if not path.exists():
        skip(name, f"{OUTSIDE[name]} is absent: outside circuits are test data that a clone does not carry")
        return None
    netlist = read(path)
    return Circuit(name, path, netlist, n_ands(netlist))


def generated(width: int) -> Circuit:
    """An array multiplier of any width as an and-inverter graph."""
    netlist = strash(map_to(array_multiplier(width), "aig"))
    return Circuit(netlist.name, None, netlist, n_ands(netlist))


def n_ands(net: Netlist) -> int:
    """AND nodes of the and-inverter graph, structurally hashed (by ABC: the same; c7552 0.3 % fewer)."""
    return strash(map_to(net, "aig")).counts().get("AND", 0)


def flat(net: Netlist) -> Netlist:
    """`net` with one-bit ports ``i0, i1, ... o0, o1, ...`` and inner nets ``n0, n1, ...``: legal in every tool."""
    bits = [("i", "input", k) for p in net.inputs for k in p.nets]
    outs = [("o", "output", k) for p in net.outputs for k in p.nets]
    ports = [Port(f"{stem}{i}", way, (k,)) for group in (bits, outs) for i, (stem, way, k) in enumerate(group)]  # type: ignore[arg-type]
    inputs = {k for _, _, k in bits}
    names = {k: f"n{k}" for k in range(2, net.n_nets) if k not in inputs}
    return Netlist(net.name, net.op, net.fanin_ptr, net.fanin, tuple(ports), names)


def stored_random(net: Netlist, n_patterns: int) -> Stimulus:
    """Random patterns that lie in memory, as every other simulator wants them."""
    return Stimulus(Stimulus.random(net, n_patterns, rng=1).words, n_patterns)


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
