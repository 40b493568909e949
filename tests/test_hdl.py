"""nand2tetris: the language, scripts, chips, and the course's own tests."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.hack import CHIPS
from gatesim import build, read, simulate
from gatesim.errors import GatesimError, ParseError, UnsupportedError
from gatesim.formats import dumps
from gatesim.formats.hdl import builtin_chip, parse
from gatesim.testing.script import MAX_COMMANDS, run_script

ADDER = """
/* a chip that is in no course */
CHIP Sum3 {
    IN a[8], b[8], c;      // two words and a carry
    OUT out[8], top, pair[2];
    PARTS:
    Add16(a[0..7]=a, b[0..7]=b, out[0..7]=half, out[8]=more);
    Inc16(in[0..7]=half, out[0..7]=plus);
    Mux16(a[0..7]=half, b[0..7]=plus, sel=c, out[0..7]=out, out[7]=top);
    Not(in=more, out=pair[1]);
    Or(a=more, b=false, out=pair[0]);
}
"""


def test_parts_pieces_of_buses_and_constants():
    net = parse(ADDER)
    rng = np.random.default_rng(1)
    a, b, c = rng.integers(0, 256, 500), rng.integers(0, 256, 500), rng.integers(0, 2, 500)
    got = simulate(net, a=a, b=b, c=c)
    assert (got["out"] == (a + b + c) % 256).all()
    assert (got["top"] == (a + b + c) % 256 >> 7).all()
    assert (got["pair"] == np.where(a + b > 255, 1, 2)).all()


def test_parts_before_their_drivers_and_clocked_loops():
    net = parse(
        "CHIP Count { IN up; OUT out[16]; PARTS: Register(in=n, load=up, out=q, out=out); Inc16(in=q, out=n); }"
    )
    assert simulate(net, up=[1, 1, 0, 1, 1])["out"].tolist() == [0, 1, 2, 2, 3]


def test_a_file_beside_the_chip_comes_before_the_builtin(tmp_path):
    (tmp_path / "Top.hdl").write_text("CHIP Top { IN a, b; OUT out; PARTS: And(a=a, b=b, out=out); }")
    assert simulate(read(tmp_path / "Top.hdl"), a=1, b=0)["out"] == 0
    (tmp_path / "And.hdl").write_text("CHIP And { IN a, b; OUT out; PARTS: Or(a=a, b=b, out=out); }")
    assert simulate(read(tmp_path / "Top.hdl"), a=1, b=0)["out"] == 1
    (tmp_path / "And.hdl").write_text("CHIP And { IN a, b; OUT out; BUILTIN And; CLOCKED a; }")
    assert simulate(read(tmp_path / "Top.hdl"), a=1, b=0)["out"] == 0


def test_every_chip_of_the_course_is_built_in():
    course = """Nand Not And Or Xor Mux DMux Not16 And16 Or16 Mux16 Or8Way Mux4Way16 Mux8Way16 DMux4Way DMux8Way
    HalfAdder FullAdder Add16 Inc16 ALU DFF Bit Register RAM8 RAM64 RAM512 RAM4K RAM16K PC Memory CPU Computer
    ARegister DRegister ROM32K Screen Keyboard"""
    assert set(course.split()) <= set(CHIPS)
    for name in course.split():
        net = builtin_chip(name)
        assert net.inputs and (net.outputs or name == "Computer")


FAULTS = {
    "CHIP A { IN a; OUT out; PARTS: Nnd(a=a, b=a, out=out); }": r"<text>:1:32: unknown chip 'Nnd'; did you mean 'Nand'",
    "CHIP A { IN a; OUT out; PARTS: Nand(a=a, z=a, out=out); }": r"1:42: unknown pin of Nand 'z'",
    "CHIP A { IN a; OUT out; PARTS: Nand(a=a, b=q, out=out); }": r"1:44: unknown wire 'q'.*no part drives it",
    "CHIP A { IN a[3]; OUT out; PARTS: Nand(a=a, b=true, out=out); }": r"1:42: 'a' has 3 bits here, 'a' of Nand 1",
    "CHIP A { IN a[3]; OUT out; PARTS: Not(in=a[3], out=out); }": r"1:42: a\[3\]: 'a' has 3 bits",
    "CHIP A { IN a; OUT out; PARTS: Not(in=a, out=out); Not(in=a, out=out); }": r"'out' is driven already \(line 1\)",
    "CHIP A { IN a; OUT out, z; PARTS: Not(in=a, out=out); Not(in=out, out=z); }": r"output 'out' of A cannot feed a part",
    "CHIP A { IN a; OUT out; PARTS: Not(in=a, out=a); }": r"input 'a' of A cannot be driven",
    "CHIP A { IN a; OUT out; PARTS: Not16(in=true, out=w); Not(in=w[3], out=out); }": r"inner wire: its bits cannot be named",
    "CHIP A { IN a; OUT out; PARTS: Not(in=a, out=true); }": r"cannot drive a constant",
    "CHIP A { IN a, a; OUT out; }": r"1:16: pin 'a' is declared twice",
    "CHIP A { IN a[" + "9" * 1_000_000 + "]; OUT out; }": r"a width 99999999999999999999 is too large: at most 1024",
    "CHIP A { IN a[0]; OUT out; }": r"needs at least 1 bit",
    "CHIP A { IN a; OUT out; PARTS: Not(in=a[5..2], out=out); }": r"bits 5..2 of 'a' are empty",
    "CHIP A { IN a; OUT out; PARTS: Not(in=a out=out); }": r"1:41: expected ',', found 'out'",
    "CHIP A { IN a; OUT out; PARTS: Not(in=a, out=out)": r"expected ';', found 'the end of the file'",
    "CHIP A { IN a; /* OUT out; }": r"1:16: this comment does not end",
    "CHIP A { IN a@; OUT out; }": r"1:14: cannot read '@' here",
    "HALLO": r"1:1: expected 'CHIP', found 'HALLO'",
    "CHIP A { } CHIP B { }": r"1:12: one file holds one chip",
    "CHIP A { IN a; OUT out; BUILTIN Wonder; }": r"unknown built-in chip 'Wonder'",
}


@pytest.mark.parametrize("text", FAULTS, ids=range(len(FAULTS)))
def test_faults_say_where_and_what(text):
    with pytest.raises(GatesimError, match=FAULTS[text]):
        parse(text)


def test_chips_that_contain_themselves_and_chips_that_explode(tmp_path, monkeypatch):
    (tmp_path / "A.hdl").write_text("CHIP A { IN a; OUT out; PARTS: B(a=a, out=out); }")
    (tmp_path / "B.hdl").write_text("CHIP B { IN a; OUT out; PARTS: A(a=a, out=out); }")
    with pytest.raises(ParseError, match=r"B.hdl:1:32: chip A contains itself \(A in B in A\)"):
        read(tmp_path / "A.hdl")
    parts = " ".join(f"C{{}}(a=a, out=w{k});" for k in range(30))
    for level in range(12):
        (tmp_path / f"C{level}.hdl").write_text(
            f"CHIP C{level} {{ IN a; OUT out; PARTS: {parts.replace('{}', str(level + 1))} }}"
        )
    (tmp_path / "C12.hdl").write_text("CHIP C12 { IN a; OUT out; PARTS: Not(in=a, out=out); }")
    monkeypatch.setattr("gatesim.formats.hdl.MAX_PARTS", 5_000)
    with pytest.raises(ParseError, match="C0 needs more than 5000 parts"):
        read(tmp_path / "C0.hdl")


def test_it_is_read_and_not_written():
    with pytest.raises(UnsupportedError, match="'hdl' can be read only"):
        dumps(parse(ADDER), "hdl")


@settings(max_examples=700, deadline=None)
@given(st.data())
def test_damaged_chips_are_read_or_refused(data):
    text = list(ADDER)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        action = data.draw(st.sampled_from(["cut", "drop", "change", "splice"]))
        if action == "cut":
            text = text[: at + 1]
        elif action == "drop":
            del text[at : at + data.draw(st.integers(1, 9))]
        elif action == "change":
            text[at] = data.draw(st.sampled_from("{}()[];:,=./*0129ab \n\0é"))
        else:
            text[at:at] = text[data.draw(st.integers(0, len(text) - 1)) :][:20]
        text = text or [" "]
    try:
        parse("".join(text))
    except GatesimError as exc:
        assert str(exc)


# -- scripts ---------------------------------------------------------------------------------

SCRIPT = """// counts
load Count.hdl,
output-file Count.out,
compare-to Count.cmp,
output-list time%S1.3.1 up out%D1.4.1 Register[]%X1.4.1;
set up 1,
repeat 2 { tick, output, tock, output; }
set up %B0; eval;
while out < 3 { set up 1, ticktock; }
echo "done", clear-echo;
set Register[] -1, output;
"""
EXPECTED = """|time |up | out  |Regist|
| 0+  | 1 |    0 | 0001 |
| 1   | 1 |    1 | 0001 |
| 1+  | 1 |    1 | 0002 |
| 2   | 1 |    2 | 0002 |
| 3   | * |   -1 | FFFF |
"""
COUNT = "CHIP Count { IN up; OUT out[16]; PARTS: Register(in=n, load=up, out=q, out=out); Inc16(in=q, out=n); }"


@pytest.fixture
def counting(tmp_path) -> Path:
    (tmp_path / "Count.hdl").write_text(COUNT)
    (tmp_path / "Count.cmp").write_text(EXPECTED)
    script = tmp_path / "Count.tst"
    script.write_text(SCRIPT)
    return script


def test_a_script_with_all_its_commands(counting):
    outcome = run_script(counting)
    assert (outcome.status, outcome.rows, outcome.message) == ("passed", 6, "")


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (
            EXPECTED.replace("|    2 |", "|    3 |"),
            r"Count.tst:7: line 5 of .*Count.cmp differs\n  expected \| 2 .*\n  got ",
        ),
        (EXPECTED + "| more |\n", "the script ends, but line 7 of .* is expected"),
        ("|time |up | out  |Regist|\n", "Count.cmp ends before this line"),
    ],
)
def test_differences_are_shown(counting, expected, message):
    counting.with_suffix(".cmp").write_text(expected)
    outcome = run_script(counting)
    assert outcome.status == "failed"
    assert re.search(message, outcome.message), outcome.message


BAD = {
    "lode Count.hdl;": r"Count.tst:1: unknown command 'lode'; known: load,",
    "load Count.hdl, set wrong 1;": r"Count.tst:1: unknown input of 'Count' 'wrong'",
    "load Count.hdl, set up 2;": r"2 does not fit into the 1 bits of 'up'",
    "load Count.hdl, set up many;": r"'many' is no number: write 12, -3, %B0101 or %XFF",
    "load Count.hdl, output;": "nothing to output: an output-list must come first",
    "load Count.hdl, output-list up%Q1.2;": r"cannot read the column 'up%Q1.2'",
    "load Count.hdl, output-list wrong%B1.1.1, output;": "unknown pin of 'Count' 'wrong'",
    "load Count.hdl, output-list Wrong[3]%B1.1.1, output;": "unknown part of 'Count' to look into 'Wrong'",
    "load Nothing.hdl;": r"there is no .*Nothing.hdl: put it there, or say which chip to test with --chip",
    "load ../Count.hdl;": "must be the name of a file beside the script",
    "load Count.hdl, repeat 3 { tick, tock;": "a loop is still open",
    "load Count.hdl, repeat 100000000000 { tick, tock; }": rf"is more than the {MAX_COMMANDS} commands",
    "load Count.hdl, repeat 1000 { repeat 1000 { eval, eval; } }": "has carried out",
    "load Count.hdl, while out <> 75 { eval; }": "this loop never ends: nothing changes in it",
    "load Count.hdl, while out 75 { eval; }": "while takes a comparison",
    "load Count.hdl, " + "repeat 1 {" * 40: "nested more than 32 deep",
    "load Count.hdl, ROM32K load Add.hack;": r"Add.hack: No such file",
    "load Count.hdl, eval;": "the script compares nothing: it has no compare-to",
    "load Count.hdl tick;": "load must end with , or ; but 'tick' follows",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_bad_scripts_are_refused(counting, text, monkeypatch):
    counting.with_suffix(".cmp").unlink()
    counting.write_text(text)
    monkeypatch.setattr("gatesim.testing.script.MAX_COMMANDS", 3_000 if "1000 {" in text else MAX_COMMANDS)
    outcome = run_script(counting)
    assert outcome.status == "refused"
    assert re.search(BAD[text], outcome.message), outcome.message


def test_the_computer_runs_a_program_and_the_keyboard_is_pressed(tmp_path):
    # D = 7; RAM[3] = D; D = D + 1; RAM[4] = D; then for ever
    words = [
        7,
        0b1110110000010000,
        3,
        0b1110001100001000,
        0b1110011111010000,
        4,
        0b1110001100001000,
        7,
        0b1110101010000111,
    ]
    (tmp_path / "P.hack").write_text("\n".join(f"{w:016b}" for w in words) + "\n")
    (tmp_path / "C.tst").write_text(
        "load Computer.hdl, compare-to C.cmp, ROM32K load P.hack, output-list RAM16K[3]%D1.3.1 RAM16K[4]%D1.3.1;"
        "repeat 12 { tick, tock; } output;"
    )
    (tmp_path / "C.cmp").write_text("|RAM16|RAM16|\n|   7 |   8 |\n")
    assert run_script(tmp_path / "C.tst", "builtin").message == ""
    (tmp_path / "M.tst").write_text(
        "load Memory.hdl, compare-to M.cmp, output-list out%D1.5.1; set address 24576, while out <> 75 { tick, tock; } output;"
    )
    (tmp_path / "M.cmp").write_text("|  out  |\n|    75 |\n")
    assert run_script(tmp_path / "M.tst", "builtin", [75]).status == "passed"
    assert "waits for a key, give --key" in run_script(tmp_path / "M.tst", "builtin").message


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "Count.hdl").write_text(COUNT)
    (folder / "Count.cmp").write_text(EXPECTED)
    return folder / "Count.tst"


PIECES = ["", "{", "}", ";", "9", "%B2", "while", "[]", "\0", '"', "tick,", "repeat 9"]


@settings(max_examples=300, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, len(SCRIPT)), st.sampled_from(PIECES), st.integers(0, 6)), min_size=1))
def test_damaged_scripts_never_crash(fuzzed, edits):
    text = SCRIPT
    for at, piece, gone in edits:
        text = text[:at] + piece + text[at + gone :]
    fuzzed.write_text(text)
    assert run_script(fuzzed).status in ("passed", "failed", "refused")


def scripts(folder: Path) -> list[Path]:
    return sorted((folder / "nand2tetris").rglob("*.tst"))


def test_the_courses_own_tests_pass(shared_data):
    outcomes = [run_script(path, "builtin", [75, 89]) for path in scripts(shared_data)]
    assert len(outcomes) >= 15
    assert [o.message for o in outcomes if o.status != "passed"] == []
    assert sum(o.rows for o in outcomes) > 800


def test_the_courses_tests_catch_a_wrong_chip(shared_data):
    path = next(p for p in scripts(shared_data) if p.stem == "ALU")

    wrong = parse(
        "CHIP W { IN x[16], y[16], zx, nx, zy, ny, f, no; OUT out[16], zr, ng; "
        "PARTS: ALU(x=x, y=y, zx=zx, nx=nx, zy=zy, ny=ny, f=f, no=false, out=out, zr=zr, ng=ng); }"
    )
    outcome = run_script(path, wrong)
    assert outcome.status == "failed" and "differs" in outcome.message
    assert run_script(path, build(CHIPS["ALU"], x=16, y=16)).status == "passed"
