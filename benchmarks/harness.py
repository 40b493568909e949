"""Records, timing in turn, peers that are absent, and the environment: the same for every benchmark."""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter, thread_time
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")

LOWER_IS_BETTER = frozenset({"s", "ms", "us", "ns", "bytes", "bytes/gate", "MiB", "ANDs", "T", "crossings", "kpx"})
"""Units of which less is better; of every other unit more is better."""

PACKAGES = ("numpy", "numba", "llvmlite", "kyupy", "pyrtl", "numba-cuda")
TOOLS = {
    "berkeley-abc": ("berkeley-abc", "-q", "version"),
    "verilator": ("verilator", "--version"),
    "iverilog": ("iverilog", "-V"),
    "gcc": ("gcc", "--version"),
}
"""Peers outside Python: the command, and how it is asked for its version."""

_LOAD_BEFORE = os.getloadavg() if hasattr(os, "getloadavg") else None
_console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Record:
    """One measurement, held against a goal, a peer, or both.

    Attributes
    ----------
    name, circuit : str
        What is measured, and on which netlist with how many patterns or cycles.
    value, unit : float, str
        The figure: a median where it was measured several times.
    goal : float, optional
        `value` meets it when it is at least (for ``LOWER_IS_BETTER`` units: at most) that.
    peer, peer_value : str, float, optional
        The other tool or way, on the same netlist and patterns in the same call, in the same unit.
    ratio_goal : float, optional
        `ratio` (how many times better than the peer) has to be at least that.
    low, high : float, optional
        The range of `value` over the repeats.
    note : str, optional
        What a reader must know to judge the figure, in one line.
    """

    name: str
    circuit: str
    value: float
    unit: str
    goal: float | None = None
    peer: str | None = None
    peer_value: float | None = None
    ratio_goal: float | None = None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer (of seconds, lower is better)."""
        if self.peer_value is None:
            return None
        return self.peer_value / self.value if self.unit in LOWER_IS_BETTER else self.value / self.peer_value

    @property
    def met(self) -> bool | None:
        """Whether every goal is met; None when there is none."""
        held = []
        if self.goal is not None:
            held.append(self.value <= self.goal if self.unit in LOWER_IS_BETTER else self.value >= self.goal)
        if self.ratio_goal is not None and self.ratio is not None:
            held.append(self.ratio >= self.ratio_goal)
        return all(held) if held else None

    def as_dict(self) -> dict[str, object]:
        """The fields, with `ratio` and `met`."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


# -- timing ----------------------------------------------------------------------------------


def median_seconds(function: Callable[[], T], repeats: int = 5) -> tuple[float, T]:
    """Median wall time of `function` after one run that is not counted, and its last result."""
    function()
    times = []
    for _ in range(repeats):
        started = perf_counter()
        result = function()
        times.append(perf_counter() - started)
    return statistics.median(times), result


def core_seconds(function: Callable[[], object]) -> float:
    """Processor time that `function` takes on the calling thread.

    For what runs on one core: on an idle machine it is the wall time, and other people's load does not
    enter. ABC's own clock is of this kind, so only so are we measured alike.
    """
    began = thread_time()
    function()
    return thread_time() - began


def child_seconds(function: Callable[[], object]) -> float:
    """Processor time of the programs that `function` runs to their end."""
    import resource  # Unix

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    function()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(0.0, after.ru_utime - before.ru_utime) + max(0.0, after.ru_stime - before.ru_stime)


@dataclass(frozen=True)
class Times:
    """Seconds of one contender, in the order measured."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def rates(self, work: float) -> dict[str, float]:
        """``value``, ``low`` and ``high`` of a record: `work` a second."""
        return {"value": work / self.median, "low": work / max(self.seconds), "high": work / min(self.seconds)}


def in_turn(contenders: Mapping[str, Callable[[], object]], rounds: int = 5) -> dict[str, Times]:
    """Time all contenders alternately, so that a busy machine slows them alike.

    A contender that returns a float has timed itself (a program that reports the seconds of its own
    loop); the wall time of the others is taken. One uncounted round goes first.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, run in contenders.items():
            started = perf_counter()
            own = run()
            wall = perf_counter() - started
            if turn:
                seconds[name].append(own if isinstance(own, float) else wall)
    return {name: Times(tuple(times)) for name, times in seconds.items()}


# -- peers -----------------------------------------------------------------------------------


def skip(what: str, why: str) -> None:
    """Say on one line of stderr that something is not measured here, and why."""
    _console.print(f"skipped: {what}: {why}", style="yellow", soft_wrap=True)


def has(tool: str) -> bool:
    """Whether a program of ``TOOLS`` is installed; says so on one line where it is not."""
    if shutil.which(tool):
        return True
    skip(tool, "not installed")
    return False


def has_package(name: str) -> bool:
    """Whether a Python package is installed; says so on one line where it is not."""
    try:
        version(name)
    except PackageNotFoundError:
        skip(name, f"not installed (pip install {name})")
        return False
    return True


# -- environment -----------------------------------------------------------------------------


def environment() -> dict[str, object]:
    """What the figures depend on: processor, load, versions, commit."""
    flags = _cpuinfo("flags").split()
    return {
        "commit": _first_line("git", "describe", "--always", "--dirty", "--exclude=*") or None,
        "cpu": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "avx512": "avx512f" in flags if flags else None,
        "load_before": None if _LOAD_BEFORE is None else [round(x, 2) for x in _LOAD_BEFORE],
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _package_version(name))},
        "tools": {name: _first_line(*ask) for name, ask in TOOLS.items() if shutil.which(name)},
    }


def _package_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _first_line(*command: str) -> str:
    """The first line that a command prints; empty when it fails or is absent."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent, check=False)
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip() and "command line" not in line]
    return lines[0] if lines and not done.returncode else ""


def _cpuinfo(key: str) -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith(key):
                return line.split(":", 1)[1].strip()
    return ""


# -- JSON ------------------------------------------------------------------------------------


def save(records: Sequence[Record], path: Path) -> None:
    """Write a JSON list of records, one a line, each with the environment that it was measured in."""
    around = environment()
    lines = [json.dumps({**r.as_dict(), "environment": around}) for r in records]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def load(path: Path) -> list[dict]:
    """The records of a file that :func:`save` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))
