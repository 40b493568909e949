"""placeholder while writing"""
from __future__ import annotations
from dataclasses import dataclass
from .netlist import Netlist
@dataclass(frozen=True, eq=False)
class Schedule:
    netlist: Netlist
def compile(net, keep=()):
    from .analysis import levels
    levels(net)
    return Schedule(net)
