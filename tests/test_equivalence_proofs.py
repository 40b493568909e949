"""Proofs of equivalence, held against truth tables, reachable states and ABC."""

from __future__ import annotations

import _thread
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from itertools import product
from time import monotonic

import numpy as np
import pytest

from circuits.adders import kogge_stone, ripple_carry
from circuits.multipliers import array_multiplier, wallace_multiplier
from gatesim import Builder, Stimulus, build, compile, engine, equivalent, map_to, read, simulate, strash, write
from gatesim.conformance import random_netlist
from gatesim.engines.base import initial_state
from gatesim.errors import TooLargeError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.gates import LOGIC_GATES, READ
from gatesim.netlist import Netlist
from gatesim.results import State

pytest.importorskip("pysat.solvers", reason="python-sat is not installed (pip install 'gatesim[sat]')")
LOGIC_OPS = [g.op for g in LOGIC_GATES]


def mutated(net: Netlist, seed: int) -> Netlist:
    """One logic cell gets another gate of as many pins."""
    generator = np.random.default_rng(seed)
    op = net.op.copy()
    cell = int(generator.choice(np.flatnonzero(np.isin(op, LOGIC_OPS))))
    op[cell] = generator.choice([g.op for g in LOGIC_GATES if g.arity == len(net.fanin_of(cell)) and g.op != op[cell]])
    return replace(net, op=op)


def outputs_of(net: Netlist, stimulus: Stimulus) -> np.ndarray:
    return engine("python")(compile(net)).run(stimulus).words


# -- combinational ---------------------------------------------------------------------------


@pytest.mark.parametrize("n_inputs", [6, 9, 12])
def test_every_verdict_of_the_solver_is_that_of_the_truth_table(n_inputs):
    """With one simulated pattern and nothing tried exhaustively, the solver has to find and prove everything."""
    seen = set()
    for seed in range(20):
        net = random_netlist(seed, n_cells=120, n_inputs=n_inputs)
        other = strash(map_to(mutated(net, seed) if seed % 3 else net, "nor"))
        everything = Stimulus.exhaustive(net)
        same = np.array_equal(outputs_of(net, everything), outputs_of(other, everything))
        found = equivalent(net, other, exhaustive_bits=0, patterns=1)
        assert found.proven and bool(found) == same
        seen.add((found.status, found.how))
        if not same:
            values = [simulate(n, found.counterexample, engine="python") for n in (net, other)]
            differ = {p.name: tuple(int(v[p.name]) for v in values) for p in net.outputs}
            assert found.outputs == {k: v for k, v in differ.items() if v[0] != v[1]} and found.outputs
    assert {("equal", "SAT sweeping"), ("different", "SAT")} <= seen


def test_what_random_patterns_never_meet():
    """Two 64-bit comparators, one of which is wrong for a single pair of numbers."""

    def equal(name, exception=None):
        b = Builder(name)
        x, y = b.input_bus("x", 64), b.input_bus("y", 64)
        differs = b.zero
        for p, q in zip(x, y, strict=True):
            differs = differs | (p ^ q)
        if exception is not None:
            hit = b.one
            for i, (p, q) in enumerate(zip(x, y, strict=True)):
                hit = hit & (p if exception >> i & 1 else ~p) & (q if exception >> i & 1 else ~q)
            differs = differs | hit
        b.output("differs", differs)
        return b.freeze()

    number = 0x123456789ABCDEF1
    found = equivalent(equal("right"), equal("wrong", number))
    assert found.status == "different" and found.how == "SAT"
    assert found.counterexample == {"x": number, "y": number} and found.outputs == {"differs": (0, 1)}


def test_adders_and_multipliers_are_proven_without_trying_everything():
    found = equivalent(build(ripple_carry, a=64, b=64), build(kogge_stone, a=64, b=64))
    assert found.status == "equal" and found.how == "SAT sweeping" and found.sat_calls > 0
    found = equivalent(build(array_multiplier, a=5, b=5), build(wallace_multiplier, a=5, b=5), exhaustive_bits=0)
    assert found.status == "equal" and found.how == "SAT sweeping"
    found = equivalent(build(array_multiplier, a=8, b=8), build(wallace_multiplier, a=8, b=8))
    assert found.status == "equal" and found.patterns == 1 << 16 and found.sat_calls == 0


def test_c7552_is_its_nand_mapping(shared_data):
    net = read(shared_data / "iscas85" / "c7552.bench")
    nand = strash(map_to(net, "nand"), ["nand"])
    found = equivalent(net, nand)
    assert found.status == "equal" and found.how == "SAT sweeping"
    found = equivalent(net, mutated(nand, 3), patterns=1)
    assert found.status == "different"


@pytest.mark.skipif(shutil.which("berkeley-abc") is None, reason="berkeley-abc is not installed")
@pytest.mark.parametrize("suffix", ["aig", "bench"])
def test_abc_says_the_same(tmp_path, suffix):
    seen = set()
    for seed in range(6):
        net = map_to(random_netlist(seed, n_cells=150, n_inputs=20), "aig")
        other = map_to(net, "nand")
        other = map_to(mutated(other, seed), "aig") if seed % 2 else map_to(other, "aig")
        paths = [tmp_path / f"{name}{seed}.{suffix}" for name in "ab"]
        for n, path in zip((net, other), paths, strict=True):
            write(n, path)
        text = f"cec {paths[0]} {paths[1]}"
        done = subprocess.run(["berkeley-abc", "-q", text], capture_output=True, text=True, check=True).stdout
        assert ("are equivalent" in done.lower()) != ("not equivalent" in done.lower()), done
        found = equivalent(read(paths[0]), read(paths[1]), patterns=1)
        assert bool(found) == ("not equivalent" not in done.lower()) and found.proven
        seen.add(found.status)
    assert seen == {"equal", "different"}


def test_no_time_is_no_verdict():
    a, b = build(array_multiplier, a=16, b=16), build(wallace_multiplier, a=16, b=16)
    found = equivalent(a, b, seconds=0.5)
    assert found.status == "undecided" and not found and str(found) == "not decided: the time was up"
    assert found.seconds < 5


def test_ports_of_other_names_are_mapped():
    one, two = Builder("one"), Builder("two")
    one.output("z", ~(one.input("a") & ~one.input("b")))
    two.output("y", two.input("b") | ~two.input("x"))
    first, second = one.freeze(), two.freeze()
    found = equivalent(first, second, names={"a": "x", "z": "y"})
    assert found.status == "equal"
    with pytest.raises(UnknownNameError, match="unknown output of 'two' 'z'"):
        equivalent(first, second, names={"a": "x"})
    with pytest.raises(UnknownNameError, match="unknown port of 'two' 'c'"):
        equivalent(first, second, names={"a": "c"})
    with pytest.raises(UnknownNameError, match="unknown port or register of 'one' 'c'"):
        equivalent(first, second, names={"c": "d"})
    with pytest.raises(ValueFitError, match="two ports of 'one' are mapped to one of 'two'"):
        equivalent(first, second, names={"a": "x", "b": "x"})


def test_without_the_solver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pysat.solvers", None)
    a, b = build(ripple_carry, a=32, b=32), build(kogge_stone, a=32, b=32)
    with pytest.raises(UnsupportedError, match=r"python-sat, which is not installed: pip install 'gatesim\[sat\]'"):
        equivalent(a, b)
    assert equivalent(a, mutated(b, 1)).status == "different"


# -- clocked ---------------------------------------------------------------------------------


def sequences(net: Netlist, n_cycles: int) -> Stimulus:
    """Every input sequence of so many cycles, one a pattern."""
    width = sum(p.width for p in net.inputs)
    runs = np.array(list(product(range(1 << width), repeat=n_cycles)), np.uint64).T
    (port,) = net.inputs
    return Stimulus.from_values(net, {port.name: runs}, n_patterns=runs.shape[1], n_cycles=n_cycles)


@pytest.mark.parametrize("seed", range(16))
def test_bounded_verdicts_are_those_of_all_input_sequences(seed):
    net = random_netlist(seed, n_cells=40, n_inputs=3, n_registers=5)
    other = map_to(mutated(net, seed) if seed % 4 else net, "nand")
    truth = [outputs_of(n, sequences(net, 4)) for n in (net, other)]
    found = equivalent(net, other, cycles=4, patterns=1)
    assert bool(found) == np.array_equal(*truth)
    if found:
        assert found.bound == 4 and str(found).startswith("equal, proven in the first 4 cycles from power-up: ")
    else:
        first = int(np.argmax((truth[0] ^ truth[1]).any(axis=(1, 2))))
        assert first + 1 <= found.cycles <= 4
        values = {k: np.array(v) for k, v in found.counterexample.items()}
        runs = [simulate(n, values, engine="python") for n in (net, other)]
        last = {p.name: tuple(int(r[p.name][-1]) for r in runs) for p in net.outputs}
        assert found.outputs == {k: v for k, v in last.items() if v[0] != v[1]}


def always_equal(a: Netlist, b: Netlist) -> bool:
    """The truth: every pair of states that can be reached together, with every input."""
    width = sum(p.width for p in a.inputs)
    engines = [engine("python")(compile(n)) for n in (a, b)]
    power_up = tuple(tuple(int(r[0] & 1) for r in initial_state(n, 1).registers) for n in (a, b))
    known, waiting = {power_up}, [power_up]
    while waiting:
        pairs = [p for p in waiting for _ in range(1 << width)]
        (port,) = a.inputs
        values = np.tile(np.arange(1 << width, dtype=np.uint64), len(waiting))
        after, outputs = [], []
        for which, e in enumerate(engines):
            n = len(pairs)
            state = initial_state(e.netlist, n)
            lanes = np.array([p[which] for p in pairs], np.uint8).T
            padded = np.zeros((len(lanes), -(-n // 64) * 64), np.uint8)
            padded[:, :n] = lanes
            planes = np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
            e.state = State(planes, state.memories, n)
            outputs.append(e.run(Stimulus.from_values(e.netlist, {port.name: values}, n_patterns=n)).words)
            got = np.unpackbits(e.state.registers.view(np.uint8), axis=1, bitorder="little")[:, :n]
            after.append([tuple(map(int, column)) for column in got.T])
        if not np.array_equal(*outputs):
            return False
        waiting = list(set(zip(*after, strict=True)) - known)
        known.update(waiting)
    return True


@pytest.mark.parametrize("seed", range(24))
def test_induction_is_right_about_all_reachable_states(seed):
    net = random_netlist(100 + seed, n_cells=40, n_inputs=3, n_registers=4)
    other = map_to(mutated(net, seed) if seed % 3 else net, "nor")
    found = equivalent(net, other, patterns=8)
    if found.proven:
        assert bool(found) == always_equal(net, other)
    else:
        assert "a step from a state that may be unreachable differs" in found.how
    if seed % 3 == 0:
        assert found.status == "equal"


def ring(order, prefix):
    """One 1 that goes round a ring of registers, which are built in any order and named by `prefix`."""
    b = Builder(f"ring_{prefix}")
    step = b.input("step")
    wires = b.wires(len(order))
    q = {i: b.flip_flop(wires[i], enable=step, init=int(i == 0)).named(f"{prefix}{i}") for i in order}
    b.drive(wires, [q[i - 1] if i else q[len(order) - 1] for i in range(len(order))])
    b.output("top", q[len(order) - 1])
    return b.freeze()


def test_registers_go_together_by_name_or_by_what_they_do():
    straight = ring(range(8), "r")
    for other in (ring((3, 1, 7, 0, 2, 6, 5, 4), "r"), ring((3, 1, 7, 0, 2, 6, 5, 4), "s")):
        found = equivalent(straight, other)
        assert found.status == "equal" and found.how == "SAT sweeping and induction over the registers"
        assert found.bound is None
    names = {f"r{i}": f"s{i}" for i in range(8)}
    assert equivalent(straight, ring(range(8), "s"), names=names).status == "equal"


def test_a_difference_after_many_cycles_is_found_by_unrolling():
    """Two counters to 12 and 13 that show their last state only: random enables with a reset rarely get there."""

    def counter(limit):
        b = Builder(f"to{limit}")
        enable, reset = b.input("enable"), b.input("reset")
        q = b.wires(4)
        carry, after = b.one, []
        for w in q:
            after.append(w ^ carry)
            carry = carry & w
        reached = b.one
        for i, w in enumerate(q):
            reached = reached & (w if limit >> i & 1 else ~w)
        b.drive(q, [b.flip_flop(d, enable=enable & ~reached, reset=reset) for d in after])
        b.output("done", reached)
        return b.freeze()

    a, b = counter(12), counter(13)
    assert equivalent(a, b, cycles=12, patterns=1).status == "equal"
    found = equivalent(a, b, cycles=15, patterns=1)
    assert found.status == "different" and found.cycles == 13 and found.outputs == {"done": (1, 0)}
    assert all(e or r for e, r in zip(*found.counterexample.values(), strict=True)) or found.cycles == 13
    vague = equivalent(a, b, patterns=1)
    assert vague.status in ("undecided", "different")
    with pytest.raises(TooLargeError, match=r"for 100,000,000 cycles would be .* nodes; 2.31 are possible"):
        equivalent(a, b, cycles=100_000_000, patterns=1)
    with pytest.raises(ValueFitError, match="have no state: cycles= is for clocked netlists"):
        equivalent(build(ripple_carry, a=2, b=2), build(kogge_stone, a=2, b=2), cycles=3)


def test_memories_go_together_by_name():
    for seed in range(6):
        net = random_netlist(seed, n_cells=50, n_registers=3, n_memories=2)
        found = equivalent(net, map_to(net, "nand"))
        assert found.status == "equal", found
        assert READ in net.op
        changed = list(net.memories)
        contents = changed[0].contents.copy()
        contents[0] ^= np.uint64(1)
        changed[0] = replace(changed[0], contents=contents)
        assert equivalent(net, replace(net, memories=tuple(changed))).status != "equal"
    found = equivalent(net, map_to(net, "nand"), cycles=3)
    assert str(found) == "not decided: memories are not unrolled; no difference was seen in simulation"


# -- the command line ------------------------------------------------------------------------


def test_the_command_line(gatesim, tmp_path):
    import json

    status, out, _ = gatesim("equiv", "ripple_carry[24]", "kogge_stone[24]")
    assert status == 0 and "equal, proven: SAT sweeping" in out and "65,536 patterns simulated" in out
    one, two = Builder("one"), Builder("two")
    one.output("z", one.input("a") & one.input("b"))
    two.output("z", two.input("x") | two.input("b"))
    write(one.freeze(), "one.bench")
    write(two.freeze(), "two.bench")
    status, out, _ = gatesim("equiv", "one.bench", "two.bench", "--map", "a=x")
    assert status == 1 and "confirmed by the reference engine" in out and "0 in one, 1 in two" in out
    status, out, _ = gatesim("equiv", "one.bench", "two.bench", "--map", "a=x", "--json")
    seen = json.loads(out)
    assert status == 1 and seen["counterexample"] == {"a": 1, "b": 0} and seen["outputs"] == {"z": [0, 1]}
    status, _, err = gatesim("equiv", "one.bench", "two.bench")
    assert status == 2 and "unknown input of 'two' 'a'" in err
    for bad, message in (("a", "'a' is no pair"), ("a=x,a=b", "'a' is there twice")):
        status, _, err = gatesim("equiv", "one.bench", "two.bench", "--map", bad)
        assert status == 2 and message in err
    status, out, _ = gatesim("equiv", "array_multiplier[16]", "wallace_multiplier[16]", "--seconds", "0.3")
    assert status == 3 and "not decided: the time was up" in out
    status, out, _ = gatesim("equiv", "sequential.counter[4]", "sequential.counter[4]", "--seq", "3")
    assert status == 0 and "equal, proven in the first 3 cycles from power-up" in out


def test_an_interrupt_is_heard_inside_a_proof():
    a, b = build(array_multiplier, a=14, b=14), build(wallace_multiplier, a=14, b=14)
    asked = []

    def interrupt():
        asked.append(monotonic())
        _thread.interrupt_main()

    timer = threading.Timer(1.5, interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        equivalent(a, b, seconds=30)
    assert monotonic() - asked[0] < 5  # a second on an idle machine
    timer.join()
    # The solver was left whole: the next proof works.
    assert equivalent(build(ripple_carry, a=32, b=32), build(kogge_stone, a=32, b=32)).status == "equal"
