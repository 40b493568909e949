"""Arithmetic-logic units: the classic 74181, and a small ALU with flags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from gatesim import Bit, Builder, Bus, concat
from gatesim.errors import ValueFitError, WidthError

from .adders import Adder, brent_kung
from .catalog import circuit, mask, where
from .folding import and_gate, and_not_gate, mux_gate, not_gate, or_gate, tree
from .selectors import multiplexer

# -- 74181 -----------------------------------------------------------------------------------


class Slice181(NamedTuple):
    """Outputs of the 74181 with active-high data; ``cout``, ``p`` and ``g`` are active low, as its pins are."""

    f: Bus
    equal: Bit
    p: Bit
    g: Bit
    cout: Bit


def _model_181(x, args):
    """The function table of the data sheet (active-high data): 16 logic and 16 arithmetic functions."""
    a, b, s = x["a"], x["b"], x["s"]
    na, nb, ones = a ^ 15, b ^ 15, 15
    logic = [
        na, na & nb, na & b, 0 * a, (a & b) ^ ones, nb, a ^ b, a & nb,
        na | b, a ^ b ^ ones, b, a & b, 0 * a + ones, a | nb, a | b, a,
    ]  # fmt: skip
    arithmetic = [
        a, a | b, a | nb, 0 * a - 1, a + (a & nb), (a | b) + (a & nb), a - b - 1, (a & nb) - 1,
        a + (a & b), a + b, (a | nb) + (a & b), (a & b) - 1, a + a, (a | b) + a, (a | nb) + a, a - 1,
    ]  # fmt: skip
    carry = 1 - x["cin"]
    f, first, second = 0 * a, 0 * a, 0 * a
    for code in range(16):
        chosen = where(x["m"] == 1, logic[code], arithmetic[code] + carry) & ones
        f = where(s == code, chosen, f)
    # Every arithmetic function is the sum of these two numbers (and the carry).
    first = a | where(s & 1 == 1, b, 0) | where(s & 2 == 2, nb, 0)
    second = where(s & 4 == 4, a & nb, 0) | where(s & 8 == 8, a & b, 0)
    return {
        "f": f,
        "equal": where(f == ones, 1, 0),
        "p": where(first == ones, 0, 1),
        "g": 1 - ((first + second) >> 4),
        "cout": 1 - ((first + second + carry) >> 4),
    }


@circuit(_model_181, lambda width: {"a": 4, "b": 4, "s": 4, "m": 1, "cin": 1})
def alu_74181(a: Bus, b: Bus, s: Bus, m: Bit, cin: Bit) -> Slice181:
    """The 74181: a 4-bit ALU slice of 16 logic (m = 1) and 16 arithmetic functions.

    Active-high data: ``cin`` and ``cout`` are 0 for a carry, ``p`` and ``g`` are 0 when the slice
    propagates or generates one, for a 74182 or for rippling. The gate structure is that of the data
    sheet (Texas Instruments SN54/74181): two numbers per slice from `a`, `b` and `s`, then a
    carry-lookahead adder whose carries mode `m` suppresses.
    """
    if not len(a) == len(b) == len(s) == 4:
        raise WidthError("alu_74181() is four bits wide: a, b and s have 4 bits each")
    builder = a.builder
    propagate, generate = [], []
    for x, y in zip(a, b, strict=True):
        ny = ~y
        propagate.append(builder.gate("OR3", x, y & s[0], ny & s[1]))
        generate.append(builder.gate("AND3", x, ny, s[2]) | builder.gate("AND3", x, y, s[3]))
    carry_in = ~cin
    carries = [carry_in, *(_carry(propagate[:k], generate[:k], carry_in) for k in (1, 2, 3))]
    # With m = 1 the carries read 1: f is the complement of the half sum.
    f = Bus([(p ^ g) ^ (c | m) for p, g, c in zip(propagate, generate, carries, strict=True)])
    return Slice181(
        f,
        builder.gate("AND4", *f),
        builder.gate("NAND4", *propagate),
        ~_carry(propagate, generate, builder.zero),
        ~_carry(propagate, generate, carry_in),
    )


def _carry(propagate: list[Bit], generate: list[Bit], carry_in: Bit) -> Bit:
    """Carry out of a group in two levels: each generate passes all the propagates above it."""
    terms = [tree(and_gate, [g, *propagate[k + 1 :]]) for k, g in enumerate(generate)]
    terms.append(tree(and_gate, [carry_in, *propagate]))
    return tree(or_gate, terms)


# -- the small ALU ---------------------------------------------------------------------------


class Op(IntEnum):
    """Operations of :func:`alu`."""

    ADD = 0
    ADC = 1
    SUB = 2
    SBC = 3
    INC = 4
    DEC = 5
    AND = 6
    OR = 7
    XOR = 8
    NOT = 9
    PASS = 10
    SHL = 11
    SHR = 12
    ASR = 13
    ROL = 14
    ROR = 15


class AluResult(NamedTuple):
    """Result and flags of :func:`alu`."""

    out: Bus
    carry: Bit
    zero: Bit
    negative: Bit
    overflow: Bit


def alu_model(x: Any, args: Any) -> dict[str, Any]:
    """The ALU on integers: ``x`` holds ``a``, ``b``, ``op`` and ``cin``, ``args["a"]`` is the width."""
    w, a, b, op, cin = args["a"], x["a"], x["b"], x["op"], x["cin"]
    top = w - 1
    full = mask(w)
    second = [b, b, b ^ full, b ^ full, 0 * b, 0 * b + full]
    first_carry = [0 * cin, cin, 0 * cin + 1, cin, 0 * cin + 1, 0 * cin]
    logic = {
        Op.AND: a & b, Op.OR: a | b, Op.XOR: a ^ b, Op.NOT: a ^ full, Op.PASS: b,
        Op.SHL: (a << 1) & full, Op.SHR: a >> 1, Op.ASR: (a >> 1) | (a & (1 << top)),
        Op.ROL: ((a << 1) | (a >> top)) & full, Op.ROR: (a >> 1) | ((a & 1) << top),
    }  # fmt: skip
    shifted_out = {Op.SHL: a >> top, Op.SHR: a & 1, Op.ASR: a & 1, Op.ROL: a >> top, Op.ROR: a & 1}
    out, carry, overflow = 0 * a, cin, 0 * a
    for code in range(6):
        total = a + second[code] + first_carry[code]
        result = total & full
        here = op == code
        out = where(here, result, out)
        carry = where(here, total >> w, carry)
        overflow = where(here, (((a ^ result) & (second[code] ^ result)) >> top) & 1, overflow)
    for code, value in logic.items():
        out = where(op == int(code), value, out)
    for code, value in shifted_out.items():
        carry = where(op == int(code), value, carry)
    return {
        "out": out,
        "carry": carry,
        "zero": where(out == 0, 1, 0),
        "negative": out >> top,
        "overflow": overflow,
    }


@circuit(alu_model, lambda width: {"a": width, "b": width, "op": 4, "cin": 1})
def alu(a: Bus, b: Bus, op: Bus, cin: Bit, adder: Adder = brent_kung) -> AluResult:
    """A small ALU: 16 operations on two words, and the flags carry, zero, negative, overflow.

    =========  ==========================  ==========================================
    operation  result                      carry
    =========  ==========================  ==========================================
    ADD, ADC   a + b, a + b + cin          carry out
    SUB, SBC   a - b, a - b - (1 - cin)    1 when nothing is borrowed (as on ARM, 6502)
    INC, DEC   a + 1, a - 1                carry out (DEC: 1 when nothing is borrowed)
    AND … XOR  bit by bit                  cin, unchanged
    NOT, PASS  not a, b                    cin, unchanged
    SHL        a moved up, 0 enters        the bit that left
    SHR, ASR   a moved down; 0, sign       the bit that left
    ROL, ROR   a turned round by one       the bit that went round
    =========  ==========================  ==========================================

    Overflow is that of signed arithmetic, 0 for the operations from AND on. ``op`` is 4 bits, an
    :class:`Op`; `adder` is any of :data:`circuits.adders.ADDERS`.
    """
    if len(a) != len(b) or len(op) != 4:
        raise WidthError(f"alu() takes two words of one width and 4 bits of op, not {len(a)}, {len(b)} and {len(op)}")
    builder, width = a.builder, len(a)
    # Codes 0 to 5 add: b, b, not b, not b, 0, all ones.
    invert = or_gate(op[1], and_gate(op[2], op[0]))
    second = Bus([and_not_gate(y, op[2]) ^ invert for y in b])
    first_carry = mux_gate(op[2], mux_gate(op[0], op[1], cin), not_gate(op[0]))
    total = adder(a, second, first_carry)
    zero, top = builder.zero, a[-1]
    sums = [total.sum] * 6
    logic = [a & b, a | b, a ^ b, ~a, b]
    moved = [
        concat(zero, a[:-1]),
        concat(a[1:], zero),
        concat(a[1:], top),
        concat(top, a[:-1]),
        concat(a[1:], a[0]),
    ]
    out = multiplexer([*sums, *logic, *moved], op)
    carries = [total.carry] * 6 + [cin] * 5 + [top, a[0], a[0], top, a[0]]
    carry = multiplexer([Bus((c,)) for c in carries], op)[0]
    adding = and_not_gate(not_gate(op[3]), and_gate(op[2], op[1]))
    sign = total.sum[-1]
    overflow = tree(and_gate, [adding, top ^ sign, second[-1] ^ sign])
    return AluResult(out, carry, not_gate(tree(or_gate, list(out))) if width > 1 else ~out[0], out[-1], overflow)


# -- a machine around it ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction of :func:`accumulator_machine`.

    ``operand`` is a number, or None for the register X. With ``keep``, X takes the accumulator's value
    from before the step.
    """

    op: Op
    operand: int | None = 0
    keep: bool = False


class MachineState(NamedTuple):
    """What the machine shows in a cycle, before the clock edge."""

    pc: Bus
    op: Bus
    operand: Bus
    result: Bus
    carry: Bit
    zero: Bit
    negative: Bit
    overflow: Bit
    acc: Bus
    x: Bus


def machine_word(step: Step, width: int) -> int:
    """An instruction as a word of the program memory: op, operand, use X, keep."""
    if step.operand is not None and not 0 <= step.operand < 1 << width:
        raise ValueFitError(f"operand {step.operand} of {step.op.name} does not fit into {width} bits")
    return int(step.op) | (step.operand or 0) << 4 | (step.operand is None) << (4 + width) | step.keep << (5 + width)


def accumulator_machine(b: Builder, program: Sequence[Step], width: int = 8) -> MachineState:
    """The ALU with an accumulator, a register X, a carry flag, and a program memory that it walks through.

    One instruction a clock cycle: ``acc, carry = alu(acc, operand, op, carry)``. The program starts
    again at its end.
    """
    pc_width = max(1, (len(program) - 1).bit_length())
    pc_next, acc_next, carry_next = b.wires(pc_width), b.wires(width), b.wire()
    pc = b.register(pc_next).named("pc")
    acc = b.register(acc_next).named("acc")
    carry = b.flip_flop(carry_next)
    contents = [machine_word(s, width) for s in program]
    (word,) = b.memory("program", depth=len(program), width=6 + width, read=[pc], contents=contents)
    op, number, use_x, keep = word[:4], word[4 : 4 + width], word[4 + width], word[5 + width]
    x = b.register(acc, enable=keep).named("x")
    operand = b.mux(use_x, number, x)
    with b.scope("alu"):
        done = alu(acc, operand, op, carry)
    b.drive(acc_next, done.out)
    b.drive(carry_next, done.carry)
    with b.scope("next_pc"):
        last = b.constant(len(program) - 1, pc_width)
        at_end = tree(and_gate, [p if q.id else ~p for p, q in zip(pc, last, strict=True)])
        upward = brent_kung(pc, b.constant(0, pc_width), b.one).sum
        b.drive(pc_next, Bus([and_not_gate(bit, at_end) for bit in upward]))
    return MachineState(pc, op, operand, done.out, done.carry, done.zero, done.negative, done.overflow, acc, x)
