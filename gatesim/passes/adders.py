"""Finding full adders written as two half adders, so that a basis can build each of them whole."""

from __future__ import annotations

import numpy as np

from .. import gates
from ..analysis import fanout
from ..netlist import Netlist
from .rewrite import rebuild


def join_full_adders(net: Netlist) -> Netlist:
    """`net` with every full adder of two half adders written as XOR3 and MAJ; net ids stay the same.

    A full adder is ``h = x ^ y; sum = h ^ c; carry = (x & y) | (h & c)`` (or ``^`` instead of ``|``, or
    ``x | y`` in the carry) whose inner nets nobody else reads and nobody named: then XOR3 and MAJ on
    (x, y, c) need no net of the old ones. Where an inner net has other readers (a carry-lookahead adder
    reads them all) nothing is joined: they exist anyway.
    """
    n = net.n_nets
    two = np.flatnonzero(gates.IS_LOGIC[net.op] & (np.diff(net.fanin_ptr) == 2))
    pin = np.zeros((2, n), np.int64)
    for k in range(2):
        pin[k, two] = net.fanin[net.fanin_ptr[two] + k]
    low, high = pin.min(axis=0), pin.max(axis=0)
    readers = fanout(net)
    readers[list(net.names)] += 1
    is_and, is_or, is_xor = (net.op == op for op in (gates.AND, gates.OR, gates.XOR))

    carries = np.flatnonzero(is_or | is_xor)
    inner = is_and & (readers == 1)
    carries = carries[inner[pin[0, carries]] & inner[pin[1, carries]]]
    carry, carry_half, carry_in = _either_way(
        carries,
        pin,
        lambda cell, both, half: (
            (is_xor[half] | (is_or[half] & is_or[cell])) & (low[half] == low[both]) & (high[half] == high[both])
        ),
        second_level=True,
    )
    total, half, other = _either_way(np.flatnonzero(is_xor), pin, lambda cell, half, other: is_xor[half])

    pairs = np.concatenate((low[carry_half] * n + high[carry_half], low[half] * n + high[half]))
    pair = np.unique(pairs, return_inverse=True)[1].reshape(-1)
    keys = pair * n + np.concatenate((carry_in, other))
    _, i, j = np.intersect1d(keys[: len(carry)], keys[len(carry) :], return_indices=True)
    wanted = np.where(carry_half[i] == half[j], 2, 1)
    alone = (readers[carry_half[i]] == wanted) & (readers[half[j]] == wanted)
    i, j = i[alone], j[alone]
    if not len(i):
        return net

    op, counts = net.op.copy(), np.diff(net.fanin_ptr).astype(np.int64)
    cells = np.concatenate((carry[i], total[j]))
    op[carry[i]], op[total[j]] = gates.MAJ, gates.XOR3
    counts[cells] = 3
    ptr = np.concatenate(([0], np.cumsum(counts)))
    fanin = np.zeros(int(ptr[-1]), np.int64)
    same = np.ones(n, np.bool_)
    same[cells] = False
    fanin[np.repeat(same, counts)] = net.fanin[np.repeat(same, np.diff(net.fanin_ptr))]
    halves = np.concatenate((carry_half[i], half[j]))
    for k, nets in enumerate((low[halves], high[halves], np.concatenate((carry_in[i], other[j])))):
        fanin[ptr[cells] + k] = nets
    return rebuild(net, op, ptr, fanin, net.scope_of, np.arange(n))


def _either_way(cells: np.ndarray, pin: np.ndarray, fits, *, second_level: bool = False):
    """Cells whose pins, in one order or the other, satisfy `fits`; each with its two other nets.

    Without `second_level`: ``fits(cell, p, q)`` over the orders (p, q) of the pins, and returns
    (cell, p, q). With it the second pin is opened too: ``fits(cell, p, r)`` where the pins of the
    second pin are (r, s), and returns (cell, r, s).
    """
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for k in range(2):
        p, q = pin[k, cells], pin[1 - k, cells]
        if not second_level:
            ok = fits(cells, p, q)
            found.append((cells[ok], p[ok], q[ok]))
            continue
        for m in range(2):
            r, s = pin[m, q], pin[1 - m, q]
            ok = fits(cells, p, r)
            found.append((cells[ok], r[ok], s[ok]))
    cell, first, second = (np.concatenate(part) for part in zip(*found, strict=True))
    return cell, first, second
