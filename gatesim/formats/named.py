"""Netlists from named cells, as files give them: forward references allowed, every fault reported.

A reader adds cells under the names of the nets that they drive; :meth:`NamedCells.finish` resolves the
names in one go and reports all undriven and doubly driven nets at once, with their lines.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

import numpy as np

from .. import gates
from ..errors import ParseError
from ..gates import gates_by_table
from ..netlist import Netlist, Port, Scope

ZERO, ONE = "\0zero", "\1one"
"""Names of the constant nets (no file can contain them)."""

_ALIAS = -1
MAX_SHOWN = 20


class NamedCells:
    """Cells collected by the name of the net that each drives."""

    def __init__(self, name: str, source: str) -> None:
        self.name, self.source = name, source
        self._id: dict[str, int] = {ZERO: 0, ONE: 1}
        self._seen_on: array = array("l", (0, 0))  # line that first mentions a net
        self._cell_of: dict[int, int] = {0: 0, 1: 1}
        self._op = array("h", (gates.CONST0, gates.CONST1))
        self._net = array("l", (0, 1))
        self._line = array("l", (0, 0))
        self._pins = array("l")
        self._ptr = array("l", (0, 0, 0))
        self._scope_of = array("l", (0, 0))
        self._scopes: list[Scope] = [Scope("", -1)]
        self.scope = 0
        self._inputs: list[tuple[str, str]] = []
        self._outputs: list[tuple[str, str, int]] = []
        self._twice: list[tuple[str, int, int]] = []
        self._inner = 0
        self._names: Sequence[str] = ()

    # -- collecting --------------------------------------------------------------------------

    def _number(self, name: str, line: int) -> int:
        known = self._id.get(name)
        if known is None:
            known = self._id[name] = len(self._id)
            self._seen_on.append(line)
        return known

    def cell(self, op: int, output: str, inputs: Sequence[str], line: int) -> None:
        """A cell of a gate with exactly these pins."""
        net = self._number(output, line)
        if net in self._cell_of:
            self._twice.append((output, self._line[self._cell_of[net]], line))
            return
        self._cell_of[net] = len(self._op)
        self._op.append(op)
        self._net.append(net)
        self._line.append(line)
        for name in inputs:
            self._pins.append(self._number(name, line))
        self._ptr.append(len(self._pins))
        self._scope_of.append(self.scope)

    def bulk(self, op: np.ndarray, net: np.ndarray, ptr: np.ndarray, pins: np.ndarray, line: np.ndarray) -> None:
        """Many cells on nets that :meth:`declare` numbered; `ptr` cuts `pins` as in a netlist.

        Whether each net is driven once must be asked afterwards: :attr:`is_sound`.
        """
        first, pin = len(self._op), len(self._pins)
        self._cell_of.update(zip(net.tolist(), range(first, first + len(op)), strict=True))
        added = (self._op, op), (self._net, net), (self._line, line), (self._pins, pins), (self._ptr, ptr[1:] + pin)
        for column, values in added:
            column.frombytes(values.astype(column.typecode).tobytes())
        self._scope_of.extend([self.scope] * len(op))
        self._inputs += [(name, name) for name in map(self._names.__getitem__, net[op == gates.INPUT].tolist())]

    def declare(self, names: Sequence[str]) -> None:
        """Names of the nets 2, 3, ...: the first thing that is collected, if at all."""
        self._names = ["", "", *names]
        self._id.update(zip(names, range(2, len(names) + 2), strict=True))
        self._seen_on.frombytes(bytes(self._seen_on.itemsize * len(names)))

    @property
    def is_sound(self) -> bool:
        """Whether every net is driven exactly once."""
        return len(self._op) == len(self._cell_of) == len(self._id) and not self._twice

    def alias(self, output: str, driver: str, line: int) -> None:
        """The net `output` is the net `driver` under another name: no gate."""
        self.cell(_ALIAS, output, (driver,), line)

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
        """Any function of the inputs, by truth table: a gate where there is one, else multiplexers."""
        n = len(inputs)
        if n == 0:
            self.alias(output, ONE if table & 1 else ZERO, line)
            return
        found = gates_by_table().get((n, table))
        if found is not None:
            op, order = found
            self.cell(op, output, [inputs[k] for k in order], line)
            return
        half = 1 << (n - 1)
        low, high = table & ((1 << half) - 1), table >> half
        if low == high:
            self.function(low, output, inputs[:-1], line)
            return
        names = []
        for part in (low, high):
            name = self.inner()
            self.function(part, name, inputs[:-1], line)
            names.append(name)
        self.cell(gates.MUX, output, [inputs[-1], *names], line)

    def flip_flop(self, output: str, d: str, line: int, *, enable: str = ONE, reset: str = ZERO, init: int = 0) -> None:
        """A D flip-flop."""
        self.cell(gates.DFF1 if init else gates.DFF, output, (d, enable, reset), line)

    def input_bit(self, name: str, line: int) -> None:
        """A bit of an input port, driving the net of the same name."""
        self.cell(gates.INPUT, name, (), line)
        self._inputs.append((name, name))

    def output_bit(self, name: str, net: str, line: int) -> None:
        """A bit of an output port that shows a net."""
        self._number(net, line)
        self._outputs.append((name, net, line))

    def root(self, name: str) -> str:
        """The net that an alias stands for in the end (`name` itself if it is none)."""
        names = list(self._id)
        number, steps = self._id.get(name, -1), 0
        while number in self._cell_of and self._op[cell := self._cell_of[number]] == _ALIAS:
            number = self._pins[self._ptr[cell]]
            steps += 1
            if steps > len(names):
                break
        return names[number] if number >= 0 else name

    def open_scope(self, name: str, kind: str) -> int:
        """Enter a scope below the present one; returns the one to go back to."""
        outer = self.scope
        self._scopes.append(Scope(name, outer, kind))
        self.scope = len(self._scopes) - 1
        return outer

    # -- resolving ---------------------------------------------------------------------------

    def _problems(self) -> list[tuple[int, str]]:
        text = _plain
        found = [
            (line, f"net {text(name)!r} is driven twice: on line {first} and on line {line}")
            for name, first, line in self._twice
        ]
        if len(self._cell_of) < len(self._id):
            for name, number in self._id.items():
                if number not in self._cell_of:
                    line = self._seen_on[number]
                    found.append((line, f"net {text(name)!r} is undriven: line {line} reads it and nothing drives it"))
        names: dict[str, int] = {}
        for name, _, line in self._outputs:
            if name in names:
                found.append(
                    (line, f"output {text(name)!r} is declared twice: on line {names[name]} and on line {line}")
                )
            names.setdefault(name, line)
        return sorted(found)

    def _aliases(self, op: np.ndarray, cell_of: np.ndarray) -> np.ndarray:
        """For every cell, the cell that really drives its net."""
        target = np.arange(len(op))
        alias = np.flatnonzero(op == _ALIAS)
        if len(alias):
            first_pin = np.array(self._ptr)[alias]
            target[alias] = cell_of[np.array(self._pins)[first_pin]]
            for _ in range(len(alias).bit_length() + 1):  # each round doubles the length of chain resolved
                target = target[target]
            circular = alias[op[target[alias]] == _ALIAS]
            if len(circular):
                cell = int(circular[0])
                by_number = {number: name for name, number in self._id.items()}
                raise ParseError(
                    f"net {_plain(by_number[self._net[cell]])!r} is assigned to itself",
                    source=self.source,
                    line=self._line[cell],
                )
        return target

    def finish(self, *, group: bool = True, ports: Sequence[tuple[str, str, int]] | None = None) -> Netlist:
        """The netlist.

        Parameters
        ----------
        group : bool
            Join consecutive one-bit ports ``name[0], name[1], ...`` of one direction into a bus.
        ports : sequence of (name, direction, width), optional
            Ports that are known already, in order; their bits were added in this order, LSB first.

        Raises
        ------
        ParseError
            Lists every undriven and doubly driven net, with lines.
        """
        problems = self._problems()
        if problems:
            line, first = problems[0]
            more = [text for _, text in problems[1:MAX_SHOWN]]
            if len(problems) > MAX_SHOWN:
                more.append(f"... and {len(problems) - MAX_SHOWN} more")
            raise ParseError("\n  ".join([first, *more]), source=self.source, line=line)
        op = np.array(self._op, np.int16)
        cell_of = np.empty(len(self._id), np.int64)
        cell_of[np.fromiter(self._cell_of, np.int64)] = np.fromiter(self._cell_of.values(), np.int64)
        target = self._aliases(op, cell_of)
        keep = op != _ALIAS
        final = (np.cumsum(keep) - 1)[target]
        counts = np.diff(np.array(self._ptr))
        pins = np.array(self._pins, np.int64)[np.repeat(keep, counts)]
        names = {}
        of_net = final[cell_of]
        shown = of_net.tolist()
        port_names = {name for name, _ in self._inputs} | {name for name, _, _ in self._outputs}
        for name, number in self._id.items():
            if name[0] > "\2" and name not in port_names:
                names.setdefault(shown[number], name)
        names.pop(0, None)
        names.pop(1, None)
        inputs = [(n, int(of_net[self._id[net]])) for n, net in self._inputs]
        outputs = [(n, int(of_net[self._id[net]])) for n, net, _ in self._outputs]
        made = _known_ports(inputs, outputs, ports) if ports is not None else _grouped(inputs, outputs, group)
        return Netlist(
            self.name,
            op[keep].astype(np.uint8),
            np.concatenate(([0], np.cumsum(counts[keep]))),
            of_net[pins],
            made,
            names,
            tuple(self._scopes),
            np.array(self._scope_of, np.int32)[keep],
        )


def _sized(kind: str, pins: int) -> int:
    return gates.gate(kind if pins == 2 else f"{kind}{pins}").op


def _plain(name: str) -> str:
    return {ZERO: "constant 0", ONE: "constant 1"}.get(name, name.lstrip("\2"))


def _known_ports(inputs: list, outputs: list, ports: Sequence[tuple[str, str, int]]) -> tuple[Port, ...]:
    at = {"input": 0, "output": 0}
    bits = {"input": inputs, "output": outputs}
    made = []
    for name, direction, width in ports:
        low = at[direction]
        made.append(Port(name, direction, tuple(net for _, net in bits[direction][low : low + width])))  # type: ignore[arg-type]
        at[direction] = low + width
    return tuple(made)


_INDEXED = re.compile(r"^(.+)\[(\d+)\]$")


def _grouped(inputs: list, outputs: list, group: bool) -> tuple[Port, ...]:
    """Ports of one bit, consecutive ``name[0] name[1] ...`` joined; a name clash undoes the joining."""
    made: list[Port] = []
    for direction, bits in (("input", inputs), ("output", outputs)):
        at = 0
        while at < len(bits):
            name, net = bits[at]
            match = _INDEXED.match(name) if group else None
            nets = [net]
            if match and match[2] == "0":
                while at + len(nets) < len(bits) and bits[at + len(nets)][0] == f"{match[1]}[{len(nets)}]":
                    nets.append(bits[at + len(nets)][1])
            if match and match[2] == "0" and len(nets) > 1:
                made.append(Port(match[1], direction, tuple(nets)))  # type: ignore[arg-type]
            else:
                nets = [net]
                made.append(Port(name, direction, (net,)))  # type: ignore[arg-type]
            at += len(nets)
    if group and len({p.name for p in made}) < len(made):
        return _grouped(inputs, outputs, False)
    taken: set[str] = set()
    unique = []
    for p in made:  # an input shown as an output of the same name
        name = p.name
        while name in taken:
            name += "_out"
        taken.add(name)
        unique.append(Port(name, p.direction, p.nets))
    return tuple(unique)


def bit_names(net: Netlist, legal: re.Pattern[str], reserved: frozenset[str] = frozenset()) -> list[str]:
    """A unique legal name for every net: the user's or the port's where possible."""
    taken = {"", *reserved}
    result = [""] * net.n_nets
    first = [k for p in net.inputs for k in p.nets]
    for k in [*first, *range(net.n_nets)]:
        if result[k]:
            continue
        name = net.net_name(k)
        if not legal.fullmatch(name):
            name = re.sub(r"\W", "_", name)
            name = name if name[:1].isalpha() or name[:1] == "_" else f"n_{name}"
        candidate, i = name, 1
        while candidate in taken:
            candidate, i = f"{name}_{i}", i + 1
        taken.add(candidate)
        result[k] = candidate
    return result
