"""The bundled digits: images, the int8 network that reads them, and the network as a netlist."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from circuits.network import DenseLayer, integer_scores, perceptron
from gatesim import Netlist, build

FILE = Path(__file__).parent / "data" / "digits.npz"
LARGEST_PIXEL = 16
PIXEL_BITS = 5


@dataclass(frozen=True, eq=False)
class Digits:
    """1,797 handwritten digits and the network trained on 1,347 of them.

    Attributes
    ----------
    images : (1797, 64) uint8
        8 x 8 pixels, row by row, 0 (white) to 16 (black).
    labels : (1797,) uint8
    test : (1797,) bool
        The 450 images that training did not see.
    layers : tuple of DenseLayer
        64 -> 32 -> 10.
    """

    images: np.ndarray
    labels: np.ndarray
    test: np.ndarray
    layers: tuple[DenseLayer, ...]


@cache
def load() -> Digits:
    """The bundled data (see ``demos/data/SOURCES.md`` for its source and licence)."""
    with np.load(FILE) as d:
        layers = (
            DenseLayer(d["weights1"], d["bias1"], d["multiplier1"]),
            DenseLayer(d["weights2"], d["bias2"]),
        )
        return Digits(d["images"], d["labels"], d["test"], layers)


def integer_logits(digits: Digits, images: np.ndarray) -> np.ndarray:
    """(n, 10) int64 logits by exact integer arithmetic: the model that the gates must equal."""
    return integer_scores(digits.layers, images)


def network(digits: Digits | None = None) -> Netlist:
    """The network (the bundled one) as one combinational netlist.

    Inputs ``pixels0`` to ``pixels63`` of 5 bits; outputs ``logit0`` to ``logit9`` (two's complement) and
    ``digit``.
    """
    digits = digits or load()
    return build(
        perceptron,
        name="digits",
        pixels=(PIXEL_BITS,) * digits.images.shape[1],
        layers=digits.layers,
        largest=LARGEST_PIXEL,
    )


def port_values(images: np.ndarray) -> dict[str, np.ndarray]:
    """Values of the input ports for `images` (n, 64)."""
    return {f"pixels{i}": images[:, i] for i in range(images.shape[1])}
