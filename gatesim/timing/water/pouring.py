"""Pouring: run a machine on many inputs at once, and read its buckets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from ...errors import ValueFitError, unknown_name
from .machine import Machine
from .vessel import VesselError

CHUNK = 1 << 22
"""Vessel steps between two looks at whether somebody wants to interrupt."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The machine as it was every `every` steps.

    Attributes
    ----------
    time_s : (samples,) float64
    volume_m3 : (experiments, samples, vessels) float64
    siphon : (experiments, samples, vessels) bool
        Whether the siphon runs.
    bucket_m3 : (experiments, samples, buckets) float64
    """

    time_s: np.ndarray
    volume_m3: np.ndarray
    siphon: np.ndarray
    bucket_m3: np.ndarray


@dataclass(frozen=True, eq=False)
class Poured:
    """What became of the water; axis 0 of every array is the experiment.

    Attributes
    ----------
    machine : Machine
    dt_s, seconds : float
    syringe_m3 : (experiments, pours) float64
        What each syringe held.
    poured_m3, in_pipes_m3 : (experiments,) float64
    volume_m3, peak_m3 : (experiments, vessels) float64
        Left in each vessel, and the most it ever held.
    bucket_m3 : (experiments, buckets) float64
    drain_m3 : (experiments,) float64
        Splitters' rests, unused outlets, and what ran over a rim.
    outlet_m3 : (experiments, vessels, 2) float64
        What left by the leak (XOR) and by the siphon (AND).
    siphon_start_s, siphon_end_s : (experiments, vessels) float64
        First times; inf: never.
    read_s : (experiments, buckets) float64
        When each bucket reached the read line; inf: never.
    samples : Samples
    """

    machine: Machine
    dt_s: float
    seconds: float
    syringe_m3: np.ndarray
    poured_m3: np.ndarray
    in_pipes_m3: np.ndarray
    volume_m3: np.ndarray
    peak_m3: np.ndarray
    bucket_m3: np.ndarray
    drain_m3: np.ndarray
    outlet_m3: np.ndarray
    siphon_start_s: np.ndarray
    siphon_end_s: np.ndarray
    read_s: np.ndarray
    samples: Samples

    @property
    def units(self) -> np.ndarray:
        """(experiments, buckets) float64: units of water in the buckets."""
        return self.bucket_m3 / self.machine.unit_m3

    @property
    def bits(self) -> np.ndarray:
        """(experiments, buckets) bool: what the read line says."""
        return self.units >= self.machine.line_units

    @property
    def answer_s(self) -> np.ndarray:
        """(experiments,) float64: when the last bucket that reads 1 reached the line (0 if none does)."""
        return np.where(self.bits, self.read_s, 0.0).max(axis=1, initial=0.0)

    def values(self) -> dict[str, np.ndarray]:
        """The buckets read as integers: output name to (experiments,) object array."""
        found, at, bits = {}, 0, self.bits
        for name, width in self.machine.outputs:
            part = bits[:, at : at + width]
            found[name] = np.array([sum(1 << i for i in range(width) if row[i]) for row in part], dtype=object)
            at += width
        return found

    def imbalance(self) -> float:
        """Largest |poured - buckets - drain - vessels - pipes| of an experiment, relative to poured."""
        found = self.bucket_m3.sum(axis=1) + self.drain_m3 + self.volume_m3.sum(axis=1) + self.in_pipes_m3
        wrong = np.abs(self.poured_m3 - found)
        return float((wrong / np.where(self.poured_m3 > 0, self.poured_m3, 1.0)).max(initial=0.0))


def pour(
    machine: Machine,
    values: Mapping[str, object],
    *,
    seconds: float | None = None,
    dt_s: float = 0.01,
    every: int = 0,
    tables: np.ndarray | None = None,
    pour_error: float = 0.0,
    rng: int | np.random.Generator = 0,
) -> Poured:
    """Pour `values` into `machine` and wait.

    Parameters
    ----------
    machine : Machine
    values : mapping of str to int or (experiments,) array of int
        For every input port; they broadcast to one length.
    seconds : float, optional
        Simulated time; as the machine says when left out.
    dt_s : float
        Time step (Heun; the moments of crest and inlet are found inside a step).
    every : int
        Keep a sample every so many steps; 0: none.
    tables : (machines, vessels, 10) float64, optional
        From :meth:`Machine.built`: every experiment runs on every machine, machine by machine.
    pour_error : float
        Standard deviation of a poured volume, relative (meniscus and hand: 0.02 to 0.05).
    rng : int or Generator

    Raises
    ------
    VesselError
        A time step above :meth:`Machine.largest_step_s`, or a time that is none.
    UnknownNameError, ValueFitError
        Inputs that do not fit the ports.

    Examples
    --------
    >>> from gatesim.timing.water import adder, pour
    >>> pour(adder(2), {"a": 2, "b": 3, "cin": 0}).values()
    {'sum': array([1], dtype=object), 'carry': array([1], dtype=object)}
    """
    from ...kernels import water as kernel

    seconds = machine.seconds if seconds is None else seconds
    _check_time(machine, seconds, dt_s, every)
    table = machine.tables() if tables is None else np.ascontiguousarray(tables, np.float64)
    if table.ndim != 3 or table.shape[1:] != (machine.n_vessels, kernel.N_COLUMNS):
        raise VesselError(f"tables of shape {table.shape} are not of {machine.name!r}: take them from its built()")
    amounts = _amounts(machine, values)
    n_machines, n_given = len(table), len(amounts)
    amounts = np.tile(amounts, (n_machines, 1))
    if pour_error:
        amounts *= np.maximum(1 + pour_error * np.random.default_rng(rng).standard_normal(amounts.shape), 0.0)
    machine_of = np.repeat(np.arange(n_machines), n_given)
    n_steps = ceil(seconds / dt_s - 1e-9)
    n_samples = n_steps // every if every else 0
    n, experiments, buckets = machine.n_vessels, len(amounts), machine.n_buckets + 1
    pipes = sorted(machine.pipes, key=lambda p: (p.vessel, p.outlet))
    of_port = np.bincount([2 * p.vessel + p.outlet for p in pipes], minlength=2 * n) if pipes else np.zeros(2 * n)
    layout = (
        np.concatenate(([0], np.cumsum(of_port))).astype(np.int64),
        np.array([p.target for p in pipes], np.int64),
        np.array([p.share for p in pipes], np.float64),
        np.array([p.delay_s / dt_s for p in pipes], np.float64),
        np.array([q.target for q in machine.pours], np.int64),
        np.array([q.start_s for q in machine.pours], np.float64),
        np.array([q.units * machine.pour_m3s for q in machine.pours], np.float64),
    )
    line = np.append(np.full(machine.n_buckets, machine.line_units * machine.unit_m3), np.inf)
    results = (
        np.zeros((experiments, n)),  # volume
        np.zeros((experiments, n), np.bool_),  # running
        np.zeros(experiments),  # poured
        np.zeros((experiments, buckets)),
        np.full((experiments, buckets), np.inf),  # crossed
        np.zeros(experiments),  # in pipes
        np.full((experiments, n), np.inf),  # started
        np.full((experiments, n), np.inf),  # ended
        np.zeros((experiments, n, 2)),  # outlets
        np.zeros((experiments, n)),  # peak
    )
    seen = (
        np.zeros((experiments, n_samples, n)),
        np.zeros((experiments, n_samples, n), np.bool_),
        np.zeros((experiments, n_samples, buckets)),
    )
    size = max(1, CHUNK // max(1, n_steps * n))
    for low in range(0, experiments, size):
        part = slice(low, low + size)
        kernel.simulate(
            dt_s, n_steps, table, machine_of[part], *layout, amounts[part], line, every,
            *(array[part] for array in (*results, *seen)),
        )  # fmt: skip
    volume, _, poured, bucket, crossed, in_pipes, started, ended, outlet, peak = results
    time = (np.arange(n_samples) + 1) * (every * dt_s)
    samples = Samples(time, seen[0], seen[1], seen[2][:, :, :-1])
    return Poured(
        machine, dt_s, n_steps * dt_s, amounts, poured, in_pipes, volume, peak, bucket[:, :-1], bucket[:, -1],
        outlet, started, ended, crossed[:, :-1], samples,
    )  # fmt: skip


def _check_time(machine: Machine, seconds: float, dt_s: float, every: int) -> None:
    if not 0 < seconds < np.inf:
        raise VesselError(f"cannot simulate {seconds:g} s of water: give a positive time")
    if not dt_s > 0:
        raise VesselError(f"the time step is {dt_s:g} s: it must be positive")
    limit = machine.largest_step_s() if machine.vessels else np.inf
    if dt_s > limit:
        raise VesselError(
            f"a time step of {dt_s * 1e3:g} ms is too coarse for {machine.name!r}: its siphons and pipes need "
            f"at most {limit * 1e3:.3g} ms"
        )
    if every < 0:
        raise VesselError(f"a sample every {every} steps makes no sense")


def _amounts(machine: Machine, values: Mapping[str, object]) -> np.ndarray:
    """(experiments, pours) float64: cubic metres that each syringe holds."""
    from ...bits import as_unsigned

    known = [name for name, _ in machine.inputs]
    for name in values:
        if name not in known:
            raise unknown_name(f"input of {machine.name!r}", name, known)
    missing = [name for name in known if name not in values]
    if missing:
        raise ValueFitError(f"no value for input {', '.join(map(repr, missing))} of {machine.name!r}")
    columns = [
        np.atleast_1d(as_unsigned(values[name], width, f"input {name!r}")).ravel() for name, width in machine.inputs
    ]
    try:
        columns = np.broadcast_arrays(*columns) if columns else []
    except ValueError:
        shapes = ", ".join(f"{name}: {len(c)}" for name, c in zip(known, columns, strict=True))
        raise ValueFitError(f"inputs of {machine.name!r} have different lengths ({shapes})") from None
    bits = [
        np.array([(int(x) >> i) & 1 for x in column], np.float64)
        for column, (_, width) in zip(columns, machine.inputs, strict=True)
        for i in range(width)
    ]
    always = np.ones(len(bits[0]) if bits else 1)
    amounts = [(always if q.bit < 0 else bits[q.bit]) * (q.units * machine.unit_m3) for q in machine.pours]
    return np.ascontiguousarray(np.stack(amounts, axis=1)) if amounts else np.zeros((len(always), 0))


__all__ = ["Poured", "Samples", "pour"]
