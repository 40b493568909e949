"""Registers of a circuit under construction, and ancillas that share qubits."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

from gatesim import Netlist

from .circuit import Kind, Register

Gate = tuple[int, ...]
"""(op, qubit, ...): controls, then the target."""


@dataclass
class Wiring:
    """Registers, filled in port order."""

    registers: list[Register] = field(default_factory=list)
    inputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    outputs: dict[str, tuple[int, ...]] = field(default_factory=dict)
    size: int = 0

    def add(self, name: str, width: int, kind: Kind) -> tuple[int, ...]:
        """A new register; its qubits."""
        taken = {r.name for r in self.registers}
        while name in taken:
            name += "_out" if kind == "output" else "_"
        register = Register(name, self.size, width, kind)
        self.registers.append(register)
        self.size += width
        if kind == "input":
            self.inputs[name] = register.qubits
        elif kind == "output":
            self.outputs[name] = register.qubits
        return register.qubits

    def add_inputs(self, net: Netlist) -> dict[int, frozenset[int]]:
        """A register for every input port; the qubit of each of their nets."""
        return {
            n: frozenset((q,))
            for p in net.inputs
            for n, q in zip(p.nets, self.add(p.name, p.width, "input"), strict=True)
        }


class Ancillas:
    """Names for clean qubits from `first` on, a new one each time; :func:`packed` lets them share qubits."""

    def __init__(self, first: int) -> None:
        self.first = self._next = first

    def take(self) -> int:
        """A qubit that is |0>."""
        self._next += 1
        return self._next - 1


def packed(gates: list[Gate], first: int) -> tuple[list[Gate], int]:
    """`gates` with the qubits from `first` on renumbered, so that those in use at different times are one.

    A qubit is in use from the first to the last gate that it meets; as few as possible are needed at once.

    Returns
    -------
    list of gates, int
        And how many qubits from `first` on remain.
    """
    last = {q: index for index, (_, *qubits) in enumerate(gates) for q in qubits}
    place: dict[int, int] = {}
    free: list[int] = []
    count = 0
    found: list[Gate] = []
    for index, (op, *qubits) in enumerate(gates):
        for q in qubits:
            if q >= first and q not in place:
                place[q] = heappop(free) if free else first + count
                count = max(count, place[q] - first + 1)
        found.append((op, *(place.get(q, q) for q in qubits)))
        for q in set(qubits):
            if q >= first and last[q] == index:
                heappush(free, place[q])
    return found, count
