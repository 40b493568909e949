"""A sheet in ink: paths and words with their colours, which any renderer can put down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..gates import DFF1
from ..netlist import Netlist
from .scene import OPENABLE, Kind, Sheet
from .shapes import (
    NO_PIN,
    OUTPUT_PIN,
    Path,
    Shape,
    Style,
    box_shape,
    circle,
    flag_shape,
    gate_shape,
    register_shape,
)
from .themes import Ink, Theme

LETTER = 0.62
"""Mean width of a letter of DejaVu Sans, as a part of its size."""

FOUR = "01XZ"
"""Values by their code."""


class Mark(NamedTuple):
    """A path: outline and fill (None: without)."""

    path: Path
    stroke: str | None
    width: float
    dash: tuple[float, ...]
    fill: str | None
    title: str = ""


class Text(NamedTuple):
    """A word; ``y`` is the middle of its height. ``halo``: colour of a rim that sets it off its ground."""

    x: float
    y: float
    text: str
    size: float
    anchor: str
    bold: bool
    colour: str
    halo: str | None = None


@dataclass(frozen=True)
class Picture:
    """Marks and words in drawing order, on a ground of a colour. ``name`` says what it shows."""

    name: str
    width: float
    height: float
    background: str
    marks: tuple[Mark, ...]
    texts: tuple[Text, ...]


def picture(
    net: Netlist, sheet: Sheet, theme: Theme, style: Style = Style.ansi, values: np.ndarray | None = None
) -> Picture:
    """Put a sheet into ink.

    Parameters
    ----------
    net : Netlist
        What the sheet shows a scope of.
    sheet : Sheet
    theme : Theme
    style : Style
    values : (n,) uint8, optional
        Value of every net: 0, 1, 2 (X) or 3 (Z).
    """
    painter = _Painter(net, sheet, theme, style, values)
    painter.wires()
    painter.boxes()
    name = "/".join(name for _, name in sheet.path)
    return Picture(
        name, sheet.width, sheet.height, theme.background, tuple(painter.marks), tuple(painter.texts)
    )  # fmt: skip


def value_text(codes: np.ndarray) -> str:
    """Values of nets, LSB first, as people write them: a bit, or hexadecimal; binary where X or Z is among them.

    Examples
    --------
    >>> value_text(np.array([1], np.uint8)), value_text(np.array([0, 1, 0, 1, 1], np.uint8))
    ('1', '1a')
    """
    if len(codes) == 1 or (codes > 1).any():
        return "".join(FOUR[c] for c in codes[::-1].tolist())
    number = sum(int(c) << i for i, c in enumerate(codes.tolist()))
    return f"{number:0{(len(codes) + 3) // 4}x}"


def bus_ink(theme: Theme, codes: np.ndarray) -> Ink:
    """The ink of a bus with these values."""
    kinds = set(codes.tolist())
    for code in (2, 3):
        if code in kinds:
            return theme.value_ink(code)
    return theme.value_ink(kinds.pop()) if len(kinds) == 1 else theme.mixed


class _Painter:
    def __init__(self, net: Netlist, sheet: Sheet, theme: Theme, style: Style, values: np.ndarray | None) -> None:
        self.net, self.sheet, self.theme, self.style, self.values = net, sheet, theme, style, values
        self.marks: list[Mark] = []
        self.texts: list[Text] = []

    def _ink(self, nets: tuple[int, ...]) -> Ink:
        ink = self.theme.wire if self.values is None else bus_ink(self.theme, self.values[list(nets)])
        return ink if len(nets) == 1 else Ink(ink.colour, ink.width + 2.0, ink.dash)

    def wires(self) -> None:
        sheet = self.sheet
        first = np.searchsorted(sheet.segment_wire, np.arange(sheet.n_wires + 1)).tolist()
        rows = sheet.segments.tolist()
        for wire in range(sheet.n_wires):
            nets = sheet.nets_of(wire)
            ink = self._ink(nets)
            path = []
            for x0, y0, x1, y1 in rows[first[wire] : first[wire + 1]]:
                path += [("M", x0, y0), ("L", x1, y1)]
            title = self.net.net_name(nets[0]) + (f" and {len(nets) - 1} more" if len(nets) > 1 else "")
            self.marks.append(Mark(tuple(path), ink.colour, ink.width, ink.dash, None, title))
        for (x, y), wire in zip(sheet.dots.tolist(), sheet.dot_wire.tolist(), strict=True):
            ink = self._ink(sheet.nets_of(wire))
            self.marks.append(Mark(circle(x, y, 2.2 + ink.width / 2), None, 0, (), ink.colour))
        for i in np.flatnonzero(sheet.pin_is_output & (sheet.pin_wire >= 0)).tolist():
            self._bus_note(i)

    def _bus_note(self, i: int) -> None:
        """The width of a bus, with a stroke across it, and its value."""
        pin = self.sheet.pin(i)
        if len(pin.nets) == 1:
            return
        ink = self._ink(pin.nets)
        x, y, k = pin.x + 8, pin.y, 3.5
        self.marks.append(Mark((("M", x - k, y + k + 1), ("L", x + k, y - k - 1)), ink.colour, 1.2, (), None))
        self._text(x + 4, y + 9, str(len(pin.nets)), 7.5, "end", self.theme.text, halo=True)
        if self.values is not None and self.sheet.box_kind[pin.box] < Kind.INPUT:
            self._text(x + 5, y - 7, value_text(self.values[list(pin.nets)]), 9, "start", self.theme.text, True, True)

    def _text(self, x, y, text, size, anchor, colour, bold=False, halo=False) -> None:
        rim = self.theme.background if halo else None
        self.texts.append(Text(x, y, text, size * self.theme.text_scale, anchor, bold, colour, rim))

    def boxes(self) -> None:
        sheet, net = self.sheet, self.net
        last = np.searchsorted(sheet.pin_box, np.arange(sheet.n_boxes + 1)).tolist()
        at = sheet.pin_at.tolist()
        for i in range(sheet.n_boxes):
            box = sheet.box(i)
            pins = range(last[i], last[i + 1])
            if box.kind == Kind.GATE:
                ins = [p for p in pins if not sheet.pin_is_output[p]]
                rows = tuple(at[p][1] - box.y for p in sorted(ins, key=lambda p: sheet.pin_slot[p]))
                self._shape(box, gate_shape(int(sheet.box_op[i]), self.style, box.width, box.height, rows))
            else:
                marked = tuple((sheet.pin_label[p], at[p][1] - box.y, bool(sheet.pin_is_output[p])) for p in pins)
                if box.kind == Kind.REGISTER:
                    one = int(sheet.box_op[i]) == DFF1
                    self._shape(box, register_shape(one, box.width, box.height, marked))
                elif box.kind == Kind.MEMORY:
                    memory = net.memories[box.item]
                    note = f"{memory.depth} x {memory.width} {'ROM' if memory.is_rom else 'RAM'}"
                    self._shape(box, box_shape(box.kind, box.label, note, box.width, box.height, marked))
                elif box.kind in OPENABLE:
                    self._shape(box, box_shape(box.kind, box.label, "", box.width, box.height, marked))
                else:
                    self._flag(box, last[i])
            for p in pins:
                if sheet.pin_wire[p] < 0 and not sheet.pin_is_output[p]:
                    self._tied(at[p][0], at[p][1], int(sheet.pin_nets[sheet.pin_ptr[p]]))

    def _flag(self, box, pin: int) -> None:
        self._shape(box, flag_shape(box.kind == Kind.INPUT, box.label, box.width, box.height))
        if self.values is not None:
            nets = self.sheet.pin(pin).nets
            x = box.x + box.width - (9 if box.kind == Kind.INPUT else 4)
            self._text(
                x, box.y + box.height / 2, value_text(self.values[list(nets)]), 10, "end", self._ink(nets).colour, True
            )  # fmt: skip

    def _tied(self, x: float, y: float, constant: int) -> None:
        """A pin tied to a constant: a short wire with the digit at its end."""
        ink = self._ink((constant,))
        self.marks.append(Mark((("M", x - 5, y), ("L", x, y)), ink.colour, ink.width, ink.dash, None))
        self._text(x - 6.5, y, str(constant), 8.5, "end", self.theme.text, True)

    def _shape(self, box, shape: Shape) -> None:
        theme = self.theme
        fill = {Kind.SCOPE: theme.box, Kind.GROUP: theme.box, Kind.MEMORY: theme.box}.get(box.kind, theme.body)
        fill = theme.flag if box.kind >= Kind.INPUT else fill
        dash = (5.0, 3.0) if box.kind == Kind.GROUP else ()
        for stroke in shape.strokes:
            moved = tuple(_moved(command, box.x, box.y) for command in stroke.path)
            if stroke.pin == NO_PIN:
                inside, title = (fill, box.label) if stroke.is_body else (None, "")
                self.marks.append(Mark(moved, theme.ink, theme.outline, dash, inside, title))
            else:
                net = box.item if stroke.pin == OUTPUT_PIN else int(self.net.fanin_of(box.item)[stroke.pin])
                ink = self._ink((net,))
                self.marks.append(Mark(moved, ink.colour, ink.width, ink.dash, None))
        for word in shape.words:
            self._text(box.x + word.x, box.y + word.y, word.text, word.size, word.anchor, theme.text, word.bold)


def _moved(command: tuple, dx: float, dy: float) -> tuple:
    rest = command[1:]
    return (command[0], *(v + (dy if k % 2 else dx) for k, v in enumerate(rest)))
