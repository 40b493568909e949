"""The whole TPU v1 matrix unit: 256 x 256 int8 cells, a 256^3 product, at gate level, on one core."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from circuits.tensor import mac
from gatesim import Builder, Netlist, compile, engine
from gatesim.bits import as_signed
from gatesim.tiling import Link, Tile

from .harness import Record, median_seconds


def cell() -> Netlist:
    """A weight-stationary int8 cell: activations go east, 32-bit sums go south."""
    b = Builder("int8 cell")
    a, total, weight = b.input_bus("a_in", 8), b.input_bus("sum_in", 32), b.input_bus("weight", 8)
    b.output("a_out", b.register(a))
    b.output("sum_out", b.register(mac(a, weight, total)))
    return b.freeze()


def run(quick: bool) -> list[Record]:
    size = 64 if quick else 256
    rng = np.random.default_rng(0)
    a, w = rng.integers(-128, 128, (size, size)), rng.integers(-128, 128, (size, size))
    net = cell()
    tile = Tile(net, size, size, [Link("a_out", "a_in", 0, 1), Link("sum_out", "sum_in", 1, 0)])
    cycles = 3 * size
    skewed = np.zeros((cycles, size), np.int64)
    for row in range(size):
        skewed[row : row + size, row] = a[:, row]
    run_on = engine("logic2")(compile(net), threads=1)
    inputs = {"a_in": skewed, "weight": w}
    tile.run(2, {"weight": w}, engine=run_on)
    seconds, result = median_seconds(lambda: tile.run(cycles, inputs, engine=run_on), 3)
    drained = result.drained["sum_out"]
    product = np.stack([as_signed(drained[size + c : 2 * size + c, c], 32) for c in range(size)], axis=1)
    assert np.array_equal(product, a @ w)
    a32, w32 = a.astype(np.int32), w.astype(np.int32)
    started = perf_counter()
    assert np.array_equal(a32 @ w32, product)
    numpy_seconds = perf_counter() - started
    label = f"{size}x{size} cells of {net.n_gates} gates, {cycles} cycles"
    goal = None if quick else 0.1
    return [Record("tile", label, seconds, "s", goal=goal, peer="NumPy int32 @", peer_value=numpy_seconds)]
