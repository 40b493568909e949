"""Real chips: their graphs and their noise, from calibrations that qiskit-ibm-runtime carries, and any backend.

A fake backend is a snapshot of a real one, offline. A real machine is any ``BackendV2`` that the caller has opened:
accounts and their keys are the caller's, nothing here asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from gatesim.errors import UnsupportedError, ValueFitError, unknown_name

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

PACKAGES = {"qiskit_aer": "qiskit-aer", "qiskit_ibm_runtime": "qiskit-ibm-runtime"}


MOST_AS_MATRIX = 10
"""Spins whose noise is a density matrix: half the time of shots one by one, there."""


def require(module: str, what: str) -> None:
    """UnsupportedError when an optional package is absent; `what` needs it."""
    if find_spec(module) is None:
        raise UnsupportedError(f"{what} needs {PACKAGES[module]}: pip install 'gatesim[quantum]'")


def chip_names() -> list[str]:
    """Fake backends that can be named, by name."""
    require("qiskit_ibm_runtime", "a real chip")
    from qiskit.providers import BackendV2
    from qiskit_ibm_runtime import fake_provider

    kinds = ((name, getattr(fake_provider, name)) for name in dir(fake_provider) if name.startswith("Fake"))
    return sorted(name for name, kind in kinds if isinstance(kind, type) and issubclass(kind, BackendV2))


def chip_named(name: str) -> Any:
    """The fake backend of that name (a ``BackendV2``).

    Raises
    ------
    UnsupportedError
        qiskit-ibm-runtime is not installed.
    UnknownNameError
        It has no such chip; the nearest name is suggested.
    """
    known = chip_names()
    if name not in known:
        raise unknown_name("backend", name, known)
    from qiskit_ibm_runtime import fake_provider

    return getattr(fake_provider, name)()


def noisy(chip: str | Any, seed: int = 0, spins: int = MOST_AS_MATRIX) -> Any:
    """A simulator with the noise of a chip's calibration: Aer, on the chip's gates and coupling.

    Parameters
    ----------
    chip : str or BackendV2
        A fake backend, or its name.
    spins : int
        How many will be used: up to ``MOST_AS_MATRIX`` the density matrix is evolved once, of more a state vector
        for every shot.
    """
    require("qiskit_aer", "noise")
    from qiskit_aer import AerSimulator

    backend = chip_named(chip) if isinstance(chip, str) else chip
    method = "density_matrix" if spins <= MOST_AS_MATRIX else "statevector"
    return AerSimulator.from_backend(backend, method=method, seed_simulator=seed, max_parallel_threads=1)


def counted(
    circuits: Sequence[QuantumCircuit], backend: Any, shots: int, seed: int = 0, level: int = 2
) -> tuple[list[np.ndarray], list[QuantumCircuit]]:
    """Measure all qubits of every circuit on any ``BackendV2``.

    The circuits are translated to the gates and coupling of the backend first. With a simulator, equal seeds give
    equal counts.

    Returns
    -------
    list of ndarray
        For each circuit (different outcomes, 2) int64: the number whose bit i is qubit i, and how often it came.
    list of QuantumCircuit
        What was run.

    Raises
    ------
    ValueFitError
        More qubits than the backend has, or no shots.
    """
    from qiskit.primitives import BackendSamplerV2
    from qiskit.transpiler import generate_preset_pass_manager

    if shots < 1:
        raise ValueFitError(f"{shots} shots: at least 1 is wanted")
    widest = max(c.num_qubits for c in circuits)
    if backend.num_qubits is not None and widest > backend.num_qubits:
        raise ValueFitError(f"{backend.name} has {backend.num_qubits} qubits: {widest} are too many")
    manager = generate_preset_pass_manager(optimization_level=level, backend=backend, seed_transpiler=seed)
    measured = []
    for circuit in circuits:
        copy = circuit.copy()
        copy.measure_all()
        measured.append(copy)
    ran = manager.run(measured)
    sampler = BackendSamplerV2(backend=backend, options={"default_shots": shots, "seed_simulator": seed})
    found = []
    done: Any = sampler.run(ran).result()
    for result in done:
        counts = result.data.meas.get_int_counts()
        found.append(np.array(sorted(counts.items()), np.int64).reshape(-1, 2))
    return found, ran


def expectations(counts: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Means of s_i and of s_i s_j, s = 1 - 2 bit, over counted outcomes: (n,) and (n, n) float64."""
    signs = 1.0 - 2.0 * (counts[:, :1] >> np.arange(n) & 1)
    weights = counts[:, 1] / counts[:, 1].sum()
    return weights @ signs, signs.T @ (weights[:, None] * signs)
