"""The window: draws a viewer on a surface, and turns events into actions. The only place that knows pygame's events."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pygame

from .actions import ACTIONS, ZOOM_STEP, Action, table
from .canvas import Canvas
from .draw import check_path
from .export import save_sheet
from .film import Film
from .fonts import Texts, packed
from .panels import bars, overlays, side
from .panels.computer import ComputerPanel
from .panels.waves import Waves
from .scene import Kind
from .sprites import Sprites
from .ui import Spot, Ui
from .viewer import Viewer
from .water import SPEED

DOUBLE_CLICK_SECONDS = 0.4
DRAG_PIXELS = 4
SIDE_WIDTH = 330
SLOW_SECONDS = 6.0
"""Time in which slow motion plays from beginning to end."""

KEY_NAMES = {
    pygame.K_SPACE: "Space", pygame.K_RIGHT: "Right", pygame.K_LEFT: "Left", pygame.K_UP: "Up", pygame.K_DOWN: "Down",
    pygame.K_PAGEUP: "PageUp", pygame.K_PAGEDOWN: "PageDown", pygame.K_HOME: "Home", pygame.K_END: "End",
    pygame.K_TAB: "Tab", pygame.K_RETURN: "Enter", pygame.K_KP_ENTER: "Enter", pygame.K_ESCAPE: "Escape",
    pygame.K_BACKSPACE: "Backspace", pygame.K_DELETE: "Delete", pygame.K_F1: "F1",
}  # fmt: skip


def key_name(key: int, modifiers: int, text: str) -> str:
    """How the table of actions calls a key.

    Examples
    --------
    >>> key_name(pygame.K_RIGHT, pygame.KMOD_LCTRL, ""), key_name(pygame.K_n, pygame.KMOD_LSHIFT, "N")
    ('Ctrl+Right', 'Shift+n')
    >>> key_name(pygame.K_SLASH, pygame.KMOD_LSHIFT, "?")
    '?'
    """
    control = bool(modifiers & pygame.KMOD_CTRL)
    shift = bool(modifiers & pygame.KMOD_SHIFT)
    if key in KEY_NAMES:
        name = KEY_NAMES[key]
    elif text.isprintable() and text and not control:
        if not (text.isalpha() or text in "+-"):
            return text  # a sign is the same with whatever keys it is typed
        name = text.lower()
        shift = shift and (text.isalpha() or text == "+")
    else:
        name = pygame.key.name(key)
    return f"{'Ctrl+' if control else ''}{'Shift+' if shift else ''}{name}"


class Window:
    """Draws a viewer and hears the mouse and the keyboard.

    Parameters
    ----------
    viewer : Viewer
    size : (int, int)
    """

    def __init__(self, viewer: Viewer, size: tuple[int, int] = (1280, 800)) -> None:
        self.viewer = viewer
        self.texts = Texts()
        self.ui = Ui(self.texts)
        self.canvas = Canvas(self.texts, Sprites(self.texts))
        self._minimap = overlays.Minimap(Canvas(self.texts, Sprites(self.texts)))
        self._waves, self._computer = Waves(), ComputerPanel()
        self.area = pygame.Rect(0, 0, *size)
        self.film: Film | None = None
        own = (
            Action("files", ("Ctrl+e",), "export the sheet", lambda v: v.ask(
                "write the sheet to (.png, .svg)", lambda t: self.export(Path(t)), f"{v.net.name}.png")),
            Action("files", ("Ctrl+g",), "record a film, and end it", lambda v: self.record()),
        )  # fmt: skip
        self.actions = (*ACTIONS, *own)
        self._actions = table(self.actions)
        self._pressed: tuple[int, int] | None = None
        self._dragged = False
        self._pulled: Spot | None = None
        self._last_click = (0.0, -1)
        self._hover_at = (-1, -1)
        self.frame_seconds = 0.0
        self._fitted = False

    # -- drawing --------------------------------------------------------------------------------

    def draw(self, surface: pygame.Surface) -> None:
        """One frame."""
        began = perf_counter()
        viewer, ui = self.viewer, self.ui
        ui.begin(surface, viewer.theme, viewer.scale)
        whole = surface.get_rect()
        bar, line = ui.line() + ui.px(12), ui.line(11) + ui.px(6)
        time = bars.scrub_height(ui, viewer)
        area = pygame.Rect(0, bar, whole.w, whole.h - bar - time - line)
        area, right, waves = self._divide(area)
        self.area = area
        viewer.places.resize(area.w, area.h)
        if not self._fitted:  # the first frame knows the size of the view
            viewer.places.fit()
            self._fitted = True
        self._sheet(surface, area)
        bars.top(ui, viewer, pygame.Rect(0, 0, whole.w, bar))
        if time:
            bars.scrub(ui, viewer, pygame.Rect(0, whole.h - line - time, whole.w, time))
        bars.status(ui, viewer, pygame.Rect(0, whole.h - line, whole.w, line))
        if waves is not None:
            self._waves.draw(ui, viewer, waves)
        if right is not None:
            self._side(right)
        if "help" in viewer.shows:
            overlays.keys(ui, viewer, whole, self.actions)
        elif viewer.prompt is not None:
            overlays.prompt(ui, viewer, area)
        elif viewer.hovered and viewer.water is None and not self._dragged:
            overlays.tooltip(ui, viewer, area, self._hover_at)
        self.frame_seconds = perf_counter() - began

    def _divide(self, area: pygame.Rect) -> tuple[pygame.Rect, pygame.Rect | None, pygame.Rect | None]:
        viewer, ui = self.viewer, self.ui
        right = waves = None
        if viewer.shows & {"facts", "truth"} or ("computer" in viewer.shows and viewer.computer is not None):
            width = min(ui.px(SIDE_WIDTH), area.w // 2)
            right = pygame.Rect(area.right - width, area.y, width, area.h)
            area = pygame.Rect(area.x, area.y, area.w - width, area.h)
        if "waves" in viewer.shows:
            height = min(self._waves.height(ui, viewer), area.h // 2)
            waves = pygame.Rect(area.x, area.bottom - height, area.w, height)
            area = pygame.Rect(area.x, area.y, area.w, area.h - height)
        return area, right, waves

    def _sheet(self, surface: pygame.Surface, area: pygame.Rect) -> None:
        viewer, ui = self.viewer, self.ui
        ui.spot(area, "sheet", lambda: self._click_sheet(viewer.pointer))
        if viewer.water is not None:
            self._water(surface, area)
            return
        places = viewer.places
        values = viewer.values()
        self.canvas.aim(places.sheet, places.camera, viewer.theme, viewer.style, viewer.scale)
        surface.blit(self.canvas.paint(values, self._chosen()), area.topleft)
        surface.set_clip(area)
        self.canvas.write_values(surface, values, viewer.radix, area.topleft)
        if viewer.selected_box >= 0:
            self._mark(surface, area, viewer.selected_box)
        if viewer.heat:
            overlays.heat_scale(ui, viewer, area)
        if "minimap" in viewer.shows:
            self._minimap.draw(ui, viewer, area)
        surface.set_clip(None)

    def _chosen(self) -> np.ndarray:
        """(wires,) uint32: colours of wires that are hot, pointed at or selected; 0 elsewhere."""
        viewer, sheet = self.viewer, self.viewer.places.sheet
        chosen = np.zeros(sheet.n_wires, np.uint32)
        if viewer.heat and not viewer.runner.is_running and sheet.n_wires:
            heat = viewer.inspector.heat(viewer.line, viewer.heat)[sheet.wire_nets]
            chosen[:] = overlays.heat_colours(np.maximum.reduceat(heat, sheet.wire_ptr[:-1]), viewer.theme)
        accent = packed(viewer.theme.accent)
        chosen[viewer.places.wires_of({*viewer.selected, *viewer.hovered})] = accent
        return chosen

    def _mark(self, surface: pygame.Surface, area: pygame.Rect, box: int) -> None:
        if box >= self.viewer.places.sheet.n_boxes:
            return
        found, camera = self.viewer.places.sheet.box(box), self.viewer.places.camera
        x, y = camera.to_screen(found.x, found.y)
        rect = pygame.Rect(area.x + x, area.y + y, found.width * camera.zoom, found.height * camera.zoom)
        pygame.draw.rect(surface, pygame.Color(self.viewer.theme.accent), rect.inflate(8, 8), 2, 3)

    def _side(self, rect: pygame.Rect) -> None:
        viewer, ui = self.viewer, self.ui
        y = rect.y
        if "computer" in viewer.shows and viewer.computer is not None:
            rest = side.facts_height(ui) if "facts" in viewer.shows else 0
            height = rect.h - rest
            self._computer.draw(ui, viewer, pygame.Rect(rect.x, y, rect.w, height))
            y += height
        if "facts" in viewer.shows:
            height = min(side.facts_height(ui), rect.bottom - y)
            side.facts(ui, viewer, pygame.Rect(rect.x, y, rect.w, height))
            y += height
        if "truth" in viewer.shows and y < rect.bottom:
            height = min(side.truth_height(ui, viewer), rect.bottom - y)
            side.truth(ui, viewer, pygame.Rect(rect.x, y, rect.w, height))
            y += height
        if y < rect.bottom:
            surface = ui.surface
            surface.fill(pygame.Color(viewer.theme.background), (rect.x, y, rect.w, rect.bottom - y))

    def _water(self, surface: pygame.Surface, area: pygame.Rect) -> None:
        water = self.viewer.water
        assert water is not None
        image = water.frame()
        picture = pygame.image.frombuffer(image.tobytes(), image.size, "RGB")
        factor = min(area.w / image.width, area.h / image.height)
        if factor < 1:
            picture = pygame.transform.smoothscale(picture, (round(image.width * factor), round(image.height * factor)))
        surface.fill(picture.get_at((0, 0)), area)
        surface.blit(picture, picture.get_rect(center=area.center))

    # -- files -----------------------------------------------------------------------------------

    def export(self, path: Path) -> None:
        """Write the sheet (.svg, .png) with its present values."""
        save_sheet(self.viewer, path)
        self.viewer.message = f"written: {path}"

    def record(self) -> None:
        """Begin a film of the window, or end it and ask where to write it."""
        viewer = self.viewer
        if self.film is None:
            self.film = Film()
            viewer.message = "recording: Ctrl+g ends it"
            return
        film, self.film = self.film, None

        def write(text: str) -> None:
            check_path(Path(text), (".gif",))
            film.save(Path(text))
            viewer.message = f"written: {text}, {len(film)} frames"

        viewer.ask("write the film to", write, f"{viewer.net.name}.gif")

    # -- time ------------------------------------------------------------------------------------

    @property
    def moves(self) -> bool:
        """Whether the picture changes by itself."""
        viewer = self.viewer
        plays = (viewer.slow is not None and viewer.slow_plays) or viewer.water is not None
        return plays or self.film is not None or viewer.runner.is_running

    def tick(self, seconds: float) -> None:
        """Let display time pass: slow motion and water go on."""
        viewer = self.viewer
        if viewer.slow is not None and viewer.slow_plays:
            viewer.move_slow(seconds / SLOW_SECONDS)
        if viewer.water is not None:
            viewer.water.move(seconds * SPEED)

    # -- events -----------------------------------------------------------------------------------

    def press(self, key: str, text: str = "") -> None:
        """A key by its name in the table of actions; in a prompt, text is typed."""
        viewer = self.viewer
        if viewer.prompt is not None:
            self._type(key, text or (key if len(key) == 1 else " " if key == "Space" else ""))
            return
        if key == "F1" and viewer.computer is not None:
            viewer.shows.symmetric_difference_update({"keyboard"})
            return
        if "keyboard" in viewer.shows:
            viewer.computer_key(text or key)
            return
        action = self._actions.get(key)
        if action is not None:
            viewer.attempt(lambda: action.do(viewer))

    def _type(self, key: str, text: str) -> None:
        viewer, asked = self.viewer, self.viewer.prompt
        assert asked is not None
        if key == "Escape":
            viewer.leave()
        elif key == "Enter":
            viewer.submit()
        elif key == "Backspace":
            asked.text, asked.picked = asked.text[:-1], 0
        elif key in ("Down", "Tab"):
            asked.picked = min(asked.picked + 1, max(0, len(asked.offered) - 1))
        elif key in ("Up", "Shift+Tab"):
            asked.picked = max(asked.picked - 1, 0)
        elif text and text.isprintable():
            asked.text, asked.picked = asked.text + text, 0

    def handle(self, event: pygame.event.Event) -> None:
        """An event of pygame's."""
        viewer = self.viewer
        if event.type == pygame.QUIT:
            viewer.quitting = True
        elif event.type == pygame.KEYDOWN:
            self.press(key_name(event.key, event.mod, event.unicode), event.unicode)
        elif event.type == pygame.KEYUP and "keyboard" in viewer.shows:
            viewer.computer_key("")
        elif event.type == pygame.MOUSEWHEEL:
            self.wheel(pygame.mouse.get_pos(), event.y)
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == 1:
            self._pressed, self._dragged = event.pos, False
            spot = self.ui.at(event.pos)
            self._pulled = spot if spot is not None and spot.follows else None
        elif event.type == pygame.MOUSEMOTION:
            self.move(event.pos, event.rel)
        elif event.type == pygame.MOUSEBUTTONUP and event.button == 1:
            if not self._dragged:
                self.click(event.pos)
            self._pressed, self._pulled, self._dragged = None, None, False

    def wheel(self, pos: tuple[int, int], clicks: float) -> None:
        """Zoom where the mouse is: the sheet, or the waveforms."""
        if "waves" in self.viewer.shows and self._waves.contains(pos):
            self._waves.zoom(self.viewer, pos[0], ZOOM_STEP**-clicks)
        elif self.area.collidepoint(pos):
            places = self.viewer.places
            x, y = pos[0] - self.area.x, pos[1] - self.area.y
            places.camera = places.camera.zoomed(ZOOM_STEP**clicks, x, y)

    def move(self, pos: tuple[int, int], by: tuple[int, int] = (0, 0)) -> None:
        """The mouse has moved; with its button down, the sheet moves too."""
        viewer = self.viewer
        viewer.pointer = pos
        if self._pulled is not None:
            self._dragged = True
            viewer.attempt(self._pulled.do)
            return
        if self._pressed is not None:
            far = max(abs(pos[0] - self._pressed[0]), abs(pos[1] - self._pressed[1])) > DRAG_PIXELS
            self._dragged = self._dragged or (far and self.area.collidepoint(self._pressed))
            if self._dragged:
                viewer.places.camera = viewer.places.camera.panned(-by[0], -by[1])
            return
        self._hover_at = pos
        top = self.ui.at(pos)
        viewer.hovered = self._nets_at(pos) if top is not None and top.name == "sheet" else ()

    def _nets_at(self, pos: tuple[int, int]) -> tuple[int, ...]:
        if self.viewer.water is not None:
            return ()
        hit = self.canvas.hit(pos[0] - self.area.x, pos[1] - self.area.y)
        places = self.viewer.places
        if hit.box >= 0 and places.sheet.box_kind[hit.box] not in (Kind.SCOPE, Kind.GROUP, Kind.MEMORY):
            return places.nets_of_box(hit.box)
        return places.sheet.nets_of(hit.wire) if hit.wire >= 0 else ()

    def click(self, pos: tuple[int, int]) -> None:
        """A click on whatever is there; the second one on a box opens it."""
        self.viewer.pointer = pos
        spot = self.ui.at(pos)
        if spot is not None:
            self.viewer.attempt(spot.do)

    def _click_sheet(self, pos: tuple[int, int]) -> None:
        viewer, places = self.viewer, self.viewer.places
        hit = self.canvas.hit(pos[0] - self.area.x, pos[1] - self.area.y)
        now = perf_counter()
        before, box = self._last_click
        self._last_click = (now, hit.box)
        if hit.box < 0:
            viewer.select(places.sheet.nets_of(hit.wire) if hit.wire >= 0 else ())
        elif box == hit.box and now - before < DOUBLE_CLICK_SECONDS and places.enter(hit.box):
            viewer.select(())
            self._last_click = (0.0, -1)
        else:
            viewer.click_box(hit.box)

    def double_click(self, pos: tuple[int, int]) -> None:
        """Two clicks, whatever the clock says."""
        self.click(pos)
        self._last_click = (perf_counter(), self._last_click[1])
        self.click(pos)

    def point_of(self, box: int) -> tuple[int, int]:
        """The middle of a box of the sheet, on the screen."""
        found, camera = self.viewer.places.sheet.box(box), self.viewer.places.camera
        x, y = camera.to_screen(found.x + found.width / 2, found.y + found.height / 2)
        return round(x) + self.area.x, round(y) + self.area.y
