"""Functions of up to six variables as programs of few ANDs, XOR and NOT being free.

A *program* is a list of products of two affine sums, and an affine sum for the result. A sum is a mask:
bit 0 is the constant 1, bit ``1 + v`` the variable v, bit ``7 + j`` the j-th product. How programs are found:

- affine functions need no product; quadratic ones are taken apart into the fewest (Dickson's theorem);
- of others the affine normal form is looked up, and if it is new, f is written as ``l.(f0 + f1) + f0`` with
  its halves f0, f1 at a linear form l, for all l: two of f0, f1, f0 + f1, which depend on one variable
  less, and one AND; where the second is a sum of what the first has made already, or one AND from it, less.

The degree less one is a lower bound, at which a search stops. (Classes and bounds: Turan Sonmez and Peralta,
"The multiplicative complexity of Boolean functions on four and five variables", LightSec 2014.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .jit import kernel
from .six import OF_DEGREE, VARIABLE, coefficients, degree, halves, linear, normal_form, support

MAX_PRODUCTS = 12
"""Products of a program, at most (six variables need at most six; a search may end a little above)."""

WIDTH = 2 * MAX_PRODUCTS + 2
"""Masks kept for a program: two a product, the result, and before them the number of products."""

_U0, _U1 = np.uint64(0), np.uint64(1)
_ONES = np.uint64(0xFFFFFFFFFFFFFFFF)
_UNKNOWN = 99


class Book(NamedTuple):
    """Programs by truth table, in an open hash table: ``slots`` hold entry + 1, 0 where free."""

    slots: np.ndarray
    table: np.ndarray
    program: np.ndarray
    count: np.ndarray


def new_book(size: int) -> Book:
    """Room for `size` programs (a power of two)."""
    return Book(
        np.zeros(4 * size, np.int32),
        np.zeros(size, np.uint64),
        np.zeros((size, WIDTH), np.int32),
        np.zeros(1, np.int64),
    )


@kernel
def look_up(book, table):
    """The slot of `table`: its entry + 1 is there, or 0 where it belongs."""
    mask = np.uint64(len(book.slots) - 1)
    h = table * np.uint64(0x9E3779B97F4A7C15)
    at = np.int64((h ^ (h >> np.uint64(32))) & mask)
    while book.slots[at] and book.table[book.slots[at] - 1] != table:
        at = (at + 1) & np.int64(mask)
    return at


@kernel
def _enter(book, table, program):
    """Keep a copy of `program`; returns its entry, -1 when the book is full."""
    entry = book.count[0]
    if entry >= len(book.table):
        return np.int64(-1)
    book.table[entry] = table
    for i in range(WIDTH):
        book.program[entry, i] = program[i]
    book.slots[look_up(book, table)] = entry + 1
    book.count[0] = entry + 1
    return entry


def larger_book(book: Book) -> Book:
    """A copy of `book` with room for four times as many programs."""
    larger = new_book(4 * len(book.table))
    _copy(book, larger)
    return larger


@kernel
def _copy(book, larger):
    for entry in range(book.count[0]):
        _enter(larger, book.table[entry], book.program[entry])


@kernel
def evaluate(program, products):
    """The table of a program; fills ``products`` with the tables of its products."""
    for j in range(program[0] + 1):
        a = _sum(program[1 + 2 * j], products)
        if j == program[0]:
            return a
        products[j] = a & _sum(program[2 + 2 * j], products)
    return _U0


@kernel
def _sum(mask, products):
    table = linear((mask >> 1) & 63)
    if mask & 1:
        table = ~table
    j = 0
    rest = mask >> 7
    while rest:
        if rest & 1:
            table ^= products[j]
        rest >>= 1
        j += 1
    return table


@kernel
def _quadratic(table, program):
    """Program of a function of degree two at most: half as many products as its form has rank."""
    program[0] = 0
    result = 0
    terms = coefficients(table)
    while terms & OF_DEGREE[2]:
        at = 0
        while not ((terms & OF_DEGREE[2]) >> np.uint64(at)) & _U1:
            at += 1
        i = 0
        while not (at >> i) & 1:
            i += 1
        j = i + 1
        while not (at >> j) & 1:
            j += 1
        # f = x_i A + x_j B + x_i x_j + ... = (x_i + B)(x_j + A) + what has neither in a product
        a, b = 1 << j, 1 << i
        for v in range(6):
            if v not in (i, j):
                if (terms >> np.uint64((1 << i) | (1 << v))) & _U1:
                    a |= 1 << v
                if (terms >> np.uint64((1 << j) | (1 << v))) & _U1:
                    b |= 1 << v
        k = program[0]
        program[1 + 2 * k], program[2 + 2 * k] = a << 1, b << 1
        program[0] = k + 1
        result |= 1 << (7 + k)
        terms ^= coefficients(linear(a) & linear(b))
    result |= np.int64(terms & _U1)
    for v in range(6):
        if (terms >> np.uint64(1 << v)) & _U1:
            result |= 2 << v
    program[1 + 2 * program[0]] = result


@kernel
def _ands(classes, table, rows, signs):
    """(products, representative) of `table`; (_UNKNOWN, representative) where the class has no program yet."""
    d = degree(coefficients(table))
    if d < 2:
        return np.int64(0), _U0
    if d == 2:
        scratch = np.empty(WIDTH, np.int32)
        _quadratic(table, scratch)
        return np.int64(scratch[0]), _U0
    representative, _, _ = normal_form(table, rows, signs)
    entry = classes.slots[look_up(classes, representative)] - 1
    if entry < 0:
        return np.int64(_UNKNOWN), representative
    return np.int64(classes.program[entry, 0]), representative


@kernel
def _moved(mask, rows, signs):
    """A sum over the variables of a representative as a sum over those of the function."""
    result = mask & ~127
    result |= mask & 1
    for i in range(6):
        if (mask >> (1 + i)) & 1:
            result ^= (np.int64(rows[i]) << 1) | signs[i]
    return result


@kernel
def _from_class(classes, table, rows, signs, program):
    """Fill `program` for a function whose class is known."""
    if degree(coefficients(table)) <= 2:
        _quadratic(table, program)
        return
    representative, form, constant = normal_form(table, rows, signs)
    entry = classes.slots[look_up(classes, representative)] - 1
    n = classes.program[entry, 0]
    program[0] = n
    for i in range(1, 2 * n + 2):
        program[i] = _moved(np.int64(classes.program[entry, i]), rows, signs)
    program[2 * n + 1] ^= (form << 1) | constant


@kernel
def _within(vectors, n, target, care):
    """Which of the `vectors` add up to `target` on the bits of `care`: a mask, or -1."""
    pivot = np.empty(24, np.uint64)
    made_of = np.empty(24, np.int64)
    rank = 0
    for i in range(n):
        value = vectors[i] & care
        made = 1 << i
        for k in range(rank):
            if (value ^ pivot[k]) < value:
                value ^= pivot[k]
                made ^= made_of[k]
        if value:
            # Keep pivots by falling value, so that one sweep reduces by all of them.
            k = rank
            while k > 0 and pivot[k - 1] < value:
                pivot[k], made_of[k] = pivot[k - 1], made_of[k - 1]
                k -= 1
            pivot[k], made_of[k] = value, made
            rank += 1
    value = target & care
    made = 0
    for k in range(rank):
        if (value ^ pivot[k]) < value:
            value ^= pivot[k]
            made ^= made_of[k]
    return made if value == _U0 else -1


@kernel
def _vectors(program, products, vectors, where):
    """The sums that a program has for free: constant, variables, its products. ``where`` gives their bits."""
    evaluate(program, products)
    vectors[0], where[0] = _ONES, 0
    for v in range(6):
        vectors[1 + v], where[1 + v] = VARIABLE[v], 1 + v
    for j in range(program[0]):
        vectors[7 + j], where[7 + j] = products[j], 7 + j
    return 7 + program[0]


@kernel
def _one_more(vectors, n, target):
    """Masks (a, b, c) of `vectors` with target = a b + c, or a = -1: on both halves of a sum a the target
    must be a sum of the vectors.
    """
    for choice in range(1, 1 << (n - 1)):
        a = _U0
        for i in range(1, n):
            if (choice >> (i - 1)) & 1:
                a ^= vectors[i]
        zero = _within(vectors, n, target, ~a)
        if zero >= 0:
            one = _within(vectors, n, target, a)
            if one >= 0:
                return choice << 1, zero ^ one, zero
    return -1, 0, 0


@kernel
def _append(program, extra):
    """Add the products of `extra` behind those of `program`; returns the mask of its result there."""
    base, n = program[0], extra[0]
    low = (1 << 7) - 1
    for i in range(2 * n + 1):
        mask = extra[1 + i]
        program[1 + 2 * base + i] = (mask & low) | ((mask & ~low) << base)
    program[0] = base + n
    return np.int64(program[1 + 2 * (base + n)])


@kernel
def _finish(program, a, b, c):
    """Close `program` with one more product: a b + c."""
    n = program[0]
    program[1 + 2 * n], program[2 + 2 * n] = a, b
    program[3 + 2 * n] = c ^ (1 << (7 + n))
    program[0] = n + 1


@kernel
def _try_class(classes, table, program, missing):
    """Find a program for a representative from those of its halves; or fill `missing` with the
    representatives that are needed first. Returns how many are.
    """
    rows, signs = np.empty(6, np.int8), np.empty(6, np.int8)
    other, products = np.empty(WIDTH, np.int32), np.empty(MAX_PRODUCTS, np.uint64)
    vectors, where = np.empty(24, np.uint64), np.empty(24, np.int64)
    mask = support(table)
    least = degree(coefficients(table)) - 1
    parts = np.empty(3, np.uint64)
    costs = np.empty(3, np.int64)
    best = np.int64(_UNKNOWN)
    best_form = best_way = n_missing = 0
    for form in range(1, 64):
        if form & ~mask:
            continue
        parts[0], parts[1] = halves(table, form)
        parts[2] = parts[0] ^ parts[1]
        for k in range(3):
            costs[k], representative = _ands(classes, parts[k], rows, signs)
            if costs[k] == _UNKNOWN:
                missing[n_missing] = representative
                n_missing += 1
        dearest = 0 if costs[0] >= max(costs[1], costs[2]) else (1 if costs[1] >= costs[2] else 2)
        total = 1 + costs[0] + costs[1] + costs[2] - costs[dearest]
        if total < best:
            best, best_form, best_way = total, form, dearest
    if n_missing:
        return n_missing
    best_shared, shared_form, shared_first = best, 0, 0
    for form in range(1, 64):
        if form & ~mask or best_shared <= least:
            continue
        parts[0], parts[1] = halves(table, form)
        parts[2] = parts[0] ^ parts[1]
        for k in range(3):
            first = _ands(classes, parts[k], rows, signs)[0]
            if first + 1 >= best_shared:
                continue
            _from_class(classes, parts[k], rows, signs, other)
            n = _vectors(other, products, vectors, where)
            second = parts[(k + 1) % 3]
            if _within(vectors, n, second, _ONES) >= 0:
                best_shared, shared_form, shared_first = first + 1, form, k
            elif first + 2 < best_shared and _one_more(vectors, n, second)[0] >= 0:
                best_shared, shared_form, shared_first = first + 2, form, k
    if best_shared < best:
        parts[0], parts[1] = halves(table, shared_form)
        parts[2] = parts[0] ^ parts[1]
        _from_class(classes, parts[shared_first], rows, signs, program)
        n = _vectors(program, products, vectors, where)
        first = np.int64(program[1 + 2 * program[0]])
        k = (shared_first + 1) % 3
        second = _bits(_within(vectors, n, parts[k], _ONES), where, n)
        if second < 0:
            a, b, c = _one_more(vectors, n, parts[k])
            _finish(program, _bits(a, where, n), _bits(b, where, n), _bits(c, where, n))
            second = np.int64(program[1 + 2 * program[0]])
        _join(program, shared_form, shared_first, first, k, second)
        return 0
    parts[0], parts[1] = halves(table, best_form)
    parts[2] = parts[0] ^ parts[1]
    i, k = (best_way + 1) % 3, (best_way + 2) % 3
    _from_class(classes, parts[i], rows, signs, program)
    first = np.int64(program[1 + 2 * program[0]])
    _from_class(classes, parts[k], rows, signs, other)
    second = _append(program, other)
    _join(program, best_form, i, first, k, second)
    return 0


@kernel
def _bits(chosen, where, n):
    """A choice of vectors as the mask of a sum; -1 stays -1."""
    if chosen < 0:
        return np.int64(-1)
    mask = np.int64(0)
    for i in range(n):
        if (chosen >> i) & 1:
            mask ^= 1 << where[i]
    return mask


@kernel
def _join(program, form, i, first, k, second):
    """``l.(f0 + f1) + f0`` from the sums of two of f0, f1, f0 + f1 (numbers 0, 1, 2: `i` and `k`)."""
    zero = first if i == 0 else (second if k == 0 else first ^ second)
    one = first if i == 1 else (second if k == 1 else first ^ second)
    _finish(program, form << 1, zero ^ one, zero)


@kernel
def program_of(functions, classes, table):
    """The entry of `table` in the book `functions`; -1 when a book is full.

    ``classes`` keeps the programs of representatives, which are found when they are first needed.
    """
    entry = np.int64(functions.slots[look_up(functions, table)]) - 1
    if entry >= 0:
        return entry
    rows, signs = np.empty(6, np.int8), np.empty(6, np.int8)
    program = np.zeros(WIDTH, np.int32)
    missing = np.empty(192, np.uint64)
    n, representative = _ands(classes, table, rows, signs)
    if n == _UNKNOWN:
        waiting = np.empty(1024, np.uint64)
        waiting[0] = representative
        top = 1
        while top:
            wanted = waiting[top - 1]
            if classes.slots[look_up(classes, wanted)]:
                top -= 1
                continue
            needed = _try_class(classes, wanted, program, missing)
            if needed == 0:
                if _enter(classes, wanted, program) < 0:
                    return np.int64(-1)
                top -= 1
            for i in range(needed):
                waiting[top] = missing[i]
                top += 1
    _from_class(classes, table, rows, signs, program)
    return _enter(functions, table, program)
