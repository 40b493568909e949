"""AIGER: rows of numbers, differences of literals, and cells as AND gates."""

from __future__ import annotations

import numpy as np

from .jit import kernel

GOOD, CUT_OFF, NO_NUMBER, TOO_LARGE, TOO_MANY, TOO_FEW, NOT_BELOW = range(7)
"""What a reading kernel may report."""


@kernel
def read_rows(data, at, least, out):
    """Decimal numbers of the next lines of `data` (uint8) into the rows of `out` ((n, most) int64, -1: absent).

    Returns the place after the last line, the row met last, and a report; the place is that of the fault.
    """
    n_rows, most = out.shape
    end = len(data)
    for row in range(n_rows):
        found = 0
        while True:
            while at < end and (data[at] == 32 or data[at] == 9 or data[at] == 13):
                at += 1
            if at >= end:
                if found >= least:
                    break
                return at, row, CUT_OFF
            if data[at] == 10:
                at += 1
                break
            if found == most:
                return at, row, TOO_MANY
            value = np.int64(0)
            start = at
            while at < end and 48 <= data[at] <= 57:
                value = value * 10 + (data[at] - 48)
                if value >= 2147483648:
                    return start, row, TOO_LARGE
                at += 1
            if at == start or (at < end and data[at] > 32):
                return at, row, NO_NUMBER
            out[row, found] = value
            found += 1
        if found < least:
            return at - 1, row, TOO_FEW
    return at, n_rows, GOOD


@kernel
def decode_deltas(data, at, first, out):
    """Binary AND gates: both literals of gate ``first + i`` into ``out[i]`` ((n, 2) int64).

    Each is stored as its difference to the one before, seven bits a byte, low bits first. Returns the
    place after the last gate, the gate met last, and a report.
    """
    end = len(data)
    for i in range(len(out)):
        literal = np.int64(2) * (first + i)
        for side in range(2):
            start = at
            delta = np.int64(0)
            shift = 0
            while True:
                if at >= end:
                    return at, i, CUT_OFF
                byte = np.int64(data[at])
                at += 1
                if shift > 28:
                    return start, i, TOO_LARGE
                delta |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
            if delta > literal or (side == 0 and delta == 0):
                return start, i, NOT_BELOW
            literal -= delta
            out[i, side] = literal
    return at, len(out), GOOD


@kernel
def encode_deltas(first, ands):
    """The bytes (uint8) that :func:`decode_deltas` reads back; each row has its larger literal first."""
    out = np.empty(10 * len(ands), np.uint8)
    at = 0
    for i in range(len(ands)):
        literal = np.int64(2) * (first + i)
        for side in range(2):
            delta = literal - ands[i, side]
            literal = np.int64(ands[i, side])
            while delta >= 128:
                out[at] = (delta & 127) | 128
                at += 1
                delta >>= 7
            out[at] = delta
            at += 1
    return out[:at].copy()


@kernel
def ands_of_cells(order, op, fanin_ptr, fanin, step_ptr, steps, result, literal, first):
    """AND gates for the logic cells of `order` (drivers first).

    Op ``k`` is made by the rows ``step_ptr[k]:step_ptr[k + 1]`` of `steps`: pairs of references, each
    ``2 * source + complemented`` where sources 0 to 3 are pins and ``4 + j`` is the op's own step ``j``;
    ``result[k]`` refers to what the cell shows (-1: no logic). `literal` (n,) holds the literals of the
    sources and receives those of the cells. Returns the ANDs, (m, 2) int64, larger literal first.
    """
    total = 0
    for cell in order:
        total += step_ptr[op[cell] + 1] - step_ptr[op[cell]]
    ands = np.empty((total, 2), np.int64)
    made = 0
    own = np.empty(32, np.int64)
    for cell in order:
        kind = op[cell]
        if result[kind] < 0:
            continue
        base = fanin_ptr[cell]
        low = step_ptr[kind]
        for j in range(step_ptr[kind + 1] - low + 1):
            last = j == step_ptr[kind + 1] - low
            sides = (np.int64(0), np.int64(0))
            for side in range(2):
                reference = result[kind] if last else steps[low + j, side]
                source = reference >> 1
                value = literal[fanin[base + source]] if source < 4 else own[source - 4]
                sides = (sides[1], value ^ (reference & 1))
            if last:
                literal[cell] = sides[1]
            else:
                ands[made, 0] = max(sides[0], sides[1])
                ands[made, 1] = min(sides[0], sides[1])
                own[j] = 2 * (first + made)
                made += 1
    return ands
