"""Shifters and selectors against Python's own integers and strings, at widths the generic test leaves out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from circuits import selectors, shifters
from gatesim import Builder, Stimulus, build, simulate
from gatesim.errors import WidthError


def table(net, *ports: str):
    """Every assignment of the inputs, as Python integers, and the result for each."""
    stimulus = Stimulus.exhaustive(net)
    values = {name: v[0] for name, v in stimulus.values(net).items()}
    result = simulate(net, values)
    columns = [*(values[p] for p in ports), *(result[p.name] for p in net.outputs)]
    return list(zip(*([int(v) for v in c] for c in columns), strict=True))


# -- shifters --------------------------------------------------------------------------------


def as_text(value: int, width: int) -> str:
    return format(value, f"0{width}b")


# A shift is a move of characters in the binary numeral: a truth that shares nothing with the gates.
MOVES = {
    "shift_left": lambda t, k: (t + "0" * k)[-len(t) :],
    "shift_right": lambda t, k: ("0" * k + t)[: len(t)],
    "shift_right_arithmetic": lambda t, k: (t[0] * k + t)[: len(t)],
    "rotate_left": lambda t, k: t[k % len(t) :] + t[: k % len(t)],
    "rotate_right": lambda t, k: t[len(t) - k % len(t) :] + t[: len(t) - k % len(t)],
}


@pytest.mark.parametrize("width", [1, 2, 5, 6, 7, 8])
@pytest.mark.parametrize("name", MOVES)
def test_shifters_move_the_digits(name, width):
    net = build(getattr(shifters, name), a=width, amount=shifters.amount_width(width) + 1)
    for a, amount, out in table(net, "a", "amount"):
        assert as_text(out, width) == MOVES[name](as_text(a, width), amount), (a, amount)


def test_one_row_of_multiplexers_for_each_bit_of_the_amount():
    assert build(shifters.rotate_left, a=64, amount=6).counts()["MUX"] == 6 * 64
    assert build(shifters.shift_right_arithmetic, a=64, amount=6).counts()["MUX"] == 6 * 64


@pytest.mark.parametrize(("width", "bits"), [(1, 1), (2, 1), (3, 2), (8, 3), (9, 4), (64, 6)])
def test_amount_width(width, bits):
    assert shifters.amount_width(width) == bits


def test_a_shifter_needs_something_to_move():
    b = Builder()
    with pytest.raises(WidthError, match=re.escape("shift_left() needs at least one bit to move")):
        shifters.shift_left(b.wires(0), b.input_bus("amount", 2))


# -- selectors -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_multiplexer_is_indexing(n):
    rng = np.random.default_rng(n)
    words = rng.integers(0, 1 << 16, (n, 2000))
    select = rng.integers(0, 8, 2000)
    net = build(selectors.multiplexer, words=(16,) * n, select=3)
    got = simulate(net, {f"words{i}": w for i, w in enumerate(words)}, select=select)["out"]
    padded = np.vstack([words, np.zeros((8 - n, 2000), np.int64)])
    assert np.array_equal(got, padded[select, np.arange(2000)])


def test_multiplexer_refuses_words_it_cannot_name():
    with pytest.raises(WidthError, match="2 select bits cannot name 5 words"):
        build(selectors.multiplexer, words=(4,) * 5, select=2)
    with pytest.raises(WidthError, match="at least one word, all of one width"):
        build(selectors.multiplexer, words=(4, 5), select=1)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_decoder_is_one_hot(width):
    for select, enable, out in table(build(selectors.decoder, select=width, enable=1), "select", "enable"):
        assert as_text(out, 1 << width)[::-1].find("1") == (select if enable else -1)
        assert out.bit_count() == enable
    for select, out in table(build(selectors.decoder, select=width), "select"):
        assert out == 1 << select


@pytest.mark.parametrize("width", [1, 4, 5, 6, 7, 11])
def test_finding_and_counting(width):
    nets = {
        name: table(build(getattr(selectors, name), a=width), "a")
        for name in ("priority_encoder", "popcount", "parity", "leading_zeros", "encoder")
    }
    for a, index, valid in nets["priority_encoder"]:
        assert (index, valid) == (max(a.bit_length() - 1, 0), int(a > 0))
    for a, out in nets["popcount"]:
        assert out == a.bit_count()
    for a, out in nets["parity"]:
        assert out == a.bit_count() % 2
    for a, out in nets["leading_zeros"]:
        assert out == width - a.bit_length()
    for a, index, valid in nets["encoder"]:
        assert valid == int(a > 0)
        if a.bit_count() == 1:
            assert a == 1 << index


@pytest.mark.parametrize("width", [12, 33, 100])
def test_wide_words_are_searched_too(width):
    net = build(selectors.leading_zeros, a=width)
    a = [0, 1, (1 << width) - 1, *(1 << i for i in range(width)), *((1 << i) | 1 for i in range(width))]
    got = simulate(net, a=np.array(a, dtype=object))["out"]
    assert got.tolist() == [width - v.bit_length() for v in a]


@pytest.mark.parametrize("width", [1, 3, 6])
def test_gray_code_changes_one_bit_a_step_and_comes_back(width):
    code = [out for _, out in table(build(selectors.binary_to_gray, a=width), "a")]
    assert sorted(code) == list(range(1 << width))
    assert all((p ^ q).bit_count() == 1 for p, q in zip(code, code[1:] + code[:1], strict=True))
    back = dict(table(build(selectors.gray_to_binary, a=width), "a"))
    assert [back[c] for c in code] == list(range(1 << width))


def test_gray_code_of_the_textbook():
    """The reflected code of three bits, as printed (Gray, US patent 2,632,058)."""
    code = [as_text(out, 3) for _, out in table(build(selectors.binary_to_gray, a=3), "a")]
    assert code == ["000", "001", "011", "010", "110", "111", "101", "100"]
