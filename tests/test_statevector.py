"""The own state vector against Qiskit's."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.circuit.library import CCXGate, XGate
from qiskit.quantum_info import Statevector

import quantum.layers
import quantum.statevector
from gatesim.errors import TooLargeError, UnknownNameError, UnsupportedError, ValueFitError
from quantum.layers import Circuit, Layer, joined
from quantum.statevector import StateVector


def random_circuit(n: int, gates: int, seed: int) -> QuantumCircuit:
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(n, global_phase=0.3)
    for _ in range(gates):
        kind = rng.choice(
            [
                "h",
                "t",
                "sdg",
                "ry",
                "rx",
                "rz",
                "x",
                "cx",
                "ccx",
                "mcx",
                "cz",
                "ccz",
                "cp",
                "swap",
                "cswap",
                "rxx",
                "ryy",
                "rzz",
                "cs",
                "y",
            ]
        )
        q = [int(k) for k in rng.permutation(n)]
        angle = float(rng.uniform(-7, 7))
        if kind in ("ry", "rx", "rz"):
            getattr(circuit, kind)(angle, q[0])
        elif kind in ("rxx", "ryy", "rzz", "cp"):
            getattr(circuit, kind)(angle, q[0], q[1])
        elif kind == "mcx":
            circuit.mcx(q[: rng.integers(1, n - 1)], q[-1])
        else:
            arity = {"cx": 2, "cz": 2, "swap": 2, "cs": 2, "ccx": 3, "ccz": 3, "cswap": 3}.get(str(kind), 1)
            getattr(circuit, kind)(*q[:arity])
    return circuit


@pytest.mark.parametrize(
    ("n", "dtype", "close"), [(3, np.float64, 1e-13), (6, np.float64, 1e-13), (7, np.float32, 1e-5)]
)
def test_random_circuits_against_qiskit(n, dtype, close):
    for seed in range(4):
        circuit = random_circuit(n, 50, seed)
        want = Statevector.from_int(0, 2**n).evolve(circuit).data
        got = StateVector(n, dtype=dtype).run_qiskit(circuit)
        assert np.abs(got.amplitudes - want).max() < close


def random_layers(n: int, seed: int, size: int = 12) -> Circuit:
    rng = np.random.default_rng(seed)
    layers = []
    for _ in range(size):
        gate = rng.choice(["rx", "rx", "rz", "rzz", "rzz", "rxx", "ryy", "h", "x"])
        q = rng.permutation(n)
        if gate in ("rxx", "ryy", "rzz"):
            pairs = q[: 2 * (n // 2)].reshape(-1, 2)[: rng.integers(1, n // 2 + 1)]
            layers += [Layer(gate, pairs, rng.uniform(-9, 9, len(pairs)))]
            if rng.random() < 0.5:  # a second bond term on the same pairs
                layers += [Layer("ryy", pairs, rng.uniform(-9, 9, len(pairs)))]
        else:
            some = q[: rng.integers(1, n + 1)]
            layers.append(Layer(gate, some, rng.uniform(-9, 9, len(some)) if gate in ("rx", "rz") else np.zeros(0)))
    return Circuit(n, tuple(layers))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 9])
def test_layers_done_together_against_qiskit_gate_by_gate(n):
    for seed in range(8):
        circuit = random_layers(n, seed)
        start = "".join(np.random.default_rng(seed).choice(list("01+-"), n))
        want = Statevector.from_label(start[::-1]).evolve(circuit.to_qiskit()).data
        assert np.abs(StateVector(n, start).run(circuit).amplitudes - want).max() < 1e-12
        single = StateVector(n, start, np.float32).run(circuit).amplitudes
        assert np.abs(single - want).max() < 3e-5


@pytest.mark.parametrize(
    ("n", "dtype", "close"),
    [(13, np.float64, 1e-12), (18, np.float64, 1e-12), (19, np.float32, 1e-4), (20, np.float64, 1e-12)],
)
def test_many_qubits_go_through_blocks_and_strips(n, dtype, close):
    """Layers of different angles on every qubit undo each other; a random product state is known amplitude by amplitude."""
    rng = np.random.default_rng(n)
    angles, fields = rng.uniform(-3, 3, n), rng.uniform(-3, 3, n)
    pairs = rng.permutation(n)[: 2 * (n // 2)].reshape(-1, 2)
    bonds = rng.uniform(-3, 3, len(pairs))
    state = StateVector(n, dtype=dtype)
    turn = Circuit(
        n, (Layer("rx", np.arange(n), angles), Layer("rz", np.arange(n), fields), Layer("rzz", pairs, bonds))
    )
    k = rng.integers(0, 1 << n, 500)
    bits = k[:, None] >> np.arange(n) & 1
    want = np.where(bits, -1j * np.sin(angles / 2), np.cos(angles / 2)).prod(axis=1)
    signs = 1 - 2 * bits
    want = want * np.exp(-0.5j * (signs @ fields + (signs[:, pairs[:, 0]] * signs[:, pairs[:, 1]]) @ bonds))
    assert np.abs(state.run(turn).amplitudes[k] - want).max() < close * 2 ** (-n / 4)
    assert np.abs(state.z() - np.cos(angles)).max() < close
    back = Circuit(
        n, (Layer("rzz", pairs, -bonds), Layer("rz", np.arange(n), -fields), Layer("rx", np.arange(n), -angles))
    )
    assert abs(state.run(back).amplitudes[0] - 1) < close


def test_expectations_against_qiskit():
    state = StateVector(5, "0+1-0").run(random_layers(5, 3))
    reference = Statevector(state.amplitudes)
    from qiskit.quantum_info import SparsePauliOp

    def mean(letters: str, qubits: list[int]) -> float:
        return reference.expectation_value(SparsePauliOp.from_sparse_list([(letters, qubits, 1)], 5)).real

    assert np.allclose(state.x(), [mean("X", [i]) for i in range(5)], atol=1e-13)
    assert np.allclose(state.z(), [mean("Z", [i]) for i in range(5)], atol=1e-13)
    want = [[1.0 if i == j else mean("ZZ", [i, j]) for j in range(5)] for i in range(5)]
    assert np.allclose(state.zz(), want, atol=1e-13) and np.allclose(state.zz_with(2), want[2], atol=1e-13)
    counts = np.bincount(state.sample(200_000, rng=1), minlength=32) / 200_000
    assert np.abs(counts - reference.probabilities()).max() < 0.005
    assert (state.sample(50, rng=1) == state.sample(50, rng=1)).all()


def test_too_many_qubits_are_refused_with_their_bytes():
    with pytest.raises(
        TooLargeError, match=r"2\^50 amplitudes and needs 18,014,398,509,481,984 bytes here, and [\d,]+ are free"
    ):
        StateVector(50)
    with pytest.raises(TooLargeError, match="9,007,199,254,740,992 bytes"):
        StateVector(50, dtype=np.float32)


def test_what_is_refused():
    with pytest.raises(ValueFitError, match="'0x1' is not 3 letters of 01"):
        StateVector(3, "0x1")
    with pytest.raises(ValueFitError, match="amplitudes of type int64"):
        StateVector(3, dtype=np.int64)
    with pytest.raises(ValueFitError, match="a state of 0 qubits"):
        StateVector(0)
    with pytest.raises(ValueFitError, match="a circuit of 2 qubits on a state of 3"):
        StateVector(3).run(Circuit(2))
    with pytest.raises(UnknownNameError, match="unknown gate of a layer 'rzx'; did you mean 'rz'"):
        Layer("rzx", [[0, 1]], [1.0])
    with pytest.raises(ValueFitError, match="meets a qubit twice"):
        Layer("rzz", [[0, 1], [1, 2]], [1.0, 1.0])
    with pytest.raises(ValueFitError, match="a layer of 2 rx gates has 1 angles"):
        Layer("rx", [0, 1], [1.0])
    with pytest.raises(ValueFitError, match=r"layer 1 \(x\) names a qubit outside 0 to 1"):
        Circuit(2, (Layer("h", [0]), Layer("x", [2])))
    with pytest.raises(ValueFitError, match="2 and 3 qubits cannot follow each other"):
        Circuit(2) + Circuit(3)
    with pytest.raises(ValueFitError, match="no circuit to join"):
        joined([])
    circuit = QuantumCircuit(3, 1)
    circuit.h(0)
    circuit.measure(1, 0)
    with pytest.raises(
        UnsupportedError, match=r"instruction 1 \(measure on qubits 1\) is none that the own state vector knows"
    ):
        StateVector(3).run_qiskit(circuit)
    circuit = QuantumCircuit(3)
    circuit.append(XGate().control(2, ctrl_state=1), [0, 1, 2])
    with pytest.raises(UnsupportedError, match="instruction 0"):
        StateVector(3).run_qiskit(circuit)
    circuit = QuantumCircuit(3)
    circuit.append(CCXGate(), [2, 0, 1])
    assert StateVector(3, "101").run_qiskit(circuit).probabilities()[7] == 1


def test_doctests():
    for module in (quantum.layers, quantum.statevector):
        assert doctest.testmod(module).failed == 0
