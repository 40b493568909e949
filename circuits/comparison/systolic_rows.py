"""Rows of the comparison: systolic arrays."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np

from gatesim import Stimulus
from gatesim.tiling import Tile
from gatesim.timing import Technology, prepare, static_timing

from ..systolic import SystolicArray
from .logic import Logic, toggles
from .row import Row
from .sram import sram

SAMPLED_CELLS = 6
"""Cells whose glitches are simulated, spread over the grid."""

SAMPLED_CYCLES = 200
"""Cycles in which they are."""

COUNTED_WORDS = 1 << 31
"""Net-cycles (in words of 64 cells) that toggles are counted in; past that, in the first part of a run."""


def name_of(array: SystolicArray) -> str:
    """What the table calls an array."""
    kind = "OS" if array.dataflow == "output" else "WS 2×" if array.double_buffered else "WS"
    return f"systolic {kind} {array.rows}×{array.columns}"


def systolic_row(
    array: SystolicArray,
    a: np.ndarray,
    b: np.ndarray,
    technology: Technology,
    *,
    bias: np.ndarray | None = None,
    least_period_ps: int = 0,
    iso_area: str = "",
) -> Row:
    """``a @ b`` on `array`, weighed in `technology`; with a bias (n,), that is read and added as well.

    The clock period is that of a cell among its neighbours (a 2 x 2 grid is timed), or `least_period_ps` where
    something else in the design asks for more. Logic is the cells and,
    weight-stationary, an accumulating adder below each column.
    """
    array.multiply(a[:1], b, bias)  # compiled code is ready before the clock runs
    began = perf_counter()
    product = array.multiply(a, b, bias)
    seconds = perf_counter() - began
    plan = product.plan
    # What an output of a cell drives are the input pins of its neighbour, where it is counted: not a port's load.
    cells = Logic(array.cell, replace(technology, output_ff=0.0), array.rows * array.columns)
    period = max(_period(array, technology), least_period_ps)
    stimulus, window = _window(array, a, b)
    done = cells.switching(stimulus)
    scale = product.cycles / window if window else 1.0
    changed = toggles(cells.ready, done) * scale
    spent = cells.spent_fj(done, product.cycles, period, scale)
    nands, area = cells.nands, cells.area
    if plan.is_weight_stationary:
        below = Logic(array.accumulator, technology, array.columns)
        nands, area = nands + below.nands, area + below.area
        if len(product.additions):
            added = below.switching(additions_stimulus(product.additions))
            changed += toggles(below.ready, added)
            spent += below.spent_fj(added, product.cycles, period)
    first = Stimulus(stimulus.words[:SAMPLED_CYCLES], stimulus.n_patterns, min(SAMPLED_CYCLES, stimulus.n_cycles))
    lanes = np.unique(np.linspace(0, array.tile.n_cells - 1, SAMPLED_CELLS, dtype=int)).tolist()
    n_bytes = plan.m * plan.k + plan.k * plan.n + 4 * plan.m * plan.n
    return Row(
        design=name_of(array),
        nands=nands,
        flip_flops=cells.flip_flops,
        sram_bits=8 * n_bytes,
        path_nands=cells.path_nands,
        path_ps=period,
        area=area,
        cycles=product.cycles,
        formula=plan.formula,
        macs=plan.macs,
        peak_macs=array.rows * array.columns,
        port_bytes=array.rows + array.columns + (8 if plan.is_weight_stationary else 4) * array.columns,
        bytes_moved=plan.bytes_moved + (0 if bias is None else 4 * plan.m * plan.n),
        toggles=changed,
        glitch_factor=cells.glitch_factor(first, lanes, period),
        logic_fj=spent,
        sram=sram(n_bytes, technology),
        bit_exact=bool(
            np.array_equal(product.values, a.astype(np.int64) @ b.astype(np.int64) + (0 if bias is None else bias))
        ),
        iso_area=iso_area,
        window=window,
        seconds=seconds,
    )


def additions_stimulus(additions: np.ndarray) -> Stimulus:
    """(steps, 2, columns) operands of the accumulating adders: columns are patterns, steps are cycles."""
    steps, _, columns = additions.shape
    lanes = (additions.astype(np.uint64)[..., None] >> np.arange(32, dtype=np.uint64)) & np.uint64(1)
    padded = np.zeros((steps, 2, 32, -(-columns // 64) * 64), np.uint8)
    padded[..., :columns] = lanes.transpose(0, 1, 3, 2)
    words = np.packbits(padded, axis=3, bitorder="little").view(np.uint64)
    return Stimulus(words.reshape(steps, 64, -1), columns, steps)


def _period(array: SystolicArray, technology: Technology) -> int:
    """Clock period of a cell that gets its operands from a neighbour's flip-flops and drives another's pins."""
    grid = Tile(array.cell, 2, 2, array.tile.links).flatten()
    return static_timing(prepare(grid, technology), technology).worst_ps


def _window(array: SystolicArray, a: np.ndarray, b: np.ndarray) -> tuple[Stimulus, int | None]:
    """What the cells see, and in how many cycles where it is not all of them."""
    plan = array.plan(len(a), *b.shape)
    per_cycle = -(-array.tile.n_cells // 64) * array.cell.n_nets
    most = max(2, COUNTED_WORDS // per_cycle)
    stimulus = array.cell_stimulus(a, b, cycles=min(most, plan.n_cycles))
    return stimulus, stimulus.n_cycles if stimulus.n_cycles < plan.n_cycles else None
