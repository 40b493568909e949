"""What precision costs: T gates of a rotation against its error, as table and plot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from .gate_sets import Word, rotation_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ERRORS: dict[str, tuple[float, ...]] = {
    "gridsynth": (1e-1, 1e-2, 1e-4, 1e-6, 1e-8, 1e-10),
    "solovay-kitaev": (1e-1, 1e-2),
}
ENGLISH: dict[str, str] = {
    "error": "error allowed",
    "t": "T gates",
    "gridsynth": "Ross and Selinger",
    "solovay-kitaev": "Solovay and Kitaev",
}


def words_by_error(angle: float) -> list[tuple[float, Word]]:
    """RZ(angle) by both methods for errors that shrink.

    Examples
    --------
    >>> [w.t_count for e, w in words_by_error(0.3) if w.method == "gridsynth" and e >= 1e-3]
    [9, 20]
    """
    return [(error, rotation_word(angle, error, method)) for method, errors in ERRORS.items() for error in errors]


def errors_figure(found: Sequence[tuple[float, Word]], words: Mapping[str, str] = ENGLISH) -> Figure:
    """T gates against the error, one line a method."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for (method, errors), mark, colour in zip(ERRORS.items(), "os", ("#3b6fb6", "#d1495b"), strict=True):
        own = [w.t_count for _, w in found if w.method == method]
        axes.plot(errors, own, f"{mark}-", color=colour, label=words[method])
    axes.set(xscale="log", yscale="log", xlabel=words["error"], ylabel=words["t"])
    axes.invert_xaxis()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
