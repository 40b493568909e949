"""A cell's clock edge in a grid as straight-line PTX: links, rows and registers of 32 cells a thread."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import c_uint64

from ..schedule import Schedule
from .dataflow import Dataflow
from .links import Grid
from .ptx import BLOCK

PARAMETERS = (c_uint64,) * 6
"""C types of the kernel's parameters: all are addresses."""

_HEAD = """.version 7.0
.target sm_75
.address_size 64
.visible .entry simulate(
  .param .u64 old, .param .u64 new, .param .u64 keep, .param .u64 fed, .param .u64 frees, .param .u64 uniforms)
.maxntid {block}, 1, 1
{{
  .reg .b32 %v<{values}>, %x<{names}>, %t<4>, %word;
  .reg .b64 %old, %new, %keep, %fed, %frees, %uniforms, %at;
  .reg .pred %p;
  mov.u32 %t1, %ctaid.x;
  mov.u32 %t2, %ntid.x;
  mov.u32 %t3, %tid.x;
  mad.lo.u32 %word, %t1, %t2, %t3;
  setp.ge.u32 %p, %word, {n_words};
  @%p ret;
  mul.wide.u32 %at, %word, 4;
  mov.b32 %v0, 0;
  ld.param.u64 %uniforms, [uniforms];
"""


def grid_edge(schedule: Schedule, grid: Grid, n_words: int, pad: int, stride: int) -> str:
    """PTX of a kernel ``simulate`` that makes one clock edge, a thread a word of 32 cells.

    Parameters of the kernel: registers before and after, (n, `stride`) with the cells from word `pad` on
    and zeros outside of them; lanes that see another cell, (moves, `n_words`); what enters, (fed bits,
    `n_words`); free inputs, (bits, `n_words`); free inputs that are the same for all cells, (bits,). All uint32.
    """
    return _Text(schedule, grid, n_words, pad, stride).finish()


class _Text:
    def __init__(self, schedule: Schedule, grid: Grid, n_words: int, pad: int, stride: int) -> None:
        self.schedule, self.grid, self.n_words, self.pad, self.stride = schedule, grid, n_words, pad, stride
        self.values = Dataflow(schedule)
        self.lines: list[str] = []
        self.names = 0
        self.masks: dict[int, str] = {}

    def finish(self) -> str:
        values = self.values
        for name in ("old", "new", "keep", "fed", "frees"):
            self._add(f"ld.param.u64 %{name}, [{name}]")
            self._add(f"add.u64 %{name}, %{name}, %at")
        states = {value: k for k, value in enumerate(values.states)}
        sources = self._sources()
        known = {0}
        for k, (root, inverted) in enumerate(values.literals(self.schedule.next_literal)):
            for value in values.depth_first(root, known):
                known.add(value)
                if value in states:
                    self._load(f"%v{value}", "old", states[value] * self.stride + self.pad)
                elif value in values.inputs:
                    sources[values.inputs[value]](f"%v{value}")
                else:
                    table, (a, b, c) = values.rows[value]
                    self._add(f"lop3.b32 %v{value}, %v{c}, %v{b}, %v{a}, {table:#04x}")
            result = f"%v{root}"
            if inverted:
                result = self._name()
                self._add(f"not.b32 {result}, %v{root}")
            self._add(f"st.global.b32 [%new+{4 * (k * self.stride + self.pad)}], {result}")
        head = _HEAD.format(block=BLOCK, values=values.count, names=self.names + 1, n_words=self.n_words)
        return head + "".join(self.lines) + "  ret;\n}\n"

    def _sources(self) -> dict[int, Callable[[str], None]]:
        """What loads each input bit into a register."""
        found: dict[int, Callable[[str], None]] = {}
        fed = 0
        for number, move in enumerate(self.grid.moves):
            for register, target in zip(move.sources.tolist(), move.targets.tolist(), strict=True):
                found[target] = lambda out, n=number, r=register, f=fed: self._linked(out, n, r, f)
                fed += move.fed
        for uniform, base, step in ((False, "frees", self.n_words), (True, "uniforms", 1)):
            targets = [int(k) for f in self.grid.frees if f.uniform == uniform for k in f.targets]
            for plane, target in enumerate(targets):
                found[target] = lambda out, b=base, at=plane * step: self._load(out, b, at)
        return found

    def _linked(self, out: str, number: int, register: int, fed: int) -> None:
        move = self.grid.moves[number]
        words, bits = divmod(move.distance, 32)
        at = register * self.stride + self.pad - words
        self._load(out, "old", at)
        if bits:
            before = self._name()
            self._load(before, "old", at - 1)
            self._add(f"shf.l.wrap.b32 {out}, {before}, {out}, {bits}")
        if number not in self.masks:
            self.masks[number] = self._name()
            self._load(self.masks[number], "keep", number * self.n_words)
        self._add(f"and.b32 {out}, {out}, {self.masks[number]}")
        if move.fed:
            entering = self._name()
            self._load(entering, "fed", fed * self.n_words)
            self._add(f"or.b32 {out}, {out}, {entering}")

    def _name(self) -> str:
        self.names += 1
        return f"%x{self.names}"

    def _load(self, out: str, base: str, words: int) -> None:
        self._add(f"ld.global.nc.b32 {out}, [%{base}+{4 * words}]")

    def _add(self, line: str) -> None:
        self.lines.append(f"  {line};\n")
