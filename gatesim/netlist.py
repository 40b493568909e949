"""The netlist: frozen arrays in which one cell drives one net.

``cell id == net id``. Net 0 is constant 0, net 1 is constant 1; every other net is driven by the cell
of the same id. A flip-flop is a cell whose net is Q; a memory is a side table whose read-data nets
are ``READ`` cells. Hierarchy is a label: every cell carries the scope that made it.

A :class:`Netlist` is valid by construction: its constructor lists every problem at once. A
combinational loop is not a problem here (a latch is one); what needs levels refuses it by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np

from .errors import GatesimError, NetlistError, unknown_name
from .gates import ARITY, CONST0, CONST1, GATES, INPUT, IS_LOGIC, IS_REGISTER, READ, VARIADIC

Direction = Literal["input", "output"]

MAX_MEMORY_WIDTH = 64
"""Bits of the widest memory word; put two memories side by side for more."""


@dataclass(frozen=True, slots=True)
class Port:
    """A named bus at the boundary of a netlist; ``nets`` is LSB first."""

    name: str
    direction: Direction
    nets: tuple[int, ...]

    @property
    def width(self) -> int:
        """Number of bits."""
        return len(self.nets)


@dataclass(frozen=True, slots=True)
class ReadPort:
    """A combinational read port: ``data`` shows the word at ``address`` in the same cycle."""

    address: tuple[int, ...]
    data: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WritePort:
    """A synchronous write port: at the clock edge, where ``enable`` is 1, ``data`` goes to ``address``."""

    address: tuple[int, ...]
    data: tuple[int, ...]
    enable: int


@dataclass(frozen=True, eq=False)
class Memory:
    """A RAM or (with no write port) a ROM, kept as a macro instead of a sea of flip-flops.

    Attributes
    ----------
    name : str
    depth, width : int
        Words, and bits a word (at most 64). An address past the depth reads 0 and writes nothing.
    contents : (depth,) uint64
        Words at power-up and after a reset.
    reads, writes : tuple of ReadPort, WritePort
        Reads see the words as they were before this cycle's writes; of two writes to one address in
        one cycle the later port wins.
    """

    name: str
    depth: int
    width: int
    contents: np.ndarray
    reads: tuple[ReadPort, ...]
    writes: tuple[WritePort, ...] = ()

    @property
    def is_rom(self) -> bool:
        """Whether nothing can write to it."""
        return not self.writes


@dataclass(frozen=True, slots=True)
class Scope:
    """A node of the hierarchy: ``parent`` is the index of the enclosing scope (-1 for the root)."""

    name: str
    parent: int
    kind: str = ""


def _frozen(array: np.ndarray, dtype) -> np.ndarray:
    out = np.ascontiguousarray(array, dtype=dtype)
    if out is array or out.base is not None:
        out = out.copy()
    out.flags.writeable = False
    return out


@dataclass(frozen=True, eq=False)
class Netlist:
    """A frozen circuit of `n_nets` cells.

    Attributes
    ----------
    name : str
    op : (n,) uint8
        Op code of the cell that drives each net (see :mod:`gatesim.gates`).
    fanin_ptr : (n + 1,) int32
        Cell ``i`` reads nets ``fanin[fanin_ptr[i]:fanin_ptr[i + 1]]``, in pin order.
    fanin : (m,) int32
    ports : tuple of Port
    names : mapping of int to str
        Names given by the user to inner nets.
    scopes, scope_of : tuple of Scope, (n,) int32
        ``scopes[scope_of[i]]`` made cell ``i``; scope 0 is the root.
    memories : tuple of Memory

    Raises
    ------
    NetlistError
        Lists every problem found, with names.
    """

    name: str
    op: np.ndarray
    fanin_ptr: np.ndarray
    fanin: np.ndarray
    ports: tuple[Port, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = (Scope("", -1),)
    scope_of: np.ndarray | None = None
    memories: tuple[Memory, ...] = ()

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 (frozen dataclass)
        put("op", _frozen(self.op, np.uint8))
        put("fanin_ptr", _frozen(self.fanin_ptr, np.int32))
        put("fanin", _frozen(self.fanin, np.int32))
        scope_of = np.zeros(len(self.op), np.int32) if self.scope_of is None else self.scope_of
        put("scope_of", _frozen(scope_of, np.int32))
        put("names", MappingProxyType(dict(self.names)))
        problems = validate(self)
        if problems:
            raise NetlistError(self.name, problems)

    # -- shape -------------------------------------------------------------------------------

    @property
    def n_nets(self) -> int:
        """Number of nets, the two constants and the inputs included."""
        return len(self.op)

    @cached_property
    def n_gates(self) -> int:
        """Number of logic gates (buffers and inverters included; registers and memories not)."""
        return int(IS_LOGIC[self.op].sum())

    @cached_property
    def registers(self) -> np.ndarray:
        """(r,) int32: the flip-flop cells, ascending."""
        return np.flatnonzero(IS_REGISTER[self.op]).astype(np.int32)

    @property
    def is_combinational(self) -> bool:
        """Whether it has no state: no register and no RAM."""
        return len(self.registers) == 0 and all(m.is_rom for m in self.memories)

    def counts(self) -> dict[str, int]:
        """Cells by gate name, in table order; constants and zero counts left out."""
        tally = np.bincount(self.op, minlength=len(GATES))
        return {g.name: int(tally[g.op]) for g in GATES if tally[g.op] and g.op not in (CONST0, CONST1)}

    def fanin_of(self, net: int) -> np.ndarray:
        """The nets that cell `net` reads, in pin order (a read-only view, int32)."""
        return self.fanin[self.fanin_ptr[net] : self.fanin_ptr[net + 1]]

    # -- ports and names ---------------------------------------------------------------------

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Input ports in order."""
        return tuple(p for p in self.ports if p.direction == "input")

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Output ports in order."""
        return tuple(p for p in self.ports if p.direction == "output")

    def port(self, name: str) -> Port:
        """The port called `name`; UnknownNameError (with the nearest name) if there is none."""
        for p in self.ports:
            if p.name == name:
                return p
        raise unknown_name(f"port of {self.name!r}", name, (p.name for p in self.ports))

    @cached_property
    def _port_names(self) -> dict[int, str]:
        named: dict[int, str] = {}
        for p in (*self.inputs, *self.outputs):
            for i, n in enumerate(p.nets):
                named.setdefault(n, p.name if p.width == 1 else f"{p.name}[{i}]")
        return named

    def net_name(self, net: int) -> str:
        """A readable name: the user's, else the port's, else ``scope/GATE_id``."""
        net = int(net)
        if net in (0, 1):
            return f"const{net}"
        if net in self.names:
            return self.names[net]
        if net in self._port_names:
            return self._port_names[net]
        path = self.scope_path(int(self.scope_of[net]))
        return f"{path}/{GATES[self.op[net]].name.lower()}_{net}" if path else f"{GATES[self.op[net]].name.lower()}_{net}"

    @cached_property
    def _nets_by_name(self) -> dict[str, int]:
        table: dict[str, int] = {name: net for net, name in self._port_names.items()}
        table.update({name: net for net, name in self.names.items()})
        return table

    def net(self, name: str) -> int:
        """The net with that user or port name (``"sum[3]"`` for a bit of a bus)."""
        try:
            return self._nets_by_name[name]
        except KeyError:
            raise unknown_name(f"net of {self.name!r}", name, self._nets_by_name) from None

    def scope_path(self, scope: int) -> str:
        """Names from the root down to `scope`, joined by ``/`` (empty for the root)."""
        parts: list[str] = []
        while scope > 0:
            parts.append(self.scopes[scope].name)
            scope = self.scopes[scope].parent
        return "/".join(reversed(parts))

    # -- identity ----------------------------------------------------------------------------

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the function-bearing content: cells, ports, memories (not names or scopes)."""
        h = hashlib.sha256()
        for array in (self.op, self.fanin_ptr, self.fanin):
            h.update(array.tobytes())
        for p in self.ports:
            h.update(f"{p.name}|{p.direction}|{p.nets};".encode())
        for m in self.memories:
            h.update(f"{m.depth}|{m.width}|{m.reads}|{m.writes};".encode())
            h.update(m.contents.tobytes())
        return h.hexdigest()

    def __repr__(self) -> str:
        io = ", ".join(f"{p.direction[:-3]} {p.name}[{p.width}]" for p in self.ports[:8])
        more = ", ..." if len(self.ports) > 8 else ""
        return f"<Netlist {self.name!r}: {self.n_gates} gates, {len(self.registers)} registers; {io}{more}>"


# -- validation ------------------------------------------------------------------------------


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

    def __call__(self, net: int) -> str:
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


def memory_contents(name: str, depth: int, width: int, values: Sequence[int] | np.ndarray | None) -> np.ndarray:
    """Read-only (depth,) uint64 words from `values` (padded with 0; None for all 0).

    Raises
    ------
    GatesimError
        Too many words, or a word that does not fit into `width` bits.
    """
    words = np.zeros(depth, dtype=np.uint64)
    if values is not None:
        given = [int(v) for v in values]
        if len(given) > depth:
            raise GatesimError(f"memory {name!r}: {len(given)} words given for a depth of {depth}")
        for address, v in enumerate(given):
            if not 0 <= v < 1 << width:
                raise GatesimError(f"memory {name!r}: word {v} at address {address} does not fit into {width} bits")
        words[: len(given)] = given
    words.flags.writeable = False
    return words
