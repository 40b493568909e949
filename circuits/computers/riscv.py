"""RV32I from gates, one instruction a clock cycle, as a :class:`~circuits.computers.machine.Machine`.

One memory macro holds instructions and data (two read ports, one write port). A store reads the word at its
address in the same cycle and writes it back with its own bytes changed, so byte lanes need no further port.
A trap stops the machine at the instruction that caused it: who runs it is the execution environment that
the specification hands traps to.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from gatesim import Bit, Builder, Bus, concat

from ..adders import brent_kung
from ..arithmetic import increment
from ..folding import and_gate, and_not_gate, mux_gate, not_gate, or_gate
from ..selectors import multiplexer
from ..sequential import register_file
from .machine import Console, Machine
from .riscv_decode import Decoded, all_of, any_of, matches, riscv_decode
from .riscv_execute import riscv_alu, riscv_load, riscv_store
from .riscv_model import Layout
from .riscv_multiply import riscv_divide, riscv_multiply

CONSOLE_DEPTH = 1024
"""Characters that the console holds until somebody reads them."""

SIGNALS = ("pc", "instruction", "retired", *(f"x{k}" for k in range(1, 32)))
"""What a trace of the machine is made of: these survive whatever gates it is mapped to."""


@lru_cache(maxsize=8)
def riscv_machine(layout: Layout = Layout(), basis: str | None = None) -> Machine:  # noqa: B008 (frozen)
    """The computer: an RV32I core (with M where the layout says so), its memory and its two ports.

    Registers ``pc`` and ``x1`` to ``x31``, memory ``memory`` (words from ``layout.base`` on); outputs
    ``halted``, ``retired``, ``exited`` (it stored to ``tohost``), ``cause`` (of a trap). With a `basis` such as
    "nand" it is made of those gates only.
    """
    if basis is not None:
        return riscv_machine(layout).mapped(basis)
    b = Builder("rv32im" if layout.multiply else "rv32i")
    _core(b, layout)
    return Machine(b.freeze(), "halted", "retired", Console("console", "console_count", "waiting"))


def _core(b: Builder, layout: Layout) -> None:
    memory_bits = layout.size.bit_length() - 1
    pc_next, result = b.wires(32), b.wires(32)
    moves, write_result, store_now = b.wire(), b.wire(), b.wire()
    address, stored = b.wires(32), b.wires(32)
    pc = b.register(pc_next, enable=moves, init=layout.base).named("pc")
    word, old = b.memory(
        "memory", depth=layout.size // 4, width=32, read=[pc[2:memory_bits], address[2:memory_bits]],
        write=[(address[2:memory_bits], stored, store_now)],
    )  # fmt: skip
    word.named("instruction")
    d = riscv_decode(word, layout.multiply)
    with b.scope("registers"):
        rs1, rs2 = register_file([d.rs1, d.rs2], d.rd, result, write_result, 32, zero=True, name="x").out

    subtracts = any_of(
        d.branch, d.alternative, and_gate(or_gate(d.op, d.op_imm), and_not_gate(d.funct3[1], d.funct3[2]))
    )
    unsigned = mux_gate(d.branch, d.funct3[0], d.funct3[1])
    second = b.mux(or_gate(d.op, d.branch), d.immediate, rs2)
    alu = riscv_alu(rs1, second, d.funct3, d.alternative, subtracts, unsigned)
    b.drive(address, alu.sum)
    taken = and_gate(d.branch, mux_gate(d.funct3[2], alu.equal, alu.less) ^ d.funct3[0])

    with b.scope("next_pc"):
        start = Bus([and_not_gate(bit, d.lui) for bit in pc])
        beside = brent_kung(start, d.offset).sum
        link = concat(pc[:2], increment(pc[2:]).sum)
        there = b.mux(d.jalr, beside, concat(b.zero, alu.sum[1:]))
        jumps = any_of(taken, d.jal, d.jalr)
        b.drive(pc_next, concat(b.constant(0, 2), b.mux(jumps, link, there)[2:]))

    halted = b.wire()
    active = not_gate(halted)
    traps = _traps(d, pc, address, and_gate(jumps, there[1]), rs2[0], layout, active)
    console, exits = traps.console, traps.exits
    full_count = b.wires(CONSOLE_DEPTH.bit_length())
    waiting = and_gate(console, full_count[-1])
    with b.scope("console"):
        prints = and_not_gate(console, full_count[-1])
        count = b.register(increment(full_count, prints).sum).named("console_count")
        b.drive(full_count, count)
        (printed,) = b.memory(
            "console", depth=CONSOLE_DEPTH, width=8, read=[count[:-1]], write=[(count[:-1], rs2[:8], prints)]
        )

    busy = b.zero
    computed = alu.out
    if layout.multiply:
        wanted = and_gate(d.muldiv, traps.fine)
        divides = and_gate(wanted, d.funct3[2])
        product = riscv_multiply(rs1, rs2, d.funct3, and_not_gate(wanted, d.funct3[2]))
        division = riscv_divide(rs1, rs2, d.funct3, divides)
        busy = and_not_gate(divides, division.done)
        computed = b.mux(d.muldiv, computed, b.mux(d.funct3[2], product, division.out))
    retired = and_not_gate(traps.fine, or_gate(busy, waiting))

    with b.scope("result"):
        loaded = riscv_load(old, address[:2], d.funct3)
        from_pc = b.mux(or_gate(d.jal, d.jalr), beside, link)
        computes = any_of(d.op, d.op_imm, d.muldiv)
        b.drive(result, multiplexer([from_pc, computed, loaded], concat(computes, d.load)))
    b.drive(stored, riscv_store(old, rs2, address[:2], d.funct3))
    b.drive(write_result, and_gate(d.writes, retired))
    b.drive(store_now, all_of(d.store, traps.inside, retired))
    b.drive(moves, and_not_gate(retired, exits))

    with b.scope("halt"):
        exited_next = b.wire()
        exited = b.flip_flop(exited_next)
        b.drive(exited_next, or_gate(exited, and_gate(exits, retired)))
        trapped_next = b.wire()
        trapped = b.flip_flop(trapped_next)
        b.drive(trapped_next, or_gate(trapped, traps.any))
        cause = b.register(traps.cause, enable=traps.any).named("cause")
        b.drive(halted, or_gate(trapped, exited))

    for name, signal in (("result", result), ("address", address), ("stored", stored)):
        signal.named(name)
    b.output("halted", halted)
    b.output("retired", retired)
    b.output("waiting", waiting)
    b.output("exited", exited)
    b.output("cause", cause)
    b.output("printed", printed)


class Traps(NamedTuple):
    """Whether the current instruction may go on, why not, and which port a store goes to."""

    fine: Bit
    any: Bit
    cause: Bus
    inside: Bit
    """The address lies in the memory."""
    console: Bit
    exits: Bit


def _traps(d: Decoded, pc: Bus, address: Bus, misaligned_jump: Bit, odd: Bit, layout: Layout, active: Bit) -> Traps:
    b = pc.builder
    memory_bits = layout.size.bit_length() - 1
    with b.scope("traps"):
        high = layout.base >> memory_bits
        fetch_outside = not_gate(matches(pc[memory_bits:], high))
        inside = matches(address[memory_bits:], high)
        byte = not_gate(or_gate(d.funct3[0], d.funct3[1]))
        misaligned = or_gate(and_gate(d.funct3[0], address[0]), and_gate(d.funct3[1], or_gate(address[0], address[1])))
        at_console, at_tohost = matches(address, layout.console), matches(address, layout.tohost)
        port = or_gate(and_gate(at_console, byte), and_gate(at_tohost, d.funct3[1]))
        accesses = or_gate(d.load, d.store)
        lost = and_not_gate(not_gate(inside), and_gate(d.store, port))
        illegal = and_not_gate(not_gate(d.legal), fetch_outside)
        good = and_not_gate(d.legal, fetch_outside)
        alignment = all_of(good, accesses, misaligned)
        access = all_of(good, accesses, and_not_gate(lost, misaligned))
        data = or_gate(alignment, access)
        # Numbers of the causes: 1 fetch, 2 illegal, 3 ebreak, 4 and 5 load, 6 and 7 store, 8 ecall, 0 jump.
        ebreak, ecall = and_gate(good, d.ebreak), and_gate(good, d.ecall)
        cause = concat(
            any_of(fetch_outside, ebreak, access), any_of(illegal, ebreak, and_gate(data, d.store)), data, ecall
        )
        trap = any_of(fetch_outside, illegal, ebreak, ecall, data, and_gate(good, misaligned_jump))
        fine = and_not_gate(active, trap)
        stores = and_gate(d.store, fine)
        console = all_of(stores, at_console, byte)
        exits = all_of(stores, at_tohost, d.funct3[1], odd)
    return Traps(fine, and_gate(trap, active), cause, inside, console, exits)
