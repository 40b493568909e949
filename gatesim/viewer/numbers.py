"""Values as people write them: decimal, hexadecimal, binary, signed, and letters for X and Z."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import numpy as np

from ..errors import ParseError, ValueFitError
from ..four import LETTERS


class Radix(StrEnum):
    """How the value of a bus is shown."""

    hex = "hex"
    dec = "dec"
    signed = "signed"
    bin = "bin"

    @property
    def following(self) -> Radix:
        """The next one, round and round."""
        every = list(Radix)
        return every[(every.index(self) + 1) % len(every)]


def value_of(codes: np.ndarray | Iterable[int]) -> int | str:
    """A number from codes (least significant first); letters, most significant first, where one is X or Z.

    Examples
    --------
    >>> value_of([1, 0, 1]), value_of([1, 2, 3])
    (5, 'ZX1')
    """
    found = [int(c) for c in codes]
    if any(c > 1 for c in found):
        return "".join(LETTERS[c] for c in reversed(found))
    return sum(c << i for i, c in enumerate(found))


def codes_of(value: int | str, width: int, what: str, four_valued: bool) -> bytes:
    """Codes (least significant first) of a number or of letters.

    Raises
    ------
    ValueFitError
        Too many bits, or X or Z in a circuit that knows 0 and 1 only.
    """
    if isinstance(value, str):
        if len(value) != width or any(c not in LETTERS for c in value.upper()):
            raise ValueFitError(f"{value!r} is no value for {what}: write {width} of 0, 1, X, Z, or a number")
        codes = bytes(LETTERS.index(c) for c in reversed(value.upper()))
        if not four_valued and max(codes, default=0) > 1:
            raise ValueFitError(f"{what} takes 0 and 1: only circuits with tri-state cells know X and Z")
        return codes
    if not -(1 << (width - 1)) <= value < 1 << width:
        bits = f"{width} bit{'s' * (width > 1)}"
        raise ValueFitError(f"{value} does not fit into the {bits} of {what} (0 to {(1 << width) - 1})")
    return bytes(value >> i & 1 for i in range(width))


def parse(text: str, width: int) -> int | str:
    """What somebody typed: ``12``, ``0x1f``, ``0b101``, ``-3``; letters with X or Z as they are.

    Raises
    ------
    ParseError

    Examples
    --------
    >>> parse("0x1F", 8), parse("-3", 8), parse("1x0z", 4)
    (31, -3, '1X0Z')
    """
    plain = text.strip().replace("_", "")
    if len(plain) == width and any(c in "xXzZ" for c in plain) and not plain.lower().startswith(("0x", "0b")):
        return plain.upper()
    try:
        return int(plain, 0)
    except ValueError:
        pass
    try:
        return int(plain)  # a number with leading zeros
    except ValueError:
        raise ParseError(f"{text!r} is no number: write 12, 0x1f, 0b101 or -3", source="value") from None


def shown(value: int | str, width: int, radix: Radix) -> str:
    """`value` in a radix; letters stay letters.

    Examples
    --------
    >>> [shown(10, 4, r) for r in Radix]
    ['0xa', '10', '-6', '1010']
    """
    if isinstance(value, str):
        return value
    if width == 1:
        return str(value)
    if radix is Radix.hex:
        return f"0x{value:0{(width + 3) // 4}x}"
    if radix is Radix.bin:
        return f"{value:0{width}b}"
    if radix is Radix.signed:
        return str(value - (1 << width) if value >> (width - 1) else value)
    return str(value)
