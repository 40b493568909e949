# pyright: reportCallIssue=false
"""Moving bit planes between the cells of a grid: cell (r, c) is lane ``r * columns + c``.

What enters or leaves at the edges is packed: ``edges`` rows are (plane, first packed word, first of
``lanes``, number of lanes), and bit ``e & 63`` of packed word ``first + (e >> 6)`` belongs to the e-th lane.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .jit import kernel


@intrinsic
def _call(typingctx, address, context):
    """Call compiled code at `address`, a function of a pointer to the elements of `context`."""

    def codegen(target, builder, signature, args):
        pointer = cgutils.create_struct_proxy(signature.args[1])(target, builder, args[1]).data
        kind = ir.FunctionType(ir.VoidType(), [pointer.type])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), [pointer])
        return target.get_dummy_value()

    return types.void(types.int64, context), codegen


@kernel
def shift(source, source_rows, target, target_rows, distance, keep):
    """``target[lane] = source[lane - distance]`` for every plane, where ``keep`` (words,) has a 1; else 0."""
    n_words = len(keep)
    words = distance >> 6
    bits = np.uint64(distance & 63)
    rest = np.uint64(64) - bits
    for k in range(len(source_rows)):
        s = source[source_rows[k]]
        t = target[target_rows[k]]
        for w in range(n_words):
            at = w - words
            low = s[at] << bits if 0 <= at < n_words else np.uint64(0)
            high = s[at - 1] >> rest if bits and 0 <= at - 1 < n_words else np.uint64(0)
            t[w] = (low | high) & keep[w]


@kernel
def feed(packed, target, edges, lanes):
    """Put what enters on its lanes, which must read 0."""
    for k in range(len(edges)):
        t = target[edges[k, 0]]
        for start in range(0, edges[k, 3], 64):
            word = packed[edges[k, 1] + (start >> 6)]
            first, n = edges[k, 2] + start, min(64, edges[k, 3] - start)
            if lanes[first + n - 1] - lanes[first] == n - 1:  # neighbours: whole words
                at, bits = lanes[first] >> 6, np.uint64(lanes[first] & 63)
                t[at] |= word << bits
                if bits and np.int64(bits) + n > 64:
                    t[at + 1] |= word >> (np.uint64(64) - bits)
            else:
                for i in range(n):
                    lane = lanes[first + i]
                    t[lane >> 6] |= ((word >> np.uint64(i)) & np.uint64(1)) << np.uint64(lane & 63)


@kernel
def clear(target, edges, lanes):
    """Clear the words in which :func:`feed` puts something."""
    for k in range(len(edges)):
        t = target[edges[k, 0]]
        for i in range(edges[k, 2], edges[k, 2] + edges[k, 3]):
            t[lanes[i] >> 6] = np.uint64(0)


@kernel
def drain(source, pad, edges, lanes, packed):
    """Collect what leaves; lane 0 is bit 0 of word `pad` of a plane."""
    for k in range(len(edges)):
        s = source[edges[k, 0]]
        for start in range(0, edges[k, 3], 64):
            first, n = edges[k, 2] + start, min(64, edges[k, 3] - start)
            word = np.uint64(0)
            if lanes[first + n - 1] - lanes[first] == n - 1:
                at, bits = pad + (lanes[first] >> 6), np.uint64(lanes[first] & 63)
                word = s[at] >> bits
                if bits and np.int64(bits) + n > 64:
                    word |= s[at + 1] << (np.uint64(64) - bits)
                if n < 64:
                    word &= (np.uint64(1) << np.uint64(n)) - np.uint64(1)
            else:
                for i in range(n):
                    lane = lanes[first + i]
                    word |= ((s[pad + (lane >> 6)] >> np.uint64(lane & 63)) & np.uint64(1)) << np.uint64(i)
            packed[edges[k, 1] + (start >> 6)] = word


@kernel
def steps(
    code, context, address, planes, pad, first, last,
    fed, feed_edges, feed_lanes, feeds, drain_edges, drain_lanes, drains, free_address, free_step,
):  # fmt: skip
    """Cycles ``first .. last`` of a compiled grid (``GridCode``).

    ``planes`` (2, registers, words) begins at `address`; the present ones of cycle ``c`` are ``planes[c & 1]``.
    ``feeds`` and ``drains`` are (cycles, packed words), ``fed`` the planes in which the function finds
    what enters. Free input ``k`` of cycle ``c`` lies at ``free_address[k] + c * free_step[k]``.
    """
    size = 8 * planes.shape[1] * planes.shape[2]
    for cycle in range(first, last):
        now = cycle & 1
        context[0], context[1] = address + now * size, address + (1 - now) * size
        for k in range(len(free_address)):
            context[4 + k] = free_address[k] + cycle * free_step[k]
        clear(fed, feed_edges, feed_lanes)
        feed(feeds[cycle], fed, feed_edges, feed_lanes)
        drain(planes[now], pad, drain_edges, drain_lanes, drains[cycle])
        _call(code, context)
