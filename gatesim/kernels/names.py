"""Names in a text as numbers: a hash table over their bytes."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def number_of(data, start, end, seed, slots, name_start, name_end, found):
    """The number of the name ``data[start:end]``; a new one becomes number `found`.

    ``slots`` has a power of two of places, more than there are names, -1 where free.
    """
    h = seed
    for i in range(start, end):
        h = (h ^ np.uint64(data[i])) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    mask = len(slots) - 1
    at = np.int64(h & np.uint64(mask))
    while slots[at] >= 0:
        other = slots[at]
        low = name_start[other]
        same = name_end[other] - low == end - start
        i = 0
        while same and i < end - start:
            same = data[low + i] == data[start + i]
            i += 1
        if same:
            return other
        at = (at + 1) & mask
    slots[at] = found
    name_start[found] = start
    name_end[found] = end
    return found
