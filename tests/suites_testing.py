"""Rows of the suites whose files bring their tests with them: nand2tetris and Digital."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from suites import Row

from gatesim.testing.outcome import SuiteRow
from gatesim.testing.suites import digital_suite, nand2tetris_suite


def _row(found: SuiteRow, title: str, checks: str) -> Row:
    failed = [f"{found.failed} tests"] if found.failed else []
    return Row(title, checks, found.files, found.read, found.tests, found.passed, Counter(found.refused), failed)


def rows(folder: Path) -> list[Row]:
    courses, drawings = folder / "nand2tetris", folder / "digital"
    return [
        _row(
            nand2tetris_suite(courses),
            "nand2tetris (`.tst`, `.cmp`)",
            "a script's whole output, character by character, on the chips of `circuits.hack`",
        ),
        _row(
            digital_suite(drawings, [drawings / "74xx"]),
            "Digital (`.dig`)",
            "a test case inside a drawing, every row",
        ),
    ]
