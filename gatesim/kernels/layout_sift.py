"""A finer search for an order of layers with few crossings: sifting (Matuszewski, Schönfeld and Molitor, GD 1999)."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def crossing_pair(u, v, place, ptr, mate, at):
    """Crossings of the edges of `u` with those of `v` on one side, with `u` above `v`, and the other way round.

    Edges of item ``i`` are ``ptr[i]:ptr[i + 1]`` and lead to items ``mate``, met at the height ``at``.
    """
    above, below = 0, 0
    for e in range(ptr[u], ptr[u + 1]):
        here = place[mate[e]] + at[e]
        for f in range(ptr[v], ptr[v + 1]):
            there = place[mate[f]] + at[f]
            above += here > there
            below += here < there
    return above, below


@kernel
def edge_lists(n, near, far, far_at):
    """CSR over items `near` of the items and heights where their edges end."""
    ptr = np.zeros(n + 1, np.int64)
    for e in range(len(near)):
        ptr[near[e] + 1] += 1
    for i in range(n):
        ptr[i + 1] += ptr[i]
    cursor = ptr[:-1].copy()
    mate = np.empty(len(near), np.int64)
    at = np.empty(len(near), np.float64)
    for e in range(len(near)):
        mate[cursor[near[e]]] = far[e]
        at[cursor[near[e]]] = far_at[e]
        cursor[near[e]] += 1
    return ptr, mate, at


@kernel
def sift(order, first, tail, head, tail_at, head_at, rounds, budget):
    """`order` with every item moved, one after another, to where the fewest wires cross in its layer.

    A round takes all layers, to and fro in turn; the search ends when a round betters nothing, after `rounds`
    of them, or when `budget` pairs of items have been compared (never by a clock, so that the same sheet gets
    the same order). Returns the order and how many crossings fewer it has.
    """
    n = len(order)
    order = order.copy()
    place = np.empty(n, np.int64)
    n_layers = len(first) - 1
    for layer in range(n_layers):
        for k in range(first[layer], first[layer + 1]):
            place[order[k]] = k - first[layer]
    right_ptr, right_mate, right_at = edge_lists(n, tail, head, head_at)
    left_ptr, left_mate, left_at = edge_lists(n, head, tail, tail_at)
    saved = 0
    compared = 0
    for turn in range(rounds):
        before = saved
        for step in range(n_layers):
            layer = step if turn % 2 == 0 else n_layers - 1 - step
            low, high = first[layer], first[layer + 1]
            items = order[low:high].copy()
            for item in items:
                if compared > budget:
                    return order, saved
                home = low + place[item]
                best, best_gain = home, 0
                for direction in (-1, 1):
                    gain = 0
                    k = home + direction
                    while low <= k < high:
                        other = order[k]
                        a, b = crossing_pair(item, other, place, left_ptr, left_mate, left_at)
                        c, d = crossing_pair(item, other, place, right_ptr, right_mate, right_at)
                        # Going down, `item` was above `other` and comes below it.
                        gain += direction * (a + c - b - d)
                        if gain > best_gain:
                            best, best_gain = k, gain
                        k += direction
                        compared += 1
                if best != home:
                    saved += best_gain
                    step_to = 1 if best > home else -1
                    for k in range(home, best, step_to):
                        order[k] = order[k + step_to]
                        place[order[k]] = k - low
                    order[best] = item
                    place[item] = best - low
        if saved == before:
            break
    return order, saved
