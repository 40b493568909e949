"""Records, timing and the environment, the same for every benchmark."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Record:
    """One measurement. `value` meets `goal` when it is at least (or, for seconds, at most) that."""

    name: str
    circuit: str
    value: float
    unit: str
    goal: float | None = None
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer (lower is better for seconds)."""
        if self.peer_value is None:
            return None
        return self.peer_value / self.value if self.unit == "s" else self.value / self.peer_value

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value <= self.goal if self.unit == "s" else self.value >= self.goal

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def median_seconds(function: Callable[[], T], repeats: int = 5) -> tuple[float, T]:
    """Median wall time of `function` after one run that is not counted, and its last result."""
    function()
    times = []
    for _ in range(repeats):
        started = perf_counter()
        result = function()
        times.append(perf_counter() - started)
    return statistics.median(times), result


def environment() -> dict[str, object]:
    """What the figures depend on."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent, check=False
    ).stdout.strip()
    return {
        "commit": commit or None,
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("numpy", "numba", "llvmlite")},
    }


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def save(records: list[Record], path: Path) -> None:
    """Write records and environment as JSON."""
    content = {"environment": environment(), "records": [r.as_dict() for r in records]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
