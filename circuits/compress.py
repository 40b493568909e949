"""Column compression: many bits of one weight down to two rows, then one adder.

The heart of every multiplier and of every multiply-accumulate: write down which bits have weight
``2**k`` (column ``k``), reduce every column to at most two bits with full and half adders, add the two
rows with a fast adder. Arithmetic is modulo ``2**len(columns)``, so two's complement needs no sign
extension: a bit ``t`` of weight ``-2**k`` is ``~t`` of weight ``2**k`` plus the constant ``-2**k``, and
all constants together are one number known when the circuit is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from gatesim import Bit, Builder, Bus, concat
from gatesim.errors import BuildError

from .adders import Adder, add_modulo, brent_kung, full_adder, half_adder
from .catalog import circuit
from .folding import not_gate, tree, xor_gate

Style = Literal["dadda", "wallace"]
Columns = list[list[Bit]]


class Rows(NamedTuple):
    """Two numbers to add; constant 0 where a column has fewer bits."""

    a: Bus
    b: Bus


def empty_columns(width: int) -> Columns:
    """`width` empty columns."""
    return [[] for _ in range(width)]


def add_constant(columns: Columns, value: int, builder: Builder) -> None:
    """Put the integer `value` (taken modulo ``2**len(columns)``) into the columns as constant bits."""
    for k, column in enumerate(columns):
        if (value >> k) & 1:
            column.append(builder.one)


def place(columns: Columns, k: int, bit: Bit, negative: bool = False) -> int:
    """Put `bit` with weight ``2**k`` (or ``-2**k``) into the columns; return the constant still owed.

    A bit above the top column counts nothing. The caller sums what is returned and hands it to
    :func:`add_constant` at the end.
    """
    if k >= len(columns):
        return 0
    columns[k].append(not_gate(bit) if negative else bit)
    return -(1 << k) if negative else 0


def reduce_columns(columns: Sequence[Sequence[Bit]], style: Style = "dadda") -> Rows:
    """Reduce columns of bits to two rows with the same sum modulo ``2**len(columns)``.

    Parameters
    ----------
    columns : sequence of sequence of Bit
        ``columns[k]`` holds the bits of weight ``2**k``. Constant bits are summed beforehand: a
        column meets at most one.
    style : {"dadda", "wallace"}
        Dadda (1965) does as little as each stage allows; Wallace (1964) as much as possible at every
        stage: same number of stages, Dadda with fewer half adders.

    Returns
    -------
    Rows
        Two buses of ``len(columns)`` bits.

    Raises
    ------
    BuildError
        An unknown style, or no bit at all.
    """
    if style not in ("dadda", "wallace"):
        raise BuildError(f"unknown compression style {style!r}; known: 'dadda', 'wallace'")
    some = next((bit for column in columns for bit in column), None)
    if some is None:
        raise BuildError("reduce_columns() has no bit to reduce")
    zero = some.builder.zero
    work = _sum_constants(columns, some.builder)
    height = max(map(len, work))
    if style == "dadda":
        for target in reversed(_dadda_heights(height)):
            work = _dadda_stage(work, target)
    else:
        while max(map(len, work)) > 2:
            work = _wallace_stage(work)
    # What reaches the top column adds up by XOR alone: its carries would leave the word.
    if len(work[-1]) > 2:
        work[-1] = [tree(xor_gate, work[-1])]
    first = Bus([column[0] if column else zero for column in work])
    return Rows(first, Bus([column[1] if len(column) > 1 else zero for column in work]))


def _sum_constants(columns: Sequence[Sequence[Bit]], builder: Builder) -> Columns:
    """Copy of the columns with all constant bits replaced by their sum, first in its columns."""
    constant = sum(1 << k for k, column in enumerate(columns) for bit in column if bit.id == 1)
    return [
        ([builder.one] if (constant >> k) & 1 else []) + [bit for bit in column if bit.id >= 2]
        for k, column in enumerate(columns)
    ]


def _dadda_heights(height: int) -> list[int]:
    """2, 3, 4, 6, 9, 13, ... below `height`: what three-to-two compression can reach in 1, 2, ... stages."""
    found = []
    target = 2
    while target < height:
        found.append(target)
        target = target * 3 // 2
    return found


def _dadda_stage(columns: Columns, target: int) -> Columns:
    """One stage: every column down to `target` bits, with as few adders as possible."""
    carries: list[Bit] = []
    reduced: Columns = []
    for k, column in enumerate(columns):
        if k == len(columns) - 1:
            reduced.append(_top(column + carries))
            break
        fresh: list[Bit] = carries  # made in this stage: counted, but only used in the next one
        carries, taken = [], 0
        while (excess := len(column) - taken + len(fresh) - target) > 0:
            if excess == 1:
                made = half_adder(*column[taken : taken + 2])
                taken += 2
            else:
                made = full_adder(*column[taken : taken + 3])
                taken += 3
            fresh.append(made.sum)
            carries.append(made.carry)
        reduced.append(column[taken:] + fresh)
    return reduced


def _wallace_stage(columns: Columns) -> Columns:
    """One stage: a full adder on every three bits of a column, a half adder on two that are left."""
    reduced = empty_columns(len(columns))
    for k, column in enumerate(columns):
        if k == len(columns) - 1:
            reduced[k] = _top(column + reduced[k])
            break
        for i in range(0, len(column), 3):
            group = column[i : i + 3]
            if len(group) == 1:
                reduced[k].append(group[0])
                continue
            made = full_adder(*group) if len(group) == 3 else half_adder(*group)
            reduced[k].append(made.sum)
            reduced[k + 1].append(made.carry)
    return reduced


def _top(bits: list[Bit]) -> list[Bit]:
    """Bits of the top column, summed pairwise without carries where there are more than two."""
    if len(bits) <= 2:
        return bits
    return [xor_gate(*bits[i : i + 2]) if i + 1 < len(bits) else bits[i] for i in range(0, len(bits), 2)]


def add_columns(columns: Sequence[Sequence[Bit]], style: Style = "dadda", adder: Adder = brent_kung) -> Bus:
    """Sum of columns of bits modulo ``2**len(columns)``: compression, then one adder.

    See :func:`reduce_columns` for the columns and the errors.
    """
    rows = reduce_columns(columns, style)
    # The lowest columns often hold one bit, which needs no adder.
    low = next((k for k, bit in enumerate(rows.b) if bit.id != 0), len(rows.b))
    if low == len(rows.b):
        return rows.a
    return concat(rows.a[:low], add_modulo(rows.a[low:], rows.b[low:], None, adder))


def _many_model(x, args):
    total = 0
    for value in x.values():
        total = total + value
    return {"out": total}


@circuit(_many_model, lambda width: {"operands": (width,) * 5 if width <= 16 else (width,) * 3})
def multi_operand(operands: Sequence[Bus], style: Style = "dadda", adder: Adder = brent_kung) -> Bus:
    """Carry-save adder of many operands: the exact sum of unsigned numbers of any widths."""
    largest = sum((1 << len(bus)) - 1 for bus in operands)
    columns = empty_columns(max(1, largest.bit_length()))
    for bus in operands:
        for k, bit in enumerate(bus):
            columns[k].append(bit)
    return add_columns(columns, style, adder)
