"""The four-valued engine: 0, 1, X and Z on two bit planes, 64 patterns a word.

It reads the netlist cell by cell, not the schedule's rows: covering cells would change what X means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .. import bits
from ..analysis import levels
from ..errors import ValueFitError, unknown_name
from ..four import cubes, four_table, next_state_table
from ..gates import GATES, IS_LOGIC, IS_TRISTATE, READ
from ..kernels import logic4 as kernel
from ..netlist import Netlist
from ..reductions import Request, reduce_planes
from ..results import State
from ..schedule import Schedule
from ..stimulus import Stimulus
from .base import Engine, Record, initial_state

SCRATCH_WORDS = 1 << 22
"""Words of scratch for all nets together, about: 32 MiB a plane."""

SLICE_CELLS = 20_000_000
"""Cell evaluations in one kernel call: a fraction of a second, so that an interrupt is soon heard."""

_WIRED = 1 << 31
_NEXT = len(GATES)

PowerUp = Literal["init", "x"]


@dataclass(frozen=True, eq=False)
class FourState(State):
    """A state with unknown bits: X where a bit of these is 1.

    Attributes
    ----------
    unknown_registers : (n_registers, n_words) uint64
    unknown_memories : tuple of (n_patterns, depth) uint64
        Unknown bits of each word of each RAM (empty for a ROM).
    """

    unknown_registers: np.ndarray
    unknown_memories: tuple[np.ndarray, ...]

    def copy(self) -> FourState:
        """An independent copy."""
        return FourState(
            self.registers.copy(),
            tuple(m.copy() for m in self.memories),
            self.n_patterns,
            self.unknown_registers.copy(),
            tuple(m.copy() for m in self.unknown_memories),
        )


def with_unknown(state: State) -> FourState:
    """`state` itself when it is four-valued, else the same with nothing unknown."""
    if isinstance(state, FourState):
        return state
    return FourState(
        state.registers,
        state.memories,
        state.n_patterns,
        np.zeros_like(state.registers),
        tuple(np.zeros_like(m) for m in state.memories),
    )


class Logic4Engine(Engine):
    """Runs a netlist on 0, 1, X and Z.

    X never becomes 0 or 1 unless every value that it may stand for gives the same. Registers power up to
    their initial values, or with ``power_up="x"`` to X (RAM words too), which shows what a reset forgets.

    Examples
    --------
    >>> from gatesim import Builder, Stimulus, compile
    >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b")); net = b.freeze()
    >>> Logic4Engine(compile(net)).run(Stimulus.from_text(net, {"a": ["0", "1", "X"], "b": "X"})).text("y")
    array([['0', 'X', 'X']], dtype=object)
    """

    name = "logic4"
    four_valued = True

    def __init__(self, schedule: Schedule, *, threads: int | None = None, power_up: PowerUp = "init") -> None:
        super().__init__(schedule, threads=threads)
        if power_up not in ("init", "x"):
            raise unknown_name("power-up", power_up, ("init", "x"))
        self.power_up = power_up
        self._program = _Program(schedule.netlist)

    def _power_up(self, n_patterns: int) -> State:
        state = with_unknown(initial_state(self.netlist, n_patterns))
        if self.power_up == "init":
            return state
        lanes = bits.lane_mask(n_patterns)[None, :]
        doubt = tuple(
            np.full_like(m, np.uint64((1 << memory.width) - 1))
            for m, memory in zip(state.memories, self.netlist.memories, strict=True)
        )
        none = tuple(np.zeros_like(m) for m in state.memories)
        return FourState(
            np.zeros_like(state.registers),
            none,
            n_patterns,
            np.broadcast_to(lanes, state.registers.shape).copy(),
            doubt,
        )

    @property
    def state(self) -> State | None:
        """A copy of the state after the last run (a :class:`FourState`); None at power-up."""
        return None if self._state is None else self._state.copy()

    @state.setter
    def state(self, state: State | None) -> None:
        Engine.state.fset(self, state)  # type: ignore[attr-defined]
        if self._state is not None:
            self._state = with_unknown(self._state)

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        assert isinstance(state, FourState)
        p, net = self._program, self.netlist
        n_words, n_cycles = stimulus.words.shape[2], stimulus.n_cycles
        kept = n_cycles if record == "all" else min(1, n_cycles)
        planes = np.ascontiguousarray(stimulus.words)
        unknown = np.zeros_like(planes) if stimulus.unknown is None else np.ascontiguousarray(stimulus.unknown)
        out = np.zeros((kept, len(nets), n_words), np.uint64)
        out_unknown = np.zeros_like(out)
        table, words, words_unknown = _flatten(net, state)
        block = max(1, min(n_words, 64, SCRATCH_WORDS // net.n_nets))
        cost = max(1, (len(p.cells) + 4 * len(net.registers)) * block)
        cycles = max(1, SLICE_CELLS // cost)
        for low in range(0, n_words, block):
            width = min(block, n_words - low)
            scratch, dirty = _scratch(net, width)
            for start in range(0, n_cycles, cycles):
                kernel.simulate(
                    low, width, stimulus.n_patterns, start, min(n_cycles, start + cycles), scratch[0], scratch[1],
                    planes, unknown, p.inputs,
                    p.cells, p.kind, p.ptr, p.pins, *p.ones, *p.zeros, p.masks, p.wired,
                    nets, out, out_unknown, n_cycles - kept,
                    net.registers, p.register_kind, p.register_pins, state.registers, state.unknown_registers,
                    table, words, words_unknown, *p.reads, *p.writes, False, dirty,
                )  # fmt: skip
        last = bits.lane_mask(stimulus.n_patterns)[-1:]
        for array in (out, out_unknown, state.registers, state.unknown_registers):
            array[..., -1:] &= last
        _restore(net, state, table, words, words_unknown)
        return out, {"unknown": out_unknown}

    def _summarize(self, stimulus: Stimulus, state: State, nets: np.ndarray, request: Request):
        words, extra = self._simulate(stimulus, state, nets, "all")
        if extra.pop("unknown").any():
            raise ValueFitError("a summary adds up numbers: an observed bit is X or Z; use run() and result.text()")
        return reduce_planes(request, words, stimulus.n_patterns), extra


class Settling:
    """One block of lanes that is run on held inputs until nothing changes any more.

    The caller changes ``planes`` and ``unknown`` (1, input bits, words) in place, calls :meth:`settle`, and
    reads ``out`` and ``out_unknown`` (1, output bits, words).
    """

    def __init__(self, engine: Logic4Engine, stimulus: Stimulus) -> None:
        net, p = engine.netlist, engine._program
        state = engine.state or engine._power_up(stimulus.n_patterns)
        assert isinstance(state, FourState)
        self._engine, self.state_now, self.n_patterns = engine, state, stimulus.n_patterns
        self.planes = np.array(stimulus.words[:1])
        self.unknown = np.zeros_like(self.planes) if stimulus.unknown is None else np.array(stimulus.unknown[:1])
        nets = np.array([k for port in net.outputs for k in port.nets], np.int32)
        n_words = self.planes.shape[2]
        self.out = np.zeros((1, len(nets), n_words), np.uint64)
        self.out_unknown = np.zeros_like(self.out)
        self._scratch, dirty = _scratch(net, n_words)
        self._memory = _flatten(net, state)
        self._fixed = (
            p.inputs, p.cells, p.kind, p.ptr, p.pins, *p.ones, *p.zeros, p.masks, p.wired,
            nets, self.out, self.out_unknown, 0,
            net.registers, p.register_kind, p.register_pins, state.registers, state.unknown_registers,
            *self._memory, *p.reads, *p.writes, True, dirty,
        )  # fmt: skip

    def settle(self, limit: int) -> int | None:
        """Run cycles until one changes nothing; how many that took, or None when `limit` were not enough."""
        done = kernel.simulate(
            0, self.planes.shape[2], self.n_patterns, 0, limit, self._scratch[0], self._scratch[1],
            self.planes, self.unknown, *self._fixed,
        )  # fmt: skip
        return done if done < limit else None

    def state(self) -> FourState:
        """A copy of the state now."""
        _restore(self._engine.netlist, self.state_now, *self._memory)
        return self.state_now.copy()


class _Program:
    """A netlist as the kernel reads it: cells in order, covers of functions, memory ports."""

    def __init__(self, net: Netlist) -> None:
        order = levels(net).order
        op = net.op[order]
        ports = [(i, r) for i, m in enumerate(net.memories) for r in m.reads]
        first = {r.data[0]: number for number, (_, r) in enumerate(ports)}
        wanted = IS_LOGIC[op] | IS_TRISTATE[op] | ((op == READ) & np.isin(order, list(first) or [-1]))
        self.cells = order[wanted].astype(np.int32)
        op = net.op[self.cells].astype(np.int64)
        kind = np.where(IS_TRISTATE[op], op - _WIRED, op)
        for i in np.flatnonzero(op == READ):
            kind[i] = -1 - first[int(self.cells[i])]
        self.kind = kind.astype(np.int64)
        pins = [net.fanin_of(int(c)) for c in self.cells]  # a memory read's pins are its address
        self.ptr, self.pins = _csr(pins)
        self.inputs = np.array([k for port in net.inputs for k in port.nets], np.int32)
        functions = [(g.table, g.arity) if IS_LOGIC[g.op] else (0, 0) for g in GATES]
        functions += [(next_state_table(int(o)), 4) for o in _register_ops()]
        self.ones = _covers(functions, inverted=False)
        self.zeros = _covers(functions, inverted=True)
        entries = [[-(table >> i & 1) % (1 << 64) for i in range(8)] for table, _ in functions]
        self.masks = np.array(entries, dtype=np.uint64)
        self.wired = np.array([_wired(g.op) if IS_TRISTATE[g.op] else 0 for g in GATES], np.int64)
        numbers = {o: _NEXT + i for i, o in enumerate(_register_ops())}
        self.register_kind = np.array([numbers[int(net.op[q])] for q in net.registers], np.int64)
        rows = [(d, en, q, rst) for q in net.registers for d, en, rst in (net.fanin_of(int(q)),)]
        self.register_pins = np.array(rows, np.int32).reshape(-1)
        written = [(i, w) for i, m in enumerate(net.memories) for w in m.writes]
        self.reads = (_numbers(ports), *_csr([r.address for _, r in ports]), *_csr([r.data for _, r in ports]))
        self.writes = (
            _numbers(written), *_csr([w.address for _, w in written]), *_csr([w.data for _, w in written]),
            np.array([w.enable for _, w in written], np.int32),
        )  # fmt: skip


def _scratch(net: Netlist, n_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Planes for every net, and the flags that say that nothing is computed yet."""
    return np.zeros((2, net.n_nets, n_words), np.uint64), np.full(net.n_nets, 2, np.uint8)


def _register_ops() -> list[int]:
    return [g.op for g in GATES if g.kind == "register"]


def _numbers(ports: Sequence[tuple[int, object]]) -> np.ndarray:
    return np.array([i for i, _ in ports], np.int32)


def _csr(lists: Sequence[Sequence[int] | np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    ptr = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    return ptr, np.array([k for part in lists for k in part], np.int32)


def _covers(functions: Sequence[tuple[int, int]], *, inverted: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    covers = []
    for table, arity in functions:
        whole = (1 << (1 << arity)) - 1
        covers.append(cubes(table ^ whole if inverted else table, arity) if arity else ())
    ptr = np.cumsum([0, *map(len, covers)]).astype(np.int32)
    flat = [cube for cover in covers for cube in cover]
    return ptr, np.array([c for c, _ in flat], np.int64), np.array([v for _, v in flat], np.int64)


def _wired(op: int) -> int:
    codes = [int(c) for c in four_table(op)]
    return sum((c & 1) << i | (c >> 1) << (i + 16) for i, c in enumerate(codes))


def _flatten(net: Netlist, state: FourState) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, 3) int64 rows (base, stride a lane, depth), and all words and their unknown bits."""
    table = np.zeros((len(net.memories), 3), np.int64)
    words, doubt, base = [np.zeros(0, np.uint64)], [np.zeros(0, np.uint64)], 0
    for i, m in enumerate(net.memories):
        content = m.contents if m.is_rom else state.memories[i].reshape(-1)
        table[i] = base, 0 if m.is_rom else m.depth, m.depth
        words.append(content)
        doubt.append(np.zeros_like(content) if m.is_rom else state.unknown_memories[i].reshape(-1))
        base += len(content)
    return table, np.concatenate(words), np.concatenate(doubt)


def _restore(net: Netlist, state: FourState, table: np.ndarray, words: np.ndarray, doubt: np.ndarray) -> None:
    for i, m in enumerate(net.memories):
        if not m.is_rom:
            part = slice(table[i, 0], table[i, 0] + state.memories[i].size)
            state.memories[i][:] = words[part].reshape(state.memories[i].shape)
            state.unknown_memories[i][:] = doubt[part].reshape(state.memories[i].shape)
