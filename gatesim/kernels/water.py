"""Water in siphon vessels: fixed-step Heun with the moments of crest and inlet found inside a step.

A vessel holds a volume and one flag, whether its siphon runs. What leaves it in a step travels as a
volume through pipes that are pure delays, so that every drop is counted once: whatever the step,
poured = buckets + vessels + pipes up to rounding.
"""

from __future__ import annotations

import numpy as np
from numba import njit

# Columns of the table of vessels (SI units; volumes, not heights, so that the loop never divides).
AREA, CREST, INLET, RIM, HELD, LEAK, SIPHON, DROP, PRIME, WEIR = range(10)
N_COLUMNS = 10

MAX_EVENTS = 8
"""A siphon starts or stops at most so often in a step; a step short enough has one event."""


@njit(cache=True, nogil=True, inline="always")
def _leak(volume, v):
    """Torricelli: LEAK is Cd a sqrt(2 g / A); nothing flows from under the capillary hold-up."""
    return v[LEAK] * np.sqrt(volume) if volume > v[HELD] else 0.0


@njit(cache=True, nogil=True, inline="always")
def _over(volume, running, v):
    """Flow through the siphon while it runs; else what dribbles over the crest."""
    if running:
        return v[SIPHON] * np.sqrt(volume + v[DROP])
    above = volume - v[CREST]
    if v[WEIR] > 0.0 and above > 0.0:
        return min(v[WEIR] * above * np.sqrt(above), v[SIPHON] * np.sqrt(volume + v[DROP]))
    return 0.0


@njit(cache=True, nogil=True, inline="always")
def _heun(volume, running, inflow, dt, v):
    """Volume after `dt`, and what left through the leak and over the crest meanwhile."""
    leak0, over0 = _leak(volume, v), _over(volume, running, v)
    guess = max(volume + dt * (inflow - leak0 - over0), 0.0)
    leak = 0.5 * dt * (leak0 + _leak(guess, v))
    over = 0.5 * dt * (over0 + _over(guess, running, v))
    left = volume + dt * inflow
    if leak + over > left:  # the last drops
        share = left / (leak + over)
        return 0.0, leak * share, over * share
    return left - leak - over, leak, over


@njit(cache=True, nogil=True)
def simulate(
    dt,
    n_steps,
    vessels,
    machine_of,
    pipe_ptr,
    pipe_target,
    pipe_share,
    pipe_steps,
    pour_target,
    pour_start,
    pour_rate,
    pour_volume,
    line,
    every,
    volume,
    running,
    poured,
    bucket,
    crossed,
    in_pipes,
    started,
    ended,
    port_volume,
    peak,
    seen_volume,
    seen_running,
    seen_bucket,
):
    """Run every experiment for `n_steps` steps of `dt` seconds; the last twelve arrays are results.

    vessels : (machines, n, N_COLUMNS); machine_of : (experiments,) which machine each runs on.
    pipe_ptr : (2 n + 1,) pipes of port 2 i (leak, XOR) and 2 i + 1 (siphon, AND) of vessel i; a pipe goes
    to vessel ``target`` < n or to bucket ``target - n``, takes ``share`` of the port's flow and arrives
    after ``steps`` (a fraction of a step spreads over two). The last bucket takes what no pipe takes and
    what runs over a rim. pour_volume : (experiments, pours). line : (buckets,) volumes whose crossing is
    timed (inf: never). started, ended : first times that a siphon ran and stopped. seen_* : a sample
    every `every` steps (0: none).
    """
    n = vessels.shape[1]
    n_buckets = bucket.shape[1]
    longest = 0
    for p in range(len(pipe_steps)):
        longest = max(longest, int(pipe_steps[p]) + 1)
    ring = longest + 1
    arriving = np.empty((ring, n + n_buckets))
    for e in range(len(machine_of)):
        table = vessels[machine_of[e]]
        arriving[:] = 0.0
        last_pour = 0.0
        for k in range(len(pour_target)):
            last_pour = max(last_pour, pour_start[k] + pour_volume[e, k] / pour_rate[k])
        for step in range(n_steps):
            now = step * dt
            row = arriving[step % ring]
            if now <= last_pour:
                for k in range(len(pour_target)):
                    end = pour_start[k] + pour_volume[e, k] / pour_rate[k]
                    open_for = min(end, now + dt) - max(pour_start[k], now)
                    if open_for > 0.0:
                        row[pour_target[k]] += pour_rate[k] * open_for
                        poured[e] += pour_rate[k] * open_for
            for i in range(n):
                v = table[i]
                level, came = volume[e, i], row[i]
                row[i] = 0.0
                if level == 0.0 and came == 0.0 and not running[e, i]:
                    continue
                inflow = came / dt
                on = running[e, i]
                leaked = over = 0.0
                rest = dt
                for attempt in range(MAX_EVENTS):
                    after, leak_part, over_part = _heun(level, on, inflow, rest, v)
                    if on:
                        event = after <= v[INLET]
                    else:
                        event = after >= v[CREST] and inflow - _leak(max(level, v[CREST]), v) > v[PRIME]
                    if event and attempt < MAX_EVENTS - 1:
                        edge = v[INLET] if on else v[CREST]
                        past = level <= edge if on else level >= edge
                        part = 0.0 if past else rest * (edge - level) / (after - level)
                        after, leak_part, over_part = _heun(level, on, inflow, part, v)
                        rest -= part
                        if on and ended[e, i] == np.inf:
                            ended[e, i] = now + dt - rest
                        if not on and started[e, i] == np.inf:
                            started[e, i] = now + dt - rest
                        on = not on
                    else:
                        rest = 0.0
                    level = after
                    leaked += leak_part
                    over += over_part
                    if rest <= 0.0:
                        break
                if level > v[RIM]:
                    row[n + n_buckets - 1] += level - v[RIM]
                    level = v[RIM]
                volume[e, i] = level
                running[e, i] = on
                peak[e, i] = max(peak[e, i], level)
                for port in range(2):
                    out = over if port else leaked
                    if out > 0.0:
                        port_volume[e, i, port] += out
                        kept = out
                        for p in range(pipe_ptr[2 * i + port], pipe_ptr[2 * i + port + 1]):
                            flow = out * pipe_share[p]
                            kept -= flow
                            whole = int(pipe_steps[p])
                            late = flow * (pipe_steps[p] - whole)
                            arriving[(step + whole) % ring, pipe_target[p]] += flow - late
                            arriving[(step + whole + 1) % ring, pipe_target[p]] += late
                        row[n + n_buckets - 1] += kept
            for k in range(n_buckets):
                came = row[n + k]
                if came != 0.0:
                    row[n + k] = 0.0
                    had = bucket[e, k]
                    bucket[e, k] = had + came
                    if had < line[k] <= had + came:
                        crossed[e, k] = now + dt * (line[k] - had) / came
            if every and (step + 1) % every == 0:
                s = (step + 1) // every - 1
                seen_volume[e, s] = volume[e]
                seen_running[e, s] = running[e]
                seen_bucket[e, s] = bucket[e]
        in_pipes[e] = arriving.sum()
