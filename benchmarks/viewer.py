"""The viewer: time to a first picture, work per frame, scrubbing, and a watched run's true clock.

Without a screen, at 1280 x 800, in software: what a window adds is copying the finished frame.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import numpy as np

from circuits.sequential import counter
from gatesim import Builder, Netlist, build

from .circuits import DATA, array_multiplier
from .harness import Record, skip

SIZE = (1280, 800)
FRAMES = 40
STARTS = 3


def _toggling(wires: int) -> Netlist:
    """A flip-flop that feeds chains of inverters, as many as there are wires to toggle."""
    b = Builder(f"{wires} toggling wires")
    q = b.wire("q")
    b.drive(q, b.flip_flop(~q))
    length = round(wires**0.5)
    for k in range(-(-wires // length)):
        bit = q
        for _ in range(length):
            bit = ~bit
        b.output(f"y{k}", bit)
    return b.freeze()


def _times(work: Callable[[], object], repeats: int) -> list[float]:
    found = []
    for _ in range(repeats):
        began = perf_counter()
        work()
        found.append(1e3 * (perf_counter() - began))
    return found


def _record(name: str, circuit: str, ms: list[float], goal: float, note: str = "") -> Record:
    return Record(name, circuit, median(ms), "ms", goal, low=min(ms), high=max(ms), note=note)


def run(quick: bool) -> list[Record]:
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    import pygame

    from gatesim.viewer.circuit import Circuit
    from gatesim.viewer.layout import lay_out
    from gatesim.viewer.timeline import Timeline
    from gatesim.viewer.viewer import Viewer
    from gatesim.viewer.window import Window

    pygame.display.init()
    pygame.font.init()
    surface = pygame.Surface(SIZE, 0, 32)
    records = []

    def opened(net: Netlist) -> Viewer:
        viewer = Viewer(net)
        Window(viewer).draw(surface)
        return viewer

    opened(array_multiplier(8)).close()  # kernels are compiled now
    large = array_multiplier(32 if quick else 130)
    began = perf_counter()
    viewer = opened(large)
    first = 1e3 * (perf_counter() - began)
    viewer.close()
    records.append(_record("viewer: first picture", f"array multiplier, {large.n_gates:,} gates", [first], 2000))

    records += _from_start(quick)

    wires = 1_000 if quick else 10_000
    net = _toggling(wires)
    with Viewer(net) as viewer:
        viewer.places.sheet = lay_out(net, depth=99)  # every group open, so that all wires are on the sheet
        window = Window(viewer)
        window.draw(surface)
        shown = window.canvas.visible_wires()
        viewer.runner.run()
        ms = _times(lambda: window.draw(surface), FRAMES)
        viewer.runner.stop()
    note = f"{shown:,} wires have pixels on the screen; the engine runs meanwhile"
    records.append(_record("viewer: frame, all wires toggle", f"{wires:,} inverters", ms, 12, note))

    with Viewer(net) as viewer:
        viewer.places.sheet = lay_out(net, depth=99)  # every group open, so that all wires are on the sheet
        window = Window(viewer)
        window.draw(surface)
        sheet = viewer.places.sheet
        codes = np.zeros(net.n_nets, np.uint8)

        def flip() -> None:
            codes[:] ^= 1
            window.canvas.paint(codes)

        records.append(_record("viewer: painting the sheet", f"{sheet.n_wires:,} wires", _times(flip, FRAMES), 4))

        def pan() -> None:
            viewer.places.camera = viewer.places.camera.panned(7, 3)
            window.draw(surface)

        records.append(_record("viewer: frame while panning", f"{sheet.n_wires:,} wires", _times(pan, FRAMES), 16))

    line = Timeline(Circuit(build(counter, width=16)))
    line.step(1_000_000)
    targets = np.random.default_rng(0).integers(0, 1_000_000, 20).tolist()
    ms = []
    for cycle in targets:
        line.go_to(1_000_000)
        began = perf_counter()
        line.go_to(cycle)
        _ = line.values
        ms.append(1e3 * (perf_counter() - began))
    records.append(_record("viewer: scrub back, of 10^6 cycles", "16-bit counter", ms, 500))
    records += _hack(surface, 0.5 if quick else 3.0)
    return records


def _from_start(quick: bool) -> list[Record]:
    """From the start of the process to its first picture, kernels cached: the whole command, files included."""
    multiplier = DATA / "epfl" / "arithmetic" / "multiplier.aig"
    commands = {"EPFL multiplier, 27,062 ANDs": [str(multiplier)], "RV32I, NAND only": ["rv32i", "--nand"]}
    if not multiplier.is_file():
        skip("EPFL multiplier", "its file is not at hand")
        del commands["EPFL multiplier, 27,062 ANDs"]
    records = []
    for name, words in commands.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-c", STOPWATCH, *words, "--headless", "--script", f"{folder}/empty"]
            (Path(folder) / "empty").write_text("")
            seconds = []
            for _ in range(2 if quick else STARTS + 1):
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                seconds.append(float(done.stdout.split()[-1]))
        ms = [1e3 * s for s in seconds[1:]]  # the first call may compile kernels
        records.append(_record("viewer: process start to picture", name, ms, 2000))
    return records


STOPWATCH = """
import os, sys, time
from gatesim.cli.app import app
try:
    app(["view", *sys.argv[1:]])
except SystemExit as exit:
    assert not exit.code, exit.code
begun = int(open("/proc/self/stat").read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
print(time.clock_gettime(time.CLOCK_BOOTTIME) - begun)
"""
"""Runs ``gatesim view`` and prints the seconds since the process was made (the kernel's own clock)."""


def _hack(surface, seconds: float) -> list[Record]:
    """A program that fills the Hack screen, watched: its clock, and the work per frame."""
    from circuits.computers.hack_assembler import assemble
    from gatesim.cli.view_computers import hack
    from gatesim.viewer.viewer import Viewer
    from gatesim.viewer.window import Window

    opened = hack(None, False)
    words = assemble(
        "(LOOP)\n@i\nD=M\n@8191\nD=D&A\n@SCREEN\nD=A+D\n@p\nM=D\n@i\nMD=M+1\n@p\nA=M\nM=D\n@LOOP\n0;JMP"
    ).words
    opened.start.memories[0][0, : len(words)] = words
    with Viewer(opened.netlist, start=opened.start, computer=opened.computer) as viewer:
        viewer.shows.add("computer")
        window = Window(viewer)
        window.draw(surface)
        viewer.runner.run()
        frames, ends = [], perf_counter() + seconds
        began, cycle = perf_counter(), viewer.runner.sample().cycle
        while perf_counter() < ends:
            window.draw(surface)
            frames.append(1e3 * window.frame_seconds)
            sleep(max(0.0, 1 / 60 - window.frame_seconds))
        done = viewer.runner.sample().cycle - cycle
        khz = done / (perf_counter() - began) / 1e3
        rate = len(frames) / (perf_counter() - began)
        viewer.runner.stop()
    note = f"{rate:.0f} frames a second meanwhile"
    return [
        Record("viewer: Hack watched, true clock", "fills the screen", khz, "kHz", 100, note=note),
        _record("viewer: Hack watched, frame", "fills the screen", frames, 16),
    ]
