"""The 127-qubit experiment: kicked Ising steps on IBM's Eagle chip (Kim et al., Nature 618, 500, 2023).

Each step turns every qubit by RX(kick) and every bond by RZZ(-pi / 2). At kick = pi / 2 all gates are Clifford:
an observable stays one Pauli string when it is carried back through the circuit, so its value is exact at any size.
Between 0 and pi / 2 it is not, and the paper called that regime beyond exact simulation. Within months approximate
classical methods reached it on small machines, more accurately than the experiment: sparse Pauli dynamics and
tensor networks (Begusic, Gray and Chan, Science Advances 10, eadk4321, 2024, arXiv 2308.05077), tensor networks
with belief propagation (Tindall, Fishman, Stoudenmire and Sels, PRX Quantum 5, 010308, 2024, arXiv 2306.14887),
and others (Patra et al., arXiv 2309.15642; Liao et al., arXiv 2308.03082).
"""

from __future__ import annotations

import numpy as np

from gatesim.errors import ValueFitError

from ..layers import Circuit, Layer
from .graphs import Graph

STEPS = 5
WEIGHT_10 = {"X": (13, 29, 31), "Y": (9, 30), "Z": (8, 12, 17, 28, 32)}
WEIGHT_17 = {"X": (37, 41, 52, 56, 57, 58, 62, 79), "Y": (75,), "Z": (38, 40, 42, 63, 72, 80, 90, 91)}
"""The paper's observables of figure 3b and 3c: strings whose value after five steps at kick = pi / 2 is 1 or -1."""


def kicked(graph: Graph, kick: float, steps: int = STEPS) -> Circuit:
    """The experiment's circuit on |00...0>: RX(kick) on every qubit, then RZZ(-pi / 2) on every bond, each step."""
    kicks = Layer("rx", np.arange(graph.n), np.full(graph.n, kick))
    bonds = tuple(Layer("rzz", pairs, np.full(len(pairs), -np.pi / 2)) for pairs in graph.colours)
    return Circuit(graph.n, (kicks, *bonds) * steps)


def clifford_value(circuit: Circuit, observable: dict[str, tuple[int, ...]]) -> int:
    """Expectation, +1, 0 or -1, of a Pauli string after a Clifford circuit on |00...0>, at any size.

    The string is carried back through the layers (Gottesman, quant-ph/9807006): a quarter turn about P takes a
    string S that anticommutes with P to i P S or -i P S, a half turn to -S. At the end only Z may be left.

    Parameters
    ----------
    circuit : Circuit
        Rotations by multiples of pi / 2 only.
    observable : dict
        Qubits by letter, such as ``{"X": (3,), "Z": (0, 1)}``.

    Raises
    ------
    ValueFitError
        A gate that is none of these.

    Examples
    --------
    >>> from quantum.nature import chain
    >>> clifford_value(kicked(chain(3), np.pi / 2, 1), {"Y": (0,), "Z": (1,)})
    0
    """
    from qiskit.quantum_info import Pauli

    x, z = np.zeros(circuit.n_qubits, bool), np.zeros(circuit.n_qubits, bool)
    for letter, qubits in observable.items():
        x[list(qubits)], z[list(qubits)] = letter in "XY", letter in "ZY"
    string = Pauli((z, x))
    for layer in reversed(circuit.layers):
        turns = layer.angles / (np.pi / 2)
        if layer.gate not in ("rx", "rz", "rxx", "ryy", "rzz") or np.abs(turns - turns.round()).max(initial=0) > 1e-9:
            raise ValueFitError(f"{layer.gate} by {layer.angles[:1]} is no Clifford rotation: multiples of pi / 2 are")
        letter = layer.gate[1].upper()
        for qubits, turn in zip(layer.qubits, turns.round().astype(int), strict=True):
            a, b = np.zeros(circuit.n_qubits, bool), np.zeros(circuit.n_qubits, bool)
            a[qubits], b[qubits] = letter in "XY", letter in "ZY"
            axis = Pauli((b, a))
            for _ in range(turn % 4):
                if not string.commutes(axis):  # exp(i pi/4 P) S exp(-i pi/4 P) = i P S
                    product = axis @ string
                    product.phase -= 1
                    string = product
    if string.x.any():
        return 0
    return 1 if string.phase == 0 else -1
