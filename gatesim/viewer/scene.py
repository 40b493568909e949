"""A sheet: what one scope of a netlist looks like, as plain frozen arrays.

Everything that draws (files, notebooks, the window) and everything that tests drawings reads this and
nothing else. Coordinates are pixels at zoom 1, x to the right and y down, in steps of half a
:data:`GRID`. Values are no part of a sheet: wires carry net numbers, and who draws asks for their values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

GRID = 8
"""Pixels between neighbouring rows and tracks at zoom 1."""


class Kind(IntEnum):
    """What a box stands for; it decides what the box's ``item`` counts."""

    GATE = 0
    """One cell; ``item`` is its net."""
    REGISTER = 1
    """One flip-flop; ``item`` is its net."""
    MEMORY = 2
    """A RAM or ROM; ``item`` is its place in ``netlist.memories``."""
    SCOPE = 3
    """A scope that can be opened; ``item`` is its number for :func:`gatesim.viewer.layout.lay_out`."""
    GROUP = 4
    """Cells of a large sheet put together by us; opened like a scope."""
    INPUT = 5
    """A flag at the left border: nets from outside; ``item`` is the first of them."""
    OUTPUT = 6
    """A flag at the right border: nets that somebody outside reads; ``item`` is the first of them."""


OPENABLE = (Kind.SCOPE, Kind.GROUP)
"""Kinds of boxes that have a sheet of their own."""


class Box(NamedTuple):
    """One box of a sheet."""

    kind: Kind
    item: int
    label: str
    x: int
    y: int
    width: int
    height: int


class Pin(NamedTuple):
    """One pin: where a wire meets a box. ``wire`` is -1 where the pin is tied to a constant or open."""

    box: int
    x: int
    y: int
    is_output: bool
    wire: int
    nets: tuple[int, ...]
    label: str


@dataclass(frozen=True, eq=False)
class Sheet:
    """One scope, laid out.

    Attributes
    ----------
    circuit : str
        Name of the netlist.
    scope : int
        What is shown; 0 is the whole netlist.
    path : tuple of (int, str)
        Scopes from the root down to this one, with their names.
    width, height : int
        The sheet reaches from (0, 0) to here.
    box_kind : (b,) uint8
        A :class:`Kind`.
    box_item : (b,) int32
    box_op : (b,) uint8
        The gate's op code for gates and registers, 0 for others.
    box_rect : (b, 4) int32
        x, y, width, height.
    box_label : tuple of str
        A gate's name, a scope's name, a port with its bits.
    pin_box : (p,) int32
        Pins are in order of their boxes, inputs before outputs, top to bottom.
    pin_at : (p, 2) int32
        Where wires end; on the box's border, inputs on the left, outputs on the right.
    pin_is_output : (p,) bool
    pin_wire : (p,) int32
        -1: no wire (tied to a constant, or nothing reads it).
    pin_slot : (p,) int32
        For gates and registers the pin's place in the gate's row of pins; -1 for other boxes.
    pin_label : tuple of str
    pin_ptr, pin_nets : (p + 1,) int32, (k,) int32
        Pin ``i`` carries ``pin_nets[pin_ptr[i]:pin_ptr[i + 1]]``, LSB first.
    wire_ptr, wire_nets : (w + 1,) int32, (k,) int32
        Wire ``i`` carries ``wire_nets[wire_ptr[i]:wire_ptr[i + 1]]``, LSB first; more than one: a bus.
    segments : (s, 4) int32
        x0, y0, x1, y1 with x0 <= x1 and y0 <= y1; horizontal or vertical, sorted by wire.
    segment_wire : (s,) int32
    dots : (d, 2) int32
        Where three or four pieces of one wire meet.
    dot_wire : (d,) int32
    """

    circuit: str
    scope: int
    path: tuple[tuple[int, str], ...]
    width: int
    height: int
    box_kind: np.ndarray
    box_item: np.ndarray
    box_op: np.ndarray
    box_rect: np.ndarray
    box_label: tuple[str, ...]
    pin_box: np.ndarray
    pin_at: np.ndarray
    pin_is_output: np.ndarray
    pin_wire: np.ndarray
    pin_slot: np.ndarray
    pin_label: tuple[str, ...]
    pin_ptr: np.ndarray
    pin_nets: np.ndarray
    wire_ptr: np.ndarray
    wire_nets: np.ndarray
    segments: np.ndarray
    segment_wire: np.ndarray
    dots: np.ndarray
    dot_wire: np.ndarray

    @property
    def n_boxes(self) -> int:
        """Number of boxes, flags included."""
        return len(self.box_kind)

    @property
    def n_wires(self) -> int:
        """Number of wires; a bus counts once."""
        return len(self.wire_ptr) - 1

    @property
    def wire_width(self) -> np.ndarray:
        """(w,) int32: bits of every wire."""
        return np.diff(self.wire_ptr)

    def box(self, index: int) -> Box:
        """Box number `index`."""
        x, y, width, height = (int(v) for v in self.box_rect[index])
        kind = Kind(int(self.box_kind[index]))
        return Box(kind, int(self.box_item[index]), self.box_label[index], x, y, width, height)

    def pin(self, index: int) -> Pin:
        """Pin number `index`."""
        x, y = (int(v) for v in self.pin_at[index])
        nets = tuple(self.pin_nets[self.pin_ptr[index] : self.pin_ptr[index + 1]].tolist())
        return Pin(
            int(self.pin_box[index]), x, y, bool(self.pin_is_output[index]), int(self.pin_wire[index]), nets,
            self.pin_label[index],
        )  # fmt: skip

    def pins_of(self, box: int) -> list[Pin]:
        """The pins of a box, inputs first, top to bottom."""
        low, high = np.searchsorted(self.pin_box, [box, box + 1])
        return [self.pin(i) for i in range(low, high)]

    def nets_of(self, wire: int) -> tuple[int, ...]:
        """The nets of a wire, LSB first."""
        return tuple(self.wire_nets[self.wire_ptr[wire] : self.wire_ptr[wire + 1]].tolist())

    def text(self) -> str:
        """The sheet in words, a line a box: for tests, and for readers who do not see."""
        where = "/".join(name for _, name in self.path)
        lines = [f"{where}: {self.n_boxes} boxes, {self.n_wires} wires, {self.width} x {self.height}"]
        ends: dict[int, str] = {}
        for i in np.flatnonzero(self.pin_is_output & (self.pin_wire >= 0)).tolist():
            pin = self.pin(i)
            ends[pin.wire] = f"{self.box_label[pin.box]}.{pin.label}" if pin.label else self.box_label[pin.box]
        for i in range(self.n_boxes):
            box = self.box(i)
            pins = self.pins_of(i)
            reads = ", ".join(
                f"{p.label}={ends.get(p.wire, str(p.nets[0]) if p.nets else '-')}" for p in pins if not p.is_output
            )
            lines.append(f"  {box.kind.name.lower()} {box.label} at {box.x},{box.y}{' reads ' if reads else ''}{reads}")
        return "\n".join(lines)
