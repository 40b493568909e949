"""Time evolution as gates: products of exponentials of orders 1, 2 and 4."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gatesim.errors import ValueFitError

from ..layers import Circuit, Layer
from .hamiltonian import Hamiltonian

ORDERS = (1, 2, 4)
_SUZUKI = 1 / (4 - 4 ** (1 / 3))
"""Suzuki, Phys. Lett. A 146, 319 (1990): five second-order steps, the middle one backwards, cancel the third order."""

Group = Callable[[float], list[Layer]]
"""Terms of H that commute with each other: layers of exp(-i t terms) for a time t."""


def trotter(h: Hamiltonian, time: float, steps: int, order: int = 2) -> Circuit:
    """exp(-i H time) as a circuit of `steps` equal steps.

    Terms are grouped: all fields along X, and all that is diagonal; where bonds have XX or YY, the bonds of one
    colour each (XX, YY and ZZ of a bond commute). Bonds of a colour share no spin, so the two-qubit depth of a step
    is that of its colours, however many spins there are. Neighbouring exponentials of one group are joined.

    Parameters
    ----------
    h : Hamiltonian
    time : float
        With hbar = 1, in units of 1 / (unit of the couplings).
    steps : int
    order : int
        1 (Lie), 2 (Strang) or 4 (Suzuki).

    Raises
    ------
    ValueFitError
        Another order, no step, or a time that is no finite number.

    Examples
    --------
    >>> from quantum.nature import chain, ising
    >>> c = trotter(ising(chain(50)), time=1.0, steps=10)
    >>> c.counts, c.two_qubit_depth
    ({'rx': 550, 'rzz': 490}, 20)
    """
    if order not in ORDERS:
        raise ValueFitError(f"a product formula of order {order!r}: known are {', '.join(map(str, ORDERS))}")
    if steps < 1 or not np.isfinite(time):
        raise ValueFitError(f"cannot evolve for {time:g} in {steps} steps: at least one step, and a finite time")
    groups = groups_of(h)
    if len(groups) == 1:
        return Circuit(h.n, tuple(groups[0](time)))
    dt = time / steps
    merged: list[tuple[int, float]] = []
    for _ in range(steps):
        for group, part in _step(len(groups), dt, order):
            if merged and merged[-1][0] == group:
                merged[-1] = (group, merged[-1][1] + part)
            else:
                merged.append((group, part))
    return Circuit(h.n, tuple(layer for group, part in merged for layer in groups[group](part)))


def _step(groups: int, dt: float, order: int) -> list[tuple[int, float]]:
    """(group, time) of one step."""
    if order == 1:
        return [(g, dt) for g in range(groups)]
    if order == 2:
        there = [(g, dt / 2) for g in range(groups - 1)]
        return [*there, (groups - 1, dt), *reversed(there)]
    parts = (_SUZUKI, _SUZUKI, 1 - 4 * _SUZUKI, _SUZUKI, _SUZUKI)
    return [step for part in parts for step in _step(groups, part * dt, 2)]


def groups_of(h: Hamiltonian) -> list[Group]:
    """The groups of commuting terms, each as a function of time."""
    x_fields, z_fields = _fields("rx", h.x), _fields("rz", h.z)
    if h.is_ising:
        bonds = [_bonds(h, colour, ("zz",)) for colour in h.graph.colours]
        groups = [[x_fields], [*bonds, z_fields]]
    else:
        groups = [*([_bonds(h, colour, ("xx", "yy", "zz"))] for colour in h.graph.colours), [z_fields], [x_fields]]
    made = []
    for group in groups:
        parts = [p for p in group if p(1.0)]
        if parts:
            made.append(lambda t, parts=parts: [layer for p in parts for layer in p(t)])
    return made or [lambda t: []]


def _fields(gate: str, values: np.ndarray) -> Group:
    at = np.flatnonzero(values)
    return lambda t: [Layer(gate, at, 2 * t * values[at])] if len(at) else []


def _bonds(h: Hamiltonian, colour: np.ndarray, paulis: tuple[str, ...]) -> Group:
    number = {(a, b): k for k, (a, b) in enumerate(h.graph.edges.tolist())}
    index = np.array([number[a, b] for a, b in colour.tolist()], np.int64)
    found: list[tuple[str, np.ndarray, np.ndarray]] = []
    for pauli in paulis:
        values = getattr(h, pauli)[index]
        used = np.flatnonzero(values)
        if len(used):
            found.append((f"r{pauli}", colour[used], values[used]))
    return lambda t: [Layer(gate, qubits, 2 * t * values) for gate, qubits, values in found]
