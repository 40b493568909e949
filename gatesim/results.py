"""What comes out of an engine: plain frozen data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from . import bits
from .errors import ValueFitError, unknown_name


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
    unknown : (n_recorded, n_bits, n_words) uint64, optional
        Given by four-valued engines: a 1 says that the bit is X (``words`` 0) or Z (``words`` 1) there.
    """

    words: np.ndarray
    fields: Mapping[str, slice]
    n_patterns: int
    shape: tuple[int, ...]
    engine: str
    metadata: Mapping[str, object] = field(default_factory=dict)
    unknown: np.ndarray | None = None

    def planes(self, name: str) -> np.ndarray:
        """(n_recorded, bits, n_words) uint64 of one port or watched net."""
        try:
            where = self.fields[name]
        except KeyError:
            raise unknown_name("output or watched net", name, self.fields) from None
        return self.words[:, where]

    def text(self, name: str) -> np.ndarray:
        """Values as strings of 0, 1, X and Z, most significant bit first: an object array of ``shape``."""
        value = self.planes(name)
        unknown = np.zeros_like(value) if self.unknown is None else self.unknown[:, self.fields[name]]
        return bits.four_text(value, unknown, self.n_patterns).reshape(self.shape)[()]

    def __getitem__(self, name: str) -> np.ndarray:
        if self.unknown is not None and name in self.fields:
            where = np.argwhere(self.unknown[:, self.fields[name]])
            if len(where):
                cycle, bit, word = (int(k) for k in where[0])
                lanes = int(self.unknown[:, self.fields[name]][cycle, bit, word])
                pattern = 64 * word + (lanes & -lanes).bit_length() - 1
                raise ValueFitError(
                    f"{name!r} is no number: bit {bit} is X or Z in pattern {pattern} of cycle {cycle}; "
                    "read result.text(name), or result.planes() and result.unknown"
                )
        values = bits.unpack_cycles(self.planes(name), self.n_patterns)
        return values.reshape(self.shape)[()]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return f"<Result of {self.engine}: {', '.join(self.fields)}; shape {self.shape}>"
