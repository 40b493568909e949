"""The main job: run the chapters, show them, write one report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from .chapters import CHAPTERS, chapter
from .page import Context, Page
from .text import Text


def run_tour(
    only: Sequence[str] = (),
    *,
    quick: bool = False,
    started: Callable[[int, int, Text], None] = lambda number, total, title: None,
    step: Callable[[Text], None] = lambda text: None,
    finished: Callable[[Page, float], None] = lambda page, seconds: None,
) -> list[Page]:
    """Run the chapters and give their pages.

    Parameters
    ----------
    only : sequence of str
        Chapters to run, all when empty.
    quick : bool
        Fewer widths and patterns.
    started, step, finished : callable
        Told when a chapter starts (number, total, title), what it is doing, and its page with the
        seconds that it took.

    Raises
    ------
    UnknownNameError
        A chapter that does not exist.
    """
    modules = [chapter(key) for key in (only or CHAPTERS)]
    pages = []
    for number, module in enumerate(modules, 1):
        started(number, len(modules), module.TITLE)
        began = perf_counter()
        page = module.run(Context(quick, step))
        pages.append(page)
        finished(page, perf_counter() - began)
    return pages
