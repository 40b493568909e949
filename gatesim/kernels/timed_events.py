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

CHUNK, LAST = 16, 15
"""Words of a chunk, and where its link is."""

INDEX, PROJECTED, PENDING, DIRTY = 16, 20, 21, 22
"""Bits of a cell's word: 16 of truth table, 4 of pin values, what the output is going to be, whether a
change of it is under way, whether the cell waits to be looked at."""

CERTAIN = 1
"""Low bit of an event that nothing can cancel any more."""

OPERATION, NOW, N_FREE, N_DIRTY, N_RECORDED, EVENTS, OPERATION_EVENTS, N_FIELDS = range(8)
"""Fields of ``progress``: operations begun less one, time of the last step, chunks to be had, cells marked,
transitions recorded, transitions in all and in this operation."""

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
def close_operation(began, n, values, before, touched, last_time, needed, last):
    """Compare every net of the touched groups of 64 with its value before the operation."""
    for group in range(len(touched)):
        if touched[group]:
            touched[group] = False
            for net in range(64 * group, min(n, 64 * group + 64)):
                needed[net] += np.int64(values[net] != before[net])
                before[net] = values[net]
                if last_time[net] > began:
                    last[net] = max(last[net], last_time[net] - began)


@njit(cache=True, nogil=True)
def run(n_operations, times, begun, input_ptr, input_nets, budget, limit, reserve,
        cells, values, edge_ptr, edges, hold, rest, transport, registers, register_pins, register_reset,
        commit, last_time, before, shift, heads_mask, chunks, heads, tails, bitmap, summary, free,
        changed, dirty, start_time, start_item, touched, recording, watched, record_time, record_net,
        record_operation, sampled, samples, toggles, needed, last, progress):  # fmt: skip
    """Turn the wheel until all operations are over; see the status codes.

    Operation ``k`` begins at ``times[k]`` (or, where that is -1, as soon as nothing is under way): the
    registers sample their pins, then the nets ``input_nets[input_ptr[k]:input_ptr[k + 1]]`` turn over. What
    happens at the very end of an operation still belongs to it, and registers see it. ``hold`` and ``rest``
    are (n, 2) by the value to come: how long a change can be cancelled, and how long it takes after that.

    A step is one time: every change that is due, then every cell that reads one, once. All of it stands in
    this one function, since Numba counts references to arrays at every call; the loops over cells decide
    by arithmetic what they can, since a gate's next value is what no processor can predict.
    """
    n = len(values)
    operation, previous = progress[OPERATION], progress[NOW]
    n_free, n_dirty, n_recorded = progress[N_FREE], progress[N_DIRTY], progress[N_RECORDED]
    events, operation_events = progress[EVENTS], progress[OPERATION_EVENTS]
    stop = events + budget
    low_bits = (np.int64(1) << shift) - 1
    status = DONE
    while operation < n_operations:
        if events > stop:
            status = PAUSED
            break
        if operation_events > limit:
            status = OSCILLATES
            break
        if n_free < reserve:
            status = NEEDS_CHUNKS
            break
        if recording and n_recorded + 2 * n > len(record_net):
            status = NEEDS_RECORD
            break

        # -- when: the next bucket with an event in it, around the wheel
        now = NEVER
        begin = times[operation + 1]
        if summary[0]:
            turn = (previous + 1) >> shift
            origin = turn & heads_mask
            word = origin >> 6
            here = bitmap[word] >> np.uint64(origin & 63)
            if here:
                bucket = origin + _lowest(here)
            else:
                above = summary[0] & ~((np.uint64(2) << np.uint64(word)) - np.uint64(1))
                word = _lowest(above) if above else _lowest(summary[0])
                bucket = (word << 6) + _lowest(bitmap[word])
            now = (turn + ((bucket - origin) & heads_mask)) << shift
            if shift:
                at, end, low = heads[bucket] << 4, tails[bucket], low_bits
                while at != end:
                    if at & LAST == LAST:
                        at = chunks[at] << 4
                    else:
                        low = min(low, chunks[at] >> 32)
                        at += 1
                now += low
        elif begin < 0:
            begin = previous + 1
        starting = 0 <= begin <= now
        if starting:
            now = begin
        previous = now

        # -- what is due: from the bucket to `changed`, unless it was cancelled
        n_changed = 0
        n_starts = 0
        bucket = (now >> shift) & heads_mask
        low = now & low_bits
        at, end = heads[bucket] << 4, tails[bucket]
        keep = at
        while at != end:
            if at & LAST == LAST:
                at = chunks[at] << 4
                continue
            item = chunks[at]
            at += 1
            if shift and item >> 32 != low:
                if keep & LAST == LAST:
                    keep = chunks[keep] << 4
                chunks[keep] = item
                keep += 1
                continue
            net = (item & 0xFFFFFFFF) >> 1
            sure = item & CERTAIN
            word = np.int64(cells[net])
            mine = ((word >> PENDING) & 1) & np.int64(commit[net] == now) & (1 - sure)
            cells[net] = np.int32(word ^ (mine << PENDING))
            fires = mine | sure
            if transport and mine:
                later = rest[net, (word >> PROJECTED) & 1]
                if later:
                    start_time[n_starts], start_item[n_starts] = now + later, (net << 1) | CERTAIN
                    n_starts += 1
                    fires = 0
            changed[n_changed] = net
            n_changed += fires
        if keep & LAST == LAST:
            keep = chunks[keep] << 4
        if keep != end:
            spare = keep >> 4  # chunks after the last event that stays
            while spare != end >> 4:
                spare = chunks[(spare << 4) + LAST]
                free[n_free] = spare
                n_free += 1
            tails[bucket] = keep
            if keep == heads[bucket] << 4:
                bitmap[bucket >> 6] &= ~(np.uint64(1) << np.uint64(bucket & 63))
                if bitmap[bucket >> 6] == 0:
                    summary[0] &= ~(np.uint64(1) << np.uint64(bucket >> 6))
        events += n_changed
        operation_events += n_changed
        for i in range(n_changed):
            values[changed[i]] ^= 1
        recorded_as = operation

        # -- the end of an operation and the start of the next
        n_due = n_changed
        if starting:
            if operation >= 0:
                for i in range(n_changed):
                    last_time[changed[i]] = now
                    touched[changed[i] >> 6] = True
                close_operation(begun[operation], n, values, before, touched, last_time, needed, last)
                for i in range(len(sampled)):
                    samples[operation, i] = values[sampled[i]]
            operation += 1
            operation_events = 0
            begun[operation] = now
            if operation < n_operations:
                for i in range(len(registers)):
                    q = registers[i]
                    word = np.int64(cells[q])
                    following = (word >> PROJECTED) & 1
                    if values[register_pins[i, 2]]:
                        following = np.int64(register_reset[i])
                    elif values[register_pins[i, 1]]:
                        following = np.int64(values[register_pins[i, 0]])
                    cells[q] = np.int32((word & ~(15 << INDEX)) | (following << INDEX) | (1 << DIRTY))
                    dirty[n_dirty] = q
                    n_dirty += 1
                for i in range(input_ptr[operation], input_ptr[operation + 1]):
                    changed[n_changed] = input_nets[i]
                    values[input_nets[i]] ^= 1
                    n_changed += 1

        # -- tell the readers of all that changed
        for i in range(n_changed):
            net = np.int64(changed[i])
            toggles[net] += 1
            last_time[net] = now
            touched[net >> 6] = True
            for e in range(edge_ptr[net], edge_ptr[net + 1]):
                edge = np.int64(edges[e])
                reader = edge >> 4
                word = np.int64(cells[reader])
                dirty[n_dirty] = reader
                n_dirty += 1 - ((word >> DIRTY) & 1)
                cells[reader] = np.int32((word ^ ((edge & 15) << INDEX)) | (1 << DIRTY))
        if recording:
            for i in range(n_changed):
                net = np.int64(changed[i])
                record_time[n_recorded], record_net[n_recorded] = now, net
                record_operation[n_recorded] = recorded_as if i < n_due else operation
                n_recorded += watched[net]

        # -- look at these: a change that is new starts, one that contradicts what is under way cancels it
        for i in range(n_dirty):
            cell = np.int64(dirty[i])
            word = np.int64(cells[cell])
            value = (word >> ((word >> INDEX) & 15)) & 1
            change = value ^ ((word >> PROJECTED) & 1)
            start = change & ~(word >> PENDING)
            wait = hold[cell, value]
            sure = np.int64(0)
            if transport:
                sure = np.int64(wait == 0)
                wait += sure * rest[cell, value]
            start_time[n_starts], start_item[n_starts] = now + wait, (cell << 1) | sure
            n_starts += start
            cells[cell] = np.int32((word & ~(1 << DIRTY)) ^ (change << PROJECTED) ^ ((change & ~(start & sure)) << PENDING))
        n_dirty = 0

        # -- into the wheel
        for i in range(n_starts):
            time, item = start_time[i], start_item[i]
            bucket = (time >> shift) & heads_mask
            if item & CERTAIN == 0:
                commit[item >> 1] = time
            at = tails[bucket]
            chunks[at] = item | ((time & low_bits) << 32)
            at += 1
            if at & LAST == LAST:
                n_free -= 1
                chunks[at] = free[n_free]
                at = free[n_free] << 4
            tails[bucket] = at
            bitmap[bucket >> 6] |= np.uint64(1) << np.uint64(bucket & 63)
            summary[0] |= np.uint64(1) << np.uint64(bucket >> 6)
    progress[OPERATION], progress[NOW] = operation, previous
    progress[N_FREE], progress[N_DIRTY], progress[N_RECORDED] = n_free, n_dirty, n_recorded
    progress[EVENTS], progress[OPERATION_EVENTS] = events, operation_events
    return status
