"""How a product of any size becomes folds that fit an array, and what enters the array in which cycle.

C[M, N] = A[M, K] @ B[K, N]. A fold is one filling of the grid: weight-stationary arrays hold an R x C block of
B while T = M rows of A stream past it; output-stationary ones hold an R x C block of C while T = K steps
stream past. Blocks at the border are filled up with zeros: a grid always runs all its rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from gatesim.errors import ValueFitError

Dataflow = Literal["weight", "output"]
DATAFLOWS: tuple[Dataflow, ...] = ("weight", "output")


def check_sizes(m: int, k: int, n: int) -> None:
    """Refuse a product of (m, k) and (k, n) matrices without rows, columns or steps.

    Raises
    ------
    ValueFitError
        A size below 1.
    """
    for name, size in (("m", m), ("k", k), ("n", n)):
        if size < 1:
            raise ValueFitError(f"{name} is {size}: a product needs at least one row, column and step")


@dataclass(frozen=True)
class Plan:
    """A product on an array of `rows` x `columns` cells.

    Attributes
    ----------
    dataflow : {"weight", "output"}
        What stays in a cell.
    rows, columns : int
        R and C.
    m, k, n : int
    double_buffered : bool
        Weight-stationary only: the next weights are loaded while the present ones work.
    """

    dataflow: Dataflow
    rows: int
    columns: int
    m: int
    k: int
    n: int
    double_buffered: bool = False

    def __post_init__(self) -> None:
        check_sizes(self.m, self.k, self.n)

    @property
    def is_weight_stationary(self) -> bool:
        """Whether weights stay in the cells."""
        return self.dataflow == "weight"

    @property
    def steps(self) -> int:
        """T: what streams past in one fold."""
        return self.m if self.is_weight_stationary else self.k

    @cached_property
    def folds(self) -> list[tuple[int, int]]:
        """(first held row, first held column) of each fold; of the whole K of some columns one after another."""
        height, width = (self.k, self.n) if self.is_weight_stationary else (self.m, self.n)
        return [(r, c) for c in range(0, width, self.columns) for r in range(0, height, self.rows)]

    @property
    def n_folds(self) -> int:
        """F."""
        return len(self.folds)

    @property
    def period(self) -> int:
        """Cycles from one fold to the next.

        Where weights are double-buffered, a fold may follow at once, but not before the last row of a
        column has taken the weights that the next ones push out: 2 R - 1 cycles.
        """
        if self.double_buffered:
            return max(self.steps, 2 * self.rows - 1)
        load = self.rows if self.is_weight_stationary else 0
        return load + self.rows + self.columns + self.steps - 2

    @property
    def lead(self) -> int:
        """Cycles from a fold's first weight to its first activation."""
        return self.rows * self.is_weight_stationary + self.double_buffered

    @property
    def cycles(self) -> int:
        """The closed form: clock edges until the last sum is complete.

        Without overlap F (2 R + C + T - 2) weight-stationary and F (R + C + T - 2) output-stationary: one more
        than what SCALE-Sim (3.0.0) prints, which counts from 0. Double-buffered: the folds overlap.
        """
        last = self.lead + self.rows + self.columns + self.steps - 2
        return (self.n_folds - 1) * self.period + last

    @property
    def formula(self) -> str:
        """The closed form as text."""
        if self.double_buffered:
            return "(F-1)max(T,2R-1)+2R+C+T-1"
        return "F(2R+C+T-2)" if self.is_weight_stationary else "F(R+C+T-2)"

    @property
    def n_cycles(self) -> int:
        """Cycles to run until the last result has left: it is seen in the cycle after its edge."""
        return self.cycles + 1 + (0 if self.is_weight_stationary else self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates that the product asks for."""
        return self.m * self.k * self.n

    @property
    def bytes_moved(self) -> int:
        """Bytes read and written in memory: operands of one byte, sums of four.

        A block of one operand is read again for every fold that it takes part in. Sums of a
        weight-stationary array are read and written back between folds over K.
        """
        across = -(-self.n // self.columns)
        if self.is_weight_stationary:
            down = -(-self.k // self.rows)
            return self.m * self.k * across + self.k * self.n + 4 * self.m * self.n * (2 * down - 1)
        down = -(-self.m // self.rows)
        return self.m * self.k * across + self.k * self.n * down + 4 * self.m * self.n


def feeds(plan: Plan, a: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    """What enters at the edges in every cycle: (n_cycles, edge cells) uint8 by port.

    Row r of the grid sees everything r cycles after row 0 (the input skew), column c likewise.
    """
    if plan.is_weight_stationary:
        return _weight_feeds(plan, a, b)
    return _output_feeds(plan, a, b)


def _weight_feeds(plan: Plan, a: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    rows, columns, steps = plan.rows, plan.columns, plan.steps
    cycles = plan.n_cycles
    activations, go = _empty(cycles, rows), _empty(cycles, rows)
    weights, load, swap = _empty(cycles, columns), _empty(cycles, rows), _empty(cycles, rows)
    skewed = np.arange(steps)[:, None] + np.arange(rows)
    column_skew = np.arange(columns) if plan.double_buffered else 0
    for fold, (first_k, first_n) in enumerate(plan.folds):
        began = fold * plan.period
        start = began + plan.lead
        activations[start + skewed, np.arange(rows)] = _block(a, 0, first_k, steps, rows)
        go[start + skewed, np.arange(rows)] = 1
        falling = began + np.arange(rows)[:, None] + column_skew
        weights[falling, np.arange(columns)] = _block(b, first_k, first_n, rows, columns)[::-1]
        load[began : began + rows] = 1
        swap[start - 1 + np.arange(rows), np.arange(rows)] = 1
    found = {"a_in": activations, "go_in": go, "w_in": weights, "valid_in": np.ones((cycles, columns), np.uint8)}
    if plan.double_buffered:
        return found | {"load_in": load, "swap_in": swap}
    return found | {"load": load[:, 0]}


def _output_feeds(plan: Plan, a: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    rows, columns, steps = plan.rows, plan.columns, plan.steps
    cycles = plan.n_cycles
    west, go, first = _empty(cycles, rows), _empty(cycles, rows), _empty(cycles, rows)
    north, take = _empty(cycles, columns), np.zeros(cycles, np.uint8)
    by_row = np.arange(steps)[:, None] + np.arange(rows)
    by_column = np.arange(steps)[:, None] + np.arange(columns)
    for fold, (first_m, first_n) in enumerate(plan.folds):
        start = fold * plan.period
        west[start + by_row, np.arange(rows)] = _block(a, first_m, 0, rows, steps).T
        go[start + by_row, np.arange(rows)] = 1
        first[start + np.arange(rows), np.arange(rows)] = 1
        north[start + by_column, np.arange(columns)] = _block(b, 0, first_n, steps, columns)
        take[start + plan.period] = 1
    return {"a_in": west, "go_in": go, "first_in": first, "b_in": north, "take": take}


def _empty(cycles: int, cells: int) -> np.ndarray:
    return np.zeros((cycles, cells), np.uint8)


def _block(values: np.ndarray, row: int, column: int, height: int, width: int) -> np.ndarray:
    """(height, width) uint8: two's complement of a block of int8 `values`, zeros past its border."""
    found = np.zeros((height, width), np.uint8)
    inside = values[row : row + height, column : column + width].astype(np.int8).view(np.uint8)
    found[: inside.shape[0], : inside.shape[1]] = inside
    return found
