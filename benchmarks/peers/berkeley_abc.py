"""Berkeley ABC: ``&sim`` and ``sim -m -n`` on its own random patterns, ``sim -A`` on ours for the answers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from time import perf_counter

import numpy as np

from gatesim import Netlist, bits, write

from ..circuits import flat
from ..harness import has
from . import Peer, new_folder

SHOWN = 256
"""Patterns whose outputs ABC is asked to print."""

ENOUGH = 0.3
"""Seconds that a timed run takes at least: ABC prints hundredths."""

_ELAPSED = re.compile(r"elapse: ([\d.]+) seconds")


def prepare(
    net: Netlist, words: np.ndarray, n_patterns: int, *, source: Path | None = None, enough: float = ENOUGH
) -> list[Peer]:
    """Both of ABC's simulators, each with the number of words that suits it best here.

    `source` is the circuit's own file, which ABC then reads itself; without it, the netlist is written
    for it. ``&sim`` is sequential: it gets the same circuit with one idle flip-flop beside it.
    """
    if not has("berkeley-abc"):
        return []
    folder = new_folder("abc")
    write(flat(net), folder / "comb.bench")
    clocked = (folder / "comb.bench").read_text() + "OUTPUT(idle_q)\nidle_q = DFF(i0)\n"
    (folder / "clocked.bench").write_text(clocked)
    read = f"read {source}; strash" if source else "read_bench comb.bench; strash"
    started = perf_counter()
    _abc(folder, read)
    prepared = perf_counter() - started
    show = lambda: _answers(folder, read, words)  # noqa: E731
    ways = {
        "ABC &sim": ("read_bench clocked.bench; strash; &get", "&sim"),
        "ABC sim -m -n": (read, "sim -m -n"),
    }
    peers = []
    for name, (load, command) in ways.items():
        run = _timed(folder, load, command, n_patterns, enough)
        peers.append(Peer(name, prepared, n_patterns, run, show))
    return peers


def _timed(folder: Path, load: str, command: str, n_patterns: int, enough: float):
    """A function that runs ABC for a while and gives the seconds for `n_patterns`."""

    def rate(words: int, frames: int) -> tuple[float, float]:
        """(patterns a second, seconds)"""
        text = _abc(folder, f"{load}; time -c; {command} -W {words} -F {frames} -T 1000; time")
        seconds = float(_ELAPSED.findall(text)[-1])
        return words * 32 * frames / max(seconds, 0.005), seconds

    best, best_rate, best_frames = 8, 0.0, 1
    for words in (8, 64, 512):
        frames = max(1, (1 << 15) // words)
        speed, seconds = rate(words, frames)
        while seconds < enough:
            frames *= max(2, min(16, int(enough / max(seconds, 0.005)) + 1))
            speed, seconds = rate(words, frames)
        if speed > best_rate:
            best, best_rate, best_frames = words, speed, frames
    return lambda: n_patterns / rate(best, best_frames)[0]


def _answers(folder: Path, read: str, words: np.ndarray) -> np.ndarray:
    """(output bits, words) planes of the first patterns, as ABC prints them."""
    values = np.unpackbits(np.ascontiguousarray(words[:, : SHOWN // 64]).view(np.uint8), axis=1, bitorder="little")
    lines = ["".join(map(str, row)) for row in values.T.tolist()]
    (folder / "patterns.txt").write_text("\n".join(lines) + "\n")
    text = _abc(folder, f"{read}; sim -A patterns.txt -m -v")
    rows = [line for line in text.splitlines() if line and not line.strip("01")][: len(lines)]
    assert len(rows) == len(lines), text[-500:]
    shown = np.array([[int(c) for c in row] for row in rows], np.uint8).T.copy()
    return (
        np.ascontiguousarray(np.packbits(shown, axis=1, bitorder="little"))
        .view(np.uint64)
        .reshape(len(shown), bits.n_words(SHOWN))
    )


def _abc(folder: Path, commands: str) -> str:
    done = subprocess.run(["berkeley-abc", "-q", commands], cwd=folder, capture_output=True, text=True, check=True)
    assert "rror" not in done.stdout, done.stdout[-1000:]
    return done.stdout
