"""``gatesim run``: what a program prints, how it ended, and one clear line for what cannot run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from riscv_tools import compile_c

from circuits.computers.riscv_model import Layout

HELLO = """
    la   a0, text
    li   a1, 0x10000000
1:  lbu  a2, (a0)
    beqz a2, 2f
    sb   a2, (a1)
    addi a0, a0, 1
    j    1b
2:  li   a2, {word}
    sw   a2, 8(a1)
.data
text: .asciz "hello, gates\\n"
"""


@pytest.mark.parametrize("option", [(), ("--nand",), ("--instances", "3")])
def test_it_prints_what_the_program_prints(gatesim, option):
    Path("hello.s").write_text(HELLO.format(word=1))
    status, out, err = gatesim("run", "hello.s", *option)
    assert (status, out) == (0, "hello, gates\n")
    n = 72 * (3 if "--instances" in option else 1)
    assert f"exit code 0: {n} instructions in 72 cycles" in err


def test_json_and_exit_codes(gatesim):
    Path("hello.s").write_text(HELLO.format(word=7))
    status, out, _ = gatesim("run", "hello.s", "--json", "--instances", "2", "--memory", "4K", "--base", "0x1000")
    found = json.loads(out)
    assert status == 1
    assert {k: found[k] for k in ("console", "exit_code", "cycles", "instructions_all_instances", "machine")} == {
        "console": "hello, gates\n", "exit_code": 3, "cycles": 72, "instructions_all_instances": 144, "machine": "rv32i",
    }  # fmt: skip


def test_a_trace_is_a_line_an_instruction(gatesim):
    Path("a.s").write_text("li a0, 5\nli a1, 0x80000000\nsh a0, 6(a1)\nlbu a2, 6(a1)\nbeqz a2, .\nebreak")
    status, out, _ = gatesim("run", "a.s", "--trace")
    assert status == 0
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "0 80000000 00500513 addi a0, zero, 5 a0 = 00000005",
        "1 80000004 800005b7 lui a1, 0x80000 a1 = 80000000",
        "2 80000008 00a59323 sh a0, 6(a1) [80000006] = 0005",
        "3 8000000c 0065c603 lbu a2, 6(a1) a2 = 00000005 from [80000006]",
        "4 80000010 00060063 beq a2, zero, 0x80000010",
    ]


def test_an_elf_file_says_itself_that_it_multiplies(gatesim, tmp_path):
    compile_c("int main(void) { volatile int a = 6, b = 7; return a * b; }", tmp_path, Layout(multiply=True))
    status, out, _ = gatesim("run", "program.elf", "--json")
    found = json.loads(out)
    assert (status, found["exit_code"], found["machine"]) == (1, 42, "rv32im")
    assert found["cycles"] < 60


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("main: nop\nj .", ["--cycles", "3000"], "a.s has not ended after 3,000 cycles: it is at 0x80000004 (main+0x4): jal zero, 0x80000004; give it more with --cycles"),
        ("nop\n.word 0", [], "a.s: an illegal instruction at 0x80000004: 0x00000000"),
        ("lw a0, 1(zero)", [], "a.s: a misaligned load at 0x80000000: 0x00102503 (lw a0, 1(zero)), address 0x00000001"),
        ("bogus", [], "a.s:1:1: unknown instruction 'bogus'"),
        ("nop", ["--memory", "100"], "a memory of 100 bytes: a power of two"),
        ("nop", ["--base", "x"], "--base 'x' is no number"),
        (".space 100", ["--memory", "64"], "100 bytes do not fit into the memory of 64"),
        ("nop", ["--trace", "--json"], "--trace shows one instance as text"),
    ],
)  # fmt: skip
def test_what_cannot_run_is_one_clear_line(gatesim, text, options, message):
    Path("a.s").write_text(text)
    status, out, err = gatesim("run", "a.s", *options)
    assert (status, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1


def test_files_that_are_no_programs_of_ours(gatesim):
    shutil.copy(shutil.which("true") or "/bin/true", "true.elf")
    status, _, err = gatesim("run", "true.elf")
    assert status == 2
    assert "not for 32-bit little-endian RISC-V" in err
    Path("a.c").write_text("int main;")
    assert "no computer runs '.c' files; known: .elf" in gatesim("run", "a.c")[2]
    assert "No such file" in gatesim("run", "none.elf")[2]
    Path("binary.s").write_bytes(b"\xff\xfe")
    assert "binary.s: not a text file" in gatesim("run", "binary.s")[2]
    Path("far.hex").write_text("@90000000\n13 00 00 00\n")
    status, _, err = gatesim("run", "far.hex")
    assert (status, "segment 0x90000000 to 0x90000003 is outside memory" in err) == (2, True)
