# pyright: reportCallIssue=false
"""Many cycles of a clocked circuit in one call: blocks, memories, the clock edge.

Slots of one word (up to 64 lanes), where everything that nothing woke is skipped; or slots of eight
words (512 lanes), where everything runs in every cycle. What a block does is machine code made for the
netlist, or (one lane only) rows of a table read here.

The layout of slots and masks is that of ``engines.clocked_plan.Plan``.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import kernel
from .transpose import transpose64
from .vectors import copy8

_VECTOR = ir.VectorType(ir.IntType(64), 8)


def _data(context, builder, signature, args, k: int):
    return cgutils.create_struct_proxy(signature.args[k])(context, builder, args[k]).data


@intrinsic
def _call_block(typingctx, address, slots, registers, following):
    """Call code at `address` with pointers to the slots and to two places in them."""

    def codegen(context, builder, signature, args):
        data = _data(context, builder, signature, args, 1)
        given = [data, builder.gep(data, [args[2]]), builder.gep(data, [args[3]])]
        kind = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in given])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(types.int64, slots, types.int64, types.int64), codegen


@intrinsic
def _lowest(typingctx, word):
    """Number of the lowest bit that is 1."""

    def codegen(context, builder, signature, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


def _make_compare(store: bool):
    """An intrinsic over `n` words, a multiple of eight: OR of the masks where source and target differ.

    With `store` the source is copied to the target.
    """

    @intrinsic
    def compare(typingctx, target, t, source, s, n, masks, m):
        def codegen(context, builder, signature, args):
            word, start = ir.IntType(64), builder.block
            zero = ir.Constant(_VECTOR, [0] * 8)
            bases = [builder.gep(_data(context, builder, signature, args, k), [args[k + 1]]) for k in (0, 2, 5)]
            body, done = builder.append_basic_block("compare"), builder.append_basic_block("compared")
            builder.cbranch(builder.icmp_signed(">", args[4], word(0)), body, done)
            builder.position_at_end(body)
            k, so_far = builder.phi(word), builder.phi(_VECTOR)
            k.add_incoming(word(0), start)
            so_far.add_incoming(zero, start)
            places = [builder.bitcast(builder.gep(base, [k]), _VECTOR.as_pointer()) for base in bases]
            old, new, mask = (builder.load(place, align=8) for place in places)
            if store:
                builder.store(new, places[0], align=8)
            woken = builder.or_(so_far, builder.select(builder.icmp_unsigned("!=", new, old), mask, zero))
            following = builder.add(k, word(8))
            k.add_incoming(following, body)
            so_far.add_incoming(woken, body)
            builder.cbranch(builder.icmp_signed("<", following, args[4]), body, done)
            builder.position_at_end(done)
            total = builder.phi(_VECTOR)
            total.add_incoming(zero, start)
            total.add_incoming(woken, body)
            undefined = ir.Constant(_VECTOR, ir.Undefined)
            for width in (4, 2, 1):
                order = ir.Constant(ir.VectorType(ir.IntType(32), 8), [k ^ width for k in range(8)])
                total = builder.or_(total, builder.shuffle_vector(total, undefined, order))
            return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

        i64 = types.int64
        return types.uint64(target, i64, source, i64, i64, masks, i64), codegen

    return compare


_compare, _compare_and_copy = _make_compare(False), _make_compare(True)


@kernel
def _take(slots, target, source, first, n, masks, pending):
    """Copy ``source[first:first + n]`` to ``slots[target:target + n]``, and wake what reads changed words.

    ``masks`` is (words of `pending`, compared slots) flattened.
    """
    width = len(masks) // len(pending)
    last = len(pending) - 1
    whole = n & ~7
    rest = n - whole
    if 0 < n < 8:
        for k in range(n):
            if slots[target + k] != source[first + k]:
                slots[target + k] = source[first + k]
                for w in range(len(pending)):
                    pending[w] |= masks[w * width + target + k]
        return
    for w in range(last):
        pending[w] |= _compare(slots, target, source, first, whole, masks, w * width + target)
    pending[last] |= _compare_and_copy(slots, target, source, first, whole, masks, last * width + target)
    if rest:  # the last vector overlaps the one before, which differs no more
        at = n - 8
        for w in range(last):
            pending[w] |= _compare(slots, target + at, source, first + at, 8, masks, w * width + target + at)
        pending[last] |= _compare_and_copy(slots, target + at, source, first + at, 8, masks, last * width + target + at)


# -- memories --------------------------------------------------------------------------------


@intrinsic
def _eight_bits(typingctx, slots, at):
    """Lane 0 of ``slots[at:at + 8]`` as an 8-bit number."""

    def codegen(context, builder, signature, args):
        place = builder.gep(_data(context, builder, signature, args, 0), [args[1]])
        vector = builder.load(builder.bitcast(place, _VECTOR.as_pointer()), align=8)
        bits = builder.bitcast(builder.trunc(vector, ir.VectorType(ir.IntType(1), 8)), ir.IntType(8))
        return builder.zext(bits, ir.IntType(64))

    return types.uint64(slots, types.int64), codegen


@kernel
def _number(slots, first, n):
    """The integer on `n` one-word slots from `first` on, lane 0; seven more slots must exist."""
    total = np.uint64(0)
    size = min(n, 64)
    for k in range(0, size, 8):
        total |= _eight_bits(slots, first + k) << np.uint64(k)
    return total & (~np.uint64(0) >> np.uint64(64 - size)) if size else total


@kernel
def _numbers(slots, first, n, stride, block):
    """The integers on `n` slots from element `first` on, `stride` apart: one a lane, into ``block`` (64,)."""
    for k in range(64):
        block[k] = slots[first + k * stride] if k < n else np.uint64(0)
    transpose64(block)


@kernel
def _read(slots, stride, word, lanes, first_lane, port, mem, words, block):
    """Look up one word of lanes: the planes of the data read into ``block`` (64,).

    A lane reads ``words[base + step * lane + address]``, and 0 past the depth.
    """
    m, address, n_address = port[0], port[1], port[2]
    base, step, depth = mem[m, 0], mem[m, 1], np.uint64(mem[m, 2])
    if stride == 1 and lanes == 1:
        at = _number(slots, address, n_address)
        value = words[base + np.int64(at)] if at < depth else np.uint64(0)
        for k in range(port[4]):
            block[k] = (value >> np.uint64(k)) & np.uint64(1)
        return
    _numbers(slots, address * stride + word, n_address, stride, block)
    for lane in range(64):
        at = block[lane]
        inside = lane < lanes and at < depth
        block[lane] = words[base + step * (first_lane + lane) + np.int64(at)] if inside else np.uint64(0)
    transpose64(block)


@kernel
def _write(slots, stride, word, lanes, first_lane, port, mem, words, block, values):
    """Store where the enable is 1; True when a stored word changed. ``block``, ``values`` are (64,) scratch."""
    m, address, n_address, data, n_data, enable = port
    base, step, depth = mem[m, 0], mem[m, 1], np.uint64(mem[m, 2])
    enabled = slots[enable * stride + word]
    if lanes < 64:
        enabled &= (np.uint64(1) << np.uint64(lanes)) - np.uint64(1)
    if enabled == 0:
        return False
    changed = False
    if stride == 1 and lanes == 1:
        at = _number(slots, address, n_address)
        if at < depth:
            value = _number(slots, data, n_data)
            changed = words[base + np.int64(at)] != value
            words[base + np.int64(at)] = value
        return changed
    _numbers(slots, address * stride + word, n_address, stride, block)
    _numbers(slots, data * stride + word, n_data, stride, values)
    for lane in range(lanes):
        if (enabled >> np.uint64(lane)) & np.uint64(1) and block[lane] < depth:
            place = base + step * (first_lane + lane) + np.int64(block[lane])
            changed |= words[place] != values[lane]
            words[place] = values[lane]
    return changed


# -- one word: what is not woken is skipped ------------------------------------------------------


@kernel
def _interpret(slots, block, rows, row_ptr, copies, copy_ptr):
    """Evaluate the rows of a block, lane 0 only: ``rows`` are (slot, slot, slot, slot to write, table)."""
    for r in range(row_ptr[block], row_ptr[block + 1]):
        index = slots[rows[r, 0]] | slots[rows[r, 1]] << np.uint64(1) | slots[rows[r, 2]] << np.uint64(2)
        slots[rows[r, 3]] = (np.uint64(rows[r, 4]) >> index) & np.uint64(1)
    for k in range(copy_ptr[block], copy_ptr[block + 1]):
        slots[copies[k, 1]] = slots[copies[k, 0]] ^ np.uint64(copies[k, 2])


@kernel
def run_word(
    slots, pending, ran, layout, lanes, first_cycle, last_cycle, stimulus, observe, out, out_first,
    ports, block_units, guards, holding, cross, following, masks, codes, rows, row_ptr, copies, copy_ptr,
    reads, writes, mem, words,
):  # fmt: skip
    """Run cycles on slots of one word, and skip every unit that nothing woke; returns how many ran.

    Parameters
    ----------
    slots, pending, ran : uint64
        Values; units to run; scratch like `pending`. They keep what a later call goes on with.
    layout : (5,) int64
        First slots of the inputs, registers, next states, crossing values, and what those were.
    stimulus : (cycles or 1, input bits) uint64
    observe, out : (observed,) int64, (recorded, observed) uint64
        Slots to record in every cycle from ``out_first`` on.
    ports : (units,) int64
        Read port of a unit, or -1 for a block.
    block_units : like `pending`
        Which units are blocks.
    guards, holding : (units,) int64, uint64
        Slot of a value that holds all registers of a block (or -1), and what it is while it does.
    cross, following : (units + 1,) int64
        The crossing values, and the next states, of unit u are number ``[u]`` to ``[u + 1]``.
    masks : (len(pending) * compared slots,) uint64
        Units that a change of a slot wakes.
    codes : (units or 0,) int64
        Addresses of compiled blocks; without any, rows are interpreted (one lane only).
    rows, row_ptr, copies, copy_ptr
        See :func:`_interpret`.
    reads : (ports, 6) int64
        Memory, address slot and bits, data slot and bits, unit.
    writes : (ports, 6) int64
        Memory, address slot and bits, data slot and bits, enable slot.
    mem : (memories, 3) int64
        First of its ``words``, distance from lane to lane, depth.
    """
    inputs, registers, next_states, crossing, before = layout
    block, values = np.zeros(64, np.uint64), np.zeros(64, np.uint64)
    held = stimulus.shape[0] == 1
    compiled = len(codes) > 0
    width = len(masks) // len(pending)
    last = len(pending) - 1
    n_run = 0
    one, ones = np.uint64(1), ~np.uint64(0)
    used = ones >> np.uint64(64 - lanes)
    flat = stimulus.reshape(-1)
    for cycle in range(first_cycle, last_cycle):
        if not held or cycle == first_cycle:
            row = 0 if held else cycle
            _take(slots, inputs, flat, row * stimulus.shape[1], stimulus.shape[1], masks, pending)
        for w in range(len(pending)):
            while pending[w]:
                low = _lowest(pending[w])
                port = ports[64 * w + low]
                if port >= 0:
                    pending[w] ^= one << np.uint64(low)
                    n_run += 1
                    _read(slots, 1, 0, lanes, 0, reads[port], mem, words, block)
                    _take(slots, reads[port, 3], block, 0, reads[port, 4], masks, pending)
                    continue
                # Neighbours that are all awake run together, and what they changed is compared at once.
                beyond = ~((pending[w] & block_units[w]) >> np.uint64(low))
                n = 64 - low if beyond == 0 else min(64 - low, _lowest(beyond))
                first = 64 * w + low
                for unit in range(first, first + n):
                    guard = guards[unit]
                    if guard >= 0 and (slots[guard] ^ holding[unit]) & used == 0:
                        continue  # next states that are the present ones, whatever else changed
                    n_run += 1
                    ran[w] |= one << np.uint64(unit & 63)
                    if compiled:
                        _call_block(codes[unit], slots, registers, next_states)
                    else:
                        _interpret(slots, unit, rows, row_ptr, copies, copy_ptr)
                later = ones << np.uint64(low + n) if low + n < 64 else np.uint64(0)
                lo, size = cross[first], cross[first + n] - cross[first]
                for v in range(w, last):
                    woken = _compare(slots, before + lo, slots, crossing + lo, size, masks, v * width + before + lo)
                    pending[v] |= woken if v > w else woken & later
                pending[w] &= later
                woken = _compare_and_copy(
                    slots, before + lo, slots, crossing + lo, size, masks, last * width + before + lo
                )
                pending[last] |= woken if last > w else woken & later
        if cycle >= out_first:
            for i in range(len(observe)):
                out[cycle - out_first, i] = slots[observe[i]]
        for port in range(len(writes)):
            if _write(slots, 1, 0, lanes, 0, writes[port], mem, words, block, values):
                for k in range(len(reads)):
                    if reads[k, 0] == writes[port, 0]:
                        pending[reads[k, 5] >> 6] |= one << np.uint64(reads[k, 5] & 63)
        for w in range(len(ran)):
            while ran[w]:
                low = _lowest(ran[w])
                beyond = ~(ran[w] >> np.uint64(low))
                n = 64 - low if beyond == 0 else min(64 - low, _lowest(beyond))
                ran[w] &= ones << np.uint64(low + n) if low + n < 64 else np.uint64(0)
                first = 64 * w + low
                lo, size = following[first], following[first + n] - following[first]
                for v in range(last):
                    pending[v] |= _compare(
                        slots, registers + lo, slots, next_states + lo, size, masks, v * width + registers + lo
                    )
                pending[last] |= _compare_and_copy(
                    slots, registers + lo, slots, next_states + lo, size, masks, last * width + registers + lo
                )
    return n_run


# -- eight words: everything runs ----------------------------------------------------------------


@kernel
def _move(target, t, source, s, n):
    """``target[t:t + n] = source[s:s + n]``, at most eight words."""
    if n == 8:
        copy8(target, t, source, s, np.uint64(0))
    else:
        for k in range(n):
            target[t + k] = source[s + k]


@kernel
def run_wide(
    slots, layout, lanes, first_word, n_words, first_cycle, last_cycle, stimulus, observe, out, out_first,
    ports, codes, reads, writes, mem, words,
):  # fmt: skip
    """Run cycles for the words ``first_word ... first_word + n_words`` (at most 8) of every plane.

    Parameters as for :func:`run_word`, but slots are eight words wide, ``stimulus`` is (cycles or 1,
    bits, words) and ``out`` (recorded, observed, words). Registers and next states change places after
    every cycle: returns the first slot of the registers.
    """
    inputs, registers, following = layout[0], layout[1], layout[2]
    block, values = np.zeros(64, np.uint64), np.zeros(64, np.uint64)
    given, kept = stimulus.reshape(-1), out.reshape(-1)
    held = stimulus.shape[0] == 1
    for cycle in range(first_cycle, last_cycle):
        if not held or cycle == first_cycle:
            for i in range(stimulus.shape[1]):
                at = ((0 if held else cycle) * stimulus.shape[1] + i) * stimulus.shape[2] + first_word
                _move(slots, (inputs + i) * 8, given, at, n_words)
        for unit in range(len(ports)):
            port = ports[unit]
            if port < 0:
                _call_block(codes[unit], slots, 8 * registers, 8 * following)
                continue
            for w in range(n_words):
                lane = 64 * (first_word + w)
                _read(slots, 8, w, min(64, lanes - lane), lane, reads[port], mem, words, block)
                for k in range(reads[port, 4]):
                    slots[(reads[port, 3] + k) * 8 + w] = block[k]
        if cycle >= out_first:
            for i in range(len(observe)):
                at = ((cycle - out_first) * out.shape[1] + i) * out.shape[2] + first_word
                _move(kept, at, slots, observe[i] * 8, n_words)
        for port in range(len(writes)):
            for w in range(n_words):
                lane = 64 * (first_word + w)
                _write(slots, 8, w, min(64, lanes - lane), lane, writes[port], mem, words, block, values)
        registers, following = following, registers
    return registers
