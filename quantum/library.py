"""Qiskit's own circuits for the function of a netlist, to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
from qiskit import transpile
from qiskit.circuit import QuantumCircuit, QuantumRegister
from qiskit.circuit.library import BitFlipOracleGate
from qiskit.synthesis import (
    adder_modular_v17,
    adder_qft_d00,
    adder_ripple_c04,
    adder_ripple_r25,
    adder_ripple_v95,
    multiplier_cumulative_h18,
    multiplier_qft_r17,
)

from circuits.adders import ripple_carry
from circuits.multipliers import array_multiplier
from gatesim import Builder, Netlist, Stimulus, compile, engine
from gatesim.errors import UnsupportedError

from .costs import Costs, costs
from .exchange import from_qiskit
from .statevector import StateVector
from .verification import verify

ORACLE_INPUTS = 6
"""Inputs up to which an oracle is made from a truth table: its time grows as 4^inputs."""
VECTOR_QUBITS = 18
"""Qubits up to which a circuit that is not classical is checked, on a state vector."""
VECTOR_STATES = 8
"""Basis states that it is checked on."""
CLIFFORD_T = ("h", "s", "sdg", "t", "tdg", "x", "z", "cx", "rz")
_SEEN = ("x", "cx", "ccx", "h", "t", "tdg", "s", "sdg", "z", "cz", "p", "cp", "rz", "swap")


class Candidate(NamedTuple):
    """A circuit of Qiskit's that should compute the same; registers by port."""

    name: str
    make: Callable[[], QuantumCircuit]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    published: str


class Measured(NamedTuple):
    """What a candidate costs, its rotations, and what a check of it found."""

    costs: Costs
    rotations: int
    right: bool | None
    check: str


def candidates(net: Netlist) -> Iterator[Candidate]:
    """Qiskit's circuits for adders, multipliers (recognised by what they compute) and small truth tables."""
    ins, outs = net.inputs, net.outputs
    if len(ins) == 2 and ins[0].width == ins[1].width:
        yield from _arithmetic(net, ins[0].width)
    if sum(p.width for p in ins) <= ORACLE_INPUTS:
        named = lambda ports: {p.name: f"r_{k}" for k, p in enumerate(ports)}  # noqa: E731
        moved = {p.name: f"s_{k}" for k, p in enumerate(outs)}
        yield Candidate(
            "BitFlipOracleGate", partial(_oracles, net, named(ins), moved), named(ins), moved,
            "up to 2^n multi-controlled X (exclusive sum of products)",
        )  # fmt: skip


def _arithmetic(net: Netlist, n: int) -> Iterator[Candidate]:
    a, b = net.inputs
    inputs = {a.name: "a", b.name: "b"}
    widths = [p.width for p in net.outputs]
    kind = {(n, 1): "half", (n,): "fixed"}.get(tuple(widths))
    if kind and _computes(net, kind):
        outputs = {net.outputs[0].name: "b"} | ({net.outputs[1].name: "cout"} if kind == "half" else {})
        for function, published in (
            (adder_ripple_c04, "2n + O(1) Toffoli, 2n + 2 qubits (Cuccaro et al. 2004)"),
            (adder_ripple_v95, "4n - 2 Toffoli, 3n + 1 qubits (Vedral, Barenco, Ekert 1996)"),
            (adder_qft_d00, "(3n^2 - n) / 2 controlled phases (Draper 2000)"),
        ):
            name = f'{function.__name__}(n, "{kind}")'
            yield Candidate(name, partial(function, n, kind), inputs, outputs, published)
        if kind == "half":
            yield Candidate(
                "adder_ripple_r25(n)", partial(adder_ripple_r25, n), inputs, outputs,
                "no ancilla, O(n log n) gates (Remaud, Vandaele 2025)",
            )  # fmt: skip
        else:
            yield Candidate(
                "adder_modular_v17(n)", partial(adder_modular_v17, n), inputs, outputs,
                "no ancilla, at most 16n - 13 CX (Gidney 2017)",
            )  # fmt: skip
    elif widths == [2 * n] and _computes(net, "product"):
        outputs = {net.outputs[0].name: "out"}
        for function, published in (
            (multiplier_cumulative_h18, "n controlled additions (Haner et al. 2018)"),
            (multiplier_qft_r17, "2n^3 controlled rotations (Ruiz-Perez et al. 2017)"),
        ):
            yield Candidate(f"{function.__name__}(n)", partial(function, n), inputs, outputs, published)


def _computes(net: Netlist, what: str) -> bool:
    """Whether `net` shows the same as an adder or a multiplier on a few thousand random patterns."""
    b = Builder("reference")
    x, y = (b.input_bus(p.name, p.width) for p in net.inputs)
    found = [array_multiplier(x, y)] if what == "product" else list(ripple_carry(x, y))[: len(net.outputs)]
    for p, value in zip(net.outputs, found, strict=True):
        b.output(p.name, value)
    patterns = Stimulus.random(net, 4096, rng=0)
    shown, expected = (engine("logic2")(compile(which)).run(patterns).words for which in (net, b.freeze()))
    return bool(np.array_equal(shown, expected))


def _oracles(net: Netlist, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> QuantumCircuit:
    pins = [QuantumRegister(p.width, inputs[p.name]) for p in net.inputs]
    targets = [QuantumRegister(p.width, outputs[p.name]) for p in net.outputs]
    circuit = QuantumCircuit(*pins, *targets, name="BitFlipOracleGate")
    controls = [q for r in pins for q in r]
    names = [f"x{i}" for i in range(len(controls))]
    stimulus = Stimulus.exhaustive(net)
    words = engine("logic2")(compile(net)).run(stimulus).words[0]
    for plane, target in zip(words, (q for r in targets for q in r), strict=True):
        ones = [k for k in range(stimulus.n_patterns) if int(plane[k >> 6]) >> (k & 63) & 1]
        if not ones:
            continue
        terms = ("(" + "&".join(n if k >> i & 1 else f"~{n}" for i, n in enumerate(names)) + ")" for k in ones)
        circuit.append(BitFlipOracleGate("|".join(terms), var_order=names), [*controls, target])
    return circuit


def measure(candidate: Candidate, net: Netlist, states: int) -> Measured:
    """Count and check a candidate: bit-parallel where it permutes basis states, on a state vector where it is small."""
    made = candidate.make()
    try:
        classical = from_qiskit(made, inputs=candidate.inputs, outputs=candidate.outputs)
    except UnsupportedError:
        return _with_phases(candidate, made, net)
    found = verify(classical, net, states=states)
    return Measured(costs(classical), 0, bool(found), str(found))


def _with_phases(candidate: Candidate, made: QuantumCircuit, net: Netlist) -> Measured:
    seen = _opened(made)
    basic = transpile(seen, basis_gates=list(CLIFFORD_T), optimization_level=0)
    turns = [float(i.operation.params[0]) / (np.pi / 4) for i in basic.data if i.operation.name == "rz"]
    whole = [round(t) for t in turns if abs(t - round(t)) < 1e-9]
    t_count = sum(t % 2 for t in whole) + sum(i.operation.name in ("t", "tdg") for i in basic.data)
    is_t = lambda i: i.operation.name in ("t", "tdg") or i.operation.name == "rz"  # noqa: E731
    cx = basic.count_ops().get("cx", 0)
    wanted = {*candidate.inputs.values(), *candidate.outputs.values()}
    data = sum(len(r) for r in made.qregs if r.name in wanted)
    counted = Costs(
        made.num_qubits, made.num_qubits - data, 0, seen.count_ops().get("ccx", 0), t_count, basic.depth(is_t), cx, cx,
        0, seen.depth(),
    )  # fmt: skip
    return Measured(counted, len(turns) - len(whole), *_on_state_vector(candidate, seen, net))


def _opened(made: QuantumCircuit) -> QuantumCircuit:
    """By definitions, down to gates that count as one; ``transpile`` alone got controlled adders wrong (2.6.2)."""
    while unknown := [name for name in made.count_ops() if name not in _SEEN]:
        made = made.decompose(gates_to_decompose=unknown)
    return made


def _on_state_vector(candidate: Candidate, made: QuantumCircuit, net: Netlist) -> tuple[bool | None, str]:
    n = made.num_qubits
    if n > VECTOR_QUBITS:
        return None, f"not checked: it is not classical, and {n} qubits are too many for a quick state vector"
    place = {r.name: [made.find_bit(q).index for q in r] for r in made.qregs}
    rng = np.random.default_rng(0)
    stimulus = Stimulus.random(net, VECTOR_STATES, rng=rng)
    result = engine("logic2")(compile(net)).run(stimulus)
    row = 0
    given: dict[str, np.ndarray] = {}
    for p in net.inputs:
        given[p.name] = stimulus.words[0, row : row + p.width, 0]
        row += p.width
    phase = None
    for k in range(VECTOR_STATES):
        bits = [0] * n
        for name, words in given.items():
            for q, word in zip(place[candidate.inputs[name]], words, strict=True):
                bits[q] = int(word) >> k & 1
        state = StateVector(n, "".join(map(str, bits))).run_qiskit(made)
        for name, fields in result.fields.items():
            for q, word in zip(place[candidate.outputs[name]], result.words[0, fields, 0], strict=True):
                bits[q] = int(word) >> k & 1
        amplitude = state.amplitudes[sum(v << q for q, v in enumerate(bits))]
        phase = amplitude if phase is None else phase
        if abs(amplitude - phase) > 1e-6 or abs(abs(amplitude) - 1) > 1e-6:
            on = ", ".join(f"{m}={sum((int(w) >> k & 1) << i for i, w in enumerate(v))}" for m, v in given.items())
            return False, f"wrong on input {on} (state vector)"
    return True, f"right on {VECTOR_STATES} basis states, phases too (state vector)"
