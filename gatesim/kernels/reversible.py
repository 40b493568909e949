# pyright: reportCallIssue=false
"""Reversible circuits on many basis states at once: every gate is one row, or a few, over qubits as slots.

Slot 0 holds 0, slot ``q + 1`` qubit ``q``; behind the qubits lie the slots ONES, BROKEN and SIGN (see
``quantum.rows``) and scratch.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .vectors import gates8, gates32

_ZERO, _ONE = np.uint64(0), np.uint64(1)


@kernel
def run(runs, rows, slots):
    """All rows, in order; `slots` (n_slots, 8 or 32) uint64."""
    if slots.shape[1] == 32:
        for k in range(len(runs)):
            gates32(runs[k, 0], rows, runs[k, 1], runs[k, 2], slots)
    else:
        for k in range(len(runs)):
            gates8(runs[k, 0], rows, runs[k, 1], runs[k, 2], slots)


@kernel
def check(runs, rows, slots, ones, open_slots, start, end, first_word, last_word, n_lanes, wrong):
    """Run the circuit on basis states and compare what it leaves.

    ``start``, ``end`` (k, n_words) uint64: what the slots `open_slots` hold before and must hold after; every
    other slot starts at 0 and must end there (except `ones`, which holds 1). ``wrong`` (n,) int64 receives the
    first lane in which one of the first n slots ends wrong, where it held -1.
    """
    width = slots.shape[1]
    left = np.zeros(len(slots), np.int64)
    for k in range(len(open_slots)):
        left[open_slots[k]] = k + 1
    for low in range(first_word, last_word, width):
        n = min(width, last_word - low)
        slots[:] = _ZERO
        for w in range(width):
            slots[ones, w] = ~_ZERO
        for k in range(len(open_slots)):
            for w in range(n):
                slots[open_slots[k], w] = start[k, low + w]
        run(runs, rows, slots)
        for s in range(len(wrong)):
            if s == ones or wrong[s] >= 0:
                continue
            k = left[s] - 1
            differs = _ZERO
            for w in range(n):
                differs |= slots[s, w] ^ (end[k, low + w] if k >= 0 else _ZERO)
            if differs == _ZERO:
                continue
            for w in range(n):
                word = slots[s, w] ^ (end[k, low + w] if k >= 0 else _ZERO)
                lane = 64 * (low + w)
                while word != _ZERO and wrong[s] < 0:
                    if word & _ONE and lane < n_lanes:
                        wrong[s] = lane
                    word >>= _ONE
                    lane += 1
                if wrong[s] >= 0:
                    break
