"""Matrix products on RV32I, with the M extension's multiplier and without: an int8 kernel in assembly."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .machine import Machine, Session
from .riscv_assembler import assemble
from .riscv_model import Layout
from .riscv_running import RiscvProgram

_SHIFT_AND_ADD = """
    bgez t1, 1f
    neg  t0, t0
    neg  t1, t1
1:  mv   t3, t0
    li   t0, 0
    beqz t1, 4f
2:  andi t4, t1, 1
    beqz t4, 3f
    add  t0, t0, t3
3:  slli t3, t3, 1
    srli t1, t1, 1
    bnez t1, 2b
4:
"""
"""``t0 *= t1`` for bytes: the sign goes to ``t0``, then one addition for each 1 of ``t1``."""

CYCLES_FORMULA = {True: "14 + M (5 + N (7K + 6))", False: "about 45 M N K, by the bits of B"}
"""Cycles by whether there is a multiplier; without one they depend on the data."""

MOST_CYCLES = 1 << 40


@dataclass(frozen=True, eq=False)
class RiscvProduct:
    """What a run gave: (m, n) int32 values, cycles, bytes read and written (4 of each instruction are read)."""

    values: np.ndarray
    cycles: int
    bytes_read: int
    bytes_written: int
    seconds: float


def matmul_program(a: np.ndarray, b: np.ndarray, multiply: bool) -> RiscvProgram:
    """The kernel with int8 `a` (m, k) and `b` (k, n) in its memory."""
    (m, k), n = a.shape, b.shape[1]
    text = (Path(__file__).parent / "kernels" / "matmul_int8.s").read_text(encoding="utf-8")
    text = text.replace("MULTIPLY", "    mul  t0, t0, t1" if multiply else _SHIFT_AND_ADD)
    data = [
        ".data",
        f"parameters: .word {m}, {k}, {k * n}",
        *_bytes("matrix_a", a.reshape(-1)),
        *_bytes("matrix_b", b.T.reshape(-1)),
        ".align 2",
        f"matrix_c: .zero {4 * m * n}",
    ]
    size = max(4096, 1 << (512 + m * k + k * n + 4 * m * n + 64).bit_length())
    layout = Layout(size=size, multiply=multiply)
    return RiscvProgram(assemble(text + "\n".join(data) + "\n", layout, "matmul_int8.s"), layout)


def _bytes(label: str, values: np.ndarray) -> list[str]:
    rows = [values[at : at + 32].tolist() for at in range(0, len(values), 32)]
    return [f"{label}:", *(".byte " + ", ".join(map(str, row)) for row in rows)]


def matmul_cycles(m: int, k: int, n: int) -> int:
    """Cycles with a multiplier, exactly: one an instruction.

    Examples
    --------
    >>> matmul_cycles(16, 16, 16)
    30302
    """
    return 14 + m * (5 + n * (7 * k + 6))


def matmul(a: np.ndarray, b: np.ndarray, multiply: bool, machine: Machine | None = None) -> RiscvProduct:
    """``a @ b`` of int8 matrices on the gates of the computer.

    Every step loads two bytes, every sum is stored once, every instruction is four bytes.
    """
    program = matmul_program(a, b, multiply)
    session = start(program, machine)
    session.run(MOST_CYCLES)
    done = session.outcome()
    (m, k), n = a.shape, b.shape[1]
    at = (program.program.symbols["matrix_c"] - program.layout.base) // 4
    values = session.memory("memory")[0, at : at + m * n].astype(np.uint32).view(np.int32).reshape(m, n)
    read = 4 * int(done.cycles[0]) + 2 * m * k * n + 12
    return RiscvProduct(values, int(done.cycles[0]), read, 4 * m * n, done.seconds)


def start(program: RiscvProgram, machine: Machine | None = None) -> Session:
    """A session at the program's first instruction, on other gates of the same layout if given."""
    chosen = machine or program.machine
    return chosen.start({"memory": program.words}, {"pc": program.layout.base})
