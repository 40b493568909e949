"""Functions of up to six variables as one 64-bit truth table: algebraic and affine normal forms.

Bit ``i`` of a table is the value at ``x`` with ``x[v]`` = bit ``v`` of ``i``. A linear form is a mask of
variables. Two functions are *affine equivalent* when ``g(x) = f(A x + a) + b.x + c`` over GF(2) with an
invertible A: they need equally many ANDs, for XOR and NOT are free.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

_U0, _U1 = np.uint64(0), np.uint64(1)

VARIABLE = np.array(
    [
        0xAAAAAAAAAAAAAAAA,
        0xCCCCCCCCCCCCCCCC,
        0xF0F0F0F0F0F0F0F0,
        0xFF00FF00FF00FF00,
        0xFFFF0000FFFF0000,
        0xFFFFFFFF00000000,
    ],
    np.uint64,
)
"""(6,) uint64: the table of each variable."""

OF_DEGREE = np.array([sum(1 << i for i in range(64) if i.bit_count() == d) for d in range(7)], np.uint64)
"""(7,) uint64: the monomials of each degree, in a table of coefficients."""

for _array in (VARIABLE, OF_DEGREE):
    _array.flags.writeable = False


@kernel
def cofactor(table, v, value):
    """The table with variable `v` fixed to `value`; it then depends on `v` no more."""
    shift = np.uint64(1 << v)
    if value:
        high = table & VARIABLE[v]
        return high | (high >> shift)
    low = table & ~VARIABLE[v]
    return low | (low << shift)


@kernel
def support(table):
    """Mask of the variables that the function depends on."""
    mask = 0
    for v in range(6):
        if ((table >> np.uint64(1 << v)) ^ table) & ~VARIABLE[v]:
            mask |= 1 << v
    return mask


@kernel
def linear(mask):
    """The table of the sum of the variables in `mask`."""
    table = _U0
    for v in range(6):
        if (mask >> v) & 1:
            table ^= VARIABLE[v]
    return table


@kernel
def coefficients(table):
    """Algebraic normal form: bit ``i`` says whether the product of the variables in ``i`` is a term."""
    for v in range(6):
        table ^= (table << np.uint64(1 << v)) & VARIABLE[v]
    return table


@kernel
def degree(terms):
    """Degree of a function given by its coefficients; 0 for constants."""
    for d in range(6, 0, -1):
        if terms & OF_DEGREE[d]:
            return d
    return 0


@kernel
def halves(table, form):
    """The function where the sum of the variables in `form` is 0, and where it is 1.

    Both are tables that do not depend on the lowest variable of `form`.
    """
    v = 0
    while not (form >> v) & 1:
        v += 1
    zero, one = cofactor(table, v, 0), cofactor(table, v, 1)
    change = (zero ^ one) & linear(form & ~(1 << v))
    return zero ^ change, one ^ change


@kernel
def normal_form(table, rows, signs):
    """A representative of the function's affine class, by its Walsh spectrum.

    The largest coefficient moves to 0 by a linear function added, the largest remaining ones that are
    independent become the new variables (largest first). Equal coefficients are taken in order, so that a
    class may have several representatives: what is kept for a representative is only kept more than once.

    Fills ``rows`` (6,) and ``signs`` (6,), and returns ``(g, form, constant)`` with
    ``table(x) = g(y) + form.x + constant`` where ``y[i] = rows[i].x + signs[i]``.
    """
    walsh = np.empty(64, np.int32)
    for i in range(64):
        walsh[i] = 1 - 2 * np.int32((table >> np.uint64(i)) & _U1)
    for v in range(6):
        step = 1 << v
        for block in range(0, 64, 2 * step):
            for i in range(block, block + step):
                a, b = walsh[i], walsh[i + step]
                walsh[i], walsh[i + step] = a + b, a - b
    form = 0
    for u in range(64):
        if abs(walsh[u]) > abs(walsh[form]):
            form = u
    constant = 1 if walsh[form] < 0 else 0
    spanned = np.zeros(64, np.bool_)
    spanned[0] = True
    for i in range(6):
        row = -1
        for u in range(1, 64):
            if not spanned[u] and (row < 0 or abs(walsh[u ^ form]) > abs(walsh[row ^ form])):
                row = u
        for u in range(64):
            if spanned[u] and not spanned[u ^ row]:
                spanned[u ^ row] = True
        rows[i] = row
        signs[i] = 1 if (walsh[row ^ form] < 0) != (constant == 1) else 0
    straight = table ^ linear(form)
    if constant:
        straight = ~straight
    places = np.empty(64, np.int64)
    places[0] = 0
    for i in range(6):
        places[0] |= np.int64(signs[i]) << i
    result = _U0
    for x in range(64):
        if x:
            v = 0
            while not (x >> v) & 1:
                v += 1
            column = 0
            for i in range(6):
                column |= ((np.int64(rows[i]) >> v) & 1) << i
            places[x] = places[x & (x - 1)] ^ column
        result |= ((straight >> np.uint64(x)) & _U1) << np.uint64(places[x])
    return result, form, constant
