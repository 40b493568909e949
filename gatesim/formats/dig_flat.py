"""A drawing of Digital's made flat: sub-circuits opened, generic ones made concrete, pins joined to nets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import ParseError, unknown_name
from .dig_generic_code import run_code
from .dig_pins import GRID, PINS, SHOWN_ONLY, Pin, driver, placed, reader
from .dig_pins import box as box_pins
from .dig_xml import MAX_ELEMENTS, MAX_WORDS, Drawing, Element, Point, parse_xml

MAX_DEPTH = 40
"""Sub-circuits inside sub-circuits, at most."""

MAX_OPENED = 20_000
"""Sub-circuits opened for one drawing, at most."""

MAX_FILE = 1 << 26
"""Bytes of one drawing, at most."""

MAX_FOLDER = 20_000
"""Files looked at when a sub-circuit is searched, at most."""

_SWITCH_LEVEL = {
    "NFET": "a transistor", "PFET": "a transistor", "FGNFET": "a transistor", "FGPFET": "a transistor",
    "TransGate": "a transmission gate", "Relay": "a relay", "RelayDT": "a relay",
}  # fmt: skip
_NOT_READ = {
    "External": "it is described in Verilog or VHDL: read that file instead",
    "ExternalFile": "it is described in Verilog or VHDL: read that file instead",
    "RotEncoder": "it waits for a person", "Telnet": "it talks to a network", "Monoflop": "it counts the ticks of a real clock",
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


def load_hex(element: Element, name: str) -> list[int]:
    """Words of a file beside the drawing, in the form ``v2.0 raw``: hexadecimal words, ``3*ff`` for repeats."""
    path = Path(element.source).parent / name.replace("\\", "/").rsplit("/", 1)[-1]
    if element.source.startswith("<") or not path.is_file():
        raise element.fail(f"it loads the file {name[:60]!r}, which is not beside the drawing")
    if path.stat().st_size > MAX_FILE:
        raise element.fail(f"{path.name} is longer than {MAX_FILE} bytes")
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not lines or lines[0].strip() != "v2.0 raw":
        raise element.fail(f"{path.name} does not begin with 'v2.0 raw': no other form of contents is read")
    words: list[int] = []
    for number, line in enumerate(lines[1:], 2):
        for part in line.partition("#")[0].split():
            match = re.fullmatch(r"(?:(\d{1,8})\*)?(?:0x)?([0-9a-fA-F]{1,16})", part)
            count = min(int(match[1] or 1), MAX_WORDS) if match else 0
            if match is None or len(words) + count > MAX_WORDS:
                raise element.fail(f"{path.name}:{number}: cannot read {part[:30]!r}, a hexadecimal word is expected")
            words += [int(match[2], 16)] * count
    return words


# -- generic circuits ------------------------------------------------------------------------


def is_generic(drawing: Drawing) -> bool:
    """Whether the drawing has parameters."""
    return drawing.attributes.get("isGeneric") is True


def initial_arguments(drawing: Drawing) -> dict[str, object]:
    """Arguments that a generic drawing gives itself (its element GenericInitCode)."""
    inits = [e for e in drawing.elements if e.kind == "GenericInitCode" and e.flag("enabled", True)]
    if len(inits) != 1:
        raise ParseError(
            f"this generic drawing has {len(inits)} enabled GenericInitCode elements; one must give its arguments",
            source=drawing.source,
        )
    return arguments_of(inits[0], inits[0].text("generic"))


def arguments_of(element: Element, code: str) -> dict[str, object]:
    """The variables that a piece of code of `element` declares."""
    return run_code(code, {}, element.fail)


def concrete(drawing: Drawing, args: dict[str, object] | None) -> Drawing:
    """The drawing with the code of its generic elements carried out on `args`."""
    if not is_generic(drawing):
        return drawing
    settings = dict(drawing.attributes)
    made = Drawing(drawing.source, settings, [], list(drawing.wires))
    shared: dict[str, object] = {}
    given = dict(args or {})
    added: list[Element] = []

    def add_wire(x1: int, y1: int, x2: int, y2: int) -> None:
        if len(made.wires) >= MAX_ELEMENTS:
            raise ValueError(f"more than {MAX_ELEMENTS} wires")
        made.wires.append(((x1 * GRID, y1 * GRID), (x2 * GRID, y2 * GRID)))

    def add_component(name: str, x: int, y: int) -> dict[str, object]:
        if len(added) >= MAX_ELEMENTS:
            raise ValueError(f"more than {MAX_ELEMENTS} elements")
        element = Element(str(name), {}, int(x) * GRID, int(y) * GRID, drawing.source)
        added.append(element)
        if not str(name).endswith(".dig"):
            return element.attributes
        handed: dict[str, object] = {"this": element.attributes, "args": given}
        element.attributes[_ARGUMENTS] = handed
        return handed

    for element in sorted(drawing.elements, key=lambda e: e.kind != "GenericCode"):
        copy = replace(element, attributes=dict(element.attributes))
        made.elements.append(copy)
        code = element.text("generic").strip()
        if not code or element.kind in ("GenericInitCode", "Testcase"):
            continue
        names: dict[str, object] = {
            "loadHex": lambda name, *more, element=element: load_hex(element, str(name)),
            "args": given, "global": shared, "settings": settings, "addWire": add_wire, "addComponent": add_component,
        }  # fmt: skip
        if element.kind.endswith(".dig"):
            names["setCircuit"] = lambda name, copy=copy: setattr(copy, "kind", str(name))
            left = run_code(code, names, element.fail)
            copy.attributes[_ARGUMENTS] = {**given, **{k: v for k, v in left.items() if k not in names}}
        else:
            run_code(code, {**names, "this": copy.attributes}, element.fail)
    made.elements += added
    return made


_ARGUMENTS = "\0arguments"  # no file can hold such a key


def _handed_down(element: Element) -> dict[str, object]:
    """The arguments that an element gives to the generic sub-circuit that it is."""
    handed = element.attributes.get(_ARGUMENTS)
    if isinstance(handed, dict):
        outer = handed.get("args")
        own = {k: v for k, v in handed.items() if k not in ("this", "args")}
        return {**(outer if isinstance(outer, dict) else {}), **own}
    return arguments_of(element, element.text("generic"))


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
        handed = _handed_down(element) if is_generic(drawing) else {}
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


# -- shapes of sub-circuits ------------------------------------------------------------------


def shape_of(element: Element, inner: Drawing) -> list[Pin]:
    """The pins of a sub-circuit's box: each input and output of its drawing, by label."""
    inputs = [e for e in inner.elements if e.kind in ("In", "Clock")]
    outputs = [e for e in inner.elements if e.kind == "Out"]
    own = str(inner.attributes.get("shapeType", "DEFAULT"))
    chosen = element.text("shapeType", "DEFAULT")
    kind = chosen if chosen != "DEFAULT" else own
    width = _size(element, inner, "Width")
    if kind == "DIL":
        return _dual_in_line(element, inner, [*inputs, *outputs], width + 1)
    if kind == "LAYOUT":
        return _layout(element, inner, inputs, outputs, width)
    if kind == "MINIMIZED":
        return _minimized(inputs, outputs)
    if kind == "CUSTOM":
        shape = inner.attributes.get("customShape")
        pins = shape.get("pins") if isinstance(shape, dict) else None
        if isinstance(pins, dict) and pins:
            return [
                Pin(e.label, pins[e.label], e.kind != "Out", e.kind == "Out", 0)
                for e in [*inputs, *outputs] if e.label in pins
            ]  # fmt: skip
    return box_pins([(e.label, 0) for e in inputs], [(e.label, 0) for e in outputs], width=width)


def _size(element: Element, inner: Drawing, key: str) -> int:
    value = inner.attributes.get(key, 3)
    if not isinstance(value, int) or not 1 <= value <= 10_000:
        raise element.fail(f"its drawing has the {key.lower()} {str(value)[:20]!r}")
    return value


def _dual_in_line(element: Element, inner: Drawing, ends: list[Element], width: int) -> list[Pin]:
    count = inner.attributes.get("pinCount", 0)
    count = count if isinstance(count, int) and 0 <= count <= 10_000 else 0
    number_of: dict[int, Element] = {}
    rest = []
    for e in ends:
        text = e.text("pinNumber").strip()
        number = int(text) if text.isdigit() and len(text) < 5 else 0
        if number == 0 or number in number_of:
            rest.append(e)
        else:
            number_of[number] = e
            count = max(count, number)
    number = 1
    for e in rest:
        while number in number_of:
            number += 1
        number_of[number] = e
    count = max(count, number if rest else 0)
    count += count & 1
    found = []
    for number, e in number_of.items():
        left = number <= count // 2
        x, y = (0, 2 * (number - 1)) if left else (width, 2 * (count - number))
        found.append((reader if e.kind != "Out" else driver)(e.label, x, y, 0))
    return found


def _layout(element: Element, inner: Drawing, inputs: list[Element], outputs: list[Element], width: int) -> list[Pin]:
    """Pins on the side that each input's and output's direction in the drawing shows, in their order there."""
    sides: dict[str, list[Element]] = {"left": [], "right": [], "top": [], "bottom": []}
    for e in inputs:
        sides[("left", "bottom", "right", "top")[e.number("rotation", 0, 0, 3)]].append(e)
    for e in outputs:
        sides[("right", "top", "left", "bottom")[e.number("rotation", 0, 0, 3)]].append(e)
    height = max(_size(element, inner, "Height"), len(sides["left"]) + 1, len(sides["right"]) + 1)
    width = max(width, len(sides["top"]) + 1, len(sides["bottom"]) + 1)
    found = []
    for side, members in sides.items():
        across = side in ("top", "bottom")
        length = width if across else height
        step = (length + 2) // (len(members) + 1) if members else 0
        start = (length - step * (len(members) - 1)) // 2
        for i, e in enumerate(sorted(members, key=lambda m: m.x if across else m.y)):
            along = start + i * step
            x, y = {"left": (0, along), "right": (width, along), "top": (along, 0), "bottom": (along, height)}[side]
            found.append((reader if e.kind != "Out" else driver)(e.label, x, y, 0))
    return found


def _minimized(inputs: list[Element], outputs: list[Element]) -> list[Pin]:
    ends = [*inputs, *outputs]
    left, top = min((e.x for e in ends), default=0), min((e.y for e in ends), default=0)

    def grid(distance: int) -> int:
        return int(distance / 2 / GRID + 0.5)

    return [
        (reader if e.kind != "Out" else driver)(e.label, grid(e.x - left), grid(e.y - top), 0) for e in ends
    ]  # fmt: skip
