"""Hack programs on the gate-level computer: loading, starting, saying how they ended, tracing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gatesim.errors import UnsupportedError

from .hack_assembler import HackProgram, read_program
from .hack_computer import hack_machine, rom_of
from .hack_language import KEYBOARD, ROM_WORDS, disassemble
from .hack_screen import pixels_of, text_of
from .machine import Machine, Session, Tier
from .running import Choices, Ending

SIGNALS = ("pc", "instruction", "outM", "writeM", "addressM", "ARegister", "DRegister", "halted")


def load(path: str | Path, choices: Choices = Choices()) -> HackRunning:  # noqa: B008 (frozen)
    """A ``.hack`` or ``.asm`` file.

    Raises
    ------
    UnsupportedError
        A choice that this computer does not offer.
    ParseError
        What the readers complain about.
    """
    if choices.memory is not None or choices.base is not None or choices.multiply or choices.lanes is not None:
        raise UnsupportedError(f"{path}: the Hack computer is as it is: no choice of memory, lanes or multiplier")
    return HackRunning(read_program(path), choices.basis)


@dataclass(frozen=True)
class HackRunning:
    """A program and the computer that it runs on."""

    program: HackProgram
    basis: str | None = None

    @property
    def name(self) -> str:
        """The program's name."""
        return Path(self.program.source).name

    @property
    def machine(self) -> Machine:
        """The computer, made once."""
        return hack_machine(self.basis)

    def start(self, instances: int = 1, tier: Tier = "auto", threads: int | None = 1) -> Session:
        """A session with the program in the ROM."""
        return self.machine.start({"ROM32K": rom_of(self.program)}, instances=instances, tier=tier, threads=threads)

    def ending(self, session: Session, instance: int = 0) -> Ending:
        """How a halted instance ended."""
        if not session.output("fault")[instance]:
            return Ending("end loop reached")
        at = int(session.output("stopped")[instance])
        if at >= len(self.program.words):
            return Ending(
                f"the program runs past its end, to address {at} of {len(self.program.words)} instructions: "
                "end it with (END) @END 0;JMP",
                fault=True,
            )
        return Ending(
            f"{self.program.where(at)} reads or writes address {self._address(session, instance)}, where nothing is "
            f"(RAM from 0, screen from 16384; the keyboard at {KEYBOARD} can only be read)",
            fault=True,
        )

    def _address(self, session: Session, instance: int) -> int:
        return int(session.output("wrong")[instance])

    def where(self, session: Session, instance: int = 0) -> str:
        """The instruction at the program counter."""
        return "at " + self.program.where(int(session.register("PC")[instance]) & (ROM_WORDS - 1))

    def trace(self, session: Session, cycles: int) -> list[str]:
        """Go on for at most so many cycles (of instance 0): a line an instruction, and what it changed."""
        before = int(session.cycles[0])
        seen = session.trace(cycles, SIGNALS)
        n = int(session.cycles[0]) - before
        s = {name: seen[name][:n, 0].astype(np.int64) for name in SIGNALS}
        lines = []
        for k in range(n):
            word = int(s["instruction"][k])
            text = disassemble(word) or "?"
            effect = _effect(word, int(s["outM"][k]), int(s["addressM"][k]))
            a, d = int(s["ARegister"][k]), int(s["DRegister"][k])
            lines.append(f"{before + k:>8}  {int(s['pc'][k]):>5}  {text:<14}A {a:>5}  D {d:>5}  {effect}".rstrip())
        return lines

    def shown(self, session: Session, columns: int) -> str:
        """The black part of the screen in characters."""
        return text_of(self.pixels(session), columns)

    def pixels(self, session: Session, instance: int = 0) -> np.ndarray:
        """(256, 512) bool: what the screen shows."""
        return pixels_of(session.memory("Screen")[instance])


def _effect(word: int, out: int, address: int) -> str:
    """What a C-instruction stores."""
    if not word >> 15:
        return ""
    stored = [name for k, name in ((5, "A"), (4, "D")) if word >> k & 1] + ([f"[{address}]"] if word >> 3 & 1 else [])
    return f"{' = '.join(stored)} = {out}" if stored else ""
