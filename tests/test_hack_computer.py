"""The Hack computer: its language, assembler, gates against integers, programs, pictures."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from circuits.computers.hack_assembler import assemble, dump_hack, parse_hack, read_program
from circuits.computers.hack_computer import hack_machine, hack_netlist
from circuits.computers.hack_language import COMPUTATION_WORDS, JUMPS, KEYBOARD, disassemble
from circuits.computers.hack_model import HackModel
from circuits.computers.hack_running import HackRunning
from circuits.computers.hack_screen import pixels_of, text_of, write_png
from circuits.computers.machine import Machine, Session
from circuits.hack import CHIPS, chip_widths
from gatesim import build, engine, map_to
from gatesim.engines.base import initial_state
from gatesim.errors import ParseError, ValueFitError
from gatesim.schedule import compile as compile_netlist
from gatesim.stimulus import Stimulus
from gatesim.testing.script import run_script

PROGRAMS = Path(__file__).parents[1] / "demos" / "programs"

# -- the language ----------------------------------------------------------------------------


def test_every_computation_in_every_frame_goes_there_and_back():
    lines = ["@0", "@32767"]
    for symbol in COMPUTATION_WORDS:
        for stored in ("", "M", "D", "DM", "A", "AM", "AD", "ADM"):
            lines += [(f"{stored}=" if stored else "") + symbol + (f";{jump}" if jump else "") for jump in JUMPS]
    assert len(lines) == 2 + 28 * 8 * 8
    program = assemble("\n".join(lines))
    assert len(set(program.words)) == len(lines)
    assert [disassemble(w) for w in program.words] == lines
    assert parse_hack(dump_hack(program)).words == program.words


def test_words_of_the_book():
    """Words printed in chapters 4 and 6 of the book."""
    pairs = {"@17": "0000000000010001", "MD=M+1": "1111110111011000", "0;JMP": "1110101010000111"}
    pairs |= {"D=A": "1110110000010000", "D;JGT": "1110001100000001", "AM=M-1": "1111110010101000"}
    for text, word in pairs.items():
        assert f"{assemble(text).words[0]:016b}" == word


def test_symbols_labels_variables_and_blanks():
    text = """
        @ i       // the first variable: 16
        M = A + D ; JLE
        (LOOP.1)
        @LOOP.1
        @END      // defined further down
        @R15
        @THAT
        @KBD
        @other
        @i
        (END)
    """
    program = assemble(text)
    assert program.words[1] == assemble("M=D+A;JLE").words[0]
    assert [program.words[k] for k in (0, 2, 3, 4, 5, 6, 7, 8)] == [16, 2, 9, 15, 4, 24576, 17, 16]
    assert program.symbols == {"i": 16, "other": 17, "LOOP.1": 2, "END": 9}
    assert program.lines[:3] == (2, 3, 5)


BAD = {
    "@1\n@32768": r"prog.asm:2: @32768 is too large: an A-instruction holds 0 to 32767",
    "@" + "9" * 5000: r"prog.asm:1: @9+ is too large",
    "@-1": r"prog.asm:1: cannot read @-1: write @number or @symbol",
    "@1x": r"cannot read @1x",
    "@": r"cannot read @: write",
    "D=D+D": r"prog.asm:1: the ALU cannot compute 'D\+D' in 'D=D\+D'",
    "D=A+M": r"the ALU cannot compute 'A\+M'",
    "D=": r"the ALU cannot compute ''",
    "D=1;JUMP": r"prog.asm:1: unknown jump 'JUMP' in 'D=1;JUMP'; known: JGT, JEQ",
    "D=1;": r"unknown jump ''",
    "X=1": r"cannot store to 'X' in 'X=1': write some of A, D, M",
    "DD=1": r"cannot store to 'DD'",
    "=1": r"cannot store to ''",
    "(A)\n(A)": r"prog.asm:2: label 'A' is defined twice",
    "(R1)": r"prog.asm:1: 'R1' has a meaning already",
    "(1A)": r"cannot read the label '\(1A\)': write \(NAME\)",
    "(A": r"cannot read the label",
    "\n": r"prog.asm: there is no instruction",
    "D=1\n" * 32769: r"32769 instructions: the ROM holds 32768",
    "\n".join(f"@v{k}" for k in range(16369)): r"no room for the variable 'v16368': the RAM is full",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_faults_of_a_program_say_where(text):
    with pytest.raises(ParseError, match=BAD[text]):
        assemble(text, "prog.asm")


def test_faults_of_machine_code_say_where(tmp_path):
    with pytest.raises(ParseError, match=r"p.hack:2: '01' is no word: sixteen 0s and 1s a line"):
        parse_hack("0" * 16 + "\n01\n", "p.hack")
    for word in ("1000000000000000", "1100110000010000", "1110000010000000".replace("0000010", "1111110", 1)):
        with pytest.raises(ParseError, match=rf"p.hack:3: {word} at address 1 is no instruction"):
            parse_hack("0" * 16 + f"\n\n{word}", "p.hack")
    with pytest.raises(ParseError, match=r"none.hack: cannot read this program: No such file"):
        read_program(tmp_path / "none.hack")
    (tmp_path / "binary.asm").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParseError, match=r"binary.asm: cannot read this program: it is no text"):
        read_program(tmp_path / "binary.asm")


# -- gates against integers ------------------------------------------------------------------


def random_program(rng: np.random.Generator, size: int = 300) -> np.ndarray:
    """Words of random instructions: any computation, destination and jump; addresses of all kinds."""
    address = rng.choice([*range(8), 255, 16383, 16384, 24575, KEYBOARD, KEYBOARD + 1, 32767], size)
    near = rng.integers(0, size, size)
    numbers = np.where(
        rng.random(size) < 0.5, near, np.where(rng.random(size) < 0.7, address, rng.integers(0, 1 << 15))
    )
    computations = np.array(list(COMPUTATION_WORDS.values()))[rng.integers(0, 28, size)]
    jumps = np.where(rng.random(size) < 0.25, rng.integers(0, 8, size), 0)
    computed = 7 << 13 | computations << 6 | rng.integers(0, 8, size) << 3 | jumps
    return np.where(rng.random(size) < 0.45, numbers, computed)


@pytest.mark.parametrize(("basis", "instances", "cycles"), [(None, 64, 400), ("nand", 64, 400), (None, 1, 3000)])
def test_lockstep_on_random_programs(basis, instances, cycles):
    """Every register, every store, every cycle; then the whole memory."""
    rng = np.random.default_rng(5 + instances)
    programs = [random_program(rng) for _ in range(instances)]
    keys = rng.integers(0, 200, instances)
    machine = Machine(hack_netlist())
    if basis is not None:
        machine = machine.mapped(basis)
        assert set(machine.netlist.counts()) <= {"NAND", "INPUT", "DFF", "READ"}
    session = machine.start({"ROM32K": np.stack(programs)}, instances=instances, inputs={"Keyboard": keys})
    names = ("pc", "instruction", "outM", "writeM", "addressM", "ARegister", "DRegister")
    trace = session.trace(cycles, names)
    shown = {name: trace[name].astype(np.int64) for name in names}
    memory = np.concatenate([session.memory("RAM16K"), session.memory("Screen")], axis=1)
    for lane, words in enumerate(programs):
        model = HackModel(words)
        for cycle in range(cycles):
            want = model.step(int(keys[lane]))
            here = (cycle, lane)
            assert (shown["pc"][here], shown["instruction"][here]) == (want.pc, want.instruction), here
            assert (shown["ARegister"][here], shown["DRegister"][here]) == (want.a, want.d), here
            assert shown["writeM"][here] == (want.written >= 0), here
            if want.written >= 0:
                assert (shown["addressM"][here], shown["outM"][here]) == (want.written, want.value), here
        assert np.array_equal(memory[lane], model.memory)


def test_the_slow_engine_agrees():
    net = hack_netlist()
    words = random_program(np.random.default_rng(9), 40)
    results = []
    for name in ("python", "logic2"):
        state = initial_state(net, 1)
        state.memories[0][0, : len(words)] = words
        run = engine(name)(compile_netlist(net))
        run.state = state
        stimulus = Stimulus.from_values(net, {"reset": 0, "Keyboard": 65}, n_patterns=1, n_cycles=60)
        results.append(run.run(stimulus).words)
    assert np.array_equal(*results)


def test_the_courses_test_of_the_cpu_passes_on_nands(shared_data):
    path = next((shared_data / "nand2tetris").rglob("CPU.tst"))
    nand = map_to(build(CHIPS["CPU"], name="CPU", **chip_widths("CPU")), "nand")
    outcome = run_script(path, nand)
    assert (outcome.status, outcome.message) == ("passed", "")
    assert outcome.rows > 80


# -- programs --------------------------------------------------------------------------------


def run_both(name: str, keys=((5_000_000, 0),), basis=None) -> tuple[HackRunning, Session]:
    """Run the gates to the program's end and the integers as many cycles; all memory must agree."""
    running = HackRunning(read_program(PROGRAMS / name), basis)
    session, model = running.start(), HackModel(running.program.words)
    for cycles, key in keys:
        before = int(session.cycles[0])
        session.set_inputs(Keyboard=key)
        session.run(cycles)
        model.run(int(session.cycles[0]) - before, key)
    assert session.halted.all() and running.ending(session).text == "end loop reached"
    assert np.array_equal(np.concatenate((session.memory("RAM16K")[0], session.memory("Screen")[0])), model.memory)
    # Two instructions, and the machine is where it was: for ever.
    before = (model.pc, model.a, model.d)
    model.run(2)
    assert before == (model.pc, model.a, model.d)
    return running, session


@pytest.mark.parametrize("basis", [None, "nand"])
def test_multiplication(basis):
    _, session = run_both("multiply.asm", basis=basis)
    assert session.memory("RAM16K")[0, 2] == 123 * 45


def test_a_rectangle_is_drawn():
    running, session = run_both("rectangle.asm")
    want = np.zeros((256, 512), bool)
    want[50:150, 128:288] = True
    assert np.array_equal(running.pixels(session), want)


def test_a_triangle_is_drawn(tmp_path):
    from PIL import Image

    running = HackRunning(read_program(PROGRAMS / "sierpinski.asm"))
    session = running.start()
    assert session.run(3_000_000).halted.all()
    y, x = np.mgrid[:256, :256]
    want = np.zeros((256, 512), bool)
    want[:, 128:384] = x & y == 0
    pixels = running.pixels(session)
    assert np.array_equal(pixels, want)
    write_png(pixels, tmp_path / "t.png", scale=2)
    shown = np.asarray(Image.open(tmp_path / "t.png"))
    assert shown.shape == (512, 1024) and np.array_equal(shown[::2, ::2] == 0, want)


def test_keys_are_read():
    pressed = "HACK"
    keys = [(5000, code) for letter in pressed for code in (0, ord(letter))] + [(1000, 0), (1000, 128)]
    running, session = run_both("keys.asm", keys)
    pixels = running.pixels(session)
    heights = pixels.sum(axis=0)[:80]
    assert heights.tolist() == [ord(letter) if k < 12 else 0 for letter in [*pressed, "\0"] for k in range(16)]
    assert pixels[-1, :12].all()


def test_characters_show_the_screen():
    pixels = np.zeros((256, 512), bool)
    assert text_of(pixels) == ""
    pixels[10, 100] = pixels[11, 101] = pixels[12, 102] = True
    assert text_of(pixels) == "▀▄\n  ▀"
    pixels[10, 100 + 155] = True
    assert text_of(pixels, columns=78).splitlines()[0] == "▀▄" + " " * 75 + "▀"
    with pytest.raises(ValueFitError, match=r"the screen has 8192 words, not \(3,\)"):
        pixels_of(np.zeros(3))


WRONG = {
    "@5\nD=A": "the program runs past its end, to address 2 of 2 instructions: end it with (END) @END 0;JMP",
    "@24577\nM=1\n@0\n0;JMP": "address 1 (M=1, p.asm:2) reads or writes address 24577, where nothing is",
    "@KBD\nM=1\n@0\n0;JMP": "address 1 (M=1, p.asm:2) reads or writes address 24576, where nothing is",
    "@32767\nD=M\n@0\n0;JMP": "address 1 (D=M, p.asm:2) reads or writes address 32767, where nothing is",
}


@pytest.mark.parametrize("basis", [None, "nand"])
@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_what_the_hardware_would_do_silently_is_seen(text, basis):
    running = HackRunning(assemble(text, "p.asm"), basis)
    session = running.start()
    done = session.run(1000)
    ending = running.ending(session)
    assert ending.fault and ending.text.startswith(WRONG[text])
    assert done.halted.all() and done.cycles[0] == (3 if "D=A" in text else 2)


def test_only_true_end_loops_end_a_program():
    """A loop that jumps to itself on a condition, one that stores, one of more instructions: all go on."""
    for text in ("@0\nD;JEQ", "@0\nD=D+1;JMP", "@0\nD=D+1\n@0\n0;JMP", "@1\n@0\n0;JMP\n@0\n0;JMP"):
        running = HackRunning(assemble(text))
        session = running.start()
        assert not session.run(500).halted.any(), text
        assert running.where(session).startswith("at address ")
    for text in ("(END)\n@END\n0;JMP", "@2\nD=A\n(END)\n@END\nD-1;JMP"):
        session = HackRunning(assemble(text)).start()
        assert session.run(500).halted.all(), text


def test_a_trace_shows_instructions_and_what_they_changed():
    running = HackRunning(assemble("@7\nD=A\n@3\nAM=D+1\n(END)\n@END\n0;JMP"))
    session = running.start()
    lines = running.trace(session, 100)
    assert lines == [
        "       0      0  @7            A     0  D     0",
        "       1      1  D=A           A     7  D     0  D = 7",
        "       2      2  @3            A     7  D     7",
        "       3      3  AM=D+1        A     3  D     7  A = [3] = 8",
        "       4      4  @4            A     8  D     7",
        "       5      5  0;JMP         A     4  D     7",
    ]
    assert hack_machine("nand") is hack_machine("nand")


@pytest.mark.parametrize("name", ["assembler", "computer", "language", "model", "screen"])
def test_examples(name):
    result = doctest.testmod(import_module(f"circuits.computers.hack_{name}"))
    assert result.attempted and not result.failed
