"""What is to be said about a net: value, driver, readers, level, arrival time, toggles."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..analysis import levels
from ..errors import GatesimError, LoopError
from ..four import LETTERS
from ..gates import GATES
from ..kernels.graph import fanout_lists
from ..netlist import Netlist
from ..timing import StaticTiming, Technology, static_timing
from ..timing.quantities import shown
from .naming import Names
from .timeline import Timeline

ACTIVITY_CYCLES = 256
"""Latest cycles over which toggles are counted."""

MAX_ACTIVITY_WORK = 20_000_000
"""Net values looked at for it at most: fewer cycles in a larger circuit."""


@dataclass(frozen=True)
class Facts:
    """Everything known about one net, as text."""

    net: int
    name: str
    value: str
    driver: str
    readers: tuple[str, ...]
    level: int | None
    arrival_ps: int | None
    slack_ps: int | None
    toggles: int | None
    toggle_cycles: int

    def lines(self) -> list[tuple[str, str]]:
        """Headings and texts, for a panel or a tooltip."""
        found = [("value", self.value), ("driven by", self.driver)]
        found.append(("read by", "; ".join(self.readers[:4]) + ("; ..." if len(self.readers) > 4 else "") or "nothing"))
        if self.level is not None:
            found.append(("level", str(self.level)))
        if self.arrival_ps is not None:
            found.append(("arrives", shown(self.arrival_ps, "time")))
        if self.slack_ps is not None:
            found.append(("slack", shown(self.slack_ps, "time")))
        if self.toggles is not None:
            found.append(("toggles", f"{self.toggles} in {self.toggle_cycles} cycles"))
        return found


class Inspector:
    """Answers about the nets of one netlist."""

    def __init__(self, net: Netlist, names: Names, technology: Technology | None = None) -> None:
        self.net, self.names, self.technology = net, names, technology
        self._activity_key: tuple = ()
        self._activity: tuple[np.ndarray, int] = np.zeros(net.n_nets, np.int64), 0

    @cached_property
    def _readers(self) -> tuple[np.ndarray, np.ndarray]:
        return fanout_lists(self.net.fanin_ptr, self.net.fanin, self.net.n_nets)

    @cached_property
    def _port_bits(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for p in self.net.outputs:
            for i, k in enumerate(p.nets):
                found.setdefault(k, []).append(f"output {p.name}" + (f"[{i}]" if p.width > 1 else ""))
        return found

    @cached_property
    def _memory_pins(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for m in self.net.memories:
            for w in m.writes:
                for k in (*w.address, *w.data, w.enable):
                    found.setdefault(k, []).append(f"memory {m.name}")
        return found

    @cached_property
    def _levels(self) -> np.ndarray | None:
        try:
            return levels(self.net).level
        except LoopError:
            return None

    @cached_property
    def _timing(self) -> StaticTiming | None:
        """Static timing in the chosen technology; None where it cannot be had."""
        if self.technology is None:
            return None
        try:
            return static_timing(self.net, self.technology)
        except GatesimError:
            return None

    def readers_of(self, net: int) -> np.ndarray:
        """(k,) int32: the cells that read a net."""
        ptr, cells = self._readers
        return np.unique(cells[ptr[net] : ptr[net + 1]])

    def drivers_of(self, net: int) -> np.ndarray:
        """(k,) int32: the nets that its cell reads."""
        return self.net.fanin_of(net)

    def arrival_ps(self, net: int) -> int | None:
        """The latest arrival of an edge, in the chosen technology."""
        if self._timing is None:
            return None
        found = int(self._timing.arrival_ps[net].max())
        return found if found >= 0 else None

    def slack_ps(self, net: int) -> int | None:
        """The least slack of a net, in the chosen technology."""
        if self._timing is None:
            return None
        found = int(self._timing.slack_ps[net].min())
        return found if abs(found) < 1 << 60 else None

    def facts(self, net: int, values: np.ndarray, line: Timeline | None) -> Facts:
        """All that is known about `net`; toggles only with a timeline (which must be at rest)."""
        gate = GATES[self.net.op[net]]
        pins = ", ".join(
            f"{pin} = {self.net.net_name(int(k))}"
            for pin, k in zip(gate.pins or ["address"] * 64, self.drivers_of(net), strict=False)
        )
        readers = [self._reader(int(cell), net) for cell in self.readers_of(net)]
        readers += self._port_bits.get(net, []) + self._memory_pins.get(net, [])
        toggles, cycles = (None, 0) if line is None else self.activity(line)
        return Facts(
            net,
            self.net.net_name(net),
            LETTERS[int(values[net])],
            f"{gate.name}({pins})" if pins else gate.help,
            tuple(readers),
            None if self._levels is None else int(self._levels[net]),
            self.arrival_ps(net),
            self.slack_ps(net),
            None if toggles is None else int(toggles[net]),
            cycles,
        )

    def _reader(self, cell: int, net: int) -> str:
        gate = GATES[self.net.op[cell]]
        pins = [
            gate.pins[i] if gate.pins else "address" for i, k in enumerate(self.net.fanin_of(cell)) if int(k) == net
        ]
        return f"{gate.name} {self.net.net_name(cell)} ({', '.join(dict.fromkeys(pins))})"

    # -- activity ----------------------------------------------------------------------------

    def activity(self, line: Timeline) -> tuple[np.ndarray, int]:
        """(n,) int64 transitions of every net from cycle to cycle, and over how many of the latest cycles."""
        cycles = max(1, min(ACTIVITY_CYCLES, MAX_ACTIVITY_WORK // self.net.n_nets))
        first = max(0, line.now - cycles)
        key = (line.version, line.now)
        if key != self._activity_key:
            self._activity_key = key
            self._activity = _toggles(line, first), line.now - first
        return self._activity

    def heat(self, line: Timeline, kind: str) -> np.ndarray:
        """(n,) float32 from 0 (cold) to 1 (hot): activity, or how little slack there is; -1 where unknown."""
        if kind == "activity":
            toggles, _ = self.activity(line)
            return (toggles / max(1, int(toggles.max(initial=0)))).astype(np.float32)
        heat = np.full(self.net.n_nets, -1, np.float32)
        if self._timing is not None:
            slack = self._timing.slack_ps.min(axis=1)
            known = np.abs(slack) < 1 << 60
            if known.any():
                worst, best = int(slack[known].min()), int(slack[known].max())
                heat[known] = 1 - (slack[known] - worst) / max(1, best - worst)
        return heat


def _toggles(line: Timeline, first: int) -> np.ndarray:
    """Transitions of every net between `first` and now: registers and inputs by replay, all else settled."""
    replay = line.replica()
    last = replay.now
    replay.go_to(first)
    count = np.zeros(line.net.n_nets, np.int64)
    before = replay.values
    while replay.now < last:
        replay.step()
        values = replay.values
        count += values != before
        before = values
    return count
