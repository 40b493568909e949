"""Arithmetic of Digital's elements in gates: plain forms, written once for any width."""

from __future__ import annotations

from collections.abc import Sequence

from ..builder import Builder
from ..signals import Bit, Bus, concat


def add(b: Builder, x: Sequence[Bit], y: Sequence[Bit], carry: Bit) -> tuple[Bus, Bit]:
    """Sum and carry of two words of one width."""
    total = []
    for p, q in zip(x, y, strict=True):
        total.append(b.gate("XOR3", p, q, carry))
        carry = b.gate("MAJ", p, q, carry)
    return Bus(total), carry


def subtract(b: Builder, x: Sequence[Bit], y: Sequence[Bit], borrow: Bit) -> tuple[Bus, Bit]:
    """``x - y - borrow`` and the borrow that leaves."""
    total, carry = add(b, x, [~q for q in y], ~borrow)
    return total, ~carry


def negate(b: Builder, x: Sequence[Bit]) -> Bus:
    """``-x`` of the same width."""
    return add(b, [~p for p in x], [b.zero] * len(x), b.one)[0]


def any_of(b: Builder, bits: Sequence[Bit]) -> Bit:
    """1 when any bit is."""
    return _tree(b, bits, "OR", b.zero)


def all_of(b: Builder, bits: Sequence[Bit]) -> Bit:
    """1 when all bits are."""
    return _tree(b, bits, "AND", b.one)


def _tree(b: Builder, bits: Sequence[Bit], gate: str, empty: Bit) -> Bit:
    level = list(bits) or [empty]
    while len(level) > 1:
        pairs = [b.gate(gate, level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def equal(b: Builder, x: Sequence[Bit], y: Sequence[Bit]) -> Bit:
    """1 when two words are the same."""
    return all_of(b, [b.gate("XNOR", p, q) for p, q in zip(x, y, strict=True)])


def is_value(b: Builder, x: Sequence[Bit], value: int) -> Bit:
    """1 when a word is the number `value`."""
    return all_of(b, [p if value >> i & 1 else ~p for i, p in enumerate(x)])


def less(b: Builder, x: Sequence[Bit], y: Sequence[Bit], signed: bool) -> Bit:
    """1 when ``x < y``."""
    x, y = list(x), list(y)
    if signed:
        x[-1], y[-1] = ~x[-1], ~y[-1]
    return subtract(b, x, y, b.zero)[1]


def multiply(b: Builder, x: Sequence[Bit], y: Sequence[Bit], signed: bool) -> Bus:
    """The whole product, twice as wide."""
    n = len(x)
    if signed:
        x, y = [*x, *[x[-1]] * n], [*y, *[y[-1]] * n]
    else:
        x = [*x, *[b.zero] * n]
    total = Bus([b.zero] * (2 * n))
    for i, q in enumerate(y):
        row = [b.zero] * i + [b.gate("AND", p, q) for p in x[: 2 * n - i]]
        total = add(b, total, row, b.zero)[0]
    return total


def divide(b: Builder, x: Sequence[Bit], y: Sequence[Bit]) -> tuple[Bus, Bus]:
    """Quotient and remainder of unsigned words; a divisor 0 counts as 1, as in Digital."""
    divisor = [any_none(b, y, i) for i in range(len(y))]
    rest = [b.zero] * len(x)
    quotient: list[Bit] = []
    for p in reversed(x):
        shifted = [p, *rest]
        reduced, borrow = subtract(b, shifted, [*divisor, b.zero], b.zero)
        rest = list(b.mux(borrow, reduced, Bus(shifted)))[: len(x)]
        quotient.insert(0, ~borrow)
    return Bus(quotient), Bus(rest)


def any_none(b: Builder, y: Sequence[Bit], index: int) -> Bit:
    """Bit `index` of the divisor, which is 1 where the word is 0."""
    return y[index] if index else b.gate("OR", y[0], ~any_of(b, y))


def divide_signed(b: Builder, x: Sequence[Bit], y: Sequence[Bit], positive: bool) -> tuple[Bus, Bus]:
    """Quotient and remainder of signed words, rounded to zero, or so that the remainder is not negative."""
    n = len(x)
    sx, sy = x[-1], y[-1]
    size_x, size_y = b.mux(sx, Bus(x), negate(b, x)), b.mux(sy, Bus(y), negate(b, y))
    quotient, rest = divide(b, size_x, size_y)
    zero = [b.zero] * n
    left = any_of(b, rest)
    if positive:
        # a negative remainder becomes divisor - rest, and the size of the quotient one more
        fix = b.gate("AND", sx, left)
        rest = b.mux(fix, rest, subtract(b, size_y, rest, b.zero)[0])
        quotient = add(b, quotient, [fix, *zero[1:]], b.zero)[0]
    else:
        rest = b.mux(sx, rest, negate(b, rest))
    return b.mux(sx ^ sy, quotient, negate(b, quotient)), rest


def shift(b: Builder, x: Sequence[Bit], amount: Sequence[Bit], right: bool, mode: str) -> Bus:
    """`x` moved by the unsigned `amount`: ``logical``, ``rotate`` or ``arithmetic`` (right only)."""
    word, n = Bus(x), len(x)
    fill = x[-1] if mode == "arithmetic" and right else b.zero
    for i, step in enumerate(amount):
        k = 1 << i
        if mode == "rotate":
            k %= n
            moved = concat(word[k:], word[:k]) if right else concat(word[n - k :], word[: n - k])
        else:
            k = min(k, n)
            moved = concat(word[k:], fill.repeat(k)) if right else concat(b.zero.repeat(k), word[: n - k])
        word = b.mux(step, word, moved)
    return word


def select(b: Builder, words: Sequence[Bus], address: Sequence[Bit]) -> Bus:
    """The word that `address` names."""
    level = list(words)
    for bit in address:
        level = [b.mux(bit, level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


def lines(b: Builder, address: Sequence[Bit]) -> list[Bit]:
    """One line for each value of `address`."""
    found: list[Bit] = [b.one]
    for bit in address:
        found = [b.gate("ANDNOT", line, bit) for line in found] + [b.gate("AND", line, bit) for line in found]
    return found


def count_ones(b: Builder, x: Sequence[Bit], width: int) -> Bus:
    """How many bits are 1, in `width` bits."""
    total = Bus([b.zero] * width)
    for p in x:
        total = add(b, total, [p, *[b.zero] * (width - 1)], b.zero)[0]
    return total
