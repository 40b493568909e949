"""Majorana modes of a chain of spins, and Pfaffians."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def rotate_modes(rows, left, right, first, cos, sin):
    """Gates in turn: mode p = first[k] becomes cos p + sin (p + 1), and p + 1 becomes cos (p + 1) - sin p.

    rows : (modes, modes), row p is mode p in terms of the first modes; only columns left[p] to right[p] - 1
    differ from 0, since a gate spreads a mode no further than its neighbour's.
    """
    for k in range(len(first)):
        p, c, s = first[k], cos[k], sin[k]
        low, high = min(left[p], left[p + 1]), max(right[p], right[p + 1])
        left[p] = left[p + 1] = low
        right[p] = right[p + 1] = high
        upper, lower = rows[p], rows[p + 1]
        for x in range(low, high):
            a, b = upper[x], lower[x]
            upper[x] = c * a + s * b
            lower[x] = c * b - s * a


@kernel
def pfaffian(a):
    """Pfaffian of a skew-symmetric matrix of even order, which is overwritten.

    Parlett and Reid's reduction to tridiagonal form with pivots, as Wimmer describes it for Pfaffians
    (ACM Trans. Math. Softw. 38, 30, 2012): O(n^3 / 3).
    """
    n, result = len(a), 1.0
    for k in range(0, n - 1, 2):
        pivot = k + 1
        for i in range(k + 2, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        if a[pivot, k] == 0.0:
            return 0.0
        if pivot != k + 1:
            for x in range(k, n):
                a[k + 1, x], a[pivot, x] = a[pivot, x], a[k + 1, x]
            for x in range(k, n):
                a[x, k + 1], a[x, pivot] = a[x, pivot], a[x, k + 1]
            result = -result
        result *= a[k, k + 1]
        for i in range(k + 2, n):
            upper, lower = a[k, i] / a[k, k + 1], a[k + 1, i] / a[k, k + 1]
            if upper != 0.0 or lower != 0.0:
                for x in range(k + 2, n):
                    a[i, x] += lower * a[k, x] - upper * a[k + 1, x]
    return result


@kernel
def dots(rows, paired, left, right, first, second):
    """Products of row first[k] of `paired` and row second[k] of `rows`, whose columns outside its window are 0."""
    out = np.empty(len(first))
    for k in range(len(first)):
        total, p = 0.0, second[k]
        for x in range(left[p], right[p]):
            total += paired[first[k], x] * rows[p, x]
        out[k] = total
    return out
