"""Grover's search at three levels, and oracles from formulas beside Qiskit's.

Goals: 1005973 = p q gate by gate on hundreds of qubits in under 30 s, 24 input bits as signs in under 60 s (both on
two cores), a formula of 1,000 variables as an oracle in under 1 s. Every probability is held against the formula.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter, process_time, thread_time

import numpy as np

from circuits.folding import and_gate, not_gate, tree
from circuits.multipliers import dadda_multiplier
from gatesim import Bit, Bus, Netlist, build
from gatesim.formats import read
from quantum import assert_verified, reversible
from quantum.search import Search, factoring, grover

from .harness import Record, core_seconds, has_package

TOLERANCE = 1e-9
TOO_SLOW = 5.0
"""Seconds past which Qiskit is asked for no larger formula."""


def run(quick: bool) -> list[Record]:
    semiprime, at_oracle = (60491, 1040399) if quick else (1005973, 66994189)
    grover(factoring(35).net)  # loads the kernels
    records = [
        _searched(factoring(semiprime, odd=False).net, "branches", 30.0),
        _searched(_by_dadda(semiprime), "branches", 30.0),
        _searched(factoring(at_oracle).net, "oracle", 60.0),
    ]
    if has_package("qiskit-aer"):
        grover(factoring(15).net, level="circuit")  # loads Qiskit and Aer
        records += [_searched(factoring(n, odd=False).net, "circuit") for n in (15, 21, 35, 49)]
    return records + _formulas(quick)


def _searched(net: Netlist, level: str, goal: float | None = None) -> Record:
    began, busy = perf_counter(), process_time()
    found = grover(net, level=level)
    seconds, busy = perf_counter() - began, process_time() - busy
    assert found.error < TOLERANCE, found.error
    return Record(f"Grover, {level}", _label(found), seconds, "s", goal=goal, note=_note(found, busy))


def _label(found: Search) -> str:
    size = f"{found.n_qubits} qubits, {found.n_gates:,} gates" if found.n_qubits else "signs"
    return f"{found.name}: {found.n_inputs} input bits, {size}, {found.iterations:,} iterations"


def _note(found: Search, busy: float) -> str:
    return (
        f"P {found.probabilities[-1]:.9f}, {found.error:.0e} from sin²; {busy:.3g} s of processor time; "
        f"{found.queries:,} queries; classically every input in {found.classical_seconds:.2g} s, "
        f"{found.classical_queries:,.0f} queries on average"
    )


def _by_dadda(n: int) -> Netlist:
    """p q = n through another multiplier, one of more qubits."""
    width = (n.bit_length() + 1) // 2

    def factors(p: Bus, q: Bus) -> Bit:
        product = dadda_multiplier(p, q)
        return tree(and_gate, [bit if n >> i & 1 else not_gate(bit) for i, bit in enumerate(product)])

    return build(factors, p=width, q=width, name=f"factors of {n}, Dadda")


# -- oracles from formulas -------------------------------------------------------------------


def _formulas(quick: bool) -> list[Record]:
    text = _random_formula(1000, 4200)
    oracle = reversible(read(text, "dimacs"), phase=True, effort=None)  # loads what it needs
    seconds = _median(lambda: reversible(read(text, "dimacs"), phase=True, effort=None))
    assert_verified(oracle, read(text, "dimacs"), states=1 << 14)
    counts = oracle.counts()
    records = [
        Record(
            "oracle of a formula", "1,000 variables, 4,200 clauses of 3", seconds, "s", goal=1.0,
            note=f"{oracle.n_qubits:,} qubits, {counts['AND']:,} ANDs, {oracle.n_gates:,} gates",
        )
    ]  # fmt: skip
    for n in (8, 10, 12) if quick else (8, 10, 12, 14, 16):
        record = _beside_qiskit(n)
        records.append(record)
        if record.peer_value is not None and record.peer_value > TOO_SLOW:
            break
    return records


def _random_formula(n: int, m: int) -> str:
    rng = np.random.default_rng(1)
    clauses = ((1 + rng.choice(n, 3, replace=False)) * rng.choice([-1, 1], 3) for _ in range(m))
    return f"p cnf {n} {m}\n" + "".join(f"{' '.join(map(str, c))} 0\n" for c in clauses)


def _median(function) -> float:
    """Processor time: one core."""
    return float(np.median([core_seconds(function) for _ in range(5)]))


def _beside_qiskit(n: int) -> Record:
    """n clauses on n variables, both ways; small ones are compared sign by sign."""
    from qiskit.circuit.library import PhaseOracleGate

    from quantum.search import BranchLevel

    text = _random_formula(n, n)
    net = read(text, "dimacs")
    ours = _median(lambda: reversible(read(text, "dimacs"), phase=True, effort=None))
    oracle = reversible(net, phase=True, effort=None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "formula.cnf"
        path.write_text(text, encoding="utf-8")
        began = thread_time()
        definition = PhaseOracleGate.from_dimacs_file(str(path)).definition
        theirs = thread_time() - began
    signs = BranchLevel(net, oracle).signs().view(np.uint8)
    marked = np.unpackbits(signs, bitorder="little")[: 1 << n]
    if n <= 10:
        from qiskit.quantum_info import Operator

        diagonal = np.diag(Operator(definition).data).real
        assert (np.round(diagonal) == 1 - 2.0 * marked).all()
    return Record(
        "oracle of a formula", f"{n} variables, {n} clauses of 3", ours, "s", peer="Qiskit PhaseOracleGate",
        peer_value=theirs, note=f"{oracle.n_gates:,} gates on {oracle.n_qubits} qubits against {definition.size():,}",
    )  # fmt: skip
