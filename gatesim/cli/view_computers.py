"""Computers that ``gatesim view`` knows: netlist, program and the description that the panels go by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import GatesimError

if TYPE_CHECKING:
    from ..netlist import Netlist
    from ..results import State
    from ..viewer.computer import Computer

HACK_KEYS = {
    "Enter": 128, "Backspace": 129, "Left": 130, "Up": 131, "Right": 132, "Down": 133, "Home": 134, "End": 135,
    "PageUp": 136, "PageDown": 137, "Delete": 139, "Escape": 140, "Space": 32,
}  # fmt: skip
"""Codes of keys that are no letters (Nisan and Schocken, appendix 5)."""

DRAIN_CYCLES = 1024
"""How often the printed characters are taken out of a machine."""


@dataclass(frozen=True)
class Opened:
    """A computer with a program in its memory."""

    netlist: Netlist
    start: State
    computer: Computer


def hack(program: Path | None, nand: bool) -> Opened:
    """The Hack computer."""
    from circuits.computers.hack_assembler import read_program
    from circuits.computers.hack_computer import hack_netlist
    from circuits.computers.hack_language import SCREEN_WORDS, disassemble
    from circuits.computers.hack_screen import pixels_of

    from ..engines.base import initial_state
    from ..viewer.computer import Computer, Keyboard, Screen
    from ..viewer.naming import Names

    net = hack_netlist(nand)
    state = initial_state(net, 1)
    labels: dict[int, str] = {}
    if program is not None:
        read = read_program(program)
        _memory(net, state, "ROM32K")[: len(read.words)] = read.words
        labels = {address: name for name, address in read.symbols.items() if name.isupper()}
    names = Names(net)
    found = [(short, names.nets(name)) for short, name in (("A", "ARegister"), ("D", "DRegister"), ("PC", "pc"))]
    return Opened(
        net,
        state,
        Computer(
            found, ("ROM32K", "RAM16K"), "pc", "ROM32K", 1,
            lambda address, word: disassemble(word) or f"{word:#06x}, no instruction",
            screen=Screen("Screen", 0, SCREEN_WORDS, pixels_of),
            keyboard=Keyboard("Keyboard", _hack_key),
            labels=labels,
        ),
    )  # fmt: skip


def _hack_key(text: str) -> int:
    return HACK_KEYS.get(text, ord(text) if len(text) == 1 and ord(text) < 128 else 0)


def rv32i(program: Path | None, nand: bool) -> Opened:
    """The RV32I computer, one instruction a cycle."""
    import numpy as np

    from circuits.computers.riscv import riscv_machine
    from circuits.computers.riscv_encoding import REGISTERS, disassemble
    from circuits.computers.riscv_running import Choices, load

    from ..engines.base import initial_state
    from ..viewer.computer import Computer, Service
    from ..viewer.naming import Names

    basis = "nand" if nand else None
    loaded = None if program is None else load(program, Choices(basis=basis))
    machine = riscv_machine(basis=basis) if loaded is None else loaded.machine
    net = machine.netlist
    session = machine.start() if loaded is None else loaded.start()
    state = initial_state(net, 1)
    for name, bits in machine.registers.items():
        value = int(session.register(name)[0])
        state.registers[bits, 0] = [value >> k & 1 for k in range(len(bits))]
    if loaded is not None:
        _memory(net, state, "memory")[:] = loaded.words
    names = Names(net)
    pc = names.nets("pc")
    registers = [("pc", pc)]
    registers += [(f"x{k} {REGISTERS[k]}", names.nets(f"x{k}")) for k in range(1, 32)]
    count = machine.registers["console_count"]

    def drain(state: State) -> tuple[State, bytes]:
        waiting = sum(int(state.registers[bit, 0] & np.uint64(1)) << k for k, bit in enumerate(count.tolist()))
        if not waiting:
            return state, b""
        state = state.copy()
        printed = _memory(net, state, "console")[:waiting].astype(np.uint8).tobytes()
        state.registers[count, 0] = 0
        return state, printed

    base = 0x8000_0000 if loaded is None else loaded.layout.base
    symbols = {} if loaded is None else {address: name for name, address in loaded.program.symbols.items()}
    return Opened(
        net,
        state,
        Computer(
            registers, ("memory",), "pc", "memory", 4, lambda address, word: disassemble(word, address),
            base=base, service=Service(DRAIN_CYCLES, drain), labels=symbols,
        ),
    )  # fmt: skip


def _memory(net: Netlist, state: State, name: str):
    for memory, stored in zip(net.memories, state.memories, strict=True):
        if memory.name == name:
            return stored[0]
    raise GatesimError(f"{net.name!r} has no memory {name!r}")


COMPUTERS: dict[str, Callable[[Path | None, bool], Opened]] = {"hack": hack, "rv32i": rv32i}
