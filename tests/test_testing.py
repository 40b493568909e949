"""``gatesim test`` and what it leaves: exit status, table, JUnit XML, rows of suites."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from gatesim.cli.app import app
from gatesim.testing import Outcome, junit, suite_row
from gatesim.testing.suites import digital_suite, nand2tetris_suite

RIGHT = "| a | b |out|\n| 0 | 1 | 1 |\n"


@pytest.fixture
def scripts(tmp_path) -> Path:
    for name, expected in (("Good", RIGHT), ("Bad", RIGHT.replace("| 1 |\n", "| 0 |\n"))):
        (tmp_path / f"{name}.tst").write_text(
            f"load Or.hdl, compare-to {name}.cmp, output-list a b out; set b 1, eval, output;"
        )
        (tmp_path / f"{name}.cmp").write_text(expected)
    (tmp_path / "Lost.tst").write_text("load Or.hdl, wonder;")
    return tmp_path


def gatesim(*arguments: object):
    return CliRunner().invoke(app, ["test", *map(str, arguments)])


def test_passing_tests_end_with_status_0(scripts):
    done = gatesim(scripts / "Good.tst", "--chip", "circuits.hack:or_")
    assert done.exit_code == 0
    assert "Good" in done.output and "passed" in done.output and "1 passed in" in done.output


def test_failing_tests_end_with_status_1_and_say_where(scripts):
    done = gatesim(scripts, "--chip", "builtin", "--junit", scripts / "out.xml")
    assert done.exit_code == 1
    assert "1 passed, 1 failed, 1 refused in" in done.output
    assert "Bad.tst:1: line 2 of" in done.output and "expected | 0 | 1 | 0 |" in done.output
    assert "unknown command 'wonder'" in done.output
    (suite,) = ElementTree.parse(scripts / "out.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    assert sorted(child.tag for case in suite for child in case) == ["error", "failure"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.tst"], "gone.tst: no such file"),
        (["Or.hdl"], "Or.hdl is no test: .tst scripts and .dig drawings are"),
        (["."], "there is no test in ."),
        (["Good.tst", "--chip", "circuits.hack:nothing"], "unknown function of circuits.hack 'nothing'"),
    ],
)
def test_bad_arguments_are_one_message(arguments, message, tmp_path, monkeypatch):
    from gatesim.errors import GatesimError

    monkeypatch.chdir(tmp_path)
    if "Good.tst" in arguments:
        (tmp_path / "Good.tst").write_text("eval;")
    done = gatesim(*arguments)
    assert isinstance(done.exception, GatesimError) and message in str(done.exception)  # main() makes it status 2
    assert not list(tmp_path.glob("*.xml"))


def test_junit_of_awkward_text():
    text = junit([Outcome('a<b>"', "n&m\0", "failed", 1, "first\x07 <line>\nsecond", 0.5)])
    (suite,) = ElementTree.fromstring(text.encode())
    failure = suite[0][0]
    assert failure.get("message") == "first? <line>" and "second" in (failure.text or "")


def test_rows_of_suites_count_reasons():
    outcomes = [
        Outcome("x/a.dig", "t", "passed"),
        Outcome("x/b.dig", "t", "refused", message="x/b.dig: NFET 'T1' at (3, -4): a switch"),
        Outcome("x/c.dig", "t", "refused", message="x/c.dig: NFET at (5, 6): a switch"),
    ]
    row = suite_row("s", outcomes, 3)
    assert (row.files, row.read, row.tests, row.passed, row.refused) == (3, 1, 1, 1, {"NFET: a switch": 2})


def test_suites_of_the_outside_files(shared_data):
    course = nand2tetris_suite(shared_data / "nand2tetris")
    assert course.tests == course.passed == course.files > 10 and not course.refused
    small = digital_suite(shared_data / "digital" / "examples" / "combinatorial")
    assert small.read == small.files and small.tests == small.passed > 5
