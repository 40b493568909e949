"""Cells that Verilog files instantiate without defining them: gate primitives and library cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .. import gates
from ..gates import gate

PRIMITIVES = {"and": "AND", "nand": "NAND", "or": "OR", "nor": "NOR", "xor": "XOR", "xnor": "XNOR"}
"""Verilog gate primitives with one output and any number of inputs, output first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A combinational library cell: for each output pin the gate and its input pins."""

    outputs: dict[str, tuple[int, tuple[str, ...]]]


def _one(op: str, *pins: str, out: str = "Y") -> Cell:
    return Cell({out: (gate(op).op, pins)})


_YOSYS: dict[str, Cell] = {
    "$_BUF_": _one("BUF", "A"),
    "$_NOT_": _one("NOT", "A"),
    "$_AND_": _one("AND", "A", "B"),
    "$_NAND_": _one("NAND", "A", "B"),
    "$_OR_": _one("OR", "A", "B"),
    "$_NOR_": _one("NOR", "A", "B"),
    "$_XOR_": _one("XOR", "A", "B"),
    "$_XNOR_": _one("XNOR", "A", "B"),
    "$_ANDNOT_": _one("ANDNOT", "A", "B"),
    "$_ORNOT_": _one("ORNOT", "A", "B"),
    "$_MUX_": _one("MUX", "S", "A", "B"),
    "$_AOI3_": _one("AOI21", "A", "B", "C"),
    "$_OAI3_": _one("OAI21", "A", "B", "C"),
    "$_AOI4_": _one("AOI22", "A", "B", "C", "D"),
    "$_OAI4_": _one("OAI22", "A", "B", "C", "D"),
}

_PDKGEN: dict[str, Cell] = {
    "HA": Cell({"YS": (gates.XOR, ("A", "B")), "YC": (gates.AND, ("A", "B"))}),
    "FA": Cell({"YS": (gates.XOR3, ("A", "B", "C")), "YC": (gates.MAJ, ("A", "B", "C"))}),
    "INV": _one("NOT", "A"),
    "BUF": _one("BUF", "A"),
    "MUX2": _one("MUX", "S", "B", "A"),
    "AOI21": _one("AOI21", "A", "B", "C"),
    "OAI21": _one("OAI21", "A", "B", "C"),
    "AOI22": _one("AOI22", "A", "B", "C", "D"),
    "OAI22": _one("OAI22", "A", "B", "C", "D"),
}


def library_cell(name: str) -> Cell | None:
    """The cell called `name` in a library known by function, or None."""
    if name in _YOSYS:
        return _YOSYS[name]
    match = re.fullmatch(r"PDKGEN([A-Z]+\d*)X\d+", name)
    if match:
        stem = match[1]
        if stem in _PDKGEN:
            return _PDKGEN[stem]
        sized = re.fullmatch(r"(AND|NAND|OR|NOR|XOR|XNOR)([234])", stem)
        if sized:
            op = sized[1] if sized[2] == "2" else stem
            return _one(op, *"ABCD"[: int(sized[2])])
    return None


@dataclass(frozen=True, slots=True)
class FlipFlop:
    """A flip-flop cell: pin names, polarities, value after reset and at power-up."""

    clock: str
    rising: bool
    enable: str | None = None
    enable_level: bool = True
    reset: str | None = None
    reset_level: bool = True
    init: int = 0
    enable_guards_reset: bool = False
    d: str = "D"
    q: str = "Q"


def flip_flop(name: str) -> FlipFlop | str | None:
    """A flip-flop cell; a sentence that says why it is refused; or None if it is none."""
    if name in ("gatesim_dff", "gatesim_dff1"):
        return FlipFlop("clk", True, "en", True, "rst", True, int(name[-1] == "1"), d="d", q="q")
    plain = re.fullmatch(r"\$_DFF_([PN])_", name)
    if plain:
        return FlipFlop("C", plain[1] == "P")
    enabled = re.fullmatch(r"\$_DFFE_([PN])([PN])_", name)
    if enabled:
        return FlipFlop("C", enabled[1] == "P", "E", enabled[2] == "P")
    synchronous = re.fullmatch(r"\$_SDFF_([PN])([PN])([01])_", name)
    if synchronous:
        return FlipFlop("C", synchronous[1] == "P", None, True, "R", synchronous[2] == "P", int(synchronous[3]))
    both = re.fullmatch(r"\$_SDFF(C?)E_([PN])([PN])([01])([PN])_", name)
    if both:
        return FlipFlop("C", both[2] == "P", "E", both[5] == "P", "R", both[3] == "P", int(both[4]), both[1] == "C")
    if re.match(r"\$_(DFF|DFFE|ALDFF|DFFSR|ADFF)", name):
        return "it has an asynchronous set or reset; use synchronous ones (Yosys: async2sync; simplemap)"
    if re.match(r"\$_(DLATCH|SR)", name):
        return "it is a latch; a netlist with one implicit clock has flip-flops only"
    return None
