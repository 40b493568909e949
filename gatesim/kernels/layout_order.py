"""Order of the items of every layer of a drawing, so that few wires cross.

Items (boxes, and places where a wire passes a layer) stand in layers; ``first[l]:first[l + 1]`` are the
places of layer ``l`` in ``order``. Edges run from a layer to the next, sorted by the layer that they leave:
``edge_first[l]:edge_first[l + 1]``, from item ``tail`` at the height ``tail_at`` (0 to 1 within the item) to
``head`` at ``head_at``.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def crossings_between(place, tail, head, tail_at, head_at, low, high):
    """Pairs of edges ``low:high`` that cross, edges that share an end left out."""
    n = high - low
    if n < 2:
        return 0
    left = np.empty(n, np.float64)
    right = np.empty(n, np.float64)
    for k in range(n):
        left[k] = place[tail[low + k]] + tail_at[low + k]
        right[k] = place[head[low + k]] + head_at[low + k]
    by_right = np.argsort(right)
    rank = np.empty(n, np.int64)
    ranks = 0
    for k in range(n):
        if k and right[by_right[k]] != right[by_right[k - 1]]:
            ranks += 1
        rank[by_right[k]] = ranks
    by_left = np.argsort(left)
    tree = np.zeros(ranks + 2, np.int64)
    total = 0
    begun = 0
    added = 0
    while begun < n:
        end = begun
        while end < n and left[by_left[end]] == left[by_left[begun]]:
            end += 1
        for k in range(begun, end):
            at = rank[by_left[k]] + 1
            below = 0
            while at > 0:
                below += tree[at]
                at -= at & -at
            total += added - below
        for k in range(begun, end):
            at = rank[by_left[k]] + 1
            while at < ranks + 2:
                tree[at] += 1
                at += at & -at
            added += 1
        begun = end
    return total


@kernel
def count_crossings(order, first, edge_first, tail, head, tail_at, head_at):
    """Crossings of all layers in this order."""
    place = np.empty(len(order), np.int64)
    for layer in range(len(first) - 1):
        for k in range(first[layer], first[layer + 1]):
            place[order[k]] = k - first[layer]
    total = 0
    for layer in range(len(edge_first) - 1):
        total += crossings_between(place, tail, head, tail_at, head_at, edge_first[layer], edge_first[layer + 1])
    return total


@kernel
def barycentre_sweeps(order, first, edge_first, tail, head, tail_at, head_at, mate, sweeps):
    """The best order met in `sweeps` sweeps to and fro, and its crossings.

    An item goes to the mean height of what it is connected to in the layer just settled; one that has
    nothing there stays, or goes to its ``mate`` in its own layer (-1: it has none).
    """
    n_layers = len(first) - 1
    order = order.copy()
    place = np.empty(len(order), np.int64)
    for layer in range(n_layers):
        for k in range(first[layer], first[layer + 1]):
            place[order[k]] = k - first[layer]
    total = np.zeros(len(order), np.float64)
    number = np.zeros(len(order), np.int64)
    best = order.copy()
    least = count_crossings(order, first, edge_first, tail, head, tail_at, head_at)
    for sweep in range(sweeps):
        forward = sweep % 2 == 0
        for step in range(1, n_layers):
            layer = step if forward else n_layers - 1 - step
            low, high = first[layer], first[layer + 1]
            for k in range(low, high):
                total[order[k]] = 0.0
                number[order[k]] = 0
            if forward:
                for e in range(edge_first[layer - 1], edge_first[layer]):
                    total[head[e]] += place[tail[e]] + tail_at[e]
                    number[head[e]] += 1
            else:
                for e in range(edge_first[layer], edge_first[layer + 1]):
                    total[tail[e]] += place[head[e]] + head_at[e]
                    number[tail[e]] += 1
            key = np.empty(high - low, np.float64)
            for k in range(low, high):
                item = order[k]
                if number[item]:
                    key[k - low] = total[item] / number[item]
                else:
                    key[k - low] = k - low
            for k in range(low, high):
                item = order[k]
                if number[item] == 0 and mate[item] >= 0 and number[mate[item]]:
                    key[k - low] = total[mate[item]] / number[mate[item]] + 0.01
            sequence = np.argsort(key, kind="mergesort")
            taken = order[low:high].copy()
            for k in range(high - low):
                order[low + k] = taken[sequence[k]]
                place[taken[sequence[k]]] = k
        now = count_crossings(order, first, edge_first, tail, head, tail_at, head_at)
        if now < least:
            least = now
            best[:] = order
    return best, least
