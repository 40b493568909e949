"""Computers at gate level: one RV32I, 512 of them, and from NANDs only; Verilator runs the same netlist.

The program is the same everywhere: it sorts pseudo-random words and sums them up, over and over. Registers
and memory are compared with the integer model first, and Verilator's program counter with ours.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from circuits.computers.machine import Machine, Session
from circuits.computers.riscv import riscv_machine
from circuits.computers.riscv_assembler import assemble
from circuits.computers.riscv_model import Layout, RiscvModel
from circuits.computers.riscv_running import RiscvProgram
from gatesim import Netlist
from gatesim.memory import Memory, memory_contents

from .harness import Record, core_seconds, in_turn, skip
from .peers import clocked_verilog

PROGRAM = """
_start:
    la   s0, words
    li   s1, 1              # state of a generator (xorshift)
again:
    li   t0, 32
    mv   t1, s0
fill:
    slli t2, s1, 13; xor s1, s1, t2
    srli t2, s1, 17; xor s1, s1, t2
    slli t2, s1, 5;  xor s1, s1, t2
    sw   s1, (t1)
    addi t1, t1, 4
    addi t0, t0, -1
    bnez t0, fill
    li   t0, 31             # insertion sort
    addi t1, s0, 4
sort:
    lw   t2, (t1)
    mv   t3, t1
1:  lw   t4, -4(t3)
    bleu t4, t2, 2f
    sw   t4, (t3)
    addi t3, t3, -4
    bne  t3, s0, 1b
2:  sw   t2, (t3)
    addi t1, t1, 4
    addi t0, t0, -1
    bnez t0, sort
    lbu  t0, 5(s0)
    add  s2, s2, t0
    j    again
.bss
words: .space 128
"""

LAYOUT = Layout(size=1 << 16)
CHECKED = 5_000
ROUNDS = 5
N_INSTANCES = 512


def run(quick: bool) -> list[Record]:
    program = RiscvProgram(assemble(PROGRAM, LAYOUT), LAYOUT)
    plain, nand = riscv_machine(LAYOUT), riscv_machine(LAYOUT, "nand")
    n_cycles = 50_000 if quick else 500_000
    one = {name: _started(machine, program, 1) for name, machine in (("RV32I", plain), ("NAND only", nand))}
    many = {name: _started(machine, program, N_INSTANCES) for name, machine in (("RV32I", plain), ("NAND only", nand))}
    for session in (*one.values(), *many.values()):
        _check(session, program)
    times = in_turn({name: lambda s=s: core_seconds(lambda: s.run(n_cycles)) for name, s in one.items()}, ROUNDS)
    records, ratio, peer_name = [], None, ""
    with TemporaryDirectory(prefix="gatesim-computers-") as folder:
        peer = clocked_verilog.verilator(with_contents(plain.netlist, {"memory": program.words}), Path(folder))
        if peer is None:
            skip("Verilator", "it is absent")
        else:
            _check_peer(peer, plain, program)
            nothing = np.zeros((n_cycles, 0), np.uint8)
            pair = {
                "ours": lambda: core_seconds(lambda: one["RV32I"].run(n_cycles)),
                "peer": lambda: peer.run(nothing, all=False),
            }
            both = in_turn(pair, ROUNDS)
            ratio = float(np.median(np.array(both["peer"].seconds) / np.array(both["ours"].seconds)))
            peer_name = peer.name
    for name, machine in (("RV32I", plain), ("NAND only", nand)):
        rates = times[name].rates(n_cycles)
        peer_part = {"peer": peer_name, "peer_value": rates["value"] / ratio} if ratio and name == "RV32I" else {}
        records.append(
            Record("one instance", _size(name, machine), **rates, unit="cycles/s", goal=250_000,
                   note="an instruction a cycle; every block that nothing woke is skipped", **peer_part)
        )  # fmt: skip
    few = n_cycles // 25
    times = in_turn({name: lambda s=s: core_seconds(lambda: s.run(few)) for name, s in many.items()}, ROUNDS)
    for name, machine in (("RV32I", plain), ("NAND only", nand)):
        rates = times[name].rates(few * N_INSTANCES)
        records.append(
            Record(f"{N_INSTANCES} instances", _size(name, machine), **rates, unit="instructions/s", goal=10_000_000,
                   note="in total, on one core")
        )  # fmt: skip
    return records


def _size(name: str, machine: Machine) -> str:
    net = machine.netlist
    return f"{name}, {net.n_gates:,} gates, {len(net.registers):,} flip-flops, {LAYOUT.size >> 10} KiB"


def _started(machine: Machine, program: RiscvProgram, instances: int) -> Session:
    return machine.start({"memory": program.words}, instances=instances, tier="compiled")


def _check(session: Session, program: RiscvProgram) -> None:
    model = RiscvModel(LAYOUT, program.words.tolist(), LAYOUT.base)
    session.run(CHECKED)
    for _ in range(CHECKED):
        model.step()
    for k in range(1, 32):
        assert (session.register(f"x{k}") == model.x[k]).all(), f"x{k} differs from the integer model"
    assert (session.memory("memory") == np.array(model.words, np.uint64)).all(), "the memory differs from the model"


def with_contents(net: Netlist, contents: dict[str, np.ndarray]) -> Netlist:
    """`net` with other words in its memories at power-up."""

    def filled(m: Memory) -> Memory:
        if m.name not in contents:
            return m
        return replace(m, contents=memory_contents(m.name, m.depth, m.width, contents[m.name]))

    return replace(net, memories=tuple(filled(m) for m in net.memories))


def _check_peer(peer: clocked_verilog.ClockedPeer, machine: Machine, program: RiscvProgram) -> None:
    """All outputs of the first cycles: whether each instruction completed, traps, the console."""
    peer.run(np.zeros((CHECKED, 0), np.uint8), all=True)
    session = _started(machine, program, 1)
    names = [p.name for p in machine.netlist.outputs]
    trace = session.trace(CHECKED, names)
    ours = np.concatenate(
        [(trace[p.name] >> np.arange(p.width, dtype=np.uint64)) & np.uint64(1) for p in machine.netlist.outputs], axis=1
    )
    assert np.array_equal(peer.outputs(), ours), f"{peer.name} computes something else"
