"""Test cases inside Digital's drawings: their language, what it refuses, time, failures."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dig_drawings import case, drawing, element_xml, wire
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim.testing.case import run_cases


def outcome_of(text: str, tmp_path: Path, **options):
    path = tmp_path / "case.dig"
    path.write_text(text)
    (found,) = run_cases(path, **options)
    return found


GOOD = {
    "loops": (case("a b c_i s c_o\nloop(i, 16)\nloop(j,16)\n(i) (j) 0 (i+j) ((i+j)>>4)\nend loop\nend loop\n"), 256),
    "repeat and bits": (case("a b c_i s c_o\nrepeat(16) (n) 0b0001 1 (n+2) bits(1, (n+2)>>4) # more\n"), 16),
    "let and while": (
        case("a b c_i s c_o\nlet k = 0;\nwhile(k < 5)\n(k) 0x3 0 (k+3) x\nlet k = k+2;\nend while\n"), 3
    ),
    "functions": (
        case("a b c_i s c_o\n(signExt(4, 15)) 1 0 (ite(1=1, 0, 5)) 1\nlet r = random(16);\n(r) (~r) 1 0 1\n"), 2
    ),
    "precedence": (case("a b c_i s c_o\n0 0 0 (1 + 2 * 3 - 7 | 8 & 4 ^ 0) (!1)\n0 (6/4) 0 (1 << 1 >> 1) (-(3) >= 0)\n"), 2),
    "declared": (case("a b c_i s c_o double\ndeclare double = s * 2;\n3 4 0 7 0 14\n"), 1),
    "don't care inputs": (case("a b c_i s c_o\n3 4 X X 0\n15 15 x X 1\n"), 4),
    "clock": (case("D C Q ~Q\n1 C 1 0\n0 0 1 0\n0 1 0 1\n1 1 0 1\n1 C 0 1\n1 C 1 0\n", "D_FF", Bits=1), 6),
    "preset": (case("D C en Q\ninit R = 5;\n0 0 0 5\n3 C 1 3\n1 C 0 3\n", "Register", Bits=4, Label="R", valueIsProbe=True), 3),
    "program": (case("A sel D\nprogram(7, 8,\n9)\n1 1 8\n2 1 9\n3 1 0\n3 0 Z\n", "ROM", Bits=4, isProgramMemory=True), 4),
    "memory": (case("A sel D\nmemory m(2) = 11;\n2 1 11\n1 1 3\n", "ROM", Bits=4, Label="m", Data="0,3"), 2),
    "high impedance": (case("in sel out\n1 1 1\n0 1 0\nx 0 Z\nZ 1 X\n", "Driver"), 5),
    "jk": (case("J C K Q ~Q\n1 C 0 1 0\n1 C 1 0 1\n1 C 1 1 0\n0 C 1 0 1\n0 C 0 0 1\n", "JK_FF"), 5),
    "set and clear": (case("Set D C Clr Q ~Q\n1 0 0 0 1 0\n0 0 0 0 1 0\n0 0 0 1 0 1\n0 1 C 0 1 0\n0 0 C 1 0 1\n", "D_FF_AS", Bits=1), 5),
    "toggle": (case("C Q\nC 1\nC 0\nC 1\n", "T_FF", withEnable=False), 3),
    "latch": (case("S R Q ~Q\n1 0 1 0\n0 0 1 0\n0 1 0 1\n0 0 0 1\n1 1 0 0\n", "RS_FF_AS"), 5),
    "up and down": (
        case("en C dir in ld clr out ovf\n1 C 0 0 0 0 1 0\n1 C 0 0 0 0 2 1\n1 C 0 0 0 0 0 0\n1 C 1 0 0 0 2 0\n"
             "0 C 0 1 1 0 1 0\n0 C 0 0 0 1 0 0\n", "CounterPreset", Bits=2, maxValue=2), 6
    ),
    "ram": (case("A Din str C ld D\n1 9 1 C 0 Z\n2 5 1 C 0 Z\n1 0 0 0 1 9\n2 0 0 0 1 5\n", "RAMDualPort", Bits=4), 4),
    "register file": (case("Din we Rw C Ra Rb Da Db\n7 1 2 C 2 0 7 0\n3 1 1 C 2 1 7 3\n1 0 1 C 2 1 7 3\n", "RegisterFile", Bits=4), 3),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_the_language_of_test_cases(name, tmp_path):
    text, rows = GOOD[name]
    found = outcome_of(text, tmp_path)
    assert (found.status, found.rows, found.message) == ("passed", rows, "")


def test_a_latch_of_gates_starts_somewhere_and_rings_are_named(tmp_path):
    latch = drawing(
        element_xml("In", 0, 0, Label="R"), element_xml("NOr", 0, 0), element_xml("Out", 80, 20, Label="Q"),
        element_xml("In", 0, 140, Label="S"), element_xml("NOr", 0, 100), element_xml("Out", 80, 120, Label="nQ"),
        element_xml("Testcase", 0, 300, Testdata="S R Q nQ\n1 0 1 0\n0 0 1 0\n0 1 0 1\n0 0 0 1\n"),
        wires=wire(80, 20, 80, 60) + wire(80, 60, 0, 60) + wire(0, 60, 0, 100)
        + wire(80, 120, 80, 180) + wire(80, 180, -60, 180) + wire(-60, 180, -60, 40) + wire(-60, 40, 0, 40),
    )  # fmt: skip
    assert outcome_of(latch, tmp_path).status == "passed"
    ring = drawing(
        element_xml("In", 0, 0, Label="go"), element_xml("NAnd", 0, 0, Label="ring"), element_xml("Out", 80, 20, Label="y"),
        element_xml("Testcase", 0, 300, Testdata="go y\n0 1\n1 0\n"),
        wires=wire(80, 20, 80, 80) + wire(80, 80, 0, 80) + wire(0, 80, 0, 40),
    )  # fmt: skip
    found = outcome_of(ring, tmp_path)
    assert found.status == "failed" and found.rows == 1
    assert re.search(r"row in line 3: the circuit oscillates: y", found.message), found.message


def test_a_failure_says_row_variables_and_values(tmp_path):
    found = outcome_of(case("a b c_i s c_o\nloop(i,3)\n(i) 1 0 (i*2+1) 0\nend loop\n"), tmp_path)
    assert (found.status, found.rows) == ("failed", 1)
    assert found.message.endswith("row in line 3 (i=1): s is 0010, expected 0011; inputs a=1 b=1 c_i=0")


BAD_CASES = {
    "a b c_i s c_o\n1 2 3\n": r":2: the row has 3 values; the first line names 5",
    "a b c_i q\n": "names 'q', which is no input or output; there are a, b, c_i, s, c_o",
    "a a\n": ":1: 'a' is named twice",
    "\n# nothing\n": "the test case is empty",
    "a b c_i s c_o\nloop(i, 100000000000)\nend loop\n": ":2: loop 100000000000 times is more than the 4000000 turns",
    "a b c_i s c_o\nwhile(1)\nend while\n": ":2: the test case has more than 4000000 rows and turns",
    "a b c_i s c_o\nloop(i,3000)\nloop(j,3000)\nend loop\nend loop\n": "has more than 4000000 rows",
    "a b c_i s c_o\nloop(i,2)\n": "the loop is still open: 'end loop' is missing",
    "a b c_i s c_o\n(k) 0 0 0 0\n": r":2: there is no variable or output 'k'",
    "a b c_i s c_o\n(1/0) 0 0 0 0\n": r":2: division by zero",
    "a b c_i s c_o\n0 0 0 0 wonder\n": r"'wonder' is no value: numbers, X, Z, C",
    "a b c_i s c_o\n0 0 0 0 (foo(1))\n": r"there is no function 'foo'; there are signExt, random and ite",
    "a b c_i s c_o\n0 0 0 0 bits(70, 1)\n": r"bits\(70, ...\): 1 to 64 bits",
    "a b c_i s c_o\n0 0 0 0 " + "(" * 500 + "1\n": "nested more than 64 deep",
    "a b c_i s c_o\n@\n": ":2: cannot read '@'",
    "a b c_i s c_o\nlet 3 = 4;\n": ":2: expected a name, found '3'",
    "a b c_i s c_o\n": "the test case has no rows",
}


@pytest.mark.parametrize("text", BAD_CASES, ids=range(len(BAD_CASES)))
def test_bad_test_cases_are_refused(text, tmp_path, monkeypatch):
    if "more than 4000000 rows" in BAD_CASES[text]:
        monkeypatch.setattr("gatesim.testing.case_syntax.MAX_ITERATIONS", 20_000)
    found = outcome_of(case(text), tmp_path)
    assert found.status == "refused"
    assert re.search(BAD_CASES[text].replace("4000000 rows", "20000 rows"), found.message), found.message


def test_a_case_has_its_time(tmp_path):
    text = case("a b c_i s c_o\nloop(i,2000000)\n0 0 0 0 0\nend loop\n")
    assert "not finished in its time; give more with --timeout" in outcome_of(text, tmp_path, seconds=0.2).message


@settings(max_examples=300, deadline=None)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 200), st.integers(0, 9), st.sampled_from(["", "(", ")", "end", "loop(k,3)\n", "9", "C", "\n", "let", ";", "~", "bits(", "Z"])),
        min_size=1, max_size=5,
    )
)  # fmt: skip
def test_damaged_test_cases_never_crash(edits, tmp_path_factory):
    text = "a b c_i s c_o\nlet k = 3;\nloop(i,4)\n(i) (k+1) 0 (i+4) bits(1,0)\nend loop\nrepeat(2) X 1 0 X X\n"
    for at, gone, piece in edits:
        text = text[: at % len(text)] + piece + text[at % len(text) + gone :]
    path = tmp_path_factory.getbasetemp() / "damaged.dig"
    path.write_text(case(text))
    assert all(o.status in ("passed", "failed", "refused") for o in run_cases(path, seconds=1.0))
