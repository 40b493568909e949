"""Whole folders of outside files as rows of a table: how many were read, run, passed, refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import GatesimError
from ..formats.dig import parse
from .case import run_cases
from .outcome import SuiteRow, reason, suite_row
from .script import BUILTIN, run_script


def nand2tetris_suite(folder: Path, keys: Sequence[int] = (75, 89)) -> SuiteRow:
    """Every test script below `folder`, on the built-in chips; `keys` are pressed where a script waits."""
    scripts = sorted(folder.rglob("*.tst"))
    outcomes = [run_script(path, BUILTIN, keys) for path in scripts]
    return suite_row("nand2tetris", outcomes, len(scripts))


def digital_suite(folder: Path, library: Sequence[Path] = ()) -> SuiteRow:
    """Every drawing below `folder` read, and every test case of them run.

    Sub-circuits are looked for beside each drawing, then in the folders of `library`. A test case of a
    drawing that is refused is not counted as a test; the drawing's reason is.
    """
    drawings = sorted(folder.rglob("*.dig"))
    refused: Counter[str] = Counter()
    read = 0
    for path in drawings:
        try:
            parse(path.read_text(encoding="utf-8"), str(path), library)
            read += 1
        except GatesimError as exc:
            refused[reason(str(exc), str(path))] += 1
    tested = [path for path in drawings if b"<elementName>Testcase<" in path.read_bytes()]
    outcomes = [o for path in tested for o in run_cases(path, library)]
    counts = Counter(o.status for o in outcomes)
    ran = counts["passed"] + counts["failed"]
    return SuiteRow("Digital", len(drawings), read, ran, counts["passed"], counts["failed"], dict(refused))
