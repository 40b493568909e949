"""Cost against the number of spins: what a classical state vector pays, and what a quantum computer would.

Seconds and bytes are measured on the own state vector and fitted; gates are counted from the circuits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from time import process_time

import numpy as np

from ..statevector import StateVector, require_state_bytes
from .entanglement import bond_dimension
from .graphs import Graph, chain, grid
from .hamiltonian import Hamiltonian, ising
from .trotter import trotter

STEPS = 5
"""Second-order Trotter steps of every run."""
TIME = 0.5
SUPERCOMPUTER_BYTES = 10e15
"""Memory of the largest supercomputers, about: Aurora has 10.9 PB of DDR5 (Argonne Leadership Computing Facility)."""
_BEYOND = (36, 64, 100)
"""Sizes at which only gates are counted."""
ROTATION_ERROR = 1e-6
"""Error allowed to each rotation when gates are counted in T."""


@dataclass(frozen=True)
class Run:
    """One measured run: spins, processor seconds, bytes of the state."""

    n: int
    seconds: float
    n_bytes: int


@dataclass(frozen=True)
class Fit:
    """seconds = 2^(first + slope n), by least squares on the logarithms; growth = 2^slope a spin."""

    first: float
    slope: float

    @property
    def growth(self) -> float:
        """Times longer for each spin more."""
        return float(2**self.slope)

    def seconds(self, n: float) -> float:
        """What the fit says of `n` spins."""
        return float(2 ** (self.first + self.slope * n))


@dataclass(frozen=True)
class Wall:
    """Measured runs of one family of graphs, their fit, and the gates that the same circuits have."""

    name: str
    runs: tuple[Run, ...]
    fit: Fit
    gates: tuple[tuple[int, int, int], ...]
    """(spins, gates, two-qubit depth) of the same circuit."""


def measure(
    family: str = "chain",
    sizes: Sequence[int] = tuple(range(16, 23)),
    *,
    dtype: type = np.float64,
    report: Callable[[int], None] = lambda n: None,
) -> Wall:
    """Run the mixed-field model on growing graphs of a family: "chain", or "grid" (see :func:`nearly_square`).

    Sizes that are too small to be timed are repeated; the fit takes all of them.

    Raises
    ------
    TooLargeError
        The largest does not fit; said before anything runs.
    """
    for n in sizes:
        require_state_bytes(n, dtype)
    runs = []
    for n in sizes:
        report(n)
        h = _model(family, n)
        circuit = trotter(h, TIME, STEPS)
        seconds = _seconds(h, circuit, dtype)
        runs.append(Run(n, seconds, 2 * np.dtype(dtype).itemsize << n))
    slope, first = np.polyfit([r.n for r in runs], np.log2([r.seconds for r in runs]), 1)
    counted = [(n, trotter(_model(family, n), TIME, STEPS)) for n in (*sizes, *_BEYOND)]
    gates = tuple((n, c.n_gates, c.two_qubit_depth) for n, c in counted)
    return Wall(family, tuple(runs), Fit(float(first), float(slope)), gates)


def _model(family: str, n: int) -> Hamiltonian:
    return ising(chain(n) if family == "chain" else nearly_square(n), field=1.0, tilt=0.5)


def nearly_square(n: int) -> Graph:
    """The grid of `n` spins whose sides differ least.

    Examples
    --------
    >>> nearly_square(20).name
    'grid of 4 x 5'
    """
    rows = max(r for r in range(1, int(n**0.5) + 1) if n % r == 0)
    return grid(rows, n // rows)


@cache
def _warm(dtype: type) -> None:
    """Compile the kernel before anything is timed."""
    StateVector(4, dtype=dtype).run(trotter(_model("chain", 4), TIME, 1))


def _seconds(h: Hamiltonian, circuit, dtype: type, enough: float = 0.02) -> float:
    """Least processor time of a run."""
    _warm(dtype)
    state, best, spent = StateVector(h.n, "+" * h.n, dtype), np.inf, 0.0
    while spent < enough:
        began = process_time()
        state.run(circuit)
        best, spent = min(best, process_time() - began), spent + process_time() - began
    return float(best)


def memory_bytes() -> int:
    """Memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def qubits_in(n_bytes: float, amplitude: int = 16) -> int:
    """Qubits whose state vector fits into so many bytes, at 16 bytes an amplitude.

    Examples
    --------
    >>> qubits_in(16e9), qubits_in(SUPERCOMPUTER_BYTES)
    (29, 49)
    """
    return int(np.floor(np.log2(n_bytes / amplitude)))


def t_gates(angle: float, error: float = ROTATION_ERROR) -> int:
    """T gates of one rotation about Z as a word of Clifford + T, by Ross and Selinger's gridsynth (in Qiskit)."""
    from ..gate_sets import rotation_word

    return rotation_word(angle, error).t_count


def bonds_over_time(
    time: float = 0.8, samples: int = 4, n_rows: int = 4, n_columns: int = 5
) -> dict[str, tuple[list[float], list[int]]]:
    """Bond dimension in the middle of a chain and of a grid of as many spins, both from |++...+>, mixed field.

    Returns
    -------
    dict
        By graph: times, and Schmidt values that a matrix product state has to keep (weight left out: 1e-8).
    """
    found = {}
    for graph in (chain(n_rows * n_columns), grid(n_rows, n_columns)):
        h = ising(graph, field=1.0, tilt=0.5)
        state, times, values = StateVector(h.n, "+" * h.n), [0.0], [1]
        step = trotter(h, time / samples, 4)
        for k in range(samples):
            state.run(step)
            times.append(time * (k + 1) / samples)
            values.append(bond_dimension(state))
        found[graph.name] = (times, values)
    return found
