"""Constant folding and structural hashing."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from .. import gates
from ..analysis import levels
from ..errors import GatesimError
from ..gates import IS_LOGIC, LOGIC_GATES, TABLE, gate, gates_by_table
from ..kernels import strash as kernel
from ..netlist import Netlist
from .rewrite import rebuild
from .sweep import sweep_map

ALL_LOGIC = frozenset(g.op for g in LOGIC_GATES)


def strash(net: Netlist, ops: Iterable[str] | None = None) -> Netlist:
    """`net` with constants folded, equal cells merged, double inversions and dead cells removed.

    Each cell's truth table is reduced by constant, repeated, inverse and useless pins, and written as
    the gate that has the reduced function. Two cells are equal when they compute the same function of
    the same nets, whatever gate and pin order they were written with.

    Parameters
    ----------
    net : Netlist
        Without combinational loops.
    ops : iterable of gate names, optional
        Gates that the result may use (all by default); a cell whose reduced function is none of them
        stays as it was written. An inverter is NOT if allowed, else NAND(x, x), NOR(x, x) or
        XOR(x, 1).

    Raises
    ------
    LoopError
        A combinational loop.
    UnknownNameError
        No such gate in `ops`.
    GatesimError
        `ops` cannot invert.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("folds"); x, y = b.input("x"), b.input("y")
    >>> b.output("z", (x & y) | ~~(y & x) | b.zero)
    >>> strash(b.freeze()).counts()
    {'INPUT': 2, 'AND': 1}
    """
    return strash_map(net, ops)[0]


def strash_map(net: Netlist, ops: Iterable[str] | None = None) -> tuple[Netlist, np.ndarray]:
    """:func:`strash`, and (n_nets,) int32: the new net of every old one, -1 where it is gone."""
    net.require_two_valued("strash()")
    names = [ops] if isinstance(ops, str) else ops
    allowed = ALL_LOGIC if names is None else frozenset(gate(name).op for name in names)
    not_op, not_pins = _inverter(allowed)
    mapped, op, n_pins, pins = kernel.strash(
        levels(net).order, net.op, net.fanin_ptr, net.fanin, IS_LOGIC, TABLE, _finder(allowed), not_op, not_pins
    )
    logic = IS_LOGIC[net.op]
    keep = mapped == np.arange(net.n_nets)
    final = (np.cumsum(keep) - 1)[mapped]
    counts = np.where(logic, n_pins, np.diff(net.fanin_ptr))[keep]
    ptr = np.concatenate(([0], np.cumsum(counts)))
    fanin = np.zeros(ptr[-1], np.int32)
    kept = np.flatnonzero(keep)
    for k in range(4):
        has = logic[kept] & (counts > k)
        fanin[ptr[:-1][has] + k] = pins[kept[has], k]
    others = np.repeat(~logic[kept], counts)
    fanin[others] = mapped[net.fanin[np.repeat(keep & ~logic, np.diff(net.fanin_ptr))]]
    hashed = rebuild(net, op[keep], ptr, final[fanin], net.scope_of[keep], final, keep)
    clean, swept = sweep_map(hashed)
    return clean, swept[final].astype(np.int32)


def _inverter(allowed: frozenset[int]) -> tuple[int, int]:
    """How to write NOT x: the op, and 1 for (x), 2 for (x, x), 3 for (x, constant 1)."""
    for op, how in ((gates.NOT, 1), (gates.NAND, 2), (gates.NOR, 2), (gates.XOR, 3)):
        if op in allowed:
            return op, how
    raise GatesimError("these gates cannot invert: allow NOT, NAND, NOR or XOR")


@cache
def _finder(allowed: frozenset[int]) -> np.ndarray:
    """(3, 65536) int32 for 2 to 4 inputs: ``op << 8 | wiring`` of each function, -1 where there is none."""
    finder = np.full((3, 1 << 16), -1, np.int32)
    for (arity, table), (op, order) in gates_by_table(allowed).items():
        if arity >= 2:
            finder[arity - 2, table] = op << 8 | sum(pin << (2 * k) for k, pin in enumerate(order))
    return finder
