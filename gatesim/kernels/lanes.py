"""Moving bit planes between the cells of a grid: cell (r, c) is lane ``r * columns + c``."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def shift(source, source_rows, target, target_rows, distance, keep):
    """``target[lane] = source[lane - distance]`` for every plane, where ``keep`` (words,) has a 1; else 0."""
    n_words = len(keep)
    words = distance >> 6
    bits = np.uint64(distance & 63)
    rest = np.uint64(64) - bits
    for k in range(len(source_rows)):
        s = source[source_rows[k]]
        t = target[target_rows[k]]
        if bits == 0:
            for w in range(n_words):
                at = w - words
                t[w] = s[at] & keep[w] if 0 <= at < n_words else np.uint64(0)
        else:
            for w in range(n_words):
                at = w - words
                low = s[at] << bits if 0 <= at < n_words else np.uint64(0)
                high = s[at - 1] >> rest if 0 <= at - 1 < n_words else np.uint64(0)
                t[w] = (low | high) & keep[w]


@njit(cache=True, nogil=True)
def feed(packed, target, target_rows, lanes):
    """Put bit ``e`` of every ``packed`` plane (bits, edge words) on lane ``lanes[e]`` (which reads 0)."""
    for k in range(len(target_rows)):
        t = target[target_rows[k]]
        for e in range(len(lanes)):
            bit = (packed[k, e >> 6] >> np.uint64(e & 63)) & np.uint64(1)
            t[lanes[e] >> 6] |= bit << np.uint64(lanes[e] & 63)


@njit(cache=True, nogil=True)
def drain(source, source_rows, lanes, packed):
    """Collect lane ``lanes[e]`` of every plane as bit ``e`` of ``packed`` (bits, edge words)."""
    for k in range(len(source_rows)):
        s = source[source_rows[k]]
        for w in range(packed.shape[1]):
            word = np.uint64(0)
            for i in range(min(64, len(lanes) - 64 * w)):
                lane = lanes[64 * w + i]
                word |= ((s[lane >> 6] >> np.uint64(lane & 63)) & np.uint64(1)) << np.uint64(i)
            packed[k, w] = word
