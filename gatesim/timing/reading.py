"""Reading a technology from TOML, strictly: a typo is a message with file, line and the nearest name."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NoReturn, get_args

from ..errors import GatesimError, ParseError
from .quantities import parse_quantity
from .technology import TIMED_GATES, CellFigures, Payment, Technology, fault_of

# Key of the file: (field of the dataclass, dimension or type). "" stands for a plain number.
_CELL = {
    "rise": ("rise_ps", "time"),
    "fall": ("fall_ps", "time"),
    "rise_per_load": ("rise_ps_per_ff", "slope"),
    "fall_per_load": ("fall_ps_per_ff", "slope"),
    "pin": ("pin_ff", "load"),
    "energy": ("energy_fj", "energy"),
    "leakage": ("leakage_nw", "power"),
    "area": ("area", ""),
    "setup": ("setup_ps", "time"),
    "fan_out": ("fan_out", ""),
}
_FIGURES = {
    "volts": ("volts", "voltage"),
    "wire": ("wire_ps", "time"),
    "wire_load": ("wire_ff", "load"),
    "output_load": ("output_ff", "load"),
    "fan_out": ("fan_out", ""),
    "reset": ("reset_ps", "time"),
}
_WORDS: dict[str, type] = {
    "name": str, "title": str, "title_fr": str, "year": int, "area_unit": str, "inversion": str, "notes": list,
    "pays_for": str, "restoring": bool, "constant_one": bool,
}  # fmt: skip
_NEEDED = ("name", "title", "title_fr", "year", "area_unit", "restoring", "inversion", "pays_for")
_NEEDED_CELL = ("names", "rise", "fall", "energy", "area")
_TYPE_NAMES = {str: "text", int: "a whole number", list: "a list", bool: "true or false"}


def parse(text: str, *, source: str = "<text>") -> Technology:
    """The technology that a TOML text describes (see ``docs/technologies.md``).

    Raises
    ------
    ParseError
        Not TOML, an unknown key or gate (the nearest one is suggested), a missing key, a figure without
        a source, a negative or zero delay; with file, line and key.
    """
    return _Reader(text, source).technology()


def read_technology(path: str | Path) -> Technology:
    """Read one TOML file; see :func:`parse`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise ParseError(f"not UTF-8 text: {exc}", source=str(path)) from None
    return parse(text, source=str(path))


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        self.source = source
        try:
            self.data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            at = re.search(r"\(at line (\d+), column (\d+)\)", str(exc))
            message = re.sub(r"\s*\(at .*\)$", "", str(exc))
            line, column = (int(at[1]), int(at[2])) if at else (0, 0)
            raise ParseError(f"not TOML: {message}", source=source, line=line, column=column) from None
        self.lines = _line_numbers(text)

    def fail(self, where: str, key: str, message: str) -> NoReturn:
        line = self.lines.get((where, key)) or self.lines.get((where, ""), 0)
        inside = f" in {where}" if where else ""
        raise ParseError(f"{key}{inside}: {message}", source=self.source, line=line)

    def technology(self) -> Technology:
        known = [*_WORDS, *_FIGURES, "source", "sources", "gate"]
        self.check_keys("", self.data, known, _NEEDED)
        for key, kind in _WORDS.items():
            if key in self.data and type(self.data[key]) is not kind:
                self.fail("", key, f"must be {_TYPE_NAMES[kind]}, not {self.data[key]!r}")
        if (pays := self.data["pays_for"]) not in get_args(Payment):
            self.fail("", "pays_for", f"unknown {pays!r}{_nearest(pays, get_args(Payment))}")
        for note in self.data.get("notes", []):
            if not isinstance(note, str):
                self.fail("", "notes", f"must be a list of texts, not of {note!r}")
        figures, sources = self.figures("", self.data, _FIGURES)
        words: dict[str, Any] = {k: self.data[k] for k in _WORDS if k in self.data}
        words["notes"] = tuple(words.get("notes", ()))
        try:
            return Technology(gates=self.gates(), sources=sources, file=self.source, **words, **figures)
        except ParseError:
            raise
        except GatesimError as exc:
            raise ParseError(str(exc), source=self.source) from None

    def gates(self) -> dict[str, CellFigures]:
        sections = self.data.get("gate")
        if not isinstance(sections, list) or not sections:
            self.fail("", "gate", "a technology needs at least one [[gate]] section")
        found: dict[str, CellFigures] = {}
        for number, section in enumerate(sections, 1):
            where = f"[[gate]] {number}"
            self.check_keys(where, section, ["names", *_CELL, "source", "sources"], _NEEDED_CELL)
            figures, sources = self.figures(where, section, _CELL)
            cell = CellFigures(sources=sources, **figures)
            names = section["names"]
            if not isinstance(names, list) or not names:
                self.fail(where, "names", 'must be a list of gates, for example ["NAND"]')
            for name in names:
                allowed = [g for g in TIMED_GATES if g != "DFF1"]
                if name not in allowed:
                    self.fail(where, "names", f"unknown gate {name!r}{_nearest(str(name).upper(), allowed)}")
                if name in found:
                    self.fail(where, "names", f"gate {name!r} was given before")
                found[name] = cell
        return found

    def figures(
        self, where: str, section: Mapping[str, Any], table: Mapping[str, tuple[str, str]]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The numbers of a section in base units, and the source of each."""
        one, several = section.get("source"), section.get("sources", {})
        if not isinstance(several, dict):
            self.fail(where, "sources", "must be a table of texts, one a figure")
        self.check_keys(where, several, [*table], (), "sources")
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        for key, (name, dimension) in table.items():
            if key not in section:
                continue
            value: Any = section[key]
            if dimension:
                try:
                    value = parse_quantity(value, dimension)
                except GatesimError as exc:
                    self.fail(where, key, str(exc))
            elif isinstance(value, bool) or not isinstance(value, int if key == "fan_out" else (int, float)):
                self.fail(where, key, f"must be a number, not {value!r}")
            if fault := fault_of(name, value):
                self.fail(where, key, fault)
            origin = several.get(key, one)
            if not isinstance(origin, str) or not origin.strip():
                self.fail(where, key, 'has no source: add source = "..." (or "textbook, order of magnitude")')
            values[name] = value
            sources[key] = origin
        return values, sources

    def check_keys(self, where: str, section: Any, known: list[str], needed: Iterable[str], inner: str = "") -> None:
        if not isinstance(section, dict):
            self.fail("", where, "must be a table")
        for key in section:
            if key not in known:
                self.fail(where, inner or key, f"unknown key {key!r}{_nearest(key, known)}")
        for key in needed:
            if key not in section:
                self.fail(where, key, "is missing")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _line_numbers(text: str) -> dict[tuple[str, str], int]:
    """Line of each section's head (key "") and of each of its keys."""
    found: dict[tuple[str, str], int] = {}
    where, gates = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*\[\[\s*gate\s*\]\]", line):
            gates += 1
            where = f"[[gate]] {gates}"
            found[where, ""] = number
        elif match := re.match(r"\s*\[([^\[\]]+)\]", line):
            if not match[1].strip().startswith("gate"):
                where = ""
            found.setdefault((where, "sources"), number)
        elif match := re.match(r'\s*"?([A-Za-z_]\w*)"?\s*(?:\.\s*\w+\s*)?=', line):
            found.setdefault((where, match[1]), number)
    return found
