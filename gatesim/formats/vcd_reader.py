"""VCD (value change dump, IEEE 1364-2005 section 18), read: what other simulators recorded.

Values have four states. Real-valued variables and events are passed over.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

import numpy as np

from ..errors import ParseError, unknown_name
from .files import as_text, load

MAX_WIDTH = 1 << 16
MAX_SIGNALS = 1 << 20
_UNITS = {"s": 12, "ms": 9, "us": 6, "ns": 3, "ps": 0, "fs": -3}


@dataclass(frozen=True, eq=False)
class VcdSignal:
    """A recorded signal.

    Attributes
    ----------
    name : str
        With its scopes, ``top.adder.sum``.
    width : int
    times : (n,) int64
        When it changed, in units of the file's time scale, rising.
    values : (n,) object
        The bits that are 0 or 1, as integers; unknown bits are 0.
    unknown, floating : (n,) object
        Masks of the bits that are X, and of those that are Z.
    """

    name: str
    width: int
    times: np.ndarray
    values: np.ndarray
    unknown: np.ndarray
    floating: np.ndarray

    def at(self, times) -> np.ndarray:
        """Values at moments: after the last change up to each (bits not 0 or 1, or before any change: 0)."""
        place = np.searchsorted(self.times, times, side="right") - 1
        found = self.values[np.maximum(place, 0)] if len(self.values) else np.zeros(len(place), object)
        return np.where(place >= 0, found, 0)


@dataclass(frozen=True, eq=False)
class Vcd:
    """A whole dump: signals by name; ``time_unit_ps`` picoseconds are one unit of time."""

    signals: Mapping[str, VcdSignal]
    time_unit_ps: float
    end: int

    def __getitem__(self, name: str) -> VcdSignal:
        if name not in self.signals:
            raise unknown_name("signal", name, self.signals)
        return self.signals[name]


def read_vcd(source: str | bytes | os.PathLike[str] | IO[Any]) -> Vcd:
    r"""The signals of a VCD file, file object or text (gzip is unpacked).

    Raises
    ------
    ParseError
        With the line: what is no VCD, a change of an unknown variable, time that runs back.
    OSError
        No such file, no permission.

    Examples
    --------
    >>> text = "$timescale 1ns $end $var wire 2 ! s $end $enddefinitions $end #0 b00 ! #5 b1x !\n"
    >>> s = read_vcd(text)["s"]
    >>> s.times.tolist(), s.values.tolist(), s.unknown.tolist()
    ([0, 5], [0, 2], [0, 1])
    """
    content, name = load(source)
    return _Reader(as_text(content, name), name).run()


class _Reader:
    """One file being read, word by word."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.words = ((word, line) for line, row in enumerate(text.split("\n"), 1) for word in row.split())
        self.line = 0
        self.names: dict[str, list[tuple[str, int]]] = {}
        self.changes: dict[str, tuple[list[int], list[int], list[int], list[int]]] = {}
        self.scopes: list[str] = []
        self.unit = 1.0
        self.time = 0

    def fail(self, message: str) -> ParseError:
        return ParseError(message, source=self.source, line=self.line)

    def word(self, wanted: str) -> str:
        """The next word; an error that says what is wanted at the end of the file."""
        found = next(self.words, None)
        if found is None:
            raise self.fail(f"expected {wanted}, found the end of the file (it may be cut off)")
        word, self.line = found
        return word

    def section(self, command: str) -> list[str]:
        """Words up to ``$end``."""
        found: list[str] = []
        while (word := self.word(f"$end of {command}")) != "$end":
            found.append(word)
        return found

    def run(self) -> Vcd:
        self._definitions()
        self._changes()
        signals: dict[str, VcdSignal] = {}
        for code, listed in self.names.items():
            times, *planes = self.changes[code]
            arrays = [np.array(p, object) for p in planes]
            for name, width in listed:
                signals[name] = VcdSignal(name, width, np.array(times, np.int64), *arrays)
        return Vcd(signals, self.unit, self.time)

    # -- the head ----------------------------------------------------------------------------

    def _definitions(self) -> None:
        count = 0
        while True:
            word = self.word("$enddefinitions (is this a VCD file?)")
            if not word.startswith("$"):
                raise self.fail(f"expected a declaration such as $var, found {word[:40]!r}")
            parts = self.section(word)
            if word == "$enddefinitions":
                return
            if word == "$scope":
                if len(parts) != 2:
                    raise self.fail("expected $scope KIND NAME $end")
                self.scopes.append(parts[1])
            elif word == "$upscope":
                if not self.scopes:
                    raise self.fail("$upscope without a $scope")
                self.scopes.pop()
            elif word == "$timescale":
                self._time_scale("".join(parts))
            elif word == "$var":
                count += 1
                if count > MAX_SIGNALS:
                    raise self.fail(f"more than {MAX_SIGNALS:,} variables")
                self._variable(parts)

    def _time_scale(self, text: str) -> None:
        number = text.rstrip("smunpf")
        unit = text[len(number) :]
        if number not in ("1", "10", "100") or unit not in _UNITS:
            raise self.fail(f"expected a time scale such as 1ns or 10 ps, found {text[:40]!r}")
        self.unit = int(number) * 10.0 ** _UNITS[unit]

    def _variable(self, parts: list[str]) -> None:
        if len(parts) < 4 or not (parts[1].isascii() and parts[1].isdigit()) or len(parts[1]) > 9:
            raise self.fail("expected $var KIND WIDTH CODE NAME $end")
        kind, width, code = parts[0], int(parts[1]), parts[2]
        if kind in ("real", "realtime", "event"):
            self.changes.setdefault(code, ([], [], [], []))
            return
        if not 1 <= width <= MAX_WIDTH:
            raise self.fail(f"variable {parts[3]!r} is {width} bits wide; 1 to {MAX_WIDTH} are read")
        bits = "".join(parts[4:])  # "[3:0]" of a vector says what the width says; "[2]" is part of the name
        name = ".".join([*self.scopes, parts[3] + (bits if ":" not in bits else "")])
        self.changes.setdefault(code, ([], [], [], []))
        self.names.setdefault(code, []).append((name, width))

    # -- the changes -------------------------------------------------------------------------

    def _changes(self) -> None:
        while True:
            found = next(self.words, None)
            if found is None:
                return
            word, self.line = found
            first = word[0]
            if first == "#":
                self._moment(word[1:])
            elif first in "01xXzZ":
                self._change(word[1:], first)
            elif first in "bB":
                self._change(self.word("the code of a variable"), word[1:])
            elif first in "rRsS":
                self.word("the code of a variable")
            elif word == "$comment":
                self.section(word)
            elif word not in ("$dumpvars", "$dumpall", "$dumpon", "$dumpoff", "$end"):
                raise self.fail(f"expected a change of a value or a time, found {word[:40]!r}")

    def _moment(self, digits: str) -> None:
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
            raise self.fail(f"expected a time, found {digits[:40]!r}")
        if int(digits) < self.time:
            raise self.fail(f"time {digits} comes after {self.time}: it runs back")
        self.time = int(digits)

    def _change(self, code: str, digits: str) -> None:
        if code not in self.changes:
            raise self.fail(f"variable {code[:40]!r} is not declared")
        if code not in self.names:
            return
        width = self.names[code][0][1]
        digits = digits.lower()
        if not digits or digits.strip("01xz") or len(digits) > width:
            raise self.fail(
                f"expected 1 to {width} digits of 0, 1, x, z for {self.names[code][0][0]!r}, found {digits[:40]!r}"
            )
        digits = digits.rjust(width, digits[0] if digits[0] in "xz" else "0")
        planes = [int(digits.translate(t), 2) for t in _PLANES]
        times, *recorded = self.changes[code]
        if times and times[-1] == self.time:
            for plane, value in zip(recorded, planes, strict=True):
                plane[-1] = value
            return
        times.append(self.time)
        for plane, value in zip(recorded, planes, strict=True):
            plane.append(value)


_PLANES = [str.maketrans("01xz", to) for to in ("0100", "0010", "0001")]
