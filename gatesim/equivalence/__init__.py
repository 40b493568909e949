"""Do two netlists compute the same? Simulation first, then a proof by SAT sweeping or by induction.

A comparison that did not try or prove everything is evidence, not a proof; the result says which it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from time import monotonic

import numpy as np

from ..errors import EquivalenceError, ValueFitError, unknown_name
from ..gates import INPUT
from ..kernels import sweep as kernel
from ..netlist import Netlist, Port
from ..schedule import compile as compile_netlist
from ..stimulus import Stimulus
from .graph import Graph, one_step, unrolled
from .pairing import miter, paired
from .registers import SIGNATURE_CYCLES, SIGNATURE_PATTERNS, Class, by_behaviour, by_name, cut, register_names, split
from .searching import Example, Found, Report, Search, corners_and_random, different
from .sweeping import Sweep
from .verdict import Equivalence, Status

EXHAUSTIVE_BITS = 24
"""Input spaces up to this many bits are tried completely ..."""

EXHAUSTIVE_WORK = 1 << 38
"""... unless that takes more row evaluations than this (a few seconds)."""

CORNER_PATTERNS = 1 << 14
"""Patterns (times cycles) that are made in memory: corners, and bits that are mostly 0 or mostly 1."""

SEARCHED_CYCLES = 32
"""Cycles that clocked netlists are simulated for when nothing else is asked for."""

MAX_SEARCHED_CYCLES = 256
"""Cycles that are simulated at most before a proof of more."""

SWEEP_WORDS = 32
"""Words of patterns that a proof's classes start from."""


def equivalent(
    a: Netlist,
    b: Netlist,
    *,
    names: Mapping[str, str] | None = None,
    seconds: float = 60.0,
    cycles: int | None = None,
    patterns: int = 1 << 16,
    exhaustive_bits: int = EXHAUSTIVE_BITS,
    prove: bool = True,
    rng: int | np.random.Generator = 0,
    report: Report | None = None,
) -> Equivalence:
    """Compare two netlists.

    Parameters
    ----------
    a, b : Netlist
        Ports go together by name; their order does not matter. Registers go together by name and by
        what they do in simulation; memories by name.
    names : mapping of str to str, optional
        Port or register of `a` to that of `b`, where they have different names.
    seconds : float
        Time after which to give up.
    cycles : int, optional
        Clocked netlists: compare this many cycles from power-up, for every input sequence, instead of
        proving that they agree for ever.
    patterns : int
        Patterns to simulate before a proof, when there are too many inputs to try everything. Up to a
        quarter are corners and random bits that are mostly 0 or mostly 1; the rest is fair random.
    exhaustive_bits : int
        Combinational netlists of up to this many input bits are simulated on all patterns (which is a
        proof) when that takes a few seconds at most.
    prove : bool
        Whether to go on to a SAT proof (which needs the extra ``sat``) when simulation sees no difference.
    rng : int or Generator
    report : callable, optional
        Told (what is going on, how much is done, how much there is).

    Raises
    ------
    ValueFitError
        Fewer than one pattern or cycle; cycles for netlists without state.
    UnknownNameError, WidthError
        Ports that one of them lacks, or of another width.
    LoopError
        A combinational loop.
    UnsupportedError
        A proof is needed and python-sat is not installed.

    Examples
    --------
    >>> from gatesim import Builder, map_to
    >>> b = Builder("xor"); b.output("z", b.input("x") ^ b.input("y")); net = b.freeze()
    >>> found = equivalent(net, map_to(net, "nand"))
    >>> found.status, found.how
    ('equal', 'all 4 input patterns were simulated')
    """
    if patterns < 1 or (cycles is not None and cycles < 1):
        shown = 1 if cycles is None else cycles
        raise ValueFitError(f"equivalent() needs at least 1 pattern and 1 cycle, not {patterns} and {shown}")
    clocked = not (a.is_combinational and b.is_combinational)
    if cycles is not None and not clocked:
        raise ValueFitError(f"{a.name!r} and {b.name!r} have no state: cycles= is for clocked netlists")
    _load_kernels()
    started = monotonic()
    of_ports, of_registers = _sorted_names(a, b, names or {})
    b = paired(a, b, of_ports)
    work = _Comparison(a, b, started + seconds, report or (lambda what, done, total: None), np.random.default_rng(rng))
    searched = 1 if not clocked else cycles or SEARCHED_CYCLES
    found = work.simulate(patterns, min(searched, MAX_SEARCHED_CYCLES) if prove else searched, exhaustive_bits)
    if found.status == "undecided" and prove:
        if cycles is not None:
            found = work.prove_bounded(cycles)
        elif clocked or a.memories or b.memories:
            found = work.prove_by_induction(of_registers)
        else:
            found = work.prove()
    return replace(
        found,
        patterns=work.search.patterns,
        cycles=found.cycles if found.status == "different" else work.cycles,
        sat_calls=work.sat_calls,
        seconds=monotonic() - started,
    )


def assert_equivalent(
    a: Netlist, b: Netlist, *, patterns: int = 1 << 16, cycles: int = 32, rng: int | np.random.Generator = 0
) -> Equivalence:
    """:func:`equivalent` by simulation only, or EquivalenceError with the counterexample."""
    clocked = not (a.is_combinational and b.is_combinational)
    found = equivalent(a, b, patterns=patterns, cycles=cycles if clocked else None, prove=False, rng=rng)
    if found.status == "different":
        raise EquivalenceError(f"{a.name!r} and {b.name!r} {found}")
    return found


@cache
def _load_kernels() -> None:
    """Kernels that Numba has to compile on first use must not use up the time given."""
    net = Netlist(
        "wire",
        np.array([0, 1, INPUT], np.uint8),
        np.zeros(4),
        np.zeros(0),
        (Port("x", "input", (2,)), Port("y", "output", (2,))),
    )
    graph = one_step(net, net, cut(net, net, []))
    kernel.simulate(graph.first, graph.is_xor, graph.pin, np.zeros((graph.n_nodes, 1), np.uint64))
    kernel.hashes(np.zeros((1, 1), np.uint64))
    kernel.refine(np.zeros(1, np.int64), np.full(1, -1), np.zeros(1, np.uint8), np.zeros((1, 1), np.uint64))
    Search(compile_netlist(net), monotonic(), lambda what, done, total: None).differs(Stimulus.exhaustive(net))


def _sorted_names(a: Netlist, b: Netlist, names: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """`names` of ports, and `names` of registers."""
    mine, theirs = ({p.name for p in net.ports} for net in (a, b))
    ports = {k: v for k, v in names.items() if k in mine or v in theirs}
    registers = {k: v for k, v in names.items() if k not in ports}
    for net, given in ((a, registers.keys()), (b, registers.values())):
        known = set(register_names(net))
        for name in given:
            if name not in known:
                raise unknown_name(f"port or register of {net.name!r}", name, known | {p.name for p in net.ports})
    return ports, registers


class _Comparison:
    """Two paired netlists, and what was done to compare them."""

    def __init__(self, a: Netlist, b: Netlist, deadline: float, report: Report, rng: np.random.Generator) -> None:
        self.a, self.b, self.deadline, self.report, self.rng = a, b, deadline, report, rng
        self.both = miter(a, b)
        self.schedule = compile_netlist(self.both)
        self.search = Search(self.schedule, deadline, report)
        self.sat_calls, self.cycles = 0, 1

    def _different(self, found: Found, how: str) -> Equivalence:
        return different(self.a, self.b, found, how)

    def _out_of_time(self) -> Equivalence:
        return Equivalence("undecided", "the time was up")

    # -- simulation --------------------------------------------------------------------------

    def simulate(self, patterns: int, cycles: int, exhaustive_bits: int) -> Equivalence:
        """All patterns where they are few, else some."""
        if not len(self.schedule.rows) and self.both.is_combinational and self.schedule.probes[self._differs()] == 0:
            return Equivalence("equal", "both have the same structure")
        self.cycles = cycles
        n_bits = sum(p.width for p in self.a.inputs)
        work = len(self.schedule.rows) << n_bits
        if self.both.is_combinational and n_bits <= exhaustive_bits and work <= EXHAUSTIVE_WORK:
            found = self.search.run(Stimulus.exhaustive(self.a))
            if found is not None:
                return self._different(found, f"simulation of all 2^{n_bits} patterns")
            if self.search.patterns < 1 << n_bits:
                return self._out_of_time()
            return Equivalence("equal", f"all {1 << n_bits:,} input patterns were simulated")
        for stimulus in self._stimuli(patterns, cycles):
            found = self.search.run(stimulus)
            if found is not None:
                return self._different(found, "simulation")
        tried = f"{self.search.patterns:,} patterns" + (f" of {cycles:,} cycles" if cycles > 1 else "")
        return Equivalence("undecided", f"no difference in {tried}")

    def _differs(self) -> int:
        return self.both.port("differs").nets[0]

    def _stimuli(self, patterns: int, cycles: int) -> list[Stimulus]:
        few = min(patterns, max(64, CORNER_PATTERNS // cycles))
        stimuli = [corners_and_random(self.a, few, cycles, self.rng)]
        if patterns > few:
            stimuli.append(Stimulus.random(self.a, patterns - few, n_cycles=cycles, rng=self.rng))
        return stimuli

    # -- proofs ------------------------------------------------------------------------------

    def prove(self) -> Equivalence:
        """SAT sweeping of combinational netlists."""
        graph = one_step(self.a, self.b, cut(self.a, self.b, []))
        sweep = self._swept(graph, 1)
        if sweep is None:
            return self._out_of_time()
        if isinstance(sweep, np.ndarray):
            example: Example = {**self._values(sweep, 1)[0]}
            return self._different((example, 1), "SAT")
        return Equivalence("equal", "SAT sweeping")

    def prove_bounded(self, cycles: int) -> Equivalence:
        """SAT sweeping of so many cycles from power-up."""
        if self.both.memories:
            return Equivalence("undecided", "memories are not unrolled; no difference was seen in simulation")
        graph = unrolled(self.a, self.b, cycles)
        sweep = self._swept(graph, cycles)
        if sweep is None:
            return self._out_of_time()
        if isinstance(sweep, np.ndarray):
            return self._different(self._first_cycle(self._values(sweep, cycles), graph, sweep), "SAT")
        return Equivalence("equal", "SAT sweeping of every input sequence", bound=cycles)

    def prove_by_induction(self, names: Mapping[str, str]) -> Equivalence:
        """Registers go together in classes, which one step keeps."""
        stimulus = corners_and_random(self.a, SIGNATURE_PATTERNS, SIGNATURE_CYCLES, self.rng)
        alike = by_behaviour(self.a, self.b, self.both, stimulus) if len(self.both.registers) else []
        named = by_name(self.a, self.b, alike, names)
        found = self._induction(named)
        if found is None and len(named) > len(alike):
            # Names are a short cut that can mislead: the registers may go together in another way.
            found = self._induction(alike)
        return Equivalence("undecided", self._lost()) if found is None else found

    def _induction(self, members: list[Class]) -> Equivalence | None:
        """The proof from these classes on; None when they cannot be kept."""
        n_outputs = sum(p.width for p in self.a.outputs)
        while True:
            graph = one_step(self.a, self.b, cut(self.a, self.b, members))
            sweep = self._swept(graph, 1)
            if sweep is None:
                return self._out_of_time()
            if not isinstance(sweep, np.ndarray):
                return Equivalence("equal", "SAT sweeping and induction over the registers")
            smaller = split(members, graph, n_outputs, sweep)
            if len(smaller) == len(members):
                return None
            members = smaller

    def _lost(self) -> str:
        how = "no difference was found from power-up, but a step from a state that may be unreachable differs"
        if self.both.memories:
            return f"{how} (what memories hold counts as unknown)"
        return f"{how}: compare a number of cycles from power-up instead"

    def _swept(self, graph: Graph, cycles: int) -> bool | np.ndarray | None:
        """True: all goals are equal; words of the sources: not in lane 0; None: out of time."""
        words = self.rng.integers(0, 1 << 64, size=(graph.first, SWEEP_WORDS), dtype=np.uint64)
        n_inputs = sum(p.width for p in self.a.inputs)
        if n_inputs and graph.first > 1:
            given = corners_and_random(self.a, 64 * SWEEP_WORDS, cycles, self.rng).words
            words[1 : 1 + n_inputs * cycles] = given.reshape(-1, SWEEP_WORDS)
        sweep = Sweep(graph, words, self.deadline, self.report, self.rng)
        equal = sweep.run()
        self.sat_calls += sweep.sat_calls
        return sweep.difference if equal is False else equal

    def _values(self, word: np.ndarray, cycles: int) -> list[dict[str, int]]:
        """The input ports in each cycle, from lane 0 of the sources."""
        bits = [int(w) & 1 for w in word[1:]]
        found, at = [], 0
        for _ in range(cycles):
            values = {}
            for p in self.a.inputs:
                values[p.name] = sum(bit << i for i, bit in enumerate(bits[at : at + p.width]))
                at += p.width
            found.append(values)
        return found

    def _first_cycle(self, values: list[dict[str, int]], graph: Graph, word: np.ndarray) -> Found:
        """The input sequence up to the first cycle in which an output differs."""
        stimulus = Stimulus.from_values(
            self.a,
            {p.name: np.array([v[p.name] for v in values], object).reshape(-1, 1) for p in self.a.inputs},
            n_patterns=1,
            n_cycles=len(values),
        )
        found = self.search.run(stimulus)
        if found is None:
            return {p.name: [v[p.name] for v in values] for p in self.a.inputs}, len(values)
        return found


__all__ = ["EXHAUSTIVE_BITS", "Equivalence", "Report", "Status", "assert_equivalent", "equivalent"]
