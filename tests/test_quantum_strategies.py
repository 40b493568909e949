from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import ADDERS, ripple_carry
from circuits.multipliers import array_multiplier
from gatesim import Builder, Bus, build
from gatesim.errors import UnsupportedError, ValueFitError
from gatesim.gates import LOGIC_GATES
from quantum import assert_verified, reversible
from quantum.costs import costs
from quantum.forms import Forms
from quantum.pebble import best_plan
from quantum.pebbling import NEVER


def modular(a: Bus, b: Bus) -> Bus:
    return ripple_carry(a, b).sum


def adder(width: int, carry_out: bool = True):
    return build(ripple_carry if carry_out else modular, name="adder", a=width, b=width)


# -- in place --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [*range(2, 9), 64, 256])
@pytest.mark.parametrize("carry_out", [True, False])
def test_adders_in_place(width, carry_out):
    net = adder(width, carry_out)
    circuit = reversible(net, "inplace")
    found, counted = assert_verified(circuit, net), costs(circuit)
    assert found.exhaustive == (width <= 8) and found.states == min(1 << 2 * width, 1 << 20)
    assert counted.t_count == 4 * (width if carry_out else width - 1)
    assert counted.ancillas <= width and counted.qubits - counted.ancillas == 2 * width + carry_out
    assert counted.cx <= 6 * width
    assert circuit.outputs["sum" if carry_out else "out"] == circuit.inputs["b"]


@given(x=st.integers(0, 31), y=st.integers(0, 31), carry=st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_one_state_at_a_time(x, y, carry):
    end, _ = reversible(adder(5), "inplace").apply({"a": x, "b": y, "carry": carry})
    assert end == {"a": x, "b": (x + y) & 31, "carry": carry ^ (x + y) >> 5, "ancilla": 0}


@pytest.mark.parametrize("name", ADDERS)
def test_every_architecture_of_adder_in_place(name):
    net = build(ADDERS[name], a=5, b=5, cin=1)
    assert reversible(net, "inplace").outputs["sum"] == reversible(net, "inplace").inputs["b"]
    assert_verified(reversible(net, "inplace"), net)


def _triangular_net(draw):
    """Every output bit is an input bit XOR a random function of the other port and of input bits before it."""
    b = Builder("triangular")
    x, y = b.input_bus("x", 3), b.input_bus("y", draw(st.integers(1, 5)))
    nets, outputs = [b.zero, b.one, *x], []
    for bit in draw(st.permutations(list(y))):
        for _ in range(draw(st.integers(0, 4))):
            g = draw(st.sampled_from(LOGIC_GATES))
            nets.append(b.gate(g.name, *(draw(st.sampled_from(nets)) for _ in range(g.arity))))
        outputs.append(draw(st.sampled_from(nets)) ^ bit)
        nets += [bit, outputs[-1]]
    b.output("z", draw(st.permutations(outputs)))
    return b.freeze()


@given(net=st.composite(_triangular_net)())
@settings(max_examples=60, deadline=None)
def test_whatever_has_an_order_is_computed_in_place(net):
    circuit = reversible(net, "inplace")
    assert {*circuit.outputs["z"]} <= {*circuit.inputs["x"], *circuit.inputs["y"]}
    assert_verified(circuit, net)


def test_wires_alone_are_no_gates():
    b = Builder("rotated")
    x = b.input_bus("x", 4)
    b.output("y", [*x[1:], x[0]])
    circuit = reversible(net := b.freeze(), "inplace")
    assert circuit.n_gates == 0 and circuit.outputs["y"] == (1, 2, 3, 0)
    assert_verified(circuit, net)


def test_where_nothing_can_be_replaced():
    for net, message in (
        (build(array_multiplier, a=4, b=4), "'array_multiplier' cannot be computed in place: .* no two have the same"),
        (build(lambda_and, a=3, b=3), r"no output replaces an input; out\[0\], for one, is no input bit XOR"),
    ):
        with pytest.raises(UnsupportedError, match=message):
            reversible(net, "inplace")
    with pytest.raises(ValueFitError, match="a phase oracle leaves its inputs as they are"):
        reversible(adder(4), "inplace", phase=True)


def lambda_and(a: Bus, b: Bus) -> Bus:
    return a & b


# -- a budget of ancillas --------------------------------------------------------------------


@pytest.mark.parametrize("budget", [12, 14, 19, 28, 40])
def test_a_multiplier_within_a_budget_on_every_input(budget):
    net = build(array_multiplier, a=4, b=4)
    circuit = reversible(net, "pebble", ancillas=budget)
    assert assert_verified(circuit, net).exhaustive
    assert len(circuit.ancillas) <= budget


def test_a_quarter_of_the_ancillas_for_twice_the_gates():
    net = build(array_multiplier, a=16, b=16)
    everything = costs(reversible(net))
    circuit = reversible(net, "pebble", ancillas=everything.ancillas // 4)
    counted = costs(circuit)
    assert everything.ancillas == 496 and counted.ancillas <= 124
    assert counted.t_count < 2 * everything.t_count and counted.cx < 3 * everything.cx
    assert assert_verified(circuit, net).states == 1 << 20


def test_a_larger_budget_never_costs_more():
    forms = Forms(build(array_multiplier, a=8, b=8))
    plan = best_plan(forms, 120)
    assert (np.diff(plan.cost) <= 0).all()
    assert plan.cost[-1] == 120 and plan.least is not None and plan.least < 40
    for budget in range(plan.least, 121, 11):
        net = forms.net
        circuit = reversible(net, "pebble", ancillas=budget)
        assert len(circuit.ancillas) <= budget and costs(circuit).ands <= plan.cost[budget] < NEVER
        assert_verified(circuit, net)


def _random_net(draw):
    b = Builder("random")
    nets = [b.zero, b.one, *b.input_bus("x", draw(st.integers(1, 4))), *b.input_bus("y", 2)]
    for _ in range(draw(st.integers(0, 24))):
        g = draw(st.sampled_from(LOGIC_GATES))
        nets.append(b.gate(g.name, *(draw(st.sampled_from(nets[-12:])) for _ in range(g.arity))))
    outputs = [draw(st.sampled_from(nets)) for _ in range(draw(st.integers(1, 5)))]
    b.output("p", outputs)
    return b.freeze()


@given(net=st.composite(_random_net)(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_random_netlists_within_every_budget(net, data):
    forms = Forms(net, None)
    least, most = best_plan(forms).least, sum(forms.is_and)
    budget = data.draw(st.integers(least, most + 1))
    phase = len(forms.output_nets) == 1
    circuit = reversible(net, "pebble", ancillas=budget, phase=phase, effort=None)
    assert_verified(circuit, net)
    assert len(circuit.ancillas) <= budget
    if least:
        with pytest.raises(ValueFitError, match=f"no schedule with {least - 1} ancillas was found.*{least}$"):
            reversible(net, "pebble", ancillas=least - 1, effort=None)


def test_budgets_that_make_no_sense():
    with pytest.raises(ValueFitError, match="the strategy bennett takes the ancillas that it needs"):
        reversible(adder(4), ancillas=3)
    with pytest.raises(ValueFitError, match="a budget of -1 ancillas"):
        reversible(adder(4), "pebble", ancillas=-1)


# -- against Qiskit --------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "strategy"), [(2, "bennett"), (3, "inplace"), (2, "pebble")])
def test_the_unitary_that_qiskit_computes(width, strategy):
    from qiskit.quantum_info import Operator

    from quantum import to_qiskit

    circuit = reversible(adder(width), strategy).with_toffolis()
    unitary = Operator(to_qiskit(circuit)).data
    clean = circuit.n_qubits - len(circuit.ancillas)  # ancillas are the highest qubits
    for state in range(1 << clean):
        start = {r.name: state >> r.first & (1 << r.width) - 1 for r in circuit.registers if r.kind != "ancilla"}
        end, sign = circuit.apply(start)
        there = sum(end[r.name] << r.first for r in circuit.registers)
        assert unitary[there, state] == pytest.approx(1) and not sign
