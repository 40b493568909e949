"""Water: 256 additions on the four-bit adder, 120 s of water each, on one core. Goal: under 1 s."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from gatesim.timing.water import Machine, Outlet, adder, all_sums, wrong_sums

from .harness import Record, median_seconds

STEP_S = 0.01


def run(quick: bool) -> list[Record]:
    machine, water_s = adder(4), 24.0 if quick else 120.0
    seconds, poured = median_seconds(lambda: all_sums(machine, seconds=water_s, dt_s=STEP_S), 5)
    assert poured.imbalance() < 1e-9
    started = perf_counter()
    buckets = plain_numpy(machine, water_s)
    numpy_seconds = perf_counter() - started
    # NumPy does not find the moments of crest and inlet inside a step: equal to a few per cent of a unit.
    assert np.abs(poured.bucket_m3 - buckets).max() < 0.05 * machine.unit_m3
    if not quick:
        assert not wrong_sums(poured).any()
    label = f"4-bit adder, 256 pairs, {water_s:g} s of water, {machine.n_vessels} vessels"
    goal = None if quick else 1.0
    steps = machine.n_vessels * 256 * water_s / STEP_S
    return [
        Record("water", label, seconds, "s", goal=goal, peer="NumPy, Euler", peer_value=numpy_seconds),
        Record("water, vessel steps", label, steps / seconds / 1e6, "M/s"),
    ]


def plain_numpy(machine: Machine, water_s: float) -> np.ndarray:
    """(256, buckets) float64: the same machine stepped with Euler, all experiments in one array."""
    pairs, n, g = np.arange(256), machine.n_vessels, 9.81
    bits = np.array([[(pairs >> 4) >> k & 1 for k in range(4)], [(pairs & 15) >> k & 1 for k in range(4)]])
    bits = np.concatenate((bits.reshape(8, 256), np.zeros((1, 256))))
    volume, on = np.zeros((n, 256)), np.zeros((n, 256), bool)
    buckets = np.zeros((machine.n_buckets, 256))
    delay = [round(p.delay_s / STEP_S) for p in machine.pipes]
    arriving = np.zeros((max(delay) + 1, n + machine.n_buckets, 256))
    area = np.array([v.area_m2 for v in machine.vessels])[:, None]
    leak = np.array([v.leak_coefficient * v.leak_area_m2 for v in machine.vessels])[:, None] * np.sqrt(2 * g)
    siphon = np.array([v.siphon_coefficient * v.siphon_area_m2 for v in machine.vessels])[:, None] * np.sqrt(2 * g)
    v = machine.vessels[0]
    for step in range(round(water_s / STEP_S)):
        row = arriving[step % len(arriving)]
        for p in machine.pours:
            open_s = np.clip(machine.unit_m3 / machine.pour_m3s - step * STEP_S, 0, STEP_S)
            row[p.target] += bits[p.bit] * machine.pour_m3s * open_s
        h = volume / area
        on = np.where(on, h > v.inlet_m, h >= v.crest_m)
        out = np.stack((leak * np.sqrt(h), on * siphon * np.sqrt(h + v.drop_m))) * STEP_S
        out *= np.minimum(1.0, volume / np.maximum(out.sum(axis=0), 1e-30))
        volume = volume - out.sum(axis=0) + row[:n]
        buckets += row[n:]
        row[:] = 0.0
        for p, d in zip(machine.pipes, delay, strict=True):
            arriving[(step + d) % len(arriving), p.target] += p.share * out[int(p.outlet is Outlet.AND), p.vessel]
    return buckets.T
