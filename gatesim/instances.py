"""Placing a copy of a frozen netlist into a builder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .builder import Builder
from .errors import UnsupportedError, WidthError, unknown_name
from .gates import DFF1, GATES, INPUT, IS_REGISTER
from .netlist import Netlist
from .signals import Bit, Bus, as_bus


def instantiate(
    builder: Builder, net: Netlist, inputs: Mapping[str, Bit | Sequence[Bit]], name: str = ""
) -> dict[str, Bus]:
    """Add a copy of `net` to `builder` under one scope, and return its outputs by port name.

    Parameters
    ----------
    builder : Builder
    net : Netlist
        Without memories; loops and registers are copied too.
    inputs : mapping of port name to signal
        One of the right width for every input port.
    name : str, optional
        Name of the scope (the netlist's own by default).

    Raises
    ------
    UnknownNameError, WidthError
        A port missing, unknown, or of another width.
    UnsupportedError
        The netlist has memories.

    Examples
    --------
    >>> b = Builder("cell"); b.output("y", ~b.input("x")); cell = b.freeze()
    >>> b = Builder("chain"); signal = b.input("x")
    >>> for _ in range(3): signal = instantiate(b, cell, {"x": signal})["y"]
    >>> b.output("y", signal); b.freeze().counts()
    {'INPUT': 1, 'NOT': 3}
    """
    if net.memories:
        raise UnsupportedError(f"{net.name!r} has memories: a copy of those cannot be placed yet")
    known = {p.name: p for p in net.inputs}
    for port in inputs:
        if port not in known:
            raise unknown_name(f"input of {net.name!r}", port, known)
    bit_of: dict[int, Bit] = {0: builder.zero, 1: builder.one}
    for port in net.inputs:
        if port.name not in inputs:
            raise unknown_name("given input", port.name, inputs)
        bus = as_bus(inputs[port.name])
        if len(bus) != port.width:
            raise WidthError(f"input {port.name!r} of {net.name!r} has {port.width} bits, not {len(bus)}")
        bit_of.update(zip(port.nets, bus, strict=True))
    cells = [i for i in range(2, net.n_nets) if net.op[i] != INPUT]
    with builder.scope(name or net.name):
        # A wire stands for each cell until it exists: cells may be written readers first, or in loops.
        wire_of = {cell: builder.wire() for cell in cells}
        seen = {**bit_of, **wire_of}
        for cell in cells:
            pins = [seen[int(k)] for k in net.fanin_of(cell)]
            gate = GATES[net.op[cell]]
            if IS_REGISTER[gate.op]:
                made = builder.flip_flop(pins[0], enable=pins[1], reset=pins[2], init=int(gate.op == DFF1))
            else:
                made = builder.gate(gate.name, *pins)
            builder.drive(wire_of[cell], made)
            bit_of[cell] = made
    return {p.name: Bus([bit_of[k] for k in p.nets]) for p in net.outputs}
