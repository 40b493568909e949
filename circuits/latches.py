"""Latches and flip-flops from NANDs. They hold loops: levelised engines refuse them by name.

No settled value follows from the inputs alone, so these have no integer model; the tests relax their
gates to a fixed point.
"""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit

from .catalog import circuit


class Stored(NamedTuple):
    """The stored bit and its complement."""

    q: Bit
    nq: Bit


def _bits_only(width: int):
    return {}


def _cross_coupled(set_n: Bit, reset_n: Bit) -> Stored:
    b = set_n.builder
    q_wire = b.wire("q")
    nq = b.nand(reset_n, q_wire).named("nq")
    q = b.nand(set_n, nq)
    b.drive(q_wire, q)
    return Stored(q, nq)


@circuit(None, _bits_only)
def sr_latch(set_n: Bit, reset_n: Bit) -> Stored:
    """SR latch from two NANDs; set and reset are active low, both 0 is forbidden."""
    return _cross_coupled(set_n, reset_n)


@circuit(None, _bits_only)
def d_latch(d: Bit, enable: Bit) -> Stored:
    """Gated D latch from four NANDs: transparent while the enable is 1."""
    b = d.builder
    high = b.nand(d, enable)
    return _cross_coupled(high, b.nand(high, enable))


@circuit(None, _bits_only)
def d_flip_flop_master_slave(d: Bit, clock: Bit) -> Stored:
    """D flip-flop from two latches (nine gates): takes `d` on the falling edge of the clock."""
    master = d_latch(d, clock)
    return d_latch(master.q, ~clock)


@circuit(None, _bits_only)
def d_flip_flop(d: Bit, clock: Bit) -> Stored:
    """The classic edge-triggered D flip-flop of six NANDs: takes `d` on the rising edge (half a 7474)."""
    b = d.builder
    middle = b.wire("reset_n")
    top = b.wire("top")
    set_n = b.nand(top, clock).named("set_n")
    bottom = b.nand(middle, d).named("bottom")
    b.drive(middle, b.gate("NAND3", set_n, clock, bottom))
    b.drive(top, b.nand(bottom, set_n))
    return _cross_coupled(set_n, middle)


@circuit(None, _bits_only)
def t_flip_flop(toggle: Bit, clock: Bit) -> Stored:
    """T flip-flop: turns over on the rising edge while `toggle` is 1."""
    b = toggle.builder
    q = b.wire("state")
    stored = d_flip_flop(toggle ^ q, clock)
    b.drive(q, stored.q)
    return stored


@circuit(None, _bits_only)
def jk_flip_flop(j: Bit, k: Bit, clock: Bit) -> Stored:
    """JK flip-flop: sets with `j`, resets with `k`, turns over with both, on the rising edge."""
    b = j.builder
    q = b.wire("state")
    stored = d_flip_flop(b.nand(b.nand(j, ~q), b.nand(~k, q)), clock)
    b.drive(q, stored.q)
    return stored
