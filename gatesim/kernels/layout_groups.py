"""Cutting a large sheet into groups of neighbours."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def cone_order(ptr, pins, is_root):
    """Items in an order where what feeds a root stands just before it (depth first, registers cut).

    Item ``i`` reads ``pins[ptr[i]:ptr[i + 1]]``. Roots (registers, and what nobody here reads) are visited by
    number; a register that is only read is passed over until its own turn comes. Without loops among the
    others, drivers stand before their readers, so groups cut from this order have no loops either.
    """
    n = len(ptr) - 1
    seen = is_root.copy()
    cursor = ptr[:n].copy()
    stack = np.empty(n + 1, np.int64)
    out = np.empty(n, np.int64)
    made = 0
    for turn in range(2):
        for root in range(n):
            if turn == 0 and not is_root[root]:
                continue
            if turn == 1 and seen[root]:
                continue
            seen[root] = True
            stack[0] = root
            top = 1
            while top:
                item = stack[top - 1]
                if cursor[item] < ptr[item + 1]:
                    other = pins[cursor[item]]
                    cursor[item] += 1
                    if not seen[other]:
                        seen[other] = True
                        stack[top] = other
                        top += 1
                else:
                    out[made] = item
                    made += 1
                    top -= 1
    return out


@kernel
def cut_points(order, ptr, pins, least, most):
    """Where to cut `order` into groups of `least` to `most` items, so that few wires run between them.

    Returns the starts of the groups, the end of the last one included. Greedy: each cut is the place in its
    window that the fewest wires pass, the latest of equals.
    """
    n = len(order)
    place = np.empty(n, np.int64)
    for k in range(n):
        place[order[k]] = k
    begin = np.arange(n)
    end = np.arange(n)
    for k in range(n):
        for j in range(ptr[order[k]], ptr[order[k] + 1]):
            driver = place[pins[j]]
            begin[driver] = min(begin[driver], k)
            end[driver] = max(end[driver], k)
    passing = np.zeros(n + 1, np.int64)
    for k in range(n):
        passing[begin[k] + 1] += 1
        if end[k] < n:
            passing[end[k] + 1] -= 1
    for k in range(n):
        passing[k + 1] += passing[k]
    starts = [0]
    while n - starts[-1] > most:
        low = starts[-1] + least
        high = min(starts[-1] + most, n - least)
        best = low
        for k in range(low, high + 1):
            if passing[k] <= passing[best]:
                best = k
        starts.append(best)
    starts.append(n)
    return np.array(starts)
