# pyright: reportCallIssue=false
"""One instance, every net: values are codes 0, 1, X = 2, Z = 3, one byte a net.

A cell's output is looked up in ``table[op, index]``, pin ``k`` weighing ``4 ** k`` in the index. READ cells
find their word in ``words``: memory ``memory_of[cell]`` begins at ``memory[m, 0]`` and has ``memory[m, 1]``
words; -1 marks every other cell.
"""

from __future__ import annotations

import numpy as np

from .jit import inlined, kernel

X = 2


@inlined
def _read(cell, values, ptr, fanin, memory_of, bit_of, memory, words):
    address = 0
    for k in range(ptr[cell], ptr[cell + 1]):
        code = np.int64(values[fanin[k]])
        if code > 1:
            return np.uint8(X)
        address |= code << (k - ptr[cell]) if k - ptr[cell] < 62 else 0
    m = memory_of[cell]
    if address >= memory[m, 1]:
        return np.uint8(0)
    return np.uint8((words[memory[m, 0] + address] >> np.uint64(bit_of[cell])) & np.uint64(1))


@inlined
def _output(cell, values, op, ptr, fanin, table, memory_of, bit_of, memory, words):
    if memory_of[cell] >= 0:
        return _read(cell, values, ptr, fanin, memory_of, bit_of, memory, words)
    index = 0
    for k in range(ptr[cell], ptr[cell + 1]):
        index |= np.int64(values[fanin[k]]) << (2 * (k - ptr[cell]))
    return table[op[cell], index]


@kernel
def settle(values, cells, op, ptr, fanin, table, memory_of, bit_of, memory, words):
    """Evaluate `cells` one after another, in place; how many changed. Drivers first, once is enough."""
    changed = 0
    for cell in cells:
        code = _output(cell, values, op, ptr, fanin, table, memory_of, bit_of, memory, words)
        changed += 1 if code != values[cell] else 0
        values[cell] = code
    return changed


@kernel
def relax(values, following, cells, op, ptr, fanin, table, memory_of, bit_of, memory, words):
    """One gate delay: all `cells` at once from the values before it; how many changed.

    ``following`` (n,) uint8 is scratch.
    """
    changed = 0
    for cell in cells:
        following[cell] = _output(cell, values, op, ptr, fanin, table, memory_of, bit_of, memory, words)
    for cell in cells:
        changed += 1 if following[cell] != values[cell] else 0
        values[cell] = following[cell]
    return changed


@kernel
def paint(image, colours, target):
    """``target[y, x] = colours[image[y, x]]``: every pixel gets the present colour of its thing."""
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            target[y, x] = colours[image[y, x]]
