from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from gatesim import Bit, Builder, Bus, Memory, Netlist, Port, Scope, block, build, concat, gate, gates
from gatesim.errors import BuildError, GatesimError, NetlistError, UnknownNameError, ValueFitError, WidthError
from gatesim.gates import GATES, LOGIC_GATES, gates_by_table, permute_table
from gatesim.memory import ReadPort


def test_import_costs_numpy_only():
    code = (
        "import sys, gatesim; heavy = {'numba', 'llvmlite', 'pygame', 'qiskit', 'networkx', 'matplotlib', 'rich', "
        "'typer', 'scipy'} & set(sys.modules); sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"import gatesim loaded {done.stderr}"


@pytest.mark.parametrize("g", LOGIC_GATES, ids=lambda g: g.name)
def test_truth_tables_by_their_names(g):
    word = {"AND": all, "OR": any, "XOR": lambda v: sum(v) % 2 == 1}
    for index in range(1 << g.arity):
        v = [index >> k & 1 for k in range(g.arity)]
        out = g.table >> index & 1
        base = g.name.rstrip("34")
        plain = base.removeprefix("N") if base in ("NAND", "NOR") else {"XNOR": "XOR"}.get(base, base)
        if plain in word:
            assert out == (bool(word[plain](v)) != (base in ("NAND", "NOR", "XNOR")))
        elif g.name.startswith(("AOI", "OAI")):
            groups, at, inner, outer = g.name[3:], 0, all, any
            if g.name.startswith("OAI"):
                inner, outer = any, all
            parts = []
            for size in map(int, groups):
                parts.append(inner(v[at : at + size]))
                at += size
            assert out == (not outer(parts))
        else:
            a, b, c = (v + [0, 0])[:3]
            known = {
                "BUF": a, "NOT": 1 - a, "ANDNOT": a & (1 - b), "NOTAND": b & (1 - a), "ORNOT": a | (1 - b),
                "NOTOR": b | (1 - a), "MUX": c if a else b, "MAJ": int(a + b + c >= 2),
            }  # fmt: skip
            assert out == known[g.name]


def test_every_two_input_function_has_a_gate():
    tables = gates_by_table()
    degenerate = {0b0000, 0b1111, 0b1010, 0b0101, 0b1100, 0b0011}
    assert {t for t in range(16) if (2, t) in tables} == set(range(16)) - degenerate
    for (arity, table), (op, order) in tables.items():
        inverse = tuple(order.index(j) for j in range(arity))
        assert permute_table(GATES[op].table, arity, inverse) == table


def test_unknown_gate_suggests_the_nearest():
    with pytest.raises(UnknownNameError, match=r"^unknown gate 'NADN'; did you mean 'NAND'\?$"):
        gate("NADN")


def test_operators_want_equal_widths_and_no_arithmetic():
    b = Builder()
    x, y = b.input_bus("x", 4), b.input_bus("y", 3)
    with pytest.raises(WidthError, match="'&' between buses of 4 and 3 bits"):
        x & y
    for wrong in (
        lambda: x + x,
        lambda: x * 2,
        lambda: 2 * x,
        lambda: x & x[0],
        lambda: bool(x),
        lambda: bool(x[0]),
    ):
        with pytest.raises(BuildError):
            wrong()
    with pytest.raises(BuildError, match="bits of two builders meet: 'circuit' and 'other'"):
        x[0] & Builder("other").input("z")
    with pytest.raises(ValueFitError, match="constant 16 does not fit into 4 bits"):
        b.constant(16, 4)
    assert isinstance(x[1:3], Bus) and x[1:3].width == 2 and concat(x[0], y).width == 4
    with pytest.raises(BuildError, match="port 'x' of 'circuit' is declared twice"):
        b.input("x")


def test_undriven_wires_are_listed_together():
    b = Builder("holes")
    b.output("o", b.wire("first") & b.wire("second"))
    loop = b.wire("selfish")
    b.drive(loop, loop)
    with pytest.raises(NetlistError) as caught:
        b.freeze()
    assert len(caught.value.problems) == 3
    assert "netlist 'holes' has 3 problems" in str(caught.value)
    assert "wire 'first' is undriven" in str(caught.value) and "wire 'selfish' drives itself" in str(caught.value)


def test_double_driving_is_refused():
    b = Builder()
    w, x = b.wire("w"), b.input("x")
    b.drive(w, x)
    with pytest.raises(BuildError, match="net 'w' is driven twice"):
        b.drive(w, ~x)
    with pytest.raises(BuildError, match="is not a declared wire: it is driven already"):
        b.drive(x, w)


def test_wires_are_no_gates():
    b = Builder("latch")
    s, r = b.input("s"), b.input("r")
    q = b.wire("q")
    b.drive(q, b.nand(s, b.nand(r, q)))
    b.output("q", q)
    net = b.freeze()
    assert net.counts() == {"INPUT": 2, "NAND": 2}
    assert net.net("q") == net.port("q").nets[0]


def test_validation_lists_every_problem_with_names():
    n = len(GATES)
    with pytest.raises(NetlistError) as caught:
        Netlist(
            "bad", [0, 1, gates.INPUT, gates.AND, gates.INPUT, gates.NOT], [0, 0, 0, 0, 1, 1, 2], [2, 77],
            (Port("a", "input", (2,)), Port("a", "output", (3, 9)), Port("c", "input", (3,))), {3: "both"},
        )  # fmt: skip
    text = "\n".join(caught.value.problems)
    for part in (
        "cell 3 (both) is a AND with 1 pins; it takes 2",
        "cell 5 reads net 77, which does not exist (nets are 0 to 5)",
        "port 'a' is declared twice",
        "port 'a' bit 1 is net 9, which does not exist",
        "port 'c' bit 0 drives net 3, which AND drives already",
        "cell 4 is an INPUT that belongs to no input port: it is undriven",
    ):
        assert part in text
    with pytest.raises(NetlistError, match=f"cell 2 has unknown op code {n}"):
        Netlist("bad", [0, 1, n], [0, 0, 0, 0], [], ())
    with pytest.raises(NetlistError, match="nets 0 and 1 must be the constants"):
        Netlist("bad", [1, 0], [0, 0, 0], [], ())
    with pytest.raises(NetlistError, match="fanin_ptr must rise"):
        Netlist("bad", [0, 1, gates.NOT], [0, 0, 0, 2], [0], ())


def test_memory_problems_are_found():
    b = Builder("mem")
    address = b.input_bus("a", 2)
    (data,) = b.memory("ram", depth=4, width=3, read=[address], contents=[1, 2, 7])
    b.output("d", data)
    net = b.freeze()
    wrong = Memory("ram", 4, 2, net.memories[0].contents, (ReadPort((2, 3), (4, 5, 2)),))
    with pytest.raises(NetlistError) as caught:
        Netlist("bad", net.op, net.fanin_ptr, net.fanin, net.ports, memories=(wrong,))
    text = str(caught.value)
    assert "a word of contents that does not fit into 2 bits" in text
    assert "is 2 bits wide but a read port has 3 data bits" in text
    assert "is a READ that belongs to no memory" in text
    with pytest.raises(GatesimError, match="word 8 at address 0 does not fit into 3 bits"):
        b.memory("rom", depth=4, width=3, read=[address], contents=[8])


def test_arrays_are_frozen_and_fingerprints_tell_circuits_apart():
    def make(gate_name):
        b = Builder("f")
        b.output("y", b.gate(gate_name, b.input("p"), b.input("q")))
        return b.freeze()

    net = make("AND")
    with pytest.raises(ValueError, match="read-only"):
        net.op[2] = 3
    assert net.fingerprint == make("AND").fingerprint != make("OR").fingerprint


def test_scopes_label_the_cells_of_each_call():
    @block
    def inner(x: Bit, y: Bit) -> Bit:
        return x ^ y

    @block
    def outer(a: Bus) -> Bit:
        return inner(inner(a[0], a[1]), a[2])

    net = build(outer, a=3)
    assert [s.name for s in net.scopes] == ["", "outer", "inner", "inner_1"]
    assert net.scopes[2] == Scope("inner", 1, "inner")
    assert net.scope_path(int(net.scope_of[net.port("out").nets[0]])) == "outer/inner_1"
    assert net.net_name(5) == "outer/inner/xor_5"


def test_build_reads_the_signature():
    def f(b: Builder, a: Bus, words: list[Bus], flag: Bit | None = None, *, times: int = 1) -> dict[str, object]:
        assert isinstance(b, Builder)
        return {"y": a, "copies": words, "gone": None, "flag_out": flag}

    net = build(f, a=2, words=(3, 4), flag=1)
    assert [(p.name, p.width) for p in net.inputs] == [("a", 2), ("words0", 3), ("words1", 4), ("flag", 1)]
    assert [(p.name, p.width) for p in net.outputs] == [
        ("y", 2),
        ("copies0", 3),
        ("copies1", 4),
        ("flag_out", 1),
    ]
    assert [p.name for p in build(f, a=2, words=()).outputs] == ["y"]


def test_build_says_what_it_misses():
    def f(a: Bus) -> Bus:
        return a

    with pytest.raises(BuildError, match=r"f\(\) needs a width for its bus 'a', for example a=8"):
        build(f)
    with pytest.raises(UnknownNameError, match=r"unknown argument of f\(\) 'width'"):
        build(f, width=3)
    with pytest.raises(BuildError, match="give its width as a positive integer, not 0"):
        build(f, a=0)

    def g(a: Bus):
        return 3

    with pytest.raises(BuildError, match="must return a Bit, a Bus"):
        build(g, a=1)


def test_out_of_range_and_negative_constants():
    b = Builder()
    assert [x.id for x in b.constant(-1, 3)] == [1, 1, 1]
    assert [x.id for x in b.constant(5, 4)] == [1, 0, 1, 0]
    assert np.array_equal(b.freeze().op, [0, 1])
