"""The gates behind :mod:`circuits.floats`: add, multiply, multiply-add, compare, convert."""

from __future__ import annotations

from gatesim import Bit, Bus, concat

from .adders import Adder, add_modulo
from .arithmetic import less_than
from .float_formats import FloatFormat
from .float_parts import (
    Parts,
    denormalise,
    minus,
    normalise_and_round,
    pack,
    plus_bit,
    plus_constant,
    shift_right_sticky,
)
from .folding import (
    and_gate,
    and_not_gate,
    mux_bus,
    mux_gate,
    not_gate,
    or_gate,
    tree,
    xor_gate,
    zero_extend,
)
from .multipliers import dadda_multiplier


def sum_of(f: FloatFormat, a: Bus, b: Bus, adder: Adder) -> Bus:
    """``a + b``: the smaller magnitude is moved down beside the larger one.

    Three bits below the mantissa are enough: guard, round, and the OR of all that fell out, since a
    number moved by two places or more cancels at most one bit. (Any textbook; Goldberg 1991.)
    """
    builder = a.builder
    zero = builder.zero
    p, q = Parts(f, a), Parts(f, b)
    swap = less_than(a[:-1], b[:-1])
    sign = mux_gate(swap, p.sign, q.sign)
    differ = xor_gate(p.sign, q.sign)
    large = mux_bus(swap, p.significand, q.significand)
    small = mux_bus(swap, q.significand, p.significand)
    exponent = mux_bus(swap, p.exponent, q.exponent)
    distance = minus(exponent, mux_bus(swap, q.exponent, p.exponent), adder)
    moved, lost = shift_right_sticky(concat(zero.repeat(2), small), distance)
    added = concat(lost, moved)
    total = adder(concat(zero.repeat(3), large), Bus([xor_gate(bit, differ) for bit in added]), differ)
    result = concat(total.sum, and_not_gate(total.carry, differ))
    # The carry's place is one above the larger number's hidden bit.
    rounded = normalise_and_round(f, plus_bit(concat(exponent, zero), builder.one), result)
    some = tree(or_gate, list(result))
    nan = tree(or_gate, [p.nan, q.nan, and_gate(p.infinite, q.infinite, differ)])
    sign = mux_gate(some, and_gate(p.sign, q.sign), sign)
    return pack(f, sign, rounded, nan, or_gate(p.infinite, q.infinite))


def _zero_times_infinity(f: FloatFormat, p: Parts, q: Parts) -> list[Bit]:
    return [and_gate(p.infinite, q.zero), and_gate(p.zero, q.infinite)] if f.infinities else []


def product_of(f: FloatFormat, a: Bus, b: Bus, adder: Adder) -> Bus:
    """``a * b``: the exact product of the significands, moved to where the result's exponent puts it."""
    p, q = Parts(f, a), Parts(f, b)
    product = dadda_multiplier(p.significand, q.significand, adder)
    # Two's complement: two bits more than a field. The top bit of the product is worth 2.
    width = f.exponent + 2
    biased = add_modulo(zero_extend(p.exponent, width), zero_extend(q.exponent, width), None, adder)
    exponent, moved, lost = denormalise(plus_constant(biased, 1 - f.bias), product)
    rounded = normalise_and_round(f, exponent, moved, lost)
    infinite = or_gate(p.infinite, q.infinite)
    nan = tree(or_gate, [p.nan, q.nan, *_zero_times_infinity(f, p, q)])
    return pack(f, xor_gate(p.sign, q.sign), rounded, nan, infinite)


def fused_of(f: FloatFormat, a: Bus, b: Bus, c: Bus, adder: Adder) -> Bus:
    """``a * b + c``, rounded once.

    One window holds, from the top, the addend unmoved, two empty places, the whole product, and three
    places more. The addend moves down to its place. Where that would be upward, the addend alone
    decides, and the product, wherever it is below the two empty places, says only that it is not 0.
    The window's top then always has an exponent of at least 1, so nothing need ever move down again.
    """
    builder = a.builder
    zero = builder.zero
    m = f.mantissa
    p, q, r = Parts(f, a), Parts(f, b), Parts(f, c)
    product = dadda_multiplier(p.significand, q.significand, adder)
    no_product = or_gate(p.zero, q.zero)
    width = f.exponent + 3
    wide = [zero_extend(x.exponent, width) for x in (p, q, r)]
    frame = plus_constant(add_modulo(wide[0], wide[1], None, adder), m + 4 - f.bias)
    distance = minus(frame, wide[2], adder)
    alone = or_gate(distance[-1], no_product)  # a product of 0 has no exponent to go by
    size = (m + 1) + 2 + 2 * (m + 1) + 3
    amount = Bus([and_not_gate(bit, alone) for bit in distance[:-1]])
    moved, lost = shift_right_sticky(concat(zero.repeat(size - m - 1), r.significand), amount)
    differ = xor_gate(xor_gate(p.sign, q.sign), r.sign)
    addend = Bus([xor_gate(bit, differ) for bit in concat(lost, moved)])
    factor = concat(zero.repeat(4), product, zero.repeat(size - 3 - len(product)))
    # product - addend - 1 in one's complement: where that does not borrow, the missing 1 is added.
    # Else the complement is addend - product already.
    total = adder(factor, addend, None)
    positive = and_gate(total.carry, differ)
    negative = and_not_gate(differ, total.carry)
    magnitude = plus_bit(Bus([xor_gate(bit, negative) for bit in total.sum]), positive)
    result = concat(magnitude, and_not_gate(total.carry, differ))
    exponent = mux_bus(alone, frame, wide[2])
    rounded = normalise_and_round(f, plus_bit(exponent, builder.one), result)
    infinite_product = or_gate(p.infinite, q.infinite)
    nan = tree(
        or_gate,
        [p.nan, q.nan, r.nan, *_zero_times_infinity(f, p, q), and_gate(infinite_product, r.infinite, differ)],
    )
    product_sign = xor_gate(p.sign, q.sign)
    sign = xor_gate(product_sign, negative)
    sign = mux_gate(tree(or_gate, list(result)), and_gate(product_sign, r.sign), sign)
    sign = mux_gate(infinite_product, mux_gate(r.infinite, sign, r.sign), product_sign)
    return pack(f, sign, rounded, nan, or_gate(infinite_product, r.infinite))


def order_of(f: FloatFormat, a: Bus, b: Bus) -> tuple[Bit, Bit, Bit, Bit]:
    """Less, equal, greater, unordered."""
    p, q = Parts(f, a), Parts(f, b)
    unordered = or_gate(p.nan, q.nan)
    below, above = less_than(a[:-1], b[:-1]), less_than(b[:-1], a[:-1])
    both_zero = and_gate(p.zero, q.zero)
    differ = xor_gate(p.sign, q.sign)
    # Of one sign, magnitudes decide, the other way round when negative; else the sign alone.
    less = mux_gate(differ, mux_gate(p.sign, below, above), and_not_gate(p.sign, both_zero))
    same = or_gate(both_zero, not_gate(tree(or_gate, [below, above, differ])))
    lt, eq = and_not_gate(less, unordered), and_not_gate(same, unordered)
    return lt, eq, not_gate(tree(or_gate, [lt, eq, unordered])), unordered


# -- conversions -----------------------------------------------------------------------------


def from_integer(f: FloatFormat, a: Bus, is_signed: bool) -> Bus:
    """The number nearest to an integer."""
    builder = a.builder
    sign = a[-1] if is_signed else builder.zero
    magnitude = plus_bit(Bus([xor_gate(bit, sign) for bit in a]), sign)
    top = f.bias + len(a) - 1
    exponent = builder.constant(top, max(f.exponent, top.bit_length()))
    return pack(f, sign, normalise_and_round(f, exponent, magnitude), builder.zero)


def to_integer(f: FloatFormat, a: Bus, width: int, is_signed: bool, truncate: bool) -> Bus:
    """The integer nearest to a number, or towards zero; kept within the range."""
    builder = a.builder
    x = Parts(f, a)
    size = max(width, f.mantissa + 1) + 1
    # Unmoved, the hidden bit is worth 2**(width - 1).
    top = width - 1 + f.bias
    bits = max(f.exponent, top.bit_length()) + 1
    distance = minus(builder.constant(top, bits), zero_extend(x.exponent, bits))
    large = or_gate(distance[-1], x.infinite)
    window = concat(builder.zero.repeat(size - f.mantissa - 1), x.significand)
    moved, lost = shift_right_sticky(window, distance[:-1])
    whole, rest = moved[size - width :], moved[: size - width]
    if truncate:
        magnitude = concat(whole, builder.zero)
    else:
        sticky = tree(or_gate, [lost, *rest[:-1]])
        magnitude = plus_bit(concat(whole, builder.zero), and_gate(rest[-1], or_gate(sticky, whole[0])))
    negative = and_not_gate(x.sign, x.nan)
    large = or_gate(large, magnitude[-1])
    if not is_signed:
        value = Bus([and_not_gate(or_gate(bit, or_gate(large, x.nan)), negative) for bit in magnitude[:-1]])
        return value
    below = tree(or_gate, [*magnitude[: width - 1], builder.zero])
    large = or_gate(large, and_gate(magnitude[width - 1], or_gate(not_gate(negative), below)))
    large = or_gate(large, x.nan)
    value = plus_bit(Bus([xor_gate(bit, negative) for bit in magnitude[:-1]]), negative)
    limit = concat(not_gate(negative).repeat(width - 1), negative)
    return mux_bus(large, value, limit)


def converted(f: FloatFormat, g: FloatFormat, a: Bus) -> Bus:
    """The number of format `g` nearest to one of format `f`."""
    x = Parts(f, a)
    width = max(f.exponent, g.exponent) + 2
    exponent = plus_constant(zero_extend(x.exponent, width), g.bias - f.bias)
    significand = concat(a.builder.zero.repeat(max(0, g.mantissa + 3 - len(x.significand))), x.significand)
    raised, moved, lost = denormalise(exponent, significand)
    return pack(g, x.sign, normalise_and_round(g, raised, moved, lost), x.nan, x.infinite)
