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
from .gates import ARITY, DFF1, INPUT, IS_LOGIC, READ, TABLE
from .kernels import cover, lowering
from .kernels.logic2 import KIND_OF, ORDER_OF, READ_KIND
from .netlist import Netlist

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
    probes : dict of int to int
        Literal of every net that can be observed: the output ports and the kept nets.
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
    probes: dict[int, int]
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
        found = []
        for k in nets:
            if int(k) not in self.probes:
                raise ValueFitError(
                    f"net {self.netlist.net_name(k)!r} was not kept: compile(netlist, keep=[...]) what you watch"
                )
            found.append(self.probes[int(k)])
        return np.array(found, dtype=np.int32)

    def __repr__(self) -> str:
        return (
            f"<Schedule of {self.netlist.name!r}: {len(self.rows)} rows in {len(self.runs)} runs, {self.n_slots} slots>"
        )


def compile(net: Netlist, keep: Sequence[str | int] = ()) -> Schedule:
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
    work = _Lowering(net, order)
    observed = list(dict.fromkeys([k for p in net.outputs for k in p.nets] + kept))
    return work.finish(observed, started)


def _csr(lists: Sequence[Sequence[int]]) -> tuple[np.ndarray, np.ndarray]:
    ptr = np.cumsum([0, *map(len, lists)]).astype(np.int32)
    return ptr, np.array([k for part in lists for k in part], dtype=np.int32)


class _Lowering:
    """The nodes of one netlist on their way to rows."""

    def __init__(self, net: Netlist, order: np.ndarray) -> None:
        self.net = net
        registers = net.registers
        logic = order[IS_LOGIC[net.op[order]] | (net.op[order] == READ)]
        n_nets, n_regs = net.n_nets, len(registers)
        wide = int((ARITY[net.op] == 4).sum())
        n_nodes = n_nets + n_regs + 2 * (wide + n_regs)
        # A flip-flop's next state is one more cell, on the pins (d, en, q, rst).
        cells = np.concatenate((logic, registers)).astype(np.int32)
        targets = np.concatenate((logic, n_nets + np.arange(n_regs))).astype(np.int32)
        arity = np.concatenate((ARITY[net.op[logic]], np.full(n_regs, 4))).astype(np.uint8)
        tables = np.concatenate((TABLE[net.op[logic]], _next_tables(net.op[registers]))).astype(np.uint16)
        pins = np.zeros((len(cells), 4), np.int32)
        first = net.fanin_ptr[logic]
        for k in range(4):
            has = (ARITY[net.op[logic]] > k) & (net.op[logic] != READ)
            pins[: len(logic)][has, k] = net.fanin[first[has] + k]
        if n_regs:
            at = net.fanin_ptr[registers]
            pins[len(logic) :] = np.stack((net.fanin[at], net.fanin[at + 1], registers, net.fanin[at + 2]), axis=1)
        self.literal = np.zeros(n_nets + n_regs, np.int64)
        self.literal[1] = 1
        sources = np.flatnonzero((net.op == INPUT) | np.isin(np.arange(n_nets), registers))
        self.literal[sources] = 2 * sources
        self.table = np.zeros(n_nodes, np.uint8)
        self.fanin = np.zeros((n_nodes, 3), np.int32)
        self.n_fanin = np.zeros(n_nodes, np.uint8)
        self.level = np.zeros(n_nodes, np.int32)
        self.used = lowering.lower(
            cells, targets, tables, arity, pins, net.fanin_ptr, net.fanin, self.literal,
            self.table, self.fanin, self.n_fanin, self.level, n_nets + n_regs,
        )  # fmt: skip

    def _cover(self, alive: np.ndarray, sinks: np.ndarray) -> None:
        """Re-express the live nodes with fewer rows of up to three inputs."""
        nodes = np.flatnonzero(alive & (self.n_fanin[: self.used] > 0)).astype(np.int32)
        order = nodes[np.argsort(self.level[nodes], kind="stable")]
        cover.cover(order, self.table, self.fanin, self.n_fanin, self.level, np.unique(sinks), self.used, AREA_ROUNDS)

    def finish(self, observed: list[int], started: float) -> Schedule:
        net, n_nets = self.net, self.net.n_nets
        registers = net.registers
        next_literal = self.literal[n_nets : n_nets + len(registers)]
        reads = [(i, r) for i, m in enumerate(net.memories) for r in m.reads]
        writes = [(i, w) for i, m in enumerate(net.memories) for w in m.writes]
        address = [self.literal[list(r.address)].tolist() for _, r in reads]
        port_of = np.full(n_nets, -1, np.int32)
        for number, (_, r) in enumerate(reads):
            port_of[list(r.data)] = number
        addr_ptr, addr_nodes = _csr([[lit >> 1 for lit in part] for part in address])
        written = [k for _, w in writes for k in (*w.address, *w.data, w.enable)]
        sinks = np.unique(np.concatenate((self.literal[observed], next_literal, self.literal[written])) >> 1)
        alive = lowering.mark_live(sinks, self.fanin, self.n_fanin, port_of, addr_ptr, addr_nodes, self.used)
        alive_ports = [k for k, (_, r) in enumerate(reads) if alive[list(r.data)].any()]
        needed = [lit >> 1 for k in alive_ports for lit in address[k]]
        self._cover(alive, np.concatenate((sinks, np.array(needed, np.int64))))
        alive = lowering.mark_live(sinks, self.fanin, self.n_fanin, port_of, addr_ptr, addr_nodes, self.used)

        row_nodes = np.flatnonzero(alive & (self.n_fanin[: self.used] > 0)).astype(np.int32)
        port_level = np.array([self.level[list(reads[k][1].data)].max() for k in alive_ports], np.int32)
        kind = np.concatenate((KIND_OF[self.table[row_nodes]], np.full(len(alive_ports), READ_KIND, np.uint8)))
        level = np.concatenate((self.level[row_nodes], port_level)).astype(np.int64)
        sort = np.argsort(level * 64 + kind, kind="stable")
        row_node = np.concatenate((row_nodes, np.zeros(len(alive_ports), np.int32)))[sort]
        row_port = np.concatenate((np.full(len(row_nodes), -1), np.arange(len(alive_ports)))).astype(np.int32)[sort]
        key = (level * 64 + kind)[sort]
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
        runs = np.stack((key[starts] & 63, starts, np.append(starts[1:], len(key))[: len(starts)]), axis=1)

        slot = np.full(self.used, -1, np.int32)
        slot[0] = 0
        input_nets = np.array([k for p in net.inputs for k in p.nets], np.int32)
        used_inputs = input_nets[alive[input_nets]]
        placed = np.concatenate((registers, used_inputs)).astype(np.int32)
        slot[placed] = 1 + np.arange(len(placed))
        pinned = np.zeros(self.used, np.bool_)
        pinned[sinks] = True
        pinned[registers] = True
        pinned[0] = True
        read_addr_ptr, read_addr_nodes = _csr([[lit >> 1 for lit in address[k]] for k in alive_ports])
        data_ptr, data_nodes = _csr([reads[k][1].data for k in alive_ports])
        rows, n_slots = lowering.allocate(
            row_node, row_port, self.fanin, self.n_fanin, ORDER_OF[self.table[row_node]],
            read_addr_ptr, read_addr_nodes, data_ptr, data_nodes, pinned, slot, 1 + len(placed),
        )  # fmt: skip

        def to_slot(literals) -> np.ndarray:
            lit = np.asarray(literals, np.int64)
            return (2 * slot[lit >> 1] + (lit & 1)).astype(np.int32)

        write_parts = [
            _csr([self.literal[list(getattr(w, part))].tolist() for _, w in writes]) for part in ("address", "data")
        ]
        return Schedule(
            netlist=net,
            n_slots=int(n_slots),
            rows=rows,
            runs=runs.astype(np.int32),
            input_slot=slot[input_nets] if len(input_nets) else np.zeros(0, np.int32),
            probes=dict(zip(observed, to_slot(self.literal[observed]).tolist(), strict=True)),
            register_slot=slot[registers],
            next_literal=to_slot(next_literal),
            reads=ReadPorts(
                np.array([reads[k][0] for k in alive_ports], np.int32),
                read_addr_ptr,
                to_slot([lit for k in alive_ports for lit in address[k]]),
                data_ptr,
                slot[data_nodes] if len(data_nodes) else np.zeros(0, np.int32),
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


def _next_tables(ops: np.ndarray) -> np.ndarray:
    """Truth table of each flip-flop's next state over (d, en, q, rst)."""
    tables = [0, 0]
    for init in range(2):
        for index in range(16):
            d, en, q, rst = (index >> k & 1 for k in range(4))
            tables[init] |= (init if rst else (d if en else q)) << index
    return np.where(ops == DFF1, tables[1], tables[0])
