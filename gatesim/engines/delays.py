"""Delays for the timed engines, checked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ..errors import UnsupportedError, ValueFitError, unknown_name
from ..gates import IS_LOGIC, IS_REGISTER, READ
from ..netlist import Netlist

MAX_DELAY_PS = 1 << 60
"""Delays of one cell, and sums of delays along a path, end here (about 13 days)."""

MODELS = ("inertial", "transport")
"""What happens to a pulse shorter than the delay: it is swallowed, or it passes."""


def checked_delays(net: Netlist, delays: int | Sequence[ArrayLike]) -> tuple[np.ndarray, np.ndarray]:
    """Rise and fall delay of the cell that drives each net.

    Parameters
    ----------
    net : Netlist
    delays : int or (rise, fall)
        Picoseconds: one for every cell, or two, each a number or an (n_nets,) array of integers
        (:class:`gatesim.timing.Delays` is such a pair). Entries of inputs and constants are not read.

    Returns
    -------
    rise, fall : (n,) int64
        At least 1 for gates and flip-flops, 0 for inputs and constants.

    Raises
    ------
    ValueFitError
        Not integers, of another length than the netlist, zero or negative, or too long.
    UnsupportedError
        The netlist has memory macros.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("not_both"); b.output("z", b.gate("NAND", b.input("x"), b.input("y")))
    >>> [edge.tolist() for edge in checked_delays(b.freeze(), (11, 7))]
    [[0, 0, 0, 0, 11], [0, 0, 0, 0, 7]]
    """
    if (net.op == READ).any():
        raise UnsupportedError(
            f"{net.name!r} has memory macros, which the timed engines do not handle: use the logic2 engine, or "
            "build the memory from gates"
        )
    pair = delays if isinstance(delays, Sequence) else (delays, delays)
    if len(pair) != 2:
        raise ValueFitError(f"delays are one number or a pair (rise, fall), not {len(pair)} entries")
    timed = IS_LOGIC[net.op] | IS_REGISTER[net.op]
    rise, fall = (_checked(net, timed, side, text) for side, text in zip(pair, ("rise", "fall"), strict=True))
    return rise, fall


def _checked(net: Netlist, timed: np.ndarray, given: ArrayLike, edge: str) -> np.ndarray:
    array = np.asarray(given)
    if array.dtype.kind not in "iu":
        raise ValueFitError(f"{edge} delays are whole picoseconds (integers), not {array.dtype}")
    if array.shape not in ((), (net.n_nets,)):
        raise ValueFitError(
            f"{edge} delays have shape {array.shape}; {net.name!r} has {net.n_nets} nets, so one number or "
            f"({net.n_nets},) is needed"
        )
    found = np.where(timed, np.broadcast_to(array, net.n_nets), 1)
    for fault, text in ((found < 1, "must be at least 1 ps"), (found > MAX_DELAY_PS, f"ends at {MAX_DELAY_PS} ps")):
        if fault.any():
            cell = int(np.argmax(fault))
            more = f" (and {int(fault.sum()) - 1} more)" if fault.sum() > 1 else ""
            raise ValueFitError(
                f"{edge} delay of {net.net_name(cell)!r} is {int(found[cell])} ps: a delay {text}{more}"
            )
    return np.where(timed, found, 0).astype(np.int64)


def checked_model(model: str) -> str:
    """`model` if it is one of :data:`MODELS`; else UnknownNameError with the nearest name."""
    if model not in MODELS:
        raise unknown_name("delay model", model, MODELS)
    return model
