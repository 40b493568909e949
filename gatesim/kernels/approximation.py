# pyright: reportCallIssue=false
"""Adding up how far numbers on bit planes lie from exact ones, one pattern after another."""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .transpose import transpose64

BINS = 64
"""Bins of the histogram: bin 0 counts error 0, bin k errors from ``2**(k - 1)`` to ``2**k - 1``."""


@kernel
def accumulate(planes, signed, exact, cell, integers, fractions, histogram, heat, cells):
    """Compare the numbers on `planes` (bits, words) with `exact` (patterns,) int64.

    Adds to ``integers`` (4,) int64: wrong patterns, sum of errors, largest error, patterns whose exact
    value is not 0; to ``fractions`` (3,)
    float64: sum and largest of the relative errors ``error / |exact|`` where the exact value is not 0,
    and sum of squared errors; to ``heat`` the errors and to ``cells`` the patterns of the cell of the map that ``cell``
    (patterns or 0,) names.
    """
    width = planes.shape[0]
    block = np.empty(64, np.uint64)
    shift = np.int64(64 - width)
    n = len(exact)
    relative_sum = 0.0
    square_sum = 0.0
    for w in range((n + 63) >> 6):
        for k in range(64):
            block[k] = planes[k, w] if k < width else np.uint64(0)
        transpose64(block)
        for i in range(min(64, n - 64 * w)):
            p = 64 * w + i
            value = np.int64(block[i])
            if signed:
                value = (value << shift) >> shift
            error = abs(value - exact[p])
            size = 0
            integers[3] += exact[p] != 0
            if error:
                integers[0] += 1
                integers[1] += error
                integers[2] = max(integers[2], error)
                if exact[p]:
                    relative = error / abs(exact[p])
                    relative_sum += relative
                    fractions[1] = max(fractions[1], relative)
                square_sum += np.float64(error) * np.float64(error)
                rest = error
                for step in (32, 16, 8, 4, 2, 1):
                    if rest >> step:
                        rest >>= step
                        size += step
                size += 1
            histogram[size] += 1
            if len(cell):
                heat[cell[p]] += abs(value - exact[p])
                cells[cell[p]] += 1
    fractions[0] += relative_sum
    fractions[2] += square_sum
