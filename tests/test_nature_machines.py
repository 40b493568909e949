"""Chips and their noise, entanglement, the wall, the 127-qubit experiment, and the command line."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import pytest
from qiskit.quantum_info import SparsePauliOp, Statevector

from gatesim.errors import TooLargeError, UnknownNameError, UnsupportedError, ValueFitError
from quantum.nature import chain, grid, heavy_hex, ising, measured, ring, start_named, trotter, trotterised
from quantum.nature.chips import chip_named, counted, expectations
from quantum.nature.eagle import WEIGHT_10, WEIGHT_17, clifford_value, kicked
from quantum.nature.entanglement import bond_dimension, entropy, run_as_product, schmidt_values
from quantum.nature.wall import bonds_over_time, measure, qubits_in, t_gates
from quantum.statevector import StateVector

needs_chips = pytest.mark.skipif(find_spec("qiskit_ibm_runtime") is None, reason="qiskit-ibm-runtime is not installed")
needs_aer = pytest.mark.skipif(find_spec("qiskit_aer") is None, reason="qiskit-aer is not installed")


@needs_chips
def test_the_graph_of_a_real_chip():
    eagle = heavy_hex("FakeSherbrooke")
    assert (eagle.n, len(eagle.edges), eagle.degree, len(eagle.colours)) == (127, 144, 3, 3)
    part = heavy_hex().part(12)
    assert part.n == 12 and (part.distances(0) < 12).all()
    depths = {trotter(ising(heavy_hex().part(n), tilt=0.5), 1.0, 2).two_qubit_depth for n in (40, 80, 133)}
    assert depths == {6}
    with pytest.raises(UnknownNameError, match="unknown backend 'FakeTorinno'; did you mean 'FakeTorino'"):
        chip_named("FakeTorinno")


@needs_chips
@needs_aer
def test_a_noisy_run_comes_again_by_its_seed():
    h = ising(chain(5), tilt=0.5)
    start = start_named("flip", h.graph)
    run = [measured(h, start, 1.0, 4, backend="FakeManilaV2", shots=400, seed=s, points=2) for s in (3, 3, 4)]
    assert run[0].how == "FakeManilaV2" and run[0].times.tolist() == [0, 0.5, 1.0] and run[0].shots == 400
    for what in ("z", "zz"):
        assert (getattr(run[0], what) == getattr(run[1], what)).all()
    assert (run[0].x[-1] == run[1].x[-1]).all() and (run[0].z != run[2].z).any()
    ideal = trotterised(h, start, 1.0, 4)
    assert 0.02 < np.abs(run[0].z[-1] - ideal.z[-1]).max() < 0.5  # noisy, and not nonsense
    with pytest.raises(ValueFitError, match="has 5 qubits: 6 are too many"):
        measured(ising(chain(6)), "0" * 6, 1.0, 1, backend="FakeManilaV2")


def test_counting_on_any_backend_against_the_state_vector():
    """Qiskit's own simulator of a made-up backend without errors: qubit order and means."""
    from qiskit.providers.basic_provider import BasicSimulator

    h = ising(chain(4), tilt=0.5)
    circuit = trotter(h, 0.7, 3)
    (counts,), _ = counted([circuit.to_qiskit()], BasicSimulator(), 40_000, seed=1)
    z, zz = expectations(counts, 4)
    state = StateVector(4).run(circuit)
    assert np.abs(z - state.z()).max() < 0.02 and np.abs(zz - state.zz()).max() < 0.02
    with pytest.raises(ValueFitError, match="0 shots"):
        counted([circuit.to_qiskit()], BasicSimulator(), 0)


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("quantum.nature.chips.find_spec", lambda name: None)
    with pytest.raises(
        UnsupportedError, match=r"a real chip needs qiskit-ibm-runtime: pip install 'gatesim\[quantum\]'"
    ):
        heavy_hex()
    with pytest.raises(UnsupportedError, match=r"needs qiskit-aer: pip install 'gatesim\[quantum\]'"):
        run_as_product(trotter(ising(chain(3)), 1.0, 1))


# -- entanglement --------------------------------------------------------------------------------


def test_schmidt_values_are_singular_values():
    state = StateVector(9, "+" * 9).run(trotter(ising(grid(3, 3), tilt=0.4), 0.9, 4))
    for cut in (1, 4, 7):
        want = np.linalg.svd(state.amplitudes.reshape(-1, 1 << cut), compute_uv=False)
        assert np.abs(schmidt_values(state, cut) ** 2 - want**2).max() < 1e-14
    bell = StateVector(2, "0+")
    bell.flip(0, [1])
    assert entropy(bell) == pytest.approx(1.0) and bond_dimension(StateVector(4, "0+1-")) == 1
    with pytest.raises(ValueFitError, match="both sides need a qubit"):
        schmidt_values(bell, 2)


@needs_aer
def test_matrix_product_states_need_what_the_schmidt_values_say():
    circuit = trotter(ising(chain(12), tilt=0.5), 1.5, 15)
    found, state = run_as_product(circuit), StateVector(12).run(circuit)
    assert found.bond == max(bond_dimension(state, cut) for cut in range(1, 12))
    assert np.abs(found.z - state.z()).max() < 1e-3


def test_the_grid_is_the_wall_and_the_chain_is_not():
    (_, on_chain), (_, on_grid) = bonds_over_time(time=0.6, samples=2, n_rows=4, n_columns=4).values()
    assert on_chain[-1] <= 8 and on_grid[-1] > 100


def test_the_wall_is_measured_and_fitted():
    for family, depth in (("chain", 10), ("grid", 20)):
        found = measure(family, (16, 18, 20))
        n, seconds = zip(*((r.n, r.seconds) for r in found.runs), strict=True)
        slope, first = np.polyfit(n, np.log2(seconds), 1)
        assert found.fit.growth == pytest.approx(2**slope) and found.fit.seconds(30) == pytest.approx(
            2 ** (first + 30 * slope)
        )
        assert [r.n_bytes for r in found.runs] == [16 << n for n in (16, 18, 20)]
        gates = {n: (count, d) for n, count, d in found.gates}
        assert gates[100][1] == depth and gates[100][0] < 8 * gates[16][0]
    assert qubits_in(24e9) == 30 and qubits_in(10e15) == 49
    assert 50 < t_gates(0.3) < 80
    with pytest.raises(TooLargeError, match=r"2\^45 amplitudes"):
        measure("chain", (45,))


# -- the 127-qubit experiment --------------------------------------------------------------------


def test_clifford_values_against_qiskit():
    graph = ring(4)
    for kick in (np.pi / 2, -np.pi / 2, np.pi, 0.0):
        circuit = kicked(graph, kick, 2)
        state, seen = Statevector.from_int(0, 16).evolve(circuit.to_qiskit()), set()
        for k in range(4**4):
            letters = ["IXYZ"[k >> 2 * i & 3] for i in range(4)]
            string = {p: tuple(i for i in range(4) if letters[i] == p) for p in "XYZ"}
            value = clifford_value(circuit, string)
            want = state.expectation_value(SparsePauliOp("".join(letters[::-1]))).real
            assert value == pytest.approx(want, abs=1e-9), letters
            seen.add(value)
        assert seen >= {0, 1}
    with pytest.raises(ValueFitError, match="is no Clifford rotation"):
        clifford_value(kicked(graph, 0.3, 1), {"Z": (0,)})


@needs_chips
def test_the_papers_observables_on_127_qubits():
    """Kim et al. 2023: weight-10 and weight-17 strings are certain at a kick of pi / 2, and only these."""
    circuit = kicked(heavy_hex("FakeSherbrooke"), np.pi / 2)
    assert circuit.two_qubit_depth == 15 and circuit.n_gates == 5 * (127 + 144)
    assert abs(clifford_value(circuit, WEIGHT_10)) == abs(clifford_value(circuit, WEIGHT_17)) == 1
    assert clifford_value(circuit, WEIGHT_10 | {"Z": WEIGHT_10["Z"][1:]}) == 0


# -- the command line ----------------------------------------------------------------------------


def test_ising_on_the_command_line(gatesim, tmp_path):
    status, out, _ = gatesim("quantum", "ising", "--spins", "6", "--steps", "5", "--time", "1", "--plot", "w.svg")
    assert status == 0 and "mixed-field Ising, chain of 6, from 000100" in out and "two-qubit depth 10" in out
    assert "1,024 bytes; no shortcut is known" in out and (tmp_path / "w.svg").read_text().count("<svg") == 1
    facts = json.loads(
        gatesim("quantum", "ising", "--spins", "30", "--model", "transverse", "--steps", "20", "--json")[1]
    )
    assert facts["free_fermions"] and facts["runs"]["exact"]["how"] == "fermions"
    assert facts["runs"]["trotter"]["error_z"] < 0.02 and facts["gates"] == {"rx": 630, "rzz": 580}
    facts = json.loads(
        gatesim(
            "quantum",
            "ising",
            "--spins",
            "6",
            "--graph",
            "grid:2x3",
            "--model",
            "heisenberg",
            "--start",
            "neel",
            "--json",
        )[1]
    )
    assert facts["bonds"] == 7 and facts["runs"]["exact"]["mean_z"] == pytest.approx(0, abs=1e-12)


def test_the_wall_on_the_command_line(gatesim, tmp_path):
    status, out, _ = gatesim(
        "quantum", "ising", "--spins", "4", "--steps", "2", "--wall", "wall.png", "--wall-spins", "18"
    )
    assert status == 0 and "every spin more" in out and "the largest supercomputers (10 PB) at 49" in out
    assert (tmp_path / "wall.png").stat().st_size > 30_000


@needs_chips
@needs_aer
def test_noise_on_the_command_line(gatesim):
    arguments = (
        "quantum",
        "ising",
        "--spins",
        "4",
        "--steps",
        "2",
        "--noise",
        "FakeManilaV2",
        "--shots",
        "200",
        "--json",
        "--seed",
        "5",
    )
    first, second = (json.loads(gatesim(*arguments)[1]) for _ in range(2))
    assert (
        first == second and first["runs"]["noisy"]["how"] == "FakeManilaV2" and first["runs"]["noisy"]["shots"] == 200
    )
    status, _, err = gatesim("quantum", "ising", "--noise", "FakeTorinno")
    assert status == 2 and "unknown backend 'FakeTorinno'; did you mean 'FakeTorino'?" in err
    status, _, err = gatesim("quantum", "ising", "--spins", "8", "--noise", "FakeManilaV2")
    assert status == 2 and "FakeManilaV2 has 5 qubits: 8 are too many" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "mixt"], "unknown model 'mixt'; did you mean 'mixed'?"),
        (["--graph", "chian"], "unknown graph 'chian'; did you mean 'chain'?"),
        (["--graph", "grid:4x5"], "grid of 4 x 5 has 20 spins, not 12: say --spins 20"),
        (["--start", "flipp"], "unknown start 'flipp'; did you mean 'flip'?"),
        (["--order", "3"], "a product formula of order 3: known are 1, 2, 4"),
        (["--spins", "40"], "2^40 amplitudes and needs 70,368,744,177,664 bytes here"),
        (["--time", "nan"], "a finite time"),
        (["--plot", "w.txt"], "the name must end in .png, .svg, .pdf"),
        (["--wall", "nowhere/w.png"], "the folder 'nowhere' does not exist"),
        (["--steps", "0"], "Invalid value for '--steps'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_status_2(gatesim, arguments, message, tmp_path):
    status, out, err = gatesim("quantum", "ising", *arguments)
    assert status == 2 and message in " ".join(err.split()) and "Traceback" not in err and not out
    assert not list(tmp_path.iterdir())
