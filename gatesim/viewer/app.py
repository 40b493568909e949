"""Opening a viewer: in a window, or without one, led by a script."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

import pygame

from ..errors import GatesimError
from .film import FRAMES_A_SECOND, Film
from .script import Player, parse_script
from .viewer import Viewer
from .window import Window

SIZE = (1280, 800)
FRAMES_LIMIT = 60
INVISIBLE = ("dummy", "offscreen")
"""SDL's drivers without a screen, which it takes by itself where there is no other."""


class NoDisplayError(GatesimError, OSError):
    """There is no screen to open a window on."""


def open_window(viewer: Viewer, size: tuple[int, int] = SIZE, until: Callable[[int], bool] | None = None) -> None:
    """Show the viewer until its window is closed; ``until(frame)`` ends it earlier.

    Raises
    ------
    NoDisplayError
        No display; says how to do without.
    """
    try:
        pygame.display.init()
        pygame.font.init()
        if pygame.display.get_driver() in INVISIBLE and "SDL_VIDEODRIVER" not in os.environ:
            raise pygame.error("there is no display")
        pygame.display.set_caption(f"{viewer.net.name} - gatesim")
        screen = pygame.display.set_mode(size, pygame.RESIZABLE)
    except pygame.error as exc:
        pygame.display.quit()
        raise NoDisplayError(
            f"no window can be opened ({exc}): run without one, for example "
            "gatesim view CIRCUIT --headless --script FILE --gif OUT.gif, or draw a picture with gatesim draw"
        ) from None
    try:
        pygame.key.set_repeat(300, 40)
        _loop(viewer, screen, until)
    finally:
        viewer.close()
        pygame.display.quit()


def _loop(viewer: Viewer, screen: pygame.Surface, until: Callable[[int], bool] | None) -> None:
    window, clock = Window(viewer, screen.get_size()), pygame.time.Clock()
    before, frame, was_moving = perf_counter(), 0, True
    while not viewer.quitting:
        events = pygame.event.get()
        for event in events:
            window.handle(event)
        # A picture in which nothing moves is not drawn again: a window left open costs nothing.
        moves = window.moves
        if not (events or moves or was_moving or until is not None):
            before = perf_counter()
            clock.tick(FRAMES_LIMIT)
            continue
        was_moving = moves
        screen = pygame.display.get_surface() or screen
        now = perf_counter()
        window.tick(now - before)
        before = now
        window.draw(screen)
        if window.film is not None and frame % (FRAMES_LIMIT // FRAMES_A_SECOND) == 0:
            viewer.attempt(partial(window.film.add, screen))
        pygame.display.flip()
        frame += 1
        if until is not None and until(frame):
            return
        clock.tick(FRAMES_LIMIT)


def play(
    viewer: Viewer,
    script: str,
    *,
    source: str = "script",
    frames: int | None = None,
    gif: Path | None = None,
    size: tuple[int, int] = SIZE,
) -> Window:
    """Play a script without a window.

    Parameters
    ----------
    viewer : Viewer
    script : str
        Its text; see ``docs/viewer.md``.
    source : str
        What to call it in messages.
    frames : int, optional
        Frames of the film: it ends there (the script plays to its end), or goes on so long.
    gif : Path, optional
        Where to write the film.
    size : (int, int)
        Of the window that there would be.

    Raises
    ------
    ParseError, ScriptError
        A script that cannot be read, or that expected something else.
    """
    commands = parse_script(script, source)
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    pygame.display.init()
    pygame.font.init()
    surface = pygame.Surface(size, 0, 32)
    window, film = Window(viewer, size), Film()

    def draw(count: int) -> None:
        for _ in range(count):
            window.tick(1 / FRAMES_A_SECOND)
            window.draw(surface)
            if gif is not None and (frames is None or len(film) < frames):
                film.add(surface)

    window.draw(surface)
    for count in Player(window, commands, source).play():
        draw(count)
    if gif is not None:
        draw(max(0, (frames or 1) - len(film)))
        film.save(gif)
    return window
