"""The water computer: vessels that fill, siphon, dribble, and sometimes get it wrong.

AND and XOR alone keep 0: dry inputs give dry outputs. With one tap that always runs, NOT x is x XOR 1,
and {AND, XOR, 1} computes everything, so any netlist of those gates is a machine of vessels.
"""

from .adder import BREAKS, Attempt, Yield, adder, all_sums, broken_adder, wrong_sums, yield_of
from .half_adders import to_half_adders
from .machine import Machine, Outlet, Pipe, Pour
from .normal_form import normal_form
from .plumbing import Design, plumb
from .pouring import Poured, Samples, pour
from .vessel import Vessel, VesselError

__all__ = [
    "BREAKS", "Attempt", "Design", "Machine", "Outlet", "Pipe", "Pour", "Poured", "Samples", "Vessel", "VesselError",
    "Yield", "adder", "all_sums", "broken_adder", "normal_form", "plumb", "pour", "to_half_adders",
    "wrong_sums", "yield_of",
]  # fmt: skip
