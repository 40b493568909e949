"""Where the values of a clocked schedule live, and who wakes whom: for interpreting and for compiling alike."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..kernels.functions import KINDS
from ..schedule import Schedule
from .clocked_blocks import Blocks, Value

VECTOR = 8
"""Words that are compared at once: what is compared is laid out in multiples of it."""


class Sink(NamedTuple):
    """A slot that must hold a row's value, or its complement."""

    slot: int
    inverted: bool


def padded(n: int) -> int:
    """`n` rounded up to whole vectors."""
    return -(-n // VECTOR) * VECTOR


class Plan(Blocks):
    """Blocks, slots and wake masks of one schedule, the same for interpreting and for compiling.

    *Units* are what can be skipped: the blocks of stage 0, those of its bundles, the read ports that
    follow, the blocks of stage 1, and so on; a unit only wakes later ones. A *slot* holds one value; in
    order: constant 0; inputs; read data; registers; next states; crossing values, and what they were; then what nobody
    compares: memory addresses, write ports, observed nets, and the rows that stay inside a block.
    """

    def __init__(self, schedule: Schedule, block_rows: int | None = None, bundled: bool = True) -> None:
        super().__init__(schedule, block_rows, bundled)
        self._number_units()
        self._place()

    def _number_units(self) -> None:
        """``units``: blocks and read ports in order; and by value the units that read it."""
        self.units: list[tuple[int, int]] = []
        for stage in range(self.n_stages):
            self.units += [(b, -1) for b, block in enumerate(self.blocks) if block.stage == stage]
            self.units += [(-1, p) for p, after in enumerate(self.port_stage) if after == stage]
        self.unit_of_block = [0] * len(self.blocks)
        self.unit_of_port = [0] * len(self.port_stage)
        for unit, (b, p) in enumerate(self.units):
            if b >= 0:
                self.unit_of_block[b] = unit
            else:
                self.unit_of_port[p] = unit
        self.readers: dict[Value, set[int]] = {}
        for b, block in enumerate(self.blocks):
            for row in block.rows:
                for value in self.inputs[row]:
                    if value is not None and (value < 0 or self.block_of[value] != b):
                        self.readers.setdefault(value, set()).add(self.unit_of_block[b])
        for port, part in enumerate(self.address_rows):
            for row, _ in part:
                self.readers.setdefault(row, set()).add(self.unit_of_port[port])

    # -- slots -------------------------------------------------------------------------------

    def _place(self) -> None:
        self.sinks: list[list[Sink]] = [[] for _ in self.kinds]
        self.input_slot = VECTOR
        at = self.input_slot + padded(self.n_inputs)
        s = self.schedule
        self.data_slots: list[int] = []
        for lo, hi in zip(s.reads.data_ptr, s.reads.data_ptr[1:], strict=False):
            self.data_slots.append(at)
            at += padded(int(hi - lo))
        at = self._place_registers(at)
        at = self._place_crossing(at)
        self.address_slots = []
        for part in self.address_rows:
            self.address_slots.append(at)
            at = self._put(part, at)
        self.write_slot = at
        self.probe_slot = self._put(self.write_rows, at)
        at = self._put(self.probe_rows, self.probe_slot)
        for block in self.blocks:
            for row in block.rows:
                if row not in self.home:
                    self.home[row] = at
                    at += 1
        self.n_slots = at + VECTOR  # what reads a vector may read past the last slot
        self._mask()

    def _put(self, parts: list[tuple[int, bool]], at: int) -> int:
        for slot, (row, inverted) in enumerate(parts, at):
            self.sinks[row].append(Sink(slot, inverted))
        return at + len(parts)

    def _place_registers(self, at: int) -> int:
        """Registers and next states in the order of the blocks that compute the next states."""
        by_block: list[list[int]] = [[] for _ in self.blocks]
        for j, (row, _) in enumerate(self.next_rows):
            by_block[self.block_of[row]].append(j)
        self.position = np.zeros(self.n_registers, np.int64)
        self.next_range: list[tuple[int, int]] = []
        low = 0
        for members in by_block:
            self.position[members] = np.arange(low, low + len(members))
            high = low + padded(len(members))
            self.next_range.append((low, high))
            low = high
        self.register_slot, self.next_slot = at, at + low
        for (row, inverted), position in zip(self.next_rows, self.position.tolist(), strict=True):
            self.sinks[row].append(Sink(self.next_slot + position, inverted))
        return at + 2 * low

    def _place_crossing(self, at: int) -> int:
        self.home: dict[int, int] = {}
        self.cross_range: list[tuple[int, int]] = []
        low = 0
        for block in self.blocks:
            # Of a bundle all rows cross when one does: they lie side by side.
            rows = [row for row in block.rows if any(r in self.readers for r in self._bundle_of.get(row, (row,)))]
            for position, row in enumerate(rows, low):
                self.home[row] = at + position
                self.sinks[row].append(Sink(at + position, False))
            high = low + padded(len(rows))
            self.cross_range.append((low, high))
            low = high
        self.cross_slot, self.before_slot = at, at + low
        return at + 2 * low

    def source_slot(self, source: int) -> int:
        """Slot of a source (constant, input, register or read-data bit)."""
        if source < self.first_register:
            return self.input_slot + source - 1 if source else 0
        if source < self.first_data:
            return self.register_slot + int(self.position[source - self.first_register])
        ptr = self.schedule.reads.data_ptr
        bit = source - self.first_data
        port = int(np.searchsorted(ptr, bit, side="right")) - 1
        return self.data_slots[port] + bit - int(ptr[port])

    def slot(self, value: Value) -> int:
        """Slot of a value that a block reads."""
        return self.source_slot(~value) if value < 0 else self.home[value]

    def _mask(self) -> None:
        """``masks[w, slot]``: which of the units 64w ... a change of a compared slot wakes."""
        n_compared = 2 * self.before_slot - self.cross_slot
        self.masks = np.zeros((max(1, -(-len(self.units) // 64)), n_compared), np.uint64)
        for value, units in self.readers.items():
            slot = self.slot(value) if value < 0 else self.home[value] - self.cross_slot + self.before_slot
            for unit in units:
                self.masks[unit >> 6, slot] |= np.uint64(1 << (unit & 63))

    # -- tables for the kernels --------------------------------------------------------------

    @cached_property
    def layout(self) -> np.ndarray:
        """First slots of the inputs, registers, next states, crossing values, and what those were."""
        slots = (self.input_slot, self.register_slot, self.next_slot, self.cross_slot, self.before_slot)
        return np.array(slots, np.int64)

    @cached_property
    def ports(self) -> np.ndarray:
        """(units,) int64: the read port of a unit, -1 for a block."""
        return np.array([p for _, p in self.units], np.int64)

    @cached_property
    def guards(self) -> tuple[np.ndarray, np.ndarray]:
        """(units,) int64 and uint64: slot of a block's guard (-1: none), and its value in every lane while it holds."""
        found = [self.blocks[b].guard if b >= 0 else None for b, _ in self.units]
        slots = [-1 if g is None else self.slot(g.value) for g in found]
        holding = [2**64 - 1 if g is not None and g.holding else 0 for g in found]
        return np.array(slots, np.int64), np.array(holding, np.uint64)

    @cached_property
    def block_units(self) -> np.ndarray:
        """Bits of the units that are blocks, 64 a word."""
        found = np.zeros(len(self.masks), np.uint64)
        for unit in self.unit_of_block:
            found[unit >> 6] |= np.uint64(1 << (unit & 63))
        return found

    @cached_property
    def cross_starts(self) -> np.ndarray:
        """(units + 1,) int64: where the crossing values of each unit start, one unit after the other."""
        return self._starts(self.cross_range)

    @cached_property
    def next_starts(self) -> np.ndarray:
        """(units + 1,) int64: the same for the next states."""
        return self._starts(self.next_range)

    def _starts(self, of_block: list[tuple[int, int]]) -> np.ndarray:
        ends = [0]
        for b, _ in self.units:
            ends.append(of_block[b][1] if b >= 0 else ends[-1])
        return np.array(ends, np.int64)

    @cached_property
    def interpreted(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Rows (three slots, slot, truth table) by unit with their bounds; copies (from, to, inverted) with theirs."""
        rows: list[tuple[int, ...]] = []
        copies: list[tuple[int, int, int]] = []
        row_ptr, copy_ptr = [0], [0]
        for b, _ in self.units:
            # Level by level: a row that waits for the one before it would wait for its store.
            for row in sorted(self.blocks[b].rows, key=self._levels.__getitem__) if b >= 0 else ():
                home = self.home[row]
                sources = (0 if v is None else self.slot(v) for v in self.inputs[row])
                rows.append((*sources, home, KINDS[self.kinds[row]]))
                copies += [(home, k.slot, int(k.inverted)) for k in self.sinks[row] if k.slot != home]
            row_ptr.append(len(rows))
            copy_ptr.append(len(copies))
        return (
            np.array(rows, np.uint32).reshape(-1, 5),
            np.array(row_ptr, np.int64),
            np.array(copies, np.uint32).reshape(-1, 3),
            np.array(copy_ptr, np.int64),
        )

    @cached_property
    def read_table(self) -> np.ndarray:
        """(read ports, 6) int64: memory, address slot and bits, data slot and bits, unit."""
        s = self.schedule
        widths = np.diff(s.reads.data_ptr)
        rows = [
            (int(m), self.address_slots[p], len(self.address_rows[p]), self.data_slots[p], int(widths[p]), unit)
            for p, (m, unit) in enumerate(zip(s.reads.memory, self.unit_of_port, strict=True))
        ]
        return np.array(rows, np.int64).reshape(-1, 6)

    @cached_property
    def write_table(self) -> np.ndarray:
        """(write ports, 6) int64: memory, address slot and bits, data slot and bits, enable slot."""
        w = self.schedule.writes
        address = self.write_slot
        data = address + len(w.address)
        enable = data + len(w.data)
        rows = [
            (int(m), address + int(w.address_ptr[p]), int(w.address_ptr[p + 1] - w.address_ptr[p]),
             data + int(w.data_ptr[p]), int(w.data_ptr[p + 1] - w.data_ptr[p]), enable + p)
            for p, m in enumerate(w.memory)
        ]  # fmt: skip
        return np.array(rows, np.int64).reshape(-1, 6)
