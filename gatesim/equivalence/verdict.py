"""What a comparison of two netlists found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["equal", "different", "undecided"]


@dataclass(frozen=True)
class Equivalence:
    """What a comparison found.

    Attributes
    ----------
    status : {"equal", "different", "undecided"}
        Proven equal; different, with a counterexample that the reference engine confirmed; or neither.
    how : str
        What decided it, or why nothing did.
    patterns, cycles : int
        How much was simulated.
    sat_calls : int
        Questions put to the SAT solver.
    seconds : float
    bound : int or None
        Of clocked netlists, the cycles from power-up that "equal" speaks of; None: all.
    counterexample : dict or None
        Values of the input ports (by their names in `a`) where the two differ; for clocked netlists a list
        of values each, one a cycle from power-up.
    outputs : dict or None
        Port name to (value in `a`, value in `b`) there, in the last cycle, for the ports that differ.
    """

    status: Status
    how: str
    patterns: int = 0
    cycles: int = 1
    sat_calls: int = 0
    seconds: float = 0.0
    bound: int | None = None
    counterexample: dict[str, int | list[int]] | None = None
    outputs: dict[str, tuple[int, int]] | None = None

    def __bool__(self) -> bool:
        """Whether they are proven equal."""
        return self.status == "equal"

    @property
    def proven(self) -> bool:
        """Whether it was decided, either way."""
        return self.status != "undecided"

    def __str__(self) -> str:
        """One sentence, which says what was proven."""
        if self.status == "equal":
            bound = "" if self.bound is None else f" in the first {self.bound:,} cycles from power-up"
            return f"equal, proven{bound}: {self.how}"
        if self.status == "undecided":
            return f"not decided: {self.how}"
        inputs = ", ".join(f"{k}={v}" for k, v in (self.counterexample or {}).items())
        outputs = ", ".join(f"{k} is {x} and {y}" for k, (x, y) in (self.outputs or {}).items())
        return f"differ at {inputs or 'power-up'}: {outputs}"
