"""Spin models: circuits, exact evolution and free fermions against each other, Qiskit and SciPy."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import CouplingMap
from scipy.sparse.linalg import expm_multiply
from scipy.special import jv

import quantum.nature
from gatesim.errors import TooLargeError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.kernels import fermions as kernel
from quantum.nature import (
    Evolution,
    FreeFermions,
    chain,
    exact,
    graph_named,
    grid,
    heisenberg,
    ising,
    model_named,
    preparation,
    ring,
    start_named,
    trotter,
    trotterised,
)
from quantum.nature.evolution import bessel, dense_matrix
from quantum.nature.fermions import leading_pfaffians
from quantum.nature.graphs import of_pairs
from quantum.statevector import StateVector

MODELS = {
    "chain": ising(chain(7), field=0.7),
    "mixed grid": ising(grid(2, 3), field=0.9, tilt=0.4),
    "Heisenberg": heisenberg(chain(6), tilt=0.3),
    "odd ring": ising(ring(5), field=1.1, tilt=0.2),
    "Heisenberg ring": heisenberg(ring(5), coupling=-0.8),
}


def scipy_evolved(h, start: str, time: float) -> np.ndarray:
    matrix = h.to_pauli().to_matrix(sparse=True).tocsc()
    return expm_multiply(-1j * time * matrix, Statevector.from_label(start[::-1]).data)


# -- graphs and circuits -------------------------------------------------------------------------


def lattice(distance: int):
    map_ = CouplingMap.from_heavy_hex(distance)
    return of_pairs(f"heavy-hex {distance}", map_.size(), map_.get_edges())


@pytest.mark.parametrize(
    ("make", "sizes", "depth"),
    [(chain, (10, 100, 1000), 2), (lambda k: grid(k, k), (4, 8, 20), 4), (lattice, (3, 5, 9), 3), (ring, (9, 99), 3)],
)
def test_two_qubit_depth_of_a_step_does_not_grow(make, sizes, depth):
    for size in sizes:
        h = ising(make(size), tilt=0.5)
        for order, factor in ((1, 1), (2, 1), (4, 5)):
            assert trotter(h, 1.0, 3, order).two_qubit_depth == 3 * factor * depth
        step = heisenberg(make(size)).graph
        assert trotter(heisenberg(step), 1.0, 1, 1).two_qubit_depth == 3 * depth
    small = trotter(ising(make(sizes[0]), tilt=0.5), 1.0, 3, 2)
    circuit = small.to_qiskit()
    assert circuit.depth(lambda instruction: len(instruction.qubits) == 2) == small.two_qubit_depth
    assert dict(circuit.count_ops()) == small.counts


def test_colours_share_no_spin_and_miss_no_bond():
    for g in (
        chain(9),
        ring(7),
        grid(3, 5),
        lattice(5),
        of_pairs("complete", 6, [(a, b) for a in range(6) for b in range(a)]),
    ):
        for colour in g.colours:
            assert len(np.unique(colour)) == colour.size
        everything = np.concatenate(g.colours)
        assert (everything[np.lexsort((everything[:, 1], everything[:, 0]))] == g.edges).all()
        assert len(g.colours) <= g.degree + 1
    assert len(grid(3, 5).colours) == 4 and len(lattice(5).colours) == 3


def test_gate_counts_of_a_chain():
    assert trotter(ising(chain(50)), 1.0, 10).counts == {"rx": 11 * 50, "rzz": 10 * 49}
    assert trotter(ising(chain(5), field=0.0), 1.0, 10).counts == {"rzz": 4}  # all commute: one step is exact
    assert trotter(ising(chain(3), coupling=0.0, field=0.0), 1.0, 5).n_gates == 0


def test_hamiltonians_are_the_pauli_sums():
    assert (
        ising(grid(2, 2), 2.0, 3.0, 4.0)
        .to_pauli()
        .simplify()
        .equiv(
            SparsePauliOp.from_list(
                [(z, -2) for z in ("IIZZ", "IZIZ", "ZIZI", "ZZII")]
                + [("I" * k + p + "I" * (3 - k), c) for k in range(4) for p, c in (("X", -3), ("Z", -4))]
            ).simplify()
        )
    )
    for h in MODELS.values():
        assert np.allclose(dense_matrix(h), h.to_pauli().to_matrix(), atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_circuits_exact_evolution_qiskit_and_scipy_agree(name):
    h = MODELS[name]
    for start in ("flip", "neel", "right", "wall"):
        letters = start_named(start, h.graph)
        circuit = trotter(h, 1.3, 2, 2)
        whole = (preparation(letters) + circuit).to_qiskit()
        want = Statevector.from_int(0, 2**h.n).evolve(whole).data
        assert np.abs(StateVector(h.n, letters).run(circuit).amplitudes - want).max() < 1e-13
        truth = scipy_evolved(h, letters, 1.3)
        for method in ("dense", "sparse"):
            got = Evolution(h, method).advance(StateVector(h.n, letters), 1.3).amplitudes
            assert np.abs(got - truth).max() < 1e-12
    back = Evolution(h).advance(Evolution(h).advance(StateVector(h.n), 2.0), -2.0)
    assert abs(back.amplitudes[0] - 1) < 1e-12


@pytest.mark.parametrize("name", ["chain", "mixed grid", "Heisenberg"])
def test_orders_of_trotter_by_the_slope_of_the_state_error(name):
    h = MODELS[name]
    start = start_named("flip", h.graph)
    truth = Evolution(h, "dense").advance(StateVector(h.n, start), 1.0).amplitudes
    for order, steps in ((1, (64, 128, 256)), (2, (32, 64, 128)), (4, (16, 32, 64))):
        errors = [
            np.linalg.norm(StateVector(h.n, start).run(trotter(h, 1.0, k, order)).amplitudes - truth) for k in steps
        ]
        slope = np.polyfit(np.log(steps), np.log(errors), 1)[0]
        assert slope == pytest.approx(-order, abs=0.06), (order, errors)


# -- free fermions -------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "start"), [(4, "neel"), (9, "flip"), (12, "up"), (12, "right"), (11, "wall")])
def test_free_fermions_against_exact_evolution(n, start):
    h = ising(chain(n), field=0.7)
    letters = start_named(start, h.graph)
    for time in (0.4, 3.0):
        state, fermions = Statevector(scipy_evolved(h, letters, time)), FreeFermions(n, letters).evolve(h, time)

        def mean(pauli, *qubits, state=state):
            return state.expectation_value(SparsePauliOp.from_sparse_list([(pauli, qubits, 1)], n)).real

        assert np.abs(fermions.x() - [mean("X", i) for i in range(n)]).max() < 1e-12
        assert np.abs(fermions.z() - [mean("Z", i) for i in range(n)]).max() < 1e-12
        others = [i for i in range(n) if i != 1]
        assert np.abs(fermions.xx()[1, others] - [mean("XX", 1, i) for i in others]).max() < 1e-12
        assert np.abs(fermions.zz()[2, others] - [1.0 if i == 2 else mean("ZZ", 2, i) for i in others]).max() < 1e-12


@pytest.mark.parametrize(("n", "start", "order"), [(16, "right", 2), (18, "flip", 1), (20, "wall", 4), (22, "up", 2)])
def test_free_fermions_against_the_state_vector_of_the_same_circuit(n, start, order):
    h = ising(chain(n), field=0.7)
    letters = start_named(start, h.graph)
    circuit = trotter(h, 1.0, 4, order)
    state, fermions = StateVector(n, letters).run(circuit), FreeFermions(n, letters).run(circuit)
    assert np.abs(state.x() - fermions.x()).max() < 1e-12
    assert np.abs(state.z() - fermions.z()).max() < 1e-12
    assert np.abs(state.zz_with(3) - fermions.zz_with(3)).max() < 1e-12


def test_values_that_four_other_simulators_agreed_on():
    """Mean <X> after five second-order steps of 0.18: Qiskit's, Aer's, qulacs' and a prototype's figures."""
    for n, want in ((16, 0.2976540950677), (20, 0.2988920721127), (22, 0.2993422455836)):
        circuit = trotter(ising(chain(n), field=0.7), 0.9, 5)
        assert abs(FreeFermions(n, "+" * n).run(circuit).x().mean() - want) < 1e-12
    state = StateVector(20, "+" * 20).run(trotter(ising(chain(20), field=0.7), 0.9, 5))
    assert abs(state.x().mean() - 0.2988920721127) < 1e-12


def test_a_thousand_spins():
    h = ising(chain(1000), field=0.7)
    circuit = trotter(h, 2.5, 50)
    state = FreeFermions(1000, "0" * 1000).run(circuit)
    z, x = state.z(), state.x()
    assert np.abs(z - z[::-1]).max() < 1e-11 and np.abs(x - x[::-1]).max() < 1e-12  # mirror images
    some = state.covariance()
    for j in (0, 37, 120):
        assert abs(kernel.pfaffian(some[1 : 2 * j + 3, 1 : 2 * j + 3].copy()) - z[j]) < 1e-12
    short = FreeFermions(40, "0" * 40).run(trotter(ising(chain(40), field=0.7), 2.5, 50))
    assert abs(short.z()[0] - z[0]) < 1e-9  # the far end is out of reach


def test_pfaffians():
    rng = np.random.default_rng(1)
    for n in (2, 4, 10, 60):
        a = rng.normal(size=(n, n))
        a -= a.T
        pf = kernel.pfaffian(a.copy())
        assert pf**2 == pytest.approx(np.linalg.det(a), rel=1e-10)
        b = rng.normal(size=(n, n))
        assert kernel.pfaffian(b @ a @ b.T) == pytest.approx(np.linalg.det(b) * pf, rel=1e-9)
        want = [kernel.pfaffian(a[: 2 * k, : 2 * k].copy()) for k in range(1, n // 2 + 1)]
        assert np.allclose(leading_pfaffians(a), want, rtol=1e-9)
    assert kernel.pfaffian(np.array([[0.0, 3], [-3, 0]])) == 3
    zero = np.zeros((80, 80))
    zero[0, 79], zero[79, 0] = 1, -1
    assert not leading_pfaffians(zero).any()
    zero[1:79, 1:79] = np.kron(np.eye(39), [[0, 1], [-1, 0]])
    assert leading_pfaffians(zero).tolist() == [0.0] * 39 + [1.0]


def test_bessel_functions_against_scipy():
    for z in (0.0, 0.3, 7.0, 250.0):
        found = bessel(z)
        assert np.abs(found - jv(np.arange(len(found)), z)).max() < 1e-13
        assert abs(jv(len(found) + 1, z)) < 1e-14


# -- dynamics ------------------------------------------------------------------------------------


def test_dynamics_in_every_way():
    for h, ways in ((MODELS["chain"], ("dense", "state vector")), (ising(chain(12), tilt=0.3), ("sparse", "state vector")),
                    (ising(chain(40)), ("fermions", "fermions"))):  # fmt: skip
        start = start_named("flip", h.graph)
        truth, circuit = exact(h, start, [0.0, 0.5, 1.0]), trotterised(h, start, 1.0, 20, order=4)
        assert (truth.how, circuit.how) == ways
        assert circuit.times[::10].tolist() == [0, 0.5, 1]
        for what in ("x", "z", "zz"):
            assert getattr(circuit, what).shape == (21, h.n)
            assert np.abs(getattr(truth, what) - getattr(circuit, what)[::10]).max() < 1e-5
        assert np.allclose(truth.z[0], [-1.0 if letter == "1" else 1.0 for letter in start], atol=1e-12)


def test_the_heisenberg_chain_keeps_its_magnetisation():
    h = heisenberg(chain(8))
    seen = trotterised(h, start_named("neel", h.graph), 2.0, 7)
    assert np.abs(seen.z.sum(axis=1)).max() < 1e-12 and np.abs(seen.z[-1]).max() < 0.9


def test_what_is_refused():
    with pytest.raises(UnknownNameError, match="unknown model 'mixt'; did you mean 'mixed'"):
        model_named("mixt", chain(3))
    with pytest.raises(ValueFitError, match="the transverse-field model has no tilt"):
        model_named("transverse", chain(3), tilt=1.0)
    with pytest.raises(ValueFitError, match="no field along X"):
        model_named("heisenberg", chain(3), field=1.0)
    with pytest.raises(UnknownNameError, match="unknown graph 'gird'; did you mean 'grid'"):
        graph_named("gird:2x2", 4)
    with pytest.raises(ValueFitError, match=r"grid of 4 x 5 has 20 spins, not 12: say --spins 20"):
        graph_named("grid:4x5", 12)
    with pytest.raises(ValueFitError, match="write a grid as grid:ROWSxCOLUMNS"):
        graph_named("grid:4", 4)
    with pytest.raises(ValueFitError, match="a chain is as long as --spins says"):
        graph_named("chain:4", 4)
    with pytest.raises(UnknownNameError, match="unknown start 'flop'; did you mean 'flip'"):
        start_named("flop", chain(3))
    with pytest.raises(ValueFitError, match="a bond is there twice"):
        quantum.nature.Graph("g", 3, np.array([[0, 1], [1, 0]]))
    with pytest.raises(ValueFitError, match="a bond joins two different spins of 0 to 2"):
        quantum.nature.Graph("g", 3, np.array([[0, 3]]))
    with pytest.raises(ValueFitError, match="no 3 spins that hang together"):
        quantum.nature.Graph("g", 3, np.array([[0, 1]])).part(3)
    with pytest.raises(ValueFitError, match="product formula of order 3: known are 1, 2, 4"):
        trotter(MODELS["chain"], 1.0, 3, 3)
    with pytest.raises(ValueFitError, match="cannot evolve for 1 in 0 steps"):
        trotter(MODELS["chain"], 1.0, 0)
    with pytest.raises(ValueFitError, match="a value that is no finite number"):
        ising(chain(3), field=np.inf)
    with pytest.raises(UnsupportedError, match="this start mixes them"):
        FreeFermions(3, "0+0")
    with pytest.raises(UnsupportedError, match=r"layer 0 \(rz\) is no rotation of fermions"):
        FreeFermions(7).run(trotter(ising(chain(7), field=0.0, coupling=0.0, tilt=1.0), 1.0, 1))
    with pytest.raises(UnsupportedError, match="free fermions need a chain of 6 spins"):
        FreeFermions(6).evolve(MODELS["mixed grid"], 1.0)
    with pytest.raises(TooLargeError, match=r"4\^30 entries and needs 9,223,372,036,854,775,808 bytes"):
        Evolution(ising(chain(30)), "dense")
    with pytest.raises(TooLargeError, match=r"2\^40 amplitudes and needs 70,368,744,177,664 bytes"):
        exact(ising(chain(40), tilt=0.5), "0" * 40, [1.0])
    with pytest.raises(ValueFitError, match="times must be given, from 0 on, and ascend"):
        exact(MODELS["chain"], "0" * 7, [1.0, 0.5])


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(quantum.nature.__path__)])
def test_doctests(name):
    assert doctest.testmod(importlib.import_module(f"quantum.nature.{name}")).failed == 0
