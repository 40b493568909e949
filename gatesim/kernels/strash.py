"""Constant folding and structural hashing, one cell after another in level order."""

from __future__ import annotations

import numpy as np

from .jit import kernel

# A literal 0 or 1 given to a function is a type of its own to Numba, and each mix of types is compiled
# again: variables start from these instead, and every helper has one call, so that the whole compiles once.
_0, _1 = np.int64(0), np.int64(1)


@kernel
def _fix_pin(table, count, pin, value):
    """The table with input `pin` fixed to `value` and removed."""
    small = 0
    for index in range(1 << (count - 1)):
        old = (index & ((1 << pin) - 1)) | ((index >> pin) << (pin + 1)) | (value << pin)
        small |= ((table >> old) & 1) << index
    return small


@kernel
def _tie_pins(table, count, kept, gone, inverted):
    """The table with input `gone` replaced by input `kept` (``kept < gone``), inverted or not."""
    small = 0
    for index in range(1 << (count - 1)):
        value = ((index >> kept) & 1) ^ inverted
        old = (index & ((1 << gone) - 1)) | ((index >> gone) << (gone + 1)) | (value << gone)
        small |= ((table >> old) & 1) << index
    return small


@kernel
def _swap_pins(table, count, p, q):
    result = 0
    for index in range(1 << count):
        a = (index >> p) & 1
        b = (index >> q) & 1
        old = (index & ~((1 << p) | (1 << q))) | (b << p) | (a << q)
        result |= ((table >> old) & 1) << index
    return result


@kernel
def _depends(table, count, pin):
    """Whether the function changes with input `pin` anywhere."""
    changes = _0
    for index in range(1 << count):
        changes |= (table >> index) ^ (table >> (index ^ (1 << pin)))
    return changes & 1 == 1


@kernel
def _simplify(table, count, nets, inverse, through_inverters):
    """Fold constants, repeats, (optionally) inverse pairs and pins without effect; sort the nets."""
    j = _0
    checked = _0  # pins in a row without anything to fold; folding one pin may make another useless
    while checked < count:
        if j >= count:
            j = _0
        kept = -_1
        inverted = _0
        for i in range(j):
            if kept < 0:
                if nets[i] == nets[j]:
                    kept = i
                elif through_inverters and inverse[nets[j]] == nets[i]:
                    kept = i
                    inverted = _1
        if nets[j] > 1 and kept >= 0:
            table = _tie_pins(table, count, kept, j, inverted)
        elif nets[j] <= 1 or not _depends(table, count, j):
            table = _fix_pin(table, count, j, nets[j] & 1)
        else:
            checked += 1
            j += 1
            continue
        for k in range(j, count - 1):
            nets[k] = nets[k + 1]
        count -= 1
        checked = _0
    for j in range(1, count):
        i = j
        while i > 0 and nets[i - 1] > nets[i]:
            table = _swap_pins(table, count, i - 1, i)
            nets[i - 1], nets[i] = nets[i], nets[i - 1]
            i -= 1
    return table, count


@kernel
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


@kernel
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
            plain[k] = mapped[fanin[first + k]]
        table, count = _0, _0
        for attempt in range(2):
            # What pairs of inverse pins fold to may have no gate here: then try without them.
            for k in range(original):
                nets[k] = plain[k]
            table, count = _simplify(np.int64(tables[o]), original, nets, inverse, attempt == 0)
            if count < 2 or finder[count - 2, table] >= 0:
                break
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
        at = opposite = hit = -_1
        for attempt in range(2 if count > 1 else 1):
            # First the inverse function, then the function itself.
            wanted = key ^ ((1 << (1 << count)) - 1) if count > 1 and attempt == 0 else key
            at = _look_up(slots, key_table, key_nets, wanted, nets, count)
            opposite, hit = hit, np.int64(slots[at])
        if hit < 0 and opposite >= 0 and inverse[opposite] >= 0:
            hit = np.int64(inverse[opposite])
        if hit >= 0:
            mapped[cell] = hit
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
