"""What goes into the input ports: bit planes for every cycle.

Pattern ``p`` is lane ``p``; a clocked circuit sees ``n_cycles`` planes one after another, and each
lane is an independent instance of the circuit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from . import bits
from .errors import ValueFitError, unknown_name
from .netlist import Netlist

MAX_EXHAUSTIVE_BITS = 32
"""Widest input space that :meth:`Stimulus.exhaustive` accepts."""


@dataclass(frozen=True, eq=False)
class Stimulus:
    """Input values of a netlist, packed.

    Attributes
    ----------
    words : (n_cycles or 1, input_bits, n_words) uint64
        Bit planes in the order of the input ports, LSB first; one plane set is held for all cycles
        when the first axis is 1.
    n_patterns, n_cycles : int
    """

    words: np.ndarray
    n_patterns: int
    n_cycles: int = 1

    def __post_init__(self) -> None:
        if self.n_patterns < 0 or self.n_cycles < 0:
            raise ValueFitError(f"a stimulus cannot have {self.n_patterns} patterns and {self.n_cycles} cycles")
        if self.words.ndim != 3 or self.words.dtype != np.uint64:
            raise ValueFitError(
                f"stimulus words must be a 3-D uint64 array, not {self.words.ndim}-D {self.words.dtype}"
            )
        if self.words.shape[0] not in (1, self.n_cycles):
            raise ValueFitError(
                f"stimulus has planes for {self.words.shape[0]} cycles, not for {self.n_cycles} (or 1, held)"
            )
        if self.words.shape[2] != bits.n_words(self.n_patterns):
            raise ValueFitError(f"stimulus has {self.words.shape[2]} words for {self.n_patterns} patterns")

    @classmethod
    def from_values(
        cls, net: Netlist, values: Mapping[str, object], *, n_patterns: int = 1, n_cycles: int = 1
    ) -> Stimulus:
        """Pack integers: each value broadcasts to (`n_cycles`, `n_patterns`).

        Raises
        ------
        UnknownNameError
            A name that is no input port, or an input port without a value.
        ValueFitError
            A value that does not fit into its port, or a shape that does not broadcast.
        """
        known = [p.name for p in net.inputs]
        for name in values:
            if name not in known:
                raise unknown_name(f"input of {net.name!r}", name, known)
        missing = [name for name in known if name not in values]
        if missing:
            raise ValueFitError(f"no value for input {', '.join(map(repr, missing))} of {net.name!r}")
        ports = [(p.width, bits.as_unsigned(values[p.name], p.width, f"input {p.name!r}")) for p in net.inputs]
        held = all(v.ndim < 2 or v.shape[0] == 1 for _, v in ports)
        shape = (1 if held else n_cycles, n_patterns)
        planes = []
        for (width, array), port in zip(ports, net.inputs, strict=True):
            try:
                full = np.broadcast_to(array, shape)
            except ValueError:
                raise ValueFitError(
                    f"input {port.name!r} has shape {array.shape}; it must broadcast to "
                    f"{n_cycles} cycles x {n_patterns} patterns"
                ) from None
            if array.ndim == 0 or (array.shape[0] == 1 and array.ndim == 1):
                planes.append(_constant_planes(int(array.reshape(-1)[0]), width, shape))
            else:
                planes.append(np.stack([bits.pack(full[c], width) for c in range(shape[0])]))
        empty = np.zeros((shape[0], 0, bits.n_words(n_patterns)), np.uint64)
        words = np.concatenate([empty, *planes], axis=1)
        return cls(np.ascontiguousarray(words), n_patterns, n_cycles)

    @classmethod
    def random(
        cls, net: Netlist, n_patterns: int, *, n_cycles: int = 1, rng: int | np.random.Generator = 0
    ) -> Stimulus:
        """Independent fair bits, the same for the same `rng` whatever the engine."""
        if n_patterns < 0 or n_cycles < 0:
            raise ValueFitError(f"a stimulus cannot have {n_patterns} patterns and {n_cycles} cycles")
        generator = np.random.default_rng(rng)
        n_bits = sum(p.width for p in net.inputs)
        shape = (n_cycles, n_bits, bits.n_words(n_patterns))
        words = generator.integers(0, 1 << 64, size=shape, dtype=np.uint64)
        return cls(words & bits.lane_mask(n_patterns), n_patterns, n_cycles)

    @classmethod
    def exhaustive(cls, net: Netlist) -> Stimulus:
        """All input combinations: pattern ``p`` puts bit ``i`` of ``p`` on the ``i``-th input bit.

        Raises
        ------
        ValueFitError
            More than ``MAX_EXHAUSTIVE_BITS`` input bits, or more than memory can hold.
        """
        n_bits = sum(p.width for p in net.inputs)
        if n_bits > MAX_EXHAUSTIVE_BITS:
            raise ValueFitError(
                f"{net.name!r} has {n_bits} input bits: 2^{n_bits} patterns are too many "
                f"(the limit is 2^{MAX_EXHAUSTIVE_BITS}); use random patterns instead"
            )
        n_patterns = 1 << n_bits
        n_words = bits.n_words(n_patterns)
        words = np.empty((1, n_bits, n_words), np.uint64)
        index = np.arange(n_words, dtype=np.uint64)
        for i in range(n_bits):
            if i < 6:
                lanes = sum(1 << p for p in range(64) if p >> i & 1)
                words[0, i] = np.uint64(lanes)
            else:
                words[0, i] = np.uint64(0) - ((index >> np.uint64(i - 6)) & np.uint64(1))
        return cls(words & bits.lane_mask(n_patterns), n_patterns)

    def values(self, net: Netlist) -> dict[str, np.ndarray]:
        """The integers that each input port receives: (n_cycles or 1, n_patterns) each."""
        return bits.port_values(self.words, [(p.name, p.width) for p in net.inputs], self.n_patterns)


def _constant_planes(value: int, width: int, shape: tuple[int, int]) -> np.ndarray:
    planes = np.zeros((shape[0], width, bits.n_words(shape[1])), np.uint64)
    mask = bits.lane_mask(shape[1])
    for i in range(width):
        if value >> i & 1:
            planes[:, i] = mask
    return planes
