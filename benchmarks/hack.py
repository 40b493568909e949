"""The Hack computer at gate level, one instance: as written and from NANDs only, drawing Sierpinski's triangle.

RAM and screen are compared with the integer model first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from circuits.computers.hack_assembler import read_program
from circuits.computers.hack_computer import hack_machine, rom_of
from circuits.computers.hack_model import HackModel

from .harness import Record, core_seconds, in_turn

PROGRAM = Path(__file__).parents[1] / "demos" / "programs" / "sierpinski.asm"
CHECKED = 20_000
ROUNDS = 5


def run(quick: bool) -> list[Record]:
    n_cycles = 50_000 if quick else 150_000
    program = read_program(PROGRAM)
    rom = rom_of(program)
    model = HackModel(program.words)
    model.run(CHECKED)
    machines = {"Hack": hack_machine(), "Hack from NANDs": hack_machine("nand")}
    sessions = {name: machine.start({"ROM32K": rom}, tier="compiled") for name, machine in machines.items()}
    for session in sessions.values():
        session.run(CHECKED)
        memory = np.concatenate((session.memory("RAM16K")[0], session.memory("Screen")[0]))
        assert np.array_equal(memory, model.memory), "the memory differs from the integer model"
    times = in_turn({name: lambda s=s: core_seconds(lambda: s.run(n_cycles)) for name, s in sessions.items()}, ROUNDS)
    assert not any(session.halted.any() for session in sessions.values()), "the program ended while time was taken"
    return [
        Record(
            "one instance",
            f"{name}, {machine.netlist.n_gates:,} gates, {len(machine.netlist.registers)} flip-flops",
            **times[name].rates(n_cycles),
            unit="cycles/s",
            goal=500_000,
            note="with the gates that watch for end loops and faults; all outputs of every cycle recorded",
        )
        for name, machine in machines.items()
    ]
