"""A combinational netlist as one expression a cell, in the operators that C, Verilog and Python share."""

from __future__ import annotations

import numpy as np

from gatesim import Netlist, gates
from gatesim.analysis import levels


def _patterns() -> dict[int, str]:
    """Expression of each gate over its pins ``{0}``, ``{1}``, ..."""
    made = {gates.CONST0: "ZERO", gates.CONST1: "~ZERO", gates.BUF: "{0}", gates.NOT: "~{0}"}
    made |= {gates.gate("ANDNOT").op: "{0} & ~{1}", gates.gate("NOTAND").op: "~{0} & {1}"}
    for name, sign in (("AND", "&"), ("OR", "|"), ("XOR", "^")):
        for pins in (2, 3, 4):
            joined = f" {sign} ".join(f"{{{k}}}" for k in range(pins))
            suffix = "" if pins == 2 else str(pins)
            made[gates.gate(f"{name}{suffix}").op] = joined
            made[gates.gate({"AND": "NAND", "OR": "NOR", "XOR": "XNOR"}[name] + suffix).op] = f"~({joined})"
    return made


def assignments(net: Netlist, zero: str) -> tuple[list[tuple[str, str]], list[str]]:
    """(name, expression) of every cell that is no input, fanin first; and the name of every output bit.

    Input bits are called ``i0, i1, ...`` in port order.
    """
    inputs = {k: f"i{n}" for n, k in enumerate(k for p in net.inputs for k in p.nets)}
    name = [inputs.get(k, f"n{k}") for k in range(net.n_nets)]
    patterns, fanin, ptr = _patterns(), net.fanin.tolist(), net.fanin_ptr.tolist()
    owner = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
    sorted_already = bool((net.fanin < owner).all())  # then keep the author's order: it is the more local one
    order = range(net.n_nets) if sorted_already else np.argsort(levels(net), kind="stable").tolist()
    lines = []
    for k in order:
        if k not in inputs:
            pins = [name[i] for i in fanin[ptr[k] : ptr[k + 1]]]
            lines.append((name[k], patterns[int(net.op[k])].format(*pins).replace("ZERO", zero)))
    return lines, [name[k] for p in net.outputs for k in p.nets]
