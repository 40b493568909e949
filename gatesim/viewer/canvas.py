"""A sheet on the screen: an index image made when the camera stops, painted anew in every frame.

See :mod:`gatesim.kernels.viewing` for what an index image is. Painting costs the same whatever toggles, and
the image tells at once what is under the mouse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pygame

from ..kernels import viewing as kernel
from .camera import Camera
from .fonts import Texts, packed, rgb
from .numbers import Radix, shown, value_of
from .scene import Kind, Sheet
from .sprites import TEXT_ZOOM, Sprites
from .themes import Theme

SHAPE_ZOOM = 0.18
"""Below it (a gate of six pixels) boxes are plain."""

VALUE_ZOOM = 0.6
"""From here on values of buses and ports are written beside them."""

VALUE_TEXT = 11
"""Pixels of written values, at scale 1."""

AFAR_TEXT = 9
"""Pixels of the names of boxes that are too small for their own words."""

BIT_ZOOM = 1.4
"""From here on the values of single bits are written too."""

MAX_VALUES = 400
"""Written values on a screen at most."""


class Hit(NamedTuple):
    """What is at a point: a wire, or a box (-1: none)."""

    wire: int
    box: int


@dataclass(frozen=True)
class Tag:
    """A place where a value is written: `y` is the middle of its height; ``right`` aligns its end at `x`."""

    x: int
    y: int
    nets: tuple[int, ...]
    size: float
    right: bool = False


class Canvas:
    """Draws one sheet for one camera, theme and style; painting follows the values."""

    def __init__(self, texts: Texts, sprites: Sprites) -> None:
        self._texts, self._sprites = texts, sprites
        self._key: tuple = ()
        self._sheet: Sheet | None = None
        self._image = np.zeros((1, 1), np.uint32)
        self._surface = pygame.Surface((1, 1), 0, 32)
        self._colours = np.zeros(4, np.uint32)
        self._codes = np.zeros(0, np.uint8)
        self._tags: list[Tag] = []
        self._inks = np.zeros((kernel.N_INKS, 4), np.uint32)
        self._theme: Theme | None = None
        self._camera = Camera(0, 0, 1, 1, 1)

    @property
    def surface(self) -> pygame.Surface:
        """What was painted last."""
        return self._surface

    @property
    def tags(self) -> list[Tag]:
        """Where values are written."""
        return self._tags

    # -- when the camera has moved ---------------------------------------------------------------

    def aim(self, sheet: Sheet, camera: Camera, theme: Theme, style, scale: float = 1.0) -> None:
        """Make the index image, unless it is there."""
        key = (id(sheet), camera, theme.name, style, scale)
        if key == self._key:
            return
        self._key, self._sheet, self._camera, self._theme = key, sheet, camera, theme
        size = (camera.width, camera.height)
        if self._surface.get_size() != size:
            self._surface = pygame.Surface(size, 0, 32)
        self._image = np.full((camera.height, camera.width), kernel.STANDS | packed(theme.background), np.uint32)
        self._inks = _inks(theme)
        zoom = camera.zoom
        visible = _visible(sheet.segments, camera, 8)
        dots = _visible(np.concatenate((sheet.dots, sheet.dots), axis=1), camera, 8) if len(sheet.dots) else None
        core, rim, dot = _pen(zoom, scale)
        wide = np.where(sheet.wire_width > 1, 2 if zoom * scale > 0.3 else 0, 0).astype(np.int64)
        none = np.zeros((0, 2), np.int32)
        kernel.draw_wires(
            self._image, sheet.segments[visible], sheet.segment_wire[visible], wide,
            none if dots is None else sheet.dots[dots], none[:, 0] if dots is None else sheet.dot_wire[dots],
            zoom, camera.left, camera.top, core, rim, max(2, round(4 * scale)), dot,
        )  # fmt: skip
        self._draw_boxes(sheet, camera, theme, style, scale)
        self._colours = np.zeros(4 * max(1, sheet.n_wires), np.uint32)
        self._codes = np.zeros(sheet.n_wires, np.uint8)
        self._tags = self._places(sheet, camera, scale) if zoom >= VALUE_ZOOM else []

    def _draw_boxes(self, sheet: Sheet, camera: Camera, theme: Theme, style, scale: float) -> None:
        corner = sheet.box_rect[:, :2]
        bounds = np.concatenate((corner, corner + sheet.box_rect[:, 2:]), axis=1)
        seen = np.flatnonzero(_visible(bounds, camera, 4))
        rects = np.empty((len(seen), 4), np.int64)
        origin = np.array([camera.left, camera.top, camera.left, camera.top])
        rects[:] = np.floor((bounds[seen] - origin) * camera.zoom)
        rects[:, 2:] = np.maximum(rects[:, 2:], rects[:, :2]) + 1
        if camera.zoom < SHAPE_ZOOM:
            openable = sheet.box_kind[seen] >= Kind.MEMORY
            for chosen, colour in ((~openable, theme.body), (openable, theme.box)):
                kernel.fill(self._image, rects[chosen], np.uint32(packed(colour)), np.uint32(packed(theme.ink)))
            seen, rects = seen[openable], rects[openable]
        standing = self._surface
        standing.fill(rgb(theme.background))
        for box, rect in zip(seen.tolist(), rects.tolist(), strict=True):
            if camera.zoom >= SHAPE_ZOOM:
                self._sprites.draw(standing, sheet, box, (rect[0], rect[1]), camera.zoom, theme, style)
            else:
                pygame.draw.rect(standing, rgb(theme.box), _rect(rect))
                pygame.draw.rect(standing, rgb(theme.ink), _rect(rect), 1)
            if camera.zoom < TEXT_ZOOM and _has_name(sheet, box):
                self._name_from_afar(standing, sheet.box_label[box], _rect(rect), theme, scale)
        pixels = pygame.surfarray.pixels2d(standing)
        kernel.merge(self._image, pixels.T, rects)
        del pixels

    def _name_from_afar(self, target: pygame.Surface, name: str, rect: pygame.Rect, theme: Theme, scale: float) -> None:
        """The name of a box too small for its own words: along its longer side, where there is room."""
        size = AFAR_TEXT * scale * theme.text_scale
        upright = rect.h > rect.w
        long, short = max(rect.size) - 4, min(rect.size) - 2
        text = self._texts.shortened(name, size, long)
        if len(text) < min(len(name), 4) or short < size:
            return
        made = self._texts.get(text, size, rgb(theme.text))
        made = pygame.transform.rotate(made, 90) if upright else made
        target.set_clip(rect)
        target.blit(made, made.get_rect(center=rect.center))
        target.set_clip(None)

    def _places(self, sheet: Sheet, camera: Camera, scale: float) -> list[Tag]:
        """Where values can be written over nothing else."""
        found: list[Tag] = []
        free = np.uint32(int(kernel.STANDS) | packed(self._theme.background)) if self._theme else np.uint32(0)
        high = round(12 * scale)
        order = np.argsort(~sheet.pin_is_output, kind="stable")
        at = (sheet.pin_at[order] - (camera.left, camera.top)) * camera.zoom
        inside = (at >= 0).all(axis=1) & (at < (camera.width, camera.height)).all(axis=1)
        taken = np.zeros_like(self._image, np.bool_)
        for k in np.flatnonzero(inside).tolist():
            pin = sheet.pin(int(order[k]))
            kind = sheet.box_kind[pin.box]
            if not pin.nets or len(found) >= MAX_VALUES:
                continue
            flag = kind in (Kind.INPUT, Kind.OUTPUT)
            if len(pin.nets) == 1 and not flag and (camera.zoom < BIT_ZOOM or not pin.is_output):
                continue
            digits = 1 if len(pin.nets) == 1 else 2 + -(-len(pin.nets) // 4)
            wide = round((7.2 * digits + 4) * scale)
            x, y = int(at[k, 0]), int(at[k, 1])
            if flag:
                box = sheet.box(pin.box)
                left = (box.x - camera.left) * camera.zoom
                right = (box.x + box.width - camera.left) * camera.zoom
                size = min(VALUE_TEXT * scale, 0.9 * box.height * camera.zoom)  # flags stand close together
                if kind == Kind.INPUT:
                    found.append(Tag(int(left) - 7, y, pin.nets, size, True))
                else:
                    found.append(Tag(int(right) + 7, y, pin.nets, size))
                continue
            x0 = x + 3 if pin.is_output else x - 3 - wide
            y0 = y - high - 2
            strip = self._image[max(y0, 0) : y0 + high, max(x0, 0) : x0 + wide]
            spot = taken[max(y0, 0) : y0 + high, max(x0, 0) : x0 + wide]
            if strip.size == high * wide and (strip == free).all() and not spot.any():
                spot[:] = True
                found.append(Tag(x0, y0 + high // 2, pin.nets, VALUE_TEXT * scale))
        return found

    # -- in every frame ----------------------------------------------------------------------------

    def paint(self, values: np.ndarray, chosen: np.ndarray | None = None) -> pygame.Surface:
        """The sheet with these values of all nets; ``chosen`` (wires,) uint32 colours some wires (0: as ever)."""
        sheet = self._sheet
        assert sheet is not None, "aim() comes first"
        if sheet.n_wires:
            kernel.wire_codes(sheet.wire_ptr, sheet.wire_nets, values, self._codes)
            picked = chosen if chosen is not None else np.zeros(sheet.n_wires, np.uint32)
            kernel.wire_colours(self._codes, self._inks, picked, self._colours)
        pixels = pygame.surfarray.pixels2d(self._surface)
        kernel.paint(self._image, self._colours, pixels.T)
        del pixels
        return self._surface

    def write_values(self, target: pygame.Surface, values: np.ndarray, radix: Radix, offset) -> None:
        """Write the values of ports and buses where there is room for them."""
        theme = self._theme
        assert theme is not None
        for tag in self._tags:
            text = shown(value_of(values[list(tag.nets)]), len(tag.nets), radix)
            made = self._texts.get(text, tag.size, rgb(theme.text), mono=True)
            x = tag.x - made.get_width() if tag.right else tag.x
            target.blit(made, (x + offset[0], tag.y - made.get_height() // 2 + offset[1]))

    def visible_wires(self) -> int:
        """How many wires have at least one pixel."""
        return len(np.unique(self._image[self._image < kernel.STANDS] // 4))

    def hit(self, x: int, y: int) -> Hit:
        """What is at a pixel, wires within three pixels included."""
        sheet = self._sheet
        if sheet is None or not (0 <= x < self._camera.width and 0 <= y < self._camera.height):
            return Hit(-1, -1)
        sheet_x, sheet_y = self._camera.to_sheet(x, y)
        rect = sheet.box_rect
        inside = (
            (rect[:, 0] <= sheet_x) & (sheet_x <= rect[:, 0] + rect[:, 2])
            & (rect[:, 1] <= sheet_y) & (sheet_y <= rect[:, 1] + rect[:, 3])
        )  # fmt: skip
        if inside.any():
            return Hit(-1, int(inside.argmax()))
        part = self._image[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4]
        rows, columns = np.nonzero(part < kernel.STANDS)
        if not len(rows):
            return Hit(-1, -1)
        distance = (rows + max(y - 3, 0) - y) ** 2 + (columns + max(x - 3, 0) - x) ** 2
        k = int(distance.argmin())
        return Hit(int(part[rows[k], columns[k]]) // 4, -1)


def _has_name(sheet: Sheet, box: int) -> bool:
    return Kind.MEMORY <= sheet.box_kind[box] < Kind.INPUT


def _rect(corners: list[int]) -> pygame.Rect:
    """From the first to before the last pixel."""
    return pygame.Rect(corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1])


def _visible(bounds: np.ndarray, camera: Camera, margin: float) -> np.ndarray:
    """(k,) bool: which (k, 4: x0, y0, x1, y1) touch the view."""
    if not len(bounds):
        return np.zeros(0, np.bool_)
    m = margin / camera.zoom
    right, bottom = camera.left + camera.width / camera.zoom, camera.top + camera.height / camera.zoom
    return (
        (bounds[:, 2] >= camera.left - m) & (bounds[:, 0] <= right + m)
        & (bounds[:, 3] >= camera.top - m) & (bounds[:, 1] <= bottom + m)
    )  # fmt: skip


def _pen(zoom: float, scale: float) -> tuple[int, int, int]:
    """Pixels of a core, of a rim, and half of a dot."""
    if zoom < SHAPE_ZOOM:
        return 1, 0, 0
    core = max(1, round(min(zoom, 2.5) * 0.9 * max(scale, 1.0)))
    return core, max(1, round(core * 0.6)), max(1, round(2.4 * min(zoom, 2.5)))


def _inks(theme: Theme) -> np.ndarray:
    """(5, 4) uint32 by value: the two sorts of dashes of the core, and those of the rim."""
    ground = packed(theme.background)
    zero, one, unknown, floating, mixed = (
        packed(i.colour) for i in (theme.zero, theme.one, theme.unknown, theme.floating, theme.mixed)
    )
    return np.array(
        [
            [zero, zero, ground, ground],
            [one, one, one, one],
            [unknown, unknown, unknown, ground],
            [floating, ground, ground, ground],
            [mixed, mixed, ground, ground],
        ],
        np.uint32,
    )
