# pyright: reportCallIssue=false
"""Rotations about X, and phases, on 64 bytes of amplitudes at a time, as LLVM vector code.

RX(2 u) takes a pair (a, b) to cos u (a - i t b, b - i t a) with t = tan u. The factor is left to the caller, who
collects those of all qubits. Real and imaginary parts lie in two arrays, so both of a pair do the same: one fused
multiply-add for each part, re' = re + t im of the partner, im' = im - t re of the partner. Where partners share a
vector (the lowest qubits), the partner is a permutation of the lanes.

Like ``vectors``, this file only generates code.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR_BYTES = 64


class _Vectors:
    """Loads, stores and arithmetic on vectors of one element type, for a code generator."""

    def __init__(self, context, builder, signature, args) -> None:
        self.context, self.builder, self.kinds, self.args = context, builder, signature.args, args
        self.bits = signature.args[0].dtype.bitwidth
        self.lanes = 8 * VECTOR_BYTES // self.bits
        self.type = ir.VectorType(ir.DoubleType() if self.bits == 64 else ir.FloatType(), self.lanes)
        kind = ir.FunctionType(self.type, [self.type] * 3)
        self._fused = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{self.lanes}f{self.bits}")

    def pointer(self, array: int, index):
        data = cgutils.create_struct_proxy(self.kinds[array])(self.context, self.builder, self.args[array]).data
        return self.builder.bitcast(self.builder.gep(data, [index]), self.type.as_pointer())

    def load(self, array: int, index):
        return self.builder.load(self.pointer(array, index), align=self.bits // 8)

    def store(self, value, array: int, index) -> None:
        self.builder.store(value, self.pointer(array, index), align=self.bits // 8)

    def shuffled(self, v, order):
        indices = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), order)
        return self.builder.shuffle_vector(v, ir.Constant(self.type, ir.Undefined), indices)

    def spread(self, scalar):
        nothing = ir.Constant(self.type, ir.Undefined)
        return self.shuffled(
            self.builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0)), [0] * self.lanes
        )

    def fused(self, a, b, c):
        """Of vectors: a b + c."""
        return self.builder.call(self._fused, [a, b, c])

    def product(self, a, b):
        """Of two complex vectors."""
        minus = self.builder.fneg(self.builder.fmul(a[1], b[1]))
        return self.fused(a[0], b[0], minus), self.fused(a[0], b[1], self.builder.fmul(a[1], b[0]))


def _make_rotate(levels: int, within: bool):
    """An intrinsic that rotates `levels` qubits between 2**levels vectors, after those within a vector."""

    @intrinsic
    def rotate(typingctx, re, im, at, step, to_re, to_im, to_at, to_step, slope, first):
        def codegen(context, builder, signature, args):
            v = _Vectors(context, builder, signature, args)
            i64 = ir.IntType(64)
            inner = v.lanes.bit_length() - 1 if within else 0
            data = cgutils.create_struct_proxy(signature.args[8])(context, builder, args[8]).data
            slopes = [
                v.spread(builder.load(builder.gep(data, [builder.add(args[9], i64(k))]))) for k in range(inner + levels)
            ]
            falls = [builder.fneg(t) for t in slopes]

            def turned(own, other, k):
                return v.fused(slopes[k], other[1], own[0]), v.fused(falls[k], other[0], own[1])

            rows = []
            for r in range(1 << levels):
                place = builder.add(args[2], builder.mul(args[3], i64(r)))
                rows.append((v.load(0, place), v.load(1, place)))
            for bit in range(inner):
                order = [k ^ 1 << bit for k in range(v.lanes)]
                rows = [turned(row, [v.shuffled(part, order) for part in row], bit) for row in rows]
            for level in range(levels):
                rows = [turned(row, rows[r ^ 1 << level], inner + level) for r, row in enumerate(rows)]
            for r, row in enumerate(rows):
                place = builder.add(args[6], builder.mul(args[7], i64(r)))
                v.store(row[0], 4, place)
                v.store(row[1], 5, place)
            return context.get_dummy_value()

        whole = types.int64
        return types.void(re, im, whole, whole, to_re, to_im, whole, whole, slope, whole), codegen

    return rotate


rotate0_within, rotate1_within, rotate2_within, rotate3_within = (_make_rotate(k, True) for k in range(4))
"""``rotate(re, im, at, step, to_re, to_im, to_at, to_step, slope, first)``: the qubits within a vector, then `levels`
more whose partners lie `step` elements apart from `at` on; slope[first] belongs to the lowest."""
rotate1, rotate2, rotate3 = (_make_rotate(k, False) for k in range(1, 4))
"""The same without the qubits within a vector."""


@intrinsic
def turn_phases(typingctx, re, im, at, own_re, own_im, own_at, low_re, low_im, low_at, factor):
    """Multiply a vector of amplitudes by those of two tables and by a complex `factor` (two elements)."""

    def codegen(context, builder, signature, args):
        v = _Vectors(context, builder, signature, args)
        data = cgutils.create_struct_proxy(signature.args[9])(context, builder, args[9]).data
        both = [v.spread(builder.load(builder.gep(data, [ir.IntType(64)(k)]))) for k in (0, 1)]
        low = v.product((v.load(6, args[8]), v.load(7, args[8])), both)
        own = v.product((v.load(3, args[5]), v.load(4, args[5])), low)
        result = v.product((v.load(0, args[2]), v.load(1, args[2])), own)
        v.store(result[0], 0, args[2])
        v.store(result[1], 1, args[2])
        return context.get_dummy_value()

    whole = types.int64
    return types.void(re, im, whole, own_re, own_im, whole, low_re, low_im, whole, factor), codegen
