"""Choosing and finding: multiplexers, decoders, encoders, counting bits, Gray code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gatesim import Bit, Bus, as_bus, concat
from gatesim.errors import WidthError

from .catalog import circuit, where
from .compress import add_columns, empty_columns
from .folding import and_gate, and_not_gate, mux_gate, not_gate, or_gate, tree


def _select_width(n: int) -> int:
    return max(1, (n - 1).bit_length())


# -- multiplexer, decoder --------------------------------------------------------------------


def _multiplexer_model(x, args):
    n = len(args["words"])
    result = 0
    for i in range(n):
        result = where(x["select"] == i, x[f"words{i}"], result)
    return {"out": result}


def _multiplexer_sizes(width: int):
    n = min(width + 2, 10)
    return {"words": (min(width, 16),) * n, "select": _select_width(n)}


@circuit(_multiplexer_model, _multiplexer_sizes)
def multiplexer(words: Sequence[Bus], select: Bus) -> Bus:
    """The word that the select bus names; 0 for a name past the last word."""
    if not len(words) or any(len(w) != len(words[0]) for w in words):
        raise WidthError("multiplexer() needs at least one word, all of one width")
    if len(words) > 1 << len(select):
        raise WidthError(f"multiplexer(): {len(select)} select bits cannot name {len(words)} words")
    zero = select.builder.zero.repeat(len(words[0]))
    level = [*words, *[zero] * ((1 << len(select)) - len(words))]
    for bit in select:
        level = [
            Bus([mux_gate(bit, x, y) for x, y in zip(low, high, strict=True)])
            for low, high in zip(level[::2], level[1::2], strict=True)
        ]
    return level[0]


def _decoder_model(x, args):
    return {"out": where(x.get("enable", 1) == 1, 1 << x["select"], 0 * x["select"])}


@circuit(_decoder_model, lambda width: {"select": width, "enable": 1} if width <= 5 else None)
def decoder(select: Bus, enable: Bit | None = None) -> Bus:
    """One-hot decoder: output ``k`` is 1 when the select bus reads ``k`` (and the enable is 1)."""
    outputs = [enable if enable is not None else select.builder.one]
    for bit in reversed(tuple(select)):
        outputs = [out for value in outputs for out in (and_not_gate(value, bit), and_gate(value, bit))]
    return Bus(outputs)


# -- encoders --------------------------------------------------------------------------------


class Encoded(NamedTuple):
    """Position found, and whether there was one."""

    index: Bus
    valid: Bit


def _encoder_model(x, args):
    # Several ones give the OR of their positions, as the gates do.
    index, a = 0, x["a"]
    for i in range(args["a"]):
        index = index | where((a >> i) & 1 == 1, i, 0)
    return {"index": index, "valid": where(a != 0, 1, 0)}


def _priority_model(x, args):
    index, a = 0, x["a"]
    for i in range(args["a"]):
        index = where((a >> i) & 1 == 1, i, index)
    return {"index": index, "valid": where(a != 0, 1, 0)}


@circuit(_encoder_model, lambda width: {"a": width})
def encoder(a: Bus) -> Encoded:
    """Position of the one bit that is set (of several: the OR of their positions)."""
    index = [
        tree(or_gate, [bit for i, bit in enumerate(a) if i >> k & 1] or [a.builder.zero])
        for k in range(_select_width(len(a)))
    ]
    return Encoded(Bus(index), tree(or_gate, list(a)))


@circuit(_priority_model, lambda width: {"a": width})
def priority_encoder(a: Bus) -> Encoded:
    """Position of the highest bit that is set; 0 and not valid when none is."""

    def search(bits: Bus) -> tuple[Bit, list[Bit]]:
        if len(bits) == 1:
            return bits[0], []
        half = 1 << (len(bits) - 1).bit_length() - 1
        low, high = search(bits[:half]), search(bits[half:])
        padded = high[1] + [a.builder.zero] * (len(low[1]) - len(high[1]))
        index = [mux_gate(high[0], x, y) for x, y in zip(low[1], padded, strict=True)]
        return or_gate(low[0], high[0]), [*index, high[0]]

    valid, index = search(a)
    return Encoded(Bus(index or [a.builder.zero]), valid)


# -- counting --------------------------------------------------------------------------------


def _popcount_model(x, args):
    total = 0
    for i in range(args["a"]):
        total = total + ((x["a"] >> i) & 1)
    return {"out": total}


@circuit(_popcount_model, lambda width: {"a": width})
def popcount(a: Bus) -> Bus:
    """Number of bits that are set."""
    columns = empty_columns(len(a).bit_length())
    columns[0].extend(a)
    return add_columns(columns)


def _zeros_model(x, args):
    zeros = args["a"]
    for i in range(args["a"]):
        zeros = where((x["a"] >> i) & 1 == 1, args["a"] - 1 - i, zeros)
    return {"out": zeros}


@circuit(_zeros_model, lambda width: {"a": width})
def leading_zeros(a: Bus) -> Bus:
    """Number of zeros above the highest bit that is set; the width when none is."""
    width = len(a)
    padding = (1 << (width - 1).bit_length()) - width
    # Ones below the word make the width a power of two and end the count at the word's own width.
    found = priority_encoder(concat(a.builder.one.repeat(padding), a) if padding else a)
    if width == 1:
        return as_bus(not_gate(found.valid))
    # For a power of two, size - 1 - index is the complement of index; without a bit set, it is the size itself.
    count = [and_not_gate(found.valid, i) for i in found.index]
    return Bus(count if padding else [*count, not_gate(found.valid)])


def _parity_model(x, args):
    return {"out": _popcount_model(x, args)["out"] & 1}


@circuit(_parity_model, lambda width: {"a": width})
def parity(a: Bus) -> Bit:
    """1 when an odd number of bits is set."""
    return tree(lambda x, y: x ^ y, list(a))


# -- Gray code -------------------------------------------------------------------------------


@circuit(lambda x, args: {"out": x["a"] ^ (x["a"] >> 1)}, lambda width: {"a": width})
def binary_to_gray(a: Bus) -> Bus:
    """The reflected Gray code of a number."""
    return Bus([*(a[i] ^ a[i + 1] for i in range(len(a) - 1)), a[-1]])


def _from_gray_model(x, args):
    value = x["a"]
    for i in range(1, args["a"]):
        value = value ^ (x["a"] >> i)
    return {"out": value}


@circuit(_from_gray_model, lambda width: {"a": width})
def gray_to_binary(a: Bus) -> Bus:
    """The number of a reflected Gray code."""
    bits = [a[-1]]
    for bit in reversed(a[:-1]):
        bits.append(bits[-1] ^ bit)
    return Bus(bits[::-1])
