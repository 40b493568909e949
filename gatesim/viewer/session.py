"""A session: time and inputs, probes, breakpoints and the view, as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from ..errors import GatesimError, ParseError
from ..formats.files import save as save_file
from ..four import LETTERS
from ..netlist import Netlist
from .breakpoints import Breakpoint
from .naming import Names
from .numbers import Radix
from .probes import Probe
from .timeline import Change, Timeline

FORMAT, VERSION = "gatesim session", 1


class SessionError(GatesimError, ValueError):
    """A session that belongs to another circuit; the message lists what differs."""


@dataclass
class Session:
    """What is saved.

    Attributes
    ----------
    changes : list of Change
    cycle : int
        Where in time the viewer stands.
    probes, breakpoints : list
    view : dict
        Where the camera is (scope, centre, zoom), theme and scale: the viewer's own words.
    """

    changes: list[Change]
    cycle: int
    probes: list[Probe] = field(default_factory=list)
    breakpoints: list[Breakpoint] = field(default_factory=list)
    view: dict[str, Any] = field(default_factory=dict)


def _portrait(net: Netlist) -> dict[str, Any]:
    """What tells one circuit from another."""
    return {
        "name": net.name,
        "fingerprint": net.fingerprint,
        "ports": {p.name: [p.direction, p.width] for p in net.ports},
        "cells": net.counts(),
    }


def dump(session: Session, net: Netlist) -> str:
    """The session as JSON text."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "circuit": _portrait(net),
        "cycle": session.cycle,
        "inputs": [{"cycle": c.cycle, "values": _named(c.inputs, net)} for c in session.changes],
        "probes": [{"name": p.name, "radix": p.radix.value} for p in session.probes],
        "breakpoints": [b.text for b in session.breakpoints],
        "view": session.view,
    }
    return json.dumps(document, indent=2) + "\n"


def _named(inputs: bytes, net: Netlist) -> dict[str, str]:
    """Values by port, as letters, most significant first."""
    found, low = {}, 0
    for p in net.inputs:
        found[p.name] = "".join(LETTERS[c] for c in reversed(inputs[low : low + p.width]))
        low += p.width
    return found


def parse(text: str, net: Netlist, names: Names, *, source: str = "session") -> Session:
    """Read a session of `net`.

    Raises
    ------
    ParseError
        No session file, or a damaged one.
    SessionError
        A session of another circuit; says what differs.
    UnknownNameError
        A probe or breakpoint on a net that is not there.
    """
    try:
        document = json.loads(text)
    except ValueError as exc:
        raise ParseError(f"this is no session: {exc}", source=source) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ParseError('this is no session: it has no "format": "gatesim session"', source=source)
    if document.get("version") != VERSION:
        raise ParseError(f"version {document.get('version')} of a session; known is {VERSION}", source=source)
    try:
        _compare(document["circuit"], net, source)
        changes = [_change(part, net) for part in document["inputs"]]
        if not changes or changes[0].cycle != 0 or any(a.cycle >= b.cycle for a, b in pairwise(changes)):
            raise ValueError("inputs must begin with cycle 0 and go forward")
        probes = [Probe(p["name"], names.nets(p["name"]), Radix(p["radix"])) for p in document["probes"]]
        breakpoints = [Breakpoint.parse(b, names) for b in document["breakpoints"]]
        return Session(changes, int(document["cycle"]), probes, breakpoints, dict(document["view"]))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        if isinstance(exc, GatesimError):
            raise
        raise ParseError(f"this session is damaged: {exc!r}", source=source) from None


def _change(part: Mapping[str, Any], net: Netlist) -> Change:
    inputs = b""
    for p in net.inputs:
        letters = part["values"][p.name]
        if len(letters) != p.width:
            raise ValueError(f"input {p.name!r} has {p.width} bits, not {len(letters)}")
        inputs += bytes(LETTERS.index(c) for c in reversed(letters))
    return Change(int(part["cycle"]), inputs)


def _compare(saved: Mapping[str, Any], net: Netlist, source: str) -> None:
    here = _portrait(net)
    if saved["fingerprint"] == here["fingerprint"]:
        return
    found: list[str] = []
    if saved["name"] != here["name"]:
        found.append(f"it is of {saved['name']!r}, this is {here['name']!r}")
    for name, shape in saved["ports"].items():
        if name not in here["ports"]:
            found.append(f"no {shape[0]} {name!r} here")
        elif list(shape) != here["ports"][name]:
            found.append(f"{name!r} was {shape[0]} of {shape[1]} bits, is {' of '.join(map(str, here['ports'][name]))}")
    found += [f"{shape[0]} {name!r} is new" for name, shape in here["ports"].items() if name not in saved["ports"]]
    for name in sorted({*saved["cells"], *here["cells"]}):
        was, now = saved["cells"].get(name, 0), here["cells"].get(name, 0)
        if was != now:
            found.append(f"{was:,} {name} then, {now:,} now")
    shown = found[:8] + ([f"and {len(found) - 8} more"] if len(found) > 8 else [])
    what = "; ".join(shown) or "the same ports and numbers of gates, wired otherwise or with other memory contents"
    raise SessionError(f"{source}: this session belongs to another circuit: {what}")


def save(session: Session, net: Netlist, path: Path) -> None:
    """Write a session file, whole or not at all."""
    save_file(dump(session, net), path)


def load(path: Path, net: Netlist, names: Names) -> Session:
    """Read a session file; see :func:`parse` for what can be wrong (OSError: no such file)."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        raise ParseError(f"this is no text file ({exc.reason} at byte {exc.start})", source=str(path)) from None
    return parse(text, net, names, source=str(path))


def restore(session: Session, line: Timeline) -> None:
    """Put time and inputs of a session into a timeline, as one change that undo takes back."""
    line.replace_changes(tuple(session.changes), session.cycle)
