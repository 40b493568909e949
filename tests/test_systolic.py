"""Systolic arrays: values against NumPy, cycles against closed forms and against SCALE-Sim's own output."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.systolic import SystolicArray, output_stage, requantise_columns
from circuits.systolic.output_stage import output_values
from circuits.systolic.plan import Dataflow, feeds
from gatesim import build, compile, engine, map_to, simulate
from gatesim.errors import UnknownNameError, ValueFitError, WidthError
from gatesim.stimulus import Stimulus
from gatesim.timing import count_switching

KINDS: dict[str, tuple[Dataflow, bool]] = {"ws": ("weight", False), "double": ("weight", True), "os": ("output", False)}


@cache
def array(kind, rows, columns, **options):
    dataflow, double = KINDS[kind]
    return SystolicArray(rows, columns, dataflow, double_buffered=double, **options)


def operands(m, k, n, seed=0):
    g = np.random.default_rng(seed)
    return g.integers(-128, 128, (m, k)), g.integers(-128, 128, (k, n))


def closed_form(kind, rows, columns, m, k, n):
    """Written down again from the facts, not taken from the plan."""
    up = lambda x, y: -(-x // y)  # noqa: E731
    if kind == "os":
        return up(m, rows) * up(n, columns) * (rows + columns + k - 2)
    folds = up(k, rows) * up(n, columns)
    if kind == "ws":
        return folds * (2 * rows + columns + m - 2)
    return (folds - 1) * max(m, 2 * rows - 1) + 2 * rows + columns + m - 1


GRIDS = ((1, 1), (2, 5), (4, 4), (8, 3), (8, 8), (5, 16), (16, 16))
PRODUCTS = (
    (1, 1, 1), (4, 4, 4), (8, 8, 8), (3, 17, 5), (20, 16, 16), (33, 7, 9), (1, 32, 31), (64, 9, 2), (16, 40, 24),
)  # fmt: skip


@pytest.mark.parametrize("rows, columns", GRIDS)
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_counted_cycles(kind, rows, columns):
    """63 shapes a dataflow, 189 in all: the tags that leave the array agree with the closed forms."""
    for m, k, n in PRODUCTS:
        a, b = operands(m, k, n)
        got = array(kind, rows, columns).multiply(a, b)
        assert got.values.dtype == np.int32
        assert np.array_equal(got.values, a @ b), (m, k, n)
        assert got.cycles == closed_form(kind, rows, columns, m, k, n) == got.plan.cycles, (m, k, n)
        drain = rows if kind == "os" else 0  # a fold's results leave row by row, hidden but for the last fold's
        assert got.drained_cycles == got.cycles + drain
        assert got.utilisation == m * k * n / (rows * columns * got.cycles)


@pytest.mark.parametrize(
    "size, shape, ws, os",
    [
        (4, (8, 8, 8), 71, 55), (8, (8, 8, 8), 29, 21), (8, (64, 64, 64), 5503, 4991), (8, (450, 10, 64), 7551, 8891),
        (16, (16, 16, 16), 61, 45), (32, (64, 64, 64), 631, 503), (32, (450, 10, 64), 1087, 1889),
        (256, (256, 256, 256), 1021, 765),
    ],
)  # fmt: skip
def test_one_more_than_scale_sim_prints(size, shape, ws, os):
    """ "Total Cycles" of scalesim 3.0.0, which counts from 0; its GEMMs are given as M, N, K."""
    m, n, k = shape
    a, b = operands(m, k, n)
    for kind, printed in (("ws", ws), ("os", os)):
        got = array(kind, size, size).multiply(a, b)
        assert got.cycles == printed + 1
        assert np.array_equal(got.values, a @ b)


def test_the_digits_sized_product_takes_3968_cycles():
    a, b = operands(450, 64, 32)
    got = array("ws", 16, 16).multiply(a, b)
    assert got.cycles == 3968 and np.array_equal(got.values, a @ b)
    assert got.utilisation == pytest.approx(0.907, abs=5e-4)


@given(st.sampled_from(sorted(KINDS)), st.integers(1, 30), st.integers(1, 14), st.integers(1, 14), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_any_shape(kind, m, k, n, seed):
    a, b = operands(m, k, n, seed)
    got = array(kind, 4, 4).multiply(a, b)
    assert np.array_equal(got.values, a @ b) and got.cycles == closed_form(kind, 4, 4, m, k, n)


@pytest.mark.parametrize("kind", KINDS)
def test_extremes_and_the_reference_engine(kind):
    cells = array(kind, 2, 3)
    a, b = np.full((3, 5), -128), np.full((5, 4), -128)
    a[1], b[:, 2] = 127, 127
    slow = engine("python")(compile(cells.cell))
    assert np.array_equal(cells.multiply(a, b).values, a @ b)
    assert np.array_equal(cells.multiply(a, b, engine=slow).values, a @ b)


@pytest.mark.parametrize("options", [{"multiplier": "booth"}, {"basis": "nand"}, {"basis": "nor"}])
@pytest.mark.parametrize("kind", KINDS)
def test_other_cells(kind, options):
    cells = array(kind, 4, 6, **options)
    if "basis" in options:
        assert set(cells.cell.counts()) == {"INPUT", "DFF", options["basis"].upper()}
    a, b = operands(9, 7, 8)
    assert np.array_equal(cells.multiply(a, b).values, a @ b)


def test_the_grid_is_an_ordinary_circuit():
    """The flat netlist of a 2 x 2 array, fed with the same streams, without lanes and links."""
    cells = array("ws", 2, 2)
    a, b = operands(3, 2, 2)
    seen = cells.cell_stimulus(a, b)
    plan = cells.plan(3, 2, 2)
    streams = feeds(plan, a, b)
    flat = cells.tile.flatten()
    load = streams.pop("load")
    values = {f"{name}_{k}": v[:, k] for name, v in streams.items() for k in range(v.shape[1])}
    values |= {f"load_{r}_{c}": load for r in range(2) for c in range(2)}
    values |= {p.name: np.zeros(plan.n_cycles, np.int64) for p in flat.inputs if p.name.startswith("sum_in")}
    got = simulate(flat, values, engine="python")
    sums = [[int(got[f"sum_out_{c}"][4 + t + c]) for c in range(2)] for t in range(3)]
    assert np.array_equal(np.array(sums, np.uint32).view(np.int32), a @ b)
    assert seen.n_patterns == 4 and seen.n_cycles == plan.n_cycles


def test_activity_of_the_cells_is_that_of_the_flat_grid():
    """Toggles of all flip-flops, cell by cell as patterns, and in the flat netlist of the grid."""
    cells = array("ws", 2, 3)
    a, b = operands(5, 2, 3)
    one = count_switching(cells.cell, cells.cell_stimulus(a, b))
    plan = cells.plan(5, 2, 3)
    streams = feeds(plan, a, b)
    flat = cells.tile.flatten()
    load = streams.pop("load")
    values = {f"{name}_{k}": v[:, k][:, None] for name, v in streams.items() for k in range(v.shape[1])}
    values |= {f"load_{r}_{c}": load[:, None] for r in range(2) for c in range(3)}
    values |= {p.name: np.zeros((plan.n_cycles, 1), np.int64) for p in flat.inputs if p.name.startswith("sum_in")}
    stimulus = Stimulus.from_values(flat, values, n_patterns=1, n_cycles=plan.n_cycles)
    whole = count_switching(flat, stimulus)
    assert one.toggles[cells.cell.registers].sum() == whole.toggles[flat.registers].sum() > 100


# -- behind the array -------------------------------------------------------------------------


@pytest.mark.parametrize("is_signed, zero_point", [(True, 0), (True, -128), (True, 17), (False, 0), (False, 40)])
@pytest.mark.parametrize("with_relu", [False, True])
def test_requantisation_is_that_of_float32(is_signed, zero_point, with_relu):
    """What ONNX Runtime computes: float32(sum) * float32(scale), to nearest even, plus zero point, clamped."""
    g = np.random.default_rng(3)
    sums = np.concatenate(
        [g.integers(-(1 << 31), 1 << 31, (300, 4)), g.integers(-70_000, 70_000, (3000, 4)), g.integers(-9, 9, (50, 4))]
    )
    multipliers = np.array([1 << 15, 161, 40_000, 3 << 9])
    got = requantise_columns(sums, multipliers, zero_point, is_signed=is_signed, with_relu=with_relu)
    scale = multipliers.astype(np.float32) / np.float32(65536)
    kept = np.maximum(sums, 0) if with_relu else sums
    low, high = (-128, 127) if is_signed else (0, 255)
    rounded = np.rint(kept.astype(np.int32).astype(np.float32) * scale) + np.float32(zero_point)
    assert np.array_equal(got, np.clip(rounded, low, high))
    assert np.array_equal(got, output_values(sums, multipliers, zero_point, is_signed, with_relu))


def test_the_output_stage_from_nands():
    nand = map_to(build(output_stage, sum=32, multiplier=9), "nand")
    g = np.random.default_rng(1)
    sums, factors = g.integers(-(1 << 17), 1 << 17, 500), g.integers(0, 512, 500)
    got = simulate(nand, sum=sums, multiplier=factors)["out"]
    assert np.array_equal(np.asarray(got).astype(np.uint8).view(np.int8), output_values(sums, factors))


def test_biases_start_the_accumulators():
    a, b = operands(6, 9, 7)
    bias = np.array([0, 1, -1, 2**31 - 1, -(2**31), 5, 100_000])
    wanted = (a @ b + bias).astype(np.int64).astype(np.uint64).astype(np.uint32).view(np.int32)
    assert np.array_equal(array("ws", 4, 4).multiply(a, b, bias).values, wanted)
    assert np.array_equal(array("double", 4, 4).multiply(a, b, bias).values, wanted)


# -- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "a, b, error, message",
    [
        ([[1, 2]], [[1], [2], [3]], WidthError, r"a has shape \(1, 2\) and b \(3, 1\): a must have as many columns"),
        ([1, 2], [[1]], WidthError, r"a has shape \(2,\); a matrix of two dimensions"),
        ([[1]], [[[1]]], WidthError, r"b has shape \(1, 1, 1\)"),
        ([[1, 128]], [[1], [1]], ValueFitError, r"a\[0, 1\] is 128, outside int8 \(-128 to 127\)"),
        ([[1]], [[-129]], ValueFitError, r"b\[0, 0\] is -129, outside int8"),
        ([[1.5]], [[1]], ValueFitError, "a holds float64 values; integers are needed"),
        (np.zeros((0, 3), int), np.zeros((3, 2), int), ValueFitError, r"a has shape \(0, 3\): an empty matrix"),
    ],
)
def test_bad_operands(a, b, error, message):
    with pytest.raises(error, match=message):
        array("ws", 2, 3).multiply(a, b)


def test_bad_arrays():
    with pytest.raises(UnknownNameError, match=r"unknown dataflow 'wight'; did you mean 'weight'\?"):
        SystolicArray(2, 2, "wight")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match=r"unknown multiplier 'booths'; did you mean 'booth'"):
        SystolicArray(2, 2, multiplier="booths")  # type: ignore[arg-type]
    with pytest.raises(ValueFitError, match="at least one row and one column, not 0 x 4"):
        SystolicArray(0, 4)
    with pytest.raises(ValueFitError, match="holds no weights that could be double-buffered"):
        SystolicArray(2, 2, "output", double_buffered=True)
    with pytest.raises(ValueFitError, match="k is 0: a product needs"):
        array("ws", 2, 3).plan(1, 0, 1)
    with pytest.raises(ValueFitError, match="no accumulators that could start from a bias"):
        array("os", 2, 3).multiply([[1]], [[1]], [1])
    with pytest.raises(WidthError, match=r"bias has shape \(2,\), not \(1,\)"):
        array("ws", 2, 3).multiply([[1]], [[1]], [1, 2])
    with pytest.raises(ValueFitError, match=r"bias\[0\] is 2147483648, outside int32"):
        array("ws", 2, 3).multiply([[1]], [[1]], [1 << 31])
    with pytest.raises(ValueFitError, match="multiplier -1 is negative"):
        requantise_columns(np.array([[1]]), [-1])
    with pytest.raises(ValueFitError, match="2 columns need as many multipliers"):
        requantise_columns(np.array([[1, 2]]), [1])
