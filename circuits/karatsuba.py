"""Karatsuba's multiplier and the square that uses it: the fewest ANDs where XOR is free.

A product of two n-bit numbers from three of half the width instead of four. In gates that all cost the same this
pays late, for additions are made of gates too; but an addition costs one AND a bit (see
:func:`gatesim.minimise_ands`), and so counted it pays from about ten bits on.
"""

from __future__ import annotations

from gatesim import Bit, Bus, concat

from .adders import ripple_carry
from .catalog import circuit
from .compress import Columns, add_constant, empty_columns, place
from .folding import and_gate, not_gate, or_gate, xor_gate

SCHOOL = 10
"""Widths up to this one are multiplied bit by bit: Karatsuba's additions would cost more than it saves."""

SQUARE_SCHOOL = 16
"""The same for squares, which have half as many products to save."""


def _product_model(x, args):
    return {"out": x["a"] * x["b"]}


Term = tuple[int, Bit]
"""A bit and the power of two that it counts."""


@circuit(_product_model, lambda width: {"a": width, "b": width})
def karatsuba(a: Bus, b: Bus) -> Bus:
    """Karatsuba multiplier: three products of half the width, recursively (Karatsuba and Ofman 1962).

    With ``a = a0 + a1 2**h``, ``z0 = a0 b0``, ``z2 = a1 b1`` and ``z1 = (a0 + a1) (b0 + b1)`` the product is
    ``z0 + (z1 - z0 - z2) 2**h + z2 4**h``. The upper half of z0 and the lower half of z2 occur twice, as the
    same difference: it is made once. (Bernstein, "Batch binary Edwards", CRYPTO 2009, does so for polynomials.)
    """
    wide = max(len(a), len(b))
    if wide <= SCHOOL:
        return _product(a, b, [])[: len(a) + len(b)]
    return _product(_padded(a, wide), _padded(b, wide), [])[: len(a) + len(b)]


def _product(a: Bus, b: Bus, more: list[Term]) -> Bus:
    """``a * b`` plus what is in `more`, modulo ``2**(len(a) + len(b))``.

    A bit more in a column often costs nothing: a half adder becomes a full adder, and both have one AND.
    """
    zero = a.builder.zero
    if max(len(a), len(b)) <= SCHOOL or len(a) != len(b):
        columns = empty_columns(len(a) + len(b))
        for i, x in enumerate(a):
            for j, y in enumerate(b):
                columns[i + j].append(and_gate(x, y))
        return _ripple(columns, more, zero)
    wide = len(a)
    h = (wide + 1) // 2
    a0, b0 = a[:h], b[:h]
    sums = [ripple_carry(x[:h], _padded(x[h:], h)) for x in (a, b)]
    z0, z2 = _product(a0, b0, []), _padded(_product(a[h:], b[h:], []), 2 * h)
    down = ripple_carry(z0[h:], Bus([not_gate(bit) for bit in z2[:h]]), a.builder.one)
    difference, borrow = down.sum, not_gate(down.carry)  # z0 >> h less z2 mod 2**h
    # -borrow 2**h is down.carry 2**h - 2**h; with the 1 that negations owe, both go into the product.
    x, y = (concat(s.sum, s.carry) for s in sums)
    z1 = _product(x, y, [(h, down.carry), (0, a.builder.one)])
    # All but z2 >> h: never negative, and below 4 * 8**h.
    columns = empty_columns(3 * h + 2)
    owed = -(1 << 2 * h) - (1 << h)
    for at, bits, negative in (
        (0, z0[:h], False), (h, z0[:h], True), (2 * h, z2[h:], True), (h, z1, False),
        (h, difference, False), (2 * h, difference, True), (3 * h, [borrow], False),
    ):  # fmt: skip
        for k, bit in enumerate(bits):
            if bit.id != 0:
                owed += place(columns, at + k, bit, negative)
    add_constant(columns, owed, a.builder)
    low = _ripple(columns, more, zero)
    top = [[bit] for bit in z2[h : 2 * (wide - h)]]
    return concat(low[: 3 * h], _ripple(top, list(enumerate(low[3 * h :])), zero))


@circuit(lambda x, args: {"out": x["a"] * x["a"]}, lambda width: {"a": width})
def karatsuba_square(a: Bus) -> Bus:
    """Square from two of half the width and one product by Karatsuba: ``a0**2 + 2 a0 a1 2**h + a1**2 4**h``."""
    n, h = len(a), (len(a) + 1) // 2
    columns = empty_columns(2 * n)
    if n <= SQUARE_SCHOOL:
        for i, x in enumerate(a):
            columns[2 * i].append(x)
            for j in range(i):
                columns[i + j + 1].append(and_gate(x, a[j]))
        return _ripple(columns, [], a.builder.zero)
    for at, bits in ((0, karatsuba_square(a[:h])), (2 * h, karatsuba_square(a[h:])), (h + 1, karatsuba(a[:h], a[h:]))):
        for k, bit in enumerate(bits):
            place(columns, at + k, bit)
    return _ripple(columns, [], a.builder.zero)


def _padded(bus: Bus, width: int) -> Bus:
    return Bus([*bus, *[bus.builder.zero] * (width - len(bus))])


def _ripple(columns: Columns, more: list[Term], zero: Bit) -> Bus:
    """The sum of the columns and of `more`, modulo their number: a full adder for every two bits that a column
    loses.

    Slow, but each full adder is one AND, and there cannot be fewer adders.
    """
    done: list[Bit] = []
    carries: list[Bit] = []
    for k, column in enumerate(columns):
        bits = [bit for bit in (*column, *(t for at, t in more if at == k), *carries) if bit.id != 0]
        carries = []
        while len(bits) > 1:
            x, y, c = (*bits[:2], zero) if len(bits) == 2 else bits[:3]
            half = xor_gate(x, y)
            bits = [*bits[3:], xor_gate(half, c)]
            if k + 1 < len(columns):
                carries.append(or_gate(and_gate(x, y), and_gate(half, c)))
        done += bits or [zero]
    return Bus(done)
