"""Drawing a circuit to a file: SVG written by us, PNG and PDF through matplotlib."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath

import numpy as np

from ..errors import GatesimError, ValueFitError
from ..netlist import Netlist
from .layout import lay_out
from .picture import Picture, picture
from .shapes import Style
from .svg import svg
from .themes import LIGHT, Theme

SUFFIXES = (".svg", ".png", ".pdf")
"""What :func:`save` can write."""

LARGEST_PNG = 12_000
"""Pixels of the longer side of a PNG at most: a larger drawing is drawn smaller."""


def draw(
    net: Netlist,
    scope: int | str = 0,
    *,
    depth: int = 0,
    style: Style = Style.ansi,
    theme: Theme = LIGHT,
    values: Mapping[str, int] | None = None,
    cycle: int = 1,
) -> Picture:
    """A picture of one scope of `net`.

    Parameters
    ----------
    net : Netlist
    scope, depth :
        As in :func:`~gatesim.viewer.layout.lay_out`.
    style, theme :
        How it looks.
    values : mapping of str to int, optional
        A value for every input port: wires then show what they carry.
    cycle : int
        With `values`, of a clocked circuit: which cycle to show, the first being 1.

    Raises
    ------
    UnknownNameError
        No such scope or input.
    ValueFitError
        A value is missing or too large.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("half_adder"); x, y = b.input("x"), b.input("y")
    >>> b.output("sum", x ^ y); b.output("carry", x & y)
    >>> [t.text for t in draw(b.freeze(), values={"x": 1, "y": 1}).texts]
    ['x', '1', 'y', '1', 'sum', '0', 'carry', '1']
    """
    sheet = lay_out(net, scope, depth=depth)
    codes = None if values is None else net_values(net, values, cycle)
    return picture(net, sheet, theme, style, codes)


def net_values(net: Netlist, values: Mapping[str, int], cycle: int = 1) -> np.ndarray:
    """(n,) uint8: what every net is (0, 1, 2 for X, 3 for Z) in a cycle, counted from 1, with these inputs."""
    from ..engines import engine
    from ..schedule import compile as compile_netlist
    from ..stimulus import Stimulus

    if cycle < 1:
        raise ValueFitError(f"cycles are counted from 1, not {cycle}")
    stimulus = Stimulus.from_values(net, values, n_cycles=cycle)
    everything = np.arange(net.n_nets, dtype=np.int32)
    # The definition reads the netlist itself, so that no net is folded away.
    chosen = "logic4" if len(net.tristate) else "python"
    result = engine(chosen)(compile_netlist(net)).run(stimulus, watch=everything, record="last")  # type: ignore[arg-type]
    codes = (result.words[-1, -net.n_nets :, 0] & np.uint64(1)).astype(np.uint8)
    if result.unknown is not None:
        codes += 2 * (result.unknown[-1, -net.n_nets :, 0] & np.uint64(1)).astype(np.uint8)
    return codes


def check_path(path: FilePath, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse, before any work, a file that could not be written.

    Raises
    ------
    GatesimError
        An unknown suffix, or a folder that does not exist.
    """
    if path.suffix.lower() not in suffixes:
        raise GatesimError(f"cannot write {str(path)!r}: the name must end in {', '.join(suffixes)}")
    if not path.resolve().parent.is_dir():
        raise GatesimError(f"cannot write {str(path)!r}: the folder {str(path.parent)!r} does not exist")


def save(drawn: Picture, path: str | FilePath, *, scale: float = 2.0) -> None:
    """Write a picture; the suffix says how. A PNG has `scale` pixels for one of the sheet.

    Raises
    ------
    GatesimError
        As :func:`check_path`; OSError where the file cannot be written.
    """
    path = FilePath(path)
    check_path(path)
    if path.suffix.lower() == ".svg":
        path.write_text(svg(drawn), encoding="utf-8")
    else:
        from .plotting import plot

        largest = max(drawn.width, drawn.height) * scale
        plot(drawn, path, scale if largest <= LARGEST_PNG else scale * LARGEST_PNG / largest)
