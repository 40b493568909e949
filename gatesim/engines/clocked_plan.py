"""Planning a clocked schedule for few lanes: rows in blocks, where values live, who wakes whom.

A *block* is a run of rows that is evaluated whole, or skipped when none of its inputs changed. Blocks
are cut from one depth-first order of the rows, so that a block only reads earlier blocks, a cone lies
in few blocks, and few values cross from one block to another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from ..kernels.functions import KIND_OF, KINDS, ORDER_OF, READ_KIND, support
from ..schedule import Schedule
from .bundles import Bundle, find_bundles

BLOCK_ROWS = 64
"""Rows of a block, at least: a change costs the whole block, but finding it out costs time too."""

MAX_BLOCK_ROWS = 400
"""Rows of a block, at most: past that LLVM takes longer and longer."""

BLOCK_BUNDLES = 32
"""Bundles of a block of bundles, at most."""

USUAL_BLOCKS = 26
"""Blocks grow to `MAX_BLOCK_ROWS` before there are more than this: units past the 64th need a second mask."""

VECTOR = 8
"""Words that are compared at once: what is compared is laid out in multiples of it."""

_SUPPORT = [support(table) for table in KINDS]
_COPY_KIND = int(KIND_OF[0b10101010])
_COPY_PIN = int(np.flatnonzero(ORDER_OF[0b10101010] == 0)[0])

Value = int
"""A row number, or ~source: 0 is constant 0, then the inputs, the registers, the read-data bits."""


class Sink(NamedTuple):
    """A slot that must hold a row's value, or its complement."""

    slot: int
    inverted: bool


class Guard(NamedTuple):
    """A value that holds registers: while it is `holding` in every lane, their next states are what they are."""

    value: Value
    holding: bool


class Block(NamedTuple):
    """Rows evaluated together, in order; a block of bundles has nothing else."""

    rows: list[int]
    stage: int
    bundles: list[Bundle]
    guard: Guard | None = None


def padded(n: int) -> int:
    """`n` rounded up to whole vectors."""
    return -(-n // VECTOR) * VECTOR


class Plan:
    """Blocks, slots and wake masks of one schedule, the same for interpreting and for compiling.

    *Units* are what can be skipped: the blocks of stage 0, those of its bundles, the read ports that
    follow, the blocks of stage 1, and so on; a unit only wakes later ones. A *slot* holds one value; in
    order: constant 0; inputs; read data; registers; next states; crossing values, and what they were; then what nobody
    compares: memory addresses, write ports, observed nets, and the rows that stay inside a block.
    """

    def __init__(self, schedule: Schedule, block_rows: int | None = None, bundled: bool = True) -> None:
        self.schedule = schedule
        self.kinds: list[int] = []
        self.inputs: list[tuple[Value | None, ...]] = []
        self._levels: list[int] = []
        self._number_values()
        rows = [row for row, _ in self.next_rows]
        found = find_bundles(self.kinds, self.inputs, self._levels, rows, self.first_register) if bundled else []
        self._bundle_of = {row: bundle for bundle in found for row in bundle}
        self._find_stages()
        self._cut(block_rows or max(BLOCK_ROWS, min(MAX_BLOCK_ROWS, len(self.kinds) // USUAL_BLOCKS)))
        self._number_units()
        self._place()

    # -- rows as values ----------------------------------------------------------------------

    def _number_values(self) -> None:
        s = self.schedule
        self.n_inputs, self.n_registers = len(s.input_slot), len(s.register_slot)
        self.first_register = 1 + self.n_inputs
        self.first_data = self.first_register + self.n_registers
        self.n_sources = self.first_data + len(s.reads.data)
        holds: dict[int, Value] = {0: ~0}
        holds |= {int(slot): ~(1 + i) for i, slot in enumerate(s.input_slot) if slot >= 0}
        holds |= {int(slot): ~(self.first_register + j) for j, slot in enumerate(s.register_slot)}
        copies: dict[Value, int] = {}
        self.address_rows: list[list[tuple[int, bool]]] = [[] for _ in s.reads.memory]
        self._data_port = np.repeat(np.arange(len(s.reads.memory)), np.diff(s.reads.data_ptr)).tolist()
        self._port_level = [0] * len(s.reads.memory)

        def level(value: Value) -> int:
            if value >= 0:
                return self._levels[value]
            return self._port_level[self._data_port[~value - self.first_data]] if ~value >= self.first_data else 0

        def add(kind: int, sources: tuple[Value | None, ...]) -> int:
            self.kinds.append(kind)
            self.inputs.append(sources)
            self._levels.append(1 + max(level(v) for v in sources if v is not None))
            return len(self.kinds) - 1

        def shown(literal: int) -> tuple[int, bool]:
            """Row and inversion of a literal; a source gets a row that copies it."""
            value = holds[literal >> 1]
            if value < 0:
                if value not in copies:
                    copies[value] = add(_COPY_KIND, tuple(value if k == _COPY_PIN else None for k in range(3)))
                value = copies[value]
            return value, bool(literal & 1)

        def all_shown(literals: Iterable[int]) -> list[tuple[int, bool]]:
            return [shown(int(lit)) for lit in literals]

        kinds = np.repeat(s.runs[:, 0], s.runs[:, 2] - s.runs[:, 1]).tolist() if len(s.runs) else []
        for row, kind in zip(s.rows.tolist(), kinds, strict=True):
            if kind == READ_KIND:
                port = row[0]
                lo, hi = s.reads.address_ptr[port : port + 2]
                self.address_rows[port] = all_shown(s.reads.address[lo:hi])
                self._port_level[port] = 1 + max((self._levels[r] for r, _ in self.address_rows[port]), default=0)
                for k in range(s.reads.data_ptr[port], s.reads.data_ptr[port + 1]):
                    holds[int(s.reads.data[k])] = ~(self.first_data + k)
            else:
                used = _SUPPORT[kind]
                holds[row[3]] = add(kind, tuple(holds[row[j]] if used[j] else None for j in range(3)))
        self.write_rows = all_shown([*s.writes.address, *s.writes.data, *s.writes.enable])
        self.next_rows = all_shown(s.next_literal)
        ports = [k for p in s.netlist.outputs for k in p.nets]
        self.probe_nets = list(dict.fromkeys([*ports, *np.flatnonzero(s.probes >= 0).tolist()]))
        self.probe_rows = all_shown(s.probes[self.probe_nets])

    # -- blocks ------------------------------------------------------------------------------

    def _find_stages(self) -> None:
        """Stage of every row and read port: rows see bundles and read data of earlier stages only."""
        self._stages = [0] * len(self.kinds)
        self.port_stage = [0] * len(self._port_level)
        ports = sorted(range(len(self._port_level)), key=self._port_level.__getitem__)

        def seen(value: Value | None, bundled: bool) -> int:
            if value is None or (value < 0 and ~value < self.first_data):
                return 0
            if value < 0:
                return self.port_stage[self._data_port[~value - self.first_data]] + 1
            return self._stages[value] + (value in self._bundle_of and not bundled)

        def place(rows: Iterable[int]) -> None:
            for row in rows:
                bundle = self._bundle_of.get(row)
                members = bundle or (row,)
                stage = max(seen(v, bundle is not None) for r in members for v in self.inputs[r])
                for r in members:
                    self._stages[r] = stage

        # Next states that nobody reads may be bundles of rows of many levels: they come last.
        read = {v for sources in self.inputs for v in sources if v is not None and v >= 0}
        self._late = {r for r, bundle in self._bundle_of.items() if not read.intersection(bundle)}
        rows = sorted((r for r in range(len(self.kinds)) if r not in self._late), key=self._levels.__getitem__)
        at = 0
        for port in ports:
            # A port of level n reads rows below n; rows of level n + 1 may read its data.
            end = at
            while end < len(rows) and self._levels[rows[end]] < self._port_level[port]:
                end += 1
            place(rows[at:end])
            at = end
            self.port_stage[port] = max((self._stages[r] for r, _ in self.address_rows[port]), default=0)
        place(rows[at:])
        place(sorted(self._late))

    def _ordered(self) -> tuple[list[list[int]], bytearray]:
        """Rows depth first from what they are for, by stage; and which rows end such a cone."""
        seen, ends = bytearray(len(self.kinds)), bytearray(len(self.kinds))
        n_stages = 1 + max([0, *self._stages, *self.port_stage])
        by_stage: list[list[int]] = [[] for _ in range(n_stages)]
        for part in (*self.address_rows, self.next_rows, self.write_rows, self.probe_rows):
            for root, _ in part:
                if seen[root]:
                    continue
                stack = [(root, 0)]
                seen[root] = 1
                while stack:
                    row, at = stack.pop()
                    while at < 3:
                        source = self.inputs[row][at]
                        at += 1
                        if source is not None and source >= 0 and not seen[source]:
                            seen[source] = 1
                            stack.append((row, at))
                            stack.append((source, 0))
                            break
                    else:
                        by_stage[self._stages[row]].append(row)
                ends[root] = 1
        return by_stage, ends

    def _cut(self, block_rows: int) -> None:
        """Blocks of about `block_rows` rows, preferably cut where a cone ends."""
        self.blocks: list[Block] = []
        self.block_of = [-1] * len(self.kinds)
        by_stage, ends = self._ordered()
        self.n_stages = len(by_stage)
        register_of = self._registers_only()
        for stage, every in enumerate(by_stage):
            rows = [row for row in every if row not in self._bundle_of]
            low = 0
            while low < len(rows):
                high = min(low + block_rows, len(rows))
                if high < len(rows):
                    good = (end for end in range(high, low + block_rows // 2, -1) if ends[rows[end - 1]])
                    high = next(good, high)
                for row in rows[low:high]:
                    self.block_of[row] = len(self.blocks)
                self.blocks.append(Block(rows[low:high], stage, []))
                low = high
            # Depth first too: all rows of a bundle read the same bundles (but those that come last).
            bundles = list(dict.fromkeys(self._bundle_of[row] for row in every if row in self._bundle_of))
            by_guard: dict[Guard | None, list[Bundle]] = {None: []}
            for bundle in sorted(bundles, key=lambda bundle: bundle[0] in self._late):
                by_guard.setdefault(self._guard(bundle, register_of), []).append(bundle)
            for guard, members in by_guard.items():
                for low in range(0, len(members), BLOCK_BUNDLES):
                    self._add_bundles(members[low : low + BLOCK_BUNDLES], stage, guard)

    def _add_bundles(self, bundles: list[Bundle], stage: int, guard: Guard | None) -> None:
        rows = [row for bundle in bundles for row in bundle]
        for row in rows:
            self.block_of[row] = len(self.blocks)
        self.blocks.append(Block(rows, stage, bundles, guard))

    def _guard(self, bundle: Bundle, register_of: dict[int, tuple[Value, bool]]) -> Guard | None:
        """What makes every row of a bundle of next states hold its register."""
        if bundle[0] not in self._late or any(row not in register_of for row in bundle):
            return None
        table = KINDS[self.kinds[bundle[0]]]
        for pin, held in product(range(3), range(3)):
            guards = {self.inputs[row][pin] for row in bundle}
            if pin == held or len(guards) != 1 or None in guards:
                continue
            if any(self.inputs[row][held] != register_of[row][0] for row in bundle):
                continue
            for holding in (0, 1):
                some = [index for index in range(8) if index >> pin & 1 == holding]
                inverted = {register_of[row][1] for row in bundle}
                if len(inverted) == 1 and all(table >> i & 1 == (i >> held & 1) ^ (True in inverted) for i in some):
                    (value,) = guards
                    assert value is not None
                    return Guard(value, bool(holding))
        return None

    def _registers_only(self) -> dict[int, tuple[Value, bool]]:
        """By row that is nothing but one register's next state: that register, and whether it takes the complement."""
        uses = Counter(row for row, _ in (*self.next_rows, *self.write_rows, *self.probe_rows))
        uses.update(row for part in self.address_rows for row, _ in part)
        return {
            row: (~(self.first_register + j), inverted)
            for j, (row, inverted) in enumerate(self.next_rows)
            if uses[row] == 1
        }

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
