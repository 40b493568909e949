"""``gatesim equiv``: do two circuits compute the same?"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import ValueFitError
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, progress, two_columns

if TYPE_CHECKING:
    from ..equivalence import Equivalence

STATUS = {"equal": 0, "different": 1, "undecided": 3}
"""Exit status of each verdict; 2 is for what cannot be compared."""


def equiv(
    first: Annotated[str, typer.Argument(metavar="A", help="A file, or module:function[args].")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    renamed: Annotated[
        str, typer.Option("--map", help='Ports or registers of A that B calls otherwise: "a=x,b=y".')
    ] = "",
    seq: Annotated[
        int | None, typer.Option(help="Clocked circuits: so many cycles from power-up instead of all.", min=1)
    ] = None,
    seconds: Annotated[float, typer.Option(help="Time after which to give up.", min=0.0)] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of the random patterns.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Compare two circuits: random simulation, then a proof with a SAT solver.

    Exit status 0: equal, proven; 1: different; 3: not decided in the time given.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from ..equivalence import equivalent
    from ..tristate import two_valued

    names = _names(renamed)
    announce_compilation()
    a, b = two_valued(load_circuit(first)), two_valued(load_circuit(second))
    columns = TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=progress, transient=True, disable=not progress.is_terminal) as bar:
        task = bar.add_task("comparing", total=None)
        found = equivalent(
            a, b, names=names, seconds=seconds, cycles=seq, rng=seed,
            report=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        _show(found, a.name, b.name)
    raise typer.Exit(STATUS[found.status])


def _names(text: str) -> dict[str, str]:
    """``{"a": "x"}`` from ``a=x``."""
    return pairs_of(text, "name-in-A=name-in-B")


def pairs_of(text: str, shape: str) -> dict[str, str]:
    """``{"a": "x", "b": "y"}`` from the text ``a=x,b=y`` of an option ``--map``; `shape` is told where it is wrong."""
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        own, equals, theirs = (s.strip() for s in part.partition("="))
        if not (own and equals and theirs):
            raise ValueFitError(f"--map {text!r}: {part!r} is no pair; write {shape}, separated by commas")
        if own in found:
            raise ValueFitError(f"--map {text!r}: {own!r} is there twice")
        found[own] = theirs
    return found


def _show(found: Equivalence, first: str, second: str) -> None:
    work = f"{found.patterns:,} patterns simulated, {found.sat_calls:,} SAT calls, {found.seconds:.2f} s"
    if found.status != "different":
        console.print(str(found), soft_wrap=True)
        console.print(work)
        return
    console.print(f"different (found by {found.how}, confirmed by the reference engine)", soft_wrap=True)
    clocked = any(isinstance(v, list) for v in (found.counterexample or {}).values())
    inputs = [(k, str(v)) for k, v in (found.counterexample or {}).items()]
    title = f"inputs, cycle 0 to {found.cycles - 1} from power-up" if clocked else "inputs"
    console.print(two_columns(title, inputs))
    outputs = [(k, f"{x} in {first}, {y} in {second}") for k, (x, y) in (found.outputs or {}).items()]
    console.print(two_columns(f"outputs in cycle {found.cycles - 1}" if clocked else "outputs", outputs))
    console.print(work)
