"""Clocked circuits: behaviour told in plain Python, and the algebra behind the LFSR's taps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from circuits.sequential import (
    TAPS,
    accumulator,
    counter,
    johnson_counter,
    lfsr,
    ram,
    register,
    register_file,
    rom,
    shift_register,
    up_down_counter,
)
from gatesim import Builder, Bus, build, simulate
from gatesim.errors import ValueFitError, WidthError

# -- LFSR ------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [w for w in TAPS if w <= 16])
def test_lfsr_runs_through_every_state_but_zero(width):
    net = build(lfsr, width=width, enable=1)
    states = simulate(net, enable=1, cycles=1 << width)["out"]
    assert len(set(states.tolist())) == (1 << width) - 1 and 0 not in states
    assert states[0] == states[-1] == 1


# The primes above 2**16 that divide 2**n - 1 for some n up to 64 (the Cunningham tables).
LARGE_PRIMES = (
    65537, 69431, 87211, 92737, 121369, 122921, 131071, 174763, 178481, 179951, 201961, 262657, 524287, 599479,
    649657, 1212847, 2099863, 2796203, 3033169, 6700417, 13264529, 15790321, 20394401, 164511353, 616318177,
    715827883, 2147483647, 3203431780337, 4432676798593, 2305843009213693951,
)  # fmt: skip


def prime_factors(n: int) -> list[int]:
    found = []
    for p in (2, *range(3, 1 << 16, 2), *LARGE_PRIMES):
        if n % p == 0:
            found.append(p)
            while n % p == 0:
                n //= p
    assert n == 1, f"a factor is missing from the list: {n}"
    return found


def power_of_x(exponent: int, polynomial: int, width: int) -> int:
    """``x**exponent`` modulo a polynomial over GF(2) (bit k is the coefficient of x**k)."""

    def times(a: int, b: int) -> int:
        product = 0
        for k in range(width):
            if b >> k & 1:
                product ^= a << k
        for k in range(2 * width - 2, width - 1, -1):
            if product >> k & 1:
                product ^= polynomial << (k - width)
        return product

    result, square = 1, 2
    while exponent:
        if exponent & 1:
            result = times(result, square)
        square = times(square, square)
        exponent >>= 1
    return result


def test_the_taps_of_every_width_are_primitive():
    """A Fibonacci LFSR has period 2**n - 1 exactly when x has that order modulo its polynomial."""
    assert list(TAPS) == list(range(2, 65))
    for width, taps in TAPS.items():
        assert max(taps) == width
        polynomial = 1 | sum(1 << t for t in taps)
        order = (1 << width) - 1
        assert power_of_x(order, polynomial, width) == 1, width
        for prime in prime_factors(order):
            assert power_of_x(order // prime, polynomial, width) != 1, (width, prime)


def test_taps_that_are_not_primitive_would_be_seen():
    """x**4 + x**2 + 1 is a square: x has order 6 there, not 15."""
    assert power_of_x(6, 0b10101, 4) == 1
    assert power_of_x(15, 0b10101, 4) != 1


@pytest.mark.parametrize("width", [24, 37, 64])
def test_a_long_lfsr_follows_its_recurrence(width):
    """The bit that enters is the parity of the taps: s[t] = sum of s[t - tap] over GF(2)."""
    states = simulate(build(lfsr, width=width, enable=1), enable=1, cycles=500)["out"]
    entered = [int(s) & 1 for s in states]
    for t in range(width + 1, 500):
        assert entered[t] == sum(entered[t - tap] for tap in TAPS[width]) % 2


def test_lfsr_holds_while_not_enabled_and_refuses_unknown_widths():
    assert set(simulate(build(lfsr, width=8, enable=1), enable=0, cycles=20)["out"].tolist()) == {1}
    with pytest.raises(ValueFitError, match=r"lfsr\(\) knows taps for widths 2 to 64, not 65"):
        build(lfsr, width=65, enable=1)


# -- counters --------------------------------------------------------------------------------


def test_counter_counts_wraps_holds_and_clears():
    net = build(counter, width=3, enable=1, reset=1)
    assert simulate(net, enable=1, reset=0, cycles=18)["out"].tolist() == [k % 8 for k in range(18)]
    seen = simulate(net, enable=[1, 1, 0, 0, 1, 1, 1], reset=[0, 0, 0, 0, 0, 1, 0])["out"]
    assert seen.tolist() == [0, 1, 2, 2, 2, 3, 0]


def test_up_down_counter():
    net = build(up_down_counter, width=4, up=1, down=1)
    seen = simulate(net, up=[0, 1, 1, 1, 1, 0, 0], down=[1, 0, 0, 0, 1, 0, 1])["out"]
    assert seen.tolist() == [0, 15, 0, 1, 2, 2, 2]


@pytest.mark.parametrize("width", [1, 2, 5])
def test_johnson_counter_changes_one_bit_a_step(width):
    states = simulate(build(johnson_counter, width=width, enable=1), enable=1, cycles=2 * width + 1)["out"].tolist()
    assert len(set(states)) == 2 * width and states[0] == states[-1]
    assert all((p ^ q).bit_count() == 1 for p, q in pairwise(states))


# -- moving and collecting -------------------------------------------------------------------


def test_register_reset_wins_over_enable():
    net = build(register, d=8, enable=1, reset=1)
    seen = simulate(net, d=[7, 9, 11, 13, 15], enable=[1, 0, 1, 1, 0], reset=[0, 0, 0, 1, 0])["out"]
    assert seen.tolist() == [0, 7, 7, 11, 0]


def test_shift_register_delays_by_its_width():
    bits = np.random.default_rng(3).integers(0, 2, 100)
    got = simulate(build(shift_register, serial_in=1, enable=1, width=9), serial_in=bits, enable=1)
    assert got["serial"].tolist() == [0] * 9 + bits[:-9].tolist()
    assert int(got["out"][9]) == int("".join(map(str, bits[:9])), 2)


def test_accumulator_is_a_running_sum():
    a = np.random.default_rng(4).integers(0, 256, 300)
    got = simulate(build(accumulator, a=8, reset=1), a=a, reset=0)["out"]
    assert np.array_equal(got, np.concatenate(([0], np.cumsum(a)[:-1])) & 255)


# -- words by address ------------------------------------------------------------------------


@pytest.mark.parametrize("n_reads", [1, 2, 4])
@pytest.mark.parametrize("zero", [False, True])
def test_register_file_is_a_list_of_words(n_reads, zero):
    net = build(register_file, read=(3,) * n_reads, write=3, data=8, enable=1, n_words=8, zero=zero)
    assert len(net.registers) == 8 * (8 - zero)
    rng = np.random.default_rng(n_reads)
    read = rng.integers(0, 8, (n_reads, 400))
    write, data, enable = rng.integers(0, 8, 400), rng.integers(0, 256, 400), rng.integers(0, 2, 400)
    ports = {f"read{k}": r for k, r in enumerate(read)}
    got = simulate(net, ports, write=write, data=data, enable=enable)
    words = [0] * 8
    for t in range(400):
        assert [int(got[f"out{k}"][t]) for k in range(n_reads)] == [words[r] for r in read[:, t]], t
        if enable[t] and not (zero and write[t] == 0):
            words[write[t]] = int(data[t])


def test_register_file_refuses_what_it_cannot_address():
    with pytest.raises(WidthError, match="these addresses cannot name 9 words"):
        build(register_file, read=(4, 3), write=4, data=8, enable=1, n_words=9)
    with pytest.raises(WidthError, match="at least one read port and one word, not 0 and 4"):
        build(register_file, read=(), write=2, data=8, enable=1, n_words=4)


def test_ram_reads_the_old_word_in_the_cycle_that_writes():
    net = build(ram, address=4, data=8, enable=1, depth=13)
    seen = simulate(net, address=[3, 3, 3, 12, 14, 14, 3], data=[5, 6, 9, 1, 2, 2, 0], enable=[1, 1, 0, 1, 1, 0, 0])
    assert seen["out"].tolist() == [0, 5, 6, 0, 0, 0, 6]


def test_rom_is_a_table():
    contents = [v * v for v in range(11)]

    def squares(b: Builder, address: Bus) -> Bus:
        return rom(b, address, contents, 8)

    net = build(squares, address=4)
    assert net.is_combinational
    assert simulate(net, address=np.arange(16))["out"].tolist() == contents + [0] * 5
