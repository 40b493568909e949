"""Pictures as PNG and PDF, drawn by matplotlib, whose DejaVu Sans looks the same everywhere."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path as FilePath

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke

from .picture import Mark, Picture

POINTS_AN_INCH = 72


def plot(drawn: Picture, path: FilePath, scale: float) -> None:
    """Write a picture with `scale` pixels for one of the sheet (a PDF has a point for each)."""
    figure = Figure(figsize=(drawn.width / POINTS_AN_INCH, drawn.height / POINTS_AN_INCH), facecolor=drawn.background)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, drawn.width)
    axes.set_ylim(drawn.height, 0)
    axes.axis("off")
    for _, alike in groupby(drawn.marks, key=lambda m: m[1:5]):
        marks = list(alike)
        # Filled bodies may hide what lies below them, so only lines of one ink are put down at once.
        for group in [marks] if marks[0].fill is None else [[m] for m in marks]:
            axes.add_patch(_patch(group))
    for text in drawn.texts:
        shown = axes.text(
            text.x, text.y + 0.36 * text.size, text.text, fontsize=text.size, color=text.colour, va="baseline",
            ha={"start": "left", "middle": "center", "end": "right"}[text.anchor],
            fontweight="bold" if text.bold else "normal", fontfamily="DejaVu Sans", zorder=3, parse_math=False,
        )  # fmt: skip
        if text.halo:
            shown.set_path_effects([withStroke(linewidth=3, foreground=text.halo)])
    # Without a date, the same picture is the same bytes.
    metadata = {"Software": None} if path.suffix.lower() == ".png" else {"CreationDate": None}
    figure.savefig(path, dpi=POINTS_AN_INCH * scale, facecolor=drawn.background, metadata=metadata)


def _patch(marks: list[Mark]) -> PathPatch:
    points: list[tuple[float, float]] = []
    codes: list[int] = []
    for mark in marks:
        for command in mark.path:
            numbers = command[1:]
            if command[0] == "Z":
                points.append(points[-1])
                codes.append(int(Path.CLOSEPOLY))
                continue
            code = {"M": Path.MOVETO, "L": Path.LINETO, "C": Path.CURVE4}[command[0]]
            points += list(zip(numbers[::2], numbers[1::2], strict=True))
            codes += [int(code)] * (len(numbers) // 2)
    _, stroke, width, dash, fill, _ = marks[0]
    return PathPatch(
        Path(points, codes), facecolor=fill or "none", edgecolor=stroke or "none", linewidth=width if stroke else 0,
        linestyle=(0, dash) if dash else "solid", capstyle="butt" if dash else "projecting", joinstyle="round",
        zorder=2,
    )  # fmt: skip
