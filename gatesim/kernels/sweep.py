"""Graphs of ANDs and XORs for proofs: simulation, classes of nodes that may be equal, cones.

Nodes are numbered drivers first; node 0 is constant 0 and nodes below ``first`` are sources. Node ``v`` is
``pin[v, 0] op pin[v, 1]``, where the pins are literals (``2 * node + inverted``) and ``op`` is AND, or XOR
where ``is_xor[v]``.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

_ZERO, _ONE = np.uint64(0), np.uint64(1)


@kernel
def simulate(first, is_xor, pin, words):
    """Fill ``words`` (n_nodes, n_words) uint64 from node `first` on; the rows of the sources are given."""
    for v in range(first, len(words)):
        a, b = pin[v, 0] >> 1, pin[v, 1] >> 1
        flip_a, flip_b = _ZERO - np.uint64(pin[v, 0] & 1), _ZERO - np.uint64(pin[v, 1] & 1)
        for w in range(words.shape[1]):
            x, y = words[a, w] ^ flip_a, words[b, w] ^ flip_b
            words[v, w] = x ^ y if is_xor[v] else x & y


@kernel
def hashes(words):
    """(n,) uint64: a hash of each row, the same for a row and its complement."""
    found = np.zeros(len(words), np.uint64)
    for v in range(len(words)):
        flip = _ZERO - (words[v, 0] & _ONE)
        total = _ZERO
        for w in range(words.shape[1]):
            total = (total ^ words[v, w] ^ flip) * np.uint64(0x9E3779B97F4A7C15)
            total ^= total >> np.uint64(29)
        found[v] = total
    return found


@kernel
def refine(head, following, phase, words):
    """Split every class by one more word of each node, in place; returns how many classes were split.

    A class is the list ``v = head, following[v], ...`` (ascending, -1 ends it) of nodes that were equal, up
    to ``phase`` (n,) uint8, in all patterns so far.
    """
    split = 0
    for leader in range(len(head)):
        if head[leader] != leader or following[leader] < 0:
            continue
        first = leader
        while first >= 0:
            wanted = words[first, 0] ^ (_ZERO - np.uint64(phase[first]))
            tail, rest, rest_tail = first, -1, -1
            v = following[first]
            while v >= 0:
                after = following[v]
                if words[v, 0] ^ (_ZERO - np.uint64(phase[v])) == wanted:
                    following[tail] = v
                    tail = v
                    head[v] = first
                elif rest < 0:
                    rest = v
                    rest_tail = v
                else:
                    following[rest_tail] = v
                    rest_tail = v
                v = after
            following[tail] = -1
            if rest >= 0:
                following[rest_tail] = -1
                head[rest] = rest
                split += 1
            first = rest
    return split


@kernel
def cone(roots, first, pin, seen, mark, stack, found):
    """Nodes that `roots` depend on, themselves included, into ``found``; returns how many.

    A node is visited when ``seen`` of it is not yet `mark`; ``stack`` is scratch.
    """
    top, n = 0, 0
    for r in roots:
        if seen[r] != mark:
            seen[r] = mark
            stack[top] = r
            top += 1
    while top:
        top -= 1
        v = stack[top]
        found[n] = v
        n += 1
        if v < first:
            continue
        for k in range(2):
            w = pin[v, k] >> 1
            if seen[w] != mark:
                seen[w] = mark
                stack[top] = w
                top += 1
    return n


@kernel
def missing(roots, first, pin, loaded, epoch, limit, seen, mark, queue, found):
    """Nodes of the cones of `roots` that a solver lacks (``loaded`` is not `epoch`), the nearest to the roots first.

    Up to `limit` of them are put into ``found`` and marked as loaded. Returns their number, how many nodes
    were looked at, and whether nothing more is missing. ``seen`` is below `mark` everywhere; ``queue`` is
    scratch.
    """
    top, n = 0, 0
    for r in roots:
        if r >= first and seen[r] != mark:
            seen[r] = mark
            queue[top] = r
            top += 1
    at = 0
    while at < top:
        v = queue[at]
        if loaded[v] != epoch:
            if n == limit:
                return n, at, False
            loaded[v] = epoch
            found[n] = v
            n += 1
        at += 1
        for k in range(2):
            w = pin[v, k] >> 1
            if w >= first and seen[w] != mark:
                seen[w] = mark
                queue[top] = w
                top += 1
    return n, at, True
