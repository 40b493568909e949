"""A drawing with state, one instance, run in gate delays until it settles."""

from __future__ import annotations

import numpy as np

from .. import bits
from ..engines.logic4 import FourState, Logic4Engine, Settling
from ..formats.dig import RESET, Machine
from ..stimulus import Stimulus
from .case_rows import Values

MAX_TICKS = 2_000
"""Gate delays within which a circuit must settle (Digital gives up after 1,000 and a few)."""

POWER_UPS = 64
"""Power-ups tried, as lanes, for a circuit that does not settle from all zeros."""


class CaseFailure(Exception):
    """The first row that differs, or a circuit that does not settle."""


class Stepped:
    """A machine in gate delays, one instance."""

    def __init__(self, engine: Logic4Engine, made: Machine, source: str) -> None:
        self.engine, self.machine, self.source = engine, made, source
        self.net = engine.netlist
        low, self._place = 0, dict[str, tuple[int, int]]()
        for port in self.net.inputs:
            self._place[port.name] = (low, port.width)
            low += port.width
        self._n_bits = low
        self._settling = self._block(1)
        for name, value in made.initial.items():
            self.set(name, value)

    @property
    def out(self) -> np.ndarray:
        """(bits, words) value planes of the outputs."""
        return self._settling.out[0]

    @property
    def out_unknown(self) -> np.ndarray:
        """(bits, words) planes of their unknown bits."""
        return self._settling.out_unknown[0]

    def _block(self, n_patterns: int) -> Settling:
        words = np.zeros((1, self._n_bits, bits.n_words(n_patterns)), np.uint64)
        return Settling(self.engine, Stimulus(words, n_patterns))

    def set(self, name: str, value: int | str) -> None:
        """Put a number or Z on an input."""
        low, width = self._place[name]
        for i in range(width):
            bit = 1 if value == "Z" else int(value) >> i & 1
            self._settling.planes[0, low + i, 0] = bit
            self._settling.unknown[0, low + i, 0] = value == "Z"

    def settle(self, row: Values | None = None) -> None:
        """Run until nothing changes; CaseFailure when that never comes."""
        if self._settling.settle(MAX_TICKS) is None:
            where = f": row in line {row.line}" if row is not None else ""
            raise CaseFailure(f"{self.source}{where}: the circuit oscillates: {self._restless()}")

    def _restless(self) -> str:
        before = self._settling.state().registers
        self._settling.settle(1)
        after = self._settling.state().registers
        moving = self.net.registers[(before != after).any(axis=1)]
        return ", ".join(self.net.net_name(int(k)) for k in moving[:6]) or "a memory"

    def power_up(self) -> None:
        """Settle from the power-up; a latch that cannot decide there starts from a random side."""
        if self._settling.settle(MAX_TICKS) is None:
            self._try_power_ups()
        if RESET in self._place:
            self.set(RESET, 0)
            self.settle()

    def _try_power_ups(self) -> None:
        """Many power-ups as lanes: gate delays at random, the first lane that settles is taken.

        Digital does the same with noise: while it starts, gates are computed in a random order.
        """
        first = self._settling
        self.engine.state = None
        start = self.engine._power_up(POWER_UPS)
        assert isinstance(start, FourState)
        generator = np.random.default_rng(0)
        place = {int(q): i for i, q in enumerate(self.net.registers)}
        for cell in self.machine.delays:
            start.registers[place[cell]] = generator.integers(0, 1 << 63, dtype=np.uint64)
        self.engine.state = start
        many = self._block(POWER_UPS)
        for planes, single in ((many.planes, first.planes), (many.unknown, first.unknown)):
            planes[:] = np.where(single & np.uint64(1), bits.lane_mask(POWER_UPS), np.uint64(0))
        many.settle(MAX_TICKS)
        before = many.state().registers
        many.settle(1)
        settled = many.state()
        moving = np.bitwise_or.reduce(before ^ settled.registers, axis=0)[0] if len(before) else np.uint64(0)
        calm = [lane for lane in range(POWER_UPS) if not int(moving) >> lane & 1]
        if not calm:
            raise CaseFailure(f"{self.source}: the circuit does not settle when it starts: {self._restless()}")
        lane = calm[0]
        self.engine.state = FourState(
            settled.registers >> np.uint64(lane) & np.uint64(1),
            tuple(m[lane : lane + 1].copy() for m in settled.memories),
            1,
            settled.unknown_registers >> np.uint64(lane) & np.uint64(1),
            tuple(m[lane : lane + 1].copy() for m in settled.unknown_memories),
        )
        self._settling = self._block(1)
        self._settling.planes[:] = first.planes
        self._settling.unknown[:] = first.unknown
        self.settle()
