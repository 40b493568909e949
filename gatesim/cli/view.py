"""``gatesim view``: walk into a running circuit, in a window or led by a script."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import GatesimError
from .circuit_argument import load_circuit
from .first_run import announce_compilation
from .output import console

if TYPE_CHECKING:
    from ..netlist import Netlist


def view(
    circuit: Annotated[
        str, typer.Argument(help="A file, module:function[args] such as kogge_stone[8], or a computer: hack, rv32i.")
    ],
    tech: Annotated[
        str | None, typer.Option(help="Build it of a technology's gates: arrival times, slack, slow motion.")
    ] = None,
    program: Annotated[
        Path | None, typer.Option(help="Program of a computer: .hack or .asm for hack; .elf, .hex, .s for rv32i.")
    ] = None,
    nand: Annotated[bool, typer.Option("--nand", help="The circuit made of NAND gates only.")] = False,
    theme: Annotated[str, typer.Option(help="light, dark, projector or colour-blind.")] = "light",
    scale: Annotated[float, typer.Option(help="Size of text and lines, 0.75 to 4.")] = 1.0,
    session: Annotated[Path | None, typer.Option(help="A saved session to go on with.")] = None,
    size: Annotated[str, typer.Option(help="Of the window, in pixels.")] = "1280x800",
    headless: Annotated[bool, typer.Option("--headless", help="No window: play --script and write --gif.")] = False,
    script: Annotated[Path | None, typer.Option(help="What to do, a command a line (docs/viewer.md).")] = None,
    frames: Annotated[int | None, typer.Option(help="Frames of the film.", min=1)] = None,
    gif: Annotated[Path | None, typer.Option(help="Film of the script (.gif).")] = None,
) -> None:
    """Walk into a running circuit: live values at every level, waveforms, breakpoints, time travel."""
    announce_compilation()
    width_height = _size(size)
    if headless and script is None and gif is None:
        raise GatesimError("--headless shows nothing by itself: give --script FILE, --gif OUT, or both")
    if not headless and (script or gif or frames):
        raise GatesimError("--script, --frames and --gif work without a window: add --headless")
    from ..viewer.app import open_window, play
    from ..viewer.draw import check_path
    from ..viewer.viewer import Viewer

    if gif is not None:
        check_path(gif, (".gif",))
    text = script.read_text(encoding="utf-8") if script is not None else ""
    net, options = _circuit(circuit, program, nand, tech)
    with Viewer(net, theme_name=theme, scale=scale, **options) as viewer:
        if "computer" in options:
            viewer.shows.add("computer")
        if session is not None:
            viewer.load_session(session)
        if headless:
            play(viewer, text, source=str(script or "script"), frames=frames, gif=gif, size=width_height)
            if gif is not None:
                console.print(f"written: {gif}")
        else:
            open_window(viewer, width_height)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        found = int(width), int(height)
    except ValueError:
        found = (0, 0)
    if not (320 <= found[0] <= 8192 and 240 <= found[1] <= 8192):
        raise GatesimError(f"--size {text}: write WIDTHxHEIGHT, from 320x240 to 8192x8192, for example 1280x800")
    return found


def _circuit(name: str, program: Path | None, nand: bool, tech: str | None) -> tuple[Netlist, dict[str, Any]]:
    """The netlist, and what the viewer is told besides."""
    from .view_computers import COMPUTERS

    if name in COMPUTERS:
        if tech is not None:
            raise GatesimError(f"--tech is for circuits without memories: {name} has some")
        opened = COMPUTERS[name](program, nand)
        return opened.netlist, {"start": opened.start, "computer": opened.computer}
    if program is not None:
        raise GatesimError(f"--program is for computers: open {' or '.join(COMPUTERS)}, not {name!r}")
    net = load_circuit(name)
    if nand:
        from ..passes import map_to

        net = map_to(net, "nand")
    if tech is None:
        return net, {}
    from ..timing import load_technology, prepare

    technology = load_technology(tech)
    return prepare(net, technology), {"technology": technology}
