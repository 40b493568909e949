"""Netlists of XOR and AND with few ANDs: ``minimise_ands(net)``.

Where XOR and NOT are nearly free (fault-tolerant quantum circuits, secure computation, masked hardware) the
number of ANDs, the *multiplicative complexity*, is the price of a circuit. The logic between inputs, registers
and memories becomes one XOR-AND graph in which equal sums are one node (:mod:`gatesim.kernels.xag`), and is
rewritten until nothing gets better: nodes try the best programs of their cuts (:mod:`gatesim.kernels.xag_rewrite`)
and sums and products of what lies around them (:mod:`gatesim.kernels.xag_resub`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from .. import gates
from ..analysis import levels
from ..errors import GatesimError, unknown_name
from ..gates import IS_LOGIC
from ..kernels import and_programs, xag, xag_cuts, xag_resub, xag_rewrite
from ..netlist import Netlist
from ..primitives import RESULT, STEP_START, STEPS
from .rewrite import rebuild

Effort = Literal["quick", "normal", "high"]
Report = Callable[[int], None]
"""Told the number of ANDs after every round."""

CHECK_WORDS = 256
"""Words of random patterns on which a result is compared with its netlist (64 patterns a word)."""


@dataclass(frozen=True)
class Plan:
    """What an effort does: so many cycles of some rounds of rewriting and one of resubstitution.

    ``kept`` cuts of ``leaves`` leaves a node; windows of ``window`` leaves, ``vectors`` nodes and ``pairs``
    sums of two as factors (see :func:`gatesim.kernels.xag_resub.resubstitute`).
    """

    leaves: int
    kept: int
    rounds: int
    window: int
    vectors: int
    pairs: int
    cycles: int


_NORMAL = Plan(6, 60, 3, 8, 40, 200, 3)

PLANS: dict[str, tuple[tuple[Plan, ...], ...]] = {
    "quick": ((Plan(6, 24, 2, 8, 40, 100, 1),),),
    "normal": ((_NORMAL,),),
    "high": (
        (_NORMAL,),
        (Plan(6, 250, 3, 10, 60, 1000, 1), Plan(6, 120, 3, 12, 60, 1000, 2), Plan(6, 60, 3, 12, 60, 1500, 2)),
    ),
}
"""By effort: ways to go from the netlist, each a sequence of plans; the best result counts."""


@dataclass(frozen=True, eq=False)
class XorAndGraph:
    """The logic of a netlist between its sources and its sinks.

    Attributes
    ----------
    n_sources : int
        Nodes 1 to ``n_sources`` are the sources (input bits, registers, memory read bits), node 0 is 0.
    kind : (n_nodes,) uint8
        ``AND`` or ``XOR`` of :mod:`gatesim.kernels.xag` for all others, drivers first.
    fan : (n_nodes, 2) int32
        Literals (``2 * node + inverted``) that each node reads.
    sinks : (n_sinks,) int64
        Literals of what leaves the logic (output ports, pins of registers and memories).
    """

    n_sources: int
    kind: np.ndarray
    fan: np.ndarray
    sinks: np.ndarray

    @property
    def n_ands(self) -> int:
        """Number of ANDs."""
        return int((self.kind == xag.AND).sum())

    def signature(self, words: int) -> np.ndarray:
        """(n_sinks, words) uint64: the sinks on random patterns, the same ones at every call."""
        values = np.zeros((len(self.kind), words), np.uint64)
        values[1 : self.n_sources + 1] = np.random.default_rng(0).integers(
            0, 1 << 64, (self.n_sources, words), np.uint64
        )
        xag.simulate(self.kind, self.fan, values)
        return values[self.sinks >> 1] ^ (np.uint64(0) - (self.sinks & 1).astype(np.uint64))[:, None]


def minimise_ands(net: Netlist, effort: Effort = "normal", *, report: Report | None = None) -> Netlist:
    """`net` from ANDs and XORs only, with as few ANDs as `effort` finds; registers and memories stay.

    Constants and linear parts cost nothing, a full adder one AND, a multiplexer one AND. Every result is
    compared with `net` on 16,384 random patterns; :func:`gatesim.equivalent` proves it.

    Parameters
    ----------
    net : Netlist
        Without combinational loops.
    effort : {"quick", "normal", "high"}
        How many cuts are kept of a node, how large windows are, and how often all is repeated.
    report : callable, optional
        Called with the number of ANDs after every round.

    Returns
    -------
    Netlist
        Gates AND and XOR (an inverter is XOR(x, 1)); inner nets have lost their names.

    Raises
    ------
    LoopError
        A combinational loop.
    UnknownNameError
        No such effort.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("full_adder"); x, y, c = b.input("x"), b.input("y"), b.input("c")
    >>> b.output("sum", x ^ y ^ c); b.output("carry", (x & y) | (y & c) | (c & x))
    >>> minimise_ands(b.freeze()).counts()["AND"]
    1
    """
    if effort not in PLANS:
        raise unknown_name("effort", effort, PLANS)
    net.require_two_valued("minimise_ands()")
    graph, sink_nets = xor_and_graph(net)
    wanted = graph.signature(CHECK_WORDS)
    best = min((_followed(graph, plans, report) for plans in PLANS[effort]), key=lambda g: g.n_ands)
    if not np.array_equal(best.signature(CHECK_WORDS), wanted):
        raise GatesimError(f"minimise_ands() changed the function of {net.name!r}: please report the netlist")
    return _as_netlist(net, best, sink_nets)


def _followed(graph: XorAndGraph, plans: tuple[Plan, ...], report: Report | None) -> XorAndGraph:
    best = graph
    for plan in plans:
        for _ in range(plan.cycles):
            before = best.n_ands
            for i in range(plan.rounds + 1):
                graph = _rewritten(graph, plan, even=i % 2 == 0) if i < plan.rounds else _resubstituted(graph, plan)
                if graph.n_ands <= best.n_ands:
                    best = graph
                if report is not None:
                    report(best.n_ands)
            graph = best
            if best.n_ands == before:
                break
    return best


def xor_and_graph(net: Netlist) -> tuple[XorAndGraph, np.ndarray]:
    """The logic of `net` as a graph, and (n_sinks,) the nets that its sinks stand for."""
    order = levels(net).order
    cells = order[IS_LOGIC[net.op[order]]]
    sources = _sources(net)
    sink_nets = np.unique(_read_from_outside(net))
    literal = np.zeros(net.n_nets, np.int64)
    literal[1] = 1
    literal[sources] = 2 * np.arange(1, len(sources) + 1)
    steps = (STEP_START[1:] - STEP_START[:-1])[net.op[cells]]
    # A product in a known plane becomes up to two XORs.
    g = xag.new_graph(1 + len(sources) + 3 * int(steps.sum(dtype=np.int64)))
    xag.lower(g, len(sources), cells, net.op, net.fanin_ptr, net.fanin, STEP_START, STEPS, RESULT, literal)
    return XorAndGraph(len(sources), *xag.compact(g, len(sources), literal[sink_nets])), sink_nets


def _sources(net: Netlist) -> np.ndarray:
    return np.flatnonzero(~IS_LOGIC[net.op] & (np.arange(net.n_nets) > 1))


def _read_from_outside(net: Netlist) -> np.ndarray:
    """Nets that ports, registers and memories read."""
    pins = net.fanin[np.repeat(~IS_LOGIC[net.op], np.diff(net.fanin_ptr))]
    written = [k for m in net.memories for w in m.writes for k in (*w.address, *w.data, w.enable)]
    addresses = [k for m in net.memories for r in m.reads for k in r.address]
    outputs = [k for p in net.outputs for k in p.nets]
    return np.concatenate((pins, np.array([*written, *addresses, *outputs], np.int64)))


@cache
def _books() -> list[and_programs.Book]:
    """Programs found so far, by function and by class: kept for as long as the process lives."""
    return [and_programs.new_book(1 << 16), and_programs.new_book(1 << 16)]


def _rewritten(graph: XorAndGraph, plan: Plan, even: bool) -> XorAndGraph:
    room = 2 * len(graph.kind) + 2 * xag_rewrite.SPARE
    books = _books()
    while True:
        g, sinks = _sources_only(graph, room), graph.sinks.copy()
        cuts = xag_cuts.new_cuts(room, plan.kept)
        functions, classes = books
        ended = xag_rewrite.rewrite(
            graph.kind, graph.fan, sinks, graph.n_sources, g, cuts, functions, classes, plan.leaves, even
        )
        if ended == xag_rewrite.DONE:
            return XorAndGraph(graph.n_sources, *xag.compact(g, graph.n_sources, sinks))
        if ended == xag_rewrite.GRAPH_FULL:
            room *= 2
        for i, book in enumerate(books):
            if 4 * int(book.count[0]) > 3 * len(book.table):
                books[i] = and_programs.larger_book(book)


def _resubstituted(graph: XorAndGraph, plan: Plan) -> XorAndGraph:
    room = 2 * len(graph.kind) + 2 * xag_rewrite.SPARE
    while True:
        g, sinks = _sources_only(graph, room), graph.sinks.copy()
        ended = xag_resub.resubstitute(
            graph.kind, graph.fan, sinks, graph.n_sources, g, plan.window, plan.vectors, plan.pairs
        )
        if ended == xag_rewrite.DONE:
            return XorAndGraph(graph.n_sources, *xag.compact(g, graph.n_sources, sinks))
        room *= 2


def _sources_only(graph: XorAndGraph, room: int) -> xag.Graph:
    g = xag.new_graph(room)
    for _ in range(graph.n_sources):
        xag.add_input(g)
    return g


def _as_netlist(net: Netlist, graph: XorAndGraph, sink_nets: np.ndarray) -> Netlist:
    """`net` with its logic replaced by the graph."""
    kept = np.flatnonzero(~IS_LOGIC[net.op])
    logic = np.flatnonzero(graph.kind >= xag.AND)
    n_kept = len(kept)
    place = np.zeros(len(graph.kind), np.int64)
    place[1 : graph.n_sources + 1] = 2 + np.arange(n_kept - 2)
    place[logic] = n_kept + np.arange(len(logic))
    # Inverters, one a node that somebody wants inverted.
    read = np.concatenate((graph.fan[logic].reshape(-1), graph.sinks[graph.sinks > 1]))
    inverted = np.unique(read[read & 1 == 1] >> 1)
    inverter = np.full(len(graph.kind), -1, np.int64)
    inverter[inverted] = n_kept + len(logic) + np.arange(len(inverted))
    inverter[0] = 1

    def nets(literals: np.ndarray) -> np.ndarray:
        return np.where(literals & 1, inverter[literals >> 1], place[literals >> 1])

    final = np.full(net.n_nets, -1, np.int64)
    final[sink_nets] = nets(graph.sinks)
    final[kept] = np.arange(n_kept)
    old_pins = net.fanin[np.repeat(~IS_LOGIC[net.op], np.diff(net.fanin_ptr))]
    new_pins = np.stack((place[inverted], np.ones(len(inverted), np.int64)), axis=1)
    fanin = np.concatenate((final[old_pins], nets(graph.fan[logic]).reshape(-1), new_pins.reshape(-1)))
    counts = np.concatenate((np.diff(net.fanin_ptr)[kept], np.full(len(logic) + len(inverted), 2)))
    op = np.concatenate(
        (
            net.op[kept],
            np.where(graph.kind[logic] == xag.AND, gates.AND, gates.XOR),
            np.full(len(inverted), gates.XOR),
        )
    ).astype(np.uint8)
    scope = np.concatenate((net.scope_of[kept], np.zeros(len(logic) + len(inverted), net.scope_of.dtype)))
    return rebuild(net, op, np.concatenate(([0], np.cumsum(counts))), fanin, scope, final)
