"""Rewriting an XOR-AND graph so that it needs fewer ANDs: every node tries the programs of its cuts.

The graph is rebuilt node by node, drivers first. What a node stands for is first built as it was; then its
readers let go of it, and the ANDs that nobody uses any more are what a new program may cost at most: those
of its products that the graph has already are free. (DAG-aware rewriting: Mishchenko, Chatterjee, Brayton,
DAC 2006; with the number of ANDs as cost: Testa, Soeken, Amaru, De Micheli, DAC 2019.)
"""

from __future__ import annotations

import numpy as np

from .and_programs import MAX_PRODUCTS, program_of
from .jit import kernel
from .xag import AND, claim, make_and, make_xor, product, release, slot_of
from .xag_cuts import find_cuts

_U0 = np.uint64(0)

DONE, GRAPH_FULL, BOOK_FULL = 0, 1, 2
"""How a pass ends; after the last two it is run again with more room."""

SPARE = 512
"""Nodes that must be free before a node is rewritten."""


@kernel
def _term(mask, forms, phases):
    """Form and phase of a sum."""
    form = _U0
    phase = mask & 1
    rest = mask >> 1
    j = 1
    while rest:
        if rest & 1:
            form ^= forms[j]
            phase ^= np.int64(phases[j])
        rest >>= 1
        j += 1
    return form, phase


@kernel
def _take(g, mask, leaves, n_leaves, stack, taken, n_taken):
    """Claim the leaves of a sum; (ANDs that come back to life, number of nodes taken)."""
    ands = 0
    for k in range(n_leaves):
        if (mask >> (1 + k)) & 1 and g.refs[leaves[k]] == 0 and g.kind[leaves[k]] >= AND:
            ands += claim(g, leaves[k], 1, stack)
            taken[n_taken] = leaves[k]
            n_taken += 1
    return ands, n_taken


@kernel
def price(g, program, leaves, n_leaves, limit, stack):
    """ANDs that a program over `leaves` adds to the graph; above `limit` it may be left unfinished."""
    forms, phases = np.empty(8 + MAX_PRODUCTS, np.uint64), np.empty(8 + MAX_PRODUCTS, np.uint8)
    taken = np.empty(8 + 9 * MAX_PRODUCTS, np.int64)
    node_of = np.empty(MAX_PRODUCTS, np.int64)
    for k in range(n_leaves):
        forms[1 + k], phases[1 + k] = g.form[leaves[k]], g.phase[leaves[k]]
    n = program[0]
    for j in range(n):
        ha, ca = _term(np.int64(program[1 + 2 * j]), forms, phases)
        hb, cb = _term(np.int64(program[2 + 2 * j]), forms, phases)
        node_of[j] = 0
        form, phase = _U0, np.int64(0)
        if ha == _U0:
            form, phase = (hb, cb) if ca else (_U0, np.int64(0))
        elif hb == _U0 or (ha == hb and ca == cb):
            form, phase = (ha, ca) if cb or hb != _U0 else (_U0, np.int64(0))
        elif ha != hb:
            plane, form, phase = product(ha, ca, hb, cb)
            node_of[j] = np.int64(g.by_plane[slot_of(g.by_plane, g.plane, plane)])
        forms[7 + j], phases[7 + j] = form, phase
    result = np.int64(program[1 + 2 * n])
    form, _ = _term(result, forms, phases)
    if form == _U0:
        return 0
    ands = 0
    n_taken = 0
    known = np.int64(g.by_form[slot_of(g.by_form, g.form, form)])
    if known >= 0:
        ands += claim(g, known, 1, stack)
        taken[0] = known
        n_taken = 1
    else:
        gained, n_taken = _take(g, result, leaves, n_leaves, stack, taken, n_taken)
        ands += gained
        for j in range(n):
            if node_of[j] > 0:
                ands += claim(g, node_of[j], 1, stack)
                taken[n_taken] = node_of[j]
                n_taken += 1
            elif node_of[j] < 0:
                ands += 1
                for side in range(2):
                    mask = np.int64(program[1 + 2 * j + side])
                    gained, n_taken = _take(g, mask, leaves, n_leaves, stack, taken, n_taken)
                    ands += gained
            if ands > limit:
                break
    for i in range(n_taken):
        release(g, taken[i], 1, stack)
    return ands


@kernel
def add_up(g, literals, n):
    """The literal of a sum, by XORs that exist already where there are some."""
    while n > 1:
        left, right = 0, 1
        for i in range(n):
            for j in range(i + 1, n):
                form = g.form[literals[i] >> 1] ^ g.form[literals[j] >> 1]
                if g.by_form[slot_of(g.by_form, g.form, form)] >= 0:
                    left, right = i, j
        literals[left] = make_xor(g, literals[left], literals[right])
        n -= 1
        literals[right] = literals[n]
    return literals[0] if n else np.int64(0)


@kernel
def build(g, program, leaves):
    """Add a program to the graph; returns its literal."""
    values = np.empty(8 + MAX_PRODUCTS, np.int64)
    terms = np.empty(8 + MAX_PRODUCTS, np.int64)
    pair = np.empty(2, np.int64)
    values[0] = 1
    n = program[0]
    for j in range(n + 1):
        for side in range(2 if j < n else 1):
            mask = np.int64(program[1 + 2 * j + side])
            count = 0
            bit = 0
            while mask:
                if mask & 1:
                    if 1 <= bit <= 6:
                        values[bit] = 2 * np.int64(leaves[bit - 1])
                    terms[count] = values[bit]
                    count += 1
                mask >>= 1
                bit += 1
            pair[side] = add_up(g, terms, count)
        if j < n:
            values[7 + j] = make_and(g, pair[0], pair[1])
    return pair[0]


@kernel
def count_readers(kind, fan, sinks):
    """(nodes,) int32: readers of each node, sinks included."""
    readers = np.zeros(len(kind), np.int32)
    for node in range(len(kind)):
        if kind[node] >= AND:
            readers[fan[node, 0] >> 1] += 1
            readers[fan[node, 1] >> 1] += 1
    for s in sinks:
        readers[s >> 1] += 1
    return readers


@kernel
def rewrite(kind, fan, sinks, n_sources, g, cuts, functions, classes, most, even):
    """Rebuild the graph (kind, fan) in `g` with fewer ANDs; `sinks` become literals of `g`.

    ``g`` holds the inputs already. ``most`` leaves a cut; with ``even`` a program that costs as much as
    what it replaces is taken as well (from the largest cut that has one): the next pass then sees
    another graph. Returns DONE, GRAPH_FULL or BOOK_FULL.
    """
    readers = count_readers(kind, fan, sinks)
    stack = np.empty(len(g.kind), np.int64)
    literal = np.zeros(len(kind), np.int64)
    with_cuts = np.int64(0)
    for node in range(n_sources + 1):
        literal[node] = 2 * node
        g.refs[node] += readers[node]
    for node in range(n_sources + 1, len(kind)):
        if g.count[0] + SPARE > len(g.kind):
            return GRAPH_FULL
        x, y = np.int64(fan[node, 0]), np.int64(fan[node, 1])
        a, b = literal[x >> 1] ^ (x & 1), literal[y >> 1] ^ (y & 1)
        own = make_and(g, a, b) if kind[node] == AND else make_xor(g, a, b)
        root = own >> 1
        claim(g, root, readers[node], stack)
        release(g, a >> 1, 1, stack)
        release(g, b >> 1, 1, stack)
        while with_cuts < g.count[0]:
            find_cuts(g, cuts, with_cuts, most)
            with_cuts += 1
        literal[node] = own
        freed = release(g, root, readers[node], stack)
        best, best_entry, best_cut = freed, np.int64(-1), np.int64(0)
        if freed:
            for c in range(np.int64(cuts.count[root])):
                entry = program_of(functions, classes, cuts.table[root, c])
                if entry < 0:
                    return BOOK_FULL
                size = np.int64(cuts.size[root, c])
                ands = price(g, functions.program[entry], cuts.leaves[root, c], size, best, stack)
                if ands < best or (ands == best and even and c > 0):
                    best, best_entry, best_cut = ands, entry, c
        if best_entry >= 0:
            found = build(g, functions.program[best_entry], cuts.leaves[root, best_cut]) ^ (own & 1)
            cost = claim(g, found >> 1, readers[node], stack)
            if cost <= freed:
                literal[node] = found
                continue
            release(g, found >> 1, readers[node], stack)
        claim(g, root, readers[node], stack)
    for i in range(len(sinks)):
        sinks[i] = literal[sinks[i] >> 1] ^ (sinks[i] & 1)
    return DONE
