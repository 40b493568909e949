"""The Hack computer from gates: the course's CPU and memories, running a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from circuits.hack import cpu, memory, rom32k
from gatesim import Bit, Bus, Netlist, build, map_to
from gatesim.engines import engine
from gatesim.engines.base import initial_state
from gatesim.errors import GatesimError, ValueFitError
from gatesim.results import State
from gatesim.schedule import compile as compile_netlist
from gatesim.stimulus import Stimulus

from .hack_assembler import HackProgram
from .hack_language import KEYBOARD

CYCLES_A_CALL = 1 << 15
"""Cycles recorded at a time: some MiB."""


class HackPorts(NamedTuple):
    """What the computer shows in a cycle: the instruction and its address, and what goes to the data memory."""

    pc: Bus
    instruction: Bus
    outM: Bus
    writeM: Bit
    addressM: Bus


def hack_computer(reset: Bit, Keyboard: Bus) -> HackPorts:
    """CPU, ROM32K, RAM16K, Screen and Keyboard, wired as in chapter 5 of the course.

    The chips are those of :mod:`circuits.hack`; the ROM is part of the state, where :class:`HackMachine`
    puts a program, so that one netlist (and its machine code) runs all programs.
    """
    b = reset.builder
    in_m, counted = b.wires(16), b.wires(15)
    instruction = rom32k(counted)
    done = cpu(in_m, instruction, reset)
    b.drive(counted, done.pc)
    b.drive(in_m, memory(done.outM, done.writeM, done.addressM, Keyboard))
    return HackPorts(done.pc, instruction, done.outM, done.writeM, done.addressM)


@cache
def hack_netlist(nand: bool = False) -> Netlist:
    """The computer as a netlist; with `nand` of NAND gates (flip-flops and memories stay).

    Examples
    --------
    >>> net = hack_netlist()
    >>> [m.name for m in net.memories], len(net.registers)
    (['ROM32K', 'RAM16K', 'Screen'], 48)
    """
    net = build(hack_computer, name="hack", reset=1, Keyboard=16)
    return map_to(net, "nand") if nand else net


@dataclass(frozen=True, eq=False)
class HackTrace:
    """What the gates showed, cycle by cycle: (cycles,) int64 each; ``a`` and ``d`` when asked for."""

    pc: np.ndarray
    instruction: np.ndarray
    out: np.ndarray
    write: np.ndarray
    address: np.ndarray
    a: np.ndarray | None = None
    d: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.pc)


class HackMachine:
    r"""One Hack computer at gate level, with a program in its ROM.

    Parameters
    ----------
    program : HackProgram
    nand : bool
        Run the NAND-only netlist.
    registers : bool
        Record A and D as well.
    checked : bool
        Refuse what the hardware would do silently: running past the program, and reading or writing an
        address where nothing is.

    Examples
    --------
    >>> from circuits.computers.hack_assembler import assemble
    >>> machine = HackMachine(assemble("@7\nD=A\n@3\nM=D+A\n(END)\n@END\n0;JMP"))
    >>> machine.run(100), int(machine.ram[3])
    (4, 10)
    """

    def __init__(
        self, program: HackProgram, *, nand: bool = False, registers: bool = False, checked: bool = True
    ) -> None:
        self.program, self.checked = program, checked
        self.netlist = hack_netlist(nand)
        self._watch = [f"{name}[{k}]" for name in ("ARegister", "DRegister") for k in range(16)] if registers else []
        self._engine = engine("logic2")(compile_netlist(self.netlist, keep=self._watch), threads=1)
        state = initial_state(self.netlist, 1)
        self._of_name(state, "ROM32K")[: len(program.words)] = program.words
        self._engine.state = state
        self._ends = end_loops(program.words)
        self.cycles = 0
        self.pc = 0
        self.at_end = False

    def _of_name(self, state: State, name: str) -> np.ndarray:
        which = [m.name for m in self.netlist.memories].index(name)
        return state.memories[which][0]

    @property
    def ram(self) -> np.ndarray:
        """(16384,) uint16: the words of the RAM now."""
        return self._memory("RAM16K").astype(np.uint16)

    @property
    def screen(self) -> np.ndarray:
        """(8192,) uint16: the words of the screen now."""
        return self._memory("Screen").astype(np.uint16)

    def _memory(self, name: str) -> np.ndarray:
        state = self._engine.state
        assert state is not None  # set when the machine was made
        return self._of_name(state, name)

    def run(self, cycles: int, key: int = 0) -> int:
        """Run until the program reaches its end loop, or for so many cycles; returns the cycles run.

        An end loop is an instruction that can only jump to itself: ``(END) @END 0;JMP``.

        Parameters
        ----------
        cycles : int
        key : int
            Code of the key that is held down; 0 for none.

        Raises
        ------
        GatesimError
            See `checked`.
        """
        return sum(len(part) for part in self.traces(cycles, key))

    def traces(self, cycles: int, key: int = 0) -> Iterator[HackTrace]:
        """Run like :meth:`run`, and give what happened, some ten thousand cycles at a time."""
        if not 0 <= key < 1 << 16:
            raise ValueFitError(f"key code {key} does not fit into the keyboard's 16 bits")
        while cycles > 0 and not self.at_end:
            # The first cycles come in small parts, so that a short program is soon at its end.
            part = self._advance(min(cycles, CYCLES_A_CALL, 256 + self.cycles), key)
            cycles -= len(part)
            yield part

    def _advance(self, cycles: int, key: int) -> HackTrace:
        before = self._engine.state
        part = self._record(cycles, key)
        ended = np.flatnonzero(np.isin(part.pc, self._ends))
        if len(ended):
            # Go back, and stop in front of the end loop.
            cycles = int(ended[0])
            self.at_end = True
            self._engine.state = before
            part = self._record(cycles, key)
        if self.checked:
            self._check(part)
        self.cycles += cycles
        return part

    def _record(self, cycles: int, key: int) -> HackTrace:
        stimulus = Stimulus.from_values(self.netlist, {"reset": 0, "Keyboard": key}, n_patterns=1, n_cycles=cycles)
        result = self._engine.run(stimulus, watch=self._watch)
        bits = result.words[:, :, 0].astype(np.int64)

        def number(columns: np.ndarray) -> np.ndarray:
            return columns @ (1 << np.arange(columns.shape[1]))

        ports = [number(bits[:, result.fields[name]]) for name in HackPorts._fields]
        kept = bits[:, -32:]
        return HackTrace(
            ports[0], ports[1], ports[2], ports[3], ports[4],
            *((number(kept[:, :16]), number(kept[:, 16:])) if self._watch else (None, None)),
        )  # fmt: skip

    def _check(self, part: HackTrace) -> None:
        beyond = part.pc >= len(self.program.words)
        reads = (part.instruction >> 12 & 9) == 9  # a C-instruction with the bit a
        nothing = (part.address > KEYBOARD) & reads | (part.address >= KEYBOARD) & (part.write == 1)
        wrong = np.flatnonzero(beyond | nothing)
        if not len(wrong):
            return
        k = int(wrong[0])
        when, pc, address = self.cycles + k, int(part.pc[k]), int(part.address[k])
        if beyond[k]:
            raise GatesimError(
                f"cycle {when}: the program runs past its end, to address {pc} of {len(self.program.words)} "
                "instructions: end it with (END) @END 0;JMP"
            )
        what = "writes to" if part.write[k] else "reads"
        raise GatesimError(
            f"cycle {when}, {self.program.where(pc)}: it {what} address {address}, where "
            + ("the keyboard is" if address == KEYBOARD else "nothing is")
            + f" (RAM from 0, screen from 16384, keyboard at {KEYBOARD})"
        )


def end_loops(words: Sequence[int]) -> np.ndarray:
    r"""Addresses n of loops that nothing leaves and that change nothing: ``@n`` and an unconditional jump.

    Examples
    --------
    >>> from circuits.computers.hack_assembler import assemble
    >>> end_loops(assemble("@0\nD=M\n@2\n0;JMP").words).tolist()
    [2]
    """
    code = np.array([*words, 0], np.int64)
    at = np.arange(len(words))
    jumps = (code[1:] >> 13 == 7) & (code[1:] & 7 == 7) & (code[1:] >> 3 & 7 == 0)
    return at[(code[:-1] == at) & jumps]
