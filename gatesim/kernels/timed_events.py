# pyright: reportCallIssue=false
"""The event wheel: one circuit in time, only what changes is looked at.

Time is counted in units (the greatest common divisor of all delays and input times), so that most
netlists need a small wheel. A bucket of the wheel is a chain of chunks of 16 words: 15 events and the
number of the next chunk. Nothing is allocated while it turns.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import kernel

CHUNK, LAST = 16, 15
"""Words of a chunk, and where its link is."""

INDEX, PROJECTED, PENDING, DIRTY, VALUE, COMMIT = 16, 20, 21, 22, 23, 32
"""Bits of a cell's word: 16 of truth table, 4 of pin values, what the output is going to be, whether a
change of it is under way, whether the cell waits to be looked at, what the net is; and, from bit 32 on, the
last 31 bits of the time at which the change under way becomes certain."""

READERS = 4
"""Readers of a net that lie in a row of fixed length; the others are in a list."""

ROW, COUNT, LAST_TIME = 4, 2, 3
"""Words of a net's row (its readers fill two of them), and where the two others are: transitions times 8 plus
the readers in the row; the time of the last transition."""

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


def _address(context, builder, sig, args):
    """Address of element ``args[1]`` of a contiguous array, which is not checked."""
    data = cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).data
    return builder.gep(data, [context.cast(builder, args[1], sig.args[1], types.int64)])


@intrinsic
def _get(typingctx, array, index):
    """``array[index]`` of a contiguous array, for an index that is known to be right."""

    def codegen(context, builder, sig, args):
        return builder.load(_address(context, builder, sig, args))

    return array.dtype(array, index), codegen


@intrinsic
def _put(typingctx, array, index, value):
    """``array[index] = value`` of a contiguous array, for an index that is known to be right."""

    def codegen(context, builder, sig, args):
        stored = context.cast(builder, args[2], sig.args[2], sig.args[0].dtype)
        builder.store(stored, _address(context, builder, sig, args))
        return context.get_dummy_value()

    return types.void(array, index, value), codegen


@intrinsic
def _copy_row(typingctx, edges, index, nets, net):
    """The four readers in the row of `net` to ``edges[index:index + 4]``."""
    row = ir.VectorType(ir.IntType(32), READERS)

    def codegen(context, builder, sig, args):
        source, target = (cgutils.create_struct_proxy(sig.args[j])(context, builder, args[j]).data for j in (2, 0))
        start = builder.gep(source, [builder.mul(args[3], ir.Constant(ir.IntType(64), ROW))])
        readers = builder.load(builder.bitcast(start, row.as_pointer()), align=8)
        builder.store(readers, builder.bitcast(builder.gep(target, [args[1]]), row.as_pointer()), align=4)
        return context.get_dummy_value()

    return types.void(edges, types.int64, nets, types.int64), codegen


@kernel
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


@kernel
def close_operation(began, n, cells, before, touched, nets, needed, last):
    """Compare every net of the touched groups of 64 with its value before the operation."""
    for group in range(len(touched)):
        if touched[group]:
            touched[group] = 0
            for net in range(64 * group, min(n, 64 * group + 64)):
                value = np.uint8((cells[2 * net] >> VALUE) & 1)
                needed[net] += np.int64(value != before[net])
                before[net] = value
                if nets[ROW * net + LAST_TIME] > began:
                    last[net] = max(last[net], nets[ROW * net + LAST_TIME] - began)


@kernel
def run(n_operations, times, begun, input_ptr, input_nets, budget, limit, reserve,
        cells, nets, rest, transport, more_ptr, more_readers, registers, register_pins, register_reset,
        before, shift, heads_mask, chunks, heads, tails, bitmap, summary, free,
        changed, edges, dirty, start_time, start_item, touched, recording, watched, record_time, record_net,
        record_operation, sampled, samples, needed, last, progress):  # fmt: skip
    """Turn the wheel until all operations are over; see the status codes.

    Operation ``k`` begins at ``times[k]`` (or, where that is -1, as soon as nothing is under way): the
    registers sample their pins (not in the first operation), then the nets
    ``input_nets[input_ptr[k]:input_ptr[k + 1]]`` turn over. What happens at the very end of an operation
    still belongs to it, and registers see it.

    ``cells`` (n pairs of int64) holds a word and how long a rise (high half) or a fall (low half) can be
    cancelled; ``rest`` (n, 2), by the value to come, what passes after that; ``nets`` a row of each net. A step
    is one time: every change that is due, then every cell that reads one, once.

    All of it stands in one function, since Numba counts references to arrays at every call. What a gate does
    next is what no processor can predict: the loops over nets decide by arithmetic.
    """
    n = len(before)
    low_half = np.int64(0xFFFFFFFF)
    operation, previous = progress[OPERATION], progress[NOW]
    n_free, n_dirty, n_recorded = progress[N_FREE], progress[N_DIRTY], progress[N_RECORDED]
    events, operation_events = progress[EVENTS], progress[OPERATION_EVENTS]
    stop = events + budget
    occupied = summary[0]
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
        if occupied:
            turn = (previous + 1) >> shift
            origin = turn & heads_mask
            word = origin >> 6
            here = bitmap[word] >> np.uint64(origin & 63)
            if here:
                bucket = origin + _lowest(here)
            else:
                above = occupied & ~((np.uint64(2) << np.uint64(word)) - np.uint64(1))
                word = _lowest(above) if above else _lowest(occupied)
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
                at = _get(chunks, at) << 4
                continue
            item = _get(chunks, at)
            at += 1
            if shift and item >> 32 != low:
                if keep & LAST == LAST:
                    keep = chunks[keep] << 4
                chunks[keep] = item
                keep += 1
                continue
            net = (item & low_half) >> 1
            sure = item & CERTAIN
            word = _get(cells, 2 * net)
            same = np.int64(((word >> COMMIT) ^ now) & 0x7FFFFFFF == 0)
            mine = ((word >> PENDING) & same) & (1 - sure)
            fires = mine | sure
            if transport and mine:
                later = rest[net, (word >> PROJECTED) & 1]
                if later:
                    start_time[n_starts], start_item[n_starts] = now + later, (item & low_half) | CERTAIN
                    n_starts += 1
                    fires = 0
            _put(cells, 2 * net, word ^ (mine << PENDING) ^ (fires << VALUE))
            _put(changed, n_changed, net)
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
                    occupied &= ~(np.uint64(1) << np.uint64(bucket >> 6))
        events += n_changed
        operation_events += n_changed
        recorded_as = operation

        # -- the end of an operation and the start of the next
        n_due = n_changed
        if starting:
            if operation >= 0:
                for i in range(n_changed):
                    nets[ROW * np.int64(changed[i]) + LAST_TIME] = now
                    touched[changed[i] >> 6] = 1
                close_operation(begun[operation], n, cells, before, touched, nets, needed, last)
                for i in range(len(sampled)):
                    samples[operation, i] = (cells[2 * sampled[i]] >> VALUE) & 1
            operation += 1
            operation_events = 0
            begun[operation] = now
            if operation < n_operations:
                for i in range(len(registers) if operation else 0):
                    q = registers[i]
                    word = cells[2 * q]
                    following = (word >> PROJECTED) & 1
                    if (cells[2 * register_pins[i, 2]] >> VALUE) & 1:
                        following = np.int64(register_reset[i])
                    elif (cells[2 * register_pins[i, 1]] >> VALUE) & 1:
                        following = (cells[2 * register_pins[i, 0]] >> VALUE) & 1
                    cells[2 * q] = (word & ~(15 << INDEX)) | (following << INDEX) | (1 << DIRTY)
                    dirty[n_dirty] = q
                    n_dirty += 1
                for i in range(input_ptr[operation], input_ptr[operation + 1]):
                    changed[n_changed] = input_nets[i]
                    cells[2 * input_nets[i]] ^= 1 << VALUE
                    n_changed += 1

        # -- count, and collect the readers: whole rows, of which the filling is overwritten
        n_edges = 0
        for i in range(n_changed):
            net = np.int64(_get(changed, i))
            _copy_row(edges, n_edges, nets, net)
            count = _get(nets, ROW * net + COUNT)
            _put(nets, ROW * net + COUNT, count + 8)
            _put(nets, ROW * net + LAST_TIME, now)
            _put(touched, net >> 6, 1)
            read_by = count & 7
            n_edges += read_by
            if read_by == READERS:
                for e in range(_get(more_ptr, net), _get(more_ptr, net + 1)):
                    _put(edges, n_edges, _get(more_readers, e))
                    n_edges += 1
        if recording:
            for i in range(n_changed):
                net = np.int64(_get(changed, i))
                _put(record_time, n_recorded, now)
                _put(record_net, n_recorded, net)
                _put(record_operation, n_recorded, recorded_as if i < n_due else operation)
                n_recorded += _get(watched, net)

        # -- turn over the readers' pins
        for i in range(n_edges):
            edge = np.int64(_get(edges, i))
            reader = edge >> 4
            word = _get(cells, 2 * reader)
            _put(dirty, n_dirty, reader)
            n_dirty += 1 - ((word >> DIRTY) & 1)
            _put(cells, 2 * reader, (word ^ ((edge & 15) << INDEX)) | (1 << DIRTY))

        # -- look at these: a change that is new starts, one that contradicts what is under way cancels it
        for i in range(n_dirty):
            cell = np.int64(_get(dirty, i))
            word = _get(cells, 2 * cell)
            value = (word >> ((word >> INDEX) & 15)) & 1
            change = value ^ ((word >> PROJECTED) & 1)
            start = change & ~(word >> PENDING)
            wait = (_get(cells, 2 * cell + 1) >> (value << 5)) & low_half
            sure = np.int64(0)
            if transport:
                sure = np.int64(wait == 0)
                wait += sure * rest[cell, value]
            time = now + wait
            turned = change & ~(start & sure)
            word ^= (word ^ (time << COMMIT)) & -(start << COMMIT)
            _put(start_time, n_starts, time)
            _put(start_item, n_starts, (cell << 1) | sure)
            n_starts += start
            _put(cells, 2 * cell, (word & ~(1 << DIRTY)) ^ (change << PROJECTED) ^ (turned << PENDING))
        n_dirty = 0

        # -- into the wheel
        for i in range(n_starts):
            time = _get(start_time, i)
            bucket = (time >> shift) & heads_mask
            at = _get(tails, bucket)
            _put(chunks, at, _get(start_item, i) | ((time & low_bits) << 32))
            at += 1
            if at & LAST == LAST:
                n_free -= 1
                chunks[at] = free[n_free]
                at = free[n_free] << 4
            _put(tails, bucket, at)
            _put(bitmap, bucket >> 6, _get(bitmap, bucket >> 6) | np.uint64(1) << np.uint64(bucket & 63))
            occupied |= np.uint64(1) << np.uint64(bucket >> 6)
    summary[0] = occupied
    progress[OPERATION], progress[NOW] = operation, previous
    progress[N_FREE], progress[N_DIRTY], progress[N_RECORDED] = n_free, n_dirty, n_recorded
    progress[EVENTS], progress[OPERATION_EVENTS] = events, operation_events
    return status
