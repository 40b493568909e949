"""What lies over the sheet: a line being typed, the keys, the minimap, a tooltip, the scale of a heat map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pygame

from ..actions import GROUPS, Action
from ..camera import Camera
from ..canvas import Canvas
from ..fonts import rgb
from ..places import Places
from ..probes import Probe
from ..shapes import Style
from ..themes import Theme
from ..ui import Ui
from ..viewer import Viewer

MAP_WIDTH, MAP_HEIGHT = 180, 110


def prompt(ui: Ui, viewer: Viewer, area: pygame.Rect) -> None:
    """The line that is being typed, and what there is to choose from."""
    asked = viewer.prompt
    if asked is None:
        return
    offered = asked.offered
    width = min(ui.px(460), area.w - ui.px(20))
    height = ui.line() * (3 + len(offered)) + ui.px(30)
    rect = pygame.Rect(area.centerx - width // 2, area.y + ui.px(60), width, height)
    inner = ui.panel(rect, asked.title, viewer.leave)
    field = pygame.Rect(inner.x, inner.y, inner.w, ui.line(13) + ui.px(4))
    pygame.draw.rect(ui.surface, rgb(ui.theme.background), field)
    pygame.draw.rect(ui.surface, rgb(ui.theme.accent), field, 2)
    ui.text(asked.text + "▏", field.x + ui.px(5), field.y + ui.px(3), size=13, mono=True, room=field.w - ui.px(10))
    y = field.bottom + ui.px(4)

    def choose(k: int) -> None:
        asked.picked = k
        viewer.submit()

    for k, text in enumerate(offered):
        row = pygame.Rect(inner.x, y, inner.w, ui.line())
        if k == min(asked.picked, len(offered) - 1):
            pygame.draw.rect(ui.surface, rgb(ui.theme.box_head), row)
        ui.text(text, row.x + ui.px(5), y, room=row.w - ui.px(10))
        ui.spot(row, f"choice {text}", lambda k=k: choose(k))
        y += ui.line()


def keys(ui: Ui, viewer: Viewer, area: pygame.Rect, actions: Sequence[Action]) -> None:
    """All keys, in groups."""
    rect = area.inflate(-ui.px(60), -ui.px(60))
    inner = ui.panel(rect, "keys", lambda: viewer.shows.discard("help"))
    column = max(1, inner.w // max(1, min(3, inner.w // ui.px(300))))
    bottom = inner.bottom - 2 * ui.line(11)
    x, y, group = inner.x, inner.y, ""
    for action in sorted(actions, key=lambda a: GROUPS.index(a.group)):
        new = action.group != group
        if y + ui.line(11) * (2 if new else 1) > bottom:
            x, y = x + column, inner.y
        if new:
            group = action.group
            y += ui.px(6) if y > inner.y else 0
            ui.text(group, x, y, bold=True)
            y += ui.line()
        ui.text(" or ".join(action.keys), x, y, size=11, mono=True, room=ui.px(126))
        ui.text(action.help, x + ui.px(132), y, size=11, room=column - ui.px(140))
        y += ui.line(11)
    rest = "Mouse: wheel zooms, drag pans, click selects or toggles, double-click opens a box."
    ui.text(rest, inner.x, inner.bottom - ui.line(11), size=11, colour=ui.theme.faint, room=inner.w)


class Minimap:
    """The whole sheet, small, with a frame around what is seen."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._rect = pygame.Rect(0, 0, 1, 1)
        self._camera = Camera(0, 0, 1, 1, 1)

    def draw(self, ui: Ui, viewer: Viewer, area: pygame.Rect) -> None:
        """In the lower right corner of the sheet, unless all is seen anyway."""
        sheet, camera = viewer.places.sheet, viewer.places.camera
        right, bottom = camera.to_sheet(camera.width, camera.height)
        if camera.left <= 0 and camera.top <= 0 and right >= sheet.width and bottom >= sheet.height:
            return
        width, height = ui.px(MAP_WIDTH), ui.px(MAP_HEIGHT)
        self._rect = rect = pygame.Rect(area.right - width - ui.px(10), area.bottom - height - ui.px(10), width, height)
        zoom = min((width - 8) / sheet.width, (height - 8) / sheet.height)
        self._camera = small = Camera(sheet.width / 2, sheet.height / 2, zoom, width, height)
        self._canvas.aim(sheet, small, ui.theme, Style.ansi)
        ui.surface.blit(self._canvas.paint(viewer.values()), rect.topleft)
        pygame.draw.rect(ui.surface, rgb(ui.theme.faint), rect, 1)
        x0, y0 = small.to_screen(camera.left, camera.top)
        frame = pygame.Rect(
            rect.x + round(x0), rect.y + round(y0), round(camera.width / camera.zoom * zoom),
            round(camera.height / camera.zoom * zoom),
        )  # fmt: skip
        pygame.draw.rect(ui.surface, rgb(ui.theme.accent), frame.clip(rect), 2)
        ui.spot(rect, "minimap", lambda: self.look(viewer.places, viewer.pointer), follows=True)

    def look(self, places: Places, pos: tuple[int, int]) -> None:
        """Bring a point of the map into the middle of the view."""
        x, y = self._camera.to_sheet(pos[0] - self._rect.x, pos[1] - self._rect.y)
        c = places.camera
        places.camera = Camera(x, y, c.zoom, c.width, c.height)


def tooltip(ui: Ui, viewer: Viewer, area: pygame.Rect, pos: tuple[int, int]) -> None:
    """All about the net under the mouse."""
    if not viewer.hovered:
        return
    net = viewer.hovered[0]
    found = viewer.inspector.facts(net, viewer.values(), None if viewer.runner.is_running else viewer.line)
    rows = found.lines()
    width, column = ui.px(300), ui.px(66)
    height = ui.line() * (len(rows) + 1) + ui.px(14)
    x = min(pos[0] + ui.px(14), area.right - width)
    y = pos[1] + ui.px(18) if pos[1] + ui.px(18) + height < area.bottom else max(area.y, pos[1] - height - ui.px(6))
    rect = pygame.Rect(x, y, width, height)
    inner = ui.panel(rect)
    value = viewer.values()[list(viewer.hovered)]
    ui.text(viewer.name_of(viewer.hovered), inner.x, inner.y, bold=True, room=inner.w)
    y = inner.y + ui.line()
    for head, text in rows:
        shown = Probe("", viewer.hovered, viewer.radix).text(value) if head == "value" else text
        ui.text(head, inner.x, y, size=11, colour=ui.theme.faint)
        ui.text(shown, inner.x + column, y, size=11, room=inner.w - column)
        y += ui.line()


def heat_scale(ui: Ui, viewer: Viewer, area: pygame.Rect) -> None:
    """What the colours of the heat map mean."""
    x, y = area.x + ui.px(10), area.bottom - ui.px(34)
    ends = {"activity": ("still", "toggles most"), "slack": ("has time", "critical")}[viewer.heat]
    x += ui.text(ends[0], x, y, size=11) + ui.px(6)
    for k, colour in enumerate(heat_colours(np.linspace(0, 1, 24, dtype=np.float32), ui.theme)):
        pygame.draw.rect(ui.surface, int(colour), (x + k * ui.px(5), y, ui.px(5), ui.line(11)))
    ui.text(ends[1], x + 24 * ui.px(5) + ui.px(6), y, size=11)


def heat_colours(heat: np.ndarray, theme: Theme) -> np.ndarray:
    """(k,) uint32 colours of heats 0 to 1: blue over violet to yellow, brighter and brighter; 0 where negative.

    The stops are those of Matplotlib's plasma, which stays apart in grey and for the colour-blind; the end
    that would vanish on the theme's background is left out.
    """
    is_dark = sum(rgb(theme.background)) < 384
    heat = np.where(heat < 0, heat, 0.3 + 0.7 * heat if is_dark else 0.8 * heat)
    stops = np.array([[13, 8, 135], [126, 3, 168], [204, 71, 120], [248, 149, 64], [240, 249, 33]], np.float32)
    at = np.clip(heat, 0, 1) * (len(stops) - 1)
    low = np.minimum(at.astype(np.int64), len(stops) - 2)
    part = (at - low)[:, None]
    colour = (stops[low] * (1 - part) + stops[low + 1] * part).astype(np.uint32)
    packed = colour[:, 0] << 16 | colour[:, 1] << 8 | colour[:, 2]
    return np.where(heat < 0, 0, packed).astype(np.uint32)
