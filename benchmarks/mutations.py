"""One gate wrong: is it seen? Mutants of compiled EPFL circuits, by simulation and then by proof.

Deleted ANDs, deleted Toffoli gates, added CX gates (any place, any two qubits), drawn at random with a fixed seed.
The figure is the percentage that is decided: seen, or proven to change nothing on any basis state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from gatesim import read
from quantum import Reversible, reversible, to_netlist
from quantum.circuit import AND
from quantum.mutations import verdict, with_cx, without_gate

from .circuits import DATA
from .harness import Record, skip

MUTANTS = 60
"""Of each kind; small circuits lose every AND once."""


def run(quick: bool) -> list[Record]:
    records: list[Record] = []
    names = ("router", "cavlc", "priority", "adder") + (() if quick else ("bar", "sin", "max", "multiplier", "arbiter"))
    for name in names:
        paths = sorted(DATA.glob(f"epfl/*/{name}.aig"))
        if not paths:
            skip(name, "its EPFL file is absent")
            continue
        circuit = reversible(read(paths[0]))
        reference = to_netlist(circuit)
        for kind, mutants in _kinds(circuit, 10 if quick else MUTANTS):
            found = Counter(verdict(mutant, reference) for mutant in mutants)
            total = sum(found.values())
            decided = 100 * (total - found["undecided"]) / total
            note = ", ".join(f"{n} {what}" for what, n in found.most_common())
            records.append(Record("faults decided", f"{name}, {kind}", decided, "%", 100.0, note=note))
    return records


def _kinds(circuit: Reversible, n: int) -> Iterator[tuple[str, Iterator[Reversible]]]:
    rng = np.random.default_rng(0)
    choose = lambda where: rng.choice(where, min(n, len(where)), replace=False).tolist()  # noqa: E731
    yield "AND deleted", (without_gate(circuit, k) for k in choose(np.flatnonzero(circuit.op == AND)))
    unitary = circuit.with_toffolis()
    toffolis = np.flatnonzero(np.diff(unitary.ptr) == 3)
    yield "Toffoli deleted", (without_gate(unitary, k) for k in choose(toffolis))
    pairs = (rng.choice(circuit.n_qubits, 2, replace=False).tolist() for _ in range(n))
    yield "CX added", (with_cx(circuit, int(rng.integers(circuit.n_gates + 1)), *pair) for pair in pairs)
