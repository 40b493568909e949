"""XOR-AND graphs in which equal sums are one node, whatever the order of their XORs.

A *literal* is ``2 * node + inverted``; node 0 is constant 0. Every node carries its *form*: a random 64-bit
word for each input and each product, and for a sum the XOR of the words of what it sums, so that two nodes
with the same form are the same sum of inputs and products up to inversion (``phase``). A product is known by
the *plane* of its factors: x y, x (x + y) and y (x + y) differ by x and y only, so one AND serves all three,
and with any inversions. Forms are hashes (a wrong match has a chance of 1 in 10^9 in the largest circuits
here), so whoever makes a graph compares it with where it came from.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import kernel

CONSTANT, INPUT, AND, XOR = 0, 1, 2, 3
"""Kinds of nodes."""

_U0 = np.uint64(0)


class Graph(NamedTuple):
    """Arrays by node, and two open hash tables of nodes (-1 where free)."""

    kind: np.ndarray
    fan: np.ndarray
    form: np.ndarray
    phase: np.ndarray
    refs: np.ndarray
    by_form: np.ndarray
    plane: np.ndarray
    by_plane: np.ndarray
    count: np.ndarray


def new_graph(capacity: int) -> Graph:
    """An empty graph: the constant alone."""
    slots = 4
    while slots < 2 * capacity:
        slots *= 2
    graph = Graph(
        np.zeros(capacity, np.uint8),
        np.zeros((capacity, 2), np.int32),
        np.zeros(capacity, np.uint64),
        np.zeros(capacity, np.uint8),
        np.zeros(capacity, np.int32),
        np.full(slots, -1, np.int32),
        np.zeros(capacity, np.uint64),
        np.full(slots, -1, np.int32),
        np.ones(1, np.int64),
    )
    return graph


@kernel
def _mix(z):
    """SplitMix64: a well-mixed word."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@kernel
def slot_of(table, keys, key):
    """Where `key` is in an open table of nodes, or belongs."""
    mask = np.int64(len(table) - 1)
    at = np.int64(key & np.uint64(mask))
    while table[at] >= 0 and keys[table[at]] != key:
        at = (at + 1) & mask
    return at


@kernel
def _new_node(g, kind, a, b, form, phase):
    node = g.count[0]
    g.count[0] = node + 1
    g.kind[node] = kind
    g.fan[node, 0], g.fan[node, 1] = min(a, b), max(a, b)
    g.form[node], g.phase[node] = form, phase
    g.refs[node] = 0
    g.by_form[slot_of(g.by_form, g.form, form)] = node
    return node


@kernel
def add_input(g):
    """A new input; returns its node."""
    return _new_node(g, INPUT, 0, 0, _mix(np.uint64(g.count[0]) * np.uint64(0x9E3779B97F4A7C15)), 0)


@kernel
def product(ha, ca, hb, cb):
    """(plane, form, phase) of the product of two sums with forms ``ha != hb``, neither 0.

    With p, q the two smallest of ha, hb and ha + hb, the plane's word stands for p q.
    """
    hc = ha ^ hb
    largest = max(ha, hb, hc)
    smallest = min(ha, hb, hc)
    middle = ha ^ hb ^ hc ^ largest ^ smallest
    plane = _mix(smallest + _mix(middle))
    form = plane
    if largest == hb:
        form ^= ha
    elif largest == ha:
        form ^= hb
    if cb:
        form ^= ha
    if ca:
        form ^= hb
    return plane, form, ca & cb


@kernel
def make_xor(g, a, b):
    """The literal of the sum of two literals."""
    x, y = a >> 1, b >> 1
    inverted = (a ^ b) & 1
    form = g.form[x] ^ g.form[y]
    phase = g.phase[x] ^ g.phase[y]
    if form == _U0:
        return np.int64(inverted ^ phase)
    node = np.int64(g.by_form[slot_of(g.by_form, g.form, form)])
    if node < 0:
        node = np.int64(_new_node(g, XOR, 2 * x, 2 * y, form, phase))
    return 2 * node + (inverted ^ phase ^ g.phase[node])


@kernel
def make_and(g, a, b):
    """The literal of the product of two literals."""
    x, y = a >> 1, b >> 1
    ha, hb = g.form[x], g.form[y]
    ca, cb = g.phase[x] ^ (a & 1), g.phase[y] ^ (b & 1)
    if ha == _U0:
        return np.int64(b if ca else 0)
    if hb == _U0:
        return np.int64(a if cb else 0)
    if ha == hb:
        return np.int64(a if ca == cb else 0)
    plane, form, phase = product(ha, ca, hb, cb)
    node = np.int64(g.by_form[slot_of(g.by_form, g.form, form)])
    if node >= 0:
        return 2 * node + (phase ^ g.phase[node])
    at = slot_of(g.by_plane, g.plane, plane)
    node = np.int64(g.by_plane[at])
    if node < 0:
        node = np.int64(_new_node(g, AND, a, b, form, phase))
        g.plane[node] = plane
        g.by_plane[at] = node
        return 2 * node
    # The same plane: what is wanted differs by a sum of the factors.
    change = form ^ g.form[node]
    if change == ha:
        found = make_xor(g, 2 * node, 2 * x)
    elif change == hb:
        found = make_xor(g, 2 * node, 2 * y)
    else:
        found = make_xor(g, 2 * node, make_xor(g, 2 * x, 2 * y))
    return (found & ~1) | np.int64(phase ^ g.phase[found >> 1])


@kernel
def claim(g, node, times, stack):
    """`times` more readers of a node; what it needs and nobody used is used again. Returns the ANDs that are."""
    before = g.refs[node]
    g.refs[node] += times
    return _reached(g, node, 1, stack) if before == 0 else 0


@kernel
def release(g, node, times, stack):
    """`times` fewer readers of a node; returns the ANDs that nobody uses any more."""
    g.refs[node] -= times
    return _reached(g, node, -1, stack) if g.refs[node] <= 0 else 0


@kernel
def _reached(g, node, step, stack):
    """Add `step` readers to what a node needs, and on through all that this brings into use or out of it; its ANDs."""
    ands = 0
    if g.kind[node] < AND:
        return ands
    stack[0] = node
    top = 1
    while top:
        top -= 1
        at = stack[top]
        if g.kind[at] == AND:
            ands += 1
        for k in range(2):
            below = g.fan[at, k] >> 1
            before = g.refs[below]
            g.refs[below] += step
            changed = before == 0 if step > 0 else g.refs[below] == 0
            if changed and g.kind[below] >= AND:
                stack[top] = below
                top += 1
    return ands


@kernel
def lower(g, n_sources, cells, op, fanin_ptr, fanin, start, steps, result, literal):
    """Add `n_sources` inputs and the logic `cells` (drivers first) by the programs (start, steps, result) of
    their ops. ``literal`` maps nets to literals: those of sources are there, the others are filled in.
    """
    for _ in range(n_sources):
        add_input(g)
    values = np.empty(16, np.int64)
    for cell in cells:
        kind = op[cell]
        first = fanin_ptr[cell]
        for k in range(fanin_ptr[cell + 1] - first):
            values[k] = literal[fanin[first + k]]
        for s in range(start[kind], start[kind + 1]):
            a = values[steps[s, 1] >> 1] ^ (steps[s, 1] & 1)
            b = values[steps[s, 2] >> 1] ^ (steps[s, 2] & 1)
            values[4 + s - start[kind]] = make_xor(g, a, b) if steps[s, 0] else make_and(g, a, b)
        literal[cell] = values[result[kind] >> 1] ^ (result[kind] & 1)


@kernel
def compact(g, n_sources, sinks):
    """(kind, fan, sinks) of the nodes that `sinks` need, all inputs kept, numbered anew in the same order."""
    n = g.count[0]
    needed = np.zeros(n, np.bool_)
    needed[: n_sources + 1] = True
    for s in sinks:
        needed[s >> 1] = True
    for node in range(n - 1, n_sources, -1):
        if needed[node]:
            needed[g.fan[node, 0] >> 1] = True
            needed[g.fan[node, 1] >> 1] = True
    place = np.cumsum(needed) - 1
    kept = place[n - 1] + 1
    kind, fan = np.empty(kept, np.uint8), np.zeros((kept, 2), np.int32)
    for node in range(n):
        if needed[node]:
            kind[place[node]] = g.kind[node]
            for k in range(2):
                fan[place[node], k] = 2 * place[g.fan[node, k] >> 1] + (g.fan[node, k] & 1)
    moved = np.empty(len(sinks), np.int64)
    for i in range(len(sinks)):
        moved[i] = 2 * place[sinks[i] >> 1] + (sinks[i] & 1)
    return kind, fan, moved


@kernel
def simulate(kind, fan, values):
    """Fill ``values`` (nodes, words) from the inputs' rows on."""
    for node in range(len(kind)):
        if kind[node] < AND:
            continue
        a, b = fan[node, 0], fan[node, 1]
        flip_a = np.uint64(0) - np.uint64(a & 1)
        flip_b = np.uint64(0) - np.uint64(b & 1)
        for w in range(values.shape[1]):
            x, y = values[a >> 1, w] ^ flip_a, values[b >> 1, w] ^ flip_b
            values[node, w] = x & y if kind[node] == AND else x ^ y
