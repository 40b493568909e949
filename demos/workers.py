"""Chapters in several processes: each is told the next key, and sends back what it does and its page."""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from time import perf_counter
from typing import Any

from gatesim.errors import GatesimError

from .chapters import chapter
from .page import Context, Page
from .text import Text

Setup = Callable[[Callable[[str], None]], None]
"""Run first in every worker, with a function that tells the parent a line."""


class WorkerError(GatesimError, RuntimeError):
    """A worker ended by itself, or its chapter failed with an error that cannot be sent."""


@dataclass(frozen=True)
class Event:
    """What a chapter did: ``kind`` is "started", "step" (a Text), "note" (a str) or "page" (page, seconds)."""

    kind: str
    key: str
    value: Any = None


def default_workers() -> int:
    """Two where the machine has two cores and processes can wait for one another's kernels, else one."""
    if sys.platform == "win32":  # kernels/jit has no locks there
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(2, cores)


def run_chapters(keys: Sequence[str], *, quick: bool, workers: int, setup: Setup) -> Generator[Event, None, None]:
    """What happens while the chapters run, as it happens; `keys` begin in their order.

    Raises
    ------
    Exception
        What a chapter raised, with its traceback in the worker as a note; the other workers are ended.
    """
    # Not forked: a fork would copy Numba's locks and threads in whatever state they are.
    context = get_context("spawn")
    ours: dict[Connection, tuple[Any, str]] = {}
    waiting = list(keys)
    try:
        for _ in range(min(workers, len(keys))):
            here, there = context.Pipe()
            process = context.Process(target=_work, args=(there, quick, setup))
            with _uninterrupted():
                process.start()
            there.close()
            key = waiting.pop(0)
            ours[here] = process, key
            here.send(key)
            yield Event("started", key)
        while ours:
            for connection in wait(list(ours)):
                assert isinstance(connection, Connection)
                process, key = ours[connection]
                try:
                    kind, value = connection.recv()
                except EOFError:
                    process.join()
                    how = f"exit status {process.exitcode}"
                    raise WorkerError(f"the process of chapter {key!r} ended by itself ({how})") from None
                if kind == "error":
                    raise value
                yield Event(kind, key, value)
                if kind != "page":
                    continue
                following = waiting.pop(0) if waiting else None
                connection.send(following)
                if following is None:
                    del ours[connection]
                    connection.close()
                    process.join()
                else:
                    ours[connection] = process, following
                    yield Event("started", following)
    finally:
        for connection, (process, _) in ours.items():
            connection.close()
            process.terminate()
        for process, _ in ours.values():
            process.join()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes that start meanwhile ignore Ctrl-C from their first moment: it is for the parent, who ends them."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may say so
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(connection: Connection, quick: bool, setup: Setup) -> None:
    """The life of a worker: keys come, events go, until None comes or the parent is gone."""

    def tell(kind: str, value: object) -> None:
        connection.send((kind, value))

    def step(text: Text) -> None:
        tell("step", text)

    try:
        setup(lambda line: tell("note", line))
        while (key := connection.recv()) is not None:
            began = perf_counter()
            page: Page = chapter(key).run(Context(quick, step))
            tell("page", (page, perf_counter() - began))
    except (EOFError, BrokenPipeError):
        return  # the parent is gone
    except Exception as exc:
        tell("error", _sendable(exc))


def _sendable(exc: Exception) -> Exception:
    """The error itself with its traceback as a note, or one that says the same where it cannot be pickled."""
    trace = "".join(traceback.format_exception(exc))
    try:
        copy = pickle.loads(pickle.dumps(exc))
        same = type(copy) is type(exc) and str(copy) == str(exc)
    except Exception:  # any class may have a reduction of its own that fails
        same = False
    if not same:
        return WorkerError(f"{type(exc).__name__}: {exc}")
    exc.add_note(f"in a worker process:\n{trace}")
    return exc
