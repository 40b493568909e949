"""The M extension in gates: a multiplier that takes one cycle, and a divider that takes 34.

Products are what programs for matrices are made of, so the multiplier is the whole array. A quotient in
one cycle would be 32 subtractions after one another, many times the depth of everything else, and it would
set the clock of the machine for an instruction that is rare: the divider makes one bit a cycle.
"""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Bus, block, concat

from ..adders import brent_kung
from ..arithmetic import increment, subtract
from ..folding import and_gate, and_not_gate, mux_gate, nand_gate, not_gate, or_gate, tree
from ..multipliers import booth_multiplier

DIVISION_CYCLES = 34
"""Take the operands, a bit a cycle, give the result."""


class Divided(NamedTuple):
    """Result of a division, and whether it is there."""

    out: Bus
    done: Bit


@block
def riscv_multiply(a: Bus, b: Bus, funct3: Bus, enable: Bit) -> Bus:
    """mul, mulh, mulhsu or mulhu; the operands are held at 0 where there is no `enable`, so that nothing moves."""
    x, y = a & enable.repeat(len(a)), b & enable.repeat(len(b))
    a_sign = and_gate(x[-1], nand_gate(funct3[0], funct3[1]))
    b_sign = and_not_gate(y[-1], funct3[1])
    product = booth_multiplier(concat(x, a_sign), concat(y, b_sign))
    low = not_gate(or_gate(funct3[0], funct3[1]))
    return a.builder.mux(low, product[32:64], product[:32])


def _negated(a: Bus, negative: Bit) -> Bus:
    """`a`, or its two's complement."""
    return increment(a ^ negative.repeat(len(a)), negative).sum


@block
def riscv_divide(a: Bus, b: Bus, funct3: Bus, start: Bit) -> Divided:
    """div, divu, rem or remu, from the cycle in which `start` becomes 1 on; operands must stay until it is done.

    Restoring division of magnitudes. A divisor of 0 always fits, so the quotient is all ones and the
    remainder the dividend, as RISC-V wants; only the quotient's sign must then be left alone.
    """
    builder, width = a.builder, len(a)
    x, y = a & start.repeat(width), b & start.repeat(width)
    wants_remainder, is_signed = funct3[1], not_gate(funct3[0])
    a_negative, b_negative = and_gate(x[-1], is_signed), and_gate(y[-1], is_signed)

    running, finished = builder.wire(), builder.wire()
    begin = and_not_gate(start, or_gate(running, finished))
    count_next = builder.wires(5)
    count = builder.register(count_next)
    builder.drive(count_next, increment(count, running).sum)
    last = and_gate(running, tree(and_gate, list(count)))
    builder.drive(running, builder.flip_flop(or_gate(begin, and_not_gate(running, last))))
    builder.drive(finished, builder.flip_flop(last))

    moving = or_gate(begin, running)
    quotient_next, rest_next = builder.wires(width), builder.wires(width)
    quotient = builder.register(quotient_next, enable=moving)
    rest = builder.register(rest_next, enable=moving)
    divisor = builder.register(_negated(y, b_negative), enable=begin)
    trial = concat(quotient[-1], rest)
    tried = subtract(trial, concat(divisor, builder.zero), adder=brent_kung)
    fits = not_gate(tried.borrow)
    builder.drive(quotient_next, builder.mux(begin, concat(fits, quotient[:-1]), _negated(x, a_negative)))
    kept = builder.mux(fits, trial[:width], tried.difference[:width])
    builder.drive(rest_next, Bus([and_not_gate(bit, begin) for bit in kept]))

    by_zero = not_gate(tree(or_gate, list(y)))
    quotient_negative = and_not_gate(a_negative ^ b_negative, by_zero)
    negative = mux_gate(wants_remainder, quotient_negative, a_negative)
    out = _negated(builder.mux(wants_remainder, quotient, rest), negative)
    return Divided(out, finished)
