"""Time and energy: technologies, static timing, activity; the same netlist in any process."""

from .library import load_technology, read_folder, technologies
from .reading import parse, read_technology
from .technology import CellFigures, Delays, Technology, delays

__all__ = [
    "CellFigures", "Delays", "Technology", "delays", "load_technology", "parse", "read_folder", "read_technology",
    "technologies",
]  # fmt: skip
