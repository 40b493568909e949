from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, concat, simulate
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent, equivalent
from gatesim.errors import EquivalenceError, LoopError, UnknownNameError, ValueFitError, WidthError
from gatesim.gates import LOGIC_GATES
from gatesim.netlist import Netlist


def adder(*, wrong=False):
    b = Builder("wrong" if wrong else "full_adder")
    x, y, c = b.input("x"), b.input("y"), b.input("c")
    b.output("sum", x ^ y ^ c)
    b.output("carry", (x & y) | (y & c) if wrong else b.gate("MAJ", x, y, c))
    return b.freeze()


def majority_adder():
    b = Builder("majority_adder")
    x, y, c = b.input("x"), b.input("y"), b.input("c")
    b.output("carry", (x & y) | (y & c) | (x & c))
    b.output("sum", b.gate("XNOR3", x, ~y, c))
    return b.freeze()


def product(width, *, swapped=False):
    """The low bits of x times y, by shifting and adding."""
    b = Builder("product")
    x, y = b.input_bus("x", width), b.input_bus("y", width)
    one, two = (y, x) if swapped else (x, y)
    total = [b.zero] * width
    for i in range(width):
        carry = b.zero
        for j in range(width - i):
            term, before = one[i] & two[j], total[i + j]
            total[i + j] = term ^ before ^ carry
            carry = (term & before) | (carry & (term | before))
    b.output("p", concat(*total))
    return b.freeze()


def toggler(init=0):
    b = Builder(f"toggle{init}")
    w = b.wire()
    q = b.flip_flop(w, init=init)
    b.drive(w, q ^ b.input("t"))
    b.output("q", q)
    return b.freeze()


def wide_and(width, *, broken=False):
    """1 only where all bits are 1; broken: never 1."""
    b = Builder("broken" if broken else "all_ones")
    bits = b.input_bus("x", width)
    total = b.zero if broken else b.one
    for x in bits:
        total = total & x
    b.output("y", total)
    return b.freeze()


def counter(width, *, broken=False):
    """Terminal count of a counter with a reset; broken: it never comes."""
    b = Builder("broken" if broken else "counter")
    enable, reset = b.input("enable"), b.input("reset")
    state, carry, after = b.wires(width), enable, []
    for q in state:
        after.append(q ^ carry)
        carry = carry & q
    b.drive(state, [b.flip_flop(d, reset=reset) for d in after])
    b.output("last", carry & b.zero if broken else carry)
    return b.freeze()


def test_small_netlists_are_proven_by_trying_everything():
    proof = equivalent(adder(), majority_adder())
    assert proof and proof.proven and (proof.patterns, proof.sat_calls) == (8, 0)
    assert str(proof) == "equal, proven: all 8 input patterns were simulated"
    assert str(equivalent(adder(), adder())) == "equal, proven: both have the same structure"


def test_simulation_alone_is_no_proof():
    a, b = product(15), product(15, swapped=True)
    evidence = equivalent(a, b, patterns=1000, prove=False)
    assert not evidence and not evidence.proven and evidence.patterns == 1000
    assert str(evidence) == "not decided: no difference in 1,000 patterns"
    clocked = assert_equivalent(toggler(), toggler(), patterns=70, cycles=5)
    assert str(clocked) == "not decided: no difference in 70 patterns of 5 cycles"


def test_a_difference_comes_with_a_counterexample():
    found = equivalent(adder(), adder(wrong=True))
    assert not found and found.proven
    assert found.counterexample == {"x": 1, "y": 0, "c": 1} and found.outputs == {"carry": (1, 0)}
    with pytest.raises(EquivalenceError, match=r"'full_adder' and 'wrong' differ at x=1, y=0, c=1: carry is 1 and 0"):
        assert_equivalent(adder(), adder(wrong=True))


def test_clocked_counterexamples_are_input_sequences():
    found = equivalent(toggler(0), toggler(1))
    assert found.outputs == {"q": (0, 1)} and len(found.counterexample["t"]) == 1
    found = equivalent(counter(3), counter(3, broken=True))
    inputs = {k: np.array(v) for k, v in found.counterexample.items()}
    assert simulate(counter(3), inputs)["last"][-1] == 1


def test_corners_find_what_fair_bits_miss():
    found = equivalent(wide_and(100), wide_and(100, broken=True), patterns=64, prove=False)
    assert found.counterexample == {"x": (1 << 100) - 1}
    for width in (4, 5):
        assert not equivalent(counter(width), counter(width, broken=True), patterns=256, cycles=40, prove=False)


def test_ports_are_matched_by_name_not_by_order():
    b = Builder("reordered")
    c, y, x = b.input("c"), b.input("y"), b.input("x")
    b.output("carry", b.gate("MAJ", x, y, c))
    b.output("sum", b.gate("XOR3", x, y, c))
    assert equivalent(adder(), b.freeze()).status == "equal"
    one, two = Builder("one"), Builder("two")
    p, q = one.input_bus("p", 3), one.input("q")
    one.output("z", (p[0] & ~p[2]) | q)
    q, p = two.input("q"), two.input_bus("p", 3)
    two.output("z", (p[0] & ~p[2]) | q)
    assert equivalent(one.freeze(), two.freeze()).status == "equal"


def test_what_cannot_be_compared():
    b = Builder("other")
    b.output("q", b.input_bus("t", 2)[0])
    with pytest.raises(WidthError, match="input 't' has 1 bits in 'toggle0', 2 in 'other'"):
        equivalent(toggler(), b.freeze())
    with pytest.raises(UnknownNameError, match="unknown input of 'full_adder' 't'"):
        equivalent(toggler(), adder())
    for bad in ({"patterns": 0}, {"cycles": 0}, {"patterns": -3}):
        with pytest.raises(ValueFitError, match="needs at least 1 pattern and 1 cycle"):
            equivalent(toggler(), toggler(), **bad)
    b = Builder("latch")
    w = b.wire()
    b.drive(w, b.nand(b.input("t"), b.nand(b.input("s"), w)))
    b.output("q", w)
    with pytest.raises(LoopError, match="combinational loop"):
        equivalent(b.freeze(), b.freeze())


def test_the_same_seed_finds_the_same():
    net = random_netlist(5, n_registers=4)
    other = random_netlist(6, n_registers=4)
    one, two = (equivalent(net, other, rng=3) for _ in range(2))
    assert replace(one, seconds=0.0) == replace(two, seconds=0.0)


def python_values(net: Netlist, inputs: int) -> dict[str, int]:
    """Outputs of a combinational netlist by following the pins back, in plain Python (no engine)."""
    tables = {g.op: g.table for g in LOGIC_GATES}
    value = {0: 0, 1: 1}
    position = 0
    for p in net.inputs:
        for k in p.nets:
            value[k] = inputs >> position & 1
            position += 1

    def follow(k: int) -> int:
        if k not in value:
            index = sum(follow(int(pin)) << i for i, pin in enumerate(net.fanin_of(k)))
            value[k] = tables[int(net.op[k])] >> index & 1
        return value[k]

    return {p.name: sum(follow(k) << i for i, k in enumerate(p.nets)) for p in net.outputs}


@given(st.integers(0, 2**32), st.booleans())
@settings(max_examples=40, deadline=None)
def test_the_verdict_is_that_of_the_truth_tables(seed, same_function):
    """One cell of a random netlist gets another gate; sometimes that changes nothing that shows."""
    net = random_netlist(seed, n_cells=25, n_inputs=4, n_outputs=2)
    generator = np.random.default_rng(seed)
    op = net.op.copy()
    if not same_function:
        cell = int(generator.choice(np.flatnonzero(np.isin(op, [g.op for g in LOGIC_GATES]))))
        arity = len(net.fanin_of(cell))
        op[cell] = generator.choice([g.op for g in LOGIC_GATES if g.arity == arity])
    other = Netlist(net.name, op, net.fanin_ptr, net.fanin, net.ports)
    truth = [(python_values(net, i), python_values(other, i)) for i in range(16)]
    found = equivalent(net, other)
    assert found.proven and bool(found) == all(a == b for a, b in truth)
    if not found:
        a, b = truth[found.counterexample["x"]]
        assert found.outputs == {k: (a[k], b[k]) for k in a if a[k] != b[k]}
