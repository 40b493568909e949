"""One clock cycle of a clocked netlist as a function: registers become ports."""

from __future__ import annotations

import numpy as np

from .. import gates
from ..errors import BuildError
from ..netlist import Netlist, Port

_NEXT = {gates.DFF: 0, gates.DFF1: 1}


def clock_cycle(net: Netlist, *, state: str = "q", following: str = "next_q") -> Netlist:
    """`net` without state: what its registers hold is an input, what they hold after the clock edge an output.

    A memory stays outside: what is read from it is an input, its addresses, data and enables are outputs
    (``ram.read0``, ``ram.address0``, ``ram.write_address0``, ``ram.write_data0``, ``ram.write_enable0``).

    Parameters
    ----------
    net : Netlist
        Without combinational loops; a combinational netlist comes back as it is.
    state, following : str
        Names of the two ports; bit i is flip-flop i of ``net.registers``.

    Raises
    ------
    BuildError
        The netlist has a port of such a name already.

    Examples
    --------
    >>> from gatesim import Builder, simulate
    >>> b = Builder("toggle"); q = b.wire(); f = b.flip_flop(q); b.drive(q, ~f); b.output("y", f)
    >>> simulate(clock_cycle(b.freeze()), q=[0, 1])["next_q"].tolist()
    [1, 0]
    """
    if not len(net.registers) and not net.memories:
        return net
    net.require_two_valued("clock_cycle()")
    ports, op = list(net.ports), net.op.copy()
    counts = np.diff(net.fanin_ptr)
    op[net.registers] = gates.INPUT
    extra_op: list[int] = []
    extra_pins: list[tuple[int, ...]] = []

    def gate(code: int, *pins: int) -> int:
        extra_op.append(code)
        extra_pins.append(pins)
        return net.n_nets + len(extra_op) - 1

    if len(net.registers):
        after = []
        for q in net.registers.tolist():
            d, enable, reset = net.fanin_of(q).tolist()
            value = d if enable == 1 else gate(gates.MUX, enable, q, d)
            if reset != 0:
                value = gate(gates.MUX, reset, value, _NEXT[int(net.op[q])])
            after.append(value)
        ports += [Port(state, "input", tuple(net.registers.tolist())), Port(following, "output", tuple(after))]
    for m in net.memories:
        for i, r in enumerate(m.reads):
            op[list(r.data)] = gates.INPUT
            ports += [Port(f"{m.name}.read{i}", "input", r.data), Port(f"{m.name}.address{i}", "output", r.address)]
        for i, w in enumerate(m.writes):
            ports += [
                Port(f"{m.name}.write_address{i}", "output", w.address),
                Port(f"{m.name}.write_data{i}", "output", w.data),
                Port(f"{m.name}.write_enable{i}", "output", (w.enable,)),
            ]
    names = [p.name for p in ports]
    taken = next((n for n in names if names.count(n) > 1), None)
    if taken is not None:
        raise BuildError(f"{net.name!r} has a port {taken!r} already: give the state another name")
    cleared = op != net.op
    keep = np.repeat(~cleared, counts)
    sizes = np.concatenate((np.where(cleared, 0, counts), [len(p) for p in extra_pins])).astype(np.int64)
    fanin = np.concatenate((net.fanin[keep], np.array([k for p in extra_pins for k in p], np.int32)))
    return Netlist(
        net.name,
        np.concatenate((op, np.array(extra_op, np.uint8))),
        np.concatenate(([0], np.cumsum(sizes))),
        fanin,
        tuple(ports),
        net.names,
        net.scopes,
        np.concatenate((net.scope_of, np.zeros(len(extra_op), np.int32))),
    )
