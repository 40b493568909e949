"""The SIMT machine on integers: what the gates are compared with, cycle by cycle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from circuits.float_formats import FP32
from circuits.float_models import multiply_add

from .simt_assembler import SimtProgram
from .simt_gates import SimtShape
from .simt_language import N_REGISTERS, Fields, Operation, operation_of

_ALL = 0xFFFFFFFF
NAN = 0x7FC00000


class SimtCycle(NamedTuple):
    """What a cycle shows before its edge: the program counter, and whether each lane is active."""

    pc: int
    active: tuple[bool, ...]


class SimtModel:
    r"""One machine: registers, masks and memory as NumPy arrays, one element a lane.

    Examples
    --------
    >>> from circuits.computers.simt_assembler import assemble_simt
    >>> program = assemble_simt("vlane v1\niflt v1, 2\nvadd v2, v1, 10\nend\nhalt")
    >>> machine = SimtModel(SimtShape(4), program); machine.run(100)
    4
    >>> machine.vectors[2].tolist()
    [10, 11, 0, 0]
    """

    def __init__(self, shape: SimtShape, program: SimtProgram) -> None:
        self.shape, self.program = shape, program
        self.pc = 0
        self.fault = False
        self.scalars = np.zeros(N_REGISTERS, np.int64)
        self.vectors = np.zeros((N_REGISTERS, shape.lanes), np.int64)
        self.active = np.ones(shape.lanes, bool)
        self.masks: list[np.ndarray] = []
        self.memory = np.zeros(shape.memory_bytes, np.uint8)
        self.memory[: len(program.data)] = np.frombuffer(program.data, np.uint8)

    @property
    def halted(self) -> bool:
        """Whether it has stopped, by ``halt`` or by a fault."""
        return self.fault or self.word & 63 == 0

    @property
    def word(self) -> int:
        """The instruction at the program counter."""
        return self.program.words[self.pc] if self.pc < len(self.program.words) else 0

    def run(self, cycles: int) -> int:
        """Go on until it halts, or for so many cycles; returns how many were done."""
        done = 0
        while done < cycles and not self.halted:
            self.step()
            done += 1
        return done

    def step(self) -> SimtCycle:
        """Carry out one instruction."""
        before = SimtCycle(self.pc, tuple(self.active.tolist()))
        operation = operation_of(self.word, self.shape.kind)
        if self.halted or operation is None:
            return before
        f = Fields.of(self.word)
        self.pc += 1
        if operation.size:
            self._memory(operation, f)
        elif operation.form.endswith("L"):
            self._branch(operation.name, f)
        elif operation.form.startswith("S"):
            second = f.number if f.immediate else int(self.scalars[f.rb])
            first = int(self.scalars[f.ra])
            self._set_scalar(f.rd, first + second if operation.name == "add" else first - second)
        else:
            second = np.full(self.shape.lanes, f.number) if f.immediate else (
                np.full(self.shape.lanes, self.scalars[f.rb]) if f.scalar else self.vectors[f.rb]
            )  # fmt: skip
            self._lanes(operation, f, second & _ALL)
        if self.fault:
            self.pc = before.pc
        return before

    def _set_scalar(self, number: int, value: int) -> None:
        if number:
            self.scalars[number] = value & _ALL

    def _branch(self, name: str, f: Fields) -> None:
        x, y = signed32(self.scalars[f.rd]), signed32(self.scalars[f.ra])
        if name == "loop":
            self._set_scalar(f.rd, int(x) - 1)
        taken = {
            "loop": int(x) & _ALL != 1, "beq": x == y, "bne": x != y, "blt": x < y,
            "bany": self.active.any(), "bnone": not self.active.any(),
        }[name]  # fmt: skip
        if name == "loop" and not f.rd:
            taken = True  # s0 minus 1 is not 0
        if taken:
            self.pc = f.number % (1 << (self.shape.program_words - 1).bit_length())

    # -- memory ------------------------------------------------------------------------------

    def _wrong(self, address: np.ndarray, size: int) -> np.ndarray:
        return (address >= self.shape.memory_bytes) | (address % size != 0)

    def _fetch(self, address: np.ndarray, o: Operation) -> np.ndarray:
        value = sum(self.memory[address + k].astype(np.int64) << 8 * k for k in range(o.size))
        if o.name in ("lb", "vlb"):
            value = (value ^ 0x80) - 0x80
        return np.asarray(value) & _ALL

    def _memory(self, o: Operation, f: Fields) -> None:
        base = int(self.scalars[f.ra])
        if o.name.startswith("l"):
            if self._wrong(np.array([base]), o.size)[0]:
                self.fault = True
                return
            self._set_scalar(f.ra, base + f.number)
            self._set_scalar(f.rd, int(self._fetch(np.array([base]), o)[0]))
            return
        step = int(self.scalars[f.rc])
        address = (base + self.vectors[f.rb]) & _ALL
        wrong = self._wrong(address, o.size) & self.active
        lanes = np.flatnonzero(self.active & ~wrong)
        if o.stores:
            for lane in lanes:
                for k in range(o.size):
                    self.memory[address[lane] + k] = int(self.vectors[f.rd, lane]) >> 8 * k & 255
        else:
            self.vectors[f.rd, lanes] = self._fetch(address[lanes], o)
            self.vectors[f.rd, wrong] = self._silently(address[wrong], o)
        self._set_scalar(f.ra, base + step)
        self.fault = bool(wrong.any())

    def _silently(self, address: np.ndarray, o: Operation) -> np.ndarray:
        """What a lane loads from a wrong address: of the word that the lower bits name."""
        inside = address % self.shape.memory_bytes
        return self._fetch(inside & -o.size, o)

    # -- lanes -------------------------------------------------------------------------------

    def _lanes(self, o: Operation, f: Fields, second: np.ndarray) -> None:
        first, third = self.vectors[f.ra], self.vectors[f.rd]
        holds = signed32(first) < signed32(second) if o.name.endswith("lt") else first == second
        if o.name in ("iflt", "ifeq"):
            self.masks.append(self.active)
        if o.name in ("iflt", "ifeq", "keeplt", "keepeq"):
            self.active = self.active & holds
        elif o.name == "else":
            self.active = self.masks[-1] & ~self.active
        elif o.name == "end":
            self.active = self.masks.pop()
        else:
            result = self._result(o.name, first, second, third)
            self.vectors[f.rd] = np.where(self.active, result & _ALL, third)

    def _result(self, name: str, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        if name in ("fmac", "fmul", "fadd"):
            return self._float(name, x, y, z)
        amount = y & 31
        low = (y & 255 ^ 128) - 128 if name in ("mac", "mul") else y & 255
        product = ((x & 255 ^ 128) - 128) * low
        table = {
            "vadd": x + y, "vsub": x - y, "vand": x & y, "vor": x | y, "vxor": x ^ y, "vmov": y,
            "vlane": np.arange(self.shape.lanes), "vshl": x << amount, "vshr": x >> amount,
            "vsar": signed32(x) >> amount, "mac": z + product, "macu": z + product, "mul": product, "mulu": product,
        }  # fmt: skip
        return table[name]

    def _float(self, name: str, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        if name == "fmac" and self.shape.fused:
            found = [multiply_add(FP32, int(a), int(b), int(c)) for a, b, c in zip(x, y, z, strict=True)]
            return np.array(found, np.int64)
        a, b, c = (v.astype(np.uint32).view(np.float32) for v in (x, y, z))
        with np.errstate(all="ignore"):
            value = a + b if name == "fadd" else a * b if name == "fmul" else c + a * b
        return np.where(np.isnan(value), NAN, value.view(np.uint32)).astype(np.int64)


def signed32(value):
    """32 bits as a two's complement number: an integer, or an array of them."""
    return (value ^ 0x80000000) - 0x80000000
