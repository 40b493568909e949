"""Floating point on Python integers: exact arithmetic, rounded once. The models of :mod:`circuits.floats`.

A finite number is a pair ``(n, p)``, the integer ``n`` times ``2**p``. Nothing here knows how the gates
do it: sums and products are exact, and :func:`encode` rounds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .catalog import mask, signed
from .float_formats import FloatFormat, float_format


def is_nan(f: FloatFormat, bits: int) -> bool:
    """Whether the number `bits` is a NaN."""
    magnitude = bits & mask(f.width - 1)
    return magnitude > f.overflow if f.infinities else magnitude == f.nan


def is_infinite(f: FloatFormat, bits: int) -> bool:
    """Whether the number `bits` is an infinity."""
    return f.infinities and bits & mask(f.width - 1) == f.overflow


def sign_of(f: FloatFormat, bits: int) -> int:
    """The sign bit."""
    return bits >> (f.width - 1)


def decode(f: FloatFormat, bits: int) -> tuple[int, int]:
    """A finite number as ``(n, p)``: it is worth ``n * 2**p``.

    Examples
    --------
    >>> from .float_formats import FP16
    >>> decode(FP16, 0xC000)
    (-1024, -9)
    """
    field = (bits >> f.mantissa) & f.top
    n = (bits & mask(f.mantissa)) | (min(field, 1) << f.mantissa)
    return (-n if sign_of(f, bits) else n), max(field, 1) - f.bias - f.mantissa


def divided(n: int, places: int) -> int:
    """``n / 2**places`` to the nearest integer, ties to even; `n` not negative, `places` of any sign."""
    if places <= 0:
        return n << -places
    half = 1 << (places - 1)
    quotient, rest = n >> places, n & mask(places)
    return quotient + (rest > half or (rest == half and quotient & 1))


def encode(f: FloatFormat, n: int, p: int, zero_sign: int = 0) -> int:
    """``n * 2**p`` rounded to nearest, ties to even; an exact zero gets `zero_sign`.

    Examples
    --------
    >>> from .float_formats import FP16
    >>> hex(encode(FP16, 3, -1)), hex(encode(FP16, -1, 16))
    ('0x3e00', '0xfc00')
    """
    if n == 0:
        return zero_sign << (f.width - 1)
    least = 1 - f.bias - f.mantissa  # the power of two that a subnormal counts in
    power = max(least, abs(n).bit_length() - 1 + p - f.mantissa)
    # A significand that rounds up to 2**(mantissa + 1), or a subnormal to 2**mantissa, carries by itself.
    magnitude = divided(abs(n), power - p) + ((power - least) << f.mantissa)
    if magnitude >= f.overflow:
        return _infinity(f, int(n < 0))
    return magnitude | (n < 0) << (f.width - 1)


def negated(f: FloatFormat, bits: int) -> int:
    """The number with its sign turned (a NaN too)."""
    return bits ^ (1 << (f.width - 1))


def _infinity(f: FloatFormat, sign: int) -> int:
    return f.overflow | sign << (f.width - 1) if f.infinities else f.nan


def add(f: FloatFormat, a: int, b: int) -> int:
    """``a + b``."""
    if is_nan(f, a) or is_nan(f, b):
        return f.nan
    if is_infinite(f, a) or is_infinite(f, b):
        if is_infinite(f, a) and is_infinite(f, b) and a != b:
            return f.nan
        return a if is_infinite(f, a) else b
    (n, p), (m, q) = decode(f, a), decode(f, b)
    low = min(p, q)
    return encode(f, (n << (p - low)) + (m << (q - low)), low, sign_of(f, a) & sign_of(f, b))


def subtract(f: FloatFormat, a: int, b: int) -> int:
    """``a - b``."""
    return add(f, a, negated(f, b))


def multiply(f: FloatFormat, a: int, b: int) -> int:
    """``a * b``."""
    sign = sign_of(f, a) ^ sign_of(f, b)
    if is_nan(f, a) or is_nan(f, b):
        return f.nan
    infinite = is_infinite(f, a) or is_infinite(f, b)
    n, p = (0, 0) if is_infinite(f, a) else decode(f, a)
    m, q = (0, 0) if is_infinite(f, b) else decode(f, b)
    if infinite:
        zero = (n == 0 and not is_infinite(f, a)) or (m == 0 and not is_infinite(f, b))
        return f.nan if zero else _infinity(f, sign)
    return encode(f, n * m, p + q, sign)


def multiply_add(f: FloatFormat, a: int, b: int, c: int) -> int:
    """``a * b + c``, rounded once."""
    product_sign = sign_of(f, a) ^ sign_of(f, b)
    if is_nan(f, c) or (is_infinite(f, a) or is_infinite(f, b) or is_nan(f, a) or is_nan(f, b)):
        return add(f, multiply(f, a, b), c)
    if is_infinite(f, c):
        return c
    (n, p), (m, q), (k, r) = decode(f, a), decode(f, b), decode(f, c)
    low = min(p + q, r)
    total = (n * m << (p + q - low)) + (k << (r - low))
    return encode(f, total, low, product_sign & sign_of(f, c))


def compare(f: FloatFormat, a: int, b: int) -> tuple[int, int, int, int]:
    """Less, equal, greater, unordered: exactly one is 1."""
    if is_nan(f, a) or is_nan(f, b):
        return 0, 0, 0, 1
    # Magnitudes are ordered as their bits are, infinity last.
    x, y = (-(v & mask(f.width - 1)) if sign_of(f, v) else v for v in (a, b))
    return int(x < y), int(x == y), int(x > y), 0


def from_integer(f: FloatFormat, n: int) -> int:
    """The number nearest to the integer `n`."""
    return encode(f, n, 0)


def to_integer(f: FloatFormat, a: int, width: int, is_signed: bool, truncate: bool) -> int:
    """The integer nearest to `a` (or towards zero), kept within the range; NaN gives the largest."""
    low, high = (-(1 << (width - 1)), mask(width - 1)) if is_signed else (0, mask(width))
    if is_nan(f, a):
        return high
    if is_infinite(f, a):
        return low if sign_of(f, a) else high
    n, p = decode(f, a)
    size = abs(n) >> -p if truncate and p < 0 else divided(abs(n), -p)
    return min(max(-size if n < 0 else size, low), high)


def convert(f: FloatFormat, g: FloatFormat, a: int) -> int:
    """The number of format `g` nearest to `a`, which is of format `f`."""
    if is_nan(f, a):
        return g.nan
    sign = sign_of(f, a)
    if is_infinite(f, a):
        return _infinity(g, sign)
    return encode(g, *decode(f, a), sign)


# -- as models of the catalogue --------------------------------------------------------------

Model = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, Any]]


def _everywhere(function: Callable, *columns: Any) -> Any:
    """`function` on integers, or on every element of arrays of them."""
    if not any(isinstance(c, np.ndarray) for c in columns):
        return function(*columns)
    return np.frompyfunc(function, len(columns), 1)(*(np.asarray(c, dtype=object) for c in columns))


def operation_model(operation: Callable[..., int], *ports: str) -> Model:
    """The model of an operation on numbers of one format."""

    def model(x, args):
        f = float_format(args["format"])
        return {"out": _everywhere(lambda *values: operation(f, *values), *(x[name] for name in ports))}

    return model


def compare_model(x, args):
    """Model of :func:`circuits.floats.float_compare`."""
    f = float_format(args["format"])
    names = ("lt", "eq", "gt", "unordered")
    return {name: _everywhere(lambda a, b, i=i: compare(f, a, b)[i], x["a"], x["b"]) for i, name in enumerate(names)}


def from_integer_model(x, args):
    """Model of :func:`circuits.floats.int_to_float`."""
    f, width = float_format(args["format"]), args["a"]
    is_signed = args.get("is_signed", True)
    return {"out": _everywhere(lambda a: from_integer(f, signed(a, width) if is_signed else a), x["a"])}


def to_integer_model(x, args):
    """Model of :func:`circuits.floats.float_to_int`."""
    f, width = float_format(args["format"]), args["width"]
    is_signed, truncate = args.get("is_signed", True), args.get("truncate", False)
    return {"out": _everywhere(lambda a: to_integer(f, a, width, is_signed, truncate) & mask(width), x["a"])}


def convert_model(x, args):
    """Model of :func:`circuits.floats.float_to_float`."""
    f, g = float_format(args["format"]), float_format(args["target"])
    return {"out": _everywhere(lambda a: convert(f, g, a), x["a"])}
