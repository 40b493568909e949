"""Four values: 0, 1, X (unknown) and Z (nobody drives), and what every gate makes of them.

A value is a code 0 to 3 in the order ``"01XZ"``, kept on two planes: bit 0 of the code is the *value*
plane, bit 1 the *unknown* plane. Nothing here is typed in per gate: a logic gate reads X and Z as "0 or
1, who knows", and its output is what all completions agree on, else X. The tri-state cells are functions
of 0, 1 and Z (:func:`_driven`), extended to X in the same way.

Examples
--------
>>> from gatesim.gates import gate
>>> table = four_table(gate("AND").op)      # index: code of pin a + 4 * code of pin b
>>> [LETTERS[table[LETTERS.index(a) + 4 * LETTERS.index(b)]] for a, b in ("0X", "1X", "ZZ")]
['0', 'X', 'X']
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product

import numpy as np

from .gates import DFF1, GATES, IS_LOGIC, PULLDOWN, PULLUP, RESOLVE, TRI

LETTERS = "01XZ"
X, Z = 2, 3


def _agreed(results: set[int]) -> int:
    return results.pop() if len(results) == 1 else X


_BITS: dict[int, tuple[int, ...]] = {0: (0,), 1: (1,), X: (0, 1), Z: (0, 1)}
"""What a pin that reads bits may see behind each code."""
_LEVELS: dict[int, tuple[int, ...]] = {0: (0,), 1: (1,), X: (0, 1, Z), Z: (Z,)}
"""What a pin that reads a driven net may see behind each code."""

_driven: dict[int, tuple[tuple[dict[int, tuple[int, ...]], ...], Callable[..., int]]] = {
    TRI: ((_BITS, _BITS), lambda a, en: a if en else Z),
    RESOLVE: ((_LEVELS, _LEVELS), lambda a, b: b if a == Z else a if b in (Z, a) else X),
    PULLUP: ((_LEVELS,), lambda a: 1 if a == Z else a),
    PULLDOWN: ((_LEVELS,), lambda a: 0 if a == Z else a),
}
"""Tri-state cells on 0, 1 and Z: how each pin reads its net, and the function."""


@cache
def four_table(op: int) -> np.ndarray:
    """(4 ** arity,) uint8: output code for each combination of pin codes, pin ``k`` weighing ``4 ** k``."""
    gate = GATES[op]
    if IS_LOGIC[op]:
        return _extension(gate.table, gate.arity)
    reads, function = _driven[op]
    table = np.empty(4 ** len(reads), np.uint8)
    for index in range(len(table)):
        seen = [read[index >> (2 * k) & 3] for k, read in enumerate(reads)]
        table[index] = _agreed({function(*levels) for levels in product(*seen)})
    return table


def _extension(table: int, arity: int) -> np.ndarray:
    out = np.empty(4**arity, np.uint8)
    for index in range(len(out)):
        seen = [_BITS[index >> (2 * k) & 3] for k in range(arity)]
        out[index] = _agreed({table >> sum(b << k for k, b in enumerate(bits)) & 1 for bits in product(*seen)})
    return out


@cache
def cubes(table: int, arity: int) -> tuple[tuple[int, int], ...]:
    """A cover of the ones of `table` by products: (pins that matter, their values) as masks.

    A completion of unknown pins that makes the function 1 exists where each literal of some cube can
    be true: any cover will do, so a small one is chosen (Quine's primes, taken greedily).
    """
    size = 1 << arity
    ones = {i for i in range(size) if table >> i & 1}
    primes: list[tuple[int, int, set[int]]] = []
    for care in sorted(range(size), key=int.bit_count):
        for value in range(size):
            if value & ~care:
                continue
            points = {i for i in range(size) if i & care == value}
            if points <= ones and not any(points <= p for _, _, p in primes):
                primes.append((care, value, points))
    chosen: list[tuple[int, int]] = []
    while ones:
        care, value, points = max(primes, key=lambda p: len(p[2] & ones))
        chosen.append((care, value))
        ones -= points
    return tuple(chosen)


@cache
def next_state_table(op: int) -> int:
    """Truth table of a flip-flop's next state over (d, en, q, rst)."""
    init, table = int(op == DFF1), 0
    for index in range(16):
        d, en, q, rst = (index >> k & 1 for k in range(4))
        table |= (init if rst else d if en else q) << index
    return table
