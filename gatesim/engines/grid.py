"""A cell's schedule as one function that makes a clock edge of a whole grid: links and logic in one pass.

Cells are lanes. The flip-flops lie in two sets of planes, the present and the next. For eight words of
lanes at a time, linked inputs are loaded from the present planes as shifts of lanes, the rows follow as
vector code whose values stay in registers, and the flip-flops' next values are stored: nothing else
moves. Planes have zero words on both sides, where shifts past the ends read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..kernels import lanes as kernel
from ..kernels.functions import KIND_OF
from ..schedule import Schedule
from .dataflow import Dataflow
from .links import Grid, Move
from .llvm_text import Words
from .machine_code import MachineCode, has_ternary

MAX_ROWS = 20_000
"""Rows past which no such function is made: LLVM takes about 0.25 ms a row."""

BLOCK = 8
"""Words of lanes at a time."""

SLICE_ROWS = 100_000_000
"""Rows of 512 lanes in one kernel call: a fraction of a second, so that an interrupt is soon heard."""


@dataclass(frozen=True)
class Layout:
    """Where words lie: planes of ``stride`` words, the lanes' ``n_words`` from word ``pad`` on."""

    n_words: int
    pad: int
    stride: int

    @classmethod
    def of(cls, grid: Grid) -> Layout:
        """The layout for a grid."""
        far = max((abs(m.distance) for m in grid.moves), default=0)
        n_words = -(-grid.n_cells // (64 * BLOCK)) * BLOCK
        pad = -(-(far // 64 + 2) // BLOCK) * BLOCK
        stride = n_words + 2 * pad
        # At multiples of 2 KiB, the same words of all planes compete for the same few lines of the cache.
        return cls(n_words, pad, stride + BLOCK if stride % 256 == 0 else stride)

    def needs_mask(self, move: Move) -> bool:
        """Whether a lane at an edge would see another lane's value instead of zero words."""
        seen = move.feed_lanes - move.distance
        return bool(((seen >= 0) & (seen < 64 * self.n_words)).any())


def can_compile(schedule: Schedule) -> bool:
    """Whether `schedule` can be a grid's function: no memories, and not too many rows."""
    return len(schedule.rows) <= MAX_ROWS and not schedule.netlist.memories


class CompiledGrid:
    """The compiled function ``step(context)``, and its run over many cycles.

    The context holds addresses: present planes, next planes, masks (one plane a move), feeds (one plane
    a fed bit), then one for every free input: its planes or, where it is uniform, one word a bit.
    """

    def __init__(self, schedule: Schedule, grid: Grid) -> None:
        self._rows = len(schedule.rows)
        self._layout = Layout.of(grid)
        self._code = MachineCode(_Text(schedule, self._layout, grid).finish())
        self.from_cache = self._code.from_cache
        self._address = self._code.address("step")

    def run(
        self, registers: np.ndarray, grid: Grid, feeds: np.ndarray, drains: np.ndarray, n_cycles: int
    ) -> np.ndarray:
        """See :class:`~gatesim.engines.links.GridRunner`."""
        layout, n_words = self._layout, registers.shape[1]
        inside = slice(layout.pad, layout.pad + n_words)
        planes = np.zeros((2, len(registers), layout.stride), np.uint64)
        planes[0, :, inside] = registers
        masks = np.zeros((len(grid.moves), layout.n_words), np.uint64)
        for mask, move in zip(masks, grid.moves, strict=True):
            lanes = np.ones(64 * layout.n_words, np.uint8)
            lanes[move.feed_lanes] = 0
            mask[:] = np.packbits(lanes, bitorder="little").view(np.uint64)
        fed = np.zeros((len(grid.feeds.rows), layout.n_words), np.uint64)
        frees = [f.values if f.uniform else _widened(f.values, layout.n_words) for f in grid.frees]
        context = np.array([0, 0, masks.ctypes.data, fed.ctypes.data, *[0] * len(frees)], np.int64)
        at = np.array([f.ctypes.data for f in frees], np.int64)
        step = np.array([f.strides[0] if len(f) > 1 else 0 for f in frees], np.int64)
        slice_cycles = max(1, SLICE_ROWS // (self._rows * layout.n_words // BLOCK + 1))
        for first in range(0, n_cycles, slice_cycles):
            kernel.steps(
                self._address, context, planes.ctypes.data, planes, layout.pad, first,
                min(first + slice_cycles, n_cycles),
                fed, grid.feeds.rows, grid.feeds.lanes, feeds, grid.drains.rows, grid.drains.lanes, drains, at, step,
            )  # fmt: skip
        return planes[n_cycles & 1, :, inside].copy()


def _widened(planes: np.ndarray, n_words: int) -> np.ndarray:
    wide = np.zeros((*planes.shape[:2], n_words), np.uint64)
    wide[..., : planes.shape[2]] = planes
    return wide


class _Text:
    """LLVM assembly of the function; ``%b`` is the number of the first of eight words."""

    def __init__(self, schedule: Schedule, layout: Layout, grid: Grid) -> None:
        self.schedule, self.layout, self.moves, self.frees = schedule, layout, grid.moves, grid.frees
        self.values = Dataflow(schedule)
        words = Words(BLOCK, has_ternary(BLOCK))
        self.kind, self.forms, self.declarations = words.type, words.forms, words.declarations()
        self.head: list[str] = []
        self.lines: list[str] = []
        self.names: dict[int, str] = {0: "zeroinitializer"}
        self.masks: dict[int, str] = {}
        self.count = 0

    def finish(self) -> str:
        values, layout = self.values, self.layout
        pointers = ["old", "new", "mask", "feed", *(f"free{k}" for k in range(len(self.frees)))]
        for k, name in enumerate(pointers):
            self.head += [
                f"  %at_{name} = getelementptr i64, ptr %context, i64 {k}\n",
                f"  %all_{name} = load ptr, ptr %at_{name}\n",
            ]
            self.lines.append(f"  %{name} = getelementptr i64, ptr %all_{name}, i64 %b\n")
        states = {value: k for k, value in enumerate(values.states)}
        sources = self._sources()
        known = {0}
        for k, (root, inverted) in enumerate(values.literals(self.schedule.next_literal)):
            for value in values.depth_first(root, known):
                known.add(value)
                if value in states:
                    self.names[value] = self._load("old", states[value] * layout.stride + layout.pad)
                elif value in values.inputs:
                    self.names[value] = sources[values.inputs[value]]()
                else:
                    self._row(value)
            name = self._op("xor", self.names[root], self._ones()) if inverted else self.names[root]
            self._store(k * layout.stride + layout.pad, name)
        return (
            self.declarations
            + "define void @step(ptr noalias %context) {\nentry:\n"
            + "".join(self.head)
            + "  br label %block\nblock:\n  %b = phi i64 [ 0, %entry ], [ %following, %block ]\n"
            + "".join(self.lines)
            + f"  %following = add i64 %b, {BLOCK}\n  %more = icmp slt i64 %following, {layout.n_words}\n"
            + "  br i1 %more, label %block, label %done\ndone:\n  ret void\n}\n"
        )

    def _sources(self) -> dict[int, Callable[[], str]]:
        """What loads each input bit."""
        found, feed = {}, 0
        for number, move in enumerate(self.moves):
            for source, target in zip(move.sources.tolist(), move.targets.tolist(), strict=True):
                found[target] = lambda m=number, s=source, f=feed: self._linked(m, s, f)
                feed += move.fed
        for number, free in enumerate(self.frees):
            for k, target in enumerate(free.targets.tolist()):
                found[target] = lambda n=number, k=k: self._free(n, k)
        return found

    def _name(self) -> str:
        self.count += 1
        return f"%x{self.count}"

    def _ones(self) -> str:
        return "<" + ", ".join(["i64 -1"] * BLOCK) + ">"

    def _op(self, op: str, x: str, y: str) -> str:
        name = self._name()
        self.lines.append(f"  {name} = {op} {self.kind} {x}, {y}\n")
        return name

    def _load(self, base: str, words: int) -> str:
        name = self._name()
        self.lines.append(
            f"  {name}p = getelementptr i64, ptr %{base}, i64 {words}\n"
            f"  {name} = load {self.kind}, ptr {name}p, align 8\n"
        )
        return name

    def _store(self, words: int, value: str) -> None:
        name = self._name()
        self.lines.append(
            f"  {name}p = getelementptr i64, ptr %new, i64 {words}\n  store {self.kind} {value}, ptr {name}p, align 8\n"
        )

    def _row(self, value: int) -> None:
        table, sources = self.values.rows[value]
        a, b, c = (self.names[v] for v in sources)
        body, result = self.forms[KIND_OF[table]]
        number = f"r{value}"
        self.lines.append(body.format(a=a, b=b, c=c, p=number))
        self.names[value] = result.format(a=a, b=b, c=c, p=number)

    def _linked(self, number: int, source: int, feed: int) -> str:
        move, layout = self.moves[number], self.layout
        words, bits = divmod(move.distance, 64)
        at = source * layout.stride + layout.pad - words
        value = self._load("old", at)
        if bits:
            low = self._op("shl", value, self._constant(bits))
            high = self._op("lshr", self._load("old", at - 1), self._constant(64 - bits))
            value = self._op("or", low, high)
        if layout.needs_mask(move):
            if number not in self.masks:
                self.masks[number] = self._load("mask", number * layout.n_words)
            value = self._op("and", value, self.masks[number])
        return self._op("or", value, self._load("feed", feed * layout.n_words)) if move.fed else value

    def _free(self, number: int, bit: int) -> str:
        if not self.frees[number].uniform:
            return self._load(f"free{number}", bit * self.layout.n_words)
        name = f"%u{number}_{bit}"
        vector = self.kind
        self.head.append(
            f"  {name}p = getelementptr i64, ptr %all_free{number}, i64 {bit}\n"
            f"  {name}w = load i64, ptr {name}p\n"
            f"  {name}i = insertelement {vector} poison, i64 {name}w, i64 0\n"
            f"  {name} = shufflevector {vector} {name}i, {vector} poison, <{BLOCK} x i32> zeroinitializer\n"
        )
        return name

    def _constant(self, bits: int) -> str:
        return "<" + ", ".join([f"i64 {bits}"] * BLOCK) + ">"
