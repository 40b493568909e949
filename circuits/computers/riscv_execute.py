"""What RV32I computes, in gates: the ALU with its branch conditions, and byte lanes between memory and registers."""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Bus, block, concat

from ..adders import brent_kung
from ..folding import and_gate, and_not_gate, mux_gate, not_gate, or_gate, tree
from ..selectors import multiplexer
from ..shifters import shift_right_arithmetic


class Computed(NamedTuple):
    """Result of the ALU, the sum inside it (an address), and what a branch asks."""

    out: Bus
    sum: Bus
    equal: Bit
    less: Bit


@block
def riscv_alu(a: Bus, b: Bus, funct3: Bus, alternative: Bit, subtract: Bit, unsigned: Bit) -> Computed:
    """ALU of RV32I: operation ``funct3``; `alternative` shifts arithmetically; `subtract` makes the sum a difference.

    ``less`` (and the results of slt and sltu) need `subtract`; it compares as `unsigned` says.
    """
    total = brent_kung(a, b ^ subtract.repeat(len(b)), subtract)
    different = a ^ b
    # The carry of a - b tells a >= b; signs that differ turn a signed comparison round.
    less = not_gate(total.carry) ^ and_not_gate(different[-1], unsigned)
    shifted = _shift(a, b[:5], and_not_gate(not_gate(funct3[2]), alternative), and_gate(alternative, a[-1]))
    flag = concat(less, a.builder.constant(0, len(a) - 1))
    out = multiplexer([total.sum, shifted, flag, flag, different, shifted, a | b, a & b], funct3)
    return Computed(out, total.sum, not_gate(tree(or_gate, list(different))), less)


def _shift(a: Bus, amount: Bus, left: Bit, fill: Bit) -> Bus:
    """Shift right, `fill` entering; or `left`: turned round, shifted, and turned back."""
    b = a.builder
    turned = b.mux(left, a, Bus(reversed(a)))
    moved = shift_right_arithmetic(concat(turned, fill), amount)[: len(a)]
    return b.mux(left, moved, Bus(reversed(moved)))


@block
def riscv_load(word: Bus, low: Bus, funct3: Bus) -> Bus:
    """The value that a load takes out of a memory word: byte, halfword or word at address bits `low`, extended."""
    half = multiplexer([word[:16], word[16:]], low[1:2])
    byte = multiplexer([half[:8], half[8:]], low[:1])
    narrow = not_gate(or_gate(funct3[0], funct3[1]))
    signed = not_gate(funct3[2])
    sign = and_gate(mux_gate(narrow, half[15], byte[7]), signed)
    upper = [mux_gate(narrow, bit, sign) for bit in half[8:]]
    top = [mux_gate(funct3[1], sign, bit) for bit in word[16:]]
    b = word.builder
    return concat(b.mux(funct3[1], concat(byte, *upper), word[:16]), Bus(top))


@block
def riscv_store(old: Bus, value: Bus, low: Bus, funct3: Bus) -> Bus:
    """The memory word after a store: the bytes at address bits `low` come from `value`, the others stay."""
    b = old.builder
    is_word, is_half = funct3[1], funct3[0]
    wide = or_gate(is_word, is_half)
    lanes = [
        value[:8],
        b.mux(wide, value[:8], value[8:16]),
        b.mux(is_word, value[:8], value[16:24]),
        b.mux(is_word, b.mux(is_half, value[:8], value[8:16]), value[24:32]),
    ]
    # A halfword is aligned, so its bytes need bit 1 of the address only.
    lines = []
    for k in range(4):
        this_half = low[1] if k & 2 else not_gate(low[1])
        this_byte = or_gate(low[0] if k & 1 else not_gate(low[0]), is_half)
        lines.append(or_gate(is_word, and_gate(this_half, this_byte)))
    parts = [b.mux(line, old[8 * k : 8 * k + 8], lane) for k, (line, lane) in enumerate(zip(lines, lanes, strict=True))]
    return concat(*parts)
