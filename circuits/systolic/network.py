"""A network of two dense int8 layers on a systolic array: two products, a requantiser of gates between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatesim.errors import ValueFitError

from ..network import DenseLayer
from .array import Product, SystolicArray
from .output_stage import requantise_columns


@dataclass(frozen=True, eq=False)
class ArrayLogits:
    """Scores of (n, classes) int64, clock cycles of all images together, and the products behind them.

    `hidden` is what the second product multiplied, (n, hidden) int8; `biases` those that its columns and the
    first's started from.
    """

    logits: np.ndarray
    cycles: int
    products: tuple[Product, Product]
    hidden: np.ndarray
    biases: tuple[np.ndarray, np.ndarray]


ZERO_POINT = -128
"""What a hidden activation of 0 is within int8."""


def array_logits(layers: Sequence[DenseLayer], images: np.ndarray, array: SystolicArray) -> ArrayLogits:
    """Logits of `images` (n, inputs) by the gates of a weight-stationary array and of its output stage.

    Hidden activations are uint8 and cells take int8: the requantiser's zero point is -128, and the second
    bias makes up for it (128 times the sum of each row of weights), so every score is exact.

    Raises
    ------
    ValueFitError
        Other layers than a requantised one and a last one; pixels outside int8.
    """
    if len(layers) != 2 or layers[0].multiplier is None or layers[1].multiplier is not None:
        raise ValueFitError("the array takes two layers: the first requantised, the second not")
    first, second = layers
    hidden = array.multiply(images.astype(np.int64), first.weights.T, first.bias)
    active = requantise_columns(hidden.values, first.multiplier, ZERO_POINT, is_signed=True)
    bias = second.bias.astype(np.int64) - ZERO_POINT * second.weights.astype(np.int64).sum(axis=1)
    scores = array.multiply(active, second.weights.T, bias)
    return ArrayLogits(
        scores.values.astype(np.int64), hidden.cycles + scores.cycles, (hidden, scores), active, (first.bias, bias)
    )
