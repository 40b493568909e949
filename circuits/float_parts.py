"""What floating-point operators share: taking numbers apart, aligning, normalising, rounding."""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Builder, Bus, concat
from gatesim.errors import WidthError

from .adders import Adder, add_modulo, brent_kung
from .arithmetic import less_than
from .float_formats import FloatFormat
from .folding import and_gate, and_not_gate, mux_bus, mux_gate, not_gate, or_gate, tree, zero_extend
from .selectors import leading_zeros
from .shifters import amount_width


class Parts(NamedTuple):
    """A number taken apart.

    Attributes
    ----------
    sign : Bit
    exponent : Bus
        The biased exponent; 1 for subnormals and zero, whose mantissa counts in the same units.
    significand : Bus
        The mantissa with the hidden bit on top.
    nan, infinite, zero : Bit
    """

    sign: Bit
    exponent: Bus
    significand: Bus
    nan: Bit
    infinite: Bit
    zero: Bit


def need_width(what: str, f: FloatFormat, *numbers: Bus) -> None:
    """Refuse a bus that is not as wide as its format."""
    for bus in numbers:
        if len(bus) != f.width:
            raise WidthError(f"{what}() of a bus of {len(bus)} bits: its format has {f.width}")


def unpack(f: FloatFormat, number: Bus) -> Parts:
    """Take a number apart (see :class:`Parts`)."""
    mantissa, exponent = number[: f.mantissa], number[f.mantissa : -1]
    normal, some = tree(or_gate, list(exponent)), tree(or_gate, list(mantissa))
    full = tree(and_gate, list(exponent))
    if f.infinities:
        nan, infinite = and_gate(full, some), and_not_gate(full, some)
    else:
        nan, infinite = and_gate(full, tree(and_gate, list(mantissa))), number.builder.zero
    return Parts(
        number[-1],
        concat(or_gate(exponent[0], not_gate(normal)), exponent[1:]),
        concat(mantissa, normal),
        nan,
        infinite,
        not_gate(or_gate(normal, some)),
    )


# -- small integers --------------------------------------------------------------------------


def invert(bus: Bus) -> Bus:
    """NOT of every bit; no gate on constants."""
    return Bus([not_gate(bit) for bit in bus])


def minus(a: Bus, b: Bus, adder: Adder = brent_kung) -> Bus:
    """``a - b`` modulo their common width."""
    return add_modulo(a, invert(b), a.builder.one, adder)


def plus_constant(a: Bus, value: int, adder: Adder = brent_kung) -> Bus:
    """``a + value`` modulo the width of `a`."""
    width = len(a)
    return add_modulo(a, a.builder.constant(value & ((1 << width) - 1), width), None, adder) if value else a


def plus_bit(a: Bus, bit: Bit) -> Bus:
    """``a + bit`` modulo the width of `a`, at the depth of a prefix adder."""
    return add_modulo(a, a.builder.zero.repeat(len(a)), bit, brent_kung)


# -- moving significands ---------------------------------------------------------------------


def shift_right_sticky(a: Bus, amount: Bus) -> tuple[Bus, Bit]:
    """`a` moved down by `amount`, and whether a 1 fell out at the bottom."""
    builder, width = a.builder, len(a)
    lost: list[Bit] = []
    far: list[Bit] = []
    for k, bit in enumerate(amount):
        step = 1 << k
        if step >= width:
            far.append(bit)
            continue
        lost.append(and_gate(bit, tree(or_gate, list(a[:step]))))
        a = mux_bus(bit, a, concat(a[step:], builder.zero.repeat(step)))
    if far:
        gone = tree(or_gate, far)
        lost.append(and_gate(gone, tree(or_gate, list(a))))
        a = Bus([and_not_gate(bit, gone) for bit in a])
    return a, tree(or_gate, lost)


def shift_up(a: Bus, amount: Bus) -> Bus:
    """`a` moved up by `amount`, which is less than its width; no gate is spent on the zeros that enter."""
    for k, bit in enumerate(amount):
        a = mux_bus(bit, a, concat(a.builder.zero.repeat(1 << k), a[: -(1 << k)]))
    return a


def denormalise(exponent: Bus, significand: Bus) -> tuple[Bus, Bus, Bit]:
    """Bring a two's complement `exponent` up to 1 at least, by moving the significand down.

    Returns
    -------
    (Bus, Bus, Bit)
        The exponent, now at least 1 and unsigned in as many bits; the significand; whether a 1 was lost.
    """
    builder, width = exponent.builder, len(exponent)
    low = or_gate(exponent[-1], not_gate(tree(or_gate, list(exponent))))  # below 1
    distance = plus_bit(invert(exponent), builder.one)  # -exponent: one less than the way to 1
    distance = plus_bit(Bus([and_gate(bit, low) for bit in distance]), low)
    moved, lost = shift_right_sticky(significand, distance[: width - 1])
    raised = [or_gate(and_not_gate(exponent[0], low), low), *(and_not_gate(bit, low) for bit in exponent[1:])]
    return Bus(raised), moved, lost


def normalise(exponent: Bus, significand: Bus) -> tuple[Bus, Bus]:
    """Move the significand up until its top bit is 1, or as far as the exponent allows.

    Parameters
    ----------
    exponent : Bus
        Unsigned, at least 1: the biased exponent of the significand's top bit.
    significand : Bus

    Returns
    -------
    (Bus, Bus)
        The exponent *field*, 0 where the top bit stayed 0 (zero and subnormals); the significand.
    """
    zeros = leading_zeros(significand)
    width = max(len(exponent), len(zeros))
    wide_exponent, wide_zeros = zero_extend(exponent, width), zero_extend(zeros, width)
    enough = less_than(wide_zeros, wide_exponent)  # zeros <= exponent - 1
    limit = minus(wide_exponent, exponent.builder.constant(1, width))
    # Where the exponent is the limit it is below the count of zeros, so the count's bits hold it.
    amount = mux_bus(enough, limit[: len(zeros)], zeros)
    moved = shift_up(significand, amount[: amount_width(len(significand))])
    field = minus(wide_exponent, zero_extend(amount, width))
    return Bus([and_gate(bit, moved[-1]) for bit in field]), moved


# -- rounding --------------------------------------------------------------------------------


class Rounded(NamedTuple):
    """A rounded magnitude: exponent field and mantissa, and whether it is too large for the format."""

    magnitude: Bus
    overflow: Bit


def round_even(f: FloatFormat, field: Bus, significand: Bus, sticky: Bit) -> Rounded:
    """Round a normalised number to nearest, ties to even.

    The increment runs through mantissa and exponent field at once: a mantissa of all ones carries into
    the next exponent, the largest subnormal into the least normal number, the largest number into overflow.
    """
    builder = field.builder
    short = f.mantissa + 3 - len(significand)
    if short > 0:
        significand = concat(builder.zero.repeat(short), significand)
    keep = len(significand) - 1 - f.mantissa
    mantissa, guard = significand[keep:-1], significand[keep - 1]
    rest = or_gate(sticky, tree(or_gate, list(significand[: keep - 1])))
    up = and_gate(guard, or_gate(rest, mantissa[0]))
    total = plus_bit(concat(mantissa, zero_extend(field, max(len(field), f.exponent + 1))), up)
    magnitude, above = total[: f.width - 1], list(total[f.width - 1 :])
    limit = magnitude[f.mantissa :] if f.infinities else magnitude
    return Rounded(magnitude, tree(or_gate, [*above, tree(and_gate, list(limit))]))


def normalise_and_round(f: FloatFormat, exponent: Bus, significand: Bus, sticky: Bit | None = None) -> Rounded:
    """:func:`normalise`, then :func:`round_even`: any exact result becomes a number."""
    field, moved = normalise(exponent, significand)
    return round_even(f, field, moved, sticky if sticky is not None else exponent.builder.zero)


def pack(f: FloatFormat, sign: Bit, rounded: Rounded, nan: Bit, infinite: Bit | None = None) -> Bus:
    """The number: NaN where `nan`, infinity where `infinite` or too large, else what was rounded."""
    builder: Builder = sign.builder
    large = rounded.overflow if infinite is None else or_gate(rounded.overflow, infinite)
    if not f.infinities:
        nan = or_gate(nan, large)
        return concat(*(or_gate(bit, nan) for bit in rounded.magnitude), and_not_gate(sign, nan))
    special = builder.constant(f.overflow, f.width - 1)
    magnitude = mux_bus(large, rounded.magnitude, special)
    quiet = builder.constant(f.nan, f.width - 1)
    return concat(*(mux_gate(nan, x, y) for x, y in zip(magnitude, quiet, strict=True)), and_not_gate(sign, nan))
