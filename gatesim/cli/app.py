"""The typer application: commands and their options."""

from __future__ import annotations

import typer

from .convert import convert
from .draw import draw
from .equiv import equiv
from .error import error
from .inspect import doctor, info, list_circuits
from .map import map_command
from .quantum import quantum
from .run import run
from .sim import sim
from .tensor import tensor
from .test import test_command
from .time import time_command
from .tour import tour
from .view import view
from .water import water

app = typer.Typer(
    name="gatesim",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="From one NAND gate to a neural network that reads digits.",
)
app.command("tour")(tour)
app.command("sim")(sim)
app.command("run")(run)
app.command("info")(info)
app.command("map")(map_command)
app.command("convert")(convert)
app.command("error")(error)
app.command("draw")(draw)
app.command("test")(test_command)
app.command("time")(time_command)
app.command("equiv")(equiv)
app.command("tensor")(tensor)
app.command("view")(view)
app.command("list")(list_circuits)
app.command("doctor")(doctor)
app.add_typer(water, name="water")
app.add_typer(quantum, name="quantum")


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"gatesim {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    """From one NAND gate to a neural network that reads digits."""
