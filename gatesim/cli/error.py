"""``gatesim error``: how wrong is approximate arithmetic?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, progress, two_columns

if TYPE_CHECKING:
    from ..approximation import ErrorReport


def error(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args].")],
    exact: Annotated[str, typer.Option(help='What it should compute, such as "A*B" (names of its inputs).')],
    output: Annotated[str | None, typer.Option(help="The output to compare, where there are several.")] = None,
    signed: Annotated[bool, typer.Option("--signed", help="Two's complement inputs and output.")] = False,
    random: Annotated[int | None, typer.Option(help="So many random inputs instead of all.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Seed of --random.")] = 0,
    threads: Annotated[int | None, typer.Option(help="Cores to use (all).", min=1)] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture of histogram and error map (.png, .svg, .pdf).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Error metrics of approximate arithmetic over all inputs (up to 32 bits), or over a random sample."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from ..approximation import arithmetic_error
    from .pictures import check_picture_path

    announce_compilation()
    check_picture_path(plot)
    net = load_circuit(circuit)
    columns = TextColumn("{task.completed:>14,} of {task.total:,} inputs"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=progress, transient=True, disable=not progress.is_terminal) as bar:
        task = bar.add_task("inputs", total=0)
        report = arithmetic_error(
            net, exact, output=output, signed=signed, random=random, rng=seed, threads=threads,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )  # fmt: skip
    if plot is not None:
        from .pictures import plot_errors

        plot_errors(report, plot)
    if as_json:
        typer.echo(json.dumps(_document(report)))
        return
    _show(report)
    if plot is not None:
        console.print(f"written: {plot}")


def _document(report: ErrorReport) -> dict[str, object]:
    plain = {k: getattr(report, k) for k in ("circuit", "exact", "signed", "exhaustive", "n_patterns")}
    metrics = {k: getattr(report, k) for k in ("mae", "wce", "ep", "mse", "mre", "wcre", "mae_percent", "wce_percent")}
    return plain | metrics | {"histogram": report.histogram.tolist()}


def _show(report: ErrorReport) -> None:
    inputs = "all" if report.exhaustive else "random"
    rows = [
        ("inputs", f"{report.n_patterns:,} ({inputs})"),
        ("MAE, mean absolute error", f"{report.mae:.6g} ({report.mae_percent:.3g} % of the output's range)"),
        ("WCE, worst-case error", f"{report.wce:,} ({report.wce_percent:.3g} %)"),
        ("EP, error probability", f"{100 * report.ep:.4g} %"),
        ("MSE, mean squared error", f"{report.mse:.6g}"),
        ("MRE, mean relative error", f"{100 * report.mre:.4g} %"),
        ("WCRE, worst relative error", f"{100 * report.wcre:.6g} %"),
    ]
    console.print(two_columns(f"{report.circuit} against {report.exact}", rows))
