"""The main job: run the chapters, show them, write one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from time import perf_counter

from .chapters import CHAPTERS, STARTING, chapter
from .page import Context, Page
from .text import Text
from .workers import Setup, run_chapters


def run_tour(
    only: Sequence[str] = (),
    *,
    quick: bool = False,
    workers: int = 1,
    setup: Setup = lambda tell: None,
    noted: Callable[[str], None] = lambda line: None,
    started: Callable[[int, int, Text], None] = lambda number, total, title: None,
    step: Callable[[Text], None] = lambda text: None,
    finished: Callable[[Page, float], None] = lambda page, seconds: None,
) -> list[Page]:
    """Run the chapters and give their pages, in the chapters' order.

    Parameters
    ----------
    only : sequence of str
        Chapters to run, all when empty.
    quick : bool
        Fewer widths and patterns.
    workers : int
        Processes; with one, or for one chapter, everything happens in this one.
    setup, noted : callable
        `setup` runs first in each process, with a function that hands a line over to `noted`; equal lines come
        once. For several processes it must be a function of a module.
    started, step, finished : callable
        Told when a chapter starts (number, total, title), what it is doing, and, in order, its page with the
        seconds that it took.

    Raises
    ------
    UnknownNameError
        A chapter that does not exist.
    """
    keys = list(dict.fromkeys(only or CHAPTERS))
    modules = [chapter(key) for key in keys]
    if min(workers, len(keys)) > 1:
        return _together(keys, quick, workers, setup, noted, started, step, finished)
    setup(noted)
    pages = []
    for number, module in enumerate(modules, 1):
        started(number, len(modules), module.TITLE)
        began = perf_counter()
        page = module.run(Context(quick, step))
        pages.append(page)
        finished(page, perf_counter() - began)
    return pages


def _together(
    keys: Sequence[str],
    quick: bool,
    workers: int,
    setup: Setup,
    noted: Callable[[str], None],
    started: Callable[[int, int, Text], None],
    step: Callable[[Text], None],
    finished: Callable[[Page, float], None],
) -> list[Page]:
    """The same in several processes; a page waits for those before it."""
    done: dict[str, tuple[Page, float]] = {}
    lines: set[str] = set()
    pages: list[Page] = []
    order = sorted(keys, key=lambda k: STARTING.index(k) if k in STARTING else len(STARTING))
    with closing(run_chapters(order, quick=quick, workers=workers, setup=setup)) as events:
        for event in events:
            if event.kind == "started":
                started(keys.index(event.key) + 1, len(keys), chapter(event.key).TITLE)
            elif event.kind == "step":
                step(event.value)
            elif event.kind == "note" and event.value not in lines:
                lines.add(event.value)
                noted(event.value)
            elif event.kind == "page":
                done[event.key] = event.value
                while len(pages) < len(keys) and keys[len(pages)] in done:
                    page, seconds = done[keys[len(pages)]]
                    pages.append(page)
                    finished(page, seconds)
    return pages
