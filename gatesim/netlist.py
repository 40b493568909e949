"""The netlist: frozen arrays in which one cell drives one net.

``cell id == net id``. Net 0 is constant 0, net 1 is constant 1; every other net is driven by the cell
of the same id. A flip-flop is a cell whose net is Q; a memory is a side table whose read-data nets
are ``READ`` cells. Hierarchy is a label: every cell carries the scope that made it.

A :class:`Netlist` is valid by construction: its constructor lists every problem at once. A
combinational loop is not a problem here (a latch is one); what needs levels refuses it by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar, Literal

import numpy as np

from .errors import NetlistError, UnsupportedError, unknown_name
from .gates import CONST0, CONST1, GATES, IS_LOGIC, IS_REGISTER, IS_TRISTATE
from .memory import Memory
from .pictured import Pictured
from .validation import validate

Direction = Literal["input", "output"]


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
class Netlist(Pictured):
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
        ``scopes[scope_of[i]]`` made cell ``i``; scope 0 is the root (an empty array: all at the root).
    memories : tuple of Memory

    Raises
    ------
    NetlistError
        Lists every problem found, with names.
    """

    picture_by: ClassVar[str] = "gatesim.viewer.notebook:netlist_svg"

    name: str
    op: np.ndarray
    fanin_ptr: np.ndarray
    fanin: np.ndarray
    ports: tuple[Port, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = (Scope("", -1),)
    scope_of: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    memories: tuple[Memory, ...] = ()

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 (frozen dataclass)
        put("op", _frozen(self.op, np.uint8))
        put("fanin_ptr", _frozen(self.fanin_ptr, np.int32))
        put("fanin", _frozen(self.fanin, np.int32))
        scope_of = self.scope_of if len(self.scope_of) else np.zeros(len(self.op), np.int32)
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

    @cached_property
    def tristate(self) -> np.ndarray:
        """(k,) int32: the cells that know Z (TRI, RESOLVE, PULLUP, PULLDOWN), ascending."""
        return np.flatnonzero(IS_TRISTATE[self.op]).astype(np.int32)

    def require_two_valued(self, who: str) -> None:
        """Refuse cells that know Z, for `who` understands 0 and 1 only; UnsupportedError names the first."""
        if len(self.tristate):
            cell = int(self.tristate[0])
            raise UnsupportedError(
                f"{self.name!r} has tri-state cells (the first is {GATES[self.op[cell]].name} "
                f"{self.net_name(cell)!r}): {who} knows 0 and 1 only; simulate with engine 'logic4', or turn "
                "buses into gates with gatesim.two_valued()"
            )

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
        return (
            f"{path}/{GATES[self.op[net]].name.lower()}_{net}" if path else f"{GATES[self.op[net]].name.lower()}_{net}"
        )

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
