"""The digits network on a systolic array: two products, with the requantiser of gates between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from circuits.network import DenseLayer
from circuits.systolic import Product, SystolicArray, requantise_columns
from gatesim.errors import ValueFitError


@dataclass(frozen=True, eq=False)
class ArrayLogits:
    """Scores of (n, classes) int64, clock cycles of all images together, and the products behind them."""

    logits: np.ndarray
    cycles: int
    products: tuple[Product, Product]


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
    active = requantise_columns(hidden.values, first.multiplier, -128, is_signed=True)
    bias = second.bias.astype(np.int64) + 128 * second.weights.astype(np.int64).sum(axis=1)
    scores = array.multiply(active, second.weights.T, bias)
    return ArrayLogits(scores.values.astype(np.int64), hidden.cycles + scores.cycles, (hidden, scores))
