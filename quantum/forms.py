"""A netlist of ANDs and XORs as products of linear forms: what a reversible circuit is compiled from.

Only AND costs T gates; XOR and NOT are linear and cheap. So a chain of XORs that nobody else reads is one
*form*: a set of named nets whose sum it is. Named are inputs, ANDs and the XORs that are read more than once or
by an AND or an output (*roots*). Constant 1 is a member of forms like any other.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

import numpy as np

from gatesim import Netlist, map_to, minimise_ands
from gatesim.analysis import levels
from gatesim.errors import UnsupportedError, ValueFitError
from gatesim.gates import AND, INPUT, XOR
from gatesim.passes.multiplicative import Effort


class Forms:
    """Products and linear forms of a combinational netlist.

    Attributes
    ----------
    net : Netlist
        The function, from AND and XOR gates only.
    leaves : dict of int to list of int
        Of every root: the named nets whose sum it is.
    pins : list of (int, int)
        Of every AND and XOR.
    is_and, is_root, is_input : list of bool
    inputs, output_nets : list of int
        Of all input and output bits, in port order.
    """

    def __init__(self, net: Netlist, effort: Effort | None = "quick") -> None:
        """Take a combinational netlist; `effort` is what :func:`gatesim.minimise_ands` spends on it.

        Raises
        ------
        UnsupportedError
            The netlist has registers or memories.
        LoopError
            It has a combinational loop.
        """
        require_combinational(net)
        self.net = net = few_ands(net, effort)
        order = levels(net).order
        op = net.op
        pins = np.zeros((net.n_nets, 2), np.int64)
        two = np.flatnonzero(np.diff(net.fanin_ptr) == 2)
        pins[two, 0], pins[two, 1] = net.fanin[net.fanin_ptr[two]], net.fanin[net.fanin_ptr[two] + 1]
        self.pins: list[list[int]] = pins.tolist()
        self.inputs = [n for p in net.inputs for n in p.nets]
        self.output_nets = [n for p in net.outputs for n in p.nets]
        readers = np.bincount(net.fanin, minlength=net.n_nets)
        for n in self.output_nets:
            readers[n] += 1
        special = np.zeros(net.n_nets, np.bool_)
        special[self.output_nets] = True
        ands = np.flatnonzero(op == AND)
        special[pins[ands].reshape(-1)] = True
        self.is_and = (op == AND).tolist()
        self.is_input = (op == INPUT).tolist()
        is_root = (op == XOR) & (special | (readers > 1))
        self.is_root = is_root.tolist()
        self.leaves = self._collect(order.tolist(), op.tolist())

    def below(self, net: int) -> Sequence[int]:
        """The named nets that an AND or a root reads; none for the others."""
        return self.leaves[net] if self.is_root[net] else self.pins[net] if self.is_and[net] else ()

    def drivers_first(self, net: int, done: set[int]) -> Iterator[int]:
        """Everything not yet `done` that `net` is made of, and `net`; each is done when the next is asked for."""
        stack = [net]
        while stack:
            top = stack[-1]
            missing = [] if top in done else [n for n in self.below(top) if n not in done]
            if missing:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            if top not in done:
                done.add(top)
                yield top

    def supports(self, wanted: Iterable[int]) -> dict[int, int]:
        """The inputs that each net depends on, drivers first: bit i stands for ``inputs[i]``."""
        found = {n: 1 << i for i, n in enumerate(self.inputs)} | {0: 0, 1: 0}
        done = set(found)
        for net in wanted:
            for made in self.drivers_first(net, done):
                found[made] = 0
                for n in self.below(made):
                    found[made] |= found[n]
        return found

    def add_root(self, leaves: list[int]) -> int:
        """A new named net, the sum of others."""
        self.pins.append([0, 0])
        self.is_and.append(False)
        self.is_input.append(False)
        self.is_root.append(True)
        net = len(self.pins) - 1
        self.leaves[net] = leaves
        return net

    def reads(self, wanted: Iterable[int], given: Container[int]) -> dict[int, int]:
        """How often each net is read when `wanted` are made from `given` nets and then read once each."""
        uses: dict[int, int] = {}
        stack = list(wanted)
        while stack:
            net = stack.pop()
            uses[net] = uses.get(net, 0) + 1
            if uses[net] == 1 and net not in given:
                stack.extend(self.below(net))
        return uses

    def _collect(self, order: list[int], op: list[int]) -> dict[int, list[int]]:
        inner: dict[int, dict[int, None]] = {}  # leaves of XORs that only one XOR reads; insertion order is kept
        found: dict[int, list[int]] = {}
        for net in order:
            if op[net] != XOR:
                continue
            members: dict[int, None] = {}
            for pin in self.pins[net]:
                parts = inner.pop(pin, None)
                for leaf in (pin,) if parts is None else parts:
                    if leaf in members:
                        del members[leaf]
                    elif leaf != 0:
                        members[leaf] = None
            if self.is_root[net]:
                found[net] = list(members)
            else:
                inner[net] = members
        return found


def require_combinational(net: Netlist) -> None:
    """Refuse a netlist with state: UnsupportedError."""
    if len(net.registers) or net.memories:
        raise UnsupportedError(
            f"{net.name!r} has registers or memories: only a combinational netlist is a reversible circuit; "
            "gatesim.passes.clock_cycle() makes one of a single clock cycle"
        )


def few_ands(net: Netlist, effort: Effort | None = "quick") -> Netlist:
    """`net` from AND and XOR gates, with as few ANDs as the passes find.

    Where rewriting finds no fewer than joining full adders does, the netlist keeps its structure: rewritten
    ones often need more CX gates.
    """
    plain = map_to(net, "xag")
    if effort is None:
        return plain
    rewritten = minimise_ands(net, effort)
    count = lambda n: int((n.op == AND).sum())  # noqa: E731
    return rewritten if count(rewritten) < count(plain) else plain


def one_output(net: Netlist) -> str:
    """The output port of one bit that a phase oracle shows as a sign; ValueFitError where there are more bits."""
    bits = sum(p.width for p in net.outputs)
    if bits != 1:
        raise ValueFitError(f"a phase oracle shows one bit as a sign; {net.name!r} has {bits} output bits")
    return net.outputs[0].name
