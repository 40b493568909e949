"""How each gate is made of ANDs and complements."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from ..gates import GATES

_OWN = 4  # references: 2 * pin + complemented, or 2 * (_OWN + step) + complemented
_FALSE, _TRUE = -2, -1

Steps = tuple[tuple[int, int], ...]


def _table(function: tuple[int, ...], keep) -> tuple[int, ...]:
    return tuple(v for i, v in enumerate(function) if keep(i))


def _cofactors(function: tuple[int, ...], k: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return _table(function, lambda i: not i >> k & 1), _table(function, lambda i: i >> k & 1)


def _and(steps: Steps, a: int, b: int) -> tuple[Steps, int]:
    for x, y in ((a, b), (b, a)):
        if x == _TRUE:
            return steps, y
        if x == _FALSE:
            return steps, _FALSE
    return (*steps, (a, b)), 2 * (_OWN + len(steps))


def _inverted(reference: int) -> int:
    return reference ^ 1 if reference >= 0 else _FALSE + _TRUE - reference


def _or(steps: Steps, a: int, b: int) -> tuple[Steps, int]:
    steps, made = _and(steps, _inverted(a), _inverted(b))
    return steps, _inverted(made)


def _made(function: tuple[int, ...], refs: tuple[int, ...], steps: Steps) -> tuple[Steps, int]:
    """Add the steps for a truth table over `refs`; fewest ANDs among the ways tried."""
    if len(set(function)) == 1:
        return steps, _TRUE if function[0] else _FALSE
    for k in range(len(refs)):
        low, high = _cofactors(function, k)
        if low == high:
            return _made(low, refs[:k] + refs[k + 1 :], steps)
    if len(refs) == 1:
        return steps, refs[0] ^ function[0]
    best = None
    for i, j in combinations(range(len(refs)), 2):
        best = _shorter(best, _paired(function, refs, steps, i, j))
    if best is None:  # no two inputs act through one gate: split on an input
        for k in range(len(refs)):
            best = _shorter(best, _split(function, refs, steps, k))
    assert best is not None
    return best


def _shorter(best, other):
    return other if best is None or (other is not None and len(other[0]) < len(best[0])) else best


def _paired(function, refs, steps, i: int, j: int):
    """Two inputs that the function sees through an AND or an XOR only: that gate becomes one input."""
    low, high = _cofactors(function, j)
    four = (*_cofactors(low, i), *_cofactors(high, i))
    others = refs[:i] + refs[i + 1 : j] + refs[j + 1 :]
    kinds = sorted(set(four), key=four.index)
    if len(kinds) != 2:
        return None
    ones = [k for k in range(4) if four[k] == kinds[1]]
    zeros = [k for k in range(4) if four[k] == kinds[0]]
    if len(ones) == 2:
        if sorted(ones) not in ([1, 2], [0, 3]):
            return None
        steps, both = _and(steps, refs[i], refs[j])
        steps, neither = _and(steps, refs[i] ^ 1, refs[j] ^ 1)
        steps, gate = _and(steps, _inverted(both), _inverted(neither))  # i differs from j
        differ, same = four[1], four[0]
        return _made(same + differ, (*others, gate), steps)
    odd = ones[0] if len(ones) == 1 else zeros[0]
    steps, gate = _and(steps, refs[i] ^ (1 - (odd & 1)), refs[j] ^ (1 - (odd >> 1)))
    return _made(four[(odd + 1) % 4] + four[odd], (*others, gate), steps)


def _split(function, refs, steps, k: int) -> tuple[Steps, int]:
    low, high = _cofactors(function, k)
    others = refs[:k] + refs[k + 1 :]
    steps, zero = _made(low, others, steps)
    steps, one = _made(high, others, steps)
    if all(a <= b for a, b in zip(low, high, strict=True)):  # zero implies one
        steps, guarded = _and(steps, refs[k], one)
        return _or(steps, zero, guarded)
    if all(a >= b for a, b in zip(low, high, strict=True)):
        steps, guarded = _and(steps, refs[k] ^ 1, zero)
        return _or(steps, one, guarded)
    steps, a = _and(steps, refs[k], one)
    steps, b = _and(steps, refs[k] ^ 1, zero)
    return _or(steps, a, b)


def steps_of(table: int, arity: int) -> tuple[Steps, int]:
    """ANDs that make a function, and the reference to its value.

    A reference is ``2 * source + complemented``; sources 0 to 3 are pins, ``4 + j`` is step ``j``.

    Examples
    --------
    >>> steps_of(0b0110, 2)  # XOR
    (((0, 2), (1, 3), (9, 11)), 12)
    """
    function = tuple(table >> i & 1 for i in range(1 << arity))
    return _made(function, tuple(2 * k for k in range(arity)), ())


@cache
def step_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``step_ptr`` (n_ops + 1,), ``steps`` (m, 2) and ``result`` (n_ops,; -1: no logic) for all gates."""
    ptr, rows, result = [0], [], []
    for g in GATES:
        steps, shown = steps_of(g.table, g.arity) if g.kind == "logic" else ((), -1)
        rows += steps
        ptr.append(len(rows))
        result.append(shown)
    return np.array(ptr, np.int64), np.array(rows, np.int64).reshape(-1, 2), np.array(result, np.int64)
