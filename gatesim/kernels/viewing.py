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


# -- the picture -----------------------------------------------------------------------------
#
# An index image says for every pixel what it shows: a colour that stands (with the top bit set), or one of
# four parts of a wire, whose colour follows the wire's value. Parts of wire w are 4 w ... 4 w + 3: its core,
# in two sorts of dashes, and the rim beside the core, in two sorts of dashes. A rim of the background's
# colour makes a wire thin, a second sort of it makes it dashed: so a value shows in width and dashes too.

STANDS = np.uint32(1 << 31)
N_INKS = 5


@inlined
def _bar(image, x0, y0, x1, y1, first, dash):
    """Fill pixels ``x0 <= x < x1, y0 <= y < y1`` with part `first`, or the one after it in gaps."""
    for y in range(max(y0, 0), min(y1, image.shape[0])):
        for x in range(max(x0, 0), min(x1, image.shape[1])):
            image[y, x] = first + (((x + y) // dash) & 1)


@kernel
def draw_wires(image, segments, wire, wide, dots, dot_wire, scale, left, top, core, rim, dash, dot):
    """Draw segments (s, 4) and dots (d, 2) of a sheet, rims first, so that no rim cuts a core.

    A point of the sheet lies at ``(point - (left, top)) * scale``. ``wide`` says for every wire how many
    pixels its core is wider, ``core`` and ``rim`` are in pixels (a rim of 0: none), ``dot`` is half a dot.
    """
    for rims in range(1, -1, -1):
        if rims and rim == 0:
            continue
        for s in range(len(segments)):
            w = wire[s]
            x0 = int(np.floor((segments[s, 0] - left) * scale))
            y0 = int(np.floor((segments[s, 1] - top) * scale))
            x1 = int(np.floor((segments[s, 2] - left) * scale))
            y1 = int(np.floor((segments[s, 3] - top) * scale))
            size = core + wide[w]
            low = size // 2 + rims * rim
            high = size - size // 2 + rims * rim
            part = np.uint32(4 * w + 2 * rims)
            _bar(image, x0 - low, y0 - low, x1 + high, y1 + high, part, dash)
    for d in range(len(dots)):
        x = int(np.floor((dots[d, 0] - left) * scale))
        y = int(np.floor((dots[d, 1] - top) * scale))
        for yy in range(max(y - dot, 0), min(y + dot + 1, image.shape[0])):
            for xx in range(max(x - dot, 0), min(x + dot + 1, image.shape[1])):
                if (xx - x) * (xx - x) + (yy - y) * (yy - y) <= dot * dot + 1:
                    image[yy, xx] = np.uint32(4 * dot_wire[d])


@kernel
def merge(image, standing, rects):
    """Take the pixels of `standing` inside `rects` (k, 4: x0, y0, x1, y1) as colours that stand."""
    for r in range(len(rects)):
        for y in range(max(rects[r, 1], 0), min(rects[r, 3], image.shape[0])):
            for x in range(max(rects[r, 0], 0), min(rects[r, 2], image.shape[1])):
                image[y, x] = STANDS | (standing[y, x] & np.uint32(0xFFFFFF))


@kernel
def fill(image, rects, colour, edge):
    """Plain boxes (k, 4: x0, y0, x1, y1) with an edge, for views from far away."""
    for r in range(len(rects)):
        x0, y0, x1, y1 = rects[r]
        for y in range(max(y0, 0), min(y1, image.shape[0])):
            for x in range(max(x0, 0), min(x1, image.shape[1])):
                border = x == x0 or y == y0 or x == x1 - 1 or y == y1 - 1
                image[y, x] = STANDS | (edge if border else colour)


@kernel
def wire_codes(ptr, nets, values, codes):
    """What each wire shows: 0, 1, X = 2, Z = 3 when all bits are so (X where one is), 4 for ones and zeros."""
    for w in range(len(ptr) - 1):
        first = values[nets[ptr[w]]]
        code = first
        for k in range(ptr[w] + 1, ptr[w + 1]):
            v = values[nets[k]]
            if v == 2 or code == 2:
                code = 2
            elif v != code:
                code = 2 if v == 3 or code == 3 else 4
        codes[w] = code


@kernel
def wire_colours(codes, inks, chosen, colours):
    """``colours[4 w ... 4 w + 3]``: the row of `inks` (5, 4) for a wire's code, or ``chosen[w]`` unless that is 0.

    A chosen colour keeps the widths and dashes of the value: it takes the place of all but the background,
    which is ``inks[0, 2]``.
    """
    ground = inks[0, 2]
    for w in range(len(codes)):
        for k in range(4):
            ink = inks[codes[w], k]
            colours[4 * w + k] = chosen[w] if chosen[w] != 0 and ink != ground else ink


@kernel
def paint(image, colours, target):
    """Every pixel of `target` gets the present colour of what `image` says is there."""
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            part = image[y, x]
            target[y, x] = part & ~STANDS if part & STANDS else colours[part]
