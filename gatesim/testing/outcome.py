"""What became of a test: one record each, as rows of a table or as JUnit XML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree

Status = Literal["passed", "failed", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One test of one file.

    Attributes
    ----------
    file, name : str
        Where it stands, and its own name.
    status : {"passed", "failed", "refused"}
        *refused*: it could not be run; ``message`` says why and what to do.
    rows : int
        Lines of values that were compared.
    message : str
        For a failure the first difference: where, what was expected, what came.
    seconds : float
    """

    file: str
    name: str
    status: Status
    rows: int = 0
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SuiteRow:
    """One suite of files in a table: how many were read, run, passed, and what was refused and why."""

    suite: str
    files: int
    read: int
    tests: int
    passed: int
    failed: int
    refused: dict[str, int]


def suite_row(suite: str, outcomes: Iterable[Outcome], files: int) -> SuiteRow:
    """Sum up the `outcomes` of a suite of `files` files; reasons lose what names a single file.

    Examples
    --------
    >>> row = suite_row("s", [Outcome("a", "t", "passed"), Outcome("b", "t", "refused", message="b: no FETs")], 2)
    >>> row.read, row.passed, row.refused
    (1, 1, {'no FETs': 1})
    """
    outcomes = list(outcomes)
    refused = Counter(reason(o.message, o.file) for o in outcomes if o.status == "refused")
    unread = {o.file for o in outcomes if o.status == "refused"}
    counts = Counter(o.status for o in outcomes)
    ran = counts["passed"] + counts["failed"]
    return SuiteRow(suite, files, files - len(unread), ran, counts["passed"], counts["failed"], dict(refused))


def reason(message: str, file: str) -> str:
    """Why something was refused, without what names a single file or place: reasons can be counted."""
    line = message.splitlines()[0] if message else "no reason given"
    where, colon, rest = line.partition(": ")
    line = rest if colon and ("/" in where or where.startswith(file)) else line
    element = re.match(r"(\S+)(?: '[^']*')? at \(-?\d+, -?\d+\): (.*)", line)
    return f"{element[1]}: {element[2]}" if element else line


def junit(outcomes: Sequence[Outcome], suite: str = "gatesim") -> str:
    """The outcomes as JUnit XML, the form that build servers read; a refusal is an ``error``.

    Examples
    --------
    >>> 'tests="1" failures="1"' in junit([Outcome("a.tst", "a", "failed", 3, "row 2")])
    True
    """
    counts = Counter(o.status for o in outcomes)
    root = ElementTree.Element("testsuites")
    attributes = {
        "name": suite,
        "tests": str(len(outcomes)),
        "failures": str(counts["failed"]),
        "errors": str(counts["refused"]),
        "time": f"{sum(o.seconds for o in outcomes):.3f}",
    }
    group = ElementTree.SubElement(root, "testsuite", attributes)
    for o in outcomes:
        case = ElementTree.SubElement(
            group, "testcase", {"classname": _clean(o.file), "name": _clean(o.name), "time": f"{o.seconds:.3f}"}
        )
        if o.status != "passed":
            kind = "failure" if o.status == "failed" else "error"
            message = _clean(o.message)
            ElementTree.SubElement(case, kind, {"message": message.splitlines()[0] if message else ""}).text = message
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """`text` without the control characters that XML cannot hold."""
    return "".join(c if c in "\t\n\r" or " " <= c <= "\ud7ff" or c > "\ue000" else "?" for c in text)
