"""``gatesim run`` with Hack programs and SIMT kernels: screens, keys, traces, and what cannot run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from circuits.computers.hack_assembler import dump_hack, read_program

PROGRAMS = Path(__file__).parents[1] / "demos" / "programs"
KERNEL = "vlane v1\nli s1, 3\nagain: mac v2, v1, s1\nloop s1, again\nvsb v2, (s0+v1)\nhalt\n"


@pytest.mark.parametrize("option", [(), ("--nand",)])
def test_a_screen_becomes_a_picture(gatesim, option):
    from PIL import Image

    Path("r.hack").write_text(dump_hack(read_program(PROGRAMS / "rectangle.asm")))
    status, out, err = gatesim("run", "r.hack", "--screen", "r.png", *option)
    assert status == 0 and "written: r.png" in err and "end loop reached: 10,2" in err
    shown = np.asarray(Image.open("r.png")) == 0
    assert shown.shape == (512, 1024) and shown.sum() == 4 * 160 * 100 and shown[100:300, 256:576].all()
    assert out.count("█") > 500


def test_keys_and_a_trace(gatesim):
    status, out, err = gatesim("run", str(PROGRAMS / "keys.asm"), "--keys", "A\\n")
    assert status == 0 and "end loop reached" in err and "█" in out
    Path("a.asm").write_text("@5\nD=A\n(END)\n@END\n0;JMP")
    status, out, _ = gatesim("run", "a.asm", "--trace")
    assert status == 0 and [line.split()[2] for line in out.splitlines()] == ["@5", "D=A", "@2", "0;JMP"]


def test_a_kernel_shows_its_registers(gatesim):
    Path("k.simt").write_text(KERNEL)
    status, out, err = gatesim("run", "k.simt", "--lanes", "3")
    assert status == 0 and "halt: 9 instructions in 9 cycles" in err
    assert [line.split() for line in out.splitlines()] == [["v1", "0", "1", "2"], ["v2", "0", "6", "12"]]
    status, out, _ = gatesim("run", "k.simt", "--json", "--instances", "2", "--nand")
    found = json.loads(out)
    assert status == 0 and (found["cycles"], found["ending"], found["machine"]) == (9, "halt", "SIMT 8 x int8")
    status, out, _ = gatesim("run", "k.simt", "--trace", "--lanes", "2")
    assert out.splitlines()[2].split() == ["2", "2", "##", "mac", "v2,", "v1,", "s1"]


BAD = {
    (
        "a.asm",
        "@0\n0;JEQ",
        "--cycles",
        "900",
    ): r"a.asm has not ended after 900 cycles: it is at address [01] \(.*a.asm:[12]\)",
    ("a.asm", "@40000"): "a.asm:1: @40000 is too large",
    ("a.asm", "@30000\nM=1"): "address 1 (M=1, a.asm:2) reads or writes address 30000, where nothing is",
    ("a.hack", "12"): "a.hack:1: '12' is no word",
    ("a.hack", "1000000000000000"): "a.hack:1: 1000000000000000 at address 0 is no instruction",
    ("a.asm", "@0", "--memory", "1K"): "the Hack computer is as it is",
    ("a.asm", "@0", "--screen", "x.jpg"): "the name must end in .png",
    ("a.asm", "@0", "--screen", "no/x.png"): "the folder 'no' does not exist",
    ("a.asm", "@0", "--keys", "é"): "there is no key for 'é'",
    ("a.asm", "@0", "--keys", "abc", "--cycles", "9"): "3 keys take 30,000 cycles",
    ("k.simt", "here: jmp here", "--cycles", "50"): "k.simt has not ended after 50 cycles: it is at address 0 (beq",
    ("k.simt", "li s1, -4\nlw s1, (s1)\nhalt"): "cycle 1, address 1 (lw s1, (s1)+0, k.simt:2): an address is outside",
    ("k.simt", "nop"): "k.simt:1: unknown instruction 'nop'",
    ("k.simt", "halt", "--keys", "a"): "this computer has no keyboard",
    ("k.simt", "halt", "--screen", "a.png"): "this computer has no screen",
    ("k.simt", "halt", "--base", "4"): "a SIMT machine's memory starts at 0",
    ("k.simt", "halt", "--lanes", "5000"): "a SIMT machine has 1 to 1024 lanes, not 5000",
    ("k.simt", "halt", "--memory", "100"): "a power of two of bytes",
    ("p.s", "ebreak", "--lanes", "4"): "RV32I has no lanes",
    ("p.txt", "ebreak"): "no computer runs '.txt' files; known: .elf, .hex, .s, .S, .hack, .asm, .simt",
}


@pytest.mark.parametrize("case", BAD, ids=range(len(BAD)))
def test_what_cannot_run_is_one_clear_line(gatesim, case):
    import re

    name, text, *options = case
    Path(name).write_text(text)
    status, _, err = gatesim("run", name, *options)
    line = err.strip().splitlines()[-1]
    assert status == 2 and "Traceback" not in err
    assert re.search(BAD[case], line) if "[01]" in BAD[case] else BAD[case] in line, line
