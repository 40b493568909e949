"""Slow motion: what one change sets off, gate by gate, with a technology's delays."""

from __future__ import annotations

import numpy as np

from ..engines.timed import TimedEngine
from ..errors import UnsupportedError
from ..gates import INPUT, IS_REGISTER, READ
from ..netlist import Netlist, Port
from ..timing import Technology, delays
from ..waveforms import Trace

_STATE = "held by registers and memories"


class SlowMotion:
    """One operation in the course of picoseconds.

    Parameters
    ----------
    net : Netlist
        Of gates that the technology has. Registers and memories stand still meanwhile: what they give is
        taken as it is before and after the clock edge, all changes at time 0.
    technology : Technology
    before, after : (n,) uint8
        Settled values of all nets; between them lies a change of inputs or a clock edge.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import load_technology
    >>> b = Builder("nand"); b.output("z", b.gate("NAND", b.input("x"), b.input("y"))); net = b.freeze()
    >>> slow = SlowMotion(net, load_technology("ttl7400"), np.uint8([0, 1, 1, 0, 1]), np.uint8([0, 1, 1, 1, 0]))
    >>> slow.end_ps, slow.values(6_999).tolist()[-1], slow.values(7_000).tolist()[-1]
    (7000, 1, 0)
    """

    def __init__(self, net: Netlist, technology: Technology, before: np.ndarray, after: np.ndarray) -> None:
        if max(int(before.max()), int(after.max())) > 1:
            raise UnsupportedError(f"{net.name!r} has nets at X or Z: slow motion follows 0 and 1 only")
        self.technology = technology
        cut = _cut(net)
        found = delays(net, technology)
        engine = TimedEngine(cut, (found.rise_ps, found.fall_ps))
        self._before = before.copy()
        values = {p.name: int(sum(int(after[k]) << i for i, k in enumerate(p.nets))) for p in cut.inputs}
        start = {p.name: int(sum(int(before[k]) << i for i, k in enumerate(p.nets))) for p in cut.inputs}
        self.trace: Trace = engine.run({k: [v] for k, v in values.items()}, before=start, watch=None)
        self.end_ps = int(self.trace.time_ps.max(initial=0))

    def values(self, time_ps: int) -> np.ndarray:
        """(n,) uint8: all nets at a moment."""
        found = self._before.copy()
        n = int(np.searchsorted(self.trace.time_ps, time_ps, side="right"))
        toggled = np.bincount(self.trace.net[:n], minlength=len(found))
        found ^= (toggled & 1).astype(np.uint8)
        return found

    def moments(self) -> np.ndarray:
        """(k,) int64: the times at which something changes, ascending."""
        return np.unique(self.trace.time_ps)


def _cut(net: Netlist) -> Netlist:
    """The same nets, with registers and read data as inputs."""
    held = np.flatnonzero(IS_REGISTER[net.op] | (net.op == READ))
    op = net.op.copy()
    op[held] = INPUT
    pins = np.diff(net.fanin_ptr)
    keep = np.repeat(op != INPUT, pins)
    counts = np.where(op == INPUT, 0, pins)
    ptr = np.concatenate(([0], np.cumsum(counts)))
    ports = list(net.ports)
    names = tuple(f"{_STATE} {k}" for k in range(len(held)))
    ports += [Port(name, "input", (int(k),)) for name, k in zip(names, held, strict=True)]
    return Netlist(net.name, op, ptr, net.fanin[keep], tuple(ports))
