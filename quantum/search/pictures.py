"""A picture of a search: the probability of a solution, iteration by iteration."""

from __future__ import annotations

from typing import Any

import numpy as np

from .grover import Search

MOST_POINTS = 60
"""Measured probabilities that are drawn; with more iterations, every so many-th."""


def probability_figure(search: Search) -> Any:
    """A matplotlib figure: measured probabilities on the curve of the formula, beside a classical search.

    The classical curve is the probability that one of as many random inputs, none twice, is a solution.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    k, n_states = search.iterations, 1 << search.n_inputs
    figure = Figure(figsize=(8.4, 5.2), layout="constrained")
    axes = figure.subplots()
    fine = np.linspace(0, max(k, 1), 600)
    theta = np.arcsin(np.sqrt(search.n_solutions / n_states))
    axes.plot(fine, np.sin((2 * fine + 1) * theta) ** 2, color="#2678be", label="formula: sin²((2k + 1)θ)")
    shown = np.arange(0, k + 1, max(1, k // MOST_POINTS))
    axes.plot(shown, search.probabilities[shown], "o", ms=4, color="#a3231b", label=f"measured ({search.level})")
    tried = np.arange(max(k, 1) + 1)
    misses = np.clip(n_states - search.n_solutions - tried, 0, None) / np.clip(n_states - tried, 1, None)
    axes.plot(tried, 1 - np.cumprod(misses), "--", color="#0b6b3a", label="classical: k + 1 random inputs")
    axes.set(
        xlabel="iterations k (queries of the oracle)", ylabel="probability of a solution", ylim=(-0.03, 1.06),
        title=f"{search.name}: {search.n_solutions:,} of {n_states:,} inputs",
    )  # fmt: skip
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure
