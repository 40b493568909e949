from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import ADDERS, ripple_carry
from circuits.hack import cpu
from circuits.multipliers import array_multiplier
from gatesim import Builder, Bus, build, read, simulate
from gatesim.errors import EquivalenceError, GatesimError, LoopError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.gates import LOGIC_GATES
from gatesim.instances import instantiate
from gatesim.passes import clock_cycle
from quantum import Reversible, assert_verified, reversible, verify
from quantum.circuit import AND, NOT, UNAND
from quantum.mutations import with_cx, without_gate


def modular(a: Bus, b: Bus) -> Bus:
    return ripple_carry(a, b).sum


def adder(width: int, carry_out: bool = True):
    return build(ripple_carry if carry_out else modular, name="adder", a=width, b=width)


def run(circuit: Reversible, **values: int) -> dict[str, int]:
    return circuit.apply(values)[0]


# -- right -----------------------------------------------------------------------------------


@given(x=st.integers(0, 15), y=st.integers(0, 15), before=st.integers(0, 15))
@settings(max_examples=40, deadline=None)
def test_bennett_adds_restores_and_cleans_one_state_at_a_time(x, y, before):
    end = run(reversible(adder(4)), a=x, b=y, sum=before)
    assert end == {"a": x, "b": y, "sum": before ^ (x + y) & 15, "carry": (x + y) >> 4, "ancilla": 0}


def test_every_gate_against_its_truth_table():
    for g in LOGIC_GATES:
        b = Builder(g.name)
        b.output("y", b.gate(g.name, *b.input_bus("x", g.arity)))
        circuit = reversible(b.freeze())
        for x in range(1 << g.arity):
            assert run(circuit, x=x)["y"] == g.table >> x & 1, g.name


@pytest.mark.parametrize("name", ADDERS)
def test_every_adder_every_input(name):
    found = assert_verified(reversible(net := build(ADDERS[name], a=6, b=6, cin=1)), net)
    assert found.exhaustive and found.states == 1 << 13


def _random_net(draw):
    b = Builder("random")
    nets = [b.zero, b.one, *b.input_bus("x", draw(st.integers(1, 4))), *b.input_bus("y", 2)]
    for _ in range(draw(st.integers(0, 14))):
        g = draw(st.sampled_from(LOGIC_GATES))
        nets.append(b.gate(g.name, *(draw(st.sampled_from(nets)) for _ in range(g.arity))))
    b.output("p", [draw(st.sampled_from(nets)) for _ in range(draw(st.integers(1, 4)))])
    b.output("q", draw(st.sampled_from(nets)))
    return b.freeze()


random_nets = st.composite(_random_net)()


@given(net=random_nets, data=st.data())
@settings(max_examples=80, deadline=None)
def test_random_netlists_the_kernel_and_the_definition_agree(net, data):
    circuit = reversible(net)
    assert_verified(circuit, net)
    values = {p.name: data.draw(st.integers(0, (1 << p.width) - 1)) for p in net.ports}
    end = run(circuit, **values)
    expected = simulate(net, {p.name: values[p.name] for p in net.inputs})
    for p in net.outputs:
        assert end[p.name] == values[p.name] ^ int(expected[p.name])
    assert all(end[p.name] == values[p.name] for p in net.inputs)
    assert end.get("ancilla", 0) == 0
    toffolis = circuit.with_toffolis()
    assert_verified(toffolis, net)
    assert run(toffolis, **values) == end


@given(net=random_nets)
@settings(max_examples=20, deadline=None)
def test_the_inverse_takes_outputs_off_again(net):
    circuit = reversible(net)
    start = {p.name: (1 << p.width) - 1 for p in net.ports}
    assert circuit.inverse().apply(circuit.apply(start)[0])[0].items() >= start.items()


@given(net=random_nets)
@settings(max_examples=30, deadline=None)
def test_phase_oracles_show_the_output_as_a_sign(net):
    b = Builder("bit")
    b.output("bit", instantiate(b, net, {p.name: b.input_bus(p.name, p.width) for p in net.inputs})["q"])
    one = b.freeze()
    circuit = reversible(one, phase=True)
    assert circuit.sign == "bit" and not circuit.outputs
    assert_verified(circuit, one)
    for x in range(1 << one.port("x").width):
        end, sign = circuit.apply({"x": x, "y": 1})
        assert sign == int(simulate(one, x=x, y=1)["bit"]) and (end["x"], end["y"]) == (x, 1)


# -- cheap -----------------------------------------------------------------------------------


def test_adders_cost_one_and_a_bit_and_linearly_many_cx():
    for width in (2, 3, 4, 8, 16, 31, 64, 128, 256):
        with_carry, without = (reversible(adder(width, carry)).counts() for carry in (True, False))
        assert with_carry["AND"] == with_carry["UNAND"] == width
        assert without["AND"] == without["UNAND"] == width - 1
        assert with_carry["CX"] == 8 * width - 6 and without["CX"] < 8 * width


@pytest.mark.parametrize("width", [*range(2, 9), 64, 256])
def test_adders_on_every_input_or_a_million_states(width):
    net = adder(width)
    found = assert_verified(reversible(net), net)
    assert found.exhaustive == (width <= 8) and found.states == min(1 << 2 * width, 1 << 20)


def test_multipliers_share_their_linear_forms():
    net = build(array_multiplier, a=16, b=16)
    circuit = reversible(net)
    assert len(circuit.ancillas) == circuit.counts()["AND"] == 2 * 16 * 16 - 16
    assert circuit.counts()["CX"] < 2_500  # 22,000 when every sum is written out
    assert_verified(circuit, net, states=1 << 17)


@pytest.mark.parametrize(
    "name", ["arithmetic/adder", "arithmetic/bar", "arithmetic/max", "arithmetic/multiplier", "arithmetic/sin",
             "random_control/arbiter", "random_control/cavlc", "random_control/priority", "random_control/router"],
)  # fmt: skip
def test_epfl_circuits(shared_data, name):
    net = read(shared_data / "epfl" / f"{name}.aig")
    circuit = reversible(net, effort=None)
    found = assert_verified(circuit, net, states=100_000)
    assert found.n_ancillas == circuit.counts()["AND"]


# -- clocked ---------------------------------------------------------------------------------


def test_a_clock_cycle_of_the_hack_cpu_on_a_million_states():
    cycle = clock_cycle(build(cpu, inM=16, instruction=16, reset=1))
    circuit = reversible(cycle)
    assert circuit.n_qubits > 300
    assert_verified(circuit, cycle, states=1_000_000)


def test_a_clock_cycle_keeps_enables_resets_and_memories():
    b = Builder("clocked")
    d, enable, reset, address = b.input_bus("d", 2), b.input("enable"), b.input("reset"), b.input_bus("address", 2)
    state = b.register(d, enable=enable, reset=reset, init=0b10)
    (word,) = b.memory("ram", depth=4, width=2, read=[address], write=[(address, state, enable)])
    b.output("y", state ^ word)
    net = b.freeze()
    cycle = clock_cycle(net)
    assert [p.name for p in cycle.outputs] == [
        "y", "next_q", "ram.address0", "ram.write_address0", "ram.write_data0", "ram.write_enable0",
    ]  # fmt: skip
    got = simulate(cycle, {"d": 1, "enable": [1, 0, 1], "reset": [0, 0, 1], "address": 3, "q": 3, "ram.read0": 2})
    assert got["next_q"].tolist() == [1, 3, 2] and got["y"].tolist() == [1, 1, 1]
    assert_verified(reversible(cycle), cycle)


def test_a_cycle_after_another_is_the_clocked_netlist():
    net = build(counter)
    cycle, q = clock_cycle(net), 0
    for expected in simulate(net, cycles=20)["count"].tolist():
        end = run(reversible(cycle), q=q)
        assert end["count"] == expected
        q = end["next_q"]


def counter(b: Builder, width: int = 4) -> dict:
    following = b.wires(width)
    count = b.register(following)
    b.drive(following, ripple_carry(count, b.constant(0, width), b.one).sum)
    return {"count": count}


# -- wrong -----------------------------------------------------------------------------------


def test_every_deleted_and_is_caught():
    net = adder(8)
    circuit = reversible(net)
    for index in np.flatnonzero((circuit.op == AND) | (circuit.op == UNAND)):
        found = verify(without_gate(circuit, int(index)), net, states=1 << 16)
        assert not found and found.fault
    toffolis = circuit.with_toffolis()
    for index in np.flatnonzero(np.diff(toffolis.ptr) == 3):
        assert not verify(without_gate(toffolis, int(index)), net, states=1 << 16)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_an_added_cx_is_caught(data):
    net = adder(6)
    circuit = reversible(net)
    index = data.draw(st.integers(0, circuit.n_gates))
    control, target = data.draw(st.sampled_from(range(12))), data.draw(st.integers(12, circuit.n_qubits - 1))
    assert not verify(with_cx(circuit, index, control, target), net)


def test_faults_are_told_with_the_input():
    b = Builder("and")
    b.output("y", b.input("a") & b.input("b"))
    net = b.freeze()
    circuit = reversible(net)  # a, b, y, ancilla
    assert [circuit.gate(k) for k in range(3)] == [(AND, (0, 1, 3)), (NOT, (3, 2)), (UNAND, (0, 1, 3))]
    assert verify(without_gate(circuit, 1), net).fault == "output y is wrong (0 instead of 1) on input a=1, b=1"
    late = verify(without_gate(circuit.with_toffolis(), 2), net).fault
    assert late == "ancilla ancilla is left dirty (1 instead of |0>) on input a=1, b=1"
    assert verify(with_cx(circuit, 3, 1, 0), net).fault == "input a is not restored (1 instead of 0) on input a=0, b=1"
    assert verify(with_cx(circuit, 0, 0, 3), net).fault == (
        "gate 1: AND of a and b onto ancilla, which is not |0>, on input a=1, b=0"
    )
    assert verify(with_cx(circuit, 2, 0, 3), net).fault == (
        "gate 3: UNAND of a and b measures ancilla, which does not hold their product, on input a=1, b=0"
    )
    with pytest.raises(EquivalenceError, match="output y is wrong"):
        assert_verified(without_gate(circuit, 1), net)
    signs = reversible(net, phase=True)
    assert verify(without_gate(signs, 1), net).fault == "the sign is wrong on input a=1, b=1"


def test_refusals():
    b = Builder("clocked")
    b.output("q", b.flip_flop(b.input("d")))
    with pytest.raises(UnsupportedError, match=r"'clocked' has registers or memories.*clock_cycle"):
        reversible(b.freeze())
    b = Builder("latch")
    q = b.wire("q")
    b.drive(q, b.nand(b.input("s"), b.nand(q, b.input("r"))))
    b.output("y", q)
    with pytest.raises(LoopError, match="'latch' has a combinational loop"):
        reversible(b.freeze())
    with pytest.raises(ValueFitError, match="'adder' has 5 output bits"):
        reversible(adder(4), phase=True)
    with pytest.raises(UnknownNameError, match="did you mean 'bennett'"):
        reversible(adder(4), "benett")
    with pytest.raises(ValueFitError, match="input 'a': 'adder' has 5 bits there, the circuit 'adder' has 4 qubits"):
        verify(reversible(adder(4)), adder(5))
    with pytest.raises(ValueFitError, match="at least one basis state"):
        verify(reversible(adder(4)), adder(4), states=0)
    with pytest.raises(ValueFitError, match="99 does not fit into register 'a' of 4 qubits"):
        run(reversible(adder(4)), a=99)
    with pytest.raises(GatesimError, match=r"acts on a qubit outside 0 \.\. 16"):
        replace(reversible(adder(4)), qubits=reversible(adder(4)).qubits + 9)


def test_one_bit_order_everywhere():
    """Bit i of a bus is qubit i of its register, qubit 0 the lowest bit of a basis state's number: as Qiskit."""
    from qiskit.quantum_info import Statevector

    from quantum import to_qiskit

    net = adder(2)
    circuit = reversible(net).with_toffolis()
    assert [(r.name, r.first) for r in circuit.registers] == [
        ("a", 0), ("b", 2), ("sum", 4), ("carry", 6), ("ancilla", 7)
    ]  # fmt: skip
    qiskit_circuit = to_qiskit(circuit)
    for a, b in ((1, 0), (2, 3), (3, 3)):
        state = Statevector.from_int(a | b << 2, 2**circuit.n_qubits)
        (label,) = state.evolve(qiskit_circuit).probabilities_dict(decimals=9)
        assert int(label, 2) == a | b << 2 | (a + b) << 4
