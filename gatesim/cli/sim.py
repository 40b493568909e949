"""``gatesim sim``: a truth table, or a table of values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from ..errors import GatesimError, ValueFitError
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import Radix, console, formatted

if TYPE_CHECKING:
    from ..netlist import Netlist
    from ..results import Result
    from ..stimulus import Stimulus

SMALL_BITS = 8


def sim(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args] such as kogge_stone[8].")],
    inputs: Annotated[str | None, typer.Option("--in", help="Values: a=3,b=0x1f (decimal, 0x, 0b, negative).")] = None,
    random: Annotated[int | None, typer.Option(help="So many random patterns.", min=1)] = None,
    exhaustive: Annotated[bool, typer.Option("--exhaustive", help="All input combinations.")] = False,
    cycles: Annotated[int | None, typer.Option(help="Clock cycles (for circuits with state).", min=1)] = None,
    watch: Annotated[list[str] | None, typer.Option(help="Inner net to show too; may be repeated.")] = None,
    engine: Annotated[str, typer.Option(help="logic2 (fast), cuda (on a GPU) or python (the definition).")] = "logic2",
    seed: Annotated[int, typer.Option(help="Seed of --random.")] = 0,
    radix: Annotated[Radix, typer.Option(help="How values are written.")] = Radix.dec,
    rows: Annotated[int, typer.Option(help="Rows shown at most (all of them with --json).", min=1)] = 64,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Simulate a circuit and show what comes out."""
    from ..engines import engine as engine_class
    from ..schedule import compile as compile_netlist

    announce_compilation()
    net = load_circuit(circuit)
    watched = watch or []
    stimulus = _stimulus(net, inputs, random, exhaustive, cycles, seed)
    result = engine_class(engine)(compile_netlist(net, keep=watched)).run(stimulus, watch=watched)
    table = _values(net, stimulus, result)
    if as_json:
        typer.echo(json.dumps(_document(net, stimulus, result, table)))
    else:
        _show(net, stimulus, table, watched, radix, rows)


def _stimulus(
    net: Netlist, inputs: str | None, random: int | None, exhaustive: bool, cycles: int | None, seed: int
) -> Stimulus:
    from ..stimulus import Stimulus

    chosen = [name for name, on in (("--in", inputs), ("--random", random), ("--exhaustive", exhaustive)) if on]
    if len(chosen) > 1:
        raise GatesimError(f"{' and '.join(chosen)} exclude each other: choose one")
    if cycles is not None and net.is_combinational:
        raise GatesimError(f"{net.name!r} has no state: --cycles is for clocked circuits")
    n_bits = sum(p.width for p in net.inputs)
    n_cycles = cycles or (1 if net.is_combinational else 16)
    if inputs:
        return Stimulus.from_values(net, parsed_values(inputs), n_cycles=n_cycles)
    if random:
        return Stimulus.random(net, random, n_cycles=n_cycles, rng=seed)
    if exhaustive or (net.is_combinational and n_bits <= SMALL_BITS):
        if not net.is_combinational:
            raise GatesimError(f"{net.name!r} has state: use --in or --random with --cycles")
        return Stimulus.exhaustive(net)
    if not n_bits:
        return Stimulus.from_values(net, {}, n_cycles=n_cycles)
    ports = ", ".join(f"{p.name}[{p.width}]" for p in net.inputs)
    raise GatesimError(f"{net.name!r} has inputs {ports}: give --in name=value,..., --random N or --exhaustive")


def parsed_values(text: str) -> dict[str, Any]:
    """Integers by name from ``a=3,b=0x1f``; ValueFitError where one cannot be read."""
    values: dict[str, Any] = {}
    for part in text.split(","):
        name, sign, number = part.partition("=")
        try:
            if not sign:
                raise ValueError
            values[name.strip()] = int(number.strip(), 0)
        except ValueError:
            raise ValueFitError(f"cannot read {part!r} in --in: write name=value, for example a=3,b=0x1f") from None
    return values


def _values(net: Netlist, stimulus: Stimulus, result: Result) -> dict[str, Any]:
    """Column name to (cycles, patterns) integers, inputs first."""
    import numpy as np

    given = stimulus.values(net)
    shape = (stimulus.n_cycles, stimulus.n_patterns)
    return {**{k: np.broadcast_to(v, shape) for k, v in given.items()}, **{k: result[k] for k in result}}


def _document(net: Netlist, stimulus: Stimulus, result: Result, table: dict[str, Any]) -> dict[str, Any]:
    one_axis = net.is_combinational or stimulus.n_patterns == 1
    values = {
        k: [int(x) for x in v.ravel()] if one_axis else [[int(x) for x in row] for row in v] for k, v in table.items()
    }
    inputs = {p.name for p in net.inputs}
    return {
        "circuit": net.name,
        "engine": result.engine,
        "patterns": stimulus.n_patterns,
        "cycles": stimulus.n_cycles,
        "inputs": {k: v for k, v in values.items() if k in inputs},
        "outputs": {k: v for k, v in values.items() if k not in inputs},
    }


def _show(
    net: Netlist, stimulus: Stimulus, table: dict[str, Any], watched: list[str], radix: Radix, limit: int
) -> None:
    widths = {p.name: p.width for p in net.ports} | {w: 1 for w in watched if w not in table or w in net.names.values()}
    shown = Table(title=f"{net.name}: {net.n_gates:,} gates", title_justify="left")
    clocked = not net.is_combinational
    if clocked:
        shown.add_column("cycle", justify="right", style="dim")
    if clocked and stimulus.n_patterns > 1:
        shown.add_column("pattern", justify="right", style="dim")
    inputs = {p.name for p in net.inputs}
    for name in table:
        shown.add_column(name, justify="right", style=None if name in inputs else "bold")
    total = stimulus.n_cycles * stimulus.n_patterns
    for k in range(min(total, limit)):
        cycle, pattern = divmod(k, stimulus.n_patterns)
        row = [str(cycle)] if clocked else []
        if clocked and stimulus.n_patterns > 1:
            row.append(str(pattern))
        row += [formatted(int(v[cycle, pattern]), widths.get(name, 1), radix) for name, v in table.items()]
        shown.add_row(*row)
    console.print(shown)
    if total > limit:
        console.print(f"... {total - limit:,} more rows (--rows {total}, or --json)")
