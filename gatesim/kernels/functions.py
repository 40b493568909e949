"""Functions of up to three inputs: their classes, and how each is written with AND, OR, XOR and NOT.

No Numba here: kernels and the compiled tier generate their code from these.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np

# -- function classes ------------------------------------------------------------------------


def _permuted(table: int, order: tuple[int, ...]) -> int:
    """Table of g with g(x) = f(y), y[j] = x[order[j]]."""
    result = 0
    for index in range(8):
        old = sum(((index >> order[j]) & 1) << j for j in range(3))
        result |= ((table >> old) & 1) << index
    return result


def _classes() -> tuple[list[int], np.ndarray, np.ndarray]:
    kinds: list[int] = []
    kind_of = np.zeros(256, np.uint8)
    order_of = np.zeros((256, 3), np.uint8)
    for table in range(0, 256, 2):
        # f(fanins) = class(x) with x[j] = fanin[order[j]]
        best = min(
            (_permuted(table, tuple(order.index(j) for j in range(3))), order) for order in permutations(range(3))
        )
        if best[0] not in kinds:
            kinds.append(best[0])
        kind_of[table] = kinds.index(best[0])
        order_of[table] = best[1]
    kind_of.flags.writeable = order_of.flags.writeable = False
    return kinds, kind_of, order_of


KINDS, KIND_OF, ORDER_OF = _classes()
"""Class tables (8 bits each); class of each normal table; how a row's inputs are wired to the class."""

READ_KIND = len(KINDS)
"""Kind of a row that reads a memory: its first entry is the number of the read port."""

CODE_KIND = len(KINDS) + 1
"""Kind of a run that stands for compiled code: its first row is the number of the function."""


# -- code generation -------------------------------------------------------------------------


def two_input(ops, table: int, a, b):
    """The two-input function `table` (4 bits) of `a` and `b`, or None for constant 0.

    `ops` gives ``and_``, ``or_``, ``xor``, ``not_`` and ``ones``: LLVM values here, text elsewhere.
    """
    forms = {
        0b0000: lambda: None,
        0b1111: lambda: ops.ones,
        0b1010: lambda: a,
        0b0101: lambda: ops.not_(a),
        0b1100: lambda: b,
        0b0011: lambda: ops.not_(b),
        0b1000: lambda: ops.and_(a, b),
        0b0111: lambda: ops.not_(ops.and_(a, b)),
        0b1110: lambda: ops.or_(a, b),
        0b0001: lambda: ops.not_(ops.or_(a, b)),
        0b0110: lambda: ops.xor(a, b),
        0b1001: lambda: ops.not_(ops.xor(a, b)),
        0b0010: lambda: ops.and_(a, ops.not_(b)),
        0b0100: lambda: ops.and_(ops.not_(a), b),
        0b1011: lambda: ops.or_(a, ops.not_(b)),
        0b1101: lambda: ops.or_(ops.not_(a), b),
    }
    return forms[table]()


_TRIVIAL = (0b0000, 0b1111, 0b1010, 0b1100)


def expression(ops, table: int, inputs):
    """A normal three-input function: f0 ^ (c & (f0 ^ f1)) on the cheapest variable c."""

    def cofactors(c: int) -> tuple[int, int]:
        rest = [v for v in range(3) if v != c]
        halves = [0, 0]
        for half in range(2):
            for index in range(4):
                full = (half << c) | ((index & 1) << rest[0]) | ((index >> 1) << rest[1])
                halves[half] |= ((table >> full) & 1) << index
        return halves[0], halves[0] ^ halves[1]

    c = min(range(3), key=lambda v: sum(t not in _TRIVIAL for t in cofactors(v)))
    rest = [v for v in range(3) if v != c]
    low_table, change_table = cofactors(c)
    low = two_input(ops, low_table, inputs[rest[0]], inputs[rest[1]])
    if change_table == 0:
        return low
    change = two_input(ops, change_table, inputs[rest[0]], inputs[rest[1]])
    gated = inputs[c] if change_table == 0b1111 else ops.and_(inputs[c], change)
    return gated if low is None else ops.xor(low, gated)


def support(table: int) -> tuple[bool, bool, bool]:
    """Which of the three inputs the function `table` depends on."""
    first, second, third = (
        any((table >> i ^ table >> (i | 1 << v)) & 1 for i in range(8) if not i >> v & 1) for v in range(3)
    )
    return first, second, third
