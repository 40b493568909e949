"""RISC-V programs on the gate-level RV32I: loading, starting, saying how they ended, tracing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from gatesim.errors import UnsupportedError, ValueFitError

from .machine import Machine, Session, Tier
from .riscv import SIGNALS, riscv_machine
from .riscv_assembler import assemble
from .riscv_encoding import BRANCH, CAUSES, LOAD, REGISTERS, STORE, decode, disassemble, immediate
from .riscv_model import Layout
from .riscv_program import Program, parse_hex, read_elf
from .running import Choices, Ending

EXIT_CALL = 93
"""Number (in a7) of the environment call that ends a program: Linux, and the RISC-V proxy kernel."""


def load(path: str | Path, choices: Choices = Choices()) -> RiscvProgram:  # noqa: B008 (frozen)
    """An ELF, hex or assembly file, for a machine as chosen; an ELF's ``tohost`` symbol says where that port is."""
    if choices.lanes is not None:
        raise UnsupportedError(f"{path}: RV32I has no lanes")
    usual = Layout()
    size = usual.size if choices.memory is None else choices.memory
    base = usual.base if choices.base is None else choices.base
    check_layout(size, base)
    layout = replace(usual, size=size, base=base, multiply=choices.multiply)
    suffix = Path(path).suffix.lower()
    if suffix == ".elf":
        program = read_elf(path)
        layout = replace(layout, multiply=layout.multiply or program.multiply)
        layout = replace(layout, tohost=program.symbols.get("tohost", layout.tohost))
    else:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError as exc:
            raise ValueFitError(f"{path}: not a text file ({exc.reason} at byte {exc.start})") from exc
        program = parse_hex(text, layout, str(path)) if suffix == ".hex" else assemble(text, layout, str(path))
    return RiscvProgram(program, layout, choices.basis)


def check_layout(size: int, base: int) -> None:
    """Refuse a memory that address decoding by the upper bits cannot do."""
    if size < 64 or size & (size - 1) or size > 1 << 30:
        raise ValueFitError(f"a memory of {size} bytes: a power of two from 64 to {1 << 30:,} wanted")
    if not 0 <= base < 1 << 32 or base % size:
        raise ValueFitError(f"memory at 0x{base:x}: its base must be a multiple of its size (0x{size:x})")


@dataclass(frozen=True)
class RiscvProgram:
    """A program and the machine that it runs on."""

    program: Program
    layout: Layout
    basis: str | None = None

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    @property
    def machine(self) -> Machine:
        """The computer, made once for each layout."""
        return riscv_machine(self.layout, self.basis)

    @cached_property
    def words(self) -> np.ndarray:
        """The memory at the start."""
        return self.program.words(self.layout)

    def start(
        self, instances: int = 1, tier: Tier = "auto", threads: int | None = 1, machine: Machine | None = None
    ) -> Session:
        """A session at the program's entry, the stack pointer at the end of the memory.

        `machine` is the computer in other gates, if not its own.
        """
        entry = self.layout.base if self.program.entry is None else self.program.entry
        registers = {"pc": entry, "x2": self.layout.base + self.layout.size}
        chosen = machine or self.machine
        return chosen.start({"memory": self.words}, registers, instances=instances, tier=tier, threads=threads)

    def ending(self, session: Session, instance: int = 0) -> Ending:
        """How a halted instance ended."""
        pc, word, x = self._state(session, instance)
        if session.output("exited")[instance]:
            code = x[word >> 20 & 31] >> 1
            return Ending(f"exit code {code}", code)
        cause = int(session.register("cause")[instance])
        if cause == 8 and x[17] == EXIT_CALL:
            return Ending(f"exit code {x[10]}", x[10])
        at = f"at {self._place(pc)}"
        if cause in (3, 8):
            return Ending(f"{CAUSES[cause]} {at}")
        if cause == 1:
            return Ending(f"{CAUSES[cause]}: {self._place(pc)}", fault=True)
        what = f"{CAUSES[cause]} {at}: 0x{word:08x}"
        if cause != 2:
            what += f" ({disassemble(word, pc)})"
            opcode = word & 0x7F
            start = pc if opcode in (BRANCH, 0x6F) else x[word >> 15 & 31]
            what += f", address 0x{(start + immediate(word)) & 0xFFFFFFFF:08x}"
        elif decode(word) is not None:
            what += f" ({disassemble(word, pc)} needs the M extension)"
        return Ending(what, fault=True)

    def where(self, session: Session, instance: int = 0) -> str:
        """The program counter, with the instruction there."""
        pc, word, _ = self._state(session, instance)
        return f"at {self._place(pc)}: {disassemble(word, pc)}"

    def shown(self, session: Session, columns: int) -> str:
        """Nothing: it prints."""
        return ""

    def _place(self, pc: int) -> str:
        symbol = self.program.symbol_at(pc)
        return f"0x{pc:08x}" + (f" ({symbol})" if symbol else "")

    def _state(self, session: Session, instance: int) -> tuple[int, int, list[int]]:
        """Program counter, the word there (0 outside memory), and the registers."""
        pc = int(session.register("pc")[instance])
        inside = self.layout.inside(pc)
        word = int(session.word("memory", (pc - self.layout.base) >> 2)[instance]) if inside else 0
        return pc, word, [0, *(int(session.register(f"x{k}")[instance]) for k in range(1, 32))]

    def trace(self, session: Session, cycles: int) -> list[str]:
        """Go on for at most so many cycles (of instance 0): a line an instruction, and what it changed."""
        seen = session.trace(cycles, SIGNALS)
        registers = np.stack([seen[f"x{k}"][:, 0] for k in range(1, 32)], axis=1)
        after = np.array([[session.register(f"x{k}")[0] for k in range(1, 32)]], np.uint64)
        following = np.concatenate((registers[1:], after)) if len(registers) else registers
        lines = []
        for cycle in np.flatnonzero(seen["retired"][:, 0]).tolist():
            pc, word = int(seen["pc"][cycle, 0]), int(seen["instruction"][cycle, 0])
            rd = word >> 7 & 31
            x, new = [0, *registers[cycle].tolist()], [0, *following[cycle].tolist()]
            effect = self._effect(word, x, new, rd)
            lines.append(f"{cycle:>8}  {pc:08x}  {word:08x}  {disassemble(word, pc):<28}{effect}".rstrip())
        return lines

    def _effect(self, word: int, x: list[int], new: list[int], rd: int) -> str:
        opcode = word & 0x7F
        address = (x[word >> 15 & 31] + immediate(word)) & 0xFFFFFFFF
        if opcode == STORE:
            size = 1 << (word >> 12 & 3)
            value = x[word >> 20 & 31] & ((1 << 8 * size) - 1)
            return f"[{address:08x}] = {value:0{2 * size}x}"
        if opcode == BRANCH or opcode in (0x0F, 0x73) or rd == 0:
            return ""
        source = f"  from [{address:08x}]" if opcode == LOAD else ""
        return f"{REGISTERS[rd]} = {new[rd]:08x}{source}"
