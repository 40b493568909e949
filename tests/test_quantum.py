from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit import QuantumCircuit

from gatesim import Builder, simulate
from gatesim.errors import UnsupportedError
from gatesim.gates import LOGIC_GATES
from quantum import to_circuit
from quantum.reversible import normal_form


def run_classically(circuit: QuantumCircuit, values: dict[str, int]) -> dict[str, int]:
    """Basis state in, basis state out, for circuits of (multi-)controlled X only."""
    bits = {q: values.get(r.name, 0) >> i & 1 for r in circuit.qregs for i, q in enumerate(r)}
    for instruction in circuit.data:
        assert instruction.operation.name in ("x", "cx", "ccx", "mcx", "mcx_gray", "c3x", "c4x", "mcx_vchain")
        *controls, target = instruction.qubits
        bits[target] ^= all(bits[c] for c in controls)
    return {r.name: sum(bits[q] << i for i, q in enumerate(r)) for r in circuit.qregs}


def adder(width: int):
    b = Builder("adder")
    x, y = b.input_bus("x", width), b.input_bus("y", width)
    carry, total = b.zero, []
    for p, q in zip(x, y, strict=True):
        total.append(p ^ q ^ carry)
        carry = (p & q) | ((p ^ q) & carry)
    b.output("sum", [*total, carry])
    return b.freeze()


@given(x=st.integers(0, 15), y=st.integers(0, 15), before=st.integers(0, 31))
@settings(max_examples=40, deadline=None)
def test_bennett_adds_restores_and_cleans(x, y, before):
    end = run_classically(to_circuit(adder(4)), {"x": x, "y": y, "sum": before})
    assert end == {"x": x, "y": y, "sum": before ^ (x + y), "ancilla": 0}


def test_every_gate_against_its_truth_table():
    for g in LOGIC_GATES:
        b = Builder(g.name)
        b.output("y", b.gate(g.name, *b.input_bus("x", g.arity)))
        net = b.freeze()
        circuit = to_circuit(net)
        for x in range(1 << g.arity):
            assert run_classically(circuit, {"x": x})["y"] == int(simulate(net, x=x)["y"])


def test_against_qiskits_own_state_vector():
    from qiskit.quantum_info import Statevector

    net = adder(1)
    circuit = to_circuit(net)
    for x in range(4):
        state = Statevector.from_int(x, 2**circuit.num_qubits).evolve(circuit)
        (label,) = state.probabilities_dict(decimals=9)
        assert int(label, 2) == x | ((x & 1) + (x >> 1)) << 2  # registers x, y, sum, ancilla


def test_constants_and_refusals():
    b = Builder("constants")
    b.output("y", [b.one, b.zero, b.input("x") & b.one])
    assert run_classically(to_circuit(b.freeze()), {"x": 1})["y"] == 0b101
    b = Builder("clocked")
    b.output("q", b.flip_flop(b.input("d")))
    with pytest.raises(UnsupportedError, match="'clocked' has registers or memories"):
        to_circuit(b.freeze())


def test_normal_form_of_the_majority():
    assert normal_form(0b11101000, 3) == [0b011, 0b101, 0b110]
