"""The SIMT machine: its language, assembler, gates against integers, products, the digits network."""

from __future__ import annotations

import doctest
from importlib import import_module

import numpy as np
import pytest

from circuits.computers.simt_assembler import assemble_simt, read_simt
from circuits.computers.simt_digits import scores
from circuits.computers.simt_gates import SimtShape, simt_machine
from circuits.computers.simt_language import OPERATIONS, Fields, disassemble, operations
from circuits.computers.simt_matmul import CYCLES_FORMULA, kernel, matmul, matmul_cycles, shape_for
from circuits.computers.simt_model import SimtModel
from circuits.computers.simt_run import memory_of, run, start
from circuits.network import DenseLayer, integer_scores
from demos.digits import integer_logits, load
from gatesim.errors import GatesimError, ParseError, ValueFitError

MEMORY = 256


@pytest.mark.parametrize("name", ["assembler", "digits", "gates", "language", "matmul", "model", "run"])
def test_examples(name):
    result = doctest.testmod(import_module(f"circuits.computers.simt_{name}"))
    assert result.attempted and not result.failed


# -- language and assembler ------------------------------------------------------------------


def test_operations_have_codes_of_their_own_and_words_go_there_and_back():
    for kind in ("int8", "fp32"):
        known = operations(kind)
        assert len({o.code for o in known.values()}) == len(known)
        text = {
            "": "{n}", "S,L": "{n} s3, here", "S,S,L": "{n} s3, s4, here", "L": "{n} here",
            "S,S,SO": "{n} s1, s2, -262144\n{n} s7, s6, s5", "S,(S)+#": "{n} s1, (s2)+-4\n{n} s3, (s4)",
            "V,O": "{n} v1, v7\n{n} v2, s3\n{n} v3, 262143", "V,(S+V)+S": "{n} v7, (s6+v5)+s4\n{n} v1, (s2+v3)",
            "V,V,O": "{n} v1, v2, v3\n{n} v4, v5, s6\n{n} v7, v0, -1", "V": "{n} v6",
        }  # fmt: skip
        for o in known.values():
            if o.name in ("iflt", "ifeq", "else", "end"):
                continue
            source = "here:\n" + text[o.form].replace("{n}", o.name) + "\nhalt"
            program = assemble_simt(source, kind)
            shown = "\n".join(disassemble(w, kind) or "?" for w in program.words)
            again = assemble_simt("here:\n" + shown.replace("@0", "here"), kind)
            assert again.words == program.words
    assert disassemble(63, "int8") is None


def test_short_forms_data_and_names():
    program = assemble_simt(
        """
        .set STEP, 4
        table: .word 1, -2, STEP   ; a comment
        bytes: .byte 0x80, 255
               .space 2
        end_of_data: .word 7
        li s1, table
        li s2, bytes
        li s3, end_of_data
        mov s4, s1
        here: jmp here
        """
    )
    assert program.data == b"\1\0\0\0\xfe\xff\xff\xff\4\0\0\0\x80\xff\0\0\7\0\0\0"
    assert [Fields.of(w).number for w in program.words] == [0, 12, 16, 0, 4]
    assert program.labels["here"] == 4


BAD = {
    "nop\nhalt": r"k.simt:1: unknown instruction 'nop'; known: halt, loop",
    "fmac v1, v2, v3\nhalt": r"k.simt:1: unknown instruction 'fmac' on int8 lanes",
    "halt\nvadd v1, v2": r"k.simt:2: vadd takes 3 operands \(V,V,O\), not 2",
    "vadd v1, v8, v2": r"'v8' is no register v0 to v7",
    "add s1, v1, 2": r"'v1' is no register s0 to s7",
    "vadd v1, v2, 262144": r"262144 does not fit into the 19 bits of an instruction: load a .word",
    "vadd v1, v2, x": r"'x' is no number, and no name of one",
    "lw s1, s2": r"cannot read 's2': write \(s1\) or \(s1\)\+4",
    "lw s1, (s1)+4": r"s1 cannot be loaded and moved on in one instruction",
    "vlw v1, (s2)": r"cannot read '\(s2\)': write \(s1\+v2\) or \(s1\+v2\)\+s3",
    "jmp nowhere": r"there is no label 'nowhere'",
    "a:\na:\nhalt": r"k.simt:2: 'a' is defined twice",
    "v1: halt": r"cannot read the label 'v1'",
    "li s1": r"li takes 2 operands, not 1",
    ".kind int16": r"cannot read '.kind int16'; known: .kind int8\|fp32",
    ".byte 256": r"256 does not fit into .byte",
    ".byte 1\n.word 1": r"k.simt:2: .word at address 1: a multiple of 4",
    ".space 99999999": r"there is room for 16777216 bytes of data",
    ".set s, 1\n.set s, 2": r"cannot define 's'",
    "iflt v1, 0\nhalt": r"k.simt:1: iflt has no end",
    "vlane v1\nend\nhalt": r"k.simt:2: end without an if",
    "else\nhalt": r"else without an if",
    "ifeq v0, 0\n" * 5 + "end\n" * 5 + "halt": r"k.simt:5: if is nested more than 4 deep",
    "a: iflt v1, 0\njmp a\nend\nhalt": r"k.simt:2: beq jumps to 'a' into or out of an if",
    "jmp a\niflt v1, 0\na: end\nhalt": r"beq jumps to 'a' into or out of an if",
    "iflt v1, 0\njmp a\nelse\na: end\nhalt": r"beq jumps to 'a' into or out of an if",
    "vlane v1": r"k.simt:1: the program runs past its end here: end it with halt",
    "; nothing": r"k.simt: there is no instruction in this kernel",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_faults_of_a_kernel_say_where(text):
    with pytest.raises(ParseError, match=BAD[text]):
        assemble_simt(text, source="k.simt")


def test_files_and_shapes_that_cannot_be(tmp_path):
    with pytest.raises(ParseError, match="cannot read this kernel: No such file"):
        read_simt(tmp_path / "none.simt")
    (tmp_path / "b.simt").write_bytes(b"\xff\xff")
    with pytest.raises(ParseError, match="it is no text"):
        read_simt(tmp_path / "b.simt")
    for wrong, message in (
        ({"lanes": 0}, "1 to 1024 lanes, not 0"),
        ({"lanes": 1, "kind": "int4"}, "int8 or fp32, not 'int4'"),
        ({"lanes": 1, "fused": True}, "integers are never rounded"),
        ({"lanes": 1, "memory_bytes": 100}, "a power of two of bytes"),
        ({"lanes": 1, "program_words": 1}, "2 to 65,536 words"),
    ):
        with pytest.raises(ValueFitError, match=message):
            SimtShape(**wrong)
    program = assemble_simt("vlane v1\nhalt")
    with pytest.raises(ValueFitError, match="is for int8 lanes, this machine has fp32 lanes"):
        start(SimtShape(1, "fp32"), program)
    with pytest.raises(ValueFitError, match=r"data from 60 to 64 is outside the shared memory of 64 bytes"):
        start(SimtShape(1, memory_bytes=64), program, {60: b"12345"})


# -- gates against integers ------------------------------------------------------------------


def random_kernel(rng: np.random.Generator, kind: str) -> str:
    """A random program: arithmetic, nested masks, loops, branches, addresses that are mostly right."""
    lines = [f".kind {kind}", "vlane v7"]
    lines += [f"li s{k}, {rng.integers(-300, 300)}" for k in range(1, 6)]
    lines += [f"vmov v{k}, {rng.integers(-262144, 262144)}" for k in range(4)]
    count = [0]

    def v() -> str:
        return f"v{rng.integers(0, 8)}"

    def s() -> str:
        return f"s{rng.integers(0, 6)}"

    def operand() -> str:
        return str(rng.choice([v(), s(), str(rng.integers(-1000, 1000))]))

    alu = [o.name for o in OPERATIONS if o.form == "V,V,O" and o.kind in (None, kind)]

    def memory() -> list[str]:
        vector = f"vand v5, {v()}, 0x{rng.choice(['3c', '7c', '3f']) if kind == 'int8' else '3c'}"
        names = [o.name for o in OPERATIONS if o.form == "V,(S+V)+S" and o.kind in (None, kind)]
        name = str(rng.choice(names))
        fix = ["vand v5, v5, 0x7c"] if name.endswith("w") else []
        return [vector, *fix, f"li s6, {4 * rng.integers(0, 30)}", f"{name} {v()}, (s6+v5)+{s()}"]

    def scalar() -> list[str]:
        names = [o.name for o in OPERATIONS if o.form == "S,(S)+#" and o.kind in (None, kind)]
        kinds = rng.integers(0, 3)
        if kinds == 0:
            return [f"{rng.choice(['add', 'sub'])} s{rng.integers(1, 6)}, {s()}, {rng.choice([s(), '-77'])}"]
        return [
            f"li s6, {4 * rng.integers(0, 60)}",
            f"{rng.choice(names)} s{rng.integers(1, 6)}, (s6)+{rng.integers(-9, 9)}",
        ]

    def block(depth: int, size: int) -> None:
        for _ in range(size):
            kind_of = rng.random()
            if kind_of < 0.45:
                lines.append(f"{rng.choice(alu)} {v()}, {v()}, {operand()}")
            elif kind_of < 0.55:
                lines.extend(memory())
            elif kind_of < 0.65:
                lines.extend(scalar())
            elif kind_of < 0.7:
                lines.append(f"vmov {v()}, {operand()}")
            elif kind_of < 0.75:
                lines.append(f"{rng.choice(['keeplt', 'keepeq'])} v7, {rng.integers(0, 6)}")
            elif kind_of < 0.85:
                label = f"x{len(lines)}"
                how = rng.choice(
                    [f"beq {s()}, {s()}, ", f"bne {s()}, {s()}, ", f"blt {s()}, {s()}, ", "bany ", "bnone "]
                )
                lines.append(how + label)
                lines.append(f"vadd {v()}, {v()}, 3")
                lines.append(f"{label}:")
            elif depth < 4 and kind_of < 0.95:
                lines.append(f"{rng.choice(['iflt', 'ifeq'])} {v()}, {operand()}")
                block(depth + 1, 4)
                if rng.random() < 0.6:
                    lines.append("else")
                    block(depth + 1, 3)
                lines.append("end")
            elif count[0] < 3:
                count[0] += 1
                label = f"l{len(lines)}"
                lines.extend(["li s7, 3", f"{label}:"])
                lines.append(f"vadd {v()}, {v()}, {v()}")
                lines.append(f"loop s7, {label}")

    block(0, 40)
    if rng.random() < 0.3:
        lines += ["vlane v1", "vshl v1, v1, 8", "vsw v1, (s0+v1)"]  # outside from lane 1 on
    return "\n".join([*lines, "halt"])


@pytest.mark.parametrize(
    ("kind", "lanes", "nand", "fused", "programs"),
    [
        ("int8", 5, False, False, 64),
        ("int8", 3, True, False, 20),
        ("fp32", 3, False, False, 20),
        ("fp32", 2, False, True, 24),
    ],
)
def test_lockstep_on_random_programs(kind, lanes, nand, fused, programs):
    """Every program counter and mask of every cycle, then all registers and the whole memory."""
    rng = np.random.default_rng(lanes)
    shape = SimtShape(lanes, kind, MEMORY, fused)
    machine = simt_machine(shape, "nand" if nand else None)
    if nand:
        assert set(machine.netlist.counts()) <= {"NAND", "INPUT", "DFF", "DFF1", "READ"}
    kernels = [assemble_simt(random_kernel(rng, kind)) for _ in range(programs)]
    contents = rng.integers(0, 256, (programs, MEMORY)).astype(np.uint8)
    if kind == "fp32":
        values = rng.standard_normal((programs, MEMORY // 4)).astype(np.float32)
        values[:, ::7] *= np.float32(1e30)
        values[:, ::11] *= np.float32(1e-38)
        contents = values.view(np.uint8)
    session = start(shape, kernels[0], {0: contents}, machine=machine, instances=programs)
    words = np.zeros((programs, shape.program_words), np.int64)
    for lane, program in enumerate(kernels):
        words[lane, : len(program.words)] = program.words
    session.set_memory("program", words)
    trace = session.trace(600, ["pc", "active"])
    assert session.halted.all()
    memory, faults = memory_of(session, shape), 0
    for lane, program in enumerate(kernels):
        model = SimtModel(shape, program)
        model.memory[:] = contents[lane]
        for cycle in range(int(session.cycles[lane])):
            want = model.step()
            mask = sum(bit << k for k, bit in enumerate(want.active))
            assert (trace["pc"][cycle, lane], trace["active"][cycle, lane]) == (want.pc, mask), (lane, cycle)
        assert model.halted and bool(session.register("fault")[lane]) == model.fault
        faults += model.fault
        for k in range(1, 8):
            assert session.register(f"s{k}")[lane] == model.scalars[k], (lane, k)
        for k in range(8):
            got = [int(session.register(f"lane{i}.v{k}")[lane]) for i in range(lanes)]
            assert got == model.vectors[k].tolist(), (lane, k, program.where(model.pc))
        assert np.array_equal(memory[lane], model.memory), lane
    assert 0 < faults < programs


def test_the_slow_engine_agrees():
    rng = np.random.default_rng(3)
    shape = SimtShape(1, "int8", 64, program_words=64)
    program = assemble_simt("li s1, 3\nvlane v1\nagain: mac v2, v1, s1\nvsb v2, (s1+v1)\nloop s1, again\nhalt")
    seen = []
    for name in ("python", "logic2"):
        session = simt_machine(shape).start({"program": list(program.words)}, engine=name)
        session.set_memory("shared1", rng.integers(0, 1, 16))
        session.run(14)
        seen.append((int(session.cycles[0]), memory_of(session, shape).tolist()))
    assert seen[0] == seen[1] and seen[0][0] == 11


# -- what goes wrong at run time -------------------------------------------------------------


def test_wrong_addresses_and_endless_kernels():
    shape = SimtShape(4, memory_bytes=64)
    program = assemble_simt("vlane v1\nvshl v1, v1, 5\nvsw v1, (s0+v1)\nhalt", source="k.simt")
    with pytest.raises(
        GatesimError, match=r"cycle 2, address 2 \(vsw v1, \(s0\+v1\)\+s0, k.simt:3\): .*outside .* 64 bytes"
    ):
        run(shape, program)
    with pytest.raises(GatesimError, match=r"no multiple of 4"):
        run(shape, assemble_simt("li s1, 2\nlw s2, (s1)\nhalt"))
    # Masked lanes may have any address, and the bytes of a word any place.
    run(shape, assemble_simt("vlane v1\nvshl v1, v1, 5\niflt v1, 64\nvsb v1, (s0+v1)\nend\nhalt"))
    with pytest.raises(
        GatesimError, match=r"the kernel did not end in 5,000 cycles: it was at address 0 \(beq s0, s0, @0"
    ):
        run(shape, assemble_simt("here: jmp here"), max_cycles=5000)


def test_masks_count_what_moves():
    program = assemble_simt(
        "vlane v1\niflt v1, 3\nvlb v2, (s0+v1)\nmac v3, v2, v2\nelse\nvsw v1, (s0+v4)\nend\nlbu s1, (s0)\nhalt"
    )
    done = run(SimtShape(4, memory_bytes=64), program)
    assert (done.cycles, done.macs, done.bytes_read, done.bytes_written) == (8, 3, 3 + 1, 4)
    assert done.active_lanes.tolist() == [4, 4, 3, 3, 3, 1, 1, 4, 0]
    # Of lanes that write to one place the highest wins.
    assert run(SimtShape(4, memory_bytes=64), assemble_simt("vlane v1\nvsw v1, (s0+v0)\nhalt")).memory[0] == 3


# -- products --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "k", "n", "lanes"), [(1, 1, 1, 1), (3, 5, 7, 4), (2, 4, 9, 4), (16, 16, 16, 16), (5, 3, 2, 8), (4, 70, 8, 4)]
)
@pytest.mark.parametrize("panels", [False, True])
def test_int8_products_are_exact_and_cycles_are_the_formula(m, k, n, lanes, panels):
    rng = np.random.default_rng(m * k * n)
    a, b = rng.integers(-128, 128, (m, k)), rng.integers(-128, 128, (k, n))
    a[0, 0] = b[0, 0] = -128
    done = matmul(a, b, lanes, panels=panels)
    assert done.c.dtype == np.int32 and np.array_equal(done.c, a @ b)
    assert done.run.cycles == done.formula_cycles == matmul_cycles(m, k, n, lanes, panels=panels)
    rows = -(-m // 4) * 4 if panels else m
    tiles = -(-n // lanes)
    assert done.run.macs == rows * k * n
    parameters = 4 * (1 + tiles * (5 + rows // 4 * 3 if panels else 4 + m * 3))
    data = k * n * rows // (4 if panels else 1) + tiles * rows * k
    assert done.run.bytes_written == 4 * rows * n
    assert data < done.run.bytes_read <= data + parameters


def test_matmul_formulas_are_near_seven_instructions_a_mac_or_better():
    for kind, panels in CYCLES_FORMULA:
        m, k, n, lanes = 64, 64, 64, 16
        assert matmul_cycles(m, k, n, lanes, kind, panels) < 5 * m * n * k / lanes


@pytest.mark.parametrize("fused", [False, True])
def test_fp32_products_are_those_of_numpy_in_the_same_order(fused):
    rng = np.random.default_rng(8)
    m, k, n = 5, 9, 6
    a = (rng.standard_normal((m, k)) * 10.0 ** rng.integers(-20, 20, (m, k))).astype(np.float32)
    b = (rng.standard_normal((k, n)) * 10.0 ** rng.integers(-20, 20, (k, n))).astype(np.float32)
    done = matmul(a, b, 4, fused=fused)
    want = np.zeros((m, n), np.float32)
    for i in range(k):
        x, y = a[:, i : i + 1], b[i : i + 1]
        # A product of two floats is exact in double precision; longdouble adds it without a second rounding here.
        want = (want.astype(np.longdouble) + x.astype(np.longdouble) * y).astype(np.float32) if fused else want + x * y
    if fused and np.finfo(np.longdouble).nmant < 63:
        pytest.skip("no extended precision here")
    assert np.array_equal(done.c, want)
    assert done.run.cycles == done.formula_cycles == matmul_cycles(m, k, n, 4, "fp32")


def test_products_that_cannot_be():
    one = np.ones((2, 2), int)
    for a, b, options, message in (
        (
            np.ones((2, 3), int),
            one,
            {},
            r"\(M, K\) and \(K, N\) matrices that are not empty, not \(2, 3\) and \(2, 2\)",
        ),
        (np.ones((0, 2), int), one, {}, "that are not empty"),
        (128 * one, one, {}, "a must hold integers from -128 to 127"),
        (one, one * 1.0, {}, "b must hold integers from -128 to 127"),
        (one.astype(np.float32), one.astype(np.float32), {"panels": True}, "panels of four rows are for int8"),
        (one, one, {"lanes": 2000}, "1 to 1024 lanes, not 2000"),
    ):
        with pytest.raises(ValueFitError, match=message):
            matmul(a, b, **options)
    with pytest.raises(ValueFitError, match="the shared memory has at most 16 MiB"):
        shape_for(5000, 5000, 5000, 4)
    assert shape_for(3, 3, 3, 4).memory_bytes == 128
    assert kernel("matmul_int8").kind == "int8" and kernel("matmul_fp32").kind == "fp32"


def test_products_on_nands():
    rng = np.random.default_rng(1)
    a, b = rng.integers(-128, 128, (2, 3)), rng.integers(-128, 128, (3, 3))
    machine = simt_machine(shape_for(2, 3, 3, 2), "nand")
    assert np.array_equal(matmul(a, b, 2, machine=machine).c, a @ b)


# -- the digits network ----------------------------------------------------------------------


def test_the_digits_network_gives_the_same_logits():
    data = load()
    images = data.images[data.test][:96]
    done = scores(data.layers, images, lanes=8)
    assert np.array_equal(done.logits, integer_logits(data, images))
    # 4 and 2 tiles of 8 outputs, 64 and 32 inputs, four instructions each.
    inner = 4 * (4 * 64 + 2 * 32)
    assert inner < done.cycles_per_image < 1.3 * inner
    assert done.run.macs > 32 * 64 + 10 * 32


def test_other_networks_and_those_that_do_not_fit():
    rng = np.random.default_rng(4)
    layers = [
        DenseLayer(
            rng.integers(-128, 128, (5, 7)).astype(np.int8), rng.integers(-4000, 4000, 5), rng.integers(0, 1500, 5)
        ),
        DenseLayer(rng.integers(-128, 128, (3, 5)).astype(np.int8), rng.integers(-4000, 4000, 3)),
    ]
    images = rng.integers(0, 256, (9, 7))
    assert np.array_equal(scores(layers, images, lanes=3).logits, integer_scores(layers, images))
    big = DenseLayer(layers[0].weights, layers[0].bias, np.full(5, 1 << 14))
    for given, pixels, message in (
        (layers[:1], images, "two layers"),
        ([layers[0], layers[0]], images, "two layers"),
        (layers, images[:, :5], "do not go together"),
        (layers, images - 300, "from 0 to 255"),
        ([big, layers[1]], images, "at most 14 bits"),
        ([DenseLayer(layers[0].weights, layers[0].bias, np.full(5, 16000)), layers[1]], images, "fit into 32 bits"),
    ):
        with pytest.raises(ValueFitError, match=message):
            scores(given, pixels)
