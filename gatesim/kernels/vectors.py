# pyright: reportCallIssue=false
"""Vector operations that Numba's own loops do not reach, as LLVM intrinsics on raw arrays.

Like ``functions``, this file only generates code. Numba's disk cache does not see an edit here: after
one, clear the cache of the kernels that use it.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .functions import KIND_OF, KINDS, expression, support


class _LlvmOps:
    """The operations of :func:`expression` as instructions of an LLVM builder."""

    def __init__(self, builder, value_type) -> None:
        self.ones = ir.Constant(value_type, [-1] * value_type.count if isinstance(value_type, ir.VectorType) else -1)
        self.and_, self.or_, self.xor = builder.and_, builder.or_, builder.xor

    def not_(self, x):
        return self.xor(x, self.ones)


def _make_run(width: int, tables=tuple(KINDS)):
    """An intrinsic that evaluates one run of rows on slots of `width` words; it knows the kinds of `tables` only."""

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
                if table == 0 or table not in tables:
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


run1, run8, run32 = _make_run(1), _make_run(8), _make_run(32)

REVERSIBLE_TABLES = (0x66, 0x88, 0xEE, 0x78)
"""What gates of reversible circuits are made of, over (in0, in1, in2): XOR, AND and OR of two, (in0 & in1) ^ in2."""

_FEW = tuple(KINDS[KIND_OF[table]] for table in REVERSIBLE_TABLES)
gates8, gates32 = _make_run(8, _FEW), _make_run(32, _FEW)


@intrinsic
def call_code(typingctx, address, slots, n):
    """Call compiled code at `address`, a function of a pointer to the slots and the words to do in each."""

    def codegen(context, builder, signature, args):
        pointer = cgutils.create_struct_proxy(signature.args[1])(context, builder, args[1]).data
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, ir.IntType(64)])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [pointer, args[2]])
        return context.get_dummy_value()

    return types.void(types.int64, slots, types.int64), codegen


@intrinsic
def copy8(typingctx, target, t, source, s, flip):
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


@intrinsic
def prefetch(typingctx, source, s):
    """Ask for the cache line of element `s` of `source`, soon to be read."""

    def codegen(context, builder, signature, args):
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data
        i32 = ir.IntType(32)
        pointer = builder.gep(data, [args[1]])
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, i32, i32, i32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [pointer, i32(0), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(source, types.int64), codegen


@intrinsic
def popcount(typingctx, word):
    """Number of ones in a uint64."""

    def codegen(context, builder, signature, args):
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


# -- random words, counts and hashes: one function for one word, one for eight ----------------

_GOLDEN, _M1, _M2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


class _Words:
    """Building blocks on vectors of `count` 64-bit words."""

    def __init__(self, builder, count: int) -> None:
        self.builder, self.kind = builder, ir.VectorType(ir.IntType(64), count)

    def all(self, value):
        """The same word everywhere: a Python integer or a value."""
        if isinstance(value, int):
            return ir.Constant(self.kind, [value] * self.kind.count)
        lane = self.builder.insert_element(ir.Constant(self.kind, ir.Undefined), value, ir.IntType(32)(0))
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.kind.count), [0] * self.kind.count)
        return self.builder.shuffle_vector(lane, ir.Constant(self.kind, ir.Undefined), order)

    def at(self, context, signature, args, array: int, index):
        """Pointer to a vector at element `index` of argument number `array`."""
        data = cgutils.create_struct_proxy(signature.args[array])(context, self.builder, args[array]).data
        return self.builder.bitcast(self.builder.gep(data, [index]), self.kind.as_pointer())

    def places(self, first):
        """``first + GOLDEN * (1, 2, ...)``."""
        steps = [(_GOLDEN * (i + 1)) % (1 << 64) for i in range(self.kind.count)]
        return self.builder.add(self.all(first), ir.Constant(self.kind, steps))

    def fold(self, z, shift: int):
        """``z ^ (z >> shift)``."""
        return self.builder.xor(z, self.builder.lshr(z, self.all(shift)))

    def _call(self, name: str, result, z):
        kind = ir.FunctionType(result, [self.kind])
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.{name}.v{self.kind.count}i64")
        return self.builder.call(function, [z])

    def ones(self, z):
        """The number of ones in each word."""
        return self._call("ctpop", self.kind, z)

    def total(self, z):
        """The sum of all words."""
        return self._call("vector.reduce.add", ir.IntType(64), z)

    def observed(self, context, signature, args):
        """``(slots[s:] ^ flip) & lanes[w:]`` and the lanes, for arguments (slots, s, flip, lanes, w, ...)."""
        b = self.builder
        lanes = b.load(self.at(context, signature, args, 3, args[4]), align=8)
        slot = b.load(self.at(context, signature, args, 0, args[1]), align=8)
        return b.and_(b.xor(slot, self.all(args[2])), lanes), lanes


def _make_random(count: int):
    @intrinsic
    def random(typingctx, target, t, key):
        """SplitMix64 outputs number 1, 2, ... of the generator at `key`, stored from element `t` on."""

        def codegen(context, builder, signature, args):
            v = _Words(builder, count)
            z = builder.mul(v.fold(v.places(args[2]), 30), v.all(_M1))
            z = builder.mul(v.fold(z, 27), v.all(_M2))
            builder.store(v.fold(z, 31), v.at(context, signature, args, 0, args[1]), align=8)
            return context.get_dummy_value()

        return types.void(target, types.int64, types.uint64), codegen

    return random


def _make_ones(count: int):
    @intrinsic
    def ones(typingctx, slots, s, flip, lanes, w):
        """Number of ones in ``(slots[s:] ^ flip) & lanes[w:]``."""

        def codegen(context, builder, signature, args):
            v = _Words(builder, count)
            value, _ = v.observed(context, signature, args)
            return v.total(v.ones(value))

        return types.int64(slots, types.int64, types.uint64, lanes, types.int64), codegen

    return ones


def _make_sign(count: int):
    @intrinsic
    def sign(typingctx, slots, s, flip, lanes, w, place):
        """Sum of the hashes of ``(slots[s:] ^ flip) & lanes[w:]``, of the words where any lane counts."""

        def codegen(context, builder, signature, args):
            v = _Words(builder, count)
            value, lanes = v.observed(context, signature, args)
            h = builder.mul(v.fold(builder.add(value, v.places(args[5])), 32), v.all(_M1))
            used = builder.sext(builder.icmp_unsigned("!=", lanes, v.all(0)), v.kind)
            return v.total(builder.and_(v.fold(h, 29), used))

        return types.uint64(slots, types.int64, types.uint64, lanes, types.int64, types.uint64), codegen

    return sign


random1, random8 = _make_random(1), _make_random(8)
ones1, ones8 = _make_ones(1), _make_ones(8)
sign1, sign8 = _make_sign(1), _make_sign(8)
