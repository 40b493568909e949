"""How often each net changes when nothing takes time: the toggles between one operation and the next.

Without state (and one cycle) the patterns of a stimulus are operations that follow each other. Otherwise
each cycle is an operation, and every lane an instance of the circuit of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..bits import n_words
from ..engines.logic2 import Logic2Engine
from ..errors import ValueFitError
from ..kernels import timing as kernel
from ..netlist import Netlist
from ..schedule import compile
from ..stimulus import Stimulus

BLOCK_WORDS = 1 << 22
"""Words of bit planes in hand at once (32 MiB), whatever the netlist and the number of patterns."""


@dataclass(frozen=True, eq=False)
class Switching:
    """What each net did during a stimulus.

    Attributes
    ----------
    toggles : (n,) int64
        Changes from one operation to the next.
    ones : (n,) int64
        Operations at whose end the net is 1.
    steps : int
        From one operation to the next: what ``toggles`` is divided by.
    operations : int
        What ``ones`` is divided by.
    """

    toggles: np.ndarray
    ones: np.ndarray
    steps: int
    operations: int


def count_switching(net: Netlist, stimulus: Stimulus) -> Switching:
    """Toggles and ones of every net at zero delay.

    Raises
    ------
    ValueFitError
        Fewer than two operations: there is no step between them.
    LoopError
        A combinational loop.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("half_adder"); x, y = b.input("x"), b.input("y")
    >>> b.output("sum", x ^ y); b.output("carry", x & y)
    >>> net = b.freeze()
    >>> a = count_switching(net, Stimulus.exhaustive(net))  # x y: 00 10 01 11
    >>> a.toggles[2:].tolist(), a.ones[2:].tolist(), a.steps
    ([3, 1, 2, 1], [2, 2, 2, 1], 3)
    """
    steps, operations = _operations(net, stimulus)
    nets = np.arange(net.n_nets)
    summary = Logic2Engine(compile(net, keep=nets)).summarize(stimulus, measure=("ones", "toggles"), watch=nets)
    assert summary.toggles is not None and summary.ones is not None  # asked for above
    return Switching(summary.toggles[-net.n_nets :], summary.ones[-net.n_nets :], steps, operations)


def weighed_steps(net: Netlist, stimulus: Stimulus, weights: np.ndarray) -> np.ndarray:
    """(steps,) or, with cycles, (steps, patterns) float64: sum of `weights` (n,) over the nets that change.

    With energies as weights: the switching energy of each operation.
    """
    weights = np.ascontiguousarray(weights, np.float64)
    parts = []
    for changes, lanes in _changes(net, stimulus):
        sums = np.zeros(n_words(lanes) * 64)
        kernel.weigh(changes, weights, sums)
        parts.append(sums[:lanes])
    if stimulus.n_cycles == 1:
        return np.concatenate(parts)[1:]
    return np.stack(parts)[1:]


def _operations(net: Netlist, stimulus: Stimulus) -> tuple[int, int]:
    cycles, patterns = stimulus.n_cycles, stimulus.n_patterns
    steps = patterns - 1 if cycles == 1 else (cycles - 1) * patterns
    if steps < 1 or (cycles == 1 and not net.is_combinational):
        what = "patterns" if net.is_combinational and cycles == 1 else "cycles"
        raise ValueFitError(f"activity of {net.name!r} needs two {what} at least: toggles lie between them")
    return steps, cycles * patterns


def _changes(net: Netlist, stimulus: Stimulus) -> Iterator[tuple[np.ndarray, int]]:
    """(n, words) lanes in which each net changed, and how many lanes, of a block of patterns or a cycle."""
    _operations(net, stimulus)
    nets = np.arange(net.n_nets)
    engine = Logic2Engine(compile(net, keep=nets))
    if stimulus.n_cycles == 1:
        width = max(1, BLOCK_WORDS // net.n_nets)
        last = np.zeros(net.n_nets, np.uint64)
        for first in range(0, stimulus.n_words, width):
            lanes = min(stimulus.n_patterns - 64 * first, 64 * width)
            part = Stimulus(np.ascontiguousarray(stimulus.words[:, :, first : first + width]), lanes)
            planes = engine.run(part, watch=nets).words[0, -net.n_nets :].copy()
            if first == 0:
                last[:] = planes[:, 0] & np.uint64(1)  # before the first pattern nothing changed
            kernel.steps(planes, lanes, last)
            yield planes, lanes
        return
    length = max(1, BLOCK_WORDS // (net.n_nets * stimulus.n_words))
    before: np.ndarray | None = None
    for first in range(0, stimulus.n_cycles, length):
        cycles = min(length, stimulus.n_cycles - first)
        words = stimulus.words if len(stimulus.words) == 1 else stimulus.words[first : first + cycles]
        for planes in engine.run(Stimulus(words, stimulus.n_patterns, cycles), watch=nets).words[:, -net.n_nets :]:
            now = np.ascontiguousarray(planes)
            yield now ^ (now if before is None else before), stimulus.n_patterns
            before = now
