"""Pinned probes and their waveforms: computed by replay, so that a probe shows the time before it was set too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .naming import Names
from .numbers import Radix, shown, value_of
from .timeline import Timeline

MAX_CYCLES = 1 << 17
"""Cycles whose values are kept one by one; a longer window is summed up column by column."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A bus or a net whose waveform is shown."""

    name: str
    nets: tuple[int, ...]
    radix: Radix = Radix.hex

    @classmethod
    def on(cls, name: str, names: Names) -> Probe:
        """A probe on what `name` means; UnknownNameError where there is no such net."""
        return cls(name.strip(), names.nets(name))

    def with_next_radix(self) -> Probe:
        """The same, shown in the next radix."""
        return replace(self, radix=self.radix.following)

    def text(self, codes: np.ndarray) -> str:
        """The value that these codes of its nets mean."""
        return shown(value_of(codes), len(self.nets), self.radix)


class Stretch(NamedTuple):
    """A value from cycle ``first`` to before ``last``; ``text`` is empty where it changed within."""

    first: int
    last: int
    codes: tuple[int, ...]
    steady: bool


def stretches(codes: np.ndarray, first: int) -> list[Stretch]:
    """Equal neighbours of (cycles, bits) codes joined, from cycle `first` on.

    Examples
    --------
    >>> [s[:3] for s in stretches(np.array([[0], [0], [1]], np.uint8), 10)]
    [(10, 12, (0,)), (12, 13, (1,))]
    """
    if not len(codes):
        return []
    edges = np.flatnonzero((codes[1:] != codes[:-1]).any(axis=1)) + 1
    starts = np.concatenate(([0], edges))
    ends = np.append(edges, len(codes))
    return [
        Stretch(first + int(a), first + int(b), tuple(codes[a].tolist()), True)
        for a, b in zip(starts, ends, strict=True)
    ]


def columns(codes: np.ndarray, first: int, cycles_per_column: int) -> list[Stretch]:
    """Stretches of a long window: each column of cycles is one value, or one that changed."""
    found: list[Stretch] = []
    for low in range(0, len(codes), cycles_per_column):
        part = codes[low : low + cycles_per_column]
        steady = bool((part == part[0]).all())
        here = Stretch(first + low, first + low + len(part), tuple(part[-1].tolist()), steady)
        if found and found[-1].steady == steady and (not steady or found[-1].codes == here.codes):
            found[-1] = Stretch(found[-1].first, here.last, here.codes, steady)
        else:
            found.append(here)
    return found


class Waveforms:
    """Waveforms of probes in a window, from a timeline that stands still; kept until something changes."""

    def __init__(self) -> None:
        self._key: tuple = ()
        self._found: list[list[Stretch]] = []

    def window(self, line: Timeline, probes: Sequence[Probe], first: int, last: int, width: int) -> list[list[Stretch]]:
        """Stretches of each probe in cycles ``first ... last - 1``, for a panel of `width` columns."""
        first, last = max(0, first), min(last, line.horizon + 1)
        key = (line.version, tuple(p.nets for p in probes), first, last, width)
        if key != self._key:
            self._key = key
            self._found = _window(line, probes, first, last, width)
        return self._found


def _window(line: Timeline, probes: Sequence[Probe], first: int, last: int, width: int) -> list[list[Stretch]]:
    nets = list(dict.fromkeys(k for p in probes for k in p.nets))
    place = {net: i for i, net in enumerate(nets)}
    found: list[list[Stretch]] = [[] for _ in probes]
    if first >= last:
        return found
    per_column = max(1, -(-(last - first) // max(1, width)))
    replay = line.replica()
    replay.go_to(first)
    while replay.now < last:
        low = replay.now
        # Whole columns at a time, the present cycle (which has no clock edge yet) included.
        size = min(last - low, max(per_column, MAX_CYCLES // per_column * per_column))
        seen = replay.advance(size, nets)
        for p, parts in zip(probes, found, strict=True):
            codes = seen[:, [place[k] for k in p.nets]]
            new = stretches(codes, low) if per_column == 1 else columns(codes, low, per_column)
            if parts and new and parts[-1].steady and new[0].steady and parts[-1].codes == new[0].codes:
                parts[-1] = parts[-1]._replace(last=new[0].last)
                new = new[1:]
            parts.extend(new)
    return found


def next_change(line: Timeline, nets: Sequence[int], cycle: int) -> int | None:
    """The first cycle after `cycle`, up to the horizon, in which one of the nets has another value than before."""
    replay = line.replica()
    replay.go_to(cycle)
    before: np.ndarray | None = None
    size = 256
    while replay.now <= line.horizon:
        low = replay.now
        seen = replay.advance(min(size, line.horizon + 1 - low), nets)
        whole = seen if before is None else np.concatenate((before[None], seen))
        hits = np.flatnonzero((whole[1:] != whole[:-1]).any(axis=1))
        if len(hits):
            return low + int(hits[0]) + (1 if before is None else 0)
        before, size = seen[-1], min(size * 4, MAX_CYCLES)
    return None


def previous_change(line: Timeline, nets: Sequence[int], cycle: int) -> int | None:
    """The last cycle before `cycle` in which one of the nets has another value than in the cycle before it."""
    high, size = cycle, 256
    while high > 1:
        low = max(0, high - size)
        seen = line.seen(nets, low, high)
        hits = np.flatnonzero((seen[1:] != seen[:-1]).any(axis=1))
        if len(hits):
            return low + int(hits[-1]) + 1
        if low == 0:
            return None
        high, size = low + 1, min(size * 4, MAX_CYCLES)
    return None
