"""Passes: netlist in, netlist out, the function kept. The ``*_map`` forms also tell where each net went."""

from .cycle import clock_cycle
from .mapping import BASES, map_to, map_to_map
from .multiplicative import minimise_ands
from .strash import strash, strash_map
from .sweep import sweep, sweep_map

__all__ = [
    "BASES",
    "clock_cycle",
    "map_to",
    "map_to_map",
    "minimise_ands",
    "strash",
    "strash_map",
    "sweep",
    "sweep_map",
]
