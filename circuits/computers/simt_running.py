"""SIMT kernels from files: loading, starting, saying how they ended, tracing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatesim.errors import UnsupportedError

from .machine import Machine, Session, Tier
from .running import Choices, Ending
from .simt_assembler import SimtProgram, read_simt
from .simt_gates import SimtShape, simt_machine
from .simt_language import N_REGISTERS, disassemble
from .simt_run import start, wrong_address_text

USUAL_LANES = 8


def load(path: str | Path, choices: Choices = Choices()) -> SimtRunning:  # noqa: B008 (frozen)
    """A ``.simt`` file, for as many lanes and as much shared memory as chosen.

    Raises
    ------
    UnsupportedError
        A choice that this machine does not offer.
    ParseError, ValueFitError
        What the assembler complains about; a size out of range.
    """
    if choices.base is not None or choices.multiply:
        raise UnsupportedError(f"{path}: a SIMT machine's memory starts at 0, and its multipliers are always there")
    program = read_simt(path)
    size = max(64, 1 << max(len(program.words) - 1, 1).bit_length())
    lanes = USUAL_LANES if choices.lanes is None else choices.lanes
    memory = SimtShape(1).memory_bytes if choices.memory is None else choices.memory
    return SimtRunning(program, SimtShape(lanes, program.kind, memory, program_words=size), choices.basis)


@dataclass(frozen=True)
class SimtRunning:
    """A kernel and the machine that it runs on."""

    program: SimtProgram
    shape: SimtShape
    basis: str | None = None

    @property
    def name(self) -> str:
        """The kernel's name."""
        return Path(self.program.source).name

    @property
    def machine(self) -> Machine:
        """The machine, made once for each shape."""
        return simt_machine(self.shape, self.basis)

    def start(self, instances: int = 1, tier: Tier = "auto", threads: int | None = 1) -> Session:
        """A session with the kernel and its data loaded."""
        return start(self.shape, self.program, machine=self.machine, tier=tier, instances=instances, threads=threads)

    def ending(self, session: Session, instance: int = 0) -> Ending:
        """How a halted instance ended."""
        if session.register("fault")[instance]:
            return Ending(wrong_address_text(session, self.shape, self.program, instance), fault=True)
        return Ending("halt")

    def where(self, session: Session, instance: int = 0) -> str:
        """The instruction at the program counter."""
        return "at " + self.program.where(int(session.register("pc")[instance]))

    def trace(self, session: Session, cycles: int) -> list[str]:
        """Go on for at most so many cycles (of instance 0): a line an instruction, with the lanes that took part."""
        before = int(session.cycles[0])
        seen = session.trace(cycles, ("pc", "active"))
        n = int(session.cycles[0]) - before
        lines = []
        for k in range(n):
            pc, active = int(seen["pc"][k, 0]), int(seen["active"][k, 0])
            lanes = "".join("#" if active >> i & 1 else "." for i in range(self.shape.lanes))
            text = disassemble(self.program.words[pc], self.program.kind) or "?"
            lines.append(f"{before + k:>8}  {pc:>5}  {lanes}  {text}")
        return lines

    def shown(self, session: Session, columns: int) -> str:
        """The vector registers that are not 0 in every lane (of instance 0), as far as they fit."""
        lines = []
        for k in range(N_REGISTERS):
            held = np.array([session.register(f"lane{i}.v{k}")[0] for i in range(self.shape.lanes)], np.uint32)
            if held.any():
                values = held.view(np.float32 if self.shape.kind == "fp32" else np.int32)
                text = f"v{k}  " + "  ".join(f"{v:>6g}" if self.shape.kind == "fp32" else f"{v:>6}" for v in values)
                lines.append(text if len(text) <= columns else text[: max(1, columns - 4)] + " ...")
        return "\n".join(lines)
