"""Barrel shifters and rotators: one row of multiplexers a bit of the amount."""

from __future__ import annotations

from gatesim import Bit, Bus, concat
from gatesim.errors import WidthError

from .catalog import circuit, mask, signed, where
from .folding import and_not_gate, or_gate, tree


def amount_width(width: int) -> int:
    """Bits of a shift amount that reaches every position of `width` bits."""
    return max(1, (width - 1).bit_length())


def _sizes(width: int):
    return {"a": width, "amount": amount_width(width)}


def _longer(width: int):
    return {"a": width, "amount": amount_width(width) + 1} if width <= 16 else _sizes(width)


def _left_model(x, args):
    w = args["a"]
    inside = where(x["amount"] < w, x["amount"], 0)
    return {"out": where(x["amount"] < w, (x["a"] << inside) & mask(w), 0)}


def _right_model(x, args):
    w = args["a"]
    inside = where(x["amount"] < w, x["amount"], 0)
    return {"out": where(x["amount"] < w, x["a"] >> inside, 0)}


def _arithmetic_model(x, args):
    w = args["a"]
    inside = where(x["amount"] < w, x["amount"], w - 1)
    return {"out": (signed(x["a"], w) >> inside) & mask(w)}


def _rotate_left_model(x, args):
    w = args["a"]
    k = x["amount"] % w
    return {"out": ((x["a"] << k) | (x["a"] >> (w - k))) & mask(w)}


def _rotate_right_model(x, args):
    w = args["a"]
    k = x["amount"] % w
    return {"out": ((x["a"] >> k) | (x["a"] << (w - k))) & mask(w)}


def _need_bits(name: str, a: Bus, amount: Bus) -> None:
    if not len(a) or not len(amount):
        raise WidthError(f"{name}() needs at least one bit to move and one bit of amount")


def _stages(a: Bus, amount: Bus, fill: Bit) -> Bus:
    """Shift right by the amount; ``fill`` enters at the top. Amounts past the width give all ``fill``."""
    b = a.builder
    width = len(a)
    far: list[Bit] = []
    for k, bit in enumerate(amount):
        step = 1 << k
        if step >= width:
            far.append(bit)
        else:
            a = b.mux(bit, a, concat(a[step:], fill.repeat(step)))
    if not far:
        return a
    gone = tree(or_gate, far)
    if fill.id == 0:
        return Bus([and_not_gate(x, gone) for x in a])
    return b.mux(gone, a, fill.repeat(width))


def _mirrored(a: Bus) -> Bus:
    return Bus(tuple(a)[::-1])


@circuit(_left_model, _longer)
def shift_left(a: Bus, amount: Bus) -> Bus:
    """Logical shift left; zeros enter, amounts past the width give 0."""
    _need_bits("shift_left", a, amount)
    return _mirrored(_stages(_mirrored(a), amount, a.builder.zero))


@circuit(_right_model, _longer)
def shift_right(a: Bus, amount: Bus) -> Bus:
    """Logical shift right; zeros enter, amounts past the width give 0."""
    _need_bits("shift_right", a, amount)
    return _stages(a, amount, a.builder.zero)


@circuit(_arithmetic_model, _longer)
def shift_right_arithmetic(a: Bus, amount: Bus) -> Bus:
    """Arithmetic shift right; copies of the sign enter, amounts past the width give all sign."""
    _need_bits("shift_right_arithmetic", a, amount)
    return _stages(a, amount, a[-1])


def _rotated(a: Bus, amount: Bus) -> Bus:
    """Rotate right: a step of 2**k is taken modulo the width, so any width and any amount will do."""
    b, width = a.builder, len(a)
    for k, bit in enumerate(amount):
        step = (1 << k) % width
        if step:
            a = b.mux(bit, a, concat(a[step:], a[:step]))
    return a


@circuit(_rotate_left_model, _longer)
def rotate_left(a: Bus, amount: Bus) -> Bus:
    """Rotate left by the amount, modulo the width."""
    _need_bits("rotate_left", a, amount)
    return _mirrored(_rotated(_mirrored(a), amount))


@circuit(_rotate_right_model, _longer)
def rotate_right(a: Bus, amount: Bus) -> Bus:
    """Rotate right by the amount, modulo the width."""
    _need_bits("rotate_right", a, amount)
    return _rotated(a, amount)
