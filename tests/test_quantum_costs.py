from __future__ import annotations

import pytest

from circuits.adders import ripple_carry
from circuits.multipliers import array_multiplier
from gatesim import Bus, build
from gatesim.errors import ValueFitError
from quantum import reversible
from quantum.comparison import ROTATION_T, compare, pebble_curve
from quantum.costs import Costs, costs, physical
from quantum.gate_sets import rotation_word
from quantum.pictures import circuit_figure, curve_figure


def modular(a: Bus, b: Bus) -> Bus:
    return ripple_carry(a, b).sum


def rows(net, **options):
    return {r.name: r for r in compare(net, states=1 << 12, **options).rows}


@pytest.mark.parametrize("n", [4, 16])
def test_adders_beside_qiskits_and_the_formula(n):
    found = rows(build(ripple_carry, a=n, b=n))
    count = lambda name: found[name].costs  # noqa: E731
    assert count("bennett").t_count == count("inplace").t_count == 4 * n  # Gidney
    assert count("inplace").qubits == 3 * n + 1
    cdkm, vbe = count('adder_ripple_c04(n, "half")'), count('adder_ripple_v95(n, "half")')
    assert (cdkm.qubits, cdkm.toffolis, cdkm.t_count) == (2 * n + 2, 2 * n, 14 * n)
    assert (vbe.qubits, vbe.toffolis) == (3 * n, 4 * n - 4)
    draper = found['adder_qft_d00(n, "half")']
    assert draper.costs.qubits == 2 * n + 1 and draper.rotations > n
    assert all(r.right for r in found.values() if r is not draper) and draper.right is (True if n == 4 else None)


def test_a_wrong_circuit_is_called_wrong():
    found = rows(build(modular, a=4, b=4))
    wrong = [r.name for r in found.values() if r.right is False]
    assert wrong == ['adder_ripple_v95(n, "fixed")']  # as of Qiskit 2.6.2; its "half" adds right
    assert found[wrong[0]].check.startswith("output b[3] is wrong (1 instead of 0) on input a=")
    assert found["adder_modular_v17(n)"].right and found["adder_modular_v17(n)"].costs.t_count == 8 * 3


def test_oracles_from_truth_tables_and_multipliers():
    found = rows(build(array_multiplier, a=3, b=3))
    assert found["BitFlipOracleGate"].costs.t_count > 20 * found["bennett"].costs.t_count
    assert found["multiplier_cumulative_h18(n)"].right and found["multiplier_qft_r17(n)"].right
    assert compare(build(array_multiplier, a=3, b=3), library=False).missing.keys() == {"inplace"}


def test_rotations_cost_what_gridsynth_needs():
    assert rotation_word(0.3, 1e-6).t_count == ROTATION_T


def test_physical_qubits_grow_with_the_work():
    small, large = (physical(Costs(100, 50, 100, 0, t, 200, 500, 1200, 100, 300)) for t in (400, 400_000_000))
    assert small.distance < large.distance and small.qubits < large.qubits and small.seconds < large.seconds
    with pytest.raises(ValueFitError, match="the error rate is too high"):
        physical(Costs(100, 50, 100, 0, 400, 200, 500, 1200, 100, 300), error_rate=0.02)


def test_the_curve_of_a_multiplier():
    curve = pebble_curve(build(array_multiplier, a=6, b=6), points=4, states=1 << 12)
    assert list(curve.planned) == sorted(curve.planned, reverse=True) and curve.planned[-1] == curve.bennett.ands
    planned = dict(zip(curve.budgets, curve.planned, strict=True))
    assert all(c.ands <= planned[c.ancillas] for c in curve.points)
    axes = curve_figure(curve, "multiplier").axes[0]
    assert {text.get_text() for text in axes.get_legend().get_texts()} >= {"best schedule found"}


def test_pictures_show_every_gate():
    circuit = reversible(build(ripple_carry, a=3, b=3), "inplace")
    axes = circuit_figure(circuit).axes[0]
    marks = [line.get_marker() for line in axes.lines]
    assert marks.count("s") == 2 * costs(circuit).ands and marks.count("+") == costs(circuit).cx
    assert {t.get_text() for t in axes.texts} >= {"a[0]", "sum[2]", "ancilla[0]  |0>", "carry"}
    with pytest.raises(ValueFitError, match=r"a picture of .* shows nothing"):
        circuit_figure(reversible(build(ripple_carry, a=64, b=64)))
