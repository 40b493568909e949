"""Vessels in the terminal: what is in them, which jets run, what the buckets read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from ..timing.water import Poured

CELL = 13
"""Columns that a vessel takes."""
INSIDE = 7
VESSEL_ROWS, BUCKET_ROWS = 5, 3
EIGHTHS = " ▁▂▃▄▅▆▇█"
VISIBLE_M3S = 0.5e-6
FRAMES_A_SECOND = 12
SLOW_S, SLOWER = 14.0, 4.0
"""While siphons fire, at first, the view is so much slower than asked."""


def picture(poured: Poured, sample: int, experiment: int = 0, width: int = 80) -> Text:
    """The machine at one sample, the least significant column on the right; at most `width` columns."""
    machine, seen = poured.machine, poured.samples
    volume, siphon = seen.volume_m3[experiment, sample], seen.siphon[experiment, sample]
    bucket = seen.bucket_m3[experiment, sample]
    text = Text(f"{seen.time_s[sample]:6.1f} s\n", style="bold", no_wrap=True)
    per_row = max(1, (width - 2) // CELL)
    columns = min(per_row, max([machine.n_buckets, *map(len, machine.stages)]))
    for stage in machine.stages:
        for low in range(0, len(stage), per_row):
            part = stage[low : low + per_row]
            cells = [_vessel(poured, i, float(volume[i]), bool(siphon[i])) for i in part]
            _side_by_side(text, cells, columns)
    for low in range(0, machine.n_buckets, per_row):
        part = range(low, min(low + per_row, machine.n_buckets))
        _side_by_side(text, [_bucket(poured, k, float(bucket[k])) for k in part], columns)
    return text


def _side_by_side(text: Text, cells: list[list[Text]], columns: int) -> None:
    """Right to left, as numbers are written."""
    for row in range(len(cells[0])):
        text.append(" " * (CELL * (columns - len(cells))))
        for cell in reversed(cells):
            line = cell[row]
            line.pad_right(max(0, CELL - line.cell_len))
            text.append_text(line)
        text.append("\n")


def _water(filled: float, rows: int) -> list[str]:
    """Rows of water from the top; `filled` from 0 to 1."""
    eighths = round(min(max(filled, 0.0), 1.0) * rows * 8)
    return [EIGHTHS[min(max(eighths - 8 * (rows - 1 - r), 0), 8)] for r in range(rows)]


def _vessel(poured: Poured, i: int, volume: float, running: bool) -> list[Text]:
    vessel = poured.machine.vessels[i]
    level = volume / vessel.total_area_m2
    crest = VESSEL_ROWS - 1 - int(vessel.crest_m / vessel.rim_m * VESSEL_ROWS - 1e-9)
    lines = []
    for r, water in enumerate(_water(level / vessel.rim_m, VESSEL_ROWS)):
        tube = "┌┤" if r == crest else "│ "[r < crest] + "│"
        if not vessel.siphon_diameter_m:
            tube = " │"
        line = Text("  ")
        line.append(tube, style="bold blue" if running else "")
        line.append(water * INSIDE, style="blue")
        line.append("│")
        lines.append(line)
    leaking = vessel.leak_flow_m3s(level) > VISIBLE_M3S
    bottom = Text("  ")
    bottom.append("│" if vessel.siphon_diameter_m else " ", style="bold blue" if running else "")
    bottom.append("└" + "─" * (INSIDE - 2) + ("┬" if vessel.leak_diameter_m else "─") + "─┘")
    jets = Text("  ")
    jets.append("▼" if running else " ", style="bold blue")
    label = poured.machine.labels[i].split("/")[-1][: INSIDE - 1]
    jets.append(f" {label:<{INSIDE - 2}.{INSIDE - 2}}", style="dim")
    jets.append("╎" if leaking else " ", style="blue")
    return [*lines, bottom, jets]


def _bucket(poured: Poured, k: int, volume: float) -> list[Text]:
    machine = poured.machine
    units = volume / machine.unit_m3
    line_row = BUCKET_ROWS - 1 - min(int(machine.line_units / 1.5 * BUCKET_ROWS), BUCKET_ROWS - 1)
    reads = units >= machine.line_units
    lines = []
    for r, water in enumerate(_water(units / 1.5, BUCKET_ROWS)):
        line = Text("   ")
        line.append("┝" if r == line_row else "│", style="red" if r == line_row else "")
        line.append(water * INSIDE, style="blue")
        line.append("┥" if r == line_row else "│", style="red" if r == line_row else "")
        lines.append(line)
    name = Text("   ")
    name.append(f"{machine.bucket_names[k]:<{INSIDE}.{INSIDE}}", style="dim")
    name.append(f" {int(reads)}", style="bold green" if reads else "bold")
    return [*lines, Text("   └" + "─" * INSIDE + "┘"), name]


def play(poured: Poured, console: Console, speed: float) -> None:
    """Show the machine filling, `speed` seconds of water a second; the first ones slower."""
    seen = poured.samples.time_s
    began = time.perf_counter()
    with Live(console=console, refresh_per_second=FRAMES_A_SECOND, auto_refresh=False, transient=True) as live:
        while True:
            now = (time.perf_counter() - began) * speed
            now = now / SLOWER if now < SLOW_S * SLOWER else now - SLOW_S * (SLOWER - 1)
            sample = min(int(seen.searchsorted(now)), len(seen) - 1)
            live.update(Group(picture(poured, sample, width=console.width)), refresh=True)
            if sample == len(seen) - 1:
                return
            time.sleep(1 / FRAMES_A_SECOND)


__all__ = ["picture", "play"]
