from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from circuits.alu import Op, Step, accumulator_machine, alu, alu_74181, machine_word
from circuits.sequential import TAPS, johnson_counter, lfsr
from gatesim import build, map_to, simulate
from gatesim.errors import ValueFitError, WidthError


def test_four_74181_slices_ripple_a_sixteen_bit_sum():
    """The carry pins are active low, so they chain as the data sheet draws it."""
    from gatesim import Builder, concat

    b = Builder("sixteen")
    x, y, carry = b.input_bus("x", 16), b.input_bus("y", 16), b.one
    parts = []
    for k in range(0, 16, 4):
        made = alu_74181(x[k : k + 4], y[k : k + 4], b.constant(0b1001, 4), b.zero, carry)
        parts.append(made.f)
        carry = made.cout
    b.output("sum", concat(*parts))
    b.output("carry", ~carry)
    x, y = np.random.default_rng(0).integers(0, 1 << 16, (2, 20_000))
    got = simulate(b.freeze(), x=x, y=y)
    assert np.array_equal(got["sum"], (x + y) & 0xFFFF)
    assert np.array_equal(got["carry"], (x + y) >> 16)


def test_the_74181_compares():
    """A minus B minus 1 (S = 0110, carry in absent) shows all ones, and A=B, exactly for equal words."""
    net = build(alu_74181, a=4, b=4, s=4, m=1, cin=1)
    a, b = np.divmod(np.arange(256), 16)
    got = simulate(net, a=a, b=b, s=0b0110, m=0, cin=1)
    assert np.array_equal(got["equal"], a == b)
    assert np.array_equal(got["cout"], (a <= b).astype(int))


def test_operations_against_plain_arithmetic():
    net = build(alu, a=8, b=8, op=4, cin=1)
    a, b = np.divmod(np.arange(65536), 256)
    sa, sb = ((v ^ 128) - 128 for v in (a, b))
    for cin in (0, 1):
        for op, exact, signed in (
            (Op.ADD, a + b, sa + sb),
            (Op.ADC, a + b + cin, sa + sb + cin),
            (Op.SUB, a - b, sa - sb),
            (Op.SBC, a - b - 1 + cin, sa - sb - 1 + cin),
            (Op.INC, a + 1, sa + 1),
            (Op.DEC, a - 1, sa - 1),
        ):
            got = simulate(net, a=a, b=b, op=int(op), cin=cin)
            assert np.array_equal(got["out"], exact & 255), op
            borrows = op in (Op.SUB, Op.SBC, Op.DEC)
            assert np.array_equal(got["carry"], (exact >= 0) if borrows else (exact > 255)), op
            assert np.array_equal(got["overflow"], (signed < -128) | (signed > 127)), op
            assert np.array_equal(got["zero"], exact & 255 == 0)
            assert np.array_equal(got["negative"], (exact & 255) >= 128)


def test_alu_refuses_odd_widths():
    with pytest.raises(WidthError, match="alu\\(\\) takes two words of one width and 4 bits of op, not 8, 7 and 4"):
        build(alu, a=8, b=7, op=4, cin=1)


@pytest.mark.parametrize("basis", [None, "nand"])
def test_a_program_runs(basis):
    program = [Step(Op.PASS, 1, keep=True), *[Step(Op.ADD, None, keep=True)] * 12]
    net = build(accumulator_machine, program=program)
    net = net if basis is None else map_to(net, basis)
    got = simulate(net, cycles=len(program) + 2)
    assert got["result"].tolist()[:13] == [1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]
    assert got["pc"].tolist() == [*range(13), 0, 1]


def test_a_word_of_the_program_must_fit():
    with pytest.raises(ValueFitError, match="operand 300 of ADD does not fit into 8 bits"):
        machine_word(Step(Op.ADD, 300), 8)


@pytest.mark.parametrize("width", [w for w in TAPS if w <= 16])
def test_lfsr_runs_through_every_state_but_zero(width):
    net = build(lfsr, width=width, enable=1)
    states = simulate(net, enable=1, cycles=1 << width)["out"]
    assert len(set(states.tolist())) == (1 << width) - 1 and 0 not in states
    assert states[0] == states[-1] == 1


def test_johnson_counter_changes_one_bit_a_step():
    states = simulate(build(johnson_counter, width=5, enable=1), enable=1, cycles=11)["out"].tolist()
    assert len(set(states)) == 10 and states[0] == states[10]
    assert all((p ^ q).bit_count() == 1 for p, q in pairwise(states))
