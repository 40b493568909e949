"""RAM and ROM macros: a side table of ports instead of a sea of flip-flops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import GatesimError

MAX_MEMORY_WIDTH = 64
"""Bits of the widest memory word; put two memories side by side for more."""


@dataclass(frozen=True, slots=True)
class ReadPort:
    """A combinational read port: ``data`` shows the word at ``address`` in the same cycle."""

    address: tuple[int, ...]
    data: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WritePort:
    """A synchronous write port: at the clock edge, where ``enable`` is 1, ``data`` goes to ``address``."""

    address: tuple[int, ...]
    data: tuple[int, ...]
    enable: int


@dataclass(frozen=True, eq=False)
class Memory:
    """A RAM or (with no write port) a ROM, kept as a macro instead of a sea of flip-flops.

    Attributes
    ----------
    name : str
    depth, width : int
        Words, and bits a word (at most 64). An address past the depth reads 0 and writes nothing.
    contents : (depth,) uint64
        Words at power-up and after a reset.
    reads, writes : tuple of ReadPort, WritePort
        Reads see the words as they were before this cycle's writes; of two writes to one address in
        one cycle the later port wins.
    """

    name: str
    depth: int
    width: int
    contents: np.ndarray
    reads: tuple[ReadPort, ...]
    writes: tuple[WritePort, ...] = ()

    @property
    def is_rom(self) -> bool:
        """Whether nothing can write to it."""
        return not self.writes


def memory_contents(name: str, depth: int, width: int, values: Sequence[int] | np.ndarray | None) -> np.ndarray:
    """Read-only (depth,) uint64 words from `values` (padded with 0; None for all 0).

    Raises
    ------
    GatesimError
        Too many words, or a word that does not fit into `width` bits.
    """
    words = np.zeros(depth, dtype=np.uint64)
    if values is not None:
        given = [int(v) for v in values]
        if len(given) > depth:
            raise GatesimError(f"memory {name!r}: {len(given)} words given for a depth of {depth}")
        for address, v in enumerate(given):
            if not 0 <= v < 1 << width:
                raise GatesimError(f"memory {name!r}: word {v} at address {address} does not fit into {width} bits")
        words[: len(given)] = given
    words.flags.writeable = False
    return words


def moved_memory(memory: Memory, move: Callable[[Iterable[int]], tuple[int, ...]]) -> Memory:
    """`memory` with every net number replaced through `move`."""
    return Memory(
        memory.name,
        memory.depth,
        memory.width,
        memory.contents,
        tuple(ReadPort(move(r.address), move(r.data)) for r in memory.reads),
        tuple(WritePort(move(w.address), move(w.data), move((w.enable,))[0]) for w in memory.writes),
    )
