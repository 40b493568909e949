"""What qubits hold while a circuit runs, for all inputs at once: sums of products, kept exactly.

Over GF(2) a CX adds what its control holds to what its target holds, and a Toffoli gate adds a product. So the
content of a qubit is a set of *variables* (inputs, and products of contents), written as the bits of one integer:
bit 0 is constant 1. Equal sets are equal contents, whatever the inputs; so where a circuit takes off again what it
put on, that is seen without trying any state.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gatesim import Netlist
from gatesim.gates import AND as AND_GATE
from gatesim.gates import CONST0, CONST1, INPUT
from gatesim.gates import XOR as XOR_GATE
from gatesim.netlist import Port
from gatesim.passes.sweep import sweep

from .circuit import AND, PHASE, SWAP, UNAND, Reversible

ONE = 1
"""The content that is 1 for every input."""


class Promise(NamedTuple):
    """What gate `index` (AND or UNAND) relies on: that `content` is 0."""

    index: int
    content: int


class Contents:
    """Contents of qubits, and a netlist that computes them.

    Every content has one net, so that sums that are met again (by a computation that runs backwards, say) cost
    nothing.
    """

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs
        self._op = [CONST0, CONST1, *[INPUT] * n_inputs]
        self._pins: list[tuple[int, int]] = []
        self._net = {0: 0, ONE: 1} | {self.input(k): k + 2 for k in range(n_inputs)}
        self._products: dict[tuple[int, int], int] = {}

    def input(self, k: int) -> int:
        """The content that is input bit `k`."""
        return 1 << k + 1

    def _gate(self, code: int, a: int, b: int) -> int:
        self._op.append(code)
        self._pins.append((a, b))
        return len(self._op) - 1

    def sum(self, a: int, b: int) -> int:
        """``a ^ b``."""
        both = a ^ b
        if both not in self._net:
            self._net[both] = self._gate(XOR_GATE, self._net[a], self._net[b])
        return both

    def product(self, a: int, b: int) -> int:
        """``a & b``: a new variable, unless this product (or one of sums of the same two) was made before."""
        if a <= ONE or b <= ONE or a | ONE == b | ONE:
            return min(a, b) if a == b or min(a, b) == 0 else max(a, b) if min(a, b) == ONE else 0
        # (x + c)(y + d) = x y + d (x + c) + c y
        x, y = self.sum(a, a & ONE), self.sum(b, b & ONE)
        result = self._plane(x, y)
        if b & ONE:
            result = self.sum(result, a)
        if a & ONE:
            result = self.sum(result, y)
        return result

    def _plane(self, x: int, y: int) -> int:
        """The product of two contents without constants. Those of x and x + y, and of y and x + y, differ from it
        by x or y only: the product of the two least of x, y and x + y stands for all.
        """
        third = x ^ y
        low, middle, high = sorted((x, y, third))
        if third != high:
            self.sum(x, y)
        variable = self._products.get((low, middle))
        if variable is None:
            variable = 1 << 1 + self.n_inputs + len(self._products)
            self._products[low, middle] = variable
            self._net[variable] = self._gate(AND_GATE, self._net[low], self._net[middle])
        if third == high:
            return variable
        return self.sum(variable, low if third == middle else middle)

    def run(self, circuit: Reversible, start: list[int]) -> tuple[list[int], int, list[Promise]]:
        """Every qubit's content after the circuit, the sign's, and what AND and UNAND gates rely on.

        ``start`` holds the contents before. Where a promise is not kept, an AND and an UNAND count as Toffoli gates.
        """
        held, sign, promises = list(start), 0, []
        starts, numbers = circuit.ptr.tolist(), circuit.qubits.tolist()
        for index, op in enumerate(circuit.op.tolist()):
            qubits = numbers[starts[index] : starts[index + 1]]
            if op == SWAP:
                a, b = qubits
                held[a], held[b] = held[b], held[a]
                continue
            product = ONE
            for q in qubits if op == PHASE else qubits[:-1]:
                product = self.product(product, held[q])
            if op == PHASE:
                sign = self.sum(sign, product)
                continue
            target = qubits[-1]
            if op == AND and held[target]:
                promises.append(Promise(index, held[target]))
            held[target] = self.sum(held[target], product)
            if op == UNAND and held[target]:
                promises.append(Promise(index, held[target]))
        return held, sign, promises

    def depend(self, contents: list[int], inputs: range) -> bool:
        """Whether any of `contents` is made of the given input bits, products included."""
        tainted = sum(self.input(k) for k in inputs)
        for factors, variable in self._products.items():
            if (factors[0] | factors[1]) & tainted:
                tainted |= variable
        return any(c & tainted for c in contents)

    def nets(self, contents: list[int]) -> tuple[int, ...]:
        """The nets of contents."""
        return tuple(self._net[c] for c in contents)

    def netlist(self, name: str, ports: tuple[Port, ...]) -> Netlist:
        """The gates that `ports` need; inputs that are in no port are 0."""
        op, pins = np.array(self._op, np.uint8), self._pins
        shown = {n for p in ports if p.direction == "input" for n in p.nets}
        hidden = [n for n in range(2, self.n_inputs + 2) if n not in shown]
        op[hidden] = XOR_GATE
        sizes = np.where((op == AND_GATE) | (op == XOR_GATE), 2, 0)
        fanin = np.array([(0, 0)] * len(hidden) + pins, np.int32).reshape(-1)
        return sweep(Netlist(name, op, np.concatenate(([0], np.cumsum(sizes))), fanin, ports))
