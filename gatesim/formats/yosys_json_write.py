"""Yosys' JSON written."""

from __future__ import annotations

import json
from typing import Any

from .. import gates
from ..gates import GATES, gate
from ..memory import Memory
from ..netlist import Netlist
from .limits import check_cells
from .ports import FreshNames

_NAMES = {
    "BUF": ("$_BUF_", "A"), "NOT": ("$_NOT_", "A"), "AND": ("$_AND_", "AB"), "NAND": ("$_NAND_", "AB"),
    "OR": ("$_OR_", "AB"), "NOR": ("$_NOR_", "AB"), "XOR": ("$_XOR_", "AB"), "XNOR": ("$_XNOR_", "AB"),
    "ANDNOT": ("$_ANDNOT_", "AB"), "ORNOT": ("$_ORNOT_", "AB"), "MUX": ("$_MUX_", "SAB"),
    "AOI21": ("$_AOI3_", "ABC"), "OAI21": ("$_OAI3_", "ABC"), "AOI22": ("$_AOI4_", "ABCD"),
    "OAI22": ("$_OAI4_", "ABCD"),
}  # fmt: skip
_TYPES = {gate(name).op: value for name, value in _NAMES.items()}


def dump(net: Netlist) -> str:
    """`net` as JSON text that Yosys' ``read_json`` reads; one cell a line.

    Raises
    ------
    UnsupportedError
        The netlist has tri-state cells.
    """
    check_cells(net, "Yosys JSON without tri-states", memories=True)
    return _Writer(net).text()


def _binary(value: int, width: int = 32) -> str:
    return f"{value:0{width}b}"


class _Writer:
    """One netlist being written; net ``k`` of it is bit ``k`` of the file (from 2), the constants "0" and "1"."""

    def __init__(self, net: Netlist) -> None:
        self.net = net
        self.bit: list[Any] = ["0", "1", *range(2, net.n_nets)]
        self.fresh = FreshNames(p.name for p in net.ports)
        clocked = len(net.registers) or any(m.writes for m in net.memories)
        self.clock = self.fresh("clk") if clocked else None
        self.clock_bit = net.n_nets

    def text(self) -> str:
        net = self.net
        ports = {}
        if self.clock:
            ports[self.clock] = {"direction": "input", "bits": [self.clock_bit]}
        for p in net.ports:
            ports[p.name] = {"direction": p.direction, "bits": [self.bit[k] for k in p.nets]}
        cells = {name: cell for name, cell in (self._cell(i) for i in range(2, net.n_nets)) if cell is not None}
        netnames = self._netnames()
        names = FreshNames((*cells, *netnames, *ports))  # Yosys wants no cell and wire of one name
        for m in net.memories:
            cells[names(m.name)] = self._memory(m)
        module = (
            f'      "attributes": {{"top": "{_binary(1)}"}},\n'
            f'      "ports": {_object(ports)},\n      "cells": {_object(cells)},\n'
            f'      "netnames": {_object(netnames)}\n'
        )
        name = json.dumps(net.name or "top")
        return f'{{\n  "creator": "gatesim",\n  "modules": {{\n    {name}: {{\n{module}    }}\n  }}\n}}\n'

    def _cell(self, i: int) -> tuple[str, dict[str, Any] | None]:
        op = int(self.net.op[i])
        g = GATES[op]
        pins = [self.bit[int(k)] for k in self.net.fanin_of(i)]
        if g.kind == "register":
            return f"$r{i}", self._flip_flop(i, pins)
        if g.kind != "logic":
            return "", None
        if op in _TYPES:
            kind, letters = _TYPES[op]
            return f"$g{i}", _made(kind, dict(zip(letters, ([p] for p in pins), strict=True)), {"Y": [self.bit[i]]})
        parameters = {"LUT": _binary(g.table, 1 << g.arity), "WIDTH": _binary(g.arity)}
        return f"$g{i}", _made("$lut", {"A": pins}, {"Y": [self.bit[i]]}, parameters)

    def _flip_flop(self, i: int, pins: list[Any]) -> dict[str, Any]:
        d, enable, reset = pins
        value = int(self.net.op[i] == gates.DFF1)
        inputs = {"C": [self.clock_bit], "D": [d]}
        kind = "$_"
        if reset != "0":
            kind += "S"
            inputs["R"] = [reset]
        kind += "DFF"
        if enable != "1":
            kind += "E"
            inputs["E"] = [enable]
        kind += "_P" + (f"P{value}" if reset != "0" else "") + ("P" if enable != "1" else "") + "_"
        return _made(kind, inputs, {"Q": [self.bit[i]]})

    def _netnames(self) -> dict[str, Any]:
        net = self.net
        listed: dict[str, Any] = {}
        named: set[int] = set()
        fresh = FreshNames((*net.names.values(), *(p.name for p in net.ports)))
        if self.clock:
            listed[fresh(self.clock)] = {"bits": [self.clock_bit], "attributes": {}}
        init = {int(k): str(int(net.op[k] == gates.DFF1)) for k in net.registers}
        for k, name in sorted(net.names.items()):
            listed[name if name not in listed else fresh(name)] = self._netname([k], init, 0)
            named.add(k)
        for k in init:
            if k not in named:
                listed[fresh(f"$q{k}")] = self._netname([k], init, 1)
        return listed

    def _netname(self, nets: list[int], init: dict[int, str], hidden: int) -> dict[str, Any]:
        attributes = {"init": init[nets[0]]} if nets[0] in init else {}
        return {"hide_name": hidden, "bits": [self.bit[k] for k in nets], "attributes": attributes}

    def _memory(self, m: Memory) -> dict[str, Any]:
        bits = max([1, *(len(p.address) for p in (*m.reads, *m.writes))])
        n_reads, n_writes = len(m.reads), len(m.writes)

        def address(nets: tuple[int, ...]) -> list[Any]:
            return [self.bit[k] for k in nets] + ["0"] * (bits - len(nets))

        zeros = lambda n: "0" * max(1, n)  # noqa: E731
        # Bit i * n + j: port i goes before port j; here the later port does.
        priority = "".join("1" if j < i else "0" for i in range(n_writes) for j in range(n_writes))[::-1] or "0"
        parameters = {
            "ABITS": _binary(bits), "MEMID": f"\\{m.name}", "OFFSET": _binary(0), "SIZE": _binary(m.depth),
            "WIDTH": _binary(m.width), "INIT": "".join(_binary(int(w), m.width) for w in m.contents[::-1]),
            "RD_PORTS": _binary(n_reads), "WR_PORTS": _binary(n_writes),
            "RD_CLK_ENABLE": zeros(n_reads), "RD_CLK_POLARITY": zeros(n_reads),
            "RD_CE_OVER_SRST": zeros(n_reads), "RD_WIDE_CONTINUATION": zeros(n_reads),
            "RD_TRANSPARENCY_MASK": zeros(n_reads * n_writes), "RD_COLLISION_X_MASK": zeros(n_reads * n_writes),
            "RD_ARST_VALUE": "x" * max(1, n_reads * m.width), "RD_SRST_VALUE": "x" * max(1, n_reads * m.width),
            "RD_INIT_VALUE": "x" * max(1, n_reads * m.width),
            "WR_CLK_ENABLE": "1" * n_writes or "0", "WR_CLK_POLARITY": "1" * n_writes or "0",
            "WR_PRIORITY_MASK": priority, "WR_WIDE_CONTINUATION": zeros(n_writes),
        }  # fmt: skip
        flatten = lambda parts: [b for part in parts for b in part]  # noqa: E731
        inputs = {
            "RD_CLK": ["0"] * n_reads, "RD_EN": ["1"] * n_reads, "RD_ARST": ["0"] * n_reads,
            "RD_SRST": ["0"] * n_reads, "RD_ADDR": flatten(address(r.address) for r in m.reads),
            "WR_CLK": [self.clock_bit] * n_writes, "WR_EN": flatten([self.bit[w.enable]] * m.width for w in m.writes),
            "WR_ADDR": flatten(address(w.address) for w in m.writes),
            "WR_DATA": flatten([self.bit[k] for k in w.data] for w in m.writes),
        }  # fmt: skip
        outputs = {"RD_DATA": flatten([self.bit[k] for k in r.data] for r in m.reads)}
        return _made("$mem_v2", inputs, outputs, parameters)


def _made(
    kind: str, inputs: dict[str, list[Any]], outputs: dict[str, list[Any]], parameters: dict[str, str] | None = None
) -> dict[str, Any]:
    return {
        "hide_name": 1,
        "type": kind,
        "parameters": parameters or {},
        "attributes": {},
        "port_directions": {**dict.fromkeys(inputs, "input"), **dict.fromkeys(outputs, "output")},
        "connections": {**inputs, **outputs},
    }


def _object(entries: dict[str, Any]) -> str:
    """An object with one entry a line."""
    if not entries:
        return "{}"
    rows = ",\n".join(f"        {json.dumps(key)}: {json.dumps(value)}" for key, value in entries.items())
    return f"{{\n{rows}\n      }}"
