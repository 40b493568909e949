"""Outputs that replace inputs: ``|a>|b> -> |a>|a + b>``.

An output bit replaces an input bit, its *pivot*, where it is ``pivot ^ g`` and ``g`` does not depend on the pivot:
the pivot then comes back from the output. With several such bits there must be an order in which every ``g``
depends on earlier pivots only. So the forward half makes each ``g`` before anything touches its pivot; the backward
half, once everything that used the pivot is undone and ``g`` still stands, adds ``g`` onto it. (For a ripple adder
this is Gidney's circuit, arXiv 1709.06648: one temporary AND a bit.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from heapq import heappop, heappush

from gatesim import Netlist
from gatesim.errors import UnsupportedError
from gatesim.netlist import Port

from .circuit import Reversible
from .forms import Forms
from .forward import Forward, finished
from .wiring import Ancillas, Wiring


def inplace(net: Netlist, forms: Forms) -> Reversible:
    """The circuit in which outputs replace inputs where the function allows; the other outputs are ``y ^ f(x)``.

    Raises
    ------
    UnsupportedError
        No output can replace an input; the message says which bit stands in the way.
    """
    pivots = _Pivots(forms, net)
    wiring = Wiring()
    given = wiring.add_inputs(forms.net)
    replaced = {name: [pivot for _, pivot in pairs] for name, pairs in pivots.ports.items()}
    for name, nets in replaced.items():
        wiring.outputs[name] = tuple(q for n in nets for q in given[n])
    others = [
        (n, q)
        for p, own in zip(net.outputs, forms.net.outputs, strict=True)
        if p.name not in replaced
        for n, q in zip(own.nets, wiring.add(p.name, p.width, "output"), strict=True)
    ]
    wiring.outputs = {p.name: wiring.outputs[p.name] for p in net.outputs}
    ancillas = Ancillas(wiring.size)
    rests = [(forms.add_root(rest), pivot) for rest, pivot in pivots.order]
    forward = Forward(forms, given, [rest for rest, _ in rests] + [n for n, _ in others], ancillas)
    for rest, pivot in rests:
        forward.require(rest)
        (onto,) = given[pivot]
        forward.replace(rest, onto)
    for n, onto in others:
        forward.require(n)
        forward.copy(n, onto)
    return finished(wiring, ancillas, forward.computing() + forward.undoing(), net.name)


class _Pivots:
    """Which output bits replace which input bits, and in which order.

    Attributes
    ----------
    ports : dict of str to list of (int, int)
        Of every output port that replaces inputs: net and pivot of each bit.
    order : list of (list of int, int)
        The named nets to be added onto a pivot, and the pivot, earlier ones first.
    """

    def __init__(self, forms: Forms, net: Netlist) -> None:
        self._forms = forms
        self._support = forms.supports(forms.output_nets)
        self._rank = {n: k for k, n in enumerate(self._support)}
        self.ports: dict[str, list[tuple[int, int]]] = {}
        self.order: list[tuple[list[int], int]] = []
        outputs, inputs = forms.net.outputs, forms.net.inputs
        taken: set[int] = set()
        everything = [n for p in inputs for n in p.nets]
        for out in sorted(outputs, key=lambda p: -p.width):
            alike = [p.nets for p in reversed(inputs) if p.width == out.width]
            for candidates in [*alike, everything]:
                free = [n for n in candidates if n not in taken]
                if len(free) >= out.width and self._add(out, free):
                    taken |= {pivot for _, pivot in self.ports[out.name]}
                    break
        if not self.ports:
            raise UnsupportedError(self._refusal(net))

    def _add(self, out: Port, candidates: Collection[int]) -> bool:
        """Whether the bits of `out` can replace some of `candidates` beside what is replaced already."""
        allowed = [(n, {pivot}) for pairs in self.ports.values() for n, pivot in pairs]
        allowed += [(n, set(candidates)) for n in out.nets]
        found = self._peel(allowed)
        if len(found) < len(allowed):
            return False
        before = len(allowed) - out.width
        pivot_of = {index: pivot for index, _, pivot in found}
        self.ports[out.name] = [(n, pivot_of[before + i]) for i, n in enumerate(out.nets)]
        self.order = [(rest, pivot) for _, rest, pivot in reversed(found)]
        return True

    def _peel(self, allowed: list[tuple[int, set[int]]]) -> list[tuple[int, list[int], int]]:
        """(index, rest, pivot), last first: a pivot that one remaining output alone depends on, and linearly.

        Taking such a pair away never spoils another one, so that what is left over at the end has no order.
        """
        waiting = [self._support[n] if n > 1 else 0 for n, _ in allowed]
        union = Counter[int]()
        bits = {n: k for k, n in enumerate(self._forms.inputs)}
        watched = {n for _, pivots in allowed for n in pivots}
        readers: dict[int, set[int]] = {n: set() for n in watched}
        for index, support in enumerate(waiting):
            for n in watched:
                if support >> bits[n] & 1:
                    readers[n].add(index)
                    union[n] += 1
        ready = [n for n in watched if union[n] == 1]
        done: set[int] = set()
        found: list[tuple[int, list[int], int]] = []
        while ready:
            pivot = ready.pop()
            left = readers[pivot] - done
            if len(left) != 1:
                continue
            (index,) = left
            out, pivots = allowed[index]
            rest = self._rest(out, pivot) if pivot in pivots else None
            if rest is None:
                continue
            found.append((index, rest, pivot))
            done.add(index)
            for n in watched:
                if index in readers[n]:
                    union[n] -= 1
                    if union[n] == 1:
                        ready.append(n)
        return found

    def _rest(self, out: int, pivot: int) -> list[int] | None:
        """The named nets whose sum is ``out ^ pivot``, none depending on `pivot`; None where there are none."""
        forms, bit = self._forms, 1 << self._forms.inputs.index(pivot)
        members, heap = {out}, [(-self._rank[out], out)]
        while heap:
            _, net = heappop(heap)
            if net not in members or net == pivot or not self._support.get(net, 0) & bit:
                continue
            if not forms.is_root[net]:
                return None
            members.discard(net)
            for leaf in forms.leaves[net]:
                members ^= {leaf}
                heappush(heap, (-self._rank.get(leaf, -1), leaf))
        return sorted(members - {pivot}) if pivot in members else None

    def _refusal(self, net: Netlist) -> str:
        outputs, inputs = self._forms.net.outputs, self._forms.net.inputs
        start = f"{net.name!r} cannot be computed in place: no output replaces an input"
        pairs = [(out, p) for out in outputs for p in inputs if p.width == out.width]
        if not pairs:
            return f"{start}, since no two have the same width; take the strategy bennett"
        out, p = pairs[-1]
        found = {index for index, _, _ in self._peel([(n, set(p.nets)) for n in out.nets])}
        stuck = next(i for i in range(out.width) if i not in found)
        bit = out.name if out.width == 1 else f"{out.name}[{stuck}]"
        return (
            f"{start}; {bit}, for one, is no input bit XOR something independent of that bit (tried: {p.name}); "
            "take the strategy bennett"
        )
