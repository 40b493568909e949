"""Transposing 64 x 64 bits in vector registers: an LLVM intrinsic for other kernels.

Bit planes (a row a bit, a column a lane) become one integer a lane, and back, in about 200 vector
instructions; a loop over lanes and bits takes some 10,000.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD = ir.IntType(64)
_VECTOR = ir.VectorType(_WORD, 8)
_ORDER = ir.VectorType(ir.IntType(32), 8)


@intrinsic
def transpose64(typingctx, block):
    """Transpose the 64 words of `block` in place: bit j of word i becomes bit i of word j.

    Hacker's Delight, section 7-3, with LSB-first rows: rows at distance 32, 16, ... 1 swap halves,
    quarters, ... single bits. From distance 4 on both rows lie in one vector.
    """

    def codegen(context, builder, signature, args):
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data
        places = [builder.bitcast(builder.gep(data, [_WORD(8 * i)]), _VECTOR.as_pointer()) for i in range(8)]
        rows = [builder.load(place, align=8) for place in places]
        for width in (32, 16, 8):
            step = width // 8
            for i in (k for k in range(8) if not k & step):
                rows[i], rows[i + step] = _swap(builder, rows[i], rows[i + step], width)
        for width in (4, 2, 1):
            rows = [_swap_inside(builder, row, width) for row in rows]
        for place, row in zip(places, rows, strict=True):
            builder.store(row, place, align=8)
        return context.get_dummy_value()

    return types.void(block), codegen


def _mask(width: int) -> int:
    """Bits whose column number has bit `width` clear."""
    return sum(1 << column for column in range(64) if not column & width)


def _constant(values) -> ir.Constant:
    return ir.Constant(_VECTOR, [v - (1 << 64) if v >> 63 else v for v in values])


def _swap(builder, low, high, width: int):
    """Exchange the high columns of `low` with the low columns of `high`."""
    shift, mask = _constant([width] * 8), _constant([_mask(width)] * 8)
    moved = builder.and_(builder.xor(builder.lshr(low, shift), high), mask)
    return builder.xor(low, builder.shl(moved, shift)), builder.xor(high, moved)


def _swap_inside(builder, row, width: int):
    """The same between the words of one vector that are `width` apart."""
    order = ir.Constant(_ORDER, [k ^ width for k in range(8)])
    other = builder.shuffle_vector(row, ir.Constant(_VECTOR, ir.Undefined), order)
    is_low = [not k & width for k in range(8)]
    up = _constant([width if low else 0 for low in is_low])
    down = _constant([0 if low else width for low in is_low])
    own = _constant([_mask(width) if low else _mask(width) ^ (2**64 - 1) for low in is_low])
    arriving = builder.lshr(builder.shl(other, up), down)
    return builder.or_(builder.and_(row, own), builder.and_(arriving, builder.xor(own, _constant([2**64 - 1] * 8))))
