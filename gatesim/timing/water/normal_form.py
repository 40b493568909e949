"""Any truth table as AND and XOR: its algebraic normal form (Zhegalkin 1927)."""

from __future__ import annotations

from collections.abc import Callable

from ...builder import Builder
from ...errors import ValueFitError
from ...netlist import Netlist
from ...signals import Bit

MOST_INPUTS = 12


def monomials(table: int, n_inputs: int) -> list[int]:
    """The products whose XOR is the function: bit ``i`` of a product says that input ``i`` is in it.

    Product 0 is the constant 1: it is there exactly when the function of dry inputs is 1, and then water
    needs a tap.

    Parameters
    ----------
    table : int
        Bit ``p`` is the output for pattern ``p``.
    n_inputs : int
        1 to 12.

    Raises
    ------
    ValueFitError
        A table that is not of so many inputs.

    Examples
    --------
    >>> monomials(0b1110, 2)  # a or b = a ^ b ^ ab
    [1, 2, 3]
    """
    if not 1 <= n_inputs <= MOST_INPUTS or not 0 <= table < 1 << (1 << n_inputs):
        raise ValueFitError(f"{table:#x} is no truth table of {n_inputs} inputs (1 to {MOST_INPUTS})")
    found = table
    for i in range(n_inputs):  # the Moebius transform: XOR the half without input i into the half with it
        low = sum(1 << p for p in range(1 << n_inputs) if not p >> i & 1)
        found ^= (found & low) << (1 << i)
    return [m for m in range(1 << n_inputs) if found >> m & 1]


def normal_form(table: int, n_inputs: int) -> Netlist:
    """Netlist of AND, XOR and constant 1 for a truth table; inputs ``x0``, ``x1``, ..., output ``y``.

    Examples
    --------
    >>> normal_form(0b0111, 2).counts()  # not both: 1 ^ ab
    {'INPUT': 2, 'AND': 1, 'XOR': 1}
    """
    b = Builder(f"table {table:#x}")
    inputs = [b.input(f"x{i}") for i in range(n_inputs)]
    terms = [
        _balanced(lambda x, y: x & y, [x for i, x in enumerate(inputs) if m >> i & 1]) if m else b.one
        for m in monomials(table, n_inputs)
    ]
    b.output("y", _balanced(lambda x, y: x ^ y, terms) if terms else b.zero)
    return b.freeze()


def _balanced(join: Callable[[Bit, Bit], Bit], parts: list[Bit]) -> Bit:
    while len(parts) > 1:
        parts = [join(*parts[i : i + 2]) if i + 1 < len(parts) else parts[i] for i in range(0, len(parts), 2)]
    return parts[0]


__all__ = ["monomials", "normal_form"]
