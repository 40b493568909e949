"""What comes out of an engine: plain frozen data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from . import bits
from .errors import unknown_name


@dataclass(frozen=True, eq=False)
class State:
    """Everything that a clocked circuit remembers, in every lane.

    Attributes
    ----------
    registers : (n_registers, n_words) uint64
        Bit planes in the order of ``Netlist.registers``.
    memories : tuple of (n_patterns, depth) uint64
        Words of each RAM of ``Netlist.memories`` (a ROM's entry is empty: it cannot change).
    n_patterns : int
    """

    registers: np.ndarray
    memories: tuple[np.ndarray, ...]
    n_patterns: int

    def copy(self) -> State:
        """An independent copy."""
        return State(self.registers.copy(), tuple(m.copy() for m in self.memories), self.n_patterns)


@dataclass(frozen=True, eq=False)
class Result(Mapping[str, np.ndarray]):
    """Observed values, by output port (or watched net) name.

    ``result["sum"]`` is an array of unsigned integers (uint64, or object past 64 bits) of shape
    ``shape``; ``result.planes("sum")`` is the packed form.

    Attributes
    ----------
    words : (n_recorded, n_bits, n_words) uint64
        Packed values of everything observed, ports first.
    fields : mapping of str to slice
        Where each name lies on the second axis of ``words``.
    n_patterns : int
    shape : tuple of int
        Shape of the integer arrays: (cycles, patterns) unless the caller asked for less.
    engine : str
        Name of the engine that ran.
    metadata : mapping
        ``seconds`` spent inside the engine, ``gate_evaluations`` (logic gates × patterns × cycles),
        and what the engine adds.
    """

    words: np.ndarray
    fields: Mapping[str, slice]
    n_patterns: int
    shape: tuple[int, ...]
    engine: str
    metadata: Mapping[str, object] = field(default_factory=dict)

    def planes(self, name: str) -> np.ndarray:
        """(n_recorded, bits, n_words) uint64 of one port or watched net."""
        try:
            where = self.fields[name]
        except KeyError:
            raise unknown_name("output or watched net", name, self.fields) from None
        return self.words[:, where]

    def __getitem__(self, name: str) -> np.ndarray:
        values = bits.unpack_cycles(self.planes(name), self.n_patterns)
        return values.reshape(self.shape)[()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return f"<Result of {self.engine}: {', '.join(self.fields)}; shape {self.shape}>"
