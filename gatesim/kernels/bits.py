"""Moving between integers (one a pattern) and bit planes (64 patterns a word)."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def _transpose64(block):
    """Transpose a 64 x 64 bit matrix in place: bit j of word i becomes bit i of word j.

    Hacker's Delight, section 7-3, with LSB-first rows.
    """
    width = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while width:
        shift = np.uint64(width)
        k = 0
        while k < 64:
            swap = ((block[k] >> shift) ^ block[k + width]) & mask
            block[k] ^= swap << shift
            block[k + width] ^= swap
            k = (k + width + 1) & ~width
        width >>= 1
        mask ^= mask << np.uint64(width)


@kernel
def pack(values, planes):
    """Spread uint64 `values` (patterns,) into bit `planes` (bits, words); every word is written."""
    bits, words = planes.shape
    block = np.empty(64, np.uint64)
    n = len(values)
    for w in range(words):
        for i in range(64):
            p = 64 * w + i
            block[i] = values[p] if p < n else np.uint64(0)
        _transpose64(block)
        for b in range(bits):
            planes[b, w] = block[b]


@kernel
def unpack(planes, values):
    """Gather bit `planes` (bits, words) into uint64 `values` (patterns,)."""
    bits, words = planes.shape
    block = np.empty(64, np.uint64)
    n = len(values)
    for w in range(words):
        for b in range(64):
            block[b] = planes[b, w] if b < bits else np.uint64(0)
        _transpose64(block)
        for i in range(min(64, n - 64 * w)):
            values[64 * w + i] = block[i]
