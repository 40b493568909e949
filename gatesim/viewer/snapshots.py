"""States kept along a run, so that any earlier cycle is one short replay away.

A memory is kept in pages; pages that did not change since the snapshot before are shared with it.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, fields

import numpy as np

from ..results import State

PAGE_WORDS = 512
MAX_BYTES = 1 << 28
"""Bytes of snapshots at most, about; when there are more, every second one is dropped."""

Pages = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A state in pages. ``own_bytes`` counts those that no earlier snapshot has."""

    kind: type[State]
    parts: tuple[tuple[str, tuple[int, ...], Pages], ...]
    n_memories: int
    own_bytes: int

    def state(self) -> State:
        """The state, as arrays of its own."""
        found: dict[str, list[np.ndarray]] = {}
        for name, shape, pages in self.parts:
            found.setdefault(name, []).append(np.concatenate(pages).reshape(shape))
        values: dict[str, object] = {"n_patterns": 1}
        for f in fields(self.kind):
            if f.name in found:
                many = f.name.endswith("memories")
                values[f.name] = tuple(found[f.name]) if many else found[f.name][0]
            elif f.name.endswith("memories"):
                values[f.name] = ()
        return self.kind(**values)  # pyright: ignore[reportArgumentType]


def take(state: State, before: Snapshot | None) -> Snapshot:
    """A snapshot of `state` that shares pages with the one `before`."""
    known = [] if before is None else [pages for _, _, pages in before.parts]
    parts: list[tuple[str, tuple[int, ...], Pages]] = []
    own = 0
    for f in fields(state):
        value = getattr(state, f.name)
        if f.name == "n_patterns":
            continue
        for array in value if isinstance(value, tuple) else (value,):
            old = known[len(parts)] if len(parts) < len(known) else ()
            pages, fresh = _pages(array.reshape(-1), old)
            own += fresh
            parts.append((f.name, array.shape, pages))
    return Snapshot(type(state), tuple(parts), len(state.memories), own)


def _pages(flat: np.ndarray, old: Pages) -> tuple[Pages, int]:
    pages: list[np.ndarray] = []
    fresh = 0
    for k, low in enumerate(range(0, max(len(flat), 1), PAGE_WORDS)):
        part = flat[low : low + PAGE_WORDS]
        if k < len(old) and np.array_equal(old[k], part):
            pages.append(old[k])
        else:
            pages.append(part.copy())
            fresh += part.nbytes
    return tuple(pages), fresh


class Snapshots:
    """Snapshots by cycle, ascending; the first is power-up and always stays."""

    def __init__(self, start: State) -> None:
        self._cycles = [0]
        self._kept = [take(start, None)]

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def last_cycle(self) -> int:
        """Cycle of the latest snapshot."""
        return self._cycles[-1]

    @property
    def n_bytes(self) -> int:
        """Bytes that all of them take, about."""
        return sum(s.own_bytes for s in self._kept)

    def copy(self) -> Snapshots:
        """Another list of the same snapshots."""
        other = object.__new__(Snapshots)
        other._cycles, other._kept = self._cycles.copy(), self._kept.copy()
        return other

    def add(self, cycle: int, state: State) -> None:
        """Keep the state before `cycle`, unless that is kept already."""
        at = bisect.bisect_left(self._cycles, cycle)
        if at < len(self._cycles) and self._cycles[at] == cycle:
            return
        self._cycles.insert(at, cycle)
        self._kept.insert(at, take(state, self._kept[at - 1]))
        if self.n_bytes > MAX_BYTES and len(self._kept) > 2:
            self._thin()

    def _thin(self) -> None:
        keep = [0, *range(2, len(self._kept), 2)]
        states = [self._kept[k].state() for k in keep]
        self._cycles = [self._cycles[k] for k in keep]
        self._kept = []
        for state in states:  # shared pages are counted anew
            self._kept.append(take(state, self._kept[-1] if self._kept else None))

    def before(self, cycle: int) -> tuple[int, State]:
        """The latest snapshot at or before `cycle`."""
        at = bisect.bisect_right(self._cycles, cycle) - 1
        return self._cycles[at], self._kept[at].state()

    def distance(self, cycle: int) -> int:
        """Cycles from the latest snapshot at or before `cycle`."""
        return cycle - self._cycles[bisect.bisect_right(self._cycles, cycle) - 1]

    def forget_after(self, cycle: int) -> None:
        """Drop what lies after `cycle`."""
        at = bisect.bisect_right(self._cycles, cycle)
        del self._cycles[at:], self._kept[at:]
