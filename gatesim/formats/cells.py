"""Library cells by what they do: functions of pins, and flip-flops; the same for every file format.

A cell is described by expressions over its pins, in Verilog's operators, as in a user's TOML file::

    [AOI21X1]
    outputs = {Y = "~(A & B | C)"}

    [SDFFRX1]
    clock = "CK"                    # "~CK": the falling edge
    next = "SE ? SI : D"
    enable = "EN"                   # optional
    async_reset = "~RN"             # optional; also async_set, sync_reset, sync_set
    outputs = {Q = "state", QN = "~state"}

An asynchronous set or reset acts within the cycle, on the outputs, and holds the state at the clock edge:
exact as long as it changes with the other inputs (what Yosys' ``async2sync`` does). A reset goes before a
set, an asynchronous one before a synchronous one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from .. import gates
from ..errors import ParseError, UnsupportedError
from .cell_expressions import Function, function_of
from .cell_names import builtin_cell
from .recipes import FALSE, TRUE, Recipe

N = TypeVar("N")

RESETS = ("async_reset", "async_set", "sync_reset", "sync_set")
_KEYS = ("outputs", "clock", "next", "enable", "init", *RESETS)


class Sink(Protocol[N]):
    """What cells are placed into: nets of any kind, as a reader names them."""

    zero: N
    one: N

    def cell(self, op: int, output: N, inputs: Sequence[N], line: int) -> None: ...  # noqa: D102
    def alias(self, output: N, driver: N, line: int) -> None: ...  # noqa: D102
    def inner(self) -> N: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Cell:
    """A library cell.

    ``outputs`` are functions of the pins, and of ``state`` where there is a clock. A cell without outputs
    is there for the layout only (a filler): it is left out, whatever its pins.
    """

    name: str
    outputs: Mapping[str, Function]
    clock: str = ""
    rising: bool = True
    next: Function | None = None
    enable: Function | None = None
    resets: tuple[tuple[str, Function], ...] = ()
    """Kinds and conditions, the strongest first."""
    init: int = 0

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input pins, the clock included, sorted."""
        functions = [*self.outputs.values(), *(f for f in (self.next, self.enable) if f), *(f for _, f in self.resets)]
        pins = {p for f in functions for p in f.inputs if p != "state"}
        return tuple(sorted(pins | ({self.clock} if self.clock else set())))


def described(name: str, entry: Mapping[str, Any], source: str) -> Cell:
    """A cell from its description.

    Raises
    ------
    ParseError
        An unknown key, or an expression that cannot be read.
    """

    def fail(message: str) -> ParseError:
        return ParseError(f"cell {name!r}: {message}", source=source)

    for key in entry:
        if key not in _KEYS:
            raise fail(f"unknown entry {key!r}; known: {', '.join(_KEYS)}")
    if not isinstance(entry.get("outputs"), Mapping):
        raise fail('outputs are missing: outputs = {Y = "~(A & B)"}')

    def function(text: Any) -> Function:
        if not isinstance(text, str):
            raise fail(f"{text!r} must be an expression in quotes")
        return function_of(text, f"{source}, cell {name!r}")

    outputs = {pin: function(text) for pin, text in entry["outputs"].items()}
    clock = entry.get("clock", "")
    if not isinstance(clock, str) or not clock.removeprefix("~").isidentifier():
        if "clock" in entry:
            raise fail(f"the clock {clock!r} must be the name of a pin, or ~ and the name")
        if set(entry) != {"outputs"}:
            raise fail("a cell without a clock has outputs only")
        if any("state" in f.inputs for f in outputs.values()):
            raise fail("'state' is read but there is no clock")
        return Cell(name, outputs)
    resets = tuple((kind, function(entry[kind])) for kind in RESETS if kind in entry)
    if entry.get("init", 0) not in (0, 1):
        raise fail("init must be 0 or 1")
    guess = int(bool(resets) and all(kind.endswith("set") and not kind.endswith("reset") for kind, _ in resets))
    return Cell(
        name, outputs, clock.removeprefix("~"), not clock.startswith("~"), function(entry.get("next", "D")),
        function(entry["enable"]) if "enable" in entry else None, resets, int(entry.get("init", guess)),
    )  # fmt: skip


class Library:
    """Cells by name: the user's own before those known by their names.

    Parameters
    ----------
    path : path, optional
        A TOML file of cells, as in the module's description.

    Raises
    ------
    ParseError
        The file is no TOML, or describes a cell wrongly.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.own: dict[str, Cell] = {}
        if path is not None:
            try:
                entries = tomllib.loads(Path(path).read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
                raise ParseError(f"this is no TOML file: {exc}", source=str(path)) from None
            for name, entry in entries.items():
                if not isinstance(entry, Mapping):
                    raise ParseError(f"{name!r} must be a table: [{name}]", source=str(path))
                self.own[name] = described(name, entry, str(path))

    def find(self, name: str) -> Cell | None:
        """The cell called `name`, or None.

        Raises
        ------
        UnsupportedError
            A known cell that a netlist of gates and flip-flops cannot hold (a latch, a tri-state buffer).
        """
        return self.own.get(name) or _builtin(name)


@lru_cache(maxsize=4096)
def _builtin(name: str) -> Cell | None:
    entry = builtin_cell(name)
    if isinstance(entry, str):
        raise UnsupportedError(f"cell {name!r} is not supported: {entry}")
    return described(name, entry, "built-in cells") if entry is not None else None


# -- placing ---------------------------------------------------------------------------------


def place_recipe(sink: Sink[N], recipe: Recipe, output: N, inputs: Sequence[N], line: int) -> None:
    """Add the gates of a recipe, the last of which drives `output`."""
    nets: list[N] = list(inputs)
    constants = {FALSE: sink.zero, TRUE: sink.one}
    for k, (op, pins) in enumerate(recipe):
        last = k == len(recipe) - 1
        driven = output if last else sink.inner()
        read = [constants[p] if p < 0 else nets[p] for p in pins]
        if op == gates.BUF and pins[0] < 0:
            sink.alias(driven, read[0], line)
        else:
            sink.cell(op, driven, read, line)
        nets.append(driven)


class _Placer(Generic[N]):
    """One instance of a cell being placed."""

    def __init__(self, sink: Sink[N], pins: Mapping[str, N], line: int) -> None:
        self.sink, self.pins, self.line = sink, dict(pins), line

    def value(self, function: Function) -> N:
        """The net of a function of the pins; a pin itself makes no gate."""
        if function.is_pin:
            return self.pins[function.inputs[0]]
        net = self.sink.inner()
        self.drive(net, function)
        return net

    def drive(self, output: N, function: Function) -> None:
        place_recipe(self.sink, function.recipe, output, [self.pins[p] for p in function.inputs], self.line)

    def gate(self, name: str, *pins: N) -> N:
        net = self.sink.inner()
        self.sink.cell(gates.gate(name).op, net, pins, self.line)
        return net


def place(
    sink: Sink[N], cell: Cell, pins: Mapping[str, N], outputs: Mapping[str, N], line: int, init: int | None = None
) -> None:
    """Add the gates and the flip-flop of a library cell.

    Parameters
    ----------
    sink : Sink
    cell : Cell
    pins, outputs : mapping of pin to net
        Every input but the clock; the outputs that something reads.
    line : int
        Line of the file.
    init : int, optional
        Power-up value; the cell's own by default.
    """
    p = _Placer(sink, pins, line)
    if cell.clock:
        _place_state(p, cell, outputs, cell.init if init is None else init)
    for pin, function in cell.outputs.items():
        if pin in outputs and not (cell.clock and function.inputs == ("state",) and function.is_pin):
            p.drive(outputs[pin], function)


def _place_state(p: _Placer[N], cell: Cell, outputs: Mapping[str, N], init: int) -> None:
    """The flip-flop: ``state`` becomes a pin that the outputs are functions of."""
    assert cell.next is not None
    plain = [pin for pin, f in cell.outputs.items() if pin in outputs and f.is_pin and f.inputs == ("state",)]
    q = outputs[plain[0]] if plain else p.sink.inner()
    asynchronous = any(kind.startswith("async") for kind, _ in cell.resets)
    state = p.sink.inner() if asynchronous else q
    p.pins["state"] = state
    d = p.value(cell.next)
    enable = p.value(cell.enable) if cell.enable else p.sink.one
    reset, shown = p.sink.zero, state
    for kind, condition in reversed(cell.resets):  # the weakest first
        active, to_one = p.value(condition), not kind.endswith("reset")
        if to_one == init:
            reset = active if reset == p.sink.zero else p.gate("OR", reset, active)
        else:  # the flip-flop's own reset goes to its power-up value: this one goes through D
            d = p.gate("OR" if to_one else "ANDNOT", d, active)
            enable = enable if enable == p.sink.one else p.gate("OR", enable, active)
            reset = reset if reset == p.sink.zero else p.gate("ANDNOT", reset, active)
        if kind.startswith("async"):
            shown = p.gate("OR" if to_one else "ANDNOT", shown, active)
    p.sink.cell(gates.DFF1 if init else gates.DFF, state, (d, enable, reset), p.line)
    if asynchronous:
        p.sink.alias(q, shown, p.line)
        p.pins["state"] = q
    for pin in plain[1:]:
        p.sink.alias(outputs[pin], q, p.line)
