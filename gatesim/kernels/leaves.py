"""Leaves of cuts: sorted lists of nodes."""

from __future__ import annotations

from .jit import kernel


@kernel
def merge_leaves(a, na, b, nb, out, most):
    """Union of two sorted leaf lists; its size, or ``most + 1`` where it would be larger."""
    i = 0
    j = 0
    n = 0
    while i < na or j < nb:
        if n == most:
            return most + 1
        if j == nb or (i < na and a[i] < b[j]):
            out[n] = a[i]
            i += 1
        elif i == na or b[j] < a[i]:
            out[n] = b[j]
            j += 1
        else:
            out[n] = a[i]
            i += 1
            j += 1
        n += 1
    return n
