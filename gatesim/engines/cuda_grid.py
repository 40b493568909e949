"""A grid of cells on a GPU: 32 cells a thread, a launch a clock edge.

The launch is the barrier between cycles. What enters at the edges is spread over planes, and what leaves
is collected, for a batch of cycles at a time: the registers of every cycle of the batch are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..schedule import Schedule
from .cuda_program import ports, program
from .links import Edges, Free, Grid, Move
from .ptx import BLOCK as PTX_BLOCK
from .ptx_grid import PARAMETERS, grid_edge

BATCH_BYTES = 1 << 28
"""Device memory for the planes of a batch, about."""

BATCH_CYCLES = 1024
"""Clock edges in a batch at most, so that an interrupt is soon heard."""

Load = Callable[..., Callable[..., None]]


class CudaGrid:
    """The arrays of a grid on the device, and its run; see :class:`~gatesim.engines.links.GridRunner`."""

    def __init__(self, kernel, schedule: Schedule, grid: Grid, load: Load | None) -> None:
        """``load(kernel, ptx, parameters)`` makes a launch of PTX; None: interpret."""
        self._kernel, self._schedule = kernel, schedule
        self._slot = kernel.BLOCK * schedule.input_slot.astype(np.int64)
        self._n_words = 2 * (-(-grid.n_cells // 64))
        self._pad = 2 + max((abs(m.distance) // 32 for m in grid.moves), default=0)
        self._stride = self._n_words + 2 * self._pad
        self._keep = kernel.device.to_device(_keeps(grid, self._n_words))
        self._entering = kernel.Entering(*map(kernel.device.to_device, _entering(grid, self._n_words)))
        self._edge = None
        if load is not None:
            text = grid_edge(schedule, grid, self._n_words, self._pad, self._stride)
            self._edge = load(kernel, text, PARAMETERS)
        else:
            self._prepare(grid)

    def _prepare(self, grid: Grid) -> None:
        kernel, device = self._kernel, self._kernel.device
        fields, n_slots = program(kernel.BLOCK, self._schedule, self._schedule.next_literal)
        self._program = kernel.Program(*map(device.to_device, fields))
        reads = kernel.Ports(*map(device.to_device, ports(kernel.BLOCK, self._schedule.reads)))
        self._nothing = reads, device.to_device(np.zeros((0, 3), np.int64)), device.to_device(np.zeros(0, np.uint64))
        free = [device.to_device(self._free(grid.frees, uniform=u)) for u in (False, True)]
        self._links = kernel.Links(device.to_device(self._linked(grid)), self._keep, *free)
        self._shared = 4 * n_slots * kernel.BLOCK

    def _linked(self, grid: Grid) -> np.ndarray:
        linked, fed = [], 0
        for number, move in enumerate(grid.moves):
            words, shift = divmod(move.distance, 32)
            for register, target in zip(move.sources.tolist(), move.targets.tolist(), strict=True):
                if self._slot[target] >= 0:
                    linked.append((self._slot[target], register, words, shift, number, fed if move.fed else -1))
                fed += move.fed
        return np.array(linked, np.int64).reshape(-1, 6)

    def _free(self, frees: Sequence[Free], *, uniform: bool) -> np.ndarray:
        targets = [int(k) for f in frees if f.uniform == uniform for k in f.targets]
        used = [(self._slot[k], plane) for plane, k in enumerate(targets) if self._slot[k] >= 0]
        return np.array(used, np.int64).reshape(-1, 2)

    def run(
        self, registers: np.ndarray, grid: Grid, feeds: np.ndarray, drains: np.ndarray, n_cycles: int
    ) -> np.ndarray:
        """See :class:`~gatesim.engines.links.GridRunner`."""
        kernel, device, n_words = self._kernel, self._kernel.device, self._n_words
        inside = slice(self._pad, self._pad + n_words)
        a_cycle = 4 * (len(registers) * self._stride + len(grid.feeds.rows) * n_words)
        batch = max(1, min(n_cycles, BATCH_CYCLES, BATCH_BYTES // max(1, a_cycle)))
        start = np.zeros((batch + 1, len(registers), self._stride), np.uint32)
        start[0, :, inside] = _halves(registers)
        planes = device.to_device(start)
        fed = device.to_device(np.zeros((batch, len(grid.feeds.rows), n_words), np.uint32))
        given = [device.to_device(_values(grid.frees, registers.shape[1], uniform=u)) for u in (False, True)]
        feeds_there, leaving = device.to_device(_halves(feeds)), device.to_device(_halves(drains))
        drained, lanes = device.to_device(_packed_words(grid.drains)), device.to_device(grid.drains.lanes)
        for first in range(0, n_cycles, batch):
            last = min(first + batch, n_cycles)
            if fed.size:
                kernel.enter[-(-fed.size // 128), 128](self._entering, feeds_there, first, fed)
            for cycle in range(first, last):
                self._step(cycle, planes, fed, *given)
            if len(drained):
                blocks = -(-(last - first) * len(drained) // 128)
                kernel.leave[blocks, 128](planes, self._pad, first, last, drained, lanes, leaving)
            device.synchronize()
        if drains.size:
            drains[:n_cycles] = leaving.copy_to_host().view(np.uint64)[:n_cycles]
        return np.ascontiguousarray(planes.copy_to_host()[n_cycles % len(planes), :, inside]).view(np.uint64)

    def _step(self, cycle: int, planes, fed, frees, uniforms) -> None:
        """Launch one clock edge."""
        if self._edge is None:
            kernel = self._kernel
            kernel.clock_edge[-(-self._n_words // kernel.BLOCK), kernel.BLOCK, 0, self._shared](
                self._program, *self._nothing, self._links, cycle, self._pad, planes, fed, frees, uniforms
            )
            return
        now, following = (_part(planes, c) for c in (cycle, cycle + 1))
        self._edge(
            -(-self._n_words // PTX_BLOCK), PTX_BLOCK, now, following, (self._keep, 0), _part(fed, cycle),
            *(_part(a, min(cycle, len(a) - 1)) for a in (frees, uniforms)),
        )  # fmt: skip

    def fits(self) -> bool:
        """Whether the slots of a block fit into shared memory, where they are needed."""
        return self._edge is not None or self._shared <= self._kernel.DEFAULT_SHARED_BYTES


def _part(array, number: int) -> tuple[Any, int]:
    """The array, and where in it (in bytes) element `number` of its first axis lies, round and round."""
    return array, number % len(array) * (4 * array.size // len(array))


def _halves(planes: np.ndarray) -> np.ndarray:
    """uint64 words as uint32 words."""
    return np.ascontiguousarray(planes).view(np.uint32)


def _keeps(grid: Grid, n_words: int) -> np.ndarray:
    """(moves, n_words) uint32 with a 1 in every lane that sees another cell."""

    def keep(move: Move) -> np.ndarray:
        lanes = np.zeros(32 * n_words, np.uint8)
        lanes[: grid.n_cells] = 1
        lanes[move.feed_lanes] = 0
        return np.packbits(lanes, bitorder="little").view(np.uint32)

    return np.array([keep(m) for m in grid.moves], np.uint32).reshape(-1, n_words)


def _entering(grid: Grid, n_words: int) -> tuple[np.ndarray, ...]:
    """The fields of ``kernels.cuda.Entering``."""
    borders = 32 * np.arange(n_words + 1)
    lanes, first = grid.feeds.lanes, grid.feeds.rows[:, 2]
    ends = first + grid.feeds.rows[:, 3]
    ptr = [low + np.searchsorted(lanes[low:high], borders) for low, high in zip(first, ends, strict=True)]
    index = [np.zeros(0, np.int64), *(np.arange(high - low) for low, high in zip(first, ends, strict=True))]
    table = np.array(ptr, np.int64).reshape(-1, n_words + 1)
    return table, lanes & 31, np.concatenate(index), 2 * grid.feeds.rows[:, 1]


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
