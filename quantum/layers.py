"""A quantum circuit as plain layers: what the engines here run, and what becomes a ``QuantumCircuit``.

Qubit i is bit i of a basis state's number, as in Qiskit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from gatesim.errors import ValueFitError, unknown_name

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

ONE_QUBIT = ("rx", "rz", "h", "x")
TWO_QUBIT = ("rxx", "ryy", "rzz")
ROTATIONS = ("rx", "rz", *TWO_QUBIT)


@dataclass(frozen=True)
class Layer:
    """One kind of gate on disjoint qubits, all at once.

    Attributes
    ----------
    gate : str
        "rx", "rz", "rxx", "ryy", "rzz" (Qiskit's: exp(-i angle P / 2)), "h" or "x".
    qubits : ndarray
        (gates, 1) or (gates, 2) int64.
    angles : ndarray
        (gates,) float64, radians; zeros where the gate has none.
    """

    gate: str
    qubits: np.ndarray
    angles: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if self.gate not in (*ONE_QUBIT, *TWO_QUBIT):
            raise unknown_name("gate of a layer", self.gate, (*ONE_QUBIT, *TWO_QUBIT))
        arity = 2 if self.gate in TWO_QUBIT else 1
        qubits = np.asarray(self.qubits, np.int64).reshape(-1, arity)
        angles = np.asarray(self.angles, np.float64)
        if not len(angles) and self.gate not in ROTATIONS:
            angles = np.zeros(len(qubits))
        if angles.shape != (len(qubits),):
            raise ValueFitError(f"a layer of {len(qubits)} {self.gate} gates has {angles.size} angles")
        if len(np.unique(qubits)) != qubits.size:
            raise ValueFitError(f"a layer of {self.gate} gates meets a qubit twice: put them into two layers")
        object.__setattr__(self, "qubits", qubits)
        object.__setattr__(self, "angles", angles)


@dataclass(frozen=True)
class Circuit:
    """Layers in order on `n_qubits` qubits.

    Examples
    --------
    >>> bell = Circuit(2, (Layer("h", [0]), Layer("rzz", [[0, 1]], [0.5])))
    >>> bell.n_gates, bell.two_qubit_depth, bell.to_qiskit().depth()
    (2, 1, 2)
    """

    n_qubits: int
    layers: tuple[Layer, ...] = ()

    def __post_init__(self) -> None:
        for at, layer in enumerate(self.layers):
            if layer.qubits.size and not 0 <= layer.qubits.min() <= layer.qubits.max() < self.n_qubits:
                raise ValueFitError(f"layer {at} ({layer.gate}) names a qubit outside 0 to {self.n_qubits - 1}")

    def __add__(self, other: Circuit) -> Circuit:
        """First the gates of this circuit, then those of `other`."""
        if other.n_qubits != self.n_qubits:
            raise ValueFitError(f"circuits of {self.n_qubits} and {other.n_qubits} qubits cannot follow each other")
        return Circuit(self.n_qubits, self.layers + other.layers)

    @property
    def counts(self) -> dict[str, int]:
        """How many gates of each kind."""
        found: Counter[str] = Counter()
        for layer in self.layers:
            found[layer.gate] += len(layer.qubits)
        return dict(found)

    @property
    def n_gates(self) -> int:
        """All gates."""
        return sum(len(layer.qubits) for layer in self.layers)

    @property
    def two_qubit_depth(self) -> int:
        """Longest chain of two-qubit gates that have to follow each other."""
        depth = np.zeros(self.n_qubits, np.int64)
        for layer in self.layers:
            if layer.gate in TWO_QUBIT:
                later = depth[layer.qubits].max(axis=1, initial=0) + 1
                depth[layer.qubits] = later[:, None]
        return int(depth.max(initial=0))

    def to_qiskit(self) -> QuantumCircuit:
        """The same gates as a Qiskit circuit, without measurements."""
        from qiskit.circuit import QuantumCircuit

        circuit = QuantumCircuit(self.n_qubits)
        for layer in self.layers:
            append = getattr(circuit, layer.gate)
            for qubits, angle in zip(layer.qubits.tolist(), layer.angles.tolist(), strict=True):
                append(*((angle,) if layer.gate in ROTATIONS else ()), *qubits)
        return circuit


def joined(circuits: Iterable[Circuit] | Sequence[Circuit]) -> Circuit:
    """Circuits one after another; ValueFitError where there is none."""
    parts = list(circuits)
    if not parts:
        raise ValueFitError("there is no circuit to join")
    return Circuit(parts[0].n_qubits, tuple(layer for c in parts for layer in c.layers))
