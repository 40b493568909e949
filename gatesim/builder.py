"""Building netlists: the only mutable stage.

A circuit is written in the field's own language: bits and buses, ``& | ^ ~`` on equal widths, and
functions over buses. There is no ``+`` (which adder would it be?), no ``==`` and no truth value.

Examples
--------
>>> b = Builder("half_adder")
>>> x, y = b.input("x"), b.input("y")
>>> b.output("sum", x ^ y); b.output("carry", x & y)
>>> b.freeze()
<Netlist 'half_adder': 2 gates, 0 registers; in x[1], in y[1], out sum[1], out carry[1]>
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import overload

import numpy as np

from . import gates
from .errors import BuildError, NetlistError, ValueFitError, WidthError
from .memory import Memory, ReadPort, WritePort, memory_contents, moved_memory
from .netlist import Netlist, Port, Scope
from .signals import Bit, Bus, as_bus

_WIRE = 254  # op of a declared wire: resolved to its driver by freeze(), never in a netlist
_UNCONNECTED = -1


class Builder:
    """Collects cells, then freezes them into a :class:`~gatesim.netlist.Netlist`.

    The builder does not simplify: gate counts are what the author wrote.
    """

    def __init__(self, name: str = "circuit") -> None:
        self.name = name
        self._op = array("B", (gates.CONST0, gates.CONST1))
        self._fanin = array("i")
        self._ptr = array("i", (0, 0, 0))
        self._scope_of = array("i", (0, 0))
        self._scope = 0
        self._scopes: list[Scope] = [Scope("", -1)]
        self._scope_uses: dict[tuple[int, str], int] = {}
        self._ports: list[Port] = []
        self._port_names: set[str] = set()
        self._names: dict[int, str] = {}
        self._memories: list[Memory] = []
        self._drivers: dict[int, int] = {}  # declared wire -> driving net

    # -- sources -----------------------------------------------------------------------------

    @property
    def zero(self) -> Bit:
        """Constant 0."""
        return Bit(self, 0)

    @property
    def one(self) -> Bit:
        """Constant 1."""
        return Bit(self, 1)

    def constant(self, value: int, width: int) -> Bus:
        """`value` as a bus of constant bits (two's complement when negative).

        Raises
        ------
        ValueFitError
            The value does not fit.
        """
        if not -(1 << (width - 1) if width else 0) <= value < 1 << width:
            raise ValueFitError(f"constant {value} does not fit into {width} bits")
        return Bus([Bit(self, (value >> i) & 1) for i in range(width)])

    def input(self, name: str) -> Bit:
        """Declare an input port of one bit."""
        return self.input_bus(name, 1)[0]

    def input_bus(self, name: str, width: int) -> Bus:
        """Declare an input port of `width` bits."""
        if width < 1:
            raise WidthError(f"input port {name!r} needs at least 1 bit, not {width}")
        bus = Bus([self._emit(gates.INPUT, ()) for _ in range(width)])
        self._add_port(Port(name, "input", tuple(x.id for x in bus)))
        return bus

    def output(self, name: str, signal: Bit | Sequence[Bit]) -> None:
        """Declare an output port that shows `signal`."""
        bus = as_bus(signal)
        self._check_own(bus)
        self._add_port(Port(name, "output", tuple(x.id for x in bus)))

    def _add_port(self, port: Port) -> None:
        if port.name in self._port_names:
            raise BuildError(f"port {port.name!r} of {self.name!r} is declared twice")
        self._port_names.add(port.name)
        self._ports.append(port)

    # -- gates -------------------------------------------------------------------------------

    def gate(self, name: str, *pins: Bit) -> Bit:
        """Add the gate called `name` (see :data:`gatesim.gates.GATES`) on `pins`."""
        g = gates.gate(name)
        if g.kind not in ("logic", "tristate"):
            raise BuildError(f"{g.name} is not a logic gate: use input(), register() or memory()")
        if len(pins) != len(g.pins):
            raise BuildError(f"{g.name} takes {len(g.pins)} pins ({', '.join(g.pins)}), not {len(pins)}")
        self._check_own(pins)
        return self._emit(g.op, [p.id for p in pins])

    def nand(self, *pins: Bit) -> Bit:
        """NAND of 2 to 4 bits."""
        return self.gate("NAND" if len(pins) == 2 else f"NAND{len(pins)}", *pins)

    def nor(self, *pins: Bit) -> Bit:
        """NOR of 2 to 4 bits."""
        return self.gate("NOR" if len(pins) == 2 else f"NOR{len(pins)}", *pins)

    @overload
    def mux(self, select: Bit, zero: Bit, one: Bit) -> Bit: ...
    @overload
    def mux(self, select: Bit, zero: Bus, one: Bus) -> Bus: ...
    def mux(self, select: Bit, zero, one):
        """`one` where `select` is 1, else `zero` (bits, or buses of one width)."""
        if isinstance(zero, Bit) and isinstance(one, Bit):
            return self.gate("MUX", select, zero, one)
        if isinstance(zero, Bit) or isinstance(one, Bit) or len(zero) != len(one):
            raise WidthError("mux() wants two bits or two buses of one width")
        return Bus([self.gate("MUX", select, x, y) for x, y in zip(zero, one, strict=True)])

    def _emit(self, op: int, pins: Iterable[int]) -> Bit:
        self._op.append(op)
        self._fanin.extend(pins)
        self._ptr.append(len(self._fanin))
        self._scope_of.append(self._scope)
        return Bit(self, len(self._op) - 1)

    def _gate2(self, op: int, x: Bit, y: Bit) -> Bit:
        if not isinstance(y, Bit):
            raise BuildError(f"a Bit meets {type(y).__name__}: operators want two bits (or two buses of one width)")
        if x.builder is not y.builder:
            raise BuildError(f"bits of two builders meet: {x.builder.name!r} and {y.builder.name!r}")
        fanin = self._fanin
        fanin.append(x.id)
        fanin.append(y.id)
        self._op.append(op)
        self._ptr.append(len(fanin))
        self._scope_of.append(self._scope)
        return Bit(self, len(self._op) - 1)

    def _check_own(self, bits: Iterable[Bit]) -> None:
        for x in bits:
            if not isinstance(x, Bit):
                raise BuildError(f"a Bit is wanted here, not {type(x).__name__}")
            if x.builder is not self:
                raise BuildError(f"bits of two builders meet: {self.name!r} and {x.builder.name!r}")

    # -- feedback and state ------------------------------------------------------------------

    def wire(self, name: str | None = None) -> Bit:
        """Declare a net before what drives it (for feedback); give the driver with :meth:`drive`.

        A wire is no gate: freezing replaces it by its driver.
        """
        bit = self._emit(_WIRE, ())
        return bit.named(name) if name else bit

    def wires(self, width: int) -> Bus:
        """A bus of declared wires."""
        return Bus([self.wire() for _ in range(width)])

    def drive(self, wire: Bit | Sequence[Bit], signal: Bit | Sequence[Bit]) -> None:
        """Connect declared wires to their drivers.

        Raises
        ------
        BuildError
            Not a declared wire, or driven already.
        """
        wires, signals = as_bus(wire), as_bus(signal)
        if len(wires) != len(signals):
            raise WidthError(f"drive() of {len(wires)} wires with {len(signals)} bits: widths must be equal")
        self._check_own(wires)
        self._check_own(signals)
        for w, s in zip(wires, signals, strict=True):
            if self._op[w.id] != _WIRE:
                raise BuildError(f"net {self._label(w.id)} is not a declared wire: it is driven already")
            if w.id in self._drivers:
                raise BuildError(f"net {self._label(w.id)} is driven twice")
            self._drivers[w.id] = s.id

    def flip_flop(self, d: Bit, *, enable: Bit | None = None, reset: Bit | None = None, init: int = 0) -> Bit:
        """A D flip-flop: at the clock edge `init` where `reset`, else `d` where `enable`, else unchanged.

        It powers up to `init`. Enable defaults to 1 and reset to 0.
        """
        if init not in (0, 1):
            raise ValueFitError(f"a flip-flop powers up to 0 or 1, not {init!r}")
        enable = self.one if enable is None else enable
        reset = self.zero if reset is None else reset
        self._check_own((d, enable, reset))
        return self._emit(gates.DFF1 if init else gates.DFF, (d.id, enable.id, reset.id))

    def register(self, d: Sequence[Bit], *, enable: Bit | None = None, reset: Bit | None = None, init: int = 0) -> Bus:
        """A register of ``len(d)`` flip-flops; `init` is an unsigned integer of that width."""
        if not 0 <= init < 1 << len(d):
            raise ValueFitError(f"a register of {len(d)} bits cannot power up to {init}")
        return Bus([self.flip_flop(x, enable=enable, reset=reset, init=(init >> i) & 1) for i, x in enumerate(d)])

    def memory(
        self,
        name: str,
        *,
        depth: int,
        width: int,
        read: Sequence[Sequence[Bit]],
        write: Sequence[tuple[Sequence[Bit], Sequence[Bit], Bit]] = (),
        contents: Sequence[int] | np.ndarray | None = None,
    ) -> tuple[Bus, ...]:
        """Add a memory macro.

        Parameters
        ----------
        depth, width : int
            Words, bits a word (1 to 64).
        read : sequence of address buses
            One combinational read port each.
        write : sequence of (address, data, enable)
            Synchronous write ports; none makes it a ROM.
        contents : sequence of int, optional
            Words at power-up, from address 0.

        Returns
        -------
        tuple of Bus
            The data of each read port, `width` bits.
        """
        if any(m.name == name for m in self._memories):
            raise BuildError(f"memory {name!r} of {self.name!r} is declared twice")
        reads, data = [], []
        for address in read:
            self._check_own(address)
            ids = tuple(x.id for x in address)
            bus = Bus([self._emit(gates.READ, ids) for _ in range(width)])
            reads.append(ReadPort(ids, tuple(x.id for x in bus)))
            data.append(bus)
        writes = []
        for address, word, enable in write:
            self._check_own((*address, *word, enable))
            writes.append(WritePort(tuple(x.id for x in address), tuple(x.id for x in word), enable.id))
        words = memory_contents(name, depth, width, contents)
        self._memories.append(Memory(name, depth, width, words, tuple(reads), tuple(writes)))
        return tuple(data)

    def fresh_memory(self, name: str) -> str:
        """`name`, or with a number behind it when a memory has that name already."""
        taken = {m.name for m in self._memories}
        numbered = (f"{name}_{i}" for i in range(1, len(taken) + 1))
        return name if name not in taken else next(n for n in numbered if n not in taken)

    # -- hierarchy ---------------------------------------------------------------------------

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Label the cells made inside with a scope called `name` (numbered when it repeats)."""
        key = (self._scope, name)
        use = self._scope_uses.get(key, 0)
        self._scope_uses[key] = use + 1
        outer = self._scope
        self._scopes.append(Scope(f"{name}_{use}" if use else name, outer, name))
        self._scope = len(self._scopes) - 1
        try:
            yield
        finally:
            self._scope = outer

    # -- freezing ----------------------------------------------------------------------------

    def _label(self, net: int) -> str:
        return repr(self._names[net]) if net in self._names else str(net)

    def _resolve_wires(self, op: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """For every net, the net that really drives it; and the problems met."""
        target = np.arange(len(op), dtype=np.int64)
        problems: list[str] = []
        for wire in np.flatnonzero(op == _WIRE).tolist():
            seen = [wire]
            while (net := self._drivers.get(seen[-1], _UNCONNECTED)) != _UNCONNECTED and op[net] == _WIRE:
                if net in seen:
                    break
                seen.append(net)
            if net == _UNCONNECTED:
                problems.append(f"wire {self._label(seen[-1])} is undriven: give its driver with drive()")
            elif op[net] == _WIRE:
                problems.append(f"wire {self._label(wire)} drives itself")
            else:
                target[wire] = net
        return target, problems

    def freeze(self) -> Netlist:
        """The netlist of what was built so far.

        Raises
        ------
        NetlistError
            Lists every undriven wire and every structural problem, with names.
        """
        op = np.array(self._op, dtype=np.uint8)
        ptr, fanin = np.array(self._ptr, dtype=np.int32), np.array(self._fanin, dtype=np.int32)
        scope_of = np.array(self._scope_of, dtype=np.int32)
        if not (op == _WIRE).any():
            return Netlist(
                self.name, op, ptr, fanin, tuple(self._ports), self._names, tuple(self._scopes), scope_of,
                tuple(self._memories),
            )  # fmt: skip
        target, problems = self._resolve_wires(op)
        if problems:
            raise NetlistError(self.name, problems)
        keep = op != _WIRE
        renumber = np.cumsum(keep) - 1
        final = renumber[target]
        # A wire has no pins, so dropping wires leaves the fanin list itself as it is.
        names = {int(final[n]): text for n, text in sorted(self._names.items(), key=lambda kv: keep[kv[0]])}

        def move(nets: Iterable[int]) -> tuple[int, ...]:
            return tuple(int(final[k]) for k in nets)

        return Netlist(
            self.name,
            op[keep],
            np.concatenate(([0], ptr[1:][keep])),
            final[fanin],
            tuple(Port(p.name, p.direction, move(p.nets)) for p in self._ports),
            names,
            tuple(self._scopes),
            scope_of[keep],
            tuple(moved_memory(m, move) for m in self._memories),
        )
