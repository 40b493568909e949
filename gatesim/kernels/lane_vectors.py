# pyright: reportCallIssue=false, reportOptionalCall=false
"""A Numba type for one bit of each of 512 lanes, and what can be done with it, as LLVM vector code.

Kernels that use it are compiled from one source for blocks of 64 lanes, whose masks are an array of words,
and of 512 lanes, whose masks have a second axis of 8 words. After an edit here, Numba's caches of the kernels
that import this file are stale: they do not notice.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

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
def load(typingctx, masks, index):
    """The lanes at `index` of `masks`."""
    value = _OF_NDIM[masks.ndim]

    def codegen(context, builder, sig, args):
        return builder.load(_element(context, builder, sig.args[0], args[0], args[1], value), align=8)

    return value(masks, types.int64), codegen


@intrinsic
def store(typingctx, masks, index, lanes):
    """Put `lanes` at `index` of `masks`."""
    value = _OF_NDIM[masks.ndim]

    def codegen(context, builder, sig, args):
        builder.store(args[2], _element(context, builder, sig.args[0], args[0], args[1], value), align=8)
        return context.get_dummy_value()

    return types.void(masks, types.int64, value), codegen


@intrinsic
def splat(typingctx, masks, flag):
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
def any_lane(typingctx, lanes):
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
def add_ones(typingctx, sums, lanes):
    """Every word of `sums` plus the number of 1s in that word of `lanes`."""

    def codegen(context, builder, sig, args):
        x = args[1]
        name = f"llvm.ctpop.v{x.type.count}i64" if isinstance(x.type, ir.VectorType) else "llvm.ctpop.i64"
        ctpop = cgutils.get_or_insert_function(builder.module, ir.FunctionType(x.type, [x.type]), name)
        return builder.add(args[0], builder.call(ctpop, [x]))

    return lanes(lanes, lanes), codegen


@intrinsic
def sum_words(typingctx, sums):
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
def lowest_bit(typingctx, word):
    """Position of the lowest 1 of a word that is not 0."""

    def codegen(context, builder, sig, args):
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), codegen


@intrinsic
def word_of(typingctx, masks, index, w):
    """Word `w` of the lanes at `index`."""
    words = _WORDS[masks.ndim]

    def codegen(context, builder, sig, args):
        data = cgutils.create_struct_proxy(sig.args[0])(context, builder, args[0]).data
        at = builder.add(builder.mul(args[1], ir.Constant(ir.IntType(64), words)), args[2])
        return builder.load(builder.gep(data, [at]))

    return types.uint64(masks, types.int64, types.int64), codegen
