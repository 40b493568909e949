"""The circuit as vessels that fill and siphon: the machine of its inputs, poured once, shown in the course of time."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import GatesimError, UnsupportedError
from ..netlist import Netlist
from ..timing.water import Design, plumb, pour, to_half_adders
from ..timing.water.pictures import Stage

SPEED = 8.0
"""Seconds of water in a second of the display."""

MOST_VESSELS = 60
MOST_SAMPLES = 3_000
STEP_S = 0.01


class WaterRun:
    """One pouring of a combinational circuit's inputs.

    Raises
    ------
    UnsupportedError
        A circuit with state, or of more vessels than one can watch.
    """

    def __init__(self, net: Netlist, values: Mapping[str, int]) -> None:
        if not net.is_combinational:
            raise UnsupportedError(f"{net.name!r} has state: water computes without a clock only")
        try:
            self.machine = plumb(to_half_adders(net), Design.with_cups())
        except GatesimError as exc:
            raise UnsupportedError(f"{net.name!r} cannot be built of vessels: {exc}") from None
        if self.machine.n_vessels > MOST_VESSELS:
            raise UnsupportedError(
                f"{net.name!r} needs {self.machine.n_vessels} vessels: one can watch {MOST_VESSELS} at most"
            )
        steps = int(self.machine.seconds / STEP_S)
        self.poured = pour(self.machine, dict(values), dt_s=STEP_S, every=max(5, -(-steps // MOST_SAMPLES)))
        self._stage = Stage(self.machine)
        self.time_s = 0.0

    @property
    def end_s(self) -> float:
        """When the last sample was taken."""
        return float(self.poured.samples.time_s[-1])

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.time_s = min(max(self.time_s + seconds, 0.0), self.end_s)

    def sample(self) -> int:
        """Number of the sample that is shown."""
        seen = self.poured.samples.time_s
        return min(int(seen.searchsorted(self.time_s)), len(seen) - 1)

    def frame(self):
        """A PIL image of this moment."""
        return self._stage.frame(self.poured, 0, self.sample(), self.machine.name)

    def text(self) -> str:
        """The moment in words."""
        k = self.sample()
        seen = self.poured.samples
        level = [
            f"{label} {v * 1e6:.0f} ml" for label, v in zip(self.machine.labels, seen.volume_m3[0, k], strict=True)
        ]
        running = [label for label, on in zip(self.machine.labels, seen.siphon[0, k], strict=True) if on]
        return f"water at {self.time_s:.1f} s: {', '.join(level)}; siphons: {', '.join(running) or 'none'}"
