"""Cuts of an XOR-AND graph: small sets of nodes that a node is a function of, with that function.

Every node keeps some of the unions of its fanins' cuts (Pan and Lin, "A new retiming-based technology
mapping algorithm for LUT-based FPGAs", FPGA 1998; priority cuts: Mishchenko et al., ICCAD 2007).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import kernel
from .leaves import merge_leaves
from .six import VARIABLE, cofactor, support
from .xag import AND

MOST = 6
"""Leaves of a cut, at most."""


class Cuts(NamedTuple):
    """By node and cut: leaves in rising order, how many, and the function of the plain node over them."""

    leaves: np.ndarray
    size: np.ndarray
    table: np.ndarray
    count: np.ndarray


def new_cuts(capacity: int, kept: int) -> Cuts:
    """Room for `kept` cuts of every node."""
    return Cuts(
        np.zeros((capacity, kept, MOST), np.int32),
        np.zeros((capacity, kept), np.uint8),
        np.zeros((capacity, kept), np.uint64),
        np.zeros(capacity, np.uint8),
    )


@kernel
def _stretch(table, leaves, n, onto, m):
    """A table over `leaves` as one over the larger set `onto`."""
    j = m - 1
    for i in range(n - 1, -1, -1):
        while onto[j] != leaves[i]:
            j -= 1
        if j != i:
            zero, one = cofactor(table, i, 0), cofactor(table, i, 1)
            table = (zero & ~VARIABLE[j]) | (one & VARIABLE[j])
        j -= 1
    return table


@kernel
def _drop(table, leaves, n):
    """Remove the leaves that the function does not depend on; (table, number of leaves)."""
    used = support(table)
    kept = 0
    for j in range(n):
        if (used >> j) & 1:
            if kept != j:
                zero, one = cofactor(table, j, 0), cofactor(table, j, 1)
                table = (zero & ~VARIABLE[kept]) | (one & VARIABLE[kept])
                leaves[kept] = leaves[j]
            kept += 1
    return table, kept


@kernel
def _contains(a, na, b, nb):
    """Whether the sorted leaves `b` are all among `a`."""
    i = 0
    for j in range(nb):
        while i < na and a[i] < b[j]:
            i += 1
        if i == na or a[i] != b[j]:
            return False
    return True


@kernel
def find_cuts(g, cuts, node, most):
    """Fill the cuts of `node` from those of its fanins, smaller ones first."""
    kept = cuts.leaves.shape[1]
    cuts.count[node] = 0
    if g.kind[node] < AND:
        return
    a, b = g.fan[node, 0], g.fan[node, 1]
    alone_a, alone_b = np.empty(MOST, np.int32), np.empty(MOST, np.int32)
    alone_a[0], alone_b[0] = a >> 1, b >> 1
    union = np.empty(MOST, np.int32)
    found = 0
    for i in range(1 + np.int64(cuts.count[a >> 1])):
        la = alone_a if i == 0 else cuts.leaves[a >> 1, i - 1]
        na = 1 if i == 0 else np.int64(cuts.size[a >> 1, i - 1])
        for j in range(1 + np.int64(cuts.count[b >> 1])):
            lb = alone_b if j == 0 else cuts.leaves[b >> 1, j - 1]
            nb = 1 if j == 0 else np.int64(cuts.size[b >> 1, j - 1])
            n = merge_leaves(la, na, lb, nb, union, most)
            if n > most or (found == kept and n > cuts.size[node, kept - 1]):
                continue
            fresh = True
            for c in range(found):
                size = np.int64(cuts.size[node, c])
                if size <= n and _contains(union, n, cuts.leaves[node, c], size):
                    fresh = False
                    break
            if not fresh:
                continue
            ta = VARIABLE[0] if i == 0 else cuts.table[a >> 1, i - 1]
            tb = VARIABLE[0] if j == 0 else cuts.table[b >> 1, j - 1]
            ta, tb = _stretch(ta, la, na, union, n), _stretch(tb, lb, nb, union, n)
            if a & 1:
                ta = ~ta
            if b & 1:
                tb = ~tb
            table = ta & tb if g.kind[node] == AND else ta ^ tb
            table, n = _drop(table, union, n)
            # Room at its place by size; the last one goes when there is none.
            c = found if found < kept else kept - 1
            if found == kept and n >= cuts.size[node, c]:
                continue
            while c > 0 and cuts.size[node, c - 1] > n:
                cuts.leaves[node, c] = cuts.leaves[node, c - 1]
                cuts.size[node, c], cuts.table[node, c] = cuts.size[node, c - 1], cuts.table[node, c - 1]
                c -= 1
            for k in range(n):
                cuts.leaves[node, c, k] = union[k]
            cuts.size[node, c], cuts.table[node, c] = n, table
            found = min(found + 1, kept)
    cuts.count[node] = found
