"""Is a circuit right on *every* basis state? What verification tries, proven.

Contents of qubits (:mod:`quantum.contents`) show by algebra what cancels: promises of AND and UNAND, restored
inputs, clean ancillas. What does not cancel, and whether the outputs are those of the netlist, is put to
:func:`gatesim.equivalent` (simulation, then SAT sweeping). Random states miss a gate that matters only where twenty
bits agree; this does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import Literal

import numpy as np

from gatesim import Netlist, equivalent
from gatesim.errors import GatesimError
from gatesim.gates import INPUT
from gatesim.netlist import Port

from .circuit import Reversible
from .contents import Contents
from .verification import Check, require_comparable


@dataclass(frozen=True)
class Proof:
    """What a proof found. True where the circuit is proven right.

    Attributes
    ----------
    status : {"right", "wrong", "undecided"}
        Right on every basis state; wrong, on a state that running it confirmed; or neither in the time given.
    fault : str or None
        What goes wrong, and on which input.
    how : str
        What decided it.
    n_ancillas : int
    seconds : float
    """

    status: Literal["right", "wrong", "undecided"]
    fault: str | None
    how: str
    n_ancillas: int
    seconds: float

    def __bool__(self) -> bool:
        return self.status == "right"

    def __str__(self) -> str:
        if self.status == "right":
            return (
                "proven for every basis state: outputs equal, inputs restored, "
                f"{self.n_ancillas:,} ancillas clean ({self.how})"
            )
        return self.fault or f"not proven: {self.how}"


def prove(circuit: Reversible, net: Netlist, *, seconds: float = 60.0) -> Proof:
    """Prove that `circuit` computes `net` on every basis state, restores its inputs and cleans its ancillas.

    Parameters
    ----------
    circuit : Reversible
        With the ports of `net` as inputs and outputs.
    net : Netlist
        Combinational.
    seconds : float
        Time after which to give up, for each of the two questions (what has to be 0, what has to be equal).

    Raises
    ------
    ValueFitError
        Ports of circuit and netlist do not match.
    UnsupportedError
        `net` has registers or memories; or python-sat is needed and not installed.
    LoopError
        `net` has a combinational loop.

    Examples
    --------
    >>> from circuits.adders import ripple_carry
    >>> from gatesim import build
    >>> from quantum import reversible
    >>> net = build(ripple_carry, a=64, b=64)
    >>> print(prove(reversible(net), net))
    proven for every basis state: outputs equal, inputs restored, 64 ancillas clean (algebra, SAT sweeping)
    """
    began = perf_counter()
    require_comparable(circuit, net)
    work = _Work(circuit, net)
    how = ["algebra"]
    for question in (work.zeros(), work.outputs()):
        if question is None:
            continue
        ours, wanted = question
        found = equivalent(ours, wanted, seconds=seconds)
        if found.status == "different":
            assert found.counterexample is not None
            fault = work.fault(int(found.counterexample["x"]))  # pyright: ignore[reportArgumentType]
            return Proof("wrong", fault, found.how, len(circuit.ancillas), perf_counter() - began)
        if found.status == "undecided":
            return Proof("undecided", None, found.how, len(circuit.ancillas), perf_counter() - began)
        how.append(found.how)
    return Proof("right", None, ", ".join(dict.fromkeys(how)), len(circuit.ancillas), perf_counter() - began)


class _Work:
    """The contents after the circuit, as two questions for :func:`gatesim.equivalent`.

    Both sides of a question have one input bus ``x`` (the inputs, then what output qubits held before) and one
    output bus ``y``.
    """

    def __init__(self, circuit: Reversible, net: Netlist) -> None:
        self.circuit, self.net = circuit, net
        self.given = [q for p in net.inputs for q in circuit.inputs[p.name]]
        own = set(self.given)
        self.results = [q for p in net.outputs if p.name != circuit.sign for q in circuit.outputs[p.name]]
        self.fresh = [q for q in self.results if q not in own]
        self.contents = Contents(len(self.given) + len(self.fresh))
        self.start = [0] * circuit.n_qubits
        for k, q in enumerate(self.given + self.fresh):
            self.start[q] = self.contents.input(k)
        self.end, self.sign, self.promises = self.contents.run(circuit, self.start)

    def _netlist(self, outputs: list[int]) -> tuple[Netlist, int]:
        """`outputs` as a netlist, and how many input bits it has: those of ``fresh`` only where they matter."""
        n, total = len(self.given), self.contents.n_inputs
        if self.contents.depend(outputs, range(n, total)):
            n = total
        x = self.contents.nets([self.contents.input(k) for k in range(n)])
        ports = (Port("x", "input", x), Port("y", "output", self.contents.nets(outputs)))
        return self.contents.netlist(self.circuit.name, ports), n

    def zeros(self) -> tuple[Netlist, Netlist] | None:
        """What has to be 0 and does not cancel, beside zeros; None where everything cancels."""
        results = set(self.results)
        left = [p.content for p in self.promises]
        left += [
            self.contents.sum(end, start)
            for q, (end, start) in enumerate(zip(self.end, self.start, strict=True))
            if q not in results
        ]
        if self.circuit.sign is None:
            left.append(self.sign)
        left = [c for c in dict.fromkeys(left) if c]
        if not left:
            return None
        ours, n = self._netlist(left)
        return ours, Contents(n).netlist("zeros", (ours.port("x"), Port("y", "output", (0,) * len(left))))

    def outputs(self) -> tuple[Netlist, Netlist]:
        """What the circuit adds to its outputs (or leaves, in place), beside what the netlist computes."""
        fresh = set(self.fresh)
        shown = []
        for p in self.net.outputs:
            if p.name == self.circuit.sign:
                shown.append(self.sign)
                continue
            for q in self.circuit.outputs[p.name]:
                shown.append(self.contents.sum(self.end[q], self.start[q]) if q in fresh else self.end[q])
        ours, n = self._netlist(shown)
        return ours, _one_bus(self.net, n - len(self.given))

    def fault(self, x: int) -> str:
        """What is wrong with the circuit on one basis state, in words."""
        bits = np.array([x >> k & 1 for k in range(self.contents.n_inputs)], np.uint64)[:, None]
        found = Check(self.circuit, self.net).run(bits[: len(self.given)], bits[len(self.given) :], 1)
        if found is None:
            raise GatesimError(
                f"{self.circuit.name!r} was found wrong on basis state {x}, but running it shows nothing there: please "
                "report this, with both files"
            )
        return found


def _one_bus(net: Netlist, spare: int) -> Netlist:
    """`net` with all inputs in one port ``x``, then `spare` bits that nobody reads, and all outputs in ``y``."""
    inputs = [k for p in net.inputs for k in p.nets] + list(range(net.n_nets, net.n_nets + spare))
    outputs = [k for p in net.outputs for k in p.nets]
    return replace(
        net,
        op=np.concatenate((net.op, np.full(spare, INPUT, np.uint8))),
        fanin_ptr=np.concatenate((net.fanin_ptr, np.full(spare, net.fanin_ptr[-1]))),
        scope_of=np.concatenate((net.scope_of, np.zeros(spare, np.int32))),
        ports=(Port("x", "input", tuple(inputs)), Port("y", "output", tuple(outputs))),
    )
