"""Adders: half and full adder, seven interchangeable two-operand adders, carry-save.

Every two-operand adder is ``adder(a, b, cin=None) -> Sum(sum, carry)`` on buses of one width, and
``ADDERS`` lists the seven: what differs is gates against depth. The gates are textbook two-input
gates (the lookahead and the multiplexers excepted), so that counts compare with books; no gate is
made for a constant pin or for an absent carry-in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial, reduce
from math import isqrt
from typing import NamedTuple

from gatesim import Bit, Bus, concat
from gatesim.errors import BuildError

from .catalog import circuit, mask
from .folding import and_gate, mux_bus, mux_gate, or_gate, same_width, tree, xnor_gate, xor_gate


class Sum(NamedTuple):
    """What an adder returns: ``a + b + cin == sum + carry * 2**width``."""

    sum: Bus
    carry: Bit


class BitSum(NamedTuple):
    """What a one-bit adder returns."""

    sum: Bit
    carry: Bit


class SavedSum(NamedTuple):
    """A number in carry-save form: ``sum + 2 * carry``, two buses of one width."""

    sum: Bus
    carry: Bus


Adder = Callable[[Bus, Bus, Bit | None], Sum]


def _bits_only(width: int):
    return {} if width == 1 else None


def _two_operands(width: int):
    return {"a": width, "b": width, "cin": 1}


def add_model(x, args):
    """Model of every two-operand adder."""
    total = x["a"] + x["b"] + x.get("cin", 0)
    return {"sum": total & mask(args["a"]), "carry": total >> args["a"]}


def _count_model(x, args):
    total = reduce(lambda s, name: s + x[name], x, 0)
    return {"sum": total & 1, "carry": total >> 1}


# -- one bit ---------------------------------------------------------------------------------


@circuit(_count_model, _bits_only)
def half_adder(a: Bit, b: Bit) -> BitSum:
    """Half adder: two bits to sum and carry; XOR and AND."""
    return _half(a, b)


@circuit(_count_model, _bits_only)
def full_adder(a: Bit, b: Bit, cin: Bit) -> BitSum:
    """Full adder: three bits to sum and carry; five two-input gates.

    The only full adder of the library. A constant pin makes it smaller: a half adder for 0; XNOR and
    OR for 1.
    """
    for constant, x, y in ((cin, a, b), (a, b, cin), (b, a, cin)):
        if constant.id == 0:
            return BitSum(xor_gate(x, y), and_gate(x, y))
        if constant.id == 1:
            return BitSum(xnor_gate(x, y), or_gate(x, y))
    return _with_carry(_half(a, b), cin)


def _half(a: Bit, b: Bit) -> BitSum:
    return BitSum(xor_gate(a, b), and_gate(a, b))


def _with_carry(half: BitSum, cin: Bit) -> BitSum:
    """Second half of the full adder: bring a carry to the half sum of two bits."""
    return BitSum(xor_gate(half.sum, cin), or_gate(half.carry, and_gate(half.sum, cin)))


# -- chains ----------------------------------------------------------------------------------


@circuit(add_model, _two_operands)
def ripple_carry(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Ripple-carry adder: a chain of full adders; fewest gates (5n), depth 2n + 1."""
    same_width("ripple_carry", a, b)
    carry = a.builder.zero if cin is None else cin
    total = []
    for x, y in zip(a, b, strict=True):
        bit, carry = full_adder(x, y, carry)
        total.append(bit)
    return Sum(Bus(total), carry)


@circuit(add_model, _two_operands)
def carry_skip(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Carry-skip adder: ripple blocks of about sqrt(n/2) bits; a carry jumps over a block in two gates.

    A block's own carry is computed as if none came in, and the carry that comes in is added where all
    bits of the block propagate it: ``G | P & cin``. So the longest path in levels is a true one, which
    it is not in the form with a multiplexer behind the ripple chain. (Lehman and Burla 1961.)
    """
    width = same_width("carry_skip", a, b)
    size = max(1, isqrt(width // 2))
    carry = a.builder.zero if cin is None else cin
    total: list[Bit] = []
    for low in range(0, width, size):
        halves = [_half(x, y) for x, y in zip(a[low : low + size], b[low : low + size], strict=True)]
        into, own = carry, halves[0].carry
        for i, half in enumerate(halves):
            total.append(xor_gate(half.sum, carry))
            if i and low:
                own = or_gate(half.carry, and_gate(half.sum, own))
            if low == 0 or i < len(halves) - 1:
                carry = or_gate(half.carry, and_gate(half.sum, carry))
        if low:
            carry = or_gate(own, and_gate(tree(and_gate, [half.sum for half in halves]), into))
    return Sum(Bus(total), carry)


@circuit(add_model, _two_operands)
def carry_select(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Carry-select adder: every block computes both answers, the carry picks; depth about 2 sqrt(2n).

    Blocks grow by one bit (2, 2, 3, 4, ...), so that each has its answers ready when its carry comes.
    (Bedrij 1962.)
    """
    width = same_width("carry_select", a, b)
    zero, one = a.builder.zero, a.builder.one
    first = min(2, width)
    total, carry = ripple_carry(a[:first], b[:first], cin)
    low, size = first, 2
    while low < width:
        x, y = a[low : low + size], b[low : low + size]
        if0, if1 = ripple_carry(x, y, zero), ripple_carry(x, y, one)
        total = concat(total, mux_bus(carry, if0.sum, if1.sum))
        carry = mux_gate(carry, if0.carry, if1.carry)
        low, size = low + size, size + 1
    return Sum(total, carry)


# -- lookahead -------------------------------------------------------------------------------


class _Span(NamedTuple):
    """Carry behaviour of a run of bits: generates one; propagates one (None: nobody will ask)."""

    generate: Bit
    propagate: Bit | None


def _lookahead(spans: Sequence[_Span], cin: Bit) -> Bit:
    """Carry out of up to four spans, as a sum of products in two levels of gates of up to four pins."""
    terms, chain = [spans[-1].generate], []
    for k in reversed(range(len(spans))):
        source = spans[k - 1].generate if k else cin
        if not k and source.id == 0:
            break  # no carry comes in, so what span 0 propagates is not asked
        chain.append(_propagates(spans[k]))
        terms.append(and_gate(*chain, source))
    return or_gate(*terms)


def _propagates(span: _Span) -> Bit:
    assert span.propagate is not None
    return span.propagate


@circuit(add_model, _two_operands)
def carry_lookahead(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Carry-lookahead adder: groups of four with gates of up to four pins, in a tree of groups.

    Depth grows as log4(n): the 74181 and 74182 at every level. (Weinberger and Smith 1958.)
    """
    same_width("carry_lookahead", a, b)
    zero = a.builder.zero
    differ = [xor_gate(x, y) for x, y in zip(a, b, strict=True)]
    bits = [_Span(and_gate(x, y), p) for x, y, p in zip(a, b, differ, strict=True)]
    # Up: what each group of four does with a carry. Down: the carry into each member.
    tiers = [bits]
    while len(tiers[-1]) > 1:
        below = tiers[-1]
        groups = [below[i : i + 4] for i in range(0, len(below), 4)]
        tiers.append([_Span(_lookahead(g, zero), _propagate(g, i, cin)) for i, g in enumerate(groups)])
    carries = [zero if cin is None else cin]
    top = tiers[-1][0]
    carry_out = top.generate if cin is None else or_gate(top.generate, and_gate(_propagates(top), carries[0]))
    for tier in reversed(tiers[:-1]):
        inner: list[Bit] = []
        for i, into in enumerate(carries):
            group = tier[4 * i : 4 * i + 4]
            inner.append(into)
            inner.extend(_lookahead(group[:k], into) for k in range(1, len(group)))
        carries = inner
    return Sum(Bus([xor_gate(p, c) for p, c in zip(differ, carries, strict=True)]), carry_out)


def _propagate(group: Sequence[_Span], index: int, cin: Bit | None) -> Bit | None:
    """A group passes a carry on when all members do; group 0 without a carry-in is never asked."""
    if index == 0 and cin is None:
        return None
    return and_gate(*(_propagates(span) for span in group))


# -- parallel prefix -------------------------------------------------------------------------

Level = list[tuple[int, int]]
"""Cells of one level of a prefix tree: (i, j) extends the span that ends at i by the one ending at j."""


def _kogge_stone_levels(width: int) -> Iterator[Level]:
    step = 1
    while step < width:
        yield [(i, i - step) for i in range(step, width)]
        step *= 2


def _sklansky_levels(width: int) -> Iterator[Level]:
    step = 1
    while step < width:
        yield [(i, (i // step) * step - 1) for i in range(width) if (i // step) & 1]
        step *= 2


def _brent_kung_levels(width: int) -> Iterator[Level]:
    step = 1
    while step < width:
        yield [(i, i - step) for i in range(2 * step - 1, width, 2 * step)]
        step *= 2
    while step > 1:
        step //= 2
        yield [(i, i - step) for i in range(3 * step - 1, width, 2 * step)]


def _same(bit: Bit) -> Bit:
    return bit


def _both(through: Callable[[], Bit], below: Callable[[], Bit]) -> Bit:
    return and_gate(through(), below())


def _prefix_adder(what: str, a: Bus, b: Bus, cin: Bit | None, levels: Callable[[int], Iterator[Level]]) -> Sum:
    width = same_width(what, a, b)
    differ = [xor_gate(x, y) for x, y in zip(a, b, strict=True)]
    into = a.builder.zero if cin is None else cin
    first = or_gate(a[0], b[0]) if into.id == 1 else or_gate(and_gate(a[0], b[0]), and_gate(differ[0], into))
    generate = [first, *(and_gate(x, y) for x, y in zip(a[1:], b[1:], strict=True))]
    # None: the span starts at bit 0, so nothing enters it. Deferred: a constant may spare the gate.
    propagate: list[Callable[[], Bit] | None] = [None, *(partial(_same, bit) for bit in differ[1:])]
    for level in levels(width):
        g, p = list(generate), list(propagate)  # all cells of a level read the spans of the level before
        for i, j in level:
            through, below = p[i], p[j]
            assert through is not None
            if g[j].id != 0:
                generate[i] = or_gate(g[i], and_gate(through(), g[j]))
            propagate[i] = None if below is None else cache(partial(_both, through, below))
    carries = [into, *generate[:-1]]
    return Sum(Bus([xor_gate(x, c) for x, c in zip(differ, carries, strict=True)]), generate[-1])


@circuit(add_model, _two_operands)
def kogge_stone(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Kogge-Stone adder: least depth with fanout of two; most gates. (Kogge and Stone 1973.)"""
    return _prefix_adder("kogge_stone", a, b, cin, _kogge_stone_levels)


@circuit(add_model, _two_operands)
def brent_kung(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Brent-Kung adder: the prefix adder with fewest gates, twice the levels. (Brent and Kung 1982.)"""
    return _prefix_adder("brent_kung", a, b, cin, _brent_kung_levels)


@circuit(add_model, _two_operands)
def sklansky(a: Bus, b: Bus, cin: Bit | None = None) -> Sum:
    """Sklansky adder: least depth, few gates, but fanout grows with the width. (Sklansky 1960.)"""
    return _prefix_adder("sklansky", a, b, cin, _sklansky_levels)


ADDERS: dict[str, Adder] = {
    "ripple_carry": ripple_carry,
    "carry_skip": carry_skip,
    "carry_select": carry_select,
    "carry_lookahead": carry_lookahead,
    "brent_kung": brent_kung,
    "sklansky": sklansky,
    "kogge_stone": kogge_stone,
}
"""The seven two-operand adders by name, from fewest gates to least depth."""


def adder_named(name: str) -> Adder:
    """The adder called `name`; BuildError with the known names if there is none."""
    try:
        return ADDERS[name]
    except KeyError:
        raise BuildError(f"unknown adder {name!r}; known: {', '.join(ADDERS)}") from None


def add_modulo(a: Bus, b: Bus, cin: Bit | None = None, adder: Adder = brent_kung) -> Bus:
    """``(a + b + cin) mod 2**width``: no gate is spent on the carry out of the top bit."""
    width = same_width("add_modulo", a, b)
    top = xor_gate(a[-1], b[-1])
    if width == 1:
        return Bus([top if cin is None else xor_gate(top, cin)])
    low = adder(a[:-1], b[:-1], cin)
    return concat(low.sum, xor_gate(top, low.carry))


# -- carry-save ------------------------------------------------------------------------------


def _save_model(x, args):
    a, b, c = x["a"], x["b"], x["c"]
    return {"sum": a ^ b ^ c, "carry": (a & b) | (a & c) | (b & c)}


@circuit(_save_model, lambda width: {"a": width, "b": width, "c": width})
def carry_save(a: Bus, b: Bus, c: Bus) -> SavedSum:
    """Carry-save adder: three numbers to two, ``a + b + c == sum + 2 * carry``, at the depth of one bit."""
    same_width("carry_save", a, b)
    same_width("carry_save", a, c)
    bits = [full_adder(x, y, z) for x, y, z in zip(a, b, c, strict=True)]
    return SavedSum(Bus([bit.sum for bit in bits]), Bus([bit.carry for bit in bits]))
