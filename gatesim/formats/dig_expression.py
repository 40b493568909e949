"""Integer arithmetic and operator precedence of Digital's two small languages (tests, generics).

Integers are 64 bits wide and wrap, as in Java; division rounds towards zero.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from ..errors import ValueFitError

LEVELS: tuple[tuple[str, ...], ...] = (
    ("|",), ("^",), ("&",), ("=", "!="), ("<", "<=", ">", ">="), ("<<", ">>", ">>>"), ("+", "-"), ("*", "/", "%"),
)  # fmt: skip
"""Binary operators, the weakest first."""

MAX_DEPTH = 64
"""Brackets inside brackets, at most."""


def wrap(value: int) -> int:
    """`value` as a signed number of 64 bits.

    Examples
    --------
    >>> wrap(1 << 63), wrap(-1)
    (-9223372036854775808, -1)
    """
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def quotient(a: int, b: int) -> int:
    """``a / b`` rounded towards zero; ValueFitError when `b` is 0."""
    if b == 0:
        raise ValueFitError("division by zero")
    return wrap(abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def remainder(a: int, b: int) -> int:
    """What `quotient` leaves over; it has the sign of `a`."""
    if b == 0:
        raise ValueFitError("division by zero")
    return abs(a) % abs(b) * (1 if a >= 0 else -1)


INTEGER: dict[str, Callable[[int, int], int]] = {
    "|": operator.or_, "^": operator.xor, "&": operator.and_,
    "=": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b), "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b), ">=": lambda a, b: int(a >= b),
    "<<": lambda a, b: wrap(a << (b & 63)), ">>": lambda a, b: a >> (b & 63),
    ">>>": lambda a, b: wrap((a % (1 << 64)) >> (b & 63)),
    "+": lambda a, b: wrap(a + b), "-": lambda a, b: wrap(a - b), "*": lambda a, b: wrap(a * b),
    "/": quotient, "%": remainder,
}  # fmt: skip
"""Binary operators on integers; a comparison gives 1 or 0."""


def parse_integer(text: str) -> int | None:
    """Decimal, ``0x``, ``0b``, octal with a leading 0, ``'c``, or fixed point ``1.5:8``; None if it is none."""
    body = text.strip()
    if not body or len(body) > 80:
        return None
    sign = -1 if body.startswith("-") else 1
    body = body.removeprefix("-")
    if ":" in body:
        number, _, places = body.partition(":")
        try:
            return wrap(round(float(number) * (1 << abs(int(places))))) * sign if abs(int(places)) < 64 else None
        except (ValueError, OverflowError):
            return None
    if body.startswith("'") and len(body) > 1:
        return ord(body[1]) * sign
    lower = body.lower()
    base = 16 if lower.startswith("0x") else 2 if lower.startswith("0b") else 8 if lower.startswith("0") else 10
    digits = lower[2:] if base in (16, 2) else lower
    if not digits or not all(d in "0123456789abcdef"[:base] for d in digits):
        return None
    return wrap(int(digits, base)) * sign
