"""Quantised arithmetic in gates: the requantisation rule, dense layers, constants, argmax."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from circuits.constants import accumulator_ranges, dense, multiply_constant, product_width, weighted_sum
from circuits.digits import signed_digits, signed_width
from circuits.sharing import share
from circuits.tensor import argmax, mac, requantise, requantise_by, requantised
from gatesim import build, simulate
from gatesim.bits import as_signed
from gatesim.errors import BuildError, ValueFitError, WidthError

INT32 = np.iinfo(np.int32)


def float32_rule(acc, multiplier, zero_point, is_signed, shift=16):
    """What quantised frameworks compute: float32 product, rint (half to even), zero point, clamp."""
    scale = np.float32(multiplier) / np.float32(1 << shift)
    assert float(scale) == multiplier / (1 << shift), "the rule asks for a scale that float32 holds exactly"
    value = np.rint(acc.astype(np.int32).astype(np.float32) * scale)
    low, high = (-128, 127) if is_signed else (0, 255)
    return np.clip(value.astype(np.float64) + zero_point, low, high).astype(np.int64)


def accumulators(multiplier, rng):
    """Random int32, both ends, all small ones, and the neighbourhood of every rounding step."""
    steps = ((np.arange(-600, 600) * 2 + 1) << 15) // max(multiplier, 1)
    around = (steps[:, None] + np.arange(-2, 3)).reshape(-1)
    ends = np.array([0, 1, -1, INT32.min, INT32.min + 1, INT32.max, INT32.max - 1, 1 << 24, (1 << 24) + 1, -(1 << 24)])
    some = [np.arange(-4096, 4096), around, ends, rng.integers(INT32.min, INT32.max, 200_000, endpoint=True)]
    some.append(rng.integers(-(1 << 20), 1 << 20, 100_000))
    acc = np.concatenate(some)
    return acc[(acc >= INT32.min) & (acc <= INT32.max)].astype(np.int64)


@pytest.mark.parametrize(
    ("multiplier", "zero_point", "is_signed"),
    [(161, 0, False), (15, 0, False), (1 << 8, 0, True), (3 << 7, -128, True), (32768, 5, True), (65535, 255, False)]
    + [(47_111, 127, True), (1, 128, False), (0, 17, True), (1 << 16, 0, True)],
)
def test_requantise_equals_float32_on_int32_accumulators(multiplier, zero_point, is_signed):
    acc = accumulators(multiplier, np.random.default_rng(multiplier))
    want = float32_rule(acc, multiplier, zero_point, is_signed)
    assert (requantised(acc, multiplier, zero_point, is_signed) == want).all(), "the integer rule"
    net = build(requantise, acc=32, multiplier=multiplier, zero_point=zero_point, is_signed=is_signed)
    out = simulate(net, acc=acc)["out"]
    got = as_signed(out, 8) if is_signed else out.astype(np.int64)
    wrong = np.flatnonzero(got != want)
    assert not len(wrong), f"acc {acc[wrong[:5]]}: gates {got[wrong[:5]]}, float32 {want[wrong[:5]]}"
    assert not np.isin(net.fanin, (0, 1)).any(), "a gate reads a constant"


@pytest.mark.parametrize("shift", [0, 1, 4, 12])
def test_requantise_with_fewer_binary_places(shift):
    rng = np.random.default_rng(shift)
    for multiplier in (1, 3, 200):
        acc = rng.integers(-(1 << 13), 1 << 13, 20_000)
        net = build(requantise, acc=14, multiplier=multiplier, zero_point=-7, is_signed=True, shift=shift)
        want = float32_rule(acc, multiplier, -7, True, shift)
        assert (as_signed(simulate(net, acc=acc)["out"], 8) == want).all()


def test_requantise_by_a_signal():
    rng = np.random.default_rng(3)
    multiplier = np.concatenate([rng.integers(0, 1 << 16, 60_000), [0, 1, 65535, 32768] * 50])
    acc = np.concatenate([rng.integers(-(1 << 20), 1 << 20, 60_000), rng.integers(INT32.min, INT32.max, 200)])
    for is_signed, zero_point in ((True, -5), (False, 100)):
        net = build(requantise_by, acc=32, multiplier=16, zero_point=zero_point, is_signed=is_signed)
        out = simulate(net, acc=acc, multiplier=multiplier)["out"]
        got = as_signed(out, 8) if is_signed else out.astype(np.int64)
        assert (got == requantised(acc, multiplier, zero_point, is_signed)).all()


def test_requantise_refuses_what_the_rule_does_not_cover():
    for arguments, message in (
        ({"multiplier": -1}, "multiplier -1 is negative"),
        ({"multiplier": 3, "zero_point": -1}, "zero point -1 is outside 0 to 255"),
        ({"multiplier": 3, "shift": 17}, "shift 17 is outside 0 to 16"),
    ):
        with pytest.raises(ValueFitError, match=message):
            build(requantise, acc=16, **arguments)


# -- constants -------------------------------------------------------------------------------


def test_signed_digits_are_canonical():
    for value in range(-1100, 1100):
        digits = signed_digits(value)
        assert sum(d << i for i, d in enumerate(digits)) == value
        assert all(not (a and b) for a, b in pairwise(digits)), "two neighbours"


@pytest.mark.parametrize("is_signed", [False, True])
def test_multiply_by_every_constant_of_eight_bits(is_signed):
    a = np.arange(64)
    values = as_signed(a, 6) if is_signed else a
    for constant in range(-128, 128):
        net = build(multiply_constant, a=6, constant=constant, is_signed=is_signed)
        out, width = simulate(net, a=a)["out"], product_width(6, constant, is_signed)
        assert net.port("out").width == width
        got = as_signed(out, width) if is_signed or constant < 0 else out.astype(np.int64)
        assert (got == values * constant).all(), constant
        if width > 1:
            products = values * constant
            narrow = (signed_width(int(products.min()), int(products.max())), int(products.max()).bit_length())
            assert width <= narrow[0 if is_signed or constant < 0 else 1], "fewest bits"
        if constant > 0 and constant & (constant - 1) == 0 and not is_signed:
            assert net.n_gates == 0, "a shift is wires"


def test_mac_of_int8_is_exact_modulo_the_accumulator():
    rng = np.random.default_rng(0)
    a, b = (np.concatenate([rng.integers(-128, 128, 100_000), [-128, -128, 127, 127]]) for _ in range(2))
    acc = np.concatenate([rng.integers(INT32.min, INT32.max, 100_000), [INT32.max, INT32.min, INT32.max, INT32.min]])
    out = simulate(build(mac, a=8, b=8, acc=32), a=a, b=b, acc=acc)["out"]
    assert (as_signed(out, 32) == (acc + a * b).astype(np.int64).astype(np.int32)).all()
    narrow = simulate(build(mac, a=8, b=8, acc=10), a=a, b=b, acc=acc & 1023)["out"]
    assert (narrow == (acc + a * b) & 1023).all()


# -- dense layers ----------------------------------------------------------------------------


@pytest.mark.parametrize(("style", "sharing"), [("dadda", False), ("wallace", False), ("dadda", True)])
@pytest.mark.parametrize(("n_in", "n_out", "width", "seed"), [(1, 3, 8, 0), (7, 5, 4, 1), (16, 4, 8, 2), (3, 2, 1, 3)])
def test_dense_equals_the_matrix_product(n_in, n_out, width, seed, style, sharing):
    rng = np.random.default_rng(seed)
    weights = rng.integers(-128, 128, (n_out, n_in))
    weights[rng.random(weights.shape) < 0.2] = 0
    bias = rng.integers(-5000, 5000, n_out)
    arguments = {"weights": weights.tolist(), "bias": bias.tolist(), "style": style, "sharing": sharing}
    net = build(dense, inputs=(width,) * n_in, **arguments)
    x = rng.integers(0, 1 << width, (5000, n_in))
    x[0], x[1] = 0, (1 << width) - 1
    for j in range(n_out):  # the patterns that reach both ends of each accumulator
        x[2 + 2 * j] = np.where(weights[j] > 0, (1 << width) - 1, 0)
        x[3 + 2 * j] = np.where(weights[j] < 0, (1 << width) - 1, 0)
    result = simulate(net, {f"inputs{i}": x[:, i] for i in range(n_in)})
    want = x @ weights.T + bias
    for j in range(n_out):
        port = net.port(f"acc{j}")
        assert (as_signed(result[f"acc{j}"], port.width) == want[:, j]).all()
        assert port.width == signed_width(int(want[:, j].min()), int(want[:, j].max())), "exact width"
    assert not np.isin(net.fanin, (0, 1)).any(), "a gate reads a constant"


def test_sharing_saves_a_quarter_of_the_gates():
    rng = np.random.default_rng(4)
    weights = np.clip(np.rint(rng.normal(0, 40, (16, 24))), -128, 127).astype(int).tolist()
    weights[3] = [0] * 24
    arguments = {"inputs": (5,) * 24, "weights": weights, "bias": list(range(16)), "maxima": [16] * 24}
    plain, shared = (build(dense, **arguments, sharing=s) for s in (False, True))
    assert shared.n_gates < 0.85 * plain.n_gates
    x = rng.integers(0, 17, (3000, 24))
    x[0], x[1] = 0, 16
    values = {f"inputs{i}": x[:, i] for i in range(24)}
    one, two = simulate(plain, values), simulate(shared, values)
    assert [p.width for p in plain.outputs] == [p.width for p in shared.outputs]
    assert all((one[p.name] == two[p.name]).all() for p in plain.outputs)


def test_a_sharing_plan_is_the_same_matrix():
    rng = np.random.default_rng(5)
    matrix = rng.integers(-128, 128, (10, 6)).tolist()
    plan = share(matrix, [255] * 6)
    assert plan.pairs
    x = rng.integers(0, 256, 6).tolist()
    for pair in plan.pairs:
        first, second = x[pair.first], x[pair.second]
        x.append((first << max(0, -pair.distance)) + pair.sign * (second << max(0, pair.distance)))
    assert all(low <= v <= high for v, (low, high) in zip(x, plan.ranges, strict=True))
    got = [sum(sign * (x[v] << s) for (v, s), sign in row.items()) for row in plan.rows]
    assert got == [sum(w * v for w, v in zip(row, x[:6], strict=True)) for row in matrix]


def test_dense_with_maxima_and_numpy_arguments():
    weights, bias = np.array([[127] * 8, [0] * 8, [-1] * 8], np.int8), np.array([0, -3, 0], np.int32)
    net = build(dense, inputs=(5,) * 8, weights=weights, bias=bias, maxima=[16] * 8)
    assert [p.width for p in net.outputs] == [signed_width(0, 127 * 128), 3, 8]
    x = np.random.default_rng(1).integers(0, 17, (500, 8))
    result = simulate(net, {f"inputs{i}": x[:, i] for i in range(8)})
    want = x @ weights.astype(int).T + bias
    for j, port in enumerate(net.outputs):
        assert (as_signed(result[port.name], port.width) == want[:, j]).all()
    assert accumulator_ranges(weights, bias, [16] * 8) == [(0, 127 * 128), (-3, -3), (-128, 0)]


def test_dense_says_which_shape_is_wrong():
    good = {"inputs": (4, 4), "weights": [[1, 2]], "bias": [0]}
    for change, error, message in (
        ({"bias": [0, 1]}, WidthError, "1 rows of weights and 2 biases"),
        ({"weights": [[1, 2, 3]]}, WidthError, "row 0 has 3 weights for 2 inputs"),
        ({"maxima": [16, 3]}, ValueFitError, "maximum 16 of input 0 does not fit into 4 bits"),
        ({"maxima": [15]}, WidthError, "1 maxima for 2 inputs"),
    ):
        with pytest.raises(error, match=message):
            build(dense, **(good | change))
    with pytest.raises(WidthError, match="at least one term"):
        weighted_sum([], 3, 4)


# -- argmax ----------------------------------------------------------------------------------


@pytest.mark.parametrize("is_signed", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 10])
def test_argmax_takes_the_lowest_index_of_equals(count, is_signed):
    rng = np.random.default_rng(count)
    low, high = (-4, 4) if is_signed else (0, 8)
    x = rng.integers(low, high, (20_000, count))  # a small range: ties everywhere
    net = build(argmax, values=(3,) * count, is_signed=is_signed)
    result = simulate(net, {f"values{i}": x[:, i] for i in range(count)})
    assert (result["index"] == x.argmax(axis=1)).all()
    top = as_signed(result["maximum"], 3) if is_signed else result["maximum"]
    assert (top == x.max(axis=1)).all()


def test_argmax_of_different_widths_and_of_nothing():
    rng = np.random.default_rng(9)
    widths = (3, 6, 4)
    x = np.stack([rng.integers(-(1 << (w - 1)), 1 << (w - 1), 4000) for w in widths], axis=1)
    result = simulate(build(argmax, values=widths), {f"values{i}": x[:, i] for i in range(3)})
    assert (result["index"] == x.argmax(axis=1)).all()
    with pytest.raises(BuildError, match="argmax"):
        build(argmax, values=())
