"""Bits and buses: what a circuit is written with. Immutable, LSB first."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from . import gates
from .errors import BuildError, WidthError

if TYPE_CHECKING:
    from .builder import Builder


class Bit:
    """One net under construction. Immutable; made by a :class:`Builder` only."""

    __slots__ = ("builder", "id")

    def __init__(self, builder: Builder, id: int) -> None:
        self.builder = builder
        self.id = id

    def __and__(self, other: Bit) -> Bit:
        return self.builder._gate2(gates.AND, self, other)

    def __or__(self, other: Bit) -> Bit:
        return self.builder._gate2(gates.OR, self, other)

    def __xor__(self, other: Bit) -> Bit:
        return self.builder._gate2(gates.XOR, self, other)

    def __invert__(self) -> Bit:
        return self.builder._emit(gates.NOT, (self.id,))

    def __bool__(self) -> bool:
        raise BuildError("a Bit has no value while the circuit is built: use mux(), not if/and/or")

    def named(self, name: str) -> Bit:
        """Give this net a name of its own and return it."""
        self.builder._names[self.id] = name
        return self

    def repeat(self, width: int) -> Bus:
        """A bus of `width` copies of this bit."""
        return Bus((self,) * width)

    def __repr__(self) -> str:
        return f"<Bit {self.id} of {self.builder.name!r}>"


class Bus(tuple[Bit, ...]):
    """An immutable sequence of bits, LSB first, sliced like a tuple (a slice is a bus)."""

    __slots__ = ()

    @property
    def builder(self) -> Builder:
        """The builder that owns the bits."""
        if not len(self):  # a bus has no truth value
            raise BuildError("an empty bus belongs to no builder")
        return self[0].builder

    @property
    def width(self) -> int:
        """Number of bits."""
        return len(self)

    @overload
    def __getitem__(self, index: slice) -> Bus: ...  # type: ignore[override]
    @overload
    def __getitem__(self, index: typing.SupportsIndex) -> Bit: ...
    def __getitem__(self, index):
        got = tuple.__getitem__(self, index)
        return Bus(got) if isinstance(index, slice) else got

    def _zip(self, op: int, symbol: str, other: Bus) -> Bus:
        if not isinstance(other, Bus):
            raise BuildError(f"'{symbol}' wants two buses of one width; use bit.repeat(n) to widen a bit")
        if len(self) != len(other):
            raise WidthError(f"'{symbol}' between buses of {len(self)} and {len(other)} bits: widths must be equal")
        return Bus([x.builder._gate2(op, x, y) for x, y in zip(self, other, strict=True)])

    def __and__(self, other: Bus) -> Bus:
        return self._zip(gates.AND, "&", other)

    def __or__(self, other: Bus) -> Bus:
        return self._zip(gates.OR, "|", other)

    def __xor__(self, other: Bus) -> Bus:
        return self._zip(gates.XOR, "^", other)

    def __invert__(self) -> Bus:
        return Bus([~x for x in self])

    def __bool__(self) -> bool:
        raise BuildError("a Bus has no value while the circuit is built: use mux(), not if/and/or")

    def __add__(self, other: object) -> typing.NoReturn:  # type: ignore[override]
        raise BuildError("buses have no '+': choose an adder (circuits.adders), or concat() to join them")

    __radd__ = __add__  # type: ignore[assignment]

    def __mul__(self, other: object) -> typing.NoReturn:  # type: ignore[override]
        raise BuildError("buses have no '*': choose a multiplier (circuits.multipliers), or bit.repeat(n)")

    __rmul__ = __mul__  # type: ignore[assignment]

    def named(self, name: str) -> Bus:
        """Name every bit ``name[i]`` and return the bus."""
        for i, x in enumerate(self):
            x.named(f"{name}[{i}]")
        return self

    def __repr__(self) -> str:
        return f"<Bus of {len(self)} bits>"


Signal = Bit | Bus


def concat(*parts: Bit | Sequence[Bit]) -> Bus:
    """Join bits and buses, least significant part first."""
    joined: list[Bit] = []
    for part in parts:
        if isinstance(part, Bit):
            joined.append(part)
        else:
            joined.extend(part)
    return Bus(joined)


def as_bus(signal: Bit | Sequence[Bit]) -> Bus:
    """A bus of one bit from a bit; a bus from a sequence of bits."""
    return Bus((signal,)) if isinstance(signal, Bit) else Bus(signal)
