"""What one int8 multiply-accumulate costs beside one fp32 multiply-add: why a TPU computes in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatesim import Bus, Netlist, Stimulus, build
from gatesim.timing import Technology, count_glitches, count_switching, energy_of_counts

from ..floats import float_add, float_multiply, float_multiply_add
from ..tensor import mac
from .logic import Logic

OPERATIONS = 400
"""Random operations that energies are means of."""

LITERATURE_RATIO = 15
SOURCE = (
    "M. Horowitz, Computing's energy problem, ISSCC 2014, at 45 nm and 0.9 V: int8 multiply 0.2 pJ + int32 add "
    "0.1 pJ; fp32 multiply 3.7 pJ + add 0.9 pJ"
)
YOSYS_RATIO = 5.2
YOSYS_NOTE = "Yosys 0.23 on plain Verilog, floats without subnormals, infinities and NaN"


@dataclass(frozen=True)
class Price:
    """One unit.

    Attributes
    ----------
    name : str
    nands : int
        NAND gates, mapped to NANDs alone.
    path_nands : int
    path_ps : int
        Longest path in the technology.
    area : float
    energy_fj : float
        Mean of one operation on random operands, without glitches.
    glitchy_fj : float or None
        The same with every transition simulated; None where the technology does not pay for changes.
    """

    name: str
    nands: int
    path_nands: int
    path_ps: int
    area: float
    energy_fj: float
    glitchy_fj: float | None


def separate_multiply_add(a: Bus, b: Bus, c: Bus) -> Bus:
    """fp32 product, rounded, then the sum, rounded: a multiplier and an adder."""
    return float_add(float_multiply(a, b, "fp32"), c, "fp32")


def units() -> dict[str, Netlist]:
    """The three units by name."""
    return {
        "int8 × int8 + int32": build(mac, name="int8 MAC", a=8, b=8, acc=32),
        "fp32 × fp32, + fp32": build(separate_multiply_add, name="fp32 multiply, add", a=32, b=32, c=32),
        "fp32 fused": build(float_multiply_add, name="fp32 fused multiply-add", a=32, b=32, c=32, format="fp32"),
    }


def prices(technology: Technology, *, rng: int = 0) -> list[Price]:
    """The units in one technology: the int8 cell's logic first, then fp32 in two forms.

    Operands are normally distributed, the sums are running ones: as in a dot product, the next operation
    finds the sum of the last.
    """
    generator = np.random.default_rng(rng)
    x, y = generator.normal(size=(2, OPERATIONS)).astype(np.float32)
    small = [np.clip(np.rint(v * 40), -128, 127).astype(np.int64) for v in (x, y)]
    sums = np.concatenate(([0], np.cumsum(small[0] * small[1])[:-1]))
    totals = np.concatenate(([0], np.cumsum(x * y)[:-1])).astype(np.float32)
    found = []
    for name, net in units().items():
        integer = name.startswith("int8")
        values = (*small, sums) if integer else tuple(v.view(np.uint32).astype(np.int64) for v in (x, y, totals))
        ports = {p.name: v & (1 << p.width) - 1 for p, v in zip(net.inputs, values, strict=True)}
        found.append(_price(name, net, technology, ports))
    return found


def _price(name: str, net: Netlist, technology: Technology, values: dict[str, np.ndarray]) -> Price:
    logic = Logic(net, technology)
    stimulus = Stimulus.from_values(logic.ready, values, n_patterns=OPERATIONS)
    period = logic.path_ps
    done = count_switching(logic.ready, stimulus)
    glitchy = None
    if technology.pays_for == "toggle":
        seen = count_glitches(logic.ready, technology, stimulus)
        glitchy = energy_of_counts(logic.ready, technology, seen.toggles, seen.n_operations, time_ps=period).total_fj
    spent = logic.spent_fj(done, done.steps, period) / done.steps
    return Price(name, logic.nands, logic.path_nands, period, logic.area, spent, glitchy)
