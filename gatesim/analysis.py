"""Questions about a netlist: levels, fanout, cones, loops, statistics. Arrays by net id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from .errors import LoopError
from .gates import BUF, IS_REGISTER, READ
from .kernels import graph
from .netlist import Netlist


class Levels(NamedTuple):
    """Levels of a netlist without combinational loops.

    Attributes
    ----------
    level : (n,) int32
        0 for constants, inputs and flip-flop outputs; otherwise one more than the deepest pin.
    order : (n,) int32
        All nets, drivers first, sorted by (level, id).
    """

    level: np.ndarray
    order: np.ndarray


_levels_of: WeakKeyDictionary[Netlist, Levels] = WeakKeyDictionary()


def _sources(net: Netlist) -> np.ndarray:
    """(n,) bool: nets whose value is known when a cycle starts (no pins, or a flip-flop)."""
    return (np.diff(net.fanin_ptr) == 0) | IS_REGISTER[net.op]


def levels(net: Netlist) -> Levels:
    """Levels of `net` (computed once a netlist).

    Raises
    ------
    LoopError
        `net` has a combinational loop; the nets of one are named in order.
    """
    known = _levels_of.get(net)
    if known is None:
        level, order = graph.levelise(_sources(net), net.fanin_ptr, net.fanin, net.n_nets)
        if len(order) < net.n_nets:
            raise LoopError(net.name, [net.net_name(i) for i in loops(net)[0]])
        level.flags.writeable = order.flags.writeable = False
        known = _levels_of[net] = Levels(level, order)
    return known


def depth(net: Netlist) -> int:
    """Gates on the longest path between sources and sinks; a buffer counts like any gate."""
    return int(levels(net).level.max())


def loops(net: Netlist) -> list[list[int]]:
    """One cycle of cells for every strongly connected group that forms a combinational loop."""
    from .graph import combinational_cycles

    return combinational_cycles(net)


def fanout(net: Netlist) -> np.ndarray:
    """(n,) int32: pins and output-port bits that read each net (memory ports count as pins)."""
    count = np.bincount(net.fanin, minlength=net.n_nets)
    for p in net.outputs:
        np.add.at(count, list(p.nets), 1)
    for m in net.memories:
        for w in m.writes:
            np.add.at(count, [*w.address, *w.data, w.enable], 1)
    return count.astype(np.int32)


def _observed(net: Netlist) -> np.ndarray:
    nets = [k for p in net.outputs for k in p.nets]
    return np.array(nets, dtype=np.int32)


def fanin_cone(net: Netlist, nets) -> np.ndarray:
    """(n,) bool: everything that `nets` depend on within one cycle, themselves included.

    A flip-flop ends the cone: it is in it, what feeds it is not.
    """
    pins = np.where(IS_REGISTER[net.op], 0, np.diff(net.fanin_ptr))
    keep = np.repeat(pins > 0, np.diff(net.fanin_ptr))
    ptr = np.concatenate(([0], np.cumsum(pins))).astype(np.int32)
    return graph.reach(np.atleast_1d(np.asarray(nets, np.int32)), ptr, net.fanin[keep], net.n_nets)


def fanout_cone(net: Netlist, nets) -> np.ndarray:
    """(n,) bool: everything that `nets` can change within one cycle, themselves included."""
    register = IS_REGISTER[net.op]
    ptr, readers = graph.fanout_lists(net.fanin_ptr, net.fanin, net.n_nets)
    keep = ~register[readers]
    owner = np.repeat(np.arange(net.n_nets), np.diff(ptr))[keep]
    counts = np.bincount(owner, minlength=net.n_nets)
    ptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    return graph.reach(np.atleast_1d(np.asarray(nets, np.int32)), ptr, readers[keep], net.n_nets)


def live(net: Netlist) -> np.ndarray:
    """(n,) bool: nets that some output port can ever depend on, through any number of cycles.

    Constants and inputs always count: they belong to the interface. A memory is live when one of its
    read-data bits is; then everything that feeds its ports is live too.
    """
    start = np.concatenate(
        (np.array([0, 1], np.int32), _observed(net), *(np.array(p.nets, np.int32) for p in net.inputs))
    )
    seen = graph.reach(start, net.fanin_ptr, net.fanin, net.n_nets)
    waiting = list(net.memories)
    while True:
        awake = [m for m in waiting if any(seen[list(r.data)].any() for r in m.reads)]
        if not awake:
            return seen
        waiting = [m for m in waiting if m not in awake]
        extra: list[int] = []
        for m in awake:
            for r in m.reads:
                extra += [*r.address, *r.data]
            for w in m.writes:
                extra += [*w.address, *w.data, w.enable]
        seen |= graph.reach(np.array(extra, np.int32), net.fanin_ptr, net.fanin, net.n_nets)


@dataclass(frozen=True)
class Statistics:
    """Size and shape of a netlist.

    ``gates`` counts logic gates without buffers; ``depth`` is in gates; ``memory_bits`` sums depth ×
    width of the memories; ``cells`` maps gate names to counts.
    """

    name: str
    gates: int
    depth: int
    inputs: int
    outputs: int
    registers: int
    memory_bits: int
    max_fanout: int
    mean_fanout: float
    cells: dict[str, int]


def statistics(net: Netlist) -> Statistics:
    """Size and shape of `net`; LoopError if it has a combinational loop.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("half_adder"); x, y = b.input("x"), b.input("y")
    >>> b.output("sum", x ^ y); b.output("carry", x & y)
    >>> s = statistics(b.freeze()); s.gates, s.depth
    (2, 1)
    """
    readers = fanout(net)[2:]
    driven = readers[net.op[2:] != READ] if len(readers) else readers
    return Statistics(
        name=net.name,
        gates=net.n_gates - int((net.op == BUF).sum()),
        depth=depth(net),
        inputs=sum(p.width for p in net.inputs),
        outputs=sum(p.width for p in net.outputs),
        registers=len(net.registers),
        memory_bits=sum(m.depth * m.width for m in net.memories),
        max_fanout=int(readers.max()) if len(readers) else 0,
        mean_fanout=float(driven.mean()) if len(driven) else 0.0,
        cells=net.counts(),
    )
