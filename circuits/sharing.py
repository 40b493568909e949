"""Sharing of sums between the rows of a constant matrix: common subexpression elimination.

Written in signed digits, every row of ``matrix @ inputs`` is a sum of shifted inputs. Two of them at
the same distance and with the same relative sign (``x3 + 4 x7``) occur in many rows: computed once,
the pair is a new variable that takes the place of both. The most profitable pair is taken again and
again, until none pays for its adder (Hartley 1996; Potkonjak, Srivastava and Chandrakasan 1996).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from .digits import signed_digits, signed_width

MIN_USES = 3
"""A pair used less often does not pay for its adder."""

Item = tuple[int, int]
"""A variable and a shift: the number ``variable << shift``."""
Row = dict[Item, int]
"""The items of a sum, each with its sign (1 or -1)."""


class Pair(NamedTuple):
    """``(first << max(0, -distance)) + sign * (second << max(0, distance))``, variables by number."""

    first: int
    second: int
    distance: int
    sign: int


Key = tuple[int, int, int, int]
"""The fields of a pair: counting is most of the work, and plain tuples are faster."""


class Plan(NamedTuple):
    """How to compute every row of a matrix product.

    Attributes
    ----------
    pairs : list of Pair
        Pair ``k`` defines variable ``n_inputs + k``, of inputs and of earlier pairs.
    ranges : list of (int, int)
        Least and greatest value of every variable, inputs first.
    rows : list of dict
        For every row, ``{(variable, shift): sign}``.
    """

    pairs: list[Pair]
    ranges: list[tuple[int, int]]
    rows: list[Row]


def _pair(p: Item, p_sign: int, q: Item, q_sign: int) -> Key:
    if p > q:
        p, q = q, p
    return p[0], q[0], q[1] - p[1], p_sign * q_sign


def bits_of(low: int, high: int) -> int:
    """Bits of a variable from `low` to `high`: two's complement only when it can be negative."""
    return signed_width(low, high) if low < 0 else max(1, high.bit_length())


class _Search:
    """The greedy search: rows, how often each pair occurs in them, and a queue of profitable pairs."""

    def __init__(self, matrix: Sequence[Sequence[int]], maxima: Sequence[int]) -> None:
        self.ranges = [(0, int(m)) for m in maxima]
        self.bits = [bits_of(*ends) for ends in self.ranges]
        self.rows: list[Row] = [
            {(v, s): sign for v, w in enumerate(row) for s, sign in enumerate(signed_digits(int(w))) if sign}
            for row in matrix
        ]
        self.uses: Counter[Key] = Counter()
        for row in self.rows:
            items = sorted(row.items())
            for k, (p, p_sign) in enumerate(items):
                self.uses.update(_pair(p, p_sign, q, q_sign) for q, q_sign in items[k + 1 :])
        self.queue = [(-self.gain(pair, n), pair) for pair, n in self.uses.items() if n >= MIN_USES]
        heapify(self.queue)

    def gain(self, pair: Key, uses: int) -> int:
        """Bits that leave the rows, less the bits of the one adder."""
        narrow, wide = sorted(self.bits[v] for v in pair[:2])
        return uses * (narrow - 1) - (wide + 1)

    def define(self, pair: Pair) -> None:
        """Make the pair a variable."""
        self.ranges.append(_range_of(pair, self.ranges))
        self.bits.append(bits_of(*self.ranges[-1]))

    def best(self) -> Pair | None:
        """The most profitable pair, None when none pays."""
        while self.queue:
            noted, pair = heappop(self.queue)
            gain = self.gain(pair, self.uses[pair])
            if gain != -noted:  # counted before other pairs were taken out
                if gain > 0:
                    heappush(self.queue, (-gain, pair))
            elif gain > 0:
                return Pair(*pair)
        return None

    def instances(self, pair: Pair) -> list[tuple[Row, Item, Item]]:
        """Where the pair occurs, no item used twice."""
        found = []
        for row in self.rows:
            taken: set[Item] = set()
            for p, sign in row.items():
                q = (pair.second, p[1] + pair.distance)
                if p[0] == pair.first and p not in taken and q not in taken and row.get(q, 0) * sign == pair.sign:
                    taken |= {p, q}
                    found.append((row, p, q))
        return found

    def replace(self, variable: int, row: Row, p: Item, q: Item) -> set[Key]:
        """Put `variable` in the place of two items of a row; return the pairs that it makes."""
        p_sign, q_sign = row.pop(p), row.pop(q)
        self.uses[_pair(p, p_sign, q, q_sign)] -= 1
        new = (variable, min(p[1], q[1]))
        made = set()
        for other, sign in row.items():
            self.uses[_pair(other, sign, p, p_sign)] -= 1
            self.uses[_pair(other, sign, q, q_sign)] -= 1
            pair = _pair(other, sign, new, p_sign)
            self.uses[pair] += 1
            made.add(pair)
        row[new] = p_sign
        return made


def _range_of(pair: Pair, ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    low, high = (value << max(0, -pair.distance) for value in ranges[pair.first])
    ends = sorted(pair.sign * (value << max(0, pair.distance)) for value in ranges[pair.second])
    return low + ends[0], high + ends[1]


def share(matrix: Sequence[Sequence[int]], maxima: Sequence[int]) -> Plan:
    """Find sums worth sharing between the rows of ``matrix @ inputs``.

    Parameters
    ----------
    matrix : (n_rows, n_inputs) integers
    maxima : (n_inputs,) integers
        Greatest value of each unsigned input: widths decide what a shared sum saves.

    Examples
    --------
    >>> plan = share([[1, 4], [2, 8], [3, 12]], [255, 255])
    >>> plan.pairs[0]
    Pair(first=0, second=1, distance=2, sign=1)
    """
    search = _Search(matrix, maxima)
    pairs: list[Pair] = []
    while (pair := search.best()) is not None:
        found = search.instances(pair)
        if search.gain(pair, len(found)) <= 0:  # overlapping occurrences were counted twice
            search.uses[pair] = 0
            continue
        variable = len(search.ranges)
        search.define(pair)
        pairs.append(pair)
        made: set[Key] = set()
        for row, p, q in found:
            made |= search.replace(variable, row, p, q)
        for new in made:
            if search.uses[new] >= MIN_USES:
                heappush(search.queue, (-search.gain(new, search.uses[new]), new))
    return Plan(pairs, search.ranges, search.rows)
