"""``gatesim tensor --digits``: the network that reads digits on CPU, GPU and TPU made of gates."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from ..errors import ValueFitError
from .output import console, progress

if TYPE_CHECKING:
    from circuits.comparison import Reading

    from ..timing import Technology

LANES = 16


def show_digits(images: int, technology: Technology, rows: int, columns: int, as_json: bool, table: Table) -> None:
    """Show `images` that training did not see to every machine; fill and print `table`, or one JSON object."""
    from circuits.comparison import readings
    from circuits.systolic import SystolicArray
    from demos import digits

    data = digits.load()
    unseen = data.images[data.test]
    if not 1 <= images <= len(unseen):
        raise ValueFitError(f"--images {images}: there are 1 to {len(unseen)} images that training did not see")
    found: list[Reading] = []
    array = SystolicArray(rows, columns)
    with progress.status("") as status:
        for name, read in readings(data.layers, unseen[:images], technology, array, lanes=LANES):
            status.update(name)
            found.append(read())
    if as_json:
        typer.echo(
            json.dumps({"technology": technology.name, "images": images, "designs": [r.as_dict() for r in found]})
        )
        return
    _show(found, technology, table)


def _show(found: list[Reading], technology: Technology, table: Table) -> None:
    from ..timing.quantities import shown

    macs = found[0].row.macs // found[0].images
    console.print(
        f"[bold]{found[0].images} handwritten digits[/], an int8 network of {macs:,} multiply-accumulates (MAC) an "
        f"image. Technology: {escape(technology.title)} ({technology.name}). Figures are for one image."
    )
    table.add_column("machine", no_wrap=True)
    for name in ("cycles", "clock", "time", "MAC/cycle", "toggles", "logic", "SRAM", "logits equal NumPy's"):
        table.add_column(name, justify="right", overflow="fold")
    for r in found:
        table.add_row(
            escape(r.row.design), f"{r.cycles:,.5g}" if r.cycles < 1e5 else f"{r.cycles:,.0f}",
            shown(r.row.fmax_hz, "frequency"), shown(r.time_ps, "time"), f"{r.row.macs_per_cycle:.3g}",
            f"{r.toggles:,.0f}", shown(r.logic_fj, "energy"),
            "–" if r.sram_fj is None else shown(r.sram_fj, "energy"), "yes" if r.row.bit_exact else "[red]no[/]",
        )  # fmt: skip
    console.print(table)
    for line in (
        "the array takes all images in one batch, the others one image after another; its output stage sets its clock",
        "toggles and logic energy of programs: counted in a part of the first image's run, scaled to all of it",
    ):
        console.print(escape(line), style="dim")
