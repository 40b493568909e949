"""Constant folding and structural hashing, one cell after another in level order."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def _drop_pin(table, count, pin):
    """The table without input `pin`, on which it does not depend."""
    small = 0
    for index in range(1 << (count - 1)):
        old = (index & ((1 << pin) - 1)) | ((index >> pin) << (pin + 1))
        small |= ((table >> old) & 1) << index
    return small


@njit(cache=True, nogil=True)
def _fix_pin(table, count, pin, value):
    """The table with input `pin` fixed to `value` and removed."""
    small = 0
    for index in range(1 << (count - 1)):
        old = (index & ((1 << pin) - 1)) | ((index >> pin) << (pin + 1)) | (value << pin)
        small |= ((table >> old) & 1) << index
    return small


@njit(cache=True, nogil=True)
def _tie_pins(table, count, kept, gone, inverted):
    """The table with input `gone` replaced by input `kept` (``kept < gone``), inverted or not."""
    small = 0
    for index in range(1 << (count - 1)):
        value = ((index >> kept) & 1) ^ inverted
        old = (index & ((1 << gone) - 1)) | ((index >> gone) << (gone + 1)) | (value << gone)
        small |= ((table >> old) & 1) << index
    return small


@njit(cache=True, nogil=True)
def _swap_pins(table, count, p, q):
    result = 0
    for index in range(1 << count):
        a = (index >> p) & 1
        b = (index >> q) & 1
        old = (index & ~((1 << p) | (1 << q))) | (b << p) | (a << q)
        result |= ((table >> old) & 1) << index
    return result


@njit(cache=True, nogil=True)
def _remove(nets, count, pin):
    for j in range(pin, count - 1):
        nets[j] = nets[j + 1]


@njit(cache=True, nogil=True)
def _simplify(table, count, nets, inverse, through_inverters):
    """Fold constants, repeats, (optionally) inverse pairs and pins without effect; sort the nets."""
    j = 0
    while j < count:
        gone = False
        if nets[j] <= 1:
            table = _fix_pin(table, count, j, nets[j])
            gone = True
        else:
            for i in range(j):
                if nets[i] == nets[j]:
                    table = _tie_pins(table, count, i, j, 0)
                    gone = True
                    break
                if through_inverters and inverse[nets[j]] == nets[i]:
                    table = _tie_pins(table, count, i, j, 1)
                    gone = True
                    break
        if gone:
            _remove(nets, count, j)
            count -= 1
        else:
            j += 1
    j = 0
    while j < count:
        if _fix_pin(table, count, j, 0) == _fix_pin(table, count, j, 1):
            table = _drop_pin(table, count, j)
            _remove(nets, count, j)
            count -= 1
        else:
            j += 1
    for j in range(1, count):
        i = j
        while i > 0 and nets[i - 1] > nets[i]:
            table = _swap_pins(table, count, i - 1, i)
            nets[i - 1], nets[i] = nets[i], nets[i - 1]
            i -= 1
    return table, count


@njit(cache=True, nogil=True)
def _look_up(slots, key_table, key_nets, key, nets, count):
    """The slot of the cell with that function of those nets, or the free slot where it belongs."""
    h = np.uint64(key)
    for k in range(count):
        h = (h ^ np.uint64(nets[k])) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    at = np.int64(h & np.uint64(len(slots) - 1))
    while slots[at] >= 0:
        other = slots[at]
        same = key_table[other] == key
        for k in range(count):
            same = same and key_nets[other, k] == nets[k]
        if same:
            break
        at = (at + 1) & (len(slots) - 1)
    return at


@njit(cache=True, nogil=True)
def strash(order, op, fanin_ptr, fanin, is_logic, tables, finder, not_op, not_pins):
    """Fold and hash the logic cells of `order` (drivers first).

    ``finder[count - 2, table]`` is ``op << 8 | pins`` (two bits a pin: which of the wanted inputs feeds
    it) or -1. An inverter is written as `not_op` on ``not_pins`` pins: 1 for NOT(x), 2 for a gate on
    (x, x), 3 for a gate on (x, constant 1).

    A cell whose function is the inverse of another's is remembered as such: it stands for NOT of it.

    Returns ``mapped`` (n,): the surviving cell that has each net's value; and for the survivors their
    op, number of pins and pins.
    """
    n = len(op)
    mapped = np.arange(n).astype(np.int32)
    new_op = op.copy()
    n_pins = np.zeros(n, np.uint8)
    pins = np.zeros((n, 4), np.int32)
    inverse = np.full(n, -1, np.int32)
    inverse[0], inverse[1] = 1, 0
    size = 4
    while size < 2 * n:
        size *= 2
    slots = np.full(size, -1, np.int32)
    key_table = np.full(n, -1, np.int32)
    key_nets = np.zeros((n, 4), np.int32)
    nets = np.zeros(4, np.int64)
    plain = np.zeros(4, np.int64)
    for cell in order:
        o = op[cell]
        if not is_logic[o]:
            continue
        first = fanin_ptr[cell]
        original = fanin_ptr[cell + 1] - first
        for k in range(original):
            nets[k] = mapped[fanin[first + k]]
            plain[k] = nets[k]
        table, count = _simplify(np.int64(tables[o]), original, nets, inverse, True)
        if count > 1 and finder[count - 2, table] < 0:
            for k in range(original):
                nets[k] = plain[k]
            table, count = _simplify(np.int64(tables[o]), original, nets, inverse, False)
        if count == 0:
            mapped[cell] = table & 1
            continue
        if count == 1:
            if table == 2:
                mapped[cell] = nets[0]
                continue
            if inverse[nets[0]] >= 0:
                mapped[cell] = inverse[nets[0]]
                continue
        key = (count << 16) | table
        at = _look_up(slots, key_table, key_nets, key, nets, count)
        if slots[at] >= 0:
            mapped[cell] = slots[at]
            continue
        opposite = -1
        if count > 1:
            flipped = (count << 16) | (table ^ ((1 << (1 << count)) - 1))
            opposite = slots[_look_up(slots, key_table, key_nets, flipped, nets, count)]
            if opposite >= 0 and inverse[opposite] >= 0:
                mapped[cell] = inverse[opposite]
                continue
        slots[at] = cell
        key_table[cell] = key
        for k in range(count):
            key_nets[cell, k] = nets[k]
        if count == 1:
            new_op[cell] = not_op
            n_pins[cell] = 1 if not_pins == 1 else 2
            pins[cell, 0] = nets[0]
            pins[cell, 1] = nets[0] if not_pins == 2 else 1
            inverse[cell] = nets[0]
            inverse[nets[0]] = cell
            continue
        if opposite >= 0:
            inverse[cell] = opposite
            inverse[opposite] = cell
        found = finder[count - 2, table]
        if found < 0:
            n_pins[cell] = original
            for k in range(original):
                pins[cell, k] = plain[k]
        else:
            new_op[cell] = found >> 8
            n_pins[cell] = count
            for k in range(count):
                pins[cell, k] = nets[(found >> (2 * k)) & 3]
    return mapped, new_op, n_pins, pins
