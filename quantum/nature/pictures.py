"""Pictures of spins over time and space, and of the wall that classical simulation meets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .dynamics import Dynamics
from .graphs import Graph
from .wall import SUPERCOMPUTER_BYTES, Wall, qubits_in

ENGLISH: dict[str, str] = {
    "exact": "exact",
    "trotter": "circuit (Trotter)",
    "noisy": "circuit with noise",
    "spin": "spin",
    "shell": "bonds from the centre",
    "time": "time",
    "magnetisation": "<Z>",
    "centre": "the spin in the centre",
    "far": "all spins together (mean)",
    "spins": "spins",
    "seconds": "seconds on one core",
    "gates": "gates",
    "classical": "classical: {growth} times longer a spin",
    "point": ".",
    "of": "of",
    "quantum": "quantum: gates of the same circuit",
    "here": "this machine's memory: {n}",
    "largest": "10 PB, largest\nsupercomputers: {n}",
    "bond": "bond dimension",
    "entangled": "what matrix product states must keep",
    "most": "most possible: {n}",
    "chain": "chain",
    "grid": "grid",
}
COLOURS = ("#16202a", "#2678be", "#a3231b", "#0b6b3a")


def waves_figure(
    graph: Graph, shown: Sequence[tuple[str, Dynamics]], words: Mapping[str, str] = ENGLISH, title: str = ""
) -> Any:
    """A matplotlib figure: <Z> of every spin over time, a panel each; below, the centre and the mean over time.

    Spins of a chain stand side by side; those of another graph are averaged by their distance from the centre.

    Parameters
    ----------
    shown : sequence of (key of `words`, Dynamics)
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(4.2 * len(shown), 8.4), 7.2), layout="constrained")
    if title:
        figure.suptitle(title)
    parts: Any = figure.subfigures(2, 1, height_ratios=[1.35, 1])
    upper, lower = parts
    panels = upper.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    image = None
    for axes, (key, seen) in zip(panels, shown, strict=True):
        values = _by_place(graph, seen.z)
        edges = _edges(seen.times)
        image = axes.pcolormesh(
            np.arange(values.shape[1] + 1) - 0.5, edges, values, cmap="RdBu", vmin=-1, vmax=1, shading="flat"
        )  # fmt: skip
        axes.set_title(words[key])
        axes.set_xlabel(words["spin"] if graph.is_chain else words["shell"])
        axes.xaxis.get_major_locator().set_params(integer=True)
    panels[0].set_ylabel(words["time"])
    upper.colorbar(image, ax=list(panels), label=words["magnetisation"])
    for axes, (what, values_of) in zip(
        lower.subplots(1, 2), (("centre", _centre_of(graph)), ("far", lambda z: z.mean(axis=1))), strict=True
    ):
        for k, (key, seen) in enumerate(shown):
            error = (
                None
                if not seen.shots
                else np.full(len(seen.times), 1 / np.sqrt(seen.shots * (1 if what == "centre" else graph.n)))
            )
            axes.errorbar(
                seen.times, values_of(seen.z), yerr=error, color=COLOURS[k], label=words[key],
                marker="o" if k else "", linestyle="-" if k == 0 else "", markersize=5,
            )  # fmt: skip
        axes.set(xlabel=words["time"], ylabel=words["magnetisation"], title=words[what])
        low, high = axes.get_ylim()
        if high - low < 0.2:  # what is conserved should look so
            axes.set_ylim((low + high) / 2 - 0.1, (low + high) / 2 + 0.1)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, alpha=0.25)
    lower.axes[0].legend(frameon=False, fontsize=10)
    return figure


def _centre_of(graph: Graph):
    return lambda z: z[:, graph.centre]


def _by_place(graph: Graph, z: np.ndarray) -> np.ndarray:
    if graph.is_chain:
        return z
    distance = graph.distances(graph.centre)
    return np.stack([z[:, distance == d].mean(axis=1) for d in range(distance.max() + 1)], axis=1)


def _edges(times: np.ndarray) -> np.ndarray:
    if len(times) == 1:
        return np.array([times[0] - 0.5, times[0] + 0.5])
    middle = (times[1:] + times[:-1]) / 2
    return np.concatenate(([times[0]], middle, [times[-1]]))


def _named(words: Mapping[str, str], name: str) -> str:
    """The name of a graph (``grid of 4 x 4``) in the language of `words`, its kind translated."""
    kind, of, size = name.partition(" of ")
    return f"{words[kind]} {words['of']} {size.replace('x', '×')}" if of else words[kind]


def wall_figure(
    walls: Sequence[Wall], memory_bytes: int, bonds: Mapping[str, tuple[Sequence[float], Sequence[int]]],
    most: int, words: Mapping[str, str] = ENGLISH, last: int = 56,
) -> Any:  # fmt: skip
    """A matplotlib figure: measured seconds with their fit and the walls of memory; gates; bond dimensions.

    Parameters
    ----------
    walls : sequence of Wall
    memory_bytes : int
        Of this machine.
    bonds : mapping
        By name: times, and the bond dimension at each.
    most : int
        The largest bond dimension that the number of spins admits.
    last : int
        Spins at which the axes end.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13.5, 5.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=[1.5, 1, 1])
    for k, wall in enumerate(walls):
        n = np.array([r.n for r in wall.runs])
        line = np.arange(n[0], last + 1)
        left.semilogy(n, [r.seconds for r in wall.runs], "o", color=COLOURS[k + 1], markersize=6)
        name = _named(words, wall.name)
        growth = f"{wall.fit.growth:.2f}".replace(".", words["point"])
        label = f"{name}, {words['classical'].format(growth=growth)}"
        left.semilogy(line, [wall.fit.seconds(x) for x in line], "--", color=COLOURS[k + 1], label=label)
        middle.plot([g[0] for g in wall.gates], [g[1] for g in wall.gates], "o-", color=COLOURS[k + 1], label=name)
    bottom, top = left.get_ylim()
    left.set_ylim(bottom, top * 300)
    for n_bytes, key, colour in ((memory_bytes, "here", "#0b6b3a"), (SUPERCOMPUTER_BYTES, "largest", "#a3231b")):
        n = qubits_in(n_bytes)
        left.axvline(n + 0.5, color=colour, linewidth=2)
        left.text(n + 0.1, bottom * 3, words[key].format(n=n), color=colour, rotation=90, ha="right", va="bottom")
    left.set(xlabel=words["spins"], ylabel=words["seconds"])
    left.legend(facecolor="white", framealpha=1, edgecolor="none", fontsize=10, loc="upper left")
    middle.set(xlabel=words["spins"], ylabel=words["gates"], title=words["quantum"], ylim=(0, None))
    middle.title.set_fontsize(11)
    middle.legend(frameon=False, fontsize=10)
    right.set_title(words["entangled"], fontsize=11)
    for k, (name, (times, values)) in enumerate(bonds.items()):
        right.semilogy(times, values, "o-", color=COLOURS[k + 1], label=_named(words, name), base=2)
    right.axhline(most, color="#16202a", linestyle=":", linewidth=1.5)
    right.text(0, most * 1.1, words["most"].format(n=most), fontsize=10)
    right.set(xlabel=words["time"], ylabel=words["bond"], ylim=(1, most * 2.5))
    right.legend(frameon=False, fontsize=10, loc="lower right")
    for axes in (left, middle, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, alpha=0.25)
    return figure
