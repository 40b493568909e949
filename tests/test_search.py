"""Grover's search: against dense matrices, Qiskit, and what the netlists themselves compute."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from circuits.adders import kogge_stone, ripple_carry
from circuits.hashing import toy_hash, toy_hash_model
from circuits.multipliers import array_multiplier
from gatesim import Bit, Builder, Bus, build, simulate
from gatesim.conformance import random_netlist
from gatesim.errors import (
    EquivalenceError,
    NoSolutionError,
    TooLargeError,
    UnknownNameError,
    UnsupportedError,
    ValueFitError,
)
from gatesim.formats import read
from gatesim.gates import AND, OR
from quantum import reversible, verify
from quantum.circuit import AND as AND_GATE
from quantum.circuit import NOT, UNAND
from quantum.search import (
    BranchLevel,
    CircuitLevel,
    Marks,
    OracleLevel,
    best_iterations,
    counterexample,
    factoring,
    grover,
    grover_circuit,
    predicate,
    satisfying,
    state_of,
    success_probability,
    values_of,
)

needs_aer = pytest.mark.skipif(find_spec("qiskit_aer") is None, reason="qiskit-aer is not installed")


def one_bit(seed: int, n_inputs: int):
    """A random netlist with its first output bit alone."""
    net = random_netlist(seed, n_cells=30, n_inputs=n_inputs)
    return predicate(net, net.outputs[0].name, int(seed) & ((1 << net.outputs[0].width) - 1))


def threshold(n: int, below: int):
    """Marked are the inputs smaller than `below`."""
    b = Builder(f"below {below}")
    x = b.input_bus("x", n)
    less = b.zero
    for i in range(n):  # LSB first: the highest bit decides last
        less = (~x[i] | less) if below >> i & 1 else (~x[i] & less)
    b.output("y", less)
    return b.freeze()


# -- the formula -----------------------------------------------------------------------------


@pytest.mark.parametrize("n, m", [(3, 1), (4, 3), (5, 18), (6, 64), (6, 1)])
def test_formula_and_oracle_level_equal_dense_matrices(n, m):
    size = 1 << n
    uniform = np.full(size, size**-0.5)
    diffusion = 2 * np.outer(uniform, uniform) - np.eye(size)
    oracle = np.diag(np.where(np.arange(size) < m, -1.0, 1.0))
    state, want = uniform, []
    for _ in range(12):
        want.append((state[:m] ** 2).sum())
        state = diffusion @ oracle @ state
    assert np.abs(success_probability(size, m, np.arange(12)) - want).max() < 1e-12
    run = OracleLevel(Marks.of(threshold(n, m) if m < size else ones(n))).run(12)
    assert np.abs(run.probabilities[:12] - want).max() < 1e-12
    assert np.abs(run.weights - state**2).max() < 1e-12


def ones(n: int):
    b = Builder("ones")
    b.input_bus("x", n)
    b.output("y", b.one)
    return b.freeze()


def test_best_iterations_are_the_first_maximum():
    for size in (2, 4, 16, 64, 1000):
        for m in range(1, size + 1):
            k = best_iterations(size, m)
            p = success_probability(size, m, np.arange(k + 2))
            assert k == 0 or p[k] > p[:k].max()
            assert p[k] >= p[k + 1] - 1e-12 or 2 * m > size
            assert p[k] >= 0.5
    assert best_iterations(1 << 24, 2) == 2274 and best_iterations(1 << 20, 2) == 568


# -- three levels, one answer ----------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_branches_are_the_netlist_on_every_input(seed):
    net = one_bit(seed, 1 + seed)
    marks = Marks.of(net)
    for effort in (None, "quick"):
        level = BranchLevel(net, reversible(net, phase=True, effort=effort), threads=1 + seed % 3)
        assert (level.signs() == marks.words).all()
    assert marks.count == sum(k in marks for k in range(marks.n_states))
    assert marks.first(5) == [k for k in range(marks.n_states) if k in marks][:5]


@needs_aer
@pytest.mark.parametrize("n, pair", [(15, {3, 5}), (21, {3, 7}), (35, {5, 7}), (49, {7})])
def test_three_levels_factor_with_the_same_answer(n, pair):
    problem = factoring(n)
    found = [grover(problem.net, level=level, rng=n) for level in ("circuit", "branches", "oracle")]
    for s in found:
        assert s.error < 1e-9 and s.state == found[0].state and s.iterations == found[0].iterations
        assert {2 * v + 1 for v in s.found.values()} == pair
        assert s.probabilities[-1] > 0.94 and s.queries == len(s.rounds) * (s.iterations + 1)
    left, right = problem.meaning(found[0].found).split(" = ")
    assert int(left) == n == int(np.prod([int(v) for v in right.split(" x ")]))


@needs_aer
def test_a_circuit_of_26_qubits_searches_all_bits():
    problem = factoring(15, odd=False)
    s = grover(problem.net, level="circuit")
    assert (s.n_qubits, s.n_inputs, s.iterations) == (26, 6, 4) and s.error < 1e-9
    assert s.probabilities[-1] > 0.99 and set(s.found.values()) == {3, 5}


def test_a_state_vector_of_qiskit_agrees_with_the_branches():
    for seed in (2, 3, 5):
        net = one_bit(seed, 3)
        oracle = reversible(net, phase=True)
        if Marks.of(net).count == 0 or oracle.n_qubits > 10:
            continue
        real, own = CircuitLevel(net, "quick").run(3), BranchLevel(net, oracle).run(3)
        assert np.abs(real.probabilities - own.probabilities).max() < 1e-12
        assert np.abs(real.weights - own.weights).max() < 1e-12


def test_threads_change_nothing():
    net = threshold(17, 3)
    runs = [OracleLevel(Marks.of(net), threads).run(20) for threads in (1, 2, 3)]
    for other in runs[1:]:
        assert (other.probabilities == runs[0].probabilities).all() and (other.weights == runs[0].weights).all()
    assert abs(runs[0].weights.sum() - 1) < 1e-12


def test_hundreds_of_qubits_gate_by_gate():
    s = grover(factoring(60491, odd=False).net)  # 8 and 8 bits
    assert s.n_qubits and s.n_qubits > 130 and s.iterations == 142
    assert s.error < 1e-9 and set(s.found.values()) == {241, 251}
    assert s.solutions[0][0] == {"p": 251, "q": 241} and abs(s.solutions[0][1] - 0.5) < 1e-4


# -- bit order -------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["circuit", "branches", "oracle"])
def test_bits_stand_in_one_order_everywhere(level):
    b = Builder("order")
    first, second, third = b.input_bus("first", 2), b.input("second"), b.input_bus("third", 2)
    b.output("y", Bus([*first, second, *third]))
    net = b.freeze()
    for value in (1, 6, 13, 24):
        want = {"first": value & 3, "second": value >> 2 & 1, "third": value >> 3}
        s = grover(net, value=value, level=level)
        assert s.found == want and s.state == value == state_of(net, s.found)
        assert values_of(net, value) == want
        assert simulate(net, **s.found)["y"] == value


def test_measured_bits_of_qiskit_stand_in_that_order():
    from qiskit.primitives import StatevectorSampler

    b = Builder("order")
    b.output("y", Bus([*b.input_bus("low", 2), *b.input_bus("high", 2)]))
    net = predicate(b.freeze(), value=6)
    circuit = grover_circuit(reversible(net, phase=True), best_iterations(16, 1))
    counts = StatevectorSampler(seed=1).run([circuit], shots=200).result()[0].data.found.get_int_counts()
    assert max(counts, key=counts.get) == 6 and counts[6] > 180
    assert values_of(net, 6) == {"low": 2, "high": 1}


# -- a wrong circuit is caught in its branch -------------------------------------------------


def without(circuit, index: int):
    """The circuit with one gate deleted."""
    sizes = np.delete(np.diff(circuit.ptr), index)
    qubits = np.delete(circuit.qubits, np.arange(circuit.ptr[index], circuit.ptr[index + 1]))
    return replace(circuit, op=np.delete(circuit.op, index), ptr=np.concatenate(([0], np.cumsum(sizes))), qubits=qubits)


def test_every_deleted_gate_is_seen_in_some_branch():
    net = factoring(35).net
    good = reversible(net, phase=True, effort=None)
    words = BranchLevel(net, good).signs()
    for toffoli in (False, True):
        circuit = good.with_toffolis() if toffoli else good
        for index in range(circuit.n_gates):
            level = BranchLevel(net, without(circuit, index))
            try:
                assert (level.signs() != words).any(), index
            except EquivalenceError as exc:
                assert "in the branch p_half=" in str(exc)


def test_a_dirty_ancilla_is_named_with_its_branch():
    b = Builder("and")
    b.output("y", b.input("a") & b.input("b"))
    net = b.freeze()
    circuit = reversible(net, phase=True).with_toffolis()
    last = int(np.flatnonzero(circuit.op == NOT)[-1])
    with pytest.raises(EquivalenceError, match="ancilla ancilla is left dirty in the branch a=1, b=1"):
        BranchLevel(net, without(circuit, last)).signs()
    measured = reversible(net, phase=True)
    swapped = replace(measured, op=np.where(measured.op == AND_GATE, UNAND, measured.op))
    with pytest.raises(EquivalenceError, match=r"UNAND of a and b measures ancilla, .*, in the branch a=1, b=1"):
        BranchLevel(net, swapped).signs()
    with pytest.raises(ValueFitError, match="is no phase oracle of 'and'"):
        BranchLevel(net, reversible(net))


# -- number of solutions unknown -------------------------------------------------------------


def test_unknown_number_of_solutions():
    net = threshold(10, 3)
    queries = [grover(net, unknown=True, level="oracle", rng=seed, threads=1).queries for seed in range(60)]
    assert np.mean(queries) < 4.5 * np.sqrt(1024 / 3) + 10  # the paper's bound, and the checks
    again = grover(net, unknown=True, level="oracle", rng=7)
    assert again.queries == queries[7] and again.rounds[-1].hit and again.state < 3
    assert not any(r.hit for r in again.rounds[:-1]) and again.error < 1e-9
    few = grover(factoring(2021).net, unknown=True, rng=3)
    assert few.rounds[-1].hit and {2 * v + 1 for v in few.found.values()} == {43, 47}


def test_unknown_and_no_solution_ends():
    b = Builder("never")
    b.output("y", b.input_bus("x", 4)[0] & b.zero)
    with pytest.raises(NoSolutionError, match=r"no solution found in \d+ queries of 'never': if there is one"):
        grover(b.freeze(), unknown=True, level="oracle")


def test_measurements_follow_the_weights():
    s = [grover(threshold(6, 4), iterations=0, level="oracle", rng=seed) for seed in range(400)]
    tries = sum(len(x.rounds) for x in s)
    assert abs(400 / tries - 4 / 64) < 0.01  # one random input each: a geometric distribution
    assert np.bincount([x.state for x in s], minlength=4).min() > 70


# -- what is searched for --------------------------------------------------------------------


def test_preimages_of_the_toy_hash():
    net = build(toy_hash, x=12)
    for value in (0x123, 0xABC, 0x5A5):
        preimages = np.flatnonzero(toy_hash_model(np.arange(1 << 12), 12) == value)
        if not len(preimages):
            with pytest.raises(NoSolutionError, match=r"none of the 4,096 inputs of 'toy_hash = "):
                grover(net, value=value)
            continue
        s = grover(net, value=value)
        assert s.n_solutions == len(preimages) and s.state in preimages and s.error < 1e-9


def test_a_wrong_adder_is_found_out():
    right = build(kogge_stone, a=4, b=4)
    net = build(ripple_carry, a=4, b=4)
    op = net.op.copy()
    last = int(np.flatnonzero((op == AND) | (op == OR))[-1])
    op[last] = OR if op[last] == AND else AND
    problem = counterexample(replace(net, op=op), right)
    s = grover(problem.net)
    assert s.n_solutions and s.found["a"] + s.found["b"] == int(
        simulate(right, **s.found)["sum"] + 16 * simulate(right, **s.found)["carry"]
    )
    wrong = simulate(replace(net, op=op), **s.found)
    assert s.found["a"] + s.found["b"] != int(wrong["sum"] + 16 * wrong["carry"])
    assert f"a = {s.found['a']}" in problem.meaning(s.found)
    with pytest.raises(NoSolutionError):
        grover(counterexample(net, right).net)


def test_sat():
    rng = np.random.default_rng(5)
    clauses = [(1 + rng.choice(12, 3, replace=False)) * rng.choice([-1, 1], 3) for _ in range(45)]
    text = f"p cnf 12 {len(clauses)}\n" + "".join(f"{' '.join(map(str, c))} 0\n" for c in clauses)
    problem = satisfying(read(text, "dimacs"))
    s = grover(problem.net)
    literals = [int(w) for w in problem.meaning(s.found).split()[1:-1]]
    assert all(any(k in literals for k in clause) for clause in clauses) and len(literals) == 12
    with pytest.raises(NoSolutionError):
        grover(read("p cnf 2 3\n1 0\n-1 2 0\n-2 0\n", "dimacs"))


def test_a_formula_of_a_thousand_variables_is_a_verified_oracle():
    rng = np.random.default_rng(1)
    clauses = [(1 + rng.choice(1000, 3, replace=False)) * rng.choice([-1, 1], 3) for _ in range(4200)]
    text = f"p cnf 1000 {len(clauses)}\n" + "".join(f"{' '.join(map(str, c))} 0\n" for c in clauses)
    net = read(text, "dimacs")
    oracle = reversible(net, phase=True, effort=None)
    assert oracle.counts()["AND"] <= 2 * 4200 + 4199  # two an OR of three, one to join two clauses
    found = verify(oracle, net, states=1 << 12)
    assert found, found.fault


# -- bad input -------------------------------------------------------------------------------


def registered():
    b = Builder("clocked")
    b.output("q", b.flip_flop(b.input("d")))
    return b.freeze()


def test_bad_input_says_what_is_wrong():
    adder = build(ripple_carry, a=4, b=4)
    b = Builder("constant")
    b.output("y", b.one)
    nothing = b.freeze()
    one = factoring(35).net
    for call, kind, message in (
        (lambda: grover(registered()), UnsupportedError, "'clocked' has registers or memories"),
        (lambda: grover(adder), ValueFitError, r"does not have one output but 2 \(sum\[4\], carry\[1\]\)"),
        (lambda: grover(adder, output="summ"), UnknownNameError, "did you mean 'sum'"),
        (lambda: grover(adder, output="sum"), ValueFitError, "has 4 bits, not one: say which value"),
        (lambda: grover(adder, output="sum", value=16), ValueFitError, "16 does not fit into output 'sum' of 4 bits"),
        (lambda: grover(nothing), ValueFitError, "has no inputs"),
        (lambda: grover(one, level="magic"), UnknownNameError, "unknown level 'magic'"),
        (lambda: grover(one, unknown=True, iterations=3), ValueFitError, "leave out iterations"),
        (lambda: grover(one, solutions=17), ValueFitError, "17 solutions among 16 inputs"),
        (lambda: grover(one, iterations=-1), ValueFitError, "-1 iterations"),
        (lambda: grover(one, threads=0), ValueFitError, "0 threads"),
        (lambda: factoring(34), ValueFitError, "34 is even"),
        (lambda: factoring(3), ValueFitError, "3 has no two factors"),
        (lambda: factoring(35, (2, 3)), ValueFitError, "factors of 2 and 3 bits never make 35, which has 6 bits"),
        (lambda: factoring(35, (6, 3)), ValueFitError, "a factor of 6 bits can be 35 itself: 5 bits are the most"),
        (lambda: grover(factoring(37).net), NoSolutionError, "none of the 16 inputs"),
    ):
        with pytest.raises(kind, match=message):
            call()


@pytest.mark.parametrize("level", ["branches", "oracle", "circuit"])
def test_too_many_inputs_are_refused_with_the_bytes(level):
    net = build(ripple_carry, a=20, b=20)
    message = (
        "40 input bits" if level == "circuit" else "40 input bits: the amplitudes of 2\\^40 inputs need [0-9,]+ bytes"
    )
    with pytest.raises(TooLargeError, match=message):
        grover(net, output="carry", level=level)
    with pytest.raises(TooLargeError, match=r"2\^1000 inputs need more than 2\^1003 bytes"):
        grover(build(ripple_carry, a=500, b=500), output="carry", level="oracle")


def test_without_aer_the_extra_is_named(monkeypatch):
    from quantum.search import real

    monkeypatch.setattr(real, "find_spec", lambda name: None)
    with pytest.raises(UnsupportedError, match=r"26 qubits needs .* qiskit-aer: pip install 'gatesim\[quantum\]'"):
        CircuitLevel(factoring(15, odd=False).net)
    run = CircuitLevel(predicate(build(kogge_stone, a=2, b=2), "sum", 3)).run(1)  # Qiskit alone does
    assert np.abs(run.probabilities - success_probability(16, 4, np.arange(2))).max() < 1e-12


def test_more_than_half_marked_needs_no_iteration():
    s = grover(threshold(5, 18), level="oracle")
    assert s.iterations == 0 and abs(s.probabilities[0] - 18 / 32) < 1e-12


def majority(a: Bit, b: Bit, c: Bit) -> Bit:
    """Of three."""
    return (a & b) | (a & c) | (b & c)


def test_single_input_bits_and_products():
    s = grover(build(majority), level="branches", iterations=1)
    assert sum(s.found.values()) >= 2
    product = grover(build(array_multiplier, a=4, b=4), value=143)
    assert product.found["a"] * product.found["b"] == 143 and product.n_solutions == 2
