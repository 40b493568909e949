"""Panels at the right: about a net, truth table and Karnaugh map."""

from __future__ import annotations

import pygame

from ..fonts import rgb
from ..ui import Ui
from ..viewer import Viewer

MAX_ROWS = 16
"""Rows of a truth table that are written; a larger function shows its map only."""


def facts_height(ui: Ui) -> int:
    """Pixels that the panel about a net takes."""
    return ui.line(12) * 13


def facts(ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
    """Everything about the selected net."""
    inner = ui.panel(rect, "selected net", lambda: viewer.shows.discard("facts"))
    if not viewer.selected:
        ui.wrapped("Click a wire or a gate, or search with /.", inner.x, inner.y, inner.w)
        return
    net = viewer.selected[0]
    running = viewer.runner.is_running
    found = viewer.inspector.facts(net, viewer.values(), None if running else viewer.line)
    name = viewer.name_of(viewer.selected)
    ui.text(name, inner.x, inner.y, bold=True, room=inner.w)
    y = inner.y + ui.line()
    column = ui.px(70)
    for head, text in found.lines():
        if y > inner.bottom - ui.line():
            break
        ui.text(head, inner.x, y, size=11, colour=ui.theme.faint)
        shown = viewer.selected_value() if head == "value" else text
        y += max(ui.line(11), ui.wrapped(shown, inner.x + column, y, inner.w - column, size=11, most=3))


def truth_height(ui: Ui, viewer: Viewer) -> int:
    """Pixels that the tables take."""
    n = len(viewer.truth.inputs) if viewer.truth else 0
    rows = 1 << n if 1 << n <= MAX_ROWS else 0
    return ui.line(12) * (4 + rows + (rows > 0)) + (2 + (1 << n // 2)) * ui.line(12)


def truth(ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
    """Truth table and map of a net."""
    found = viewer.truth
    if found is None:
        return
    title = f"{viewer.net.net_name(found.net)}: {len(found.inputs)} inputs"
    inner = ui.panel(rect, title, lambda: viewer.shows.discard("truth"))
    y = inner.y
    if len(found.values) <= MAX_ROWS:
        rows = found.table()
        step = min(ui.px(64), inner.w // len(rows[0]))
        now = _present(viewer)
        for k, row in enumerate(rows):
            if k == now + 1:
                mark = pygame.Rect(inner.x - ui.px(3), y, step * len(row), ui.line())
                pygame.draw.rect(ui.surface, rgb(ui.theme.box_head), mark)
            for c, cell in enumerate(row):
                ui.text(cell, inner.x + c * step, y, size=11, mono=k > 0, bold=k == 0, room=step - ui.px(4))
            y += ui.line()
        y += ui.line()
    _map(ui, viewer, inner, y)


def _present(viewer: Viewer) -> int:
    """Which row of the table holds now (-1 where an input is X or Z)."""
    assert viewer.truth is not None
    values = viewer.values()
    codes = [int(values[k]) for k in viewer.truth.inputs]
    return -1 if any(c > 1 for c in codes) else int("".join(map(str, codes)) or "0", 2)


def _map(ui: Ui, viewer: Viewer, inner: pygame.Rect, y: int) -> None:
    found = viewer.truth
    assert found is not None
    rows, columns, values = found.map()
    side, along = found.row_names()
    ui.text(f"{side or '-'}  \\  {along}", inner.x, y, size=11, room=inner.w, colour=ui.theme.faint)
    y += ui.line()
    head = ui.px(34)
    step = min(ui.px(34), (inner.w - head) // max(1, len(columns)))
    for c, label in enumerate(columns):
        ui.text(label, inner.x + head + c * step, y, size=10, mono=True)
    y += ui.line()
    now = _present(viewer)
    high = len(found.inputs) // 2
    low = len(found.inputs) - high
    for r, label in enumerate(rows):
        ui.text(label, inner.x, y, size=10, mono=True)
        for c, value in enumerate(values[r].tolist()):
            cell = pygame.Rect(inner.x + head + c * step, y, step - 1, ui.line() - 1)
            pygame.draw.rect(ui.surface, rgb(ui.theme.body), cell)
            here = int((label or "0") + columns[c], 2) if low else 0
            if here == now:
                pygame.draw.rect(ui.surface, rgb(ui.theme.accent), cell, 2)
            colour = ui.theme.text if value else ui.theme.faint
            ui.text(str(value), cell.x + step // 2 - ui.px(4), y, size=11, mono=True, bold=bool(value), colour=colour)
        y += ui.line()
