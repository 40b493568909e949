"""The computing half of a circuit: every product once, on an ancilla of its own.

Forms are collected in place: an AND's operands are sums that happen to lie on two qubits at that moment, made so
by CX gates on qubits that hold something nobody needs as it was. Nothing is tidied up on the way, since running
the computation backwards tidies everything. (One ancilla an AND: Meuli, Soeken, Campbell, Roetteler, De Micheli,
arXiv 1908.01609.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from .basis import ONE, Basis
from .circuit import AND, NOT, PHASE, UNAND, Gates, Reversible
from .cleanup import cancel
from .forms import Forms
from .wiring import Ancillas, Gate, Wiring, packed

_WAITING = -2
"""Stands for an operand that is kept in the basis while the other one is collected."""


class Forward:
    """Gates that leave every wanted sum on known qubits.

    Parameters
    ----------
    forms : Forms
    given : mapping of int to collection of int
        Nets that exist already, as sums of qubits.
    wanted : iterable of int
        Nets that will be read from outside, once for each time that they are named.
    ancillas : Ancillas
        Where the products come from.
    """

    def __init__(
        self, forms: Forms, given: Mapping[int, Collection[int]], wanted: Iterable[int], ancillas: Ancillas
    ) -> None:
        self.forms = forms
        self.uses = forms.reads(wanted, given)
        self.gates: list[Gate] = []
        self.copies: list[tuple[int, list[Gate]]] = []
        self.replacements: list[tuple[int, list[Gate]]] = []
        self.basis = Basis(self._cx, self.uses)
        self._ancillas = ancillas
        self._done = {0, 1, *given}
        self.basis.define(1, {ONE})
        self.uses[1] = self.uses.get(1, 0) + 1  # constant 1 is never forgotten
        for net, qubits in given.items():
            if net in self.uses and net != 1:
                self.basis.define(net, qubits)

    def _cx(self, control: int, target: int) -> None:
        self.gates.append(flip(control, target))

    # -- nets --------------------------------------------------------------------------------

    def require(self, net: int) -> None:
        """Make everything that `net` is made of, drivers first."""
        for made in self.forms.drivers_first(net, self._done):
            if self.forms.is_and[made]:
                self._product(made)
            elif self.uses[made] > 1:
                self._settle(made)

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
        if net not in self.basis:  # a sum that only this reader wants
            return self._sum_of(net)
        found = set(self.basis[net])
        self._used(net)
        return found

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
        self.uses[_WAITING] = 1
        basis.define(_WAITING, high)
        made, target_a, harm_a = self._operand(low, None)
        high = set(basis[_WAITING])
        basis.forget(_WAITING)
        made_b, target_b, harm_b = self._operand(high, target_a)
        ancilla = self._ancillas.take()
        self.gates.append((AND, target_a, target_b, ancilla))
        for part, harm in ((made_b, harm_b), (made, harm_a)):
            if harm > len(part):
                basis.undo(part)
        basis.define(net, {ancilla})

    def _operand(self, wanted: set[int], locked: int | None) -> tuple[list[tuple[int, int]], int, int]:
        target, harm = self.basis.best_target(wanted, locked)
        return self.basis.collect(wanted, target), target, harm

    # -- results -----------------------------------------------------------------------------

    def copy(self, net: int, onto: int) -> None:
        """XOR `net` onto a qubit that takes no part in the computation, at this moment."""
        self.copies.append((len(self.gates), [flip(q, onto) for q in sorted(self.read(net))]))

    def sign(self, net: int) -> None:
        """Change the sign where `net` is 1, at this moment."""
        # The sign of a sum is the product of signs; that of constant 1 is a phase of the whole circuit.
        gates = [(PHASE,) if q == ONE else (PHASE, q) for q in sorted(self.read(net))]
        self.copies.append((len(self.gates), gates))

    def replace(self, net: int, onto: int) -> None:
        """XOR `net` onto an input's qubit that no gate so far has met: when the gates after this moment are undone."""
        self.replacements.append((len(self.gates), [flip(q, onto) for q in sorted(self.read(net))]))

    # -- gates -------------------------------------------------------------------------------

    def computing(self) -> list[Gate]:
        """The gates so far, copies in between."""
        return interleaved(self.gates, self.copies)

    def undoing(self) -> list[Gate]:
        """The gates so far undone, last first, replacements in between."""
        return reverse(interleaved(self.gates, self.replacements))


def flip(control: int, target: int) -> Gate:
    """A CX; an X where the control is ``ONE``."""
    return (NOT, target) if control == ONE else (NOT, control, target)


def interleaved(gates: list[Gate], inserted: list[tuple[int, list[Gate]]]) -> list[Gate]:
    """`gates` with more of them at given places, which ascend."""
    found: list[Gate] = []
    done = 0
    for place, more in inserted:
        found += gates[done:place]
        found += more
        done = place
    return found + gates[done:]


def reverse(gates: list[Gate]) -> list[Gate]:
    """The gates that undo `gates`."""
    undone = {AND: UNAND, UNAND: AND}
    return [(undone.get(g[0], g[0]), *g[1:]) for g in reversed(gates)]


def _linear_product(first: set[int], second: set[int]) -> set[int]:
    """The product where it is no real product: equal or opposite operands, or a constant one."""
    if not first - {ONE}:
        return second if first else set()
    if not second - {ONE}:
        return first if second else set()
    return first if first == second else set()


def finished(wiring: Wiring, ancillas: Ancillas, gates: list[Gate], name: str, sign: str | None = None) -> Reversible:
    """The circuit, without gates that undo each other, its ancillas packed."""
    gates, count = packed(cancel(gates), ancillas.first)
    if count:
        wiring.add("ancilla", count, "ancilla")
    made = Gates()
    made.extend(gates)
    return Reversible(name, tuple(wiring.registers), wiring.inputs, wiring.outputs, *made.arrays(), sign)
