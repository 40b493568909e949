"""Which gates can build everything: Post's five classes, closures, smallest netlists.

A set of gates is *complete* (a single gate: *universal*) when every Boolean function is some circuit
of them. Post's theorem decides it from truth tables alone: the set is complete exactly when none of
five classes holds all of its gates. The classes are closed under wiring gates together, so a gate
inside one can never leave it. This module computes the classes, checks the theorem by brute force
(:func:`closure`), and shows the constructions (:func:`smallest_netlists`).

Inputs may be used any number of times and wires are free. Constants are *not* free unless
``constants=True``; then only "monotone" and "affine" can still trap a set, because each of
the other three classes misses one of the constants.

Truth tables follow :mod:`gatesim.gates`: bit ``i`` is the output when pin ``k`` is bit ``k`` of ``i``.

References
----------
H. M. Sheffer, "A set of five independent postulates for Boolean algebras, with application to logical
constants", Transactions of the American Mathematical Society 14 (1913) 481-488: one operation (NAND,
NOR) is enough.
E. L. Post, "The Two-Valued Iterative Systems of Mathematical Logic", Annals of Mathematics Studies 5,
Princeton University Press, 1941: the five classes.
"""

from __future__ import annotations

from .post import (
    POST_CLASSES,
    TWO_INPUT_FUNCTIONS,
    GateLike,
    Row,
    TwoInputFunction,
    closure,
    explain,
    gate_table,
    is_complete,
    is_universal,
    post_classes,
    table,
    trapping_classes,
)
from .search import Smallest, smallest_netlists

__all__ = [
    "POST_CLASSES", "TWO_INPUT_FUNCTIONS", "GateLike", "Row", "Smallest", "TwoInputFunction", "closure", "explain",
    "gate_table", "is_complete", "is_universal", "post_classes", "smallest_netlists", "table", "trapping_classes",
]  # fmt: skip
