"""Tri-state buses as AND and OR, where it is proven that exactly one driver speaks at a time."""

from __future__ import annotations

from functools import reduce

import numpy as np

from .analysis import levels
from .builder import Builder
from .equivalence import equivalent
from .errors import UnsupportedError
from .gates import DFF1, GATES, INPUT, IS_LOGIC, IS_REGISTER, IS_TRISTATE, PULLDOWN, PULLUP, READ, RESOLVE, TRI
from .netlist import Netlist
from .passes import sweep
from .signals import Bit, Bus


def two_valued(net: Netlist) -> Netlist:
    """`net` with its tri-state cells turned into gates, for everything that knows 0 and 1 only.

    A bus becomes the OR of what its drivers say while they are enabled. That is the same function only if
    every bus that something reads is driven, by drivers that agree: this is proven first, with registers
    and memory words as free values.

    Raises
    ------
    UnsupportedError
        A bus may float, or two of its drivers may disagree (an example is given); or it could not be
        proven that neither happens.
    LoopError
        A combinational loop.

    Examples
    --------
    >>> b = Builder("bus"); s, x, y = b.input("s"), b.input("x"), b.input("y")
    >>> b.output("out", b.gate("RESOLVE", b.gate("TRI", x, s), b.gate("TRI", y, ~s)))
    >>> two_valued(b.freeze()).counts()
    {'INPUT': 3, 'NOT': 1, 'AND': 2, 'OR': 1}
    """
    if not len(net.tristate):
        return net
    _Proof(net).check()
    return sweep(_Rewrite(net, net.name).netlist())


class _Copy:
    """A netlist on its way into a builder, cell by cell; tri-state nets become a value and 'is driven'."""

    def __init__(self, net: Netlist, name: str) -> None:
        self.net, self.b = net, Builder(name)
        self.bit: dict[int, Bit] = {0: self.b.zero, 1: self.b.one}
        self.driven: dict[int, Bit] = {}
        for port in net.inputs:
            self.bit.update(zip(port.nets, self.b.input_bus(port.name, port.width), strict=True))

    def cells(self) -> None:
        """Copy every cell, drivers first."""
        for cell in (int(c) for c in levels(self.net).order):
            op = int(self.net.op[cell])
            pins = [int(p) for p in self.net.fanin_of(cell)]
            if IS_LOGIC[op]:
                self.bit[cell] = self.b.gate(GATES[op].name, *(self.bit[p] for p in pins))
            elif IS_TRISTATE[op]:
                self._tristate(cell, op, pins)
            if cell in self.net.names and cell in self.bit and op != INPUT:
                self.bit[cell].named(self.net.names[cell])

    def _tristate(self, cell: int, op: int, pins: list[int]) -> None:
        b, value = self.b, [self.bit[p] for p in pins]
        driven = [self.driven.get(p, b.one) for p in pins]
        if op == TRI:
            self.bit[cell], self.driven[cell] = value[0] & value[1], value[1]
        elif op == RESOLVE:
            self.bit[cell] = value[0] | value[1]
            self.driven[cell] = driven[0] | driven[1] if len(self.driven.keys() & set(pins)) == 2 else b.one
            self.disagree(driven[0] & driven[1] & (value[0] ^ value[1]))
        elif op in (PULLUP, PULLDOWN):
            floats = pins[0] in self.driven
            self.bit[cell] = value[0] | ~driven[0] if op == PULLUP and floats else value[0]

    def disagree(self, bit: Bit) -> None:
        """Called with a bit that is 1 where two drivers contradict each other."""


class _Proof(_Copy):
    """The bits that must never be 1: a conflict, or a floating bus that something reads."""

    def __init__(self, net: Netlist) -> None:
        super().__init__(net, f"{net.name}, faults of buses")
        self.faults: list[Bit] = []
        free = [*net.registers.tolist(), *np.flatnonzero(net.op == READ).tolist()]
        if free:
            self.bit.update(zip(free, self.b.input_bus("state of registers and memories", len(free)), strict=True))

    def disagree(self, bit: Bit) -> None:
        self.faults.append(bit)

    def check(self) -> None:
        net = self.net
        self.cells()
        readers = [k for k in range(net.n_nets) if not IS_TRISTATE[net.op[k]] or net.op[k] == TRI]
        read = {int(p) for k in readers for p in net.fanin_of(k)} | {k for p in net.outputs for k in p.nets}
        for m in net.memories:
            read |= {k for w in m.writes for k in (*w.address, *w.data, w.enable)}
        self.faults += [~self.driven[k] for k in sorted(read & self.driven.keys())]
        never = Builder("never")
        for port in self.b._ports:
            if port.direction == "input":
                never.input_bus(port.name, len(port.nets))
        never.output("fault", never.zero)
        self.b.output("fault", reduce(lambda p, q: p | q, self.faults, self.b.zero))
        found = equivalent(self.b.freeze(), never.freeze())
        if found.status == "different":
            raise UnsupportedError(
                f"a tri-state bus of {net.name!r} floats, or two of its drivers disagree: {found}; "
                "engine 'logic4' simulates it"
            )
        if not found:
            raise UnsupportedError(
                f"it is not proven that the tri-state buses of {net.name!r} always have one driver "
                f"({found}); engine 'logic4' simulates it"
            )


class _Rewrite(_Copy):
    """The netlist itself, with registers and memories."""

    def netlist(self) -> Netlist:
        net, b = self.net, self.b
        registers = net.registers.tolist()
        wires = b.wires(len(registers)) if registers else Bus(())
        self.bit.update(zip(registers, wires, strict=True))
        reads = [k for m in net.memories for r in m.reads for k in r.data]
        data = b.wires(len(reads)) if reads else Bus(())
        self.bit.update(zip(reads, data, strict=True))
        self.cells()
        for q in registers:
            d, enable, reset = (self.bit[int(k)] for k in net.fanin_of(q))
            assert IS_REGISTER[net.op[q]]
            b.drive(self.bit[q], b.flip_flop(d, enable=enable, reset=reset, init=int(net.op[q] == DFF1)))
        for m in net.memories:
            made = b.memory(
                m.name,
                depth=m.depth,
                width=m.width,
                read=[Bus([self.bit[k] for k in r.address]) for r in m.reads],
                write=[
                    (Bus([self.bit[k] for k in w.address]), Bus([self.bit[k] for k in w.data]), self.bit[w.enable])
                    for w in m.writes
                ],
                contents=m.contents,
            )
            for port, bus in zip(m.reads, made, strict=True):
                b.drive([self.bit[k] for k in port.data], bus)
        for port in net.outputs:
            b.output(port.name, Bus([self.bit[k] for k in port.nets]))
        return b.freeze()
