"""Widgets, immediate mode: what is drawn in a frame can be clicked until the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pygame

from .fonts import Texts, rgb
from .themes import Theme

Callback = Callable[[], object]


class Spot(NamedTuple):
    """Something that can be clicked; ``name`` is what scripts call it.

    ``follows``: while the button is down, every move of the mouse does it again.
    """

    rect: pygame.Rect
    name: str
    do: Callback
    follows: bool = False


class Ui:
    """Draws text, buttons and panels on a surface in one theme and size."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.spots: list[Spot] = []
        self.surface = pygame.Surface((1, 1))
        self.theme: Theme
        self.scale = 1.0

    def begin(self, surface: pygame.Surface, theme: Theme, scale: float) -> None:
        """A new frame."""
        self.surface, self.theme, self.scale = surface, theme, scale
        self.spots = []

    def px(self, pixels: float) -> int:
        """So many pixels at scale 1."""
        return round(pixels * self.scale)

    def text(
        self, text: str, x: int, y: int, *, size: float = 12, colour: str | None = None, bold: bool = False,
        mono: bool = False, room: int | None = None, right: bool = False,
    ) -> int:  # fmt: skip
        """Write a line, its upper left (or right) corner at (x, y); returns its width."""
        size *= self.scale * self.theme.text_scale
        if room is not None:
            text = self.texts.shortened(text, size, room, bold=bold, mono=mono)
        made = self.texts.get(text, size, rgb(colour or self.theme.text), bold=bold, mono=mono)
        self.surface.blit(made, (x - made.get_width() if right else x, y))
        return made.get_width()

    def wrapped(self, text: str, x: int, y: int, room: int, *, size: float = 12, most: int = 6) -> int:
        """Write over several lines; returns the height taken."""
        words, line, top = text.split(" "), "", y
        pixels = size * self.scale * self.theme.text_scale
        lines: list[str] = []
        for word in words:
            longer = f"{line} {word}".strip()
            if line and self.texts.width(longer, pixels) > room:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
        if len(lines) > most:
            lines = [*lines[: most - 1], lines[most - 1] + " …"]
        for part in lines:
            self.text(part, x, top, size=size, room=room)
            top += self.line(size)
        return top - y

    def line(self, size: float = 12) -> int:
        """Height of a line of text."""
        return round(size * 1.45 * self.scale * self.theme.text_scale)

    def panel(self, rect: pygame.Rect, title: str = "", close: Callback | None = None) -> pygame.Rect:
        """A framed area with a title; returns the room inside."""
        pygame.draw.rect(self.surface, rgb(self.theme.box), rect)
        pygame.draw.rect(self.surface, rgb(self.theme.faint), rect, 1)
        pad = self.px(8)
        if not title:
            return rect.inflate(-2 * pad, -2 * pad)
        head = self.line(12) + self.px(6)
        pygame.draw.rect(self.surface, rgb(self.theme.box_head), (rect.x + 1, rect.y + 1, rect.w - 2, head))
        room = rect.w - 2 * pad - (self.px(20) if close else 0)
        self.text(title, rect.x + pad, rect.y + self.px(3), bold=True, room=room)
        if close is not None:
            spot = pygame.Rect(rect.right - self.px(24), rect.y + 1, self.px(22), head)
            self.text("×", spot.centerx - self.px(4), rect.y + self.px(3))
            self.spots.append(Spot(spot, f"close {title}", close))
        return pygame.Rect(rect.x + pad, rect.y + head + self.px(4), rect.w - 2 * pad, rect.h - head - self.px(8))

    def button(self, name: str, text: str, x: int, y: int, do: Callback, *, on: bool = False) -> int:
        """A button; returns its width."""
        theme = self.theme
        size = 12 * self.scale * theme.text_scale
        width = self.texts.width(text, size) + self.px(14)
        rect = pygame.Rect(x, y, width, self.line(12) + self.px(4))
        pygame.draw.rect(self.surface, rgb(theme.box_head if on else theme.body), rect, 0, self.px(4))
        pygame.draw.rect(self.surface, rgb(theme.accent if on else theme.faint), rect, 2 if on else 1, self.px(4))
        self.text(text, x + self.px(7), y + self.px(2))
        self.spots.append(Spot(rect, name, do))
        return width

    def spot(self, rect: pygame.Rect, name: str, do: Callback, *, follows: bool = False) -> None:
        """Make an area clickable."""
        self.spots.append(Spot(rect, name, do, follows))

    def at(self, pos: tuple[int, int]) -> Spot | None:
        """What would be clicked there: the latest drawn is on top."""
        return next((s for s in reversed(self.spots) if s.rect.collidepoint(pos)), None)
