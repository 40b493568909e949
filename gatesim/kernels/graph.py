"""Levelising, fanout and reachability over CSR fanin lists."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def fanout_lists(fanin_ptr, fanin, n):
    """CSR of readers: net ``i`` is read by ``out[ptr[i]:ptr[i + 1]]`` (a cell once per pin)."""
    ptr = np.zeros(n + 1, np.int32)
    for k in range(len(fanin)):
        ptr[fanin[k] + 1] += 1
    for i in range(n):
        ptr[i + 1] += ptr[i]
    out = np.empty(len(fanin), np.int32)
    cursor = ptr[:n].copy()
    for cell in range(n):
        for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
            driver = fanin[k]
            out[cursor[driver]] = cell
            cursor[driver] += 1
    return ptr, out


@kernel
def levelise(is_source, fanin_ptr, fanin, n):
    """Level of every net (sources 0, a cell one more than its deepest pin; -1 in or after a loop)
    and the cells in an order where drivers come first, sorted by (level, id).
    """
    level = np.full(n, -1, np.int32)
    # Most netlists are written drivers first: one forward sweep settles those without a fanout list.
    pending = 0
    for cell in range(n):
        if is_source[cell]:
            level[cell] = 0
    for cell in range(n):
        if is_source[cell]:
            continue
        deepest = 0
        for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
            at = level[fanin[k]]
            if at < 0:
                deepest = -1
                break
            deepest = max(deepest, at)
        if deepest < 0:
            pending += 1
        else:
            level[cell] = deepest + 1
    if pending:
        ptr, readers = fanout_lists(fanin_ptr, fanin, n)
        waiting = np.zeros(n, np.int32)
        queue = np.empty(n, np.int32)
        head = 0
        tail = 0
        for cell in range(n):
            if level[cell] < 0:
                for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
                    if level[fanin[k]] < 0:
                        waiting[cell] += 1
        for cell in range(n):
            if level[cell] < 0 and waiting[cell] == 0:
                queue[tail] = cell
                tail += 1
        while head < tail:
            cell = queue[head]
            head += 1
            deepest = 0
            for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
                deepest = max(deepest, level[fanin[k]])
            level[cell] = deepest + 1
            for k in range(ptr[cell], ptr[cell + 1]):
                reader = readers[k]
                if level[reader] < 0:
                    waiting[reader] -= 1
                    if waiting[reader] == 0:
                        queue[tail] = reader
                        tail += 1
    top = -1
    settled = 0
    for cell in range(n):
        if level[cell] >= 0:
            settled += 1
            top = max(top, level[cell])
    start = np.zeros(top + 2, np.int64)
    for cell in range(n):
        if level[cell] >= 0:
            start[level[cell] + 1] += 1
    for i in range(top + 1):
        start[i + 1] += start[i]
    order = np.empty(settled, np.int32)
    for cell in range(n):
        if level[cell] >= 0:
            order[start[level[cell]]] = cell
            start[level[cell]] += 1
    return level, order


@kernel
def reach(start, ptr, target, n):
    """(n,) bool: nets reachable from `start` along ``target[ptr[i]:ptr[i + 1]]`` (start included)."""
    seen = np.zeros(n, np.bool_)
    stack = np.empty(n, np.int32)
    top = 0
    for net in start:
        if not seen[net]:
            seen[net] = True
            stack[top] = net
            top += 1
    while top:
        top -= 1
        net = stack[top]
        for k in range(ptr[net], ptr[net + 1]):
            other = target[k]
            if not seen[other]:
                seen[other] = True
                stack[top] = other
                top += 1
    return seen
