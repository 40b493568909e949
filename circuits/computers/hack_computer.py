"""The Hack computer from gates: the course's CPU and memories, and what watches over a program."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from circuits.folding import and_gate, and_not_gate, not_gate, or_gate, tree, xnor_gate
from circuits.hack import cpu, memory, rom32k
from gatesim import Bit, Bus, Netlist, build, map_to

from .hack_assembler import HackProgram
from .hack_language import ROM_WORDS
from .machine import Machine

EMPTY = 0x8000
"""The word that fills the ROM behind a program: no instruction, so that running into it is seen."""


class HackPorts(NamedTuple):
    """What the computer shows in a cycle: the instruction and its address, and what goes to the data memory."""

    pc: Bus
    instruction: Bus
    outM: Bus
    writeM: Bit
    addressM: Bus


class WatchedPorts(NamedTuple):
    """The same, and what :func:`hack_machine` tells of."""

    pc: Bus
    instruction: Bus
    outM: Bus
    writeM: Bit
    addressM: Bus
    halted: Bit
    fault: Bit
    stopped: Bus
    wrong: Bus


def hack_computer(reset: Bit, Keyboard: Bus) -> HackPorts:
    """CPU, ROM32K, RAM16K, Screen and Keyboard, wired as in chapter 5 of the course.

    The chips are those of :mod:`circuits.hack`; the ROM is part of the state, so that one netlist (and its
    machine code) runs all programs.
    """
    return _wired(reset, Keyboard, None)


def _wired(reset: Bit, keyboard: Bus, fault: Bit | None) -> HackPorts:
    """The computer; after a `fault` nothing but @0."""
    b = reset.builder
    in_m, counted = b.wires(16), b.wires(15)
    fetched = rom32k(counted)
    instruction = fetched if fault is None else Bus([and_not_gate(bit, fault) for bit in fetched])
    done = cpu(in_m, instruction, reset)
    b.drive(counted, done.pc)
    b.drive(in_m, memory(done.outM, done.writeM, done.addressM, keyboard))
    return HackPorts(done.pc, instruction, done.outM, done.writeM, done.addressM)


def watched_computer(reset: Bit, Keyboard: Bus) -> WatchedPorts:
    """The computer, and some hundred gates that see where a program ends or goes wrong."""
    b = reset.builder
    fault = b.wire()
    ports = _wired(reset, Keyboard, fault)
    with b.scope("watch"):
        b.drive(fault, b.flip_flop(b.one, enable=_faulty(ports), reset=reset))
        running = not_gate(fault)
        stopped = b.register(ports.pc, enable=running).named("stopped")
        wrong = b.register(ports.addressM, enable=running).named("wrong")
        ended = b.flip_flop(b.one, enable=_at_end(ports), reset=reset)
        return WatchedPorts(*ports, or_gate(ended, fault), fault, stopped, wrong)


def _faulty(p: HackPorts) -> Bit:
    """No instruction; or a read or write of an address where nothing is."""
    computes = p.instruction[15]
    illegal = and_not_gate(computes, and_gate(p.instruction[14], p.instruction[13]))
    above = and_gate(p.addressM[14], p.addressM[13])
    beyond = and_gate(above, tree(or_gate, list(p.addressM[:13])))  # the keyboard can be read
    reads = and_gate(computes, p.instruction[12])
    return or_gate(illegal, or_gate(and_gate(p.writeM, above), and_gate(reads, beyond)))


def _at_end(p: HackPorts) -> Bit:
    """A loop that nothing leaves and that changes nothing: ``@n`` at address n, then a jump whatever is computed."""
    b = p.writeM.builder
    itself = tree(and_gate, [xnor_gate(x, y) for x, y in zip(p.instruction[:15], p.pc, strict=True)])
    loaded = b.flip_flop(and_not_gate(itself, p.instruction[15]))
    stores = tree(or_gate, list(p.instruction[3:6]))
    always = tree(and_gate, [p.instruction[15], *p.instruction[:3]])
    return and_gate(loaded, and_not_gate(always, stores))


@cache
def hack_netlist(nand: bool = False) -> Netlist:
    """The computer alone as a netlist; with `nand` of NAND gates (flip-flops and memories stay).

    Examples
    --------
    >>> net = hack_netlist()
    >>> [m.name for m in net.memories], len(net.registers)
    (['ROM32K', 'RAM16K', 'Screen'], 48)
    """
    net = build(hack_computer, name="Hack", reset=1, Keyboard=16)
    return map_to(net, "nand") if nand else net


@cache
def hack_machine(basis: str | None = None) -> Machine:
    r"""The watched computer as a machine, as written or made of other gates ("nand").

    Output ``halted`` is 1 after an end loop was entered (``(END) @END 0;JMP``) or after a ``fault``: a word
    that is no instruction, or a read or write of an address where nothing is. From then on neither D nor the
    data memory changes; ``stopped`` and ``wrong`` are then the addresses of the faulty instruction and of what
    it wanted.

    Examples
    --------
    >>> from circuits.computers.hack_assembler import assemble
    >>> program = assemble("@7\nD=A\n@3\nM=D+A\n(END)\n@END\n0;JMP")
    >>> session = hack_machine().start({"ROM32K": program.words})
    >>> int(session.run(100).cycles[0]), int(session.memory("RAM16K")[0, 3])
    (6, 10)
    """
    if basis is not None:
        return hack_machine().mapped(basis)
    return Machine(build(watched_computer, name="Hack", reset=1, Keyboard=16), halted="halted")


def rom_of(program: HackProgram) -> np.ndarray:
    """(32768,) int64: what the ROM holds."""
    rom = np.full(ROM_WORDS, EMPTY, np.int64)
    rom[: len(program.words)] = program.words
    return rom


class HackMachine:
    r"""One computer with a program in its ROM: run it, press keys, look at its memory.

    Examples
    --------
    >>> from circuits.computers.hack_assembler import assemble
    >>> one = HackMachine(assemble("@7\nD=A\n@3\nM=D+A\n(END)\n@END\n0;JMP"))
    >>> one.run(100), int(one.ram[3])
    (6, 10)
    """

    def __init__(self, program: HackProgram, *, nand: bool = False) -> None:
        self.program = program
        machine = hack_machine("nand" if nand else None)
        self.netlist = machine.netlist
        self.session = machine.start({"ROM32K": rom_of(program)})

    def run(self, cycles: int, key: int = 0) -> int:
        """Run until the program ends, or for so many cycles, with a key held down (0: none); returns the cycles run."""
        before = int(self.session.cycles[0])
        self.session.set_inputs(Keyboard=key)
        self.session.run(cycles)
        return int(self.session.cycles[0]) - before

    @property
    def cycles(self) -> int:
        """Cycles run so far."""
        return int(self.session.cycles[0])

    @property
    def ram(self) -> np.ndarray:
        """(16384,) uint64: the words of the RAM now."""
        return self.session.memory("RAM16K")[0]

    @property
    def screen(self) -> np.ndarray:
        """(8192,) uint64: the words of the screen now."""
        return self.session.memory("Screen")[0]
