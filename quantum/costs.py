"""What a reversible circuit costs: qubits, T gates, CX gates, depth, and a first physical estimate."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from gatesim.errors import ValueFitError

from .circuit import AND, NOT, PHASE, SWAP, UNAND, Reversible

AND_T, TOFFOLI_T = 4, 7
"""T gates of a temporary AND (Gidney 2018, arXiv 1709.06648) and of a Toffoli gate (Nielsen and Chuang, fig. 4.9)."""
AND_T_DEPTH, TOFFOLI_T_DEPTH = 2, 4
"""Layers of T gates in the circuits that are written for them (``quantum.exchange``; Qiskit's ``ccx``)."""
AND_CX, TOFFOLI_CX = 6, 6
"""CX gates inside them."""


@dataclass(frozen=True)
class Costs:
    """Counts of a circuit.

    Attributes
    ----------
    qubits, ancillas : int
    ands, toffolis : int
        Temporary ANDs computed, and Toffoli gates; a gate with k > 2 controls counts 2k - 3 Toffoli gates (a
        ladder of clean ancillas, Barenco et al. 1995), whose k - 2 ancillas are not in ``qubits``.
    t_count, t_depth : int
        T gates; layers of them, each AND or Toffoli a block in the order written.
    cx : int
        CX gates between qubits, those inside ANDs and Toffoli gates left out.
    clifford_cx : int
        The same with those inside.
    measurements : int
    depth : int
        Layers of gates, each gate as one.
    """

    qubits: int
    ancillas: int
    ands: int
    toffolis: int
    t_count: int
    t_depth: int
    cx: int
    clifford_cx: int
    measurements: int
    depth: int


def costs(circuit: Reversible) -> Costs:
    """Count what `circuit` costs.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from quantum import reversible
    >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b"))
    >>> c = costs(reversible(b.freeze())); c.t_count, c.t_depth, c.cx, c.depth
    (4, 2, 1, 3)
    >>> costs(reversible(b.freeze()).with_toffolis()).t_count
    14
    """
    sizes = np.diff(circuit.ptr)
    controls = np.where(circuit.op == NOT, sizes - 1, np.where(circuit.op == PHASE, sizes - 1, 0))
    ands, unands, swaps = (int((circuit.op == code).sum()) for code in (AND, UNAND, SWAP))
    toffolis = np.where(controls >= 2, 2 * controls - 3, 0)
    cx = int((controls == 1).sum()) + 3 * swaps
    total = int(toffolis.sum())
    depth, t_depth = _depths(circuit, toffolis)
    return Costs(
        circuit.n_qubits, len(circuit.ancillas), ands, total, AND_T * ands + TOFFOLI_T * total, t_depth, cx,
        cx + AND_CX * ands + TOFFOLI_CX * total + unands, unands, depth,
    )  # fmt: skip


def _depths(circuit: Reversible, toffolis: np.ndarray) -> tuple[int, int]:
    ready, t_ready = [0] * circuit.n_qubits, [0] * circuit.n_qubits
    starts, qubits = circuit.ptr.tolist(), circuit.qubits.tolist()
    for index, (op, ladder) in enumerate(zip(circuit.op.tolist(), toffolis.tolist(), strict=True)):
        on = qubits[starts[index] : starts[index + 1]]
        if not on:
            continue
        after = 1 + max(ready[q] for q in on)
        layers = AND_T_DEPTH if op == AND else TOFFOLI_T_DEPTH * ladder
        t_after = layers + max(t_ready[q] for q in on)
        for q in on:
            ready[q], t_ready[q] = after, t_after
    return max(ready, default=0), max(t_ready, default=0)


@dataclass(frozen=True)
class Physical:
    """A first estimate on a surface code; see :func:`physical`."""

    distance: int
    qubits: int
    seconds: float


def physical(
    found: Costs, *, error_rate: float = 1e-3, cycle_s: float = 1e-6, budget: float = 0.01, factories: int = 4
) -> Physical:
    """Physical qubits and run time of a circuit on a surface code, to an order of magnitude.

    Assumptions: logical error ``0.1 (100 p)^((d + 1) / 2)`` a qubit and round (Fowler and Gidney 2018,
    arXiv 1808.06709), ``2 (d + 1)^2`` physical qubits a logical one, half as many again for routing; magic states
    from `factories` of 12 d x 8 d that give one T state every 6.5 d rounds (the same source, as quoted in Gidney and
    Fowler 2018, arXiv 1812.01238); T gates one
    after another as fast as factories deliver, and never more than one layer of gates in d rounds.

    Parameters
    ----------
    found : Costs
    error_rate : float
        Of a physical gate; below 0.01.
    cycle_s : float
        Seconds of a round of the code.
    budget : float
        Probability that the whole run fails.

    Examples
    --------
    >>> physical(Costs(100, 50, 100, 0, 400, 200, 500, 1200, 100, 300)).distance
    13
    """
    for distance in range(3, 101, 2):
        rounds = max(found.t_count * 6.5 * distance / factories, found.depth * distance)
        failure = found.qubits * rounds * 0.1 * (100 * error_rate) ** ((distance + 1) / 2)
        if failure <= budget:
            break
    else:
        raise ValueFitError(f"no distance up to 99 keeps the failure below {budget}: the error rate is too high")
    tile = 2 * (distance + 1) ** 2
    qubits = ceil(1.5 * found.qubits * tile) + factories * 192 * distance**2
    return Physical(distance, qubits, rounds * cycle_s)
