"""One vessel: a chamber with a slow leak and a siphon, that is a half adder of water.

One unit of water stays under the crest of the siphon and leaves through the leak (the XOR port); two
units pass the crest, the siphon starts and empties the chamber fast (the AND port). Torricelli's law
for both; Steve Mould built it in 2021. All quantities in SI units.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import inf, pi, sqrt

import numpy as np

from ...errors import GatesimError

GRAVITY = 9.81
"""m/s^2"""
SURFACE_TENSION = 0.072
"""N/m, clean water at 25 C (textbook)."""
DENSITY = 1000.0
"""kg/m^3"""
PRIMING_BOND_NUMBER = 4.0
"""A tube with a smaller rho g d^2 / sigma fills by surface tension: its siphon always starts."""


class VesselError(GatesimError, ValueError):
    """A vessel that cannot be built, or water that cannot be simulated as asked."""


@dataclass(frozen=True)
class Vessel:
    """Geometry of a vessel; heights above its floor. The defaults are a bench-top acrylic vessel.

    Parameters
    ----------
    area_m2 : float
        Horizontal cross-section (100 x 20 mm).
    crest_m, inlet_m, rim_m : float
        The siphon starts where the level reaches the crest and stops at its inlet, where it sucks air;
        above the rim water is lost.
    drop_m : float
        Outlet of the siphon below the floor.
    leak_diameter_m, siphon_diameter_m : float
        Without a leak (0) it is a cup that holds its water until it fires; without a siphon (0) it is a
        measure, which gives away slowly what stands under its rim.
    leak_coefficient, siphon_coefficient : float
        Cd of a sharp hole; Cs = 1 / sqrt(1 + K + f l / d) of the siphon.
    width : float
        So many of these vessels side by side, joined at the bottom: a gate that feeds several others.
    priming : float, optional
        The siphon starts only if the flow over the crest exceeds this times the siphon's area times
        sqrt(g d) (0.5 to 1); slower water dribbles over the crest as over a weir. Tubes under about
        5 mm prime anyway. Left out: it always starts.
    sticky : bool
        Surface tension holds the water back under 4 sigma / (rho g d) of the leak.

    Raises
    ------
    VesselError
        Impossible geometry: every fault, and what to do.

    Examples
    --------
    >>> round(Vessel().leak_time(0.040, 0.010), 4)
    20.6057
    """

    area_m2: float = 20e-4
    crest_m: float = 0.060
    inlet_m: float = 0.005
    rim_m: float = 0.100
    drop_m: float = 0.150
    leak_diameter_m: float = 0.003
    siphon_diameter_m: float = 0.008
    leak_coefficient: float = 0.62
    siphon_coefficient: float = 0.6
    width: float = 1.0
    priming: float | None = None
    sticky: bool = False

    def __post_init__(self) -> None:
        faults = self._faults()
        if faults:
            raise VesselError("this vessel cannot be built: " + "; ".join(faults))

    def _faults(self) -> list[str]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        bad = [k for k, v in values.items() if v is not None and not np.isfinite(v)]
        if bad:
            return [f"{k} is {values[k]}: give a finite number" for k in bad]
        mm = lambda metres: f"{metres * 1e3:g} mm"  # noqa: E731
        found = [
            f"{k} is {values[k]:g}: it must be positive"
            for k in ("area_m2", "crest_m", "siphon_coefficient", "leak_coefficient", "width")
            if values[k] <= 0
        ]
        found += [
            f"{k} is {values[k]:g}: it must not be negative"
            for k in ("inlet_m", "drop_m", "leak_diameter_m", "siphon_diameter_m", "priming")
            if values[k] is not None and values[k] < 0
        ]
        found += [
            f"{k} is {values[k]:g}: no hole passes more than an ideal one, it must be at most 1"
            for k in ("siphon_coefficient", "leak_coefficient")
            if values[k] > 1
        ]
        if self.siphon_diameter_m and self.crest_m >= self.rim_m:
            found.append(
                f"the crest ({mm(self.crest_m)}) is not below the rim ({mm(self.rim_m)}): the vessel overflows "
                "before its siphon starts; lower the crest or raise the rim"
            )
        if self.siphon_diameter_m and self.inlet_m >= self.crest_m:
            found.append(
                f"the inlet of the siphon ({mm(self.inlet_m)}) is not below its crest ({mm(self.crest_m)}): "
                "it would stop where it starts; lower the inlet"
            )
        if self.area_m2 > 0:
            holes = max(self.leak_diameter_m, self.siphon_diameter_m)
            if pi * holes**2 / 4 >= self.area_m2:
                found.append(f"a hole of {mm(holes)} is wider than the vessel ({self.area_m2 * 1e4:g} cm^2)")
        return found

    # -- areas and volumes -------------------------------------------------------------------

    @property
    def total_area_m2(self) -> float:
        """Cross-section of all of them side by side."""
        return self.area_m2 * self.width

    def volume_m3(self, level_m: float) -> float:
        """Water in the vessel at a level."""
        return self.total_area_m2 * level_m

    @property
    def leak_area_m2(self) -> float:
        """Area of the leak, of all of them side by side."""
        return self.width * pi * self.leak_diameter_m**2 / 4

    @property
    def siphon_area_m2(self) -> float:
        """Area of the siphon, of all of them side by side."""
        return self.width * pi * self.siphon_diameter_m**2 / 4

    @property
    def held_m(self) -> float:
        """Level that surface tension holds above the leak: 4 sigma / (rho g d), or 0."""
        if not self.sticky or not self.leak_diameter_m:
            return 0.0
        return 4 * SURFACE_TENSION / (DENSITY * GRAVITY * self.leak_diameter_m)

    @property
    def bond_number(self) -> float:
        """Bond number of the siphon's tube: rho g d^2 / sigma."""
        return DENSITY * GRAVITY * self.siphon_diameter_m**2 / SURFACE_TENSION

    @property
    def priming_flow_m3s(self) -> float:
        """Flow over the crest that it takes to start the siphon; -inf where it always starts."""
        if self.priming is None or self.bond_number < PRIMING_BOND_NUMBER:
            return -inf
        return self.priming * self.siphon_area_m2 * sqrt(GRAVITY * self.siphon_diameter_m)

    # -- flows and times ---------------------------------------------------------------------

    def leak_flow_m3s(self, level_m: float) -> float:
        """Torricelli: Cd a sqrt(2 g h)."""
        if level_m <= self.held_m:
            return 0.0
        return self.leak_coefficient * self.leak_area_m2 * sqrt(2 * GRAVITY * level_m)

    def siphon_flow_m3s(self, level_m: float) -> float:
        """Cs a sqrt(2 g (h + L)) of the running siphon."""
        return self.siphon_coefficient * self.siphon_area_m2 * sqrt(2 * GRAVITY * (level_m + self.drop_m))

    def weir_flow_m3s(self, level_m: float) -> float:
        """What dribbles over the crest while the siphon has not started: (2/3) Cd d sqrt(2 g) H^1.5.

        Textbook sharp-crested weir as wide as the tube.
        """
        above = max(level_m - self.crest_m, 0.0)
        weir = 2 / 3 * self.leak_coefficient * self.width * self.siphon_diameter_m * sqrt(2 * GRAVITY) * above**1.5
        return min(weir, self.siphon_flow_m3s(level_m))

    def leak_time(self, from_m: float, to_m: float) -> float:
        """Seconds that the leak alone takes from one level to a lower one (closed form)."""
        self._falling(from_m, to_m)
        speed = self.leak_coefficient * self.leak_area_m2 / self.total_area_m2
        if not speed or to_m < self.held_m:
            return inf if from_m > to_m else 0.0
        return sqrt(2 / GRAVITY) * (sqrt(from_m) - sqrt(to_m)) / speed

    def siphon_time(self, from_m: float, to_m: float) -> float:
        """Seconds that the siphon alone takes from one level to a lower one (closed form)."""
        self._falling(from_m, to_m)
        speed = self.siphon_coefficient * self.siphon_area_m2 / self.total_area_m2
        if not speed:
            return inf if from_m > to_m else 0.0
        return sqrt(2 / GRAVITY) * (sqrt(from_m + self.drop_m) - sqrt(to_m + self.drop_m)) / speed

    def _falling(self, from_m: float, to_m: float) -> None:
        if not 0 <= to_m <= from_m:
            raise VesselError(f"water falls: the level cannot go from {from_m:g} m to {to_m:g} m")

    def largest_step_s(self) -> float:
        """Largest time step: a 150th of the time that its fastest outlet takes to empty the vessel.

        At that step the volumes of a half adder agree with an adaptive solver to 1e-4, which the tests
        hold it to.
        """
        full = self.crest_m if self.siphon_diameter_m else self.rim_m
        times = self.siphon_time(full, min(self.inlet_m, full)), self.leak_time(full, min(self.held_m, full))
        return min((t for t in times if t > 0), default=inf) / 150

    def row(self) -> np.ndarray:
        """(10,) float64: the vessel as the kernel reads it, in the order of ``kernels.water``."""
        whole = self.total_area_m2
        fall = sqrt(2 * GRAVITY / whole)
        weir = 0.0
        if self.priming_flow_m3s > -inf:
            weir = 2 / 3 * self.leak_coefficient * self.width * self.siphon_diameter_m * sqrt(2 * GRAVITY) / whole**1.5
        crest = self.crest_m * whole if self.siphon_diameter_m else inf
        leak = self.leak_coefficient * self.leak_area_m2 * fall
        siphon = self.siphon_coefficient * self.siphon_area_m2 * fall
        heights = [h * whole for h in (self.inlet_m, self.rim_m, self.held_m)]
        return np.array([whole, crest, *heights, leak, siphon, self.drop_m * whole, self.priming_flow_m3s, weir])


def tables(vessels: list[Vessel] | tuple[Vessel, ...]) -> np.ndarray:
    """(n, 10) float64 table of vessels."""
    return np.stack([v.row() for v in vessels]) if vessels else np.zeros((0, 10))


__all__ = ["DENSITY", "GRAVITY", "SURFACE_TENSION", "Vessel", "VesselError", "tables"]
