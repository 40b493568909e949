"""Sums of vectors over GF(2), several words long: which vectors add up to a target."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import kernel

MOST_VECTORS = 62
"""Vectors of one question, at most: an answer is a mask of them."""

NO_SUM = np.int64(-1)

_U0, _U1 = np.uint64(0), np.uint64(1)


class Scratch(NamedTuple):
    """Rows of an elimination, what they are made of, word and bit of their pivots."""

    rows: np.ndarray
    made_of: np.ndarray
    word: np.ndarray
    bit: np.ndarray


@kernel
def new_scratch(words):
    """Room for questions about vectors of `words` words."""
    return Scratch(
        np.empty((MOST_VECTORS + 1, words), np.uint64),
        np.empty(MOST_VECTORS + 1, np.int64),
        np.empty(MOST_VECTORS + 1, np.int64),
        np.empty(MOST_VECTORS + 1, np.uint64),
    )


@kernel
def sum_of(vectors, n, target, care, scratch):
    """Mask of those of the first `n` `vectors` (n, words) whose sum is `target` on the bits of `care`.

    NO_SUM where there is none.
    """
    rows, made_of = scratch.rows, scratch.made_of
    words = len(target)
    rank = 0
    for i in range(n + 1):
        for w in range(words):
            rows[rank, w] = (vectors[i, w] if i < n else target[w]) & care[w]
        made = np.int64(1) << i if i < n else np.int64(0)
        for k in range(rank):
            if rows[rank, scratch.word[k]] & scratch.bit[k]:
                for w in range(words):
                    rows[rank, w] ^= rows[k, w]
                made ^= made_of[k]
        place = -1
        for w in range(words):
            if rows[rank, w]:
                place = w
                break
        if i == n:
            return made if place < 0 else NO_SUM
        if place >= 0:
            value = rows[rank, place]
            scratch.word[rank], scratch.bit[rank] = place, value & (~value + _U1)
            made_of[rank] = made
            rank += 1
    return NO_SUM
