"""One lane of the SIMT machine: registers, ALU, multiplier, its part of the mask, its way to memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from circuits.adders import brent_kung
from circuits.floats import float_add, float_multiply, float_multiply_add
from circuits.folding import and_gate, and_not_gate, mux_bus, mux_gate, not_gate, or_gate, tree, xor_gate
from circuits.selectors import multiplexer
from circuits.shifters import shift_left, shift_right_arithmetic
from circuits.tensor import mac
from gatesim import Bit, Bus, concat

from .simt_language import STACK_DEPTH, Kind

WORD = 32

RESULTS = ("sum", "and", "or", "xor", "operand", "lane", "left", "right", "product", "loaded")
"""What a lane can write to a register, by line of ``LaneControl.choose``."""


class LaneControl(NamedTuple):
    """What the one decoder tells every lane.

    ``write`` is one-hot over the registers and 0 where nothing is written; ``choose`` is one-hot over
    ``RESULTS``. ``uniform`` is a scalar register or a number, ``base`` the scalar part of an address.
    """

    ra: Bus
    rb: Bus
    rd: Bus
    write: Bus
    choose: Bus
    uniform: Bus
    use_uniform: Bit
    base: Bus
    subtract: Bit
    arithmetic: Bit
    memory: Bit
    store: Bit
    word: Bit
    unsigned: Bit
    accumulate: Bit
    plain_sum: Bit
    push: Bit
    keep: Bit
    equal: Bit
    other: Bit
    pop: Bit


class LanePorts(NamedTuple):
    """What a lane gives: whether it is active, whether its address is wrong, its address, its store."""

    active: Bit
    fault: Bit
    address: Bus
    data: Bus
    enables: Bus


def lane(control: LaneControl, number: int, kind: Kind, fused: bool, loaded: Bus, address_bits: int) -> LanePorts:
    """Build lane `number`; `loaded` is the word (as aligned in memory) at the address that it gives.

    The adder makes sums, differences, comparisons and addresses alike.
    """
    b, c = loaded.builder, control
    result, active = b.wires(WORD), b.wire()
    with b.scope("registers"):
        registers = [
            b.register(result, enable=and_gate(line, active)).named(f"lane{number}.v{k}")
            for k, line in enumerate(c.write)
        ]
        first, second, third = (multiplexer(registers, address) for address in (c.ra, c.rb, c.rd))
    with b.scope("operands"):
        left, right = mux_bus(c.memory, first, c.base), mux_bus(c.use_uniform, second, c.uniform)
    with b.scope("alu"):
        total = brent_kung(left, Bus([xor_gate(bit, c.subtract) for bit in right]), c.subtract).sum
        amount, filled = right[:5], concat(first, and_gate(c.arithmetic, first[-1]))
        moved = shift_left(first, amount), shift_right_arithmetic(filled, amount)[:WORD]
        results = [total, left & right, left | right, left ^ right, right, b.constant(number, WORD), *moved]
    with b.scope("multiplier"):
        product = multiplied(c, kind, fused, first, right, third)
    with b.scope("memory"):
        value = loaded_value(loaded, total, c.word, c.unsigned) if kind == "int8" else loaded
        wrong = tree(and_gate, [c.memory, active, wrong_address(total, c.word, address_bits)])
        enabled = tree(and_gate, [c.store, active, not_gate(wrong)])
        enables, data = _stored(c, kind, enabled, total, third)
    with b.scope("result"):
        b.drive(result, _one_of(c.choose, [*results, product, value]))
    with b.scope("mask"):
        differ = tree(or_gate, list(results[3]))
        overflow = and_gate(xor_gate(left[-1], right[-1]), xor_gate(left[-1], total[-1]))
        holds = mux_gate(c.equal, xor_gate(total[-1], overflow), not_gate(differ))
        b.drive(active, _mask(c, number, holds, active))
    return LanePorts(active, wrong, total[2:address_bits], data, enables)


def _one_of(choose: Sequence[Bit], words: Sequence[Bus]) -> Bus:
    """The word whose line is 1; 0 when none is."""
    return Bus([tree(or_gate, [and_gate(c, w[i]) for c, w in zip(choose, words, strict=True)]) for i in range(WORD)])


def multiplied(c: LaneControl, kind: Kind, fused: bool, first: Bus, second: Bus, third: Bus) -> Bus:
    """``third + first * second``, of bytes into 32 bits or of floats; or the product, or (floats) the sum alone.

    Floats are rounded after the multiplication and after the addition, unless `fused`.
    """
    b = first.builder
    if kind == "int8":
        wide = concat(second[:8], and_not_gate(second[7], c.unsigned))
        return mac(first[:8], wide, Bus([and_gate(bit, c.accumulate) for bit in third]))
    if fused:
        # first * second + -0 is their product, first * 1 + second their sum: neither changes a number.
        minus_zero, one = b.constant(1 << 31, WORD), b.constant(0x3F800000, WORD)
        addend = mux_bus(c.accumulate, mux_bus(c.plain_sum, minus_zero, second), third)
        return float_multiply_add(first, mux_bus(c.plain_sum, second, one), addend, "fp32")
    product = float_multiply(first, second, "fp32")
    total = float_add(mux_bus(c.plain_sum, product, first), mux_bus(c.plain_sum, third, second), "fp32")
    return mux_bus(or_gate(c.accumulate, c.plain_sum), product, total)


def wrong_address(address: Bus, word: Bit, address_bits: int) -> Bit:
    """Whether an address is outside memory, or that of a word and no multiple of four."""
    uneven = and_gate(word, or_gate(address[0], address[1]))
    return or_gate(tree(or_gate, list(address[address_bits:])), uneven)


def loaded_value(loaded: Bus, address: Bus, word: Bit, unsigned: Bit) -> Bus:
    """A word as it is, or the byte of it at `address`, made longer by its sign unless `unsigned`."""
    byte = multiplexer([loaded[8 * k : 8 * k + 8] for k in range(4)], address[:2])
    longer = concat(byte, and_not_gate(byte[7], unsigned).repeat(WORD - 8))
    return mux_bus(word, longer, loaded)


def _stored(c: LaneControl, kind: Kind, enabled: Bit, address: Bus, value: Bus) -> tuple[Bus, Bus]:
    """Write enables of the memory's banks, and what is written: bytes lie in four banks, floats in one."""
    if kind == "fp32":
        return Bus([enabled]), value
    places = [
        tree(and_gate, [bit if k >> i & 1 else not_gate(bit) for i, bit in enumerate(address[:2])]) for k in range(4)
    ]
    enables = Bus([and_gate(enabled, or_gate(c.word, here)) for here in places])
    return enables, concat(*(mux_bus(c.word, value[:8], value[8 * k : 8 * k + 8]) for k in range(4)))


def _mask(c: LaneControl, number: int, holds: Bit, active: Bit) -> Bit:
    """Whether the lane takes part; the masks around are a stack of bits, innermost first."""
    b = holds.builder
    following = b.wires(STACK_DEPTH)
    stack = b.register(following, enable=or_gate(c.push, c.pop)).named(f"lane{number}.masks")
    b.drive(following, mux_bus(c.pop, concat(active, stack[:-1]), concat(stack[1:], b.one)))
    turned, narrowed = and_not_gate(stack[0], active), and_gate(active, holds)
    changed = mux_gate(c.pop, mux_gate(c.other, narrowed, turned), stack[0])
    return b.flip_flop(changed, enable=or_gate(or_gate(c.push, c.keep), or_gate(c.other, c.pop)), init=1).named(
        f"lane{number}.active"
    )
