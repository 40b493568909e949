"""One clock cycle of whole machines as reversible circuits: compiled, then verified on a million basis states.

Memories stay outside, as ports (:func:`gatesim.passes.clock_cycle`); registers are part of the circuit.
"""

from __future__ import annotations

from time import process_time

from circuits.alu import Op, Step, accumulator_machine
from circuits.computers.riscv import riscv_machine
from circuits.hack import cpu
from gatesim import Netlist, build
from gatesim.passes import clock_cycle
from quantum import assert_verified, reversible
from quantum.costs import costs

from .harness import Record

STATES = 1 << 20


def machines() -> dict[str, Netlist]:
    """Clocked netlists by name."""
    program = [Step(Op.ADD, k) for k in (7, 200, 31, 64)]
    return {
        "ALU with accumulator, 8 bits": build(accumulator_machine, program=program, width=8),
        "Hack CPU": build(cpu, inM=16, instruction=16, reset=1),
        "RV32I core": riscv_machine().netlist,
    }


def run(quick: bool) -> list[Record]:
    records = []
    warm = clock_cycle(build(accumulator_machine, program=[Step(Op.ADD, 1)], width=2))
    assert_verified(reversible(warm), warm)  # kernels that are compiled on first use cost nobody's time
    for name, net in machines().items():
        cycle = clock_cycle(net)
        began = process_time()
        circuit = reversible(cycle)
        compiled = process_time() - began
        began = process_time()
        found = assert_verified(circuit, cycle, states=STATES >> 4 if quick else STATES)
        checked = process_time() - began
        c = costs(circuit)
        note = (
            f"{c.qubits:,} qubits, {c.ancillas:,} ancillas, {c.t_count:,} T, {c.cx:,} CX; compiled in {compiled:.1f} s"
        )
        records.append(
            Record("clock cycle verified", f"{name}, {found.states:,} states", checked, "s", 20.0, note=note)
        )
    return records
