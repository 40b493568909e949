"""A schedule as straight-line PTX, the assembly language of NVIDIA GPUs: one ``lop3.b32`` a row.

A thread computes 32 patterns. Values are registers of the thread; the driver's assembler spills what does
not fit, and flip-flops that are many live in two halves of local memory, the present and the next. Rows
follow each other depth first, inputs are loaded where they are first used and outputs stored as soon as
they are known, so that few values are alive.

Instructions: NVIDIA's "Parallel Thread Execution ISA", Logic and Shift Instructions (``lop3``: the
truth table is an immediate operand) and Data Movement Instructions. The text needs no compiler but the
driver's, which keeps the machine code on disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import c_int32, c_uint32, c_uint64

import numpy as np

from ..schedule import Schedule
from .dataflow import Dataflow, Literal

BLOCK = 128
"""Threads a block: with 255 registers a thread, two blocks still fit on a multiprocessor."""

PARAMETERS = (*[c_uint64] * 6, c_uint32, c_int32, c_uint32, c_uint32)
"""C types of the kernel's parameters, in the order of :func:`straight_line`."""

HELD_REGISTERS = 48
"""Flip-flops that stay in registers of the thread; a circuit with more keeps them in its local memory."""

_HEAD = """.version 7.0
.target sm_75
.address_size 64
.visible .entry simulate(
  .param .u64 planes, .param .u64 plane_step, .param .u64 out, .param .u64 registers, .param .u64 memories,
  .param .u64 words, .param .u32 n_words, .param .s32 n_patterns, .param .u32 n_cycles, .param .u32 skipped)
.maxntid {block}, 1, 1
{{
  .local .align 4 .b8 held[{held}];
  .reg .b32 %v<{values}>, %n<{states}>, %t<8>, %pitch, %word, %lane, %lanes, %cycle, %cycles, %skipped;
  .reg .b32 %now, %then;
  .reg .b64 %d<8>, %planes, %step, %out, %outstep, %registers, %memories, %words;
  .reg .pred %p<4>, %record;
  ld.param.u32 %t0, [n_words];
  mov.u32 %t1, %ctaid.x;
  mov.u32 %t2, %ntid.x;
  mov.u32 %t3, %tid.x;
  mad.lo.u32 %word, %t1, %t2, %t3;
  setp.ge.u32 %p0, %word, %t0;
  @%p0 ret;
  shl.b32 %pitch, %t0, 2;
  mul.wide.u32 %d0, %word, 4;
  ld.param.u64 %planes, [planes];
  add.u64 %planes, %planes, %d0;
  ld.param.u64 %step, [plane_step];
  ld.param.u64 %out, [out];
  add.u64 %out, %out, %d0;
  mul.wide.u32 %outstep, %pitch, {observed};
  ld.param.u64 %registers, [registers];
  add.u64 %registers, %registers, %d0;
  ld.param.u64 %memories, [memories];
  ld.param.u64 %words, [words];
  ld.param.u32 %cycles, [n_cycles];
  ld.param.u32 %skipped, [skipped];
  shl.b32 %lane, %word, 5;
  ld.param.s32 %t0, [n_patterns];
  sub.s32 %lanes, %t0, %lane;
  min.s32 %lanes, %lanes, 32;
  mov.b32 %v0, 0;
  mov.u32 %cycle, 0;
  mov.u32 %now, held;
  add.u32 %then, %now, {half};
"""

_LOOP = """cycles:
  setp.ge.u32 %record, %cycle, %skipped;
"""

# A loop, so that the assembler does not try to have all of them in registers at once.
_COPY = """  mov.u32 %t0, {count};
  mov.u32 %t1, %now;
  cvt.u64.u32 %d1, %pitch;
  mov.u64 %d0, %registers;
{label}:
  {load};
  {store};
  add.u64 %d0, %d0, %d1;
  add.u32 %t1, %t1, 4;
  sub.u32 %t0, %t0, 1;
  setp.ne.u32 %p0, %t0, 0;
  @%p0 bra {label};
"""

_SWAP = """  mov.u32 %t0, %now;
  mov.u32 %now, %then;
  mov.u32 %then, %t0;
"""

_NEXT = """  add.u64 %planes, %planes, %step;
  @%record add.u64 %out, %out, %outstep;
  add.u32 %cycle, %cycle, 1;
  setp.lt.u32 %p0, %cycle, %cycles;
  @%p0 bra cycles;
"""

# Where the word of memory m lies that lane %t0 sees at address %d0.
_WORD_AT = """  ld.global.u64 %d2, [%memories+{base}];
  ld.global.u64 %d3, [%memories+{step}];
  add.u32 %t1, %lane, %t0;
  cvt.u64.u32 %d4, %t1;
  mad.lo.u64 %d2, %d3, %d4, %d2;
  add.u64 %d2, %d2, %d0;
  shl.b64 %d2, %d2, 3;
  add.u64 %d2, %d2, %words;
"""


def straight_line(schedule: Schedule, nets: Sequence[int] | np.ndarray) -> str:
    """PTX of a kernel ``simulate`` that runs `schedule` and records `nets`.

    Parameters of the kernel: the planes of the first cycle, bytes from one cycle's planes to the next (0:
    held), recorded planes, register planes, memories (base, step a lane, depth: int64), memory words,
    words of 32 patterns a plane, patterns, cycles, and cycles before the first recorded one. A thread is
    one word; planes are (bits, words) uint32.

    Examples
    --------
    >>> from gatesim import Builder, compile
    >>> b = Builder("xor"); b.output("y", b.input("a") ^ b.input("b")); net = b.freeze()
    >>> text = straight_line(compile(net), net.port("y").nets)
    >>> text.count("lop3.b32"), text.count("ld.global.nc.b32"), text.count("st.global.b32")
    (1, 2, 1)
    """
    return _Text(schedule).finish(schedule.literals(nets))


class _Text:
    def __init__(self, schedule: Schedule) -> None:
        self.schedule, self.values = schedule, Dataflow(schedule)
        self.lines: list[str] = []
        self.in_memory = len(self.values.states) > HELD_REGISTERS
        self.state_number = {state: k for k, state in enumerate(self.values.states)}
        self.known = {0} if self.in_memory else {0, *self.values.states}

    def finish(self, observe: np.ndarray) -> str:
        values, half = self.values, 4 * len(self.values.states) * self.in_memory
        self.lines.append(
            _HEAD.format(
                block=BLOCK,
                values=values.count,
                states=max(1, len(values.states)),
                observed=len(observe),
                held=max(4, 2 * half),
                half=half,
            )
        )
        self._registers(loading=True)
        self.lines.append(_LOOP)
        for k, (value, inverted) in enumerate(values.literals(observe)):
            self._compute(value)
            source = self._plain(value, inverted)
            self._plane("%out", k)
            self._add(f"@%record st.global.b32 [%d0], {source}")
        self._clock_edge()
        self.lines.append(_NEXT)
        self._registers(loading=False)
        return "".join(self.lines) + "  ret;\n}\n"

    def _registers(self, *, loading: bool) -> None:
        """From the register planes to the thread, or back."""
        if self.in_memory:
            if loading:
                label, load, store = "load", "ld.global.b32 %t2, [%d0]", "st.local.b32 [%t1], %t2"
            else:
                label, load, store = "store", "ld.local.b32 %t2, [%t1]", "st.global.b32 [%d0], %t2"
            self.lines.append(_COPY.format(count=len(self.values.states), label=label, load=load, store=store))
            return
        for k, state in enumerate(self.values.states):
            self._plane("%registers", k)
            self._add(f"ld.global.b32 %v{state}, [%d0]" if loading else f"st.global.b32 [%d0], %v{state}")

    def _clock_edge(self) -> None:
        values, w = self.values, self.schedule.writes
        ports = [self._write_port(port) for port in range(len(w.memory))]
        for value in [value for port in ports for part in port for value, _ in part]:
            self._compute(value)
        for port, parts in enumerate(ports):
            self._write(port, *parts)
        following = values.literals(self.schedule.next_literal)
        for k, (value, inverted) in enumerate(following):
            self._compute(value)
            if self.in_memory:
                self._add(f"st.local.b32 [%then+{4 * k}], {self._plain(value, inverted)}")
        if self.in_memory:
            self.lines.append(_SWAP)
            return
        for k, (value, inverted) in enumerate(following):
            self._add(f"{'not' if inverted else 'mov'}.b32 %n{k}, %v{value}")
        for k, state in enumerate(values.states):
            self._add(f"mov.b32 %v{state}, %n{k}")

    def _add(self, line: str) -> None:
        self.lines.append(f"  {line};\n")

    def _plane(self, base: str, number: int) -> None:
        """The address of this thread's word of plane `number` in %d0."""
        self._add(f"mad.wide.u32 %d0, %pitch, {number}, {base}")

    def _plain(self, value: int, inverted: bool) -> str:
        if not inverted:
            return f"%v{value}"
        self._add(f"not.b32 %t0, %v{value}")
        return "%t0"

    def _compute(self, root: int) -> None:
        """Everything that `root` needs, depth first, and `root`."""
        for value in self.values.depth_first(root, self.known):
            self._emit(value)

    def _emit(self, value: int) -> None:
        values = self.values
        self.known.add(value)
        if value in values.inputs:
            self._plane("%planes", values.inputs[value])
            self._add(f"ld.global.nc.b32 %v{value}, [%d0]")
        elif value in self.state_number:
            self._add(f"ld.local.b32 %v{value}, [%now+{4 * self.state_number[value]}]")
        elif value in values.rows:
            table, (a, b, c) = values.rows[value]
            self._add(f"lop3.b32 %v{value}, %v{c}, %v{b}, %v{a}, {table:#04x}")
        else:
            self._read(values.port_of[value])

    # -- memories: lane after lane ---------------------------------------------------------------

    def _number(self, target: str, literals: list[Literal]) -> None:
        """The integer on `literals` in lane %t0."""
        self._add(f"mov.u64 {target}, 0")
        for k, (value, inverted) in enumerate(literals):
            self._add(f"bfe.u32 %t1, %v{value}, %t0, 1")
            if inverted:
                self._add("xor.b32 %t1, %t1, 1")
            self._add("cvt.u64.u32 %d5, %t1")
            self._add(f"shl.b64 %d5, %d5, {k}")
            self._add(f"or.b64 {target}, {target}, %d5")

    def _lanes(self, label: str) -> None:
        self._add("mov.u32 %t0, 0")
        self.lines.append(f"{label}:\n")
        self._add("setp.ge.s32 %p0, %t0, %lanes")
        self._add(f"@%p0 bra {label}_end")

    def _lanes_end(self, label: str) -> None:
        self.lines.append(f"{label}_next:\n")
        self._add("add.u32 %t0, %t0, 1")
        self._add(f"bra {label}")
        self.lines.append(f"{label}_end:\n")

    def _find(self, label: str, memory: int, address: list[Literal]) -> None:
        """The address of the word in %d2; on to the next lane where there is none."""
        self._number("%d0", address)
        self._add(f"setp.ge.u64 %p1, %d0, {self.schedule.netlist.memories[memory].depth}")
        self._add(f"@%p1 bra {label}_next")
        self.lines.append(_WORD_AT.format(base=24 * memory, step=24 * memory + 8))

    def _read(self, port: int) -> None:
        values, label = self.values, f"read{port}"
        for value in values.data[port]:
            self._add(f"mov.b32 %v{value}, 0")
        self.known.update(values.data[port])
        self._lanes(label)
        self._find(label, int(self.schedule.reads.memory[port]), values.addresses[port])
        self._add("ld.global.u64 %d1, [%d2]")
        for k, value in enumerate(values.data[port]):
            self._add(f"shr.u64 %d5, %d1, {k}")
            self._add("cvt.u32.u64 %t1, %d5")
            self._add("and.b32 %t1, %t1, 1")
            self._add("shl.b32 %t1, %t1, %t0")
            self._add(f"or.b32 %v{value}, %v{value}, %t1")
        self._lanes_end(label)

    def _write_port(self, port: int) -> tuple[list[Literal], ...]:
        """(address, data, enable) literals at the clock edge."""
        w = self.schedule.writes
        parts = (
            w.address[w.address_ptr[port] : w.address_ptr[port + 1]],
            w.data[w.data_ptr[port] : w.data_ptr[port + 1]],
            w.enable[port : port + 1],
        )
        return tuple(self.values.literals(part) for part in parts)

    def _write(self, port: int, address, data, enable) -> None:
        label = f"write{port}"
        value, inverted = enable[0]
        self._lanes(label)
        self._add(f"bfe.u32 %t1, %v{value}, %t0, 1")
        self._add(f"setp.eq.u32 %p1, %t1, {int(inverted)}")
        self._add(f"@%p1 bra {label}_next")
        self._number("%d1", data)
        self._find(label, int(self.schedule.writes.memory[port]), address)
        self._add("st.global.u64 [%d2], %d1")
        self._lanes_end(label)
