"""Multipliers: array, Wallace and Dadda (unsigned), Baugh-Wooley and Booth (signed), square."""

from __future__ import annotations

from gatesim import Bit, Bus, concat

from .adders import Adder, brent_kung, ripple_carry
from .catalog import circuit, signed
from .compress import Columns, Style, add_columns, add_constant, empty_columns, place
from .folding import and_gate, and_not_gate, nand_gate, or_gate, sign_extend, xor_gate


def _sizes(width: int):
    return {"a": width, "b": width}


def _product_model(x, args):
    return {"out": x["a"] * x["b"]}


def _signed_product_model(x, args):
    product = signed(x["a"], args["a"]) * signed(x["b"], args["b"])
    return {"out": product & ((1 << (args["a"] + args["b"])) - 1)}


# -- unsigned --------------------------------------------------------------------------------


@circuit(_product_model, _sizes)
def array_multiplier(a: Bus, b: Bus) -> Bus:
    """Array multiplier: one row of AND gates and one ripple-carry adder a bit of `b`.

    The layout of a chip drawn by hand, and of ISCAS-85 c6288; depth grows as the sum of the widths.
    """
    partial = Bus([and_gate(x, b[0]) for x in a])
    done: list[Bit] = [partial[0]]
    above = concat(partial[1:], a.builder.zero)
    for y in b[1:]:
        row = ripple_carry(above, Bus([and_gate(x, y) for x in a]))
        done.append(row.sum[0])
        above = concat(row.sum[1:], row.carry)
    return concat(*done, above)


def _partial_products(a: Bus, b: Bus) -> Columns:
    columns = empty_columns(len(a) + len(b))
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            columns[i + j].append(and_gate(x, y))
    return columns


@circuit(_product_model, _sizes)
def wallace_multiplier(a: Bus, b: Bus, adder: Adder = brent_kung) -> Bus:
    """Wallace multiplier: partial products compressed as early as possible, then a fast adder."""
    return add_columns(_partial_products(a, b), "wallace", adder)


@circuit(_product_model, _sizes)
def dadda_multiplier(a: Bus, b: Bus, adder: Adder = brent_kung) -> Bus:
    """Dadda multiplier: partial products compressed as late as possible, then a fast adder."""
    return add_columns(_partial_products(a, b), "dadda", adder)


@circuit(lambda x, args: {"out": x["a"] * x["a"]}, lambda width: {"a": width})
def square(a: Bus, style: Style = "dadda", adder: Adder = brent_kung) -> Bus:
    """Square of an unsigned number: half the partial products of a multiplier.

    ``a[i] a[j]`` occurs twice, so it counts once a column higher; ``a[i] a[i]`` is ``a[i]``.
    """
    columns = empty_columns(2 * len(a))
    for i, x in enumerate(a):
        columns[2 * i].append(x)
        for j in range(i):
            columns[i + j + 1].append(and_gate(x, a[j]))
    return add_columns(columns, style, adder)


# -- signed ----------------------------------------------------------------------------------


def signed_partial_products(columns: Columns, a: Bus, b: Bus) -> int:
    """Put the partial products of two's complement `a` times `b` into `columns`.

    The top bit of each operand has negative weight, so the products of one top bit are negative:
    ``-t 2**k == (1 - t) 2**k - 2**k``, a NAND in place of the AND and a constant.

    Returns
    -------
    int
        The constant still to be added (see :func:`circuits.compress.add_constant`).
    """
    owed = 0
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if i + j >= len(columns):
                continue
            if (i == len(a) - 1) != (j == len(b) - 1):
                columns[i + j].append(nand_gate(x, y))
                owed -= 1 << (i + j)
            else:
                columns[i + j].append(and_gate(x, y))
    return owed


@circuit(_signed_product_model, _sizes)
def baugh_wooley(a: Bus, b: Bus, style: Style = "dadda", adder: Adder = brent_kung) -> Bus:
    """Baugh-Wooley multiplier of two's complement numbers: NANDs where a sign bit meets a plain bit.

    (Baugh and Wooley 1973, in the form with complemented partial products.)
    """
    columns = empty_columns(len(a) + len(b))
    add_constant(columns, signed_partial_products(columns, a, b), a.builder)
    return add_columns(columns, style, adder)


@circuit(_signed_product_model, _sizes)
def booth_multiplier(a: Bus, b: Bus, style: Style = "dadda", adder: Adder = brent_kung) -> Bus:
    """Booth multiplier (radix 4) of two's complement numbers: half as many partial products.

    Every two bits of `b`, with the bit below them, make a digit from -2 to 2; the row of a negative
    digit is inverted and gets 1 added. (Booth 1951; MacSorley 1961.)
    """
    columns = empty_columns(len(a) + len(b))
    digits = concat(a.builder.zero, sign_extend(b, (len(b) + 1) & ~1))  # the bit below the lowest is 0
    doubled = concat(a.builder.zero, a)
    single = sign_extend(a, len(a) + 1)
    owed = 0
    for k in range(0, len(digits) - 1, 2):
        below, low, high = digits[k : k + 3]
        once = xor_gate(low, below)
        twice = and_not_gate(xor_gate(high, low), once)
        top = len(a)
        for i, (one, two) in enumerate(zip(single, doubled, strict=True)):
            if k + i >= len(columns):
                continue
            row = xor_gate(or_gate(and_gate(once, one), and_gate(twice, two)), high)
            owed += place(columns, k + i, row, negative=i == top)
        owed += place(columns, k, high)
    add_constant(columns, owed, a.builder)
    return add_columns(columns, style, adder)
