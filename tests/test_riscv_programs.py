"""The assembler beside the GNU assembler, byte for byte; program files of every kind; what they refuse."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from riscv_tools import compile_c, gnu, random_program, run_tool

from circuits.computers.riscv_assembler import assemble
from circuits.computers.riscv_encoding import BY_NAME, RV32I, RV32M, disassemble, encode
from circuits.computers.riscv_model import Layout
from circuits.computers.riscv_program import Program, parse_hex, read_elf
from gatesim.errors import GatesimError, ParseError, UnsupportedError

M = Layout(multiply=True)

SOURCE = """
# everything that the assembler knows, in one program
.equ ONE, 1
SIZE = 3 * (4 + ONE) - (7 & 6) << 1 | 0x10 ^ 2
.globl _start
.text
_start:
    nop; li a0, 0; li a1, -1; li a2, 2047; li a3, 2048; li a4, -2049
    li t0, 0x12345678; li t1, 0xFFFFF800; li t2, 0x80000000; li t3, SIZE; li t4, 'A'; li t5, '\\n'
    lui s0, 0xfffff
    auipc s1, 0
1:  mv a0, a1; not a2, a3; neg a4, a5; seqz a6, a7; snez s2, s3; sltz s4, s5; sgtz s6, s7
    beqz a0, 1b; bnez a1, 1f; blez a2, 1b; bgez a3, 1f; bltz a4, 1b; bgtz a5, 1f
1:  bgt a0, a1, 1b; ble a2, a3, 1f; bgtu a4, a5, 1b; bleu a6, a7, 2f
2:  sgt x5, x6, x7
1:  j _start; jr ra; ret; jal far; jal t0, far; jalr t1; jalr t1, 4(t2); jalr t1, t2, 8; jalr x0, -4(x1)
    lb a0, 0(a1); lh a1, -2(a2); lw a2, 2047(sp); lbu a3, (gp); lhu a4, ONE+3(tp)
    sb s8, -2048(s9); sh s10, 4(s11); sw t3, (fp)
    addi x1, x2, -2048; slti x3, x4, 5; sltiu x5, x6, 7; xori x7, x8, ~0; ori x9, x10, 0x7f; andi x11, x12, 0b101
    slli x13, x14, 31; srli x15, x16, 0; srai x17, x18, 07
    add x1, x2, x3; sub x4, x5, x6; sll x7, x8, x9; slt x10, x11, x12; sltu x13, x14, x15; xor x16, x17, x18
    srl x19, x20, x21; sra x22, x23, x24; or x25, x26, x27; and x28, x29, x30
    mul x1, x2, x3; mulh x4, x5, x6; mulhsu x7, x8, x9; mulhu x10, x11, x12
    div x13, x14, x15; divu x16, x17, x18; rem x19, x20, x21; remu x22, x23, x24
    fence; fence rw, w; fence iorw, i; fence.i; ecall; ebreak
    lui a0, %hi(text); addi a0, a0, %lo(text); lw a1, %lo(numbers+4)(a0)
before: auipc a0, %pcrel_hi(numbers)
    lw a0, %pcrel_lo(before)(a0)
    .balign 16
far: beq x1, x2, far; bne x3, x4, far; blt x5, x6, . + 8; bge x7, x8, . - 4; bltu x9, x10, far; bgeu x11, x12, far
    .p2align 4
.section .rodata
text: .asciz "tab\\t quote\\" \\x41 \\\\ # no comment ; // not either"
    .string "two", "strings"
.data
numbers: .word 1, -1, 0xdeadbeef, text, end - numbers, far + 4
    .half -2, 65535, 'z'
    .byte 1, -128, 255
    .align 3
    .2byte 7
    .4byte 8
    .space 3; .zero 2; .skip 4, 0xAA
end: .ascii "no zero behind"
.bss
room: .space 40
"""


def gnu_bytes(text: str, folder, layout: Layout) -> bytes:
    """What the GNU assembler and linker make of a source, sections laid out as ours are."""
    (folder / "a.s").write_text(text)
    parts = " . = ALIGN(16); ".join(f"{name} : {{ *({name}) }}" for name in (".text", ".rodata", ".data", ".bss"))
    script = f"SECTIONS {{ . = 0x{layout.base:x}; {parts} }}"
    (folder / "a.ld").write_text(script)
    run_tool(gnu("as"), "-march=rv32im_zifencei", "-mabi=ilp32", "-mno-relax", folder / "a.s", "-o", folder / "a.o")
    run_tool(gnu("ld"), "-m", "elf32lriscv", "--no-relax", "-T", folder / "a.ld", "--no-warn-rwx-segments", "-e", "0",
             folder / "a.o", "-o", folder / "a.elf")  # fmt: skip
    run_tool(gnu("objcopy"), "-O", "binary", folder / "a.elf", folder / "a.bin")
    return (folder / "a.bin").read_bytes()


def image(program: Program) -> bytes:
    start, end = program.segments[0].address, max(s.address + len(s.data) for s in program.segments)
    found = bytearray(end - start)
    for s in program.segments:
        found[s.address - start : s.address - start + len(s.data)] = s.data
    return bytes(found)


def test_the_same_bytes_as_the_gnu_assembler(tmp_path):
    ours, theirs = image(assemble(SOURCE, M)), gnu_bytes(SOURCE, tmp_path, M)
    ours = ours[: len(theirs)]  # theirs stops before the zeros of .bss
    if ours != theirs:
        at = next(k for k in range(0, len(theirs), 4) if ours[k : k + 4] != theirs[k : k + 4])
        pytest.fail(
            f"at {at}: {disassemble(int.from_bytes(ours[at : at + 4], 'little'))} is {theirs[at : at + 4].hex()}"
        )
    assert len(ours) > 500
    assert {i.name for i in (*RV32I, *RV32M)} - set(re.findall(r"[a-z.]+", SOURCE)) == set()


@pytest.mark.parametrize(
    "pseudo", ["la a0, data", "call data", "tail data", "lw a1, data", "sw a1, data, t0", "lla s1, data"]
)
def test_addresses_in_two_instructions(pseudo, tmp_path):
    source = f"nop\n{pseudo}\nj .\n.data\n.word 5\ndata: .word 1, 2, 3\n"
    ours, theirs = image(assemble(source)), gnu_bytes(source, tmp_path, Layout())
    assert ours == theirs


def test_assembly_of_a_compiler(tmp_path):
    """What gcc -S writes."""
    text = """
    int table[10]; const char *names[] = {"one", "two"};
    int sum(int n) { int s = 0; for (int k = 0; k < n; k++) s += table[k] * k; return s; }
    int main(void) { for (int k = 0; k < 10; k++) table[k] = k; return sum(10) + names[1][0]; }"""
    (tmp_path / "c.c").write_text(text)
    run_tool(
        gnu("gcc"),
        "-march=rv32im",
        "-mabi=ilp32",
        "-O1",
        "-fno-pic",
        "-fno-common",
        "-S",
        tmp_path / "c.c",
        "-o",
        tmp_path / "c.s",
    )
    program = assemble((tmp_path / "c.s").read_text(), M, "c.s")
    assert {"main", "sum", "table", "names"} <= set(program.symbols)


def test_disassembly_is_what_the_assembler_reads():
    rng = np.random.default_rng(4)
    for word in random_program(rng, 2000, M):
        text = disassemble(word, pc=M.base)
        assert assemble(text, M).words(M)[0] == word, text
    assert assemble(disassemble(0xFFFFFFFF), M).words(M)[0] == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nop\n  addy a0, a0, 1", "a.s:2:3: unknown instruction 'addy'; did you mean 'add'?"),
        ("addi a0, a0", "a.s:1:1: addi takes 3 operands, not 2"),
        ("addi a0, a0, 2048", "a.s:1:14: 2048 does not fit: addi takes -2048 to 2047"),
        ("addi a0, 5, 1", "a.s:1:10: operand 2 of addi must be a register"),
        ("addi a0, a1, a2", "operand 3 of addi must be a number"),
        ("slli a0, a0, 32", "32 does not fit: slli takes 0 to 31"),
        ("lw a0, 4(a9)", "a register expected, not 'a9'"),
        ("lw a0, a1", "a.s:1:8: operand 2 of lw must be written offset(register)"),
        ("sw a0, 4096(a1)", "offset 4096 does not fit: -2048 to 2047"),
        ("beq a0, a1, nowhere", "a.s:1:13: unknown symbol 'nowhere'; there is none"),
        ("start: j strat", "unknown symbol 'strat'; did you mean 'start'?"),
        ("x: beq a0, a1, y; .space 8000; y: nop", "beq cannot reach 8004 bytes away (at most 4094)"),
        ("a: nop; a: nop", "'a' is defined twice"),
        ("j 1f; 1: nop; j 2b", "there is no label 2 before this"),
        ("li a0, 0x123456789", "does not fit into 32 bits"),
        ("li a0, x; x: nop", "unknown symbol 'x'"),
        ("x: li a0, x", "the constant of li must be a number that is known here, not an address: use la"),
        (".word 1 +", "something is missing at the end"),
        (".word 5 / 0", "division by zero"),
        (".byte 256", "256 does not fit into 1 byte"),
        (".wrod 1", "unknown directive '.wrod'; did you mean '.word'?"),
        ('.ascii "a\\q"', "unknown escape \\q"),
        (".ascii 5", ".ascii takes strings in double quotes"),
        (".byte 1; nop", "an instruction at an address that is no multiple of 4"),
        (".align 8", "alignment to 256 bytes: sections start at multiples of 16 only"),
        ("mul a0, a1, a2", "mul belongs to the M extension, which this machine does not have"),
        ("fence x, rw", "fence takes two sets out of i, o, r and w"),
        ("x = x + 1; .word x", "unknown symbol 'x'"),
        ("a: nop; .data; b: .word a * 2", "'*' of an address"),
        ("a: nop; .data; b: .word a - b", "'-' of addresses in .text and .data has no fixed value"),
        ("nop `", "cannot read '`'"),
        ("jal 5x", "cannot read '5x'"),
        (".space 70000", "70000 bytes do not fit into the memory of 65536"),
    ],
)  # fmt: skip
def test_bad_source_is_one_clear_line(text, message):
    with pytest.raises(ParseError) as caught:
        assemble(text, Layout(), "a.s")
    assert message in str(caught.value)
    assert str(caught.value).startswith("a.s:")
    assert "\n" not in str(caught.value)


# -- files -----------------------------------------------------------------------------------

PROGRAM = "int x = 7; int y[4]; int main(void) { y[1] = x; return y[1]; }"


def test_hex_files_of_objcopy_are_the_elf_file(tmp_path):
    elf = read_elf(compile_c(PROGRAM, tmp_path, Layout()))
    wanted = elf.words(Layout())
    assert elf.symbols["main"] in range(elf.segments[0].address, elf.segments[0].address + 0x100)
    for kind, name in (("ihex", "a.hex"), ("verilog", "b.hex")):
        run_tool(gnu("objcopy"), "-O", kind, tmp_path / "program.elf", tmp_path / name)
        program = parse_hex((tmp_path / name).read_text(), Layout(), name)
        found = program.words(Layout())
        assert np.array_equal(found, wanted), kind
        assert program.entry in (elf.entry, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.hex: there is nothing in this file"),
        ("12345678\nxyz", "a.hex:2: 'xyz' is no hexadecimal number of up to 8 digits"),
        ("@0000\n123", "'123' is no hexadecimal number of up to 2 digits"),
        (":0400000001020304F3\n:00000001FF", "a.hex:1: wrong checksum (the bytes add up to 0x01)"),
        (":0500000001020304F2", "record says 5 bytes and has 4"),
        (":zz", "not a record of Intel hex"),
        (":0400000001020304F2", "the end record (:00000001FF) is missing: the file is cut"),
        (":0400000901020304E9\n:00000001FF", "unknown record type 9"),
    ],
)
def test_bad_hex_is_one_clear_line(text, message):
    with pytest.raises(ParseError) as caught:
        parse_hex(text, Layout(), "a.hex")
    assert message in str(caught.value)


def test_elf_files_that_cannot_run_here(tmp_path):
    with pytest.raises(UnsupportedError, match=r"this ELF file is for .*, not for 32-bit little-endian RISC-V"):
        read_elf(shutil.which("true") or "/bin/true")
    (tmp_path / "text.elf").write_text("no ELF file at all")
    with pytest.raises(ParseError, match="not an ELF file, or a damaged one"):
        read_elf(tmp_path / "text.elf")
    path = compile_c(PROGRAM, tmp_path, Layout(base=0x4000_0000, size=1 << 16))
    with pytest.raises(
        GatesimError, match=r"segment 0x40000000 to 0x4000\w+ is outside memory \(0x80000000 to 0x8000ffff\)"
    ):
        read_elf(path).words(Layout())
    whole = path.read_bytes()
    (tmp_path / "cut.elf").write_bytes(whole[: len(whole) // 3])
    with pytest.raises(ParseError, match="not an ELF file, or a damaged one"):
        read_elf(tmp_path / "cut.elf").words(Layout())
    run_tool(gnu("gcc"), "-march=rv32i", "-mabi=ilp32", "-c", tmp_path / "main.c", "-o", tmp_path / "main.elf")
    with pytest.raises(UnsupportedError, match="no linked executable"):
        read_elf(tmp_path / "main.elf")
    run_tool(
        gnu("gcc"),
        "-march=rv32ic",
        "-mabi=ilp32",
        "-nostdlib",
        "-Wl,-e,main",
        tmp_path / "main.c",
        "-o",
        tmp_path / "c.elf",
    )
    with pytest.raises(UnsupportedError, match="compressed instructions"):
        read_elf(tmp_path / "c.elf")


def test_every_encoding_fits_its_decoding():
    for i in BY_NAME.values():
        assert disassemble(encode(i, 1, 2, 3, 4)).split()[0] == i.name
