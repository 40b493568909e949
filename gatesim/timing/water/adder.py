"""The adder of Steve Mould's water computer, and how it fails.

Two vessels a bit: the first adds the two operands, the second adds the carry. The 2021 video gives no
measures; these are of a bench-top model that adds all 256 pairs of four-bit numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...errors import unknown_name
from ...generators import build
from ...signals import Bit, Bus
from .half_adders import to_half_adders
from .machine import Machine
from .plumbing import Design, plumb
from .pouring import Poured, pour
from .vessel import VesselError

LARGEST = 32
"""Bits of the widest adder."""
BREAKS = {
    "splitter": "no splitters: a carry is 1.7 units, not one",
    "skew": "the second number is poured 5 s late: too much of the first has leaked away",
    "spread": "a machine that was built 10 % off",
}
"""Ways to break the adder."""
LATE_S = 5.0
"""How late the second number comes when the skew is to break the adder.

With a leak of 4 mm a vessel fires up to 5.4 s, but by then its carry is weak and its sum not dry. Later
still the first vessels no longer fire, and the second ones, which get both units, repair most sums."""
SLOPPY = 0.10
"""Tolerance of leaks (and half of it for crests) that often breaks the adder."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """A machine and how well it was built."""

    machine: Machine
    tables: np.ndarray | None = None


def _mould(a: Bus, b: Bus, cin: Bit) -> dict[str, Bus | Bit]:
    """Two half adders a bit; the two carries of a bit never meet, so their tubes are joined."""
    total, carry = [], cin
    for x, y in zip(a, b, strict=True):
        half = x ^ y
        total.append(half ^ carry)
        carry = (x & y) | (half & carry)
    return {"sum": Bus(total), "carry": carry}


def adder(bits: int = 4, design: Design | None = None, *, late_s: float = 0.0) -> Machine:
    """An adder of two vessels a bit: inputs ``a``, ``b``, ``cin``, outputs ``sum`` and ``carry``.

    Parameters
    ----------
    bits : int
        1 to 32.
    design : Design, optional
        The plain design that always adds when left out.
    late_s : float
        The second number is poured so much later.

    Raises
    ------
    VesselError
        No such width, or a negative time.

    Examples
    --------
    >>> adder(4).n_vessels
    8
    """
    if not 1 <= bits <= LARGEST:
        raise VesselError(f"a water adder has 1 to {LARGEST} bits, not {bits}")
    if not 0 <= late_s < np.inf:
        raise VesselError(f"the second number cannot come {late_s:g} s late: give 0 or more")
    machine = plumb(to_half_adders(build(_mould, a=bits, b=bits, cin=1)), design or Design())
    pours = tuple(replace(p, start_s=p.start_s + late_s) if bits <= p.bit < 2 * bits else p for p in machine.pours)
    labels = tuple(f"a{k}+b{k}" for k in range(bits)) + tuple(f"+c{k}" for k in range(bits))
    return replace(
        machine, name=f"water adder of {bits} bits", labels=labels, pours=pours, seconds=machine.seconds + late_s
    )


def broken_adder(
    how: str, bits: int = 4, design: Design | None = None, *, rng: int | np.random.Generator = 0
) -> Attempt:
    """The adder broken in one of the ways of :data:`BREAKS`.

    Raises
    ------
    UnknownNameError
        No such way; the nearest is suggested.
    """
    if how == "splitter":
        return Attempt(adder(bits, replace(design or Design(), splitter=1.0, line_units=0.5)))
    if how == "skew":
        return Attempt(adder(bits, design, late_s=LATE_S))
    if how == "spread":
        machine = adder(bits, design)
        return Attempt(machine, machine.built(1, SLOPPY, rng=rng))
    raise unknown_name("way to break it", how, BREAKS)


def all_sums(
    machine: Machine, *, tables: np.ndarray | None = None, seconds: float | None = None, dt_s: float = 0.01
) -> Poured:  # fmt: skip
    """Every pair of operands without a carry in; experiment ``a * 2**bits + b`` (times each table)."""
    bits = dict(machine.inputs)["a"]
    if bits > 6:
        raise VesselError(f"all pairs of {bits}-bit numbers are too many for water: at most 6 bits")
    pairs = np.arange(1 << (2 * bits))
    values = {"a": pairs >> bits, "b": pairs & ((1 << bits) - 1), "cin": 0}
    return pour(machine, values, tables=tables, seconds=seconds, dt_s=dt_s)


def wrong_sums(poured: Poured) -> np.ndarray:
    """(machines, 4**bits) bool: which of :func:`all_sums` the buckets read wrongly."""
    bits = dict(poured.machine.inputs)["a"]
    pairs = np.arange(1 << (2 * bits))
    wanted = (pairs >> bits) + (pairs & ((1 << bits) - 1))
    weights = 1 << np.arange(bits + 1)
    found = (poured.bits * weights).sum(axis=1).reshape(-1, len(pairs))
    return found != wanted


@dataclass(frozen=True, eq=False)
class Yield:
    """Wrong sums against the tolerance of the workshop.

    Attributes
    ----------
    tolerances : (t,) float64
    wrong : (t, machines) int64
        Wrong sums of each machine.
    n_sums : int
        Of so many.
    """

    tolerances: np.ndarray
    wrong: np.ndarray
    n_sums: int

    @property
    def perfect(self) -> np.ndarray:
        """(t,) float64: share of the machines that add everything."""
        return (self.wrong == 0).mean(axis=1)


def yield_of(
    machine: Machine, tolerances, count: int = 20, *, rng: int | np.random.Generator = 0, seconds: float | None = None
) -> Yield:
    """Build `count` adders at each tolerance, and let each add every pair.

    Examples
    --------
    >>> yield_of(adder(2), [0.0], 2).wrong.tolist()
    [[0, 0]]
    """
    generator = np.random.default_rng(rng)
    rows = []
    for tolerance in tolerances:
        tables = machine.built(count, float(tolerance), rng=generator)
        rows.append(wrong_sums(all_sums(machine, tables=tables, seconds=seconds)))
    return Yield(np.asarray(tolerances, np.float64), np.array([w.sum(axis=1) for w in rows]), rows[0].shape[1])


__all__ = [
    "BREAKS", "LATE_S", "SLOPPY", "Attempt", "Yield", "adder", "all_sums", "broken_adder", "wrong_sums", "yield_of",
]  # fmt: skip
