"""A network of two dense int8 layers as a program of the SIMT machine, one image a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from circuits.network import DenseLayer
from gatesim.errors import ValueFitError

from .machine import Machine, Session, Tier
from .simt_assembler import SimtProgram
from .simt_gates import SimtShape
from .simt_matmul import kernel
from .simt_run import SimtRun, run, start

_PARAMETERS = 60


@dataclass(frozen=True, eq=False)
class SimtScores:
    """Logits that the gates computed.

    Attributes
    ----------
    logits : (images, outputs) int64
    cycles_per_image : int
        The same for every image.
    run : SimtRun
        Of the first image: cycles, multiplications, bytes moved.
    shape : SimtShape
    """

    logits: np.ndarray
    cycles_per_image: int
    run: SimtRun
    shape: SimtShape


def scores(
    layers: Sequence[DenseLayer],
    images: np.ndarray,
    lanes: int = 16,
    *,
    machine: Machine | None = None,
    tier: Tier = "auto",
) -> SimtScores:
    """Show images to the network, each on a machine of its own.

    The program multiplies and adds, adds biases, requantises (half to even) and clamps what is below 0 or
    above 255 with masks. The multiplier of a lane takes bytes, so accumulator times multiplier is a long
    multiplication of three bytes by two digits of seven bits.

    Parameters
    ----------
    layers : two DenseLayer
        The first requantised, the second not (:class:`circuits.network.DenseLayer`).
    images : (n, inputs) integers from 0 to 255
    lanes : int
    machine, tier
        As for :func:`circuits.computers.simt_run.run`.

    Raises
    ------
    ValueFitError
        Other layers, pixels that are no bytes, accumulators whose product with a multiplier may not fit
        into 32 bits.

    Examples
    --------
    >>> first = DenseLayer(np.array([[1, 2], [-3, 4]], np.int8), np.array([5, 6], np.int32), np.array([30000, 65]))
    >>> second = DenseLayer(np.array([[1, -1]], np.int8), np.array([7], np.int32))
    >>> first.multiplier[0] = 9000
    >>> scores([first, second], np.array([[10, 20]]), lanes=2).logits.tolist()
    [[15]]
    """
    job = _job(layers, images, lanes)
    done = run(job.shape, job.program, job.data, machine=machine, tier=tier, instances=len(images))
    memory = done.memory.reshape(len(images), -1)
    found = np.ascontiguousarray(memory[:, job.logits : job.logits + 4 * job.outputs]).view(np.int32)
    return SimtScores(found.astype(np.int64), done.cycles, done, job.shape)


def start_network(layers: Sequence[DenseLayer], images: np.ndarray, lanes: int = 16) -> Session:
    """A session before the first instruction of :func:`scores`; parameters and errors as there."""
    job = _job(layers, images, lanes)
    return start(job.shape, job.program, job.data, instances=len(images))


@dataclass(frozen=True, eq=False)
class _Job:
    """Images and a network ready to run, and where the logits will be."""

    shape: SimtShape
    program: SimtProgram
    data: dict[int, bytes | np.ndarray]
    logits: int
    outputs: int


def _job(layers: Sequence[DenseLayer], images: np.ndarray, lanes: int) -> _Job:
    images = np.asarray(images)
    first, second = _checked(layers, images)
    (n1, k1), (n2, k2) = first.weights.shape, second.weights.shape
    assert first.multiplier is not None
    parts = [
        images.astype(np.uint8),
        first.weights.T.astype(np.int8),
        first.bias.astype(np.int32),
        (first.multiplier & 127).astype(np.uint8),
        (first.multiplier >> 7).astype(np.uint8),
        np.zeros(n1, np.uint8),
        second.weights.T.astype(np.int8),
        second.bias.astype(np.int32),
        np.zeros(n2, np.int32),
    ]
    place, end = [], _PARAMETERS + 4
    for k, part in enumerate(parts):
        place.append(end)
        size = part[0].size if k == 0 else part.nbytes
        end += -(-size // 4) * 4
    image, weights1, bias1, low, high, hidden, weights2, bias2, logits = place
    parameters = [
        lanes, n1, k1, weights1, image, bias1, low, high, hidden,
        n2, k2, weights2, hidden, bias2, logits,
    ]  # fmt: skip
    data: dict[int, bytes | np.ndarray] = {0: np.array(parameters, np.int32).view(np.uint8)}
    for k, (address, part) in enumerate(zip(place, parts, strict=True)):
        data[address] = part if k == 0 else np.ascontiguousarray(part).reshape(-1).view(np.uint8)
    shape = SimtShape(lanes, "int8", max(64, 1 << (end - 1).bit_length()), program_words=128)
    return _Job(shape, kernel("digits"), data, logits, n2)


def _checked(layers: Sequence[DenseLayer], images: np.ndarray) -> tuple[DenseLayer, DenseLayer]:
    if len(layers) != 2 or layers[0].multiplier is None or layers[1].multiplier is not None:
        raise ValueFitError("the program takes two layers: the first requantised, the second not")
    first, second = layers
    assert first.multiplier is not None
    if (
        images.ndim != 2
        or images.shape[1] != first.weights.shape[1]
        or first.weights.shape[0] != second.weights.shape[1]
    ):
        raise ValueFitError(
            f"images {images.shape} and weights {first.weights.shape}, {second.weights.shape} do not go together"
        )
    if not images.size or images.min() < 0 or images.max() > 255:
        raise ValueFitError("images are bytes: give at least one, with pixels from 0 to 255")
    if first.multiplier.min() < 0 or first.multiplier.max() >= 1 << 14:
        raise ValueFitError("multipliers have at most 14 bits on this machine")
    # The weights say how far from 0 an accumulator can be, whatever the image.
    weights, bias = first.weights.astype(np.int64), first.bias.astype(np.int64)
    pixel = int(images.max())
    most = np.maximum(bias + pixel * weights.clip(0).sum(1), -bias + pixel * (-weights).clip(0).sum(1))
    if most.max() >= 1 << 23 or (most * first.multiplier).max() >= (1 << 31) - (1 << 16):
        raise ValueFitError("an accumulator times its multiplier may not fit into 32 bits")
    return first, second
