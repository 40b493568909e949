"""Circuits within a budget of ancillas, by the schedules of :mod:`quantum.pebbling`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gatesim import Netlist
from gatesim.errors import ValueFitError

from .circuit import Reversible
from .forms import Forms, one_output
from .forward import Forward, finished, reverse
from .pebbling import NEVER, Course, Plan, Step
from .wiring import Ancillas, Gate, Wiring

Sums = dict[int, frozenset[int]]
"""Nets as sums of qubits."""


def pebble(net: Netlist, forms: Forms, *, phase: bool = False, ancillas: int | None = None) -> Reversible:
    """The circuit of :func:`quantum.bennett.bennett` with at most `ancillas` ancillas, or with the fewest found.

    Raises
    ------
    ValueFitError
        No schedule found needs so few; the message says how many do.
    """
    return _Player(net, forms, best_plan(forms, ancillas), phase).play(ancillas)


def best_plan(forms: Forms, ancillas: int | None = None) -> Plan:
    """Of the orders of computation tried, that with the cheapest schedule for `ancillas` (or the smallest budget)."""
    plans = [
        Plan(Course.of(forms, order), sum(forms.is_and) if ancillas is None else ancillas) for order in orders(forms)
    ]
    if ancillas is None:
        return min(plans, key=lambda p: (p.least, p.cost[p.least]))
    return min(plans, key=lambda p: p.cost[-1])


def orders(forms: Forms) -> list[list[int]]:
    """Orders of computation: outputs one after another from the lowest bit, from the highest, and as levels go."""
    found = []
    for wanted in (forms.output_nets, forms.output_nets[::-1], sorted(forms.output_nets)):
        done = {0, 1, *forms.inputs}
        order = [n for net in wanted for n in forms.drivers_first(net, done)]
        if order not in found:
            found.append(order)
    return found


class _Player:
    """Emits the gates of a plan."""

    def __init__(self, net: Netlist, forms: Forms, plan: Plan, phase: bool) -> None:
        self.net, self.forms, self.plan = net, forms, plan
        self.wiring = Wiring()
        self.given: Sums = self.wiring.add_inputs(forms.net)
        self.sign = one_output(net) if phase else None
        targets = [-1] if phase else [q for p in net.outputs for q in self.wiring.add(p.name, p.width, "output")]
        self.todo: dict[int, list[int]] = {}
        """Output nets not shown yet, with the qubits that show them."""
        for n, q in zip(forms.output_nets, targets, strict=True):
            self.todo.setdefault(n, []).append(q)
        self.ancillas = Ancillas(self.wiring.size)
        self.gates: list[Gate] = []

    def play(self, room: int | None) -> Reversible:
        plan, course = self.plan, self.plan.course
        room = plan.least if room is None else room
        if room is None or plan.cost[room] >= NEVER:
            least = best_plan(self.forms).least
            raise ValueFitError(
                f"{self.net.name!r}: no schedule with {room} ancillas was found; the fewest that do are {least}"
            )
        without_gates = set(self.todo) - set(course.nets)
        self.gates += self._forward(sorted(without_gates), self.given, ()).computing()
        if course.nets:
            self._finish(0, self.given, room)
        assert not self.todo
        return finished(self.wiring, self.ancillas, self.gates, self.net.name, self.sign)

    # -- the plan --------------------------------------------------------------------------------

    def _finish(self, i: int, given: Sums, room: int) -> None:
        """Show all outputs after cut `i`, whose live nets are `given`."""
        plan, last = self.plan, len(self.plan.course.cuts) - 1
        step = plan.finish(i, room)
        if step.how == "direct":
            self._direct(i, last, given, {})
        elif step.how == "hold":
            inner, undoing = self._hold(i, step, given)
            self._finish(step.middle, inner, room - plan.products(i, step.middle))
            self.gates += undoing
        else:
            kept = self._kept(given, step.middle, {})
            self._reach(i, step.middle, given, kept, room)
            self._finish(step.middle, given | _alone(kept), room - plan.width(i, step.middle))
            self._unreach(i, step.middle, given, kept, room)

    def _reach(self, i: int, j: int, given: Sums, targets: Mapping[int, int], room: int) -> None:
        """XOR live nets of cut `j` onto clean qubits, from those of cut `i`."""
        plan = self.plan
        step = plan.reach(i, j, room)
        m = step.middle
        if step.how == "direct":
            self._direct(i, j, given, targets)
        elif step.how == "hold":
            inner, undoing = self._hold(i, step, given)
            passing = plan.width(i, j) - plan.width(m, j)
            self._reach(m, j, inner, targets, room - plan.products(i, m) - passing)
            self.gates += undoing
        else:
            kept = self._kept(given, m, targets)
            later = {n: q for n, q in targets.items() if n not in kept}
            own = {n: q for n, q in kept.items() if n not in targets}
            passing = {n: q for n, q in kept.items() if n in targets}
            self._reach(i, m, given, kept, room)
            self._reach(m, j, given | _alone(kept), later, room - plan.width(i, m))
            self._unreach(i, m, given | _alone(passing), own, room - plan.width(m, j))

    def _unreach(self, i: int, j: int, given: Sums, targets: Mapping[int, int], room: int) -> None:
        """Take the nets off again that a :meth:`_reach` put there."""
        outside, self.gates = self.gates, []
        self._reach(i, j, given, targets, room)
        self.gates = outside + reverse(self.gates)

    # -- its parts -------------------------------------------------------------------------------

    def _kept(self, given: Sums, m: int, targets: Mapping[int, int]) -> dict[int, int]:
        """Qubits for what is live at cut `m` and not given: targets that want it anyway, else new ones."""
        live = sorted(self.plan.course.live[m] - set(given))
        return {n: targets[n] if n in targets else self.ancillas.take() for n in live}

    def _direct(self, i: int, j: int, given: Sums, targets: Mapping[int, int]) -> None:
        forward = self._forward(self._nets(i, j), given, targets)
        for n, onto in targets.items():
            forward.require(n)
            forward.copy(n, onto)
        self.gates += forward.computing() + forward.undoing()

    def _hold(self, i: int, step: Step, given: Sums) -> tuple[Sums, list[Gate]]:
        """Make the nets up to a cut; what they and everything older are now, and the gates that undo it."""
        live = self._needed(step.middle)
        forward = self._forward(self._nets(i, step.middle), given, live)
        for n in live:
            forward.require(n)
        self.gates += forward.computing()
        return {n: frozenset(forward.read(n)) for n in live}, forward.undoing()

    def _forward(self, nets: Iterable[int], given: Sums, wanted: Iterable[int]) -> Forward:
        """A forward half that shows the outputs among `nets` which nothing showed before."""
        copies = [(n, onto) for n in nets if n in self.todo for onto in self.todo.pop(n)]
        forward = Forward(self.forms, given, [*wanted, *(n for n, _ in copies)], self.ancillas)
        for n, onto in copies:
            forward.require(n)
            if self.sign is None:
                forward.copy(n, onto)
            else:
                forward.sign(n)
        return forward

    def _nets(self, i: int, j: int) -> tuple[int, ...]:
        course = self.plan.course
        return course.nets[course.cuts[i] : course.cuts[j]]

    def _needed(self, m: int) -> list[int]:
        """Live nets of cut `m`, and the inputs that are read after it."""
        course = self.plan.course
        inputs = set(self.forms.inputs)
        read = {b for net in course.nets[course.cuts[m] :] for b in self.forms.below(net) if b in inputs}
        return sorted(course.live[m] | read)


def _alone(kept: Mapping[int, int]) -> Sums:
    return {n: frozenset((q,)) for n, q in kept.items()}
