"""``python -m benchmarks [NAME ...] [--json FILE] [--quick]``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from .harness import Record, save

NAMES = ("build", "compiling", "combinational", "compiled", "tile")


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(NAMES)}; all when left out.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write records and environment to this file.")] = None,
    quick: Annotated[bool, typer.Option(help="Smaller circuits, fewer runs.")] = False,
) -> None:
    """Measure, and hold every figure against its goal."""
    console = Console()
    for name in names or []:
        if name not in NAMES:
            raise typer.BadParameter(f"{name!r} is no benchmark; choose from {', '.join(NAMES)}")
    records: list[Record] = []
    for name in names or NAMES:
        with console.status(f"measuring {name} ..."):
            records += import_module(f".{name}", __package__).run(quick)
    table = Table("name", "circuit", "value", "unit", "goal", "met", "peer", "ratio")
    for r in records:
        met = "" if r.met is None else ("yes" if r.met else "NO")
        goal = "" if r.goal is None else f"{'<=' if r.unit == 's' else '>='} {r.goal:,g}"
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}x"
        table.add_row(r.name, r.circuit, f"{r.value:,.4g}", r.unit, goal, met, r.peer or "", ratio)
    console.print(table)
    if json:
        save(records, json)
        console.print(f"written: {json}")


if __name__ == "__main__":
    typer.run(main)
