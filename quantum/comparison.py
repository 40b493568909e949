"""All strategies in one table, beside Qiskit's circuits for the same function and the published formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from gatesim import Netlist
from gatesim.errors import UnsupportedError
from gatesim.passes.multiplicative import Effort

from .bennett import bennett
from .circuit import Reversible
from .costs import Costs, Physical, costs, physical
from .forms import Forms
from .inplace import inplace
from .pebble import best_plan, pebble
from .pebbling import NEVER
from .verification import verify

ROTATION_T = 65
"""T gates of a rotation to within 1e-6, by ``quantum.gate_sets.rotation_word(0.3, 1e-6)`` (3 log2(1/error), Ross and
Selinger, arXiv 1403.2975)."""


@dataclass(frozen=True)
class Row:
    """One circuit.

    Attributes
    ----------
    name, origin : str
        What it is; "gatesim" or "Qiskit".
    costs : Costs
    rotations : int
        By angles that no T gate makes; not in ``costs.t_count``.
    right : bool or None
        Whether it computes what the netlist does; None: could not be checked.
    check : str
        What the check found.
    published : str
        The formula to hold it against, with its source.
    physical : Physical
        First estimate on a surface code, each rotation as ``ROTATION_T`` T gates.
    """

    name: str
    origin: str
    costs: Costs
    rotations: int
    right: bool | None
    check: str
    published: str
    physical: Physical

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """Rows, and why a strategy has none."""

    rows: tuple[Row, ...]
    missing: dict[str, str]


def compare(
    net: Netlist, *, budgets: Sequence[int] | None = None, effort: Effort | None = "quick", states: int = 1 << 16,
    library: bool = True,
) -> Comparison:  # fmt: skip
    """Compile `net` by every strategy, check and count all circuits, and Qiskit's for the same function.

    Parameters
    ----------
    net : Netlist
        Combinational.
    budgets : sequence of int, optional
        Ancillas for the strategy pebble; left out: half and a quarter of what bennett takes, and the fewest found.
    states : int
        Basis states of every check.
    library : bool
        Whether Qiskit's circuits are shown.

    Examples
    --------
    >>> from circuits.adders import ripple_carry
    >>> from gatesim import build
    >>> for row in compare(build(ripple_carry, a=4, b=4), library=False).rows:
    ...     print(row.name, row.costs.qubits, row.costs.t_count, row.right)
    bennett 17 16 True
    bennett, Toffoli 17 56 True
    inplace 13 16 True
    pebble, 2 ancillas 15 24 True
    """
    forms = Forms(net, effort)
    most = sum(forms.is_and)
    whole = bennett(net, forms)
    bound = "T = 4 ANDs, one ancilla an AND (Meuli et al. 2019)"
    made: list[tuple[str, Reversible, str]] = [
        ("bennett", whole, bound),
        ("bennett, Toffoli", whole.with_toffolis(), "14 ANDs: every Toffoli twice, 7 T each"),
    ]
    missing = {}
    try:
        made.append(("inplace", inplace(net, Forms(net, effort)), "adders: 4n T, 4(n - 1) mod 2^n (Gidney 2018)"))
    except UnsupportedError as exc:
        missing["inplace"] = str(exc)
    plan = best_plan(forms)
    least = plan.least or 0
    wanted = sorted(
        {b for b in ((most // 2, most // 4, least) if budgets is None else budgets) if least <= b < most}, reverse=True
    )
    for budget in budgets or ():
        if budget < least:
            missing[f"pebble, {budget} ancillas"] = f"no schedule was found: the fewest that do are {least}"
    made += [
        (f"pebble, {b} ancillas", pebble(net, forms, ancillas=b), "no formula: best schedule found") for b in wanted
    ]
    rows = []
    for name, circuit, published in made:
        found = verify(circuit, net, states=states)
        counted = costs(circuit)
        rows.append(Row(name, "gatesim", counted, 0, bool(found), str(found), published, physical(counted)))
    return Comparison((*rows, *(_library_rows(net, states) if library else ())), missing)


def _library_rows(net: Netlist, states: int) -> list[Row]:
    from .library import candidates, measure

    rows = []
    for candidate in candidates(net):
        counted, rotations, right, check = measure(candidate, net, states)
        everything = replace(counted, t_count=counted.t_count + ROTATION_T * rotations)
        estimate = physical(everything)
        rows.append(Row(candidate.name, "Qiskit", counted, rotations, right, check, candidate.published, estimate))
    return rows


@dataclass(frozen=True)
class Curve:
    """What fewer ancillas cost.

    Attributes
    ----------
    budgets, planned : tuple of int
        Every budget for which a schedule was found, and its ANDs.
    points : tuple of Costs
        Some of them compiled and verified, fewest ancillas first.
    bennett : Costs
    """

    budgets: tuple[int, ...]
    planned: tuple[int, ...]
    points: tuple[Costs, ...]
    bennett: Costs


def pebble_curve(net: Netlist, *, points: int = 8, effort: Effort | None = "quick", states: int = 1 << 16) -> Curve:
    """T gates against ancillas; EquivalenceError where a circuit on the curve is wrong."""
    from .verification import assert_verified

    forms = Forms(net, effort)
    most = sum(forms.is_and)
    plans = [best_plan(forms), best_plan(forms, most)]
    cost = plans[0].cost
    for plan in plans[1:]:
        cost = [min(a, b) for a, b in zip(cost, plan.cost, strict=True)]
    budgets = [b for b in range(most + 1) if cost[b] < NEVER]
    least = budgets[0]
    chosen = sorted({round(least * (most / max(least, 1)) ** (k / max(points - 1, 1))) for k in range(points)})
    found = []
    for budget in chosen:
        circuit = pebble(net, forms, ancillas=budget)
        assert_verified(circuit, net, states=states)
        found.append(costs(circuit))
    return Curve(tuple(budgets), tuple(int(cost[b]) for b in budgets), tuple(found), costs(bennett(net, forms)))
