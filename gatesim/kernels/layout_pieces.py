"""The vertical pieces of wires, and the dots where pieces of one wire meet, once tracks are settled."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def trunk_pieces(trunk_first, end_row, end_side, trunk_x, second_x, track, second, joint):
    """Pieces and dots of all trunks, in half grid units, and the trunk that each belongs to.

    Arguments as :func:`gatesim.kernels.layout_route.assign_tracks` takes and returns them; ``trunk_x`` and
    ``second_x`` are the tracks' places. A trunk on two tracks has a vertical piece on each and a horizontal
    one at its joint.

    Returns
    -------
    pieces, piece_trunk : (s, 4), (s,) int64
    dots, dot_trunk : (d, 2), (d,) int64
    """
    n = len(trunk_first) - 1
    pieces = np.empty((3 * n, 4), np.int64)
    piece_trunk = np.empty(3 * n, np.int64)
    dots = np.empty((len(end_row) + 2 * n, 2), np.int64)
    dot_trunk = np.empty(len(dots), np.int64)
    n_pieces, n_dots = 0, 0
    for t in range(n):
        if track[t] < 0:
            continue
        low, high = trunk_first[t], trunk_first[t + 1]
        parts = 2 if second[t] >= 0 else 1
        for part in range(parts):
            x = 2 * (trunk_x[t] if part == 0 else second_x[t])
            y = np.empty(high - low + 1, np.int64)
            count = 0
            for k in range(low, high):
                if parts == 1 or end_side[k] == part:
                    y[count] = 4 * end_row[k] + end_side[k]  # the row in half units, and the side below it
                    count += 1
            if parts == 2:
                y[count] = 2 * joint[t] + 1 - part
                count += 1
            y = np.sort(y[:count])
            lo, hi = y[0] >> 1, y[count - 1] >> 1
            pieces[n_pieces] = (x, lo, x, hi)
            piece_trunk[n_pieces] = t
            n_pieces += 1
            k = 0
            while k < count:
                at = y[k] >> 1
                arms = (at > lo) + (at < hi) + 1
                while k + 1 < count and y[k + 1] >> 1 == at:
                    arms += y[k + 1] != y[k]
                    k += 1
                k += 1
                if arms > 2:
                    dots[n_dots] = (x, at)
                    dot_trunk[n_dots] = t
                    n_dots += 1
        if parts == 2:
            pieces[n_pieces] = (2 * trunk_x[t], joint[t], 2 * second_x[t], joint[t])
            piece_trunk[n_pieces] = t
            n_pieces += 1
    return pieces[:n_pieces], piece_trunk[:n_pieces], dots[:n_dots], dot_trunk[:n_dots]
