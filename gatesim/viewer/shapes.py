"""Outlines of gates and boxes, distinctive (ANSI/IEEE Std 91, annex A) and rectangular (IEC 60617-12).

An outline is plain geometry in pixels at zoom 1, relative to the box's corner: files, notebooks and the
window draw the same one. Curves are cubic; :func:`flattened` makes polygons of them.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ..errors import unknown_name
from ..gates import GATES
from .scene import GRID, Kind

Path = tuple[tuple, ...]
"""Commands ``("M", x, y)``, ``("L", x, y)``, ``("C", x1, y1, x2, y2, x, y)`` and ``("Z",)``."""


class Style(StrEnum):
    """How gates are drawn."""

    ansi = "ansi"
    iec = "iec"


OUTPUT_PIN, NO_PIN = -1, -2
"""What a stroke leads to, besides the numbers of input pins."""


def style(name: str) -> Style:
    """The style called `name`; UnknownNameError if there is none."""
    try:
        return Style(name)
    except ValueError:
        raise unknown_name("style", name, [*Style]) from None


class Stroke(NamedTuple):
    """A path; filled with the body's colour where it is a body, in the wire's ink where it leads to a pin."""

    path: Path
    is_body: bool
    pin: int = NO_PIN


class Word(NamedTuple):
    """A text inside a box: centre (or, where ``anchor`` says so, start or end) and size in pixels."""

    x: float
    y: float
    text: str
    size: float
    anchor: str = "middle"
    bold: bool = False


class Shape(NamedTuple):
    """Strokes in drawing order, and words."""

    strokes: tuple[Stroke, ...]
    words: tuple[Word, ...]


BUBBLE = 3.5
_LEFT, _TIP = 6.0, 40.0
_ROUND = 0.5522847498  # of a radius: where a cubic's control points make a quarter of a circle
_IEC = {"AND": "&", "OR": "≥1", "XOR": "=1", "BUF": "1", "MUX": "MUX", "MAJ": ">n/2", "TRI": "▽"}


def _line(*points: tuple[float, float]) -> Path:
    return (("M", *points[0]), *(("L", *p) for p in points[1:]))


def _closed(*points: tuple[float, float]) -> Path:
    return (*_line(*points), ("Z",))


def rectangle(x: float, y: float, width: float, height: float, radius: float = 0.0) -> Path:
    """A rectangle, with round corners where `radius` is given."""
    right, bottom = x + width, y + height
    if not radius:
        return _closed((x, y), (right, y), (right, bottom), (x, bottom))
    r, c = radius, radius * (1 - _ROUND)
    return (
        ("M", x + r, y), ("L", right - r, y), ("C", right - c, y, right, y + c, right, y + r),
        ("L", right, bottom - r), ("C", right, bottom - c, right - c, bottom, right - r, bottom),
        ("L", x + r, bottom), ("C", x + c, bottom, x, bottom - c, x, bottom - r),
        ("L", x, y + r), ("C", x, y + c, x + c, y, x + r, y), ("Z",),
    )  # fmt: skip


def circle(x: float, y: float, radius: float) -> Path:
    """A circle around (x, y)."""
    k = radius * _ROUND
    return (
        ("M", x - radius, y), ("C", x - radius, y - k, x - k, y - radius, x, y - radius),
        ("C", x + k, y - radius, x + radius, y - k, x + radius, y),
        ("C", x + radius, y + k, x + k, y + radius, x, y + radius),
        ("C", x - k, y + radius, x - radius, y + k, x - radius, y), ("Z",),
    )  # fmt: skip


def _back(x: float, top: float, bottom: float, depth: float) -> tuple:
    """The hollow back of an OR from its bottom to its top: a parabola `depth` deep at half its height."""
    third = (bottom - top) / 3
    return ("C", x + 4 * depth / 3, bottom - third, x + 4 * depth / 3, top + third, x, top)


def _base(name: str) -> tuple[str, bool, tuple[bool, ...]]:
    """What a gate is made of: AND, OR, XOR, BUF or its own name; inverted output; inverted inputs."""
    special = {
        "NOT": ("BUF", True, (False,)),
        "ANDNOT": ("AND", False, (False, True)),
        "NOTAND": ("AND", False, (True, False)),
        "ORNOT": ("OR", False, (False, True)),
        "NOTOR": ("OR", False, (True, False)),
    }
    if name in special:
        return special[name]
    bare = name.rstrip("0123456789")
    plain = {"NAND": "AND", "NOR": "OR", "XNOR": "XOR"}
    if bare in plain:
        return plain[bare], True, ()
    return (bare if bare in ("AND", "OR", "XOR", "BUF") else name), False, ()


@cache
def gate_shape(op: int, style: Style, width: int, height: int, rows: tuple[int, ...]) -> Shape:
    """The outline of one gate.

    Parameters
    ----------
    op : int
        Op code.
    style : Style
    width, height : int
        Of its box.
    rows : tuple of int
        Heights of the input pins below the box's top, in the order of the gate's pins.
    """
    name = GATES[op].name
    base, inverted, negated = _base(name)
    middle, top, bottom = height / 2, 2.0, height - 2.0
    strokes: list[Stroke] = []
    words: list[Word] = []
    ansi = style == Style.ansi and base in ("AND", "OR", "XOR", "BUF")
    tip = _TIP if not inverted or not ansi else _TIP - 1
    start = dict.fromkeys(rows, _LEFT)
    if ansi and base == "AND":
        left, flat, rx, ry = _LEFT + (2 if any(negated) else 0), tip - 17, 17.0, (bottom - top) / 2
        start = dict.fromkeys(rows, left)
        body: Path = (
            ("M", left, top), ("L", flat, top),
            ("C", flat + rx * _ROUND, top, tip, middle - ry * _ROUND, tip, middle),
            ("C", tip, middle + ry * _ROUND, flat + rx * _ROUND, bottom, flat, bottom),
            ("L", left, bottom), ("Z",),
        )  # fmt: skip
    elif ansi and base in ("OR", "XOR"):
        left = _LEFT + (4 if base == "XOR" else -1)
        waist, hollow = left + (tip - left) * 0.36, 6.0
        body = (
            ("M", left, top), ("L", waist - 3, top),
            ("C", waist + 10, top, tip - 7, middle - 7, tip, middle),
            ("C", tip - 7, middle + 7, waist + 10, bottom, waist - 3, bottom),
            ("L", left, bottom), _back(left, top, bottom, hollow), ("Z",),
        )  # fmt: skip
        rim = left - (5 if base == "XOR" else 0)
        for y in rows:
            t = (y - top) / (bottom - top)
            start[y] = rim + 4 * hollow * t * (1 - t)
        if base == "XOR":
            strokes.append(Stroke((("M", rim, bottom), _back(rim, top, bottom, hollow)), False))
    elif ansi:
        left, tip = _LEFT + 4, tip - 4
        half = min(13.0, height / 2 - 3)
        body = _closed((left, middle - half), (tip, middle), (left, middle + half))
        start = dict.fromkeys(rows, left)
    elif name == "MUX" and style == Style.ansi:
        left, tip = _LEFT + 4, _TIP - 2
        body = _closed((left, top - 1), (tip, top + 9), (tip, bottom - 9), (left, bottom + 1))
        start = dict.fromkeys(rows, left)
    else:
        left, tip = _LEFT + 2, _TIP - (4 if inverted else 2)
        body = rectangle(left, top, tip - left, bottom - top)
        start = dict.fromkeys(rows, left)
        label = _IEC.get(base, base)
        if base == "XOR" and len(rows) > 2:
            label = "2k+1"
        size = 13 if len(label) <= 2 else 9 if len(label) <= 5 else 7.5
        if base == "MUX":  # right of the letter of its select pin
            words.append(Word((left + tip) / 2 + 5, top + 7, label, 8))
        else:
            words.append(Word((left + tip) / 2, middle, label, size))
    strokes.append(Stroke(body, True))
    for k, y in enumerate(rows):
        end = start[y]
        if k < len(negated) and negated[k] and base != "BUF":
            strokes.append(Stroke(circle(end - BUBBLE, y, BUBBLE), True))
            end -= 2 * BUBBLE
        if end > 0:
            strokes.append(Stroke(_line((0.0, float(y)), (end, float(y))), False, k))
    if inverted:
        strokes.append(Stroke(circle(tip + BUBBLE, middle, BUBBLE), True))
        tip += 2 * BUBBLE
    strokes.append(Stroke(_line((tip, middle), (float(width), middle)), False, OUTPUT_PIN))
    if name == "MUX":
        words += [Word(_LEFT + 8, y, text, 8, "start") for y, text in zip(rows, "S01", strict=True)]
    strokes.sort(key=lambda s: s.pin == NO_PIN)  # wires end under bodies
    return Shape(tuple(strokes), tuple(words))


@cache
def register_shape(is_one: bool, width: int, height: int, pins: tuple[tuple[str, int, bool], ...]) -> Shape:
    """A flip-flop: a box with its pins' letters (text, height, is output) and the mark of its clock."""
    words = [
        Word(width - 4 if is_output else 4.0, y, text, 9, "end" if is_output else "start")
        for text, y, is_output in pins
    ]
    if is_one:
        words.append(Word(width / 2, height - 6, "starts at 1", 6.5))
    mark = _line((width / 2 - 5, float(height)), (width / 2, height - 7.0), (width / 2 + 5, float(height)))
    body = Stroke(rectangle(0, 0, width, height), True)
    return Shape((body, *(() if is_one else (Stroke(mark, False),))), tuple(words))


@cache
def box_shape(
    kind: Kind, label: str, note: str, width: int, height: int, pins: tuple[tuple[str, int, bool], ...]
) -> Shape:
    """A scope, group or memory: a box with its name on top, and its pins' names (text, height, is output)."""
    head = 2.5 * GRID
    strokes = [Stroke(rectangle(0, 0, width, height, 0 if kind == Kind.MEMORY else 5), True)]
    strokes.append(Stroke(_line((0.0, head), (float(width), head)), False))
    words = [Word(width / 2, head / 2, label, 11, bold=True)]
    if note:
        words.append(Word(width / 2, height - 6.0, note, 7.5))
    for text, y, is_output in pins:
        if text:
            words.append(Word(width - 4.0 if is_output else 4.0, y, text, 9, "end" if is_output else "start"))
    return Shape(tuple(strokes), tuple(words))


@cache
def flag_shape(is_input: bool, label: str, width: int, height: int) -> Shape:
    """A port: a flag that points to the right."""
    point, middle = 6.0, height / 2
    body = _closed(
        (0.0, 1.0), (width - point, 1.0), (float(width), middle), (width - point, height - 1.0), (0.0, height - 1.0)
    ) if is_input else _closed(
        (0.0, middle), (point, 1.0), (float(width), 1.0), (float(width), height - 1.0), (point, height - 1.0)
    )  # fmt: skip
    word = Word(5.0 if is_input else point + 4.0, middle, label, 10, "start")
    return Shape((Stroke(body, True),), (word,))


def flattened(path: Path, steps: int = 8) -> list[list[tuple[float, float]]]:
    """The path as polylines, a curve in `steps` pieces; a closed one ends where it began.

    Examples
    --------
    >>> flattened((("M", 0, 0), ("L", 4, 0), ("L", 4, 3), ("Z",)))
    [[(0, 0), (4, 0), (4, 3), (0, 0)]]
    """
    lines: list[list[tuple[float, float]]] = []
    for command in path:
        if command[0] == "M":
            lines.append([command[1:]])
        elif command[0] == "L":
            lines[-1].append(command[1:])
        elif command[0] == "C":
            x0, y0 = lines[-1][-1]
            x1, y1, x2, y2, x3, y3 = command[1:]
            for k in range(1, steps + 1):
                t = k / steps
                u = 1 - t
                a, b, c, d = u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t
                lines[-1].append((a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3))
        else:
            lines[-1].append(lines[-1][0])
    return lines
