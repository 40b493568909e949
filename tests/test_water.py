"""Water against integers, closed forms, SciPy, and the figures that were computed before it was written."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from gatesim.errors import UnknownNameError, ValueFitError
from gatesim.timing.water import (
    Design,
    Machine,
    Outlet,
    Pipe,
    Pour,
    Vessel,
    VesselError,
    adder,
    all_sums,
    pour,
    yield_of,
)  # fmt: skip

UNIT, RATE = 80e-6, 60e-6


def gate(starts=(0.0, 0.0), vessel: Vessel | None = None, unit: float = UNIT) -> Machine:
    """One vessel with a syringe for each of `starts`; buckets xor and and."""
    pipes = (Pipe(0, Outlet.XOR, 1, 1.0, 0.4), Pipe(0, Outlet.AND, 2, 1.0, 0.4))
    pours = tuple(Pour(0, k, t, 1.0) for k, t in enumerate(starts))
    names = (("xor", 1), ("and", 1))
    return Machine(
        "gate", (vessel or Vessel(),), ("gate",), pipes, pours, tuple((f"x{k}", 1) for k in range(len(starts))), names,
        unit, RATE, 0.5,
    )  # fmt: skip


def poured(machine: Machine, **options):
    return pour(machine, {name: 1 for name, _ in machine.inputs}, **options)


def reference(vessel: Vessel, flow, edges, end):
    """solve_ivp with events at crest and inlet: volume, XOR and AND volumes, event times, flows over time."""
    v, area = vessel, vessel.area_m2
    a_leak, a_siphon = np.pi * v.leak_diameter_m**2 / 4, np.pi * v.siphon_diameter_m**2 / 4

    def flows(volume, on):
        h = np.maximum(volume, 0) / area
        return (
            v.leak_coefficient * a_leak * np.sqrt(2 * 9.81 * h),
            on * v.siphon_coefficient * a_siphon * np.sqrt(2 * 9.81 * (h + v.drop_m)),
        )

    y, on, events, pieces = np.zeros(3), 0, [], []
    for a, b in pairwise(sorted({0.0, end, *(e for e in edges if 0 < e < end)})):
        t = a
        while t < b - 1e-12:

            def slope(t, y):
                leak, siphon = flows(y[0], on)  # noqa: B023
                return [flow(min(t, b - 1e-9)) - leak - siphon, leak, siphon]  # noqa: B023

            def event(t, y):
                return y[0] / area - (v.inlet_m if on else v.crest_m)  # noqa: B023

            event.terminal, event.direction = True, -1 if on else 1
            r = solve_ivp(slope, (t, b), y, events=event, rtol=1e-9, atol=1e-13, max_step=0.5, dense_output=True)
            pieces.append((t, r.t[-1], r.sol, on))
            t, y = r.t[-1], r.y[:, -1]
            if r.status == 1:
                on = 1 - on
                events.append(t)

    def outlet(which):
        def at(t):
            for a, b, sol, on in pieces:
                if a <= t < b:
                    return flows(sol(t)[0], on)[which]
            return 0.0

        return at

    return y, events, outlet


def syringes(starts, unit=UNIT):
    edges = [e for t in starts for e in (t, t + unit / RATE)]
    return lambda t: sum(RATE for s in starts if s <= t < s + unit / RATE), edges


# -- one vessel ------------------------------------------------------------------------------


def test_one_vessel_is_a_half_adder():
    found = pour(gate(), {"x0": [0, 1, 0, 1], "x1": [0, 0, 1, 1]})
    assert found.bits[:, 0].tolist() == [False, True, True, False]
    assert found.bits[:, 1].tolist() == [False, False, False, True]


def test_two_inputs_at_once_as_published():
    found = poured(gate())
    assert found.siphon_start_s[0, 0] == pytest.approx(1.03, rel=0.01)
    assert found.siphon_end_s[0, 0] == pytest.approx(3.41, rel=0.01)
    assert found.outlet_m3[0, 0, Outlet.AND] * 1e6 == pytest.approx(138, rel=0.01)
    assert found.outlet_m3[0, 0, Outlet.XOR] * 1e6 == pytest.approx(22, rel=0.01)
    single = poured(gate((0.0,)))
    assert single.outlet_m3[0, 0].tolist() == pytest.approx([UNIT, 0.0])
    assert single.peak_m3[0, 0] / 20e-4 * 1e3 == pytest.approx(38.3, rel=0.01)


def smallest(works, low: float, high: float) -> float:
    """Where `works` begins to hold between `low` (it does not) and `high` (it does)."""
    assert not works(low) and works(high)
    for _ in range(18):
        middle = (low + high) / 2
        low, high = (low, middle) if works(middle) else (middle, high)
    return high


def test_skew_window_and_charge_window_as_published():
    fires = lambda m, t: bool(np.isfinite(poured(m, seconds=t).siphon_start_s[0, 0]))  # noqa: E731
    assert smallest(lambda s: not fires(gate((0.0, s)), s + 4), 5, 20) == pytest.approx(10.7, rel=0.01)
    assert smallest(lambda u: fires(gate(unit=u * UNIT), 8), 0.5, 1.0) == pytest.approx(0.77, rel=0.01)
    assert smallest(lambda u: fires(gate((0.0,), unit=u * UNIT), 8), 1.0, 2.0) == pytest.approx(1.58, rel=0.01)
    for skew, xor, both in ((5, 38, 122), (10, 54, 106)):
        out = poured(gate((0.0, float(skew)))).outlet_m3[0, 0] * 1e6
        assert out == pytest.approx([xor, both], rel=0.01)


def test_closed_forms():
    assert Vessel().leak_time(0.040, 0.010) == pytest.approx(20.60565430, abs=1e-7)
    assert Vessel().leak_flow_m3s(0.040) * 1e6 == pytest.approx(3.88, rel=0.01)
    assert Vessel().siphon_flow_m3s(0.060) * 1e6 == pytest.approx(61.2, rel=0.01)
    for d in (1e-3, 3e-3, 5e-3):
        found = poured(gate((0.0,), Vessel(leak_diameter_m=d)), every=100)
        level = found.samples.volume_m3[0, :, 0] / 20e-4
        first, last = 2, int(np.flatnonzero(level > 0.002)[-1])
        taken = found.samples.time_s[last] - found.samples.time_s[first]
        wanted = Vessel(leak_diameter_m=d).leak_time(level[first], level[last])
        assert taken == pytest.approx(wanted, rel=1e-6)
    v = Vessel()
    r = solve_ivp(
        lambda t, h: [-v.siphon_flow_m3s(h[0]) / v.area_m2],
        (0, v.siphon_time(0.06, 0.005)),
        [0.06],
        rtol=1e-10,
        atol=1e-13,
    )
    assert r.y[0, -1] == pytest.approx(0.005, abs=1e-8)
    assert Vessel(leak_diameter_m=0.0).leak_time(0.04, 0.01) == np.inf
    with pytest.raises(VesselError, match="water falls"):
        v.leak_time(0.01, 0.02)


@pytest.mark.parametrize(
    ("starts", "leak", "unit"),
    [
        ((0.0,), 3e-3, UNIT), ((0.0, 0.0), 3e-3, UNIT), ((0.0, 5.013), 3e-3, UNIT), ((0.0, 10.0), 3e-3, UNIT),
        ((0.0, 14.0), 3e-3, UNIT), ((0.0, 0.0), 4e-3, UNIT), ((0.0, 2.0), 1.5e-3, UNIT), ((0.0, 1.0, 9.0), 2e-3, 95e-6),
    ],
)  # fmt: skip
def test_agrees_with_an_adaptive_solver(starts, leak, unit):
    vessel = Vessel(leak_diameter_m=leak)
    found = poured(gate(starts, vessel, unit), seconds=60)
    flow, edges = syringes(starts, unit)
    (left, xor, both), events, _ = reference(vessel, flow, edges, 60)
    total = unit * len(starts)
    assert found.volume_m3[0, 0] == pytest.approx(left, abs=1e-4 * total)
    assert found.outlet_m3[0, 0] == pytest.approx([xor, both], abs=1e-4 * total)
    seen = [t[0, 0] for t in (found.siphon_start_s, found.siphon_end_s) if np.isfinite(t[0, 0])]
    assert len(seen) == min(len(events), 2)
    assert seen == pytest.approx(events[:2], rel=1e-4)


@pytest.mark.parametrize("operands", [(1, 0, 0), (1, 1, 0), (1, 0, 1), (1, 1, 1)])
def test_two_vessels_and_their_pipes_agree_with_an_adaptive_solver(operands):
    machine = adder(1)
    a, b, cin = operands
    found = pour(machine, {"a": a, "b": b, "cin": cin}, seconds=60)
    first, second = machine.vessels
    flow, edges = syringes([0.0] * (a + b))
    y1, events1, outlet1 = reference(first, flow, edges, 60)
    leak, carry = outlet1(0), syringes([0.0] * cin)[0]
    delay = 0.4
    edges2 = [*syringes([0.0] * cin)[1], *(e + delay for e in (0.0, *edges, *events1))]
    y2, events2, _ = reference(second, lambda t: carry(t) + (leak(t - delay) if t >= delay else 0.0), edges2, 60)
    assert found.outlet_m3[0] == pytest.approx(np.array([y1[1:], y2[1:]]), abs=1e-4 * UNIT)
    assert found.volume_m3[0] == pytest.approx([y1[0], y2[0]], abs=1e-4 * UNIT)
    starts = [t for t in found.siphon_start_s[0] if np.isfinite(t)]
    assert starts == pytest.approx([e[0] for e in (events1, events2) if e], rel=1e-4)


def test_second_order_away_from_events():
    def error(dt: float) -> float:
        found = poured(gate((0.0,)), seconds=30, dt_s=dt, every=round(1 / dt))
        level = found.samples.volume_m3[0, :, 0] / 20e-4
        return abs(Vessel().leak_time(level[1], level[-1]) - 28)

    coarse, finer = error(0.01), error(0.005)
    assert 3.3 < coarse / finer < 4.7


def test_too_coarse_a_step_is_refused_and_the_limit_is_good():
    limit = gate().largest_step_s()
    with pytest.raises(VesselError, match=r"a time step of 50 ms is too coarse for 'gate'.*at most 12\.9 ms"):
        poured(gate(), dt_s=0.05)
    flow, edges = syringes((0.0, 0.0))
    (_, xor, both), events, _ = reference(Vessel(), flow, edges, 60)
    found = poured(gate(), seconds=60, dt_s=limit)
    assert found.outlet_m3[0, 0] == pytest.approx([xor, both], abs=1e-4 * 2 * UNIT)
    assert [found.siphon_start_s[0, 0], found.siphon_end_s[0, 0]] == pytest.approx(events, rel=1e-4)


@pytest.mark.parametrize("k", [0.25, 3.0])
def test_froude_scaling(k):
    def scaled(v: Vessel) -> Vessel:
        lengths = ("crest_m", "inlet_m", "rim_m", "drop_m", "leak_diameter_m", "siphon_diameter_m")
        return replace(v, area_m2=v.area_m2 * k**2, **{n: getattr(v, n) * k for n in lengths})

    def large(m: Machine) -> Machine:
        return replace(
            m, vessels=tuple(map(scaled, m.vessels)), unit_m3=m.unit_m3 * k**3, pour_m3s=m.pour_m3s * k**2.5,
            pipes=tuple(replace(p, delay_s=p.delay_s * k**0.5) for p in m.pipes), seconds=m.seconds * k**0.5,
        )  # fmt: skip

    machine = adder(2)
    values = {"a": [3, 1, 2], "b": [3, 3, 2], "cin": 0}
    small = pour(machine, values)
    big = pour(large(machine), values, dt_s=0.01 * k**0.5)
    assert np.array_equal(big.bits, small.bits)
    for before, after in ((small.siphon_start_s, big.siphon_start_s), (small.read_s, big.read_s)):
        known = np.isfinite(before)
        assert known.any() and np.array_equal(known, np.isfinite(after))
        assert after[known] == pytest.approx(before[known] * k**0.5, rel=1e-9)
    assert big.bucket_m3 == pytest.approx(small.bucket_m3 * k**3, rel=1e-9)
    # and with the step of the small one, within what a step can do
    assert pour(large(machine), values, dt_s=min(0.01, 0.01 * k**0.5)).bucket_m3 == pytest.approx(
        small.bucket_m3 * k**3, rel=1e-3
    )


# -- second-order effects --------------------------------------------------------------------


def test_slow_water_dribbles_over_the_crest_without_priming():
    slow = replace(gate((0.0,), Vessel(priming=1.0), unit=400e-6), pour_m3s=9e-6)
    found = poured(slow, seconds=60)
    assert np.isinf(found.siphon_start_s[0, 0])
    assert found.outlet_m3[0, 0, Outlet.AND] > 5e-6  # it leaks out of AND all the same
    assert found.peak_m3[0, 0] / 20e-4 == pytest.approx(0.060, abs=0.005)  # and hangs at the crest
    assert found.imbalance() < 1e-9
    assert np.isfinite(poured(replace(slow, pour_m3s=60e-6)).siphon_start_s[0, 0])  # fast water primes it
    assert np.isfinite(poured(slow.with_vessel(0, Vessel())).siphon_start_s[0, 0])
    narrow = Vessel(priming=1.0, siphon_diameter_m=0.005)  # Bond number 3.4: surface tension fills it
    assert narrow.bond_number < 4 and np.isfinite(poured(slow.with_vessel(0, narrow)).siphon_start_s[0, 0])
    assert Vessel(priming=0.5).priming_flow_m3s * 1e6 == pytest.approx(7, rel=0.02)
    assert Vessel().bond_number == pytest.approx(8.6, rel=0.02)


def test_a_sticky_leak_keeps_some_water_back():
    vessel = Vessel(sticky=True)
    assert vessel.held_m == pytest.approx(0.010, rel=0.05)
    for many in (1, 32):  # one by one, and as lanes
        found = pour(gate((0.0,), vessel), {"x0": [1] * many})
        assert found.volume_m3[:, 0] / 20e-4 == pytest.approx(vessel.held_m, rel=0.01)
        assert found.imbalance() < 1e-9


def test_lanes_equal_single_experiments():
    pairs = np.arange(0, 256, 11)
    machine = adder(4)
    together = pour(machine, {"a": pairs >> 4, "b": pairs & 15, "cin": 0}, seconds=60)
    assert len(pairs) >= 16
    for k, p in enumerate(pairs.tolist()):
        alone = pour(machine, {"a": p >> 4, "b": p & 15, "cin": 0}, seconds=60)
        for name in ("bucket_m3", "volume_m3", "outlet_m3", "siphon_start_s", "siphon_end_s", "peak_m3"):
            assert getattr(alone, name)[0] == pytest.approx(getattr(together, name)[k], rel=1e-9, abs=1e-15), name


vessels = st.builds(
    Vessel,
    crest_m=st.floats(0.035, 0.07),
    inlet_m=st.floats(0.0, 0.02),
    rim_m=st.floats(0.072, 0.1),
    leak_diameter_m=st.floats(0.0, 0.006),
    siphon_diameter_m=st.floats(0.004, 0.012),
    priming=st.none() | st.floats(0.5, 1.0),
    sticky=st.booleans(),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(vessels, min_size=3, max_size=3), st.floats(0.2, 1.0), st.floats(0.05, 1.0), st.integers(0, 2**16))
def test_every_drop_is_counted(parts, share, delay, seed):
    rng = np.random.default_rng(seed)
    pipes = tuple(Pipe(v, o, int(rng.integers(v + 1, 5)), share, delay) for v in range(3) for o in Outlet)
    pours = tuple(
        Pour(int(rng.integers(0, 4)), k, float(rng.uniform(0, 9)), float(rng.uniform(0.2, 2))) for k in range(4)
    )
    machine = Machine("any", tuple(parts), ("",) * 3, pipes, pours, (("x", 4),), (("y", 2),), line_units=0.5)
    step = min(0.01, machine.largest_step_s())
    for seconds in (5.0, 30.0):  # water still on its way, and at rest
        found = pour(machine, {"x": np.arange(16)}, seconds=seconds, dt_s=step, pour_error=0.05, rng=seed)
        assert found.imbalance() < 1e-9
        assert (found.volume_m3 >= 0).all() and (found.bucket_m3 >= 0).all()


# -- what cannot be built --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"crest_m": 0.12}, r"the crest \(120 mm\) is not below the rim \(100 mm\).*lower the crest or raise the rim"),
        ({"inlet_m": 0.06}, r"the inlet of the siphon \(60 mm\) is not below its crest \(60 mm\)"),
        ({"area_m2": -1.0}, "area_m2 is -1: it must be positive"),
        ({"leak_diameter_m": -1e-3}, "leak_diameter_m is -0.001: it must not be negative"),
        ({"leak_diameter_m": 0.06}, r"a hole of 60 mm is wider than the vessel \(20 cm\^2\)"),
        ({"leak_coefficient": 1.4}, "no hole passes more than an ideal one"),
        ({"crest_m": float("nan")}, "crest_m is nan: give a finite number"),
        ({"area_m2": 0.0, "crest_m": 0.2}, "area_m2 is 0.*; the crest"),
    ],
)
def test_impossible_vessels(change, message):
    with pytest.raises(VesselError, match=message):
        Vessel(**change)


def test_impossible_machines_and_pours():
    for change, message in (
        ({"splitter": 1.2}, "a splitter passes a share between 0 and 1"),
        ({"leak_ratio": 0.0}, "the ratio of leaks is between 0 and 1"),
        ({"unit_m3": 130e-6}, "one unit of 130 mL must stay below it and two must pass it"),
        ({"cup_units": 1.0}, "a cup fires between 0 and 1 units"),
    ):
        with pytest.raises(VesselError, match=message):
            Design(**change)
    good = gate()
    with pytest.raises(VesselError, match="a splitter divides water, it makes none"):
        replace(good, pipes=(*good.pipes, Pipe(0, Outlet.XOR, 2, 0.5, 0.4)))
    with pytest.raises(VesselError, match="leads nowhere"):
        replace(good, pipes=(Pipe(0, Outlet.XOR, 3, 0.5, 0.4),))
    with pytest.raises(VesselError, match="both must be positive"):
        replace(good, pipes=(Pipe(0, Outlet.XOR, 1, 0.5, 0.0),))
    with pytest.raises(VesselError, match="a pour needs a vessel, a start of 0 s or later"):
        replace(good, pours=(Pour(0, 0, -1.0, 1.0),))
    with pytest.raises(VesselError, match="1 to 32 bits, not 0"):
        adder(0)
    with pytest.raises(VesselError, match="cannot come -1 s late"):
        adder(4, late_s=-1.0)
    with pytest.raises(VesselError, match="at most 6 bits"):
        all_sums(adder(8))
    with pytest.raises(VesselError, match=r"tolerance of -0\.1"):
        adder(2).built(3, -0.1)
    values = {"a": 9, "b": 7, "cin": 0}
    with pytest.raises(ValueFitError, match="value 16 does not fit into input 'a' of 4 bits"):
        pour(adder(4), {**values, "a": 16})
    with pytest.raises(ValueFitError, match="no value for input 'cin'"):
        pour(adder(4), {"a": 9, "b": 7})
    with pytest.raises(UnknownNameError, match="unknown input of 'water adder of 4 bits' 'c'"):
        pour(adder(4), {**values, "c": 1})
    with pytest.raises(ValueFitError, match="different lengths"):
        pour(adder(4), {"a": [1, 2], "b": [1, 2, 3], "cin": 0})
    for option, message in (
        ({"seconds": -1}, "give a positive time"), ({"dt_s": 0.0}, "it must be positive"), ({"every": -1}, "makes no sense"),
        ({"tables": np.zeros((1, 3, 10))}, "take them from its built"),
    ):  # fmt: skip
        with pytest.raises(VesselError, match=message):
            pour(adder(4), values, **option)


# -- pictures --------------------------------------------------------------------------------


def test_pictures():
    from PIL import Image

    from gatesim.timing.water import pictures

    found = pour(adder(2), {"a": 3, "b": 1, "cin": 0}, every=5, seconds=40)
    gif = pictures.film(found, title="3 + 1", times_s=[0.5, 1.5, 2.5, 5, 20, 40])
    film = Image.open(io.BytesIO(gif))
    assert film.format == "GIF" and film.n_frames == 6
    blue = []
    for k in range(6):
        film.seek(k)
        pixels = np.asarray(film.convert("RGB")).astype(int)
        blue.append(int((pixels[..., 2] - pixels[..., 0] > 100).sum()))
    assert blue[1] > 1.5 * blue[-1] > 0  # full vessels, then buckets alone
    figure = pictures.levels_figure(found)
    assert len(figure.axes) == 3 and len(figure.axes[0].lines) == 3  # two vessels and the crest
    seen = figure.axes[0].lines[0].get_ydata()
    assert max(seen) == pytest.approx(found.peak_m3[0, 0] / 20e-4 * 1e3, rel=0.02)
    curve = yield_of(adder(1), [0.0, 0.3], 3)
    assert pictures.yield_figure(curve).axes[0].lines[0].get_ydata().tolist() == (curve.perfect * 100).tolist()
    with pytest.raises(VesselError, match="no samples were kept"):
        pictures.levels_figure(pour(adder(1), {"a": 1, "b": 1, "cin": 0}, seconds=2))
