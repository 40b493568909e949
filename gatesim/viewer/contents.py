"""What stands on a sheet, before it has a place: nodes, pins and wires."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from ..gates import CONST1, GATES, INPUT, IS_REGISTER, READ
from ..netlist import Netlist
from .grouping import OPEN, OUTSIDE, Hierarchy
from .scene import Kind

_INDEXED = re.compile(r"(.*)\[(\d+)\]$")


@dataclass(frozen=True, eq=False)
class Contents:
    """Nodes, pins and wires of a sheet.

    Attributes
    ----------
    kind, item, op : (b,) uint8, int32, uint8
    label : tuple of str
        As in :class:`~gatesim.viewer.scene.Sheet`.
    pin_node, pin_wire, pin_slot : (p,) int32
    pin_is_output : (p,) bool
    pin_nets : list of tuple of int
    pin_label : list of str
        Pins sorted by (node, inputs first, slot).
    wires : list of tuple of int
        Nets of each wire, LSB first.
    """

    kind: np.ndarray
    item: np.ndarray
    op: np.ndarray
    label: tuple[str, ...]
    pin_node: np.ndarray
    pin_wire: np.ndarray
    pin_slot: np.ndarray
    pin_is_output: np.ndarray
    pin_nets: list[tuple[int, ...]]
    pin_label: list[str]
    wires: list[tuple[int, ...]]

    def with_pins(self, order: np.ndarray) -> Contents:
        """The same sheet with its pins in another order, which keeps those of a node and side together."""
        return replace(
            self,
            pin_wire=self.pin_wire[order],
            pin_slot=self.pin_slot[order],
            pin_nets=[self.pin_nets[k] for k in order.tolist()],
            pin_label=[self.pin_label[k] for k in order.tolist()],
        )


def label_of(net: Netlist, nets: tuple[int, ...]) -> str:
    """A short name for nets that travel together: ``a[7:4]``, or the name of a single one."""
    names = [net.names.get(n) or net._port_names.get(n) for n in nets]
    if any(n is None for n in names):
        last = GATES[net.op[nets[0]]].name.lower()
        scope = net.scopes[net.scope_of[nets[0]]].name
        return f"{scope}.{last}_{nets[0]}" if scope else f"{last}_{nets[0]}"
    return joined([n for n in names if n])


def joined(names: list[str]) -> str:
    """``a[3:0]`` from ``a[0] .. a[3]``; the first name and how many more where they do not run on.

    Examples
    --------
    >>> joined(["a[0]", "a[1]", "a[2]"]), joined(["x"]), joined(["p", "q"])
    ('a[2:0]', 'x', 'p+1')
    """
    if len(names) == 1:
        return names[0]
    parts = [_INDEXED.match(n) for n in names]
    if all(parts) and len({p[1] for p in parts if p}) == 1:
        bits = [int(p[2]) for p in parts if p]
        if bits == list(range(bits[0], bits[0] + len(bits))):
            return f"{parts[0][1]}[{bits[-1]}:{bits[0]}]"  # type: ignore[index]
        return f"{parts[0][1]}[{len(bits)} bits]"  # type: ignore[index]
    return f"{names[0]}+{len(names) - 1}"


class _Collector:
    """Collects the pins of a sheet bit by bit, then joins the bits that go the same way."""

    def __init__(self, net: Netlist, tree: Hierarchy, node: int, depth: int) -> None:
        self.net, self.is_root = net, node == 0
        self.kind: list[int] = []
        self.item: list[int] = []
        self.op: list[int] = []
        self.label: list[str] = []
        place = tree.places(node, depth)[tree.cell_at]
        place[(net.op == INPUT) | (np.arange(net.n_nets) < 2)] = OUTSIDE
        self.node_of = np.full(net.n_nets, -1, np.int32)
        self._nodes(place, tree)
        self._find_pins()

    def _add(self, kind: Kind, item: int, label: str, op: int = 0) -> int:
        self.kind.append(kind)
        self.item.append(item)
        self.op.append(op)
        self.label.append(label)
        return len(self.kind) - 1

    def _nodes(self, place: np.ndarray, tree: Hierarchy) -> None:
        net = self.net
        for box in np.unique(place[place >= 0]).tolist():
            at = self._add(Kind.GROUP if tree.is_group[box] else Kind.SCOPE, box, tree.name[box])
            self.node_of[place == box] = at
        self.memory_node = np.full(len(net.memories), -1, np.int32)
        for i, memory in enumerate(net.memories):
            first = memory.reads[0].data[0] if memory.reads else -1
            if first >= 0 and place[first] == OPEN:
                self.memory_node[i] = self._add(Kind.MEMORY, i, memory.name)
                for port in memory.reads:
                    self.node_of[list(port.data)] = self.memory_node[i]
            elif first >= 0 and place[first] >= 0:
                self.memory_node[i] = self.node_of[first]
        cells = np.flatnonzero((place == OPEN) & (net.op != READ))
        self.node_of[cells] = len(self.kind) + np.arange(len(cells))
        self.first_cell = len(self.kind)
        ops = net.op[cells]
        self.kind += np.where(IS_REGISTER[ops], int(Kind.REGISTER), int(Kind.GATE)).tolist()
        self.item += cells.tolist()
        self.op += ops.tolist()
        self.label += [GATES[o].name for o in ops.tolist()]
        self.n_inner = len(self.kind)

    def _find_pins(self) -> None:
        """``net``, ``reader`` and ``slot`` of every pin that reads across a border; -1: somebody outside."""
        net, node_of = self.net, self.node_of
        counts = np.diff(net.fanin_ptr)
        cell = np.repeat(np.arange(net.n_nets), counts)
        slot = np.arange(len(net.fanin)) - np.repeat(net.fanin_ptr[:-1], counts)
        read, reader = net.fanin, node_of[cell]
        register = IS_REGISTER[net.op[cell]]
        idle = register & (((slot == 1) & (read == CONST1)) | ((slot == 2) & (read == 0)))
        bare = reader >= self.first_cell
        crossing = (reader != node_of[read]) | (bare & (reader == node_of[read]))
        # What reads constants inside a box, and what memories read address by address, is said elsewhere.
        keep = crossing & ~idle & (bare | (read > 1)) & (net.op[cell] != READ)
        self.read, self.reader, self.slot = read[keep], reader[keep], np.where(bare, slot, -1)[keep]
        lists: list[tuple[int, int, int]] = []
        for i, memory in enumerate(net.memories):
            at = int(self.memory_node[i])
            if at < 0:
                groups = [(-1, [*p.address], -1) for p in memory.reads]
                groups += [(-1, [*p.address, *p.data, p.enable], -1) for p in memory.writes]
            else:
                groups = [(at, [*p.address], 3 * k) for k, p in enumerate(memory.reads)]
                first = 3 * len(memory.reads)
                for k, p in enumerate(memory.writes):
                    groups += [(at, [*p.address], first + 3 * k), (at, [*p.data], first + 3 * k + 1)]
                    groups.append((at, [p.enable], first + 3 * k + 2))
                if self.kind[at] != Kind.MEMORY:
                    groups = [(at, nets, -1) for at, nets, _ in groups]
            lists += [(n, at, s) for at, nets, s in groups for n in nets if n > 1 and node_of[n] != at]
        if lists:
            extra = np.array(lists, np.int32)
            self.read = np.concatenate((self.read, extra[:, 0]))
            self.reader = np.concatenate((self.reader, extra[:, 1]))
            self.slot = np.concatenate((self.slot, extra[:, 2]))
        seen = (self.reader >= 0) | (node_of[self.read] >= 0)
        self.read, self.reader, self.slot = self.read[seen], self.reader[seen], self.slot[seen]

    def _readers(self) -> dict[int, list[tuple]]:
        """For every net that crosses a border: who reads it, as (node, slot) or ("port", name, bit)."""
        readers: dict[int, list[tuple]] = {}
        order = np.lexsort((self.slot, self.reader, self.read))
        for n, r, s in zip(
            self.read[order].tolist(), self.reader[order].tolist(), self.slot[order].tolist(), strict=True
        ):
            ends = readers.setdefault(n, [])
            end = (r, s) if r >= 0 else ("out", "", 0)
            if end not in ends:
                ends.append(end)
        for p in self.net.outputs:
            for bit, n in enumerate(p.nets):
                if self.node_of[n] >= 0 or self.is_root:
                    ends = readers.setdefault(n, [])
                    if ("out", "", 0) in ends:
                        ends.remove(("out", "", 0))
                    ends.append(("out", p.name, bit))
        if self.is_root:
            for p in self.net.inputs:
                for n in p.nets:
                    readers.setdefault(n, [])
        return readers

    def _origin(self, n: int) -> tuple:
        """What drives net `n`: bits of one origin may share a wire."""
        at = int(self.node_of[n])
        if at < 0:
            return ("in", self.port_of[n][0] if n in self.port_of else f"/{self.net.scope_of[n]}")
        return (at, self.read_port.get(n, (0, 0))[0])

    def _bundles(self, readers: dict[int, list[tuple]]) -> dict[tuple, list[int]]:
        """Nets by the wire that they share: a wire of several nets joins nothing but boxes and flags."""
        self.port_of = {n: (p.name, i) for p in self.net.inputs for i, n in enumerate(p.nets)}
        self.read_port = {
            n: (k, i) for m in self.net.memories for k, p in enumerate(m.reads) for i, n in enumerate(p.data)
        }
        bundles: dict[tuple, list[int]] = {}
        for n, ends in readers.items():
            if n > 1:
                at = self.node_of[n]
                bare = at >= self.first_cell or any(isinstance(e[0], int) and e[0] >= self.first_cell for e in ends)
                key = (n,) if bare else (self._origin(n), tuple(e[:2] for e in ends))
                bundles.setdefault(key, []).append(n)

        def bit(n: int) -> tuple[int, int]:
            known = self.port_of.get(n) or self.read_port.get(n)
            outs = [e[2] for e in readers[n] if e[0] == "out" and e[1]]
            return (known[1] if known else outs[0] if outs else n, n)

        return {key: sorted(nets, key=bit) for key, nets in bundles.items()}

    def collect(self) -> Contents:
        readers = self._readers()
        bundles = self._bundles(readers)
        pins: list[tuple[int, bool, int, int, tuple[int, ...]]] = []  # node, is_output, slot, wire, nets
        wires: list[tuple[int, ...]] = []
        driven: set[int] = set()
        for nets in bundles.values():
            ends = readers[nets[0]]
            both = tuple(nets)
            wire = len(wires) if ends else -1
            if ends:
                wires.append(both)
            driver = int(self.node_of[nets[0]])
            if driver < 0:
                driver = self._add(Kind.INPUT, nets[0], label_of(self.net, both))
            driven.add(driver)
            pins.append((driver, True, 0 if driver < self.n_inner else -1, wire, both))
            pins += [self._reader(nets, k, wire, readers) for k in range(len(ends))]
        for n in (0, 1):
            nets = [n]
            pins += [self._reader(nets, k, -1, readers) for k in range(len(readers.get(n, ())))]
        for node in range(self.first_cell, self.n_inner):
            if node not in driven:
                pins.append((node, True, 0, -1, (self.item[node],)))
        pins.sort(key=lambda p: p[:4])
        label = [self._pin_label(*p) for p in pins]
        return Contents(
            np.array(self.kind, np.uint8),
            np.array(self.item, np.int32),
            np.array(self.op, np.uint8),
            tuple(self.label),
            np.array([p[0] for p in pins], np.int32),
            np.array([p[3] for p in pins], np.int32),
            np.array([p[2] if self.kind[p[0]] < Kind.MEMORY else -1 for p in pins], np.int32),
            np.array([p[1] for p in pins], np.bool_),
            [p[4] for p in pins],
            label,
            wires,
        )

    def _reader(self, nets: list[int], k: int, wire: int, readers: dict[int, list[tuple]]):
        end = readers[nets[0]][k]
        if end[0] != "out":
            return (end[0], False, end[1], wire, tuple(nets))
        if end[1]:
            width = self.net.port(end[1]).width
            bits = [readers[n][k][2] for n in nets]
            label = end[1] if width == 1 else joined([f"{end[1]}[{b}]" for b in bits])
        else:
            label = label_of(self.net, tuple(nets))
        return (self._add(Kind.OUTPUT, nets[0], label), False, -1, wire, tuple(nets))

    def _pin_label(self, node: int, is_output: bool, slot: int, wire: int, nets: tuple[int, ...]) -> str:
        kind = self.kind[node]
        if kind == Kind.GATE:
            return "" if is_output or GATES[self.op[node]].name != "MUX" else ("S", "0", "1")[slot]
        if kind == Kind.REGISTER:
            return "Q" if is_output else ("D", "EN", "R")[slot]
        if kind == Kind.MEMORY:
            n_reads = len(self.net.memories[self.item[node]].reads)
            k, role = divmod(slot if slot < 3 * n_reads else slot - 3 * n_reads, 3)
            if is_output:
                return "Q" if n_reads == 1 else f"Q{self.read_port[nets[0]][0]}"
            if slot < 3 * n_reads:
                return "A" if n_reads == 1 else f"A{k}"
            several = len(self.net.memories[self.item[node]].writes) > 1
            return ("WA", "D", "WE")[role] + (str(k) if several else "")
        if kind in (Kind.SCOPE, Kind.GROUP):
            named = all(n in self.net.names or n in self.net._port_names for n in nets)
            return label_of(self.net, nets) if named else ""
        return ""


def contents(net: Netlist, tree: Hierarchy, node: int, depth: int = 0) -> Contents:
    """What stands on the sheet of `node`, scopes up to `depth` levels below it shown open."""
    return _Collector(net, tree, node, depth).collect()
