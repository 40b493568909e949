"""Windows of an XOR-AND graph: a node, a few leaves, and what is a function of them, as truth tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import kernel
from .six import VARIABLE
from .xag import AND, XOR

MOST_NODES = 160
"""Nodes of a window, at most."""

_U0 = np.uint64(0)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


class Window(NamedTuple):
    """Nodes in the window's order (leaves first), their tables, and each node's row (-1 where outside).

    ``mark`` says for which window a node was seen last; the others are the graph's readers as lists:
    edge ``2 * node + pin``, the first edge that reads a node, the next edge that reads the same.
    """

    order: np.ndarray
    tables: np.ndarray
    row_of: np.ndarray
    mark: np.ndarray
    first_reader: np.ndarray
    next_reader: np.ndarray
    linked: np.ndarray


@kernel
def new_window(capacity, most_leaves):
    """A window on a graph of `capacity` nodes."""
    words = max(1, 1 << (most_leaves - 6))
    return Window(
        np.empty(MOST_NODES + most_leaves, np.int32),
        np.empty((MOST_NODES + most_leaves, words), np.uint64),
        np.full(capacity, -1, np.int32),
        np.zeros(capacity, np.int32),
        np.full(capacity, -1, np.int32),
        np.empty(2 * capacity, np.int32),
        np.zeros(1, np.int64),
    )


@kernel
def _link(g, w):
    """Bring the lists of readers up to date."""
    for node in range(w.linked[0], g.count[0]):
        if g.kind[node] >= AND:
            for k in range(2):
                below = g.fan[node, k] >> 1
                w.next_reader[2 * node + k] = w.first_reader[below]
                w.first_reader[below] = 2 * node + k
    w.linked[0] = g.count[0]


@kernel
def _find_leaves(g, w, root, most, stamp):
    """Leaves under `root`, first in ``order``; their number.

    Leaves are opened as long as at most `most` are left, those first that bring the fewest new ones.
    """
    leaves, mark = w.order, w.mark
    mark[root] = stamp
    n = 0
    best, best_cost = -1, 0
    opened = np.int64(root)
    while True:
        for k in range(2):
            below = g.fan[opened, k] >> 1
            if mark[below] != stamp:
                mark[below] = stamp
                leaves[n] = below
                n += 1
        best, best_cost = -1, 3
        for i in range(n):
            node = leaves[i]
            if g.kind[node] < AND:
                continue
            cost = -1
            for k in range(2):
                if mark[g.fan[node, k] >> 1] != stamp:
                    cost += 1
            if cost < best_cost or (cost == best_cost and node > leaves[best]):
                best, best_cost = i, cost
        if best < 0 or n + best_cost > most:
            return n
        opened = np.int64(leaves[best])
        n -= 1
        leaves[best] = leaves[n]


@kernel
def _add(g, w, node, n):
    """Put a node whose fanins are in the window at row `n`."""
    w.order[n], w.row_of[node] = node, n
    a, b = g.fan[node, 0], g.fan[node, 1]
    ra, rb = w.row_of[a >> 1], w.row_of[b >> 1]
    fa, fb = _U0 - np.uint64(a & 1), _U0 - np.uint64(b & 1)
    for k in range(w.tables.shape[1]):
        x, y = w.tables[ra, k] ^ fa, w.tables[rb, k] ^ fb
        w.tables[n, k] = x & y if g.kind[node] == AND else x ^ y


@kernel
def open_window(g, w, root, most_leaves, stamp, stack):
    """Fill the window of `root`; (leaves, nodes). No nodes where the cone is too large."""
    _link(g, w)
    n_leaves = _find_leaves(g, w, root, most_leaves, stamp)
    for i in range(n_leaves):
        w.row_of[w.order[i]] = i
        for k in range(w.tables.shape[1]):
            if i < 6:
                w.tables[i, k] = VARIABLE[i]
            else:
                w.tables[i, k] = _ONES if (k >> (i - 6)) & 1 else _U0
    n = n_leaves
    stack[0] = root
    top = 1
    while top:
        node = stack[top - 1]
        below = -1
        for k in range(2):
            if w.row_of[g.fan[node, k] >> 1] < 0:
                below = g.fan[node, k] >> 1
        if below >= 0:
            stack[top] = below
            top += 1
            continue
        top -= 1
        if n == MOST_NODES:
            close_window(w, n)
            return n_leaves, 0
        if w.row_of[node] < 0:
            _add(g, w, node, n)
            n += 1
    return n_leaves, _add_beside(g, w, root, n)


@kernel
def _add_beside(g, w, root, n):
    """Add used nodes outside the cone whose fanins are used nodes of the window; the window's nodes."""
    i = 0
    while i < n < MOST_NODES:
        node = w.order[i]
        i += 1
        if g.refs[node] == 0 or node == root:
            continue
        edge = w.first_reader[node]
        steps = 0
        while edge >= 0 and n < MOST_NODES and steps < 40:
            reader = edge >> 1
            edge = w.next_reader[edge]
            steps += 1
            if w.row_of[reader] >= 0 or g.refs[reader] == 0:
                continue
            a, b = g.fan[reader, 0] >> 1, g.fan[reader, 1] >> 1
            if w.row_of[a] >= 0 and w.row_of[b] >= 0:
                _add(g, w, reader, n)
                n += 1
    return n


@kernel
def close_window(w, n):
    """Forget the `n` nodes of the window."""
    for i in range(n):
        w.row_of[w.order[i]] = -1


@kernel
def is_sum(g, w, i, n_leaves):
    """Whether the window has node `i` as a sum of others of its nodes."""
    return i >= n_leaves and g.kind[w.order[i]] == XOR
