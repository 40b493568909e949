"""Simulation of two netlists side by side: all input combinations, or corners and random ones.

Both are one netlist with an output that says where they differ (:func:`~.pairing.miter`), so that what is
built alike is simulated once, and that "never differs" is a count and no hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product
from time import monotonic

import numpy as np

from .. import bits
from ..engines import engine
from ..errors import GatesimError
from ..netlist import Netlist
from ..schedule import Schedule
from ..schedule import compile as compile_netlist
from ..stimulus import Stimulus
from .verdict import Equivalence

PART_PATTERNS = 1 << 18
"""Patterns at a time at most: the time limit is looked at in between."""

PART_WORK = 1 << 31
"""Row evaluations at a time, about."""

RECORDED_WORDS = 64
"""A part of so many words is recorded to find the first pattern that differs."""

Example = dict[str, int | list[int]]
Found = tuple[Example, int]
"""Values of the input ports, and the number of cycles that they are for."""

Report = Callable[[str, int, int], None]
"""Told what is going on, how much of it is done, and how much there is."""


class Search:
    """Simulation of a miter: finds the first pattern where ``differs`` is 1, or runs out of patterns or time."""

    def __init__(self, schedule: Schedule, deadline: float, report: Report) -> None:
        self.schedule, self.deadline, self.report = schedule, deadline, report
        self.patterns = 0

    def run(self, stimulus: Stimulus) -> Found | None:
        """Input values where the two differ; None where they agree as far as time allowed (see ``patterns``)."""
        room = PART_WORK // max(1, len(self.schedule.rows) * stimulus.n_cycles) // 512 * 512
        size = max(512, min(PART_PATTERNS, room))
        for low in range(0, stimulus.n_patterns, size):
            if monotonic() > self.deadline:
                return None
            part = stimulus.part(low, min(size, stimulus.n_patterns - low))
            self.patterns += part.n_patterns
            if self.differs(part):
                return self._first(part)
            self.report("simulating", low + part.n_patterns, stimulus.n_patterns)
        return None

    def differs(self, part: Stimulus) -> bool:
        """Whether any pattern (and cycle) of `part` differs."""
        ones = engine("logic2")(self.schedule).summarize(part, measure=["ones"]).ones
        return bool(ones is not None and ones.any())

    def _first(self, part: Stimulus) -> Found:
        while part.n_words > RECORDED_WORDS:
            half = 32 * part.n_words
            low = part.part(0, half)
            part = low if self.differs(low) else part.part(half, part.n_patterns - half)
        differs = engine("logic2")(self.schedule).run(part).planes("differs")[:, 0]
        cycle = int(np.argmax(differs.any(axis=1)))
        word = int(np.argmax(differs[cycle] != 0))
        low = int(differs[cycle, word])
        lane = 64 * word + (low & -low).bit_length() - 1
        net = self.schedule.netlist
        given = part.values(net)
        if net.is_combinational:
            return {k: int(v[0, lane]) for k, v in given.items()}, 1
        held = next(iter(given.values())).shape[0] == 1 if given else True
        cycles = [0] * (cycle + 1) if held else list(range(cycle + 1))
        return {k: [int(v[c, lane]) for c in cycles] for k, v in given.items()}, cycle + 1


def different(a: Netlist, b: Netlist, found: Found, how: str) -> Equivalence:
    """The verdict "different", after the reference engine has confirmed the counterexample.

    Raises
    ------
    GatesimError
        It did not: some part of gatesim (or the SAT solver) is wrong.
    """
    example, cycles = found
    clocked = not (a.is_combinational and b.is_combinational)
    values = {k: np.array(v, object).reshape(-1, 1) if clocked else v for k, v in example.items()}
    seen = []
    for net in (a, b):
        stimulus = Stimulus.from_values(net, values, n_patterns=1, n_cycles=cycles)
        result = engine("python")(compile_netlist(net)).run(stimulus, record="last")
        seen.append({p.name: int(result[p.name][0, 0]) for p in net.outputs})
    outputs = {k: (v, seen[1][k]) for k, v in seen[0].items() if v != seen[1][k]}
    if not outputs:
        raise GatesimError(
            f"{a.name!r} and {b.name!r} were found different at {example}, but the reference engine sees no "
            "difference there: please report this, with both files"
        )
    return Equivalence("different", how, cycles=cycles, counterexample=example, outputs=outputs)


def corners_and_random(net: Netlist, n_patterns: int, n_cycles: int, rng: int | np.random.Generator) -> Stimulus:
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
