"""Energy from counts of transitions, with glitches and without, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import kogge_stone
from circuits.multipliers import array_multiplier
from circuits.sequential import counter
from gatesim import Builder, Stimulus, build, compile, engine
from gatesim.conformance import random_netlist
from gatesim.errors import ValueFitError
from gatesim.timing import (
    count_glitches,
    count_switching,
    energy,
    energy_of_counts,
    energy_per_step,
    event_energy_fj,
    load_technology,
    outcome,
    prepare,
    static_timing,
)


def by_hand(net, stimulus):
    """Values of every net in every pattern, by the reference engine: (patterns or cycles x lanes, nets)."""
    watched = list(range(net.n_nets))
    result = engine("python")(compile(net)).run(stimulus, watch=watched)
    values = []
    for k in watched:
        port = next(((p.name, p.nets.index(k)) for p in net.outputs if k in p.nets), None)
        name = net.net_name(k)
        if name in result.fields and result.planes(name).shape[1] == 1:
            values.append(result[name].astype(np.int64))
        else:
            values.append((result[port[0]].astype(np.int64) >> port[1]) & 1)
    return np.stack(values, axis=-1)


@pytest.mark.parametrize("n_patterns", [2, 63, 64, 65, 1000])
def test_toggles_and_ones_between_patterns(n_patterns, monkeypatch):
    net = random_netlist(3, n_cells=40)
    stimulus = Stimulus.random(net, n_patterns, rng=1)
    values = by_hand(net, stimulus)[0]
    monkeypatch.setattr("gatesim.timing.counting.BLOCK_WORDS", 3 * net.n_nets)  # several blocks
    seen = count_switching(net, stimulus)
    assert (seen.toggles == np.abs(np.diff(values, axis=0)).sum(axis=0)).all()
    assert (seen.ones == values.sum(axis=0)).all()
    assert (seen.steps, seen.operations) == (n_patterns - 1, n_patterns)
    technology = load_technology("nangate45")
    ready = prepare(net, technology)
    per_step = energy_per_step(ready, technology, stimulus)
    values = by_hand(ready, stimulus)[0]
    wanted = np.abs(np.diff(values, axis=0)) @ event_energy_fj(ready, technology)
    assert per_step == pytest.approx(wanted)
    assert energy(ready, technology, stimulus).switching_fj == pytest.approx(per_step.mean())


def test_toggles_between_cycles(monkeypatch):
    net = random_netlist(4, n_cells=40, n_registers=5, n_memories=2)
    stimulus = Stimulus.random(net, 70, n_cycles=12, rng=2)
    values = by_hand(net, stimulus)
    for block in (1 << 20, 5 * net.n_nets):
        monkeypatch.setattr("gatesim.timing.counting.BLOCK_WORDS", block)
        seen = count_switching(net, stimulus)
        assert (seen.toggles == np.abs(np.diff(values, axis=0)).sum(axis=(0, 1))).all()
        assert (seen.ones == values.sum(axis=(0, 1))).all()
        assert (seen.steps, seen.operations) == (11 * 70, 12 * 70)
    held = Stimulus.from_values(net, {"x": 5}, n_patterns=3, n_cycles=9)
    assert count_switching(net, held).steps == 24


def test_energy_by_what_is_paid_for():
    b = Builder("half_adder")
    x, y = b.input("x"), b.input("y")
    b.output("sum", x ^ y)
    b.output("carry", x & y)
    net = b.freeze()
    all_four = Stimulus.exhaustive(net)  # x y: 00 10 01 11
    water = energy(net, load_technology("siphon"), all_four)
    assert water.total_fj == pytest.approx(0.24e15 * (2 + 1) / 4)  # two sums of 1 and one carry in four
    assert [h.name for h in water.hot()] == ["sum", "carry"] and water.hot()[0].share == pytest.approx(2 / 3)
    cipher = energy(net, load_technology("fhe"), all_four)
    assert cipher.total_fj == pytest.approx(2 * 0.13e15)  # every gate, every time
    tech = load_technology("ttl7400")
    ttl = energy(net, tech, all_four)
    assert ttl.total_fj == pytest.approx(0.057 * 17.5e-9 * 1e15)  # 37 mW and 20 mW for 17.5 ns
    assert ttl.switching_fj == pytest.approx((2 * 370e3 + 1 * 200e3) / 3)
    relay = energy(net, load_technology("relays"), all_four)
    assert relay.total_fj == pytest.approx(10e12 * (2 + 1) / 3)
    cmos = energy(net, load_technology("nangate45"), all_four)
    assert cmos.standing_fj > 0 and cmos.total_fj == cmos.switching_fj + cmos.standing_fj


@given(st.integers(0, 2**32))
@settings(max_examples=12, deadline=None)
def test_simulated_transitions_agree_with_zero_delay_and_with_static_timing(seed):
    rng = np.random.default_rng(seed)
    technology = load_technology(["nangate45", "relays", "rsfq", "siphon"][seed % 4])
    net = prepare(random_netlist(rng, n_cells=50), technology)
    stimulus = Stimulus.random(net, int(rng.integers(2, 150)), rng=seed)
    zero, seen = count_switching(net, stimulus), count_glitches(net, technology, stimulus)
    cells = seen.cells
    assert seen.n_operations == zero.steps
    assert (seen.needed[cells] == zero.toggles[cells]).all()
    assert (seen.toggles[cells] >= zero.toggles[cells]).all()
    assert ((seen.toggles - zero.toggles)[cells] % 2 == 0).all()  # a glitch goes there and back
    assert (seen.last_ps <= np.maximum(static_timing(net, technology).arrival_ps.max(axis=1), -1))[cells].all()


def test_glitches_of_a_multiplier_and_of_a_counter():
    technology = load_technology("nangate45")
    net = prepare(build(array_multiplier, a=8, b=8), technology)
    stimulus = Stimulus.random(net, 300)
    found = outcome(net, technology, stimulus, glitches=True)
    assert found.glitchy.switching_fj > 1.2 * found.energy.switching_fj  # carries arrive late, row after row
    assert found.glitchy.standing_fj == found.energy.standing_fj
    assert outcome(net, load_technology("rsfq"), stimulus, glitches=True).glitchy is None
    clocked = prepare(build(counter, width=4), technology)
    cycles = Stimulus.from_values(clocked, {"enable": 1, "reset": 0}, n_cycles=33)
    seen = count_glitches(clocked, technology, cycles)
    outs = list(clocked.port("out").nets)
    assert seen.toggles[outs].tolist() == [32, 16, 8, 4]  # 32 edges between 33 cycles
    with pytest.raises(ValueFitError, match="clock period of 5 ps is too short for 'counter'"):
        count_glitches(clocked, technology, cycles, clock_ps=5)
    with pytest.raises(ValueFitError, match="need two patterns at least"):
        count_glitches(net, technology, Stimulus.random(net, 1))


def test_counts_from_elsewhere_plug_in():
    net = build(kogge_stone, a=4, b=4)
    technology = load_technology("nangate45")
    ready = prepare(net, technology)
    stimulus = Stimulus.random(ready, 100)
    seen = count_switching(ready, stimulus)
    zero = energy(ready, technology, stimulus)
    same = energy_of_counts(ready, technology, seen.toggles, seen.steps)
    assert same.total_fj == zero.total_fj
    glitchy = energy_of_counts(ready, technology, 3 * seen.toggles, seen.steps)
    assert glitchy.switching_fj == pytest.approx(3 * zero.switching_fj)
    with pytest.raises(ValueFitError, match="counts are for 0 operations"):
        energy_of_counts(ready, technology, seen.toggles, 0)
    with pytest.raises(ValueFitError, match="2 counts were given"):
        energy_of_counts(ready, technology, seen.toggles[:2], 5)
    with pytest.raises(ValueFitError, match="needs two patterns at least"):
        energy(ready, technology, Stimulus.random(ready, 1))
