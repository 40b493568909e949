"""Removing what no output can see."""

from __future__ import annotations

import numpy as np

from ..analysis import live
from ..netlist import Netlist
from .rewrite import select


def sweep(net: Netlist) -> Netlist:
    """`net` without the cells that no output port can ever depend on.

    Registers and memories that only feed themselves go; ports stay as they are. Loops are allowed.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("dead"); x = b.input("x"); unused = x & ~x; b.output("y", ~x)
    >>> sweep(b.freeze()).counts()
    {'INPUT': 1, 'NOT': 1}
    """
    return sweep_map(net)[0]


def sweep_map(net: Netlist) -> tuple[Netlist, np.ndarray]:
    """:func:`sweep`, and (n_nets,) int32: the new net of every old one, -1 where it is gone."""
    return select(net, live(net))
