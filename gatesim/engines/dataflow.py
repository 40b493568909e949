"""The rows of a schedule as a graph of values, for engines that write straight-line code from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..kernels.functions import KINDS, READ_KIND, support
from ..schedule import Schedule

_SUPPORT = [support(table) for table in KINDS]

Literal = tuple[int, bool]
"""A value and whether it is inverted."""


class Dataflow:
    """Values by number, whatever slots they shared; value 0 is constant 0.

    Attributes
    ----------
    count : int
        Number of values.
    inputs : dict of int to int
        Value of each input bit that is read, with the number of the bit in port order.
    states : list of int
        Value of each flip-flop in this cycle.
    rows : dict of int to (int, list of int)
        Truth table of each row's value, and its three sources (0 where the table ignores one).
    addresses, data : dict of int to lists
        By read port: the literals of the address, and the values read.
    """

    def __init__(self, schedule: Schedule) -> None:
        s = schedule
        self.count = 1
        self._now = {0: 0}
        self.inputs = {self._new(int(slot)): k for k, slot in enumerate(s.input_slot) if slot >= 0}
        self.states = [self._new(int(slot)) for slot in s.register_slot]
        self.rows: dict[int, tuple[int, list[int]]] = {}
        self.port_of: dict[int, int] = {}
        self.addresses: dict[int, list[Literal]] = {}
        self.data: dict[int, list[int]] = {}
        rows = s.rows.tolist()
        for kind, start, stop in s.runs.tolist():
            for row in rows[start:stop]:
                if kind == READ_KIND:
                    self._read(s, row[0])
                else:
                    used = zip(row, _SUPPORT[kind], strict=False)
                    sources = [self._now[slot] if has else 0 for slot, has in used]
                    self.rows[self._new(row[3])] = KINDS[kind], sources

    def _new(self, slot: int) -> int:
        self._now[slot] = self.count
        self.count += 1
        return self.count - 1

    def _read(self, s: Schedule, port: int) -> None:
        self.addresses[port] = self.literals(s.reads.address[s.reads.address_ptr[port] : s.reads.address_ptr[port + 1]])
        slots = s.reads.data[s.reads.data_ptr[port] : s.reads.data_ptr[port + 1]]
        self.data[port] = [self._new(int(slot)) for slot in slots]
        self.port_of |= dict.fromkeys(self.data[port], port)

    def literals(self, literals: np.ndarray) -> list[Literal]:
        """The schedule's literals, at the end of a cycle."""
        return [(self._now[lit >> 1], bool(lit & 1)) for lit in map(int, literals)]

    def sources(self, value: int) -> Sequence[int]:
        """What must be known before `value`."""
        if value in self.rows:
            return self.rows[value][1]
        if value in self.port_of:
            return [v for v, _ in self.addresses[self.port_of[value]]]
        return ()

    def depth_first(self, root: int, known: set[int]) -> Iterator[int]:
        """Values that are not `known`, each after its sources, up to `root`; the caller adds each to `known`."""
        stack = [root]
        while stack:
            value = stack[-1]
            missing = [v for v in self.sources(value) if v not in known]
            if value in known or not missing:
                stack.pop()
                if value not in known:
                    yield value
            else:
                stack += reversed(missing)
