"""The event engine: against the slow reference, against zero delay, on loops, latches and clocks."""

from __future__ import annotations

import numpy as np
import pytest
import timed_reference
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits import latches
from circuits.adders import kogge_stone, ripple_carry
from gatesim import Builder, Stimulus, build, simulate
from gatesim.conformance import random_netlist
from gatesim.engines.timed import TimedEngine
from gatesim.errors import OscillationError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.gates import IS_LOGIC, IS_REGISTER
from gatesim.timing import Delays, static_timing

MODELS = ("inertial", "transport")


def random_delays(net, rng, longest):
    timed = IS_LOGIC[net.op] | IS_REGISTER[net.op]
    return tuple(np.where(timed, rng.integers(1, longest + 1, net.n_nets), 0) for _ in range(2))


def random_loops(rng, n_cells=14, n_inputs=3):
    """A netlist whose gates read any net, later ones too."""
    b = Builder("loops")
    inputs = list(b.input_bus("x", n_inputs))
    wires = list(b.wires(n_cells))
    for w in wires:
        name = ("NAND", "NOR", "XOR", "AND3", "MUX", "NOT", "AOI22")[rng.integers(7)]
        pins = {"NOT": 1, "NAND": 2, "NOR": 2, "XOR": 2, "AOI22": 4}.get(name, 3)
        pool = inputs + wires
        b.drive(w, b.gate(name, *(pool[i] for i in rng.integers(0, len(pool), pins))))
    b.output("y", wires[-3:])
    return b.freeze()


def against_reference(net, delays, model, rng, n_operations, period):
    engine = TimedEngine(net, delays, model=model)
    bits = [k for p in net.inputs for k in p.nets]
    rows = rng.integers(0, 2, (n_operations, len(bits)))
    words = np.packbits(rows.T.astype(np.uint8), axis=1, bitorder="little")
    padded = np.zeros((len(bits), 8), np.uint8)
    padded[:, : words.shape[1]] = words
    trace = engine.run(
        Stimulus(padded.view(np.uint64).reshape(1, len(bits), 1), n_operations), period_ps=period, watch=None
    )
    start = np.zeros(net.n_nets, np.uint8)
    start[list(trace.watched)] = trace.before
    operations = [dict(zip(bits, row.tolist(), strict=True)) for row in rows]
    wanted, ends, last = timed_reference.simulate(
        net, engine.rise_ps, engine.fall_ps, model, start.tolist(), operations, trace.begun_ps.tolist()
    )
    got = zip(trace.time_ps, trace.net, trace.value, trace.operation, strict=True)
    assert [tuple(map(int, e)) for e in got] == sorted(wanted)
    outputs = [k for p in net.outputs for k in p.nets]
    assert trace.samples.tolist() == [[end[k] for k in outputs] for end in ends]
    assert trace.values.tolist() == last
    # The counts are those of the record.
    assert trace.activity.toggles.tolist() == np.bincount(trace.net, minlength=net.n_nets).tolist()
    before = np.array([start.tolist(), *ends])
    assert trace.activity.needed.tolist() == (np.diff(before.astype(int), axis=0) != 0).sum(axis=0).tolist()
    latest = np.full(net.n_nets, -1)
    events = trace.events()
    np.maximum.at(latest, events.net, events.time_ps)
    assert trace.activity.last_ps.tolist() == latest.tolist()
    return trace


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(MODELS), st.sampled_from((1, 3, 40, 9000)))
def test_acyclic_netlists_against_the_reference(seed, model, longest):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=30)
    against_reference(net, random_delays(net, rng, longest), model, rng, 6, None)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(MODELS), st.integers(1, 40), st.sampled_from((1, 7, 5000)))
def test_loops_flip_flops_and_short_periods_against_the_reference(seed, model, period, longest):
    rng = np.random.default_rng(seed)
    net = random_loops(rng) if seed % 2 else random_netlist(rng, n_cells=25, n_registers=4)
    against_reference(net, random_delays(net, rng, longest), model, rng, 8, period * longest)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(MODELS))
def test_settles_to_the_zero_delay_value_in_the_static_time(seed, model):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng)
    delays = random_delays(net, rng, 50)
    stimulus = Stimulus.random(net, 40, rng=seed)
    trace = TimedEngine(net, delays, model=model).run(stimulus)
    wanted = simulate(net, {k: v[0] for k, v in stimulus.values(net).items()})
    assert all(np.array_equal(trace[p.name], wanted[p.name]) for p in net.outputs)
    timing = static_timing(net, Delays(*delays))
    moved = trace.activity.toggles > 0  # what cannot change has no arrival
    assert (trace.activity.last_ps <= timing.arrival_ps.max(axis=1))[moved].all()


def test_the_clock_gives_the_same_cycles_as_zero_delay():
    rng = np.random.default_rng(3)
    for seed in range(8):
        net = random_netlist(seed, n_registers=6)
        delays = random_delays(net, rng, 20)
        stimulus = Stimulus.random(net, 1, n_cycles=60, rng=seed)
        period = int(static_timing(net, Delays(*delays)).worst_ps) + 1
        trace = TimedEngine(net, delays).run(stimulus, period_ps=period)
        wanted = simulate(net, {k: v[:, 0] for k, v in stimulus.values(net).items()}, cycles=60)
        for p in net.outputs:
            assert np.array_equal(trace[p.name], wanted[p.name]), p.name


def test_the_shortest_clock_period_of_a_counter():
    b = Builder("counter")
    following = b.wires(8)
    count = b.register(following)
    carry = b.one
    total = []
    for bit in count:
        total.append(bit ^ carry)
        carry = carry & bit
    b.drive(following, total)
    b.output("count", count)
    net = b.freeze()
    worst = int(static_timing(net, Delays(*(np.where(net.op > 2, 10, 0),) * 2)).worst_ps)
    run = lambda period: TimedEngine(net, 10).run(  # noqa: E731
        Stimulus.from_values(net, {}, n_cycles=300), period_ps=period
    )["count"]
    assert np.array_equal(run(worst), np.arange(300) % 256)
    assert not np.array_equal(run(worst - 1), np.arange(300) % 256)


def ring(n):
    b = Builder(f"ring of {n}")
    q = b.wire("q")
    run = b.input("run")
    x = b.nand(run, q)
    for _ in range(n - 1):
        x = ~x
    b.drive(q, x)
    b.output("out", q)
    return b.freeze()


@pytest.mark.parametrize(("rise", "fall"), [(10, 10), (7, 12)])
def test_a_ring_oscillator_has_the_period_of_the_formula(rise, fall):
    trace = TimedEngine(ring(101), (rise, fall)).run({"run": [1]}, period_ps=1_000_000, watch=["q"])
    times, _ = trace.transitions("q")
    assert set(np.diff(times[::2])) == {101 * (rise + fall)}
    assert trace.restless


def test_an_endless_oscillation_stops_with_its_nets_named():
    with pytest.raises(
        OscillationError, match=r"does not come to rest: .* 5 nets keep switching: nand_3, not_4, .*, q\."
    ) as caught:
        TimedEngine(ring(5), 3).run({"run": [0, 1]})
    assert len(caught.value.nets) == 5
    # What only follows the ring is no culprit.
    b = Builder("ring and follower")
    q = b.wire("q")
    b.drive(q, b.nand(b.input("run"), q).named("inside"))
    b.output("out", ~~q)
    with pytest.raises(OscillationError, match=r"1 nets keep switching: inside\.") as caught:
        TimedEngine(b.freeze(), (3, 5)).run({"run": [1]})
    assert caught.value.nets == ("inside",)


def test_sr_latch():
    latch = TimedEngine(build(latches.sr_latch), (9, 6))
    steps = {"set_n": [0, 1, 1, 1, 0, 1], "reset_n": [1, 1, 0, 1, 1, 1]}
    trace = latch.run(steps)
    assert trace["q"].tolist() == [1, 1, 0, 0, 1, 1]
    assert trace["nq"].tolist() == [0, 0, 1, 1, 0, 0]
    # Both released at once from the forbidden state: equal gates chase each other for ever.
    with pytest.raises(OscillationError, match="2 nets keep switching"):
        TimedEngine(build(latches.sr_latch), 5).run({"set_n": [0, 1], "reset_n": [0, 1]})
    # One gate a little faster: it wins.
    net = build(latches.sr_latch)
    delay = np.where(net.op > 2, 5, 0)
    delay[net.port("q").nets[0]] = 4
    trace = TimedEngine(net, (delay, delay)).run({"set_n": [0, 1], "reset_n": [0, 1]})
    assert (trace["q"].tolist()[-1], trace["nq"].tolist()[-1]) == (0, 1)


@pytest.mark.parametrize("name", ["d_flip_flop", "d_flip_flop_master_slave"])
def test_flip_flops_of_nands_take_d_on_an_edge(name):
    rng = np.random.default_rng(5)
    net = build(getattr(latches, name))
    d = np.repeat(rng.integers(0, 2, 60), 2)
    clock = np.tile([0, 1], 60)
    trace = TimedEngine(net, (7, 5)).run({"d": d, "clock": clock}, initial={net.net_name(net.port("q").nets[0]): 0})
    # d changes while the clock is low; the 7474 takes it on the rise, the other one on the next fall.
    settled = trace["q"][1::2]
    assert np.array_equal(settled[1:], d[1::2][1:] if name == "d_flip_flop" else d[1::2][:-1])
    assert np.array_equal(trace["q"][3:] ^ 1, trace["nq"][3:])


def test_ties_and_pulses():
    """A pulse as wide as the delay passes, a narrower one does not; equal times are one step."""
    b = Builder("pulse")
    x = b.input("x")
    b.output("y", b.gate("BUF", x))
    net = b.freeze()

    def seen(width, rise, fall, model):
        times = {"inertial": TimedEngine(net, (rise, fall)), "transport": TimedEngine(net, (rise, fall), model=model)}
        trace = times[model].run({"x": [1, 0]}, period_ps=width, watch=["y"])
        # The run ends with the second operation: give it the rest of its time.
        trace = times[model].run({"x": [1] + [0] * 9}, period_ps=width, watch=["y"])
        return trace.transitions("y")[0].tolist()

    assert seen(10, 10, 10, "inertial") == [10, 20]
    assert seen(9, 10, 10, "inertial") == []
    assert seen(9, 10, 10, "transport") == [10, 19]
    assert seen(9, 4, 10, "inertial") == [4, 19]
    assert seen(9, 14, 4, "transport") == []  # caught up: 14 against 9 + 4
    assert seen(10, 14, 4, "transport") == []  # a pulse of no width is none
    assert seen(11, 14, 4, "transport") == [14, 15]
    b = Builder("tie")
    x = b.input("x")
    b.output("y", b.gate("BUF", x) & ~x)
    for model in MODELS:
        trace = TimedEngine(b.freeze(), (5, 5), model=model).run({"x": [1, 0, 1]}, watch=["y"])
        assert len(trace.time_ps) == 0


def test_delays_of_every_length():
    net = build(ripple_carry, a=6, b=6)
    rng = np.random.default_rng(8)
    timed = IS_LOGIC[net.op]
    wide = np.where(timed, rng.integers(1, 2**30, net.n_nets), 0)
    trace = TimedEngine(net, (wide, wide)).run({"a": [63, 0, 17], "b": [1, 62, 5]})
    assert trace["sum"].tolist() == [(63 + 1) % 64, 62, 22]
    slow = np.where(timed, 3_600 * 10**12, 0)  # an hour a gate
    trace = TimedEngine(net, (slow, slow)).run({"a": [63], "b": [1]})
    assert trace.activity.last_ps.max() == static_timing(net, Delays(slow, slow)).worst_ps
    with pytest.raises(ValueFitError, match="too far apart"):
        TimedEngine(net, (np.where(timed, 2**40 + 1, 0), slow)).run({"a": [1], "b": [1]})


def test_many_events_and_records_are_flushed():
    net = build(kogge_stone, a=32, b=32)
    stimulus = Stimulus.random(net, 3000, rng=2)
    one = TimedEngine(net, (3, 4)).run(stimulus, watch=None)
    assert len(one.time_ps) == one.activity.toggles.sum() > 1 << 18
    two = TimedEngine(net, (3, 4)).run(stimulus)
    assert np.array_equal(one.activity.toggles, two.activity.toggles)
    assert len(two.time_ps) == 0


def test_bad_input_is_refused_with_a_reason():
    net = build(ripple_carry, a=4, b=4)
    with pytest.raises(ValueFitError, match=r"rise delay of .* is 0 ps: a delay must be at least 1 ps \(and 1"):
        TimedEngine(net, 0)
    delays = np.where(net.op > 2, 4, 0)
    delays[net.port("sum").nets[1]] = -3
    with pytest.raises(ValueFitError, match=r"fall delay of 'sum\[1\]' is -3 ps: a delay must be at least 1 ps$"):
        TimedEngine(net, (4, delays))
    with pytest.raises(ValueFitError, match="whole picoseconds"):
        TimedEngine(net, (1.5, 2))
    with pytest.raises(ValueFitError, match=r"rise delays have shape \(3,\); .* so one number or"):
        TimedEngine(net, (np.ones(3, int), 2))
    with pytest.raises(ValueFitError, match="a pair"):
        TimedEngine(net, (1, 2, 3))
    with pytest.raises(UnknownNameError, match="did you mean 'inertial'"):
        TimedEngine(net, 1, model="intertial")
    engine = TimedEngine(net, 1)
    with pytest.raises(ValueFitError, match="at least 1 ps, not 0"):
        engine.run({"a": 1, "b": 2}, period_ps=0)
    with pytest.raises(UnknownNameError, match="summ"):
        engine.run({"a": 1, "b": 2}, watch=["summ"])
    with pytest.raises(ValueFitError, match="one instance"):
        engine.run(Stimulus.random(net, 3, n_cycles=2))
    clocked = random_netlist(1, n_registers=2)
    with pytest.raises(ValueFitError, match="period_ps"):
        TimedEngine(clocked, 1).run(Stimulus.random(clocked, 1, n_cycles=3))
    with pytest.raises(UnsupportedError, match="memory macros"):
        TimedEngine(random_netlist(1, n_memories=1), 1)
    with pytest.raises(ValueFitError, match="must be 0 or 1"):
        TimedEngine(build(latches.sr_latch), 1).run({"set_n": 1, "reset_n": 1}, initial={"q": 2})
