"""A grid of cells on a GPU: 32 cells a thread, a launch a clock edge, two sets of register planes.

The launch is the barrier between cycles: a thread reads the present planes of its neighbours, and nobody
writes them before all have. Launches queue up on the device, the host only waits at the end of a slice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..schedule import Schedule
from .cuda_program import ports, program
from .links import Edges, Free, Grid, Move

SLICE_CYCLES = 1024
"""Launches in flight at most, so that an interrupt is soon heard."""


class CudaGrid:
    """The arrays of a grid on the device, and its run; see :class:`~gatesim.engines.links.GridRunner`."""

    def __init__(self, kernel, schedule: Schedule, grid: Grid) -> None:
        self._kernel, device = kernel, kernel.device
        fields, n_slots = program(kernel.BLOCK, schedule, schedule.next_literal)
        self._shared = 4 * n_slots * kernel.BLOCK
        self._program = kernel.Program(*map(device.to_device, fields))
        self._reads = kernel.Ports(*map(device.to_device, ports(kernel.BLOCK, schedule.reads)))
        self._slot = kernel.BLOCK * schedule.input_slot.astype(np.int64)
        self._links = kernel.Links(*map(device.to_device, self._described(grid)))

    def fits(self) -> bool:
        """Whether the slots of a block fit into shared memory."""
        return self._shared <= self._kernel.DEFAULT_SHARED_BYTES

    def _described(self, grid: Grid) -> tuple[np.ndarray, ...]:
        n_words = 2 * (-(-grid.n_cells // 64))
        linked, fed = [], 0
        for number, move in enumerate(grid.moves):
            words, shift = divmod(move.distance, 32)
            for register, target in zip(move.sources.tolist(), move.targets.tolist(), strict=True):
                if self._slot[target] >= 0:
                    linked.append((self._slot[target], register, words, shift, number, fed if move.fed else -1))
                fed += move.fed
        edges = _by_word([m.feed_lanes for m in grid.moves], n_words)
        return (
            np.array(linked, np.int64).reshape(-1, 6),
            np.array([_keep(m, grid.n_cells, n_words) for m in grid.moves], np.uint32).reshape(-1, n_words),
            *edges,
            2 * grid.feeds.rows[:, 1],
            self._free(grid.frees, uniform=False),
            self._free(grid.frees, uniform=True),
            _packed_words(grid.drains),
            grid.drains.lanes,
        )

    def _free(self, frees: Sequence[Free], *, uniform: bool) -> np.ndarray:
        targets = [int(k) for f in frees if f.uniform == uniform for k in f.targets]
        used = [(self._slot[k], plane) for plane, k in enumerate(targets) if self._slot[k] >= 0]
        return np.array(used, np.int64).reshape(-1, 2)

    def run(
        self, registers: np.ndarray, grid: Grid, feeds: np.ndarray, drains: np.ndarray, n_cycles: int
    ) -> np.ndarray:
        """See :class:`~gatesim.engines.links.GridRunner`."""
        kernel, device = self._kernel, self._kernel.device
        now = device.to_device(_halves(registers))
        following = device.to_device(_halves(registers))
        nothing = device.to_device(np.zeros((0, 3), np.int64)), device.to_device(np.zeros(0, np.uint64))
        given = [device.to_device(_values(grid.frees, registers.shape[1], uniform=u)) for u in (False, True)]
        entering, leaving = device.to_device(_halves(feeds)), device.to_device(_halves(drains))
        blocks = -(-now.shape[1] // kernel.BLOCK)
        for cycle in range(n_cycles):
            kernel.clock_edge[blocks, kernel.BLOCK, 0, self._shared](
                self._program, self._reads, *nothing, self._links, cycle, now, following, entering, *given, leaving
            )
            now, following = following, now
            if cycle % SLICE_CYCLES == SLICE_CYCLES - 1:
                device.synchronize()
        if drains.size:
            drains[:n_cycles] = leaving.copy_to_host().view(np.uint64)[:n_cycles]
        return now.copy_to_host().view(np.uint64)


def _halves(planes: np.ndarray) -> np.ndarray:
    """uint64 words as uint32 words."""
    return np.ascontiguousarray(planes).view(np.uint32)


def _keep(move: Move, n_cells: int, n_words: int) -> np.ndarray:
    lanes = np.zeros(32 * n_words, np.uint8)
    lanes[:n_cells] = 1
    lanes[move.feed_lanes] = 0
    return np.packbits(lanes, bitorder="little").view(np.uint32)


def _by_word(lanes: Sequence[np.ndarray], n_words: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edge lanes of each move by the word that they lie in: pointers, bits, numbers of the lanes."""
    sizes = np.cumsum([0, *map(len, lanes)])
    found = [
        first + np.searchsorted(one, 32 * np.arange(n_words + 1)) for first, one in zip(sizes, lanes, strict=False)
    ]
    every = np.concatenate([np.zeros(0, np.int64), *lanes]).astype(np.int64)
    numbers = [np.zeros(0, np.int64), *(np.arange(len(one)) for one in lanes)]
    return np.array(found, np.int64).reshape(-1, n_words + 1), every & 31, np.concatenate(numbers)


def _packed_words(edges: Edges) -> np.ndarray:
    """(2 * n_words, 3): register, first lane and number of lanes of each packed word of 32."""
    found = np.zeros((2 * edges.n_words, 3), np.int64)
    for plane, word, first, n in edges.rows.tolist():
        for k in range(0, n, 32):
            found[2 * word + k // 32] = plane, first + k, min(32, n - k)
    return found


def _values(frees: Sequence[Free], n_words: int, *, uniform: bool) -> np.ndarray:
    """(1 or cycles, bits, 2 * n_words), or (1 or cycles, bits) where all cells see the same; uint32."""
    chosen = [f.values for f in frees if f.uniform == uniform]
    cycles = max((len(v) for v in chosen), default=1)
    shape = (cycles, 0) if uniform else (cycles, 0, n_words)
    wide = [np.broadcast_to(v, (cycles, *v.shape[1:])) for v in chosen]
    together = np.concatenate([np.zeros(shape, np.uint64), *wide], axis=1)
    return together.astype(np.uint32) if uniform else _halves(together)
