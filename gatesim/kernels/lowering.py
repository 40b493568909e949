"""From cells to rows of at most three inputs, and from rows to slots.

A *literal* is ``2 * node + inverted``; node 0 is constant 0, so literal 1 is constant 1. Every row
computes a *normal* function (one that is 0 when all its inputs are 0): a cell whose function is not
normal computes the complement and hands on an inverted literal, which its readers absorb into their
own truth tables. Inverters, buffers, constants and repeated pins therefore cost no row.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _reduce(table, pins, n_pins, support):
    """Absorb inversions, constants and repeats of literal `pins` into `table`.

    Writes the distinct nodes that matter to `support`; returns (table, count).
    """
    nodes = np.empty(4, np.int64)
    count = 0
    spread = np.empty(4, np.int64)  # pin -> position in nodes, or -1 for a constant
    for k in range(n_pins):
        node = pins[k] >> 1
        spread[k] = -1
        if node:
            for j in range(count):
                if nodes[j] == node:
                    spread[k] = j
            if spread[k] < 0:
                nodes[count] = node
                spread[k] = count
                count += 1
    merged = 0
    for index in range(1 << count):
        old = 0
        for k in range(n_pins):
            bit = pins[k] & 1
            if spread[k] >= 0:
                bit ^= (index >> spread[k]) & 1
            old |= bit << k
        merged |= ((table >> old) & 1) << index
    kept = 0
    for j in range(count):  # drop the inputs on which nothing depends
        matters = False
        for index in range(1 << count):
            if not (index >> j) & 1:
                if ((merged >> index) ^ (merged >> (index | (1 << j)))) & 1:
                    matters = True
                    break
        if matters:
            support[kept] = j
            kept += 1
    small = 0
    for index in range(1 << kept):
        old = 0
        for j in range(kept):
            old |= ((index >> j) & 1) << support[j]
        small |= ((merged >> old) & 1) << index
    for j in range(kept):
        support[j] = nodes[support[j]]
    return small, kept


@njit(cache=True, nogil=True)
def _widen(table, count):
    """An 8-entry table of a function of `count` <= 3 inputs that ignores the others."""
    for k in range(count, 3):
        table |= table << (1 << k)
    return table & 255


@njit(cache=True, nogil=True)
def _split4(table):
    """Write f(4 inputs) as g(h(x_i, x_j), x_k, x_l): returns (i, j, k, l, h, g), or i = -1."""
    for i in range(3):
        for j in range(i + 1, 4):
            k = -1
            rest = -1
            for m in range(4):
                if m not in (i, j):
                    if k < 0:
                        k = m
                    else:
                        rest = m
            first = -1
            second = -1
            h = 0
            fits = True
            for x in range(4):
                column = 0
                for y in range(4):
                    index = ((x & 1) << i) | ((x >> 1) << j) | ((y & 1) << k) | ((y >> 1) << rest)
                    column |= ((table >> index) & 1) << y
                if first < 0:
                    first = column
                elif column != first:
                    if second < 0:
                        second = column
                    if column == second:
                        h |= 1 << x
                    else:
                        fits = False
                        break
            if fits:
                g = 0
                for y in range(4):
                    g |= ((first >> y) & 1) << (2 * y)
                    g |= ((second >> y) & 1) << (2 * y + 1)
                return i, j, k, rest, h, g
    return -1, 0, 0, 0, 0, 0


@njit(cache=True, nogil=True)
def _add_row(node, table, support, count, tables, fanin, n_fanin, level):
    """Store the normal form of (`table`, `support`) as `node`; return its literal."""
    wide = _widen(table, count)
    inverted = wide & 1
    tables[node] = wide ^ (255 * inverted)
    deepest = 0
    for j in range(count):
        fanin[node, j] = support[j]
        deepest = max(deepest, level[support[j]])
    n_fanin[node] = count
    level[node] = deepest + 1
    return 2 * node + inverted


@njit(cache=True, nogil=True)
def _small(node, table, lits, n, support, tables, fanin, n_fanin, level):
    """Literal of a function of at most three literals; `node` is used only if a row is needed."""
    table, count = _reduce(table, lits, n, support)
    if count == 0:
        return table & 1
    if count == 1:
        return 2 * support[0] + (table & 1)
    return _add_row(node, table, support, count, tables, fanin, n_fanin, level)


@njit(cache=True, nogil=True)
def lower(cells, targets, tables_in, arity, pins, fanin_ptr, fanin_in, literal, tables, fanin, n_fanin, level, free):
    """Lower `cells` (drivers first) to rows.

    ``pins[c]`` are nets; ``literal`` maps nets to literals and is filled as we go. ``arity[c]`` is 255
    for a memory read bit, which becomes a node of its own one level after its address. New nodes are
    numbered from ``free``; returns the next free one.
    """
    support = np.empty(4, np.int64)
    scratch = np.empty(4, np.int64)
    lits = np.empty(4, np.int64)
    for c in range(len(cells)):
        target = targets[c]
        if arity[c] == 255:
            cell = cells[c]
            deepest = 0
            for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
                at = level[literal[fanin_in[k]] >> 1]
                deepest = max(deepest, at)
            level[target] = deepest + 1
            literal[target] = 2 * target
            continue
        for k in range(arity[c]):
            lits[k] = literal[pins[c, k]]
        table, count = _reduce(np.int64(tables_in[c]), lits, arity[c], support)
        if count <= 3:
            for k in range(count):
                lits[k] = 2 * support[k]
            literal[target] = _small(target, table, lits, count, scratch, tables, fanin, n_fanin, level)
            continue
        i, j, k, m, h, g = _split4(table)
        if i >= 0:
            lits[0], lits[1] = 2 * support[i], 2 * support[j]
            inner = _small(free, np.int64(h), lits, 2, scratch, tables, fanin, n_fanin, level)
            lits[0], lits[1], lits[2] = inner, 2 * support[k], 2 * support[m]
            literal[target] = _small(target, np.int64(g), lits, 3, scratch, tables, fanin, n_fanin, level)
            free += 1
            continue
        # Shannon's expansion: f = x3 ? f1(x0, x1, x2) : f0(x0, x1, x2)
        for v in range(3):
            lits[v] = 2 * support[v]
        zero = _small(free, table & 255, lits, 3, scratch, tables, fanin, n_fanin, level)
        one = _small(free + 1, table >> 8, lits, 3, scratch, tables, fanin, n_fanin, level)
        free += 2
        lits[0], lits[1], lits[2] = 2 * support[3], zero, one
        literal[target] = _small(target, np.int64(0b11100100), lits, 3, scratch, tables, fanin, n_fanin, level)
    return free


@njit(cache=True, nogil=True)
def mark_live(sinks, fanin, n_fanin, port_of, port_ptr, port_nodes, n):
    """(n,) bool: nodes that some sink depends on. ``port_of[node]`` is the memory read port of a node
    (or -1): one live bit of a port makes its address live.
    """
    seen = np.zeros(n, np.bool_)
    stack = np.empty(n + 1, np.int64)
    top = 0
    for node in sinks:
        if not seen[node]:
            seen[node] = True
            stack[top] = node
            top += 1
    while top:
        top -= 1
        node = stack[top]
        port = port_of[node] if node < len(port_of) else -1
        if port >= 0:
            for k in range(port_ptr[port], port_ptr[port + 1]):
                other = port_nodes[k]
                if not seen[other]:
                    seen[other] = True
                    stack[top] = other
                    top += 1
        for j in range(n_fanin[node]):
            other = fanin[node, j]
            if not seen[other]:
                seen[other] = True
                stack[top] = other
                top += 1
    return seen


@njit(cache=True, nogil=True)
def allocate(
    row_node,
    row_port,
    fanin,
    n_fanin,
    order_of,
    addr_ptr,
    addr_nodes,
    data_ptr,
    data_nodes,
    pinned,
    slot,
    n_slots,
):
    """Give every row a slot, reusing the slots of nodes whose last reader has run.

    ``slot`` comes with the sources already placed (-1 elsewhere) and `n_slots` counts them; ``pinned``
    nodes keep theirs. A row may write where it reads: each vector is loaded before it is stored.
    Returns the rows as (in0, in1, in2, out) slots and the number of slots.
    """
    n_rows = len(row_node)
    last = np.full(len(slot), -1, np.int64)
    for r in range(n_rows):
        port = row_port[r]
        if port >= 0:
            for k in range(addr_ptr[port], addr_ptr[port + 1]):
                last[addr_nodes[k]] = r
        else:
            for j in range(n_fanin[row_node[r]]):
                last[fanin[row_node[r], j]] = r
    rows = np.zeros((n_rows, 4), np.int32)
    spare = np.empty(len(slot) + 1, np.int32)
    top = 0
    for r in range(n_rows):
        port = row_port[r]
        if port >= 0:
            # The address is read lane by lane while data is written: do not share slots here.
            for k in range(data_ptr[port], data_ptr[port + 1]):
                node = data_nodes[k]
                if top:
                    top -= 1
                    slot[node] = spare[top]
                else:
                    slot[node] = n_slots
                    n_slots += 1
            for k in range(addr_ptr[port], addr_ptr[port + 1]):
                node = addr_nodes[k]
                if last[node] == r and not pinned[node]:
                    last[node] = -2
                    spare[top] = slot[node]
                    top += 1
            for k in range(data_ptr[port], data_ptr[port + 1]):
                node = data_nodes[k]
                if last[node] == -1 and not pinned[node]:
                    spare[top] = slot[node]
                    top += 1
            rows[r, 0] = port
            continue
        node = row_node[r]
        for j in range(3):
            source = fanin[node, order_of[r, j]] if order_of[r, j] < n_fanin[node] else fanin[node, 0]
            rows[r, j] = slot[source]
        for j in range(n_fanin[node]):
            source = fanin[node, j]
            if last[source] == r and not pinned[source]:
                spare[top] = slot[source]
                top += 1
        if top:
            top -= 1
            slot[node] = spare[top]
        else:
            slot[node] = n_slots
            n_slots += 1
        rows[r, 3] = slot[node]
    return rows, n_slots
