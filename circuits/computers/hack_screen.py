"""The Hack screen as a picture: 512 x 256 pixels, black on white, sixteen to a word."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gatesim.errors import ValueFitError

from .hack_language import SCREEN_WORDS

WIDTH, HEIGHT = 512, 256

_HALVES = " ▀▄█"


def pixels_of(words: np.ndarray) -> np.ndarray:
    """(256, 512) bool: black pixels, row by row from the top; bit 0 of a word is its left pixel.

    Parameters
    ----------
    words : (8192,) integers
        The screen memory.

    Examples
    --------
    >>> words = np.zeros(8192, int); words[32] = 0b101
    >>> np.argwhere(pixels_of(words)).tolist()
    [[1, 0], [1, 2]]

    Raises
    ------
    ValueFitError
        Another number of words.
    """
    words = np.asarray(words)
    if words.shape != (SCREEN_WORDS,):
        raise ValueFitError(f"the screen has {SCREEN_WORDS} words, not {words.shape}")
    bits = words.astype(np.uint16)[:, None] >> np.arange(16, dtype=np.uint16) & 1
    return bits.astype(bool).reshape(HEIGHT, WIDTH)


def write_png(pixels: np.ndarray, path: Path | str, scale: int = 2) -> None:
    """Write the screen to a PNG file, each pixel `scale` x `scale` points."""
    from PIL import Image

    points = np.where(np.kron(pixels, np.ones((scale, scale), bool)), np.uint8(0), np.uint8(255))
    Image.fromarray(points).save(path, format="PNG")


def text_of(pixels: np.ndarray, columns: int = 78) -> str:
    """The black part of the screen in characters, two pixels one above the other in each.

    Where it is wider than `columns`, a character stands for a square of pixels and is black when one
    of them is. An empty screen gives an empty string.
    """
    rows, across = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not len(rows):
        return ""
    part = pixels[rows[0] : rows[-1] + 1, across[0] : across[-1] + 1]
    step = -(-part.shape[1] // columns)
    height, width = (-(-size // step) for size in part.shape)
    padded = np.zeros((2 * -(-height // 2) * step, width * step), bool)
    padded[: part.shape[0], : part.shape[1]] = part
    small = padded.reshape(-1, step, width, step).any(axis=(1, 3)).astype(int)
    return "\n".join("".join(_HALVES[k] for k in row).rstrip() for row in small[::2] + 2 * small[1::2])
