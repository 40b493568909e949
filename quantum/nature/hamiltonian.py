"""Spins that feel their neighbours and a field: Ising and Heisenberg models on any graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gatesim.errors import ValueFitError, unknown_name

from .graphs import Graph

if TYPE_CHECKING:
    from qiskit.quantum_info import SparsePauliOp

MODELS = ("transverse", "mixed", "heisenberg")


@dataclass(frozen=True)
class Hamiltonian:
    """H = sum over bonds of xx XX + yy YY + zz ZZ, plus sum over spins of x X + z Z.

    Attributes
    ----------
    name : str
    graph : Graph
    xx, yy, zz : ndarray
        (bonds,) float64, in the order of ``graph.edges``.
    x, z : ndarray
        (spins,) float64.
    """

    name: str
    graph: Graph
    xx: np.ndarray
    yy: np.ndarray
    zz: np.ndarray
    x: np.ndarray
    z: np.ndarray

    def __post_init__(self) -> None:
        for what, length in (("xx", len(self.graph.edges)), ("yy", len(self.graph.edges)),
                             ("zz", len(self.graph.edges)), ("x", self.n), ("z", self.n)):  # fmt: skip
            values = np.broadcast_to(np.asarray(getattr(self, what), np.float64), (length,)).copy()
            if not np.isfinite(values).all():
                raise ValueFitError(f"{self.name}: {what} has a value that is no finite number")
            object.__setattr__(self, what, values)

    @property
    def n(self) -> int:
        """Spins."""
        return self.graph.n

    @property
    def is_ising(self) -> bool:
        """Whether bonds are ZZ alone."""
        return not self.xx.any() and not self.yy.any()

    @property
    def is_free(self) -> bool:
        """Whether it is a chain of free fermions: ZZ along an open chain and fields along X only."""
        return self.is_ising and self.graph.is_chain and not self.z.any()

    @property
    def quadratic(self) -> np.ndarray:
        """(n, n) float64, symmetric: the ZZ couplings."""
        matrix = np.zeros((self.n, self.n))
        a, b = self.graph.edges.T
        matrix[a, b] = matrix[b, a] = self.zz
        return matrix

    def to_pauli(self) -> SparsePauliOp:
        """As Qiskit's sum of Pauli strings."""
        from qiskit.quantum_info import SparsePauliOp

        terms: list[tuple[str, list[int], float]] = []
        for pauli in ("xx", "yy", "zz"):
            terms += [
                (pauli.upper(), edge, c)
                for edge, c in zip(self.graph.edges.tolist(), getattr(self, pauli), strict=True)
                if c
            ]
        for pauli in ("x", "z"):
            terms += [(pauli.upper(), [i], c) for i, c in enumerate(getattr(self, pauli)) if c]
        return SparsePauliOp.from_sparse_list(terms or [("", [], 0.0)], num_qubits=self.n)


def ising(graph: Graph, coupling: float = 1.0, field: float = 1.0, tilt: float = 0.0) -> Hamiltonian:
    """H = -coupling sum ZZ - field sum X - tilt sum Z.

    With ``tilt`` 0 it is the transverse-field model, whose chain is easy (free fermions); with a tilt no shortcut is
    known (the mixed-field model).

    Examples
    --------
    >>> from quantum.nature import chain, ising
    >>> ising(chain(3), field=0.7).to_pauli().to_list()
    [('IZZ', (-1+0j)), ('ZZI', (-1+0j)), ('IIX', (-0.7+0j)), ('IXI', (-0.7+0j)), ('XII', (-0.7+0j))]
    """
    zero = np.zeros(1)
    name = f"{'mixed' if tilt else 'transverse'}-field Ising, {graph.name}"
    return Hamiltonian(name, graph, zero, zero, np.array([-coupling]), np.array([-field]), np.array([-tilt]))


def heisenberg(graph: Graph, coupling: float = 1.0, tilt: float = 0.0) -> Hamiltonian:
    """H = coupling sum (XX + YY + ZZ) - tilt sum Z: antiferromagnetic where `coupling` is positive."""
    c = np.array([coupling])
    return Hamiltonian(f"Heisenberg, {graph.name}", graph, c, c, c, np.zeros(1), np.array([-tilt]))


def model_named(
    name: str, graph: Graph, *, coupling: float = 1.0, field: float | None = None, tilt: float | None = None
) -> Hamiltonian:
    """``transverse`` (field 1), ``mixed`` (field 1, tilt 0.5) or ``heisenberg``.

    Raises
    ------
    UnknownNameError, ValueFitError
        No such model; a field that the model does not have.
    """
    if name not in MODELS:
        raise unknown_name("model", name, MODELS)
    if name == "heisenberg":
        if field:
            raise ValueFitError("the Heisenberg model here has no field along X: leave it out, or give a tilt")
        return heisenberg(graph, coupling, tilt or 0.0)
    if name == "transverse" and tilt:
        raise ValueFitError("the transverse-field model has no tilt: use the model 'mixed'")
    field = 1.0 if field is None else field
    return ising(graph, coupling, field, (0.5 if tilt is None else tilt) if name == "mixed" else 0.0)
