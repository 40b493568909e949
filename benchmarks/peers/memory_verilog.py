"""Memories for simulators of Verilog: the netlist without them, and a module around it that has them as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from gatesim import Netlist
from gatesim.gates import INPUT, READ
from gatesim.netlist import Port


def without_memories(net: Netlist) -> Netlist:
    """`net` with the ports of its memories as ports of its own; words wrap where an address is past the depth."""
    op = net.op.copy()
    read = op == READ
    op[read] = INPUT
    counts = np.diff(net.fanin_ptr)
    fanin = net.fanin[~np.repeat(read, counts)]
    ptr = np.concatenate(([0], np.cumsum(np.where(read, 0, counts))))
    ports = (*net.ports, *(port for port, _ in _memory_ports(net)))
    return replace(net, op=op, fanin_ptr=ptr, fanin=fanin, ports=ports, memories=(), names={})


def _memory_ports(net: Netlist) -> Iterator[tuple[Port, str]]:
    """Ports that take a memory's place, and what they are called in the module around."""
    for i, m in enumerate(net.memories):
        for j, r in enumerate(m.reads):
            yield Port(f"m{i}_r{j}_a", "output", r.address), f"mem{i}"
            yield Port(f"m{i}_r{j}_d", "input", r.data), f"mem{i}"
        for j, w in enumerate(m.writes):
            yield Port(f"m{i}_w{j}_a", "output", w.address), f"mem{i}"
            yield Port(f"m{i}_w{j}_d", "output", w.data), f"mem{i}"
            yield Port(f"m{i}_w{j}_e", "output", (w.enable,)), f"mem{i}"


def around(net: Netlist, folder: Path) -> str:
    """A module ``dut`` with the memories of `net` around a module ``core``; their words go into files."""
    named = [(p, p.name) for p in net.ports]
    inner = [(p, p.name) for p, _ in _memory_ports(net)]
    declared = ", ".join(["input clk", *(f"{p.direction} {_range(p.width)}{name}" for p, name in named)])
    lines = [f"module dut({declared});"]
    lines += [f"  wire {_range(p.width)}{name};" for p, name in inner]
    for i, m in enumerate(net.memories):
        lines.append(f"  reg {_range(m.width)}mem{i} [0:{m.depth - 1}];")
        (folder / f"mem{i}.hex").write_text("\n".join(f"{int(word):x}" for word in m.contents), encoding="utf-8")
        lines.append(f'  initial $readmemh("mem{i}.hex", mem{i});')
        lines += [f"  assign m{i}_r{j}_d = mem{i}[m{i}_r{j}_a];" for j in range(len(m.reads))]
        lines += [
            f"  always @(posedge clk) if (m{i}_w{j}_e) mem{i}[m{i}_w{j}_a] <= m{i}_w{j}_d;"
            for j in range(len(m.writes))
        ]
    connections = ", ".join([".clk(clk)", *(f".{name}({name})" for _, name in (*named, *inner))])
    return "\n".join([*lines, f"  core core({connections});", "endmodule", ""])


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""
