"""``python -m benchmarks [NAME ...] [--json FILE] [--quick]``."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

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
    for line in lines(records):
        console.print(line, soft_wrap=True, highlight=False)
    if json:
        save(records, json)
        console.print(f"written: {json}")


def lines(records: list[Record]) -> list[str]:
    """A line a figure with its goal, and below it a line for each peer (rich markup)."""
    shown, last = [], None
    for r in records:
        if (r.name, r.circuit, r.value) != last:
            goal, met = "", ""
            if r.goal is not None:
                goal = f", goal {'<=' if r.unit in LOWER_IS_BETTER else '>='} {r.goal:,g}"
                met = _verdict(Record(r.name, r.circuit, r.value, r.unit, r.goal).met)
            shown.append(f"[bold]{r.name}[/]: {escape(r.circuit)}")
            shown.append(f"    [bold]{number(r.value)}[/] {r.unit}{goal}{met}")
            last = (r.name, r.circuit, r.value)
        if r.peer is not None and r.ratio is not None and r.peer_value is not None:
            wanted, met = "", ""
            if r.ratio_goal is not None:
                wanted = f", wanted {r.ratio_goal:g}x"
                met = _verdict(r.ratio >= r.ratio_goal)
            shown.append(f"    {number(r.ratio)}x {escape(r.peer)} ({number(r.peer_value)}){wanted}{met}")
    return shown


def _verdict(met: bool | None) -> str:
    return ": [green]met[/]" if met else ": [bold red]NOT MET[/]"


def number(value: float) -> str:
    """Three digits or more, never an exponent where a reader would rather count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


if __name__ == "__main__":
    typer.run(main)
