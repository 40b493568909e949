"""Wires at right angles: one vertical piece a wire and channel, on tracks that keep wires apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..kernels import layout_pieces, layout_route
from .scene import GRID

MARGIN = 2
"""Grid units between boxes and the first track of a channel."""


@dataclass(frozen=True, eq=False)
class Routes:
    """What routing found.

    Attributes
    ----------
    node_x : (b,) int64
        Left border of every node, in grid units.
    segments, segment_wire : (s, 4), (s,) int64
        In pixels, as in :class:`~gatesim.viewer.scene.Sheet`.
    dots, dot_wire : (d, 2), (d,) int64
    """

    node_x: np.ndarray
    segments: np.ndarray
    segment_wire: np.ndarray
    dots: np.ndarray
    dot_wire: np.ndarray


def route(
    channel: np.ndarray,
    wire: np.ndarray,
    side: np.ndarray,
    item: np.ndarray,
    row: np.ndarray,
    layer_width: np.ndarray,
    layer: np.ndarray,
    width: np.ndarray,
    flush_right: np.ndarray,
) -> Routes:
    """Tracks, and from them where layers stand and where every wire runs.

    Ends are sorted by (channel, wire): end ``i`` is at ``row[i]`` on `side` 0 (left) or 1 of its channel and
    belongs to `item` (a node, or beyond the nodes a place where the wire passes a layer).
    """
    n_layers = len(layer_width)
    n_nodes = len(layer)
    key = channel * (int(wire.max(initial=0)) + 1) + wire
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else np.zeros(0, np.int64)
    trunk_first = np.append(starts, len(key)).astype(np.int64)
    trunk_channel, trunk_wire = channel[starts], wire[starts]
    channel_first = np.searchsorted(trunk_channel, np.arange(n_layers + 1))
    track, second, joint, tracks = layout_route.assign_tracks(channel_first, trunk_first, row, side, n_layers)
    # A channel without tracks is two margins less one grid unit wide, since its wires are straight.
    room = 2 * MARGIN + np.maximum(tracks - 1, 0)
    room[-1] = tracks[-1] + MARGIN if tracks[-1] else 0
    left = 1 + np.concatenate(([0], np.cumsum(layer_width + room)[:-1]))
    right = left + layer_width
    node_x = np.where(flush_right, right[layer] - width, left[layer] + (layer_width[layer] - width) // 2)
    first_track = right + MARGIN
    trunk_x = np.where(track >= 0, first_track[trunk_channel] + track, -1)
    second_x = np.where(second >= 0, first_track[trunk_channel] + second, trunk_x)
    number = np.repeat(np.arange(len(starts)), np.diff(trunk_first))
    # Where each end meets its box, or the left side of the layer that its wire passes.
    is_node = item < n_nodes
    safe = np.where(is_node, item, 0)
    border = np.where(side == 0, node_x[safe] + width[safe], node_x[safe])
    meets = np.where(is_node, border, left[np.minimum(channel + side, n_layers - 1)])
    x_of_end = np.where(side == 0, trunk_x[number], second_x[number])
    straight = track[number] < 0
    # A straight wire: its left end runs to its right end.
    right_x = np.full(len(starts), -1, np.int64)
    np.maximum.at(right_x, number[side == 1], meets[side == 1])
    x_of_end = np.where(straight, np.where(side == 0, right_x[number], meets), x_of_end)
    h0, h1 = np.minimum(meets, x_of_end), np.maximum(meets, x_of_end)
    keep = h1 > h0
    horizontal = np.stack((h0 * 2, row * 2, h1 * 2, row * 2), axis=1)[keep]
    h_wire = wire[keep]
    horizontal, h_wire = _merged(horizontal, h_wire)
    pieces, trunk, dots, dot_trunk = layout_pieces.trunk_pieces(
        trunk_first, row, side, trunk_x, second_x, track, second, joint
    )
    segments = np.concatenate((horizontal, pieces))
    owner = np.concatenate((h_wire, trunk_wire[trunk]))
    order = np.lexsort((segments[:, 3], segments[:, 2], segments[:, 1], segments[:, 0], owner))
    half = GRID // 2
    return Routes(node_x, segments[order] * half, owner[order], dots * half, trunk_wire[dot_trunk])


def _merged(pieces: np.ndarray, wire: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Horizontal pieces of one wire in one row that touch, joined."""
    if not len(pieces):
        return pieces, wire
    order = np.lexsort((pieces[:, 0], pieces[:, 1], wire))
    pieces, wire = pieces[order], wire[order]
    breaks = (wire[1:] != wire[:-1]) | (pieces[1:, 1] != pieces[:-1, 1]) | (pieces[1:, 0] > pieces[:-1, 2])
    starts = np.concatenate(([0], np.flatnonzero(breaks) + 1))
    out = pieces[starts].copy()
    out[:, 2] = np.maximum.reduceat(pieces[:, 2], starts)
    return out, wire[starts]
