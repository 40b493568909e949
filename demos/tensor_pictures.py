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
    """Multiply-accumulates a cycle over operations a byte: each design's roof, and the point that it reached."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    intensities = [r.operations_per_byte for r in rows]
    left, right = min(intensities) / 8, max(intensities) * 64
    x = np.geomspace(left, right, 200)
    for k, r in enumerate(rows):
        colour, marker = _COLOURS[k % len(_COLOURS)], _MARKERS[k % len(_MARKERS)]
        axes.plot(x, np.minimum(r.peak_macs, x / 2 * r.port_bytes), color=colour, linewidth=1.6, alpha=0.75)
        axes.plot([r.operations_per_byte], [r.macs_per_cycle], marker, color=colour, markersize=10, label=r.design)
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
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=11)


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
