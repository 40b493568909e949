from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, Stimulus, check_engine, compile, engine, simulate
from gatesim.conformance import compare, random_netlist
from gatesim.engines import engine_names
from gatesim.engines.python import PythonEngine
from gatesim.errors import EquivalenceError, LoopError, UnknownNameError, ValueFitError

# The cuda engine needs a device, or a simulator in a process of its own: tests/test_cuda.py.
ENGINES = [name for name in engine_names() if name != "cuda"]


@pytest.mark.parametrize("name", ENGINES)
def test_engine_conforms(name):
    assert check_engine(engine(name), rng=1) > 1000


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_both_tiers_conform(tier, monkeypatch, tmp_path):
    monkeypatch.setenv("GATESIM_CACHE_DIR", str(tmp_path))
    assert check_engine(lambda s: engine("logic2")(s, tier=tier), rng=2, rounds=6) > 1000


def test_compiled_code_in_chunks_and_from_the_disk_cache(monkeypatch, tmp_path):
    from gatesim.engines import straight

    monkeypatch.setenv("GATESIM_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(straight, "CHUNK_ROWS", (7, 7))
    net = random_netlist(11, n_cells=200, n_registers=5, n_memories=3)
    schedule = compile(net)
    for n_patterns in (1, 900):
        stimulus = Stimulus.random(net, n_patterns, n_cycles=6, rng=1)
        wanted = engine("logic2")(schedule, tier="interpreting").run(stimulus)
        for again in (False, True):
            run = engine("logic2")(schedule, tier="compiled")
            assert np.array_equal(run.run(stimulus).words, wanted.words)
            assert run.compiled(1 if n_patterns == 1 else 32).from_cache == again


def test_large_work_goes_over_to_compiled_code(monkeypatch, tmp_path):
    from gatesim.engines import logic2

    monkeypatch.setenv("GATESIM_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(logic2, "ROW_SECONDS", 1.0)  # everything pays
    monkeypatch.setattr(logic2, "SLICE_ROWS", 3000)
    net = random_netlist(5, n_registers=4, n_memories=1)
    stimulus = Stimulus.random(net, 9_000, n_cycles=9, rng=4)
    wanted = engine("logic2")(compile(net), tier="interpreting").run(stimulus)
    assert wanted.metadata["tier"] == "interpreting"
    run = engine("logic2")(compile(net), threads=1)
    ready, asked = run.compiled, []

    def late(width, *, wait=True):
        asked.append(width)
        return ready(width) if len(asked) > 3 else None  # the code is ready in the middle of the run

    monkeypatch.setattr(run, "compiled", late)
    result = run.run(stimulus)
    assert result.metadata["tier"] == "interpreting, then compiled"
    assert np.array_equal(wanted.words, result.words)


@given(seed=st.integers(0, 2**32), patterns=st.integers(1, 130), cycles=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_logic2_equals_reference_on_random_netlists(seed, patterns, cycles):
    net = random_netlist(seed, n_cells=seed % 150, n_registers=seed % 9, n_memories=seed % 4)
    compare(engine("logic2"), net, Stimulus.random(net, patterns, n_cycles=cycles, rng=seed))


def test_the_suite_catches_a_wrong_engine():
    class Wrong(PythonEngine):
        name = "wrong"

        def _simulate(self, stimulus, state, nets, record):
            out, extra = super()._simulate(stimulus, state, nets, record)
            if len(self.netlist.registers) and stimulus.n_patterns > 3:
                out[..., 0] ^= np.uint64(4) * (out[..., 0] & np.uint64(8) != 0)
            return out, extra

    with pytest.raises(EquivalenceError, match="engine 'wrong' disagrees with 'python' on 'random'"):
        check_engine(Wrong, rounds=2)


def test_simulate_shapes_and_wide_values():
    b = Builder("wide")
    x, y = b.input_bus("x", 100), b.input_bus("y", 100)
    b.output("both", x & y)
    b.output("low", (x ^ y)[:7])
    net = b.freeze()
    a, c = (1 << 99) | 12345, (1 << 99) | 54321
    r = simulate(net, x=a, y=c)
    assert r["both"] == a & c
    assert int(r["low"]) == (a ^ c) & 127
    grid = simulate(net, x=np.array([[1, 2, 3]], dtype=object), y=np.array([[1], [3]], dtype=object))
    assert grid["both"].tolist() == [[1, 0, 1], [1, 2, 3]]


def _counter():
    b = Builder("counter")
    d = b.wires(8)
    q = b.register(d, enable=b.input("en"))
    carry, total = b.one, []
    for bit in q:
        total.append(bit ^ carry)
        carry = bit & carry
    b.drive(d, total)
    b.output("q", q)
    return b.freeze()


def test_axis_zero_is_time_for_clocked_netlists():
    net = _counter()
    assert simulate(net, en=[1, 1, 0, 1, 1])["q"].tolist() == [0, 1, 2, 2, 3]
    two = simulate(net, en=np.array([[1, 0], [1, 1], [1, 1]]))["q"]
    assert two.tolist() == [[0, 0], [1, 0], [2, 1]]
    assert int(simulate(net, en=1, cycles=1000, record="last")["q"]) == 999 % 256


def test_state_continues_and_resets():
    run = engine("logic2")(compile(_counter()))
    held = Stimulus.from_values(run.netlist, {"en": 1}, n_cycles=10)
    assert run.run(held)["q"].ravel().tolist() == list(range(10))
    saved = run.state
    assert run.run(held, record="last")["q"].item() == 19
    run.state = saved
    assert run.run(held, record="last")["q"].item() == 19
    run.reset()
    assert run.run(held, record="last")["q"].item() == 9


def test_watching_inner_nets():
    b = Builder("watch")
    x, y = b.input("x"), b.input("y")
    inner = (~(x & y)).named("inner")
    b.output("z", inner ^ x)
    net = b.freeze()
    r = simulate(net, x=[0, 1, 1], y=[1, 0, 1], watch=["inner"])
    assert r["inner"].tolist() == [1, 1, 0]
    with pytest.raises(UnknownNameError, match="unknown net of 'watch' 'iner'; did you mean 'inner'"):
        simulate(net, x=0, y=0, watch=["iner"])
    with pytest.raises(ValueFitError, match="was not kept: compile"):
        engine("logic2")(compile(net)).run(Stimulus.exhaustive(net), watch=["inner"])


def test_bad_calls_say_what_is_wrong():
    net = _counter()
    with pytest.raises(UnknownNameError, match="unknown input of 'counter' 'enable'"):
        simulate(net, enable=1, cycles=3)
    with pytest.raises(ValueFitError, match="no value for input 'en'"):
        simulate(net, cycles=3)
    with pytest.raises(ValueFitError, match=r"value 2 \(at index 1, 0\) does not fit into input 'en' of 1 bit"):
        simulate(net, en=[1, 2])
    with pytest.raises(ValueFitError, match="give cycles="):
        simulate(net, en=1)
    with pytest.raises(ValueFitError, match="takes integers, not float64"):
        simulate(net, en=[0.5, 1.0])
    with pytest.raises(UnknownNameError, match="unknown engine 'logik2'; did you mean 'logic2'"):
        simulate(net, en=[1], engine="logik2")


@pytest.mark.parametrize("name", ENGINES)
def test_loops_are_refused_with_their_nets(name):
    b = Builder("ring")
    w = b.wire("a")
    second = (~w).named("b")
    b.drive(w, (~second).named("c"))
    b.output("o", w)
    with pytest.raises(LoopError, match=r"combinational loop of 2 cells: .*break the loop with a flip-flop"):
        simulate(b.freeze(), engine=name)


@pytest.mark.parametrize("name", ENGINES)
def test_awkward_values_and_sizes(name):
    b = Builder("awkward")
    d, a = b.input_bus("d", 64), b.input("a")
    (q,) = b.memory("m", depth=1, width=64, read=[[a]], write=[([a], d, b.one)], contents=[2**64 - 1])
    b.output("q", q)
    net = b.freeze()
    # A list that NumPy would turn into floats; an address past the only word reads 0.
    assert simulate(net, a=[0, 0, 1], d=[2**63 + 1, 5, 7], engine=name)["q"].tolist() == [2**64 - 1, 2**63 + 1, 0]
    assert simulate(net, a=0, d=0, cycles=0, engine=name)["q"].shape == (0,)
    assert simulate(net, a=np.zeros((3, 0), int), d=0, engine=name)["q"].shape == (3, 0)
    b = Builder("straight")
    x = b.input_bus("x", 65)
    b.output("y", x)
    b.output("one", [b.one, b.zero, b.one])
    net = b.freeze()
    assert simulate(net, x=[2**64 + 3, 5], engine=name)["y"].tolist() == [2**64 + 3, 5]
    assert simulate(net, x=np.arange(20)[::7], engine=name)["one"].tolist() == [5, 5, 5]
    assert int(simulate(net, x=-1, engine=name)["y"]) == 2**65 - 1
    assert simulate(net, x=[], engine=name)["y"].shape == (0,)
    assert dict(simulate(Builder("nothing").freeze(), engine=name)) == {}
    with pytest.raises(ValueFitError, match="cannot have -3 patterns"):
        Stimulus.random(net, -3)


def test_exhaustive_stimulus_counts():
    b = Builder("eight")
    b.output("y", b.input_bus("x", 8))
    net = b.freeze()
    assert Stimulus.exhaustive(net).values(net)["x"].ravel().tolist() == list(range(256))


def test_random_stimulus_is_reproducible_and_masked():
    net = _counter()
    one, two = (Stimulus.random(net, 70, n_cycles=2, rng=5) for _ in range(2))
    assert np.array_equal(one.words, two.words)
    assert not (one.words[..., 1] >> np.uint64(6)).any()


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
def test_no_result_depends_on_the_thread_count(threads):
    for registers, memories in ((0, 0), (6, 2)):
        net = random_netlist(3, n_registers=registers, n_memories=memories)
        stimulus = Stimulus.random(net, 5000, n_cycles=4 if registers else 1, rng=4)
        schedule = compile(net)
        alone, shared = (engine("logic2")(schedule, threads=t) for t in (1, threads))
        wanted, got = alone.run(stimulus), shared.run(stimulus)
        assert got.metadata["threads"] == min(threads, 3)
        assert np.array_equal(wanted.words, got.words)
        assert alone.state is not None and shared.state is not None
        assert np.array_equal(alone.state.registers, shared.state.registers)
    with pytest.raises(ValueFitError, match="threads must be at least 1"):
        engine("logic2")(compile(net), threads=0)


def test_work_is_cut_so_that_an_interrupt_is_heard(monkeypatch):
    from gatesim.engines import logic2

    net = random_netlist(5, n_registers=4, n_memories=2)
    stimulus = Stimulus.random(net, 3000, n_cycles=9, rng=4)
    wanted = engine("logic2")(compile(net), threads=1).run(stimulus)
    monkeypatch.setattr(logic2, "SLICE_ROWS", 300)
    assert np.array_equal(wanted.words, engine("logic2")(compile(net), threads=2).run(stimulus).words)


def test_an_interrupt_is_heard_within_seconds():
    """A clocked circuit with a memory, 65,536 lanes, hours of work: Ctrl-C ends it."""
    code = """
import os, signal, threading
import subprocess
import sys

import numpy as np
from circuits.alu import Op, Step, accumulator_machine
from gatesim import Stimulus, build, compile, engine
run = engine("logic2")(compile(build(accumulator_machine, program=[Step(Op.INC)] * 7)))
run.run(Stimulus(np.zeros((1, 0, 1024), np.uint64), 65536, 2), record="last")
run.reset()
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    run.run(Stimulus(np.zeros((1, 0, 1024), np.uint64), 65536, 10**9), record="last")
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "heard"
