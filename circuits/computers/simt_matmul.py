"""Matrix products on the SIMT machine: kernels in its assembly, and how many cycles they take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from gatesim.errors import ValueFitError

from .machine import Machine, Session, Tier
from .simt_assembler import SimtProgram, assemble_simt
from .simt_gates import SimtShape
from .simt_language import Kind
from .simt_run import SimtRun, run, start

PANEL = 4
"""Rows of C that the kernel with panels makes at once."""

_KERNELS = Path(__file__).parent / "kernels"


@dataclass(frozen=True, eq=False)
class SimtProduct:
    """A product that the gates computed.

    Attributes
    ----------
    c : (M, N) int32 or float32
    run : SimtRun
        Cycles, multiplications, bytes moved.
    formula_cycles : int
        What :func:`matmul_cycles` says.
    shape : SimtShape
        The machine that did it.
    """

    c: np.ndarray
    run: SimtRun
    formula_cycles: int
    shape: SimtShape


@cache
def kernel(name: str) -> SimtProgram:
    """One of the kernels beside this module, assembled: matmul_int8, matmul_int8_rows, matmul_fp32, digits."""
    return assemble_simt((_KERNELS / f"{name}.simt").read_text(encoding="utf-8"), source=f"{name}.simt")


def matmul_cycles(m: int, k: int, n: int, lanes: int, kind: Kind = "int8", panels: bool = False) -> int:
    """Cycles of a product, exactly: the instructions that its kernel executes.

    Examples
    --------
    >>> matmul_cycles(16, 16, 16, 16), matmul_cycles(16, 16, 16, 16, panels=True)
    (1187, 719)
    """
    tiles = -(-n // lanes)
    if kind == "fp32":
        return 6 + tiles * (17 + m * (4 * k + 7))
    if panels:
        return 6 + tiles * (13 + -(-m // PANEL) * (10 * k + 15))
    return 6 + tiles * (13 + m * (4 * k + 9))


def matmul_bytes(m: int, k: int, n: int, lanes: int, kind: Kind = "int8", panels: bool = False) -> int:
    """Bytes that a product reads and writes in the shared memory, exactly: loads and stores of its kernel.

    Examples
    --------
    >>> matmul_bytes(16, 16, 16, 16, panels=True), matmul_bytes(16, 16, 16, 18, "fp32")
    (2372, 18588)
    """
    tiles = -(-n // lanes)
    if kind == "fp32":
        return 4 + tiles * (24 + m * (4 * k + 8)) + 4 * m * n * (k + 1)
    if panels:
        n_panels = -(-m // PANEL)
        return 4 + tiles * (16 + n_panels * (4 * k + 12)) + n_panels * n * (k + 4 * PANEL)
    return 4 + tiles * (16 + m * (k + 12)) + m * n * (k + 4)


CYCLES_FORMULA = {
    ("int8", False): "6 + ceil(N/L) (13 + M (4K + 9))",
    ("int8", True): "6 + ceil(N/L) (13 + ceil(M/4) (10K + 15))",
    ("fp32", False): "6 + ceil(N/L) (17 + M (4K + 7))",
}
"""The closed forms of :func:`matmul_cycles`, by kind and panels."""


def matmul(
    a: np.ndarray,
    b: np.ndarray,
    lanes: int = 16,
    *,
    panels: bool = False,
    fused: bool = False,
    room: int = 0,
    machine: Machine | None = None,
    tier: Tier = "auto",
) -> SimtProduct:
    """``a @ b`` on the gates of a SIMT machine.

    Parameters
    ----------
    a, b : (M, K), (K, N) integers from -128 to 127, or float32
        float32 runs on fp32 lanes: every element is the sum over k from 0 on, rounded after each product
        and each addition.
    lanes : int
    panels : bool
        Four rows at a time (int8).
    fused : bool
        fp32 lanes that round once for a product and its addition.
    room : int
        Rows of A that the memory has room for, where that is more than the rows of `a`.
    machine : Machine, optional
        Other gates of the shape that :func:`shape_for` gives.

    Raises
    ------
    ValueFitError
        Shapes that disagree or are empty, values outside int8, a product too large for the machine.

    Examples
    --------
    >>> a, b = np.array([[1, -2, 3]]), np.array([[4, 5], [6, 7], [-8, 127]])
    >>> done = matmul(a, b, lanes=2); done.c.tolist(), done.run.cycles == done.formula_cycles
    ([[-32, 372]], True)
    """
    job = _job(np.asarray(a), np.asarray(b), lanes, panels, fused, room)
    done = run(job.shape, job.program, job.data, machine=machine, tier=tier, max_cycles=2 * job.cycles)
    (m, rows, n), place_c = job.sizes, job.place_c
    result = done.memory[place_c : place_c + 4 * rows * n].view(np.int32 if job.shape.kind == "int8" else np.float32)
    return SimtProduct(result.reshape(rows, n)[:m].copy(), done, job.cycles, job.shape)


def start_matmul(
    a: np.ndarray,
    b: np.ndarray,
    lanes: int = 16,
    *,
    panels: bool = False,
    fused: bool = False,
    room: int = 0,
    machine: Machine | None = None,
) -> Session:
    """A session before the first instruction of :func:`matmul`, parameters and errors as there."""
    job = _job(np.asarray(a), np.asarray(b), lanes, panels, fused, room)
    return start(job.shape, job.program, job.data, machine=machine)


@dataclass(frozen=True, eq=False)
class _Job:
    """A product ready to run: sizes are M, rows with those that fill a panel, N."""

    shape: SimtShape
    program: SimtProgram
    data: dict[int, bytes | np.ndarray]
    cycles: int
    sizes: tuple[int, int, int]
    place_c: int


def _job(a: np.ndarray, b: np.ndarray, lanes: int, panels: bool, fused: bool, room: int) -> _Job:
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or not a.size or not b.size:
        raise ValueFitError(
            f"a product wants (M, K) and (K, N) matrices that are not empty, not {a.shape} and {b.shape}"
        )
    kind: Kind = "fp32" if a.dtype == np.float32 and b.dtype == np.float32 else "int8"
    if kind == "int8":
        for name, x in (("a", a), ("b", b)):
            if x.dtype.kind not in "iu" or x.min() < -128 or x.max() > 127:
                raise ValueFitError(
                    f"{name} must hold integers from -128 to 127 (or both be float32): it is {x.dtype}, "
                    f"{x.min()} to {x.max()}"
                )
    elif panels:
        raise ValueFitError("panels of four rows are for int8 lanes")
    (m, k), n = a.shape, b.shape[1]
    shape = shape_for(max(m, room), k, n, lanes, kind, panels=panels, fused=fused)
    element = np.dtype(np.int8 if kind == "int8" else np.float32)
    given = _panelled(a) if panels else a
    rows = given.size // k
    parameters, place = _laid_out(rows, k, n, element.itemsize)
    place_a, place_b, place_c, _ = place
    first = rows // PANEL if panels else rows
    words = np.array([first, *parameters[1:], lanes], np.int32)
    data: dict[int, bytes | np.ndarray] = {
        0: words.view(np.uint8),
        place_a: np.ascontiguousarray(given, element).reshape(-1).view(np.uint8),
        place_b: np.ascontiguousarray(b, element).reshape(-1).view(np.uint8),
    }
    name = f"matmul_{kind}" + ("_rows" if panels else "")
    expected = matmul_cycles(m, k, n, lanes, kind, panels)
    return _Job(shape, kernel(name), data, expected, (m, rows, n), place_c)


def shape_for(
    m: int, k: int, n: int, lanes: int, kind: Kind = "int8", *, panels: bool = False, fused: bool = False
) -> SimtShape:
    """The machine of so many lanes whose memory just holds a product.

    Raises
    ------
    ValueFitError
        More than 16 MiB are needed, or the lanes are none or too many.
    """
    rows = -(-m // PANEL) * PANEL if panels else m
    end = _laid_out(rows, k, n, 1 if kind == "int8" else 4)[1][3]
    if end > 1 << 24:
        raise ValueFitError(f"a product of {m} x {k} x {n} needs {end:,} bytes: the shared memory has at most 16 MiB")
    return SimtShape(lanes, kind, max(64, 1 << (end - 1).bit_length()), fused, 64)


def _laid_out(rows: int, k: int, n: int, size: int) -> tuple[list[int], tuple[int, int, int, int]]:
    """Parameters (but the lanes), and addresses of A, B, C and what follows."""
    place_a = 32
    place_b = -(-(place_a + rows * k * size) // 4) * 4
    place_c = -(-(place_b + k * n * size) // 4) * 4
    return [rows, k, n, place_a, place_b, place_c, 4 * n], (place_a, place_b, place_c, place_c + 4 * rows * n)


def _panelled(a: np.ndarray) -> np.ndarray:
    """(panels, K, 4): four rows together, column after column; rows of 0 fill the last panel."""
    missing = -len(a) % PANEL
    full = np.concatenate((a, np.zeros((missing, a.shape[1]), a.dtype)))
    return full.reshape(-1, PANEL, a.shape[1]).transpose(0, 2, 1)
