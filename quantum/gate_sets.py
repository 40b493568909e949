"""From bits to qubits: which gates are universal, continued.

A reversible gate permutes bit patterns; read as functions, its outputs are judged by Post's classes like any other
gate. Quantum gates go on from there: {H, Toffoli} is universal (Shi, quant-ph/0205115; Aharonov, quant-ph/0301040),
and so is {H, S, CX, T}, in which a rotation costs T gates by the precision asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit

from gatesim import Netlist, levels
from gatesim.errors import UnsupportedError, ValueFitError, unknown_name
from gatesim.gates import GATES, IS_LOGIC
from gatesim.universality import is_complete, post_classes

from .statevector import StateVector

REVERSIBLE = ("toffoli", "fredkin")
METHODS = ("gridsynth", "solovay-kitaev")


# -- reversible gates as gates --------------------------------------------------------------------


def permutation(circuit: QuantumCircuit) -> np.ndarray:
    """(2^n,) int64: where a circuit of (multi-)controlled X and SWAP takes each basis state, from the state vector.

    Raises
    ------
    ValueFitError
        A basis state becomes a superposition.

    Examples
    --------
    >>> permutation(reversible_gate("toffoli")).tolist()
    [0, 1, 2, 7, 4, 5, 6, 3]
    """
    n, found = circuit.num_qubits, []
    for k in range(1 << n):
        start = "".join(str(k >> i & 1) for i in range(n))
        p = StateVector(n, start).run_qiskit(circuit).probabilities()
        if p.max() < 1 - 1e-9:
            raise ValueFitError(f"{circuit.name} takes basis state {k} to a superposition: it is no permutation")
        found.append(int(p.argmax()))
    return np.array(found)


def reversible_gate(name: str) -> QuantumCircuit:
    """A circuit of one gate on three qubits: Toffoli's (controls 0 and 1, target 2) or Fredkin's (control 0)."""
    if name not in REVERSIBLE:
        raise unknown_name("reversible gate", name, REVERSIBLE)
    circuit = QuantumCircuit(3, name=name)
    if name == "toffoli":
        circuit.ccx(0, 1, 2)
    else:
        circuit.cswap(0, 1, 2)
    return circuit


def output_functions(circuit: QuantumCircuit) -> list[tuple[int, int]]:
    """Each output as a function of the inputs, (truth table, inputs): what :mod:`gatesim.universality` reads."""
    to, n = permutation(circuit), circuit.num_qubits
    return [(sum((int(t) >> i & 1) << k for k, t in enumerate(to)), n) for i in range(n)]


@dataclass(frozen=True)
class Verdict:
    """Whether a reversible gate alone, with constants, computes every Boolean function; Post's classes of it."""

    name: str
    universal: bool
    without_constants: bool
    classes: tuple[tuple[str, ...], ...]


def judge(name: str) -> Verdict:
    """Toffoli's or Fredkin's gate by Post's theorem.

    Examples
    --------
    >>> [judge(name).universal for name in REVERSIBLE]
    [True, True]
    """
    functions = output_functions(reversible_gate(name))
    return Verdict(
        name,
        is_complete(functions, constants=True),
        is_complete(functions),
        tuple(post_classes(f) for f in functions),
    )


def in_reversible_gates(net: Netlist, gate: str = "toffoli") -> tuple[QuantumCircuit, dict[str, list[int]]]:
    """A netlist of NANDs from one kind of reversible gate and constants; what is left over stays as garbage.

    A Toffoli gate on a 1 is a NAND. Fredkin's copies a pin (onto 1 and 0), forms the AND against a 0, and inverts it
    the same way.

    Returns
    -------
    QuantumCircuit
        X gates that set the constants, then only the gate.
    dict
        Qubits of every port, bit 0 first.

    Raises
    ------
    UnsupportedError
        A cell that is no NAND.
    """
    if gate not in REVERSIBLE:
        raise unknown_name("reversible gate", gate, REVERSIBLE)
    at: dict[int, int] = {}
    for p in net.inputs:
        for net_id in p.nets:
            at[int(net_id)] = len(at)
    ones, steps, used = [], [], len(at)

    def fresh(value: int) -> int:
        nonlocal used
        used += 1
        if value:
            ones.append(used - 1)
        return used - 1

    for cell in (int(i) for i in levels(net).order if IS_LOGIC[net.op[i]]):
        if GATES[net.op[cell]].name != "NAND":
            raise UnsupportedError(f"{net.name}: a {GATES[net.op[cell]].name} cell; map the netlist to NAND first")
        a, b = (at[int(k)] for k in net.fanin_of(cell))
        if gate == "toffoli":
            out = fresh(1)
            if a == b:  # a Toffoli gate needs two wires: NOT a is NAND(a, 1)
                b = fresh(1)
            steps.append((a, b, out))
        else:
            copy, zero, out, spare = fresh(0), fresh(0), fresh(1), fresh(0)
            steps += [(b, fresh(1), copy), (a, copy, zero), (zero, out, spare)] if a != b else [(a, out, spare)]
        at[cell] = out
    circuit = QuantumCircuit(used, name=f"{net.name} in {gate} gates")
    for q in ones:
        circuit.x(q)
    for step in steps:
        (circuit.ccx if gate == "toffoli" else circuit.cswap)(*step)
    return circuit, {p.name: [at[int(k)] for k in p.nets] for p in (*net.inputs, *net.outputs)}


def table_of(circuit: QuantumCircuit, ports: dict[str, list[int]], inputs: Iterable[str], output: str) -> int:
    """Truth table of a one-bit output, by running the circuit on the state vector for every input."""
    pins, table = [q for name in inputs for q in ports[name]], 0
    for k in range(1 << len(pins)):
        start = ["0"] * circuit.num_qubits
        for i, q in enumerate(pins):
            start[q] = str(k >> i & 1)
        z = StateVector(circuit.num_qubits, "".join(start)).run_qiskit(circuit).z()[ports[output][0]]
        table |= int(z < 0) << k
    return table


# -- {H, Toffoli} ---------------------------------------------------------------------------------


def in_h_and_toffoli(circuit: QuantumCircuit) -> QuantumCircuit:
    """A circuit of H, S, CS, Z, CZ, X, CX and CCX rebuilt from H and Toffoli gates alone.

    Amplitudes become real: one more qubit, "imaginary", says whether an amplitude counts times 1 or times i. A
    phase of i where qubits are 1 turns it: real to imaginary, imaginary to minus real, which is Z and then X on it,
    controlled. Two qubits more stand at 1, as controls that are always on. Measuring the qubits of `circuit` gives
    the same probabilities. {H, CS} is universal (Kitaev), so {H, Toffoli} is.

    Raises
    ------
    UnsupportedError
        Another instruction, named with its index.
    """
    n = circuit.num_qubits
    imaginary, one, other = n, n + 1, n + 2
    built = QuantumCircuit(n + 3, name=f"{circuit.name} in H and Toffoli")
    built.x([one, other])  # the constants

    def minus(controls: list[int], target: int) -> None:
        built.h(target)
        toffoli(controls, target)
        built.h(target)

    def toffoli(controls: list[int], target: int) -> None:
        first, second = (controls + [one, other])[:2]
        built.ccx(first, second, target)

    for index, instruction in enumerate(circuit.data):
        name = instruction.operation.name
        qubits = [circuit.find_bit(q).index for q in instruction.qubits]
        if name == "h":
            built.h(qubits[0])
        elif name in ("x", "cx", "ccx"):
            toffoli(qubits[:-1], qubits[-1])
        elif name in ("z", "cz"):
            minus(qubits[:-1], qubits[-1])
        elif name in ("s", "cs"):
            minus(qubits, imaginary)
            toffoli(qubits, imaginary)
        else:
            raise UnsupportedError(f"instruction {index} ({name}) is none of H, S, CS, Z, CZ, X, CX, CCX")
    return built


# -- Clifford + T ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Word:
    """A rotation as a word of Clifford gates and T.

    Attributes
    ----------
    method : str
    angle, error : float
        Of the rotation about Z, and the operator norm of the difference, up to a phase.
    t_count, gates : int
        T and T-dagger gates; all gates.
    """

    method: str
    angle: float
    error: float
    t_count: int
    gates: int


def rotation_word(angle: float, error: float, method: str = "gridsynth") -> Word:
    """RZ(angle) from Clifford + T to within `error`.

    Parameters
    ----------
    method : str
        "gridsynth": Ross and Selinger's (arXiv 1403.2975), about 3 log2(1 / error) T gates. "solovay-kitaev"
        (quant-ph/0505030): repeated until the error is reached, many more.

    Raises
    ------
    ValueFitError
        An error outside 1e-12 to 1, or one that Solovay and Kitaev's method does not reach in five rounds.

    Examples
    --------
    >>> word = rotation_word(0.3, 1e-6)
    >>> word.error < 1e-6, 50 < word.t_count < 80
    (True, True)
    """
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    if not 1e-12 <= error < 1:
        raise ValueFitError(f"a rotation to within {error:g}: from 1e-12 to 1 is possible in double precision")
    if method == "gridsynth":
        try:
            from qiskit.synthesis import gridsynth_rz
        except ImportError:
            raise UnsupportedError("this Qiskit has no gridsynth: take the method 'solovay-kitaev'") from None
        return _word(method, angle, gridsynth_rz(angle, error))
    for rounds in range(6):
        found = _word(method, angle, _solovay_kitaev(angle, rounds))
        if found.error <= error:
            return found
    raise ValueFitError(f"Solovay and Kitaev's method does not come within {error:g} of RZ({angle:g}) in five rounds")


def _word(method: str, angle: float, circuit: QuantumCircuit) -> Word:
    product = np.eye(2, dtype=complex)
    for instruction in circuit.data:
        product = instruction.operation.to_matrix() @ product
    wanted = np.diag(np.exp([-0.5j * angle, 0.5j * angle]))
    turn = np.trace(product.conj().T @ wanted)
    error = float(np.linalg.norm(wanted - product * turn / abs(turn), 2))
    counts = circuit.count_ops()
    return Word(method, angle, error, counts.get("t", 0) + counts.get("tdg", 0), sum(counts.values()))


def _solovay_kitaev(angle: float, rounds: int) -> QuantumCircuit:
    from qiskit.circuit.library import RZGate

    return _short_words().run(RZGate(angle).to_matrix(), rounds, return_dag=False)


@cache
def _short_words() -> Any:
    from qiskit.synthesis import SolovayKitaevDecomposition

    return SolovayKitaevDecomposition(basis_gates=["h", "t", "tdg"], depth=8)
