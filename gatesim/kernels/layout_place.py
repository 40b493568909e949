"""Heights of the items of a drawing whose order in each layer is settled."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def settle(wish, weight, gap, out):
    """Heights ``out`` nearest to `wish` (least squares by `weight`) with ``out[k + 1] >= out[k] + gap[k]``.

    Pool adjacent violators on the wishes with the gaps taken off.
    """
    n = len(wish)
    mean = np.empty(n, np.float64)
    mass = np.empty(n, np.float64)
    size = np.empty(n, np.int64)
    blocks = 0
    offset = 0.0
    for k in range(n):
        if k:
            offset += gap[k - 1]
        mean[blocks] = wish[k] - offset
        mass[blocks] = weight[k]
        size[blocks] = 1
        blocks += 1
        while blocks > 1 and mean[blocks - 2] > mean[blocks - 1]:
            both = mass[blocks - 2] + mass[blocks - 1]
            mean[blocks - 2] = (mean[blocks - 2] * mass[blocks - 2] + mean[blocks - 1] * mass[blocks - 1]) / both
            mass[blocks - 2] = both
            size[blocks - 2] += size[blocks - 1]
            blocks -= 1
    k = 0
    offset = 0.0
    for b in range(blocks):
        for _ in range(size[b]):
            if k:
                offset += gap[k - 1]
            out[k] = mean[b] + offset
            k += 1


@kernel
def place_items(order, first, height, gap_above, edge_first, tail, head, tail_dy, head_dy, is_pass, mate, sweeps):
    """Top of every item, (n,) int64, so that wires run straight where they can.

    ``gap_above[i]``: free rows that an item wants above it; two neighbours keep the larger of theirs apart.
    ``is_pass``: the item is a place where a wire passes; wires between two of these want most to be straight.
    """
    n_layers = len(first) - 1
    n = len(order)
    y = np.zeros(n, np.float64)
    for layer in range(n_layers):
        at = 0.0
        for k in range(first[layer], first[layer + 1]):
            item = order[k]
            y[item] = at
            at += height[item] + gap_above[item]
    wish = np.zeros(n, np.float64)
    mass = np.zeros(n, np.float64)
    for sweep in range(sweeps):
        forward = sweep % 2 == 0
        last = sweep >= sweeps - 2
        for step in range(n_layers):
            layer = step if forward else n_layers - 1 - step
            low, high = first[layer], first[layer + 1]
            if high == low:
                continue
            for k in range(low, high):
                wish[order[k]] = 0.0
                mass[order[k]] = 0.0
            if layer > 0 and (forward or not last):
                for e in range(edge_first[layer - 1], edge_first[layer]):
                    a, b = tail[e], head[e]
                    w = 1.0 + 3.0 * is_pass[a] + 3.0 * is_pass[b]
                    if not forward:
                        w *= 0.3
                    wish[b] += w * (y[a] + tail_dy[e] - head_dy[e])
                    mass[b] += w
            if layer + 1 < n_layers and (not forward or not last):
                for e in range(edge_first[layer], edge_first[layer + 1]):
                    a, b = tail[e], head[e]
                    w = 1.0 + 3.0 * is_pass[a] + 3.0 * is_pass[b]
                    if forward:
                        w *= 0.3
                    wish[a] += w * (y[b] + head_dy[e] - tail_dy[e])
                    mass[a] += w
            count = high - low
            want = np.empty(count, np.float64)
            weight = np.empty(count, np.float64)
            gap = np.empty(count, np.float64)
            got = np.empty(count, np.float64)
            for k in range(count):
                item = order[low + k]
                if mass[item] > 0:
                    want[k] = wish[item] / mass[item]
                    weight[k] = mass[item]
                elif mate[item] >= 0:
                    want[k] = y[mate[item]]
                    weight[k] = 0.5
                else:
                    want[k] = y[item]
                    weight[k] = 0.05
                if k + 1 < count:
                    gap[k] = height[item] + max(gap_above[item], gap_above[order[low + k + 1]])
            settle(want, weight, gap, got)
            for k in range(count):
                y[order[low + k]] = got[k]
    top = np.empty(n, np.int64)
    for layer in range(n_layers):
        floor = -(1 << 40)
        for k in range(first[layer], first[layer + 1]):
            item = order[k]
            at = int(np.round(y[item]))
            if k > first[layer]:
                above = order[k - 1]
                floor = top[above] + height[above] + max(gap_above[above], gap_above[item])
            top[item] = max(at, floor)
    return top
