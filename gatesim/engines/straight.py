"""The compiled tier of logic2: a schedule as straight-line vector code, through LLVM.

Rows become instructions on values that stay in registers; only what crosses from one chunk of rows to
another, or is observed, is stored. Chunks follow the rows depth first, so that few values cross.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from ..kernels.functions import CODE_KIND, KINDS, READ_KIND, support
from ..schedule import Schedule
from .llvm_text import Words
from .machine_code import MachineCode, has_ternary

CHUNK_ROWS = 1500, 6000
"""Fewest and most rows a function: long enough that few values cross, short enough that LLVM stays linear."""

CHUNKS = 8
"""Functions that a netlist is cut into between these bounds: the larger it is, the more would cross short ones."""

CACHE_BYTES = 640 * 1024
"""Scratch that one block may use: most of a common second-level cache."""

_SUPPORT = [support(table) for table in KINDS]


@dataclass(frozen=True, eq=False)
class Code:
    """A schedule whose runs call compiled functions.

    ``schedule`` has the slots, literals and runs of the compiled form; ``addresses`` are what its
    CODE_KIND runs call, for slots of ``width`` words. ``seconds`` is the time that it took; ``owner``
    holds the machine code and must outlive every call.
    """

    schedule: Schedule
    addresses: np.ndarray
    width: int
    seconds: float
    from_cache: bool
    owner: MachineCode


def compile_straight(schedule: Schedule, width: int) -> Code:
    """Compile `schedule` for slots of `width` words (1, or a multiple of 8), or take it from the disk cache.

    A function works on one word, or on eight: the caller moves on through wider slots. Slots are only
    8 words wide where more would not fit into `CACHE_BYTES`: values that cross chunks need slots too.
    """
    started = perf_counter()
    plan = _Plan(schedule, width)
    planned, text, n_functions = plan.finish()
    code = MachineCode(text)
    addresses = np.array([code.address(f"segment{k}") for k in range(n_functions)], np.int64)
    return Code(planned, addresses, plan.stride, perf_counter() - started, code.from_cache, code)


class _Plan:
    """Rows as values: who computes what from what, in which chunk, and where it is stored."""

    def __init__(self, schedule: Schedule, width: int) -> None:
        self.schedule, self.width, self.stride = schedule, min(width, 8), width
        n = len(schedule.rows)
        self.kinds = np.repeat(schedule.runs[:, 0], schedule.runs[:, 2] - schedule.runs[:, 1]).tolist() if n else []
        self.inputs: list[tuple[int | None, ...]] = []  # a row number, or ~slot of a source
        self.segment = [0] * n
        self._number_values()

    def _number_values(self) -> None:
        s = self.schedule
        writer: dict[int, int] = {}
        addresses: list[tuple[int, int, int]] = []  # (port, position in reads.address, row)
        segment = 0
        for r, row in enumerate(s.rows.tolist()):
            kind = self.kinds[r]
            if kind == READ_KIND:
                self.inputs.append(())
                port = row[0]
                lo, hi = map(int, s.reads.address_ptr[port : port + 2])
                addresses.extend((port, k, writer.get(int(s.reads.address[k]) >> 1, -1)) for k in range(lo, hi))
                for k in range(s.reads.data_ptr[port], s.reads.data_ptr[port + 1]):
                    writer.pop(int(s.reads.data[k]), None)
                segment += 1
            else:
                used = _SUPPORT[kind]
                self.inputs.append(tuple(writer.get(row[j], ~row[j]) if used[j] else None for j in range(3)))
                writer[row[3]] = r
            self.segment[r] = segment
        self.writer, self.read_addresses, self.n_segments = writer, addresses, segment + 1

    def _sinks(self) -> set[int]:
        s, writer = self.schedule, self.writer
        literals = [*s.probes[s.probes >= 0], *s.next_literal, *s.writes.address, *s.writes.data, *s.writes.enable]
        found = {writer[int(lit) >> 1] for lit in literals if int(lit) >> 1 in writer}
        return found | {row for _, _, row in self.read_addresses if row >= 0}

    def _order(self, sinks: set[int]) -> list[int]:
        """Logic rows, depth first from the sinks, segment by segment."""
        by_segment: list[list[int]] = [[] for _ in range(self.n_segments)]
        needed = sorted(sinks)
        seen: set[int] = set()
        # A value used in a later segment is a sink of its own: visit every row of each segment in turn.
        for root in [*needed, *range(len(self.inputs))]:
            if self.kinds[root] == READ_KIND or root in seen:
                continue
            stack = [(root, 0)]
            seen.add(root)
            while stack:
                row, at = stack.pop()
                sources = self.inputs[row]
                while at < len(sources):
                    source = sources[at]
                    at += 1
                    if source is not None and source >= 0 and source not in seen:
                        seen.add(source)
                        stack.append((row, at))
                        stack.append((source, 0))
                        break
                else:
                    by_segment[self.segment[row]].append(row)
        return [row for part in by_segment for row in part]

    def finish(self) -> tuple[Schedule, str, int]:
        """The schedule in compiled form, its LLVM text, and the number of functions to look up."""
        sinks = self._sinks()
        order = self._order(sinks)
        chunk_of = self._chunks(order)
        stored = self._stored(order, chunk_of, sinks)
        slot_of, n_slots = self._place(order, chunk_of, stored, sinks)
        if self.stride > 8 and n_slots * self.stride * 8 > CACHE_BYTES:
            self.stride = 8
        text, functions = self._text(order, chunk_of, stored, slot_of)
        return self._schedule(slot_of, n_slots), text, functions

    def _chunks(self, order: list[int]) -> dict[int, int]:
        chunk_of: dict[int, int] = {}
        chunk, size, segment = 0, 0, None
        longest = min(max(CHUNK_ROWS[0], len(order) // CHUNKS), CHUNK_ROWS[1])
        for row in order:
            if size == longest or self.segment[row] != segment:
                chunk += segment is not None
                size, segment = 0, self.segment[row]
            chunk_of[row] = chunk
            size += 1
        return chunk_of

    def _stored(self, order: list[int], chunk_of: dict[int, int], sinks: set[int]) -> dict[int, int]:
        """Rows whose value leaves its chunk, with the last chunk that reads it."""
        last = {row: chunk_of[row] for row in order if row in sinks}
        for row in order:
            for source in self.inputs[row]:
                if source is not None and source >= 0 and chunk_of[source] != chunk_of[row]:
                    last[source] = max(last.get(source, 0), chunk_of[row])
        return last

    def _place(
        self, order: list[int], chunk_of: dict[int, int], stored: dict[int, int], sinks: set[int]
    ) -> tuple[dict[int, int], int]:
        """Slots for the stored values, beyond those of the sources; reused once the last reader ran."""
        slot_of: dict[int, int] = {}
        n_slots, spare = self.schedule.n_slots, []
        leaving: dict[int, list[int]] = {}
        at = 0
        for row in order:
            for chunk in range(at, chunk_of[row]):
                spare += leaving.pop(chunk, [])
            at = chunk_of[row]
            if row not in stored:
                continue
            if spare:
                slot_of[row] = spare.pop()
            else:
                slot_of[row] = n_slots
                n_slots += 1
            if row not in sinks:
                leaving.setdefault(stored[row], []).append(slot_of[row])
        return slot_of, n_slots

    def _text(self, order, chunk_of, stored, slot_of) -> tuple[str, int]:
        words = Words(self.width, self.width > 1 and has_ternary(self.width))
        kind, forms, align = words.type, words.forms, 8 * self.width
        parts: list[str] = []
        calls: list[list[int]] = [[] for _ in range(self.n_segments)]
        at = 0
        while at < len(order):
            chunk = chunk_of[order[at]]
            end = at
            while end < len(order) and chunk_of[order[end]] == chunk:
                end += 1
            parts.append(self._function(chunk, order[at:end], stored, slot_of, kind, forms, align))
            calls[self.segment[order[at]]].append(chunk)
            at = end
        for number, chunks in enumerate(calls):
            body = "".join(f"  call void @chunk{c}(ptr %s, i64 %n)\n" for c in chunks)
            parts.append(f"define void @segment{number}(ptr %s, i64 %n) {{\n{body}  ret void\n}}\n")
        return words.declarations() + "".join(parts), self.n_segments

    def _function(self, chunk, rows, stored, slot_of, kind, forms, align) -> str:
        lines = [
            f"define internal void @chunk{chunk}(ptr noalias %first, i64 %n) noinline {{\n"
            "start:\n  br label %block\nblock:\n"
            "  %at = phi i64 [ 0, %start ], [ %next, %block ]\n"
            f"  %next = add i64 %at, {self.width}\n"
            "  %s = getelementptr i64, ptr %first, i64 %at\n"
        ]
        value: dict[int, str] = {}

        def get(source: int | None) -> str | None:
            if source is None:
                return None
            if source not in value:
                slot = ~source if source < 0 else slot_of[source]
                value[source] = f"%v{slot}"
                lines.append(
                    f"  %p{slot} = getelementptr i64, ptr %s, i64 {slot * self.stride}\n"
                    f"  %v{slot} = load {kind}, ptr %p{slot}, align {align}\n"
                )
            return value[source]

        for row in rows:
            a, b, c = (get(source) for source in self.inputs[row])
            body, result = forms[self.kinds[row]]
            lines.append(body.format(a=a, b=b, c=c, p=row))
            value[row] = result.format(a=a, b=b, c=c, p=row)
        for row in rows:
            if row in stored:
                slot = slot_of[row]
                lines.append(
                    f"  %o{row} = getelementptr i64, ptr %s, i64 {slot * self.stride}\n"
                    f"  store {kind} {value[row]}, ptr %o{row}, align {align}\n"
                )
        ending = "  %more = icmp slt i64 %next, %n\n  br i1 %more, label %block, label %end\nend:\n  ret void\n}\n"
        return "".join([*lines, ending])

    def _schedule(self, slot_of: dict[int, int], n_slots: int) -> Schedule:
        s = self.schedule

        def moved(literal: int) -> int:
            row = self.writer.get(literal >> 1)
            return literal if row is None else 2 * slot_of[row] + (literal & 1)

        def all_moved(literals: np.ndarray) -> np.ndarray:
            return np.array([moved(int(lit)) for lit in literals], np.int32)

        address = s.reads.address.copy()
        for _, k, row in self.read_addresses:
            if row >= 0:
                address[k] = 2 * slot_of[row] + (int(address[k]) & 1)
        runs: list[tuple[int, int, int]] = [(CODE_KIND, 0, 1)]
        reads = [r for r, kind in enumerate(self.kinds) if kind == READ_KIND]
        for number, r in enumerate(reads):
            runs += [(READ_KIND, r, r + 1), (CODE_KIND, number + 1, number + 2)]
        return replace(
            s,
            n_slots=n_slots,
            runs=np.array(runs, np.int32),
            probes=np.array([lit if lit < 0 else moved(int(lit)) for lit in s.probes], np.int32),
            next_literal=all_moved(s.next_literal),
            reads=replace(s.reads, address=address),
            writes=replace(
                s.writes,
                address=all_moved(s.writes.address),
                data=all_moved(s.writes.data),
                enable=all_moved(s.writes.enable),
            ),
        )
