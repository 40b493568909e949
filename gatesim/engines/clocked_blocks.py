"""A clocked schedule in blocks: what is evaluated whole, or skipped when none of its inputs changed.

Blocks are cut from one depth-first order of the rows, so that a block only reads earlier blocks, a cone
lies in few blocks, and few values cross from one block to another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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

_SUPPORT = [support(table) for table in KINDS]
_COPY_KIND = int(KIND_OF[0b10101010])
_COPY_PIN = int(np.flatnonzero(ORDER_OF[0b10101010] == 0)[0])

Value = int
"""A row number, or ~source: 0 is constant 0, then the inputs, the registers, the read-data bits."""


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


class Blocks:
    """Rows of one schedule, numbered as values, and the blocks that they are cut into.

    A row sees earlier blocks of its own stage, and bundles and read data of earlier stages.
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
            # Those that come last get blocks of their own: what they read is in slots by then.
            alike: dict[tuple[bool, Guard | None], list[Bundle]] = {}
            for bundle in sorted(bundles, key=lambda bundle: bundle[0] in self._late):
                key = (bundle[0] in self._late, self._guard(bundle, register_of))
                alike.setdefault(key, []).append(bundle)
            for (_, guard), members in alike.items():
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
