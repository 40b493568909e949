"""Plots (matplotlib) and circuits (the viewer's drawings) as SVG text that a page can hold."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from gatesim import Netlist

PLOT_SIZES = 4 / 3, 0.8
CIRCUIT_SIZES = 1.5, 0.9
"""Pixels for a unit of the drawing where there is room, and at least: words are 13 units high in plots, 10 in
circuits; where they would be too small to read, the drawing scrolls instead."""


def svg_of(figure: Any) -> str:
    """The ``<svg>`` element of a matplotlib figure, its text kept as text."""
    use_style()
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    text = re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)
    return _sized(text, *PLOT_SIZES)


def circuit_svg(net: Netlist, values: Mapping[str, int] | None = None) -> str:
    """The ``<svg>`` element of a circuit, as ``gatesim draw`` draws it; with `values`, what every wire carries."""
    from gatesim.viewer.draw import draw
    from gatesim.viewer.svg import svg

    return _sized(svg(draw(net, values=values)), *CIRCUIT_SIZES)


def _sized(svg: str, scale: float, smallest: float) -> str:
    """The element with `scale` pixels for each of its units, and never fewer than `smallest`."""
    head, body = svg.split(">", 1)
    width = float(head.split('viewBox="', 1)[1].split()[2])
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} width="{scale * width:.0f}" style="min-width:{smallest * width:.0f}px">{body}'


def use_style() -> None:
    """Type and fonts of every figure; a figure takes them when it is made."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {"svg.fonttype": "none", "svg.hashsalt": "gatesim", "font.size": 13, "font.family": "DejaVu Sans"}
    )


def new_figure(width: float = 8.5, height: float = 5.0) -> tuple[Any, Any]:
    """A figure and its axes, sized in inches, with type large enough for a projector."""
    from matplotlib.figure import Figure

    use_style()
    figure = Figure(figsize=(width, height))
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def png_of(pixels: np.ndarray, largest: int) -> bytes:
    """A small grey PNG of (rows, columns) `pixels` from 0 (white) to `largest` (black)."""
    from matplotlib.image import imsave

    buffer = io.BytesIO()
    imsave(buffer, pixels, cmap="gray_r", vmin=0, vmax=largest, format="png")
    return buffer.getvalue()
