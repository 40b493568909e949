"""RV32I on Python integers: what the gates must do, one instruction at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import riscv_encoding as code
from .riscv_encoding import decode, immediate, signed

FULL = 0xFFFFFFFF


@dataclass(frozen=True)
class Layout:
    """Where things are: memory, and the two ports of the machine.

    Attributes
    ----------
    base, size : int
        First address and bytes of the memory; a power of two of bytes, at a multiple of itself.
    tohost : int
        A word stored here with bit 0 set ends the program; the bits above are its exit code.
    console : int
        A byte stored here is printed.
    multiply : bool
        Whether the M extension is there.
    """

    base: int = 0x8000_0000
    size: int = 1 << 16
    tohost: int = 0x1000_0008
    console: int = 0x1000_0000
    multiply: bool = False

    def inside(self, address: int) -> bool:
        """Whether a byte address lies in the memory."""
        return self.base <= address < self.base + self.size


@dataclass
class RiscvModel:
    """An RV32I hart with its memory; `cause` is that of the trap that halted it, `exit_code` what it ended with."""

    layout: Layout
    words: list[int]
    pc: int
    x: list[int] = field(default_factory=lambda: [0] * 32)
    cause: int | None = None
    exit_code: int | None = None
    console: bytearray = field(default_factory=bytearray)

    @property
    def halted(self) -> bool:
        """Whether it has stopped."""
        return self.cause is not None or self.exit_code is not None

    def step(self) -> None:
        """One instruction; a trap leaves everything as it was before it, and halts."""
        if self.halted:
            return
        layout = self.layout
        if self.pc & 3:
            self.cause = 0
            return
        if not layout.inside(self.pc):
            self.cause = 1
            return
        word = self.words[(self.pc - layout.base) >> 2]
        if decode(word, layout.multiply) is None:
            self.cause = 2
            return
        opcode, funct3, funct7 = word & 0x7F, word >> 12 & 7, word >> 25
        a, b = self.x[word >> 15 & 31], self.x[word >> 20 & 31]
        imm, following = immediate(word), (self.pc + 4) & FULL
        result: int | None = None
        if opcode == code.LUI:
            result = imm
        elif opcode == code.AUIPC:
            result = self.pc + imm
        elif opcode == code.JAL:
            result, following = following, (self.pc + imm) & FULL
        elif opcode == code.JALR:
            result, following = following, (a + imm) & FULL & ~1
        elif opcode == code.BRANCH:
            if _compare(funct3, a, b):
                following = (self.pc + imm) & FULL
        elif opcode == code.LOAD:
            result = self._load(funct3, (a + imm) & FULL)
        elif opcode == code.STORE:
            self._store(funct3, (a + imm) & FULL, b)
        elif opcode == code.OP_IMM:
            shifts_right = funct3 == 5 and funct7 == 0x20
            result = _arithmetic(funct3, a, imm & FULL, shifts_right)
        elif opcode == code.OP:
            result = multiply_divide(funct3, a, b) if funct7 == 1 else _arithmetic(funct3, a, b, funct7 == 0x20)
        elif opcode == code.SYSTEM:
            self.cause = 3 if word >> 20 else 8
        else:
            assert opcode == code.MISC_MEM
        if following & 3:
            self.cause = 0
        if self.cause is not None:
            return
        rd = word >> 7 & 31
        if result is not None and rd:
            self.x[rd] = result & FULL
        self.pc = following

    def _load(self, funct3: int, address: int) -> int | None:
        size = 1 << (funct3 & 3)
        if address & (size - 1):
            self.cause = 4
            return None
        if not self.layout.inside(address):
            self.cause = 5
            return None
        value = self.words[(address - self.layout.base) >> 2] >> 8 * (address & 3)
        return signed(value, 8 * size) if funct3 < 4 else value & ((1 << 8 * size) - 1)

    def _store(self, funct3: int, address: int, value: int) -> None:
        size, layout = 1 << funct3, self.layout
        if address & (size - 1):
            self.cause = 6
            return
        inside = layout.inside(address)
        if inside:
            place, shift = (address - layout.base) >> 2, 8 * (address & 3)
            mask = ((1 << 8 * size) - 1) << shift
            self.words[place] = self.words[place] & ~mask | (value << shift) & mask
        if address == layout.console and size == 1:
            self.console.append(value & 0xFF)
        elif address == layout.tohost and size == 4:
            if value & 1:
                self.exit_code = value >> 1
        elif not inside:
            self.cause = 7


def _compare(funct3: int, a: int, b: int) -> bool:
    less = a < b if funct3 >= 6 else signed(a, 32) < signed(b, 32)
    return (a == b if funct3 < 2 else less) != bool(funct3 & 1)


def _arithmetic(funct3: int, a: int, b: int, other: bool) -> int:
    amount = b & 31
    return (
        a - b if other and funct3 == 0 else a + b,
        a << amount,
        int(signed(a, 32) < signed(b, 32)),
        int(a < b),
        a ^ b,
        signed(a, 32) >> amount if other else a >> amount,
        a | b,
        a & b,
    )[funct3] & FULL


def multiply_divide(funct3: int, a: int, b: int) -> int:
    """The M extension: mul, mulh, mulhsu, mulhu, div, divu, rem, remu."""
    if funct3 < 4:
        left = a if funct3 == 3 else signed(a, 32)
        right = signed(b, 32) if funct3 == 1 else b
        product = left * right
        return (product if funct3 == 0 else product >> 32) & FULL
    if funct3 & 1:
        left, right = a, b
    else:
        left, right = signed(a, 32), signed(b, 32)
    if right == 0:
        return FULL if funct3 < 6 else a
    quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
    return (quotient if funct3 < 6 else left - quotient * right) & FULL
