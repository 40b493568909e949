"""Grover as a real Qiskit circuit: the compiled oracle and the reflection about the mean, ancillas and all."""

from __future__ import annotations

from importlib.util import find_spec
from math import pi
from typing import TYPE_CHECKING, Any

import numpy as np

from gatesim import Netlist
from gatesim.errors import TooLargeError, UnsupportedError
from gatesim.passes.multiplicative import Effort

from ..circuit import Reversible
from ..synthesis import reversible
from .levels import Report, Run
from .predicate import Marks, n_input_bits

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

MOST_INPUTS = 8
"""Input bits: matrix product states of an oracle have up to 2^inputs branches between any two qubits."""

FEW_QUBITS = 10
"""Up to so many, Qiskit's own state vector is used."""

FEW_WITHOUT_AER = 16
"""Where Aer is absent it is used up to so many, slowly."""


def grover_circuit(oracle: Reversible, iterations: int, *, measure: bool = True) -> QuantumCircuit:
    """Grover's algorithm around a phase oracle.

    Parameters
    ----------
    oracle : Reversible
        ``reversible(net, phase=True)``; its measured ANDs become Toffoli gates.
    iterations : int
    measure : bool
        Measure the inputs at the end: bit i of an input's number is classical bit i.

    Examples
    --------
    >>> from quantum import reversible
    >>> from quantum.search import factoring
    >>> grover_circuit(reversible(factoring(35).net, phase=True), 2).count_ops()["measure"]
    4
    """
    from qiskit.circuit import ClassicalRegister

    made, inputs = _started(oracle)
    for _ in range(iterations):
        made.compose(_iteration(oracle), inplace=True)
    if measure:
        bits = ClassicalRegister(len(inputs), "found")
        made.add_register(bits)
        made.measure(inputs, bits)
    return made


def _started(oracle: Reversible) -> tuple[QuantumCircuit, list[int]]:
    """The registers of an oracle with the uniform superposition of its inputs, and these."""
    made = _converted(oracle).copy_empty_like(f"grover {oracle.name}")
    made.global_phase = 0.0
    inputs = [q for qubits in oracle.inputs.values() for q in qubits]
    made.h(inputs)
    return made, inputs


def _converted(oracle: Reversible) -> QuantumCircuit:
    from ..exchange import to_qiskit

    return to_qiskit(oracle.with_toffolis())


def _iteration(oracle: Reversible) -> QuantumCircuit:
    """The oracle, then 2 |s><s| - 1 on its inputs, sign included."""
    from qiskit.circuit.library import ZGate

    made = _converted(oracle)
    inputs = [q for qubits in oracle.inputs.values() for q in qubits]
    made.h(inputs)
    made.x(inputs)
    if len(inputs) == 1:
        made.z(inputs[0])
    else:
        made.append(ZGate().control(len(inputs) - 1, annotated=False), inputs)
    made.x(inputs)
    made.h(inputs)
    made.global_phase += pi
    return made


class CircuitLevel:
    """A Qiskit circuit, simulated with all its qubits.

    Parameters
    ----------
    net : Netlist
        A predicate.
    effort
        As of :func:`quantum.reversible`.

    Raises
    ------
    TooLargeError
        More input bits than matrix product states can follow.
    UnsupportedError
        Aer is needed and not installed.
    """

    def __init__(self, net: Netlist, effort: Effort | None = None) -> None:
        n = n_input_bits(net)
        if n > MOST_INPUTS:
            raise TooLargeError(
                f"{net.name!r} has {n} input bits: a real circuit is simulated up to {MOST_INPUTS}; the levels "
                "branches and oracle go further"
            )
        self.marks = Marks.of(net)
        self.oracle = reversible(net, phase=True, effort=effort)
        self.n_qubits = self.oracle.n_qubits
        self.n_gates = self.oracle.n_gates
        few = FEW_QUBITS if find_spec("qiskit_aer") is not None else FEW_WITHOUT_AER
        self._few = self.oracle.n_qubits <= few
        if not self._few and few == FEW_WITHOUT_AER:
            raise UnsupportedError(
                f"a circuit of {self.n_qubits} qubits needs the matrix product states of qiskit-aer: "
                "pip install 'gatesim[quantum]'"
            )

    def run(self, iterations: int, report: Report | None = None) -> Run:
        """So many iterations from the uniform superposition; every probability is exact, not counted in shots."""
        weights = self._by_state_vector(iterations) if self._few else self._by_matrix_products(iterations)
        solutions = np.array([k in self.marks for k in range(self.marks.n_states)])
        if report is not None:
            report(iterations, iterations)
        return Run(np.array([w[solutions].sum() for w in weights]), weights[-1])

    def _by_state_vector(self, iterations: int) -> list[np.ndarray]:
        from qiskit.quantum_info import Statevector

        start, inputs = _started(self.oracle)
        state, once = Statevector.from_instruction(start), _iteration(self.oracle)
        weights = [state.probabilities(inputs)]
        for _ in range(iterations):
            state = state.evolve(once)
            weights.append(state.probabilities(inputs))
        return weights

    def _by_matrix_products(self, iterations: int) -> list[np.ndarray]:
        from qiskit import transpile
        from qiskit_aer import AerSimulator

        made, inputs = _started(self.oracle)
        once: Any = _iteration(self.oracle)
        labels = [f"after{k}" for k in range(iterations + 1)]
        for k, label in enumerate(labels):
            if k:
                made.compose(once, inplace=True)
            made.save_probabilities(inputs, label=label)  # type: ignore[attr-defined]
        simulator = AerSimulator(method="matrix_product_state")
        result = simulator.run(transpile(made, simulator, optimization_level=0), shots=1).result()
        return [np.asarray(result.data(0)[label]) for label in labels]
