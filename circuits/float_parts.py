"""What floating-point operators share: taking numbers apart, aligning, normalising, rounding."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from gatesim import Bit, Builder, Bus, concat
from gatesim.errors import WidthError

from .adders import Adder, add_modulo, brent_kung
from .arithmetic import less_than
from .float_formats import FloatFormat
from .folding import and_gate, and_not_gate, mux_bus, mux_gate, not_gate, or_gate, tree, zero_extend
from .selectors import leading_zeros
from .shifters import amount_width


class Parts:
    """A number taken apart; each part's gates are made when it is first asked for.

    Attributes
    ----------
    sign : Bit
    exponent : Bus
        The biased exponent; 1 for subnormals and zero, whose mantissa counts in the same units.
    significand : Bus
        The mantissa with the hidden bit on top.
    nan, infinite, zero : Bit
    """

    def __init__(self, f: FloatFormat, number: Bus) -> None:
        self._f = f
        self._mantissa, self._field = number[: f.mantissa], number[f.mantissa : -1]
        self.sign = number[-1]

    @cached_property
    def _normal(self) -> Bit:
        return tree(or_gate, list(self._field))

    @cached_property
    def _some(self) -> Bit:
        return tree(or_gate, list(self._mantissa))

    @cached_property
    def _full(self) -> Bit:
        return tree(and_gate, list(self._field))

    @cached_property
    def exponent(self) -> Bus:
        """The biased exponent, 1 where the field is 0."""
        return concat(or_gate(self._field[0], not_gate(self._normal)), self._field[1:])

    @cached_property
    def significand(self) -> Bus:
        """The mantissa under the hidden bit."""
        return concat(self._mantissa, self._normal)

    @cached_property
    def nan(self) -> Bit:
        """Whether it is a NaN."""
        return and_gate(self._full, self._some if self._f.infinities else tree(and_gate, list(self._mantissa)))

    @cached_property
    def infinite(self) -> Bit:
        """Whether it is an infinity."""
        return and_not_gate(self._full, self._some) if self._f.infinities else self.sign.builder.zero

    @cached_property
    def zero(self) -> Bit:
        """Whether it is a zero."""
        return not_gate(or_gate(self._normal, self._some))


def need_width(what: str, f: FloatFormat, *numbers: Bus) -> None:
    """Refuse a bus that is not as wide as its format."""
    for bus in numbers:
        if len(bus) != f.width:
            raise WidthError(f"{what}() of a bus of {len(bus)} bits: its format has {f.width}")


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
        The exponent, now at least 1 and without its sign; the significand; whether a 1 was lost.
    """
    low = or_gate(exponent[-1], not_gate(tree(or_gate, list(exponent[:-1]))))  # below 1
    # 1 - exponent is its complement plus 2: the lowest bit stays.
    flipped = Bus([and_not_gate(low, bit) for bit in exponent[:-1]])
    moved, lost = shift_right_sticky(significand, concat(flipped[0], plus_bit(flipped[1:], low)))
    kept = [and_not_gate(bit, low) for bit in exponent[1:-1]]
    return concat(or_gate(exponent[0], low), *kept), moved, lost


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
    # Where exponent - 1 is the limit, it is below the count of zeros: the count's low bits hold it.
    low = zeros[: amount_width(len(significand))]
    limit = minus(wide_exponent[: len(low)], exponent.builder.constant(1, len(low)))
    amount = mux_bus(enough, limit, low)
    moved = shift_up(significand, amount)
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
