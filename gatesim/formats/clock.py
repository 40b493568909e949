"""The one clock of a netlist is implicit: a reader takes it out of the ports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

import numpy as np

from ..errors import ParseError
from ..memory import moved_memory
from ..netlist import Netlist, Port

N = TypeVar("N", bound=Hashable)


class Clocks(Generic[N]):
    """The clock nets of the flip-flops of a file: one net and one edge in the end."""

    def __init__(self) -> None:
        self._nets: dict[N, Callable[[str], ParseError]] = {}
        self._rising: bool | None = None

    def add(self, net: N, rising: bool, fail: Callable[[str], ParseError]) -> None:
        """Note the clock of a flip-flop; `fail` makes an error at its place in the file."""
        if self._rising is None:
            self._rising = rising
        elif self._rising != rising:
            raise fail("flip-flops on both edges of the clock are not supported: a netlist has one edge")
        self._nets.setdefault(net, fail)

    def root(self, aliases: Mapping[N, N], label: Callable[[N], str]) -> N | None:
        """The net that clocks all flip-flops, behind all `aliases`; None without flip-flops.

        Raises
        ------
        ParseError
            There are several.
        """
        roots: dict[N, N] = {}
        for net in self._nets:
            root, steps = net, 0
            while root in aliases and steps <= len(aliases):
                root, steps = aliases[root], steps + 1
            roots.setdefault(root, net)
        if len(roots) > 1:
            names = ", ".join(repr(label(net)) for net in roots.values())
            raise self._nets[list(roots.values())[1]](f"flip-flops have several clocks ({names}): a netlist has one")
        return next(iter(roots), None)


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
