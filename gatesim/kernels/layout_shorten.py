"""Layers in which wires are shorter than in those of the longest paths."""

from __future__ import annotations

import numpy as np

from .jit import kernel

LONG = 64
"""Readers past which a wire's length is taken as given, whatever one of them does."""


@kernel
def shorten(
    layer, sequence, fanin_ptr, fanin, fanout_ptr, fanout, pin_ptr, pin_wire, pin_drives, end_ptr, ends, sweeps
):
    """Move nodes between what they read and what reads them, so that wires pass fewer layers; in place.

    A wire costs the layers from its driver to its farthest reader once, however many readers it has. Nodes are
    taken backwards and forwards in turn, and go where their wires cost least; of equal places to the one nearest
    to their readers. Cheaper and simpler than the network simplex of Gansner et al. (IEEE TSE 19, 1993), which
    knows edges, not wires.

    Parameters
    ----------
    layer : (n,) int64
    sequence : (k,) int64
        Nodes that may move, drivers first.
    fanin_ptr, fanin, fanout_ptr, fanout :
        CSR of the nodes that must stand to the left and to the right of each node.
    pin_ptr, pin_wire, pin_drives :
        CSR of the wires of every node, and whether it drives them.
    end_ptr, ends :
        CSR of the pins by wire: twice the node, plus 1 where it drives.
    """
    widest = 0
    for node in sequence:
        widest = max(widest, pin_ptr[node + 1] - pin_ptr[node])
    low = np.empty(widest, np.int64)
    high = np.empty(widest, np.int64)
    last = 1
    for node in sequence:
        last = max(last, layer[node])
    for sweep in range(sweeps):
        moved = False
        for step in range(len(sequence)):
            node = sequence[len(sequence) - 1 - step if sweep % 2 == 0 else step]
            floor, ceiling = 1, last
            for k in range(fanin_ptr[node], fanin_ptr[node + 1]):
                floor = max(floor, layer[fanin[k]] + 1)
            for k in range(fanout_ptr[node], fanout_ptr[node + 1]):
                ceiling = min(ceiling, layer[fanout[k]] - 1)
            if floor == ceiling:
                continue
            first = pin_ptr[node]
            count = pin_ptr[node + 1] - first
            for k in range(count):
                # Where the wire reaches without this node; a reader is met in the channel before it.
                wire = pin_wire[first + k]
                low[k], high[k] = 1 << 40, -1
                if pin_drives[first + k] or end_ptr[wire + 1] - end_ptr[wire] <= LONG:
                    for e in range(end_ptr[wire], end_ptr[wire + 1]):
                        if ends[e] >> 1 != node:
                            at = layer[ends[e] >> 1] - 1 + (ends[e] & 1)
                            low[k], high[k] = min(low[k], at), max(high[k], at)
            best, least = layer[node], 1 << 40
            for at in range(floor, ceiling + 1):
                cost = 0
                for k in range(count):
                    if high[k] >= 0:
                        here = at if pin_drives[first + k] else at - 1
                        cost += max(high[k], here) - min(low[k], here)
                if cost <= least:
                    least, best = cost, at
            moved = moved or best != layer[node]
            layer[node] = best
        if not moved:
            break
