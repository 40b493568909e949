# pyright: reportCallIssue=false
"""A state vector of n qubits, layer by layer. Amplitude k belongs to the basis state whose qubit i is bit i of k.

Memory is the limit, so whole layers are done in few passes: rotations of the lowest qubits and everything
diagonal inside a block that stays near the core, rotations of up to six higher qubits at once through a strip
that does. Real and imaginary parts lie in two arrays, at least one vector long.
"""

from __future__ import annotations

import numpy as np

from .amplitudes import (
    rotate0_within,
    rotate1,
    rotate1_within,
    rotate2,
    rotate2_within,
    rotate3,
    rotate3_within,
    turn_phases,
)
from .jit import inlined, kernel

BLOCK_QUBITS = 12
"""Qubits of a block: 2^12 amplitudes of two parts are 64 KiB in double precision."""
STRIP_QUBITS = 6
"""Higher qubits rotated in one pass."""
STRIP_BYTES = 256
"""Of every row of a strip, so much is done together."""
ROW_QUBITS = 6
"""Qubits of a row of a block, whose phases share a table."""


@inlined
def _rotate(levels, re, im, at, step, to_re, to_im, to_at, to_step, slope, first):
    if levels == 3:
        rotate3(re, im, at, step, to_re, to_im, to_at, to_step, slope, first)
    elif levels == 2:
        rotate2(re, im, at, step, to_re, to_im, to_at, to_step, slope, first)
    else:
        rotate1(re, im, at, step, to_re, to_im, to_at, to_step, slope, first)


@kernel
def _rotate_block(re, im, low, qubits, lane_qubits, slope):
    """Qubits 0 to `qubits` - 1 of the 2^qubits amplitudes from `low`, without the cosines."""
    lanes, size = 1 << lane_qubits, 1 << qubits
    bit = min(3, qubits - lane_qubits)
    for at in range(low, low + size, lanes << bit):
        if bit == 3:
            rotate3_within(re, im, at, lanes, re, im, at, lanes, slope, 0)
        elif bit == 2:
            rotate2_within(re, im, at, lanes, re, im, at, lanes, slope, 0)
        elif bit == 1:
            rotate1_within(re, im, at, lanes, re, im, at, lanes, slope, 0)
        else:
            rotate0_within(re, im, at, lanes, re, im, at, lanes, slope, 0)
    bit += lane_qubits
    while bit < qubits:
        levels = min(3, qubits - bit)
        step = 1 << bit
        for at in range(low, low + size, step << levels):
            for x in range(at, at + step, lanes):
                _rotate(levels, re, im, x, step, re, im, x, step, slope, bit)
        bit += levels


@kernel
def _rotate_strips(re, im, begin, count, lane_qubits, width, slope, strip_re, strip_im):
    """Qubits `begin` to `begin` + `count` - 1 in one pass: up to three into the strip, the others out of it."""
    lanes, step = 1 << lane_qubits, 1 << begin
    first = min(3, count)
    rows, sets = 1 << first, 1 << (count - first)
    for at in range(0, len(re), step << count):
        for x in range(at, at + step, width):
            if count == first:
                for column in range(x, x + width, lanes):
                    _rotate(first, re, im, column, step, re, im, column, step, slope, begin)
                continue
            for k in range(sets):
                base, to = x + k * rows * step, k * rows * width
                for column in range(0, width, lanes):
                    _rotate(
                        first, re, im, base + column, step, strip_re, strip_im, to + column, width, slope, begin
                    )  # fmt: skip
            for r in range(rows):
                base, to = r * width, x + r * step
                for column in range(0, width, lanes):
                    _rotate(
                        count - first, strip_re, strip_im, base + column, rows * width,
                        re, im, to + column, rows * step, slope, begin + first,
                    )  # fmt: skip


@kernel
def layer(re, im, slope, scale, quadratic, linear):
    """RX on all qubits, then exp(-i E(k)) on every amplitude, in few passes.

    slope : (n,) of the type of `re`, tangents of half the angles, at most about 1; or empty: no rotation.
    scale : the product of all cosines. E(k) = sum of quadratic[i, j] s_i s_j over i < j and of linear[i] s_i, with
    s_i = 1 - 2 (bit i of k); quadratic is (n, n) float64, symmetric, zero on its diagonal.
    """
    n = len(linear)
    lane_qubits = 3 if re.itemsize == 8 else 4
    block = min(n, BLOCK_QUBITS)
    if len(slope):
        width = STRIP_BYTES // re.itemsize
        strip_re, strip_im = np.empty(width << STRIP_QUBITS, re.dtype), np.empty(width << STRIP_QUBITS, re.dtype)
        bit = n
        while bit > block:
            count = min(STRIP_QUBITS, bit - block)
            bit -= count
            _rotate_strips(re, im, bit, count, lane_qubits, width, slope, strip_re, strip_im)
    row = min(block, ROW_QUBITS)
    own_re, own_im = np.empty(1 << block, re.dtype), np.empty(1 << block, re.dtype)
    low_re, low_im = np.empty(1 << row, re.dtype), np.empty(1 << row, re.dtype)
    high_re, high_im = np.empty(1 << (block - row)), np.empty(1 << (block - row))
    factor = np.empty(2, re.dtype)
    row_re, row_im = np.empty(1 << row), np.empty(1 << row)
    _own_phases(own_re, own_im, block, quadratic, linear)
    for low in range(0, len(re), 1 << block):
        if len(slope):
            _rotate_block(re, im, low, block, lane_qubits, slope)
        energy = _energy(low >> block, block, n, quadratic, linear)
        _cross_phases(row_re, row_im, 1.0, 0.0, 0, row, low >> block, block, n, quadratic)
        low_re[:] = row_re
        low_im[:] = row_im
        _cross_phases(
            high_re, high_im, scale * np.cos(energy), -scale * np.sin(energy), row, block, low >> block, block, n,
            quadratic,
        )  # fmt: skip
        for k in range(1 << (block - row)):
            factor[0], factor[1] = high_re[k], high_im[k]
            for x in range(0, 1 << row, 1 << lane_qubits):
                at = (k << row) + x
                turn_phases(re, im, low + at, own_re, own_im, at, low_re, low_im, x, factor)


@kernel
def _energy(bits, begin, end, quadratic, linear):
    """E of qubits `begin` to `end` - 1 by themselves, which read `bits`."""
    energy = 0.0
    for i in range(begin, end):
        s = 1.0 - 2.0 * (bits >> (i - begin) & 1)
        energy += linear[i] * s
        for j in range(begin, i):
            energy += quadratic[i, j] * s * (1.0 - 2.0 * (bits >> (j - begin) & 1))
    return energy


@kernel
def _own_phases(own_re, own_im, block, quadratic, linear):
    """exp(-i E) of the lowest `block` qubits by themselves."""
    for k in range(1 << block):
        energy = _energy(k, 0, block, quadratic, linear)
        own_re[k], own_im[k] = np.cos(energy), -np.sin(energy)


@kernel
def _cross_phases(w_re, w_im, first_re, first_im, begin, end, high, block, n, quadratic):
    """exp(-i E) of the bonds of qubits `begin` to `end` - 1 with those above the block, doubled qubit by qubit."""
    w_re[0], w_im[0] = first_re, first_im
    for i in range(begin, end):
        field = 0.0
        for j in range(block, n):
            field += quadratic[i, j] * (1.0 - 2.0 * (high >> (j - block) & 1))
        half = 1 << (i - begin)
        if field == 0.0:
            w_re[half : 2 * half] = w_re[:half]
            w_im[half : 2 * half] = w_im[:half]
            continue
        c, s = np.cos(field), np.sin(field)
        for x in range(half):
            a, b = w_re[x], w_im[x]
            w_re[half + x], w_im[half + x] = a * c - b * s, a * s + b * c
            w_re[x], w_im[x] = a * c + b * s, b * c - a * s
