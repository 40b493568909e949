# pyright: reportCallIssue=false
"""Waveforms of many patterns at once: a net's waveform is a sorted list of (time, lanes that change).

A step of a cell costs one merge of its pins' lists for all lanes of a block. The same source is compiled
for blocks of 64 lanes (masks are an array of words) and of 512 lanes (masks have a second axis of 8 words,
handled as LLVM vectors).
"""

from __future__ import annotations

import numpy as np

from .jit import kernel
from .lane_vectors import add_ones, any_lane, load, lowest_bit, splat, store, sum_words, word_of

NEVER = np.int64(1 << 62)
"""A time after every event: the end of a list."""

NEXT, TOP, N_LISTS, STEPS, NEEDED, LAST_ROOM = 0, 1, 2, 3, 4, 5
"""Fields of ``progress``: next cell in order, entries used, lists made, steps done, room wanted."""

DONE, PAUSED, NEEDS_ROOM, NEEDS_SCRATCH = 0, 1, 2, 3
"""What :func:`propagate` returns."""

# -- one cell --------------------------------------------------------------------------------


@kernel
def _merge2(times, masks, a, b, anf, va, vb, out_times, out_masks, o, delay):
    """Changes of a function of two pins, without its delay; the next free index after them.

    ``a`` and ``b`` are where the pins' lists start, ``va`` and ``vb`` the pins before any event. The
    function is in algebraic normal form: bit ``i`` of ``anf`` is the coefficient of the product of the
    pins in ``i``. Every list ends in NEVER. No branch depends on which pin comes first.
    """
    k1, k2, k3 = splat(masks, anf >> 1), splat(masks, anf >> 2), splat(masks, anf >> 3)
    value = (k1 & va) ^ (k2 & vb) ^ (k3 & va & vb)
    ta, tb = times[a], times[b]
    while True:
        t = min(ta, tb)
        if t == NEVER:
            return o
        use_a, use_b = np.int64(ta == t), np.int64(tb == t)
        va = va ^ (load(masks, a) & splat(masks, use_a))
        vb = vb ^ (load(masks, b) & splat(masks, use_b))
        a += use_a
        b += use_b
        ta, tb = times[a], times[b]
        following = (k1 & va) ^ (k2 & vb) ^ (k3 & va & vb)
        change = following ^ value
        value = following
        out_times[o] = t + delay
        store(out_masks, o, change)
        o += any_lane(change)


@kernel
def _cofactors(masks, anf, va, vb):
    """The function of two pins with coefficients ``anf`` (4 bits)."""
    return (
        splat(masks, anf) ^ (splat(masks, anf >> 1) & va) ^ (splat(masks, anf >> 2) & vb)
        ^ (splat(masks, anf >> 3) & va & vb)
    )  # fmt: skip


@kernel
def _function4(masks, anf, va, vb, vc, vd):
    low = _cofactors(masks, anf, va, vb) ^ (vc & _cofactors(masks, anf >> 4, va, vb))
    high = _cofactors(masks, anf >> 8, va, vb) ^ (vc & _cofactors(masks, anf >> 12, va, vb))
    return low ^ (vd & high)


@kernel
def _merge4(times, masks, a, b, c, d, anf, va, vb, vc, vd, out_times, out_masks, o, delay):
    """As :func:`_merge2`, with four pins."""
    value = _function4(masks, anf, va, vb, vc, vd)
    ta, tb, tc, td = times[a], times[b], times[c], times[d]
    while True:
        t = min(ta, tb, tc, td)
        if t == NEVER:
            return o
        use_a, use_b, use_c, use_d = np.int64(ta == t), np.int64(tb == t), np.int64(tc == t), np.int64(td == t)
        va = va ^ (load(masks, a) & splat(masks, use_a))
        vb = vb ^ (load(masks, b) & splat(masks, use_b))
        vc = vc ^ (load(masks, c) & splat(masks, use_c))
        vd = vd ^ (load(masks, d) & splat(masks, use_d))
        a += use_a
        b += use_b
        c += use_c
        d += use_d
        ta, tb, tc, td = times[a], times[b], times[c], times[d]
        following = _function4(masks, anf, va, vb, vc, vd)
        change = following ^ value
        value = following
        out_times[o] = t + delay
        store(out_masks, o, change)
        o += any_lane(change)


@kernel
def _clean(queue_masks, cancels, first, tail, recent):
    """Take from queued changes the lanes that were cancelled after they were queued."""
    gone = recent
    for j in range(tail - 1, first - 1, -1):
        store(queue_masks, j, load(queue_masks, j) & ~gone)
        if j > first:
            gone = gone | load(cancels, j - 1)


@kernel
def _delay(src_t, src_m, n, value, hold_rise, hold_fall, rest_rise, rest_fall,
           times, masks, o, rise_t, rise_m, rise_c, fall_t, fall_m, fall_c):  # fmt: skip
    """Delay the changes ``src`` of a net that starts at ``value``; the next free index after them.

    A change to 1 (0) may be cancelled by the opposite change for ``hold_rise`` (``hold_fall``), and
    appears ``rest_rise`` (``rest_fall``) later; with a hold of 0 it is certain at once. Queued changes
    of one direction lie in order of time. A cancelled lane is not looked for in the queue: what was
    cancelled since is kept beside every queued change (``rise_c``) and for the whole front of the queue
    (``rise_gone``), so that a step costs a constant number of operations, averaged.
    """
    zero = value ^ value
    first = o
    pending = zero
    rise_gone = rise_recent = fall_gone = fall_recent = zero
    rise_head = rise_mid = rise_tail = fall_head = fall_mid = fall_tail = 0
    next_rise = next_fall = NEVER
    for k in range(n + 1):
        t = src_t[k] if k < n else NEVER
        while True:
            due = min(next_rise, next_fall)
            if due > t or due == NEVER:
                break
            certain = zero
            at = due
            if next_rise == due:
                if rise_head == rise_mid:
                    _clean(rise_m, rise_c, rise_head, rise_tail, rise_recent)
                    rise_mid = rise_tail
                    rise_gone = rise_recent = zero
                certain = load(rise_m, rise_head) & ~rise_gone
                rise_head += 1
                next_rise = rise_t[rise_head] if rise_head < rise_tail else NEVER
                at = due + rest_rise
            if next_fall == due:
                if fall_head == fall_mid:
                    _clean(fall_m, fall_c, fall_head, fall_tail, fall_recent)
                    fall_mid = fall_tail
                    fall_gone = fall_recent = zero
                certain = certain | (load(fall_m, fall_head) & ~fall_gone)
                fall_head += 1
                next_fall = fall_t[fall_head] if fall_head < fall_tail else NEVER
                at = due + rest_fall
            pending = pending & ~certain
            if any_lane(certain):
                if o > first and times[o - 1] == at:
                    store(masks, o - 1, load(masks, o - 1) ^ certain)
                else:
                    times[o] = at
                    store(masks, o, certain)
                    o += 1
        if k == n:
            break
        change = load(src_m, k)
        value = value ^ change
        cancel = change & pending
        start = change & ~pending
        pending = pending & ~cancel
        rise_gone = rise_gone | cancel
        rise_recent = rise_recent | cancel
        fall_gone = fall_gone | cancel
        fall_recent = fall_recent | cancel
        rise, fall = start & value, start & ~value
        at_once = zero
        at = t
        if hold_rise == 0:
            at_once = rise
            at = t + rest_rise
        elif any_lane(rise):
            if rise_head == rise_tail:
                rise_head = rise_mid = rise_tail = 0
                next_rise = t + hold_rise
            else:
                store(rise_c, rise_tail - 1, rise_recent)
            rise_recent = zero
            rise_t[rise_tail] = t + hold_rise
            store(rise_m, rise_tail, rise)
            rise_tail += 1
            pending = pending | rise
        if hold_fall == 0:
            at_once = at_once | fall
            at = t + rest_fall
        elif any_lane(fall):
            if fall_head == fall_tail:
                fall_head = fall_mid = fall_tail = 0
                next_fall = t + hold_fall
            else:
                store(fall_c, fall_tail - 1, fall_recent)
            fall_recent = zero
            fall_t[fall_tail] = t + hold_fall
            store(fall_m, fall_tail, fall)
            fall_tail += 1
            pending = pending | fall
        if any_lane(at_once):
            if o > first and times[o - 1] == at:
                store(masks, o - 1, load(masks, o - 1) ^ at_once)
            else:
                times[o] = at
                store(masks, o, at_once)
                o += 1
    return o


# -- the lists of a block --------------------------------------------------------------------


@kernel
def begin(inputs, arrival, before, after, low, words, times, masks, value, starts, ends, lists, progress):
    """Empty the lists of a block and make those of the inputs: words ``low .. low + words`` of the planes."""
    starts[:] = 0
    ends[:] = 0
    times[0] = NEVER
    store(masks, 0, splat(masks, 0))
    store(value, 0, splat(masks, 0))
    store(value, 1, splat(masks, 1))
    top = 1
    count = 0
    flat_value, flat_masks = value.reshape(-1), masks.reshape(-1)
    block = flat_value.size // len(value)
    for i in range(len(inputs)):
        net = inputs[i]
        store(value, net, splat(masks, 0))
        store(masks, top, splat(masks, 0))
        for w in range(words):
            flat_value[net * block + w] = before[i, low + w]
            flat_masks[top * block + w] = before[i, low + w] ^ after[i, low + w]
        if any_lane(load(masks, top)):
            times[top], times[top + 1] = arrival[i], NEVER
            starts[net], ends[net] = top, top + 1
            lists[count] = net
            count += 1
            top += 2
    progress[NEXT], progress[TOP], progress[N_LISTS], progress[STEPS] = 0, top, count, 0


@kernel
def _compact(times, masks, starts, ends, lists, progress, readers_left, kept):
    """Move the lists that are still wanted to the front."""
    top = 1
    count = 0
    for i in range(progress[N_LISTS]):
        net = lists[i]
        if readers_left[net] <= 0 and not kept[net]:
            continue
        shift = starts[net] - top
        if shift:
            for j in range(starts[net], ends[net] + 1):
                times[j - shift] = times[j]
                store(masks, j - shift, load(masks, j))
            starts[net] -= shift
            ends[net] -= shift
        top = ends[net] + 1
        lists[count] = net
        count += 1
    progress[TOP], progress[N_LISTS] = top, count


@kernel
def propagate(order, pins, n_pins, anf, hold, rest, kept, readers_left, budget,
              times, masks, value, starts, ends, lists, progress,
              src_t, src_m, rise_t, rise_m, rise_c, fall_t, fall_m, fall_c,
              toggles, needed, last):  # fmt: skip
    """Make the list of every cell of `order`, from ``progress[NEXT]`` on; see the status codes.

    ``hold`` and ``rest`` are (n, 2) for rising and falling, see :func:`_delay`; ``toggles``, ``needed``
    and ``last`` gain the transitions, the changes from first to last value, and the last time, by net.
    """
    stop = progress[STEPS] + budget
    for position in range(progress[NEXT], len(order)):
        progress[NEXT] = position
        if progress[STEPS] > stop:
            return PAUSED
        cell = order[position]
        a, b = pins[cell, 0], pins[cell, 1]
        c, d = pins[cell, 2], pins[cell, 3]
        wide = n_pins[cell] > 2
        steps = ends[a] - starts[a] + ends[b] - starts[b]
        if wide:
            steps += ends[c] - starts[c] + ends[d] - starts[d]
        room = 2 * steps + 2
        if progress[TOP] + room > len(times):
            _compact(times, masks, starts, ends, lists, progress, readers_left, kept)
            if progress[TOP] + room > len(times):
                progress[LAST_ROOM] = progress[TOP] + room
                return NEEDS_ROOM
        if steps + 1 > len(src_t):
            progress[LAST_ROOM] = steps + 1
            return NEEDS_SCRATCH
        va, vb, vc, vd = load(value, a), load(value, b), load(value, c), load(value, d)
        initial = _function4(masks, anf[cell], va, vb, vc, vd)
        store(value, cell, initial)
        first = progress[TOP]
        o = first
        if steps:
            if hold[cell, 0] == 0 and hold[cell, 1] == 0:
                if wide:
                    o = _merge4(times, masks, starts[a], starts[b], starts[c], starts[d], anf[cell],
                                va, vb, vc, vd, times, masks, o, rest[cell, 0])  # fmt: skip
                else:
                    o = _merge2(times, masks, starts[a], starts[b], anf[cell], va, vb, times, masks, o, rest[cell, 0])
            else:
                if wide:
                    n = _merge4(times, masks, starts[a], starts[b], starts[c], starts[d], anf[cell],
                                va, vb, vc, vd, src_t, src_m, 0, 0)  # fmt: skip
                else:
                    n = _merge2(times, masks, starts[a], starts[b], anf[cell], va, vb, src_t, src_m, 0, 0)
                o = _delay(src_t, src_m, n, initial, hold[cell, 0], hold[cell, 1], rest[cell, 0], rest[cell, 1],
                           times, masks, o, rise_t, rise_m, rise_c, fall_t, fall_m, fall_c)  # fmt: skip
        if o > first:
            times[o] = NEVER
            starts[cell], ends[cell] = first, o
            lists[progress[N_LISTS]] = cell
            progress[N_LISTS] += 1
            progress[TOP] = o + 1
            ones = changed = initial ^ initial
            for j in range(first, o):
                lanes = load(masks, j)
                ones = add_ones(ones, lanes)
                changed = changed ^ lanes
            toggles[cell] += sum_words(ones)
            needed[cell] += sum_words(add_ones(initial ^ initial, changed))
            last[cell] = max(last[cell], times[o - 1])
        for k in range(n_pins[cell]):
            readers_left[pins[cell, k]] -= 1
        progress[STEPS] += steps + 8
    progress[NEXT] = len(order)
    return DONE


@kernel
def per_lane(first, end, times, masks, counter, weight, n_lanes, energy, count, settled):
    """Add one net's transitions to the lanes: ``energy`` and ``count`` gain, ``settled`` becomes the later time.

    Transitions are counted for all lanes at once in binary, bit ``p`` of every lane's count in
    ``counter[p]``.
    """
    top = 0
    for j in range(first, end):
        carry = load(masks, j)
        p = 0
        while any_lane(carry):
            if p == top:
                store(counter, p, carry ^ carry)
                top += 1
            plane = load(counter, p)
            store(counter, p, plane ^ carry)
            carry = plane & carry
            p += 1
    for p in range(top):
        for lane in range(n_lanes):
            bit = np.int64((word_of(counter, p, lane >> 6) >> np.uint64(lane & 63)) & np.uint64(1))
            count[lane] += bit << p
            energy[lane] += weight * (bit << p)
    seen = splat(masks, 0)
    for j in range(end - 1, first - 1, -1):
        lanes = load(masks, j) & ~seen
        if any_lane(lanes):
            store(counter, 0, lanes)
            for w in range((n_lanes + 63) >> 6):
                word = word_of(counter, 0, w)
                while word:
                    lane = 64 * w + lowest_bit(word)
                    settled[lane] = max(settled[lane], times[j])
                    word &= word - np.uint64(1)
            seen = seen | lanes
