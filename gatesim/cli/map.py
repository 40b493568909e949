"""``gatesim map``: a circuit onto the gates of one basis, into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console, progress


def map_command(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args].")],
    to: Annotated[str, typer.Option(help="nand, nor, aig or xag.")] = "nand",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write (.bench, .v).")] = None,
    effort: Annotated[str, typer.Option(help="For xag, to find few ANDs: quick, normal or high.")] = "normal",
) -> None:
    """Build a circuit from one kind of gate only, check that it is the same, and write it."""
    from .. import formats
    from ..analysis import depth
    from ..equivalence import assert_equivalent
    from ..passes import map_to, minimise_ands

    announce_compilation()
    net = load_circuit(circuit)
    if output is not None:
        formats.format_of(output)  # an unknown suffix is refused before any work
    if to == "xag":
        with progress.status("looking for fewer ANDs") as status:
            mapped = minimise_ands(net, effort, report=lambda n: status.update(f"{n:,} ANDs"))  # type: ignore[arg-type]
    else:
        mapped = map_to(net, to)
    found = assert_equivalent(net, mapped)
    if output is not None:
        formats.write(mapped, output)
    before, after = (f"{n.n_gates:,} gates, depth {depth(n)}" for n in (net, mapped))
    console.print(f"{net.name}: {before} -> {to}: {after}")
    if to == "xag":
        ands = [n.counts().get("AND", 0) for n in (map_to(net, "xag"), mapped)]
        console.print(f"{ands[1]:,} ANDs (gate by gate {ands[0]:,}); XOR and NOT count nothing")
    console.print(str(found) if found.proven else f"equal on random {found.patterns:,} patterns")
    if output is not None:
        console.print(f"written: {output}")
