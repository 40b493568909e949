"""Which edges of a drawing run backwards, and in which layer each box stands."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def backward_edges(ptr, target, is_soft, incremental):
    """(m,) bool: edges to turn round, so that the others have no cycle.

    Node ``i`` has edges ``ptr[i]:ptr[i + 1]`` to ``target``. Soft edges (into registers) are turned before
    others. With `incremental` a soft edge is kept where it closes no cycle; otherwise all soft edges whose
    target leads back to them are turned.
    """
    n = len(ptr) - 1
    back = np.zeros(len(target), np.bool_)
    state = np.zeros(n, np.int8)
    stack = np.empty(n + 1, np.int64)
    cursor = np.empty(n, np.int64)
    for root in range(n):
        if state[root]:
            continue
        stack[0] = root
        top = 1
        state[root] = 1
        cursor[root] = ptr[root]
        while top:
            node = stack[top - 1]
            if cursor[node] == ptr[node + 1]:
                state[node] = 2
                top -= 1
                continue
            e = cursor[node]
            cursor[node] += 1
            if is_soft[e]:
                continue
            other = target[e]
            if state[other] == 1:
                back[e] = True
            elif state[other] == 0:
                state[other] = 1
                cursor[other] = ptr[other]
                stack[top] = other
                top += 1
    kept = ~is_soft if incremental else np.ones(len(target), np.bool_)
    seen = np.zeros(n, np.int64)
    mark = 0
    for node in range(n):
        for e in range(ptr[node], ptr[node + 1]):
            if not is_soft[e]:
                continue
            # Does the edge's target lead to its source?
            mark += 1
            top = 1
            stack[0] = target[e]
            seen[target[e]] = mark
            found = target[e] == node
            while top and not found:
                top -= 1
                at = stack[top]
                for k in range(ptr[at], ptr[at + 1]):
                    if back[k] or not kept[k]:
                        continue
                    other = target[k]
                    if other == node:
                        found = True
                        break
                    if seen[other] != mark:
                        seen[other] = mark
                        stack[top] = other
                        top += 1
            back[e] = found
            if incremental:
                kept[e] = not found
    return back
