"""Netlists compiled to reversible circuits and verified: time, T gates, and what fewer ancillas cost.

Every circuit is verified (outputs, restored inputs, clean ancillas, every lane): a wrong one stops the benchmark.
"""

from __future__ import annotations

from time import perf_counter

from circuits.adders import ripple_carry
from circuits.multipliers import array_multiplier
from gatesim import Bus, Netlist, build, read
from quantum import assert_verified, reversible
from quantum.comparison import compare, pebble_curve
from quantum.costs import costs

from .circuits import DATA
from .harness import Record, skip

STATES = 1 << 20
FEWER = 100_000


def modular(a: Bus, b: Bus) -> Bus:
    return ripple_carry(a, b).sum


def run(quick: bool) -> list[Record]:
    small = build(ripple_carry, a=4, b=4)
    assert_verified(reversible(small), small)  # kernels are compiled before anything is timed
    return [
        *_adders((16,) if quick else (2, 16, 64, 256)),
        _checked("verify", build(ripple_carry, a=256, b=256), STATES, 2.0, "inplace"),
        _checked("verify", build(ripple_carry, a=256, b=256), STATES, 2.0, "bennett"),
        *([] if quick else [_checked("verify", build(ripple_carry, a=2500, b=2500), STATES, 60.0, "bennett")]),
        *(
            _compiled(build(array_multiplier, a=n, b=n), f"multiplier {n}x{n}")
            for n in ((16,) if quick else (16, 32, 64))
        ),
        *_epfl(quick),
        *_pebbling(8 if quick else 16),
        *_beside_qiskit(8 if quick else 64),
    ]


def _adders(widths: tuple[int, ...]) -> list[Record]:
    found = []
    for width in widths:
        for generator, t_count in ((ripple_carry, 4 * width), (modular, 4 * (width - 1))):
            net = build(generator, a=width, b=width)
            for strategy in ("bennett", "inplace"):
                circuit = reversible(net, strategy)
                checked, counted = assert_verified(circuit, net, states=STATES), costs(circuit)
                what = f"adder {width}, {'carry out' if generator is ripple_carry else 'mod 2^n'}, {strategy}"
                note = f"{counted.qubits} qubits, {counted.cx} CX, {checked.states:,} states"
                found.append(Record("T gates", what, counted.t_count, "T", t_count, "4n, 4(n - 1)", t_count, note=note))
    return found


def _checked(name: str, net: Netlist, states: int, goal: float, strategy: str) -> Record:
    circuit = reversible(net, strategy)
    found = assert_verified(circuit, net, states=states)
    note = f"{found.n_gates * found.states / found.seconds / 1e9:.0f} G gate-states/s"
    return Record(
        name, f"{net.name}, {strategy}, {circuit.n_qubits:,} qubits x {states:,}", found.seconds, "s", goal, note=note
    )


def _compiled(net: Netlist, what: str) -> Record:
    began = perf_counter()
    circuit = reversible(net)
    compiled = perf_counter() - began
    assert_verified(circuit, net, states=FEWER)
    seconds, counted = perf_counter() - began, costs(circuit)
    note = f"compile {compiled:.1f} s; {counted.qubits:,} qubits, {counted.ands:,} ANDs, {counted.cx:,} CX"
    return Record("compile and verify", what, seconds, "s", 20.0, note=note)


def _epfl(quick: bool) -> list[Record]:
    paths = sorted(DATA.glob("epfl/*/*.aig"))
    if not paths:
        skip("EPFL circuits", "their files are absent")
    return [_compiled(read(p), f"EPFL {p.stem}") for p in paths if not quick or p.stem == "router"]


def _pebbling(width: int) -> list[Record]:
    curve = pebble_curve(build(array_multiplier, a=width, b=width), points=8, states=FEWER)
    whole = curve.bennett
    records = [
        Record(
            "pebbling, T gates", f"multiplier {width}x{width}, {c.ancillas} ancillas", c.t_count, "T", None,
            f"bennett, {whole.ancillas} ancillas", whole.t_count, note=f"{c.cx:,} CX, {whole.cx:,} with bennett",
        )
        for c in curve.points
    ]  # fmt: skip
    cut = whole.ancillas / curve.points[0].ancillas
    records.append(
        Record("pebbling, ancillas cut", f"multiplier {width}x{width}", cut, "x", None if width < 16 else 4.0)
    )
    return records


def _beside_qiskit(width: int) -> list[Record]:
    rows = compare(build(ripple_carry, a=width, b=width), budgets=[], states=FEWER).rows
    own = next(r for r in rows if r.name == "inplace")
    return [
        Record(
            "T gates in place", f"adder {width}", own.costs.t_count, "T", None, r.name, r.costs.t_count, 1.0,
            note=f"{own.costs.qubits} qubits against {r.costs.qubits}",
        )
        for r in rows
        if r.origin == "Qiskit" and not r.rotations
    ]  # fmt: skip
