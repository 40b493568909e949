"""Which sheet is open, how one came there, and where a net or a scope is to be found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..netlist import Netlist
from .camera import Camera
from .grouping import hierarchy
from .layout import lay_out
from .scene import OPENABLE, Kind, Sheet


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a sheet."""

    scope: int
    x: float
    y: float


class Places:
    """Sheets of a netlist, opened and left; the camera of each is remembered."""

    def __init__(self, net: Netlist, width: int, height: int) -> None:
        self.net = net
        self._cameras: dict[int, Camera] = {}
        self.sheet: Sheet = lay_out(net, 0)
        self.camera = self._fitted(width, height)

    def _fitted(self, width: int, height: int) -> Camera:
        return Camera(0, 0, 1, max(width, 1), max(height, 1)).fitted(self.sheet.width, self.sheet.height)

    @property
    def crumbs(self) -> tuple[tuple[int, str], ...]:
        """Scopes from the root down to the open one."""
        return self.sheet.path

    def open(self, scope: int) -> None:
        """Show the sheet of a scope."""
        self._cameras[self.sheet.scope] = self.camera
        self.sheet = lay_out(self.net, scope)
        kept = self._cameras.get(self.sheet.scope)
        size = self.camera.width, self.camera.height
        self.camera = self._fitted(*size) if kept is None else kept.resized(*size)

    def enter(self, box: int) -> bool:
        """Open a box of the present sheet; False where there is nothing inside."""
        found = self.sheet.box(box)
        if found.kind not in OPENABLE:
            return False
        self.open(found.item)
        return True

    def leave(self) -> bool:
        """Back to the sheet around this one; False at the root."""
        if len(self.crumbs) < 2:
            return False
        self.open(self.crumbs[-2][0])
        return True

    def fit(self) -> None:
        """Show the whole sheet."""
        self.camera = self._fitted(self.camera.width, self.camera.height)

    def resize(self, width: int, height: int) -> None:
        """The view has another size: what showed the whole sheet does so again."""
        if (width, height) != (self.camera.width, self.camera.height):
            untouched = self.camera == self._fitted(self.camera.width, self.camera.height)
            self.camera = self._fitted(width, height) if untouched else self.camera.resized(width, height)

    # -- where things are --------------------------------------------------------------------

    def scope_of(self, net: int) -> int:
        """The sheet on which the cell of a net stands."""
        tree = hierarchy(self.net)
        node = int(tree.cell_at[net])
        return node if node >= 0 else 0

    def scope_named(self, path: str) -> int:
        """The sheet of a scope by its path; UnknownNameError with the nearest one."""
        return hierarchy(self.net).node(path)

    def find(self, net: int) -> Place:
        """Where a net is: on the present sheet if it is there, else where its cell stands."""
        here = self._on(self.sheet, net)
        if here is not None:
            return here
        scope = self.scope_of(net)
        sheet = lay_out(self.net, scope)
        found = self._on(sheet, net)
        return found or Place(scope, sheet.width / 2, sheet.height / 2)

    def _on(self, sheet: Sheet, net: int) -> Place | None:
        if net < 2:
            return None
        entries = np.flatnonzero(sheet.pin_nets == net)
        if len(entries):
            pins = np.searchsorted(sheet.pin_ptr, entries, side="right") - 1
            driving = pins[sheet.pin_is_output[pins]]
            pin = int(driving[0] if len(driving) else pins[0])
            return Place(sheet.scope, float(sheet.pin_at[pin, 0]), float(sheet.pin_at[pin, 1]))
        boxes = np.flatnonzero((sheet.box_item == net) & (sheet.box_kind <= Kind.REGISTER))
        if len(boxes):
            box = sheet.box(int(boxes[0]))
            return Place(sheet.scope, box.x + box.width / 2, box.y + box.height / 2)
        return None

    def show(self, place: Place) -> None:
        """Open the sheet of a place and bring it into the middle, near enough to read."""
        if place.scope != self.sheet.scope:
            self.open(place.scope)
        c = self.camera
        x, y = c.to_screen(place.x, place.y)
        margin = 40
        if c.zoom >= 0.5 and margin < x < c.width - margin and margin < y < c.height - margin:
            return
        self.camera = Camera(place.x, place.y, max(c.zoom, 0.8), c.width, c.height)

    def wires_of(self, nets: set[int]) -> np.ndarray:
        """(k,) int: wires of the present sheet that carry one of the nets."""
        if not nets:
            return np.zeros(0, np.int64)
        entries = np.flatnonzero(np.isin(self.sheet.wire_nets, list(nets)))
        return np.unique(np.searchsorted(self.sheet.wire_ptr, entries, side="right") - 1)

    def nets_of_box(self, box: int) -> tuple[int, ...]:
        """The nets that a box is about: what it drives; for an output flag what it shows."""
        pins = self.sheet.pins_of(box)
        kind = self.sheet.box_kind[box]
        outward = [k for p in pins if p.is_output or kind == Kind.OUTPUT for k in p.nets]
        return tuple(dict.fromkeys(outward))
