"""The fast two-valued engine: 64 patterns a word, rows of three-input functions, slots in cache."""

from __future__ import annotations

import numpy as np

from .. import bits
from ..kernels import logic2 as kernel
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Record

CACHE_BYTES = 512 * 1024
"""Scratch that one block may use: half of a common second-level cache."""


class Logic2Engine(Engine):
    """Runs a schedule with Numba, combinational or clocked, many cycles in one call."""

    name = "logic2"

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        s = self.schedule
        n_words = stimulus.words.shape[2]
        kept = stimulus.n_cycles if record == "all" else min(1, stimulus.n_cycles)
        out = np.zeros((kept, len(nets), n_words), np.uint64)
        width = block_words(s, n_words)
        memory_table, words = _flatten(self.netlist.memories, state)
        kernel.simulate(
            0, n_words, stimulus.n_patterns, _scratch(s.n_slots, width),
            0, stimulus.n_cycles, np.ascontiguousarray(stimulus.words), s.input_slot,
            s.runs, s.rows,
            s.literals(nets), out, stimulus.n_cycles - kept,
            s.register_slot, s.next_literal, state.registers,
            memory_table, s.reads.memory, s.reads.address_ptr, s.reads.address, s.reads.data_ptr, s.reads.data,
            s.writes.memory, s.writes.address_ptr, s.writes.address, s.writes.data_ptr, s.writes.data,
            s.writes.enable, words,
        )  # fmt: skip
        mask = bits.lane_mask(stimulus.n_patterns)
        out &= mask
        state.registers[:] &= mask
        _restore(self.netlist.memories, state, memory_table, words)
        return out, {"block_words": width}


def block_words(schedule: Schedule, n_words: int) -> int:
    """Words a slot: 1 for few patterns, else 8 or 32, the most that keeps the scratch in cache."""
    if n_words <= 2:
        return 1
    return 32 if n_words > 8 and schedule.n_slots * 32 * 8 <= CACHE_BYTES else 8


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
