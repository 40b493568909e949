"""Boxes of a sheet as small surfaces: outlines drawn three times larger and made smooth, words on top."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pygame

from ..gates import DFF1
from .fonts import SMALLEST, Texts, rgb
from .scene import Kind, Sheet
from .shapes import Shape, Style, Word, box_shape, flag_shape, flattened, gate_shape, register_shape
from .themes import Theme

FINER = 3
MAX_SPRITES = 3_000
MAX_PIXELS = 1 << 22
"""Sprites larger than that are drawn coarsely."""

TEXT_ZOOM = 0.45
"""Below it boxes have no words."""


class Sprites:
    """Drawn outlines, kept by shape, zoom and theme."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._kept: OrderedDict[tuple, pygame.Surface] = OrderedDict()

    def draw(
        self, target: pygame.Surface, sheet: Sheet, box: int, at: tuple[int, int], zoom: float, theme: Theme,
        style: Style,
    ) -> None:  # fmt: skip
        """Draw a box of a sheet, its corner at `at`."""
        kind = Kind(int(sheet.box_kind[box]))
        shape = shape_of(sheet, box, style)
        width, height = (int(v) for v in sheet.box_rect[box, 2:])
        fill = {
            Kind.GATE: theme.body, Kind.REGISTER: theme.body, Kind.INPUT: theme.flag, Kind.OUTPUT: theme.flag
        }.get(kind, theme.box)  # fmt: skip
        key = (id(shape), round(zoom, 3), theme.name)
        if key not in self._kept:
            self._kept[key] = self._outline(shape, width, height, zoom, theme, fill)
            if len(self._kept) > MAX_SPRITES:
                self._kept.popitem(last=False)
        target.blit(self._kept[key], at)
        if zoom >= TEXT_ZOOM:
            for word in shape.words:
                self._word(target, word, at, zoom, theme)

    def _outline(self, shape: Shape, width: int, height: int, zoom: float, theme: Theme, fill: str) -> pygame.Surface:
        wide, high = max(1, round(width * zoom) + 1), max(1, round(height * zoom) + 1)
        finer = FINER if wide * high * FINER * FINER <= MAX_PIXELS else 1
        big = pygame.Surface((wide * finer, high * finer), 0, 32)
        big.fill(rgb(theme.background))
        scale = zoom * finer
        pen = max(1, round(theme.outline * min(max(zoom, 0.5), 2.0) * finer))
        for stroke in shape.strokes:
            for line in flattened(stroke.path):
                points = [(x * scale + finer // 2, y * scale + finer // 2) for x, y in line]
                if stroke.is_body:
                    pygame.draw.polygon(big, rgb(fill), points)
                    pygame.draw.lines(big, rgb(theme.ink), True, points, pen)
                elif len(points) > 1:
                    pygame.draw.lines(big, rgb(theme.ink), False, points, pen)
        return _smaller(big, finer) if finer > 1 else big

    def _word(self, target: pygame.Surface, word: Word, at: tuple[int, int], zoom: float, theme: Theme) -> None:
        size = word.size * zoom * theme.text_scale * 1.1
        if size < SMALLEST:
            return
        text = self._texts.get(word.text, size, rgb(theme.text), bold=word.bold)
        x, y = at[0] + word.x * zoom, at[1] + word.y * zoom
        x -= {"start": 0, "middle": text.get_width() / 2, "end": text.get_width()}[word.anchor]
        target.blit(text, (round(x), round(y - text.get_height() / 2)))


def _smaller(big: pygame.Surface, times: int) -> pygame.Surface:
    """Every square of pixels as one of their mean colour (pygame's own scaling does not keep plain areas plain)."""
    pixels = pygame.surfarray.array3d(big).astype(np.uint16)
    width, height = pixels.shape[0] // times, pixels.shape[1] // times
    mean = pixels.reshape(width, times, height, times, 3).sum(axis=(1, 3), dtype=np.uint16) // (times * times)
    made = pygame.Surface((width, height), 0, 32)
    pygame.surfarray.blit_array(made, mean.astype(np.uint8))
    return made


def shape_of(sheet: Sheet, box: int, style: Style) -> Shape:
    """The outline of a box of a sheet, relative to its corner."""
    kind = Kind(int(sheet.box_kind[box]))
    width, height = (int(v) for v in sheet.box_rect[box, 2:])
    label = sheet.box_label[box]
    if kind in (Kind.INPUT, Kind.OUTPUT):
        return flag_shape(kind == Kind.INPUT, label, width, height)
    top = int(sheet.box_rect[box, 1])
    pins = sheet.pins_of(box)
    if kind == Kind.GATE:
        low, high = np.searchsorted(sheet.pin_box, [box, box + 1])
        inputs = [i for i in range(low, high) if not sheet.pin_is_output[i]]
        inputs.sort(key=lambda i: int(sheet.pin_slot[i]))
        rows = tuple(int(sheet.pin_at[i, 1]) - top for i in inputs)
        return gate_shape(int(sheet.box_op[box]), style, width, height, rows)
    marked = tuple((p.label, p.y - top, p.is_output) for p in pins)
    if kind == Kind.REGISTER:
        return register_shape(int(sheet.box_op[box]) == DFF1, width, height, marked)
    return box_shape(kind, label, "", width, height, marked)
