"""Pictures of reversible circuits, and of what fewer ancillas cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gatesim.errors import ValueFitError

from .circuit import AND, PHASE, SWAP, UNAND, Reversible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .comparison import Curve

MOST_GATES = 400
"""Gates past which a circuit is no picture any more."""
MOST_QUBITS = 60
COLUMNS = 40
"""Columns in a row of the picture."""
COLOURS = {"input": "#1f5fa8", "output": "#1c7c4a", "ancilla": "#8a5a00"}
ENGLISH: dict[str, str] = {
    "and": "AND: four T gates",
    "unand": "measured away: no T gate",
    "ancillas": "ancillas",
    "t": "T gates",
    "planned": "best schedule found",
    "verified": "compiled and verified",
    "bennett": "bennett: one ancilla an AND",
}


def circuit_figure(circuit: Reversible, words: Mapping[str, str] = ENGLISH) -> Figure:
    """The circuit, one line a qubit, qubit 0 on top; gates side by side where they do not cross.

    A product that is computed onto an ancilla is a filled square, one that is measured away an empty one.

    Raises
    ------
    ValueFitError
        Too many gates or qubits to show anything.
    """
    from matplotlib.figure import Figure

    if circuit.n_gates > MOST_GATES or circuit.n_qubits > MOST_QUBITS:
        raise ValueFitError(
            f"a picture of {circuit.n_gates:,} gates on {circuit.n_qubits:,} qubits shows nothing (the most is "
            f"{MOST_GATES} gates, {MOST_QUBITS} qubits): write .qasm"
        )
    columns = _columns(circuit)
    width = max(columns, default=0) + 1
    n_rows = -(-width // COLUMNS)
    shown = min(width, COLUMNS)
    figure = Figure(figsize=(1.6 + 0.28 * shown, (0.28 * circuit.n_qubits + 0.5) * n_rows + 0.3), layout="constrained")
    rows = figure.subplots(n_rows, 1, squeeze=False)[:, 0]
    for k, axes in enumerate(rows):
        _wires(axes, circuit, shown, last=k == n_rows - 1)
    for index, column in enumerate(columns):
        _gate(rows[column // COLUMNS], column % COLUMNS, *circuit.gate(index))
    if (circuit.op == AND).any():
        _legend(rows[-1], words)
    return figure


def _columns(circuit: Reversible) -> list[int]:
    """The column of each gate: the first one free on all lines that it crosses."""
    free = [0] * circuit.n_qubits
    found = []
    for index in range(circuit.n_gates):
        _, qubits = circuit.gate(index)
        lines = range(min(qubits, default=0), max(qubits, default=-1) + 1)
        column = max((free[q] for q in lines), default=0)
        found.append(column)
        for q in lines:
            free[q] = column + 1
    return found


def _wires(axes: Axes, circuit: Reversible, width: int, last: bool) -> None:
    ends = {
        q: f"{name}[{i}]" if len(qs) > 1 else name for name, qs in circuit.outputs.items() for i, q in enumerate(qs)
    }
    kinds = [r.kind for r in circuit.registers for _ in range(r.width)]
    for q, (place, kind) in enumerate(zip(circuit.places, kinds, strict=True)):
        axes.plot((-0.7, width - 0.3), (q, q), color="#555555", lw=0.8, zorder=1)
        start = f"{place}  |0>" if kind == "ancilla" else place
        axes.text(-0.9, q, start, ha="right", va="center", fontsize=9, color=COLOURS[kind])
        if last:
            end = "|0>" if kind == "ancilla" else ends.get(q, place)
            axes.text(
                width - 0.1,
                q,
                end,
                ha="left",
                va="center",
                fontsize=9,
                color=COLOURS["output"] if q in ends else COLOURS[kind],
            )
    axes.set(xlim=(-0.8, width), ylim=(circuit.n_qubits - 0.4, -0.6), aspect="equal")
    axes.axis("off")


def _gate(axes: Axes, x: int, op: int, qubits: tuple[int, ...]) -> None:
    if not qubits:
        return
    axes.plot((x, x), (min(qubits), max(qubits)), color="black", lw=1.0, zorder=2)
    dots, target = (qubits, None) if op == PHASE else ((), None) if op == SWAP else (qubits[:-1], qubits[-1])
    for q in dots:
        axes.plot(x, q, "o", ms=4.2, color="black", zorder=3)
    if op == SWAP:
        for q in qubits:
            axes.plot(x, q, "x", ms=6, color="black", zorder=3)
    elif target is not None and op in (AND, UNAND):
        axes.plot(x, target, "s", ms=8, mec="black", mfc="#e0952b" if op == AND else "white", zorder=3)
    elif target is not None:
        axes.plot(x, target, "o", ms=9, mec="black", mfc="white", zorder=3)
        axes.plot(x, target, "+", ms=9, color="black", zorder=4)


def _legend(axes: Axes, words: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    marks = [
        Line2D([], [], marker="s", ls="", ms=8, mec="black", mfc=face, label=words[key])
        for key, face in (("and", "#e0952b"), ("unand", "white"))
    ]
    axes.legend(handles=marks, loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False, fontsize=9)


def curve_figure(curve: Curve, title: str, words: Mapping[str, str] = ENGLISH) -> Figure:
    """T gates against ancillas: every budget planned, some compiled and verified, and where bennett stands."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve.budgets, [4 * n for n in curve.planned], "-", color="#3b6fb6", label=words["planned"])
    axes.plot(
        [c.ancillas for c in curve.points],
        [c.t_count for c in curve.points],
        "o",
        color="#3b6fb6",
        label=words["verified"],
    )
    axes.plot(curve.bennett.ancillas, curve.bennett.t_count, "s", ms=9, color="#d1495b", label=words["bennett"])
    axes.set(xlabel=words["ancillas"], ylabel=words["t"], title=title, ylim=(0, None), xlim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
