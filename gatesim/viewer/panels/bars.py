"""The bar on top (where we are, time, clock), the bar of time, and the line below (what was said, what is chosen)."""

from __future__ import annotations

import pygame

from ...timing.quantities import shown as shown_quantity
from ..fonts import rgb
from ..ui import Ui
from ..viewer import Viewer


def frequency(hz: float | None) -> str:
    """A frequency for people.

    Examples
    --------
    >>> frequency(None), frequency(2.0), frequency(1.25e6)
    ('full speed', '2 Hz', '1.25 MHz')
    """
    if hz is None:
        return "full speed"
    for size, unit in ((1e9, "GHz"), (1e6, "MHz"), (1e3, "kHz")):
        if hz >= size:
            return f"{hz / size:.3g} {unit}"
    return f"{hz:.3g} Hz"


def top(ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
    """Breadcrumbs on the left; clock, cycle and buttons on the right."""
    pygame.draw.rect(ui.surface, rgb(ui.theme.box_head), rect)
    pygame.draw.line(ui.surface, rgb(ui.theme.faint), rect.bottomleft, rect.bottomright)
    y = rect.y + ui.px(6)
    right = _time(ui, viewer, rect, y)
    x = rect.x + ui.px(10)
    crumbs = viewer.places.crumbs
    for k, (scope, name) in enumerate(crumbs):
        last = k == len(crumbs) - 1
        room = max(ui.px(40), min(ui.px(220), right - x - ui.px(20)))
        if x + ui.px(40) > right:
            break
        width = ui.text(name or viewer.net.name, x, y, bold=last, room=room)
        area = pygame.Rect(x, rect.y, width, rect.h)
        ui.spot(area, f"crumb {name}", lambda scope=scope: viewer.places.open(scope))
        x += width + ui.px(8)
        if not last:
            x += ui.text("›", x, y, colour=ui.theme.faint) + ui.px(8)


def _time(ui: Ui, viewer: Viewer, rect: pygame.Rect, y: int) -> int:
    """Buttons and numbers, from the right edge; returns where they begin."""
    sample = viewer.runner.sample()
    clocked = not viewer.net.is_combinational
    parts: list[tuple[str, str, object]] = []
    if clocked:
        parts.append(("run", "❚❚ stop" if sample.running else "▶ run", viewer.run))
        parts.append(("step", "cycle", lambda: viewer.step(1)))
    parts.append(("gate", "gate", viewer.step_gate))
    widths = [ui.texts.width(text, 12 * ui.scale * ui.theme.text_scale) + ui.px(18) for _, text, _ in parts]
    x = rect.right - sum(widths) - ui.px(6)
    start = x
    for (name, text, do), width in zip(parts, widths, strict=True):
        ui.button(name, text, x, y - ui.px(3), do, on=name == "run" and sample.running)  # pyright: ignore[reportArgumentType]
        x += width
    number = f"cycle {sample.cycle:,}" if clocked else f"input set {sample.cycle:,}"
    if sample.horizon > sample.cycle:
        number += f" of {sample.horizon:,}"
    if clocked:
        true = f"{frequency(sample.true_hz)} true" if sample.running else "stopped"
        number += f"   clock {frequency(viewer.clock)}, {true}"
    if viewer.slow is not None:
        number = (
            f"{shown_quantity(viewer.slow_ps, 'time')} of {shown_quantity(viewer.slow.end_ps, 'time')}, slow motion"
        )
    width = ui.text(number, start - ui.px(12), y, right=True, mono=True, size=11)
    return start - ui.px(12) - width


def scrub_height(ui: Ui, viewer: Viewer) -> int:
    """Pixels of the bar of time; none where there is no past yet."""
    return ui.px(12) if viewer.runner.sample().horizon else 0


def scrub(ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
    """All time up to the horizon, with a knob at the present cycle: pull it to go back and forth."""
    sample = viewer.runner.sample()
    ui.surface.fill(rgb(ui.theme.box_head), rect)
    pad = ui.px(10)
    track = pygame.Rect(rect.x + pad, rect.centery - ui.px(2), rect.w - 2 * pad, ui.px(4))
    pygame.draw.rect(ui.surface, rgb(ui.theme.body), track, 0, ui.px(2))
    pygame.draw.rect(ui.surface, rgb(ui.theme.ink), track, 1, ui.px(2))
    x = track.x + round(track.w * sample.cycle / max(1, sample.horizon))
    pygame.draw.rect(ui.surface, rgb(ui.theme.accent), (track.x, track.y, x - track.x, track.h), 0, ui.px(2))
    pygame.draw.circle(ui.surface, rgb(ui.theme.accent), (x, track.centery), ui.px(5))

    def go() -> None:
        share = (viewer.pointer[0] - track.x) / max(1, track.w)
        viewer.go_to(round(min(max(share, 0.0), 1.0) * viewer.still().horizon))

    ui.spot(rect, "time", go, follows=True)


def status(ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
    """Message on the left, what is selected on the right."""
    pygame.draw.rect(ui.surface, rgb(ui.theme.box_head), rect)
    y = rect.y + ui.px(3)
    stopped = viewer.runner.sample().stopped_by
    message = f"stopped: {stopped}" if stopped else viewer.message
    chosen = ""
    if viewer.selected:
        chosen = f"{viewer.name_of(viewer.selected)} = {viewer.selected_value()}"
    used = ui.text(chosen, rect.right - ui.px(8), y, right=True, size=11, mono=True) if chosen else 0
    ui.text(message, rect.x + ui.px(8), y, size=11, room=rect.w - used - ui.px(30))
