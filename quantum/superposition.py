"""A small circuit on Qiskit's simulator, with one register in all its values at once."""

from __future__ import annotations

from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import Statevector

from .circuit import Reversible
from .exchange import to_qiskit


def outcomes(circuit: Reversible, *, everything: str, **values: int) -> list[tuple[int, int]]:
    """What Qiskit's state vector can be measured to be: pairs of the input `everything` and the first output.

    Parameters
    ----------
    circuit : Reversible
        ANDs are run as Toffoli gates.
    everything : str
        The input that starts in the uniform superposition.
    **values : int
        The other inputs.

    Raises
    ------
    AssertionError
        An outcome is likelier than another one.

    Examples
    --------
    >>> from circuits.adders import ripple_carry
    >>> from gatesim import build
    >>> from quantum import reversible
    >>> outcomes(reversible(build(ripple_carry, a=2, b=2), "inplace"), everything="a", b=1)
    [(0, 1), (1, 2), (2, 3), (3, 4)]
    """
    start = QuantumCircuit(circuit.n_qubits)
    start.h(list(circuit.inputs[everything]))
    for name, value in values.items():
        start.x([q for i, q in enumerate(circuit.inputs[name]) if value >> i & 1])
    shown = [q for qubits in circuit.outputs.values() for q in qubits]
    state = Statevector(start).evolve(to_qiskit(circuit.with_toffolis()))
    found = state.probabilities_dict([*circuit.inputs[everything], *shown], decimals=9)
    width = len(circuit.inputs[everything])
    if len(set(found.values())) > 1:
        raise AssertionError(f"outcomes differ in probability: {found}")
    numbers = sorted(int(label, 2) for label in found)
    return [(k & (1 << width) - 1, k >> width) for k in numbers] if numbers else []
