"""``python -m benchmarks [NAME ...] [--json FILE] [--quick]``."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from .harness import LOWER_IS_BETTER, Record, save


def names() -> list[str]:
    """The benchmarks: the modules of this package that define ``run(quick)``, found without importing them."""
    return [p.stem for p in sorted(Path(__file__).parent.glob("*.py")) if _has_run(p)]


def _has_run(path: Path) -> bool:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body)


def main(
    chosen: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help=f"Which: {', '.join(names())}; all when left out.")
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Write the records, with the environment, to this file.")] = None,
    quick: Annotated[bool, typer.Option(help="Smaller circuits, fewer runs.")] = False,
) -> None:
    """Measure, and hold every figure against its goal."""
    console = Console()
    known = names()
    for name in chosen or []:
        if name not in known:
            raise typer.BadParameter(f"{name!r} is no benchmark; choose from {', '.join(known)}")
    records: list[Record] = []
    for name in chosen or known:
        with console.status(f"measuring {name} ..."):
            records += import_module(f".{name}", __package__).run(quick)
    console.print(table(records))
    if json:
        save(records, json)
        console.print(f"written: {json}")


def table(records: list[Record]) -> Table:
    """One row a record; goals carry the direction in which they are met."""
    made = Table(box=SIMPLE_HEAD)
    for heading in ("name", "circuit", "value", "unit", "goal", "peer", "ratio", "wanted", "met"):
        text = heading in ("name", "circuit", "unit", "peer")
        made.add_column(heading, justify="left" if text else "right", no_wrap=not text)
    for r in records:
        sign = "<=" if r.unit in LOWER_IS_BETTER else ">="
        made.add_row(
            r.name,
            r.circuit,
            number(r.value),
            r.unit,
            "" if r.goal is None else f"{sign} {r.goal:,g}",
            r.peer or "",
            "" if r.ratio is None else f"{r.ratio:,.2f}x",
            "" if r.ratio_goal is None else f">= {r.ratio_goal:g}x",
            "" if r.met is None else ("yes" if r.met else "[bold red]NO[/]"),
        )
    return made


def number(value: float) -> str:
    """Three digits or more, never an exponent where a reader would rather count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    typer.run(main)
