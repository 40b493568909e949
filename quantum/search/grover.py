"""``grover``: search the inputs of a netlist at one of three levels that give the same answer."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from time import perf_counter

import numpy as np

from gatesim import Netlist
from gatesim.errors import NoSolutionError, ValueFitError, unknown_name
from gatesim.passes.multiplicative import Effort

from ..synthesis import reversible
from .formula import best_iterations, classical_queries, success_probability
from .levels import BYTES_A_STATE, BranchLevel, Level, OracleLevel, Report, Run
from .predicate import Marks, predicate, require_room, values_of

LEVELS: dict[str, str] = {
    "circuit": "a real Qiskit circuit, on a state vector or Aer's matrix product states; a few input bits",
    "branches": "every gate of the oracle on every branch, bit-parallel; hundreds of qubits",
    "oracle": "a table of signs; up to 24 input bits and more",
}
"""The levels, with what each is."""

GROWTH = 6 / 5
"""By this the bound on the iterations grows from round to round (Boyer, Brassard, Høyer, Tapp, section 4)."""

MOST_FULL_ROUNDS = 48
"""Rounds at the largest bound, each of which finds a solution with at least 1/4 if there is one: 0.75^48 < 1.1e-6."""

MOST_ROUNDS = 1000
"""Measurements after which a search with a bad number of iterations ends."""

_BLOCK = 1 << 15
"""Inputs among which one measurement is drawn at once."""

SHOWN = 8
"""Solutions that a result lists."""


@dataclass(frozen=True)
class Round:
    """One round of a search: iterations, the input then measured, and whether it is a solution."""

    iterations: int
    state: int
    hit: bool


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found and what it took.

    Attributes
    ----------
    name, level : str
    n_inputs : int
        Input bits: there are 2^n_inputs inputs.
    n_qubits, n_gates : int or None
        Of one oracle call; None at the oracle level, which has neither.
    n_solutions : int
        By the classical search.
    iterations : int
        Of the last round.
    probabilities, formula : (iterations + 1,) float64
        Of a solution before the first iteration and after each, of the last round: measured, and as sin^2 has it.
    rounds : tuple of Round
        Until a solution was measured.
    state : int
        The solution; its ports in ``found``.
    found : dict of str to int
    solutions : tuple of (dict, float)
        The first few solutions, with the probability of each at the end.
    unknown : bool
        Whether the number of solutions was unknown to the search.
    seconds : float
        Of all rounds.
    classical_seconds, classical_queries : float
        Every input of the same netlist, bit-parallel; inputs tried on average in random order.
    """

    name: str
    level: str
    n_inputs: int
    n_qubits: int | None
    n_gates: int | None
    n_solutions: int
    iterations: int
    probabilities: np.ndarray
    formula: np.ndarray
    rounds: tuple[Round, ...]
    state: int
    found: dict[str, int]
    solutions: tuple[tuple[dict[str, int], float], ...]
    unknown: bool
    seconds: float
    classical_seconds: float
    classical_queries: float

    @property
    def queries(self) -> int:
        """Oracle calls: one an iteration, and one a round to check what was measured."""
        return sum(r.iterations + 1 for r in self.rounds)

    @property
    def error(self) -> float:
        """Largest distance between measured probability and formula."""
        return float(np.abs(self.probabilities - self.formula).max())


def grover(
    net: Netlist,
    *,
    output: str | None = None,
    value: int | None = None,
    level: str = "branches",
    iterations: int | None = None,
    solutions: int | None = None,
    unknown: bool = False,
    effort: Effort | None = None,
    rng: int = 0,
    threads: int | None = None,
    report: Report | None = None,
) -> Search:
    """Search for an input where a netlist shows 1, or `value` on `output`.

    Parameters
    ----------
    net : Netlist
        Combinational.
    output, value
        See :func:`quantum.search.predicate`.
    level : {"circuit", "branches", "oracle"}
        See :data:`LEVELS`.
    iterations : int, optional
        By the number of solutions when left out.
    solutions : int, optional
        Their number, where it is known; else they are counted, by the classical search.
    unknown : bool
        Nobody knows how many there are: rounds of a random number of iterations below a bound that grows (Boyer,
        Brassard, Høyer, Tapp, arXiv quant-ph/9605034).
    effort : {"quick", "normal", "high"} or None
        What is spent on an oracle of few ANDs (:func:`quantum.reversible`). None leaves the netlist's structure: of a
        function of few inputs, minimising leaves hardly a gate, for it looks at every input, which is a search.
    rng : int
        Seed of measurements and of random rounds.
    threads : int, optional
        All cores when left out; no result depends on it.
    report : callable, optional
        Called with the iterations done and to do of the present round.

    Returns
    -------
    Search
        A round whose measurement shows no solution is repeated.

    Raises
    ------
    NoSolutionError
        There is none.
    TooLargeError
        Too many input bits; said before anything is allocated.
    UnsupportedError
        Registers or memories; Aer is needed and absent.
    UnknownNameError, ValueFitError
        A wrong level, output, value or count.

    Examples
    --------
    >>> from quantum.search import factoring, grover
    >>> found = grover(factoring(35).net)
    >>> found.iterations, found.found, round(float(found.probabilities[-1]), 4)
    (2, {'p_half': 2, 'q_half': 3}, 0.9453)
    """
    if unknown and (iterations is not None or solutions is not None):
        raise ValueFitError("unknown=True chooses iterations itself: leave out iterations and solutions")
    net = predicate(net, output, value)
    made = _level(level, net, effort, threads)
    marks = made.marks if isinstance(made, OracleLevel) else Marks.of(net)
    random = np.random.default_rng(rng)
    began = perf_counter()
    if unknown:
        rounds, run = _unknown(made, marks, random, report)
    else:
        rounds, run = _known(made, marks, iterations, solutions, random, report)
    seconds = perf_counter() - began
    last = rounds[-1]
    return Search(
        name=net.name,
        level=level,
        n_inputs=marks.n_states.bit_length() - 1,
        n_qubits=made.n_qubits,
        n_gates=made.n_gates,
        n_solutions=marks.count,
        iterations=last.iterations,
        probabilities=run.probabilities,
        formula=success_probability(marks.n_states, marks.count, np.arange(last.iterations + 1)),
        rounds=tuple(rounds),
        state=last.state,
        found=values_of(net, last.state),
        solutions=tuple((values_of(net, k), float(run.weights[k])) for k in marks.first(SHOWN)),
        unknown=unknown,
        seconds=seconds,
        classical_seconds=marks.seconds,
        classical_queries=classical_queries(marks.n_states, marks.count),
    )


def _level(name: str, net: Netlist, effort: Effort | None, threads: int | None) -> Level:
    if name == "oracle":
        require_room(net, BYTES_A_STATE)
        return OracleLevel(Marks.of(net), threads)
    if name == "branches":
        return BranchLevel(net, reversible(net, phase=True, effort=effort), threads)
    if name == "circuit":
        from .real import CircuitLevel

        return CircuitLevel(net, effort)
    raise unknown_name("level", name, LEVELS)


def _known(
    level: Level, marks: Marks, iterations: int | None, solutions: int | None, random: np.random.Generator,
    report: Report | None,
) -> tuple[list[Round], Run]:  # fmt: skip
    if not marks.count:
        raise NoSolutionError(
            f"no solution exists: none of the {marks.n_states:,} inputs of {marks.net.name!r} is one (all were tried)"
        )
    if solutions is not None and not 1 <= solutions <= marks.n_states:
        raise ValueFitError(f"{solutions} solutions among {marks.n_states:,} inputs: 1 to all of them are possible")
    if iterations is None:
        iterations = best_iterations(marks.n_states, solutions or marks.count)
    if iterations < 0:
        raise ValueFitError(f"{iterations} iterations cannot be made")
    run = level.run(iterations, report)
    draw, rounds = _Measured(run.weights), []
    while not rounds or not rounds[-1].hit:
        if len(rounds) == MOST_ROUNDS:
            raise NoSolutionError(
                f"{MOST_ROUNDS} measurements after {iterations} iterations showed no solution, each with probability "
                f"{run.probabilities[-1]:.3g}: choose other iterations"
            )
        state = draw(random)
        rounds.append(Round(iterations, state, state in marks))
    return rounds, run


def _unknown(level: Level, marks: Marks, random: np.random.Generator, report: Report | None) -> tuple[list[Round], Run]:
    """Rounds until one shows a solution. `marks` only says whether it does: a query of the netlist."""
    largest = sqrt(marks.n_states)
    bound, full = 1.0, 0
    rounds: list[Round] = []
    while full < MOST_FULL_ROUNDS:
        run = level.run(int(random.integers(ceil(bound))), report)
        state = _Measured(run.weights)(random)
        rounds.append(Round(len(run.probabilities) - 1, state, state in marks))
        if rounds[-1].hit:
            return rounds, run
        full += bound >= largest
        bound = min(GROWTH * bound, largest)
    queries = sum(r.iterations + 1 for r in rounds)
    raise NoSolutionError(
        f"no solution found in {queries:,} queries of {marks.net.name!r}: if there is one, that happens less than once "
        "in a million searches"
    )


class _Measured:
    """Draws inputs with given probabilities."""

    def __init__(self, weights: np.ndarray) -> None:
        self._weights = weights
        self._ends = np.cumsum(np.add.reduceat(weights, np.arange(0, len(weights), _BLOCK)))

    def __call__(self, random: np.random.Generator) -> int:
        at = random.random() * self._ends[-1]
        block = min(int(np.searchsorted(self._ends, at, "right")), len(self._ends) - 1)
        inside = np.cumsum(self._weights[block * _BLOCK : (block + 1) * _BLOCK])
        inside += self._ends[block - 1] if block else 0.0
        return block * _BLOCK + min(int(np.searchsorted(inside, at, "right")), len(inside) - 1)
