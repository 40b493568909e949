"""Time and energy: technologies, static timing, activity; the same netlist in any process."""

from .comparison import Outcome, compare, outcome
from .counting import Switching, count_switching
from .energies import LANDAUER_FJ, Energy, energy, energy_of_counts, energy_per_step, event_energy_fj
from .glitches import count_glitches
from .library import load_technology, read_folder, technologies
from .preparation import area, prepare
from .reading import parse, read_technology
from .static import Path, StaticTiming, Step, static_timing
from .technology import CellFigures, Delays, Technology, delays

__all__ = [
    "LANDAUER_FJ",
    "CellFigures",
    "Delays",
    "Energy",
    "Outcome",
    "Path",
    "StaticTiming",
    "Step",
    "Switching",
    "Technology",
    "area",
    "compare",
    "count_glitches",
    "count_switching",
    "delays",
    "energy",
    "energy_of_counts",
    "energy_per_step",
    "event_energy_fj",
    "load_technology",
    "outcome",
    "parse",
    "prepare",
    "read_folder",
    "read_technology",
    "static_timing",
    "technologies",
]
