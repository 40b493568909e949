"""Saying so when kernels are compiled: it happens once on a machine, and takes a while."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from functools import cache
from time import perf_counter

from .output import progress

FIRST_TIME = "compiling kernels for the first time (kept for later runs) ..."


def tell_compilation(tell: Callable[[str], None]) -> None:
    """From now on, tell one line when Numba starts to compile: for a process whose parent has the terminal."""
    from numba.core import event

    class Teller(event.Listener):
        told = False

        def on_start(self, event: event.Event) -> None:
            if not self.told:
                self.told = True
                tell(FIRST_TIME)

        def on_end(self, event: event.Event) -> None:
            pass

    event.register("numba:compile", Teller())


@cache  # a process that runs several commands says it once
def announce_compilation() -> None:
    """From now on, one line on stderr when Numba starts to compile, and one that says how long it took."""
    from numba.core import event

    class Announcer(event.Listener):
        depth = 0
        seconds = 0.0
        began = 0.0

        def on_start(self, event: event.Event) -> None:
            if not self.depth:
                if not self.seconds:
                    progress.print(FIRST_TIME, style="dim")
                    atexit.register(self.report)
                self.began = perf_counter()
            self.depth += 1

        def on_end(self, event: event.Event) -> None:
            self.depth -= 1
            if not self.depth:
                self.seconds += perf_counter() - self.began

        def report(self) -> None:
            progress.print(f"kernels were compiled in {self.seconds:.0f} s; the next run starts at once", style="dim")

    event.register("numba:compile", Announcer())
