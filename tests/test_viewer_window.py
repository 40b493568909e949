"""The window itself: mouse, wheel, the bar of time, closing in the middle of a run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pygame
from viewer_circuits import adder, counter

from gatesim import build
from gatesim.viewer.app import open_window, play
from gatesim.viewer.script import Player, parse_script
from gatesim.viewer.viewer import Viewer
from gatesim.viewer.window import Window


def test_a_million_wide_zoom_and_tiny_windows_draw():
    with Viewer(build(counter)) as viewer:
        window = play(
            viewer, "show facts waves\nprobe count\nkey Ctrl+- Ctrl+- w\nwheel 30\nframes 1\nwheel -60\nframes 1"
        )
        window.draw(pygame.Surface((320, 240), 0, 32))
        viewer.scale = 4.0
        window.draw(pygame.Surface((1280, 800), 0, 32))


def test_the_window_closes_in_the_middle_of_a_run_and_leaves_nothing():
    before = set(threading.enumerate())
    viewer = Viewer(build(counter))

    def until(frame: int) -> bool:
        if frame == 2:
            pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_SPACE, mod=0, unicode=" "))
        if frame == 6:
            assert viewer.runner.is_running
            pygame.event.post(pygame.event.Event(pygame.QUIT))
        return frame > 100

    open_window(viewer, (640, 480), until)
    assert viewer.quitting and not viewer.runner.is_running
    assert not [t for t in set(threading.enumerate()) - before if t.is_alive()]


def test_mouse_pans_zooms_and_hovers():
    with Viewer(adder()) as viewer:
        window = play(viewer, "frames 1")
        surface = pygame.Surface((1280, 800), 0, 32)
        camera = viewer.places.camera
        for kind, fields in (
            (pygame.MOUSEBUTTONDOWN, {"pos": (600, 600), "button": 1}),
            (pygame.MOUSEMOTION, {"pos": (640, 600), "rel": (40, 0), "buttons": (1, 0, 0)}),
            (pygame.MOUSEBUTTONUP, {"pos": (640, 600), "button": 1}),
        ):
            window.handle(pygame.event.Event(kind, fields))
        assert viewer.places.camera.x < camera.x and viewer.places.camera.zoom == camera.zoom
        window.draw(surface)
        x, y = window.point_of(viewer.places.sheet.box_label.index("sum[3]"))
        window.move((x, y))
        assert viewer.hovered == (viewer.net.net("sum[3]"),)
        window.draw(surface)


def pull(window: Window, surface: pygame.Surface, *points: tuple[int, int]) -> None:
    """Button down at the first point, over the others, and up."""
    before = points[0]
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONDOWN, {"pos": before, "button": 1}))
    for pos in points[1:]:
        rel = (pos[0] - before[0], pos[1] - before[1])
        window.handle(pygame.event.Event(pygame.MOUSEMOTION, {"pos": pos, "rel": rel, "buttons": (1, 0, 0)}))
        window.draw(surface)
        before = pos
    window.handle(pygame.event.Event(pygame.MOUSEBUTTONUP, {"pos": before, "button": 1}))


def test_the_bar_of_time_is_pulled_and_waves_zoom_under_the_wheel():
    surface = pygame.Surface((1280, 800), 0, 32)
    with Viewer(build(counter)) as viewer:
        window = play(viewer, "set run 1\nframes 1")
        assert not any(s.name == "time" for s in window.ui.spots)  # there is no past yet
        for _ in Player(window, parse_script("run until 1000000\nprobe count\nframes 1")).play():
            window.draw(surface)
        bar = next(s.rect for s in window.ui.spots if s.name == "time")
        camera = viewer.places.camera
        pull(window, surface, (bar.right - 5, bar.centery), (bar.centerx, bar.centery))
        assert abs(viewer.line.now - 500_000) < 2_000 and viewer.places.camera == camera
        assert viewer.line.number("out") == viewer.line.now % 256
        pull(window, surface, (bar.centerx, bar.centery), (0, bar.centery))
        assert viewer.line.now == 0 and viewer.line.horizon == 1_000_000
        viewer.go_to(600_000)
        window.draw(surface)
        lane = next(s.rect for s in window.ui.spots if s.name == "waves")
        middle, before = lane.center, window._waves.cycle_at(lane.centerx)
        window.wheel(middle, -5)
        window.draw(surface)
        first, last = window._waves.cycle_at(lane.x), window._waves.cycle_at(lane.right)
        assert last - first > 100 and abs(window._waves.cycle_at(middle[0]) - before) < 5
        assert viewer.places.camera.zoom == camera.zoom
        window.wheel(middle, 99)
        window.draw(surface)
        assert window._waves.cycle_at(lane.right) - window._waves.cycle_at(lane.x) == 4


def test_a_window_in_which_nothing_moves_rests():
    with Viewer(build(counter)) as viewer:
        window = play(viewer, "set run 1")
        assert not window.moves
        play(viewer, "clock 2\nrun")
        assert window.moves
        viewer.runner.stop()
        assert not window.moves


def test_a_closed_process_leaves_no_file_and_no_thread(tmp_path):
    """The window's own process, ended by its close button in the middle of a run."""
    code = (
        "import os, pygame, sys, tempfile\n"
        "from gatesim import Builder\n"
        "from gatesim.viewer.app import open_window\n"
        "from gatesim.viewer.viewer import Viewer\n"
        "b = Builder('t'); q = b.wire('q'); b.drive(q, b.flip_flop(~q)); b.output('out', q)\n"
        "viewer = Viewer(b.freeze())\n"
        "def until(frame):\n"
        "    if frame == 2: viewer.run()\n"
        "    if frame == 8: assert viewer.runner.is_running; pygame.event.post(pygame.event.Event(pygame.QUIT))\n"
        "    return frame > 200\n"
        "open_window(viewer, (640, 480), until)\n"
        "assert viewer.quitting and viewer.line.now > 0\n"
        "import threading; print([t.name for t in threading.enumerate()])\n"
    )
    before = set(tmp_path.iterdir())
    environment = {**os.environ, "SDL_VIDEODRIVER": "dummy", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("['MainThread']")
    assert set(tmp_path.iterdir()) == before
