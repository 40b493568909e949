"""Circuits proven right for every basis state, and turned back into netlists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from qiskit.circuit import QuantumCircuit, QuantumRegister
from qiskit.quantum_info import Operator
from test_quantum import adder, random_nets

from circuits.hack import cpu
from circuits.multipliers import array_multiplier
from gatesim import Builder, build, equivalent, read, simulate
from gatesim.errors import GatesimError, UnsupportedError, ValueFitError
from gatesim.passes import clock_cycle
from quantum import Reversible, from_qiskit, prove, reversible, to_netlist, verify
from quantum.circuit import AND, NOT, PHASE, SWAP, Register
from quantum.mutations import verdict, with_cx, without_gate


def recognizer(width: int, word: int):
    """Is x this one word?"""
    b = Builder("wide")
    product = b.one
    for i, bit in enumerate(b.input_bus("x", width)):
        product = product & (bit if word >> i & 1 else ~bit)
    b.output("y", product)
    return b.freeze()


WORD = 0xA53C96F00F


def circuit_of(gates, width: int = 3) -> Reversible:
    """Gates on one register that is input and output (in place)."""
    on = tuple(range(width))
    op, qubits = [g[0] for g in gates], [q for g in gates for q in g[1:]]
    ptr = np.concatenate(([0], np.cumsum([len(g) - 1 for g in gates])))
    registers = (Register("x", 0, width, "input"),)
    return Reversible("random", registers, {"x": on}, {"y": on}, op, ptr, qubits)  # pyright: ignore[reportArgumentType]


# -- back to netlists ------------------------------------------------------------------------


@given(net=random_nets)
@settings(max_examples=40, deadline=None)
def test_there_and_back(net):
    circuit = reversible(net)
    back = to_netlist(circuit)
    assert [(p.name, p.direction, p.width) for p in back.ports] == [
        (p.name, p.direction, p.width) for d in ("input", "output") for p in net.ports if p.direction == d
    ]
    assert equivalent(net, back)
    assert back.counts().get("AND", 0) <= circuit.counts().get("AND", 0)


@given(
    gates=st.lists(
        st.one_of(
            st.integers(0, 3).map(lambda q: (NOT, q)),
            st.lists(st.integers(0, 3), min_size=2, max_size=4, unique=True).map(lambda q: (NOT, *q)),
            st.lists(st.integers(0, 3), min_size=2, max_size=2, unique=True).map(lambda q: (SWAP, *q)),
        ),
        max_size=25,
    )
)
@settings(max_examples=80, deadline=None)
def test_any_permutation_is_the_netlist_that_qiskits_unitary_says(gates):
    qiskit_circuit = QuantumCircuit(QuantumRegister(4, "x"))
    for op, *qubits in gates:
        if op == SWAP:
            qiskit_circuit.swap(*qubits)
        elif len(qubits) == 1:
            qiskit_circuit.x(qubits[0])
        else:
            qiskit_circuit.mcx(qubits[:-1], qubits[-1])
    expected = np.abs(Operator(qiskit_circuit).data).argmax(axis=0)
    found = simulate(to_netlist(circuit_of(gates, 4)), x=np.arange(16))["y"]
    assert found.tolist() == expected.tolist()


def test_a_sign_becomes_an_output():
    b = Builder("bit")
    b.output("f", b.gate("MAJ", *b.input_bus("x", 3)))
    net = b.freeze()
    assert equivalent(net, to_netlist(reversible(net, phase=True)))


def test_uncomputing_leaves_no_trace():
    net = build(array_multiplier, a=16, b=16)
    circuit = reversible(net)
    assert to_netlist(circuit).counts()["AND"] == to_netlist(circuit.with_toffolis()).counts()["AND"] == 2 * 256 - 16


# -- proofs ----------------------------------------------------------------------------------


@given(net=random_nets, data=st.data())
@settings(max_examples=25, deadline=None)
def test_proof_and_exhaustive_simulation_say_the_same(net, data):
    circuit = reversible(net)
    if data.draw(st.booleans()):
        circuit = circuit.with_toffolis()
    assert prove(circuit, net)
    if data.draw(st.booleans()) and circuit.n_gates:
        mutant = without_gate(circuit, data.draw(st.integers(0, circuit.n_gates - 1)))
    else:
        pair = data.draw(st.lists(st.integers(0, circuit.n_qubits - 1), min_size=2, max_size=2, unique=True))
        mutant = with_cx(circuit, data.draw(st.integers(0, circuit.n_gates)), *pair)
    found = prove(mutant, net)
    assert found.status != "undecided" and bool(found) == _right(mutant, net)
    assert (found.fault is None) == bool(found)


def _right(circuit, net) -> bool:
    """By the definition, on every state of inputs and outputs."""
    bits = [(p.name, i) for p in net.ports for i in range(p.width)]
    for state in range(1 << len(bits)):
        values = {p.name: 0 for p in net.ports}
        for k, (name, i) in enumerate(bits):
            values[name] |= (state >> k & 1) << i
        given_values = {p.name: values[p.name] for p in net.inputs}
        expected = simulate(net, given_values)
        want = given_values | {p.name: values[p.name] ^ int(expected[p.name]) for p in net.outputs}
        try:
            end, sign = circuit.apply(values)
        except GatesimError:
            return False
        if sign or any(end[name] != want.get(name, 0) for name in end):
            return False
    return True


def test_what_random_states_miss_is_found():
    net = recognizer(40, WORD)
    circuit = reversible(net)
    last = int(np.flatnonzero(circuit.op == AND)[-1])
    mutant = without_gate(circuit, last)
    assert verify(mutant, net, states=1 << 14)
    found = prove(mutant, net)
    assert found.status == "wrong" and not found
    assert "measures ancilla" in found.fault and f"on input x={WORD}" in found.fault
    assert verdict(mutant, net) == "seen by proof"
    copy = int(np.flatnonzero((circuit.op == NOT) & (np.diff(circuit.ptr) == 2))[0])
    wrong = prove(without_gate(circuit, copy), net).fault
    assert wrong == f"output y is wrong (0 instead of 1) on input x={WORD}"


def test_a_cx_from_a_clean_ancilla_is_proven_harmless():
    net = adder(8)
    circuit = reversible(net)
    ancilla = int(circuit.ancillas[-1])
    assert verdict(with_cx(circuit, 0, ancilla, 0), net) == "harmless, proven"
    assert verdict(with_cx(circuit, 0, 0, ancilla), net) == "seen by simulation"


@pytest.mark.parametrize("name", ["random_control/router", "random_control/priority", "arithmetic/adder"])
def test_every_single_fault_is_seen_or_proven_harmless(shared_data, name):
    circuit = reversible(read(shared_data / "epfl" / f"{name}.aig"))
    reference, rng = to_netlist(circuit), np.random.default_rng(1)
    found = [
        verdict(without_gate(circuit, int(k)), reference, states=1 << 12)
        for k in rng.choice(np.flatnonzero(circuit.op == AND), 25, replace=False)
    ]
    assert set(found) <= {"seen by simulation", "seen by proof"}
    found = [
        verdict(with_cx(circuit, int(at), *map(int, rng.choice(circuit.n_qubits, 2, replace=False))), reference)
        for at in rng.integers(0, circuit.n_gates + 1, 25)
    ]
    assert "undecided" not in found and found.count("harmless, proven") < 20


@pytest.mark.parametrize("name", ["arithmetic/bar", "arithmetic/max", "random_control/cavlc"])
def test_epfl_circuits_are_proven(shared_data, name):
    net = read(shared_data / "epfl" / f"{name}.aig")
    found = prove(reversible(net), net)
    assert found and "every basis state" in str(found)


def test_a_clock_cycle_of_the_hack_cpu_is_proven():
    cycle = clock_cycle(build(cpu, inM=16, instruction=16, reset=1))
    assert prove(reversible(cycle), cycle)


def test_in_place_and_signs():
    import qiskit.synthesis

    made = qiskit.synthesis.adder_ripple_c04(32, "half")
    net = adder(32)
    ports = {"inputs": {"a": "a", "b": "b"}, "outputs": {"sum": "b", "carry": "cout"}}
    assert prove(from_qiskit(made, **ports), net)
    del made.data[3]
    found = prove(from_qiskit(made, **ports), net)
    assert found.status == "wrong" and "on input a=" in found.fault
    b = Builder("bit")
    b.output("f", b.input("x") & b.input("y"))
    net = b.freeze()
    circuit = reversible(net, phase=True)
    assert prove(circuit, net)
    stray = int(np.flatnonzero(circuit.op == PHASE)[0])
    assert prove(without_gate(circuit, stray), net).fault == "the sign is wrong on input x=1, y=1"


def test_refusals():
    b = Builder("clocked")
    b.output("q", b.flip_flop(b.input("d")))
    clocked = b.freeze()
    for check in (prove, verify):
        with pytest.raises(UnsupportedError, match="'clocked' has registers or memories"):
            check(reversible(adder(2)), clocked)
        with pytest.raises(ValueFitError, match="input 'a': 'adder' has 5 bits there"):
            check(reversible(adder(4)), adder(5))
    undecided = prove(reversible(net := recognizer(40, WORD)), net, seconds=0.0)
    assert undecided.status == "undecided" and str(undecided).startswith("not proven: ")
