"""Single gates, the Hamiltonian and expectation values on a state vector of two real arrays.

Amplitude k belongs to the basis state whose qubit i is bit i of k.
"""

from __future__ import annotations

import numpy as np

from .jit import kernel

CHUNK = 1024
"""Sums are taken over so many terms first, then over these sums: rounding stays small."""


@kernel
def one_qubit(re, im, qubit, m_re, m_im):
    """A (2, 2) matrix on one qubit."""
    step = 1 << qubit
    for low in range(0, len(re), 2 * step):
        for k in range(low, low + step):
            a, b, c, d = re[k], im[k], re[k + step], im[k + step]
            re[k] = m_re[0, 0] * a - m_im[0, 0] * b + m_re[0, 1] * c - m_im[0, 1] * d
            im[k] = m_re[0, 0] * b + m_im[0, 0] * a + m_re[0, 1] * d + m_im[0, 1] * c
            re[k + step] = m_re[1, 0] * a - m_im[1, 0] * b + m_re[1, 1] * c - m_im[1, 1] * d
            im[k + step] = m_re[1, 0] * b + m_im[1, 0] * a + m_re[1, 1] * d + m_im[1, 1] * c


@kernel
def flip(re, im, qubit, controls):
    """X on one qubit where all bits of the mask `controls` are 1: amplitudes change places."""
    step = 1 << qubit
    for low in range(0, len(re), 2 * step):
        for k in range(low, low + step):
            if k & controls == controls:
                re[k], re[k + step] = re[k + step], re[k]
                im[k], im[k + step] = im[k + step], im[k]


@kernel
def exchange(re, im, first, second, controls):
    """Swap two qubits where all bits of the mask `controls` are 1."""
    a, b = 1 << first, 1 << second
    for k in range(len(re)):
        if k & a and not k & b and k & controls == controls:
            other = k ^ a ^ b
            re[k], re[other] = re[other], re[k]
            im[k], im[other] = im[other], im[k]


@kernel
def phase(re, im, mask, c, s):
    """Multiply the amplitudes whose bits of `mask` are all 1 by c + i s."""
    for k in range(len(re)):
        if k & mask == mask:
            re[k], im[k] = re[k] * c - im[k] * s, re[k] * s + im[k] * c


@kernel
def bond(re, im, first, second, xx, yy, zz):
    """exp(-i (xx XX + yy YY + zz ZZ)) on two qubits; the three terms commute.

    XX + YY mixes 01 with 10 at xx + yy, XX - YY mixes 00 with 11 at xx - yy; ZZ is a phase of each pair.
    """
    a, b = 1 << first, 1 << second
    real = re.dtype.type
    zc, zs = np.cos(zz), np.sin(zz)
    even_c, even_s, odd_c, odd_s = np.cos(xx - yy), np.sin(xx - yy), np.cos(xx + yy), np.sin(xx + yy)
    for k in range(len(re)):
        if k & a:
            continue
        other = k ^ a ^ b
        if k & b:
            c, s, p, q = real(odd_c), real(odd_s), real(zc), real(zs)
        else:
            c, s, p, q = real(even_c), real(even_s), real(zc), real(-zs)
        u, v, x, y = re[k], im[k], re[other], im[other]
        first_re, first_im, second_re, second_im = c * u + s * y, c * v - s * x, c * x + s * v, c * y - s * u
        re[k], im[k] = p * first_re - q * first_im, p * first_im + q * first_re
        re[other], im[other] = p * second_re - q * second_im, p * second_im + q * second_re


@kernel
def energies(out, quadratic, linear):
    """E(k) of every basis state k into `out`; `quadratic` and `linear` as in ``statevector.layer``."""
    out[0] = 0.0
    for i in range(len(linear)):
        half = 1 << i
        for x in range(half):
            field = linear[i]
            for j in range(i):
                field += quadratic[i, j] * (1.0 - 2.0 * (x >> j & 1))
            out[half + x] = out[x] - field
            out[x] += field


@kernel
def hamiltonian(out, vector, diagonal, fields, firsts, seconds, xx, yy):
    """H times a real vector: energies, X fields, and XX and YY on bonds. (YY is real too.)"""
    for k in range(len(vector)):
        out[k] = diagonal[k] * vector[k]
    for i in range(len(fields)):
        step, field = 1 << i, fields[i]
        if field == 0.0:
            continue
        for low in range(0, len(vector), 2 * step):
            for k in range(low, low + step):
                out[k] += field * vector[k + step]
                out[k + step] += field * vector[k]
    for e in range(len(firsts)):
        a, b = 1 << firsts[e], 1 << seconds[e]
        if xx[e] == 0.0 and yy[e] == 0.0:
            continue
        for k in range(len(vector)):
            odd = (k & a != 0) != (k & b != 0)
            out[k] += (xx[e] + yy[e] if odd else xx[e] - yy[e]) * vector[k ^ a ^ b]


@kernel
def x_of_qubit(re, im, qubit):
    """<X> of one qubit."""
    step, total = 1 << qubit, 0.0
    chunk = min(CHUNK, step)
    for low in range(0, len(re), 2 * step):
        for begin in range(low, low + step, chunk):
            part = 0.0
            for k in range(begin, begin + chunk):
                part += re[k] * re[k + step] + im[k] * im[k + step]
            total += part
    return 2.0 * total


@kernel
def walsh(values):
    """Walsh-Hadamard transform in place: entry m becomes the sum of (-1)^(ones of k & m) values[k]."""
    step = 1
    while step < len(values):
        for low in range(0, len(values), 2 * step):
            for k in range(low, low + step):
                a, b = values[k], values[k + step]
                values[k], values[k + step] = a + b, a - b
        step *= 2
