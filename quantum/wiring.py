"""Registers of a circuit under construction, and ancillas lent and given back."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush

from gatesim import Netlist

from .circuit import Kind, Register


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
    """Clean qubits from `first` on, the lowest free one lent first."""

    def __init__(self, first: int) -> None:
        self.first = self._next = first
        self._free: list[int] = []

    def take(self) -> int:
        """A qubit that is |0>."""
        if self._free:
            return heappop(self._free)
        self._next += 1
        return self._next - 1

    def give(self, qubit: int) -> None:
        """Give back a qubit that is |0> again."""
        heappush(self._free, qubit)

    @property
    def count(self) -> int:
        """How many were lent at once, at most."""
        return self._next - self.first
