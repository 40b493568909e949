"""Searches with a story: factors of a number, an input on which two circuits differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from circuits.folding import and_gate, not_gate, tree
from circuits.multipliers import array_multiplier
from gatesim import Builder, Netlist, concat
from gatesim.equivalence.pairing import miter, paired
from gatesim.errors import ValueFitError


class Problem(NamedTuple):
    """A netlist with one output bit, and what an input where it is 1 says."""

    net: Netlist
    meaning: Callable[[Mapping[str, int]], str]


def factoring(n: int, widths: tuple[int, int] | None = None, *, odd: bool = True) -> Problem:
    """Two factors of `n`: a multiplier, and a comparison of its product with `n`.

    Parameters
    ----------
    n : int
        At least 4, and odd where `odd`.
    widths : (int, int), optional
        Bits of p and q. When left out, half the bits of `n` each (3 at least), which is enough where both factors
        have equally many; so narrow that 1 n does not fit, and a product of two primes has one answer, up to its
        order.
    odd : bool
        The lowest bits of both factors are 1 and not searched: inputs ``p_half`` and ``q_half`` are the others.

    Raises
    ------
    ValueFitError
        Too small, or even where `odd`; widths so small that no product has so many bits, or so large that the answer
        1 n fits.

    Examples
    --------
    >>> factoring(15).net.inputs
    (Port(name='p_half', direction='input', nets=(2, 3)), Port(name='q_half', direction='input', nets=(4, 5)))
    >>> factoring(15).meaning({"p_half": 1, "q_half": 2})
    '15 = 3 x 5'
    """
    if n < 4:
        raise ValueFitError(f"{n} has no two factors to be found: give a number from 4 on")
    if odd and n % 2 == 0:
        raise ValueFitError(f"{n} is even: 2 is a factor; search the lowest bits too, or divide by 2")
    bits = n.bit_length()
    half = min(max((bits + 1) // 2, 3), bits - 1)
    p_bits, q_bits = widths or (half, half)
    least = 2 if odd else 1
    if min(p_bits, q_bits) < least or p_bits + q_bits < bits:
        raise ValueFitError(f"factors of {p_bits} and {q_bits} bits never make {n}, which has {bits} bits")
    if max(p_bits, q_bits) >= bits:
        raise ValueFitError(f"a factor of {max(p_bits, q_bits)} bits can be {n} itself: {bits - 1} bits are the most")
    b = Builder(f"factors of {n}, {p_bits} and {q_bits} bits")
    if odd:
        p, q = (concat(b.one, b.input_bus(f"{k}_half", w - 1)) for k, w in (("p", p_bits), ("q", q_bits)))
    else:
        p, q = b.input_bus("p", p_bits), b.input_bus("q", q_bits)
    product = array_multiplier(p, q)
    b.output("found", tree(and_gate, [bit if n >> i & 1 else not_gate(bit) for i, bit in enumerate(product)]))

    def meaning(values: Mapping[str, int]) -> str:
        first, second = (2 * v + 1 if odd else v for v in values.values())
        return f"{n} = {first} x {second}"

    return Problem(b.freeze(), meaning)


def counterexample(net: Netlist, other: Netlist) -> Problem:
    """An input on which two netlists with the same ports differ: their miter."""
    both = miter(net, paired(net, other))

    def meaning(values: Mapping[str, int]) -> str:
        return f"{net.name} and {other.name} differ on {', '.join(f'{k} = {v}' for k, v in values.items())}"

    return Problem(both, meaning)


def satisfying(net: Netlist) -> Problem:
    """An assignment that satisfies a formula read from a DIMACS file, in DIMACS' own words."""

    def meaning(values: Mapping[str, int]) -> str:
        (port,) = net.inputs
        literals = [i + 1 if values[port.name] >> i & 1 else -(i + 1) for i in range(port.width)]
        return f"v {' '.join(map(str, literals))} 0"

    return Problem(net, meaning)
