"""A systolic array: a tile of cells, fed fold by fold, that multiplies int8 matrices of any size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gatesim import Bus, Netlist, Stimulus, build, compile, engine, map_to, simulate
from gatesim.bits import as_signed, as_unsigned
from gatesim.engines.base import Engine
from gatesim.errors import ValueFitError, WidthError, unknown_name
from gatesim.tiling import Tile

from ..adders import Adder, add_modulo, brent_kung
from . import cells
from .plan import DATAFLOWS, Dataflow, Plan, feeds


@dataclass(frozen=True, eq=False)
class Product:
    """What an array gave, counted on its outputs.

    Attributes
    ----------
    values : (m, n) int32
    cycles : int
        Clock edges until the last sum was complete, by the tags that left the array.
    drained_cycles : int
        Clock edges until the last result stood at the edge of the array.
    plan : Plan
    additions : (steps, 2, columns) uint32
        What the adders below the columns added, one after the other: what was stored, and the new sum.
    """

    values: np.ndarray
    cycles: int
    drained_cycles: int
    plan: Plan
    additions: np.ndarray

    @property
    def utilisation(self) -> float:
        """Share of the cells' multiply-accumulates that the product asked for."""
        return self.plan.macs / (self.plan.rows * self.plan.columns * self.cycles)


class SystolicArray:
    """An array of int8 multiply-accumulate cells with 32-bit sums.

    Parameters
    ----------
    rows, columns : int
    dataflow : {"weight", "output"}
        What stays in a cell while the rest moves.
    double_buffered : bool
        Weight-stationary only: each cell holds the next weight as well.
    multiplier : {"baugh_wooley", "booth"}
    adder : callable
        The adder that ends the carry-save tree.
    basis : str, optional
        Map the cell to these gates (``"nand"``, see :func:`gatesim.map_to`).

    Examples
    --------
    >>> import numpy as np
    >>> array = SystolicArray(2, 3)
    >>> product = array.multiply(np.array([[1, -2]]), np.array([[3, 4, 5], [6, 7, -128]]))
    >>> product.values.tolist(), product.cycles  # 2 R + C + T - 2 with T = 1 row
    ([[-9, -10, 261]], 6)

    Raises
    ------
    UnknownNameError
        An unknown dataflow, multiplier or basis.
    ValueFitError
        No row or no column; double buffering where no weight stays.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        dataflow: Dataflow = "weight",
        *,
        double_buffered: bool = False,
        multiplier: cells.Multiplier = "baugh_wooley",
        adder: Adder = brent_kung,
        basis: str | None = None,
    ) -> None:
        if dataflow not in DATAFLOWS:
            raise unknown_name("dataflow", dataflow, DATAFLOWS)
        if double_buffered and dataflow == "output":
            raise ValueFitError("an output-stationary array holds no weights that could be double-buffered")
        if dataflow == "output":
            cell, links = cells.output_stationary_cell(multiplier, adder), cells.OUTPUT_LINKS
        elif double_buffered:
            cell, links = cells.double_buffered_cell(multiplier, adder), cells.BUFFERED_LINKS
        else:
            cell, links = cells.weight_stationary_cell(multiplier, adder), cells.WEIGHT_LINKS
        self.dataflow: Dataflow = dataflow
        self.double_buffered = double_buffered
        self.tile = Tile(map_to(cell, basis) if basis else cell, rows, columns, links)

    @property
    def rows(self) -> int:
        """R."""
        return self.tile.rows

    @property
    def columns(self) -> int:
        """C."""
        return self.tile.columns

    @property
    def cell(self) -> Netlist:
        """The netlist of one cell."""
        return self.tile.cell

    @cached_property
    def engine(self) -> Engine:
        """The engine that runs the cell's schedule."""
        return engine("logic2")(compile(self.cell))

    @cached_property
    def accumulator(self) -> Netlist:
        """What stands below each column: sums of folds over K are added to what is stored."""
        return build(_accumulate, name="accumulator", stored=cells.SUM, sum=cells.SUM)

    def plan(self, m: int, k: int, n: int) -> Plan:
        """The folds of an (m, k) times (k, n) product on this array.

        Raises
        ------
        ValueFitError
            A size below 1.
        """
        return Plan(self.dataflow, self.rows, self.columns, m, k, n, self.double_buffered)

    def multiply(self, a, b, bias=None, *, engine: Engine | None = None) -> Product:
        """``a @ b`` (and ``+ bias``) by the gates of the array.

        Parameters
        ----------
        a : (m, k) integers
            Within int8.
        b : (k, n) integers
            Within int8.
        bias : (n,) integers, optional
            Within int32: what the accumulators below the columns hold at first (weight-stationary only).
        engine : Engine, optional
            On the cell's schedule; logic2 by default.

        Raises
        ------
        WidthError
            Shapes that do not agree.
        ValueFitError
            Values outside their range, an empty matrix, or a bias on an array without accumulators.
        """
        a, b = int8_operands(a, b)
        plan = self.plan(len(a), *b.shape)
        stored = self._bias(bias, plan)
        drained = self.tile.run(plan.n_cycles, feeds(plan, a, b), engine=engine or self.engine).drained
        valid = drained["valid_out"].astype(bool)
        left = int(np.flatnonzero(valid.any(axis=1))[-1])
        if plan.is_weight_stationary:
            complete = left
            values, additions = self._accumulated(plan, drained["sum_out"], valid, stored)
        else:
            complete = int(np.flatnonzero(drained["go_out"].any(axis=1))[-1])
            values, additions = (
                _assembled(plan, drained["result_out"], valid),
                np.zeros((0, 2, plan.columns), np.uint32),
            )
        return Product(as_signed(values, cells.SUM).astype(np.int32), complete, left, plan, additions)

    def cell_stimulus(self, a, b, *, cycles: int | None = None) -> Stimulus:
        """What every cell sees in every cycle of ``a @ b``, or in the first `cycles` of them.

        Cells are patterns, row by row.
        """
        a, b = int8_operands(a, b)
        plan = self.plan(len(a), *b.shape)
        n = plan.n_cycles if cycles is None else min(cycles, plan.n_cycles)
        streams = {name: values[:n] for name, values in feeds(plan, a, b).items()}
        return self.tile.cell_stimulus(n, streams, engine=self.engine)

    def _bias(self, bias, plan: Plan) -> np.ndarray | None:
        if bias is None:
            return None
        if not plan.is_weight_stationary:
            raise ValueFitError("an output-stationary array has no accumulators that could start from a bias")
        values = np.asarray(bias)
        if values.shape != (plan.n,):
            raise WidthError(f"the bias has shape {values.shape}, not ({plan.n},)")
        _within(values, -(1 << 31), (1 << 31) - 1, "bias", "int32")
        return as_unsigned(values.astype(np.int64) & 0xFFFFFFFF, cells.SUM, "bias")

    def _accumulated(
        self, plan: Plan, sums: np.ndarray, valid: np.ndarray, bias: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """(m, n) unsigned: the valid sums of each column in their order, added over the folds of K; the additions."""
        padded = -(-plan.n // plan.columns) * plan.columns
        stored = np.zeros((plan.m, padded), np.uint64)
        filled = bias is not None
        if bias is not None:
            stored[:, : plan.n] = bias
        columns = [sums[valid[:, c], c].reshape(plan.n_folds, plan.m) for c in range(plan.columns)]
        folded = np.stack(columns, axis=2)
        additions = [np.zeros((0, 2, plan.columns), np.uint32)]
        for (first_k, first_n), block in zip(plan.folds, folded, strict=True):
            here = stored[:, first_n : first_n + plan.columns]
            if first_k or filled:
                additions.append(np.stack((here, block), axis=1).astype(np.uint32))
                added = simulate(self.accumulator, stored=here.reshape(-1), sum=block.reshape(-1))["out"]
                here[:] = np.asarray(added).reshape(here.shape)
            else:
                here[:] = block
        return stored[:, : plan.n], np.concatenate(additions)

    def __repr__(self) -> str:
        return f"<SystolicArray of {self.rows} x {self.columns} {self.cell.name!r}>"


def _accumulate(stored: Bus, sum: Bus) -> Bus:
    return add_modulo(stored, sum)


def _assembled(plan: Plan, results: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """(m, n) unsigned from what left at the bottom: of each fold the lowest row first."""
    columns = [results[valid[:, c], c].reshape(plan.n_folds, plan.rows)[:, ::-1] for c in range(plan.columns)]
    folded = np.stack(columns, axis=2)
    values = np.zeros((plan.m, plan.n), folded.dtype)
    for (first_m, first_n), block in zip(plan.folds, folded, strict=True):
        inside = values[first_m : first_m + plan.rows, first_n : first_n + plan.columns]
        inside[:] = block[: inside.shape[0], : inside.shape[1]]
    return values


def int8_operands(a, b) -> tuple[np.ndarray, np.ndarray]:
    """`a` and `b` as int8 matrices that can be multiplied.

    Raises
    ------
    WidthError
        Not two matrices, or their inner sizes differ.
    ValueFitError
        An empty matrix, values that are not integers, or that are outside int8.
    """
    left, right = np.asarray(a), np.asarray(b)
    for name, values in (("a", left), ("b", right)):
        if values.ndim != 2:
            raise WidthError(f"{name} has shape {values.shape}; a matrix of two dimensions is needed")
        if not values.size:
            raise ValueFitError(f"{name} has shape {values.shape}: an empty matrix has no product")
        if values.dtype.kind not in "iub":
            raise ValueFitError(f"{name} holds {values.dtype} values; integers are needed")
        _within(values, -128, 127, name, "int8")
    if left.shape[1] != right.shape[0]:
        raise WidthError(f"a has shape {left.shape} and b {right.shape}: a must have as many columns as b has rows")
    return left.astype(np.int8), right.astype(np.int8)


def _within(values: np.ndarray, low: int, high: int, name: str, kind: str) -> None:
    if values.dtype.kind not in "iub":
        raise ValueFitError(f"{name} holds {values.dtype} values; integers are needed")
    wrong = (values < low) | (values > high)
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise ValueFitError(f"{name}{list(at)} is {values[at]}, outside {kind} ({low} to {high})")
