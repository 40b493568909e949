"""How long silicon takes for what the water does."""

from __future__ import annotations

from dataclasses import dataclass

from ...analysis import depth
from ...netlist import Netlist


@dataclass(frozen=True)
class Process:
    """A process that water is compared with.

    Attributes
    ----------
    name : str
    gate_s : float
        Delay of one gate.
    source : str
    """

    name: str
    gate_s: float
    source: str

    def seconds(self, net: Netlist) -> float:
        """Gate delays along the deepest path of `net`."""
        return depth(net) * self.gate_s


PROCESSES = (
    Process("TTL 7400", 10e-9, "74 series table (gunkies.org): 10 ns a gate"),
    Process("CMOS 7 nm", 7.5e-12, "textbook, order of magnitude: FO4 delay of 5 to 10 ps"),
)
"""What the command line compares with."""

__all__ = ["PROCESSES", "Process"]
