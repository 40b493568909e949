from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, Stimulus, compile, engine, map_to, simulate, strash, sweep
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent, equivalent
from gatesim.errors import EquivalenceError, GatesimError, LoopError, UnknownNameError, WidthError
from gatesim.gates import IS_LOGIC, LOGIC_GATES
from gatesim.passes import BASES, map_to_map, strash_map, sweep_map

SEEDS = st.integers(0, 2**32)


def one_gate(g):
    b = Builder(g.name)
    b.output("y", b.gate(g.name, *b.input_bus("x", g.arity)))
    return b.freeze()


def full_adder():
    b = Builder("full_adder")
    x, y, c = b.input("x"), b.input("y"), b.input("c")
    half = x ^ y
    b.output("sum", half ^ c)
    b.output("carry", (x & y) | (half & c))
    return b.freeze()


@pytest.mark.parametrize("optimise", [False, True])
@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("g", LOGIC_GATES, ids=lambda g: g.name)
def test_every_gate_in_every_basis(g, basis, optimise):
    net = map_to(one_gate(g), basis, optimise=optimise)
    assert set(net.counts()) <= {"INPUT", *BASES[basis]}
    truth = simulate(net, x=np.arange(1 << g.arity), engine="python")["y"]
    assert truth.tolist() == [g.table >> i & 1 for i in range(1 << g.arity)]


def test_textbook_prices():
    prices = {}
    for name, basis in product(("NOT", "AND", "OR", "XOR", "XNOR", "NAND", "NOR", "MUX"), ("nand", "nor")):
        (g,) = [g for g in LOGIC_GATES if g.name == name]
        prices[name, basis] = map_to(one_gate(g), basis).n_gates
    assert prices["NOT", "nand"] == prices["NAND", "nand"] == prices["NOT", "nor"] == prices["NOR", "nor"] == 1
    assert (prices["AND", "nand"], prices["OR", "nand"], prices["XOR", "nand"], prices["MUX", "nand"]) == (2, 3, 4, 4)
    assert (prices["AND", "nor"], prices["OR", "nor"], prices["XNOR", "nor"], prices["XOR", "nor"]) == (3, 2, 4, 5)
    assert map_to(full_adder(), "nand").n_gates == 9
    assert map_to(full_adder(), "xag").counts()["AND"] <= 3


@given(SEEDS, st.sampled_from([*BASES, "strash", "sweep"]))
@settings(max_examples=80, deadline=None)
def test_passes_keep_the_function(seed, which):
    net = random_netlist(seed, n_cells=120, n_registers=seed % 5, n_memories=seed % 3)
    done = {"strash": strash, "sweep": sweep}.get(which, lambda n: map_to(n, which))(net)
    assert_equivalent(net, done, patterns=130, cycles=6, rng=seed)
    assert [(p.name, p.direction, p.width) for p in done.ports] == [(p.name, p.direction, p.width) for p in net.ports]
    if which in BASES:
        assert set(done.counts()) <= {"INPUT", "DFF", "DFF1", "READ", *BASES[which]}


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_strash_shrinks_and_settles(seed):
    net = random_netlist(seed, n_cells=150, n_registers=seed % 4)
    once = strash(net)
    assert once.n_gates <= sweep(net).n_gates
    assert strash(once).n_gates == once.n_gates
    assert once.fingerprint == strash(net).fingerprint


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_maps_tell_where_each_net_went(seed):
    net = random_netlist(seed, n_cells=60, n_registers=seed % 4, n_memories=seed % 2)
    stimulus = Stimulus.random(net, 100, n_cycles=4, rng=seed)
    for run in (sweep_map, strash_map, lambda n: map_to_map(n, "nand"), lambda n: map_to_map(n, "aig", optimise=False)):
        new, where = run(net)
        kept = np.flatnonzero(where >= 0)
        old_values = _values(net, stimulus, kept)
        assert np.array_equal(old_values, _values(new, stimulus, where[kept]))


def _values(net, stimulus, nets):
    result = engine("python")(compile(net)).run(stimulus, watch=list(range(net.n_nets)))
    return np.concatenate([result.planes(net.net_name(k)) for k in nets], axis=1)


def folded(make):
    b = Builder("fold")
    x, y = b.input("x"), b.input("y")
    b.output("z", make(b, x, y))
    return strash(b.freeze())


@pytest.mark.parametrize(
    ("make", "counts"),
    [
        (lambda b, x, y: x & b.zero, {}),
        (lambda b, x, y: x & b.one, {}),
        (lambda b, x, y: x ^ x, {}),
        (lambda b, x, y: x & ~x, {}),
        (lambda b, x, y: ~~~~x, {}),
        (lambda b, x, y: x ^ b.one, {"NOT": 1}),
        (lambda b, x, y: b.nand(x, x), {"NOT": 1}),
        (lambda b, x, y: b.mux(x, y, y), {}),
        (lambda b, x, y: b.mux(b.one, x, y), {}),
        (lambda b, x, y: b.mux(x, b.zero, y), {"AND": 1}),
        (lambda b, x, y: b.gate("MAJ", x, y, b.one), {"OR": 1}),
        (lambda b, x, y: b.gate("MAJ", x, ~x, y), {}),
        (lambda b, x, y: b.gate("AOI22", x, y, x, b.one), {"NOT": 1}),
        (lambda b, x, y: (x & y) ^ b.gate("AND", y, x), {}),
        (lambda b, x, y: b.gate("ANDNOT", x, y) ^ b.gate("NOTAND", y, x), {}),
        (lambda b, x, y: b.gate("BUF", x & y), {"AND": 1}),
    ],
)
def test_strash_folds(make, counts):
    got = folded(make).counts()
    got.pop("INPUT")
    assert got == counts


def test_strash_stays_in_its_basis():
    b = Builder("nands")
    x, y = b.input("x"), b.input("y")
    b.output("z", b.nand(b.nand(x, b.one), y))
    b.output("w", b.nand(b.nand(y, y), b.one))
    net = strash(b.freeze(), ops=["NAND"])
    assert net.counts() == {"INPUT": 2, "NAND": 2}
    assert net.port("w").nets == net.port("y").nets
    with pytest.raises(GatesimError, match="these gates cannot invert"):
        strash(b.freeze(), ops=["AND", "OR"])


def test_names_and_scopes_survive():
    b = Builder("named")
    x, y = b.input("x"), b.input("y")
    with b.scope("part"):
        inner = (x ^ y).named("inner")
    b.output("z", ~~inner)
    net = map_to(b.freeze(), "nand")
    assert net.net("inner") == net.port("z").nets[0]
    assert net.scope_path(int(net.scope_of[net.net("inner")])) == "part"


def test_sweep_drops_dead_state_but_keeps_the_interface():
    b = Builder("dead")
    x = b.input("x")
    b.input("unused")
    w = b.wire()
    q = b.flip_flop(w)
    b.drive(w, q ^ x)  # a register that only feeds itself
    b.memory("dead", depth=4, width=2, read=[[x, q]])
    (live,) = b.memory("live", depth=4, width=2, read=[[x, x]], write=[([x, x], [x, ~x], x)])
    b.output("y", live)
    net = sweep(b.freeze())
    assert [p.name for p in net.ports] == ["x", "unused", "y"]
    assert net.counts() == {"INPUT": 2, "NOT": 1, "READ": 2}
    assert [m.name for m in net.memories] == ["live"]


def test_sweep_allows_loops_and_mapping_refuses_them():
    b = Builder("latch")
    q = b.wire("q")
    nq = b.nand(b.input("r"), q).named("nq")
    b.drive(q, b.nand(b.input("s"), nq))
    b.output("q", q)
    net = b.freeze()
    assert sweep(net).counts() == {"INPUT": 2, "NAND": 2}
    with pytest.raises(LoopError, match="combinational loop of 2 cells"):
        map_to(net, "nor")


def test_unknown_basis():
    with pytest.raises(UnknownNameError, match="unknown basis 'nands'; did you mean 'nand'"):
        map_to(full_adder(), "nands")


def test_differences_are_found_with_a_counterexample():
    net = full_adder()
    b = Builder("wrong")
    x, y, c = b.input("x"), b.input("y"), b.input("c")
    b.output("carry", (x & y) | (y & c))
    b.output("sum", x ^ y ^ c)
    wrong = b.freeze()
    found = equivalent(net, wrong)
    assert not found and found.counterexample == {"x": 1, "y": 0, "c": 1} and found.outputs == {"carry": (1, 0)}
    with pytest.raises(EquivalenceError, match="differ at x=1, y=0, c=1: carry is 1 and 0"):
        assert_equivalent(net, wrong)
    assert equivalent(net, net).proven


def test_clocked_differences_and_port_mismatches():
    def toggler(init):
        b = Builder(f"toggle{init}")
        w = b.wire()
        q = b.flip_flop(w, init=init)
        b.drive(w, q ^ b.input("t"))
        b.output("q", q)
        return b.freeze()

    assert equivalent(toggler(0), toggler(0)) and not equivalent(toggler(0), toggler(0)).proven
    found = equivalent(toggler(0), toggler(1))
    assert found.outputs == {"q": (0, 1)} and len(found.counterexample["t"]) == 1
    b = Builder("other")
    b.output("q", b.input_bus("t", 2)[0])
    with pytest.raises(WidthError, match="input 't' has 1 bits in 'toggle0', 2 in 'other'"):
        equivalent(toggler(0), b.freeze())
    with pytest.raises(UnknownNameError, match="unknown input of 'full_adder' 't'"):
        equivalent(toggler(0), full_adder())


def test_mapped_netlists_have_only_logic_of_the_basis():
    net = map_to(random_netlist(1, n_registers=3), "nor")
    assert {int(o) for o in net.op[IS_LOGIC[net.op]]} == {g.op for g in LOGIC_GATES if g.name == "NOR"}
