"""A toy hash of additions, rotations and XORs: hard enough to invert that one has to search, small enough to."""

from __future__ import annotations

from gatesim import Bus
from gatesim.errors import WidthError

from .adders import add_modulo, ripple_carry
from .catalog import circuit

ROTATIONS = (3, 5)
"""By so much the two halves are rotated to the left in each round."""


def toy_hash_model(x, width: int, rounds: int = 3):
    """:func:`toy_hash` on an integer, or an array of them.

    Examples
    --------
    >>> hex(toy_hash_model(0x1234, 16))
    '0xa84b'
    """
    half = width // 2
    full = (1 << half) - 1
    low, high = x & full, x >> half
    for _ in range(rounds):
        low = (low + high) & full
        high = _turned(high, ROTATIONS[0] % half, half) ^ low
        low = _turned(low, ROTATIONS[1] % half, half)
    return (high << half | low) ^ x


def _turned(value, by: int, width: int):
    return (value << by | value >> (width - by)) & ((1 << width) - 1)


@circuit(
    lambda x, args: {"out": toy_hash_model(x["x"], args["x"])},
    lambda width: {"x": width} if width % 2 == 0 and width >= 2 else None,
)
def toy_hash(x: Bus, rounds: int = 3) -> Bus:
    """Rounds of addition, rotation and XOR on the halves of `x`, then XORed with `x` (after Davies and Meyer).

    Without that last XOR every value would have exactly one preimage; with it, one has none, one or several.
    """
    if len(x) % 2:
        raise WidthError(f"toy_hash needs two equal halves: an even width, not {len(x)}")
    half = len(x) // 2
    rotated = lambda bus, by: Bus([bus[(i - by) % half] for i in range(half)])  # noqa: E731
    low, high = x[:half], x[half:]
    for _ in range(rounds):
        low = add_modulo(low, high, adder=ripple_carry)
        high = rotated(high, ROTATIONS[0]) ^ low
        low = rotated(low, ROTATIONS[1])
    return Bus([*low, *high]) ^ x
