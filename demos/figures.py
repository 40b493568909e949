"""Plots as SVG text, with matplotlib."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def svg_of(figure: Any) -> str:
    """The ``<svg>`` element of a matplotlib figure, its text kept as text."""
    use_style()
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)


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
