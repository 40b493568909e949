"""``compile``: from a netlist to a schedule: levelised rows of three-input functions over slots.

The schedule is what engines read. It is independent of the number of patterns, of the machine and of
the stimulus; a netlist compiled twice gives the same arrays.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from .analysis import levels
from .errors import ValueFitError
from .gates import INPUT, IS_LOGIC, READ
from .kernels import cover, lowering
from .kernels.functions import KIND_OF, ORDER_OF, READ_KIND
from .netlist import Netlist
from .primitives import RESULT, STEP_START, STEPS

Nets = Sequence[str | int] | np.ndarray
"""Nets by name or id, or an array of ids."""

AREA_ROUNDS = 1
"""Passes of exact area recovery when the netlist is covered with three-input rows."""


@dataclass(frozen=True, eq=False)
class ReadPorts:
    """Memory read ports that somebody reads; CSR lists of address literals and data slots."""

    memory: np.ndarray
    address_ptr: np.ndarray
    address: np.ndarray
    data_ptr: np.ndarray
    data: np.ndarray


@dataclass(frozen=True, eq=False)
class WritePorts:
    """Memory write ports; CSR lists of address and data literals, and the enable literal."""

    memory: np.ndarray
    address_ptr: np.ndarray
    address: np.ndarray
    data_ptr: np.ndarray
    data: np.ndarray
    enable: np.ndarray


@dataclass(frozen=True, eq=False)
class Schedule:
    """A compiled netlist. A *literal* is ``2 * slot + inverted``; slot 0 always holds 0.

    Attributes
    ----------
    netlist : Netlist
        The netlist as written.
    n_slots : int
        Values alive at once, at most: the size of an engine's scratch memory.
    rows : (n_rows, 4) int32
        Slots (in0, in1, in2, out); for a memory read, the read port in column 0.
    runs : (n_runs, 3) int32
        (kind, first row, last row + 1): rows of one level and one function.
    input_slot : (input_bits,) int32
        Slot of each input bit in port order; -1 where nothing reads it.
    probes : (n_nets,) int32
        Literal of every net that can be observed (the output ports and the kept nets), -1 elsewhere.
    register_slot, next_literal : (n_registers,) int32
        Where each flip-flop's value lives, and what it becomes at the clock edge.
    reads, writes : ReadPorts, WritePorts
    seconds : float
        Time that compiling took.
    """

    netlist: Netlist
    n_slots: int
    rows: np.ndarray
    runs: np.ndarray
    input_slot: np.ndarray
    probes: np.ndarray
    register_slot: np.ndarray
    next_literal: np.ndarray
    reads: ReadPorts
    writes: WritePorts
    seconds: float

    def literals(self, nets: Iterable[int]) -> np.ndarray:
        """Literals of observed `nets`, int32.

        Raises
        ------
        ValueFitError
            A net was not kept when the netlist was compiled.
        """
        wanted = np.asarray(list(nets), dtype=np.int64)
        found = self.probes[wanted]
        if (found < 0).any():
            net = int(wanted[np.argmin(found)])
            raise ValueFitError(
                f"net {self.netlist.net_name(net)!r} was not kept: compile(netlist, keep=[...]) what you watch"
            )
        return found

    def __repr__(self) -> str:
        return (
            f"<Schedule of {self.netlist.name!r}: {len(self.rows)} rows in {len(self.runs)} runs, {self.n_slots} slots>"
        )


def compile(net: Netlist, keep: Nets = ()) -> Schedule:
    """Levelise `net`, lower its cells to rows and allocate slots.

    Parameters
    ----------
    net : Netlist
    keep : sequence of net names or ids
        Inner nets that must stay observable besides the output ports.

    Raises
    ------
    LoopError
        A combinational loop; its nets are named.
    UnknownNameError, ValueFitError
        A kept net that does not exist.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("inverters"); b.output("y", ~~~b.input("x"))
    >>> compile(b.freeze())  # inverters are absorbed: no row is left
    <Schedule of 'inverters': 0 rows in 0 runs, 2 slots>
    """
    started = perf_counter()
    kept = [net.net(k) if isinstance(k, str) else int(k) for k in keep]
    for k in kept:
        if not 0 <= k < net.n_nets:
            raise ValueFitError(f"net {k} does not exist in {net.name!r} (nets are 0 to {net.n_nets - 1})")
    order = levels(net).order
    if len(net.tristate):
        return _without_rows(net, started)
    work = _Lowering(net, order)
    observed = list(dict.fromkeys([k for p in net.outputs for k in p.nets] + kept))
    return work.finish(observed, started)


def _without_rows(net: Netlist, started: float) -> Schedule:
    """The schedule of a netlist with tri-state cells: rows know 0 and 1 only, so it has none.

    A four-valued engine reads the netlist itself; every other engine refuses it.
    """
    none = np.zeros(0, np.int32)
    ptr = np.zeros(1, np.int32)
    return Schedule(
        net, 1, np.zeros((0, 4), np.int32), np.zeros((0, 3), np.int32),
        np.full(sum(p.width for p in net.inputs), -1, np.int32), np.full(net.n_nets, -1, np.int32), none, none,
        ReadPorts(none, ptr, none, ptr, none), WritePorts(none, ptr, none, ptr, none, none),
        perf_counter() - started,
    )  # fmt: skip


def _csr(lists: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    ptr = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    return ptr, np.array([k for part in lists for k in part], dtype=np.int32)


class _Lowering:
    """The nodes of one netlist on their way to rows."""

    def __init__(self, net: Netlist, order: np.ndarray) -> None:
        self.net = net
        registers = net.registers
        logic = order[IS_LOGIC[net.op[order]] | (net.op[order] == READ)]
        self.n_nets = n_nets = net.n_nets
        # A flip-flop's next state is one more cell, on the pins (d, en, q, rst).
        cells = np.concatenate((logic, registers)).astype(np.int32)
        targets = np.concatenate((logic, n_nets + np.arange(len(registers)))).astype(np.int32)
        old_value = np.full(len(cells), -1, np.int32)
        old_value[len(logic) :] = registers
        steps = STEP_START[1:] - STEP_START[:-1]
        n_nodes = n_nets + int(np.maximum(steps, RESULT < 0)[net.op[cells]].sum(dtype=np.int64))
        self.literal = np.zeros(n_nets + len(registers), np.int64)
        self.literal[1] = 1
        sources = np.concatenate((np.flatnonzero(net.op == INPUT), registers))
        self.literal[sources] = 2 * sources
        self.table = np.zeros(n_nodes, np.uint8)
        self.fanin = np.zeros((n_nodes, 3), np.int32)
        self.n_fanin = np.zeros(n_nodes, np.uint8)
        self.level = np.zeros(n_nodes, np.int32)
        self.used = lowering.lower(
            cells, targets, net.op, net.fanin_ptr, net.fanin, old_value, STEP_START, STEPS, RESULT, self.literal,
            self.table, self.fanin, self.n_fanin, self.level, n_nets,
        )  # fmt: skip

    def finish(self, observed: list[int], started: float) -> Schedule:
        net, n_nets, used = self.net, self.n_nets, self.used
        registers = net.registers
        next_literal = self.literal[n_nets:]
        reads = [(i, r) for i, m in enumerate(net.memories) for r in m.reads]
        writes = [(i, w) for i, m in enumerate(net.memories) for w in m.writes]
        address = [self.literal[list(r.address)].tolist() for _, r in reads]
        data = [(self.literal[list(r.data)] >> 1).tolist() for _, r in reads]
        port_of = np.full(used, -1, np.int32)
        for number, nodes in enumerate(data):
            port_of[nodes] = number
        ports = _csr([[lit >> 1 for lit in part] for part in address])
        written = [k for _, w in writes for k in (*w.address, *w.data, w.enable)]
        sinks = np.unique(np.concatenate((self.literal[observed], next_literal, self.literal[written])) >> 1)

        def live() -> np.ndarray:
            return lowering.mark_live(sinks, self.fanin, self.n_fanin, port_of, *ports, used)

        alive = live()
        needed = [lit >> 1 for part, nodes in zip(address, data, strict=True) if alive[nodes].any() for lit in part]
        order = np.flatnonzero(alive & (self.n_fanin[:used] > 0)).astype(np.int32)
        cover_sinks = np.unique(np.concatenate((sinks, np.array(needed, np.int64))))
        cover.cover(order, self.table, self.fanin, self.n_fanin, self.level, cover_sinks, used, AREA_ROUNDS)
        alive = live()
        kept_ports = [k for k, nodes in enumerate(data) if alive[nodes].any()]
        kept_address = _csr([[lit >> 1 for lit in address[k]] for k in kept_ports])
        kept_data = _csr([data[k] for k in kept_ports])

        input_nets = np.array([k for p in net.inputs for k in p.nets], np.int32)
        placed = np.concatenate((registers, input_nets[alive[input_nets]])).astype(np.int32)
        slot = np.full(used, -1, np.int32)
        slot[0] = 0
        slot[placed] = 1 + np.arange(len(placed))
        pinned = np.zeros(used, np.bool_)
        pinned[sinks] = True
        pinned[registers] = True
        pinned[0] = True

        nodes = np.flatnonzero(alive & (self.n_fanin[:used] > 0)).astype(np.int32)
        latest = lowering.latest_levels(self.level, self.fanin, self.n_fanin, alive, port_of, *ports, n_nets, used)
        plans = []
        for level in (self.level, latest):
            # As soon as possible or as late as possible: whichever needs fewer slots.
            row_node, row_port, runs = self._order(nodes, level, [data[k] for k in kept_ports])
            slots = slot.copy()
            rows, n_slots = lowering.allocate(
                row_node, row_port, self.fanin, self.n_fanin, ORDER_OF[self.table[row_node]],
                *kept_address, *kept_data, pinned, slots, 1 + len(placed),
            )  # fmt: skip
            plans.append((int(n_slots), rows, runs, slots))
        n_slots, rows, runs, slot = min(plans, key=lambda plan: plan[0])

        def to_slot(literals) -> np.ndarray:
            lit = np.asarray(literals, np.int64)
            return (2 * slot[lit >> 1] + (lit & 1)).astype(np.int32)

        probes = np.full(n_nets, -1, np.int32)
        probes[observed] = to_slot(self.literal[observed])
        write_parts = [
            _csr([self.literal[list(getattr(w, part))].tolist() for _, w in writes]) for part in ("address", "data")
        ]
        return Schedule(
            netlist=net,
            n_slots=n_slots,
            rows=rows,
            runs=runs,
            input_slot=slot[input_nets] if len(input_nets) else np.zeros(0, np.int32),
            probes=probes,
            register_slot=slot[registers],
            next_literal=to_slot(next_literal),
            reads=ReadPorts(
                np.array([reads[k][0] for k in kept_ports], np.int32),
                kept_address[0],
                to_slot([lit for k in kept_ports for lit in address[k]]),
                kept_data[0],
                slot[kept_data[1]],
            ),
            writes=WritePorts(
                np.array([i for i, _ in writes], np.int32),
                write_parts[0][0],
                to_slot(write_parts[0][1]),
                write_parts[1][0],
                to_slot(write_parts[1][1]),
                to_slot([self.literal[w.enable] for _, w in writes]),
            ),
            seconds=perf_counter() - started,
        )

    def _order(self, nodes: np.ndarray, level: np.ndarray, port_data: list[list[int]]):
        """Rows sorted by level and function: their nodes, read ports (-1: none), and the runs."""
        port_level = np.array([level[nodes].min() for nodes in port_data], np.int32)
        kind = np.concatenate((KIND_OF[self.table[nodes]], np.full(len(port_data), READ_KIND, np.uint8)))
        key = np.concatenate((level[nodes], port_level)).astype(np.int64) * 64 + kind
        sort = np.argsort(key, kind="stable")
        row_node = np.concatenate((nodes, np.zeros(len(port_data), np.int32)))[sort]
        row_port = np.concatenate((np.full(len(nodes), -1), np.arange(len(port_data)))).astype(np.int32)[sort]
        key = key[sort]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
        runs = np.stack((key[starts] & 63, starts, np.append(starts[1:], len(key))[: len(starts)]), axis=1)
        return row_node, row_port, runs.astype(np.int32)
