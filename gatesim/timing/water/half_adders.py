"""A netlist of AND and XOR as half adders, joins and taps: which vessels a machine needs.

AND and XOR of the same two nets share a vessel. Two nets that are never 1 together need none: their
pipes are simply joined, which is how the carries of a full adder meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ... import gates
from ...analysis import levels
from ...errors import UnsupportedError
from ...netlist import Netlist
from ...passes import map_to, strash
from .machine import Outlet

TAP = -1
"""Bit number of the water that always runs."""


class Source(NamedTuple):
    """Where water comes from: input bit `bit` (TAP: always), or `outlet` of the vessel for two nets."""

    bit: int = 0
    pair: tuple[int, int] | None = None
    outlet: Outlet = Outlet.XOR


Sources = tuple[Source, ...]
"""A net: its sources are never wet together."""


@dataclass(frozen=True)
class HalfAdders:
    """Half adders in an order where feeders come first.

    Attributes
    ----------
    sides : dict of (int, int) to (Sources, Sources)
        What flows into each half adder, by the two nets that it adds.
    outputs : list of Sources
        What flows into each bucket.
    """

    sides: dict[tuple[int, int], tuple[Sources, Sources]]
    outputs: list[Sources]


def to_half_adders(net: Netlist) -> Netlist:
    """`net` from AND and XOR, with every OR as ``a ^ b ^ (a & b)``, which is a join where both never meet.

    ``map_to(net, "xag")`` saves ANDs; this keeps the half adders that a circuit was drawn with.
    """
    return strash(map_to(net, "xag", optimise=False), ("AND", "XOR"))


def half_adders(net: Netlist) -> HalfAdders:
    """The half adders that an AND-XOR netlist needs.

    Raises
    ------
    UnsupportedError
        A gate that water lacks, or a circuit with state.
    LoopError
        A combinational loop.
    """
    other = sorted(set(net.counts()) - {"INPUT", "AND", "XOR", "BUF"})
    if not net.is_combinational or net.memories:
        raise UnsupportedError(f"{net.name!r} has state: a machine of vessels runs once and must then be emptied")
    if other:
        raise UnsupportedError(
            f"{net.name!r} has {', '.join(other)}: water knows AND, XOR and a tap; map_to(net, 'xag') first"
        )
    never_both = _Exclusive(net)
    bit_of = {n: k for k, n in enumerate(n for p in net.inputs for n in p.nets)}
    of: dict[int, Sources] = {0: (), 1: (Source(TAP),)}
    sides: dict[tuple[int, int], tuple[Sources, Sources]] = {}
    for cell in levels(net).order.tolist():
        if cell in of:
            continue
        if net.op[cell] == gates.INPUT:
            of[cell] = (Source(bit_of[cell]),)
            continue
        pins = [never_both.same[int(k)] for k in net.fanin_of(cell)]
        x, y = min(pins), max(pins)
        is_and = net.op[cell] == gates.AND
        if x == y:  # also a buffer, of one pin
            of[cell] = of[x] if is_and or len(pins) == 1 else ()
        elif is_and and x == 1:
            of[cell] = of[y]
        elif never_both(x, y):
            of[cell] = () if is_and else of[x] + of[y]
        else:
            sides.setdefault((x, y), (of[x], of[y]))
            of[cell] = (Source(pair=(x, y), outlet=Outlet.AND if is_and else Outlet.XOR),)
    outputs = [of[never_both.same[n]] for p in net.outputs for n in p.nets]
    return HalfAdders(_used(sides, outputs), outputs)


def _used(sides: dict, outputs: list[Sources]) -> dict:
    """The half adders that some bucket depends on, in their order."""
    wanted = {s.pair for sources in outputs for s in sources}
    for pair in reversed(sides):
        if pair in wanted:
            wanted |= {s.pair for side in sides[pair] for s in side}
    return {pair: both for pair, both in sides.items() if pair in wanted}


class _Exclusive:
    """Proves that two nets are never 1 together, from what each of them implies.

    A 1 of an AND implies 1s of both pins, and so on down; it is a contradiction when both pins of an XOR
    are implied with the XOR itself. A join is 1 when one of its branches is: each must contradict. Sound,
    not complete: a pair that it cannot decide gets a vessel.
    """

    def __init__(self, net: Netlist) -> None:
        self.net = net
        self.known: dict[tuple[int, int], bool] = {}
        self.same = list(range(net.n_nets))  # a buffer's net is its pin's; XOR with a dry net too
        for cell in levels(net).order.tolist():
            pins = [self.same[int(k)] for k in net.fanin_of(cell)]
            if net.op[cell] == gates.BUF:
                self.same[cell] = pins[0]
            elif len(pins) == 2 and net.op[cell] == gates.AND and self(pins[0], pins[1]):
                self.same[cell] = 0
            elif len(pins) == 2 and net.op[cell] == gates.XOR and 0 in pins:
                self.same[cell] = max(pins)

    def __call__(self, x: int, y: int) -> bool:
        key = min(x, y), max(x, y)
        if key not in self.known:
            self.known[key] = False  # while it is being asked
            self.known[key] = key[0] == 0 or self._contradict(*key)
        return self.known[key]

    def _contradict(self, x: int, y: int) -> bool:
        ones = self._ones(x) | self._ones(y) | {1}
        if any(self.net.op[n] == gates.XOR and self._pins(n) <= ones for n in ones):
            return True
        for one, other in ((x, y), (y, x)):
            branches = self._pins(one)
            if self.net.op[one] == gates.XOR and len(branches) == 2 and self(*branches):
                if all(self(branch, other) for branch in branches):
                    return True
        return False

    def _pins(self, net: int) -> set[int]:
        return {self.same[int(k)] for k in self.net.fanin_of(net)}

    def _ones(self, net: int) -> set[int]:
        """Nets that are 1 when `net` is."""
        found, waiting = set(), [net]
        while waiting:
            n = self.same[waiting.pop()]
            if n not in found:
                found.add(n)
                if self.net.op[n] == gates.AND:
                    waiting += self._pins(n)
        return found


__all__ = ["TAP", "HalfAdders", "Source", "half_adders", "to_half_adders"]
