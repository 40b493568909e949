"""gatesim: from one NAND gate to a neural network that reads digits.

``import gatesim`` costs NumPy only; everything that needs more is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .builder import Builder
from .errors import GatesimError
from .gates import GATES, gate
from .generators import block, build
from .memory import Memory
from .netlist import Netlist, Port, Scope
from .signals import Bit, Bus, as_bus, concat

__version__ = "0.1.0"

_LAZY = {
    "simulate": "simulation",
    "toggles": "simulation",
    "compile": "schedule",
    "Schedule": "schedule",
    "Stimulus": "stimulus",
    "Result": "results",
    "engine": "engines",
    "check_engine": "conformance",
    "levels": "analysis",
    "statistics": "analysis",
    "sweep": "passes",
    "strash": "passes",
    "map_to": "passes",
    "minimise_ands": "passes",
    "equivalent": "equivalence",
    "two_valued": "tristate",
    "read": "formats",
    "write": "formats",
}

if TYPE_CHECKING:
    from .analysis import levels, statistics
    from .conformance import check_engine
    from .engines import engine
    from .equivalence import equivalent
    from .formats import read, write
    from .passes import map_to, minimise_ands, strash, sweep
    from .results import Result
    from .schedule import Schedule, compile
    from .simulation import simulate, toggles
    from .stimulus import Stimulus
    from .tristate import two_valued


def __getattr__(name: str):
    if name in _LAZY:
        value = getattr(import_module(f".{_LAZY[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'gatesim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(_LAZY))


__all__ = [
    "GATES",
    "Bit",
    "Builder",
    "Bus",
    "GatesimError",
    "Memory",
    "Netlist",
    "Port",
    "Result",
    "Schedule",
    "Scope",
    "Stimulus",
    "as_bus",
    "block",
    "build",
    "check_engine",
    "compile",
    "concat",
    "engine",
    "equivalent",
    "gate",
    "levels",
    "map_to",
    "minimise_ands",
    "read",
    "simulate",
    "statistics",
    "strash",
    "sweep",
    "toggles",
    "two_valued",
    "write",
]  # fmt: skip
