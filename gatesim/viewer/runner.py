"""The engine in its own thread, at full speed or at a chosen clock; the display samples it."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from ..errors import GatesimError, ValueFitError
from ..results import State
from .breakpoints import Breakpoint
from .circuit import Inputs
from .timeline import Timeline

Answer = TypeVar("Answer")

TICK_SECONDS = 1 / 60
"""Between two looks at the queue of commands while the clock is slow."""

RATE_SECONDS = 0.5
"""Time over which the true rate is measured."""

MIN_CLOCK_HZ, MAX_CLOCK_HZ = 0.1, 1e9


@dataclass(frozen=True, eq=False)
class Sample:
    """What the display sees of a run: one moment, and how fast it goes.

    Attributes
    ----------
    cycle, horizon : int
    state : State
        Before the clock edge of that cycle.
    inputs : bytes
    running : bool
    clock_hz : float or None
        The clock asked for; None for as fast as possible.
    true_hz : float
        Cycles a second, measured; 0 while nothing runs.
    stopped_by : str
        The breakpoint that ended the last run, or why else it ended.
    """

    cycle: int
    horizon: int
    state: State
    inputs: Inputs
    running: bool
    clock_hz: float | None
    true_hz: float
    stopped_by: str


class Runner:
    """Runs a timeline in a thread, a short piece at a time; commands come in between two pieces.

    Close it (or use it as a context manager): the thread ends and is joined.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.viewer.circuit import Circuit
    >>> b = Builder("toggle"); q = b.wire("q"); b.drive(q, b.flip_flop(~q)); b.output("out", q)
    >>> with Runner(Timeline(Circuit(b.freeze()))) as runner:
    ...     runner.run_until(50_000); runner.wait(); runner.sample().cycle
    50000
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._commands: queue.SimpleQueue[tuple[Callable[[], Any], Future]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._clock_hz: float | None = None
        self._stopped_by = ""
        self._failure: BaseException | None = None
        self._marks: deque[tuple[float, int]] = deque()
        self.breakpoints: list[Breakpoint] = []
        self._sample = self._taken(False)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # -- for the display -----------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    def sample(self) -> Sample:
        """The present moment; never waits for the engine."""
        if not self.is_running:
            self._join()
            self._sample = self._taken(False)
        return self._sample

    def do(self, command: Callable[[Timeline], Answer]) -> Answer:
        """Do something with the timeline: at once, or between two pieces of a run."""
        if not self.is_running:
            self._join()
            return command(self._timeline)
        answer: Future = Future()
        self._commands.put((lambda: command(self._timeline), answer))
        while True:
            try:
                return answer.result(timeout=0.05)
            except TimeoutError:
                if not self.is_running and not answer.done():
                    self._serve()

    def run(self, clock_hz: float | None = None, until: int | None = None) -> None:
        """Start (or go on) at a clock, or as fast as possible; to a cycle, or until :meth:`stop`.

        Raises
        ------
        ValueFitError
            A clock out of range.
        """
        if clock_hz is not None and not MIN_CLOCK_HZ <= clock_hz <= MAX_CLOCK_HZ:
            raise ValueFitError(f"the clock must be {MIN_CLOCK_HZ} Hz to 1 GHz, not {clock_hz:g} Hz")
        self.stop()
        self._clock_hz, self._stopped_by = clock_hz, ""
        self._stop.clear()
        self._marks.clear()
        watch = self._watched()
        if until is None or until - self._timeline.now > 10_000:
            self._timeline.circuit.compile(watch)
        self._thread = threading.Thread(target=self._work, args=(watch, until), name="gatesim-run")
        self._thread.start()

    def run_until(self, cycle: int) -> None:
        """Run as fast as possible to a cycle (or to a breakpoint before it)."""
        self.run(None, cycle)

    def wait(self) -> None:
        """Wait until the run ends by itself."""
        if self._thread is not None:
            self._thread.join()
        self._join()

    def stop(self) -> None:
        """Stop, and wait for the piece under way."""
        self._stop.set()
        self.wait()

    def close(self) -> None:
        """Stop, and leave nothing behind: no thread, no compilation."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._serve()
        self._timeline.circuit.close()

    def _join(self) -> None:
        if self._thread is not None and not self._thread.is_alive():
            self._thread.join()
            self._thread = None
            self._serve()
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure

    def add_breakpoint(self, found: Breakpoint) -> None:
        """Stop there from now on; a run under way goes on with it."""
        self._again(lambda: self.breakpoints.append(found))

    def remove_breakpoint(self, index: int) -> None:
        """Forget a breakpoint."""
        self._again(lambda: self.breakpoints.pop(index))

    def _again(self, change: Callable[[], object]) -> None:
        was_running, clock = self.is_running, self._clock_hz
        self.stop()
        change()
        if was_running:
            self.run(clock)

    # -- in the thread -------------------------------------------------------------------------

    def _watched(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(k for b in self.breakpoints for k in b.nets))

    def _work(self, watch: tuple[int, ...], until: int | None) -> None:
        try:
            self._loop(watch, until)
        except GatesimError as exc:
            self._stopped_by = str(exc)
        except BaseException as exc:
            self._failure = exc
        finally:
            self._sample = self._taken(False)

    def _loop(self, watch: tuple[int, ...], until: int | None) -> None:
        line, began = self._timeline, perf_counter()
        start = line.now
        place = {net: i for i, net in enumerate(watch)}
        columns = [[place[k] for k in b.nets] for b in self.breakpoints]
        before: np.ndarray | None = line.values[list(watch)] if watch else None
        while not self._stop.is_set():
            if self._serve():  # inputs or the cycle may have changed
                before = line.values[list(watch)] if watch else None
                began, start = perf_counter(), line.now
            budget = self._budget(line.now - start, perf_counter() - began)
            if until is not None:
                budget = min(budget, until - line.now)
                if budget <= 0 and line.now >= until:
                    return
            if budget <= 0:
                self._stop.wait(TICK_SECONDS / 4)
                self._publish()
                continue
            if self._piece(budget, watch, columns, before):
                return
            before = line.values[list(watch)] if watch else None
            self._publish()

    def _budget(self, done: int, seconds: float) -> int:
        """Cycles that may run now."""
        if self._clock_hz is None:
            return 1 << 30
        return min(int(seconds * self._clock_hz) - done, max(1, int(self._clock_hz * 0.1)))

    def _piece(self, cycles: int, watch, columns, before) -> bool:
        """Run one piece; True when a breakpoint ended it."""
        line = self._timeline
        first = line.now
        if not watch:
            line.advance_piece(cycles)
            return False
        # A cycle is seen when its values are there: look one cycle ahead, the present one was seen before.
        seen = line.advance_piece(cycles, watch)
        after = np.concatenate((seen[1:], line.values[list(watch)][None]))
        hits = [
            (hit, b.text)
            for b, part in zip(self.breakpoints, columns, strict=True)
            if (hit := b.first(after[:, part], before[part])) is not None
        ]
        if not hits:
            return False
        hit, text = min(hits)
        line.go_back(first + 1 + hit)
        self._stopped_by = text
        return True

    def _serve(self) -> bool:
        """Do what is asked for; whether there was anything."""
        served = False
        while True:
            try:
                command, answer = self._commands.get_nowait()
            except queue.Empty:
                return served
            served = True
            try:
                answer.set_result(command())
            except BaseException as exc:
                answer.set_exception(exc)

    def _publish(self) -> None:
        now = perf_counter()
        self._marks.append((now, self._timeline.now))
        while len(self._marks) > 2 and now - self._marks[0][0] > RATE_SECONDS:
            self._marks.popleft()
        self._sample = self._taken(True)

    def _taken(self, running: bool) -> Sample:
        line, rate = self._timeline, 0.0
        if running and len(self._marks) > 1:
            (t0, c0), (t1, c1) = self._marks[0], self._marks[-1]
            rate = max(0.0, (c1 - c0) / (t1 - t0)) if t1 > t0 else 0.0
        return Sample(line.now, line.horizon, line.state, line.inputs, running, self._clock_hz, rate, self._stopped_by)
