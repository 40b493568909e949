"""The multiply-accumulate cells of systolic arrays: int8 times int8, sums of 32 bits.

A cell keeps one operand still and hands the others on, one flip-flop a hop. Tags of one bit travel with the
numbers, so that the array itself says when a result leaves: whoever counts cycles counts the tags.
"""

from __future__ import annotations

from typing import Literal

from gatesim import Builder, Bus, Netlist
from gatesim.errors import unknown_name
from gatesim.tiling import Link

from ..adders import Adder, add_modulo, brent_kung
from ..folding import and_gate, mux_bus, not_gate, sign_extend
from ..multipliers import booth_multiplier
from ..tensor import mac

OPERAND = 8
"""Bits of an operand."""
SUM = 32
"""Bits of a sum."""

Multiplier = Literal["baugh_wooley", "booth"]
MULTIPLIERS: tuple[Multiplier, ...] = ("baugh_wooley", "booth")

WEIGHT_LINKS = (
    Link("a_out", "a_in", 0, 1),
    Link("go_out", "go_in", 0, 1),
    Link("sum_out", "sum_in", 1, 0),
    Link("valid_out", "valid_in", 1, 0),
    Link("w_out", "w_in", 1, 0),
)
"""Activations go east; sums and new weights go south."""

BUFFERED_LINKS = (*WEIGHT_LINKS, Link("load_out", "load_in", 0, 1), Link("swap_out", "swap_in", 0, 1))
"""With two weights a cell, loading and swapping travel east as well, each column a cycle after its neighbour."""

OUTPUT_LINKS = (
    Link("a_out", "a_in", 0, 1),
    Link("go_out", "go_in", 0, 1),
    Link("first_out", "first_in", 0, 1),
    Link("b_out", "b_in", 1, 0),
    Link("result_out", "result_in", 1, 0),
    Link("valid_out", "valid_in", 1, 0),
)
"""Operands go east and south; finished sums leave to the south."""


def multiply_accumulate(a: Bus, b: Bus, acc: Bus, multiplier: Multiplier, adder: Adder = brent_kung) -> Bus:
    """``acc + a * b`` of two's complement numbers, modulo the width of `acc`.

    ``baugh_wooley`` puts the accumulator into the columns of partial products, so that one carry
    propagation does for both; ``booth`` multiplies by digits from -2 to 2, then adds.

    Raises
    ------
    UnknownNameError
        Another multiplier.
    """
    if multiplier == "baugh_wooley":
        return mac(a, b, acc, adder=adder)
    if multiplier == "booth":
        return add_modulo(acc, sign_extend(booth_multiplier(a, b, adder=adder), len(acc)), None, adder)
    raise unknown_name("multiplier", multiplier, MULTIPLIERS)


def weight_stationary_cell(multiplier: Multiplier = "baugh_wooley", adder: Adder = brent_kung) -> Netlist:
    """A cell that holds a weight: ``sum_out <= sum_in + a_in * weight``.

    While ``load`` is 1 the weights of a column are a shift register. ``valid`` comes down beside the sum: 1
    as long as every cell above had a ``go`` beside its activation.

    Examples
    --------
    >>> weight_stationary_cell().counts()["DFF"]
    50
    """
    b = Builder("weight-stationary int8 cell")
    a, go = b.input_bus("a_in", OPERAND), b.input("go_in")
    total, valid, new = b.input_bus("sum_in", SUM), b.input("valid_in"), b.input_bus("w_in", OPERAND)
    weight = b.register(new, enable=b.input("load"))
    _hand_on(b, a, go)
    b.output("sum_out", b.register(multiply_accumulate(a, weight, total, multiplier, adder)))
    b.output("valid_out", b.flip_flop(and_gate(go, valid)))
    b.output("w_out", weight)
    return b.freeze()


def double_buffered_cell(multiplier: Multiplier = "baugh_wooley", adder: Adder = brent_kung) -> Netlist:
    """A cell that holds a weight and the next one: ``load`` shifts the next ones, ``swap`` takes them.

    The swap travels one cycle before the first activation that needs the new weight.

    Examples
    --------
    >>> double_buffered_cell().counts()["DFF"]
    60
    """
    b = Builder("double-buffered weight-stationary int8 cell")
    a, go = b.input_bus("a_in", OPERAND), b.input("go_in")
    total, valid, new = b.input_bus("sum_in", SUM), b.input("valid_in"), b.input_bus("w_in", OPERAND)
    load, swap = b.input("load_in"), b.input("swap_in")
    following = b.register(new, enable=load)
    weight = b.register(following, enable=swap)
    _hand_on(b, a, go)
    b.output("sum_out", b.register(multiply_accumulate(a, weight, total, multiplier, adder)))
    b.output("valid_out", b.flip_flop(and_gate(go, valid)))
    b.output("w_out", following)
    b.output("load_out", b.flip_flop(load))
    b.output("swap_out", b.flip_flop(swap))
    return b.freeze()


def output_stationary_cell(multiplier: Multiplier = "baugh_wooley", adder: Adder = brent_kung) -> Netlist:
    """A cell that holds a sum: ``sum <= (first ? 0 : sum) + a_in * b_in``.

    In the one cycle in which ``take`` is 1 every cell copies its sum into a second register; these are a
    shift register down each column, so that results leave while the next sums grow.

    Examples
    --------
    >>> output_stationary_cell().counts()["DFF"]
    83
    """
    b = Builder("output-stationary int8 cell")
    a, go, first = b.input_bus("a_in", OPERAND), b.input("go_in"), b.input("first_in")
    other = b.input_bus("b_in", OPERAND)
    above, valid, take = b.input_bus("result_in", SUM), b.input("valid_in"), b.input("take")
    following = b.wires(SUM)
    total = b.register(following)
    keep = not_gate(first)
    kept = Bus([and_gate(bit, keep) for bit in total])
    b.drive(following, multiply_accumulate(a, other, kept, multiplier, adder))
    _hand_on(b, a, go)
    b.output("first_out", b.flip_flop(first))
    b.output("b_out", b.register(other))
    b.output("result_out", b.register(mux_bus(take, above, total)))
    b.output("valid_out", b.flip_flop(take | valid))
    return b.freeze()


def _hand_on(b: Builder, a: Bus, go) -> None:
    """The activation and its tag, one flip-flop to the east."""
    b.output("a_out", b.register(a))
    b.output("go_out", b.flip_flop(go))
