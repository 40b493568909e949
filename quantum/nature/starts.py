"""States that are easy to prepare: a letter of ``01+-`` a spin, spin 0 first."""

from __future__ import annotations

import numpy as np

from gatesim.errors import unknown_name

from ..layers import Circuit, Layer
from ..statevector import check_start
from .graphs import Graph

STARTS = ("up", "right", "flip", "neel", "wall")


def start_named(name: str, graph: Graph) -> str:
    """The letters of a named start.

    ``up``: all |0>. ``right``: all |+>. ``flip``: the spin in the centre turned. ``neel``: neighbours opposite
    (by distance from spin 0). ``wall``: one half up, the other down.

    Examples
    --------
    >>> from quantum.nature import chain
    >>> [start_named(name, chain(5)) for name in STARTS]
    ['00000', '+++++', '00100', '01010', '00011']
    """
    n = graph.n
    if name not in STARTS:
        raise unknown_name("start", name, STARTS)
    if name in ("up", "right"):
        return ("0" if name == "up" else "+") * n
    if name == "flip":
        return "".join("1" if i == graph.centre else "0" for i in range(n))
    if name == "neel":
        return "".join("01"[d & 1] for d in graph.distances(0).tolist())
    return "".join("0" if i < (n + 1) // 2 else "1" for i in range(n))


def preparation(start: str) -> Circuit:
    """Gates that make the start from |00...0>."""
    check_start(start, len(start))
    letters = np.array(list(start))
    layers = []
    for gate, which in (("x", "1-"), ("h", "+-")):
        at = np.flatnonzero(np.isin(letters, list(which)))
        if len(at):
            layers.append(Layer(gate, at))
    return Circuit(len(start), tuple(layers))
