"""A grid of equal cells as an engine sees it: cells are lanes, links are shifts of lanes."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class Move:
    """A link: a lane sees the registers of the lane that lies `distance` before it.

    Attributes
    ----------
    sources, targets : (width,) int64
        Registers, and the input bits (in port order) that they feed.
    distance : int
    feed_lanes, drain_lanes : (n,) int64
        Lanes whose value enters at an edge, and lanes whose value leaves there.
    fed : bool
        Whether something enters; zeros do otherwise.
    """

    sources: np.ndarray
    targets: np.ndarray
    distance: int
    feed_lanes: np.ndarray
    drain_lanes: np.ndarray
    fed: bool


@dataclass(frozen=True, eq=False)
class Free:
    """An unlinked input.

    Attributes
    ----------
    targets : (width,) int64
        Its bits in port order.
    values : (1 or cycles, width) or (1 or cycles, width, words) uint64
        All zeros or all ones where every cell sees the same; else planes of the cells' lanes.
    """

    targets: np.ndarray
    values: np.ndarray

    @property
    def uniform(self) -> bool:
        """Whether every cell sees the same value."""
        return self.values.ndim == 2

    def at(self, cycle: int) -> np.ndarray:
        """(width, words or 1) in one cycle."""
        now = self.values[min(cycle, len(self.values) - 1)]
        return now[:, None] if self.uniform else now


@dataclass(frozen=True, eq=False)
class Edges:
    """Where packed bits belong: rows (plane, first packed word, first of ``lanes``, number of lanes)."""

    rows: np.ndarray
    lanes: np.ndarray
    n_words: int

    @classmethod
    def of(cls, planes: Sequence[tuple[int, np.ndarray]]) -> Edges:
        """Edges of (plane, its lanes), packed one after the other, each from a new word on."""
        rows, lanes, words, at = [], [np.zeros(0, np.int64)], 0, 0
        for plane, chosen in planes:
            rows.append((plane, words, at, len(chosen)))
            lanes.append(chosen)
            words, at = words + (len(chosen) + 63) // 64, at + len(chosen)
        return cls(np.array(rows, np.int64).reshape(-1, 4), np.concatenate(lanes), words)


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells, links and free inputs."""

    n_cells: int
    moves: tuple[Move, ...]
    frees: tuple[Free, ...]

    @cached_property
    def feeds(self) -> Edges:
        """What enters: planes are the bits of the fed moves, one after the other."""
        lanes = [m.feed_lanes for m in self.moves if m.fed for _ in m.targets]
        return Edges.of(list(enumerate(lanes)))

    @cached_property
    def drains(self) -> Edges:
        """What leaves: planes are registers."""
        return Edges.of([(int(k), m.drain_lanes) for m in self.moves for k in m.sources])

    @property
    def key(self) -> Hashable:
        """Equal for grids that need the same code."""
        moves = [
            (m.sources.tobytes(), m.targets.tobytes(), m.distance, m.feed_lanes.tobytes(), m.fed) for m in self.moves
        ]
        return self.n_cells, *moves, *((f.targets.tobytes(), f.uniform) for f in self.frees)


class GridRunner(Protocol):
    """An engine's own way to run a grid."""

    def run(
        self, registers: np.ndarray, grid: Grid, feeds: np.ndarray, drains: np.ndarray, n_cycles: int
    ) -> np.ndarray:
        """Make `n_cycles` clock edges from `registers` (n, words) on, and return the registers then.

        ``feeds`` and ``drains`` are (cycles, packed words) in the order of the grid's edges; what leaves
        in a cycle is what the registers hold before its edge.
        """
        ...
