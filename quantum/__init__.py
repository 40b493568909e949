"""Netlists into quantum circuits. The only package that imports Qiskit."""

from .reversible import to_circuit

__all__ = ["to_circuit"]
