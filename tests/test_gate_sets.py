"""Toffoli, Fredkin, {H, Toffoli} and Clifford + T, against Post's theorem and Qiskit."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import CCXGate, CSwapGate
from qiskit.quantum_info import Operator, Statevector

from gatesim import Builder
from gatesim.errors import UnknownNameError, UnsupportedError, ValueFitError
from gatesim.universality import smallest_netlists
from quantum import gate_sets
from quantum.gate_sets import (
    in_h_and_toffoli,
    in_reversible_gates,
    judge,
    output_functions,
    permutation,
    reversible_gate,
    rotation_word,
    table_of,
)


def test_toffoli_and_fredkin_are_universal_with_constants_only():
    for name, gate in (("toffoli", CCXGate()), ("fredkin", CSwapGate())):
        matrix = Operator(gate).data
        assert (matrix[permutation(reversible_gate(name)), np.arange(8)] == 1).all()
        verdict = judge(name)
        assert verdict.universal and not verdict.without_constants  # both keep 000
    assert output_functions(reversible_gate("toffoli"))[2] == (0b01111000, 3)  # c ^ ab
    with pytest.raises(UnknownNameError, match="unknown reversible gate 'tofoli'; did you mean 'toffoli'"):
        reversible_gate("tofoli")
    circuit = QuantumCircuit(1, name="coin")
    circuit.h(0)
    with pytest.raises(ValueFitError, match="coin takes basis state 0 to a superposition"):
        permutation(circuit)


def an_xor():
    b = Builder("xor")
    b.output("y", b.input("a") ^ b.input("b"))
    return b.freeze()


@pytest.mark.parametrize("gate", ["toffoli", "fredkin"])
def test_every_function_of_two_inputs_from_one_reversible_gate(gate):
    for smallest in smallest_netlists("nand").values():
        if gate == "fredkin" and smallest.gates > 3:
            continue  # more qubits than a test should hold
        circuit, ports = in_reversible_gates(smallest.netlist, gate)
        assert set(circuit.count_ops()) <= {"x", "ccx" if gate == "toffoli" else "cswap"}
        assert table_of(circuit, ports, ["a", "b"], "out") == smallest.table
    with pytest.raises(UnsupportedError, match="a XOR cell; map the netlist to NAND first"):
        in_reversible_gates(an_xor(), gate)


def test_h_and_toffoli_do_what_complex_gates_do():
    rng = np.random.default_rng(0)
    for _ in range(12):
        circuit = QuantumCircuit(4)
        for kind in rng.choice(["h", "h", "s", "cs", "z", "cz", "x", "cx", "ccx"], 40):
            arity = {"cs": 2, "cz": 2, "cx": 2, "ccx": 3}.get(str(kind), 1)
            getattr(circuit, kind)(*(int(q) for q in rng.permutation(4)[:arity]))
        built = in_h_and_toffoli(circuit)
        assert [i.operation.name for i in built.data][:2] == ["x", "x"]  # the constants
        assert {i.operation.name for i in built.data[2:]} == {"h", "ccx"}
        state = Statevector(built)
        assert np.abs(state.data.imag).max() < 1e-12
        seen = state.probabilities(range(4))
        assert np.abs(seen - Statevector(circuit).probabilities()).max() < 1e-12
    circuit = QuantumCircuit(1)
    circuit.t(0)
    with pytest.raises(UnsupportedError, match=r"instruction 0 \(t\) is none of H, S, CS"):
        in_h_and_toffoli(circuit)


def test_t_gates_against_precision():
    errors = 10.0 ** -np.arange(2, 11)
    counts = []
    for error in errors:
        words = [rotation_word(angle, error) for angle in (0.3, 1.234, 2.5)]
        assert all(w.error <= error and w.gates > w.t_count for w in words)
        counts.append(np.mean([w.t_count for w in words]))
    slope = np.polyfit(np.log2(1 / errors), counts, 1)[0]
    assert 2.7 < slope < 3.3  # Ross and Selinger: 3 log2(1 / error)


def test_solovay_and_kitaev_pay_more():
    for error in (1e-1, 1e-2, 1e-3):
        found = rotation_word(0.3, error, "solovay-kitaev")
        assert found.error <= error
    assert found.t_count > 20 * rotation_word(0.3, 1e-3).t_count
    with pytest.raises(UnknownNameError, match="unknown method 'gridsnth'; did you mean 'gridsynth'"):
        rotation_word(0.3, 1e-3, "gridsnth")
    with pytest.raises(ValueFitError, match="to within 0: from 1e-12 to 1"):
        rotation_word(0.3, 0.0)


def test_doctests():
    assert doctest.testmod(gate_sets).failed == 0
