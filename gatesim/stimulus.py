"""What goes into the input ports: bit planes for every cycle.

Pattern ``p`` is lane ``p``; a clocked circuit sees ``n_cycles`` planes one after another, and each
lane is an independent instance of the circuit.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Literal

import numpy as np

from . import bits
from .errors import ValueFitError, unknown_name
from .netlist import Netlist

MAX_EXHAUSTIVE_BITS = 32
"""Widest input space that :meth:`Stimulus.exhaustive` accepts."""


Kind = Literal["planes", "exhaustive", "random"]

_GOLDEN, _M1, _M2 = (np.uint64(k) for k in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


class Stimulus:
    """Input values of a netlist: given as bit planes, or generated where they are needed.

    A generated stimulus (:meth:`random`, :meth:`exhaustive`) takes no memory until somebody asks for its
    ``words``: a fast engine makes each block of it on the spot, with the same bits.

    Parameters
    ----------
    words : (n_cycles or 1, input_bits, n_words) uint64
        Bit planes in the order of the input ports, LSB first; one plane set is held for all cycles
        when the first axis is 1.
    n_patterns, n_cycles : int
    unknown : array of the shape of ``words``, optional
        A 1 makes that bit X (``words`` 0) or Z (``words`` 1); only four-valued engines take it.

    Attributes
    ----------
    kind : {"planes", "exhaustive", "random"}
        A generated stimulus turns into planes when its ``words`` are asked for.
    seed, first_word : int
        What random bits are made from; the number of the first generated word (see :meth:`part`).
    n_bits, n_words, n_patterns, n_cycles : int
    """

    def __init__(
        self, words: np.ndarray, n_patterns: int, n_cycles: int = 1, unknown: np.ndarray | None = None
    ) -> None:
        _check_counts(n_patterns, n_cycles)
        if words.ndim != 3 or words.dtype != np.uint64:
            raise ValueFitError(f"stimulus words must be a 3-D uint64 array, not {words.ndim}-D {words.dtype}")
        if words.shape[0] not in (1, n_cycles):
            raise ValueFitError(f"stimulus has planes for {words.shape[0]} cycles, not for {n_cycles} (or 1, held)")
        if words.shape[2] != bits.n_words(n_patterns):
            raise ValueFitError(f"stimulus has {words.shape[2]} words for {n_patterns} patterns")
        if unknown is not None and (unknown.shape != words.shape or unknown.dtype != np.uint64):
            raise ValueFitError("the unknown planes of a stimulus must be uint64 of the shape of its words")
        self.unknown = unknown
        self._words: np.ndarray | None = words
        self._making = Lock()
        self.kind: Kind = "planes"
        self.seed = self.first_word = 0
        self.n_bits, self.n_patterns, self.n_cycles = words.shape[1], n_patterns, n_cycles

    @classmethod
    def _generated(cls, kind: Kind, seed: int, n_bits: int, n_patterns: int, n_cycles: int) -> Stimulus:
        _check_counts(n_patterns, n_cycles)
        made = cls.__new__(cls)
        made._making = Lock()
        made._words, made.unknown, made.kind, made.seed, made.first_word = None, None, kind, seed, 0
        made.n_bits, made.n_patterns, made.n_cycles = n_bits, n_patterns, n_cycles
        return made

    def part(self, first_pattern: int, n_patterns: int) -> Stimulus:
        """The patterns from `first_pattern` on, as a stimulus of their own; what is generated stays so.

        Raises
        ------
        ValueFitError
            A first pattern that is no multiple of 64, or patterns that are not there.

        Examples
        --------
        >>> from gatesim import Builder
        >>> b = Builder("wires"); b.output("y", b.input_bus("x", 8)); net = b.freeze()
        >>> Stimulus.exhaustive(net).part(128, 3).values(net)["x"].tolist()
        [[128, 129, 130]]
        """
        if first_pattern % 64 or first_pattern < 0 or not 0 <= n_patterns <= self.n_patterns - first_pattern:
            raise ValueFitError(
                f"patterns {first_pattern} to {first_pattern + n_patterns - 1} of {self.n_patterns}: "
                "a part starts at a multiple of 64 and ends inside"
            )
        first = first_pattern // 64
        if self.kind == "planes":
            words = self.words[:, :, first : first + bits.n_words(n_patterns)].copy()
            words[..., -1:] &= bits.last_word_mask(n_patterns)
            unknown = None
            if self.unknown is not None:
                unknown = self.unknown[:, :, first : first + bits.n_words(n_patterns)].copy()
                unknown[..., -1:] &= bits.last_word_mask(n_patterns)
            return Stimulus(words, n_patterns, self.n_cycles, unknown)
        made = Stimulus._generated(self.kind, self.seed, self.n_bits, n_patterns, self.n_cycles)
        made.first_word = self.first_word + first
        return made

    @property
    def n_words(self) -> int:
        """Words a plane."""
        return bits.n_words(self.n_patterns)

    @property
    def words(self) -> np.ndarray:
        """(n_cycles or 1, n_bits, n_words) uint64: the bit planes, made now if they were not.

        Raises
        ------
        TooLargeError
            A generated stimulus whose planes do not fit into memory.
        """
        with self._making:  # threads of an engine may ask at the same time
            if self._words is None:
                shape = (self.n_cycles if self.kind == "random" else 1, self.n_bits, self.n_words)
                words = bits.empty_planes(shape, f"a stimulus of {self.n_patterns:,} patterns in memory")
                index = np.arange(self.first_word, self.first_word + self.n_words, dtype=np.uint64)
                for cycle in range(shape[0]):
                    for bit in range(self.n_bits):
                        words[cycle, bit] = self._made(cycle, bit, index)
                words[..., -1:] &= bits.last_word_mask(self.n_patterns)
                # From now on these planes are the stimulus, for every engine: the caller may change them.
                self._words, self.kind = words, "planes"
        return self._words

    def _made(self, cycle: int, bit: int, index: np.ndarray) -> np.ndarray:
        """Words number `index` of a generated plane: the definition that kernels follow.

        Random word ``w`` of bit ``i`` in cycle ``c`` is output ``w`` of the SplitMix64 generator (Steele,
        Lea, Flood, OOPSLA 2014) started at output ``c * n_bits + i`` of the one started at ``seed``.
        """
        if self.kind == "random":
            with np.errstate(over="ignore"):
                key = _mix(np.uint64(self.seed) + _GOLDEN * np.uint64(cycle * self.n_bits + bit + 1))
                return _mix(key + _GOLDEN * (index + np.uint64(1)))
        if bit < 6:
            return np.full(len(index), sum(1 << p for p in range(64) if p >> bit & 1), np.uint64)
        return np.uint64(0) - ((index >> np.uint64(bit - 6)) & np.uint64(1))

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
    def from_text(cls, net: Netlist, values: Mapping[str, object]) -> Stimulus:
        """Pack strings of 0, 1, X and Z (most significant bit first), for four-valued engines.

        Each value broadcasts to (cycles, patterns); a list of strings is one of patterns.

        Raises
        ------
        UnknownNameError
            A name that is no input port, or an input port without a value.
        ValueFitError
            A string that does not fit its port, or shapes that do not go together.
        """
        known = [p.name for p in net.inputs]
        for name in (*values, *known):
            if name not in known or name not in values:
                raise unknown_name(f"input of {net.name!r} (each needs a value)", name, known)
        texts = {k: np.atleast_2d(np.asarray(v, dtype=object)) for k, v in values.items()}
        try:
            shape = np.broadcast_shapes((1, 1), *(v.shape for v in texts.values()))
        except ValueError:
            shown = ", ".join(f"{k} {v.shape}" for k, v in texts.items())
            raise ValueFitError(f"the inputs of {net.name!r} have shapes that do not go together: {shown}") from None
        parts = [
            bits.four_planes(np.broadcast_to(texts[p.name], shape), p.width, f"input {p.name!r}") for p in net.inputs
        ]
        empty = np.zeros((shape[0], 0, bits.n_words(shape[1])), np.uint64)
        value, unknown = (np.concatenate([empty, *(p[k] for p in parts)], axis=1) for k in range(2))
        return cls(value, shape[1], shape[0], unknown)

    @classmethod
    def random(
        cls, net: Netlist, n_patterns: int, *, n_cycles: int = 1, rng: int | np.random.Generator = 0
    ) -> Stimulus:
        """Independent fair bits, the same for the same `rng` whatever the engine; made where needed."""
        seed = int(np.random.default_rng(rng).integers(0, 1 << 64, dtype=np.uint64))
        return cls._generated("random", seed, sum(p.width for p in net.inputs), n_patterns, n_cycles)

    @classmethod
    def exhaustive(cls, net: Netlist) -> Stimulus:
        """All input combinations: pattern ``p`` puts bit ``i`` of ``p`` on the ``i``-th input bit.

        Raises
        ------
        ValueFitError
            More than ``MAX_EXHAUSTIVE_BITS`` input bits.
        """
        n_bits = sum(p.width for p in net.inputs)
        if n_bits > MAX_EXHAUSTIVE_BITS:
            raise ValueFitError(
                f"{net.name!r} has {n_bits} input bits: 2^{n_bits} patterns are too many "
                f"(the limit is 2^{MAX_EXHAUSTIVE_BITS}); use random patterns instead"
            )
        return cls._generated("exhaustive", 0, n_bits, 1 << n_bits, 1)

    def values(self, net: Netlist) -> dict[str, np.ndarray]:
        """The integers that each input port receives: (n_cycles or 1, n_patterns) each.

        Raises
        ------
        ValueFitError
            Some input bit is X or Z.
        """
        if self.unknown is not None and self.unknown.any():
            raise ValueFitError("some input bits of this stimulus are X or Z: they are no numbers")
        if self.kind == "exhaustive":
            start = 64 * self.first_word
            numbers = np.arange(start, start + self.n_patterns, dtype=np.uint64)[None]
            low, found = 0, {}
            for p in net.inputs:
                found[p.name] = numbers >> np.uint64(low) & np.uint64((1 << p.width) - 1)
                low += p.width
            return found
        return bits.port_values(self.words, [(p.name, p.width) for p in net.inputs], self.n_patterns)


def _constant_planes(value: int, width: int, shape: tuple[int, int]) -> np.ndarray:
    planes = np.zeros((shape[0], width, bits.n_words(shape[1])), np.uint64)
    mask = bits.lane_mask(shape[1])
    for i in range(width):
        if value >> i & 1:
            planes[:, i] = mask
    return planes


def _check_counts(n_patterns: int, n_cycles: int) -> None:
    if n_patterns < 0 or n_cycles < 0:
        raise ValueFitError(f"a stimulus cannot have {n_patterns} patterns and {n_cycles} cycles")


def _mix(z):
    """The output function of SplitMix64, on uint64."""
    z = (z ^ (z >> np.uint64(30))) * _M1
    z = (z ^ (z >> np.uint64(27))) * _M2
    return z ^ (z >> np.uint64(31))
