"""Structural Verilog-2005, read and written.

Read: modules with hierarchy (flattened, with scopes), vectors, part-selects, concatenation,
replication, ``assign`` with bitwise, logical, reduction and conditional operators, gate primitives, named
and positional connections, escaped names, Yosys' ``$_NAND_`` family and its synchronous flip-flops, and
PDKGEN cells. The single clock is implicit: its port is dropped when only flip-flops read it.
Behavioural code is refused with the line.

Written: gate primitives, an ``assign`` for the gates that Verilog has no primitive for, and
``gatesim_dff`` instances for flip-flops, whose definitions follow.
"""

from __future__ import annotations

import re

from .. import gates
from ..gates import GATES, IS_LOGIC
from ..netlist import Netlist
from .cells import Library
from .limits import check_gates_and_registers
from .named import bit_names
from .ports import FreshNames
from .verilog_elaborate import PRIMITIVES, Elaborator
from .verilog_syntax import OWN_CELLS, Parser

SUFFIXES = (".v", ".verilog")


def parse(text: str, source: str = "<text>", library: Library | None = None, top: str | None = None) -> Netlist:
    """The netlist of the top module of a Verilog text.

    Parameters
    ----------
    text, source : str
    library : Library, optional
        Cells beside those known by name.
    top : str, optional
        The top module; by default the one that no other instantiates (of several, the longest).

    Raises
    ------
    ParseError
        With line and column: a fault of syntax, an unknown module, pin or port, a width mismatch,
        behavioural code; or all undriven and doubly driven nets.
    """
    return Elaborator(Parser(text, source).modules(), source, library or Library()).run(top)


# -- writing ---------------------------------------------------------------------------------

_LEGAL = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_KEYWORDS = frozenset(
    """always and assign begin buf case casex casez default defparam disable edge else end endcase endfunction
    endmodule for force forever fork function if initial inout input integer join localparam module nand negedge nor
    not or output parameter posedge real reg repeat signed supply0 supply1 table task time tri wait wand while wire
    wor xnor xor""".split()  # noqa: SIM905
)

DFF_MODULES = """
module gatesim_dff(output reg q = 1'b0, input d, input en, input rst, input clk);
  always @(posedge clk) if (rst) q <= 1'b0; else if (en) q <= d;
endmodule

module gatesim_dff1(output reg q = 1'b1, input d, input en, input rst, input clk);
  always @(posedge clk) if (rst) q <= 1'b1; else if (en) q <= d;
endmodule
"""


def dump(net: Netlist) -> str:
    """`net` as Verilog text that other tools read too.

    Raises
    ------
    UnsupportedError
        The netlist has memories.
    """
    check_gates_and_registers(net, "structural Verilog")
    clocked = len(net.registers) > 0
    module_name = FreshNames(OWN_CELLS)(net.name)
    port_names = {p.name for p in net.ports}
    clock = FreshNames(port_names)("clk")
    reserved = frozenset({*_KEYWORDS, *port_names, clock})
    name = bit_names(net, _LEGAL, reserved)
    fresh = FreshNames((*reserved, *name))
    for p in net.inputs:
        for i, k in enumerate(p.nets):
            name[k] = _identifier(p.name) if p.width == 1 else f"{_identifier(p.name)}[{i}]"
    name[0], name[1] = "1'b0", "1'b1"
    ports = [*([f"input {clock}"] if clocked else []), *(_declared(p.direction, p.name, p.width) for p in net.ports)]
    cells = [i for i in range(2, net.n_nets) if net.op[i] != gates.INPUT]
    lines = [f"module {_identifier(module_name)}({', '.join(ports)});"]
    lines += [f"  wire {name[i]};" for i in cells]
    for i in cells:
        op = int(net.op[i])
        pins = [name[int(k)] for k in net.fanin_of(i)]
        primitive = GATES[op].name.rstrip("0123456789").lower()
        if primitive in PRIMITIVES or primitive in ("not", "buf"):
            lines.append(f"  {primitive} {fresh(f'g{i}')}({', '.join((name[i], *pins))});")
        elif IS_LOGIC[op]:
            lines.append(f"  assign {name[i]} = {_expression(GATES[op].name, pins)};")
        else:
            module = "gatesim_dff1" if op == gates.DFF1 else "gatesim_dff"
            d, en, rst = pins
            lines.append(f"  {module} {fresh(f'r{i}')}(.q({name[i]}), .d({d}), .en({en}), .rst({rst}), .clk({clock}));")
    for p in net.outputs:
        for i, k in enumerate(p.nets):
            target = _identifier(p.name) if p.width == 1 else f"{_identifier(p.name)}[{i}]"
            lines.append(f"  assign {target} = {name[k]};")
    lines.append("endmodule")
    return "\n".join(lines) + "\n" + (DFF_MODULES if clocked else "")


def _identifier(name: str) -> str:
    if _LEGAL.fullmatch(name) and name not in _KEYWORDS:
        return name
    escaped = re.sub(r"\s", "_", name)
    return f"\\{escaped} "


def _declared(direction: str, name: str, width: int) -> str:
    return f"{direction} {_identifier(name)}" if width == 1 else f"{direction} [{width - 1}:0] {_identifier(name)}"


def _expression(kind: str, pins: list[str]) -> str:
    """A gate that Verilog has no primitive for."""
    base = kind.rstrip("0123456789")
    if base in ("AOI", "OAI"):
        inner, outer = (" & ", " | ") if base == "AOI" else (" | ", " & ")
        groups, at = [], 0
        for size in map(int, kind[3:]):
            part = inner.join(pins[at : at + size])
            groups.append(f"({part})" if size > 1 else part)
            at += size
        return f"~({outer.join(groups)})"
    a, b, c = [*pins, "", ""][:3]
    return {
        "ANDNOT": f"{a} & ~{b}",
        "NOTAND": f"~{a} & {b}",
        "ORNOT": f"{a} | ~{b}",
        "NOTOR": f"~{a} | {b}",
        "MUX": f"{a} ? {c} : {b}",
        "MAJ": f"({a} & {b}) | ({a} & {c}) | ({b} & {c})",
    }[base]
