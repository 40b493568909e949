"""A technology: what a way of building gates can do, how fast, and at what price.

Digital timing is in integer picoseconds: from an hour (DNA) to two picoseconds (RSFQ) every delay fits
into 63 bits. Loads are in femtofarads, energies in femtojoules, standing power in nanowatts. Slews are
not modelled: a delay is ``intrinsic + slope x load``, measured at one typical input slew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

import numpy as np

from ..errors import UnsupportedError, ValueFitError, unknown_name
from ..gates import GATES, INPUT, IS_LOGIC, IS_REGISTER, READ
from ..netlist import Netlist

MAX_DELAY_PS = 1e16
"""Longest delay accepted: about three hours, so that a path of 900 such gates still fits into int64."""

TIMED_GATES: tuple[str, ...] = tuple(g.name for g in GATES if g.kind != "source")
"""Cells that a technology can give figures for: the logic gates, the flip-flops and the memory's READ."""

Payment = Literal["toggle", "one", "evaluation", "time"]

_POSITIVE = frozenset({"rise_ps", "fall_ps", "fan_out"})
_DELAYS = frozenset({"rise_ps", "fall_ps"})


@dataclass(frozen=True, slots=True)
class CellFigures:
    """What one gate costs in one technology. Every figure carries its source in ``sources``.

    Attributes
    ----------
    rise_ps, fall_ps : float
        Delay until the output has risen or fallen, without load; clock to Q for a flip-flop.
    area : float
        In the technology's ``area_unit``.
    rise_ps_per_ff, fall_ps_per_ff : float
        What each femtofarad of load adds.
    pin_ff : float
        Load that one input pin is to its driver.
    energy_fj : float
        Spent each time (see ``Technology.pays_for``), without the load's ½CV².
    leakage_nw : float
        Power drawn while nothing switches.
    setup_ps : float
        How long before the clock edge the pins of a flip-flop must be stable.
    fan_out : int or None
        Pins that the output can drive; None: what the technology says.
    sources : mapping of str to str
        Where each figure comes from, by the key of the TOML file.
    """

    rise_ps: float
    fall_ps: float
    area: float
    rise_ps_per_ff: float = 0.0
    fall_ps_per_ff: float = 0.0
    pin_ff: float = 0.0
    energy_fj: float = 0.0
    leakage_nw: float = 0.0
    setup_ps: float = 0.0
    fan_out: int | None = None
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for f in fields(self):
            if f.name != "sources" and (fault := fault_of(f.name, getattr(self, f.name))):
                raise ValueFitError(f"{f.name} {fault}")


@dataclass(frozen=True, eq=False)
class Technology:
    """A way of building gates.

    Attributes
    ----------
    name : str
        What the command line calls it.
    title, title_fr : str
        What people call it, in English and in French.
    year : int
        When it was new, about.
    gates : mapping of str to CellFigures
        The gate set, by the names of the gate table. ``DFF`` stands for both flip-flops.
    area_unit : str
        What ``area`` counts: ``"um2"``, ``"relays"``, ``"dominoes"``.
    volts : float
        Swing of the output: a toggle costs ½CV² of its load. 0 where loads have no capacitance.
    wire_ps, wire_ff : float
        Delay of a net that has readers; load that the wire to each reader adds.
    output_ff : float
        Load on a bit of an output port.
    fan_out : int or None
        Pins that an output can drive; None: no limit that matters.
    restoring : bool
        Whether a gate gives a better signal than it got.
    pays_for : {"toggle", "one", "evaluation", "time"}
        What costs ``energy_fj``: every change of an output (CMOS); every 1, because each operation begins
        at 0 (water, pulses); every gate in every operation (computing on encrypted bits). With ``"time"``
        gates draw ``leakage_nw`` whether they switch or not (tubes, bipolar transistors, flowing air):
        the energy of an operation is power x time, and ``energy_fj`` only the usual figure of merit,
        power x gate delay.
    reset_ps : float
        What it takes to make the machine ready again; 0 where nothing has to be done.
    constant_one : bool
        Whether a source of 1 exists (a tap, a line that always falls).
    inversion : str
        How it inverts, in words.
    notes : tuple of str
    sources : mapping of str to str
        Where the figures above come from.
    file : str
        File that it was read from.
    """

    name: str
    title: str
    title_fr: str
    year: int
    gates: Mapping[str, CellFigures]
    area_unit: str
    volts: float = 0.0
    wire_ps: float = 0.0
    wire_ff: float = 0.0
    output_ff: float = 0.0
    fan_out: int | None = None
    restoring: bool = True
    pays_for: Payment = "toggle"
    reset_ps: float = 0.0
    constant_one: bool = True
    inversion: str = ""
    notes: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    file: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "gates", MappingProxyType(dict(self.gates)))
        object.__setattr__(self, "sources", MappingProxyType(dict(self.sources)))
        for name in self.gates:
            if name not in TIMED_GATES or name == "DFF1":
                raise unknown_name("gate", name, [g for g in TIMED_GATES if g != "DFF1"])
        if self.pays_for not in get_args(Payment):
            raise unknown_name("pays_for", self.pays_for, get_args(Payment))
        for key in ("volts", "wire_ps", "wire_ff", "output_ff", "fan_out", "reset_ps"):
            if fault := fault_of(key, getattr(self, key)):
                raise ValueFitError(f"technology {self.name!r}: {key} {fault}")

    def figures(self, gate: str) -> CellFigures:
        """Figures of one gate; UnsupportedError if the technology lacks it."""
        found = self.gates.get("DFF" if gate == "DFF1" else gate)
        if found is None:
            raise UnsupportedError(f"technology {self.name!r} has no gate {gate}; it has {', '.join(self.gates)}")
        return found

    def column(self, attribute: str) -> np.ndarray:
        """(n_ops,) float64: one figure of every gate, indexed by op code; 0 where there is none."""
        values = np.zeros(len(GATES))
        for g in GATES:
            cell = self.gates.get("DFF" if g.name == "DFF1" else g.name)
            if cell is not None:
                values[g.op] = getattr(cell, attribute) or 0.0
        return values

    def __repr__(self) -> str:
        return f"<Technology {self.name!r}: {', '.join(self.gates)}>"


def fault_of(key: str, value: float | int | None) -> str | None:
    """What is wrong with a figure, or None: it must be finite, not negative, and a delay above zero."""
    if value is None:
        return None
    if not isfinite(value):
        return f"is {value}; it must be a finite number"
    if key in _POSITIVE and value <= 0:
        return f"is {value:g}; it must be greater than 0"
    if value < 0:
        return f"is {value:g}; it must not be negative"
    if key in _DELAYS and not 0.5 < value <= MAX_DELAY_PS:
        return f"is {value:g} ps; delays go from 1 ps to {MAX_DELAY_PS:g} ps"
    return None


class Delays(NamedTuple):
    """Delay of the cell that drives each net, in picoseconds.

    Attributes
    ----------
    rise_ps, fall_ps : (n,) int64
        Until the net has risen or fallen after the input that causes it; clock to Q for a flip-flop,
        access time for a memory's read data; 0 for inputs and constants, at least 1 otherwise.
    """

    rise_ps: np.ndarray
    fall_ps: np.ndarray


def memory_pins(net: Netlist) -> np.ndarray:
    """(n,) int64: pins of memories on each net: the address of a read port once, however wide its word."""
    pins = np.zeros(net.n_nets, np.int64)
    for m in net.memories:
        for r in m.reads:
            np.add.at(pins, list(r.address), 1)
        for w in m.writes:
            np.add.at(pins, [*w.address, *w.data, w.enable], 1)
    return pins


def loads_ff(net: Netlist, technology: Technology) -> np.ndarray:
    """(n,) float64: capacitance that hangs on each net: pins, wires, output ports."""
    pin = technology.column("pin_ff")
    weight = np.where(np.arange(len(GATES)) == READ, 0.0, pin + technology.wire_ff)
    counts = np.diff(net.fanin_ptr)
    load = np.bincount(net.fanin, weights=np.repeat(weight[net.op], counts), minlength=net.n_nets)
    for p in net.outputs:
        np.add.at(load, list(p.nets), technology.output_ff + technology.wire_ff)
    return load + memory_pins(net) * (pin[READ] + technology.wire_ff)


def delays(net: Netlist, technology: Technology) -> Delays:
    """Rise and fall delay of every cell of `net`, its load included.

    Parameters
    ----------
    net : Netlist
        Of gates that the technology has (``prepare`` makes any netlist so). Loops are no obstacle.
    technology : Technology

    Raises
    ------
    UnsupportedError
        A gate of `net` is none of the technology's.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import load_technology
    >>> b = Builder("not_both"); b.output("z", b.gate("NAND", b.input("x"), b.input("y")))
    >>> d = delays(b.freeze(), load_technology("ttl7400"))
    >>> d.rise_ps.tolist(), d.fall_ps.tolist()
    ([0, 0, 0, 0, 11000], [0, 0, 0, 0, 7000])
    """
    check_gates(net, technology)
    load = loads_ff(net, technology)
    timed = IS_LOGIC[net.op] | IS_REGISTER[net.op] | (net.op == READ)
    wire = np.where(_has_readers(net), technology.wire_ps, 0.0)
    found = []
    for edge in ("rise_ps", "fall_ps"):
        ps = technology.column(edge)[net.op] + technology.column(f"{edge}_per_ff")[net.op] * load + wire
        found.append(np.where(timed, np.maximum(np.rint(ps), 1), 0).astype(np.int64))
        found[-1].flags.writeable = False
    return Delays(*found)


def _has_readers(net: Netlist) -> np.ndarray:
    read = np.zeros(net.n_nets, np.bool_)
    read[net.fanin] = True
    return read


def check_gates(net: Netlist, technology: Technology) -> None:
    """Refuse a netlist with gates that `technology` lacks (UnsupportedError, with the first such net)."""
    for name in missing_gates(net, technology):
        op = next(g.op for g in GATES if g.name == name)
        cell = int(np.flatnonzero(net.op == op)[0])
        raise UnsupportedError(
            f"technology {technology.name!r} has no gate {name} (net {net.net_name(cell)!r} of {net.name!r}); it has "
            f"{', '.join(technology.gates)}: prepare(netlist, technology) builds the others from these"
        )


def missing_gates(net: Netlist, technology: Technology) -> Iterator[str]:
    """Names of the gates of `net` that `technology` lacks, in table order."""
    has = {"DFF1" if name == "DFF" else name for name in technology.gates} | set(technology.gates)
    tally = np.bincount(net.op, minlength=len(GATES))
    return (g.name for g in GATES if tally[g.op] and g.kind != "source" and g.name not in has and g.op != INPUT)
