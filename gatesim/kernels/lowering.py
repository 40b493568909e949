"""From cells to nodes of two inputs, from nodes to rows, and from rows to slots.

A *literal* is ``2 * node + inverted``; node 0 is constant 0, so literal 1 is constant 1. Every node
computes a *normal* function (one that is 0 when all its inputs are 0): what is not normal is its
complement with an inverted literal, which readers absorb into their own truth tables. Inverters,
buffers and constants therefore cost nothing, and equal nodes are one.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

AND_TABLES = (0b1000, 0b0100, 0b0010, 0b1110)
"""Normal table of an AND by the inversions of its inputs (first in bit 0); the last is inverted."""
XOR_TABLE = 0b0110


@kernel
def _node(is_xor, a, b, tables, fanin, n_fanin, level, buckets, free):
    """Literal of `a` AND (or XOR) `b`: a constant, an operand, an equal node, or a new one at ``free[0]``."""
    if a > b:
        a, b = b, a
    inverted = np.int64(0)
    if is_xor:
        inverted = (a ^ b) & 1
        a &= ~1
        b &= ~1
        if a == 0:
            return b ^ inverted
        if a == b:
            return inverted
        table = np.int64(XOR_TABLE)
    else:
        if a == 0 or a == b ^ 1:
            return np.int64(0)
        if a in (1, b):
            return b
        both = (a & 1) | (b & 1) << 1
        table = np.int64(AND_TABLES[both])
        inverted = np.int64(both == 3)
    x, y = a >> 1, b >> 1
    mask = np.uint64(len(buckets) - 1)
    key = (np.uint64(x) * np.uint64(0x9E3779B97F4A7C15)) ^ (np.uint64(y) * np.uint64(0xC2B2AE3D27D4EB4F))
    at = (key ^ (key >> np.uint64(29)) ^ np.uint64(table)) & mask
    wide = table | table << 4
    while buckets[at]:
        node = np.int64(buckets[at])
        if fanin[node, 0] == x and fanin[node, 1] == y and tables[node] == wide:
            return 2 * node + inverted
        at = (at + np.uint64(1)) & mask
    node = free[0]
    free[0] += 1
    buckets[at] = node
    tables[node] = wide
    fanin[node, 0], fanin[node, 1] = x, y
    n_fanin[node] = 2
    level[node] = max(level[x], level[y]) + 1
    return 2 * node + inverted


@kernel
def lower(
    cells,
    targets,
    op,
    fanin_ptr,
    fanin_in,
    extra_pin,
    start,
    steps,
    result,
    literal,
    tables,
    fanin,
    n_fanin,
    level,
    free,
):
    """Lower `cells` (drivers first) to nodes by the programs (start, steps, result) of their ops.

    ``literal`` maps nets (and next states) to literals and is filled as we go: the cell's result goes to
    ``literal[targets[c]]``. A cell with ``extra_pin[c] >= 0`` is a next state: its pins are (d, en, q, rst)
    with q = ``extra_pin[c]``. A cell without a program that has pins is a memory read bit: a node of its
    own, one level after its address. Nodes are numbered from ``free``, every node after those it
    depends on; returns the next free number.
    """
    size = 1
    while size < 2 * (len(tables) + 1):
        size *= 2
    buckets = np.zeros(size, np.int32)
    following = np.array([free], np.int64)
    values = np.empty(16, np.int64)
    for c in range(len(cells)):
        cell = cells[c]
        kind = op[cell]
        first = fanin_ptr[cell]
        if result[kind] < 0:
            node = following[0]
            following[0] += 1
            deepest = 0
            for k in range(first, fanin_ptr[cell + 1]):
                deepest = max(deepest, level[literal[fanin_in[k]] >> 1])
            level[node] = deepest + 1
            literal[targets[c]] = 2 * node
            continue
        if extra_pin[c] >= 0:
            values[0], values[1] = literal[fanin_in[first]], literal[fanin_in[first + 1]]
            values[2], values[3] = literal[extra_pin[c]], literal[fanin_in[first + 2]]
        else:
            for k in range(fanin_ptr[cell + 1] - first):
                values[k] = literal[fanin_in[first + k]]
        for s in range(start[kind], start[kind + 1]):
            a = values[steps[s, 1] >> 1] ^ (steps[s, 1] & 1)
            b = values[steps[s, 2] >> 1] ^ (steps[s, 2] & 1)
            values[4 + s - start[kind]] = _node(steps[s, 0], a, b, tables, fanin, n_fanin, level, buckets, following)
        literal[targets[c]] = values[result[kind] >> 1] ^ (result[kind] & 1)
    return following[0]


@kernel
def latest_levels(level, fanin, n_fanin, alive, port_of, port_ptr, port_nodes, first, last):
    """(n,) int32: the last level at which each live node ``first .. last`` can run without making the
    netlist deeper; nodes are numbered after those they depend on. All bits of a memory port run at once.
    """
    deepest = 0
    for node in range(first, last):
        if alive[node]:
            deepest = max(deepest, level[node])
    latest = np.full(len(level), deepest, np.int32)
    at = np.full(max(1, len(port_ptr) - 1), deepest, np.int32)
    for node in range(last - 1, first - 1, -1):
        if not alive[node]:
            continue
        port = port_of[node]
        if port >= 0:
            at[port] = min(at[port], latest[node])
            for k in range(port_ptr[port], port_ptr[port + 1]):
                latest[port_nodes[k]] = min(latest[port_nodes[k]], at[port] - 1)
        for j in range(n_fanin[node]):
            latest[fanin[node, j]] = min(latest[fanin[node, j]], latest[node] - 1)
    for node in range(first, last):
        if alive[node] and port_of[node] >= 0:
            latest[node] = at[port_of[node]]
    return latest


@kernel
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
        port = port_of[node]
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


@kernel
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
