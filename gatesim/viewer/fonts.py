"""Text on surfaces: one font file, every text rendered once."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pygame

MAX_TEXTS = 4_000
SMALLEST = 6
"""Pixels; smaller text is left out."""


@cache
def _file(name: str) -> str | None:
    """A font that comes with Matplotlib: the same on every machine, with the signs that we use."""
    found = find_spec("matplotlib")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "mpl-data" / "fonts" / "ttf" / name
        if path.is_file():
            return str(path)
    return None


@cache
def _font(size: int, bold: bool, mono: bool) -> pygame.font.Font:
    name = f"DejaVuSans{'Mono' if mono else ''}{'-Bold' if bold else ''}.ttf"
    return pygame.font.Font(_file(name), size)


class Texts:
    """Rendered texts, the latest used kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple, pygame.Surface] = OrderedDict()

    def get(
        self, text: str, size: float, colour: tuple[int, int, int], *, bold: bool = False, mono: bool = False
    ) -> pygame.Surface:
        """The text as a surface (drawn smooth, on nothing)."""
        key = (text, max(SMALLEST, round(size)), colour, bold, mono)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = _font(key[1], bold, mono).render(text, True, colour)
        self._kept[key] = made
        if len(self._kept) > MAX_TEXTS:
            self._kept.popitem(last=False)
        return made

    def width(self, text: str, size: float, *, bold: bool = False, mono: bool = False) -> int:
        """Pixels that a text takes."""
        return _font(max(SMALLEST, round(size)), bold, mono).size(text)[0]

    def shortened(self, text: str, size: float, room: float, *, bold: bool = False, mono: bool = False) -> str:
        """The text, cut in the middle where it does not fit into `room` pixels."""
        if self.width(text, size, bold=bold, mono=mono) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            keep = (low + high + 1) // 2
            candidate = text[: keep - keep // 2] + "…" + text[len(text) - keep // 2 :]
            if self.width(candidate, size, bold=bold, mono=mono) <= room:
                low = keep
            else:
                high = keep - 1
        return text[: low - low // 2] + "…" + text[len(text) - low // 2 :] if low else ""


def rgb(colour: str) -> tuple[int, int, int]:
    """``#rrggbb`` as three numbers.

    Examples
    --------
    >>> rgb("#ff8000")
    (255, 128, 0)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def packed(colour: str) -> int:
    """``#rrggbb`` as one number."""
    return int(colour[1:7], 16)
