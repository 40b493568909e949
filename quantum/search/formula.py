"""What Grover's algorithm promises: M of N inputs marked, k iterations.

Success has probability sin^2((2k + 1) theta) with sin^2(theta) = M / N (Grover 1996; Boyer, Brassard, Høyer, Tapp
1998, arXiv quant-ph/9605034, section 3).
"""

from __future__ import annotations

from math import asin, pi, sqrt

import numpy as np


def success_probability(n_states: int, n_solutions: int, iterations: int | np.ndarray) -> np.ndarray:
    """The probability that a measurement after `iterations` shows a solution.

    Examples
    --------
    >>> success_probability(4, 1, np.array([0, 1])).round(12).tolist()
    [0.25, 1.0]
    """
    theta = asin(sqrt(n_solutions / n_states))
    return np.sin((2 * np.asarray(iterations) + 1) * theta) ** 2


def best_iterations(n_states: int, n_solutions: int) -> int:
    """The fewest iterations to the first maximum of :func:`success_probability`.

    None where half of the inputs or more are solutions: there a measurement of the uniform superposition, which is
    one random input, does as well.

    Examples
    --------
    >>> best_iterations(1 << 20, 2), best_iterations(16, 1), best_iterations(32, 18)
    (568, 3, 0)
    """
    if 2 * n_solutions >= n_states:
        return 0
    return int(pi / (4 * asin(sqrt(n_solutions / n_states))))


def classical_queries(n_states: int, n_solutions: int) -> float:
    """Inputs that a search in random order, none twice, tries on average until it meets a solution."""
    return (n_states + 1) / (n_solutions + 1)
