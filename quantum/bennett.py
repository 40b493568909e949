"""Compute, copy, uncompute (Bennett 1973): every AND once onto an ancilla of its own, outputs copied with CX.

Forms are collected in place: an AND's operands are sums that happen to lie on two qubits at that moment, made so
by CX gates on qubits that hold something nobody needs as it was. Nothing is tidied up on the way, since running
the computation backwards tidies everything. (One ancilla an AND: Meuli, Soeken, Campbell, Roetteler, De Micheli,
arXiv 1908.01609.)
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gatesim import Netlist
from gatesim.errors import ValueFitError
from gatesim.passes.multiplicative import Effort

from .basis import ONE, Basis
from .circuit import AND, NOT, PHASE, UNAND, Gates, Kind, Register, Reversible
from .cleanup import cancel
from .forms import Forms


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


class Forward:
    """The computing half: gates that leave every wanted sum on known qubits."""

    def __init__(self, forms: Forms, inputs: dict[int, int], first_ancilla: int) -> None:
        self.forms = forms
        self.uses: list[int] = forms.uses.tolist()
        self.gates: list[tuple[int, ...]] = []
        self.copies: list[tuple[int, list[tuple[int, ...]]]] = []
        self.basis = Basis(self._cx, self.uses)
        self.first_ancilla = self.next_ancilla = first_ancilla
        self._done: set[int] = set()
        for net, qubit in inputs.items():
            self.basis.define(net, {qubit})
            self._done.add(net)
        self.basis.define(1, {ONE})
        self.uses[1] += 1  # constant 1 is never forgotten
        self._done.add(1)

    def _cx(self, control: int, target: int) -> None:
        self.gates.append((NOT, target) if control == ONE else (NOT, control, target))

    # -- nets --------------------------------------------------------------------------------

    def require(self, net: int) -> None:
        """Make everything that `net` is made of, drivers first."""
        forms, stack = self.forms, [net]
        while stack:
            top = stack[-1]
            if top in self._done:
                stack.pop()
                continue
            below = forms.leaves[top] if forms.is_root[top] else forms.pins[top]
            missing = [n for n in below if n not in self._done]
            if missing:
                stack.extend(reversed(missing))
                continue
            stack.pop()
            self._done.add(top)
            if forms.is_and[top]:
                self._product(top)
            elif self.uses[top] > 1:
                self._settle(top)

    def _settle(self, root: int) -> None:
        """Bring a sum that is read more than once onto one qubit."""
        wanted = self._sum_of(root)
        if wanted - {ONE}:
            target, _ = self.basis.best_target(wanted)
            self.basis.collect(wanted, target)
            wanted = {target}
        self.basis.define(root, wanted)

    def _sum_of(self, root: int) -> set[int]:
        total: set[int] = set()
        for leaf in self.forms.leaves[root]:
            total ^= self.read(leaf)
        return total

    def read(self, net: int) -> set[int]:
        """The qubits whose sum is `net`, for one reader."""
        if net == 0:
            return set()
        if self.forms.is_root[net] and not self._is_settled(net):
            return self._sum_of(net)
        found = set(self.basis[net])
        self._used(net)
        return found

    def _is_settled(self, root: int) -> bool:
        return self.forms.uses[root] > 1

    def _used(self, net: int) -> None:
        self.uses[net] -= 1
        if self.uses[net] == 0:
            self.basis.forget(net)

    # -- products ----------------------------------------------------------------------------

    def _product(self, net: int) -> None:
        basis = self.basis
        first, second = (self.read(pin) for pin in self.forms.pins[net])
        if not (first ^ second) - {ONE} or not first - {ONE} or not second - {ONE}:
            basis.define(net, _linear_product(first, second))
            return
        # The operands may share qubits: collecting the first changes how the second is written, so that it is
        # kept in the basis meanwhile.
        low, high = sorted((first, second), key=len)
        waiting = len(self.uses)
        self.uses.append(1)
        basis.define(waiting, high)
        made, target_a, harm_a = self._operand(low, None)
        high = set(basis[waiting])
        basis.forget(waiting)
        self.uses.pop()
        made_b, target_b, harm_b = self._operand(high, target_a)
        ancilla = self.next_ancilla
        self.next_ancilla += 1
        self.gates.append((AND, target_a, target_b, ancilla))
        for part, harm in ((made_b, harm_b), (made, harm_a)):
            if harm > len(part):
                basis.undo(part)
        basis.define(net, {ancilla})

    def _operand(self, wanted: set[int], locked: int | None) -> tuple[list[tuple[int, int]], int, int]:
        target, harm = self.basis.best_target(wanted, locked)
        return self.basis.collect(wanted, target), target, harm

    # -- outputs -----------------------------------------------------------------------------

    def copy(self, net: int, onto: int) -> None:
        """XOR `net` onto a qubit that takes no part in the computation, at this moment."""
        gates = [(NOT, onto) if q == ONE else (NOT, q, onto) for q in sorted(self.read(net))]
        self.copies.append((len(self.gates), gates))

    def sign(self, net: int) -> None:
        """Change the sign where `net` is 1, at this moment."""
        # The sign of a sum is the product of signs; that of constant 1 is a phase of the whole circuit.
        gates = [(PHASE,) if q == ONE else (PHASE, q) for q in sorted(self.read(net))]
        self.copies.append((len(self.gates), gates))


def _linear_product(first: set[int], second: set[int]) -> set[int]:
    """The product where it is no real product: equal or opposite operands, or a constant one."""
    if not first - {ONE}:
        return second if first else set()
    if not second - {ONE}:
        return first if second else set()
    return first if first == second else set()


def assemble(wiring: Wiring, forward: Forward, name: str, sign: str | None = None) -> Reversible:
    """Forward gates with their copies in between, then the forward gates undone, last first."""
    gates: list[tuple[int, ...]] = []
    done = 0
    for place, copy in forward.copies:
        gates += forward.gates[done:place]
        gates += copy
        done = place
    gates += forward.gates[done:]
    gates += [(UNAND, *g[1:]) if g[0] == AND else g for g in reversed(forward.gates)]
    if forward.next_ancilla > forward.first_ancilla:
        wiring.add("ancilla", forward.next_ancilla - forward.first_ancilla, "ancilla")
    made = Gates()
    made.extend(cancel(gates))
    return Reversible(name, tuple(wiring.registers), wiring.inputs, wiring.outputs, *made.arrays(), sign)


def bennett(net: Netlist, *, phase: bool = False, effort: Effort | None = "quick") -> Reversible:
    """The circuit ``|x>|y>|0> -> |x>|y ^ f(x)>|0>``, or with `phase` ``|x>|0> -> (-1)^f(x) |x>|0>``."""
    forms = Forms(net, effort)
    net = forms.net
    wiring = Wiring()
    place = {n: q for p in net.inputs for n, q in zip(p.nets, wiring.add(p.name, p.width, "input"), strict=True)}
    targets = [] if phase else [q for p in net.outputs for q in wiring.add(p.name, p.width, "output")]
    forward = Forward(forms, place, wiring.size)
    if phase:
        if len(forms.output_nets) != 1:
            raise ValueFitError(
                f"a phase oracle shows one bit as a sign; {net.name!r} has {len(forms.output_nets)} output bits"
            )
        (only,) = forms.output_nets
        if only != 0:
            forward.require(only)
        forward.sign(only)
        return assemble(wiring, forward, net.name, net.outputs[0].name)
    for n, onto in zip(forms.output_nets, targets, strict=True):
        if n != 0:
            forward.require(n)
        forward.copy(n, onto)
    return assemble(wiring, forward, net.name)
