"""Behind the array: ReLU and requantisation of the sums to 8 bits, a column at a time."""

from __future__ import annotations

import numpy as np

from gatesim import Bus, Netlist, build, simulate
from gatesim.bits import as_signed
from gatesim.errors import ValueFitError

from ..catalog import mask
from ..tensor import relu, requantise_by, requantised
from .cells import SUM


def output_stage(
    sum: Bus, multiplier: Bus, zero_point: int = 0, is_signed: bool = True, with_relu: bool = False
) -> Bus:
    """One column's output: ReLU if asked for, then ``clamp(round_half_even(sum * multiplier / 2**16) + zero_point)``.

    A scale ``M * 2**-S`` with S <= 16 is the multiplier ``M << (16 - S)``. See
    :func:`circuits.tensor.requantise` for the proof that this equals float32 requantisation.
    """
    return requantise_by(relu(sum) if with_relu else sum, multiplier, zero_point, is_signed)


def output_values(sums, multiplier, zero_point: int = 0, is_signed: bool = True, with_relu: bool = False) -> np.ndarray:
    """The rule on integers: what :func:`output_stage` computes, for arrays of sums and multipliers."""
    total = np.asarray(sums, np.int64)
    rectified = np.maximum(total, 0) if with_relu else total
    return np.asarray(requantised(rectified * np.asarray(multiplier, np.int64), 1, zero_point, is_signed))


def stage_for(multipliers, zero_point: int = 0, *, is_signed: bool = True, with_relu: bool = False) -> Netlist:
    """The output stage of one column, as wide as the largest of the multipliers."""
    width = max(1, int(np.max(multipliers)).bit_length())
    return build(
        output_stage, name="output stage", sum=SUM, multiplier=width,
        zero_point=zero_point, is_signed=is_signed, with_relu=with_relu,
    )  # fmt: skip


def requantise_columns(
    sums: np.ndarray, multipliers, zero_point: int = 0, *, is_signed: bool = True, with_relu: bool = False
) -> np.ndarray:
    """Send (m, n) int32 `sums` through the gates of :func:`output_stage`, one multiplier a column.

    Parameters
    ----------
    sums : (m, n) int32
    multipliers : (n,) integers
        ``scale * 2**16`` of each column, 0 or more.
    zero_point : int
    is_signed, with_relu : bool

    Returns
    -------
    (m, n) int8 or uint8

    Raises
    ------
    ValueFitError
        Multipliers below 0, or not one a column; a zero point outside the range.

    Examples
    --------
    >>> requantise_columns(np.array([[100, -100], [3, 3]]), [1 << 15, 1 << 16]).tolist()
    [[50, -100], [2, 3]]
    """
    factors = np.asarray(multipliers, np.int64)
    if factors.shape != (sums.shape[1],):
        raise ValueFitError(f"{sums.shape[1]} columns need as many multipliers, not an array of shape {factors.shape}")
    if factors.min() < 0:
        raise ValueFitError(f"multiplier {factors.min()} is negative")
    net = stage_for(factors, zero_point, is_signed=is_signed, with_relu=with_relu)
    spread = np.broadcast_to(factors, sums.shape)
    out = simulate(net, sum=sums.astype(np.int64).reshape(-1) & mask(SUM), multiplier=spread.reshape(-1))["out"]
    values = np.asarray(out).reshape(sums.shape)
    return as_signed(values, 8).astype(np.int8) if is_signed else values.astype(np.uint8)
