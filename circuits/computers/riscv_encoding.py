"""The instructions of RV32I and M as bits (RISC-V unprivileged specification 20191213, chapters 2, 7 and 24)."""

from __future__ import annotations

from typing import NamedTuple

REGISTERS = (
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
    "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
)  # fmt: skip
"""Names of x0 to x31 in the calling convention."""

LOAD, MISC_MEM, OP_IMM, AUIPC, STORE, OP, LUI = 0x03, 0x0F, 0x13, 0x17, 0x23, 0x33, 0x37
BRANCH, JALR, JAL, SYSTEM = 0x63, 0x67, 0x6F, 0x73


class Instruction(NamedTuple):
    """A mnemonic: its format (R, I, S, B, U, J, or one of their relatives) and the fields that are fixed.

    Formats beside the six: ``shift`` (I with 5 bits of amount), ``load`` and ``jalr`` (I, written
    ``offset(base)``), ``none`` (``word`` is all there is).
    """

    name: str
    format: str
    opcode: int
    funct3: int = 0
    funct7: int = 0
    word: int | None = None


def _family(names: str, format: str, opcode: int, funct7: int = 0) -> list[Instruction]:
    """One instruction a funct3; a dot stands for none."""
    return [Instruction(n, format, opcode, k, funct7) for k, n in enumerate(names.split()) if n != "."]


RV32I: tuple[Instruction, ...] = (
    Instruction("lui", "U", LUI),
    Instruction("auipc", "U", AUIPC),
    Instruction("jal", "J", JAL),
    Instruction("jalr", "jalr", JALR),
    *_family("beq bne . . blt bge bltu bgeu", "B", BRANCH),
    *_family("lb lh lw . lbu lhu", "load", LOAD),
    *_family("sb sh sw", "S", STORE),
    *_family("addi . slti sltiu xori . ori andi", "I", OP_IMM),
    *_family(". slli . . . srli", "shift", OP_IMM),
    Instruction("srai", "shift", OP_IMM, 5, 0x20),
    *_family("add sll slt sltu xor srl or and", "R", OP),
    *_family("sub . . . . sra", "R", OP, 0x20),
    Instruction("fence", "none", MISC_MEM, 0, word=0x0FF0000F),
    Instruction("fence.i", "none", MISC_MEM, 1, word=0x0000100F),
    Instruction("ecall", "none", SYSTEM, word=0x00000073),
    Instruction("ebreak", "none", SYSTEM, word=0x00100073),
)
"""The user instructions of RV32I, and fence.i, which is a no-op in a machine without caches."""

RV32M: tuple[Instruction, ...] = tuple(_family("mul mulh mulhsu mulhu div divu rem remu", "R", OP, 1))
"""The M extension."""

BY_NAME = {i.name: i for i in (*RV32I, *RV32M)}

CAUSES = {
    0: "a jump to a misaligned address",
    1: "an instruction fetch outside memory",
    2: "an illegal instruction",
    3: "ebreak",
    4: "a misaligned load",
    5: "a load outside memory",
    6: "a misaligned store",
    7: "a store outside memory",
    8: "ecall",
}
"""Trap causes by number (privileged specification, table 3.6), as far as a user program can raise them."""


def signed(value: int, width: int) -> int:
    """The low `width` bits of `value` as two's complement.

    Examples
    --------
    >>> signed(0xFFF, 12), signed(0x7FF, 12)
    (-1, 2047)
    """
    value &= (1 << width) - 1
    return value - (value >> (width - 1) << width)


def immediate(word: int) -> int:
    """The immediate of an instruction word, signed; 0 where its opcode has none."""
    opcode = word & 0x7F
    if opcode in (LUI, AUIPC):
        return signed(word & 0xFFFFF000, 32)
    if opcode == JAL:
        parts = (word >> 31 & 1) << 20 | (word >> 12 & 0xFF) << 12 | (word >> 20 & 1) << 11 | (word >> 21 & 0x3FF) << 1
        return signed(parts, 21)
    if opcode == BRANCH:
        parts = (word >> 31) << 12 | (word >> 7 & 1) << 11 | (word >> 25 & 0x3F) << 5 | (word >> 8 & 0xF) << 1
        return signed(parts, 13)
    if opcode == STORE:
        return signed(word >> 25 << 5 | (word >> 7 & 0x1F), 12)
    if opcode in (LOAD, OP_IMM, JALR):
        return signed(word >> 20, 12)
    return 0


def encode(i: Instruction, rd: int = 0, rs1: int = 0, rs2: int = 0, imm: int = 0) -> int:
    """The word of an instruction; `imm` must fit its format (see :func:`immediate_fits`).

    Examples
    --------
    >>> hex(encode(BY_NAME["addi"], rd=1, rs1=2, imm=-1)), hex(encode(BY_NAME["beq"], rs1=1, rs2=2, imm=-4))
    ('0xfff10093', '0xfe208ee3')
    """
    if i.word is not None:
        return i.word
    word = i.opcode | i.funct3 << 12
    if i.format == "R":
        return word | rd << 7 | rs1 << 15 | rs2 << 20 | i.funct7 << 25
    if i.format == "shift":
        return word | rd << 7 | rs1 << 15 | (imm & 31) << 20 | i.funct7 << 25
    if i.format in ("I", "load", "jalr"):
        return word | rd << 7 | rs1 << 15 | (imm & 0xFFF) << 20
    if i.format == "S":
        return word | (imm & 31) << 7 | rs1 << 15 | rs2 << 20 | (imm >> 5 & 0x7F) << 25
    if i.format == "B":
        low = (imm >> 1 & 15) << 8 | (imm >> 11 & 1) << 7
        return word | low | rs1 << 15 | rs2 << 20 | (imm >> 5 & 63) << 25 | (imm >> 12 & 1) << 31
    if i.format == "U":
        return word | rd << 7 | (imm & 0xFFFFF) << 12
    low = (imm >> 12 & 0xFF) << 12 | (imm >> 11 & 1) << 20
    return word | rd << 7 | low | (imm >> 1 & 0x3FF) << 21 | (imm >> 20 & 1) << 31


def decode(word: int, multiply: bool = True) -> Instruction | None:
    """The instruction that a word is; None where RV32I (with M or without) has none.

    Examples
    --------
    >>> decode(0xfff10093).name, decode(0), decode(0x02208033, multiply=False)
    ('addi', None, None)
    """
    opcode, funct3, funct7 = word & 0x7F, word >> 12 & 7, word >> 25
    for i in _BY_OPCODE.get(opcode, ()):
        if _is(i, word, funct3, funct7) and (multiply or i.funct7 != 1):
            return i
    return None


def _is(i: Instruction, word: int, funct3: int, funct7: int) -> bool:
    if i.opcode == SYSTEM or i.format in ("U", "J"):
        return i.opcode != SYSTEM or word == i.word
    return i.funct3 == funct3 and (i.funct7 == funct7 or i.format not in ("R", "shift"))


_BY_OPCODE: dict[int, list[Instruction]] = {}
for _i in BY_NAME.values():
    _BY_OPCODE.setdefault(_i.opcode, []).append(_i)


def disassemble(word: int, pc: int = 0) -> str:
    """An instruction word as assembly text, targets of jumps as addresses.

    Examples
    --------
    >>> disassemble(0xfff10093), disassemble(0xfe208ee3, pc=0x80), disassemble(0xffffffff)
    ('addi ra, sp, -1', 'beq ra, sp, 0x7c', '.word 0xffffffff')
    """
    i = decode(word)
    if i is None:
        return f".word 0x{word:08x}"
    rd, rs1, rs2 = (REGISTERS[word >> k & 31] for k in (7, 15, 20))
    imm = immediate(word)
    operands = {
        "R": f"{rd}, {rs1}, {rs2}",
        "I": f"{rd}, {rs1}, {imm}",
        "shift": f"{rd}, {rs1}, {imm & 31}",
        "load": f"{rd}, {imm}({rs1})",
        "jalr": f"{rd}, {imm}({rs1})",
        "S": f"{rs2}, {imm}({rs1})",
        "B": f"{rs1}, {rs2}, 0x{(pc + imm) & 0xFFFFFFFF:x}",
        "U": f"{rd}, 0x{word >> 12:x}",
        "J": f"{rd}, 0x{(pc + imm) & 0xFFFFFFFF:x}",
        "none": "",
    }[i.format]
    return f"{i.name} {operands}".rstrip()
