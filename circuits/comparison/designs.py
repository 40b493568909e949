"""The designs that are compared, each weighed on the same product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from gatesim import Netlist, map_to
from gatesim.timing import Technology

from ..computers.riscv import riscv_machine
from ..computers.riscv_model import Layout
from ..computers.simt_gates import SimtShape, simt_machine
from ..computers.simt_language import Kind
from ..systolic import SystolicArray, int8_operands
from ..systolic.plan import check_sizes
from .logic import buffered
from .machine_rows import scalar_row, simt_row
from .row import Row
from .systolic_rows import name_of, systolic_row

Design = tuple[str, Callable[[], Row]]
"""Name, and what runs and weighs it."""

SMALL_LANES = 16
KINDS: tuple[Kind, ...] = ("int8", "fp32")


def operands(m: int, k: int, n: int, *, rng: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random int8 matrices of (m, k) and (k, n).

    Raises
    ------
    ValueFitError
        A size below 1.
    """
    check_sizes(m, k, n)
    generator = np.random.default_rng(rng)
    return tuple(generator.integers(-128, 128, shape).astype(np.int8) for shape in ((m, k), (k, n)))  # pyright: ignore[reportReturnType]


def designs(
    a, b, technology: Technology, *, rows: int = 16, columns: int = 16, whole: bool = False
) -> Iterator[Design]:
    """Name of every design, and the function that runs and weighs it.

    Those of computers raise NotSimulatedError where a product is too large for one, or takes too long even in
    part (see :func:`circuits.comparison.machine_rows.scalar_row`).

    Marked ``*``: about as many gates as the weight-stationary array has. Marked ``†``: as the scalar CPU.

    Parameters
    ----------
    a, b : (m, k) and (k, n) integers within int8
    technology : Technology
    rows, columns : int
        Of the systolic arrays.
    whole : bool
        Whether computers simulate the whole product, however long that takes.

    Raises
    ------
    WidthError, ValueFitError
        Operands that do not agree or do not fit (see :func:`circuits.systolic.int8_operands`).
    """
    left, right = int8_operands(a, b)
    technology = buffered(technology)
    scalar = partial(scalar_row, left, right, technology, whole=whole)
    yield "CPU RV32I, no multiplier", partial(scalar, False)
    yield "CPU RV32IM", partial(scalar, True, iso_area="†")
    simt = partial(simt_row, left, right, technology, whole=whole)
    first = SystolicArray(rows, columns)
    size = _gates(first.cell) * rows * columns
    lanes = {kind: max(1, min(1024, round(size / _lane_gates(kind)))) for kind in KINDS}
    if lanes["int8"] != SMALL_LANES:
        yield f"SIMT int8 {SMALL_LANES} lanes", partial(simt, SMALL_LANES, "int8")
    for kind in KINDS:
        name = f"SIMT {kind} {lanes[kind]} lanes"
        yield name, partial(simt, lanes[kind], kind, iso_area="*")
    small = round((_gates(riscv_machine(Layout(multiply=True)).netlist) / _gates(first.cell)) ** 0.5)
    arrays = [
        (SystolicArray(small, small), "†"),
        (first, "*"),
        (SystolicArray(rows, columns, double_buffered=True), "*"),
        (SystolicArray(rows, columns, "output"), "*"),
    ]
    for array, mark in arrays:
        yield name_of(array), partial(systolic_row, array, left, right, technology, iso_area=mark)


def _gates(net: Netlist) -> int:
    """NANDs, six of them for each flip-flop."""
    counts = map_to(net, "nand").counts()
    return counts.get("NAND", 0) + 6 * len(net.registers)


def _lane_gates(kind: Kind) -> float:
    """Gates that a lane adds, its share of the memory's ports included."""
    one, five = (_gates(simt_machine(SimtShape(lanes, kind, 2048, program_words=64)).netlist) for lanes in (1, 5))
    return (five - one) / 4
