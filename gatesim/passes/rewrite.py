"""Rebuilding a netlist from new cells: ports, names, scopes and memories follow their nets."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..memory import Memory, moved_memory
from ..netlist import Netlist, Port


def rebuild(
    net: Netlist,
    op: np.ndarray,
    ptr: np.ndarray,
    fanin: np.ndarray,
    scope_of: np.ndarray,
    final: np.ndarray,
    own: np.ndarray | None = None,
) -> Netlist:
    """A netlist of new cells that stands for `net`.

    ``final`` (n_nets,) gives the new net of every old one, -1 where it is gone. A memory whose read
    data is gone altogether goes too. User names stay with the nets that survive; where several old nets
    became one, the name of the net that it was (``own`` (n_nets,) bool) goes before the names of those
    merged into it.
    """

    def move(nets: Iterable[int]) -> tuple[int, ...]:
        return tuple(int(final[k]) for k in nets)

    names: dict[int, str] = {}
    first = (lambda item: not own[item[0]]) if own is not None else (lambda item: False)
    for old, name in sorted(net.names.items(), key=first):
        new = int(final[old])
        if new > 1:
            names.setdefault(new, name)
    return Netlist(
        net.name,
        op,
        ptr,
        fanin,
        tuple(Port(p.name, p.direction, move(p.nets)) for p in net.ports),
        names,
        net.scopes,
        scope_of,
        tuple(moved_memory(m, move) for m in net.memories if _survives(m, final)),
    )


def _survives(memory: Memory, final: np.ndarray) -> bool:
    return any(final[k] >= 0 for r in memory.reads for k in r.data)


def select(net: Netlist, keep: np.ndarray) -> tuple[Netlist, np.ndarray]:
    """The netlist of the kept cells (which read kept cells only), and the map of nets."""
    final = np.where(keep, np.cumsum(keep) - 1, -1)
    counts = np.diff(net.fanin_ptr)
    pins = final[net.fanin[np.repeat(keep, counts)]]
    ptr = np.concatenate(([0], np.cumsum(counts[keep])))
    return rebuild(net, net.op[keep], ptr, pins, net.scope_of[keep], final), final.astype(np.int32)
