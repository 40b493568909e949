"""Circuits that the tests of the viewer walk into."""

from __future__ import annotations

from gatesim import Builder, build
from gatesim.timing import load_technology, prepare


def adder(tech: str | None = None):
    from circuits.adders import ripple_carry

    net = build(ripple_carry, a=4, b=4)
    return net if tech is None else prepare(net, load_technology(tech))


def counter(b: Builder, width: int = 8) -> dict:
    following = b.wires(width)
    count = b.register(following).named("count")
    carry, total = b.input("run"), []
    for bit in count:
        total.append(bit ^ carry)
        carry = carry & bit
    b.drive(following, total)
    return {"out": count}
