# pyright: reportCallIssue=false
"""The bit-parallel kernel: rows of three-input functions over slots of 1, 8 or 32 words.

A row is one vector operation: load up to three slots, combine them bitwise, store one slot. Rows come
in runs of one function, so no branch depends on data. The functions are the 40 classes, up to the
order of the inputs, of three-input functions with f(0, 0, 0) = 0; LLVM turns each into one to three
instructions (ternary logic where the machine has AVX-512) and splits the vectors where registers are
narrower.
"""

from __future__ import annotations

from itertools import permutations

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

# -- function classes ------------------------------------------------------------------------


def _permuted(table: int, order: tuple[int, ...]) -> int:
    """Table of g with g(x) = f(y), y[j] = x[order[j]]."""
    result = 0
    for index in range(8):
        old = sum(((index >> order[j]) & 1) << j for j in range(3))
        result |= ((table >> old) & 1) << index
    return result


def _classes() -> tuple[list[int], np.ndarray, np.ndarray]:
    kinds: list[int] = []
    kind_of = np.zeros(256, np.uint8)
    order_of = np.zeros((256, 3), np.uint8)
    for table in range(0, 256, 2):
        # f(fanins) = class(x) with x[j] = fanin[order[j]]
        best = min(
            (_permuted(table, tuple(order.index(j) for j in range(3))), order) for order in permutations(range(3))
        )
        if best[0] not in kinds:
            kinds.append(best[0])
        kind_of[table] = kinds.index(best[0])
        order_of[table] = best[1]
    kind_of.flags.writeable = order_of.flags.writeable = False
    return kinds, kind_of, order_of


KINDS, KIND_OF, ORDER_OF = _classes()
"""Class tables (8 bits each); class of each normal table; how a row's inputs are wired to the class."""

READ_KIND = len(KINDS)
"""Kind of a row that reads a memory: its first entry is the number of the read port."""

CODE_KIND = len(KINDS) + 1
"""Kind of a run that stands for compiled code: its first row is the number of the function."""


# -- code generation -------------------------------------------------------------------------


def two_input(ops, table: int, a, b):
    """The two-input function `table` (4 bits) of `a` and `b`, or None for constant 0.

    `ops` gives ``and_``, ``or_``, ``xor``, ``not_`` and ``ones``: LLVM values here, text elsewhere.
    """
    forms = {
        0b0000: lambda: None,
        0b1111: lambda: ops.ones,
        0b1010: lambda: a,
        0b0101: lambda: ops.not_(a),
        0b1100: lambda: b,
        0b0011: lambda: ops.not_(b),
        0b1000: lambda: ops.and_(a, b),
        0b0111: lambda: ops.not_(ops.and_(a, b)),
        0b1110: lambda: ops.or_(a, b),
        0b0001: lambda: ops.not_(ops.or_(a, b)),
        0b0110: lambda: ops.xor(a, b),
        0b1001: lambda: ops.not_(ops.xor(a, b)),
        0b0010: lambda: ops.and_(a, ops.not_(b)),
        0b0100: lambda: ops.and_(ops.not_(a), b),
        0b1011: lambda: ops.or_(a, ops.not_(b)),
        0b1101: lambda: ops.or_(ops.not_(a), b),
    }
    return forms[table]()


_TRIVIAL = (0b0000, 0b1111, 0b1010, 0b1100)


def expression(ops, table: int, inputs):
    """A normal three-input function: f0 ^ (c & (f0 ^ f1)) on the cheapest variable c."""

    def cofactors(c: int) -> tuple[int, int]:
        rest = [v for v in range(3) if v != c]
        halves = [0, 0]
        for half in range(2):
            for index in range(4):
                full = (half << c) | ((index & 1) << rest[0]) | ((index >> 1) << rest[1])
                halves[half] |= ((table >> full) & 1) << index
        return halves[0], halves[0] ^ halves[1]

    c = min(range(3), key=lambda v: sum(t not in _TRIVIAL for t in cofactors(v)))
    rest = [v for v in range(3) if v != c]
    low_table, change_table = cofactors(c)
    low = two_input(ops, low_table, inputs[rest[0]], inputs[rest[1]])
    if change_table == 0:
        return low
    change = two_input(ops, change_table, inputs[rest[0]], inputs[rest[1]])
    gated = inputs[c] if change_table == 0b1111 else ops.and_(inputs[c], change)
    return gated if low is None else ops.xor(low, gated)


def support(table: int) -> tuple[bool, bool, bool]:
    """Which of the three inputs the function `table` depends on."""
    first, second, third = (
        any((table >> i ^ table >> (i | 1 << v)) & 1 for i in range(8) if not i >> v & 1) for v in range(3)
    )
    return first, second, third


class _LlvmOps:
    """The operations of :func:`expression` as instructions of an LLVM builder."""

    def __init__(self, builder, value_type) -> None:
        self.ones = ir.Constant(value_type, [-1] * value_type.count if isinstance(value_type, ir.VectorType) else -1)
        self.and_, self.or_, self.xor = builder.and_, builder.or_, builder.xor

    def not_(self, x):
        return self.xor(x, self.ones)


def _make_run(width: int):
    """An intrinsic that evaluates one run of rows on slots of `width` words."""

    @intrinsic
    def lut_run(typingctx, kind, rows, start, stop, slots):
        def codegen(context, builder, signature, args):
            kind_v, rows_v, start_v, stop_v, slots_v = args
            i64 = ir.IntType(64)
            value = i64 if width == 1 else ir.VectorType(i64, width)
            rows_p = cgutils.create_struct_proxy(signature.args[1])(context, builder, rows_v).data
            slots_p = cgutils.create_struct_proxy(signature.args[4])(context, builder, slots_v).data
            start_i, stop_i = (
                context.cast(builder, v, t, types.int64)
                for v, t in ((start_v, signature.args[2]), (stop_v, signature.args[3]))
            )
            kind_i = context.cast(builder, kind_v, signature.args[0], types.int64)
            done = builder.append_basic_block("done")
            switch = builder.switch(kind_i, done)
            for number, table in enumerate(KINDS):
                if table == 0:
                    continue
                entry = builder.append_basic_block(f"kind{number}")
                switch.add_case(ir.Constant(i64, number), entry)
                builder.position_at_end(entry)
                _emit_loop(builder, table, value, width, rows_p, slots_p, start_i, stop_i, done)
            builder.position_at_end(done)
            return context.get_dummy_value()

        return types.void(kind, rows, start, stop, slots), codegen

    return lut_run


def _emit_loop(builder, table, value, width, rows_p, slots_p, start, stop, done):
    i64 = ir.IntType(64)
    before = builder.block
    body = builder.append_basic_block("row")
    builder.cbranch(builder.icmp_signed("<", start, stop), body, done)
    builder.position_at_end(body)
    r = builder.phi(i64)
    r.add_incoming(start, before)

    def slot(column: int):
        at = builder.gep(rows_p, [builder.add(builder.mul(r, ir.Constant(i64, 4)), ir.Constant(i64, column))])
        index = builder.sext(builder.load(at), i64)
        word = builder.gep(slots_p, [builder.mul(index, ir.Constant(i64, width))])
        return builder.bitcast(word, value.as_pointer())

    inputs = [builder.load(slot(v), align=8) if used else None for v, used in enumerate(support(table))]
    spare = next(x for x in inputs if x is not None)
    result = expression(_LlvmOps(builder, value), table, [spare if x is None else x for x in inputs])
    builder.store(result, slot(3), align=8)
    following = builder.add(r, ir.Constant(i64, 1))
    r.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, stop), body, done)


_run1, _run8, _run32 = _make_run(1), _make_run(8), _make_run(32)


@intrinsic
def _call_code(typingctx, address, slots, word):
    """Call compiled code at `address` (a function of a pointer to the slots) from `word` of the slots on."""

    def codegen(context, builder, signature, args):
        pointer = cgutils.create_struct_proxy(signature.args[1])(context, builder, args[1]).data
        pointer = builder.gep(pointer, [args[2]])
        kind = ir.FunctionType(ir.VoidType(), [pointer.type])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [pointer])
        return context.get_dummy_value()

    return types.void(types.int64, slots, types.int64), codegen


# -- memories --------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _gather(slots, literals, lo, hi, word, lane):
    """The integer on `literals[lo:hi]` in one lane."""
    total = np.uint64(0)
    for k in range(lo, hi):
        bit = (slots[literals[k] >> 1, word] >> lane) & np.uint64(1)
        total |= (bit ^ np.uint64(literals[k] & 1)) << np.uint64(k - lo)
    return total


@njit(cache=True, nogil=True)
def _read(port, slots, lanes, first_lane, mem, port_mem, addr_ptr, addr_lit, data_ptr, data_slot, words):
    m = port_mem[port]
    base, stride, depth = mem[m, 0], mem[m, 1], np.uint64(mem[m, 2])
    lo, hi = data_ptr[port], data_ptr[port + 1]
    for w in range((lanes + 63) >> 6):
        for k in range(lo, hi):
            slots[data_slot[k], w] = np.uint64(0)
        for i in range(min(64, lanes - 64 * w)):
            lane = np.uint64(i)
            address = _gather(slots, addr_lit, addr_ptr[port], addr_ptr[port + 1], w, lane)
            if address < depth:
                value = words[base + stride * (first_lane + 64 * w + i) + np.int64(address)]
                for k in range(lo, hi):
                    slots[data_slot[k], w] |= ((value >> np.uint64(k - lo)) & np.uint64(1)) << lane


@njit(cache=True, nogil=True)
def _write(port, slots, lanes, first_lane, mem, port_mem, addr_ptr, addr_lit, data_ptr, data_lit, enable, words):
    m = port_mem[port]
    base, stride, depth = mem[m, 0], mem[m, 1], np.uint64(mem[m, 2])
    for w in range((lanes + 63) >> 6):
        enabled = slots[enable[port] >> 1, w] ^ (np.uint64(0) - np.uint64(enable[port] & 1))
        if enabled == 0:
            continue
        for i in range(min(64, lanes - 64 * w)):
            lane = np.uint64(i)
            if (enabled >> lane) & np.uint64(1):
                address = _gather(slots, addr_lit, addr_ptr[port], addr_ptr[port + 1], w, lane)
                if address < depth:
                    value = _gather(slots, data_lit, data_ptr[port], data_ptr[port + 1], w, lane)
                    words[base + stride * (first_lane + 64 * w + i) + np.int64(address)] = value


# -- the kernel ------------------------------------------------------------------------------


@intrinsic
def _copy8(typingctx, target, t, source, s, flip):
    """Eight words from element `s` of `source` to element `t` of `target`, each XORed with `flip`."""

    def codegen(context, builder, signature, args):
        vector = ir.VectorType(ir.IntType(64), 8)

        def at(array: int, index: int):
            data = cgutils.create_struct_proxy(signature.args[array])(context, builder, args[array]).data
            return builder.bitcast(builder.gep(data, [args[index]]), vector.as_pointer())

        lane = builder.insert_element(ir.Constant(vector, ir.Undefined), args[4], ir.Constant(ir.IntType(32), 0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
        flips = builder.shuffle_vector(lane, ir.Constant(vector, ir.Undefined), order)
        builder.store(builder.xor(builder.load(at(2, 3), align=8), flips), at(0, 1), align=8)
        return context.get_dummy_value()

    return types.void(target, types.int64, source, types.int64, types.uint64), codegen


@njit(cache=True, nogil=True)
def _move(target, t, t_low, source, s, s_low, n, flip):
    """``target[t, t_low:t_low + n] = source[s, s_low:s_low + n] ^ flip``, C-contiguous arrays."""
    to = t * target.shape[1] + t_low
    at = s * source.shape[1] + s_low
    whole = n & ~7
    for w in range(0, whole, 8):
        _copy8(target, to + w, source, at + w, flip)
    for w in range(whole, n):
        target[t, t_low + w] = source[s, s_low + w] ^ flip


@njit(cache=True, nogil=True)
def simulate(
    first_word, last_word, lanes, slots,
    first_cycle, last_cycle, stimulus, input_slot,
    runs, rows, codes,
    observe, out, out_first,
    reg_slot, next_lit, registers,
    mem, read_mem, read_addr_ptr, read_addr, read_data_ptr, read_data,
    write_mem, write_addr_ptr, write_addr, write_data_ptr, write_data, write_enable, words,
):  # fmt: skip
    """Run cycles ``first_cycle .. last_cycle`` for the words ``first_word .. last_word`` of every plane.

    ``slots`` is (n_slots, width) scratch with slot 0 all 0; `lanes` counts the patterns of the whole
    run. ``codes`` are the addresses that runs of CODE_KIND call. Cycle ``c`` is recorded at
    ``out[c - out_first]`` when that is not negative. ``registers`` and ``words`` (memory contents) are
    updated in place.
    """
    width = slots.shape[1]
    held = stimulus.shape[0] == 1
    zero = np.uint64(0)
    n_regs = len(reg_slot)
    staged = np.empty((n_regs, width), np.uint64)
    for low in range(first_word, last_word, width):
        n = min(width, last_word - low)
        block_lanes = min(64 * n, lanes - 64 * low)
        for i in range(n_regs):
            _move(slots, reg_slot[i], 0, registers, i, low, n, zero)
        for cycle in range(first_cycle, last_cycle):
            planes = stimulus[0 if held else cycle]
            for i in range(len(input_slot)):
                if input_slot[i] >= 0:
                    _move(slots, input_slot[i], 0, planes, i, low, n, zero)
            for k in range(len(runs)):
                kind, start, stop = runs[k, 0], runs[k, 1], runs[k, 2]
                if kind == READ_KIND:
                    for r in range(start, stop):
                        _read(rows[r, 0], slots, block_lanes, 64 * low, mem, read_mem, read_addr_ptr, read_addr,
                              read_data_ptr, read_data, words)  # fmt: skip
                elif kind == CODE_KIND:
                    for word in range(0, n, 8):
                        _call_code(codes[start], slots, word)
                elif width == 32:
                    _run32(kind, rows, start, stop, slots)
                elif width == 8:
                    _run8(kind, rows, start, stop, slots)
                else:
                    _run1(kind, rows, start, stop, slots)
            if cycle >= out_first:
                for i in range(len(observe)):
                    _move(
                        out[cycle - out_first], i, low, slots, observe[i] >> 1, 0, n, zero - np.uint64(observe[i] & 1)
                    )
            for port in range(len(write_mem)):
                _write(port, slots, block_lanes, 64 * low, mem, write_mem, write_addr_ptr, write_addr,
                       write_data_ptr, write_data, write_enable, words)  # fmt: skip
            for i in range(n_regs):
                _move(staged, i, 0, slots, next_lit[i] >> 1, 0, n, zero - np.uint64(next_lit[i] & 1))
            if cycle + 1 < last_cycle:
                for i in range(n_regs):
                    _move(slots, reg_slot[i], 0, staged, i, 0, n, zero)
        if first_cycle < last_cycle:
            for i in range(n_regs):
                _move(registers, i, low, staged, i, 0, n, zero)
