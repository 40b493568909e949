# pyright: reportCallIssue=false, reportIndexIssue=false
"""Waveforms of many patterns at once: a net's waveform is a sorted list of (time, lanes that change).

A step of a cell costs one merge of its pins' lists for all lanes of a block. The same source is compiled
for blocks of 64 lanes (masks are an array of words) and of 512 lanes (masks have a second axis of 8 words,
handled as LLVM vectors).
"""

from __future__ import annotations

import operator

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

NEVER = np.int64(1 << 62)
"""A time after every event: the end of a list."""

NEXT, TOP, N_LISTS, STEPS, NEEDED, LAST_ROOM = 0, 1, 2, 3, 4, 5
"""Fields of ``progress``: next cell in order, entries used, lists made, steps done, room wanted."""

DONE, PAUSED, NEEDS_ROOM, NEEDS_SCRATCH = 0, 1, 2, 3
"""What :func:`propagate` returns."""

# -- lanes: vectors of 8 words ----------------------------------------------------------------


_VECTOR = ir.VectorType(ir.IntType(64), 8)


class Lanes(types.Type):
    """A Numba type for one bit of each of 512 lanes."""

    def __init__(self) -> None:
        super().__init__(name="Lanes")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm, fe_type):
        super().__init__(dmm, fe_type, _VECTOR)


LANES = Lanes()
_OF_NDIM = {1: types.uint64, 2: LANES}
_WORDS = {1: 1, 2: 8}


def _binary(op, name):
    @infer_global(op)
    class _Template(ConcreteTemplate):
        cases = [signature(LANES, LANES, LANES)]  # noqa: RUF012 (Numba reads it)

    @lower_builtin(op, Lanes, Lanes)
    def _lower(context, builder, sig, args):
        return getattr(builder, name)(*args)


for _op, _name in ((operator.and_, "and_"), (operator.or_, "or_"), (operator.xor, "xor")):
    _binary(_op, _name)


@infer_global(operator.invert)
class _Invert(ConcreteTemplate):
    cases = [signature(LANES, LANES)]  # noqa: RUF012


@lower_builtin(operator.invert, Lanes)
def _lower_invert(context, builder, sig, args):
    return builder.not_(args[0])


def _element(context, builder, array_type, array, index, value_type):
    data = cgutils.create_struct_proxy(array_type)(context, builder, array).data
    words = _WORDS[array_type.ndim]
    at = builder.gep(data, [builder.mul(index, ir.Constant(ir.IntType(64), words))])
    return builder.bitcast(at, context.get_value_type(value_type).as_pointer())


@intrinsic
def _load(typingctx, masks, index):
    """The lanes at `index` of `masks`."""
    value = _OF_NDIM[masks.ndim]

    def codegen(context, builder, sig, args):
        return builder.load(_element(context, builder, sig.args[0], args[0], args[1], value), align=8)

    return value(masks, types.int64), codegen


@intrinsic
def _store(typingctx, masks, index, lanes):
    """Put `lanes` at `index` of `masks`."""
    value = _OF_NDIM[masks.ndim]

    def codegen(context, builder, sig, args):
        builder.store(args[2], _element(context, builder, sig.args[0], args[0], args[1], value), align=8)
        return context.get_dummy_value()

    return types.void(masks, types.int64, value), codegen


@intrinsic
def _splat(typingctx, masks, flag):
    """All lanes 1 where `flag` is 1, else all 0, in the type of the lanes of `masks`."""
    value = _OF_NDIM[masks.ndim]

    def codegen(context, builder, sig, args):
        word = builder.neg(builder.zext(builder.trunc(args[1], ir.IntType(1)), ir.IntType(64)))
        if value is types.uint64:
            return word
        first = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), word, ir.Constant(ir.IntType(32), 0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
        return builder.shuffle_vector(first, ir.Constant(_VECTOR, ir.Undefined), order)

    return value(masks, types.int64), codegen


@intrinsic
def _any(typingctx, lanes):
    """1 if a lane is 1, else 0."""

    def codegen(context, builder, sig, args):
        x = args[0]
        if isinstance(x.type, ir.VectorType):
            wide = ir.IntType(64 * x.type.count)
            zero = builder.icmp_unsigned("!=", builder.bitcast(x, wide), ir.Constant(wide, 0))
        else:
            zero = builder.icmp_unsigned("!=", x, ir.Constant(x.type, 0))
        return builder.zext(zero, ir.IntType(64))

    return types.int64(lanes), codegen


@intrinsic
def _add_ones(typingctx, sums, lanes):
    """Every word of `sums` plus the number of 1s in that word of `lanes`."""

    def codegen(context, builder, sig, args):
        x = args[1]
        name = f"llvm.ctpop.v{x.type.count}i64" if isinstance(x.type, ir.VectorType) else "llvm.ctpop.i64"
        ctpop = cgutils.get_or_insert_function(builder.module, ir.FunctionType(x.type, [x.type]), name)
        return builder.add(args[0], builder.call(ctpop, [x]))

    return lanes(lanes, lanes), codegen


@intrinsic
def _sum(typingctx, sums):
    """The sum of the words."""

    def codegen(context, builder, sig, args):
        x = args[0]
        if not isinstance(x.type, ir.VectorType):
            return x
        name = f"llvm.vector.reduce.add.v{x.type.count}i64"
        add = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.IntType(64), [x.type]), name)
        return builder.call(add, [x])

    return types.int64(sums), codegen


@intrinsic
def _lowest(typingctx, word):
    """Position of the lowest 1 of a word that is not 0."""

    def codegen(context, builder, sig, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@intrinsic
def _word(typingctx, masks, index, w):
    """Word `w` of the lanes at `index`."""
    words = _WORDS[masks.ndim]

    def codegen(context, builder, sig, args):
        data = cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).data
        at = builder.add(builder.mul(args[1], ir.Constant(ir.IntType(64), words)), args[2])
        return builder.load(builder.gep(data, [at]))

    return types.uint64(masks, types.int64, types.int64), codegen


# -- one cell --------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _merge2(times, masks, a, b, anf, va, vb, out_times, out_masks, o, delay):
    """Changes of a function of two pins, without its delay; the next free index after them.

    ``a`` and ``b`` are where the pins' lists start, ``va`` and ``vb`` the pins before any event. The
    function is in algebraic normal form: bit ``i`` of ``anf`` is the coefficient of the product of the
    pins in ``i``. Every list ends in NEVER. No branch depends on which pin comes first.
    """
    k1, k2, k3 = _splat(masks, anf >> 1), _splat(masks, anf >> 2), _splat(masks, anf >> 3)
    value = (k1 & va) ^ (k2 & vb) ^ (k3 & va & vb)
    ta, tb = times[a], times[b]
    while True:
        t = min(ta, tb)
        if t == NEVER:
            return o
        use_a, use_b = np.int64(ta == t), np.int64(tb == t)
        va = va ^ (_load(masks, a) & _splat(masks, use_a))
        vb = vb ^ (_load(masks, b) & _splat(masks, use_b))
        a += use_a
        b += use_b
        ta, tb = times[a], times[b]
        following = (k1 & va) ^ (k2 & vb) ^ (k3 & va & vb)
        change = following ^ value
        value = following
        out_times[o] = t + delay
        _store(out_masks, o, change)
        o += _any(change)


@njit(cache=True, nogil=True)
def _cofactors(masks, anf, va, vb):
    """The function of two pins with coefficients ``anf`` (4 bits)."""
    return (
        _splat(masks, anf) ^ (_splat(masks, anf >> 1) & va) ^ (_splat(masks, anf >> 2) & vb)
        ^ (_splat(masks, anf >> 3) & va & vb)
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _function4(masks, anf, va, vb, vc, vd):
    low = _cofactors(masks, anf, va, vb) ^ (vc & _cofactors(masks, anf >> 4, va, vb))
    high = _cofactors(masks, anf >> 8, va, vb) ^ (vc & _cofactors(masks, anf >> 12, va, vb))
    return low ^ (vd & high)


@njit(cache=True, nogil=True)
def _merge4(times, masks, a, b, c, d, anf, va, vb, vc, vd, out_times, out_masks, o, delay):
    """As :func:`_merge2`, with four pins."""
    value = _function4(masks, anf, va, vb, vc, vd)
    ta, tb, tc, td = times[a], times[b], times[c], times[d]
    while True:
        t = min(ta, tb, tc, td)
        if t == NEVER:
            return o
        use_a, use_b, use_c, use_d = np.int64(ta == t), np.int64(tb == t), np.int64(tc == t), np.int64(td == t)
        va = va ^ (_load(masks, a) & _splat(masks, use_a))
        vb = vb ^ (_load(masks, b) & _splat(masks, use_b))
        vc = vc ^ (_load(masks, c) & _splat(masks, use_c))
        vd = vd ^ (_load(masks, d) & _splat(masks, use_d))
        a += use_a
        b += use_b
        c += use_c
        d += use_d
        ta, tb, tc, td = times[a], times[b], times[c], times[d]
        following = _function4(masks, anf, va, vb, vc, vd)
        change = following ^ value
        value = following
        out_times[o] = t + delay
        _store(out_masks, o, change)
        o += _any(change)


@njit(cache=True, nogil=True)
def _clean(queue_masks, cancels, first, tail, recent):
    """Take from queued changes the lanes that were cancelled after they were queued."""
    gone = recent
    for j in range(tail - 1, first - 1, -1):
        _store(queue_masks, j, _load(queue_masks, j) & ~gone)
        if j > first:
            gone = gone | _load(cancels, j - 1)


@njit(cache=True, nogil=True)
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
                certain = _load(rise_m, rise_head) & ~rise_gone
                rise_head += 1
                next_rise = rise_t[rise_head] if rise_head < rise_tail else NEVER
                at = due + rest_rise
            if next_fall == due:
                if fall_head == fall_mid:
                    _clean(fall_m, fall_c, fall_head, fall_tail, fall_recent)
                    fall_mid = fall_tail
                    fall_gone = fall_recent = zero
                certain = certain | (_load(fall_m, fall_head) & ~fall_gone)
                fall_head += 1
                next_fall = fall_t[fall_head] if fall_head < fall_tail else NEVER
                at = due + rest_fall
            pending = pending & ~certain
            if _any(certain):
                if o > first and times[o - 1] == at:
                    _store(masks, o - 1, _load(masks, o - 1) ^ certain)
                else:
                    times[o] = at
                    _store(masks, o, certain)
                    o += 1
        if k == n:
            break
        change = _load(src_m, k)
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
        elif _any(rise):
            if rise_head == rise_tail:
                rise_head = rise_mid = rise_tail = 0
                next_rise = t + hold_rise
            else:
                _store(rise_c, rise_tail - 1, rise_recent)
            rise_recent = zero
            rise_t[rise_tail] = t + hold_rise
            _store(rise_m, rise_tail, rise)
            rise_tail += 1
            pending = pending | rise
        if hold_fall == 0:
            at_once = at_once | fall
            at = t + rest_fall
        elif _any(fall):
            if fall_head == fall_tail:
                fall_head = fall_mid = fall_tail = 0
                next_fall = t + hold_fall
            else:
                _store(fall_c, fall_tail - 1, fall_recent)
            fall_recent = zero
            fall_t[fall_tail] = t + hold_fall
            _store(fall_m, fall_tail, fall)
            fall_tail += 1
            pending = pending | fall
        if _any(at_once):
            if o > first and times[o - 1] == at:
                _store(masks, o - 1, _load(masks, o - 1) ^ at_once)
            else:
                times[o] = at
                _store(masks, o, at_once)
                o += 1
    return o


# -- the lists of a block --------------------------------------------------------------------


@njit(cache=True, nogil=True)
def begin(inputs, arrival, before, after, low, words, times, masks, value, starts, ends, lists, progress):
    """Empty the lists of a block and make those of the inputs: words ``low .. low + words`` of the planes."""
    starts[:] = 0
    ends[:] = 0
    times[0] = NEVER
    _store(masks, 0, _splat(masks, 0))
    _store(value, 0, _splat(masks, 0))
    _store(value, 1, _splat(masks, 1))
    top = 1
    count = 0
    flat_value, flat_masks = value.reshape(-1), masks.reshape(-1)
    block = flat_value.size // len(value)
    for i in range(len(inputs)):
        net = inputs[i]
        _store(value, net, _splat(masks, 0))
        _store(masks, top, _splat(masks, 0))
        for w in range(words):
            flat_value[net * block + w] = before[i, low + w]
            flat_masks[top * block + w] = before[i, low + w] ^ after[i, low + w]
        if _any(_load(masks, top)):
            times[top], times[top + 1] = arrival[i], NEVER
            starts[net], ends[net] = top, top + 1
            lists[count] = net
            count += 1
            top += 2
    progress[NEXT], progress[TOP], progress[N_LISTS], progress[STEPS] = 0, top, count, 0


@njit(cache=True, nogil=True)
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
                _store(masks, j - shift, _load(masks, j))
            starts[net] -= shift
            ends[net] -= shift
        top = ends[net] + 1
        lists[count] = net
        count += 1
    progress[TOP], progress[N_LISTS] = top, count


@njit(cache=True, nogil=True)
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
        va, vb, vc, vd = _load(value, a), _load(value, b), _load(value, c), _load(value, d)
        initial = _function4(masks, anf[cell], va, vb, vc, vd)
        _store(value, cell, initial)
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
                lanes = _load(masks, j)
                ones = _add_ones(ones, lanes)
                changed = changed ^ lanes
            toggles[cell] += _sum(ones)
            needed[cell] += _sum(_add_ones(initial ^ initial, changed))
            last[cell] = max(last[cell], times[o - 1])
        for k in range(n_pins[cell]):
            readers_left[pins[cell, k]] -= 1
        progress[STEPS] += steps + 8
    progress[NEXT] = len(order)
    return DONE


@njit(cache=True, nogil=True)
def per_lane(first, end, times, masks, counter, weight, n_lanes, energy, count, settled):
    """Add one net's transitions to the lanes: ``energy`` and ``count`` gain, ``settled`` becomes the later time.

    Transitions are counted for all lanes at once in binary, bit ``p`` of every lane's count in
    ``counter[p]``.
    """
    top = 0
    for j in range(first, end):
        carry = _load(masks, j)
        p = 0
        while _any(carry):
            if p == top:
                _store(counter, p, carry ^ carry)
                top += 1
            plane = _load(counter, p)
            _store(counter, p, plane ^ carry)
            carry = plane & carry
            p += 1
    for p in range(top):
        for lane in range(n_lanes):
            bit = np.int64((_word(counter, p, lane >> 6) >> np.uint64(lane & 63)) & np.uint64(1))
            count[lane] += bit << p
            energy[lane] += weight * (bit << p)
    seen = _splat(masks, 0)
    for j in range(end - 1, first - 1, -1):
        lanes = _load(masks, j) & ~seen
        if _any(lanes):
            _store(counter, 0, lanes)
            for w in range((n_lanes + 63) >> 6):
                word = _word(counter, 0, w)
                while word:
                    lane = 64 * w + _lowest(word)
                    settled[lane] = max(settled[lane], times[j])
                    word &= word - np.uint64(1)
            seen = seen | lanes
