"""Floating point: gates against NumPy, ml_dtypes and exact integers.

``GATESIM_FLOAT_CASES=10000000`` makes the corner-heavy runs longer (default: what ``make test`` has time for).
"""

from __future__ import annotations

import os
from fractions import Fraction
from functools import cache

import float_cases as cases
import numpy as np
import pytest

from circuits import float_models as models
from circuits.float_formats import FORMATS, FloatFormat, float_format
from circuits.floats import (
    float_add,
    float_compare,
    float_multiply,
    float_multiply_add,
    float_subtract,
    float_to_float,
    float_to_int,
    int_to_float,
)
from gatesim import build, map_to, simulate
from gatesim.analysis import live
from gatesim.errors import BuildError, UnknownNameError, WidthError

COUNT = int(os.environ.get("GATESIM_FLOAT_CASES", "1000000"))
STEP = 2_000_000
SMALL, LARGE = ("e5m2", "e4m3"), ("fp16", "bf16", "fp32")
OPERATIONS = {"add": (float_add, np.add), "subtract": (float_subtract, np.subtract), "multiply": (float_multiply, np.multiply)}  # fmt: skip


@cache
def circuit(function, name: str):
    width = FORMATS[name].width
    ports = {"a": width, "b": width} | ({"c": width} if function is float_multiply_add else {})
    return build(function, format=name, **ports)


def gates(function, name: str, **values: np.ndarray) -> np.ndarray:
    return simulate(circuit(function, name), values)["out"]


def assert_equal(name: str, got: np.ndarray, want: np.ndarray, *operands: np.ndarray) -> None:
    wrong = np.flatnonzero(got != want)
    if len(wrong):
        i = wrong[0]
        at = ", ".join(hex(int(x[i])) for x in operands)
        pytest.fail(f"{name} of {at}: {int(got[i]):#x}, wanted {int(want[i]):#x} ({len(wrong)} of {len(got)} wrong)")


def batches(total: int):
    for seed, start in enumerate(range(0, total, STEP)):
        yield seed, min(STEP, total - start)


def native(name: str, operation, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return cases.canonical(name, operation(cases.typed(name, a), cases.typed(name, b)))


def all_pairs() -> tuple[np.ndarray, np.ndarray]:
    x = np.arange(1 << 16, dtype=np.uint64)
    return x & np.uint64(255), x >> np.uint64(8)


# -- add, subtract, multiply -----------------------------------------------------------------


@pytest.mark.parametrize("what", OPERATIONS)
@pytest.mark.parametrize("name", SMALL)
def test_all_pairs_of_8_bits(name, what):
    function, operation = OPERATIONS[what]
    a, b = all_pairs()
    assert_equal(f"{name} {what}", gates(function, name, a=a, b=b), native(name, operation, a, b), a, b)


@pytest.mark.parametrize("what", OPERATIONS)
@pytest.mark.parametrize("name", LARGE)
def test_corner_heavy_pairs(name, what):
    function, operation = OPERATIONS[what]
    for seed, count in batches(COUNT):
        a, b = cases.Operands(name, seed).pairs(count)
        got, want = gates(function, name, a=a, b=b), native(name, operation, a, b)
        assert_equal(f"{name} {what}", got, want, a, b)


@pytest.mark.parametrize("name", FORMATS)
def test_nand_only_gives_the_same(name):
    a, b = cases.Operands(name, 5).pairs(50_000)
    for function in (float_add, float_multiply):
        net = circuit(function, name)
        assert_equal(name, simulate(map_to(net, "nand"), a=a, b=b)["out"], simulate(net, a=a, b=b)["out"], a, b)


# -- multiply-add ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_multiply_add_rounds_once(name):
    for seed, count in batches(COUNT):
        operands = cases.Operands(name, 100 + seed)
        a, b = operands.pairs(count)
        c = operands.addends(name, a, b)
        got = gates(float_multiply_add, name, a=a, b=b, c=c)
        assert_equal(f"{name} multiply-add", got, cases.multiply_add(name, a, b, c), a, b, c)


@pytest.mark.parametrize("name", FORMATS)
def test_multiply_add_against_exact_integers(name):
    operands = cases.Operands(name, 7)
    a, b = operands.pairs(max(20_000, COUNT // 50))
    c = operands.addends(name, a, b)
    got = gates(float_multiply_add, name, a=a, b=b, c=c)
    f = FORMATS[name]
    want = np.array([models.multiply_add(f, *x) for x in zip(a.tolist(), b.tolist(), c.tolist(), strict=True)])
    assert_equal(f"{name} multiply-add", got, want, a, b, c)


def test_the_model_of_rounding_against_fractions():
    # The nearest of all finite numbers, searched for; of two equally near the one with the even pattern.
    f = FloatFormat(3, 2)
    finite = list(range(f.overflow + 1))
    value = {v: Fraction(*_fraction(f, v)) for v in finite[:-1]}
    value[f.overflow] = value[f.overflow - 1] * 2 - value[f.overflow - 2]  # where the next would be
    for n in range(700):
        x = Fraction(n, 32)
        best = min(finite, key=lambda v, x=x: (abs(value[v] - x), v & 1))
        assert models.encode(f, n, -5) == best, n


def _fraction(f, v):
    n, p = models.decode(f, v)
    return (n << p, 1) if p >= 0 else (n, 1 << -p)


@pytest.mark.parametrize("format", [FloatFormat(2, 1), FloatFormat(2, 3), FloatFormat(3, 1), FloatFormat(4, 1), FloatFormat(2, 2, False)])  # fmt: skip
def test_odd_formats_in_all_triples(format):
    w = format.width
    x = np.arange(1 << 3 * w, dtype=np.uint64)
    keep, s = np.uint64((1 << w) - 1), np.uint64(w)
    a, b, c = x & keep, (x >> s) & keep, x >> (s + s)
    args = {"format": format}
    some = np.random.default_rng(1).permutation(len(x))[:60_000]
    a, b, c = a[some], b[some], c[some]
    for function, model, values in (
        (float_add, models.operation_model(models.add, "a", "b"), {"a": a, "b": b}),
        (float_multiply, models.operation_model(models.multiply, "a", "b"), {"a": a, "b": b}),
        (float_multiply_add, models.operation_model(models.multiply_add, "a", "b", "c"), {"a": a, "b": b, "c": c}),
    ):
        net = build(function, format=format, **dict.fromkeys(values, w))
        assert_equal(f"{format}", simulate(net, values)["out"], model(values, args)["out"], *values.values())


# -- compare ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
def test_compare(name):
    total = COUNT if name in LARGE else 1
    for seed, count in batches(total):
        a, b = cases.Operands(name, 200 + seed).pairs(count) if name in LARGE else all_pairs()
        x, y = cases.typed(name, a), cases.typed(name, b)
        result = simulate(circuit(float_compare, name), a=a, b=b)
        with np.errstate(invalid="ignore"):
            for port, want in (("lt", x < y), ("eq", x == y), ("gt", x > y)):
                assert_equal(f"{name} {port}", result[port], want, a, b)
        assert (result["lt"] + result["eq"] + result["gt"] + result["unordered"] == 1).all()


# -- conversions -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize("name", FORMATS)
def test_integers_to_floats(name, is_signed):
    net = build(int_to_float, a=32, format=name, is_signed=is_signed)
    rng = np.random.default_rng(3)
    powers = (1 << rng.integers(0, 33, COUNT // 5)) + rng.integers(-3, 4, COUNT // 5)
    scaled = rng.integers(0, 1 << 32, COUNT // 5) >> rng.integers(0, 32, COUNT // 5)
    ties = (rng.integers(0, 1 << 26, COUNT // 5) << rng.integers(0, 12, COUNT // 5)) + rng.integers(-1, 2, COUNT // 5)
    a = np.concatenate([powers, -powers, scaled, -scaled, ties]).astype(np.uint64) & np.uint64((1 << 32) - 1)
    numbers = a.astype(np.uint32).view(np.int32) if is_signed else a.astype(np.uint32)
    want = cases.narrow(name, numbers.astype(np.float64))
    assert_equal(f"int to {name}", simulate(net, a=a)["out"], want, a)


@pytest.mark.parametrize("truncate", [False, True])
@pytest.mark.parametrize(("width", "is_signed"), [(32, True), (32, False), (8, True), (1, True), (5, False)])
@pytest.mark.parametrize("name", FORMATS)
def test_floats_to_integers(name, width, is_signed, truncate):
    f = FORMATS[name]
    net = build(float_to_int, a=f.width, format=name, width=width, is_signed=is_signed, truncate=truncate)
    a = np.arange(1 << f.width, dtype=np.uint64) if f.width <= 16 else cases.Operands(name, 4).mixed(COUNT // 5)
    if f.width > 16:  # most exponents are far from any integer: dwell where they are near
        operands = cases.Operands(name, 6)
        a = np.concatenate([a, operands.with_field(operands.rng.integers(f.bias - 3, f.bias + 35, COUNT // 5))])
    x = cases.wide(name, a)
    low, high = (-(2.0 ** (width - 1)), 2.0 ** (width - 1) - 1) if is_signed else (0.0, 2.0**width - 1)
    with np.errstate(invalid="ignore"):  # signalling NaNs
        whole = np.clip(np.nan_to_num((np.trunc if truncate else np.rint)(x), nan=np.inf), low, high)
    want = whole.astype(np.int64) & ((1 << width) - 1)
    assert_equal(f"{name} to int", simulate(net, a=a)["out"], want.astype(np.uint64), a)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("name", FORMATS)
def test_floats_to_floats(name, target):
    f = FORMATS[name]
    net = build(float_to_float, a=f.width, format=name, target=target)
    a = np.arange(1 << f.width, dtype=np.uint64) if f.width <= 16 else cases.Operands(name, 4).mixed(COUNT // 2)
    x, with_infinity = cases.wide(name, a), FORMATS[target].infinities
    want = cases.narrow(target, x if with_infinity else np.where(np.isinf(x), np.nan, x))
    assert_equal(f"{name} to {target}", simulate(net, a=a)["out"], want, a)


# -- structure, errors -----------------------------------------------------------------------


@pytest.mark.parametrize("function", [float_add, float_multiply, float_multiply_add])
@pytest.mark.parametrize("name", FORMATS)
def test_no_gate_is_wasted(name, function):
    net = circuit(function, name)
    assert live(net)[net.n_nets - net.n_gates :].all(), "a gate that nothing reads"
    assert not np.isin(net.fanin, (0, 1)).any(), "a gate on a constant"


def test_what_makes_no_sense_is_refused():
    with pytest.raises(WidthError, match=r"float_add\(\) of a bus of 15 bits: its format has 16"):
        build(float_add, a=16, b=15, format="fp16")
    with pytest.raises(UnknownNameError, match="float format"):
        float_format("fp17")
    with pytest.raises(BuildError, match="a float of 1 exponent and 3 mantissa bits is no format"):
        FloatFormat(1, 3)
    with pytest.raises(BuildError, match="integers of at least 1 bit, not 0"):
        build(float_to_int, a=8, format="e5m2", width=0)
