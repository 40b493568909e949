"""Transitions with glitches: what a netlist really does on its way from one operation to the next."""

from __future__ import annotations

import numpy as np

from ..activity import Activity
from ..engines.timed import TimedEngine
from ..engines.waves import WaveEngine
from ..errors import ValueFitError
from ..netlist import Netlist
from ..stimulus import Stimulus
from .static import static_timing
from .technology import Technology, delays


def count_glitches(
    net: Netlist, technology: Technology, stimulus: Stimulus, *, clock_ps: int | None = None
) -> Activity:
    """Simulate the steps of `stimulus` with the delays of `technology` and count all transitions.

    Without state, each pattern follows the one before it, from a settled circuit (the waveform engine);
    with state, one instance runs cycle after cycle (the event engine).

    Parameters
    ----------
    net : Netlist
        Of gates that the technology has.
    technology : Technology
    stimulus : Stimulus
        Patterns that follow each other, or cycles of one pattern.
    clock_ps : int, optional
        Clock period of a circuit with state; the least possible one by default.

    Raises
    ------
    ValueFitError
        Fewer than two patterns; a clock shorter than the longest path.
    UnsupportedError
        A gate that the technology lacks; memories.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import load_technology
    >>> b = Builder("hazard"); x = b.input("x"); b.output("z", b.gate("AND", x, ~x)); net = b.freeze()
    >>> seen = count_glitches(net, load_technology("ttl7400"), Stimulus.exhaustive(net))
    >>> seen.toggles.tolist(), seen.needed.tolist()  # x rises: both pins are 1 for 8 ns, less than an AND needs
    ([0, 0, 1, 1, 0], [0, 0, 1, 1, 0])
    """
    found = delays(net, technology)
    if net.is_combinational:
        before, after = _steps(net, stimulus)
        return WaveEngine(net, found).run(after, before=before).activity
    least = static_timing(net, technology).worst_ps
    if clock_ps is not None and clock_ps < least:
        raise ValueFitError(f"a clock period of {clock_ps} ps is too short for {net.name!r}: it needs {least} ps")
    return TimedEngine(net, found).run(stimulus, period_ps=max(1, clock_ps or least)).activity


def _steps(net: Netlist, stimulus: Stimulus) -> tuple[Stimulus, Stimulus]:
    """The patterns without the last one, and without the first one."""
    n = stimulus.n_patterns
    if n < 2 or stimulus.n_cycles != 1:
        raise ValueFitError(f"glitches of {net.name!r} need two patterns at least, in one cycle")
    planes = np.ascontiguousarray(stimulus.words[0])
    lanes = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little", count=n)
    return _packed(lanes[:, :-1]), _packed(lanes[:, 1:])


def _packed(lanes: np.ndarray) -> Stimulus:
    n = lanes.shape[1]
    padded = np.zeros((len(lanes), -(-n // 64) * 64), np.uint8)
    padded[:, :n] = lanes
    words = np.packbits(padded, axis=1, bitorder="little").view(np.uint64)
    return Stimulus(words[None], n)
