"""The SIMT machine as a netlist: one fetch and decode, a scalar unit, lanes, a shared memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from circuits.adders import brent_kung
from circuits.arithmetic import less_than_signed
from circuits.folding import (
    and_gate,
    and_not_gate,
    mux_bus,
    not_gate,
    or_gate,
    sign_extend,
    tree,
    xor_gate,
    zero_extend,
)
from circuits.selectors import decoder, multiplexer
from gatesim import Bit, Builder, Bus, concat
from gatesim.errors import ValueFitError

from .machine import Machine
from .simt_lane import WORD, LaneControl, lane, loaded_value, wrong_address
from .simt_language import N_REGISTERS, Kind

BYTES = "shared"
"""Name of the shared memory; of bytes there are four banks, ``shared0`` to ``shared3``."""


@dataclass(frozen=True)
class SimtShape:
    """What a SIMT machine is made of.

    Attributes
    ----------
    lanes : int
    kind : {"int8", "fp32"}
        Its multipliers: bytes into 32 bits, or single precision.
    memory_bytes : int
        Size of the shared memory, a power of two from 64 to 2**24.
    fused : bool
        fp32: multiply-add rounds once, not twice.
    program_words : int
        Instructions that the program memory holds.

    Raises
    ------
    ValueFitError
        A size out of range.
    """

    lanes: int
    kind: Kind = "int8"
    memory_bytes: int = 1 << 16
    fused: bool = False
    program_words: int = 1 << 10

    def __post_init__(self) -> None:
        if not 1 <= self.lanes <= 1024:
            raise ValueFitError(f"a SIMT machine has 1 to 1024 lanes, not {self.lanes}")
        if self.kind not in ("int8", "fp32"):
            raise ValueFitError(f"lanes are of kind int8 or fp32, not {self.kind!r}")
        if self.fused and self.kind != "fp32":
            raise ValueFitError("fused multiply-add is for fp32 lanes: integers are never rounded")
        size = self.memory_bytes
        if not 64 <= size <= 1 << 24 or size & (size - 1):
            raise ValueFitError(f"the shared memory has a power of two of bytes, 64 to 16,777,216, not {size}")
        if not 2 <= self.program_words <= 1 << 16:
            raise ValueFitError(f"the program memory has 2 to 65,536 words, not {self.program_words}")

    @property
    def address_bits(self) -> int:
        """Bits of a byte address."""
        return self.memory_bytes.bit_length() - 1

    @property
    def banks(self) -> tuple[str, ...]:
        """Names of the memory macros, lowest byte first."""
        return tuple(f"{BYTES}{k}" for k in range(4)) if self.kind == "int8" else (BYTES,)


class _Decoded(NamedTuple):
    """Fields and lines of an instruction."""

    op: Bus  # number within the group
    group: Bus  # one-hot
    number: Bus  # one-hot, within any group
    immediate: Bit
    rd: Bus
    ra: Bus
    rb: Bus
    rc: Bus
    from_scalar: Bit
    value: Bus


def _decode(word: Bus) -> _Decoded:
    return _Decoded(
        op=word[:3],
        group=decoder(word[3:6]),
        number=decoder(word[:3]),
        immediate=word[6],
        rd=word[7:10],
        ra=word[10:13],
        rb=word[13:16],
        rc=word[17:20],
        from_scalar=word[16],
        value=sign_extend(word[13:], WORD),
    )


class _Scalar(NamedTuple):
    """The scalar unit: what others need of it."""

    base: Bus
    second: Bus
    taken: Bit


def _scalar_unit(d: _Decoded, loaded: Bus, fault: Bit) -> _Scalar:
    """Eight registers, one adder (sums, counters and pointers), comparisons for branches.

    `fault` keeps a scalar load with a wrong address from writing.
    """
    b = loaded.builder
    control, scalar, memory = d.group[0], d.group[1], d.group[3]
    load, loop = and_gate(scalar, d.op[2]), and_gate(control, d.number[1])
    total, value = b.wires(WORD), b.wires(WORD)
    moves = or_gate(memory, load)
    sums = or_gate(loop, and_not_gate(scalar, d.op[2]))
    at = mux_bus(moves, d.rd, d.ra)
    summed = decoder(at, and_not_gate(or_gate(sums, moves), fault))
    fetched = decoder(d.rd, and_not_gate(load, fault))
    registers = [b.constant(0, WORD)]
    for k in range(1, N_REGISTERS):
        following = mux_bus(fetched[k], total, value)
        registers.append(b.register(following, enable=or_gate(summed[k], fetched[k])).named(f"s{k}"))
    x, y, z, step = (multiplexer(registers, address) for address in (d.ra, d.rb, d.rd, d.rc))
    subtract = and_gate(scalar, d.number[1])
    operand = mux_bus(memory, mux_bus(or_gate(d.immediate, load), y, d.value), step)
    added = Bus([or_gate(loop, xor_gate(bit, subtract)) for bit in operand])  # -1 for a loop
    b.drive(total, brent_kung(mux_bus(loop, x, z), added, subtract).sum)
    b.drive(value, loaded)
    some = tree(or_gate, list(total))
    equal = not_gate(tree(or_gate, [xor_gate(p, q) for p, q in zip(z, x, strict=True)]))
    cases = [
        and_gate(d.number[1], some),
        and_gate(d.number[2], equal),
        and_not_gate(d.number[3], equal),
        and_gate(d.number[4], less_than_signed(z, x)),
    ]
    return _Scalar(x, mux_bus(d.immediate, y, d.value), and_gate(control, tree(or_gate, cases)))


def _lane_control(d: _Decoded, scalar: _Scalar) -> LaneControl:
    _, _, mask, memory, alu, shift, multiply, _ = d.group
    number = d.number
    store = and_gate(memory, d.op[2])
    load = and_not_gate(memory, d.op[2])
    compare = and_not_gate(mask, d.op[2])
    arithmetic_sum = and_not_gate(alu, or_gate(d.op[1], d.op[2]))
    choose = [
        arithmetic_sum,
        *(and_gate(alu, number[k]) for k in range(2, 7)),
        and_gate(shift, number[0]),
        and_not_gate(shift, number[0]),
        multiply,
        load,
    ]
    plain = and_gate(multiply, and_gate(d.op[0], d.op[1]))
    return LaneControl(
        ra=d.ra,
        rb=d.rb,
        rd=d.rd,
        write=decoder(d.rd, tree(or_gate, [alu, shift, multiply, load])),
        choose=Bus(choose),
        uniform=scalar.second,
        use_uniform=or_gate(d.immediate, d.from_scalar),
        base=scalar.base,
        subtract=or_gate(compare, and_gate(alu, number[1])),
        arithmetic=number[2],
        memory=memory,
        store=store,
        word=d.op[1],
        unsigned=d.op[0],
        accumulate=not_gate(d.op[1]),
        plain_sum=plain,
        push=and_not_gate(compare, d.op[1]),
        keep=and_gate(compare, d.op[1]),
        equal=d.op[0],
        other=and_gate(mask, number[4]),
        pop=and_gate(mask, number[5]),
    )


def _program_counter(b: Builder, shape: SimtShape, word: Bus, taken: Bit, stay: Bit) -> Bus:
    width = (shape.program_words - 1).bit_length()
    following = b.wires(width)
    pc = b.register(following).named("pc")
    upward = brent_kung(pc, b.constant(0, width), not_gate(stay)).sum
    b.drive(following, mux_bus(taken, upward, zero_extend(word[13:], width)))
    return pc


@cache
def simt_machine(shape: SimtShape, basis: str | None = None) -> Machine:
    """The machine, as written or made of other gates ("nand").

    The program lies in memory ``program``, data in the shared memory's banks (see :class:`SimtShape`).

    Outputs: ``halted``; ``fault`` (it stopped at an instruction with a wrong address); ``pc``; ``active``,
    a bit a lane. An instruction takes one cycle, whatever it is: the shared memory is an ideal SRAM with a
    read and a write port for every lane and a read port for the scalar unit. Of several lanes that write
    to one place in one cycle the highest wins.

    Examples
    --------
    >>> machine = simt_machine(SimtShape(lanes=2, memory_bytes=64))
    >>> sorted(machine.registers)[:4], [m.name for m in machine.netlist.memories]
    (['fault', 'lane0.active', 'lane0.masks', 'lane0.v0'], ['program', 'shared0', 'shared1', 'shared2', 'shared3'])
    """
    if basis is not None:
        return simt_machine(shape).mapped(basis)
    b = Builder(f"SIMT {shape.lanes} x {shape.kind}")
    bits = shape.address_bits
    pc, fault = b.wires((shape.program_words - 1).bit_length()), b.wire()
    nothing = (pc, b.constant(0, WORD), b.zero)  # a write port makes the program part of the state
    (fetched,) = b.memory("program", depth=shape.program_words, width=WORD, read=[pc], write=[nothing])
    with b.scope("decode"):
        word = Bus([and_not_gate(bit, fault) for bit in fetched])  # after a fault nothing but halt
        d = _decode(word)
        halt = and_gate(d.group[0], d.number[0])
    words = [b.wires(WORD) for _ in range(1 + shape.lanes)]
    with b.scope("scalar"):
        scalar_load = and_gate(d.group[1], d.op[2])
        scalar_value, wrong = b.wires(WORD), b.wire()
        scalar = _scalar_unit(d, scalar_value, wrong)
        b.drive(wrong, and_gate(scalar_load, wrong_address(scalar.base, d.op[1], bits)))
        value = loaded_value(words[0], scalar.base, d.op[1], d.op[0]) if shape.kind == "int8" else words[0]
        b.drive(scalar_value, value)
    control = _lane_control(d, scalar)
    lanes = []
    for number in range(shape.lanes):
        with b.scope(f"lane{number}"):
            lanes.append(lane(control, number, shape.kind, shape.fused, words[1 + number], bits))
    _shared_memory(b, shape, [scalar.base[2:bits], *(one.address for one in lanes)], words, lanes)
    with b.scope("next"):
        any_active = tree(or_gate, [one.active for one in lanes])
        by_mask = or_gate(and_gate(d.number[5], any_active), and_not_gate(d.number[6], any_active))
        taken = or_gate(scalar.taken, and_gate(d.group[0], by_mask))
        faulty = tree(or_gate, [wrong, *(one.fault for one in lanes)])
        b.drive(pc, _program_counter(b, shape, word, taken, or_gate(halt, faulty)))
        b.drive(fault, b.flip_flop(b.one, enable=faulty).named("fault"))
    b.output("halted", halt)
    b.output("fault", fault)
    b.output("pc", pc)
    b.output("active", concat(*(one.active for one in lanes)))
    return Machine(b.freeze(), halted="halted")


def _shared_memory(b: Builder, shape: SimtShape, addresses: list[Bus], words: list[Bus], lanes: list) -> None:
    """The banks of the shared memory, and the words that ports read from them."""
    width = WORD // len(shape.banks)
    read = []
    for k, name in enumerate(shape.banks):
        writes = [(one.address, one.data[k * width : (k + 1) * width], one.enables[k]) for one in lanes]
        read.append(b.memory(name, depth=shape.memory_bytes // 4, width=width, read=addresses, write=writes))
    for port, wires in enumerate(words):
        b.drive(wires, concat(*(bank[port] for bank in read)))
