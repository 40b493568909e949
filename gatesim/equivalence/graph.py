"""Two netlists as one graph of ANDs and XORs on shared inputs: for one step, or for cycles from power-up.

What both compute alike is one node already, because nodes are hashed (:mod:`gatesim.kernels.lowering`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import bits
from ..analysis import levels
from ..errors import TooLargeError
from ..gates import DFF1, IS_LOGIC
from ..kernels import lowering, sweep
from ..netlist import Netlist
from ..primitives import RESULT, STEP_START, STEPS

BYTES_A_NODE = 40
"""Memory that a node takes while it is made, about."""


@dataclass(frozen=True, eq=False)
class Graph:
    """ANDs and XORs over sources; a *literal* is ``2 * node + inverted``, node 0 is constant 0.

    Attributes
    ----------
    first : int
        Nodes 1 to ``first - 1`` are the sources: the input bits cycle after cycle, then what was cut free.
    is_xor : (n_nodes,) bool
    pin : (n_nodes, 2) int64
        Literals that each node reads.
    goals : (n_goals, 2) int64
        Literals that should be equal.
    """

    first: int
    is_xor: np.ndarray
    pin: np.ndarray
    goals: np.ndarray

    @property
    def n_nodes(self) -> int:
        """Nodes, the constant and the sources included."""
        return len(self.pin)


@dataclass(frozen=True, eq=False)
class Cut:
    """Nets of two netlists that count as sources of one step, and nets that have to agree.

    Attributes
    ----------
    source_a, source_b : (n_a,), (n_b,) int64
        For every net -1, or the number of the free variable that stands for it (from 0).
    n_sources : int
    registers : sequence of (list of int, list of int)
        Classes of registers, by their position in ``Netlist.registers``, whose next states have to agree.
    nets : sequence of (int, int)
        Nets of `a` and `b` that have to agree besides the output ports.
    """

    source_a: np.ndarray
    source_b: np.ndarray
    n_sources: int
    registers: Sequence[tuple[list[int], list[int]]]
    nets: Sequence[tuple[int, int]]


def one_step(a: Netlist, b: Netlist, cut: Cut) -> Graph:
    """The graph of one cycle from any state that the cut's classes allow."""
    frames = _Frames(a, b, 1)
    for which, source in enumerate((cut.source_a, cut.source_b)):
        nets = np.flatnonzero(source >= 0)
        frames.literal[frames.base(0, which) + nets] = 2 * (1 + frames.n_inputs + source[nets])
    frames.lower(1 + frames.n_inputs + cut.n_sources, last_step=True)
    ends = [frames.end, frames.end + len(a.registers)]
    goals = [frames.outputs(0)]
    for members in cut.registers:
        literals = np.concatenate([frames.literal[ends[w] + np.array(members[w], np.int64)] for w in range(2)])
        goals.append(np.stack((np.broadcast_to(literals[:1], len(literals) - 1), literals[1:]), axis=1))
    for pair in cut.nets:
        goals.append(np.array([[frames.literal[frames.base(0, w) + pair[w]] for w in range(2)]]))
    return frames.graph(np.concatenate(goals))


def unrolled(a: Netlist, b: Netlist, n_cycles: int) -> Graph:
    """The graph of `n_cycles` cycles from power-up: the outputs of every cycle have to agree.

    Raises
    ------
    TooLargeError
        It would not fit into memory.
    """
    frames = _Frames(a, b, n_cycles)
    for which, net in enumerate((a, b)):
        frames.literal[frames.base(0, which) + net.registers] = net.op[net.registers] == DFF1
    frames.lower(1 + n_cycles * frames.n_inputs, last_step=False)
    return frames.graph(np.concatenate([frames.outputs(f) for f in range(n_cycles)]))


class _Frames:
    """Both netlists side by side, once a cycle, as the lowering kernel takes them."""

    def __init__(self, a: Netlist, b: Netlist, n_frames: int) -> None:
        self.nets = (a, b)
        self.n_frames = n_frames
        self.n_both = a.n_nets + b.n_nets
        self.n_inputs = sum(p.width for p in a.inputs)
        self.end = n_frames * self.n_both
        self.steps = np.maximum(STEP_START[1:] - STEP_START[:-1], RESULT < 0)
        work = n_frames * (self.n_both + int(sum(self.steps[net.op].sum() for net in self.nets)))
        if work >= 1 << 31:
            raise TooLargeError(
                f"{a.name!r} beside {b.name!r} for {n_frames:,} cycles would be {work:,} nodes; 2^31 are possible: "
                "compare fewer cycles"
            )
        bits.require_memory(BYTES_A_NODE * work, f"{a.name!r} beside {b.name!r} for {n_frames:,} cycles")
        self.literal = np.zeros(self.end + sum(len(net.registers) for net in self.nets), np.int64)
        for f in range(n_frames):
            for which, net in enumerate(self.nets):
                base = self.base(f, which)
                inputs = np.array([k for p in net.inputs for k in p.nets], np.int64)
                self.literal[base + 1] = 1
                self.literal[base + inputs] = 2 * (1 + f * self.n_inputs + np.arange(self.n_inputs))

    def base(self, frame: int, which: int) -> int:
        """Number of net 0 of one netlist in one frame."""
        return frame * self.n_both + which * self.nets[0].n_nets

    def lower(self, first: int, *, last_step: bool) -> None:
        """Make the nodes; `first` is the number of the first one that is no source.

        The next states of the last frame are made only with `last_step`; their literals follow those of
        all nets.
        """
        cells, targets, old = [], [], []
        after_last = self.end
        for f in range(self.n_frames):
            for which, net in enumerate(self.nets):
                base = self.base(f, which)
                order = levels(net).order
                logic = order[IS_LOGIC[net.op[order]]] + base
                cells.append(logic)
                targets.append(logic)
                old.append(np.full(len(logic), -1))
            for which, net in enumerate(self.nets):
                registers = net.registers + self.base(f, which)
                if f + 1 < self.n_frames:
                    targets.append(registers + self.n_both)
                elif last_step:
                    targets.append(after_last + np.arange(len(registers)))
                    after_last += len(registers)
                else:
                    continue
                cells.append(registers)
                old.append(registers)
        a, b = self.nets
        op = np.tile(np.concatenate((a.op, b.op)), self.n_frames)
        counts = np.tile(np.concatenate((np.diff(a.fanin_ptr), np.diff(b.fanin_ptr))), self.n_frames)
        ptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
        bases = [self.base(f, which) for f in range(self.n_frames) for which in range(2)]
        fanin = np.concatenate([net.fanin + base for base, net in zip(bases, self.nets * self.n_frames, strict=True)])
        cells = np.concatenate(cells).astype(np.int32)
        n = first + int(self.steps[op[cells]].sum(dtype=np.int64))
        self.table, self.fanin = np.zeros(n, np.uint8), np.zeros((n, 3), np.int32)
        self.first = first
        used = lowering.lower(
            cells, np.concatenate(targets).astype(np.int32), op, ptr, fanin.astype(np.int32),
            np.concatenate(old).astype(np.int32), STEP_START, STEPS, RESULT, self.literal, self.table, self.fanin,
            np.zeros(n, np.uint8), np.zeros(n, np.int32), first,
        )  # fmt: skip
        self.table, self.fanin = self.table[:used] & 15, self.fanin[:used, :2].astype(np.int64)

    def outputs(self, frame: int) -> np.ndarray:
        """(n, 2) literals of the output bits of both netlists."""
        rows = [
            self.literal[self.base(frame, which) + np.array([k for p in net.outputs for k in p.nets], np.int64)]
            for which, net in enumerate(self.nets)
        ]
        return np.stack(rows, axis=1)

    def graph(self, goals: np.ndarray) -> Graph:
        """The nodes that goals depend on, every node an AND of literals or a XOR."""
        both = np.zeros(16, np.int64)
        both[list(lowering.AND_TABLES)] = np.arange(4)
        inverted = both[self.table]
        # An OR is the complement of the AND that takes its place.
        flip = (inverted == 3).astype(np.int64)
        pin = 2 * self.fanin + np.stack((inverted & 1, inverted >> 1), axis=1)
        pin ^= flip[self.fanin]
        goals = goals ^ flip[goals >> 1]
        n = len(pin)
        pin[: self.first] = 0
        found, seen = np.zeros(n, np.int64), np.zeros(n, np.int64)
        count = sweep.cone(np.unique(goals >> 1), self.first, pin, seen, 1, np.zeros(n, np.int64), found)
        keep = np.zeros(n, np.bool_)
        keep[found[:count]] = True
        keep[: self.first] = True
        renumber = np.cumsum(keep) - 1
        pin = pin[keep]
        return Graph(
            self.first,
            self.table[keep] == lowering.XOR_TABLE,
            2 * renumber[pin >> 1] + (pin & 1),
            2 * renumber[goals >> 1] + (goals & 1),
        )
