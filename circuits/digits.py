"""Signed digits and widths: the integer side of multiplying by constants."""

from __future__ import annotations


def signed_digits(value: int) -> tuple[int, ...]:
    """Canonical signed digits of an integer, each -1, 0 or 1, lowest first.

    Examples
    --------
    >>> signed_digits(7), signed_digits(-3)
    ((-1, 0, 0, 1), (1, 0, -1))
    """
    digits = []
    while value:
        digit = 2 - (value & 3) if value & 1 else 0
        digits.append(digit)
        value = (value - digit) >> 1
    return tuple(digits)


def signed_width(low: int, high: int) -> int:
    """Fewest bits of a two's complement number that holds everything from `low` to `high`.

    Examples
    --------
    >>> signed_width(-128, 127), signed_width(0, 128), signed_width(0, 0)
    (8, 9, 1)
    """
    return 1 + max(max(high, 0).bit_length(), max(-1 - low, 0).bit_length())
