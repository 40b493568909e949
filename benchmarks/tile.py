"""The whole TPU v1 matrix unit at gate level on one core: 256 x 256 int8 cells, a 256^3 product.

Weights are shifted in first: 256 clock edges, then 766 until the last sum has left (2 R + C + T - 2 edges
in all, R = C = T = 256), and one more cycle in which it is read.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from circuits.tensor import mac
from gatesim import Builder, Netlist, compile, engine
from gatesim.bits import as_signed
from gatesim.tiling import Link, Tile

from .harness import Record, core_seconds, in_turn


def cell() -> Netlist:
    """A weight-stationary int8 cell: activations go east, 32-bit sums and new weights south."""
    b = Builder("int8 cell")
    a, total, new = b.input_bus("a_in", 8), b.input_bus("sum_in", 32), b.input_bus("w_in", 8)
    weight = b.register(new, enable=b.input("load"))
    b.output("a_out", b.register(a))
    b.output("sum_out", b.register(mac(a, weight, total)))
    b.output("w_out", weight)
    return b.freeze()


LINKS = [Link("a_out", "a_in", 0, 1), Link("sum_out", "sum_in", 1, 0), Link("w_out", "w_in", 1, 0)]


def stimulus(a: np.ndarray, w: np.ndarray) -> dict[str, np.ndarray]:
    """Inputs of a ``size`` x ``size`` tile that multiplies ``a @ w``, for ``4 * size - 1`` cycles."""
    size = len(a)
    cycles = 4 * size - 1
    skewed, weights = np.zeros((cycles, size), np.int64), np.zeros((cycles, size), np.int64)
    weights[:size] = w[::-1]
    for row in range(size):
        skewed[size + row : 2 * size + row, row] = a[:, row]
    return {"a_in": skewed, "w_in": weights, "load": np.arange(cycles) < size}


def product(drained: np.ndarray) -> np.ndarray:
    """``a @ w`` from the sums that left at the bottom."""
    size = drained.shape[1]
    return np.stack([as_signed(drained[2 * size + c : 3 * size + c, c], 32) for c in range(size)], axis=1)


def run(quick: bool) -> list[Record]:
    size = 64 if quick else 256
    rng = np.random.default_rng(0)
    a, w = rng.integers(-128, 128, (size, size)), rng.integers(-128, 128, (size, size))
    net = cell()
    tile = Tile(net, size, size, LINKS)
    inputs = stimulus(a, w)
    run_on = engine("logic2")(compile(net), threads=1)
    a32, w32 = a.astype(np.int32), w.astype(np.int32)
    found = {}

    def by_gates() -> None:
        found["tile"] = tile.run(len(inputs["load"]), inputs, engine=run_on)

    def by_numpy() -> None:
        found["numpy"] = a32 @ w32

    ways = {"tile": lambda: core_seconds(by_gates), "numpy": lambda: core_seconds(by_numpy)}
    times = in_turn(ways, 3 if quick else 7)
    assert np.array_equal(product(found["tile"].drained["sum_out"]), found["numpy"])
    label = f"{size}x{size} cells of {net.n_gates} gates, {4 * size - 2:,} clock edges"
    seconds = times["tile"]
    goal = None if quick else 0.1
    note = "processor time of one core; the whole run, with packing and unpacking"
    record = Record(
        "tile", label, seconds.median, "s", goal=goal, peer="NumPy int32 @", peer_value=times["numpy"].median
    )
    return [replace(record, low=min(seconds.seconds), high=max(seconds.seconds), note=note)]
