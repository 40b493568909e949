"""Integer neural networks in gates: multiply-accumulate, ReLU, requantisation, argmax.

Layers with constant weights are in :mod:`circuits.constants`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gatesim import Bit, Bus, concat
from gatesim.errors import BuildError, ValueFitError

from .adders import Adder, add_modulo, brent_kung
from .arithmetic import less_than, less_than_signed
from .catalog import circuit, mask, signed, where
from .compress import Style, add_columns, add_constant, empty_columns
from .constants import dense, multiply_constant, weighted_sum
from .digits import signed_width
from .folding import (
    and_gate,
    and_not_gate,
    mux_bus,
    mux_gate,
    not_gate,
    or_gate,
    sign_extend,
    tree,
    zero_extend,
)
from .multipliers import signed_partial_products

SHIFT = 16
"""Binary places of a requantisation multiplier: the scale is ``multiplier / 2**SHIFT``."""


# -- multiply and accumulate -----------------------------------------------------------------


def _mac_model(x, args):
    total = signed(x["a"], args["a"]) * signed(x["b"], args["b"]) + signed(x["acc"], args["acc"])
    return {"out": total & mask(args["acc"])}


@circuit(_mac_model, lambda width: {"a": width, "b": width, "acc": 4 * width} if width <= 16 else None)
def mac(a: Bus, b: Bus, acc: Bus, style: Style = "dadda", adder: Adder = brent_kung) -> Bus:
    """Multiply-accumulate of two's complement numbers: ``acc + a * b``, modulo the accumulator's width.

    With 8-bit `a` and `b` and a 32-bit `acc`, the cell of an int8 systolic array. The accumulator is
    one more row of the partial products, so the whole costs one carry propagation, not two.
    """
    columns = empty_columns(len(acc))
    owed = signed_partial_products(columns, a, b)
    for column, bit in zip(columns, acc, strict=True):
        column.append(bit)
    add_constant(columns, owed, acc.builder)
    return add_columns(columns, style, adder)


def _relu_model(x, args):
    value = signed(x["a"], args["a"])
    return {"out": where(value > 0, value, 0)}


@circuit(_relu_model, lambda width: {"a": width})
def relu(a: Bus) -> Bus:
    """Rectifier of a two's complement number: 0 where it is negative (so the sign bit reads 0)."""
    if len(a) == 1:
        return a.builder.constant(0, 1)
    keep = not_gate(a[-1])
    return concat(*(and_gate(bit, keep) for bit in a[:-1]), a.builder.zero)


# -- requantisation --------------------------------------------------------------------------


def requantised(acc, multiplier: int, zero_point: int = 0, is_signed: bool = False, shift: int = SHIFT):
    """The rule on signed integers (or arrays of them): what :func:`requantise` computes.

    ``clamp(round_half_even(acc * multiplier / 2**shift) + zero_point)`` to int8 or uint8.

    Examples
    --------
    >>> [requantised(a, 1 << 15) for a in (1, 2, 3, 5, 1000, -1)]
    [0, 1, 2, 2, 255, 0]
    """
    product = acc * multiplier
    if shift:
        # Half minus one, plus one where the floor is odd: exactly a half goes to the even neighbour.
        product = (product + mask(shift - 1) + ((product >> shift) & 1)) >> shift
    value = product + zero_point
    low, high = (-128, 127) if is_signed else (0, 255)
    if isinstance(value, np.ndarray):
        return np.clip(value, low, high)
    return min(max(value, low), high)


def _requantise_model(x, args):
    value = requantised(
        signed(x["acc"], args["acc"]),
        args["multiplier"],
        args.get("zero_point", 0),
        args.get("is_signed", False),
        args.get("shift", SHIFT),
    )
    return {"out": value & 255}


def _requantise_sizes(width: int):
    if width == 64:
        return {"acc": 32, "multiplier": 47_111, "zero_point": -3, "is_signed": True}
    return {"acc": width, "multiplier": {1: 65_535, 2: 40_000, 3: 32_768, 8: 49_152, 16: 161}[width]}


@circuit(_requantise_model, _requantise_sizes)
def requantise(acc: Bus, multiplier: int, zero_point: int = 0, is_signed: bool = False, shift: int = SHIFT) -> Bus:
    """Requantiser: accumulator × multiplier >> 16, rounded half to even, plus zero point, clamped to 8 bits.

    Parameters
    ----------
    acc : Bus
        Two's complement accumulator (int32, or as narrow as its range allows).
    multiplier : int
        ``scale * 2**shift``, not negative, known when the circuit is built: it costs one row of
        adders a signed digit.
    zero_point : int
        Added after rounding; within the output's range.
    is_signed : bool
        Clamp to int8 (-128 to 127) rather than to uint8 (0 to 255). With uint8 and zero point 0 the
        clamp is a ReLU as well.
    shift : int
        Binary places of the multiplier, 0 to 16.

    Returns
    -------
    Bus
        8 bits.

    Notes
    -----
    Quantised networks define this step in floating point:
    ``clamp(rint(float32(acc) * float32(scale)) + zero_point)``. The two agree for every int32
    accumulator when ``scale == multiplier / 2**shift`` exactly in float32 and ``shift <= 16``. Where
    ``|acc * scale| < 2**8`` (which covers everything that is not clamped, the zero point being within
    the range), ``|acc * multiplier| < 2**24``: accumulator and product are integers that float32
    holds exactly, and both sides round the same number half to even. Outside, both are clamped to the
    same end, since conversion to float32 and multiplication by a positive constant are monotone.

    Raises
    ------
    ValueFitError
        A multiplier, zero point or shift outside its range.
    """
    if multiplier < 0:
        raise ValueFitError(f"requantise(): multiplier {multiplier} is negative")
    product = multiply_constant(acc, multiplier, is_signed=True)
    return _round_and_clamp(product, zero_point, is_signed, shift)


def _requantise_by_model(x, args):
    product = signed(x["acc"], args["acc"]) * x["multiplier"]
    return {"out": requantised(product, 1) & 255}


@circuit(_requantise_by_model, lambda width: {"acc": 4 * width, "multiplier": 2 * width} if width <= 8 else None)
def requantise_by(acc: Bus, multiplier: Bus, zero_point: int = 0, is_signed: bool = False) -> Bus:
    """Requantiser with a multiplier that is a signal (unsigned): the same rule as :func:`requantise`."""
    columns = empty_columns(len(acc) + len(multiplier))
    positive = concat(multiplier, acc.builder.zero)
    add_constant(columns, signed_partial_products(columns, acc, positive), acc.builder)
    return _round_and_clamp(add_columns(columns), zero_point, is_signed, SHIFT)


def _round_and_clamp(product: Bus, zero_point: int, is_signed: bool, shift: int) -> Bus:
    """Two's complement `product` >> `shift`, half to even, plus `zero_point`, clamped to 8 bits."""
    low, high = (-128, 127) if is_signed else (0, 255)
    if not low <= zero_point <= high:
        raise ValueFitError(f"requantise(): zero point {zero_point} is outside {low} to {high}")
    if not 0 <= shift <= SHIFT:
        raise ValueFitError(f"requantise(): shift {shift} is outside 0 to {SHIFT}, where the rule is exact")
    builder = product.builder
    product = sign_extend(product, max(len(product), shift + 1))
    whole = product[shift:]
    up = builder.zero
    if shift:
        # Up by one above a half, and at a half when the floor is odd.
        half, rest = product[shift - 1], product[: shift - 1]
        odd_or_more = tree(or_gate, [whole[0], *rest])
        up = and_gate(half, odd_or_more)
    # One bit more than what can come out, so that neither rounding nor the zero point overflows.
    top = 1 << (len(whole) - 1)
    width = max(9, signed_width(-top + zero_point, top + zero_point))
    value = add_modulo(sign_extend(whole, width), builder.constant(zero_point & mask(width), width), up)
    return _clamp(value, is_signed)


def _clamp(value: Bus, is_signed: bool) -> Bus:
    """Two's complement `value` of at least 9 bits to int8 or uint8."""
    sign = value[-1]
    if is_signed:
        # Out of range when the bits from 7 up are not all equal; then 0x80 or 0x7F by the sign.
        upper = value[7:-1]
        too_high = and_not_gate(tree(or_gate, upper), sign)
        too_low = and_not_gate(sign, tree(and_gate, upper))
        return concat(*(_saturate(bit, too_high, too_low) for bit in value[:7]), sign)
    above = value[8:-1]
    too_high = and_not_gate(tree(or_gate, above), sign) if len(above) else value.builder.zero
    return Bus([_saturate(bit, too_high, sign) for bit in value[:8]])


def _saturate(bit: Bit, high: Bit, low: Bit) -> Bit:
    return and_not_gate(or_gate(bit, high), low)


# -- argmax ----------------------------------------------------------------------------------


class Argmax(NamedTuple):
    """Where the maximum is, and the maximum."""

    index: Bus
    maximum: Bus


def _argmax_model(x, args):
    widths = args["values"]
    read = signed if args.get("is_signed", True) else (lambda v, w: v)
    best, index = read(x["values0"], widths[0]), 0
    for i, width in enumerate(widths[1:], 1):
        value = read(x[f"values{i}"], width)
        index = where(value > best, i, index)
        best = where(value > best, value, best)
    return {"index": index, "maximum": best & mask(max(widths))}


@circuit(_argmax_model, lambda width: {"values": (width,) * (10 if width <= 2 else 5)})
def argmax(values: Sequence[Bus], is_signed: bool = True) -> Argmax:
    """Index of the largest of several numbers, and the number; the lowest index wins ties.

    A tournament: comparisons in a tree of depth ``ceil(log2(n))``. Numbers of different widths are
    extended to the widest.

    Raises
    ------
    BuildError
        No value at all.
    """
    if not len(values):
        raise BuildError("argmax() needs at least one value")
    width = max(map(len, values))
    builder = values[0].builder
    index_width = max(1, (len(values) - 1).bit_length())
    extend, less = (sign_extend, less_than_signed) if is_signed else (zero_extend, less_than)
    players = [(builder.constant(i, index_width), extend(bus, width)) for i, bus in enumerate(values)]
    while len(players) > 1:
        winners = []
        for (i, left), (j, right) in zip(players[::2], players[1::2], strict=False):
            later = less(left, right)  # the later one must be strictly larger
            index = Bus([mux_gate(later, p, q) for p, q in zip(i, j, strict=True)])
            winners.append((index, mux_bus(later, left, right)))
        players = winners + players[len(players) & ~1 :]
    return Argmax(*players[0])


__all__ = [
    "SHIFT", "Argmax", "argmax", "dense", "mac", "multiply_constant", "relu", "requantise", "requantise_by",
    "requantised", "weighted_sum",
]  # fmt: skip
