"""Shared set-up: one Numba cache per state of the kernels, and where the outside test data lies."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _kernel_fingerprint() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "gatesim" / "kernels").glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


# Numba's on-disk cache does not notice edits in other files: key it by the sources of all kernels.
os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / ".pytest_cache" / f"numba-{_kernel_fingerprint()}"))
os.environ.setdefault("GATESIM_CACHE_DIR", str(ROOT / ".pytest_cache" / "code"))
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("MPLBACKEND", "Agg")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of outside circuits, beside the checkout; tests that need it skip without it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("outside circuits are absent: they are test data that a clone does not carry")
    return folder


def _run(capsys, monkeypatch, *arguments: str) -> tuple[int, str, str]:
    from gatesim import cli

    monkeypatch.setattr(sys, "argv", ["gatesim", *arguments])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    seen = capsys.readouterr()
    return int(caught.value.code or 0), seen.out, seen.err


@pytest.fixture
def gatesim(capsys, monkeypatch, tmp_path):
    """The command line in an empty folder: arguments in; status, output and errors out."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: _run(capsys, monkeypatch, *arguments)
