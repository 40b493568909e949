"""Restoring division and square root: one subtraction a bit, kept where it does not borrow."""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

import numpy as np

from gatesim import Bit, Bus, concat

from .adders import full_adder
from .catalog import circuit, mask, where
from .folding import mux_bus, not_gate, or_gate, zero_extend


class Division(NamedTuple):
    """``dividend == quotient * divisor + remainder`` with ``remainder < divisor``."""

    quotient: Bus
    remainder: Bus


class Root(NamedTuple):
    """``a == root**2 + remainder`` with ``remainder <= 2 * root``."""

    root: Bus
    remainder: Bus


def _try_subtract(a: Bus, b: Bus) -> tuple[Bus, Bit]:
    """(a - b on the bits of `b`, 1 where ``a >= b``); `a` may be wider by bits that only say "larger"."""
    carry = a.builder.one
    difference = []
    for x, y in zip(a, b, strict=False):
        bit, carry = full_adder(x, not_gate(y), carry)
        difference.append(bit)
    for x in a[len(b) :]:
        carry = or_gate(carry, x)
    return Bus(difference), carry


def _divide_model(x, args):
    a, b = x["dividend"], x["divisor"]
    none = b == 0
    safe = where(none, 1, b)
    quotient = where(none, mask(args["dividend"]), a // safe)
    return {"quotient": quotient, "remainder": where(none, a & mask(args["divisor"]), a % safe)}


@circuit(_divide_model, lambda width: {"dividend": width, "divisor": width})
def restoring_divider(dividend: Bus, divisor: Bus) -> Division:
    """Restoring divider of unsigned numbers, combinational: one row of subtracters a quotient bit.

    Division by zero is defined as in RISC-V: the quotient is all ones and the remainder is the
    dividend (its low bits where the divisor is narrower), which is what the array gives by itself.
    """
    width = len(divisor)
    zero = dividend.builder.zero
    remainder = zero.repeat(width)
    quotient: list[Bit] = []
    for bit in reversed(dividend):
        trial = concat(bit, remainder)
        difference, fits = _try_subtract(trial, divisor)
        remainder = mux_bus(fits, trial[:width], difference)
        quotient.append(fits)
    return Division(Bus(reversed(quotient)), remainder)


def _root_model(x, args):
    a = x["a"]
    root = np.asarray(np.frompyfunc(isqrt, 1, 1)(a), dtype=a.dtype) if isinstance(a, np.ndarray) else isqrt(a)
    return {"root": root, "remainder": a - root * root}


@circuit(_root_model, lambda width: {"a": width})
def square_root(a: Bus) -> Root:
    """Restoring square root of an unsigned number: integer root and remainder, two bits a step.

    With root ``r`` so far and the next two bits shifted into the remainder, ``4 r + 1`` is tried: the
    pencil-and-paper method in base 2.
    """
    steps = (len(a) + 1) // 2
    padded = zero_extend(a, 2 * steps)
    zero, one = a.builder.zero, a.builder.one
    root = Bus()
    remainder = Bus()
    for k in reversed(range(steps)):
        trial = concat(padded[2 * k : 2 * k + 2], remainder)
        attempt = concat(one, zero, root)
        difference, fits = _try_subtract(trial, attempt)
        # The remainder is at most twice the new root: one bit more than the root has.
        keep = len(root) + 2
        difference = zero_extend(difference, keep)[:keep]
        remainder = mux_bus(fits, zero_extend(trial, keep), difference)
        root = concat(fits, root)
    return Root(root, remainder)
