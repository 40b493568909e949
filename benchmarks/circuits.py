"""Netlists to measure on."""

from __future__ import annotations

from gatesim import Builder, Netlist


def array_multiplier(width: int) -> Netlist:
    """`width` x `width` unsigned array multiplier from two-input gates: about 6 x width^2 cells."""
    b = Builder(f"multiplier {width}x{width}")
    x, y = b.input_bus("x", width), b.input_bus("y", width)
    row = [bit & y[0] for bit in x] + [b.zero]
    low = [row[0]]
    for j in range(1, width):
        carry, above, row = b.zero, row[1:], []
        for i in range(width):
            term = x[i] & y[j]
            half = above[i] ^ term
            row.append(half ^ carry)
            carry = (above[i] & term) | (half & carry)
        row.append(carry)
        low.append(row[0])
    b.output("product", [*low, *row[1:]])
    return b.freeze()
