"""Grover's search over the inputs of a netlist: real circuits, all branches gate by gate, or a table of signs."""

from .formula import best_iterations, classical_queries, success_probability
from .grover import LEVELS, Round, Search, grover
from .levels import BranchLevel, OracleLevel, Run
from .predicate import Marks, predicate, state_of, values_of
from .problems import Problem, counterexample, factoring, satisfying
from .real import CircuitLevel, grover_circuit

__all__ = [
    "LEVELS",
    "BranchLevel",
    "CircuitLevel",
    "Marks",
    "OracleLevel",
    "Problem",
    "Round",
    "Run",
    "Search",
    "best_iterations",
    "classical_queries",
    "counterexample",
    "factoring",
    "grover",
    "grover_circuit",
    "predicate",
    "satisfying",
    "state_of",
    "success_probability",
    "values_of",
]
