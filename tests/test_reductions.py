"""Generated stimulus, and what a run adds up: against plain Python integers and NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from circuits.adders import ripple_carry
from circuits.multipliers import array_multiplier
from gatesim import Builder, Bus, Stimulus, build, compile, engine, toggles
from gatesim.conformance import random_netlist
from gatesim.errors import TooLargeError, UnknownNameError, ValueFitError, WidthError
from gatesim.reductions import MEASURES

MASK = (1 << 64) - 1


def _splitmix(seed: int, count: int) -> list[int]:
    """The first outputs of SplitMix64 as its authors print it, on Python integers."""
    outputs, state = [], seed
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        outputs.append(z ^ (z >> 31))
    return outputs


def test_splitmix_reference_vector():
    # The published first outputs for seed 1234567 (rosettacode.org, "Pseudo-random numbers/Splitmix64").
    assert _splitmix(1234567, 2) == [6457827717110365317, 3203168211198807973]


def test_random_stimulus_is_splitmix():
    net = build(ripple_carry, a=3, b=3)
    stimulus = Stimulus.random(net, 200, n_cycles=2, rng=9)
    keys = _splitmix(stimulus.seed, 2 * stimulus.n_bits)
    for cycle in range(2):
        for bit in range(stimulus.n_bits):
            words = _splitmix(keys[cycle * stimulus.n_bits + bit], 4)
            words[-1] &= (1 << (200 - 192)) - 1
            assert stimulus.words[cycle, bit].tolist() == words


def test_random_bits_are_fair_and_independent():
    """Every bit, every pair and every XOR of three of 40 input bits, in every one of the 64 lanes of a word."""
    b = Builder("forty")
    b.output("y", b.input_bus("x", 40))
    words = Stimulus.random(b.freeze(), 64 * 16384, rng=11).words[0]
    lanes = np.unpackbits(words.view(np.uint8).reshape(40, -1, 8), axis=2, bitorder="little")
    signs = 1 - 2 * lanes.transpose(2, 0, 1).astype(np.float32)  # (lane, bit, word)
    n = signs.shape[2]
    singles = np.abs(signs.sum(axis=2)) / np.sqrt(n)
    pairs = np.abs(np.einsum("lin,ljn->lij", signs, signs, optimize=True)) / np.sqrt(n)
    pairs[:, np.arange(40), np.arange(40)] = 0
    triples = np.abs(np.einsum("lin,ljn->lij", signs[:, :39] * signs[:, 1:], signs, optimize=True)) / np.sqrt(n)
    for i in range(39):
        triples[:, i, [i, i + 1]] = 0
    following = np.abs((signs[:, :, 1:] * signs[:, :, :-1]).sum(axis=2)) / np.sqrt(n)
    for name, deviations in (("bits", singles), ("pairs", pairs), ("triples", triples), ("neighbours", following)):
        # The largest of some 100,000 standard normal deviates is below 5.5 with probability 0.996.
        assert deviations.max() < 5.5, name
        assert 0.8 < np.sqrt(np.square(deviations[deviations > 0]).mean()) < 1.2, name


@pytest.mark.parametrize("kind", ["random", "exhaustive"])
def test_generated_inputs_are_those_of_the_words(kind):
    net = build(array_multiplier, a=7, b=6)
    stimulus = Stimulus.exhaustive(net) if kind == "exhaustive" else Stimulus.random(net, 5000, rng=2)
    given = Stimulus(stimulus.words, stimulus.n_patterns)
    run = engine("logic2")(compile(net))
    assert np.array_equal(run.run(stimulus).words, run.run(given).words)


def test_planes_asked_for_by_several_threads_at_once():
    from concurrent.futures import ThreadPoolExecutor

    net = build(array_multiplier, a=30, b=30)
    wanted = Stimulus.random(net, 100_000, rng=2).words
    for _ in range(20):
        stimulus = Stimulus.random(net, 100_000, rng=2)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _, s=stimulus: s.words, range(4)))
        assert all(words is found[0] for words in found)
        assert np.array_equal(found[0], wanted)


def test_a_summary_of_four_billion_patterns_takes_no_memory_for_them():
    b = Builder("parity of two")
    x = b.input_bus("x", 32)
    b.output("y", x[0] ^ x[31])
    net = b.freeze()
    summary = engine("logic2")(compile(net)).summarize(Stimulus.exhaustive(net), measure=["ones"])
    assert summary.total("y") == 1 << 31
    assert summary.mean("y") == 0.5


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
def test_no_sum_depends_on_threads_or_tier(threads, tier):
    for registers, cycles in ((0, 1), (6, 4)):
        net = random_netlist(3, n_registers=registers)
        stimulus = Stimulus.random(net, 10_007, n_cycles=cycles, rng=4)
        schedule = compile(net, keep=range(net.n_nets))
        wanted, got = (
            e.summarize(stimulus, measure=MEASURES, difference=("y", "w"), watch=range(net.n_nets))
            for e in (engine("python")(schedule), engine("logic2")(schedule, threads=threads, tier=tier))
        )
        for what in ("ones", "toggles", "signature"):
            assert np.array_equal(getattr(got, what), getattr(wanted, what)), what
        for what in ("largest", "smallest", "difference"):
            assert getattr(got, what) == getattr(wanted, what), what


def test_difference_against_numpy():
    def two(b: Builder, x: Bus, y: Bus) -> dict:
        return {"low": x, "exact": y}

    net = build(two, x=9, y=9)
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 512, (2, 3000))
    stimulus = Stimulus.from_values(net, {"x": x, "y": y}, n_patterns=3000)
    found = engine("logic2")(compile(net)).summarize(stimulus, measure=["extremes"], difference=("low", "exact"))
    d = np.abs(x - y)
    assert found.difference is not None and found.largest is not None and found.smallest is not None
    assert (found.difference.n, found.difference.wrong) == (3000, int((d > 0).sum()))
    assert (found.difference.total, found.difference.total_square) == (int(d.sum()), int((d * d).sum()))
    assert found.difference.worst == int(d.max())
    assert (found.largest["low"], found.smallest["low"]) == (int(x.max()), int(x.min()))


def test_toggles_are_those_of_every_net_as_written():
    b = Builder("chain")
    x = b.input("x")
    inner = ~~~x  # absorbed by the schedule, and counted all the same
    b.output("y", inner & b.one)
    net = b.freeze()
    flips = np.array([0, 1, 0, 1, 1])
    counted = toggles(net, Stimulus.from_values(net, {"x": flips}, n_patterns=5))
    assert counted.tolist() == [0, 0, 3, 3, 3, 3, 3]


def test_what_does_not_fit_is_refused_before_it_is_allocated():
    net = build(array_multiplier, a=32, b=32)
    stimulus = Stimulus.random(net, 1 << 44)
    with pytest.raises(TooLargeError, match=r"a stimulus of 17,592,186,044,416 patterns in memory needs .* GB"):
        stimulus.words  # noqa: B018
    with pytest.raises(TooLargeError, match=r"the record of this run needs .* summarize"):
        engine("logic2")(compile(net)).run(stimulus)


def test_bad_requests():
    net = build(ripple_carry, a=3, b=3)
    run = engine("logic2")(compile(net))
    stimulus = Stimulus.exhaustive(net)
    with pytest.raises(UnknownNameError, match="unknown measure 'onse'; did you mean 'ones'"):
        run.summarize(stimulus, measure=["onse"])
    with pytest.raises(UnknownNameError, match="unknown output or watched net 'summ'"):
        run.summarize(stimulus, difference=("sum", "summ"))
    with pytest.raises(WidthError, match="'sum' has 3 bits and 'carry' 1"):
        run.summarize(stimulus, difference=("sum", "carry"))
    with pytest.raises(ValueFitError, match="at least one pattern"):
        run.summarize(Stimulus.random(net, 0))
    with pytest.raises(ValueFitError, match="needs the measure 'ones'"):
        run.summarize(stimulus, measure=[]).total("sum")
