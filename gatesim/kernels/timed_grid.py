# pyright: reportCallIssue=false, reportGeneralTypeIssues=false
"""Waveforms on a grid of time: a net's waveform is a row of masks, one for every unit of time.

Where many patterns change at nearly every time, this beats sorted lists of times: a cell is one loop over
its pins' rows, without a branch, for 512 patterns a step. The loop is emitted as LLVM vector code.

Inertial delay needs to know, in every lane, how long the function of the pins has been stable. Each lane
has a shift register with feedback (XNOR, so that all zeros is an ordinary state), its bits spread over
``k`` vectors. A change sets a lane to the state from which 0 is reached when its delay is over; a lane
that gets there fires, unless its output is right already. Feedback taps of maximal length: P. Alfke,
"Efficient shift registers, LFSR counters, and long pseudo-random sequence generators", XAPP 052, 1996.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import kernel

TAPS = {2: 1, 3: 2, 5: 3, 7: 6, 11: 9}
"""Second tap of a shift register of so many bits (the first is its last bit)."""

MAX_HOLD = (1 << max(TAPS)) - 1
"""The longest inertial delay, in units of time."""

WORDS = 8
"""Words of a mask: 512 patterns."""

NEXT, TOP, STEPS, WANTED, ENTRIES, N_FIELDS = range(6)
"""Fields of ``progress``: next cell in order, masks ever used, units of time done, masks wanted, and how many
entries the pins' rows would have as lists."""

N_SIZES = 40
"""Rows lie in blocks of a power of two; freed blocks of a size are a list, the last one freed first."""

DONE, PAUSED, NEEDS_ROOM = range(3)
"""What :func:`propagate` returns."""

(_START, _ORIGIN, _COUNT, _NET, _CELL, _FIRST, _END, _OUT, _ANF, _RISE, _FALL, _TOGGLES, _NEEDED, _INVERTED, _JOB) = (
    0, 4, 8, 12, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
)  # fmt: skip
"""Fields of the job of one cell; the first four have an entry for every pin."""

AND_KIND, XOR_KIND, WIDE_KIND = range(3)
"""Kinds of loops: AND or XOR of two pins, each of which (and the output) may be inverted; four pins."""

_I64 = ir.IntType(64)
_MASK = ir.VectorType(_I64, WORDS)


def loop_kinds(tables: np.ndarray, n_pins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kind of loop of each cell, and how it inverts: bits 0 and 1 for the pins, bit 2 for the output.

    A cell with one pin is an AND whose second pin (constant 0) is inverted; what inverts a cell with more
    than two pins is 0.
    """
    forms: dict[int, tuple[int, int]] = {}
    for inverted in range(8):
        a, b, out = inverted & 1, inverted >> 1 & 1, inverted >> 2
        both = sum(((i & 1 ^ a) & (i >> 1 ^ b) ^ out) << i for i in range(4))
        one_of = sum(((i & 1 ^ a) ^ (i >> 1 ^ b) ^ out) << i for i in range(4))
        forms.setdefault(both, (AND_KIND, inverted))
        forms.setdefault(one_of, (XOR_KIND, inverted))
    single = {0b10: (AND_KIND, 0b010), 0b01: (AND_KIND, 0b110)}
    found = [
        {1: single, 2: forms}.get(n, {}).get(t, (WIDE_KIND, 0))
        for t, n in zip(tables.tolist(), n_pins.tolist(), strict=True)
    ]
    kinds, inverted = np.array(found, np.int64).reshape(-1, 2).T
    return np.ascontiguousarray(kinds), np.ascontiguousarray(inverted)


def register_states(hold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bits of the shift register of each cell, and states from which 0 is reached after ``hold - 1`` steps.

    `hold` is (n, 2) int64, in units of time, at most ``MAX_HOLD``; cells with a hold of 0 have 0 bits.
    """
    longest = hold.max(axis=1)
    bits = np.zeros(len(hold), np.int64)
    states = np.zeros(hold.shape, np.int64)
    done = longest <= 0
    for k, tap in TAPS.items():
        mine = ~done & (longest < 1 << k)
        bits[mine] = k
        back = np.zeros(1 << k, np.int64)
        state = 0
        for steps in range(1, 1 << k):
            back[steps] = state
            # The step shifts left and puts in the XNOR of the last bit and the tap: undo it.
            low = state & 1
            before = state >> 1
            last = 1 ^ low ^ (before >> (tap - 1) & 1)
            state = before | last << (k - 1)
        states[mine] = back[hold[mine]]
        done |= mine
    return bits, states


def _cell_loop(builder, job, masks, value, kind: int, k: int) -> None:
    """Emit the loop over the units of time of a cell of a kind, with a shift register of `k` bits."""
    n_pins = 4 if kind == WIDE_KIND else 2

    def field(index: int):
        return builder.load(builder.gep(job, [ir.Constant(_I64, index)]))

    def mask_at(array, index):
        return builder.bitcast(builder.gep(array, [builder.mul(index, ir.Constant(_I64, WORDS))]), _MASK.as_pointer())

    def splat(word, bit: int):
        all_or_none = builder.neg(builder.and_(builder.lshr(word, ir.Constant(_I64, bit)), ir.Constant(_I64, 1)))
        lane = builder.insert_element(ir.Constant(_MASK, ir.Undefined), all_or_none, ir.Constant(ir.IntType(32), 0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), WORDS), [0] * WORDS)
        return builder.shuffle_vector(lane, ir.Constant(_MASK, ir.Undefined), order)

    zero = ir.Constant(_MASK, [0] * WORDS)
    ones = ir.Constant(_MASK, [-1] * WORDS)
    anf = field(_ANF)
    coefficients = [splat(anf, i) for i in range(16)] if kind == WIDE_KIND else []

    def function(pins):
        """AND, XOR, or the exclusive-or of products, split on the last pin again and again."""

        def part(low: int, n: int):
            if n == 0:
                return coefficients[low]
            half = 1 << (n - 1)
            return builder.xor(part(low, n - 1), builder.and_(pins[n - 1], part(low + half, n - 1)))

        if kind == AND_KIND:
            return builder.and_(*pins)
        return builder.xor(*pins) if kind == XOR_KIND else part(0, n_pins)

    def ones_in(mask):
        name = f"llvm.ctpop.v{WORDS}i64"
        ctpop = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_MASK, [_MASK]), name)
        return builder.call(ctpop, [mask])

    def total(sums):
        name = f"llvm.vector.reduce.add.v{WORDS}i64"
        add = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I64, [_MASK]), name)
        return builder.call(add, [sums])

    starts, origins, counts = ([field(base + p) for p in range(n_pins)] for base in (_START, _ORIGIN, _COUNT))
    first, end, out = field(_FIRST), field(_END), field(_OUT)
    inverted = field(_INVERTED)
    before = [
        builder.xor(builder.load(mask_at(value, field(_NET + p)), align=8), splat(inverted, p)) for p in range(n_pins)
    ]
    initial = function(before)
    builder.store(builder.xor(initial, splat(inverted, 2)), mask_at(value, field(_CELL)), align=8)
    rise, fall = field(_RISE), field(_FALL)
    to_rise, to_fall = [splat(rise, j) for j in range(k)], [splat(fall, j) for j in range(k)]
    shift = builder.sub(out, first)

    entry = builder.block
    body, done = builder.append_basic_block("unit"), builder.append_basic_block("over")
    builder.cbranch(builder.icmp_signed("<", first, end), body, done)
    builder.position_at_end(body)
    i = builder.phi(_I64)
    i.add_incoming(first, entry)

    def carried(start):
        phi = builder.phi(_MASK)
        phi.add_incoming(start, entry)
        return phi

    pins = [carried(v) for v in before]
    wanted, output, toggled = carried(initial), carried(initial), carried(zero)
    state = [carried(zero) for _ in range(k)]

    new_pins = []
    for p in range(n_pins):
        at = builder.sub(i, origins[p])
        inside = builder.icmp_unsigned("<", at, counts[p])
        index = builder.select(inside, builder.add(at, starts[p]), ir.Constant(_I64, 0))
        new_pins.append(builder.xor(pins[p], builder.load(mask_at(masks, index), align=8)))
    new_wanted = function(new_pins)
    change = builder.xor(new_wanted, wanted)
    if k:
        busy = state[0]
        for bit in state[1:]:
            busy = builder.or_(busy, bit)
        fires = builder.and_(builder.xor(busy, ones), builder.xor(wanted, output))
        feedback = builder.xor(builder.xor(state[k - 1], state[TAPS[k] - 1]), ones)
        stepped = [feedback, *state[:-1]]
        new_state = []
        for j in range(k):
            target = builder.xor(to_fall[j], builder.and_(new_wanted, builder.xor(to_rise[j], to_fall[j])))
            new_state.append(builder.xor(stepped[j], builder.and_(change, builder.xor(stepped[j], target))))
    else:
        fires, new_state = change, []
    builder.store(fires, mask_at(masks, builder.add(i, shift)), align=8)
    new_output = builder.xor(output, fires)
    new_toggled = builder.add(toggled, ones_in(fires))
    following = builder.add(i, ir.Constant(_I64, 1))
    for phi, new in zip(
        [*pins, wanted, output, toggled, *state],
        [*new_pins, new_wanted, new_output, new_toggled, *new_state],
        strict=True,
    ):
        phi.add_incoming(new, body)
    i.add_incoming(following, body)
    builder.cbranch(builder.icmp_signed("<", following, end), body, done)

    builder.position_at_end(done)
    last_output, last_toggled = builder.phi(_MASK), builder.phi(_MASK)
    for phi, start, new in ((last_output, initial, new_output), (last_toggled, zero, new_toggled)):
        phi.add_incoming(start, entry)
        phi.add_incoming(new, body)
    builder.store(total(last_toggled), builder.gep(job, [ir.Constant(_I64, _TOGGLES)]))
    needed = total(ones_in(builder.xor(last_output, initial)))
    builder.store(needed, builder.gep(job, [ir.Constant(_I64, _NEEDED)]))


@intrinsic
def _cell(typingctx, kind, k, job, masks, value):
    """Run the loop of a kind of cell with a shift register of `k` bits."""

    def codegen(context, builder, sig, args):
        pointers = [cgutils.create_struct_proxy(sig.args[j])(context, builder, args[j]).data for j in (2, 3, 4)]
        chosen = builder.add(builder.mul(args[0], ir.Constant(_I64, 16)), args[1])
        over = builder.append_basic_block("chosen")
        switch = builder.switch(chosen, over)
        for which in (AND_KIND, XOR_KIND, WIDE_KIND):
            for bits in (0, *TAPS):
                block = builder.append_basic_block(f"kind{which}bits{bits}")
                switch.add_case(ir.Constant(_I64, 16 * which + bits), block)
                builder.position_at_end(block)
                _cell_loop(builder, *pointers, which, bits)
                builder.branch(over)
        builder.position_at_end(over)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, job, masks, value), codegen


@intrinsic
def _bit_length(typingctx, number):
    """Bits of a number that is not negative; 0 for 0."""

    def codegen(context, builder, sig, args):
        return builder.sub(ir.Constant(_I64, 64), builder.ctlz(args[0], ir.Constant(ir.IntType(1), 0)))

    return types.int64(types.int64), codegen


@intrinsic
def _any(typingctx, masks, index):
    """Whether a lane of the mask at `index` is 1."""

    def codegen(context, builder, sig, args):
        data = cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).data
        at = builder.gep(data, [builder.mul(args[1], ir.Constant(_I64, WORDS))])
        wide = ir.IntType(64 * WORDS)
        mask = builder.bitcast(builder.load(builder.bitcast(at, _MASK.as_pointer()), align=8), wide)
        return builder.icmp_unsigned("!=", mask, ir.Constant(wide, 0))

    return types.boolean(masks, types.int64), codegen


@kernel
def units_of_time(order, pins, n_pins, shortest, longest, arrival):
    """Sum over `order` of the time between the first and the last possible event, in units."""
    first, last = arrival.copy(), arrival.copy()
    total = 0
    for cell in order:
        low, high = np.int64(1 << 62), np.int64(-1)
        for p in range(n_pins[cell]):
            if last[pins[cell, p]] >= 0:
                low = min(low, first[pins[cell, p]])
                high = max(high, last[pins[cell, p]])
        first[cell] = low + shortest[cell] if high >= 0 else 0
        last[cell] = high + longest[cell] if high >= 0 else -1
        total += last[cell] - first[cell] + 1
    return total


@kernel
def depth_first(roots, is_cell, fanin_ptr, fanin):
    """The cells that `roots` depend on, drivers first and near their readers; `roots` must name every sink."""
    n = len(is_cell)
    seen = np.zeros(n, np.bool_)
    order = np.empty(n, np.int32)
    stack, at = np.empty(n, np.int32), np.empty(n, np.int32)
    made = 0
    for root in roots:
        if seen[root] or not is_cell[root]:
            continue
        seen[root] = True
        stack[0], at[0] = root, fanin_ptr[root]
        top = 1
        while top:
            cell = stack[top - 1]
            k = at[top - 1]
            if k == fanin_ptr[cell + 1]:
                order[made] = cell
                made += 1
                top -= 1
                continue
            at[top - 1] = k + 1
            driver = fanin[k]
            if is_cell[driver] and not seen[driver]:
                seen[driver] = True
                stack[top], at[top] = driver, fanin_ptr[driver]
                top += 1
    return order[:made].copy()


@kernel
def _take(length, masks, free, progress):
    """(first mask, size) of a block for `length` masks; -1 where there is no room for it."""
    size = _bit_length(length - 1)
    at = free[size]
    if at >= 0:
        free[size] = np.int64(masks[at, 0])
    elif progress[TOP] + (1 << size) <= len(masks):
        at = progress[TOP]
        progress[TOP] += 1 << size
    else:
        progress[WANTED] = progress[TOP] + (1 << size)
    return at, size


@kernel
def _give_back(at, size, masks, free):
    masks[at, 0] = np.uint64(free[size])
    free[size] = at


@kernel
def begin(inputs, arrival, before, after, low, words, masks, value, starts, origins, counts, blocks, sizes, free,
          progress):  # fmt: skip
    """Empty the rows of a block and make those of the inputs: words ``low .. low + words`` of the planes."""
    starts[:] = 0
    counts[:] = 0
    free[:] = -1
    progress[:] = 0
    for w in range(WORDS):
        masks[0, w] = np.uint64(0)
        value[0, w] = np.uint64(0)
        value[1, w] = ~np.uint64(0)
    top = 1
    for i in range(len(inputs)):
        net = inputs[i]
        changed = np.uint64(0)
        for w in range(WORDS):
            value[net, w] = before[i, low + w] if w < words else np.uint64(0)
            masks[top, w] = before[i, low + w] ^ after[i, low + w] if w < words else np.uint64(0)
            changed |= masks[top, w]
        if changed:
            starts[net], origins[net], counts[net] = top, arrival[i], 1
            blocks[net], sizes[net] = top, 0
            top += 1
    progress[TOP] = top


@kernel
def propagate(order, pins, n_pins, kinds, inverted, anf, n_bits, states, hold, rest, kept, readers_left, budget,
              counting, masks, value, starts, origins, counts, blocks, sizes, free, progress,
              toggles, needed, last):  # fmt: skip
    """Make the row of every cell of `order`, from ``progress[NEXT]`` on; see the status codes.

    Net ``i`` has ``counts[i]`` masks from ``starts[i]`` on, the first for time ``origins[i]``. ``hold`` and
    ``rest`` (n, 2) are in units of time: how long a change can be cancelled, and what passes after that.
    ``blocks`` and ``sizes`` say
    which block of masks a row lies in; ``counting`` asks for ``progress[ENTRIES]``.
    """
    job = np.zeros(_JOB, np.int64)
    stop = progress[STEPS] + budget
    for position in range(progress[NEXT], len(order)):
        progress[NEXT] = position
        if progress[STEPS] > stop:
            return PAUSED
        cell = order[position]
        first, end = np.int64(1 << 62), np.int64(-1)
        for p in range(n_pins[cell]):
            net = pins[cell, p]
            if counts[net]:
                first = min(first, origins[net])
                end = max(end, origins[net] + counts[net])
        if end < 0:
            first = end = 0
        longest = max(hold[cell, 0], hold[cell, 1])
        if end > first:
            end += longest
        out, size = _take(max(1, end - first), masks, free, progress)
        if out < 0:
            return NEEDS_ROOM
        for p in range(4 if kinds[cell] == WIDE_KIND else 2):
            net = pins[cell, p]
            job[_START + p], job[_ORIGIN + p], job[_COUNT + p], job[_NET + p] = (
                starts[net], origins[net], counts[net], net,
            )  # fmt: skip
        job[_CELL], job[_FIRST], job[_END], job[_OUT], job[_ANF] = cell, first, end, out, anf[cell]
        job[_RISE], job[_FALL] = states[cell, 0], states[cell, 1]
        job[_INVERTED] = inverted[cell]
        _cell(kinds[cell], n_bits[cell], job, masks, value)
        if job[_TOGGLES]:
            stop_at = out + end - first
            while not _any(masks, stop_at - 1):
                stop_at -= 1
            start_at = out + min(hold[cell, 0], hold[cell, 1])  # before that nothing can have fired
            while not _any(masks, start_at):
                start_at += 1
            starts[cell], counts[cell] = start_at, stop_at - start_at
            origins[cell] = first + start_at - out + rest[cell, 0]
            blocks[cell], sizes[cell] = out, size
            toggles[cell] += job[_TOGGLES]
            needed[cell] += job[_NEEDED]
            if counting:
                for j in range(start_at, stop_at):
                    progress[ENTRIES] += np.int64(_any(masks, j)) * readers_left[cell]
            last[cell] = max(last[cell], origins[cell] + counts[cell] - 1)
        if not counts[cell] or (readers_left[cell] == 0 and not kept[cell]):
            _give_back(out, size, masks, free)
        for p in range(n_pins[cell]):
            net = pins[cell, p]
            readers_left[net] -= 1
            if readers_left[net] == 0 and counts[net] and not kept[net]:
                _give_back(blocks[net], sizes[net], masks, free)
        progress[STEPS] += end - first + 8
    progress[NEXT] = len(order)
    return DONE
