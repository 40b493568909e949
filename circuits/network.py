"""A quantised multi-layer perceptron as one combinational netlist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gatesim import Bus, block

from .constants import dense
from .tensor import argmax, requantise


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """A dense int8 layer: ``acc = weights @ x + bias``, then ``x = requantise(acc * multiplier >> 16)``.

    Attributes
    ----------
    weights : (n_outputs, n_inputs) int8
    bias : (n_outputs,) int32
    multiplier : (n_outputs,) int32 or None
        Requantisation to uint8 (which is a ReLU as well); None for the last layer, whose accumulators
        are the logits.
    """

    weights: np.ndarray
    bias: np.ndarray
    multiplier: np.ndarray | None = None


class Scores(NamedTuple):
    """Outputs of a classifier: one two's complement logit a class, and the index of the largest."""

    logit: list[Bus]
    digit: Bus


@block
def perceptron(pixels: Sequence[Bus], layers: Sequence[DenseLayer], largest: int) -> Scores:
    """The whole network, weights and all, as gates.

    Parameters
    ----------
    pixels : sequence of Bus
        Unsigned inputs.
    layers : sequence of DenseLayer
    largest : int
        Greatest value that a pixel takes.
    """
    values: Sequence[Bus] = pixels
    limit = largest
    for layer in layers:
        acc = dense(values, layer.weights.tolist(), layer.bias.tolist(), maxima=[limit] * len(values)).acc
        if layer.multiplier is None:
            values = acc
        else:
            values = [requantise(a, int(m)) for a, m in zip(acc, layer.multiplier, strict=True)]
            limit = 255
    return Scores(list(values), argmax(values).index)


def integer_scores(layers: Sequence[DenseLayer], pixels: np.ndarray) -> np.ndarray:
    """(n, n_classes) int64 logits of `pixels` (n, n_inputs) by exact integer arithmetic."""
    values = np.asarray(pixels, np.int64)
    for layer in layers:
        values = values @ layer.weights.astype(np.int64).T + layer.bias
        if layer.multiplier is not None:
            values = requantised_relu(values, layer.multiplier)
    return values


def requantised_relu(acc: np.ndarray, multiplier: np.ndarray) -> np.ndarray:
    """``clamp(round_half_even(acc * multiplier / 2**16), 0, 255)`` in integers."""
    product = acc * multiplier.astype(np.int64)
    floor, rest = product >> 16, product & 0xFFFF
    up = (rest > 0x8000) | ((rest == 0x8000) & (floor & 1 == 1))
    return np.clip(floor + up, 0, 255)
