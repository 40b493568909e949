"""Numbers with units, as technology files write them: ``"11 ns"``, ``"0.24 J"``, ``"3.1 ps/fF"``."""

from __future__ import annotations

import re

from ..errors import ValueFitError, unknown_name

UNITS: dict[str, dict[str, float]] = {
    "time": {"fs": 1e-3, "ps": 1.0, "ns": 1e3, "us": 1e6, "ms": 1e9, "s": 1e12, "min": 6e13, "h": 3.6e15},
    "energy": {"zJ": 1e-6, "aJ": 1e-3, "fJ": 1.0, "pJ": 1e3, "nJ": 1e6, "uJ": 1e9, "mJ": 1e12, "J": 1e15, "kJ": 1e18},
    "power": {"pW": 1e-3, "nW": 1.0, "uW": 1e3, "mW": 1e6, "W": 1e9, "kW": 1e12},
    "load": {"fF": 1.0, "pF": 1e3},
    "slope": {"ps/fF": 1.0, "ps/pF": 1e-3, "ns/pF": 1.0},
    "voltage": {"V": 1.0, "mV": 1e-3},
}
"""Units of each dimension, in picoseconds, femtojoules, nanowatts, femtofarads, ps/fF and volts."""

_NUMBER = re.compile(r"^\s*([-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(\S*)\s*$")


def parse_quantity(text: object, dimension: str) -> float:
    """The number that `text` gives, in the base unit of its dimension.

    Raises
    ------
    ValueFitError
        No number with a unit.
    UnknownNameError
        A unit of another dimension; the nearest one is suggested.

    Examples
    --------
    >>> parse_quantity("10 ns", "time"), parse_quantity("0.24 J", "energy")
    (10000.0, 240000000000000.0)
    """
    units = UNITS[dimension]
    match = _NUMBER.match(text) if isinstance(text, str) else None
    if match is None or not match[2]:
        example = f"10 {next(iter(units))}"
        raise ValueFitError(f"{text!r} is no {dimension}: write a number and a unit, for example {example!r}")
    if match[2] not in units:
        raise unknown_name(f"unit of {dimension}", match[2], units)
    return float(match[1]) * units[match[2]]


_SHOWN: dict[str, tuple[tuple[float, str], ...]] = {
    "time": (
        (1.0, "ps"), (1e3, "ns"), (1e6, "µs"), (1e9, "ms"), (1e12, "s"), (6e13, "min"), (3.6e15, "h"),
        (8.64e16, "days"), (3.1557e19, "years"),
    ),
    "energy": (
        (1e-6, "zJ"), (1e-3, "aJ"), (1.0, "fJ"), (1e3, "pJ"), (1e6, "nJ"), (1e9, "µJ"), (1e12, "mJ"), (1e15, "J"),
        (1e18, "kJ"), (1e21, "MJ"), (1e24, "GJ"),
    ),
    "power": ((1e-3, "pW"), (1.0, "nW"), (1e3, "µW"), (1e6, "mW"), (1e9, "W"), (1e12, "kW"), (1e15, "MW")),
    "frequency": ((1e-6, "µHz"), (1e-3, "mHz"), (1.0, "Hz"), (1e3, "kHz"), (1e6, "MHz"), (1e9, "GHz"), (1e12, "THz")),
}  # fmt: skip


def shown(value: float, dimension: str) -> str:
    """`value` (ps, fJ, nW or Hz) in the unit that people would use, three significant digits.

    Examples
    --------
    >>> shown(11_000, "time"), shown(3.6e15, "time"), shown(2.4e14, "energy"), shown(0, "energy")
    ('11 ns', '1 h', '240 mJ', '0')
    """
    if value == 0:
        return "0"
    units = _SHOWN[dimension]
    factor, unit = units[0]
    for scale, name in units:
        if abs(value) >= 0.9995 * scale:
            factor, unit = scale, name
    scaled = value / factor
    digits = 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2
    text = f"{scaled:,.{digits}f}" if 0.01 <= abs(scaled) < 1e6 else f"{scaled:.2e}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text} {unit}"
