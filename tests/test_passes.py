from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, Stimulus, compile, engine, map_to, simulate, strash, sweep
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent
from gatesim.errors import GatesimError, LoopError, UnknownNameError
from gatesim.gates import IS_LOGIC, LOGIC_GATES
from gatesim.passes import BASES, map_to_map, strash_map, sweep_map
from gatesim.passes.adders import join_full_adders

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
    assert [map_to(full_adder(), basis).n_gates for basis in ("nand", "nor", "xag")] == [9, 9, 5]


@pytest.mark.parametrize("late_pin", [0, 1, 2])
@pytest.mark.parametrize("join", ["|", "^"])
@pytest.mark.parametrize("half", ["shared", "own", "or"])
def test_full_adders_are_found_however_they_are_written(half, join, late_pin):
    for order, swaps in product(permutations(range(3)), product((False, True), repeat=4)):
        b = Builder("full_adder")
        pins = [b.input(name) for name in "xyz"]
        pins = [pins[k] for k in order]
        c = pins.pop(late_pin)
        x, y = pins

        def two(op, p, q, swap):
            return b.gate(op, q, p) if swap else b.gate(op, p, q)  # noqa: B023 (used in this round only)

        h = two("XOR", x, y, swaps[0])
        inner = {"shared": h, "own": x ^ y, "or": x | y}[half if join == "|" or half != "or" else "own"]
        b.output("carry", two("OR" if join == "|" else "XOR", x & y, two("AND", inner, c, swaps[1]), swaps[2]))
        b.output("sum", two("XOR", h, c, swaps[3]))
        net = b.freeze()
        joined = join_full_adders(net)
        assert {"MAJ", "XOR3"} <= set(joined.counts())
        assert_equivalent(net, joined)
        assert map_to(net, "nor").n_gates == map_to(net, "nand").n_gates == 9


def test_a_full_adder_whose_inner_nets_are_read_stays():
    for read in ("half", "generate", "carried", "named"):
        b = Builder(read)
        x, y, c = b.input("x"), b.input("y"), b.input("c")
        half, generate = x ^ y, x & y
        carried = half & c
        b.output("sum", half ^ c)
        b.output("carry", generate | carried)
        if read == "named":
            half.named("p")
        else:
            b.output("also", {"half": half, "generate": generate, "carried": carried}[read])
        net = b.freeze()
        assert join_full_adders(net) is net
        assert_equivalent(net, map_to(net, "nor"))


@given(SEEDS, st.sampled_from(sorted(BASES)))
@settings(max_examples=60, deadline=None)
def test_mapping_keeps_sums_of_and_or_xor(seed, basis):
    """Netlists of AND, OR and XOR on few inputs are full of full adders and of near misses."""
    generator = np.random.default_rng(seed)
    b = Builder("soup")
    pool = list(b.input_bus("x", 6))
    for _ in range(30):
        x, y, c = (pool[int(k)] for k in generator.integers(max(0, len(pool) - 12), len(pool), 3))
        half = x ^ y
        pool += [half ^ c, (x & y) | (half & (c if generator.random() < 0.8 else pool[0]))]
        if generator.random() < 0.3:
            pool.append(half)
    b.output("y", pool[-8:])
    net = b.freeze()
    assert_equivalent(net, map_to(net, basis))
    assert_equivalent(net, join_full_adders(net))


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


@given(SEEDS, st.sampled_from(sorted(BASES)))
@settings(max_examples=30, deadline=None)
def test_mapped_netlists_are_settled(seed, basis):
    mapped = map_to(random_netlist(seed, n_cells=120, n_registers=seed % 4, n_memories=seed % 2), basis)
    assert strash(mapped, BASES[basis]).n_gates == mapped.n_gates
    assert map_to(mapped, basis).n_gates <= mapped.n_gates


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
        (lambda b, x, y: (x & y) ^ b.nand(y, x), {}),
        (lambda b, x, y: (x ^ y) & b.gate("XNOR", y, x), {}),
        (lambda b, x, y: b.mux(x, ~b.nand(x, y), x & y), {"AND": 1}),
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
    assert strash(b.freeze(), ops="NAND").fingerprint == net.fingerprint
    with pytest.raises(UnknownNameError, match="unknown gate 'NADN'; did you mean 'NAND'"):
        strash(b.freeze(), ops=["NADN"])
    with pytest.raises(GatesimError, match="these gates cannot invert"):
        strash(b.freeze(), ops=["AND", "OR"])


def test_an_inverse_gate_stands_for_the_inverter():
    b = Builder("both")
    x, y = b.input("x"), b.input("y")
    b.output("z", b.nand(x, y))
    b.output("w", ~(x & y))
    net = strash(b.freeze())
    assert net.counts() == {"INPUT": 2, "NAND": 1}
    assert net.port("w").nets == net.port("z").nets


def test_merged_nets_leave_the_survivor_its_name():
    b = Builder("merged")
    x, y = b.input("x"), b.input("y")
    first = x & y
    copy = (~~first).named("copy")
    first.named("first")
    b.output("z", copy)
    b.output("w", (b.gate("BUF", y & x)).named("again"))
    for net in (strash(b.freeze()), map_to(b.freeze(), "aig")):
        assert dict(net.names) == {net.port("z").nets[0]: "first"}


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


def test_mapped_netlists_have_only_logic_of_the_basis():
    net = map_to(random_netlist(1, n_registers=3), "nor")
    assert {int(o) for o in net.op[IS_LOGIC[net.op]]} == {g.op for g in LOGIC_GATES if g.name == "NOR"}
