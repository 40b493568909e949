"""How much a state is entangled across a cut, which is what matrix product states pay for.

A matrix product state keeps, at every cut of a line through all spins, the largest Schmidt values; their number is
its bond dimension, and the work grows with its cube.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from gatesim.errors import ValueFitError

from ..statevector import StateVector
from .chips import require

if TYPE_CHECKING:
    from ..layers import Circuit

DISCARDED = 1e-8
"""Weight (sum of squared Schmidt values) that may be left out at a cut."""


def schmidt_values(state: StateVector, cut: int) -> np.ndarray:
    """Schmidt values between qubits 0 to `cut` - 1 and the others, largest first; their squares sum to 1.

    Squares are right to some 1e-15 of the whole: values below 1e-7 are noise.

    Raises
    ------
    ValueFitError
        A cut that leaves no qubit on one side.
    """
    if not 0 < cut < state.n_qubits:
        raise ValueFitError(f"a cut behind qubit {cut - 1} of {state.n_qubits}: both sides need a qubit")
    table = state.amplitudes.reshape(-1, 1 << cut)
    if table.shape[0] > table.shape[1]:
        table = table.T
    weights = np.linalg.eigvalsh(table @ table.conj().T)[::-1]  # a tenth of the time of singular values
    return np.sqrt(np.maximum(weights, 0.0))


def bond_dimension(state: StateVector, cut: int | None = None, discarded: float = DISCARDED) -> int:
    """Schmidt values that a matrix product state has to keep at a cut (in the middle when left out).

    Examples
    --------
    >>> from quantum.layers import Circuit, Layer
    >>> state = StateVector(2, "0+")
    >>> state.flip(0, controls=[1])
    >>> bond_dimension(state), schmidt_values(state, 1).round(3).tolist()
    (2, [0.707, 0.707])
    """
    values = schmidt_values(state, state.n_qubits // 2 if cut is None else cut)
    left_out = np.cumsum(values[::-1] ** 2)[::-1]
    return max(1, int((left_out > discarded).sum()))


def entropy(state: StateVector, cut: int | None = None) -> float:
    """Entanglement entropy at a cut, in bits."""
    p = schmidt_values(state, state.n_qubits // 2 if cut is None else cut) ** 2
    p = p[p > 1e-300]
    return float(-(p * np.log2(p)).sum())


@dataclass(frozen=True)
class ProductRun:
    """A circuit run as a matrix product state: its largest bond dimension, mean <Z>, and processor seconds."""

    bond: int
    z: np.ndarray
    seconds: float


def run_as_product(circuit: Circuit, discarded: float = DISCARDED) -> ProductRun:
    """Run a circuit on |00...0> with Aer's matrix product states, one thread.

    Raises
    ------
    UnsupportedError
        qiskit-aer is not installed.
    """
    require("qiskit_aer", "a matrix product state")
    from qiskit.quantum_info import SparsePauliOp
    from qiskit_aer import AerSimulator

    n = circuit.n_qubits
    built = circuit.to_qiskit()
    built.save_matrix_product_state(label="state")  # pyright: ignore[reportAttributeAccessIssue]
    for i in range(n):
        z = SparsePauliOp.from_sparse_list([("Z", [0], 1.0)], 1)
        built.save_expectation_value(z, [i], label=f"z{i}")  # pyright: ignore[reportAttributeAccessIssue]
    simulator = AerSimulator(
        method="matrix_product_state", matrix_product_state_truncation_threshold=discarded, max_parallel_threads=1
    )
    began = process_time()
    data = simulator.run(built).result().data(0)
    seconds = process_time() - began
    bond = max((len(values) for values in data["state"][1]), default=1)
    return ProductRun(bond, np.array([float(data[f"z{i}"].real) for i in range(n)]), seconds)
