"""nand2tetris HDL: ``CHIP Not { IN in; OUT out; PARTS: Nand(a=in, b=in, out=out); }``.

A part is looked up as the course's tools do: first a file of that name beside the chip's own, then the
built-in chips. Those are generators of the circuit library: they are found by name
(:data:`CHIP_LIBRARY`), as a plug-in is, so that no import points upward. Files are read, not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from ..builder import Builder
from ..errors import ParseError, unknown_name
from ..generators import build, named_outputs, port_name, signal_parameters
from ..netlist import Netlist
from ..signals import Bit, Bus, as_bus
from .hdl_syntax import Chip, Parser, Part, Side, Token

SUFFIXES = (".hdl",)

CHIP_LIBRARY = "circuits.hack"
"""Module with ``CHIPS`` (generator by chip name) and ``chip_widths(name)``."""

MAX_DEPTH = 64
"""Chips inside chips, at most."""

MAX_PARTS = 500_000
"""Parts placed for one netlist, at most: a small file can ask for any number."""

MAX_FILE = 1 << 22
"""Bytes of a chip's file, at most."""


@dataclass(frozen=True)
class _Kind:
    """What can be placed as a part: its pins, and how to place it."""

    inputs: Mapping[str, int]
    outputs: Mapping[str, int]
    place: Callable[[dict[str, Bus]], dict[str, Bus]]


def builtin_names() -> list[str]:
    """Names of the built-in chips."""
    return list(import_module(CHIP_LIBRARY).CHIPS)


def builtin_chip(name: str) -> Netlist:
    """A built-in chip as a netlist; UnknownNameError if there is none of that name."""
    library = import_module(CHIP_LIBRARY)
    if name not in library.CHIPS:
        raise unknown_name("built-in chip", name, library.CHIPS)
    return _built(name)


@cache
def _built(name: str) -> Netlist:
    library = import_module(CHIP_LIBRARY)
    return build(library.CHIPS[name], name=name, **library.chip_widths(name))


def parse(text: str, source: str = "<text>") -> Netlist:
    """The netlist of a chip; parts that are no built-in chips are read from files beside `source`.

    Raises
    ------
    ParseError
        With file, line and column: a text that cannot be read, an unknown part or pin, widths that
        differ, a chip that contains itself, or one that grows out of bounds.
    LoopError
        (Not here, but where it is compiled:) parts that feed each other without a clocked one.

    Examples
    --------
    >>> text = "CHIP Both { IN a, b; OUT out; PARTS: Nand(a=a, b=b, out=n); Nand(a=n, b=n, out=out); }"
    >>> parse(text).counts()
    {'INPUT': 2, 'NAND': 2}
    """
    chip = Parser(text, source).chip()
    if chip.builtin is not None:
        return builtin_chip(chip.builtin)
    builder = Builder(chip.name)
    inputs = {name: builder.input_bus(name, width) for name, width in chip.inputs.items()}
    reader = _Reader(builder)
    if reader.uses_keyboard(chip):
        reader.keyboard = builder.input_bus("Keyboard", 16)
    for name, bus in reader.place_chip(chip, inputs, ()).items():
        builder.output(name, bus)
    return builder.freeze()


class _Reader:
    """Places chips into one builder."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.keyboard: Bus | None = None
        self._files: dict[Path, Chip] = {}
        self._n_parts = 0

    def uses_keyboard(self, chip: Chip) -> bool:
        """Whether some part, however deep, waits for a key (which then is an input of the whole)."""
        waiting, seen = [chip], {chip.name}
        while waiting:
            outer = waiting.pop()
            for part in outer.parts:
                if part.name in seen:
                    continue
                seen.add(part.name)
                inner = self._file(outer, part.name)
                name = part.name if inner is None else inner.builtin
                if name is None and inner is not None:
                    waiting.append(inner)
                elif name in builtin_names() and "Keyboard" in {p.name for p in _built(str(name)).inputs}:
                    return True
        return False

    def place_chip(self, chip: Chip, inputs: dict[str, Bus], above: tuple[str, ...]) -> dict[str, Bus]:
        """The parts of `chip` on `inputs`; its outputs."""
        above = (*above, chip.name)
        kinds = [self._kind(chip, part, above) for part in chip.parts]
        nets = _Nets(self.builder, chip, inputs, list(zip(chip.parts, kinds, strict=True)))
        for part, kind in zip(chip.parts, kinds, strict=True):
            given = nets.inputs_of(part, kind)
            if (
                self.keyboard is not None
                and "Keyboard" in kind.inputs
                and not any(inner.name == "Keyboard" for inner, _ in part.wires)
            ):
                given["Keyboard"] = self.keyboard
            with self.builder.scope(part.name):
                nets.connect(part, kind, kind.place(given))
        nets.finish()
        return {name: nets.value[name] for name in chip.outputs}

    def _kind(self, chip: Chip, part: Part, above: tuple[str, ...]) -> _Kind:
        self._n_parts += 1
        if self._n_parts > MAX_PARTS:
            raise _error(chip, part.at, f"{above[0]} needs more than {MAX_PARTS} parts: use built-in chips inside it")
        inner = self._file(chip, part.name)
        if inner is not None and inner.builtin is None:
            if inner.name in above:
                path = " in ".join([inner.name, *reversed(above)])
                raise _error(chip, part.at, f"chip {inner.name} contains itself ({path})")
            if len(above) >= MAX_DEPTH:
                raise _error(chip, part.at, f"chips inside chips are more than {MAX_DEPTH} deep here")
            return _Kind(inner.inputs, inner.outputs, lambda given: self.place_chip(inner, given, above))
        name = part.name if inner is None else str(inner.builtin)
        if name not in builtin_names():
            folder = Path(chip.source).parent
            hint = unknown_name("chip", name, builtin_names())
            raise _error(chip, part.at, f"{hint}; there is no {folder / (name + '.hdl')} either")
        return _builtin_kind(name)

    def _file(self, chip: Chip, name: str) -> Chip | None:
        """The chip in the file beside `chip` that has the part's name, if there is one."""
        path = Path(chip.source).parent / f"{name}.hdl"
        if chip.source.startswith("<") or not path.is_file():
            return None
        if path not in self._files:
            if path.stat().st_size > MAX_FILE:
                raise ParseError(f"the file is longer than {MAX_FILE} bytes", source=str(path))
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as exc:
                raise ParseError(f"this is no text file ({exc.reason} at byte {exc.start})", source=str(path)) from None
            self._files[path] = Parser(text, str(path)).chip()
        return self._files[path]


@cache
def _builtin_kind(name: str) -> _Kind:
    net = _built(name)
    function = import_module(CHIP_LIBRARY).CHIPS[name]
    roles = signal_parameters(function)

    def place(given: dict[str, Bus]) -> dict[str, Bus]:
        call: dict[str, Any] = {}
        for parameter, (role, _) in roles.items():
            bus = given[port_name(parameter)]
            call[parameter] = bus[0] if role == "bit" else bus
        return {port: as_bus(signal) for port, signal in named_outputs(name, function(**call))}

    return _Kind({p.name: p.width for p in net.inputs}, {p.name: p.width for p in net.outputs}, place)


def _error(chip: Chip, at: Token, message: str) -> ParseError:
    return ParseError(message, source=chip.source, line=at.line, column=at.column)


class _Nets:
    """The pins and inner wires of one chip: every name is a bus, wired before its driver is placed."""

    def __init__(self, b: Builder, chip: Chip, inputs: dict[str, Bus], parts: list[tuple[Part, _Kind]]) -> None:
        self.builder, self.chip = b, chip
        self.value: dict[str, Bus] = dict(inputs)
        self._driven_by: dict[tuple[str, int], Token] = {}
        widths = dict(chip.outputs)
        for part, kind in parts:
            for inner, outer in part.wires:
                self._check_inner(part, kind, inner)
                if inner.name in kind.outputs and outer.name not in chip.inputs and outer.name not in chip.outputs:
                    if outer.name in ("true", "false"):
                        raise _error(chip, outer.at, f"output {inner.name!r} of {part.name} cannot drive a constant")
                    if outer.low is not None:
                        raise _error(chip, outer.at, f"{outer.name!r} is an inner wire: its bits cannot be named")
                    widths.setdefault(outer.name, _width(inner, kind.outputs[inner.name]))
        self.value |= {name: b.wires(width) for name, width in widths.items()}

    def _check_inner(self, part: Part, kind: _Kind, inner: Side) -> None:
        width = kind.inputs.get(inner.name) or kind.outputs.get(inner.name)
        if width is None:
            raise _error(
                self.chip, inner.at, str(unknown_name(f"pin of {part.name}", inner.name, [*kind.inputs, *kind.outputs]))
            )
        if inner.high is not None and inner.high >= width:
            raise _error(
                self.chip, inner.at, f"{inner.name}[{inner.high}]: pin {inner.name!r} of {part.name} has {width} bits"
            )

    def inputs_of(self, part: Part, kind: _Kind) -> dict[str, Bus]:
        """What each input pin of a part reads; 0 where nothing is connected."""
        bits: dict[str, list[Bit]] = {name: [self.builder.zero] * width for name, width in kind.inputs.items()}
        for inner, outer in part.wires:
            if inner.name not in kind.inputs:
                continue
            low, width = inner.low or 0, _width(inner, kind.inputs[inner.name])
            source = self._read(outer, width)
            if len(source) != width:
                raise _error(
                    self.chip, outer.at,
                    f"{outer.name!r} has {len(source)} bits here, {inner.name!r} of {part.name} {width}: "
                    "they must be equal",
                )  # fmt: skip
            bits[inner.name][low : low + width] = source
        return {name: Bus(value) for name, value in bits.items()}

    def _read(self, outer: Side, width: int) -> Bus:
        if outer.name in ("true", "false"):
            return (self.builder.one if outer.name == "true" else self.builder.zero).repeat(width)
        if outer.name not in self.value:
            known = [*self.value, "true", "false"]
            raise _error(self.chip, outer.at, f"{unknown_name('wire', outer.name, known)}; no part drives it")
        if outer.name in self.chip.outputs:
            raise _error(
                self.chip, outer.at,
                f"output {outer.name!r} of {self.chip.name} cannot feed a part: connect the part that drives it "
                "to an inner wire too",
            )  # fmt: skip
        bus = self.value[outer.name]
        if outer.low is None or outer.high is None:
            return bus
        if outer.name not in self.chip.inputs:
            raise _error(self.chip, outer.at, f"{outer.name!r} is an inner wire: its bits cannot be named")
        if outer.high >= len(bus):
            raise _error(self.chip, outer.at, f"{outer.name}[{outer.high}]: {outer.name!r} has {len(bus)} bits")
        return bus[outer.low : outer.high + 1]

    def connect(self, part: Part, kind: _Kind, outputs: dict[str, Bus]) -> None:
        """Drive wires and outputs from what a placed part gives."""
        for inner, outer in part.wires:
            if inner.name not in kind.outputs:
                continue
            if outer.name in self.chip.inputs:
                raise _error(
                    self.chip, outer.at, f"input {outer.name!r} of {self.chip.name} cannot be driven by a part"
                )
            low = inner.low or 0
            signal = outputs[inner.name][low : low + _width(inner, kind.outputs[inner.name])]
            target = self.value[outer.name]
            start = outer.low or 0
            if outer.high is not None and outer.high >= len(target):
                raise _error(self.chip, outer.at, f"{outer.name}[{outer.high}]: {outer.name!r} has {len(target)} bits")
            wanted = _width(outer, len(target))
            if wanted != len(signal):
                raise _error(
                    self.chip, outer.at,
                    f"{inner.name!r} of {part.name} has {len(signal)} bits here, {outer.name!r} {wanted}: "
                    "they must be equal",
                )  # fmt: skip
            for i, bit in enumerate(signal):
                before = self._driven_by.setdefault((outer.name, start + i), outer.at)
                if before is not outer.at:
                    raise _error(self.chip, outer.at, f"{outer.name!r} is driven already (line {before.line})")
                self.builder.drive(target[start + i], bit)

    def finish(self) -> None:
        """Output bits that nothing drives read 0, as in the course's tools."""
        for name, width in self.chip.outputs.items():
            for i in range(width):
                if (name, i) not in self._driven_by:
                    self.builder.drive(self.value[name][i], self.builder.zero)


def _width(side: Side, whole: int) -> int:
    return whole if side.low is None or side.high is None else side.high - side.low + 1


__all__ = ["CHIP_LIBRARY", "SUFFIXES", "builtin_chip", "builtin_names", "parse"]
