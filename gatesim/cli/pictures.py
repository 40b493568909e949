"""Plots that commands write to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import GatesimError

if TYPE_CHECKING:
    from ..approximation import ErrorReport

SUFFIXES = (".png", ".svg", ".pdf")


def check_picture_path(path: Path | None) -> None:
    """Refuse, before any work, a picture that could not be written.

    Raises
    ------
    GatesimError
        An unknown suffix, or a folder that does not exist.
    """
    if path is None:
        return
    if path.suffix.lower() not in SUFFIXES:
        raise GatesimError(f"cannot write a picture to {str(path)!r}: the name must end in {', '.join(SUFFIXES)}")
    if not path.resolve().parent.is_dir():
        raise GatesimError(f"cannot write {str(path)!r}: the folder {str(path.parent)!r} does not exist")


def plot_errors(report: ErrorReport, path: Path) -> None:
    """Histogram of errors and, for two operands, the mean error by their high bits."""
    import numpy as np
    from matplotlib.figure import Figure

    two = report.heat is not None
    figure = Figure(figsize=(11 if two else 6, 4.6), layout="constrained")
    figure.suptitle(f"{report.circuit} against {report.exact}: MAE {report.mae:.4g}, WCE {report.wce:,}")
    axes = figure.subplots(1, 2 if two else 1, squeeze=False)[0]
    last = int(np.flatnonzero(report.histogram).max())
    share = 100 * report.histogram[: last + 1] / report.n_patterns
    axes[0].bar(np.arange(last + 1), share, color="#3b6fb6")
    labels = ["0", "1", *(f"{1 << k - 1:,}" for k in range(2, last + 1))]
    step = max(1, (last + 1) // 10)
    axes[0].set_xticks(np.arange(0, last + 1, step), labels[: last + 1 : step])
    axes[0].set(xlabel="error (from this value to the next)", ylabel="inputs (%)", title="How large the errors are")
    if two:
        assert report.heat is not None
        shown = axes[1].imshow(report.heat, origin="lower", aspect="auto", cmap="viridis")
        first, second = report.operands
        axes[1].set(xlabel=f"high bits of {second}", ylabel=f"high bits of {first}", title="Where they are large")
        figure.colorbar(shown, ax=axes[1], label="mean absolute error")
    figure.savefig(path, dpi=150)
