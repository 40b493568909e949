"""The waveform panel: pinned probes over time, one or two cursors, click to go to a cycle."""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pygame

from ..fonts import rgb
from ..probes import Probe, Stretch, Waveforms
from ..timeline import Timeline
from ..ui import Ui
from ..viewer import Viewer

NAMES, VALUES = 150, 100
"""Pixels for names and for present values, at scale 1."""

RUNNING_CYCLES = 200
"""Cycles computed for the panel while the engine runs."""

RUNNING_SECONDS = 0.25
"""Time between two pictures of the waves while the engine runs."""


MIN_WINDOW = 4
"""Cycles shown at least."""


class Waves:
    """Draws the panel; keeps the computed waveforms."""

    def __init__(self) -> None:
        self._waveforms = Waveforms()
        self._line: Timeline | None = None
        self._taken, self._begun = 0.0, 0
        self._lane = pygame.Rect(0, 0, 1, 1)
        self._window = (0, 1)

    def height(self, ui: Ui, viewer: Viewer) -> int:
        """Pixels that the panel wants."""
        return ui.line() * (3 + min(12, 2 * len(viewer.probes)))

    def draw(self, ui: Ui, viewer: Viewer, rect: pygame.Rect) -> None:
        """Names, values at the present cycle, and waves."""
        title = "waveforms: p pins a probe, a click or pull goes there, the wheel zooms, k sets cursors"
        inner = ui.panel(rect, title, lambda: viewer.shows.discard("waves"))
        if not viewer.probes:
            ui.text("no probe is pinned: select a net and press p", inner.x, inner.y)
            return
        line = self._moment(viewer)
        lane = pygame.Rect(inner.x + ui.px(NAMES + VALUES), inner.y, inner.w - ui.px(NAMES + VALUES), inner.h)
        if lane.w < 20:
            return
        first, last = self._window = self._shown(viewer, line, lane.w)
        waves = self._waveforms.window(line, viewer.probes, first, last, max(1, lane.w // 3))
        per_cycle = lane.w / (last - first)
        self._lane = lane
        top = lane.y + ui.line(10)
        step = min(ui.line() * 2, max(ui.line(), (inner.bottom - top) // len(viewer.probes)))
        self._ruler(ui, lane, first, last)
        self._cursors(ui, viewer, lane, first, per_cycle, line.now)
        values = viewer.values()
        for k, (probe, parts) in enumerate(zip(viewer.probes, waves, strict=True)):
            y = top + k * step
            if y + step > inner.bottom + ui.px(4):
                break
            ui.text(probe.name, inner.x, y + step // 4, size=11, room=ui.px(NAMES - 8))
            now = probe.text(values[list(probe.nets)])
            ui.text(now, inner.x + ui.px(NAMES), y + step // 4, size=11, mono=True, room=ui.px(VALUES - 8))
            ui.spot(
                pygame.Rect(inner.x, y, ui.px(NAMES), step), f"probe {probe.name}",
                lambda p=probe: viewer.select(p.nets),
            )  # fmt: skip
            for part in parts:
                self._stretch(ui, lane, probe, part, first, per_cycle, y, step)
        ui.spot(lane, "waves", lambda: self._clicked(viewer), follows=True)

    def _moment(self, viewer: Viewer) -> Timeline:
        """A timeline that stands still: the viewer's; while it runs, some cycles on from a recent moment."""
        if not viewer.runner.is_running:
            self._line = None
            return viewer.line
        now = perf_counter()
        if self._line is None or now - self._taken > RUNNING_SECONDS:
            self._taken = now
            self._line = viewer.runner.do(lambda line: line.replica(viewer.looking))
            self._line.keep()
            self._begun = self._line.now
            self._line.step(RUNNING_CYCLES)
        return self._line

    def _shown(self, viewer: Viewer, line: Timeline, width: int) -> tuple[int, int]:
        if viewer.wave_window is not None and not viewer.runner.is_running:
            return viewer.wave_window
        cycles = min(RUNNING_CYCLES, max(16, width // 14))
        if viewer.runner.is_running:
            return self._begun, self._begun + cycles
        cycles = min(cycles, max(8, line.horizon + 2))
        last = max(line.now + 2, cycles)
        return last - cycles, last

    def _ruler(self, ui: Ui, lane: pygame.Rect, first: int, last: int) -> None:
        rough = (last - first) / max(1, lane.w // ui.px(90))
        power = 10 ** int(np.floor(np.log10(max(rough, 1))))
        step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
        for cycle in range(-(-first // step) * step, last, step):
            x = lane.x + round((cycle - first) * lane.w / (last - first))
            pygame.draw.line(ui.surface, rgb(ui.theme.box_head), (x, lane.y), (x, lane.bottom))
            ui.text(f"{cycle:,}", x + 2, lane.y, size=9, colour=ui.theme.faint)

    def _stretch(
        self, ui: Ui, lane: pygame.Rect, probe: Probe, part: Stretch, first: int, per_cycle: float, y: int, step: int
    ) -> None:
        x0 = lane.x + round((part.first - first) * per_cycle)
        x1 = min(lane.x + round((part.last - first) * per_cycle), lane.right - 1)
        high, low = y + ui.px(3), y + step - ui.px(4)
        theme, surface = ui.theme, ui.surface
        if not part.steady:
            pygame.draw.rect(surface, rgb(theme.faint), (x0, high, max(1, x1 - x0), low - high))
            return
        code = part.codes[0] if len(part.codes) == 1 else (2 if any(c > 1 for c in part.codes) else 4)
        ink = theme.value_ink(code) if code < 4 else theme.mixed
        colour, pen = rgb(ink.colour), max(1, round(ink.width * ui.scale))
        if code in (0, 1):
            at = high if code else low
            pygame.draw.line(surface, colour, (x0, at), (x1, at), pen)
            pygame.draw.line(surface, rgb(theme.faint), (x0, high), (x0, low))
            return
        slope = min(3, (x1 - x0) // 2)
        middle = (high + low) // 2
        points = [
            (x0, middle),
            (x0 + slope, high),
            (x1 - slope, high),
            (x1, middle),
            (x1 - slope, low),
            (x0 + slope, low),
        ]
        if code != 4:
            pygame.draw.rect(surface, rgb(theme.box_head), (x0, high, x1 - x0, low - high))
        pygame.draw.polygon(surface, colour, points, pen)
        text = probe.text(np.array(part.codes))
        room = x1 - x0 - 2 * slope - 4
        size = 10 * ui.scale * theme.text_scale
        if room > 0 and ui.texts.width(text, size, mono=True) <= room:
            ui.text(text, x0 + slope + 3, middle - ui.line(10) // 2, size=10, mono=True)

    def _cursors(self, ui: Ui, viewer: Viewer, lane: pygame.Rect, first: int, per_cycle: float, now: int) -> None:
        for cycle, colour, pen in (*((c, ui.theme.mixed.colour, 1) for c in viewer.cursors), (now, ui.theme.accent, 2)):
            x = lane.x + round((cycle - first) * per_cycle)
            if lane.x <= x < lane.right:
                pygame.draw.line(ui.surface, rgb(colour), (x, lane.y), (x, lane.bottom), pen)

    def cycle_at(self, x: int) -> int:
        """The cycle under a point of the panel."""
        first, last = self._window
        return max(0, first + int((x - self._lane.x) * (last - first) / max(1, self._lane.w)))

    def contains(self, pos: tuple[int, int]) -> bool:
        """Whether a point lies on the waves."""
        return self._lane.collidepoint(pos)

    def zoom(self, viewer: Viewer, x: int, factor: float) -> None:
        """Show so many times more cycles, the one under `x` staying where it is."""
        first, last = self._window
        length = min(max(MIN_WINDOW, round((last - first) * factor)), max(MIN_WINDOW, viewer.still().horizon + 2))
        share = (x - self._lane.x) / max(1, self._lane.w)
        start = max(0, round(first + share * (last - first) - share * length))
        viewer.wave_window = start, start + length

    def _clicked(self, viewer: Viewer) -> None:
        viewer.go_to(min(self.cycle_at(viewer.pointer[0]), viewer.still().horizon))
