"""What a run adds up instead of recording: ones, toggles, signatures, extremes, differences.

The functions here are the definition, on recorded planes; a fast engine adds up inside its blocks and
must come to the same numbers. Everything is exact: integers, of any size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from . import bits
from .errors import ValueFitError, WidthError, unknown_name

Measure = Literal["ones", "toggles", "signature", "extremes"]
MEASURES: tuple[Measure, ...] = ("ones", "toggles", "signature", "extremes")


@dataclass(frozen=True)
class Difference:
    """How far two unsigned numbers lie apart, over all patterns and cycles (``d = |a - b|``).

    Attributes
    ----------
    n : int
        Pairs compared.
    wrong : int
        Pairs with ``d > 0``.
    total, total_square, worst : int
        Sum of ``d``, sum of ``d**2``, largest ``d``.
    """

    n: int
    wrong: int
    total: int
    total_square: int
    worst: int


@dataclass(frozen=True, eq=False)
class Summary:
    """Sums over all patterns and cycles of a run.

    Attributes
    ----------
    fields : mapping of str to slice
        Where each output port (and watched net) lies on the axis of the arrays.
    n_patterns, n_cycles : int
    ones, toggles : (n_bits,) int64, or None where not measured
        How often each bit was 1; how often it changed from one cycle to the next or, in a run of one
        cycle, from one pattern to the next.
    signature : (n_bits,) uint64, or None
        A hash of each bit's values and their places: equal runs have equal signatures.
    largest, smallest : dict of str to int, or None
        Of every output port and watched net, as unsigned numbers.
    difference : Difference or None
    metadata : mapping
        ``seconds``, ``gate_evaluations``, and what the engine adds.
    """

    fields: Mapping[str, slice]
    n_patterns: int
    n_cycles: int
    ones: np.ndarray | None
    toggles: np.ndarray | None
    signature: np.ndarray | None
    largest: Mapping[str, int] | None
    smallest: Mapping[str, int] | None
    difference: Difference | None
    metadata: Mapping[str, object]

    def total(self, name: str) -> int:
        """The sum of the unsigned numbers on `name` over all patterns and cycles.

        Raises
        ------
        UnknownNameError, ValueFitError
            No such field; ones were not measured.
        """
        if self.ones is None:
            raise ValueFitError("a total needs the measure 'ones'")
        if name not in self.fields:
            raise unknown_name("output or watched net", name, self.fields)
        return sum(int(n) << i for i, n in enumerate(self.ones[self.fields[name]]))

    def mean(self, name: str) -> float:
        """The mean of the unsigned numbers on `name`."""
        return self.total(name) / (self.n_patterns * self.n_cycles)


@dataclass(frozen=True)
class Request:
    """What to measure: which sums, of which fields, and the two fields to compare."""

    measure: frozenset[Measure]
    fields: Mapping[str, slice]
    pair: tuple[str, str] | None = None

    @classmethod
    def of(cls, measure: Sequence[str], fields: Mapping[str, slice], pair: tuple[str, str] | None) -> Request:
        """Check names and widths.

        Raises
        ------
        UnknownNameError
            No such measure or field.
        WidthError
            Two fields of different widths.
        """
        for name in measure:
            if name not in MEASURES:
                raise unknown_name("measure", name, MEASURES)
        for name in pair or ():
            if name not in fields:
                raise unknown_name("output or watched net", name, fields)
        if pair is not None:
            widths = [fields[name].stop - fields[name].start for name in pair]
            if widths[0] != widths[1]:
                raise WidthError(f"{pair[0]!r} has {widths[0]} bits and {pair[1]!r} {widths[1]}: compare equal widths")
        return cls(frozenset(m for m in MEASURES if m in measure), fields, pair)


def reduce_planes(request: Request, words: np.ndarray, n_patterns: int) -> dict[str, object]:
    """Every sum of `request`, from recorded `words` (cycles, bits, words): the definition."""
    n_cycles, n_bits, _ = words.shape
    found: dict[str, object] = {}
    flat = np.ascontiguousarray(words).view(np.uint8).reshape(n_cycles, n_bits, -1)
    lanes = np.unpackbits(flat, axis=2, count=n_patterns, bitorder="little")
    if "ones" in request.measure:
        found["ones"] = lanes.sum(axis=(0, 2), dtype=np.int64)
    if "toggles" in request.measure:
        changes = np.diff(lanes, axis=0 if n_cycles > 1 else 2) != 0
        found["toggles"] = changes.sum(axis=(0, 2), dtype=np.int64)
    if "signature" in request.measure:
        found["signature"] = _signatures(words)
    if "extremes" in request.measure:
        values = {name: bits.unpack_cycles(words[:, where], n_patterns) for name, where in request.fields.items()}
        found["largest"] = {name: int(v.max()) for name, v in values.items()}
        found["smallest"] = {name: int(v.min()) for name, v in values.items()}
    if request.pair is not None:
        a, b = (bits.unpack_cycles(words[:, request.fields[k]], n_patterns).astype(object) for k in request.pair)
        apart = [abs(int(d)) for d in (a - b).flat]
        found["difference"] = Difference(
            len(apart), sum(d > 0 for d in apart), sum(apart), sum(d * d for d in apart), max(apart)
        )
    return found


def _signatures(words: np.ndarray) -> np.ndarray:
    n_cycles, _, n_words = words.shape
    place = np.arange(1, n_cycles * n_words + 1, dtype=np.uint64).reshape(n_cycles, 1, n_words)
    with np.errstate(over="ignore"):
        h = words + np.uint64(0x9E3779B97F4A7C15) * place
        h = (h ^ (h >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9)
        return (h ^ (h >> np.uint64(29))).sum(axis=(0, 2), dtype=np.uint64)
