"""Covering a netlist with cells of up to three inputs, by priority cuts and area recovery.

Every node comes with a normal function of two fanins. A *cut* of a node is a set of at most
three nodes that it can be computed from. Each node keeps its few best cuts by area flow (Mishchenko,
Cho, Chatterjee, Brayton, "Combinational and sequential mapping with priority cuts", ICCAD 2007);
exact local area is then recovered with reference counts.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .leaves import merge_leaves

CUTS = 6
"""Cuts kept for every node."""


@kernel
def _stretch(table, leaves, n, onto, m):
    """`table` over sorted `leaves` seen as an 8-entry table over the superset `onto`."""
    where0 = 0
    where1 = 0
    where2 = 0
    for j in range(m):
        if n > 0 and onto[j] == leaves[0]:
            where0 = j
        if n > 1 and onto[j] == leaves[1]:
            where1 = j
        if n > 2 and onto[j] == leaves[2]:
            where2 = j
    wide = 0
    for index in range(8):
        old = 0
        if n > 0:
            old |= (index >> where0) & 1
        if n > 1:
            old |= ((index >> where1) & 1) << 1
        if n > 2:
            old |= ((index >> where2) & 1) << 2
        wide |= ((table >> old) & 1) << index
    return wide


@kernel
def _compose(table, t0, t1):
    """Table of f(g0, g1), both over the same three leaves; f ignores its third input."""
    result = 0
    for index in range(8):
        old = ((t0 >> index) & 1) | (((t1 >> index) & 1) << 1)
        result |= ((table >> old) & 1) << index
    return result


@kernel
def _sign(leaves, n):
    """One bit a leaf: two sets whose bits are more than three together cannot merge into a cut."""
    bits = np.uint64(0)
    for j in range(n):
        bits |= np.uint64(1) << np.uint64(leaves[j] & 63)
    return bits


@kernel
def _more_than_three(sign):
    for _ in range(3):
        sign &= sign - np.uint64(1)
    return sign != 0


@kernel
def _drop(table, leaves, n):
    """Remove leaves on which `table` does not depend; returns (table, count)."""
    kept = 0
    for j in range(n):
        step = 1 << j
        matters = False
        for index in range(8):
            if not index & step and ((table >> index) ^ (table >> (index | step))) & 1:
                matters = True
        if matters:
            leaves[kept] = leaves[j]
            if kept != j:  # move variable j down to position kept
                moved = 0
                for index in range(8):
                    bits = index & ~((1 << (j + 1)) - (1 << kept))
                    old = bits | (((index >> kept) & 1) << j)
                    moved |= ((table >> old) & 1) << index
                table = moved
            kept += 1
    return table, kept


@kernel
def _count(node, at, step, leaves, sizes, chosen, place, refs):
    """Add `step` (1 or -1) to the references of the cone of `node`, seen through its cut `at`.

    Below, cones go through their chosen cuts as long as a node becomes needed (or stops to be). Returns
    the number of nodes that did.
    """
    stack = np.empty(64, np.int32)
    stack[0] = node
    top = 1
    area = 0
    edge = 1 if step > 0 else 0
    while top:
        top -= 1
        p = place[stack[top]]
        area += 1
        c = np.int64(chosen[p]) if stack[top] != node else np.int64(at)
        for j in range(sizes[p, c]):
            leaf = leaves[p, c, j]
            refs[leaf] += step
            if refs[leaf] == edge and place[leaf] >= 0:
                if top == len(stack):
                    stack = np.concatenate((stack, np.empty(len(stack), np.int32)))
                stack[top] = leaf
                top += 1
    return area


@kernel
def cover(order, tables, fanin, n_fanin, level, sinks, n, rounds):
    """Rewrite (tables, fanin, n_fanin, level) of the nodes in `order` (drivers first) by their best cut.

    Nodes that no sink reaches any more are left as they are: whoever walks from the sinks skips them.
    """
    m = len(order)
    place = np.full(n, -1, np.int32)
    for p in range(m):
        place[order[p]] = p
    fanouts = np.zeros(n, np.int32)
    for p in range(m):
        for j in range(n_fanin[order[p]]):
            fanouts[fanin[order[p], j]] += 1
    for s in sinks:
        fanouts[s] += 1
    leaves = np.empty((m, CUTS, 3), np.int32)
    sizes = np.zeros((m, CUTS), np.uint8)
    functions = np.zeros((m, CUTS), np.uint8)
    count = np.zeros(m, np.uint8)
    chosen = np.zeros(m, np.uint8)
    flow = np.zeros(n, np.float32)
    cost = np.empty(CUTS, np.float32)
    alone = np.empty((2, 1), np.int32)
    union = np.empty(3, np.int32)
    for p in range(m):
        node = order[p]
        alone[0, 0], alone[1, 0] = fanin[node, 0], fanin[node, 1]
        q0, q1 = place[fanin[node, 0]], place[fanin[node, 1]]
        found = 0
        # Choice 0 of a fanin is the fanin itself; the others are its own cuts.
        for c0 in range(1 + (np.int64(count[q0]) if q0 >= 0 else 0)):
            l0 = alone[0] if c0 == 0 else leaves[q0, c0 - 1]
            n0 = 1 if c0 == 0 else np.int64(sizes[q0, c0 - 1])
            f0 = 2 if c0 == 0 else np.int64(functions[q0, c0 - 1])
            sign0 = _sign(l0, n0)
            for c1 in range(1 + (np.int64(count[q1]) if q1 >= 0 else 0)):
                l1 = alone[1] if c1 == 0 else leaves[q1, c1 - 1]
                n1 = 1 if c1 == 0 else np.int64(sizes[q1, c1 - 1])
                if _more_than_three(sign0 | _sign(l1, n1)):
                    continue
                f1 = 2 if c1 == 0 else np.int64(functions[q1, c1 - 1])
                size = merge_leaves(l0, n0, l1, n1, union, 3)
                if size > 3:
                    continue
                t0 = _stretch(f0, l0, n0, union, size)
                t1 = _stretch(f1, l1, n1, union, size)
                table, size = _drop(_compose(np.int64(tables[node]), t0, t1), union, size)
                if size == 0:
                    continue  # constant: nothing to compute it from, so keep another cut
                area = np.float32(1.0)
                for j in range(size):
                    area += flow[union[j]] / max(1, fanouts[union[j]])
                known = False
                for c in range(found):
                    same = sizes[p, c] == size
                    for j in range(size):
                        same = same and leaves[p, c, j] == union[j]
                    known = known or same
                if known:
                    continue
                at = found
                while at > 0 and area < cost[at - 1]:
                    at -= 1
                if at >= CUTS:
                    continue
                found = min(found + 1, CUTS)
                for c in range(found - 1, at, -1):
                    cost[c] = cost[c - 1]
                    sizes[p, c] = sizes[p, c - 1]
                    functions[p, c] = functions[p, c - 1]
                    for j in range(3):
                        leaves[p, c, j] = leaves[p, c - 1, j]
                cost[at] = area
                sizes[p, at] = size
                functions[p, at] = table
                for j in range(size):
                    leaves[p, at, j] = union[j]
        count[p] = found
        flow[node] = cost[0]
    refs = np.zeros(n, np.int32)
    for s in sinks:
        refs[s] += 1
        if refs[s] == 1 and place[s] >= 0:
            _count(s, np.int64(chosen[place[s]]), 1, leaves, sizes, chosen, place, refs)
    for _ in range(rounds):
        for p in range(m):
            node = order[p]
            if refs[node] == 0 or count[p] == 1:
                continue
            _count(node, np.int64(chosen[p]), -1, leaves, sizes, chosen, place, refs)
            best = np.int64(-1)
            least = 0
            for c in range(count[p]):
                area = _count(node, c, 1, leaves, sizes, chosen, place, refs)
                _count(node, c, -1, leaves, sizes, chosen, place, refs)
                if best < 0 or area < least:
                    best = c
                    least = area
            chosen[p] = best
            _count(node, best, 1, leaves, sizes, chosen, place, refs)
    for p in range(m):
        node = order[p]
        c = chosen[p]
        deepest = 0
        for j in range(sizes[p, c]):
            fanin[node, j] = leaves[p, c, j]
            deepest = max(deepest, level[leaves[p, c, j]])
        n_fanin[node] = sizes[p, c]
        table = np.int64(functions[p, c])
        tables[node] = table
        level[node] = deepest + 1
