"""RV32I decoding in gates: which instruction a word is, its immediates, and whether it exists at all."""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Bus, block, concat

from ..folding import and_gate, and_not_gate, not_gate, or_gate, tree
from . import riscv_encoding as code


class Decoded(NamedTuple):
    """Fields of an instruction word, and one line for each kind of instruction."""

    rd: Bus
    rs1: Bus
    rs2: Bus
    funct3: Bus
    alternative: Bit
    """Subtract instead of add, arithmetic instead of logical shift."""
    lui: Bit
    auipc: Bit
    jal: Bit
    jalr: Bit
    branch: Bit
    load: Bit
    store: Bit
    op_imm: Bit
    op: Bit
    """R format without the M extension."""
    muldiv: Bit
    ecall: Bit
    ebreak: Bit
    writes: Bit
    """Whether the instruction has a destination register."""
    legal: Bit
    immediate: Bus
    """What the ALU adds: of I and S formats."""
    offset: Bus
    """What is added to the program counter: of U, J and B formats."""


def matches(bus: Bus, value: int) -> Bit:
    """Whether a bus reads a constant."""
    return tree(and_gate, [bit if value >> k & 1 else not_gate(bit) for k, bit in enumerate(bus)])


def any_of(*bits: Bit) -> Bit:
    """OR of bits."""
    return tree(or_gate, list(bits))


def all_of(*bits: Bit) -> Bit:
    """AND of bits."""
    return tree(and_gate, list(bits))


def _immediates(word: Bus, store: Bit, jal: Bit, upper: Bit) -> tuple[Bus, Bus]:
    b, sign, zero = word.builder, word[31], word.builder.zero
    immediate = concat(b.mux(store, word[20:25], word[7:12]), word[25:31], sign.repeat(21))
    middle = Bus([and_not_gate(bit, upper) for bit in concat(b.mux(jal, word[8:12], word[21:25]), word[25:31])])
    eleventh = and_not_gate(b.mux(jal, word[7], word[20]), upper)
    far = or_gate(jal, upper)
    offset = concat(
        zero, middle, eleventh, b.mux(far, sign.repeat(8), word[12:20]), b.mux(upper, sign.repeat(12), word[20:32])
    )
    return immediate, offset


@block
def riscv_decode(word: Bus, multiply: bool) -> Decoded:
    """Decode a word; with `multiply` the M extension exists."""
    b = word.builder
    opcode, funct3, funct7 = word[:7], word[12:15], word[25:32]
    lui, auipc, jal, jalr, branch, load, store, op_imm, register_op, fence, system = (
        matches(opcode, value)
        for value in (code.LUI, code.AUIPC, code.JAL, code.JALR, code.BRANCH, code.LOAD, code.STORE,
                      code.OP_IMM, code.OP, code.MISC_MEM, code.SYSTEM)
    )  # fmt: skip
    plain, other, of_m = matches(funct7, 0), matches(funct7, 0x20), matches(funct7, 1)
    f0, f1, f2 = funct3
    shifts = and_not_gate(f0, f1)
    muldiv = and_gate(register_op, of_m) if multiply else b.zero
    op = and_gate(register_op, or_gate(plain, and_not_gate(other, or_gate(f1, f0 ^ f2))))
    only = and_gate(system, matches(word[7:20], 0))
    ecall, ebreak = and_gate(only, matches(word[20:32], 0)), and_gate(only, matches(word[20:32], 1))
    shift_ok = or_gate(plain, and_gate(other, f2))
    legal = any_of(
        lui, auipc, jal, op, muldiv, ecall, ebreak,
        and_gate(jalr, matches(funct3, 0)),
        and_gate(branch, or_gate(f2, not_gate(f1))),
        and_not_gate(load, and_gate(f1, or_gate(f0, f2))),
        and_not_gate(store, or_gate(f2, and_gate(f0, f1))),
        and_gate(op_imm, or_gate(not_gate(shifts), shift_ok)),
        and_not_gate(fence, or_gate(f1, f2)),
    )  # fmt: skip
    immediate, offset = _immediates(word, store, jal, or_gate(lui, auipc))
    alternative = and_gate(word[30], or_gate(register_op, and_gate(op_imm, f2)))
    writes = any_of(lui, auipc, jal, jalr, load, op_imm, register_op)
    return Decoded(
        word[7:12], word[15:20], word[20:25], funct3, alternative, lui, auipc, jal, jalr, branch, load, store,
        op_imm, op, muldiv, ecall, ebreak, writes, legal, immediate, offset,
    )  # fmt: skip
