from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import kogge_stone, ripple_carry
from circuits.karatsuba import karatsuba, karatsuba_square
from circuits.multipliers import array_multiplier
from gatesim import Builder, build, equivalent, minimise_ands, read, simulate
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent
from gatesim.errors import LoopError, UnknownNameError
from gatesim.kernels import and_programs, six, span

SEEDS = st.integers(0, 2**32)


@pytest.fixture(scope="module")
def books():
    return and_programs.new_book(1 << 16), and_programs.new_book(1 << 14)


def ands_of(books, table):
    """ANDs of the program of a table, which is evaluated by hand."""
    entry = int(and_programs.program_of(*books, np.uint64(table)))
    program = [int(x) for x in books[0].program[entry]]
    n = program[0]
    ones = (1 << 64) - 1
    values = [ones, *map(int, six.VARIABLE)]

    def total(mask):
        result = 0
        for j, value in enumerate(values):
            result ^= value if mask >> j & 1 else 0
        return result

    for j in range(n):
        values.append(total(program[1 + 2 * j]) & total(program[2 + 2 * j]))
    assert total(program[1 + 2 * n]) == table
    return n


def widened(table, variables):
    for v in range(variables, 6):
        table |= table << (1 << v)
    return table


def exact_counts(variables):
    """Functions by the fewest ANDs they need, by exhaustion up to two ANDs: every product of two sums of what
    is there. What is left needs three (degree four) where there are four variables."""
    size = 1 << variables
    ones = (1 << size) - 1
    names = [sum(1 << i for i in range(size) if i >> v & 1) for v in range(variables)]

    def span(vectors):
        sums = {0}
        for vector in vectors:
            sums |= {s ^ vector for s in sums}
        return sums

    free = span([ones, *names])
    corners = [0, *(1 << v for v in range(variables))]
    affine = {tuple(a >> i & 1 for i in corners): a for a in free}

    def coset(f):
        return f ^ affine[tuple(f >> i & 1 for i in corners)]

    first = {coset(a & b) for a in span(names) for b in span(names)} - {0}
    second = set()
    for g in first:
        sums = span([*names, g])
        second |= {coset(a & b ^ c) for a in sums for b in sums for c in (0, g)}
    second -= first | {0}
    return [len(free), len(first) * len(free), len(second) * len(free)]


def test_every_function_of_four_variables_costs_its_multiplicative_complexity(books):
    counts = [0] * 4
    for table in range(0, 1 << 16, 2):
        counts[ands_of(books, widened(table, 4))] += 2
    assert counts[:3] == exact_counts(4)
    assert sum(counts) == 1 << 16
    assert counts[3] == 1 << 15  # the functions of degree four: three ANDs by the degree


def test_random_functions_of_five_variables_cost_four_at_most(books):
    rng = random.Random(5)
    for _ in range(500):
        assert ands_of(books, widened(rng.getrandbits(32), 5)) <= 4


def test_affine_equivalent_functions_cost_the_same(books):
    rng = random.Random(6)
    for _ in range(100):
        table = widened(rng.getrandbits(32), 5)
        forms = []
        while len(forms) < 6:  # an invertible matrix, row by row
            row = rng.randrange(1, 64)
            spans = {0}
            for f in forms:
                spans |= {s ^ f for s in spans}
            if row not in spans:
                forms.append(row)
        shift, added, constant = rng.randrange(64), rng.randrange(64), rng.randrange(2)
        moved = 0
        for x in range(64):
            y = shift ^ sum(((f & x).bit_count() & 1) << i for i, f in enumerate(forms))
            value = table >> y & 1 ^ (added & x).bit_count() & 1 ^ constant
            moved |= value << x
        assert ands_of(books, moved) == ands_of(books, table)


def test_known_prices():
    b = Builder("gates")
    x, y, c = b.input("x"), b.input("y"), b.input("c")
    b.output("mux", b.gate("MUX", x, y, c))
    b.output("swapped", b.gate("MUX", x, c, y))
    b.output("or", x | y)
    b.output("nand", ~(x & ~y))
    b.output("parity", x ^ ~y ^ c)
    b.output("one", b.one)
    # The two multiplexers are one conditional swap; OR and NAND are products of the same plane.
    assert minimise_ands(b.freeze()).counts()["AND"] == 2


@pytest.mark.parametrize("width", [2, 8, 64])
@pytest.mark.parametrize("generator", [ripple_carry, kogge_stone], ids=lambda g: g.__name__)
def test_adders_cost_one_and_a_bit(generator, width):
    net = build(generator, a=width, b=width)
    small = minimise_ands(net)
    assert small.counts()["AND"] == width or generator is kogge_stone
    assert small.counts()["AND"] <= net.n_gates
    assert equivalent(net, small)


def test_multiplier_costs_what_the_columns_say():
    small = minimise_ands(build(array_multiplier, a=8, b=8))
    assert small.counts()["AND"] <= 120  # n^2 products and n^2 - n adders
    assert_equivalent(build(array_multiplier, a=8, b=8), small)


@pytest.mark.parametrize("effort", ["quick", "normal", "high"])
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS)
def test_random_netlists_keep_their_function(effort, seed):
    net = random_netlist(seed, n_registers=seed % 4, n_memories=seed % 2)
    small = minimise_ands(net, effort)
    assert_equivalent(net, small)
    assert set(small.counts()) <= {"INPUT", "AND", "XOR", "DFF", "DFF1", "READ"}
    assert len(small.registers) == len(net.registers) and len(small.memories) == len(net.memories)
    assert small.fingerprint == minimise_ands(net, effort).fingerprint


def test_the_epfl_adder_costs_128(shared_data):
    net = read(shared_data / "epfl" / "arithmetic" / "adder.aig")
    small = minimise_ands(net)
    assert small.counts()["AND"] == 128
    assert_equivalent(net, small)


@pytest.mark.parametrize(("width", "most", "most_square"), [(16, 457, 239), (32, 1608, 992), (64, 5229, 3821)])
def test_karatsuba_costs_less_than_columns(width, most, most_square):
    rng = random.Random(width)
    values = [rng.getrandbits(width) for _ in range(200)] + [0, (1 << width) - 1, (1 << width) - 1]
    x = np.array(values, object)
    y = np.array([*reversed(values)], object)
    product = minimise_ands(build(karatsuba, a=width, b=width), "quick")
    assert product.counts()["AND"] <= most
    assert (simulate(product, a=x, b=y)["out"] == x * y).all()
    square = minimise_ands(build(karatsuba_square, a=width), "quick")
    assert square.counts()["AND"] <= most_square
    assert (simulate(square, a=x)["out"] == x * x).all()


@pytest.mark.parametrize("name", ["cavlc", "priority"])
def test_control_circuits_of_epfl_come_near_the_published_counts(shared_data, name):
    net = read(shared_data / "epfl" / "random_control" / f"{name}.aig")
    small = minimise_ands(net)
    assert small.counts()["AND"] <= 1.1 * {"cavlc": 394, "priority": 323}[name]
    assert_equivalent(net, small)


@pytest.mark.parametrize("n", [3, 20, 62])
def test_sums_over_gf2_are_found_where_they_are(n):
    rng = np.random.default_rng(n)
    vectors = rng.integers(0, 1 << 64, (span.MOST_VECTORS, 4), np.uint64)
    care = rng.integers(0, 1 << 64, 4, np.uint64)
    chosen = rng.integers(0, 2, n).astype(bool)
    target = np.bitwise_xor.reduce(vectors[:n][chosen], axis=0, initial=0) ^ ~care  # what does not count differs
    mask = int(span.sum_of(vectors, n, target, care, span.new_scratch(4)))
    assert [bool(mask >> i & 1) for i in range(n)] == chosen.tolist()
    target[0] ^= care[0]
    assert span.sum_of(vectors, n, target, care, span.new_scratch(4)) == span.NO_SUM


def test_refusals():
    net = build(ripple_carry, a=2, b=2)
    with pytest.raises(UnknownNameError, match="effort 'hihg'"):
        minimise_ands(net, "hihg")  # type: ignore[arg-type]
    b = Builder("latch")
    q = b.wire("q")
    b.drive(q, ~(b.input("r") | q))
    b.output("q", q)
    with pytest.raises(LoopError):
        minimise_ands(b.freeze())


def test_the_command_line_says_how_many_ands(gatesim):
    status, out, _ = gatesim("map", "adders.ripple_carry[8]", "--to", "xag")
    assert status == 0 and "8 ANDs" in out
    status, _, err = gatesim("map", "adders.ripple_carry[8]", "--to", "xag", "--effort", "none")
    assert status == 2 and "effort 'none'" in err
