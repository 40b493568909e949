"""Throughput against netlist size and against patterns, as SVG."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

matplotlib.rcParams.update({"svg.hashsalt": "gatesim", "font.size": 11})


def draw(rows: list[dict], folder: Path) -> None:
    """``performance_size.svg`` and ``performance_patterns.svg`` from the records of ``growth``."""
    _by_size([r for r in rows if r["name"] == "throughput by size"], folder / "performance_size.svg")
    _by_patterns([r for r in rows if r["name"] == "throughput by patterns"], folder / "performance_patterns.svg")


def _count(circuit: str, what: str) -> int:
    found = re.search(rf"([\d,]+) {what}", circuit)
    assert found is not None, circuit
    return int(found[1].replace(",", ""))


def _by_size(rows: list[dict], path: Path) -> None:
    _, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    gates = [_count(r["circuit"], "gates") for r in rows]
    rates = [r["value"] for r in rows]
    axes.semilogx(gates, rates, marker="o", color="tab:blue", label="interpreting tier, one core")
    best = max(rates)
    axes.axhspan(best / 2, best, color="tab:blue", alpha=0.08, label="within 2x of the best")
    axes.set_ylim(0, 1.15 * best)
    axes.set_xlabel("gates of an array multiplier")
    axes.set_ylabel("G gate-evaluations a second")
    axes.legend(loc="lower right")
    _save(axes, path)


def _by_patterns(rows: list[dict], path: Path) -> None:
    _, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    patterns = [_count(r["circuit"], "patterns") for r in rows]
    axes.loglog(patterns, [r["value"] for r in rows], marker="o", color="tab:blue", label="one call, one core")
    axes.set_xlabel(f"patterns of one call ({rows[0]['circuit'].rsplit(',', 1)[0]})")
    axes.set_ylabel("G gate-evaluations a second")
    axes.legend(loc="lower right")
    _save(axes, path)


def _save(axes: Axes, path: Path) -> None:
    axes.grid(True, which="major", alpha=0.3)
    assert axes.figure is not None
    axes.figure.savefig(path, metadata={"Date": None})  # type: ignore[union-attr]
    plt.close("all")
