"""When nets change: frozen results of the timed engines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from .activity import Activity
from .errors import unknown_name
from .netlist import Netlist
from .pictured import Pictured


class Events(NamedTuple):
    """Transitions, one a row, sorted by (pattern, time, net).

    Attributes
    ----------
    pattern : (k,) int64
        Operation that caused it.
    time_ps : (k,) int64
        From the start of that operation.
    net : (k,) int32
    value : (k,) uint8
        What the net has become.
    """

    pattern: np.ndarray
    time_ps: np.ndarray
    net: np.ndarray
    value: np.ndarray

    @classmethod
    def sorted(cls, pattern, time_ps, net, value) -> Events:
        """Rows in order, with the right types."""
        order = np.lexsort((net, time_ps, pattern))
        return cls(
            np.asarray(pattern, np.int64)[order],
            np.asarray(time_ps, np.int64)[order],
            np.asarray(net, np.int32)[order],
            np.asarray(value, np.uint8)[order],
        )


class Block(NamedTuple):
    """Waveforms of consecutive patterns, from pattern ``64 * first_word`` on.

    Net ``i`` of the watched nets has entries ``ptr[i] .. ptr[i + 1]`` of ``times`` (k,) int64, ascending,
    and ``masks`` (k, words) uint64: the lanes that change then.
    """

    first_word: int
    ptr: np.ndarray
    times: np.ndarray
    masks: np.ndarray


class PerPattern(NamedTuple):
    """Sums for every pattern.

    Attributes
    ----------
    toggles : (patterns,) int64
        Transitions of all gates.
    energy_fj : (patterns,) float64
        What these cost.
    settled_ps : (patterns,) int64
        The last transition of any gate; -1 if there was none.
    """

    toggles: np.ndarray
    energy_fj: np.ndarray
    settled_ps: np.ndarray


def watched_nets(net: Netlist, watch: Sequence[str | int] | None) -> tuple[int, ...]:
    """Numbers of the nets to record: ports (every bit), nets by name or number; None for all nets."""
    if watch is None:
        return tuple(range(net.n_nets))
    found: list[int] = []
    for item in watch:
        if isinstance(item, str):
            port = next((p for p in net.ports if p.name == item), None)
            found.extend(port.nets if port is not None else (net.net(item),))
        elif 0 <= int(item) < net.n_nets:
            found.append(int(item))
        else:
            raise unknown_name(f"net of {net.name!r}", item, (f"0 to {net.n_nets - 1}",))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, eq=False)
class Waves(Pictured):
    """Transitions of a combinational netlist, for many patterns, each from a settled state.

    Attributes
    ----------
    activity : Activity
        Transitions and glitches of every net, over all patterns.
    n_patterns : int
    watched : tuple of int
        Nets whose waveforms were kept.
    before : (watched, n_words) uint64
        Their values before the inputs change.
    blocks : tuple of Block
        Their waveforms.
    per_pattern : PerPattern or None
        Sums for every pattern, when asked for.
    metadata : mapping
        ``seconds``, ``threads``, ``way`` (how the last block was done: ``"lists"`` or ``"grid"``).
    """

    picture_by: ClassVar[str] = "gatesim.viewer.notebook:waves_svg"

    activity: Activity
    n_patterns: int
    watched: tuple[int, ...]
    before: np.ndarray
    blocks: tuple[Block, ...]
    per_pattern: PerPattern | None
    metadata: dict[str, object]

    @property
    def netlist(self) -> Netlist:
        """What was simulated."""
        return self.activity.netlist

    def _place(self, net: str | int) -> int:
        number = self.netlist.net(net) if isinstance(net, str) else int(net)
        if number not in self.watched:
            raise unknown_name("watched net", self.netlist.net_name(number), map(self.netlist.net_name, self.watched))
        return self.watched.index(number)

    def transitions(self, net: str | int, pattern: int) -> tuple[np.ndarray, np.ndarray]:
        """Times (k,) int64 and values after them (k,) uint8 of one net in one pattern."""
        place = self._place(net)
        word, lane = pattern >> 6, np.uint64(pattern & 63)
        block = next(b for b in reversed(self.blocks) if b.first_word <= word)
        rows = slice(block.ptr[place], block.ptr[place + 1])
        own = block.masks[rows, word - block.first_word] >> lane & np.uint64(1) == 1
        times = block.times[rows][own]
        start = int(self.before[place, word] >> lane) & 1
        return times, ((np.arange(len(times)) + 1 + start) & 1).astype(np.uint8)

    def counts(self, net: str | int) -> np.ndarray:
        """(patterns,) int64: transitions of one net in each pattern."""
        place = self._place(net)
        total = np.zeros(self.before.shape[1] * 64, np.int64)
        for block in self.blocks:
            masks = block.masks[block.ptr[place] : block.ptr[place + 1]]
            ones = np.unpackbits(masks.view(np.uint8), axis=1, bitorder="little").sum(axis=0, dtype=np.int64)
            low = 64 * block.first_word
            total[low : low + len(ones)] += ones[: len(total) - low]
        return total[: self.n_patterns]

    def settled(self, net: str | int) -> np.ndarray:
        """(n_words,) uint64: the last value of one net in every pattern."""
        place = self._place(net)
        words = self.before[place].copy()
        for block in self.blocks:
            changed = np.bitwise_xor.reduce(block.masks[block.ptr[place] : block.ptr[place + 1]], axis=0)
            part = words[block.first_word : block.first_word + len(changed)]
            part ^= changed[: len(part)]
        return words

    def events(self) -> Events:
        """Every transition of the watched nets as one table (large: patterns x transitions)."""
        parts: list[tuple[np.ndarray, ...]] = []
        for block in self.blocks:
            for place, net in enumerate(self.watched):
                rows = slice(block.ptr[place], block.ptr[place + 1])
                masks = block.masks[rows]
                width = masks.shape[1]
                start = np.zeros(width, np.uint64)
                known = self.before[place, block.first_word : block.first_word + width]
                start[: len(known)] = known
                after = np.bitwise_xor.accumulate(masks, axis=0) ^ start
                ones = np.unpackbits(masks.view(np.uint8), axis=1, bitorder="little")
                values = np.unpackbits(after.view(np.uint8), axis=1, bitorder="little")
                entry, lane = np.nonzero(ones)
                parts.append(
                    (
                        64 * block.first_word + lane,
                        block.times[rows][entry],
                        np.full(len(lane), net),
                        values[entry, lane],
                    )
                )
        if not parts:
            return Events.sorted([], [], [], [])
        return Events.sorted(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass(frozen=True, eq=False)
class Trace(Pictured):
    """One circuit in time, operation after operation.

    Attributes
    ----------
    activity : Activity
        Transitions and glitches of every net, over all operations.
    begun_ps : (operations + 1,) int64
        When each operation began; the last entry is when the last one ended.
    watched : tuple of int
        Nets whose transitions were recorded.
    before : (watched,) uint8
        Their values before the first operation.
    time_ps, net, operation : (k,) int64, (k,) int32, (k,) int32
        Transitions of the watched nets in order of (time, net), and the operation that each belongs to.
        What happens at the very end of an operation still belongs to it.
    samples : (operations, output bits) uint8
        Output bits at the end of every operation, in port order.
    values : (n,) uint8
        Every net at the end.
    restless : tuple of str
        Nets that had a change under way at the end.
    metadata : dict
        ``seconds``, ``events`` (transitions of gates and flip-flops), ``unit_ps``.
    """

    picture_by: ClassVar[str] = "gatesim.viewer.notebook:trace_svg"

    activity: Activity
    begun_ps: np.ndarray
    watched: tuple[int, ...]
    before: np.ndarray
    time_ps: np.ndarray
    net: np.ndarray
    operation: np.ndarray
    samples: np.ndarray
    values: np.ndarray
    restless: tuple[str, ...]
    metadata: dict[str, object]

    @property
    def netlist(self) -> Netlist:
        """What was simulated."""
        return self.activity.netlist

    def __getitem__(self, port: str) -> np.ndarray:
        """(operations,) unsigned integers of an output port at the end of every operation."""
        low = 0
        for p in self.netlist.outputs:
            if p.name == port:
                columns = self.samples[:, low : low + p.width]
                weights = np.array([1 << i for i in range(p.width)], np.uint64 if p.width <= 64 else object)
                return (columns.astype(weights.dtype) * weights).sum(axis=1)
            low += p.width
        raise unknown_name(f"output of {self.netlist.name!r}", port, (p.name for p in self.netlist.outputs))

    def transitions(self, net: str | int) -> tuple[np.ndarray, np.ndarray]:
        """Times (k,) int64, from the start of the run, and values after them (k,) uint8 of one net."""
        number = self.netlist.net(net) if isinstance(net, str) else int(net)
        if number not in self.watched:
            raise unknown_name("watched net", self.netlist.net_name(number), map(self.netlist.net_name, self.watched))
        times = self.time_ps[self.net == number]
        start = int(self.before[self.watched.index(number)])
        return times, ((np.arange(len(times)) + 1 + start) & 1).astype(np.uint8)

    @property
    def value(self) -> np.ndarray:
        """(k,) uint8: what each recorded net became."""
        start = np.zeros(self.netlist.n_nets, np.uint8)
        start[list(self.watched)] = self.before
        order = np.argsort(self.net, kind="stable")
        nets = self.net[order]
        first = np.searchsorted(nets, nets)
        found = np.empty(len(nets), np.uint8)
        found[order] = (np.arange(len(nets)) - first + 1 + start[nets]) & 1
        return found

    def events(self) -> Events:
        """Recorded transitions, with times from the start of their operation."""
        return Events.sorted(self.operation, self.time_ps - self.begun_ps[self.operation], self.net, self.value)
