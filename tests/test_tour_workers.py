"""Chapters in several processes. The chapters are replaced by small ones, in each worker by its set-up."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from demos import chapters
from demos.page import Context, KeyNumbers, Page
from demos.text import same
from demos.tour import run_tour
from demos.workers import WorkerError
from gatesim.errors import ValueFitError


def _replace(run, keys=("adding", "alu", "universal")) -> None:
    for key in keys:
        chapters.chapter(key).run = lambda context, key=key: run(key, context)


def _page(key: str, context: Context) -> Page:
    context.step(same(f"step of {key}"))
    if key == "adding":
        time.sleep(0.5)  # the first is ready last
    return Page(key, same(key), [KeyNumbers([(os.getpid(), same("process"))])], {"process": os.getpid()})


def small(tell) -> None:
    tell("hello")
    _replace(_page)


def refused(tell) -> None:
    def run(key, context):
        if key == "alu":
            raise ValueFitError("no such gate in this factory")
        time.sleep(60)

    _replace(run)


class Strange(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def strange(tell) -> None:
    def run(key, context):
        raise Strange(1, 2)

    _replace(run)


def dead(tell) -> None:
    _replace(lambda key, context: os._exit(3))


def forever(tell) -> None:
    def run(key, context):
        context.step(same("asleep"))
        time.sleep(60)

    _replace(run)


def test_pages_come_in_order_from_other_processes():
    notes, steps, starts, ends = [], [], [], []
    pages = run_tour(
        ["adding", "alu", "universal"],
        workers=2,
        setup=small,
        noted=notes.append,
        started=lambda number, total, title: starts.append((number, total)),
        step=lambda text: steps.append(text.en),
        finished=lambda page, seconds: ends.append((page.key, seconds)),
    )
    assert [p.key for p in pages] == [key for key, _ in ends] == ["adding", "alu", "universal"]
    assert ends[0][1] >= 0.5 and notes == ["hello"]
    assert sorted(starts) == [(1, 3), (2, 3), (3, 3)] and len(steps) == 3
    assert {p.facts["process"] for p in pages}.isdisjoint({os.getpid()})
    assert not multiprocessing.active_children()


def test_an_error_in_a_chapter_is_raised_and_ends_the_others():
    with pytest.raises(ValueFitError, match="no such gate in this factory") as caught:
        run_tour(["adding", "alu"], workers=2, setup=refused)
    assert "in run" in "".join(caught.value.__notes__)
    with pytest.raises(WorkerError, match="Strange: 1 and 2"):
        run_tour(["adding", "alu"], workers=2, setup=strange)
    with pytest.raises(WorkerError, match=r"ended by itself \(exit status 3\)"):
        run_tour(["adding", "alu"], workers=2, setup=dead)
    assert not multiprocessing.active_children()


def test_an_interrupt_ends_the_workers():
    def interrupt(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tour(["adding", "alu"], workers=2, setup=forever, step=interrupt)
    assert not multiprocessing.active_children()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_control_c_at_the_command_line_is_clean(tmp_path):
    command = [sys.executable, "-m", "gatesim", "tour", "--quick", "--processes", "2", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all
    _, err = process.communicate(timeout=60)
    assert process.returncode and b"Traceback" not in err
    assert not (tmp_path / "out").exists()
    with pytest.raises(ProcessLookupError):  # nobody of the group is left, once Python's resource tracker has seen it
        for _ in range(100):
            os.killpg(process.pid, 0)
            time.sleep(0.1)
