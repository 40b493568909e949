"""``gatesim convert``: a circuit from one file format to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console


def convert(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args].")],
    output: Annotated[Path, typer.Argument(help="File to write; its suffix names the format (.gz may follow).")],
    source_format: Annotated[
        str | None, typer.Option("--from", help="Format of the file, where its suffix does not say.")
    ] = None,
    target_format: Annotated[str | None, typer.Option("--to", help="Format to write.")] = None,
    library: Annotated[Path | None, typer.Option(help="TOML file that describes library cells.")] = None,
    top: Annotated[str | None, typer.Option(help="Top module, of a file with several.")] = None,
) -> None:
    """Read a circuit and write it in another format."""
    from .. import formats

    announce_compilation()
    format = target_format or formats.format_of(output)  # an unknown suffix is refused before any work
    if Path(circuit).exists() or source_format or library or top:
        net = formats.read(Path(circuit), source_format, library=library, top=top)
    else:
        net = load_circuit(circuit)
    formats.write(net, output, format)
    registers = f", {len(net.registers):,} flip-flops" if len(net.registers) else ""
    console.print(f"{net.name}: {net.n_gates:,} gates{registers}")
    console.print(f"written: {output}")
