from __future__ import annotations

import numpy as np
import pytest

from circuits.alu import Op, Step, accumulator_machine, alu, alu_74181, machine_word
from gatesim import build, map_to, simulate
from gatesim.errors import ValueFitError, WidthError

# The function table for active-high data as the data sheet prints it (Texas Instruments SN54/74181,
# table 2): S3..S0, the logic function (M = H), the arithmetic one without carry (M = L, Cn = H). There
# "+" is OR, juxtaposition is AND, a trailing quote is a bar; "plus" and "minus" are arithmetic.
DATA_SHEET = """
LLLL | A'       | A
LLLH | (A+B)'   | A+B
LLHL | A'B      | A+B'
LLHH | 0        | minus 1
LHLL | (AB)'    | A plus AB'
LHLH | B'       | (A+B) plus AB'
LHHL | A^B      | A minus B minus 1
LHHH | AB'      | AB' minus 1
HLLL | A'+B     | A plus AB
HLLH | (A^B)'   | A plus B
HLHL | B        | (A+B') plus AB
HLHH | AB       | AB minus 1
HHLL | 1        | A plus A
HHLH | A+B'     | (A+B) plus A
HHHL | A+B      | (A+B') plus A
HHHH | A        | A minus 1
"""


def term(text: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A logic term of the table on words of 4 bits."""
    words = {
        "A": a, "B": b, "A'": 15 - a, "B'": 15 - b, "0": 0 * a, "1": 0 * a + 15,
        "AB": a & b, "AB'": a & (15 - b), "A'B": (15 - a) & b, "(AB)'": 15 - (a & b),
        "A+B": a | b, "A+B'": a | (15 - b), "A'+B": (15 - a) | b, "(A+B)'": 15 - (a | b),
        "A^B": a ^ b, "(A^B)'": 15 - (a ^ b),
    }  # fmt: skip
    return words[text] if text in words else words[text[1:-1]]


def amount(text: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """An arithmetic entry of the table, exact (not yet cut to 4 bits)."""
    total, sign = 0 * a, 1
    for part in text.split():
        if part in ("plus", "minus"):
            sign = 1 if part == "plus" else -1
        else:
            total = total + sign * (1 if sign < 0 and part == "1" else term(part, a, b))
    return total


def test_the_74181_does_what_its_data_sheet_says():
    """All 2**14 inputs: 16 logic functions, 16 arithmetic ones with and without carry, A=B, carries."""
    net = build(alu_74181, a=4, b=4, s=4, m=1, cin=1)
    a, b = np.divmod(np.arange(256), 16)
    rows = [[cell.strip() for cell in line.split("|")] for line in DATA_SHEET.strip().splitlines()]
    assert len(rows) == 16
    for levels, logic, arithmetic in rows:
        s = int(levels.replace("L", "0").replace("H", "1"), 2)
        for cin in (0, 1):
            got = simulate(net, a=a, b=b, s=s, m=1, cin=cin)
            assert np.array_equal(got["f"], term(logic, a, b)), (levels, logic)
            # Active-high data has active-low carries: Cn = L adds one.
            exact = amount(arithmetic, a, b) + (1 - cin)
            got = simulate(net, a=a, b=b, s=s, m=0, cin=cin)
            assert np.array_equal(got["f"], exact & 15), (levels, arithmetic)
            assert np.array_equal(got["equal"], (exact & 15) == 15), (levels, arithmetic)
            # "minus" is done by adding the complement, so that no borrow is a carry of 16.
            total = exact + 16 if "minus" in arithmetic else exact
            assert np.array_equal(got["cout"], 1 - (total >> 4)), (levels, arithmetic)


def test_74181_slices_look_ahead_through_a_74182():
    """P and G (active low) of a slice give its carry without the ripple: Cn+4 = G or P Cn, for every input."""
    net = build(alu_74181, a=4, b=4, s=4, m=1, cin=1)
    v = np.arange(1 << 14)
    ports = {"a": v & 15, "b": v >> 4 & 15, "s": v >> 8 & 15, "m": v >> 12 & 1, "cin": v >> 13}
    got = {k: 1 - simulate(net, ports)[k].astype(int) for k in ("p", "g", "cout")}
    assert np.array_equal(got["cout"], got["g"] | (got["p"] & (1 - ports["cin"])))
    adding = ports["s"] == 0b1001
    sums = (ports["a"] + ports["b"])[adding]
    assert np.array_equal(got["g"][adding], sums > 15)
    assert np.array_equal((got["g"] | got["p"])[adding], sums >= 15)


@pytest.mark.parametrize("width", [4, 16, 100])
def test_logic_and_moves_against_binary_numerals(width):
    """Shifts and rotations are moves of digits; the carry is the digit that leaves."""
    rng = np.random.default_rng(width)
    numerals = ["".join(map(str, row)) for row in rng.integers(0, 2, (60, width))] + ["0" * width, "1" * width]
    a = [int(t, 2) for t in numerals]
    b = a[::-1]
    net = build(alu, a=width, b=width, op=4, cin=1)
    full = (1 << width) - 1
    for cin in (0, 1):
        expected = {
            Op.AND: [(p & q, cin) for p, q in zip(a, b, strict=True)],
            Op.OR: [(p | q, cin) for p, q in zip(a, b, strict=True)],
            Op.XOR: [(p ^ q, cin) for p, q in zip(a, b, strict=True)],
            Op.NOT: [(full - p, cin) for p in a],
            Op.PASS: [(q, cin) for q in b],
            Op.SHL: [(int(t[1:] + "0", 2), int(t[0])) for t in numerals],
            Op.SHR: [(int("0" + t[:-1], 2), int(t[-1])) for t in numerals],
            Op.ASR: [(int(t[0] + t[:-1], 2), int(t[-1])) for t in numerals],
            Op.ROL: [(int(t[1:] + t[0], 2), int(t[0])) for t in numerals],
            Op.ROR: [(int(t[-1] + t[:-1], 2), int(t[-1])) for t in numerals],
        }
        for op, pairs in expected.items():
            got = simulate(net, a=np.array(a, dtype=object), b=np.array(b, dtype=object), op=int(op), cin=cin)
            assert [(int(o), int(c)) for o, c in zip(got["out"], got["carry"], strict=True)] == pairs, op
            assert not got["overflow"].any(), op
            assert got["zero"].tolist() == [int(o == 0) for o, _ in pairs]
            assert got["negative"].tolist() == [o >> (width - 1) for o, _ in pairs]


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
