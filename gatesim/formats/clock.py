"""The one clock of a netlist is implicit: a reader takes it out of the ports."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ..memory import moved_memory
from ..netlist import Netlist, Port


def without_clock(net: Netlist, clocks: Collection[str]) -> Netlist:
    """Drop one-bit input ports called `clocks` when nothing but flip-flops used them."""
    gone = [p for p in net.inputs if p.name in clocks and p.width == 1]
    shown = {k for p in net.outputs for k in p.nets}
    for m in net.memories:
        shown.update(k for w in m.writes for k in (*w.address, *w.data, w.enable))
    gone = [p for p in gone if p.nets[0] not in shown and not (net.fanin == p.nets[0]).any()]
    if not gone:
        return net
    keep = np.ones(net.n_nets, bool)
    keep[[p.nets[0] for p in gone]] = False
    final = np.cumsum(keep) - 1
    counts = np.diff(net.fanin_ptr)[keep]

    def move(nets) -> tuple[int, ...]:
        return tuple(int(final[k]) for k in nets)

    return Netlist(
        net.name,
        net.op[keep],
        np.concatenate(([0], np.cumsum(counts))),
        final[net.fanin],
        tuple(Port(p.name, p.direction, move(p.nets)) for p in net.ports if p not in gone),
        {int(final[k]): name for k, name in net.names.items() if keep[k]},
        net.scopes,
        net.scope_of[keep],
        tuple(moved_memory(m, move) for m in net.memories),
    )
