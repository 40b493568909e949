"""A netlist as ANDs and literals, for both encodings of AIGER."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .. import gates
from ..analysis import levels
from ..gates import IS_LOGIC
from ..kernels import aiger as kernels
from ..netlist import Netlist, Port
from .and_steps import step_tables
from .limits import check_gates_and_registers
from .ports import FreshNames

_PREFIXES = ("bad:", "constraint:", "justice:", "fairness:")


@dataclass(slots=True)
class Ands:
    """What an AIGER file says of a netlist, in literals."""

    inputs: list[str]
    latches: list[tuple[int, int, str]]
    """Next literal, power-up value, name."""
    outputs: list[tuple[int, str]]
    properties: dict[str, list[tuple[list[int], str]]]
    ands: np.ndarray
    """(m, 2) int64, larger literal first."""

    @property
    def n_inputs(self) -> int:
        """Number of input bits."""
        return len(self.inputs)

    @property
    def first_and(self) -> int:
        """Variable of the first AND."""
        return 1 + len(self.inputs) + len(self.latches)

    def header(self, magic: str) -> str:
        """The first line."""
        n = len(self.ands)
        counts = [self.first_and - 1 + n, len(self.inputs), len(self.latches), len(self.outputs), n]
        counts += [len(self.properties[k]) for k in _PREFIXES]
        while len(counts) > 5 and not counts[-1]:
            counts.pop()
        return f"{magic} {' '.join(map(str, counts))}\n"

    def latch_rows(self, binary: bool) -> Iterator[str]:
        """Next literal, and the power-up value where it is not 0."""
        for after, init, _ in self.latches:
            yield f"{after} 1" if init else str(after)

    def output_rows(self) -> list[str]:
        """Outputs, then properties, in the order of the format."""
        rows = [str(literal) for literal, _ in self.outputs]
        for kind in _PREFIXES:
            if kind == "justice:":
                rows += [str(len(literals)) for literals, _ in self.properties[kind]]
            rows += [str(literal) for literals, _ in self.properties[kind] for literal in literals]
        return rows


def _order(net: Netlist) -> np.ndarray:
    """The logic cells, drivers first: as they stand where that is such an order."""
    logic = IS_LOGIC[net.op]
    cells = np.flatnonzero(logic).astype(np.int32)
    reader = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
    if (logic[reader] & logic[net.fanin] & (net.fanin >= reader)).any():
        order = levels(net).order
        return order[logic[order]]
    return cells


def ands_of(net: Netlist) -> Ands:
    """`net` as ANDs: each cell by the fewest that its gate needs, in the netlist's order.

    Enables and resets of flip-flops become gates before D.
    """
    check_gates_and_registers(net, "AIGER")
    literal = np.zeros(net.n_nets, np.int64)
    literal[1] = 1
    sources = [k for p in net.inputs for k in p.nets] + net.registers.tolist()
    literal[sources] = 2 * np.arange(1, len(sources) + 1)
    step_ptr, steps, result = step_tables()
    ands = kernels.ands_of_cells(
        _order(net), net.op, net.fanin_ptr, net.fanin, step_ptr, steps, result, literal, len(sources) + 1
    )
    more = _More(len(sources) + 1 + len(ands))
    latches = []
    for cell in net.registers.tolist():
        d, enable, reset = (int(literal[k]) for k in net.fanin_of(cell))
        init = int(net.op[cell] == gates.DFF1)
        own = int(literal[cell])
        if enable != 1:
            d = more.land(more.land(enable, d) ^ 1, more.land(enable ^ 1, own) ^ 1) ^ 1
        if reset != 0:
            d = more.land(d ^ 1, reset ^ 1) ^ 1 if init else more.land(d, reset ^ 1)
        latches.append((d, init, net.names.get(cell, "")))
    inputs = [name for p in net.inputs for name in _bit_names(p)]
    fresh = FreshNames(inputs)
    outputs: list[tuple[int, str]] = []
    properties: dict[str, list[tuple[list[int], str]]] = {k: [] for k in _PREFIXES}
    for p in net.outputs:
        literals = [int(literal[k]) for k in p.nets]
        prefix = next((k for k in _PREFIXES if p.name.startswith(k)), None)
        if prefix and (p.width == 1 or prefix == "justice:"):
            properties[prefix].append((literals, p.name.removeprefix(prefix)))
        else:
            outputs += zip(literals, map(fresh, _bit_names(p)), strict=True)
    rows = np.array(more.rows, np.int64).reshape(-1, 2)
    return Ands(inputs, latches, outputs, properties, np.concatenate([ands, rows]))


class _More:
    """ANDs added after those of the cells."""

    def __init__(self, first: int) -> None:
        self.first, self.rows = first, []

    def land(self, a: int, b: int) -> int:
        """The literal of ``a and b``."""
        if min(a, b) < 2:
            return max(a, b) if min(a, b) else 0
        self.rows.append((max(a, b), min(a, b)))
        return 2 * (self.first + len(self.rows) - 1)


def _bit_names(port: Port) -> list[str]:
    return [port.name] if port.width == 1 else [f"{port.name}[{i}]" for i in range(port.width)]


def encoded_symbols(parts: Ands) -> str:
    """The symbol table."""
    rows = [f"i{k} {name}" for k, name in enumerate(parts.inputs)]
    rows += [f"l{k} {name}" for k, (_, _, name) in enumerate(parts.latches) if name]
    rows += [f"o{k} {name}" for k, (_, name) in enumerate(parts.outputs)]
    for kind in _PREFIXES:
        rows += [f"{kind[0]}{k} {name}" for k, (_, name) in enumerate(parts.properties[kind])]
    return "".join(" ".join(row.splitlines()) + "\n" for row in rows)
