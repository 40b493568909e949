"""``gatesim quantum grover``: search the inputs of a netlist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import NoSolutionError, ValueFitError, unknown_name
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, progress, two_columns
from .pictures import check_picture_path

if TYPE_CHECKING:
    from quantum.search import Problem, Search

EFFORTS = ("none", "quick", "normal", "high")
SHOWN_ROUNDS = 12


def grover(
    circuit: Annotated[
        str | None, typer.Argument(help="A file (.cnf for SAT), or module:function[args].", show_default=False)
    ] = None,
    factor: Annotated[int | None, typer.Option(help="Search for the factors of this number.", min=4)] = None,
    bits: Annotated[
        str | None, typer.Option(help="Bits of the two factors: 3x5. Half of the number's when left out.")
    ] = None,
    all_bits: Annotated[
        bool, typer.Option("--all-bits", help="Search the factors' lowest bits too, which are 1 in odd ones.")
    ] = False,
    against: Annotated[
        str | None, typer.Option(help="A second circuit: search for an input where they differ.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="The output that decides, where there are several.")] = None,
    value: Annotated[str | None, typer.Option(help="What it must show, such as 35 or 0x23.")] = None,
    level: Annotated[str, typer.Option(help="circuit (Qiskit), branches (every gate) or oracle (signs).")] = "branches",
    effort: Annotated[str, typer.Option(help="Spent on few ANDs: none, quick, normal, high.")] = "none",
    iterations: Annotated[int | None, typer.Option(help="So many instead of the best number.", min=0)] = None,
    solutions: Annotated[int | None, typer.Option(help="How many there are, instead of counting.", min=1)] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Search without knowing how many there are.")] = False,
    seed: Annotated[int, typer.Option(help="Of measurements and random rounds.", min=0)] = 0,
    threads: Annotated[int | None, typer.Option(help="Cores to use (all).", min=1)] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the probability by iteration (.png, .svg, .pdf).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Grover's search: an input where a netlist shows 1 (or a value), beside the classical search for it."""
    check_picture_path(plot)
    if effort not in EFFORTS:
        raise unknown_name("effort", effort, EFFORTS)
    wanted = None if value is None else _number(value)
    announce_compilation()
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from quantum.search import grover as search

    problem = _problem(circuit, factor, bits, all_bits, against)
    columns = TextColumn("iteration {task.completed:>6,} of {task.total:,}"), BarColumn(), TimeRemainingColumn()
    with Progress(*columns, console=progress, transient=True, disable=not progress.is_terminal) as bar:
        task = bar.add_task("iterations", total=0)
        try:
            found = search(
                problem.net, output=output, value=wanted, level=level, iterations=iterations, solutions=solutions,
                unknown=unknown, effort=None if effort == "none" else effort,  # pyright: ignore[reportArgumentType]
                rng=seed, threads=threads, report=lambda done, total: bar.update(task, completed=done, total=total),
            )  # fmt: skip
        except NoSolutionError as exc:
            hint = "; it may be prime, or its factors of other lengths: give them, --bits 2x5" if factor else ""
            raise NoSolutionError(f"{exc}{hint}") from None
    if plot is not None:
        from quantum.search.pictures import probability_figure

        probability_figure(found).savefig(plot, dpi=150)
    meaning = problem.meaning(found.found)
    if as_json:
        typer.echo(json.dumps(_document(found, meaning)))
        return
    _show(found, meaning)
    if plot is not None:
        console.print(f"written: {plot}")


def _problem(circuit: str | None, factor: int | None, bits: str | None, all_bits: bool, against: str | None) -> Problem:
    from quantum.search import Problem, counterexample, factoring, satisfying

    if (circuit is None) == (factor is None):
        raise ValueFitError("give either a circuit or --factor N")
    if factor is None and (bits or all_bits):
        raise ValueFitError("--bits and --all-bits belong to --factor")
    if factor is not None:
        if against:
            raise ValueFitError("--against belongs to a circuit, not to --factor")
        return factoring(factor, _widths(bits), odd=not all_bits)
    assert circuit is not None
    net = load_circuit(circuit)
    if against is not None:
        return counterexample(net, load_circuit(against))
    if Path(circuit.removesuffix(".gz")).suffix.lower() in (".cnf", ".dimacs"):
        return satisfying(net)
    return Problem(net, lambda values: ", ".join(f"{name} = {v}" for name, v in values.items()))


def _widths(bits: str | None) -> tuple[int, int] | None:
    if bits is None:
        return None
    match = re.fullmatch(r"(\d{1,3})x(\d{1,3})", bits)
    if match is None:
        raise ValueFitError(f"--bits {bits!r}: two numbers with an x between them are wanted, such as 3x5")
    return int(match[1]), int(match[2])


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ValueFitError(f"--value {text!r} is no integer; 35, 0x23 and 0b100011 are some") from None


def _document(found: Search, meaning: str) -> dict[str, Any]:
    plain = (
        "name", "level", "n_inputs", "n_qubits", "n_gates", "n_solutions", "iterations", "state", "found", "unknown",
        "queries", "error", "seconds", "classical_queries", "classical_seconds",
    )  # fmt: skip
    return {key: getattr(found, key) for key in plain} | {
        "meaning": meaning,
        "probabilities": found.probabilities.tolist(),
        "formula": found.formula.tolist(),
        "rounds": [{"iterations": r.iterations, "state": r.state, "hit": r.hit} for r in found.rounds],
    }


def _show(found: Search, meaning: str) -> None:
    n_states = 1 << found.n_inputs
    rows = [("inputs", f"{found.n_inputs} bits: {n_states:,}; solutions among them: {found.n_solutions:,}")]
    if found.n_qubits is not None:
        rows.append(("one oracle call", f"{found.n_qubits:,} qubits, {found.n_gates:,} gates"))
    else:
        rows.append(("one oracle call", "a table of signs"))
    if found.unknown:
        rows.append(("rounds, number unknown", _rounds(found)))
    else:
        tries = len(found.rounds)
        rows.append(("iterations", f"{found.iterations:,}" + (f", {tries} times until measured" if tries > 1 else "")))
    rows += [
        ("probability at the end" + ", last round" * found.unknown, f"{found.probabilities[-1]:.12f} measured"),
        ("", f"{found.formula[-1]:.12f} by the formula (largest difference {found.error:.1e})"),
        ("found", f"input {found.state}: {meaning}"),
        ("quantum queries", f"{found.queries:,}, simulated here in {found.seconds:.3g} s"),
        ("classical queries", f"{found.classical_queries:,.0f} on average, in random order"),
        ("classical search", f"all {n_states:,} inputs of the same netlist in {found.classical_seconds:.2g} s"),
    ]
    console.print(two_columns(f"{found.name} ({found.level})", rows), soft_wrap=True)
    console.print(_verdict(found), style="dim", soft_wrap=True)


def _rounds(found: Search) -> str:
    counts = [str(r.iterations) for r in found.rounds]
    if len(counts) > SHOWN_ROUNDS:
        counts = [*counts[:4], "...", *counts[5 - SHOWN_ROUNDS :]]
    return f"{len(found.rounds)}, of {', '.join(counts)} iterations"


def _verdict(found: Search) -> str:
    if found.queries < found.classical_queries:
        fewer = f"Grover asks {found.classical_queries / found.queries:,.1f} times fewer queries"
    else:
        fewer = "so few inputs leave Grover nothing to save: it asks no fewer queries"
    ratio = found.seconds / found.classical_seconds
    return (
        f"{fewer}; simulating it took {ratio:,.0f} times as long as trying every input, and a quantum computer would "
        f"need queries of less than {_time(found.classical_seconds / found.queries)} to be done as soon"
    )


def _time(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
