"""Simulating nature: spins on a graph, their time evolution as a quantum circuit, and what that costs."""

from .dynamics import Dynamics, circuits_of, exact, measured, trotterised
from .evolution import Evolution
from .fermions import FreeFermions
from .graphs import Graph, chain, graph_named, grid, heavy_hex, ring
from .hamiltonian import Hamiltonian, heisenberg, ising, model_named
from .starts import preparation, start_named
from .trotter import trotter

__all__ = [
    "Dynamics",
    "Evolution",
    "FreeFermions",
    "Graph",
    "Hamiltonian",
    "chain",
    "circuits_of",
    "exact",
    "graph_named",
    "grid",
    "heavy_hex",
    "heisenberg",
    "ising",
    "measured",
    "model_named",
    "preparation",
    "ring",
    "start_named",
    "trotter",
    "trotterised",
]
