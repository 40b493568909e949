"""The designs that are compared, each weighed on the same product."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from gatesim.errors import ValueFitError
from gatesim.timing import Technology

from ..systolic import SystolicArray, int8_operands
from .row import Row
from .systolic_rows import name_of, systolic_row

Design = tuple[str, Callable[[], Row]]


def operands(m: int, k: int, n: int, *, rng: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random int8 matrices of (m, k) and (k, n).

    Raises
    ------
    ValueFitError
        A size below 1.
    """
    for name, size in (("m", m), ("k", k), ("n", n)):
        if size < 1:
            raise ValueFitError(f"{name} is {size}: a product needs at least one row, column and step")
    generator = np.random.default_rng(rng)
    return tuple(generator.integers(-128, 128, shape).astype(np.int8) for shape in ((m, k), (k, n)))  # pyright: ignore[reportReturnType]


def designs(a, b, technology: Technology, *, rows: int = 16, columns: int = 16) -> Iterator[Design]:
    """Name of every design, and the function that runs and weighs it.

    Parameters
    ----------
    a, b : (m, k) and (k, n) integers within int8
    technology : Technology
    rows, columns : int
        Of the systolic arrays.

    Raises
    ------
    WidthError, ValueFitError
        Operands that do not agree or do not fit (see :func:`circuits.systolic.int8_operands`).
    """
    left, right = int8_operands(a, b)
    arrays = (
        SystolicArray(rows, columns),
        SystolicArray(rows, columns, double_buffered=True),
        SystolicArray(rows, columns, "output"),
    )
    for array in arrays:
        yield name_of(array), lambda array=array: systolic_row(array, left, right, technology, iso_area=True)
