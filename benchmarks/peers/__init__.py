"""Other simulators, on the same netlist and the same patterns.

Each module gives ``prepare(...) -> Peer | None``: None, after one line that says so, where the tool is
not installed. What a peer must do before its first answer (parsing, generating, compiling) is timed
once; a pass over all patterns is timed as often as wanted; its outputs are handed back to be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import numpy as np


@cache
def _all_folders() -> TemporaryDirectory:
    """Kept until the process ends, then removed with all that is in it."""
    return TemporaryDirectory(prefix="gatesim-peers-")


def new_folder(name: str) -> Path:
    """An empty folder for the files of one peer on one circuit."""
    return Path(mkdtemp(prefix=f"{name}-", dir=_all_folders().name))


@dataclass(frozen=True)
class Peer:
    """Another simulator, ready to run.

    Attributes
    ----------
    name : str
    prepare_seconds : float
        From the netlist to the moment when the first pass can start.
    n_patterns : int
        Patterns of one pass: the first so many of those given (slow tools get fewer).
    run : callable
        One pass over the patterns, inputs read from memory and outputs left in memory; the seconds of
        processor time that the simulation itself took (every peer runs on one core).
    outputs : callable
        (output bits, words) uint64 planes of the last pass, or of those of its patterns that it can show.
    """

    name: str
    prepare_seconds: float
    n_patterns: int
    run: Callable[[], float]
    outputs: Callable[[], np.ndarray]


def check(peer: Peer, wanted: np.ndarray) -> None:
    """The peer's outputs are the first words of `wanted`, (output bits, words) uint64."""
    found = peer.outputs()
    assert found.shape[0] == wanted.shape[0] and found.shape[1] > 0, (peer.name, found.shape, wanted.shape)
    differ = np.flatnonzero((found != wanted[:, : found.shape[1]]).any(axis=1))
    assert not len(differ), f"{peer.name} computes other values on outputs {differ[:10].tolist()}"
