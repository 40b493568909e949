"""What holds for every sheet, whatever it shows. Written from the picture, not from the algorithm."""

from __future__ import annotations

import numpy as np

from gatesim.viewer.scene import Kind, Sheet


def check_sheet(sheet: Sheet) -> None:
    boxes_stand_apart(sheet)
    wires_avoid_boxes(sheet)
    wires_stay_apart(sheet)
    wires_reach_their_pins(sheet)
    flags_are_at_the_borders(sheet)


def boxes_stand_apart(sheet: Sheet) -> None:
    x, y, w, h = sheet.box_rect.astype(np.int64).T
    assert (w > 0).all() and (h > 0).all()
    assert (sheet.box_rect >= 0).all()
    assert (x + w <= sheet.width).all() and (y + h <= sheet.height).all()
    for i in range(len(x)):
        hit = (x < x[i] + w[i]) & (x[i] < x + w) & (y < y[i] + h[i]) & (y[i] < y + h)
        hit[i] = False
        assert not hit.any(), f"{sheet.box(i)} overlaps {sheet.box(int(np.flatnonzero(hit)[0]))}"


def wires_avoid_boxes(sheet: Sheet) -> None:
    x0, y0, x1, y1 = sheet.segments.astype(np.int64).T
    assert ((x0 <= x1) & (y0 <= y1) & ((x0 == x1) | (y0 == y1))).all()
    for i in range(sheet.n_boxes):
        x, y, w, h = (int(v) for v in sheet.box_rect[i])
        through = (x0 < x + w) & (x1 > x) & (y0 < y + h) & (y1 > y)
        assert not through.any(), f"{sheet.segments[through]} runs through {sheet.box(i)}"


def wires_stay_apart(sheet: Sheet) -> None:
    """Two wires meet at crossings only: no common piece, and no end of one on the other."""
    seg, wire = sheet.segments.astype(np.int64), sheet.segment_wire
    flat = seg[:, 1] == seg[:, 3]
    for lying, along, across in ((flat, 0, 1), (~flat, 1, 0)):
        s, w = seg[lying], wire[lying]
        order = np.lexsort((s[:, along], s[:, across]))
        s, w = s[order], w[order]
        # Within a row the reach so far must end before the next piece of another wire begins.
        for a, b in zip(range(len(s) - 1), range(1, len(s)), strict=True):
            if s[a, across] == s[b, across] and w[a] != w[b]:
                assert s[a, along + 2] < s[b, along], f"wires {w[a]} and {w[b]} share {s[a]} and {s[b]}"
    h, hw, v, vw = seg[flat], wire[flat], seg[~flat], wire[~flat]
    for k in range(len(v)):
        x, lo, hi = v[k, 0], v[k, 1], v[k, 3]
        touch = (h[:, 0] <= x) & (x <= h[:, 2]) & (lo <= h[:, 1]) & (h[:, 1] <= hi) & (hw != vw[k])
        inner = (h[:, 0] < x) & (x < h[:, 2]) & (lo < h[:, 1]) & (h[:, 1] < hi)
        assert (inner | ~touch).all(), f"wire {vw[k]} touches wire {hw[touch & ~inner]} with an end"


def wires_reach_their_pins(sheet: Sheet) -> None:
    """The pieces of a wire hang together, and every pin of it is on them."""
    seg = sheet.segments.astype(np.int64)
    for wire in range(sheet.n_wires):
        pieces = seg[sheet.segment_wire == wire]
        pins = sheet.pin_at[sheet.pin_wire == wire].astype(np.int64)
        assert len(pins) >= 2 and len(pieces) >= 1, f"wire {wire} joins {len(pins)} pins with {len(pieces)} pieces"
        for x, y in pins:
            on = (pieces[:, 0] <= x) & (x <= pieces[:, 2]) & (pieces[:, 1] <= y) & (y <= pieces[:, 3])
            assert on.any(), f"wire {wire} misses its pin at {x},{y}"
        reached = np.zeros(len(pieces), bool)
        reached[0] = True
        grown = True
        while grown:
            grown = False
            for k in np.flatnonzero(~reached):
                a = pieces[k]
                near = reached & (pieces[:, 0] <= a[2]) & (a[0] <= pieces[:, 2])
                near &= (pieces[:, 1] <= a[3]) & (a[1] <= pieces[:, 3])
                if near.any():
                    reached[k] = grown = True
        assert reached.all(), f"wire {wire} is in pieces: {pieces}"


def flags_are_at_the_borders(sheet: Sheet) -> None:
    x, w = sheet.box_rect[:, 0], sheet.box_rect[:, 2]
    inner = sheet.box_kind < Kind.INPUT
    ins, outs = sheet.box_kind == Kind.INPUT, sheet.box_kind == Kind.OUTPUT
    if ins.any():
        assert (x + w)[ins].max() < x[~ins].min(initial=1 << 30)
    if outs.any():
        assert x[outs].min() > (x + w)[~outs].max(initial=-1)
    assert inner.any() or ins.any() or outs.any()
