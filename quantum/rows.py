"""A reversible circuit as rows of three-input functions, the bit-parallel engine's own currency.

A CX is an XOR row and a Toffoli gate the row ``(a & b) ^ t``, each writing where it reads, so that a circuit runs
gate by gate on 64 basis states a word. Promises are checked on the way: an AND whose target is not |0>, or an
UNAND whose target is not the product, leaves a 1 in the slot ``broken``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatesim.kernels.functions import KIND_OF, ORDER_OF
from gatesim.kernels.vectors import REVERSIBLE_TABLES

from .circuit import AND, NOT, PHASE, SWAP, UNAND, Reversible

_XOR, _AND, _OR, _TOFFOLI = REVERSIBLE_TABLES

CACHE_BYTES = 640 * 1024
"""Slots of one block: most of a common second-level cache."""


class Rows(NamedTuple):
    """Runs and rows as the kernels take them, and where things lie.

    Qubit ``q`` lies in slot ``q + 1``; slot ``ones`` holds 1, ``broken`` the broken promises, ``sign`` the sign.
    """

    runs: np.ndarray
    rows: np.ndarray
    n_slots: int
    ones: int
    broken: int
    sign: int

    def slots(self) -> np.ndarray:
        """(n_slots, 8 or 32) uint64 zeros that start on a cache line."""
        width = 32 if self.n_slots * 32 * 8 <= CACHE_BYTES else 8
        raw = np.zeros(self.n_slots * width + 8, np.uint64)
        skip = (-raw.ctypes.data % 64) // 8
        return raw[skip : skip + self.n_slots * width].reshape(self.n_slots, width)


def rows_of(circuit: Reversible) -> Rows:
    """The rows of a circuit."""
    n = circuit.n_qubits
    ones, broken, sign, scratch = n + 1, n + 2, n + 3, n + 4
    sizes = np.diff(circuit.ptr)
    flips = np.isin(circuit.op, (NOT, PHASE))
    # Controls of a flip: a PHASE is a flip of the sign's slot.
    controls = np.where(circuit.op == PHASE, sizes, sizes - 1)
    many = int(controls[flips].max()) if flips.any() else 0
    n_rows = np.where(flips, np.maximum(controls - 1, 1), np.where(circuit.op == SWAP, 3, 2))
    first = np.concatenate(([0], np.cumsum(n_rows)))
    table = np.zeros(first[-1], np.uint8)
    args = np.zeros((first[-1], 4), np.int64)  # in0, in1, in2, out
    qubit = lambda gates, k: circuit.qubits[circuit.ptr[gates] + k] + 1  # noqa: E731

    def put(rows: np.ndarray, function: int, a, b, c, out) -> None:
        table[rows] = function
        for column, value in enumerate((a, b, c, out)):
            args[rows, column] = value

    def target_of(gates: np.ndarray) -> np.ndarray:
        last = np.full(len(gates), sign, np.int64)
        own = circuit.op[gates] != PHASE
        last[own] = circuit.qubits[circuit.ptr[gates[own] + 1] - 1] + 1
        return last

    for k in range(many + 1):
        gates = np.flatnonzero(flips & (controls == k))
        if not len(gates):
            continue
        t, at = target_of(gates), first[gates]
        if k < 2:
            source = np.full(len(gates), ones) if k == 0 else qubit(gates, 0)
            put(at, _XOR, source, t, t, t)
            continue
        product = qubit(gates, 0)
        for j in range(1, k - 1):
            put(at + j - 1, _AND, product, qubit(gates, j), product, scratch)
            product = np.full(len(gates), scratch)
        put(at + k - 2, _TOFFOLI, product, qubit(gates, k - 1), t, t)
    gates = np.flatnonzero(circuit.op == AND)
    a, b, t = (qubit(gates, k) for k in range(3))
    put(first[gates], _OR, broken, t, t, broken)
    put(first[gates] + 1, _TOFFOLI, a, b, t, t)
    gates = np.flatnonzero(circuit.op == UNAND)
    a, b, t = (qubit(gates, k) for k in range(3))
    put(first[gates], _TOFFOLI, a, b, t, t)
    put(first[gates] + 1, _OR, broken, t, t, broken)
    gates = np.flatnonzero(circuit.op == SWAP)
    a, b = (qubit(gates, k) for k in range(2))
    for k, (one, other) in enumerate(((a, b), (b, a), (a, b))):
        put(first[gates] + k, _XOR, one, other, other, other)
    order = ORDER_OF[table].astype(np.int64)
    rows = np.concatenate((np.take_along_axis(args[:, :3], order, axis=1), args[:, 3:]), axis=1)
    return Rows(_runs(KIND_OF[table]), rows.astype(np.int32), scratch + 1, ones, broken, sign)


def _runs(kinds: np.ndarray) -> np.ndarray:
    if not len(kinds):
        return np.zeros((0, 3), np.int32)
    starts = np.flatnonzero(np.concatenate(([True], kinds[1:] != kinds[:-1])))
    return np.stack((kinds[starts], starts, np.append(starts[1:], len(kinds))), axis=1).astype(np.int32)
