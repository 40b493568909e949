"""What a byte read from or written to an ideal memory costs: the same for every design."""

from __future__ import annotations

from dataclasses import dataclass

from gatesim.timing import Technology

SOURCE = "M. Horowitz, Computing's energy problem, ISSCC 2014: 64-bit cache read at 45 nm, 0.9 V"

_LARGEST_AND_PJ = ((8 << 10, 10.0), (32 << 10, 20.0), (1 << 20, 100.0))
"""Bytes of a cache, and picojoules for 64 bits of it."""


@dataclass(frozen=True)
class Sram:
    """A memory large enough for a run.

    Attributes
    ----------
    n_bytes : int
    fj_per_byte : float or None
        None where nobody's figure fits the technology.
    """

    n_bytes: int
    fj_per_byte: float | None


def sram(n_bytes: int, technology: Technology) -> Sram:
    """The memory for `n_bytes`: the smallest of the published caches that holds them.

    Figures are for 45 nm and used there only; past 1 MiB that cache's figure is a lower bound.

    Examples
    --------
    >>> from gatesim.timing import load_technology
    >>> sram(20_000, load_technology("nangate45")), sram(100, load_technology("relays")).fj_per_byte
    (Sram(n_bytes=20000, fj_per_byte=2500.0), None)
    """
    if technology.name != "nangate45":
        return Sram(n_bytes, None)
    pj = next((pj for largest, pj in _LARGEST_AND_PJ if n_bytes <= largest), _LARGEST_AND_PJ[-1][1])
    return Sram(n_bytes, pj * 1000 / 8)
