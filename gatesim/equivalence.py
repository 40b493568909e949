"""Do two netlists compute the same? By simulation: exhaustive where small, else corners and random.

A comparison that did not try everything is evidence, not a proof; the result says which it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from . import bits
from .engines import engine
from .errors import EquivalenceError, ValueFitError, WidthError, unknown_name
from .netlist import Netlist
from .schedule import compile as compile_netlist
from .stimulus import Stimulus

EXHAUSTIVE_BITS = 20
"""Input spaces up to this many bits are tried completely."""


@dataclass(frozen=True)
class Equivalence:
    """What a comparison found.

    Attributes
    ----------
    equal : bool
        No difference was seen.
    proven : bool
        Every input combination was tried (only for netlists without state).
    patterns, cycles : int
        How much was tried.
    counterexample : dict or None
        Input port values at the first difference; for clocked netlists a list of values, one a cycle
        from power-up.
    outputs : dict or None
        Port name to (value in `a`, value in `b`) there, for the ports that differ.
    """

    equal: bool
    proven: bool
    patterns: int
    cycles: int
    counterexample: dict[str, int | list[int]] | None = None
    outputs: dict[str, tuple[int, int]] | None = None

    def __bool__(self) -> bool:
        return self.equal

    def __str__(self) -> str:
        """One sentence, which says whether it is a proof."""
        tried = f"{self.patterns:,} patterns" + (f" of {self.cycles:,} cycles" if self.cycles > 1 else "")
        if self.proven:
            tried = f"all {tried}"
        if self.equal:
            return f"equal on {tried}: " + ("a proof" if self.proven else "evidence, not a proof")
        inputs = ", ".join(f"{k}={v}" for k, v in (self.counterexample or {}).items())
        outputs = ", ".join(f"{k} is {x} and {y}" for k, (x, y) in (self.outputs or {}).items())
        return f"differ at {inputs or 'power-up'}: {outputs}"


def equivalent(
    a: Netlist, b: Netlist, *, patterns: int = 1 << 16, cycles: int = 32, rng: int | np.random.Generator = 0
) -> Equivalence:
    """Compare two netlists whose ports have the same names and widths.

    Parameters
    ----------
    a, b : Netlist
        Ports are matched by name; their order does not matter.
    patterns, cycles : int
        Patterns when the input space is too large (or there is state), and clock cycles from
        power-up when there is state. Up to half of the patterns are corners (all 0, all 1, each bit
        alone, the extreme values of every port), held for all cycles; a quarter is random with most
        bits of a port 0 or 1; the rest is fair random.
    rng : int or Generator

    Raises
    ------
    ValueFitError
        Fewer than one pattern or cycle.
    UnknownNameError, WidthError
        Ports that one of them lacks, or of another width.
    LoopError
        A combinational loop.

    Examples
    --------
    >>> from gatesim import Builder, map_to
    >>> b = Builder("xor"); b.output("z", b.input("x") ^ b.input("y")); net = b.freeze()
    >>> equivalent(net, map_to(net, "nand"))
    Equivalence(equal=True, proven=True, patterns=4, cycles=1, counterexample=None, outputs=None)
    """
    _match_ports(a, b)
    if patterns < 1 or cycles < 1:
        raise ValueFitError(f"equivalent() needs at least 1 pattern and 1 cycle, not {patterns} and {cycles}")
    clocked = not (a.is_combinational and b.is_combinational)
    n_bits = sum(p.width for p in a.inputs)
    if clocked:
        stimulus = _searching(a, patterns, cycles, rng)
    elif n_bits <= EXHAUSTIVE_BITS:
        stimulus = Stimulus.exhaustive(a)
    else:
        stimulus = _searching(a, patterns, 1, rng)
    proven = not clocked and n_bits <= EXHAUSTIVE_BITS
    results = [engine("logic2")(compile_netlist(net)).run(_reordered(stimulus, a, net)) for net in (a, b)]
    first = None
    for p in a.outputs:
        difference = results[0].planes(p.name) ^ results[1].planes(p.name)
        if difference.any():
            cycle = int(np.argmax(difference.any(axis=(1, 2))))
            word = int(np.argmax(difference[cycle].any(axis=0)))
            low = int(np.bitwise_or.reduce(difference[cycle, :, word]))
            found = (cycle, 64 * word + (low & -low).bit_length() - 1)
            first = found if first is None else min(first, found)
    if first is None:
        return Equivalence(True, proven, stimulus.n_patterns, stimulus.n_cycles)
    cycle, lane = first
    given = stimulus.values(a)
    example = {k: [int(x) for x in v[: cycle + 1, lane]] if clocked else int(v[0, lane]) for k, v in given.items()}
    seen = {p.name: tuple(int(r[p.name][cycle, lane]) for r in results) for p in a.outputs}
    differ = {k: (v[0], v[1]) for k, v in seen.items() if v[0] != v[1]}
    return Equivalence(False, proven, stimulus.n_patterns, stimulus.n_cycles, example, differ)


def assert_equivalent(
    a: Netlist, b: Netlist, *, patterns: int = 1 << 16, cycles: int = 32, rng: int | np.random.Generator = 0
) -> Equivalence:
    """:func:`equivalent`, or EquivalenceError with the counterexample."""
    found = equivalent(a, b, patterns=patterns, cycles=cycles, rng=rng)
    if not found.equal:
        raise EquivalenceError(f"{a.name!r} and {b.name!r} {found}")
    return found


def _match_ports(a: Netlist, b: Netlist) -> None:
    for direction in ("inputs", "outputs"):
        mine = {p.name: p.width for p in getattr(a, direction)}
        other = {p.name: p.width for p in getattr(b, direction)}
        for first, second, owner in ((mine, other, b), (other, mine, a)):
            for name in first:
                if name not in second:
                    raise unknown_name(f"{direction[:-1]} of {owner.name!r}", name, second)
        for name, width in mine.items():
            if other[name] != width:
                raise WidthError(
                    f"{direction[:-1]} {name!r} has {width} bits in {a.name!r}, {other[name]} in {b.name!r}"
                )


def _searching(net: Netlist, n_patterns: int, n_cycles: int, rng: int | np.random.Generator) -> Stimulus:
    """Corners, then fair random bits, then random bits that are mostly 0 or mostly 1 for each port.

    Fair bits alone almost never meet the one case that a wide AND looks for, nor count far in a
    counter whose reset is a fair coin.
    """
    generator = np.random.default_rng(rng)
    words = Stimulus.random(net, n_patterns, n_cycles=n_cycles, rng=generator).words.copy()
    _, n_bits, n_words = words.shape
    biased = slice(n_words - n_words // 4, n_words)
    shape = words[:, :, biased].shape
    more = [generator.integers(0, 1 << 64, size=shape, dtype=np.uint64) for _ in range(2)]
    ones = generator.random((len(net.inputs), shape[2])) < 0.5
    mostly_one = np.repeat(ones, [p.width for p in net.inputs], axis=0)
    fair = words[:, :, biased]
    words[:, :, biased] = np.where(mostly_one, fair | more[0] | more[1], fair & more[0] & more[1])
    corners = list(islice(_corners([p.width for p in net.inputs], n_patterns // 4), n_patterns // 2))
    if corners and n_bits:
        values = np.array(corners, dtype=np.uint64 if n_bits <= 64 else object)
        held = bits.pack(values, n_bits)
        used = bits.lane_mask(len(corners))
        here = words[:, :, : len(used)]
        here[:] = (here & ~used) | held
    return Stimulus(words & bits.lane_mask(n_patterns), n_patterns, n_cycles)


def _corners(widths: list[int], room: int) -> Iterator[int]:
    """All input bits as one integer: all 0, all 1, extremes of the ports (if `room` allows), single bits."""
    n_bits = sum(widths)
    full = (1 << n_bits) - 1
    yield from (0, full)
    extremes = [sorted({0, 1, (1 << w) - 1, 1 << (w - 1), (1 << (w - 1)) - 1}) for w in widths]
    if np.prod([float(len(e)) for e in extremes]) <= room:
        starts = np.cumsum([0, *widths]).tolist()
        for values in product(*extremes):
            yield sum(v << low for v, low in zip(values, starts, strict=False))
    for i in range(n_bits):
        yield from (1 << i, full ^ (1 << i))


def _reordered(stimulus: Stimulus, source: Netlist, target: Netlist) -> Stimulus:
    """The stimulus made for `source`, with its bits in the port order of `target`."""
    at: dict[str, int] = {}
    low = 0
    for p in source.inputs:
        at[p.name] = low
        low += p.width
    order = [at[p.name] + i for p in target.inputs for i in range(p.width)]
    return Stimulus(np.ascontiguousarray(stimulus.words[:, order]), stimulus.n_patterns, stimulus.n_cycles)
