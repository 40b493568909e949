"""Adders, compression and the arithmetic around them: structure, counts and shapes off the beaten track."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import ADDERS, add_modulo, adder_named, carry_save, full_adder, ripple_carry
from circuits.arithmetic import minimum, subtract
from circuits.catalog import catalog
from circuits.compress import multi_operand, reduce_columns
from circuits.dividers import restoring_divider
from circuits.folding import sign_extend, zero_extend
from circuits.multipliers import array_multiplier, baugh_wooley, booth_multiplier, dadda_multiplier, wallace_multiplier
from gatesim import Bit, Builder, Bus, Stimulus, build, compile, engine, simulate
from gatesim.analysis import depth, live
from gatesim.bits import as_signed
from gatesim.errors import BuildError, WidthError

CIRCUITS = catalog()


def exhaustive(net):
    stimulus = Stimulus.exhaustive(net)
    values = {k: v[0].astype(np.int64) for k, v in stimulus.values(net).items()}
    result = engine("logic2")(compile(net)).run(stimulus)
    return values, {k: result[k][0] for k in result}


def blocks(net, kind: str) -> int:
    """How many scopes of that kind hold at least one gate."""
    return sum(1 for s in net.scopes if s.kind == kind)


# -- adders ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("name", ADDERS)
def test_adders_without_carry_in(name, width):
    x, out = exhaustive(build(ADDERS[name], a=width, b=width))
    assert (out["sum"] + (out["carry"] << np.uint64(width)) == x["a"] + x["b"]).all()


@pytest.mark.parametrize("cin", [0, 1])
@pytest.mark.parametrize("name", ADDERS)
def test_a_constant_carry_in_is_folded(name, cin):
    def fixed(a: Bus, b: Bus) -> dict[str, Bit | Bus]:
        return ADDERS[name](a, b, a.builder.one if cin else a.builder.zero)._asdict()

    net = build(fixed, a=6, b=6)
    x, out = exhaustive(net)
    assert (out["sum"] + (out["carry"] << np.uint64(6)) == x["a"] + x["b"] + cin).all()
    assert not np.isin(net.fanin, (0, 1)).any(), "a gate reads a constant"


@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("name", ADDERS)
def test_add_modulo_drops_the_carry(name, width):
    def modulo(a: Bus, b: Bus, cin: Bit | None = None) -> Bus:
        return add_modulo(a, b, cin, ADDERS[name])

    for arguments in ({}, {"cin": 1}):
        net = build(modulo, a=width, b=width, **arguments)
        x, out = exhaustive(net)
        assert (out["out"] == (x["a"] + x["b"] + x.get("cin", 0)) % (1 << width)).all()
        assert live(net)[net.n_nets - net.n_gates :].all()


def test_textbook_gate_counts():
    assert build(full_adder).n_gates == 5
    assert build(ripple_carry, a=16, b=16, cin=1).n_gates == 80
    assert build(ripple_carry, a=16, b=16).n_gates == 77, "without a carry-in the first is a half adder"
    assert build(carry_save, a=16, b=16, c=16).n_gates == 80
    assert depth(build(carry_save, a=64, b=64, c=64)) == 3
    n, log = 64, 6
    # Two gates a bit for generate and propagate, one for the sum (bit 0 needs none), and the cells:
    # three gates, or two where the span reaches bit 0.
    cells = {"kogge_stone": n * log - n + 1, "sklansky": n // 2 * log, "brent_kung": 2 * n - 2 - log}
    for name, count in cells.items():
        net = build(ADDERS[name], a=n, b=n)
        assert net.n_gates == 2 * n + (n - 1) + 3 * count - (n - 1), name
    assert depth(build(ADDERS["kogge_stone"], a=n, b=n)) == 1 + 2 * log
    assert depth(build(ADDERS["sklansky"], a=n, b=n)) == 2 + 2 * log


def test_the_trade_off_at_64_bits():
    price = {name: build(f, a=64, b=64) for name, f in ADDERS.items()}
    gates = {name: net.n_gates for name, net in price.items()}
    levels = {name: depth(net) for name, net in price.items()}
    assert min(gates, key=gates.__getitem__) == "ripple_carry" and max(gates, key=gates.__getitem__) == "kogge_stone"
    assert max(levels, key=levels.__getitem__) == "ripple_carry"
    assert levels["ripple_carry"] > levels["carry_skip"] > levels["brent_kung"] > levels["kogge_stone"]
    assert gates["brent_kung"] < gates["sklansky"] < gates["kogge_stone"]


def test_adders_refuse_other_widths_and_names():
    for name, adder in ADDERS.items():
        with pytest.raises(WidthError, match=rf"{name}\(\) of buses of 4 and 5 bits"):
            build(adder, a=4, b=5)
    with pytest.raises(BuildError, match="unknown adder 'kogge'; known: ripple_carry"):
        adder_named("kogge")
    assert adder_named("sklansky") is ADDERS["sklansky"]


SOLID = ("adders", "arithmetic", "compress", "multipliers", "dividers")


@pytest.mark.parametrize("name", [c.name for c in CIRCUITS.values() if c.module in SOLID])
def test_no_gate_is_wasted(name):
    for width in CIRCUITS[name].widths():
        net = CIRCUITS[name].build(width)
        first = net.n_nets - net.n_gates  # inputs come first
        assert live(net)[first:].all(), f"{name} at {width} has a gate that nothing reads"
        assert not np.isin(net.fanin, (0, 1)).any(), f"{name} at {width} has a gate on a constant"


# -- compression -----------------------------------------------------------------------------


@given(
    heights=st.lists(st.integers(0, 14), min_size=1, max_size=8).filter(any),
    constants=st.lists(st.integers(0, 3), min_size=8, max_size=8),
    style=st.sampled_from(["dadda", "wallace"]),
    seed=st.integers(0, 1 << 30),
)
@settings(max_examples=60, deadline=None)
def test_compression_of_odd_shapes(heights, constants, style, seed):
    b = Builder("columns")
    columns, weights = [], []
    for k, height in enumerate(heights):
        columns.append([b.input(f"x{k}_{i}") for i in range(height)] + [b.one] * constants[k])
        weights += [1 << k] * height
    rows = reduce_columns(columns, style)
    b.output("a", rows.a)
    b.output("b", rows.b)
    net = b.freeze()
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (len(weights), 130))
    values = {p.name: x[i] for i, p in enumerate(net.inputs)}
    result = simulate(net, values)
    want = sum(w * v for w, v in zip(weights, x, strict=True)) + sum(
        c << k for k, c in enumerate(constants[: len(heights)])
    )
    assert ((result["a"] + result["b"] - want.astype(np.uint64)) % (1 << len(heights)) == 0).all()
    assert not np.isin(net.fanin, (0, 1)).any(), "a gate reads a constant"


@pytest.mark.parametrize("n", [3, 4, 6, 8, 13, 16, 32])
def test_dadda_uses_the_known_number_of_adders(n):
    # Townsend, Swartzlander and Abraham 2003: n^2 - 4n + 3 full adders and n - 1 half adders.
    net = build(dadda_multiplier, a=n, b=n)
    assert (blocks(net, "full_adder"), blocks(net, "half_adder")) == (n * n - 4 * n + 3, n - 1)


def test_wallace_is_at_most_as_deep_and_dadda_smaller():
    for n in (8, 16, 32):
        wallace, dadda = (build(f, a=n, b=n) for f in (wallace_multiplier, dadda_multiplier))
        assert dadda.n_gates < wallace.n_gates
        assert depth(dadda) < depth(build(array_multiplier, a=n, b=n)) / 1.5


def test_reduce_columns_says_what_is_wrong():
    b = Builder()
    with pytest.raises(BuildError, match="unknown compression style 'dada'; known: 'dadda', 'wallace'"):
        reduce_columns([[b.input("x")]], "dada")  # type: ignore[arg-type]
    with pytest.raises(BuildError, match="no bit to reduce"):
        reduce_columns([[], []])


def test_multi_operand_of_different_widths():
    net = build(multi_operand, operands=(3, 1, 7, 2))
    x, out = exhaustive(net)
    assert net.port("out").width == 8
    assert (out["out"] == sum(x.values())).all()


# -- unequal widths, and without the optional inputs ------------------------------------------


@pytest.mark.parametrize(("n", "m"), [(1, 5), (5, 1), (4, 7), (7, 4), (6, 3)])
def test_multipliers_of_unequal_widths(n, m):
    for multiplier in (array_multiplier, wallace_multiplier, dadda_multiplier):
        x, out = exhaustive(build(multiplier, a=n, b=m))
        assert (out["out"] == x["a"] * x["b"]).all(), multiplier
    for multiplier in (baugh_wooley, booth_multiplier):
        x, out = exhaustive(build(multiplier, a=n, b=m))
        product = as_signed(x["a"], n) * as_signed(x["b"], m)
        assert (as_signed(out["out"], n + m) == product).all(), multiplier


@pytest.mark.parametrize(("n", "m"), [(8, 3), (3, 8), (1, 4), (9, 1)])
def test_divider_of_unequal_widths_and_by_zero(n, m):
    x, out = exhaustive(build(restoring_divider, dividend=n, divisor=m))
    a, d = x["dividend"], x["divisor"]
    some = d > 0
    assert (out["quotient"][some] == a[some] // d[some]).all()
    assert (out["remainder"][some] == a[some] % d[some]).all()
    assert (out["quotient"][~some] == (1 << n) - 1).all()
    assert (out["remainder"][~some] == a[~some] & ((1 << m) - 1)).all()


@pytest.mark.parametrize("name", ADDERS)
def test_subtract_through_every_adder(name):
    x, out = exhaustive(build(subtract, a=6, b=6, adder=ADDERS[name]))
    assert (out["difference"] == (x["a"] - x["b"]) % 64).all()
    assert (out["borrow"] == (x["a"] < x["b"])).all()


def test_signed_minimum_and_width_errors():
    x, out = exhaustive(build(minimum, a=5, b=5, is_signed=True))
    assert (as_signed(out["out"], 5) == np.minimum(as_signed(x["a"], 5), as_signed(x["b"], 5))).all()
    with pytest.raises(WidthError, match=r"minimum\(\) of buses of 5 and 4 bits"):
        build(minimum, a=5, b=4)


def test_extension():
    def both(a: Bus) -> dict[str, Bus]:
        return {"s": sign_extend(a, 6), "z": zero_extend(a, 6), "cut": sign_extend(a, 2)}

    x, out = exhaustive(build(both, a=4))
    assert (as_signed(out["s"], 6) == as_signed(x["a"], 4)).all()
    assert (out["z"] == x["a"]).all() and (out["cut"] == x["a"] % 4).all()


def test_library_has_one_full_adder():
    net = build(array_multiplier, a=8, b=8)
    kinds = Counter(s.kind for s in net.scopes)
    assert kinds["full_adder"] == 7 * 8
