# pyright: reportCallIssue=false
"""Moving between integers (one a pattern) and bit planes (64 patterns a word)."""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .transpose import transpose64


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
        transpose64(block)
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
        transpose64(block)
        for i in range(min(64, n - 64 * w)):
            values[64 * w + i] = block[i]
