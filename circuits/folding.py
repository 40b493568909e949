"""Gates that know the constants: what generators use wherever a pin may be tied to 0 or 1.

The builder emits exactly what it is told, so that gate counts are what the author wrote. A generator
that is handed a constant (a fixed weight, a carry-in of 1, the empty end of a partial product) should
not write a gate for it. On bits that are not constant these functions emit the plain gate.
"""

from __future__ import annotations

from collections.abc import Sequence

from gatesim import Bit, Bus, concat
from gatesim.errors import WidthError


def is_constant(bit: Bit) -> bool:
    """Whether `bit` is net 0 (constant 0) or net 1 (constant 1).

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder()
    >>> is_constant(b.one), is_constant(b.input("x"))
    (True, False)
    """
    return bit.id < 2


def not_gate(a: Bit) -> Bit:
    """NOT of `a`; no gate on a constant."""
    if a.id < 2:
        return a.builder.zero if a.id else a.builder.one
    return ~a


def and_gate(*pins: Bit) -> Bit:
    """AND of 1 to 4 bits; constants and repeated pins cost nothing."""
    kept: list[Bit] = []
    for pin in pins:
        if pin.id == 0:
            return pin
        if pin.id != 1 and all(pin.id != other.id for other in kept):
            kept.append(pin)
    if len(kept) == 2:
        return kept[0] & kept[1]
    if not kept:
        return pins[0].builder.one
    return kept[0] if len(kept) == 1 else kept[0].builder.gate(f"AND{len(kept)}", *kept)


def or_gate(*pins: Bit) -> Bit:
    """OR of 1 to 4 bits; constants and repeated pins cost nothing."""
    kept: list[Bit] = []
    for pin in pins:
        if pin.id == 1:
            return pin
        if pin.id != 0 and all(pin.id != other.id for other in kept):
            kept.append(pin)
    if len(kept) == 2:
        return kept[0] | kept[1]
    if not kept:
        return pins[0].builder.zero
    return kept[0] if len(kept) == 1 else kept[0].builder.gate(f"OR{len(kept)}", *kept)


def xor_gate(a: Bit, b: Bit) -> Bit:
    """XOR of two bits; an inverter when one is constant 1, no gate when one is constant 0."""
    if a.id < 2:
        return not_gate(b) if a.id else b
    if b.id < 2:
        return not_gate(a) if b.id else a
    return a.builder.zero if a.id == b.id else a ^ b


def xnor_gate(a: Bit, b: Bit) -> Bit:
    """XNOR of two bits; no XNOR where one of them is constant."""
    if a.id < 2 or b.id < 2 or a.id == b.id:
        return not_gate(xor_gate(a, b))
    return a.builder.gate("XNOR", a, b)


def nand_gate(a: Bit, b: Bit) -> Bit:
    """NAND of two bits; no NAND where one of them is constant."""
    if a.id < 2 or b.id < 2 or a.id == b.id:
        return not_gate(and_gate(a, b))
    return a.builder.nand(a, b)


def and_not_gate(a: Bit, b: Bit) -> Bit:
    """`a` and not `b`, one gate; none on constants."""
    if a.id == 0 or b.id == 0:
        return a
    if a.id == 1:
        return not_gate(b)
    if b.id in (1, a.id):
        return a.builder.zero
    return a.builder.gate("ANDNOT", a, b)


def mux_gate(select: Bit, zero: Bit, one: Bit) -> Bit:
    """`one` where `select`, else `zero`; an AND, an OR or nothing where a pin is constant."""
    if select.id < 2:
        return one if select.id else zero
    if zero.id == one.id:
        return zero
    if zero.id == 0:
        return and_gate(select, one)
    if one.id == 0:
        return and_not_gate(zero, select)
    if one.id == 1:
        return or_gate(select, zero)
    if zero.id == 1:
        return or_gate(not_gate(select), one)
    return select.builder.mux(select, zero, one)


def mux_bus(select: Bit, zero: Bus, one: Bus) -> Bus:
    """:func:`mux_gate` on every bit of two buses of one width."""
    same_width("mux_bus", zero, one)
    return Bus([mux_gate(select, x, y) for x, y in zip(zero, one, strict=True)])


def tree(gate, bits: Sequence[Bit]) -> Bit:
    """Balanced tree of a two-input associative `gate` over at least one bit: depth ``ceil(log2(n))``."""
    level = list(bits)
    while len(level) > 1:
        paired = [gate(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = [*paired, *level[len(level) & ~1 :]]
    return level[0]


def sign_extend(bus: Bus, width: int) -> Bus:
    """`bus` as a two's complement number of `width` bits: the sign repeated (cut when narrower)."""
    return concat(bus[:width], bus[-1].repeat(width - len(bus)))


def zero_extend(bus: Bus, width: int) -> Bus:
    """`bus` as an unsigned number of `width` bits: zeros on top (cut when narrower)."""
    return concat(bus[:width], bus.builder.zero.repeat(width - len(bus)))


def same_width(what: str, a: Sequence[Bit], b: Sequence[Bit]) -> int:
    """The common width of two buses.

    Raises
    ------
    WidthError
        They differ.
    """
    if len(a) != len(b):
        raise WidthError(
            f"{what}() of buses of {len(a)} and {len(b)} bits: widths must be equal; "
            "extend one with zero_extend() or sign_extend()"
        )
    return len(a)
