"""Time and energy: technologies, static timing, activity; the same netlist in any process."""

from .library import load_technology, read_folder, technologies
from .prepare import area, prepare
from .reading import parse, read_technology
from .static import Path, StaticTiming, Step, static_timing
from .technology import CellFigures, Delays, Technology, delays

__all__ = [
    "CellFigures", "Delays", "Path", "StaticTiming", "Step", "Technology", "area", "delays", "load_technology",
    "parse", "prepare", "read_folder", "read_technology", "static_timing", "technologies",
]  # fmt: skip
