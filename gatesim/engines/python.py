"""The reference engine: slow, obvious, and the definition of what every other engine must compute.

It reads the netlist as written, not the schedule's rows: one truth-table look-up a cell a pattern.
"""

from __future__ import annotations

import numpy as np

from ..analysis import levels
from ..gates import DFF1, GATES, IS_LOGIC
from ..results import State
from ..stimulus import Stimulus
from .base import Engine, Record

CHUNK = 1 << 14  # patterns at a time, so that a value per net per pattern fits into memory


class PythonEngine(Engine):
    """Evaluates cell after cell, level after level, straight from the truth tables."""

    name = "python"

    def _simulate(self, stimulus: Stimulus, state: State, nets: np.ndarray, record: Record):
        kept = stimulus.n_cycles if record == "all" else min(1, stimulus.n_cycles)
        out = np.zeros((kept, len(nets), stimulus.n_words), np.uint64)
        for low in range(0, stimulus.n_patterns, CHUNK):
            lanes = slice(low, min(low + CHUNK, stimulus.n_patterns))
            words = slice(low >> 6, (lanes.stop + 63) >> 6)
            part = State(state.registers[:, words], tuple(m[lanes] for m in state.memories), lanes.stop - low)
            self._run_lanes(stimulus, words, part, nets, out)
        return out, {}

    def _run_lanes(self, stimulus: Stimulus, words: slice, state: State, nets: np.ndarray, out: np.ndarray) -> None:
        """Every cycle of one chunk of lanes; `state` and `out` are views to update."""
        net, n = self.netlist, state.n_patterns
        rows = np.arange(n)
        value = np.zeros((net.n_nets, n), np.uint8)
        value[1] = 1
        value[net.registers] = _bits(state.registers, n)
        inputs = [k for p in net.inputs for k in p.nets]
        tables = {
            g.op: np.array([g.table >> i & 1 for i in range(1 << g.arity)], np.uint8) for g in GATES if IS_LOGIC[g.op]
        }
        port_of = {k: (i, r, b) for i, m in enumerate(net.memories) for r in m.reads for b, k in enumerate(r.data)}
        order = [int(i) for i in levels(net).order]
        for cycle in range(stimulus.n_cycles):
            value[inputs] = _bits(stimulus.words[cycle if len(stimulus.words) > 1 else 0][:, words], n)
            for cell in order:
                op = net.op[cell]
                if IS_LOGIC[op]:
                    index = np.zeros(n, np.uint8)
                    for k, pin in enumerate(net.fanin_of(cell)):
                        index |= value[pin] << np.uint8(k)
                    value[cell] = tables[op][index]
                elif cell in port_of:
                    which, port, bit = port_of[cell]
                    value[cell] = _read(
                        net.memories[which], state.memories[which], rows, _number(value, port.address)
                    ) >> np.uint64(bit) & np.uint64(1)
            if len(out) > 1 or cycle == stimulus.n_cycles - 1:
                out[cycle if len(out) > 1 else 0][:, words] = _planes(value[nets])
            self._clock_edge(value, state, rows)
        state.registers[:] = _planes(value[net.registers])

    def _clock_edge(self, value: np.ndarray, state: State, rows: np.ndarray) -> None:
        net = self.netlist
        following = []
        for q in net.registers:
            d, enable, reset = net.fanin_of(q)
            loaded = np.where(value[enable] == 1, value[d], value[q])
            following.append(np.where(value[reset] == 1, np.uint8(net.op[q] == DFF1), loaded))
        for memory, stored in zip(net.memories, state.memories, strict=True):
            for w in memory.writes:
                address = _number(value, w.address)
                lanes = rows[(value[w.enable] == 1) & (address < np.uint64(memory.depth))]
                stored[lanes, address[lanes].astype(np.int64)] = _number(value, w.data)[lanes]
        if following:
            value[net.registers] = np.stack(following)


def _number(value: np.ndarray, nets: tuple[int, ...]) -> np.ndarray:
    """(patterns,) uint64: the integer on a bus (bits past the 64th are never meaningful addresses)."""
    total = np.zeros(value.shape[1], np.uint64)
    for i, k in enumerate(nets):
        total |= value[k].astype(np.uint64) << np.uint64(i)
    return total


def _read(memory, stored: np.ndarray, rows: np.ndarray, address: np.ndarray) -> np.ndarray:
    inside = address < np.uint64(memory.depth)
    safe = np.where(inside, address, np.uint64(0)).astype(np.int64)
    words = memory.contents[safe] if memory.is_rom else stored[rows, safe]
    return np.where(inside, words, np.uint64(0))


def _bits(planes: np.ndarray, n: int) -> np.ndarray:
    """(k, n) uint8 of bit planes (k, words)."""
    planes = np.ascontiguousarray(planes)
    return (
        np.unpackbits(planes.view(np.uint8), axis=1, count=n, bitorder="little")
        if planes.size
        else np.zeros((len(planes), n), np.uint8)
    )


def _planes(value: np.ndarray) -> np.ndarray:
    """(k, words) uint64 of values (k, n) in {0, 1}."""
    k, n = value.shape
    padded = np.zeros((k, (n + 63) // 64 * 64), np.uint8)
    padded[:, :n] = value
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64).reshape(k, padded.shape[1] // 64)
