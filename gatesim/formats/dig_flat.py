"""A drawing of Digital's made flat: sub-circuits opened, generic ones made concrete, pins joined to nets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ParseError, unknown_name
from .dig_generic import concrete, handed_down, is_generic
from .dig_pins import PINS, SHOWN_ONLY, Pin, placed
from .dig_shapes import shape_of
from .dig_xml import MAX_ELEMENTS, MAX_FILE, Drawing, Element, Point, parse_xml

MAX_DEPTH = 40
"""Sub-circuits inside sub-circuits, at most."""

MAX_OPENED = 20_000
"""Sub-circuits opened for one drawing, at most."""

MAX_FOLDER = 20_000
"""Files looked at when a sub-circuit is searched, at most."""

_SWITCH_LEVEL = {
    "NFET": "a transistor", "PFET": "a transistor", "FGNFET": "a transistor", "FGPFET": "a transistor",
    "TransGate": "a transmission gate", "Relay": "a relay", "RelayDT": "a relay",
}  # fmt: skip
_NOT_READ = {
    "External": "it is described in Verilog or VHDL: read that file instead",
    "ExternalFile": "it is described in Verilog or VHDL: read that file instead",
    "RotEncoder": "it waits for a person", "Telnet": "it talks to a network",
    "Monoflop": "it counts the ticks of a real clock",
    "PRNG": "its values are random",
}  # fmt: skip


@dataclass(slots=True)
class Instance:
    """One element of the flat drawing: its pins with their nets, and the labels of what it stands in."""

    element: Element
    pins: list[tuple[Pin, int]]
    path: tuple[str, ...]


@dataclass
class Flat:
    """The flat drawing: instances whose pins name nets; nets that were joined have one root."""

    drawing: Drawing
    instances: list[Instance] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    checks: list[tuple[Element, Pin, int]] = field(default_factory=list)

    def new_net(self) -> int:
        """A net of its own."""
        self.parent.append(len(self.parent))
        return len(self.parent) - 1

    def root(self, net: int) -> int:
        """The net that stands for all that were joined with `net`."""
        while self.parent[net] != net:
            self.parent[net] = self.parent[self.parent[net]]
            net = self.parent[net]
        return net

    def join(self, a: int, b: int) -> None:
        """Make two nets one."""
        self.parent[self.root(a)] = self.root(b)


class Library:
    """Finds the files of sub-circuits: in the drawing's folder and below, then in further folders."""

    def __init__(self, source: str, folders: Sequence[str | os.PathLike[str]] = ()) -> None:
        self._source = source
        self._folders = [Path(f) for f in folders]
        self._files: dict[str, Path] | None = None
        self._drawings: dict[Path, Drawing] = {}

    def _index(self) -> dict[str, Path]:
        if self._files is None:
            self._files = {}
            folders = [] if self._source.startswith("<") else [Path(self._source).parent]
            for folder in [*folders, *self._folders]:
                for name, path in _files_below(folder):
                    self._files.setdefault(name, path)
        return self._files

    def find(self, element: Element) -> Drawing:
        """The drawing of a sub-circuit; the error names element and file."""
        kind = element.kind.replace("\\", "/")
        name = kind.rsplit("/", 1)[-1]
        path = self._index().get(name) if name.endswith(".dig") else None
        if path is None:
            raise element.fail(_unknown(element.kind))
        if path not in self._drawings:
            self._drawings[path] = read_drawing(path)
        return self._drawings[path]


def _files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    seen = 0
    for here, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".dig"):
                yield name, Path(here) / name
        seen += len(files)
        if seen > MAX_FOLDER:
            return


def _unknown(kind: str) -> str:
    if kind in _SWITCH_LEVEL:
        return f"{_SWITCH_LEVEL[kind]} is a switch between two wires, no gate: only digital elements are read"
    if kind in _NOT_READ:
        return f"it cannot be read: {_NOT_READ[kind]}"
    if kind.endswith(".dig"):
        return "there is no such file in the drawing's folder or below; say where it is with library="
    return str(unknown_name("element", kind, [*PINS, *SHOWN_ONLY]))


def read_drawing(path: Path) -> Drawing:
    """The drawing in a file.

    Raises
    ------
    ParseError
        Too large, not text, or not a drawing.
    """
    with open(path, "rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise ParseError(f"the drawing is longer than {MAX_FILE} bytes", source=str(path))
    try:
        return parse_xml(data.decode("utf-8"), str(path))
    except UnicodeDecodeError as exc:
        raise ParseError(f"this is no text file ({exc.reason} at byte {exc.start})", source=str(path)) from None


def flatten(drawing: Drawing, library: Library, args: dict[str, object] | None = None) -> Flat:
    """Open all sub-circuits of `drawing`; a generic one needs `args` (see :func:`initial_arguments`)."""
    flat = Flat(drawing)
    _Flattener(flat, library).place(concrete(drawing, args), args or {}, (), (drawing.source,))
    return flat


# -- sub-circuits ----------------------------------------------------------------------------


class _Flattener:
    def __init__(self, flat: Flat, library: Library) -> None:
        self.flat, self.library = flat, library
        self.opened = 0

    def place(
        self, drawing: Drawing, args: dict[str, object], path: tuple[str, ...], files: tuple[str, ...]
    ) -> dict[str, int]:
        """Add a drawing; returns the nets of its inputs and outputs by label (for what stands around it)."""
        flat, at = self.flat, {}

        def net_at(point: Point) -> int:
            if point not in at:
                at[point] = flat.new_net()
            return at[point]

        for start, end in drawing.wires:
            flat.join(net_at(start), net_at(end))
        if is_generic(drawing):  # wires that code places may end on the middle of others
            for point, wire in _touching(drawing.wires):
                flat.join(net_at(point), net_at(wire[0]))
        ports: dict[str, int] = {}
        labels: dict[str, int] = {}
        for element in drawing.elements:
            if len(flat.instances) > MAX_ELEMENTS or len(flat.parent) > 4 * MAX_ELEMENTS:
                raise element.fail(f"with all sub-circuits the drawing has more than {MAX_ELEMENTS} elements")
            kind = element.kind
            if kind in SHOWN_ONLY:
                continue
            if kind == "Tunnel":
                label = element.text("NetName").strip()
                if label:
                    net = net_at((element.x, element.y))
                    flat.join(net, labels.setdefault(label, net))
            elif kind not in PINS:
                self._sub_circuit(element, net_at, args, path, files)
            else:
                pins = [(pin, net_at(placed(element, pin.at))) for pin in PINS[kind](element)]
                if not (path and kind in ("In", "Out", "Clock")):  # inside, those only name a net
                    flat.checks += [(element, pin, net) for pin, net in pins if pin.width]
                if kind in ("Switch", "SwitchDT", "Fuse"):
                    self._switch(element, pins)
                elif path and kind in ("In", "Out", "Clock"):
                    if not element.label:
                        raise element.fail("it has no label: the pin of a sub-circuit needs one")
                    if element.label in ports:
                        raise element.fail("a second pin has that label")
                    ports[element.label] = pins[0][1]
                else:
                    flat.instances.append(Instance(element, pins, path))
        return ports

    def _switch(self, element: Element, pins: list[tuple[Pin, int]]) -> None:
        """A switch stands as it is drawn: closed, it makes two nets one."""
        if element.kind == "Switch" and element.flag("switchActsAsInput"):
            raise element.fail("a switch that a test moves is no gate: only digital elements are read")
        nets = {pin.name: net for pin, net in pins}
        closed = (
            not element.flag("blown") if element.kind == "Fuse" else element.flag("closed") or element.flag("Closed")
        )
        for name, net in nets.items():
            if name[0] == "A":
                if closed:
                    self.flat.join(net, nets[f"B{name[1:]}"])
                elif element.kind == "SwitchDT":
                    self.flat.join(net, nets[f"C{name[1:]}"])

    def _sub_circuit(self, element: Element, net_at, args: dict[str, object], path, files) -> None:
        drawing = self.library.find(element)
        self.opened += 1
        if self.opened > MAX_OPENED:
            raise element.fail(f"the drawing opens more than {MAX_OPENED} sub-circuits")
        if len(files) > MAX_DEPTH:
            raise element.fail(f"sub-circuits are nested more than {MAX_DEPTH} deep here")
        if drawing.source in files and not is_generic(drawing):
            raise element.fail("this sub-circuit contains itself")
        handed = handed_down(element) if is_generic(drawing) else {}
        inner = concrete(drawing, handed)
        ports = self.place(inner, handed, (*path, element.label), (*files, drawing.source))
        for pin in shape_of(element, inner):
            if pin.name in ports:
                self.flat.join(net_at(placed(element, pin.at)), ports[pin.name])


def _touching(wires: Sequence[tuple[Point, Point]]) -> Iterator[tuple[Point, tuple[Point, Point]]]:
    """Ends of wires that lie between the ends of another, straight wire."""
    rows: dict[int, list[tuple[Point, Point]]] = {}
    columns: dict[int, list[tuple[Point, Point]]] = {}
    for wire in wires:
        (x1, y1), (x2, y2) = wire
        if y1 == y2:
            rows.setdefault(y1, []).append(wire)
        elif x1 == x2:
            columns.setdefault(x1, []).append(wire)
    for x, y in {point for wire in wires for point in wire}:
        for wire in rows.get(y, ()):
            if min(wire[0][0], wire[1][0]) < x < max(wire[0][0], wire[1][0]):
                yield (x, y), wire
        for wire in columns.get(x, ()):
            if min(wire[0][1], wire[1][1]) < y < max(wire[0][1], wire[1][1]):
                yield (x, y), wire
