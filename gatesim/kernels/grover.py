# pyright: reportCallIssue=false
"""Grover's iteration on amplitudes: change the sign of what is marked, reflect everything about the mean.

Amplitudes are real. Amplitude k belongs to the input whose bit i is bit i of k; its mark is bit ``k & 63`` of word
``k >> 6``. They are worked on in chunks of a fixed size, so that sums do not depend on the number of threads.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .reversible import run
from .vectors import popcount

CHUNK_WORDS = 512
"""Words of marks in a chunk: 2^15 amplitudes."""

_ZERO, _ONE = np.uint64(0), np.uint64(1)


@kernel
def step(amplitudes, before, after, twice_mean, first_chunk, last_chunk, sums):
    """One pass: each amplitude becomes ``twice_mean - s amplitude``, s = -1 where `before` marks it.

    amplitudes : (64 n_words,) float64; fewer than 64 of them if there is one word.
    before, after : (n_words,) uint64, marks of this iteration and of the next.
    sums : (n_chunks, 2) float64, receives for every chunk the sum of ``s amplitude`` for the marks `after`, and the
    probability of what those mark.
    """
    lanes = min(64, len(amplitudes))
    signed, hit = np.empty(64), np.empty(64)
    for chunk in range(first_chunk, last_chunk):
        signed[:], hit[:] = 0.0, 0.0
        for w in range(chunk * CHUNK_WORDS, min((chunk + 1) * CHUNK_WORDS, len(before))):
            flips, marks = before[w], after[w]
            at = 64 * w
            if flips == _ZERO and marks == _ZERO:
                for j in range(lanes):
                    x = twice_mean - amplitudes[at + j]
                    amplitudes[at + j] = x
                    signed[j] += x
                continue
            for j in range(lanes):
                x = amplitudes[at + j]
                x = twice_mean + x if flips >> np.uint64(j) & _ONE else twice_mean - x
                amplitudes[at + j] = x
                if marks >> np.uint64(j) & _ONE:
                    signed[j] -= x
                    hit[j] += x * x
                else:
                    signed[j] += x
        sums[chunk, 0], sums[chunk, 1] = signed.sum(), hit.sum()


@kernel
def branches(runs, rows, slots, ones, inputs, sign, first_word, last_word, n_lanes, signs, wrong):
    """Every gate of a circuit on every branch: what is left on its qubits is checked, its sign handed out.

    inputs : (n_inputs,) slots; branch k starts with bit i of k on the i-th, all others at 0 (`ones`: 1).
    signs : (n_words,) uint64, receives a 1 for every branch whose sign changed.
    wrong : (n,) int64 receives the first branch in which one of the first n slots ends otherwise than it began,
    where it held -1; `sign` is no such slot.
    """
    width = slots.shape[1]
    place = np.full(len(wrong), -1, np.int64)
    for i in range(len(inputs)):
        place[inputs[i]] = i
    for low in range(first_word, last_word, width):
        n = min(width, last_word - low)
        slots[:] = _ZERO
        slots[ones] = ~_ZERO
        for i in range(len(inputs)):
            for w in range(width):
                slots[inputs[i], w] = _pattern(i, low + w)
        run(runs, rows, slots)
        for w in range(n):
            signs[low + w] = slots[sign, w]
        for s in range(len(wrong)):
            if s in (ones, sign) or wrong[s] >= 0:
                continue
            differs = _ZERO
            if place[s] < 0:
                for w in range(width):
                    differs |= slots[s, w]
            else:
                for w in range(width):
                    differs |= slots[s, w] ^ _pattern(place[s], low + w)
            if differs == _ZERO:
                continue
            for w in range(n):
                word = slots[s, w] ^ (_pattern(place[s], low + w) if place[s] >= 0 else _ZERO)
                if n_lanes < 64:
                    word &= (_ONE << np.uint64(n_lanes)) - _ONE
                if word != _ZERO:
                    wrong[s] = 64 * (low + w) + np.int64(popcount((word & (~word + _ONE)) - _ONE))
                    break


@kernel
def _pattern(bit, word):
    """Bit `bit` of the numbers 64 word to 64 word + 63."""
    if bit == 0:
        return np.uint64(0xAAAAAAAAAAAAAAAA)
    if bit == 1:
        return np.uint64(0xCCCCCCCCCCCCCCCC)
    if bit == 2:
        return np.uint64(0xF0F0F0F0F0F0F0F0)
    if bit == 3:
        return np.uint64(0xFF00FF00FF00FF00)
    if bit == 4:
        return np.uint64(0xFFFF0000FFFF0000)
    if bit == 5:
        return np.uint64(0xFFFFFFFF00000000)
    return ~_ZERO if np.uint64(word) >> np.uint64(bit - 6) & _ONE else _ZERO
