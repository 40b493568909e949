"""The waveform engine: both its ways against the event engine, and against zero delay."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import ripple_carry
from circuits.multipliers import array_multiplier
from gatesim import Builder, Stimulus, build, simulate
from gatesim.conformance import random_netlist
from gatesim.engines import waves as waves_module
from gatesim.engines.timed import TimedEngine
from gatesim.engines.waves import WaveEngine
from gatesim.errors import LoopError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.gates import IS_LOGIC
from gatesim.timing import Delays, count_switching, energy_of_counts, load_technology, prepare, static_timing
from gatesim.timing import delays as technology_delays

WAYS = ("grid", "lists")


def in_one_way(monkeypatch, way):
    """Let the engine take the grid or the lists for every block, whatever the estimate."""
    monkeypatch.setattr(waves_module, "SHORT_TIME", 1 << 60 if way == "grid" else -1)
    for room in (waves_module.GridRoom, waves_module.ListRoom):
        monkeypatch.setattr(room, "is_dearer", lambda *_: False)


def random_delays(net, rng, longest):
    return tuple(np.where(IS_LOGIC[net.op], rng.integers(1, longest + 1, net.n_nets), 0) for _ in range(2))


def same_events(one, two):
    return all(np.array_equal(x, y) for x, y in zip(one.events(), two.events(), strict=True))


def against_events(net, delays, model, stimulus, way):
    wave = WaveEngine(net, delays, model=model).run(stimulus, watch=None)
    event = TimedEngine(net, delays, model=model).run(stimulus, watch=None)
    assert same_events(wave, event)
    for field in ("toggles", "needed", "last_ps"):
        assert np.array_equal(getattr(wave.activity, field), getattr(event.activity, field)), field
    assert way is None or wave.metadata["way"] == way
    return wave


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", ["inertial", "transport"])
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((1, 3, 30, 700)), st.sampled_from((1, 64, 65, 150)))
def test_every_transition_is_that_of_the_event_engine(model, way, seed, longest, patterns):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=50)
    delays = random_delays(net, rng, longest)
    if longest == 3:
        delays = delays[0], delays[0]
    with pytest.MonkeyPatch.context() as patch:
        in_one_way(patch, way)
        caught_up = model == "transport" and not np.array_equal(*delays)  # for this the grid is not made
        on_grid = way == "grid" and patterns > 64 and not caught_up
        against_events(net, delays, model, Stimulus.random(net, patterns, rng=seed), "grid" if on_grid else "lists")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(("inertial", "transport")), st.sampled_from((100, 900)))
def test_settles_to_the_zero_delay_value_in_the_static_time(seed, model, patterns):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng)
    delays = random_delays(net, rng, 40)
    stimulus = Stimulus.random(net, patterns, rng=seed)
    result = WaveEngine(net, delays, model=model).run(stimulus, watch=[p.name for p in net.outputs])
    wanted = simulate(net, {k: v[0] for k, v in stimulus.values(net).items()})
    for p in net.outputs:
        got = np.stack([result.settled(k) for k in p.nets])
        assert np.array_equal(got, wanted.planes(p.name)[0])
    arrival = static_timing(net, Delays(*delays)).arrival_ps.max(axis=1)
    moved = result.activity.toggles > 0
    assert (result.activity.last_ps <= arrival)[moved].all()


@pytest.mark.parametrize("way", WAYS)
def test_sums_of_patterns_and_single_nets(way, monkeypatch):
    in_one_way(monkeypatch, way)
    net = build(array_multiplier, a=6, b=6)
    rng = np.random.default_rng(1)
    energy = rng.random(net.n_nets)
    stimulus = Stimulus.random(net, 700, rng=1)
    delays = random_delays(net, rng, 9)
    wave = WaveEngine(net, delays).run(stimulus, watch=None, energy_fj=energy)
    events = wave.events()
    gate = IS_LOGIC[net.op[events.net]]
    toggles = np.bincount(events.pattern[gate], minlength=700)
    assert wave.per_pattern.toggles.tolist() == toggles.tolist()
    wanted = np.bincount(events.pattern[gate], weights=energy[events.net[gate]], minlength=700)
    assert np.allclose(wave.per_pattern.energy_fj, wanted, rtol=1e-12)
    settled = np.full(700, -1)
    np.maximum.at(settled, events.pattern[gate], events.time_ps[gate])
    assert wave.per_pattern.settled_ps.tolist() == settled.tolist()
    for k in net.port("out").nets:
        mine = events.net == k
        assert wave.counts(k).tolist() == np.bincount(events.pattern[mine], minlength=700).tolist()
        times, values = wave.transitions(k, 601)
        here = mine & (events.pattern == 601)
        assert (times.tolist(), values.tolist()) == (events.time_ps[here].tolist(), events.value[here].tolist())


@pytest.mark.parametrize("way", WAYS)
def test_given_starts_and_arrivals(way, monkeypatch):
    """Inputs that change at times of their own: the same as an event run with an operation for each time."""
    in_one_way(monkeypatch, way)
    net = build(ripple_carry, a=3, b=3)
    rng = np.random.default_rng(2)
    delays = random_delays(net, rng, 6)
    n_bits = 6
    at = rng.integers(0, 25, n_bits)
    before, after = Stimulus.random(net, 120, rng=3), Stimulus.random(net, 120, rng=4)
    wave = WaveEngine(net, delays).run(after, before=before, at_ps=at, watch=None).events()
    old, new = ({k: v[0] for k, v in s.values(net).items()} for s in (before, after))
    for p in range(0, 120, 7):
        times = np.arange(0, 200)
        steps = {name: [] for name in old}
        for t in times:
            bits_at = {"a": at[:3], "b": at[3:]}
            for name in old:
                now = sum(int((new if t >= bits_at[name][i] else old)[name][p] >> i & 1) << i for i in range(3))
                steps[name].append(now)
        trace = TimedEngine(net, delays).run(
            steps, period_ps=1, before={k: int(v[p]) for k, v in old.items()}, watch=None
        )
        mine = wave.pattern == p
        assert wave.time_ps[mine].tolist() == trace.time_ps.tolist()
        assert wave.net[mine].tolist() == trace.net.tolist()


def test_threads_and_ways_do_not_change_a_result(monkeypatch):
    net = build(array_multiplier, a=8, b=8)
    delays = (np.full(net.n_nets, 7), 5)
    stimulus = Stimulus.random(net, 3000, rng=5)
    results = [WaveEngine(net, delays, threads=t).run(stimulus, watch=["out"]) for t in (1, 2, 5)]
    in_one_way(monkeypatch, "lists")
    results.append(WaveEngine(net, delays, threads=2).run(stimulus, watch=["out"]))
    for other in results[1:]:
        assert same_events(results[0], other)
        assert np.array_equal(results[0].activity.toggles, other.activity.toggles)


def test_a_technology_gives_the_delays():
    net = build(ripple_carry, a=8, b=8)
    technology = load_technology("ttl7400")
    ready = prepare(net, technology)
    seen = WaveEngine(ready, technology_delays(ready, technology)).run(Stimulus.random(ready, 300, rng=1))
    assert 0 < seen.activity.last_ps.max() <= static_timing(ready, technology).worst_ps


def test_energy_with_and_without_glitches():
    """What is needed is what the count at zero delay finds, and glitches cost the rest."""
    technology = load_technology("ttl7400")
    net = prepare(build(array_multiplier, a=5, b=5), technology)
    stimulus = Stimulus.random(net, 2000, rng=3)
    stimulus.words[0, :, 0] &= ~np.uint64(1)  # the first pattern is 0: nothing changes in it
    activity = WaveEngine(net, technology_delays(net, technology)).run(stimulus).activity
    assert np.array_equal(activity.needed, count_switching(net, stimulus).toggles)
    with_glitches, without = (
        energy_of_counts(net, technology, counts, 1999).switching_fj for counts in (activity.toggles, activity.needed)
    )
    assert 1.2 * without < with_glitches < 5 * without
    worst = activity.most_glitches(3)
    assert [w.glitches for w in worst] == sorted((w.glitches for w in worst), reverse=True)
    assert worst[0].glitches == activity.glitches[activity.cells].max() / 2000


def test_the_examples_of_the_page_on_timing():
    page = Path(__file__).parents[1] / "docs" / "timing.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted >= 5 and result.failed == 0


def test_what_the_engine_does_not_take():
    b = Builder("latch")
    q = b.wire("q")
    b.drive(q, b.nand(b.input("s"), b.nand(b.input("r"), q)))
    b.output("q", q)
    with pytest.raises(LoopError):
        WaveEngine(b.freeze(), 1)
    with pytest.raises(UnsupportedError, match="use TimedEngine"):
        WaveEngine(random_netlist(1, n_registers=1), 1)
    net = build(ripple_carry, a=4, b=4)
    engine = WaveEngine(net, 1)
    with pytest.raises(ValueFitError, match="one cycle"):
        engine.run(Stimulus.random(net, 2, n_cycles=3))
    with pytest.raises(ValueFitError, match="before has 3 patterns, inputs 2"):
        engine.run(Stimulus.random(net, 2), before=Stimulus.random(net, 3))
    with pytest.raises(ValueFitError, match="at_ps"):
        engine.run(Stimulus.random(net, 2), at_ps=-1)
    with pytest.raises(ValueFitError, match="energy_fj has shape"):
        engine.run(Stimulus.random(net, 2), energy_fj=[1.0, 2.0])
    with pytest.raises(ValueFitError, match="threads"):
        WaveEngine(net, 1, threads=0)
    with pytest.raises(UnknownNameError, match="watched net"):
        engine.run(Stimulus.random(net, 2)).counts("sum[1]")
