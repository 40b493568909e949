"""Subtract, negate, absolute value, increment, compare, minimum and maximum."""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Bus, concat

from .adders import ADDERS, Adder, Sum
from .catalog import circuit, mask, signed, where
from .folding import and_gate, mux_bus, not_gate, or_gate, same_width, tree, xnor_gate, xor_gate


class Difference(NamedTuple):
    """``a - b - borrow_in == difference - borrow * 2**width``."""

    difference: Bus
    borrow: Bit


class Comparison(NamedTuple):
    """Exactly one of the three is 1."""

    lt: Bit
    eq: Bit
    gt: Bit


def _one_operand(width: int):
    return {"a": width}


def _two_operands(width: int):
    return {"a": width, "b": width}


# -- add and subtract ------------------------------------------------------------------------


def _subtract_model(x, args):
    total = x["a"] - x["b"] - x.get("borrow_in", 0)
    return {"difference": total & mask(args["a"]), "borrow": where(total < 0, 1, 0)}


@circuit(_subtract_model, lambda width: {"a": width, "b": width, "borrow_in": 1})
def subtract(a: Bus, b: Bus, borrow_in: Bit | None = None, adder: Adder = ADDERS["ripple_carry"]) -> Difference:
    """Subtracter: ``a + ~b + 1`` through any of the adders; the borrow is the inverted carry."""
    same_width("subtract", a, b)
    cin = a.builder.one if borrow_in is None else not_gate(borrow_in)
    total = adder(a, Bus([not_gate(bit) for bit in b]), cin)
    return Difference(total.sum, not_gate(total.carry))


def _increment_model(x, args):
    total = x["a"] + x.get("cin", 1)
    return {"sum": total & mask(args["a"]), "carry": total >> args["a"]}


@circuit(_increment_model, lambda width: {"a": width, "cin": 1})
def increment(a: Bus, cin: Bit | None = None) -> Sum:
    """Incrementer: ``a + cin`` (plus 1 without `cin`); a chain of half adders."""
    carry = a.builder.one if cin is None else cin
    total = []
    for bit in a:
        total.append(xor_gate(bit, carry))
        carry = and_gate(bit, carry)
    return Sum(Bus(total), carry)


@circuit(lambda x, args: {"out": -x["a"] & mask(args["a"])}, _one_operand)
def negate(a: Bus) -> Bus:
    """Two's complement negation: every bit above the lowest 1 is inverted."""
    if len(a) == 1:
        return a
    total, lower = [a[0]], a[0]
    for bit in a[1:-1]:
        total.append(xor_gate(bit, lower))
        lower = or_gate(lower, bit)
    return concat(*total, xor_gate(a[-1], lower))


def _absolute_model(x, args):
    value = signed(x["a"], args["a"])
    return {"out": where(value < 0, -value, value)}


@circuit(_absolute_model, _one_operand)
def absolute(a: Bus) -> Bus:
    """Absolute value of a signed number, unsigned in the same width (so the most negative one fits)."""
    if len(a) == 1:
        return a
    sign = a[-1]
    total = [a[0]]
    lower = and_gate(sign, a[0])  # 1 once a lower 1 was met in a negative number: invert from here on
    for bit in a[1:-1]:
        total.append(xor_gate(bit, lower))
        lower = or_gate(lower, and_gate(sign, bit))
    # The sign bit stays only where the number is the most negative one: no lower 1.
    return concat(*total, xor_gate(sign, lower))


# -- compare ---------------------------------------------------------------------------------


@circuit(lambda x, args: {"out": where(x["a"] == x["b"], 1, 0)}, _two_operands)
def equal(a: Bus, b: Bus) -> Bit:
    """Equality comparator: XNORs and a tree of ANDs."""
    same_width("equal", a, b)
    return tree(and_gate, [xnor_gate(x, y) for x, y in zip(a, b, strict=True)])


def less_than(a: Bus, b: Bus) -> Bit:
    """1 where unsigned ``a < b``: a tree over the bits of depth ``O(log n)``."""
    same_width("less_than", a, b)
    return _less(a, b, False)[0]


def _less(a: Bus, b: Bus, want_equal: bool) -> tuple[Bit, Bit | None]:
    """(a < b, a == b or None where nobody asks for it)."""
    if len(a) == 1:
        return and_gate(not_gate(a[0]), b[0]), xnor_gate(a[0], b[0]) if want_equal else None
    half = len(a) // 2
    low_less, low_equal = _less(a[:half], b[:half], want_equal)
    high_less, high_equal = _less(a[half:], b[half:], True)
    assert high_equal is not None
    less = or_gate(high_less, and_gate(high_equal, low_less))
    return less, None if low_equal is None else and_gate(high_equal, low_equal)


def _compare_model(x, args):
    return _order(x["a"], x["b"])


def _compare_signed_model(x, args):
    return _order(signed(x["a"], args["a"]), signed(x["b"], args["b"]))


def _order(a, b):
    return {"lt": where(a < b, 1, 0), "eq": where(a == b, 1, 0), "gt": where(a > b, 1, 0)}


@circuit(_compare_model, _two_operands)
def compare(a: Bus, b: Bus) -> Comparison:
    """Magnitude comparator of unsigned numbers: less, equal, greater."""
    same_width("compare", a, b)
    less, same = _less(a, b, True)
    assert same is not None
    if less.id < 2 or same.id < 2:  # the operands are constant enough to know
        return Comparison(less, same, not_gate(or_gate(less, same)))
    return Comparison(less, same, a.builder.nor(less, same))


def _biased(a: Bus, b: Bus) -> tuple[Bus, Bus]:
    """Operands whose unsigned order is the signed order of `a` and `b`: the sign bits change places."""
    return concat(a[:-1], b[-1]), concat(b[:-1], a[-1])


@circuit(_compare_signed_model, _two_operands)
def compare_signed(a: Bus, b: Bus) -> Comparison:
    """Magnitude comparator of two's complement numbers: less, equal, greater."""
    same_width("compare_signed", a, b)
    return compare(*_biased(a, b))


def less_than_signed(a: Bus, b: Bus) -> Bit:
    """1 where ``a < b`` in two's complement."""
    same_width("less_than_signed", a, b)
    return less_than(*_biased(a, b))


# -- choose ----------------------------------------------------------------------------------


def _extreme_model(largest: bool):
    def model(x, args):
        a, b = x["a"], x["b"]
        key = (lambda v: signed(v, args["a"])) if args.get("is_signed") else (lambda v: v)
        a_first = key(a) > key(b) if largest else key(a) < key(b)
        return {"out": where(a_first, a, b)}

    return model


@circuit(_extreme_model(False), _two_operands)
def minimum(a: Bus, b: Bus, is_signed: bool = False) -> Bus:
    """The smaller of two numbers, unsigned or (`is_signed`) two's complement."""
    same_width("minimum", a, b)
    return mux_bus((less_than_signed if is_signed else less_than)(a, b), b, a)


@circuit(_extreme_model(True), lambda width: {"a": width, "b": width, "is_signed": True})
def maximum(a: Bus, b: Bus, is_signed: bool = False) -> Bus:
    """The larger of two numbers, unsigned or (`is_signed`) two's complement."""
    same_width("maximum", a, b)
    return mux_bus((less_than_signed if is_signed else less_than)(a, b), a, b)
