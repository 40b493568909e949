"""Any function of up to six inputs as a few gates of the table."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from ..gates import BUF, MUX, NOT, gate, gates_by_table

FALSE, TRUE = -1, -2
"""References to the constants."""

Recipe = tuple[tuple[int, tuple[int, ...]], ...]
"""Gates in order, as (op, references). A reference below the number of inputs is an input, above it the
gate of that place; the last gate shows the function. No gate: see :func:`recipe`."""


class Kitchen:
    """Gates of a recipe for `n` inputs being added; references to what they make."""

    def __init__(self, n: int) -> None:
        self.n, self.rows = n, []
        self._known: dict[tuple[int, tuple[int, ...]], int] = {}

    def add(self, op: int, *pins: int) -> int:
        """A gate; the same one again is shared."""
        key = (op, pins)
        if key not in self._known:
            self.rows.append(key)
            self._known[key] = self.n + len(self.rows) - 1
        return self._known[key]

    def finished(self, shown: int) -> Recipe:
        """The recipe whose last gate shows a reference."""
        if shown != self.n + len(self.rows) - 1 or not self.rows:
            self.rows.append((BUF, (shown,)))
        return tuple(self.rows)

    def made(self, table: int, refs: tuple[int, ...]) -> int:
        """A reference to the function `table` of `refs`."""
        full = (1 << (1 << len(refs))) - 1
        if table in (0, full):
            return TRUE if table else FALSE
        for k in range(len(refs)):
            low, high = cofactors(table, len(refs), k)
            if low == high:
                return self.made(low, refs[:k] + refs[k + 1 :])
        if len(refs) == 1:
            return refs[0] if table == 0b10 else self.add(NOT, refs[0])
        found = gates_by_table().get((len(refs), table))
        if found is not None:
            op, order = found
            return self.add(op, *(refs[k] for k in order))
        if table.bit_count() == 1 or (full ^ table).bit_count() == 1:
            return self.cube(table, full, refs)
        return self.split(table, refs)

    def cube(self, table: int, full: int, refs: tuple[int, ...]) -> int:
        """An AND of literals, or its complement."""
        inverted = table.bit_count() != 1
        index = (full ^ table if inverted else table).bit_length() - 1
        ones = [r for k, r in enumerate(refs) if index >> k & 1]
        zeros = [r for k, r in enumerate(refs) if not index >> k & 1]
        parts = [self.wide("AND", ones)] if ones else []
        if zeros:
            parts.append(self.wide("NOR", zeros))
        return self.wide("NAND" if inverted else "AND", parts)

    def wide(self, kind: str, refs: Sequence[int]) -> int:
        """One gate on up to four references; more are joined first."""
        base = {"NAND": "AND", "NOR": "OR"}.get(kind, kind)
        refs = list(refs)
        while len(refs) > 4:
            refs = [self.wide(base, refs[i : i + 4]) for i in range(0, len(refs), 4)]
        if len(refs) == 1:
            return refs[0] if kind == base else self.add(NOT, refs[0])
        return self.add(gate(kind if len(refs) == 2 else f"{kind}{len(refs)}").op, *refs)

    def split(self, table: int, refs: tuple[int, ...]) -> int:
        """Split on the input whose cofactors are simplest; a constant or inverse cofactor saves the MUX."""
        n = len(refs)
        full = (1 << (1 << (n - 1))) - 1
        cost = []
        for k in range(n):
            low, high = cofactors(table, n, k)
            easy = low in (0, full) or high in (0, full)
            cost.append((not easy, low ^ high != full, _weight(low, n - 1) + _weight(high, n - 1), -k))
        k = -min(cost)[3]
        low, high = cofactors(table, n, k)
        others, x = refs[:k] + refs[k + 1 :], refs[k]
        one_is = lambda: self.made(high, others)  # noqa: E731
        zero_is = lambda: self.made(low, others)  # noqa: E731
        if low == 0:
            return self.add(gate("AND").op, x, one_is())
        if high == 0:
            return self.add(gate("NOTAND").op, x, zero_is())
        if low == full:
            return self.add(gate("NOTOR").op, x, one_is())
        if high == full:
            return self.add(gate("OR").op, x, zero_is())
        if low ^ high == full:
            return self.add(gate("XOR").op, x, zero_is())
        return self.add(MUX, x, zero_is(), one_is())


def _weight(table: int, n: int) -> int:
    """A guess at the gates that a function takes."""
    used = sum(1 for k in range(n) if len(set(cofactors(table, n, k))) > 1)
    return 0 if used < 2 else 1 if (n, table) in gates_by_table() else used


def cofactors(table: int, n: int, k: int) -> tuple[int, int]:
    """The tables left when input `k` of `n` is 0 and when it is 1."""
    low = high = 0
    for index in range(1 << (n - 1)):
        at = (index & ((1 << k) - 1)) | (index >> k) << (k + 1)
        low |= (table >> at & 1) << index
        high |= (table >> (at | 1 << k) & 1) << index
    return low, high


@lru_cache(maxsize=1 << 16)
def recipe(table: int, n: int) -> Recipe:
    """Gates that make a function of `n` inputs; a constant is ``((BUF, (FALSE,)),)``, an input a BUF of it.

    Examples
    --------
    >>> recipe(0b0110, 2) == ((gate("XOR").op, (0, 1)),)
    True
    >>> [len(recipe(t, n)) for t, n in ((0b1000_0000_0000_0000_0000_0000_0000_0000, 5), (0x96E8, 4))]
    [2, 3]
    """
    kitchen = Kitchen(n)
    return kitchen.finished(kitchen.made(table, tuple(range(n))))
