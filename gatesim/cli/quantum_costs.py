"""``gatesim quantum costs``: every strategy in one table, beside Qiskit's circuits and the published formula."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, progress
from .pictures import check_picture_path

if TYPE_CHECKING:
    from quantum.comparison import Comparison, Curve


def costs_command(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args].")],
    budgets: Annotated[
        str, typer.Option("--ancillas", help='Budgets of pebble, such as "124,60"; left out: 1/2, 1/4, the fewest.')
    ] = "",
    effort: Annotated[str, typer.Option(help="What is spent on few ANDs: quick, normal, high.")] = "quick",
    library: Annotated[bool, typer.Option(help="Qiskit's own circuits for the same function too.")] = True,
    plot: Annotated[Path | None, typer.Option(help="Draw T gates against ancillas (.png, .svg, .pdf).")] = None,
    states: Annotated[int, typer.Option(help="Basis states to verify each circuit on.", min=1)] = 1 << 16,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compile a netlist by every strategy, verify all circuits, and compare what they cost."""
    check_picture_path(plot)
    given = _numbers(budgets)
    announce_compilation()
    from quantum.comparison import compare, pebble_curve

    from ..passes import clock_cycle

    net = clock_cycle(load_circuit(circuit))
    with progress.status("compiling and verifying ..."):
        found = compare(net, budgets=given, effort=effort, states=states, library=library)  # pyright: ignore[reportArgumentType]
    curve = None
    if plot is not None:
        from quantum.pictures import curve_figure

        with progress.status("drawing the curve ..."):
            curve = pebble_curve(net, effort=effort, states=states)  # pyright: ignore[reportArgumentType]
            curve_figure(curve, net.name).savefig(plot, dpi=150)
    if as_json:
        facts: dict[str, Any] = {"rows": [r.as_dict() for r in found.rows], "missing": found.missing}
        typer.echo(json.dumps(facts | ({"curve": asdict(curve)} if curve else {})))
        return
    _show(net.name, found, curve)
    if plot is not None:
        console.print(f"written: {plot}")


def _numbers(text: str) -> list[int] | None:
    try:
        return [int(part) for part in text.split(",")] if text else None
    except ValueError:
        raise typer.BadParameter(f'{text!r} is no list of numbers: write --ancillas "124,60"') from None


def _show(name: str, found: Comparison, curve: Curve | None) -> None:
    from quantum.comparison import ROTATION_T

    first = _table(name, "qubits", "ancillas", "ANDs", "Toffoli", "T", "rotations")
    second = _table("", "T-depth", "CX", "depth", "right", "physical", "seconds")
    for row in found.rows:
        c, title = row.costs, row.name.replace("[", r"\[")
        figures = (c.qubits, c.ancillas, c.ands, c.toffolis, c.t_count, row.rotations)
        first.add_row(title, *(f"{n:,}" for n in figures))
        right = {True: "yes", False: "[bold red]no[/]", None: "?"}[row.right]
        depths = (f"{n:,}" for n in (c.t_depth, c.clifford_cx, c.depth))
        second.add_row(title, *depths, right, f"{row.physical.qubits:,}", f"{row.physical.seconds:.2g}")
    console.print(first)
    console.print(second)
    for row in found.rows:
        console.print(f"{row.name}: {row.published}", style="dim", soft_wrap=True, markup=False, highlight=False)
    for row in found.rows:
        if not row.right:
            console.print(f"{row.name}: {row.check}", soft_wrap=True, markup=False, highlight=False)
    for what, why in found.missing.items():
        console.print(f"no row {what}: {why}", soft_wrap=True, markup=False, highlight=False)
    console.print(
        "CX with those inside ANDs (6) and Toffoli gates (6). Physical qubits and seconds: surface code, error 10^-3, "
        "one round a microsecond, the whole run failing once in 100, 4 factories (Fowler and Gidney 2018), a rotation "
        f"as {ROTATION_T} T gates (to 10^-6): an order of magnitude",
        style="dim", soft_wrap=True, highlight=False,
    )  # fmt: skip
    if curve is not None:
        shown = Table(
            "ancillas", "ANDs", "T", "T / bennett", "CX", title="fewer ancillas, more gates", title_justify="left"
        )
        for c in curve.points:
            ratio = f"{c.t_count / max(1, curve.bennett.t_count):.2f}"
            shown.add_row(f"{c.ancillas:,}", f"{c.ands:,}", f"{c.t_count:,}", ratio, f"{c.cx:,}")
        console.print(shown)


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right")
    return table
