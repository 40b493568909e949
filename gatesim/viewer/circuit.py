"""One instance of any netlist, every net visible, cycle by cycle or gate delay by gate delay.

All nets of a moment follow from registers, memories and inputs. So a run keeps only these, at the full speed
of the engines, and what is looked at is computed when somebody looks (:meth:`Circuit.values`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from time import sleep

import numpy as np

from ..analysis import levels
from ..engines.base import Engine, initial_state
from ..engines.logic2 import Logic2Engine
from ..engines.logic4 import FourState, Logic4Engine, with_unknown
from ..errors import LoopError, UnsupportedError
from ..four import four_table
from ..gates import DFF1, GATES, IS_LOGIC, IS_TRISTATE, READ
from ..kernels import viewing as kernel
from ..netlist import Netlist
from ..results import State
from ..schedule import compile as compile_netlist
from ..stimulus import Stimulus

MAX_COMPILED_ROWS = 40_000
"""Rows past which a run stays interpreted: nobody waits long for a window to close."""

SETTLING_SWEEPS = 64
"""How often the gates of loops are evaluated, in order of net id, until nothing changes: as the event engine does."""

KEPT_ENGINES = 4
"""Engines kept, each for another set of watched nets."""

Inputs = bytes
"""A code 0 to 3 (0, 1, X, Z) for every input bit, in port order."""


@dataclass(frozen=True, eq=False)
class LoopState(State):
    """The state of a circuit with combinational loops: what its nets hold is part of it.

    Attributes
    ----------
    nets : (n,) uint8
        Codes of all nets before this cycle's inputs.
    """

    nets: np.ndarray

    def copy(self) -> LoopState:
        """An independent copy."""
        return LoopState(
            self.registers.copy(), tuple(m.copy() for m in self.memories), self.n_patterns, self.nets.copy()
        )


class Circuit:
    """What one instance of `net` does; holds no state of its own, so that any moment can be asked for.

    Parameters
    ----------
    net : Netlist
        Combinational or clocked, with memories, tri-state cells, or combinational loops.

    Raises
    ------
    UnsupportedError
        Loops and tri-state cells, or loops and RAM, at once.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("toggle"); q = b.wire("q"); b.drive(q, b.flip_flop(~q)); b.output("out", q)
    >>> circuit = Circuit(b.freeze()); state = circuit.power_up()
    >>> state, seen = circuit.run(state, b"", 4, [circuit.net.net("out")])
    >>> seen[:, 0].tolist()
    [0, 1, 0, 1]
    """

    def __init__(self, net: Netlist) -> None:
        self.net = net
        self.four_valued = bool(len(net.tristate))
        try:
            order = levels(net).order
            self.has_loops = False
        except LoopError:
            self.has_loops = True
            order = np.arange(net.n_nets, dtype=np.int32)
        if self.has_loops and (self.four_valued or any(not m.is_rom for m in net.memories)):
            what = "tri-state cells" if self.four_valued else "RAM"
            raise UnsupportedError(f"{net.name!r} has combinational loops and {what}: cut the loops with flip-flops")
        computed = IS_LOGIC[net.op] | (net.op == READ) | IS_TRISTATE[net.op]
        self._cells = np.ascontiguousarray(order[computed[order]])
        self.input_nets = np.array([k for p in net.inputs for k in p.nets], np.int32)
        self.output_nets = np.array([k for p in net.outputs for k in p.nets], np.int32)
        self._engines: dict[tuple[int, ...], _Watching] = {}

    # -- a moment ----------------------------------------------------------------------------

    @property
    def no_inputs(self) -> Inputs:
        """All inputs 0."""
        return bytes(len(self.input_nets))

    def power_up(self) -> State:
        """The state before the first cycle."""
        first = initial_state(self.net, 1)
        if self.four_valued:
            return with_unknown(first)
        if not self.has_loops:
            return first
        nets = np.zeros(self.net.n_nets, np.uint8)
        nets[1] = 1
        nets[self.net.registers] = first.registers[:, 0] & np.uint64(1)
        return LoopState(first.registers, first.memories, 1, nets)

    def sources(self, state: State, inputs: Inputs, nets: np.ndarray) -> None:
        """Put registers, inputs and constants into the codes `nets`; everything else stays."""
        one = np.uint64(1)
        nets[0], nets[1] = 0, 1
        nets[self.net.registers] = (state.registers[:, 0] & one).astype(np.uint8)
        if isinstance(state, FourState):
            nets[self.net.registers] |= ((state.unknown_registers[:, 0] & one) << one).astype(np.uint8)
        nets[self.input_nets] = np.frombuffer(inputs, np.uint8)

    def values(self, state: State, inputs: Inputs) -> np.ndarray:
        """(n,) uint8: codes of all nets, settled, with `inputs` applied and the clock edge not yet there."""
        if isinstance(state, FourState):
            result = self._watching([]).run(
                self._stimulus(inputs, 1), state, np.arange(self.net.n_nets, dtype=np.int32)
            )[1]
            return result[0]
        nets = np.zeros(self.net.n_nets, np.uint8)
        if isinstance(state, LoopState):
            nets[:] = state.nets
        self.sources(state, inputs, nets)
        tables = self._tables(state)
        for _ in range(SETTLING_SWEEPS if self.has_loops else 1):
            if not kernel.settle(nets, *tables):
                break
        return nets

    def relax(self, nets: np.ndarray, state: State) -> int:
        """Let one gate delay pass, in place; how many nets changed."""
        return kernel.relax(nets, np.empty_like(nets), *self._tables(state))

    def restless(self, nets: np.ndarray, state: State) -> np.ndarray:
        """(k,) int: cells of loops that contradict their pins, however long one waits."""
        after = nets.copy()
        kernel.settle(after, *self._tables(state))
        return np.flatnonzero(after != nets)

    # -- cycles ------------------------------------------------------------------------------

    def run(self, state: State, inputs: Inputs, cycles: int, watch: Sequence[int] = ()) -> tuple[State, np.ndarray]:
        """Run `cycles` cycles on held inputs.

        Returns
        -------
        state : State
            After the last clock edge.
        seen : (cycles, len(watch)) uint8
            Codes of the watched nets in each cycle.
        """
        nets = np.array(watch, np.int32)
        if isinstance(state, LoopState):
            return self._run_loops(state, inputs, cycles, nets)
        if self.net.is_combinational:
            seen = self.values(state, inputs)[nets] if len(nets) else np.zeros(0, np.uint8)
            return state, np.broadcast_to(seen, (cycles, len(nets)))
        return self._watching(watch).run(self._stimulus(inputs, cycles), state, nets)

    def compile(self, watch: Sequence[int] = ()) -> None:
        """Have machine code made, in the background, for longer runs that watch these nets."""
        if not self.net.is_combinational and not self.has_loops and not self.four_valued:
            self._watching(watch).prepare()

    def close(self) -> None:
        """Wait for whatever is still being compiled."""
        for tiers in self._engines.values():
            tiers.close()

    def _run_loops(self, state: LoopState, inputs: Inputs, cycles: int, watch: np.ndarray) -> tuple[State, np.ndarray]:
        seen = np.zeros((cycles, len(watch)), np.uint8)
        registers = self.net.registers
        d, enable, reset = self._register_pins
        power_up = (self.net.op[registers] == DFF1).astype(np.uint8)
        for cycle in range(cycles):
            nets = self.values(state, inputs)
            seen[cycle] = nets[watch]
            loaded = np.where(nets[enable] == 1, nets[d], nets[registers])
            following = np.where(nets[reset] == 1, power_up, loaded)
            state = LoopState(following[:, None].astype(np.uint64), state.memories, 1, nets)
        return state, seen

    @cached_property
    def _register_pins(self) -> np.ndarray:
        pins = [self.net.fanin_of(q) for q in self.net.registers]
        return np.array(pins, np.int32).reshape(-1, 3).T

    def _stimulus(self, inputs: Inputs, cycles: int) -> Stimulus:
        codes = np.frombuffer(inputs, np.uint8)
        words = (codes & 1).astype(np.uint64)[None, :, None]
        unknown = (codes >> 1).astype(np.uint64)[None, :, None] if self.four_valued else None
        return Stimulus(words, 1, cycles, unknown)

    def _watching(self, watch: Sequence[int]) -> _Watching:
        key = tuple(sorted(set(map(int, watch)) - set(self.output_nets.tolist())))
        if key not in self._engines:
            while len(self._engines) >= KEPT_ENGINES:
                self._engines.pop(next(iter(self._engines))).close()
            self._engines[key] = _Watching(self.net, key)
        return self._engines[key]

    # -- tables of the kernel ----------------------------------------------------------------

    def _tables(self, state: State) -> tuple[np.ndarray, ...]:
        """What the kernel reads besides the codes of nets."""
        net, (memory_of, bit_of, memory, words) = self.net, self._memory_tables
        for m, stored, (base, depth) in zip(net.memories, state.memories, memory.tolist(), strict=True):
            if not m.is_rom:
                words[base : base + depth] = stored[0]
        return self._cells, net.op, net.fanin_ptr, net.fanin, _op_tables(), memory_of, bit_of, memory, words

    @cached_property
    def _memory_tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        memory_of = np.full(self.net.n_nets, -1, np.int32)
        bit_of = np.zeros(self.net.n_nets, np.uint8)
        rows, base = [], 0
        for i, m in enumerate(self.net.memories):
            for port in m.reads:
                memory_of[list(port.data)] = i
                bit_of[list(port.data)] = np.arange(len(port.data))
            rows.append((base, m.depth))
            base += m.depth
        words = np.concatenate([np.zeros(0, np.uint64), *(m.contents for m in self.net.memories)])
        return memory_of, bit_of, np.array(rows, np.int64).reshape(-1, 2), words


_OP_TABLES: list[np.ndarray] = []


def _op_tables() -> np.ndarray:
    """(ops, 256) uint8: the code that each gate gives for each combination of pin codes."""
    if not _OP_TABLES:
        table = np.zeros((len(GATES), 256), np.uint8)
        for gate in GATES:
            if IS_LOGIC[gate.op] or IS_TRISTATE[gate.op]:
                found = four_table(gate.op)
                table[gate.op, : len(found)] = found
        _OP_TABLES.append(table)
    return _OP_TABLES[0]


class _Watching:
    """An engine that can be asked for one set of nets."""

    def __init__(self, net: Netlist, watch: tuple[int, ...]) -> None:
        schedule = compile_netlist(net, watch)
        self._may_compile = len(schedule.rows) <= MAX_COMPILED_ROWS
        self._engine: Engine = (
            Logic4Engine(schedule) if len(net.tristate) else Logic2Engine(schedule, threads=1, tier="auto")
        )
        self._is_compiling = False

    def prepare(self) -> None:
        if self._may_compile:
            self._is_compiling = True
            self._engine.prepare(1)

    def run(self, stimulus: Stimulus, state: State, nets: np.ndarray) -> tuple[State, np.ndarray]:
        engine = self._engine
        engine.state = state
        result = engine.run(stimulus, watch=nets, record="all" if len(nets) else "last")
        after = engine.state
        assert after is not None
        if not len(nets):
            return after, np.zeros((stimulus.n_cycles, 0), np.uint8)
        one = np.uint64(1)
        first = sum(p.width for p in engine.netlist.outputs)
        seen = (result.words[:, first:, 0] & one).astype(np.uint8)
        if result.unknown is not None:
            seen |= ((result.unknown[:, first:, 0] & one) << one).astype(np.uint8)
        return after, seen

    def close(self) -> None:
        while self._is_compiling and not self._engine.prepare(1):
            sleep(0.01)
        self._is_compiling = False
