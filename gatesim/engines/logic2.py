"""The fast two-valued engine: 64 patterns a word, rows of three-input functions, slots in cache."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np

from .. import bits
from ..kernels import logic2 as kernel
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Record

CACHE_BYTES = 512 * 1024
"""Scratch that one block may use: half of a common second-level cache."""

SLICE_ROWS = 50_000_000
"""Row evaluations in one kernel call: a fraction of a second, so that an interrupt is soon heard."""

SHARED_WORK_ROWS = 2_000_000
"""Row evaluations below which a second thread costs more than it brings."""


class Logic2Engine(Engine):
    """Runs a schedule with Numba, combinational or clocked, many cycles in one call."""

    name = "logic2"

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        s = self.schedule
        n_words, n_cycles = stimulus.words.shape[2], stimulus.n_cycles
        kept = n_cycles if record == "all" else min(1, n_cycles)
        out = np.empty((kept, len(nets), n_words), np.uint64)
        width = block_words(s, n_words)
        memory_table, words = _flatten(self.netlist.memories, state)
        observe, planes = s.literals(nets), np.ascontiguousarray(stimulus.words)
        cost = max(1, len(s.rows) + len(s.input_slot) + len(observe))
        stop = Event()

        def work(first_word: int, last_word: int) -> None:
            scratch = _scratch(s.n_slots, width)
            for low, high, start, end in _slices(first_word, last_word, n_cycles, width, cost):
                if stop.is_set():
                    return
                kernel.simulate(
                    low, high, stimulus.n_patterns, scratch,
                    start, end, planes, s.input_slot,
                    s.runs, s.rows,
                    observe, out, n_cycles - kept,
                    s.register_slot, s.next_literal, state.registers,
                    memory_table, s.reads.memory, s.reads.address_ptr, s.reads.address, s.reads.data_ptr, s.reads.data,
                    s.writes.memory, s.writes.address_ptr, s.writes.address, s.writes.data_ptr, s.writes.data,
                    s.writes.enable, words,
                )  # fmt: skip

        blocks = -(-n_words // width)
        n_threads = _thread_count(self.threads, blocks, blocks * n_cycles * cost)
        edges = [min(n_words, blocks * i // n_threads * width) for i in range(n_threads)] + [n_words]
        if n_threads == 1:
            work(0, n_words)
        else:
            with ThreadPoolExecutor(n_threads) as pool:
                running = [pool.submit(work, *edge) for edge in zip(edges[:-1], edges[1:], strict=True)]
                try:
                    for future in running:
                        future.result()
                finally:
                    stop.set()
        mask = bits.lane_mask(stimulus.n_patterns)
        out[..., -1:] &= mask[-1:]
        state.registers[:, -1:] &= mask[-1:]
        _restore(self.netlist.memories, state, memory_table, words)
        return out, {"block_words": width, "threads": n_threads, "rows": len(s.rows)}


def block_words(schedule: Schedule, n_words: int) -> int:
    """Words a slot: 1 for few patterns, else 8 or 32, the most that keeps the scratch in cache."""
    if n_words <= 2:
        return 1
    return 32 if n_words > 8 and schedule.n_slots * 32 * 8 <= CACHE_BYTES else 8


def _thread_count(wanted: int | None, blocks: int, row_evaluations: int) -> int:
    if wanted is None:
        wanted = (os.cpu_count() or 1) if row_evaluations >= SHARED_WORK_ROWS else 1
    return max(1, min(wanted, blocks))


def _slices(first: int, last: int, n_cycles: int, width: int, cost: int) -> Iterator[tuple[int, int, int, int]]:
    """Cut words ``first .. last`` and all cycles into kernel calls: (low, high, start, end)."""
    cycles = max(1, min(n_cycles, SLICE_ROWS // cost))
    words = width * max(1, SLICE_ROWS // (cost * cycles))
    for low in range(first, last, words):
        for start in range(0, n_cycles, cycles):
            yield low, min(low + words, last), start, min(start + cycles, n_cycles)


def _scratch(n_slots: int, width: int) -> np.ndarray:
    """(n_slots, width) uint64 zeros that start on a cache line."""
    raw = np.zeros(n_slots * width + 8, np.uint64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + n_slots * width].reshape(n_slots, width)


def _flatten(memories, state: State) -> tuple[np.ndarray, np.ndarray]:
    """(n, 3) int64 rows (base, stride a lane, depth) and all words in one array."""
    table = np.zeros((len(memories), 3), np.int64)
    parts, base = [np.zeros(0, np.uint64)], 0
    for i, (m, stored) in enumerate(zip(memories, state.memories, strict=True)):
        content = m.contents if m.is_rom else stored.reshape(-1)
        table[i] = base, 0 if m.is_rom else m.depth, m.depth
        parts.append(content)
        base += len(content)
    return table, np.concatenate(parts)


def _restore(memories, state: State, table: np.ndarray, words: np.ndarray) -> None:
    for i, (m, stored) in enumerate(zip(memories, state.memories, strict=True)):
        if not m.is_rom:
            stored[:] = words[table[i, 0] : table[i, 0] + stored.size].reshape(stored.shape)
