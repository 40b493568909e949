"""RV32I from gates, in lockstep with Unicorn and with the integer model; traps; C programs."""

from __future__ import annotations

import numpy as np
import pytest
from riscv_tools import DATA_WORDS, Judge, compile_c, random_program

from circuits.computers.machine import Session
from circuits.computers.riscv import SIGNALS, riscv_machine
from circuits.computers.riscv_assembler import assemble
from circuits.computers.riscv_encoding import BY_NAME, decode
from circuits.computers.riscv_model import Layout, RiscvModel
from circuits.computers.riscv_multiply import DIVISION_CYCLES
from circuits.computers.riscv_running import RiscvProgram
from circuits.computers.running import Choices, load_program
from gatesim.errors import UnsupportedError, ValueFitError

SMALL = Layout(size=1 << 13)
SMALL_M = Layout(size=1 << 13, multiply=True)


def lockstep(session: Session, cycles: int, layout: Layout, words: np.ndarray, pc: int | None = None) -> list[Judge]:
    """Run all instances to their ebreak or exit; every register before every instruction must be Unicorn's."""
    unicorn = pytest.importorskip("unicorn", reason="unicorn is absent (pip install gatesim[dev])")
    del unicorn
    stack = int(session.register("x2")[0])
    trace = session.trace(cycles, SIGNALS)
    assert session.halted.all()
    registers = np.stack([trace["pc"], *(trace[f"x{k}"] for k in range(1, 32))], axis=2)
    judges = []
    for lane in range(session.instances):
        judge = Judge(layout, words[lane], layout.base if pc is None else pc, stack)
        wanted = judge.run(cycles)
        ours = registers[trace["retired"][:, lane] == 1, lane]
        # Unicorn shows the ebreak too, which our machine does not complete.
        assert len(wanted) - len(ours) in (0, 1), lane
        differences = np.argwhere(ours != wanted[: len(ours)])
        assert not len(differences), (lane, differences[0], [hex(int(v)) for v in wanted[differences[0][0] - 1]])
        assert np.array_equal(session.memory("memory")[lane], judge.memory()), lane
        judges.append(judge)
    return judges


@pytest.mark.parametrize(
    ("layout", "basis", "programs"),
    [(SMALL, None, 20), (SMALL_M, None, 20), (SMALL_M, "nand", 10), (SMALL, "nand", 10)],
)
def test_random_programs_in_lockstep_with_unicorn(layout, basis, programs):
    rng = np.random.default_rng([programs, layout.multiply])
    words = np.zeros((programs, layout.size // 4), np.uint64)
    for lane in range(programs):
        program = random_program(rng, 250, layout)
        words[lane, : len(program)] = program
    words[:, -DATA_WORDS:] = rng.integers(0, 1 << 32, (programs, DATA_WORDS))
    session = riscv_machine(layout, basis).start({"memory": words}, instances=programs)
    lockstep(session, 20_000, layout, words)
    assert (session.register("cause") == 3).all()
    if layout.multiply:
        assert (session.cycles > session.instructions + DIVISION_CYCLES).all()
    else:
        assert np.array_equal(session.cycles, session.instructions + 1)  # one cycle each, and the ebreak


def test_every_instruction_was_in_the_random_programs():
    rng = np.random.default_rng([20, True])
    seen = {decode(w).name for _ in range(20) for w in random_program(rng, 250, SMALL_M) if decode(w) is not None}  # pyright: ignore
    assert seen == set(BY_NAME) - {"ecall"}


# -- what exists and what does not -----------------------------------------------------------


@pytest.mark.parametrize("multiply", [False, True])
def test_any_word_does_what_the_model_does_with_it(multiply):
    """Every opcode with every funct3 and, where it counts, every funct7; and random words: one step each, as lanes."""
    layout = Layout(base=0x400, size=64, multiply=multiply)
    rng = np.random.default_rng(5)
    fields = np.array(
        [(f7, f3, op) for op in range(128) for f3 in range(8) for f7 in ((0, 1, 32, 33) if op != 0x33 else range(128))]
    )
    words = fields[:, 0] << 25 | fields[:, 1] << 12 | fields[:, 2] | rng.integers(0, 1 << 10, len(fields)) << 15
    words |= rng.integers(0, 32, len(fields)) << 7
    special = [0x73, 0x100073, 0x200073, 0x10000073, 0x173, 0x8073, 0x0FF0000F, 0x100F, 0x200F, 0, 0xFFFFFFFF]
    words = np.concatenate((words, rng.integers(0, 1 << 32, 4000), special))
    n = len(words)
    memory = rng.integers(0, 1 << 32, (n, 16))
    memory[:, 4] = words
    x = rng.integers(0, 1 << 32, (32, n))
    x[:, ::2] = layout.base + rng.integers(0, 80, (32, len(x[0, ::2])))  # addresses near the memory
    registers = {f"x{k}": x[k] for k in range(1, 32)} | {"pc": layout.base + 16}
    session = riscv_machine(layout).start({"memory": memory}, registers, instances=n)
    session.run(DIVISION_CYCLES if multiply else 1)
    one = multiply_step(session, layout, memory, x)
    for name, ours, wanted in one:
        bad = np.flatnonzero(ours != wanted)
        assert not len(bad), (name, hex(words[bad[0]]), hex(ours[bad[0]]), hex(wanted[bad[0]]))


def multiply_step(session: Session, layout: Layout, memory: np.ndarray, x: np.ndarray):
    """What the machines hold, beside what models hold after as many instructions (in 1 cycle, or in 34)."""
    models = []
    done, halted = session.outcome().instructions, session.output("halted")
    for lane in range(session.instances):
        model = RiscvModel(layout, memory[lane].tolist(), layout.base + 16, [0, *x[1:, lane].tolist()])
        for _ in range(int(done[lane])):
            model.step()
        if not model.halted and halted[lane]:
            model.step()  # the instruction that trapped
        models.append(model)
    yield "halted", halted == 1, np.array([m.halted for m in models])
    yield "cause", session.register("cause"), np.array([m.cause or 0 for m in models])
    yield "pc", session.register("pc"), np.array([m.pc for m in models])
    for k in range(1, 32):
        yield f"x{k}", session.register(f"x{k}"), np.array([m.x[k] for m in models])
    ours = session.memory("memory")
    for k in range(16):
        yield f"word {k}", ours[:, k], np.array([m.words[k] for m in models])


def ending(text: str, layout: Layout = SMALL, basis: str | None = None, cycles: int = 2000):
    program = RiscvProgram(assemble(text, layout), layout, basis)
    session = program.start()
    session.run(cycles)
    assert session.halted.all()
    return program.ending(session), session


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nop; .word 0xffffffff", "an illegal instruction at 0x80000004 (_start+0x4): 0xffffffff"),
        ("mv a0, a1; .word 0x02c58533", "0x02c58533 (mul a0, a1, a2 needs the M extension)"),
        ("li a0, 0x80000001; lw a1, 4(a0)", "a misaligned load at 0x80000008 (_start+0x8): 0x00452583 (lw a1, 4(a0)), address 0x80000005"),
        ("li a0, 0x80000000; lh a1, 5(a0)", "a misaligned load"),
        ("li a0, 0x80000002; sw a1, (a0)", "a misaligned store"),
        ("li a0, 0x80000003; sh a1, 0(a0)", "address 0x80000003"),
        ("lw a1, 16(zero)", "a load outside memory at 0x80000000 (_start): 0x01002583 (lw a1, 16(zero)), address 0x00000010"),
        ("li a0, 0x90000000; sb a1, (a0)", "a store outside memory"),
        ("li a0, 0x10000000; lb a1, (a0)", "a load outside memory"),
        ("li a0, 0x10000000; sh a1, (a0)", "a store outside memory"),
        ("la a0, _start; jalr a1, 6(a0)", "a jump to a misaligned address at 0x80000008 (_start+0x8): 0x006505e7 (jalr a1, 6(a0)), address 0x80000006"),
        ("jal x0, . + 2", "address 0x80000002"),
        ("beq x0, x0, . + 6", "a jump to a misaligned address at 0x80000000"),
        ("li a0, 0x1000; jr a0", "an instruction fetch outside memory: 0x00001000"),
    ],
)  # fmt: skip
def test_traps_stop_it_and_say_where(text, message):
    found, session = ending("_start: " + text)
    assert message in found.text
    assert found.fault
    before = session.register("x11")
    session.run(10)
    assert np.array_equal(session.register("x11"), before)


def test_ends_without_a_fault():
    assert ending("_start: ebreak")[0].text == "ebreak at 0x80000000 (_start)"
    assert ending("_start: nop; ecall")[0].text == "ecall at 0x80000004 (_start+0x4)"
    assert ending("li a7, 93; li a0, 7; ecall")[0].exit_code == 7
    found, _ = ending("li t0, 0x10000008; li t1, 85; sw t1, (t0)")
    assert (found.text, found.exit_code, found.fault) == ("exit code 42", 42, False)
    assert ending("bne x0, x0, . + 6; li t0, 0x10000008; li t1, 84; sw t1, (t0); ebreak")[0].text.startswith("ebreak")


def test_a_word_that_traps_changes_nothing():
    found, session = ending("_start: li a0, 0x80000001; li a1, 77; lw a1, (a0)")
    assert found.fault
    assert session.register("x11").tolist() == [77]
    found, session = ending("_start: li a0, 5; jal a0, . + 2")
    assert session.register("x10").tolist() == [5]


def test_the_console_prints_more_than_it_holds():
    text = """
        li t0, 0x10000000
        li t1, 3000
    1:  andi t2, t1, 31
        addi t2, t2, 'A'
        sb t2, (t0)
        addi t1, t1, -1
        bnez t1, 1b
        ebreak"""
    _, session = ending(text, cycles=100_000)
    wanted = bytes((k & 31) + 65 for k in range(3000, 0, -1))
    done = session.outcome()
    assert done.console == (wanted,)
    assert done.cycles.tolist() == [3 + 5 * 3000 + 1]  # waiting for the reader does not count


# -- C ---------------------------------------------------------------------------------------

PRINTING = """
static void put(char c) { *(volatile char *)0x10000000 = c; }
static void print(const char *s) { while (*s) put(*s++); }
static void number(unsigned n) { if (n > 9) number(n / 10); put('0' + n % 10); }
"""
SORTING = (
    PRINTING
    + """
static int values[24];
static void sort(int *v, int n) {
    if (n < 2) return;
    int pivot = v[n / 2], i = 0, j = n - 1;
    for (;; i++, j--) {
        while (v[i] < pivot) i++;
        while (v[j] > pivot) j--;
        if (i >= j) break;
        int t = v[i]; v[i] = v[j]; v[j] = t;
    }
    sort(v, i); sort(v + i, n - i);
}
int main(void) {
    unsigned seed = 12345;
    for (int k = 0; k < 24; k++) { seed = seed * 1103515245u + 12345u; values[k] = (int)(seed >> 16 & 0xFFF) - 2048; }
    sort(values, 24);
    for (int k = 0; k < 24; k++) { int v = values[k]; if (v < 0) { put('-'); v = -v; } number(v); put(' '); }
    print("\\n");
    return values[0] > values[23];
}"""
)
PRIMES = (
    PRINTING
    + """
static unsigned char composite[200];
int main(void) {
    int count = 0;
    for (int p = 2; p < 200; p++) {
        if (composite[p]) continue;
        count++; number(p); put(p < 199 ? ' ' : '\\n');
        for (int k = p * p; k < 200; k += p) composite[k] = 1;
    }
    return count;
}"""
)
MATMUL = (
    PRINTING
    + """
static short a[5][6], b[6][4]; static int c[5][4];
int main(void) {
    for (int i = 0; i < 5; i++) for (int k = 0; k < 6; k++) a[i][k] = (short)(i * 37 - k * 11);
    for (int k = 0; k < 6; k++) for (int j = 0; j < 4; j++) b[k][j] = (short)(k * 5 - j * 23);
    int total = 0;
    for (int i = 0; i < 5; i++) for (int j = 0; j < 4; j++) {
        int s = 0;
        for (int k = 0; k < 6; k++) s += a[i][k] * b[k][j];
        c[i][j] = s; total += s;
    }
    print("total "); if (total < 0) { put('-'); total = -total; } number(total); print("\\n");
    return total % 97;
}"""
)


def expected_sort():
    seed, values = 12345, []
    for _ in range(24):
        seed = (seed * 1103515245 + 12345) & 0xFFFFFFFF
        values.append((seed >> 16 & 0xFFF) - 2048)
    return " ".join(map(str, sorted(values))) + " \n", 0


def expected_primes():
    primes = [p for p in range(2, 200) if all(p % d for d in range(2, p))]
    return " ".join(map(str, primes)) + "\n", len(primes)


def expected_matmul():
    i, j, k = np.arange(5)[:, None], np.arange(4)[None], np.arange(6)
    total = int(((i * 37 - k[None] * 11) @ (k[:, None] * 5 - j * 23)).sum())
    return f"total {total}\n", abs(total) % 97


@pytest.mark.parametrize("multiply", [False, True])
@pytest.mark.parametrize(
    ("text", "expected"), [(SORTING, expected_sort), (PRIMES, expected_primes), (MATMUL, expected_matmul)]
)
def test_c_programs_in_lockstep_with_unicorn(text, expected, multiply, tmp_path):
    layout = Layout(size=1 << 15, multiply=multiply)
    path = compile_c(text, tmp_path, layout)
    program = load_program(path, Choices(memory=1 << 15))
    assert isinstance(program, RiscvProgram)
    assert program.layout == layout  # the file says that it wants M
    session = program.start()
    (judge,) = lockstep(session, 60_000, layout, program.words[None], program.program.entry)
    console, code = expected()
    assert session.outcome().console == (console.encode(),)
    assert program.ending(session).exit_code == code
    assert (judge.console, judge.exit_code) == (console.encode(), code)


# -- the integer model -----------------------------------------------------------------------


def test_the_model_equals_unicorn():
    pytest.importorskip("unicorn", reason="unicorn is absent (pip install gatesim[dev])")
    rng = np.random.default_rng(9)
    for _ in range(4):
        program = random_program(rng, 300, SMALL_M)
        words = np.zeros(SMALL_M.size // 4, np.uint64)
        words[: len(program)] = program
        judge, model = Judge(SMALL_M, words, SMALL_M.base), RiscvModel(SMALL_M, words.tolist(), SMALL_M.base)
        for wanted in judge.run(10_000):
            assert [model.pc, *model.x[1:]] == wanted.tolist()
            model.step()
        assert model.cause == 3
        assert model.words == judge.memory().tolist()


# -- choices ---------------------------------------------------------------------------------


def test_programs_can_be_elsewhere_and_tohost_too():
    layout = Layout(base=0x10000, size=4096, tohost=0x10800)
    found, session = ending("la t0, . ; li t1, 0x10800; li t2, 11; sw t2, (t1)", layout)
    assert found.exit_code == 5
    assert session.register("x5").tolist() == [0x10000]
    assert session.word("memory", 0x200).tolist() == [11]  # in the memory it is a word as well


def test_bad_choices_are_refused(tmp_path):
    (tmp_path / "a.s").write_text("nop")
    with pytest.raises(ValueFitError, match="a memory of 1000 bytes: a power of two"):
        load_program(tmp_path / "a.s", Choices(memory=1000))
    with pytest.raises(ValueFitError, match="its base must be a multiple of its size"):
        load_program(tmp_path / "a.s", Choices(base=0x1234))
    with pytest.raises(UnsupportedError, match=r"no computer runs '\.bin' files; known: \.elf"):
        load_program(tmp_path / "a.bin")
