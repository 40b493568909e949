"""A quench: spins in a simple state, released at time 0; what happens to them, computed in several ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gatesim.errors import ValueFitError

from ..layers import Circuit, Layer
from ..statevector import StateVector
from .chips import counted, expectations, noisy
from .evolution import Evolution
from .fermions import FreeFermions
from .hamiltonian import Hamiltonian
from .starts import preparation
from .trotter import trotter

SMALL = 10
"""Up to so many spins the exact way is all eigenvectors."""
MOST_AS_VECTOR = 20
"""Up to so many spins a free chain is a state vector as well; more are free fermions only."""


@dataclass(frozen=True)
class Dynamics:
    """Magnetisation and correlations over time.

    Attributes
    ----------
    how : str
        "dense", "sparse", "fermions", "state vector" or the name of a backend.
    times : ndarray
        (T,) float64.
    x, z : ndarray
        (T, n) float64: <X> and <Z> of every spin.
    zz : ndarray
        (T, n) float64: <Z_c Z_i> with the spin c in the centre of the graph.
    shots : int
        Measurements of each point; 0 where the values are exact.
    """

    how: str
    times: np.ndarray
    x: np.ndarray
    z: np.ndarray
    zz: np.ndarray
    shots: int = 0


def exact(h: Hamiltonian, start: str, times: Sequence[float] | np.ndarray) -> Dynamics:
    """The true evolution at `times` (ascending): eigenvectors, Chebyshev polynomials, or free fermions.

    Raises
    ------
    TooLargeError
        More spins than fit, and no free fermions.
    ValueFitError
        Times that go back.
    """
    at = np.asarray(times, np.float64)
    if not len(at) or (np.diff(at, prepend=0.0) < 0).any():
        raise ValueFitError("times must be given, from 0 on, and ascend")
    if h.is_free and h.n > MOST_AS_VECTOR:
        return _record(h, "fermions", at, (FreeFermions(h.n, start).evolve(h, t) for t in at))
    method = "dense" if h.n <= SMALL else "sparse"
    evolution, state = Evolution(h, method), StateVector(h.n, start)
    return _record(h, method, at, (evolution.advance(state, t) for t in np.diff(at, prepend=0.0)))


def trotterised(h: Hamiltonian, start: str, time: float, steps: int, order: int = 2) -> Dynamics:
    """What the circuit of :func:`trotter` makes, after 0, 1, ... `steps` steps, without noise."""
    step = trotter(h, time / max(steps, 1), 1, order)
    state: Any
    if h.is_free and h.n > MOST_AS_VECTOR:
        how, state = "fermions", FreeFermions(h.n, start)
    else:
        how, state = "state vector", StateVector(h.n, start)
    at = np.linspace(0.0, time, steps + 1)
    return _record(h, how, at, (state.run(step) if k else state for k in range(steps + 1)))


def _record(h: Hamiltonian, how: str, times: np.ndarray, states: Any) -> Dynamics:
    centre = h.graph.centre
    seen = [(s.x(), s.z(), s.zz_with(centre)) for s in states]
    x, z, zz = (np.stack(part) for part in zip(*seen, strict=True))
    return Dynamics(how, times, x, z, zz)


def circuits_of(h: Hamiltonian, start: str, time: float, steps: int, order: int = 2) -> list[Circuit]:
    """Complete circuits, preparation included, that end after 0, 1, ... `steps` steps."""
    begin = preparation(start)
    return [begin + (trotter(h, time * k / steps, k, order) if k else Circuit(h.n)) for k in range(steps + 1)]


def measured(
    h: Hamiltonian, start: str, time: float, steps: int, *, order: int = 2, backend: Any, shots: int = 1000,
    seed: int = 0, points: int = 8,
) -> Dynamics:  # fmt: skip
    """The same circuits on a backend, counted along Z; after the last step along X too.

    Parameters
    ----------
    backend : BackendV2 or str
        Any backend of Qiskit's interface, a real machine too; a name means the noise of that fake backend, on Aer.
    seed : int
        Same seed, same counts, on a simulator.
    points : int
        Measured after 0 and after so many numbers of steps at most, the last among them: a circuit each.

    Returns
    -------
    Dynamics
        <X> is NaN but at the end.
    """
    machine = noisy(backend, seed, h.n) if isinstance(backend, str) else backend
    after = np.unique(np.linspace(0, steps, min(points, steps) + 1).astype(int))
    built = circuits_of(h, start, time, steps, order)
    circuits = [built[k] for k in after]
    circuits.append(circuits[-1] + Circuit(h.n, (Layer("h", np.arange(h.n)),)))
    counts, _ = counted([c.to_qiskit() for c in circuits], machine, shots, seed)
    along_z = [expectations(c, h.n) for c in counts[:-1]]
    x = np.full((len(after), h.n), np.nan)
    x[-1] = expectations(counts[-1], h.n)[0]
    name = backend if isinstance(backend, str) else str(machine.name)
    z, zz = np.stack([m for m, _ in along_z]), np.stack([c[h.graph.centre] for _, c in along_z])
    return Dynamics(name, time * after / steps, x, z, zz, shots)
