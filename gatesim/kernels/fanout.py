"""Trees of buffers under nets that drive too many pins."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def grow_trees(roots, free, width, readers, first, fanin, first_buffer):
    """Give every root a tree of buffers, as shallow as can be, and move its readers to their places.

    ``roots`` (r,) nets; ``free`` (r,) int64 pins that each can drive itself; ``width`` pins that a buffer
    can; ``readers[first[i]:first[i + 1]]`` what reads root i, the most urgent first, as positions in
    ``fanin``, which is changed in place. Buffers are numbered from ``first_buffer``. Returns
    (driver of each buffer, root of each buffer).
    """
    n_buffers = 0
    for i in range(len(roots)):
        lack = (first[i + 1] - first[i]) - free[i]
        if lack > 0:
            n_buffers += (lack + width - 2) // (width - 1)
    driver_of = np.empty(n_buffers, np.int32)
    root_of = np.empty(n_buffers, np.int32)
    made = 0
    for i in range(len(roots)):
        wanted = first[i + 1] - first[i]
        # A queue of free places, the shallowest first: a buffer takes the front one and adds `width`.
        lack = max(0, wanted - free[i])
        buffers = (lack + width - 2) // (width - 1)
        places = np.empty(free[i] + buffers * width, np.int32)
        places[: free[i]] = roots[i]
        head, tail = 0, free[i]
        for _ in range(buffers):
            cell = first_buffer + made
            driver_of[made] = places[head]
            root_of[made] = roots[i]
            made += 1
            head += 1
            places[tail : tail + width] = cell
            tail += width
        for k in range(wanted):
            fanin[readers[first[i] + k]] = places[head + k]
    return driver_of, root_of
