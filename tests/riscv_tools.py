"""What RISC-V tests share: random programs, Unicorn as the judge, and the GNU tools where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from circuits.computers.riscv_encoding import BY_NAME, RV32I, RV32M, encode
from circuits.computers.riscv_model import Layout

PREFIX = "riscv64-unknown-elf-"


def gnu(tool: str) -> str:
    """A GNU tool for RISC-V; the test skips where it is absent."""
    path = shutil.which(PREFIX + tool)
    if path is None:
        pytest.skip(f"{PREFIX}{tool} is absent (Debian: gcc-riscv64-unknown-elf, binutils-riscv64-unknown-elf)")
    return path


def run_tool(*command: object) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


STARTUP = """
.globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack
    call main
    slli a0, a0, 1
    ori a0, a0, 1
    lui t0, 0x10000
    sw a0, 8(t0)
1:  j 1b
"""


def compile_c(text: str, folder: Path, layout: Layout, optimise: str = "-O2") -> Path:
    """An ELF file of a C program whose main() returns its exit code."""
    march = "rv32im" if layout.multiply else "rv32i"
    (folder / "start.s").write_text(STARTUP)
    (folder / "main.c").write_text(text)
    target = folder / "program.elf"
    run_tool(
        gnu("gcc"), f"-march={march}", "-mabi=ilp32", optimise, "-ffreestanding", "-nostdlib", "-nostartfiles", "-static",
        f"-Wl,-Ttext=0x{layout.base:x}", f"-Wl,--defsym=__stack=0x{layout.base + layout.size:x}", "-Wl,--no-warn-rwx-segments",
        folder / "start.s", folder / "main.c", "-lgcc", "-o", target,
    )  # fmt: skip
    return target


# -- random programs -------------------------------------------------------------------------

DATA_WORDS = 64


def random_program(rng: np.random.Generator, length: int, layout: Layout) -> list[int]:
    """Instructions of every kind that never trap: data below ``gp``, jumps forward only, an ebreak at the end.

    Starts with x3 (gp) = start of the data, all other registers random.
    """
    words = [*_load(3, layout.base + layout.size - 4 * DATA_WORDS)]
    for k in range(1, 32):
        if k != 3:
            corners = (0, 1, 0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 31, 32, 0xFF80)
            words += _load(k, int(rng.choice(corners) if rng.integers(3) == 0 else rng.integers(1 << 32)))
    pool = [i for i in (*RV32I, *(RV32M if layout.multiply else ())) if i.name not in ("ecall", "ebreak")]
    chosen = [pool[k] for k in rng.integers(0, len(pool), length)]
    # Jumps land on instructions that were chosen, never between a jalr and what loads its register.
    sizes = [3 if i.format == "jalr" else 1 for i in chosen]
    starts = len(words) + np.concatenate(([0], np.cumsum(sizes)))
    free = [k for k in range(1, 32) if k != 3]
    for k, i in enumerate(chosen):
        rd, rs1, rs2 = (int(r) if rng.integers(16) else 0 for r in rng.choice(free, 3))
        if rng.integers(4) == 0:
            rs2 = rs1
        target = int(starts[min(length, k + 1 + int(rng.integers(0, 7)))])
        if i.format in ("B", "J"):
            words.append(encode(i, rd, rs1, rs2, 4 * (target - len(words))))
        elif i.format == "jalr":
            offset, base = int(rng.integers(-2048, 2048)), int(rng.choice(free))
            address = layout.base + 4 * target + int(rng.integers(2))  # bit 0 does not count
            words += [*_load(base, (address - offset) & 0xFFFFFFFF), encode(i, rd, base, imm=offset)]
        elif i.format in ("load", "S"):
            size = 1 << (i.funct3 & 3)
            words.append(encode(i, rd, 3, rs2, size * int(rng.integers(0, 4 * DATA_WORDS // size))))
        else:
            low, high = {"U": (0, 1 << 20), "shift": (0, 32)}.get(i.format, (-2048, 2048))
            words.append(encode(i, rd, rs1, rs2, int(rng.integers(low, high))))
    return [*words, encode(BY_NAME["ebreak"])]


def _load(rd: int, value: int) -> list[int]:
    low = (value & 0xFFF) - ((value & 0x800) << 1)
    upper = encode(BY_NAME["lui"], rd, imm=(value - low) >> 12)
    return [upper, encode(BY_NAME["addi"], rd, rd, imm=low)]


# -- Unicorn ---------------------------------------------------------------------------------


class Judge:
    """Unicorn's RISC-V, one instruction at a time."""

    def __init__(self, layout: Layout, words: np.ndarray, pc: int, stack: int = 0) -> None:
        import unicorn
        from unicorn import riscv_const

        self.layout = layout
        self.numbers = [riscv_const.UC_RISCV_REG_PC, *(riscv_const.UC_RISCV_REG_X0 + k for k in range(1, 32))]
        self.uc = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
        self.uc.mem_map(layout.base, layout.size)
        self.uc.mem_write(layout.base, words.astype("<u4").tobytes())
        ports = layout.console & ~0xFFF
        self.uc.mem_map(ports, 0x1000)
        self.console, self.exit_code = bytearray(), None
        self.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, self._stored, begin=ports, end=ports + 0xFFF)
        self.uc.reg_write(self.numbers[0], pc)
        self.uc.reg_write(riscv_const.UC_RISCV_REG_X2, stack)
        self.seen: list[list[int]] = []
        self.uc.hook_add(unicorn.UC_HOOK_CODE, self._code)

    def _stored(self, uc, access, address, size, value, data):
        if address == self.layout.console:
            self.console.append(value & 0xFF)
        elif address == self.layout.tohost and value & 1:
            self.exit_code = (value & 0xFFFFFFFF) >> 1
            uc.emu_stop()

    def _code(self, uc, address, size, data):
        if int.from_bytes(uc.mem_read(address, 4), "little") in (0x00100073, 0x73):
            uc.emu_stop()
        self.seen.append([uc.reg_read(k) & 0xFFFFFFFF for k in self.numbers])

    def run(self, count: int) -> np.ndarray:
        """(instructions, 32): pc and x1 to x31 before each instruction."""
        self.uc.emu_start(self.uc.reg_read(self.numbers[0]), 0, count=count)
        return np.array(self.seen, np.uint64)

    def memory(self) -> np.ndarray:
        return np.frombuffer(bytes(self.uc.mem_read(self.layout.base, self.layout.size)), "<u4").astype(np.uint64)
