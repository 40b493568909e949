"""Frames of a window as an animated GIF."""

from __future__ import annotations

import io
from pathlib import Path

import pygame
from PIL import Image

from ..errors import GatesimError
from ..formats.files import save

FRAMES_A_SECOND = 20
MAX_FRAMES = 2_000
COLOURS = 64


class Film:
    """Collects frames; equal neighbours become one that stays longer.

    Parameters
    ----------
    width : int
        Of the film in pixels; frames are made smaller to fit.
    """

    def __init__(self, width: int = 800) -> None:
        self.width = width
        self._frames: list[Image.Image] = []
        self._lengths: list[int] = []
        self._last = b""

    def __len__(self) -> int:
        return sum(self._lengths)

    def add(self, surface: pygame.Surface) -> None:
        """One more frame.

        Raises
        ------
        GatesimError
            The film is too long.
        """
        if len(self) >= MAX_FRAMES:
            raise GatesimError(f"a film has {MAX_FRAMES:,} frames at most: shorten the script, or give --frames")
        raw = pygame.image.tobytes(surface, "RGB")
        if raw == self._last:
            self._lengths[-1] += 1
            return
        self._last = raw
        image = Image.frombytes("RGB", surface.get_size(), raw)
        if image.width > self.width:
            image = image.resize((self.width, round(image.height * self.width / image.width)), Image.Resampling.LANCZOS)
        self._frames.append(image.quantize(COLOURS, dither=Image.Dither.NONE))
        self._lengths.append(1)

    def save(self, path: Path) -> None:
        """Write the GIF; it plays over and over."""
        if not self._frames:
            raise GatesimError("a film needs at least one frame")
        buffer = io.BytesIO()
        self._frames[0].save(
            buffer, format="GIF", save_all=True, append_images=self._frames[1:], loop=0, optimize=False,
            duration=[1000 * n // FRAMES_A_SECOND for n in self._lengths],
        )  # fmt: skip
        save(buffer.getvalue(), path)
