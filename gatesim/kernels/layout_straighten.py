"""Last corrections of heights: a wire that misses its pin by a little gets straight where there is room."""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .layout_sift import edge_lists


@kernel
def straighten(top, order, first, height, gap, tail, head, tail_dy, head_dy, is_pass, sweeps):
    """Move items between their neighbours to where most of their wires run straight; `top` changes in place.

    The order of no layer changes, and nothing comes nearer to its neighbours than `gap` allows (a neighbour's, if
    that is larger). A place where a wire passes follows what lies on the side that the sweep comes from when it
    cannot be straight on both, so that a bend wanders along its wire to the end, and is one.
    """
    n = len(order)
    shift = (head_dy - tail_dy).astype(np.float64)  # the head's top that makes an edge straight, less the tail's
    right_ptr, right_mate, right_shift = edge_lists(n, tail, head, shift)
    left_ptr, left_mate, left_shift = edge_lists(n, head, tail, shift)
    n_layers = len(first) - 1
    widest = 0
    for i in range(n):
        widest = max(widest, right_ptr[i + 1] - right_ptr[i] + left_ptr[i + 1] - left_ptr[i])
    wish = np.empty(widest, np.int64)
    worth = np.empty(widest, np.int64)
    for sweep in range(sweeps):
        forward = sweep % 2 == 0
        for step in range(n_layers):
            layer = step if forward else n_layers - 1 - step
            for along in range(first[layer], first[layer + 1]):
                k = along if sweep % 4 < 2 else first[layer] + first[layer + 1] - 1 - along
                item = order[k]
                lowest, highest = -(1 << 40), 1 << 40
                if k > first[layer]:
                    above = order[k - 1]
                    lowest = top[above] + height[above] + max(gap[above], gap[item])
                if k + 1 < first[layer + 1]:
                    below = order[k + 1]
                    highest = top[below] - max(gap[below], gap[item]) - height[item]
                count = 0
                for e in range(left_ptr[item], left_ptr[item + 1]):
                    wish[count] = top[left_mate[e]] - int(left_shift[e])
                    worth[count] = 2 + (forward and is_pass[item])
                    count += 1
                for e in range(right_ptr[item], right_ptr[item + 1]):
                    wish[count] = top[right_mate[e]] + int(right_shift[e])
                    worth[count] = 2 + (not forward and is_pass[item])
                    count += 1
                best, most = top[item], 0
                for a in range(count):
                    if wish[a] == top[item]:
                        most += worth[a]
                for a in range(count):
                    if not lowest <= wish[a] <= highest:
                        continue
                    value = 0
                    for b in range(count):
                        if wish[b] == wish[a]:
                            value += worth[b]
                    nearer = abs(wish[a] - top[item]) < abs(best - top[item])
                    if value > most or (value == most and best != top[item] and nearer):
                        best, most = wish[a], value
                top[item] = best
