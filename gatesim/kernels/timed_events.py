"""The event wheel: one circuit in time, only what changes is looked at.

Time is counted in units (the greatest common divisor of all delays and input times), so that most
netlists need a small wheel. A bucket of the wheel is a chain of chunks of 16 words: 15 events and the
number of the next chunk. Nothing is allocated while it turns.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

CHUNK = 16
"""Words of a chunk; the last one is the link."""

INDEX, PROJECTED, PENDING, DIRTY = 16, 20, 21, 22
"""Bits of a cell's word: 16 of truth table, 4 of pin values, what the output is going to be, whether a
change of it is under way, whether the cell waits to be looked at."""

CERTAIN = 1
"""Low bit of an event that nothing can cancel any more."""

OPERATION, NOW, N_FREE, N_DIRTY, N_TOUCHED, N_RECORDED, EVENTS, OPERATION_EVENTS = range(8)
"""Fields of ``progress``: operations begun less one, time of the last step, chunks to be had, cells marked,
nets touched in this operation, transitions recorded, transitions in all and in this operation."""

DONE, PAUSED, NEEDS_CHUNKS, NEEDS_RECORD, OSCILLATES = range(5)
"""What :func:`run` returns."""

NEVER = np.int64(1 << 62)


@intrinsic
def _lowest(typingctx, word):
    """Position of the lowest 1 of a word that is not 0."""

    def codegen(context, builder, sig, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@njit(cache=True, nogil=True)
def relax(order, tables, fanin_ptr, fanin, values, sweeps):
    """Give every cell of `order` the value that its pins ask for, until nothing changes or `sweeps` times."""
    for _ in range(sweeps):
        changed = False
        for cell in order:
            index = 0
            for k in range(fanin_ptr[cell], fanin_ptr[cell + 1]):
                index |= np.int64(values[fanin[k]]) << (k - fanin_ptr[cell])
            value = np.uint8((np.int64(tables[cell]) >> index) & 1)
            changed |= value != values[cell]
            values[cell] = value
        if not changed:
            return


@njit(cache=True, nogil=True)
def _next_bucket(bitmap, summary, origin):
    """The first bucket from `origin` on, around the wheel, that holds an event; -1 if none does."""
    word = origin >> 6
    here = bitmap[word] >> np.uint64(origin & 63)
    if here:
        return origin + _lowest(here)
    above = summary[0] & ~((np.uint64(2) << np.uint64(word)) - np.uint64(1))
    if above:
        word = _lowest(above)
    elif summary[0]:
        word = _lowest(summary[0])
    else:
        return -1
    return (word << 6) + _lowest(bitmap[word])


@njit(cache=True, nogil=True)
def _push(time, item, wanted, shift, heads_mask, chunks, tails, bitmap, summary, free, progress):
    """Put an event into the wheel if `wanted` is 1 (no branch depends on it)."""
    bucket = (time >> shift) & heads_mask
    at = tails[bucket]
    chunks[at] = item | ((time & ((1 << shift) - 1)) << 32)
    at += wanted
    if at & (CHUNK - 1) == CHUNK - 1:
        progress[N_FREE] -= 1
        fresh = free[progress[N_FREE]]
        chunks[at] = fresh
        at = fresh * CHUNK
    tails[bucket] = at
    bitmap[bucket >> 6] |= np.uint64(wanted) << np.uint64(bucket & 63)
    summary[0] |= np.uint64(wanted) << np.uint64(bucket >> 6)


@njit(cache=True, nogil=True)
def _due(time, shift, heads_mask, chunks, heads, tails, bitmap, summary, free, progress, due):
    """Move the events of `time` from their bucket to ``due``: how many there are."""
    bucket = (time >> shift) & heads_mask
    low = time & ((1 << shift) - 1)
    at, end = heads[bucket] * CHUNK, tails[bucket]
    keep = at
    n = 0
    while at != end:
        if at & (CHUNK - 1) == CHUNK - 1:
            at = chunks[at] * CHUNK
            continue
        item = chunks[at]
        at += 1
        now = np.int64((item >> 32) == low)
        due[n] = item & 0xFFFFFFFF
        n += now
        if shift:
            if keep & (CHUNK - 1) == CHUNK - 1:
                keep = chunks[keep] * CHUNK
            chunks[keep] = item
            keep += 1 - now
    if keep & (CHUNK - 1) == CHUNK - 1:
        keep = chunks[keep] * CHUNK
    spare = keep // CHUNK  # give back the chunks after the last event that stays
    while spare != end // CHUNK:
        spare = chunks[spare * CHUNK + CHUNK - 1]
        free[progress[N_FREE]] = spare
        progress[N_FREE] += 1
    tails[bucket] = keep
    if keep == heads[bucket] * CHUNK:
        bitmap[bucket >> 6] &= ~(np.uint64(1) << np.uint64(bucket & 63))
        if bitmap[bucket >> 6] == 0:
            summary[0] &= ~(np.uint64(1) << np.uint64(bucket >> 6))
    return n


@njit(cache=True, nogil=True)
def _earliest(now, shift, heads_mask, chunks, heads, tails, bitmap, summary):
    """The time of the next event at `now` or later; NEVER if there is none."""
    origin = (now >> shift) & heads_mask
    bucket = _next_bucket(bitmap, summary, origin)
    if bucket < 0:
        return NEVER
    turn = (now >> shift) - origin + bucket + (heads_mask + 1 if bucket < origin else 0)
    base = turn << shift
    if shift == 0:
        return base
    at, end = heads[bucket] * CHUNK, tails[bucket]
    low = np.int64(1) << shift
    while at != end:
        if at & (CHUNK - 1) == CHUNK - 1:
            at = chunks[at] * CHUNK
            continue
        low = min(low, chunks[at] >> 32)
        at += 1
    return base + low


@njit(cache=True, nogil=True)
def _become(cell, value, now, cells, hold, rest, commit, shift, heads_mask, chunks, tails, bitmap, summary, free,
            progress):  # fmt: skip
    """The output of `cell` is going to be `value`: queue that, or cancel what contradicts it."""
    word = np.int64(cells[cell])
    change = value ^ ((word >> PROJECTED) & 1)
    pending = (word >> PENDING) & 1
    start = change & (1 - pending)
    wait = hold[cell, value]
    sure = np.int64(wait == 0)
    at = now + wait + sure * rest[cell, value]
    turned = change & (1 - (start & sure))
    cells[cell] = np.int32((word & ~(1 << DIRTY)) ^ (change << PROJECTED) ^ (turned << PENDING))
    commit[cell] = at if start else commit[cell]
    _push(at, (cell << 1) | sure, start, shift, heads_mask, chunks, tails, bitmap, summary, free, progress)


@njit(cache=True, nogil=True)
def _turn_over(net, now, operation, values, edge_ptr, edges, cells, dirty, touched, mark, last_time, toggles,
               watched, record_time, record_net, record_operation, progress):  # fmt: skip
    """A net changes: tell its readers, and count it."""
    values[net] ^= 1
    toggles[net] += 1
    touched[progress[N_TOUCHED]] = net
    progress[N_TOUCHED] += np.int64(mark[net] != operation)
    mark[net] = operation
    last_time[net] = now
    at = progress[N_RECORDED]
    record_time[at], record_net[at], record_operation[at] = now, net, operation
    progress[N_RECORDED] = at + watched[net]
    n_dirty = progress[N_DIRTY]
    for e in range(edge_ptr[net], edge_ptr[net + 1]):
        edge = np.int64(edges[e])
        reader = edge >> 4
        word = np.int64(cells[reader])
        dirty[n_dirty] = reader
        n_dirty += 1 - ((word >> DIRTY) & 1)
        cells[reader] = np.int32((word ^ ((edge & 15) << INDEX)) | (1 << DIRTY))
    progress[N_DIRTY] = n_dirty


@njit(cache=True, nogil=True)
def run(n_operations, times, begun, input_ptr, input_nets, budget, limit, reserve,
        cells, values, edge_ptr, edges, hold, rest, registers, register_pins, register_reset,
        commit, last_time, before, shift, heads_mask, chunks, heads, tails, bitmap, summary, free,
        due, dirty, touched, mark, watched, record_time, record_net, record_operation, sampled, samples,
        toggles, needed, last, progress):  # fmt: skip
    """Turn the wheel until all operations are over; see the status codes.

    Operation ``k`` begins at ``times[k]`` (or, where that is -1, as soon as nothing is under way): the
    registers sample their pins, then the nets ``input_nets[input_ptr[k]:input_ptr[k + 1]]`` turn over. What
    happens at the very end of an operation still belongs to it, and registers see it. ``hold`` and ``rest``
    are (n, 2) by the value to come: how long a change can be cancelled, and how long it takes after that.
    A step is one time: first every change that is due, then every cell that reads one, once.
    """
    stop = progress[EVENTS] + budget
    while progress[OPERATION] < n_operations:
        k = progress[OPERATION]
        if progress[EVENTS] > stop:
            return PAUSED
        if progress[OPERATION_EVENTS] > limit:
            return OSCILLATES
        if progress[N_FREE] < reserve:
            return NEEDS_CHUNKS
        if progress[N_RECORDED] + 2 * len(values) > len(record_net):
            return NEEDS_RECORD
        now = _earliest(progress[NOW] + 1, shift, heads_mask, chunks, heads, tails, bitmap, summary)
        begin = times[k + 1]
        if begin < 0:
            begin = progress[NOW] + 1 if now == NEVER else NEVER
        starting = begin <= now
        if starting:
            now = begin
        progress[NOW] = now
        began = begun[k] if k >= 0 else now
        n = _due(now, shift, heads_mask, chunks, heads, tails, bitmap, summary, free, progress, due)
        for i in range(n):
            net = due[i] >> 1
            if due[i] & CERTAIN == 0:
                word = np.int64(cells[net])
                if (word >> PENDING) & 1 == 0 or commit[net] != now:
                    continue  # cancelled meanwhile
                cells[net] = np.int32(word ^ (1 << PENDING))
                later = rest[net, (word >> PROJECTED) & 1]
                if later:
                    _push(now + later, (net << 1) | CERTAIN, 1, shift, heads_mask, chunks, tails, bitmap, summary,
                          free, progress)  # fmt: skip
                    continue
            progress[EVENTS] += 1
            progress[OPERATION_EVENTS] += 1
            _turn_over(net, now, k, values, edge_ptr, edges, cells, dirty, touched, mark, last_time, toggles,
                       watched, record_time, record_net, record_operation, progress)  # fmt: skip
        if starting:
            if k >= 0:
                for i in range(progress[N_TOUCHED]):
                    net = touched[i]
                    needed[net] += np.int64(values[net] != before[net])
                    before[net] = values[net]
                    last[net] = max(last[net], last_time[net] - began)
                for i in range(len(sampled)):
                    samples[k, i] = values[sampled[i]]
            progress[N_TOUCHED] = 0
            progress[OPERATION_EVENTS] = 0
            k += 1
            progress[OPERATION] = k
            begun[k] = now
            if k < n_operations:
                for i in range(len(registers)):
                    q = registers[i]
                    following = (np.int64(cells[q]) >> PROJECTED) & 1
                    if values[register_pins[i, 2]]:
                        following = np.int64(register_reset[i])
                    elif values[register_pins[i, 1]]:
                        following = np.int64(values[register_pins[i, 0]])
                    _become(q, following, now, cells, hold, rest, commit, shift, heads_mask, chunks, tails, bitmap,
                            summary, free, progress)  # fmt: skip
                for i in range(input_ptr[k], input_ptr[k + 1]):
                    _turn_over(input_nets[i], now, k, values, edge_ptr, edges, cells, dirty, touched, mark, last_time,
                               toggles, watched, record_time, record_net, record_operation, progress)  # fmt: skip
        for i in range(progress[N_DIRTY]):
            cell = np.int64(dirty[i])
            word = np.int64(cells[cell])
            value = (word >> ((word >> INDEX) & 15)) & 1
            _become(cell, value, now, cells, hold, rest, commit, shift, heads_mask, chunks, tails, bitmap, summary,
                    free, progress)  # fmt: skip
        progress[N_DIRTY] = 0
    return DONE
