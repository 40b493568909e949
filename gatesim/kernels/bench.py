"""``.bench`` as bytes: the common lines in one pass, names numbered as they appear."""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .names import number_of

OTHER, OUTPUT, FLIP_FLOP = -1, -2, -3
"""Codes beside op codes: a line to be read by other means, an output, a flip-flop of one pin."""

MAX_PINS = 4


@kernel
def _word_end(data, at, stop):
    """Where the name that begins at `at` ends; `at` itself if none begins there."""
    while at < stop:
        c = data[at]
        is_mark = c == 35 or 40 <= c <= 41 or c == 44 or c == 61  # noqa: PLR1714 (Numba) # ( ) , =
        if is_mark or c <= 32 or c >= 127:
            break
        at += 1
    return at


@kernel
def _skip_blanks(data, at, stop):
    while at < stop and (data[at] == 32 or data[at] == 9):
        at += 1
    return at


@kernel
def _keyword(data, start, end, words):
    """The row of `words` (upper case, padded with 0) that equals a word in any case; -1 if none does."""
    length = end - start
    if length > words.shape[1]:
        return -1
    for k in range(len(words)):
        same = length == words.shape[1] or words[k, length] == 0
        i = 0
        while same and i < length:
            c = data[start + i]
            if 97 <= c <= 122:
                c -= np.uint8(32)
            same = c == words[k, i]
            i += 1
        if same:
            return k
    return -1


@kernel
def scan(data, words, codes, seed):
    """Rows of a text in the order of its lines; blank lines and comments give none.

    Parameters
    ----------
    data : (n,) uint8
        ASCII, lines ending in 10.
    words : (k, m) uint8
        Keywords in upper case, padded with 0.
    codes : (k, MAX_PINS + 1) int16
        Op code of each keyword with so many pins (or OUTPUT, FLIP_FLOP); OTHER: not a line for this pass.
    seed : uint64
        Of the hash of names.

    Returns
    -------
    op : (rows,) int16
        Op code, or OTHER, OUTPUT.
    net, line : (rows,) int32
        Net (name number + 2) that it drives or shows, -1 for OTHER; the line, 1-based.
    begin, end : (rows,) int32
        Bytes of the line, comment left out.
    ptr, pins : (rows + 1,) int32, int32
        Nets read; a flip-flop gets its pin, and the nets 1 (enable) and 0 (reset).
    name_start, name_end : (names,) int32
    """
    n_lines, n_commas = 1, 0
    for c in data:
        n_lines += c == 10
        n_commas += c == 44
    op = np.empty(n_lines, np.int16)
    net, line_of = np.empty(n_lines, np.int32), np.empty(n_lines, np.int32)
    begin, finish = np.empty(n_lines, np.int32), np.empty(n_lines, np.int32)
    ptr, pins = np.zeros(n_lines + 1, np.int32), np.empty(3 * n_lines + n_commas, np.int32)
    most = 2 * n_lines + n_commas
    name_start, name_end = np.empty(most, np.int32), np.empty(most, np.int32)
    size = 16
    while size < 2 * most:
        size *= 2
    slots = np.full(size, -1, np.int32)
    word = np.empty((MAX_PINS + 1, 2), np.int64)  # start and end: the net, then its pins
    n_rows = n_pins = n_names = line = low = 0
    while low < len(data):
        line += 1
        high = low
        stop = -1
        while high < len(data) and data[high] != 10:
            if data[high] == 35 and stop < 0:
                stop = high
            high += 1
        if stop < 0:
            stop = high
        at = _skip_blanks(data, low, stop)
        if at < stop:
            code, n_words = _line(data, at, stop, words, codes, word)
            begin[n_rows], finish[n_rows], line_of[n_rows] = low, stop, line
            op[n_rows], net[n_rows] = code, -1
            for k in range(n_words):
                number = number_of(data, word[k, 0], word[k, 1], seed, slots, name_start, name_end, n_names)
                n_names += number == n_names
                if k == 0:
                    net[n_rows] = number + 2
                else:
                    pins[n_pins] = number + 2
                    n_pins += 1
            if code == FLIP_FLOP:
                pins[n_pins], pins[n_pins + 1] = 1, 0
                n_pins += 2
            n_rows += 1
            ptr[n_rows] = n_pins
        low = high + 1
    return (
        op[:n_rows], net[:n_rows], line_of[:n_rows], begin[:n_rows], finish[:n_rows],
        ptr[: n_rows + 1], pins[:n_pins],
        name_start[:n_names], name_end[:n_names],
    )  # fmt: skip


@kernel
def _line(data, at, stop, words, codes, word):
    """The code of ``PORT(name)`` or ``name = KIND(pin, ...)``, and how many rows of `word` it fills."""
    end = _word_end(data, at, stop)
    first, first_end = at, end
    at = _skip_blanks(data, end, stop)
    n_words = 0
    if at < stop and data[at] == 61 and first_end > first:
        word[0, 0], word[0, 1] = first, first_end
        n_words = 1
        first = _skip_blanks(data, at + 1, stop)
        first_end = _word_end(data, first, stop)
        at = _skip_blanks(data, first_end, stop)
    if at >= stop or data[at] != 40:
        return OTHER, 0
    kind = _keyword(data, first, first_end, words)
    if kind < 0:
        return OTHER, 0
    is_port = n_words == 0
    at += 1
    while True:
        at = _skip_blanks(data, at, stop)
        end = _word_end(data, at, stop)
        if end == at or n_words > MAX_PINS:
            return OTHER, 0
        word[n_words, 0], word[n_words, 1] = at, end
        n_words += 1
        at = _skip_blanks(data, end, stop)
        if at >= stop:
            return OTHER, 0
        if data[at] == 41:
            break
        if data[at] != 44:
            return OTHER, 0
        at += 1
    if _skip_blanks(data, at + 1, stop) < stop:
        return OTHER, 0
    n_pins = n_words - 1
    if is_port and n_pins:
        return OTHER, 0
    code = codes[kind, n_pins]
    return code, 0 if code == OTHER else n_words
