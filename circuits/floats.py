"""Floating point from gates: add, subtract, multiply, fused multiply-add, compare, convert.

Every operator takes a ``format``: one of :data:`~circuits.float_formats.FORMATS` by name (fp32, fp16, bf16, e5m2,
e4m3) or any :class:`~circuits.float_formats.FloatFormat`. Results are those of IEEE 754: rounded once, to nearest,
ties to even; subnormals are numbers like others; NaN is always the one quiet positive NaN of the format.
"""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Bus, concat
from gatesim.errors import BuildError

from . import float_models as models
from . import float_operators as operators
from .adders import Adder, brent_kung
from .catalog import circuit
from .float_formats import BF16, E4M3, E5M2, FORMATS, FP16, FP32, FloatFormat, float_format
from .float_parts import need_width
from .folding import not_gate

__all__ = [
    "BF16", "E4M3", "E5M2", "FORMATS", "FP16", "FP32", "FloatFormat", "FloatOrder", "float_add", "float_compare",
    "float_format", "float_multiply", "float_multiply_add", "float_subtract", "float_to_float", "float_to_int",
    "int_to_float",
]  # fmt: skip

TINY = FloatFormat(3, 2)
"""Six bits: every triple of numbers can be tried."""

_TESTED = {3: TINY, 8: E4M3}  # pairs of these can all be tried; the wide formats meet NumPy instead


def _pairs(width: int):
    f = _TESTED.get(width)
    return f and {"a": f.width, "b": f.width, "format": f}


def _triples(width: int):
    return {"a": 6, "b": 6, "c": 6, "format": TINY} if width == 3 else None


class FloatOrder(NamedTuple):
    """Exactly one of the four is 1; unordered where a NaN is compared."""

    lt: Bit
    eq: Bit
    gt: Bit
    unordered: Bit


@circuit(models.operation_model(models.add, "a", "b"), _pairs)
def float_add(a: Bus, b: Bus, format: FloatFormat | str, adder: Adder = brent_kung) -> Bus:
    """Floating-point adder: ``a + b``, rounded to nearest even.

    Examples
    --------
    >>> import numpy as np
    >>> from gatesim import build, simulate
    >>> net = build(float_add, a=16, b=16, format="fp16")
    >>> x, y = np.float16([1.5, -2]), np.float16([0.1, 65504])
    >>> simulate(net, a=x.view(np.uint16), b=y.view(np.uint16))["out"].astype(np.uint16).view(np.float16) == x + y
    array([ True,  True])

    Raises
    ------
    WidthError
        An operand is not as wide as the format.
    UnknownNameError
        There is no format of that name.
    """
    f = float_format(format)
    need_width("float_add", f, a, b)
    return operators.sum_of(f, a, b, adder)


@circuit(models.operation_model(models.subtract, "a", "b"), _pairs)
def float_subtract(a: Bus, b: Bus, format: FloatFormat | str, adder: Adder = brent_kung) -> Bus:
    """Floating-point subtracter: ``a - b``, the adder with one sign turned; errors as :func:`float_add`."""
    f = float_format(format)
    need_width("float_subtract", f, a, b)
    return operators.sum_of(f, a, concat(b[:-1], not_gate(b[-1])), adder)


@circuit(models.operation_model(models.multiply, "a", "b"), _pairs)
def float_multiply(a: Bus, b: Bus, format: FloatFormat | str, adder: Adder = brent_kung) -> Bus:
    """Floating-point multiplier: ``a * b``, rounded to nearest even; errors as :func:`float_add`."""
    f = float_format(format)
    need_width("float_multiply", f, a, b)
    return operators.product_of(f, a, b, adder)


@circuit(models.operation_model(models.multiply_add, "a", "b", "c"), _triples)
def float_multiply_add(a: Bus, b: Bus, c: Bus, format: FloatFormat | str, adder: Adder = brent_kung) -> Bus:
    """Fused multiply-add: ``a * b + c``, rounded once; errors as :func:`float_add`.

    Zero times infinity is NaN, whatever `c` is.
    """
    f = float_format(format)
    need_width("float_multiply_add", f, a, b, c)
    return operators.fused_of(f, a, b, c, adder)


@circuit(models.compare_model, _pairs)
def float_compare(a: Bus, b: Bus, format: FloatFormat | str) -> FloatOrder:
    """Floating-point comparison: less, equal, greater or unordered; errors as :func:`float_add`.

    The two zeros are equal; a NaN is unordered with everything, itself included.
    """
    f = float_format(format)
    need_width("float_compare", f, a, b)
    return FloatOrder(*operators.order_of(f, a, b))


def _integers(width: int):
    return {8: {"a": 16, "format": "e4m3"}, 16: {"a": 16, "format": "fp16"}}.get(width)


@circuit(models.from_integer_model, _integers)
def int_to_float(a: Bus, format: FloatFormat | str, is_signed: bool = True) -> Bus:
    """Integer (two's complement, or unsigned) to the nearest float, ties to even; UnknownNameError as above."""
    return operators.from_integer(float_format(format), a, is_signed)


def _floats(width: int):
    return {8: {"a": 8, "format": "e5m2", "width": 8}, 16: {"a": 16, "format": "fp16", "width": 12}}.get(width)


@circuit(models.to_integer_model, _floats)
def float_to_int(a: Bus, format: FloatFormat | str, width: int, is_signed: bool = True, truncate: bool = False) -> Bus:
    """Float to an integer of `width` bits: to nearest even, or towards zero with `truncate`.

    What is out of range becomes the nearest end of the range, and NaN the greatest integer, as RISC-V's
    ``fcvt`` does.

    Raises
    ------
    BuildError
        The integer has no bit. Else as :func:`float_add`.
    """
    f = float_format(format)
    need_width("float_to_int", f, a)
    if width < 1:
        raise BuildError(f"float_to_int() makes integers of at least 1 bit, not {width}")
    return operators.to_integer(f, a, width, is_signed, truncate)


def _conversions(width: int):
    return {
        8: {"a": 8, "format": "e5m2", "target": "e4m3"},
        16: {"a": 16, "format": "fp16", "target": "e5m2"},
    }.get(width)


@circuit(models.convert_model, _conversions)
def float_to_float(a: Bus, format: FloatFormat | str, target: FloatFormat | str) -> Bus:
    """Float of one format to the nearest of another, ties to even; errors as :func:`float_add`."""
    f, g = float_format(format), float_format(target)
    need_width("float_to_float", f, a)
    return operators.converted(f, g, a)
