"""How long silicon takes for what the water does."""

from __future__ import annotations

from ...netlist import Netlist
from ..library import load_technology
from ..preparation import prepare
from ..static import static_timing

SILICON = {"TTL 7400": "ttl7400", "CMOS 7 nm": "asap7"}
"""What water is compared with: a short name for people, and the technology's."""


def times_slower(net: Netlist, seconds: float) -> dict[str, float]:
    """How many times slower than the critical path of `net` in each process of :data:`SILICON`.

    A circuit without gates has no critical path: then there is nothing to compare with.

    Examples
    --------
    >>> from circuits.adders import full_adder
    >>> from gatesim import build
    >>> [f"{ratio:.0e}" for ratio in times_slower(build(full_adder), 100.0).values()]
    ['2e+09', '2e+12']
    """
    found = {}
    for name, technology in SILICON.items():
        figures = load_technology(technology)
        picoseconds = static_timing(prepare(net, figures), figures).worst_ps
        if picoseconds:
            found[name] = seconds / (picoseconds * 1e-12)
    return found


__all__ = ["SILICON", "times_slower"]
