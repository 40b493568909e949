"""The Hack computer on integers, by the symbols of its language: what the gates are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .hack_language import COMPUTATION_WORDS, COMPUTATIONS, KEYBOARD, RAM_WORDS, ROM_WORDS, SCREEN_WORDS

_BY_BITS = {bits: COMPUTATIONS[symbol.replace("M", "A")][1] for symbol, bits in COMPUTATION_WORDS.items()}


class HackCycle(NamedTuple):
    """What one clock cycle shows before its edge; ``written`` is the address stored to, or -1."""

    pc: int
    instruction: int
    a: int
    d: int
    written: int
    value: int


class HackModel:
    r"""The machine of chapters 4 and 5: registers A, D and PC, a ROM and 24,577 words of data memory.

    Examples
    --------
    >>> from circuits.computers.hack_assembler import assemble
    >>> machine = HackModel(assemble("@7\nD=A\n@3\nM=D+A").words)
    >>> machine.run(4); int(machine.memory[3])
    10
    """

    def __init__(self, words: Sequence[int]) -> None:
        self.rom = np.zeros(ROM_WORDS, np.int64)
        self.rom[: len(words)] = words
        self.memory = np.zeros(RAM_WORDS + SCREEN_WORDS, np.int64)
        self.a = self.d = self.pc = 0

    def load(self, address: int, key: int) -> int:
        """The word at an address: memory, the pressed key, or 0 where there is nothing."""
        if address == KEYBOARD:
            return key
        return int(self.memory[address]) if address < KEYBOARD else 0

    def step(self, key: int = 0) -> HackCycle:
        """Carry out one instruction.

        Raises
        ------
        KeyError
            A word that is no instruction.
        """
        word = int(self.rom[self.pc])
        address = self.a & 0x7FFF
        before = HackCycle(self.pc, word, self.a, self.d, -1, 0)
        self.pc = self.pc + 1 & 0x7FFF
        if not word >> 15:
            self.a = word
            return before
        value = _BY_BITS[word >> 6 & 127](self.d, self.load(address, key) if word >> 12 & 1 else before.a) & 0xFFFF
        if word >> 3 & 1 and address < KEYBOARD:
            self.memory[address] = value
        if word >> 4 & 1:
            self.d = value
        if word >> 5 & 1:
            self.a = value
        sign = 4 if value >> 15 else 1 if value else 2
        if word & sign:
            self.pc = before.a & 0x7FFF
        return before._replace(written=address if word >> 3 & 1 else -1, value=value)

    def run(self, cycles: int, key: int = 0) -> None:
        """Carry out so many instructions."""
        for _ in range(cycles):
            self.step(key)
