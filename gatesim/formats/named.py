"""Netlists from named cells, as files give them: forward references allowed, every fault reported.

A reader adds cells under the names of the nets that they drive; :meth:`NamedCells.finish` resolves the
names in one go and reports all undriven and doubly driven nets at once, with their lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from .. import gates
from ..errors import ParseError
from ..netlist import Direction, Netlist, Scope
from .cells import place_recipe
from .flat import Flat, resolved
from .numbered import NumberedCells
from .ports import FreshNames, port_bits
from .recipes import recipe

ZERO, ONE = "\0zero", "\1one"
"""Names of the constant nets (no file can contain them)."""


class NamedCells:
    """Cells collected by the name of the net that each drives; a sink of library cells."""

    zero, one = ZERO, ONE

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self._cells = NumberedCells()
        self._id: dict[str, int] = {ZERO: 0, ONE: 1}
        self._scopes: list[Scope] = [Scope("", -1)]
        self._inputs: list[tuple[str, int, int]] = []
        self._outputs: list[tuple[str, int, int]] = []
        self._inner = 0
        self._names: Sequence[str] = ()

    # -- collecting --------------------------------------------------------------------------

    def _number(self, name: str) -> int:
        return self._id.setdefault(name, len(self._id))

    @property
    def scope(self) -> int:
        """The scope that cells are added to."""
        return self._cells.place

    @scope.setter
    def scope(self, scope: int) -> None:
        self._cells.place = scope

    def cell(self, op: int, output: str, inputs: Sequence[str], line: int) -> None:
        """A cell of a gate with exactly these pins."""
        number = self._number
        self._cells.cell(op, number(output), [number(name) for name in inputs], line)

    def declare(self, names: Sequence[str]) -> None:
        """Names of the nets 2, 3, ...: the first thing that is collected, if at all."""
        self._names = ["", "", *names]
        self._id.update(zip(names, range(2, len(names) + 2), strict=True))

    def bulk(self, op: np.ndarray, net: np.ndarray, ptr: np.ndarray, pins: np.ndarray, line: np.ndarray) -> None:
        """Many cells on nets that :meth:`declare` numbered; `ptr` cuts `pins` as in a netlist."""
        inputs = op == gates.INPUT
        named = map(self._names.__getitem__, net[inputs].tolist())
        self._inputs += zip(named, net[inputs].tolist(), line[inputs].tolist(), strict=True)
        cells = ~inputs  # an input has no pins
        self._cells.bulk(op[cells], net[cells], np.diff(ptr)[cells], pins, line[cells])

    def alias(self, output: str, driver: str, line: int) -> None:
        """The net `output` is the net `driver` under another name: no gate."""
        self._cells.alias(self._number(output), self._number(driver), line)

    def inner(self) -> str:
        """A fresh name for a net that the file does not name."""
        self._inner += 1
        return f"\2{self._inner}"

    def wide(self, kind: str, output: str, inputs: Sequence[str], line: int) -> None:
        """AND, OR, XOR or an inverted form of any number of pins, as a tree of gates of up to four."""
        base = {"NAND": "AND", "NOR": "OR", "XNOR": "XOR"}.get(kind, kind)
        level = list(inputs)
        while len(level) > 4:
            joined = []
            for i in range(0, len(level), 4):
                part = level[i : i + 4]
                if len(part) == 1:
                    joined += part
                    continue
                name = self.inner()
                self.cell(_sized(base, len(part)), name, part, line)
                joined.append(name)
            level = joined
        if len(level) == 1:
            self.cell(gates.BUF if kind == base else gates.NOT, output, level, line)
        else:
            self.cell(_sized(kind, len(level)), output, level, line)

    def function(self, table: int, output: str, inputs: Sequence[str], line: int) -> None:
        """Any function of the inputs, by truth table: a gate where there is one, else a few of them."""
        place_recipe(self, recipe(table, len(inputs)), output, inputs, line)

    def flip_flop(self, output: str, d: str, line: int, *, enable: str = ONE, reset: str = ZERO, init: int = 0) -> None:
        """A D flip-flop."""
        self.cell(gates.DFF1 if init else gates.DFF, output, (d, enable, reset), line)

    def input_bit(self, name: str, line: int) -> None:
        """A bit of an input port, driving the net of the same name."""
        self._inputs.append((name, self._number(name), line))

    def output_bit(self, name: str, net: str, line: int) -> None:
        """A bit of an output port that shows a net."""
        self._outputs.append((name, self._number(net), line))

    def open_scope(self, name: str, kind: str) -> int:
        """Enter a scope below the present one; returns the one to go back to."""
        outer = self.scope
        self._scopes.append(Scope(name, outer, kind))
        self.scope = len(self._scopes) - 1
        return outer

    def __len__(self) -> int:
        """Number of cells so far."""
        return len(self._cells)

    def aliases(self) -> dict[str, str]:
        """Nets that are other nets under another name, and those."""
        names = list(self._id)
        return {names[a]: names[b] for a, b in self._cells.aliases().items()}

    # -- resolving ---------------------------------------------------------------------------

    def finish(self, *, ports: Sequence[tuple[str, Direction, int]] | None = None) -> Netlist:
        """The netlist.

        Parameters
        ----------
        ports : sequence of (name, direction, width), optional
            Ports that are known already, in order; their bits were added in this order, LSB first. When
            left out, consecutive one-bit ports ``name[0], name[1], ...`` are joined into a bus.

        Raises
        ------
        ParseError
            Lists every undriven and doubly driven net, with lines.
        """
        self._check_outputs()
        names = list(self._id)
        flat = Flat(
            self.name, self.source, len(names), self._cells.arrays(), self._inputs, self._outputs,
            tuple(self._scopes), self._cells.places.astype(np.int32), ports,
        )  # fmt: skip

        def given(nets: np.ndarray) -> list[str | None]:
            return [name if name[0] > "\2" else None for name in map(names.__getitem__, nets.tolist())]

        return resolved(flat, lambda net: _plain(names[net]), given)

    def _check_outputs(self) -> None:
        first: dict[str, int] = {}
        for name, _, line in self._outputs:
            if name in first:
                message = f"output {_plain(name)!r} is declared twice: on line {first[name]} and on line {line}"
                raise ParseError(message, source=self.source, line=line)
            first[name] = line


def _sized(kind: str, pins: int) -> int:
    return gates.gate(kind if pins == 2 else f"{kind}{pins}").op


def _plain(name: str) -> str:
    return {ZERO: "constant 0", ONE: "constant 1"}.get(name, name.lstrip("\2"))


def bit_names(net: Netlist, legal: re.Pattern[str], reserved: frozenset[str] = frozenset()) -> list[str]:
    """A unique legal name for every net: the port's, else the user's, where possible.

    The names of all port bits are kept for them: no inner net takes one.
    """
    fresh = FreshNames(("", *reserved))
    result = [""] * net.n_nets

    def give(k: int, name: str) -> None:
        if not legal.fullmatch(name):
            name = re.sub(r"\W", "_", name)
            name = name if name[:1].isalpha() or name[:1] == "_" else f"n_{name}"
        result[k] = fresh(name)

    for name, k in port_bits(net, "input"):
        give(k, name)
    shown = port_bits(net, "output")
    for name, k in shown:
        if not result[k] and k > 1:
            give(k, name)
    fresh = FreshNames(("", *reserved, *result, *(name for name, _ in shown)))
    for k in range(net.n_nets):
        if not result[k]:
            give(k, net.net_name(k))
    return result
