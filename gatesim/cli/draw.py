"""``gatesim draw``: a circuit as a picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console
from .sim import parsed_values


def draw(
    circuit: Annotated[str, typer.Argument(help="A file, or module:function[args] such as kogge_stone[8].")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="NAME.svg, .png or .pdf (CIRCUIT.svg).")] = None,
    scope: Annotated[str, typer.Option(help="What to show: names joined by '/', such as cpu/alu.")] = "",
    depth: Annotated[int, typer.Option(help="So many levels of boxes are opened.", min=0)] = 0,
    flat: Annotated[bool, typer.Option("--flat", help="No boxes: every gate on one sheet.")] = False,
    style: Annotated[str, typer.Option(help="Shapes of gates: ansi or iec.")] = "ansi",
    theme: Annotated[str, typer.Option(help="light, dark, projector or colour-blind.")] = "light",
    values: Annotated[str | None, typer.Option(help="Inputs, such as a=3,b=0x1f: wires show what they carry.")] = None,
    cycle: Annotated[int, typer.Option(help="With --values: which clock cycle to show, from 1.", min=1)] = 1,
    scale: Annotated[float, typer.Option(help="Pixels of a PNG for one of the drawing.", min=0.1, max=16)] = 2.0,
    text: Annotated[bool, typer.Option("--text", help="Print the drawing in words instead.")] = False,
) -> None:
    """Draw a circuit, or one scope of it, to a file."""
    from ..errors import GatesimError
    from ..viewer import draw as drawing
    from ..viewer.layout import FLAT, lay_out
    from ..viewer.shapes import style as style_named
    from ..viewer.themes import theme as theme_named

    if flat and depth:
        raise GatesimError("--flat and --depth exclude each other: choose one")
    if output is not None:
        drawing.check_path(output)
    looks = style_named(style), theme_named(theme)
    given = None if values is None else parsed_values(values)
    announce_compilation()
    net = load_circuit(circuit)
    levels = FLAT if flat else depth
    if text:
        typer.echo(lay_out(net, scope, depth=levels).text())
        return
    drawn = drawing.draw(net, scope, depth=levels, style=looks[0], theme=looks[1], values=given, cycle=cycle)
    path = output or Path(re.sub(r"[^\w.-]+", "_", net.name) + ".svg")
    drawing.save(drawn, path, scale=scale)
    sheet = lay_out(net, scope, depth=levels)
    console.print(f"{path}: {drawn.name}, {sheet.n_boxes:,} boxes, {sheet.n_wires:,} wires")
