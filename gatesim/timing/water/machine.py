"""A machine of vessels, pipes and buckets, and what has to be poured into it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from .vessel import Vessel, VesselError, tables


class Outlet(IntEnum):
    """The two outlets of a vessel, and what they compute."""

    XOR = 0
    """The leak: one unit runs out here."""
    AND = 1
    """The siphon: two units run out here."""


@dataclass(frozen=True, slots=True)
class Pipe:
    """Takes a `share` of an outlet's water to a vessel (or to bucket ``target - n_vessels``), later."""

    vessel: int
    outlet: Outlet
    target: int
    share: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class Pour:
    """One syringe: `units` into a vessel at `start_s` if input bit `bit` is 1 (-1: the tap, always)."""

    target: int
    bit: int
    start_s: float
    units: float


@dataclass(frozen=True)
class Machine:
    """Vessels joined by pipes. What no pipe takes, and what runs over a rim, goes down the drain.

    Attributes
    ----------
    name : str
    vessels, labels : tuple
        And a name for each, for people.
    pipes : tuple of Pipe
    pours : tuple of Pour
        A target below ``n_vessels`` is a vessel, above it a bucket.
    inputs, outputs : tuple of (str, int)
        Ports with their widths, LSB first; every output bit has a bucket, in this order.
    unit_m3, pour_m3s : float
        Water of a 1, and how fast a unit is poured.
    line_units : float
        A bucket with at least so many units reads 1.
    seconds : float
        How long to wait for an answer.

    Raises
    ------
    VesselError
        An outlet that gives away more than it has, a pipe to nowhere, a pour that is none.
    """

    name: str
    vessels: tuple[Vessel, ...]
    labels: tuple[str, ...]
    pipes: tuple[Pipe, ...]
    pours: tuple[Pour, ...]
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    unit_m3: float = 80e-6
    pour_m3s: float = 60e-6
    line_units: float = 0.7
    seconds: float = 120.0

    def __post_init__(self) -> None:
        places = self.n_vessels + self.n_buckets
        given: dict[tuple[int, int], float] = {}
        for p in self.pipes:
            if not (0 <= p.vessel < self.n_vessels and 0 <= p.target < places):
                raise VesselError(f"{self.name!r}: a pipe from vessel {p.vessel} to {p.target} leads nowhere")
            if not p.delay_s > 0 or not p.share > 0:
                raise VesselError(
                    f"{self.name!r}: the pipe from {self.labels[p.vessel]} takes {p.delay_s:g} s and a share of "
                    f"{p.share:g}: both must be positive"
                )
            given[p.vessel, p.outlet] = given.get((p.vessel, p.outlet), 0.0) + p.share
        for (vessel, outlet), share in given.items():
            if share > 1 + 1e-9:
                raise VesselError(
                    f"{self.name!r}: the pipes of {self.labels[vessel]}, outlet {Outlet(outlet).name}, take "
                    f"{share:g} times what comes out: a splitter divides water, it makes none"
                )
        if not (self.unit_m3 > 0 and self.pour_m3s > 0 and self.line_units > 0):
            raise VesselError(f"{self.name!r}: a unit, the speed of pouring and the read line must be positive")
        if any(not (q.start_s >= 0 and q.units > 0 and 0 <= q.target < places) for q in self.pours):
            raise VesselError(f"{self.name!r}: a pour needs a vessel, a start of 0 s or later and a positive amount")

    @property
    def n_vessels(self) -> int:
        """Number of vessels."""
        return len(self.vessels)

    @property
    def n_buckets(self) -> int:
        """Number of buckets, one an output bit; the drain not counted."""
        return sum(width for _, width in self.outputs)

    @property
    def n_bits(self) -> int:
        """Number of input bits."""
        return sum(width for _, width in self.inputs)

    @property
    def bucket_names(self) -> tuple[str, ...]:
        """A name for every bucket."""
        return tuple(n if w == 1 else f"{n}[{i}]" for n, w in self.outputs for i in range(w))

    @property
    def stages(self) -> tuple[tuple[int, ...], ...]:
        """Vessels by stage: one more than the deepest vessel whose XOR outlet feeds them.

        An AND outlet stays in its stage: a carry runs sideways.
        """
        stage = [0] * self.n_vessels
        for _ in range(self.n_vessels):  # pipes are in no particular order
            before = list(stage)
            for p in self.pipes:
                if p.target < self.n_vessels:
                    stage[p.target] = max(stage[p.target], stage[p.vessel] + (p.outlet is Outlet.XOR))
            if stage == before:
                break
        return tuple(tuple(i for i in range(self.n_vessels) if stage[i] == s) for s in sorted(set(stage)))

    def with_vessel(self, index: int, vessel: Vessel) -> Machine:
        """The machine with one vessel exchanged."""
        return replace(self, vessels=(*self.vessels[:index], vessel, *self.vessels[index + 1 :]))

    def largest_step_s(self) -> float:
        """The time step may not be larger: the fastest siphon or the shortest pipe."""
        return min([v.largest_step_s() for v in self.vessels] + [p.delay_s for p in self.pipes])

    def tables(self) -> np.ndarray:
        """(1, n_vessels, 10) float64: this machine as the kernel reads it."""
        return tables(self.vessels)[None]

    def built(self, count: int, tolerance: float, *, rng: int | np.random.Generator = 0) -> np.ndarray:
        """`count` machines from a workshop that is not exact.

        The area of every leak is off by a log-normal factor of `tolerance`, the height of every crest
        by one of half of it.

        Returns
        -------
        (count, n_vessels, 10) float64
            Tables for :func:`~gatesim.timing.water.pour`.

        Raises
        ------
        VesselError
            No machine, or a negative tolerance.
        """
        from ...kernels import water as kernel

        if count < 1 or not 0 <= tolerance < np.inf:
            raise VesselError(f"cannot build {count} machines with a tolerance of {tolerance:g}")
        generator = np.random.default_rng(rng)
        leak = np.exp(tolerance * generator.standard_normal((count, self.n_vessels)))
        crest = np.exp(tolerance / 2 * generator.standard_normal((count, self.n_vessels)))
        table = np.repeat(self.tables(), count, axis=0)
        table[:, :, kernel.LEAK] *= leak
        table[:, :, kernel.HELD] /= np.sqrt(leak)
        table[:, :, kernel.CREST] *= crest
        return table


__all__ = ["Machine", "Outlet", "Pipe", "Pour"]
