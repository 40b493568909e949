"""Qiskit's instructions on the own state vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qiskit.circuit import ControlledGate, QuantumCircuit

from gatesim.errors import UnsupportedError, ValueFitError

from .layers import Circuit, Layer

if TYPE_CHECKING:
    from .statevector import StateVector

_FLIPS = frozenset({"x", "cx", "ccx", "mcx", "mcx_gray", "c3x", "c4x", "mcx_recursive", "mcx_vchain"})
_PHASES = {"z": np.pi, "cz": np.pi, "ccz": np.pi, "cs": np.pi / 2, "csdg": -np.pi / 2}
_IDLE = frozenset({"barrier", "id"})


def apply(state: StateVector, circuit: QuantumCircuit) -> None:
    """Run `circuit` on `state`; instructions on clbits are refused."""
    if circuit.num_qubits != state.n_qubits:
        raise ValueFitError(f"a circuit of {circuit.num_qubits} qubits on a state of {state.n_qubits}")
    place = {bit: i for i, bit in enumerate(circuit.qubits)}
    for index, instruction in enumerate(circuit.data):
        gate, qubits = instruction.operation, [place[q] for q in instruction.qubits]
        name = gate.name
        if isinstance(gate, ControlledGate) and gate.ctrl_state != (1 << gate.num_ctrl_qubits) - 1:
            name = "open"
        if name in _IDLE:
            continue
        if name in _FLIPS:
            state.flip(qubits[-1], qubits[:-1])
        elif name in ("swap", "cswap"):
            state.swap(qubits[-2], qubits[-1], qubits[:-2])
        elif name in _PHASES:
            state.phase(qubits, _PHASES[name])
        elif name in ("cp", "mcphase"):
            state.phase(qubits, float(gate.params[0]))
        elif name in ("rxx", "ryy", "rzz"):
            state.run(Circuit(state.n_qubits, (Layer(name, np.array([qubits]), np.array([float(gate.params[0])])),)))
        elif len(qubits) == 1 and not instruction.clbits and hasattr(gate, "to_matrix"):
            state.one_qubit(qubits[0], gate.to_matrix())
        else:
            raise UnsupportedError(
                f"instruction {index} ({gate.name} on qubits {', '.join(map(str, qubits))}) is none that the own "
                "state vector knows: decompose it, or use Qiskit's Statevector"
            )
    if circuit.global_phase:
        state.one_qubit(0, np.eye(2) * np.exp(1j * float(circuit.global_phase)))
