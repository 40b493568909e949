"""Is a netlist well formed? Every problem at once, with names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .gates import ARITY, CONST0, CONST1, GATES, INPUT, READ, VARIADIC
from .memory import MAX_MEMORY_WIDTH, ReadPort, WritePort

if TYPE_CHECKING:
    from .netlist import Netlist


def validate(net: Netlist) -> list[str]:
    """Every structural problem of `net`, one line each (empty when it is well formed)."""
    return list(_problems(net))


def _problems(net: Netlist) -> Iterator[str]:
    n = len(net.op)
    shape_fault = _shape_fault(net, n)
    if shape_fault:  # nothing else can be indexed safely
        yield shape_fault
        return
    label = _Labels(net)
    unknown = np.flatnonzero(net.op >= len(GATES))
    for i in unknown:
        yield f"{label(i)} has unknown op code {net.op[i]}"
    if len(unknown):
        return
    pins = np.diff(net.fanin_ptr)
    arity = ARITY[net.op]
    for i in np.flatnonzero((arity != VARIADIC) & (pins != arity)):
        yield f"{label(i)} is a {GATES[net.op[i]].name} with {pins[i]} pins; it takes {arity[i]}"
    for k in np.flatnonzero((net.fanin < 0) | (net.fanin >= n)):
        i = int(np.searchsorted(net.fanin_ptr, k, side="right")) - 1
        yield f"{label(i)} reads net {net.fanin[k]}, which does not exist (nets are 0 to {n - 1})"
    for i in np.flatnonzero((net.op[2:] == CONST0) | (net.op[2:] == CONST1)) + 2:
        yield f"{label(i)} is a constant; the constants are nets 0 and 1 only"
    yield from _port_problems(net, n, label)
    yield from _memory_problems(net, n, label)


class _Labels:
    """Names for cells of a netlist that may be too broken for ``net_name``."""

    def __init__(self, net: Netlist) -> None:
        self._names = dict(net.names)
        for p in net.ports:
            for i, n in enumerate(p.nets):
                self._names.setdefault(n, p.name if p.width == 1 else f"{p.name}[{i}]")

    def __call__(self, net: int | np.integer) -> str:
        net = int(net)
        return f"cell {net} ({self._names[net]})" if net in self._names else f"cell {net}"


def _shape_fault(net: Netlist, n: int) -> str | None:
    if n < 2 or net.op[0] != CONST0 or net.op[1] != CONST1:
        return "nets 0 and 1 must be the constants 0 and 1"
    if len(net.fanin_ptr) != n + 1:
        return f"fanin_ptr has {len(net.fanin_ptr)} entries for {n} nets; it needs {n + 1}"
    if net.fanin_ptr[0] != 0 or net.fanin_ptr[-1] != len(net.fanin) or (np.diff(net.fanin_ptr) < 0).any():
        return f"fanin_ptr must rise from 0 to {len(net.fanin)}"
    if len(net.scope_of) != n or (n and (net.scope_of.min() < 0 or net.scope_of.max() >= len(net.scopes))):
        return "scope_of must give an existing scope for every net"
    if any(not (-1 <= s.parent < i) for i, s in enumerate(net.scopes)):
        return "a scope's parent must come before it"
    return None


def _port_problems(net: Netlist, n: int, label: _Labels) -> Iterator[str]:
    seen: set[str] = set()
    fed = np.zeros(n, dtype=np.int64)
    for p in net.ports:
        if p.name in seen:
            yield f"port {p.name!r} is declared twice"
        seen.add(p.name)
        if not p.name:
            yield "a port has an empty name"
        if p.direction not in ("input", "output"):
            yield f"port {p.name!r} has direction {p.direction!r}; it must be 'input' or 'output'"
        if not p.nets:
            yield f"port {p.name!r} has no bits"
        for i, k in enumerate(p.nets):
            if not 0 <= k < n:
                yield f"port {p.name!r} bit {i} is net {k}, which does not exist"
            elif p.direction == "input":
                if net.op[k] != INPUT:
                    yield f"port {p.name!r} bit {i} drives net {k}, which {GATES[net.op[k]].name} drives already"
                fed[k] += 1
    for k in np.flatnonzero(fed > 1):
        yield f"{label(k)} is driven by {fed[k]} input port bits"
    for k in np.flatnonzero((net.op == INPUT) & (fed == 0)):
        yield f"{label(k)} is an INPUT that belongs to no input port: it is undriven"


def _memory_problems(net: Netlist, n: int, label: _Labels) -> Iterator[str]:
    read_cells = np.zeros(n, dtype=np.int64)
    for m in net.memories:
        if not 1 <= m.width <= MAX_MEMORY_WIDTH:
            yield f"memory {m.name!r} is {m.width} bits wide; 1 to {MAX_MEMORY_WIDTH} are possible"
        if m.depth < 1:
            yield f"memory {m.name!r} has no words"
        if len(m.contents) != m.depth:
            yield f"memory {m.name!r} has {len(m.contents)} words of contents for a depth of {m.depth}"
        if m.contents.dtype != np.uint64:
            yield f"memory {m.name!r} has contents of type {m.contents.dtype}; they must be uint64"
        elif m.width < MAX_MEMORY_WIDTH and (m.contents >> np.uint64(m.width)).any():
            yield f"memory {m.name!r} has a word of contents that does not fit into {m.width} bits"
        if not m.reads:
            yield f"memory {m.name!r} has no read port"
        for port in (*m.reads, *m.writes):
            kind = "read" if isinstance(port, ReadPort) else "write"
            if len(port.data) != m.width:
                yield f"memory {m.name!r} is {m.width} bits wide but a {kind} port has {len(port.data)} data bits"
            nets = (*port.address, *port.data, *((port.enable,) if isinstance(port, WritePort) else ()))
            outside = [k for k in nets if not 0 <= k < n]
            if outside:
                yield f"memory {m.name!r} uses net {outside[0]}, which does not exist"
            elif isinstance(port, ReadPort):
                for k in port.data:
                    if net.op[k] != READ or tuple(net.fanin_of(k)) != port.address:
                        yield f"memory {m.name!r}: {label(k)} must be a READ of that port's address"
                    read_cells[k] += 1
    for k in np.flatnonzero(read_cells > 1):
        yield f"{label(k)} is driven by {read_cells[k]} memory read ports"
    for k in np.flatnonzero((net.op == READ) & (read_cells == 0)):
        yield f"{label(k)} is a READ that belongs to no memory: it is undriven"
