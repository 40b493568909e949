"""Static timing: one sweep forward for arrivals, one backward for required times; sums over the steps
from one pattern to the next.

Times are int64 picoseconds in (n, 2) arrays: column 0 for a rise, column 1 for a fall. A cell's *sense*
towards a pin is 1 where a rise can cause a rise, 2 where a rise can cause a fall, 3 for both, 0 for
neither; it comes from the truth table.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

NEVER = -(1 << 62)
"""Arrival of an edge that cannot happen."""

ALWAYS = 1 << 62
"""Required time of an edge that nobody waits for."""


@kernel
def drivers_first(starts, fanin_ptr, fanin):
    """Whether every cell (except starts) reads only nets of lower number: then numbers are an order."""
    for cell in range(len(starts)):
        if not starts[cell]:
            for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
                if fanin[k] >= cell:
                    return False
    return True


@kernel
def arrivals(order, starts, op, fanin_ptr, fanin, sense, delay, arrival):
    """Latest arrival of both edges of every net.

    `order` has drivers first; `starts` (n,) bool marks cells whose `arrival` is given; `sense`
    (n_ops, 4) uint8 serves pin 3 for all later pins too; `delay` (n, 2) is that of each cell.
    """
    for cell in order:
        if starts[cell]:
            continue
        rise = NEVER
        fall = NEVER
        first = fanin_ptr[cell]
        for k in range(first, fanin_ptr[cell + 1]):
            way = sense[op[cell], min(k - first, 3)]
            pin = fanin[k]
            if way & 1:
                rise = max(rise, arrival[pin, 0])
                fall = max(fall, arrival[pin, 1])
            if way & 2:
                rise = max(rise, arrival[pin, 1])
                fall = max(fall, arrival[pin, 0])
        arrival[cell, 0] = rise + delay[cell, 0] if rise >= 0 else NEVER
        arrival[cell, 1] = fall + delay[cell, 1] if fall >= 0 else NEVER


@kernel
def required(order, starts, op, fanin_ptr, fanin, sense, delay, needed):
    """Pull required times backward through the cells; `needed` (n, 2) holds those of the endpoints."""
    for i in range(len(order) - 1, -1, -1):
        cell = order[i]
        if starts[cell]:
            continue
        rise = needed[cell, 0]
        fall = needed[cell, 1]
        if rise < ALWAYS:
            rise -= delay[cell, 0]
        if fall < ALWAYS:
            fall -= delay[cell, 1]
        first = fanin_ptr[cell]
        for k in range(first, fanin_ptr[cell + 1]):
            way = sense[op[cell], min(k - first, 3)]
            pin = fanin[k]
            if way & 1:
                needed[pin, 0] = min(needed[pin, 0], rise)
                needed[pin, 1] = min(needed[pin, 1], fall)
            if way & 2:
                needed[pin, 0] = min(needed[pin, 0], fall)
                needed[pin, 1] = min(needed[pin, 1], rise)


@kernel
def steps(planes, n_patterns, last):
    """Turn `planes` (n, words) into the changes from each pattern to the next, in place.

    Lane p then says whether the value differs from that of lane p - 1; lane 0 is held against `last`
    (n,) uint64, which becomes the value of the last lane.
    """
    n_words = (n_patterns + 63) >> 6
    tail = np.uint64((n_patterns - 1) & 63)
    mask = np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(63) - tail)
    for net in range(planes.shape[0]):
        carry = last[net]
        last[net] = (planes[net, n_words - 1] >> tail) & np.uint64(1)
        for w in range(n_words):
            word = planes[net, w]
            planes[net, w] = word ^ ((word << np.uint64(1)) | carry)
            carry = word >> np.uint64(63)
        planes[net, n_words - 1] &= mask


@kernel
def weigh(planes, weights, sums):
    """Add to ``sums[lane]`` (float64) the weight of every net whose bit is set in that lane."""
    for net in range(planes.shape[0]):
        weight = weights[net]
        if weight == 0.0:
            continue
        for w in range(planes.shape[1]):
            word = planes[net, w]
            lane = 64 * w
            while word:
                if word & np.uint64(1):
                    sums[lane] += weight
                word >>= np.uint64(1)
                lane += 1
