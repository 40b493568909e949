"""Tracks of the vertical pieces of wires in the channels between layers."""

from __future__ import annotations

import numpy as np

from .jit import kernel


@kernel
def assign_tracks(channel_first, trunk_first, end_row, end_side, n_channels):
    """Tracks for the trunk of every wire in every channel; one track a trunk.

    Trunk ``t`` has ends ``trunk_first[t]:trunk_first[t + 1]`` at ``end_row`` (rows of the drawing, from 0),
    on the channel's left (``end_side`` 0) or right (1). ``channel_first[c]:channel_first[c + 1]`` are the
    trunks of channel ``c``. Where one trunk leaves to the left in the row in which another leaves to the
    right, the first must stand left of the second, or both would share a piece of that row. A ring of such
    demands is broken by a trunk on two tracks, joined in a free half row.

    Returns
    -------
    track, second : (t,) int64
        Track of each trunk (-1: it is straight and needs none), and of its second part or -1.
    joint : (t,) int64
        Twice the row in which the two parts are joined.
    width : (n_channels,) int64
        Tracks of each channel.
    """
    n = len(trunk_first) - 1
    track = np.full(n, -1, np.int64)
    second = np.full(n, -1, np.int64)
    joint = np.zeros(n, np.int64)
    width = np.zeros(n_channels, np.int64)
    rows = 1
    for k in range(len(end_row)):
        rows = max(rows, end_row[k] + 2)
    left_owner = np.full(rows, -1, np.int64)
    low = np.empty(n, np.int64)
    high = np.empty(n, np.int64)
    key = np.empty(n, np.float64)
    for t in range(n):
        low[t] = 1 << 40
        high[t] = -1
        left = 0.0
        lefts = 0
        right = 0.0
        rights = 0
        for k in range(trunk_first[t], trunk_first[t + 1]):
            low[t] = min(low[t], end_row[k])
            high[t] = max(high[t], end_row[k])
            if end_side[k] == 0:
                left += end_row[k]
                lefts += 1
            else:
                right += end_row[k]
                rights += 1
        # Wires that go down stand the more to the left the lower they start; those that go up the other way.
        start = left / lefts if lefts else right / max(rights, 1)
        stop = right / rights if rights else start
        key[t] = -start if stop >= start else start
    skyline = np.zeros(rows, np.int64)
    for c in range(n_channels):
        begun, end = channel_first[c], channel_first[c + 1]
        skyline[:] = 0
        for t in range(begun, end):
            for k in range(trunk_first[t], trunk_first[t + 1]):
                if end_side[k] == 0:
                    left_owner[end_row[k]] = t
        waiting = np.zeros(end - begun, np.int64)
        edges = 0
        for t in range(begun, end):
            for k in range(trunk_first[t], trunk_first[t + 1]):
                if end_side[k] == 1:
                    owner = left_owner[end_row[k]]
                    if owner >= 0 and owner != t:
                        waiting[t - begun] += 1
                        edges += 1
        sequence = np.argsort(key[begun:end], kind="mergesort")
        done = np.zeros(end - begun, np.bool_)
        split = np.zeros(end - begun, np.bool_)
        joints = np.empty(end - begun, np.int64)
        n_joints = 0
        placed = 0
        while placed < end - begun:
            progress = False
            for s in range(end - begun):
                t = begun + sequence[s]
                if done[t - begun] or waiting[t - begun] > 0:
                    continue
                progress = True
                done[t - begun] = True
                placed += 1
                if low[t] == high[t]:
                    pass
                elif split[t - begun]:
                    lo, hi = joint[t] // 2, (joint[t] + 1) // 2
                    for k in range(trunk_first[t], trunk_first[t + 1]):
                        if end_side[k] == 1:
                            lo = min(lo, end_row[k])
                            hi = max(hi, end_row[k])
                    slot = track[t] + 1
                    for r in range(lo, hi + 1):
                        slot = max(slot, skyline[r])
                    second[t] = slot
                    for r in range(lo, hi + 1):
                        skyline[r] = slot + 1
                else:
                    slot = 0
                    for r in range(low[t], high[t] + 1):
                        slot = max(slot, skyline[r])
                    for k in range(trunk_first[t], trunk_first[t + 1]):
                        if end_side[k] == 1:
                            owner = left_owner[end_row[k]]
                            if owner >= 0 and owner != t:
                                slot = max(slot, track[owner] + 1)
                    track[t] = slot
                    for r in range(low[t], high[t] + 1):
                        skyline[r] = slot + 1
                if not split[t - begun]:
                    for k in range(trunk_first[t], trunk_first[t + 1]):
                        if end_side[k] == 0:
                            for u in range(begun, end):
                                if u != t:
                                    for j in range(trunk_first[u], trunk_first[u + 1]):
                                        if end_side[j] == 1 and end_row[j] == end_row[k]:
                                            waiting[u - begun] -= 1
            if not progress:
                # A ring: the first trunk in order gives its left part a track at once.
                for s in range(end - begun):
                    t = begun + sequence[s]
                    if done[t - begun] or split[t - begun]:
                        continue
                    split[t - begun] = True
                    lo = 1 << 40
                    hi = -1
                    for k in range(trunk_first[t], trunk_first[t + 1]):
                        if end_side[k] == 0:
                            lo = min(lo, end_row[k])
                            hi = max(hi, end_row[k])
                    at = 2 * hi + 1
                    free = False
                    while not free:
                        free = True
                        for j in range(n_joints):
                            if joints[j] == at:
                                free = False
                                at += 2
                    joints[n_joints] = at
                    n_joints += 1
                    joint[t] = at
                    hi = max(hi, min((at + 1) // 2, rows - 1))
                    slot = 0
                    for r in range(lo, hi + 1):
                        slot = max(slot, skyline[r])
                    track[t] = slot
                    for r in range(lo, hi + 1):
                        skyline[r] = slot + 1
                    for k in range(trunk_first[t], trunk_first[t + 1]):
                        if end_side[k] == 0:
                            for u in range(begun, end):
                                if u != t:
                                    for j in range(trunk_first[u], trunk_first[u + 1]):
                                        if end_side[j] == 1 and end_row[j] == end_row[k]:
                                            waiting[u - begun] -= 1
                    break
        for t in range(begun, end):
            width[c] = max(width[c], track[t] + 1, second[t] + 1)
            for k in range(trunk_first[t], trunk_first[t + 1]):
                left_owner[end_row[k]] = -1
    return track, second, joint, width
