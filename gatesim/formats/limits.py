"""What a format cannot hold is refused before anything is written."""

from __future__ import annotations

import numpy as np

from ..errors import UnsupportedError
from ..gates import GATES
from ..netlist import Netlist

_HELD = np.array([g.kind in ("source", "logic", "register") for g in GATES])


def check_gates_and_registers(net: Netlist, format: str) -> None:
    """Refuse what is neither a gate nor a flip-flop.

    Raises
    ------
    UnsupportedError
        A memory, or a cell that knows more than two values; named, with the format that holds it.
    """
    if net.memories:
        raise UnsupportedError(
            f"{format} has no memories: {net.memories[0].name!r} of {net.name!r} cannot be written; "
            "Yosys JSON (.json) holds memories"
        )
    check_cells(net, format)


def check_cells(net: Netlist, format: str, *, memories: bool = False) -> None:
    """Refuse cells that are no gates, flip-flops or (where `memories`) read bits of memories."""
    held = _HELD.copy()
    if memories:
        held |= [g.kind == "memory" for g in GATES]
    other = np.flatnonzero(~held[net.op])
    if len(other):
        cell = int(other[0])
        kind, where = GATES[net.op[cell]].name, f"{net.net_name(cell)!r} of {net.name!r}"
        raise UnsupportedError(f"{format} has no {kind} cells: {where} cannot be written")
