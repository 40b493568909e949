"""BLIF as bytes: tokens, numbered names, and covers as truth tables."""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .names import number_of

COVER, NAMES, PAIRS, OTHER = range(4)
"""Kinds of rows: a row of a cover, ``.names``, a command with ``formal=actual`` pairs, another command."""

TABLE_PINS = 6
"""Covers of up to this many inputs become truth tables."""

OFF_SET_BUFFER = 0b110
"""What :func:`tables` gives for ``0 0``: the function of a wire, written by where it is 0."""

GOOD, WIDE, NOT_A_CUBE, WRONG_LENGTH, NOT_A_BIT, BOTH_PHASES, STRAY = range(7)
"""What :func:`tables` reports about a ``.names``."""


@kernel
def scan(data, starts, ends, lines, rows):
    """Tokens of logical lines: comments left out, lines that end in a backslash joined.

    Fills ``starts``, ``ends`` and ``lines`` (1-based) for each token and ``rows`` with the first token of
    each row, as far as they are long; returns the numbers of tokens and rows (call with empty arrays
    first to learn them).
    """
    n_tokens = 0
    n_rows = 0
    at = 0
    end = len(data)
    line = 1
    fresh = True  # the next token begins a row
    while at < end:
        byte = data[at]
        if byte == 10:
            fresh = True
            line += 1
            at += 1
        elif byte <= 32:
            at += 1
        elif byte == 35:  # a comment
            while at < end and data[at] != 10:
                at += 1
        else:
            if byte == 92:
                after = at + 1
                while after < end and data[after] <= 32 and data[after] != 10:
                    after += 1
                if after >= end or data[after] == 10:
                    at = after + 1
                    line += 1
                    continue
            start = at
            while at < end and data[at] > 32 and data[at] != 35:
                if data[at] == 92 and (at + 1 >= end or data[at + 1] <= 32):
                    break
                at += 1
            if at == start:  # a lone backslash before more tokens
                at += 1
            if fresh:
                if n_rows < len(rows):
                    rows[n_rows] = n_tokens
                n_rows += 1
                fresh = False
            if n_tokens < len(starts):
                starts[n_tokens] = start
                ends[n_tokens] = at
                lines[n_tokens] = line
            n_tokens += 1
    return n_tokens, n_rows


@kernel
def _is_word(data, start, end, word):
    same = end - start == len(word)
    i = 0
    while same and i < len(word):
        same = data[start + i] == word[i]
        i += 1
    return same


@kernel
def classify(data, starts, ends, rows, names, pairs):
    """The kind of every row; `names` is the word ``.names``, `pairs` (k, m) words padded with 0."""
    kinds = np.empty(len(rows), np.uint8)
    for r in range(len(rows)):
        start, end = starts[rows[r]], ends[rows[r]]
        kind = OTHER
        if data[start] != 46:
            kind = COVER
        elif _is_word(data, start, end, names):
            kind = NAMES
        else:
            for k in range(len(pairs)):
                length = 0
                while length < pairs.shape[1] and pairs[k, length] != 0:
                    length += 1
                if _is_word(data, start, end, pairs[k, :length]):
                    kind = PAIRS
        kinds[r] = kind
    return kinds


@kernel
def number_names(data, starts, ends, rows, kinds, seed):
    """A number for every distinct name, in order of appearance.

    Returns the number of each token (-1 for commands, covers and pairs without ``=``) and, for every
    name, where it starts and ends.
    """
    n_tokens = len(starts)
    number = np.full(n_tokens, -1, np.int32)
    size = 16
    while size < 2 * n_tokens:
        size *= 2
    slots = np.full(size, -1, np.int32)
    name_start = np.empty(n_tokens, np.int32)
    name_end = np.empty(n_tokens, np.int32)
    found = 0
    for r in range(len(rows)):
        if kinds[r] == COVER:
            continue
        last = rows[r + 1] if r + 1 < len(rows) else n_tokens
        for t in range(rows[r] + 1, last):
            start, end = starts[t], ends[t]
            if kinds[r] == PAIRS:
                while start < end and data[start] != 61:
                    start += 1
                if start >= end - 1:
                    continue
                start += 1
            number[t] = number_of(data, start, end, seed, slots, name_start, name_end, found)
            if number[t] == found:
                found += 1
    return number, name_start[:found].copy(), name_end[:found].copy()


@kernel
def tables(data, starts, ends, rows, kinds, which):
    """Truth tables of the ``.names`` rows `which`.

    Returns for each the number of inputs, the table (uint64; pin k is bit k of the index), a report, and
    the token that the report is about. A cover of more than `TABLE_PINS` inputs is reported `WIDE`.
    """
    n = len(which)
    n_pins = np.zeros(n, np.int32)
    table = np.zeros(n, np.uint64)
    report = np.zeros(n, np.uint8)
    place = np.zeros(n, np.int64)
    variable = np.array(
        [0xAAAAAAAAAAAAAAAA, 0xCCCCCCCCCCCCCCCC, 0xF0F0F0F0F0F0F0F0,
         0xFF00FF00FF00FF00, 0xFFFF0000FFFF0000, 0xFFFFFFFF00000000], dtype=np.uint64,
    )  # fmt: skip
    everything = ~np.uint64(0)
    for w in range(n):
        r = which[w]
        last = rows[r + 1] if r + 1 < len(rows) else len(starts)
        pins = last - rows[r] - 2
        n_pins[w] = pins
        place[w] = rows[r]
        if pins > TABLE_PINS:
            report[w] = WIDE
            continue
        covered = np.uint64(0)
        phase = -1
        r += 1
        while r < len(rows) and kinds[r] == COVER:
            first = rows[r]
            last = rows[r + 1] if r + 1 < len(rows) else len(starts)
            wanted = 2 if pins > 0 else 1
            if last - first != wanted or (pins > 0 and ends[first] - starts[first] != pins):
                report[w] = WRONG_LENGTH
                place[w] = first
                break
            cube = everything
            bad = False
            for k in range(pins):
                byte = data[starts[first] + k]
                if byte == 49:
                    cube &= variable[k]
                elif byte == 48:
                    cube &= ~variable[k]
                elif byte != 45:
                    bad = True
            if bad:
                report[w] = NOT_A_CUBE
                place[w] = first
                break
            byte = data[starts[last - 1]]
            if ends[last - 1] - starts[last - 1] != 1 or not 48 <= byte <= 49:
                report[w] = NOT_A_BIT
                place[w] = last - 1
                break
            if phase >= 0 and phase != byte - 48:
                report[w] = BOTH_PHASES
                place[w] = last - 1
                break
            phase = byte - 48
            covered |= cube
            r += 1
        if phase == 0:
            covered = ~covered
        if pins < 6:
            covered &= (np.uint64(1) << np.uint64(1 << max(pins, 0))) - np.uint64(1)
        if pins == 1 and phase == 0 and covered == 2:
            covered = np.uint64(OFF_SET_BUFFER)
        table[w] = covered
    return n_pins, table, report, place
