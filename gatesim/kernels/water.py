"""Water in siphon vessels: fixed-step Heun with the moments of crest and inlet found inside a step.

A vessel holds a volume and one flag, whether its siphon runs. What leaves it in a step travels as a
volume through pipes that are pure delays, so that every drop is counted once: whatever the step,
poured = buckets + vessels + pipes up to rounding.

Experiments on one machine run side by side, as lanes. A leak alone, the usual case, is a branch-free loop
over the lanes that LLVM turns into vector code; a lane whose siphon runs, or whose water reaches crest or
rim, is done again by itself. (The number of lanes is no constant in the loops: LLVM would unroll them
first and then find nothing to vectorise.)
"""

from __future__ import annotations

import numpy as np

from .jit import inlined, kernel

# Columns of the table of vessels (SI units; volumes, not heights, so that the loop never divides).
AREA, CREST, INLET, RIM, HELD, LEAK, SIPHON, DROP, PRIME, WEIR = range(10)
N_COLUMNS = 10

LANES = 32
"""Experiments done together, where there are enough of them."""
FEW = 16
"""Fewer experiments are done one after another: vectors that are mostly empty cost more."""
MAX_EVENTS = 8
"""A siphon starts or stops at most so often in a step; a step short enough has one event."""


@inlined
def _leak(volume, v):
    """Torricelli: LEAK is Cd a sqrt(2 g / A); nothing flows from under the capillary hold-up."""
    return v[LEAK] * np.sqrt(volume) if volume > v[HELD] else 0.0


@inlined
def _over(volume, running, v):
    """Flow through the siphon while it runs; else what dribbles over the crest."""
    if running:
        return v[SIPHON] * np.sqrt(volume + v[DROP])
    above = volume - v[CREST]
    if v[WEIR] > 0.0 and above > 0.0:
        return min(v[WEIR] * above * np.sqrt(above), v[SIPHON] * np.sqrt(volume + v[DROP]))
    return 0.0


@inlined
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


@inlined
def _step(level, on, inflow, dt, v, moments):
    """One vessel for one step, siphon and all: (level, on, leaked, over); first moments of an event.

    moments[0] and moments[1] become the seconds into the step at which the siphon started and ended
    (-1: it did not).
    """
    leaked = over = 0.0
    moments[0] = moments[1] = -1.0
    rest = dt
    for attempt in range(MAX_EVENTS):
        after, leak_part, over_part = _heun(level, on, inflow, rest, v)
        if on:  # noqa: SIM108 (one line would not be shorter)
            event = after <= v[INLET]
        else:
            event = after >= v[CREST] and inflow - _leak(max(level, v[CREST]), v) > v[PRIME]
        if event and attempt < MAX_EVENTS - 1:
            edge = v[INLET] if on else v[CREST]
            past = level <= edge if on else level >= edge
            part = 0.0 if past else rest * (edge - level) / (after - level)
            after, leak_part, over_part = _heun(level, on, inflow, part, v)
            rest -= part
            moments[1 if on else 0] = dt - rest
            on = not on
        else:
            rest = 0.0
        level = after
        leaked += leak_part
        over += over_part
        if rest <= 0.0:
            break
    return level, on, leaked, over


@kernel
def _leak_alone(water, came, after, leaked, leak, dt):
    """The Heun step of :func:`_heun` in all lanes, as if nothing but the leak could run."""
    for x in range(len(water)):
        flow = leak * np.sqrt(water[x])
        full = water[x] + came[x]
        guess = full - dt * flow
        guess = guess if guess > 0.0 else 0.0
        out = 0.5 * dt * (flow + leak * np.sqrt(guess))
        out = out if out < full else full
        leaked[x] = out
        after[x] = full - out


@kernel
def _count_special(after, running, least):
    """Lanes whose siphon runs or whose water reached `least`."""
    count = 0
    for x in range(len(after)):
        count += 1 if running[x] else 0
        count += 1 if after[x] >= least else 0
    return count


@inlined
def _count_wet(water, came):
    count = 0
    for x in range(len(water)):
        count += 1 if water[x] + came[x] > 0.0 else 0
    return count


@inlined
def _settle(after, water, came, top):
    for x in range(len(after)):
        water[x] = after[x]
        came[x] = 0.0
        top[x] = after[x] if after[x] > top[x] else top[x]


@inlined
def _add(into, flow, share):
    for x in range(len(into)):
        into[x] += flow[x] * share


@inlined
def _fill(has, came, line):
    """Pour what came into a bucket; how many lanes crossed the line. `came` stays."""
    count = 0
    for x in range(len(has)):
        before = has[x]
        has[x] = before + came[x]
        count += 1 if (before < line) & (has[x] >= line) else 0
    return count


@kernel
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
    outlet,
    peak,
    seen_volume,
    seen_running,
    seen_bucket,
):
    """Run every experiment for `n_steps` steps of `dt` seconds; the last thirteen arrays are results.

    vessels : (machines, n, N_COLUMNS); machine_of : (experiments,) which machine each runs on.
    pipe_ptr : (2 n + 1,) pipes of port 2 i (leak, XOR) and 2 i + 1 (siphon, AND) of vessel i; a pipe goes
    to vessel ``target`` < n or to bucket ``target - n``, takes ``share`` of the port's flow and arrives
    after ``steps`` >= 1 (a fraction of a step spreads over two). The last bucket takes what no pipe takes
    and what runs over a rim. pour_volume : (experiments, pours). line : (buckets,) volumes whose crossing
    is timed (inf: never). started, ended : first times that a siphon ran and stopped. seen_* : a sample
    every `every` steps (0: none), (experiments, samples, ...).
    """
    n, n_buckets, n_pours = vessels.shape[1], bucket.shape[1], len(pour_target)
    ring = 2
    for p in range(len(pipe_steps)):
        ring = max(ring, int(pipe_steps[p]) + 2)
    lanes = LANES if len(machine_of) >= FEW else 1
    arriving = np.empty((ring, n + n_buckets, lanes))
    level, on = np.empty((n, lanes)), np.empty((n, lanes), np.bool_)
    held, top = np.empty((n_buckets, lanes)), np.empty((n, lanes))
    given = np.empty((n, 2, lanes))
    leaked, over, after = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    moments = np.empty(2)
    low = 0
    while low < len(machine_of):
        high = low + 1
        while high < len(machine_of) and high - low < lanes and machine_of[high] == machine_of[low]:
            high += 1
        table = vessels[machine_of[low]]
        arriving[:] = 0.0
        level[:] = 0.0
        on[:] = False
        held[:] = 0.0
        top[:] = 0.0
        given[:] = 0.0
        last_pour = 0.0
        for e in range(low, high):
            for k in range(n_pours):
                last_pour = max(last_pour, pour_start[k] + pour_volume[e, k] / pour_rate[k])
        for step in range(n_steps):
            now = step * dt
            row = arriving[step % ring]
            if now <= last_pour:
                for e in range(low, high):
                    for k in range(n_pours):
                        end = pour_start[k] + pour_volume[e, k] / pour_rate[k]
                        open_for = min(end, now + dt) - max(pour_start[k], now)
                        if open_for > 0.0:
                            row[pour_target[k], e - low] += pour_rate[k] * open_for
                            poured[e] += pour_rate[k] * open_for
            for i in range(n):
                if lanes == 1 and level[i, 0] + row[i, 0] <= 0.0:
                    continue  # before any view is made: a view costs more than the look
                v = table[i]
                water, came, siphon = level[i], row[i], on[i]
                hold, crest, rim = v[HELD], v[CREST], v[RIM]
                by_itself = hold > 0.0 or lanes == 1
                if lanes > 1:
                    if not _count_wet(water, came):
                        continue
                    _leak_alone(water, came, after, leaked, v[LEAK], dt)
                special = by_itself or _count_special(after, siphon, min(crest, rim)) > 0
                if special:
                    over[:] = 0.0
                    for x in range(high - low):
                        if by_itself or siphon[x] or after[x] >= min(crest, rim):
                            after[x], siphon[x], leaked[x], over[x] = _step(
                                water[x], siphon[x], came[x] / dt, dt, v, moments
                            )
                            if moments[0] >= 0.0 and started[low + x, i] == np.inf:
                                started[low + x, i] = now + moments[0]
                            if moments[1] >= 0.0 and ended[low + x, i] == np.inf:
                                ended[low + x, i] = now + moments[1]
                            if after[x] > rim:
                                row[n + n_buckets - 1, x] += after[x] - rim
                                after[x] = rim
                _settle(after, water, came, top[i])
                for port in range(2 if special else 1):
                    if lanes == 1 and (over[0] if port else leaked[0]) == 0.0:
                        continue
                    flowing = over if port else leaked
                    _add(given[i, port], flowing, 1.0)
                    kept = 1.0
                    for p in range(pipe_ptr[2 * i + port], pipe_ptr[2 * i + port + 1]):
                        whole = int(pipe_steps[p])
                        late = pipe_share[p] * (pipe_steps[p] - whole)
                        kept -= pipe_share[p]
                        _add(arriving[(step + whole) % ring, pipe_target[p]], flowing, pipe_share[p] - late)
                        if late > 0.0:
                            _add(arriving[(step + whole + 1) % ring, pipe_target[p]], flowing, late)
                    if kept != 0.0:
                        _add(row[n + n_buckets - 1], flowing, kept)
            for k in range(n_buckets):
                if lanes == 1 and row[n + k, 0] == 0.0:
                    continue
                came, has = row[n + k], held[k]
                if _fill(has, came, line[k]):
                    for x in range(high - low):
                        had = has[x] - came[x]
                        if had < line[k] <= has[x] and crossed[low + x, k] == np.inf:
                            crossed[low + x, k] = now + dt * (line[k] - had) / came[x]
                came[:] = 0.0
            if every and (step + 1) % every == 0:
                s = (step + 1) // every - 1
                for e in range(low, high):
                    seen_volume[e, s] = level[:, e - low]
                    seen_running[e, s] = on[:, e - low]
                    seen_bucket[e, s] = held[:, e - low]
        for e in range(low, high):
            volume[e] = level[:, e - low]
            running[e] = on[:, e - low]
            bucket[e] = held[:, e - low]
            peak[e] = top[:, e - low]
            outlet[e] = given[:, :, e - low]
            in_pipes[e] = arriving[:, :, e - low].sum()
        low = high
