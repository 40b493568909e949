"""Clocked runs: one instance behind wake flags, many at full width; the same bits, and nothing run in vain."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from circuits.sequential import accumulator, ram, register_file
from gatesim import Builder, Netlist, Stimulus, build, check_engine, compile, engine, simulate
from gatesim.conformance import compare, random_netlist
from gatesim.engines import clocked, clocked_blocks, clocked_plan
from gatesim.formats import read
from gatesim.kernels.transpose import transpose64


@pytest.fixture(autouse=True)
def _code_of_this_test_only(monkeypatch, tmp_path):
    monkeypatch.setenv("GATESIM_CACHE_DIR", str(tmp_path))


def forced(tier):
    return lambda schedule: engine("logic2")(schedule, tier=tier, threads=1)


# -- the same bits ---------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
@pytest.mark.parametrize("rows", [3, 40])
def test_small_blocks_conform(tier, rows, monkeypatch):
    """Many blocks, and with three rows each more than 64 of them: two words of wake masks and more."""
    monkeypatch.setattr(clocked_blocks, "BLOCK_ROWS", rows)
    monkeypatch.setattr(clocked_blocks, "MAX_BLOCK_ROWS", rows)
    monkeypatch.setattr(clocked, "WIDE_BLOCK_ROWS", rows)
    assert check_engine(forced(tier), rng=rows, rounds=3) > 500
    net = random_netlist(7, n_cells=500, n_registers=40, n_memories=5)
    plan = clocked_plan.Plan(compile(net))
    assert (len(plan.masks) > 1) == (rows == 3)
    compare(forced(tier), net, Stimulus.random(net, 1, n_cycles=40, rng=2))


def test_code_without_ternary_instructions_conforms(monkeypatch):
    monkeypatch.setattr(clocked, "has_ternary", lambda width: False)
    assert check_engine(forced("compiled"), rng=3, rounds=2) > 500


def test_a_baseline_processor_gets_the_same_bits():
    """The kernels and the compiled code for a plain x86-64: LLVM splits the vectors."""
    code = """
from gatesim import check_engine, engine
print(check_engine(lambda s: engine("logic2")(s, tier="compiled", threads=1), rng=4, rounds=1) > 300)
"""
    environment = {**os.environ, "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.parametrize("lanes", [1, 3, 600])
def test_code_is_taken_over_in_the_middle_of_a_run(lanes, monkeypatch):
    monkeypatch.setattr(clocked, "SLICE_SECONDS", 1e-9)  # one cycle a call
    monkeypatch.setattr(clocked, "ROW_SECONDS", 10.0)  # everything pays
    net = random_netlist(5, n_cells=120, n_registers=9, n_memories=3)
    stimulus = Stimulus.random(net, lanes, n_cycles=9, rng=4)
    wanted = engine("python")(compile(net)).run(stimulus)
    run = engine("logic2")(compile(net), threads=1)
    ready, asked = run.clocked.compiled, []

    def late(width, *, wait=True):
        asked.append(width)
        return ready(width) if len(asked) > 4 else None

    monkeypatch.setattr(run.clocked, "compiled", late)
    result = run.run(stimulus)
    assert result.metadata["tier"] == "interpreting, then compiled"
    assert np.array_equal(result.words, wanted.words)


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
@pytest.mark.parametrize("lanes", [1, 70])
def test_runs_split_anywhere_continue(tier, lanes):
    """Against running sums: 300 numbers, given in uneven pieces."""
    net = build(accumulator, a=16, reset=1)
    a = np.random.default_rng(4).integers(0, 1 << 16, (300, lanes))
    wanted = np.concatenate((np.zeros((1, lanes), np.int64), np.cumsum(a, axis=0)[:-1])) & 0xFFFF
    run = forced(tier)(compile(net))
    got = []
    for piece in np.split(a, [1, 2, 60, 61, 200]):
        stimulus = Stimulus.from_values(net, {"a": piece, "reset": 0}, n_patterns=lanes, n_cycles=len(piece))
        got.append(run.run(stimulus)["out"])
    assert np.array_equal(np.concatenate(got), wanted)


def test_iscas_circuits_equal_the_definition(shared_data):
    for name in ("s1423", "s5378"):
        net = read(shared_data / "iscas89" / f"{name}.bench")
        stimulus = Stimulus.random(net, 1, n_cycles=60, rng=1)
        wanted = engine("python")(compile(net)).run(stimulus).words
        for tier in ("interpreting", "compiled"):
            assert np.array_equal(forced(tier)(compile(net)).run(stimulus).words, wanted), (name, tier)


# -- bundles and guards ----------------------------------------------------------------------


def words_of_registers(init: int) -> Netlist:
    """Words with enables of both polarities, resets, words that exchange their bits, and trees that read them."""
    b = Builder(f"words {init}")
    d, choose = b.input_bus("d", 16), b.input_bus("choose", 3)
    held, cleared = b.input("held"), b.input("cleared")
    words = [b.register(d, enable=line, init=init) for line in (*choose, ~choose[0], held & choose[1])]
    words += [b.register(d, enable=choose[2], reset=cleared, init=init), b.register(~d, enable=~held, init=init)]
    words += [b.register(words[0][::-1], enable=held, init=init), b.register(words[1] ^ words[2], init=init)]
    # Next states that read a bundle of the same stage turned round, and have no enable to guard them.
    mixed = b.mux(choose[0], words[0], words[1])
    seen = b.mux(choose[1], mixed, words[2])
    words.append(b.register([b.gate("MAJ", x, y, held) for x, y in zip(mixed[::-1], seen, strict=True)], init=init))
    b.output("mixed", mixed)
    b.output("turned", words[-1])
    for k, line in enumerate((choose[0], choose[1], held)):
        words.append(b.mux(line, words[k], words[k + 4]))
    b.output("seen", words[-1] ^ (words[-2] & words[-3]))
    b.output("last", words[-4])
    return b.freeze()


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
@pytest.mark.parametrize("lanes", [1, 64, 600])
def test_neighbouring_bits_go_in_bundles_with_the_same_bits(tier, lanes, monkeypatch):
    files = [build(register_file, read=(3, 3), write=3, data=16, enable=1, n_words=8, zero=zero) for zero in (0, 1)]
    for net in (*files, words_of_registers(0), words_of_registers(0xFFFF), words_of_registers(0x1234)):
        blocks = clocked_plan.Plan(compile(net)).blocks
        assert any(block.bundles for block in blocks) and any(block.guard for block in blocks), net.name
        stimulus = Stimulus.random(net, lanes, n_cycles=25, rng=lanes)
        compare(forced(tier), net, stimulus)


def test_a_guard_spares_the_registers_that_hold():
    """Of 32 words one is written: the other 31 are not evaluated, though the data changes in every cycle."""
    net = build(register_file, read=(5,), write=5, data=32, enable=1, n_words=32)
    plan = clocked_plan.Plan(compile(net))
    assert sum(block.guard is not None for block in plan.blocks) == 32
    data = np.random.default_rng(1).integers(0, 1 << 32, (500, 1))
    held = {"read0": 1, "write": 9, "data": data, "enable": 1}
    result = forced("interpreting")(compile(net)).run(Stimulus.from_values(net, held, n_cycles=500), record="last")
    # The data, the word that is written, and the four slices of the tree that reads it.
    assert result.metadata["activity"] * len(plan.units) < 6


# -- memories --------------------------------------------------------------------------------


def test_transposing_64_by_64():
    words = np.random.default_rng(0).integers(0, 1 << 64, 64, dtype=np.uint64)
    turned = words.copy()
    _transpose(turned)
    bits = (words[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1)
    assert np.array_equal((turned[:, None] >> np.arange(64, dtype=np.uint64)) & np.uint64(1), bits.T)


def _transpose(words):
    from numba import njit

    @njit
    def call(block):
        transpose64(block)

    call(words)


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
@pytest.mark.parametrize("lanes", [1, 65, 700])
def test_every_lane_has_its_own_memory(tier, lanes):
    net = build(ram, address=5, data=40, enable=1, depth=27)
    rng = np.random.default_rng(lanes)
    address, data = rng.integers(0, 32, (50, lanes)), rng.integers(0, 1 << 40, (50, lanes))
    enable = rng.integers(0, 2, (50, lanes))
    values = {"address": address, "data": data, "enable": enable}
    got = forced(tier)(compile(net)).run(Stimulus.from_values(net, values, n_patterns=lanes, n_cycles=50))["out"]
    stored, every = np.zeros((lanes, 32), np.int64), np.arange(lanes)
    for t in range(50):
        assert np.array_equal(got[t], np.where(address[t] < 27, stored[every, address[t]], 0)), t
        writing = (enable[t] == 1) & (address[t] < 27)
        stored[every[writing], address[t][writing]] = data[t][writing]


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_of_two_writes_the_later_port_wins_and_reads_wake(tier):
    b = Builder("two_writers")
    first, second, at = b.input_bus("first", 8), b.input_bus("second", 8), b.input_bus("at", 3)
    enable = b.input("enable")
    (seen,) = b.memory("m", depth=8, width=8, read=[at], write=[(at, first, b.one), (at, second, enable)])
    # A second memory is addressed by what the first one shows: two reads after one another in a cycle.
    (table,) = b.memory("squares", depth=256, width=16, read=[seen], contents=[v * v for v in range(256)])
    b.output("seen", seen)
    b.output("square", table)
    net = b.freeze()
    values = {"first": [1, 2, 3, 4, 5, 6], "second": [9, 8, 7, 6, 5, 4], "at": [0, 0, 1, 1, 0, 1], "enable": [0, 1] * 3}
    timed = {k: np.array(v)[:, None] for k, v in values.items()}
    result = forced(tier)(compile(net)).run(Stimulus.from_values(net, timed, n_cycles=6))
    assert result["seen"].ravel().tolist() == [0, 1, 0, 3, 8, 6]
    assert result["square"].ravel().tolist() == [0, 1, 0, 9, 64, 36]


# -- nothing in vain -------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_what_does_not_change_is_not_run(tier):
    net = build(register_file, read=(5, 5), write=5, data=32, enable=1, n_words=32)
    held = {"read0": 3, "read1": 4, "write": 5, "data": 6, "enable": 0}
    run = forced(tier)(compile(net))
    busy = run.run(Stimulus.random(net, 1, n_cycles=1000, rng=1), record="last")
    idle = run.run(Stimulus.from_values(net, held, n_cycles=1000), record="last")
    assert busy.metadata["activity"] > 0.1  # words that nothing writes are skipped here too
    assert idle.metadata["activity"] <= 1 / 1000  # every block once at most, at the start
    assert idle.metadata["tier"] == tier


def test_one_instance_and_long_runs_take_this_way_by_themselves(monkeypatch):
    net = build(accumulator, a=8, reset=1)
    one = simulate(net, a=[1, 2, 3], reset=0)
    assert one["out"].tolist() == [0, 1, 3]
    assert one.metadata["tier"] == "interpreting"
    assert "activity" in one.metadata
    monkeypatch.setattr(clocked, "ROW_SECONDS", 10.0)
    run = engine("logic2")(compile(net), threads=2)
    run.clocked.compiled(8)
    many = run.run(Stimulus.random(net, 2000, n_cycles=3, rng=1))
    assert (many.metadata["tier"], many.metadata["block_words"], many.metadata["threads"]) == ("compiled", 8, 2)
    wanted = engine("python")(compile(net)).run(Stimulus.random(net, 2000, n_cycles=3, rng=1))
    assert np.array_equal(many.words, wanted.words)


# -- steps -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("tier", "lanes"), [("interpreting", 1), ("compiled", 1), ("auto", 1), ("compiled", 9)])
def test_steps_equal_a_run(tier, lanes):
    net = random_netlist(9, n_cells=150, n_registers=8, n_memories=3)
    stimulus = Stimulus.random(net, lanes, n_cycles=30, rng=3)
    reference = engine("python")(compile(net))
    wanted = reference.run(stimulus)
    planes = Stimulus(stimulus.words[:1].copy(), lanes)
    stepper = forced(tier)(compile(net)).stepper(planes, ["y"])
    for cycle in range(30):
        planes.words[0] = stimulus.words[cycle]
        stepper.step()
        assert np.array_equal(stepper.outputs()["y"], wanted.planes("y")[cycle]), cycle
    last = reference.state
    assert np.array_equal(stepper.registers, last.registers)
    assert np.array_equal(stepper.state().registers, last.registers)
    assert all(np.array_equal(a, b) for a, b in zip(stepper.state().memories, last.memories, strict=True))


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_an_interrupt_ends_one_instance_within_seconds(tier):
    code = f"""
import os, signal, threading
from circuits.sequential import accumulator
from gatesim import Stimulus, build, compile, engine
net = build(accumulator, a=32, reset=1)
run = engine("logic2")(compile(net), tier="{tier}")
held = {{"a": 1, "reset": 0}}
run.run(Stimulus.from_values(net, held, n_cycles=2), record="last")
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    run.run(Stimulus.from_values(net, held, n_cycles=10**12), record="last")
except KeyboardInterrupt:
    print("heard")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout.strip() == "heard", done.stderr
