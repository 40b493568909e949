"""Finding rows that one vector instruction can do: the same function on eight neighbouring bits of words.

A word of registers, the multiplexers that read it and the ones that write it are the same rows bit after
bit. A *bundle* is eight rows of one kind whose inputs are, pin by pin, one value for all, the eight
registers of a group, or the eight rows of another bundle.
"""

from __future__ import annotations

from collections.abc import Sequence

LANES = 8
"""Rows of a bundle: words of one vector."""

Bundle = tuple[int, ...]


def find_bundles(
    kinds: Sequence[int],
    inputs: Sequence[tuple[int | None, ...]],
    levels: Sequence[int],
    next_rows: Sequence[int],
    first_register: int,
) -> list[Bundle]:
    """Bundles of a plan's rows, those that others read before those that only next states read.

    Rows and values are numbered as in :class:`~gatesim.engines.clocked_plan.Plan`; ``next_rows[j]`` is
    the row that computes the next state of register j.
    """
    groups = _register_groups(inputs, next_rows)
    lane_of: dict[int, tuple[int, int]] = {}  # value -> (group or bundle, lane)
    for number, members in enumerate(groups):
        lane_of |= {~(first_register + j): (number, lane) for lane, j in enumerate(members)}
    bundles = _grown(kinds, inputs, levels, lane_of, len(groups))
    taken = {row for bundle in bundles for row in bundle}
    read = {v for sources in inputs for v in sources if v is not None and v >= 0}
    for members in groups:
        rows = tuple(next_rows[j] for j in members)
        alike = len({kinds[row] for row in rows}) == 1 and len(set(rows)) == LANES
        if alike and not taken.intersection(rows) and not read.intersection(rows):
            bundles.append(rows)
            taken.update(rows)
    return bundles


def _register_groups(inputs: Sequence[tuple[int | None, ...]], next_rows: Sequence[int]) -> list[list[int]]:
    """Groups of eight registers in a row whose next states have an input in common, as an enable."""
    groups: list[list[int]] = []
    members: list[int] = []
    common: set[int] = set()
    for j, row in enumerate(next_rows):
        pins = {v for v in inputs[row] if v is not None}
        if members and len(members) < LANES and common & pins:
            members.append(j)
            common &= pins
        else:
            groups.append(members)
            members, common = [j], pins
    return [g for g in (*groups, members) if len(g) == LANES]


def _grown(
    kinds: Sequence[int],
    inputs: Sequence[tuple[int | None, ...]],
    levels: Sequence[int],
    lane_of: dict[int, tuple[int, int]],
    n_groups: int,
) -> list[Bundle]:
    """Bundles fed by register groups and by one another; ``lane_of`` learns their rows.

    All rows of a bundle are of one level, so that no bundle depends on itself through others.
    """
    open_: dict[tuple, dict[int, int]] = {}
    bundles: list[Bundle] = []
    for row in sorted(range(len(kinds)), key=levels.__getitem__):
        sources = inputs[row]
        tags = [lane_of.get(v) if v is not None else None for v in sources]
        lanes = {tag[1] for tag in tags if tag is not None}
        if len(lanes) != 1:
            continue
        (lane,) = lanes
        pins = tuple(v if tag is None else (tag[0],) for v, tag in zip(sources, tags, strict=True))
        key = (kinds[row], levels[row], pins)
        found = open_.setdefault(key, {})
        found.setdefault(lane, row)
        if len(found) == LANES:
            bundle = tuple(found[k] for k in range(LANES))
            lane_of |= {r: (n_groups + len(bundles), k) for k, r in enumerate(bundle)}
            bundles.append(bundle)
            del open_[key]
    return bundles
