"""Netlists into quantum circuits. The only package that imports Qiskit, and only when it is needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_LAZY = {
    "Proof": "proof",
    "Reversible": "circuit",
    "Verification": "verification",
    "assert_verified": "verification",
    "from_qiskit": "exchange",
    "prove": "proof",
    "reversible": "synthesis",
    "to_netlist": "netlists",
    "to_qiskit": "exchange",
    "verify": "verification",
}

if TYPE_CHECKING:
    from .circuit import Reversible
    from .exchange import from_qiskit, to_qiskit
    from .netlists import to_netlist
    from .proof import Proof, prove
    from .synthesis import reversible
    from .verification import Verification, assert_verified, verify


def __getattr__(name: str):
    if name in _LAZY:
        value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'quantum' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_LAZY))


__all__ = [
    "Proof",
    "Reversible",
    "Verification",
    "assert_verified",
    "from_qiskit",
    "prove",
    "reversible",
    "to_netlist",
    "to_qiskit",
    "verify",
]
