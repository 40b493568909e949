"""Which qubits hold which sums: the bookkeeping that lets linear forms share CX gates.

At any moment the qubits that were computed hold a basis of a vector space over GF(2): the inputs, the products
made so far, and all their sums. A CX changes the basis and loses nothing. A :class:`Basis` knows, for every net
that is still needed, the qubits whose contents add up to it, and picks the cheapest way to bring a wanted sum
onto one qubit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

ONE = -1
"""Stands for constant 1 in a set of qubits; a CX from it is an X."""


class Basis:
    """The nets that are still needed, as sums of qubits.

    Parameters
    ----------
    emit : callable
        ``emit(control, target)`` is called for every CX (or, with control ``ONE``, X).
    uses : mapping of int to int
        How often each net will still be read; the owner counts it down.
    """

    def __init__(self, emit: Callable[[int, int], None], uses: Mapping[int, int]) -> None:
        self._emit = emit
        self._uses = uses
        self._sum: dict[int, set[int]] = {}
        self._readers: dict[int, set[int]] = {}

    def define(self, net: int, qubits: Iterable[int]) -> None:
        """`net` is the sum of `qubits` from now on."""
        self._sum[net] = set(qubits)
        for q in self._sum[net]:
            self._readers.setdefault(q, set()).add(net)

    def forget(self, net: int) -> None:
        """Nobody will ask for `net` again."""
        for q in self._sum.pop(net):
            self._readers[q].discard(net)

    def __contains__(self, net: int) -> bool:
        return net in self._sum

    def __getitem__(self, net: int) -> set[int]:
        return self._sum[net]

    def add(self, control: int, target: int) -> None:
        """CX: `target` becomes ``target ^ control``, and every sum with it follows."""
        self._emit(control, target)
        readers = self._readers.setdefault(control, set())
        for net in self._readers.get(target, ()):
            members = self._sum[net]
            if control in members:
                members.discard(control)
                readers.discard(net)
            else:
                members.add(control)
                readers.add(net)

    def best_target(self, wanted: set[int], locked: int | None = None) -> tuple[int, int]:
        """The qubit of `wanted` on which to collect it, and the CX gates that later readers then pay for it."""
        best, least = -2, 1 << 60
        for q in sorted(wanted):
            if q in (ONE, locked):
                continue
            others = wanted - {q}
            harm = 0
            for net in self._readers.get(q, ()):
                members = self._sum[net]
                gained = sum(-1 if o in members else 1 for o in others if o != ONE)
                harm += self._uses[net] * gained
                if harm >= least:
                    break
            if harm < least:
                best, least = q, harm
        return best, least

    def collect(self, wanted: set[int], target: int) -> list[tuple[int, int]]:
        """Bring the sum of `wanted` onto `target`, one of its members; returns the CX gates."""
        made = [(q, target) for q in sorted(wanted) if q != target]
        for control, t in made:
            self.add(control, t)
        return made

    def undo(self, made: list[tuple[int, int]]) -> None:
        """Take back the CX gates of a :meth:`collect`."""
        for control, target in reversed(made):
            self.add(control, target)
