"""Pictures of the comparison: the roofline of every design, and activity that sweeps through an array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from circuits.comparison import Row
from circuits.systolic import SystolicArray
from gatesim.timing.counting import weighed_steps

from .figures import use_style
from .text import Language, Text

_COLOURS = (
    "#0b6b3a", "#1f5fa8", "#b5471b", "#6a3d9a", "#8a6d00", "#a3231b", "#00727a", "#5a6672", "#b0308a", "#3a4753",
)  # fmt: skip
_MARKERS = "osD^vP*Xhd"


def cell_toggles(array: SystolicArray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(cycles, rows, columns) int64: nets of each cell that change at each clock edge of ``a @ b``."""
    cell = array.cell
    driven = (np.diff(cell.fanin_ptr) > 0).astype(np.float64)
    steps = weighed_steps(cell, array.cell_stimulus(a, b), driven)
    return np.rint(steps).astype(np.int64).reshape(-1, array.rows, array.columns)


def tensor_figure(rows: Sequence[Row], toggles: np.ndarray | None, title: str, language: Language = "en") -> Any:
    """The roofline above, a few frames of activity below (where there is an array)."""
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(12.5, 9.0 if toggles is not None else 6.4), layout="constrained")
    if toggles is None:
        draw_roofline(figure.subplots(), rows, language)
    else:
        parts = figure.subfigures(2, 1, height_ratios=(2.2, 1), squeeze=False)[:, 0]
        draw_roofline(parts[0].subplots(), rows, language)
        draw_frames(parts[1], toggles, language)
    figure.suptitle(title)
    return figure


def roofline(rows: Sequence[Row], language: Language) -> Any:
    """A figure with the roofline alone."""
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(11, 6), layout="constrained")
    draw_roofline(figure.subplots(), rows, language)
    return figure


def sweep(toggles: np.ndarray, language: Language) -> Any:
    """A figure with frames of activity alone."""
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(12, 2.9), layout="constrained")
    draw_frames(figure, toggles, language)
    return figure


def draw_roofline(axes: Any, rows: Sequence[Row], language: Language) -> None:
    """Multiply-accumulates a cycle over operations a byte: each design's roof, and the point that it reached.

    Names stand beside the axes, a line leads from each to its mark; marks that would cover each other stand
    side by side.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    intensities = [r.operations_per_byte for r in rows]
    left, right = min(intensities) / 8, max(intensities) * 64
    x = np.geomspace(left, right, 200)
    for k, r in enumerate(rows):
        roof = np.minimum(r.peak_macs, x / 2 * r.port_bytes)
        axes.plot(x, roof, color=_COLOURS[k % len(_COLOURS)], linewidth=1.4, alpha=0.6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain = FuncFormatter(lambda value, _: f"{value:,.10g}" if language == "en" else f"{value:.10g}".replace(".", ","))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(10))
        axis.set_major_formatter(plain)
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlim(left, right)
    lowest = min(min(r.macs_per_cycle, r.operations_per_byte / 2 * r.port_bytes) for r in rows)
    axes.set_ylim(10 ** np.floor(np.log10(lowest / 2)), 2 * max(r.peak_macs for r in rows))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, which="major", alpha=0.25)
    axes.set_xlabel(Text("operations a byte moved", "opérations par octet déplacé").to(language))
    axes.set_ylabel(Text("multiply-accumulates a cycle", "multiplications-additions par cycle").to(language))
    _draw_marks(axes, rows)


_MARK_POINTS = 11.0
_AXES_POINTS = (560.0, 380.0)
"""About the size of the axes, to tell which marks touch."""

_NAME_GAP = 0.066
"""Least distance of two names, in heights of the axes."""


def _draw_marks(axes: Any, rows: Sequence[Row]) -> None:
    from matplotlib.transforms import ScaledTranslation

    scale = axes.transData - axes.transAxes
    places = scale.transform([(r.operations_per_byte, r.macs_per_cycle) for r in rows])
    shifts = _side_by_side(places * _AXES_POINTS)
    heights = _spread(places[:, 1], _NAME_GAP)
    for k, r in enumerate(rows):
        colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)]
        moved = axes.transData + ScaledTranslation(shifts[k] / 72, 0, axes.figure.dpi_scale_trans)
        point = (r.operations_per_byte, r.macs_per_cycle)
        size = _MARK_POINTS * (1.5 if marker == "*" else 1.0)
        axes.plot(*point, marker, color=colour, markersize=size, markeredgecolor="white", transform=moved, zorder=4)
        axes.annotate(
            r.design, point, (1.03, heights[k]), xycoords=moved, textcoords="axes fraction", color=colour,
            fontsize=11, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.9, "alpha": 0.7, "shrinkB": _MARK_POINTS / 2},
        )  # fmt: skip


def _side_by_side(points: np.ndarray) -> np.ndarray:
    """How far to the right (points) each of (n, 2) marks moves, so that those that touch stand side by side."""
    shifts = np.zeros(len(points))
    left = list(range(len(points)))
    while left:
        group = [left.pop(0)]
        for k in group:
            near = [j for j in left if np.abs(points[j] - points[k]).max() < _MARK_POINTS]
            group += near
            left = [j for j in left if j not in near]
        middle = points[group, 0].mean()
        for i, k in enumerate(sorted(group, key=lambda k: points[k, 1])):
            shifts[k] = middle + (i - (len(group) - 1) / 2) * _MARK_POINTS - points[k, 0] if len(group) > 1 else 0.0
    return shifts


def _spread(heights: np.ndarray, gap: float) -> np.ndarray:
    """Heights from 0 to 1, moved as little as needed to be `gap` apart, in the same order."""
    order = np.argsort(heights, kind="stable")
    room = np.arange(len(heights)) * gap
    raised = np.maximum.accumulate(heights[order] - room) + room
    lowered = np.minimum(raised, 1 - room[::-1])
    found = np.empty(len(heights))
    found[order] = lowered
    return found


def draw_frames(figure: Any, toggles: np.ndarray, language: Language, n_frames: int = 6) -> None:
    """Heat maps of an array at a few moments of a run."""
    from matplotlib.colors import PowerNorm

    busy = np.flatnonzero(toggles.sum(axis=(1, 2)))
    edges = np.linspace(busy[0], busy[-1], n_frames + 1)
    chosen = np.unique(((edges[1:] + edges[:-1]) / 2).round().astype(int))
    norm = PowerNorm(0.5, 0, int(toggles.max()))  # loading weights moves little, and should be seen
    all_axes = figure.subplots(1, len(chosen), squeeze=False)[0]
    image = None
    for axes, cycle in zip(all_axes, chosen.tolist(), strict=True):
        image = axes.imshow(toggles[cycle], cmap="inferno", norm=norm, interpolation="nearest")
        axes.set_title(Text("cycle {k}", "cycle {k}").to(language, k=cycle + 1), fontsize=12)
        axes.set_xticks([])
        axes.set_yticks([])
    figure.colorbar(image, ax=list(all_axes), shrink=0.75, aspect=14).set_label(
        Text("nets of a cell\nthat change", "nets d’une cellule\nqui changent").to(language)
    )
