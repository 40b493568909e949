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

import functools
import inspect
import types
import typing
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar, overload

import numpy as np

from . import gates
from .errors import BuildError, NetlistError, ValueFitError, WidthError, unknown_name
from .netlist import Memory, Netlist, Port, ReadPort, Scope, WritePort, memory_contents

_WIRE = 254  # op of a declared wire: resolved to its driver by freeze(), never in a netlist
_UNCONNECTED = -1


class Bit:
    """One net under construction. Immutable; made by a :class:`Builder` only."""

    __slots__ = ("builder", "id")

    def __init__(self, builder: Builder, id: int) -> None:
        self.builder = builder
        self.id = id

    def __and__(self, other: Bit) -> Bit:
        return self.builder._gate2(gates.AND, self, other)

    def __or__(self, other: Bit) -> Bit:
        return self.builder._gate2(gates.OR, self, other)

    def __xor__(self, other: Bit) -> Bit:
        return self.builder._gate2(gates.XOR, self, other)

    def __invert__(self) -> Bit:
        return self.builder._emit(gates.NOT, (self.id,))

    def __bool__(self) -> bool:
        raise BuildError("a Bit has no value while the circuit is built: use mux(), not if/and/or")

    def named(self, name: str) -> Bit:
        """Give this net a name of its own and return it."""
        self.builder._names[self.id] = name
        return self

    def repeat(self, width: int) -> Bus:
        """A bus of `width` copies of this bit."""
        return Bus((self,) * width)

    def __repr__(self) -> str:
        return f"<Bit {self.id} of {self.builder.name!r}>"


class Bus(tuple[Bit, ...]):
    """An immutable sequence of bits, LSB first, sliced like a tuple (a slice is a bus)."""

    __slots__ = ()

    @property
    def builder(self) -> Builder:
        """The builder that owns the bits."""
        if not self:
            raise BuildError("an empty bus belongs to no builder")
        return self[0].builder

    @property
    def width(self) -> int:
        """Number of bits."""
        return len(self)

    @overload
    def __getitem__(self, index: slice) -> Bus: ...  # type: ignore[override]
    @overload
    def __getitem__(self, index: typing.SupportsIndex) -> Bit: ...
    def __getitem__(self, index):
        got = tuple.__getitem__(self, index)
        return Bus(got) if isinstance(index, slice) else got

    def _zip(self, op: int, symbol: str, other: Bus) -> Bus:
        if not isinstance(other, Bus):
            raise BuildError(f"'{symbol}' wants two buses of one width; use bit.repeat(n) to widen a bit")
        if len(self) != len(other):
            raise WidthError(f"'{symbol}' between buses of {len(self)} and {len(other)} bits: widths must be equal")
        return Bus([x.builder._gate2(op, x, y) for x, y in zip(self, other, strict=True)])

    def __and__(self, other: Bus) -> Bus:
        return self._zip(gates.AND, "&", other)

    def __or__(self, other: Bus) -> Bus:
        return self._zip(gates.OR, "|", other)

    def __xor__(self, other: Bus) -> Bus:
        return self._zip(gates.XOR, "^", other)

    def __invert__(self) -> Bus:
        return Bus([~x for x in self])

    def __bool__(self) -> bool:
        raise BuildError("a Bus has no value while the circuit is built: use mux(), not if/and/or")

    def __add__(self, other: object) -> typing.NoReturn:  # type: ignore[override]
        raise BuildError("buses have no '+': choose an adder (circuits.adders), or concat() to join them")

    __radd__ = __add__  # type: ignore[assignment]

    def __mul__(self, other: object) -> typing.NoReturn:  # type: ignore[override]
        raise BuildError("buses have no '*': choose a multiplier (circuits.multipliers), or bit.repeat(n)")

    __rmul__ = __mul__  # type: ignore[assignment]

    def named(self, name: str) -> Bus:
        """Name every bit ``name[i]`` and return the bus."""
        for i, x in enumerate(self):
            x.named(f"{name}[{i}]")
        return self

    def __repr__(self) -> str:
        return f"<Bus of {len(self)} bits>"


Signal = Bit | Bus


def concat(*parts: Bit | Sequence[Bit]) -> Bus:
    """Join bits and buses, least significant part first."""
    joined: list[Bit] = []
    for part in parts:
        if isinstance(part, Bit):
            joined.append(part)
        else:
            joined.extend(part)
    return Bus(joined)


def as_bus(signal: Bit | Sequence[Bit]) -> Bus:
    """A bus of one bit from a bit; a bus from a sequence of bits."""
    return Bus((signal,)) if isinstance(signal, Bit) else Bus(signal)


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
        if any(p.name == port.name for p in self._ports):
            raise BuildError(f"port {port.name!r} of {self.name!r} is declared twice")
        self._ports.append(port)

    # -- gates -------------------------------------------------------------------------------

    def gate(self, name: str, *pins: Bit) -> Bit:
        """Add the gate called `name` (see :data:`gatesim.gates.GATES`) on `pins`."""
        g = gates.gate(name)
        if g.kind != "logic":
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

    def register(
        self, d: Sequence[Bit], *, enable: Bit | None = None, reset: Bit | None = None, init: int = 0
    ) -> Bus:
        """A register of ``len(d)`` flip-flops; `init` is an unsigned integer of that width."""
        if not 0 <= init < 1 << len(d):
            raise ValueFitError(f"a register of {len(d)} bits cannot power up to {init}")
        return Bus(
            [self.flip_flop(x, enable=enable, reset=reset, init=(init >> i) & 1) for i, x in enumerate(d)]
        )

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


def moved_memory(memory: Memory, move: Callable[[Iterable[int]], tuple[int, ...]]) -> Memory:
    """`memory` with every net number replaced through `move`."""
    return Memory(
        memory.name,
        memory.depth,
        memory.width,
        memory.contents,
        tuple(ReadPort(move(r.address), move(r.data)) for r in memory.reads),
        tuple(WritePort(move(w.address), move(w.data), move((w.enable,))[0]) for w in memory.writes),
    )


# -- functions over buses --------------------------------------------------------------------

F = TypeVar("F", bound=Callable)


def find_builder(*values: object) -> Builder | None:
    """The builder of the first bit, bus or builder found in `values` (sequences searched too)."""
    for value in values:
        if isinstance(value, Builder):
            return value
        if isinstance(value, Bit):
            return value.builder
        if isinstance(value, (tuple, list)) and (found := find_builder(*value)) is not None:
            return found
    return None


def block(function: F) -> F:
    """Decorate a generator function: each call labels its cells with a scope of the function's name."""

    @functools.wraps(function)
    def scoped(*args, **kwargs):
        builder = find_builder(*args, *kwargs.values())
        if builder is None:
            raise BuildError(f"{function.__name__}() needs a bit, a bus or a Builder among its arguments")
        with builder.scope(function.__name__):
            return function(*args, **kwargs)

    return typing.cast(F, scoped)


def build(function: Callable, /, name: str | None = None, **arguments) -> Netlist:
    """Turn a function over buses into a netlist.

    Parameters annotated ``Bus`` or ``Bit`` become input ports: give the width of each bus (a bit is
    always 1; an optional bit appears only when its argument is given). A parameter annotated as a
    sequence of buses takes a tuple of widths and makes ports ``name0, name1, ...``. A parameter
    annotated ``Builder`` receives the builder. Everything else is passed on. The result's fields
    (NamedTuple or dict), or ``out`` for a single signal, become output ports.

    Examples
    --------
    >>> def half_adder(x: Bit, y: Bit) -> dict[str, Bit]:
    ...     return {"sum": x ^ y, "carry": x & y}
    >>> build(half_adder).n_gates
    2

    Raises
    ------
    BuildError
        A width is missing, or the function returns something that is no signal.
    UnknownNameError
        An argument that the function does not take.
    """
    plain = inspect.unwrap(function)
    label = getattr(plain, "__name__", type(plain).__name__)
    builder = Builder(name or label)
    try:
        hints = typing.get_type_hints(plain)
    except (NameError, TypeError) as exc:
        raise BuildError(f"cannot read the annotations of {label}(): {exc}") from exc
    parameters = inspect.signature(plain).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for key in arguments:
        if key not in parameters and not takes_any:
            raise unknown_name(f"argument of {label}()", key, parameters)
    call: dict[str, object] = {k: v for k, v in arguments.items() if k not in parameters}
    for key, parameter in parameters.items():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        given = key in arguments
        value = arguments.get(key)
        role = _role(hints.get(key))
        if role == "builder":
            call[key] = builder
        elif role is None:
            if given:
                call[key] = value
            elif parameter.default is parameter.empty:
                raise BuildError(f"{label}() needs a value for {key!r}")
        elif given and value is None:
            call[key] = None
        elif role == "bit":
            if given or parameter.default is parameter.empty:
                if given and value != 1:
                    raise BuildError(f"{label}(): {key!r} is a bit; its width is 1, not {value!r}")
                call[key] = builder.input(key)
        elif not given:
            if parameter.default is parameter.empty:
                raise BuildError(f"{label}() needs a width for its bus {key!r}, for example {key}=8")
        elif role == "bus":
            call[key] = builder.input_bus(key, _width(label, key, value))
        else:
            call[key] = _input_sequence(builder, label, key, role, value)
    positional = [call.pop(k) for k, p in parameters.items() if p.kind is p.POSITIONAL_ONLY and k in call]
    result = function(*positional, **call)
    for out_name, signal in _outputs(label, result):
        builder.output(out_name, signal)
    return builder.freeze()


def _role(hint: object) -> str | None:
    """What an annotation asks of build(): bit, bus, buses, bits, builder, or nothing."""
    if hint is Builder:
        return "builder"
    if hint is Bit:
        return "bit"
    if hint is Bus:
        return "bus"
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        roles = {_role(a) for a in args if a is not type(None)}
        return roles.pop() if len(roles) == 1 else None
    if origin is not None and args:
        inner = _role(args[0])
        if inner in ("bus", "bit"):
            return "buses" if inner == "bus" else "bits"
    return None


def _width(label: str, key: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise BuildError(f"{label}(): {key!r} is a bus; give its width as a positive integer, not {value!r}")
    return int(value)


def _input_sequence(builder: Builder, label: str, key: str, role: str, value: object) -> list[Signal]:
    if role == "bits":
        return list(builder.input_bus(key, _width(label, key, value)))
    if not isinstance(value, (tuple, list)):
        raise BuildError(f"{label}(): {key!r} is a sequence of buses; give a tuple of widths, not {value!r}")
    return [builder.input_bus(f"{key}{i}", _width(label, key, w)) for i, w in enumerate(value)]


def _outputs(label: str, result: object) -> Iterator[tuple[str, Bit | Sequence[Bit]]]:
    if isinstance(result, (Bit, Bus)):
        yield "out", result
        return
    if isinstance(result, dict):
        fields = list(result.items())
    elif hasattr(result, "_fields"):
        fields = list(zip(result._fields, result, strict=True))  # type: ignore[attr-defined]
    else:
        raise BuildError(f"{label}() must return a Bit, a Bus, a NamedTuple or a dict of them, not {type(result).__name__}")
    for key, signal in fields:
        if signal is None:
            continue
        if isinstance(signal, list):
            for i, bus in enumerate(signal):
                yield f"{key}{i}", bus
        elif isinstance(signal, (Bit, Bus)):
            yield key, signal
        else:
            raise BuildError(f"{label}(): result {key!r} is a {type(signal).__name__}, not a Bit or a Bus")


__all__ = ["Bit", "Builder", "Bus", "Signal", "as_bus", "block", "build", "concat", "find_builder"]
