"""Resubstitution in an XOR-AND graph: a node as a sum of others, or one or two ANDs away from that.

All is decided in a window of a few leaves. With S the sums of the window's nodes, a function is in S when
linear algebra says so; it is a b + c with b, c in S, for a given a, if and only if it is in S where a is 0 and
where a is 1; and two ANDs are enough if it is in S on one half and one AND away from S on the other.
(Resubstitution for multiplicative complexity: Testa, Soeken, Riener, Amaru, De Micheli, "A logic synthesis
toolbox for reducing the multiplicative complexity in logic networks", DATE 2020, which tries pairs and
triples of nodes; here all sums are one question.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import kernel
from .span import MOST_VECTORS, NO_SUM, Scratch, new_scratch, sum_of
from .xag import AND, claim, make_and, make_xor, release
from .xag_rewrite import DONE, GRAPH_FULL, SPARE, add_up, count_readers
from .xag_window import MOST_NODES, close_window, is_sum, new_window, open_window

_U0 = np.uint64(0)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)


class Question(NamedTuple):
    """A function to be made of others.

    ``vectors[0]`` is the constant 1, ``vectors[i]`` the table of ``nodes[i]``; ``factors`` are sums of
    them to be tried as a factor, ``made_of`` their masks. ``care`` is all ones.
    """

    target: np.ndarray
    care: np.ndarray
    vectors: np.ndarray
    nodes: np.ndarray
    factors: np.ndarray
    made_of: np.ndarray
    scratch: Scratch


@kernel
def _new_question(words, most_factors):
    q = Question(
        np.empty(words, np.uint64),
        np.empty(words, np.uint64),
        np.empty((MOST_VECTORS, words), np.uint64),
        np.zeros(MOST_VECTORS, np.int32),
        np.empty((most_factors, words), np.uint64),
        np.empty(most_factors, np.int64),
        new_scratch(words),
    )
    q.vectors[0, :] = _ONES
    q.care[:] = _ONES
    return q


@kernel
def _take_vectors(g, w, q, root, n_leaves, n_nodes, most):
    """The leaves and products of the window that stay in use, as vectors; their number with the constant."""
    n = 1
    for i in range(n_nodes):
        node = w.order[i]
        if n < most and node != root and g.refs[node] > 0 and not is_sum(g, w, i, n_leaves):
            q.vectors[n] = w.tables[i]
            q.nodes[n] = node
            n += 1
    return n


@kernel
def _take_factors(g, w, q, root, n, n_leaves, n_nodes, most_pairs):
    """What is tried as a factor: the vectors, the window's sums, and sums of two vectors; their number."""
    count = 0
    for i in range(1, n):
        q.factors[count] = q.vectors[i]
        q.made_of[count] = np.int64(1) << i
        count += 1
    for i in range(n_nodes):
        node = w.order[i]
        if is_sum(g, w, i, n_leaves) and g.refs[node] > 0 and node != root:
            mask = sum_of(q.vectors, n, w.tables[i], q.care, q.scratch)
            if mask != NO_SUM:
                q.factors[count] = w.tables[i]
                q.made_of[count] = mask
                count += 1
    most = count + most_pairs
    for i in range(1, n):
        for j in range(1, i):
            if count == most:
                return count
            for k in range(len(q.target)):
                q.factors[count, k] = q.vectors[i, k] ^ q.vectors[j, k]
            q.made_of[count] = (np.int64(1) << i) | (np.int64(1) << j)
            count += 1
    return count


@kernel
def _one_and(q, n, n_factors, care, parts):
    """The first factor on whose halves (within `care`) the target is a sum of vectors, or -1.

    ``parts`` gets the masks of those sums.
    """
    words = len(care)
    zero, one = np.empty(words, np.uint64), np.empty(words, np.uint64)
    for f in range(n_factors):
        some_zero, some_one = _U0, _U0
        for k in range(words):
            zero[k], one[k] = care[k] & ~q.factors[f, k], care[k] & q.factors[f, k]
            some_zero |= zero[k]
            some_one |= one[k]
        if some_zero and some_one:
            parts[0] = sum_of(q.vectors, n, q.target, zero, q.scratch)
            if parts[0] != NO_SUM:
                parts[1] = sum_of(q.vectors, n, q.target, one, q.scratch)
                if parts[1] != NO_SUM:
                    return f
    return -1


@kernel
def _two_ands(q, n, n_factors, parts):
    """Factors (f, h): the target is a sum on one half of f, and on the other on both halves of h; f = -1
    where there are none.

    ``parts`` gets three masks: the sum on the simple half, those of h. The third result is 1 where the simple half
    is that of f = 1.
    """
    words = len(q.care)
    simple, rest = np.empty(words, np.uint64), np.empty(words, np.uint64)
    for f in range(n_factors):
        for side in range(2):
            for k in range(words):
                simple[k] = q.factors[f, k] if side else ~q.factors[f, k]
                rest[k] = ~simple[k]
            mask = sum_of(q.vectors, n, q.target, simple, q.scratch)
            if mask != NO_SUM:
                h = _one_and(q, n, n_factors, rest, parts[1:])
                if h >= 0:
                    parts[0] = mask
                    return f, h, side
    return -1, 0, 0


@kernel
def _sum(g, q, mask):
    """The literal of a sum of vectors."""
    terms = np.empty(MOST_VECTORS, np.int64)
    n = 0
    for i in range(1, MOST_VECTORS):
        if (mask >> i) & 1:
            terms[n] = 2 * np.int64(q.nodes[i])
            n += 1
    return add_up(g, terms, n) ^ (mask & 1)


@kernel
def _choice(g, a, zero, one):
    """The literal of `one` where `a`, else `zero`: one AND."""
    return make_xor(g, zero, make_and(g, a, make_xor(g, zero, one)))


@kernel
def _answer(g, w, q, root, n_leaves, n_nodes, freed, most_vectors, most_pairs):
    """The literal of a replacement that costs less than `freed` ANDs, or -1."""
    parts = np.empty(3, np.int64)
    n = _take_vectors(g, w, q, root, n_leaves, n_nodes, most_vectors)
    q.target[:] = w.tables[w.row_of[root]]
    mask = sum_of(q.vectors, n, q.target, q.care, q.scratch)
    if mask != NO_SUM:
        return _sum(g, q, mask)
    if freed < 2:
        return np.int64(-1)
    n_factors = _take_factors(g, w, q, root, n, n_leaves, n_nodes, most_pairs)
    f = _one_and(q, n, n_factors, q.care, parts)
    if f >= 0:
        return _choice(g, _sum(g, q, q.made_of[f]), _sum(g, q, parts[0]), _sum(g, q, parts[1]))
    if freed < 3:
        return np.int64(-1)
    f, h, side = _two_ands(q, n, n_factors, parts)
    if f < 0:
        return np.int64(-1)
    simple = _sum(g, q, parts[0])
    rest = _choice(g, _sum(g, q, q.made_of[h]), _sum(g, q, parts[1]), _sum(g, q, parts[2]))
    outer = _sum(g, q, q.made_of[f])
    return _choice(g, outer, rest, simple) if side else _choice(g, outer, simple, rest)


@kernel
def resubstitute(kind, fan, sinks, n_sources, g, most_leaves, most_vectors, most_pairs):
    """Rebuild the graph (kind, fan) in `g` with fewer ANDs; `sinks` become literals of `g`.

    Windows of `most_leaves` leaves; sums of at most `most_vectors` nodes; as factors those nodes, the
    window's sums and up to `most_pairs` sums of two nodes. Returns DONE or GRAPH_FULL.
    """
    readers = count_readers(kind, fan, sinks)
    capacity = len(g.kind)
    stack = np.empty(capacity, np.int64)
    literal = np.zeros(len(kind), np.int64)
    w = new_window(capacity, most_leaves)
    q = _new_question(w.tables.shape[1], MOST_VECTORS + MOST_NODES + most_pairs)
    for node in range(n_sources + 1):
        literal[node] = 2 * node
        g.refs[node] += readers[node]
    for node in range(n_sources + 1, len(kind)):
        if g.count[0] + SPARE > capacity:
            return GRAPH_FULL
        x, y = np.int64(fan[node, 0]), np.int64(fan[node, 1])
        a, b = literal[x >> 1] ^ (x & 1), literal[y >> 1] ^ (y & 1)
        own = make_and(g, a, b) if kind[node] == AND else make_xor(g, a, b)
        root = own >> 1
        literal[node] = own
        claim(g, root, readers[node], stack)
        release(g, a >> 1, 1, stack)
        release(g, b >> 1, 1, stack)
        freed = release(g, root, readers[node], stack)
        if freed:
            n_leaves, n_nodes = open_window(g, w, root, most_leaves, node, stack)
            if n_nodes:
                found = _answer(g, w, q, root, n_leaves, n_nodes, freed, most_vectors, most_pairs)
                close_window(w, n_nodes)
                if found >= 0:
                    found ^= own & 1
                    cost = claim(g, found >> 1, readers[node], stack)
                    if cost <= freed:
                        literal[node] = found
                        continue
                    release(g, found >> 1, readers[node], stack)
        claim(g, root, readers[node], stack)
    for i in range(len(sinks)):
        sinks[i] = literal[sinks[i] >> 1] ^ (sinks[i] & 1)
    return DONE
