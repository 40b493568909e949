"""A conformance suite for engines: third parties can run it on theirs.

``check_engine(MyEngine)`` compares an engine with the reference engine on every gate of the table,
on awkward pattern counts, on random netlists, on registers and memories, on runs split in two, and on
watched nets; it raises at the first disagreement and says how to reproduce it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .builder import Builder
from .engines import Engine
from .engines.python import PythonEngine
from .errors import EquivalenceError, LoopError, ValueFitError
from .gates import LOGIC_GATES
from .netlist import Netlist
from .reductions import MEASURES
from .results import Result
from .schedule import Schedule
from .schedule import compile as compile_netlist
from .signals import Bit, Bus, concat
from .stimulus import Stimulus

PATTERN_COUNTS = (1, 63, 64, 65, 513, 2049)
"""Lane counts around the edges of a word, of a 512-bit vector and of a 32-word block."""

EngineFactory = Callable[[Schedule], Engine]


def check_engine(factory: EngineFactory, *, rng: int | np.random.Generator = 0, rounds: int = 12) -> int:
    """Hold an engine against the reference engine.

    Parameters
    ----------
    factory : callable
        Takes a Schedule, returns an engine that keeps the contract of :class:`gatesim.engines.Engine`.
    rng : int or Generator
        Source of the random netlists and stimuli.
    rounds : int
        Random netlists of each kind (combinational, with registers, with memories).

    Returns
    -------
    int
        Number of comparisons made.

    Raises
    ------
    EquivalenceError
        The engine computes something else; the message names the circuit, the net, the cycle and lane.

    Examples
    --------
    >>> from gatesim import engine
    >>> check_engine(engine("python"), rounds=1) > 20
    True
    """
    generator = np.random.default_rng(rng)
    checks = 0
    for g in LOGIC_GATES:
        b = Builder(f"gate {g.name}")
        b.output("y", b.gate(g.name, *(b.input(p) for p in g.pins)))
        net = b.freeze()
        checks += compare(factory, net, Stimulus.exhaustive(net))
    for n_patterns in PATTERN_COUNTS:
        net = random_netlist(generator, n_cells=60, n_registers=5, n_memories=1)
        checks += compare(factory, net, Stimulus.random(net, n_patterns, n_cycles=3, rng=generator))
    for _ in range(rounds):
        for registers, memories in ((0, 0), (7, 0), (4, 2)):
            net = random_netlist(generator, n_registers=registers, n_memories=memories)
            n_cycles = 1 if net.is_combinational else int(generator.integers(1, 9))
            n_patterns = int(generator.integers(1, 200))
            checks += compare(factory, net, Stimulus.random(net, n_patterns, n_cycles=n_cycles, rng=generator))
    checks += _check_contract(factory, generator)
    return checks


def compare(factory: EngineFactory, net: Netlist, stimulus: Stimulus) -> int:
    """Run both engines with every net watched, in one run and split after the first cycle."""
    everything = list(range(net.n_nets))
    schedule = compile_netlist(net, keep=everything)
    # Parts of a generated stimulus that stay generated when the reference engine asks for its planes.
    whole, again = (stimulus.part(0, stimulus.n_patterns) for _ in range(2))
    rest = [stimulus.part(64, stimulus.n_patterns - 64) for _ in range(2)] if stimulus.n_patterns > 64 else []
    wanted = PythonEngine(schedule).run(stimulus, watch=everything)
    checks = _same(net, factory(schedule).run(stimulus, watch=everything), wanted, "one run")
    # The schedule without kept nets is another one: slots are reused, dead cells dropped.
    lean = factory(compile_netlist(net))
    checks += _same(net, lean.run(stimulus), wanted, "outputs only")
    checks += _same(net, factory(schedule).run(whole, watch=everything), wanted, "generated where it is needed")
    if rest:
        checks += _same(
            net, factory(schedule).run(rest[0]), PythonEngine(schedule).run(rest[1]), "a part of a stimulus"
        )
    checks += _same_summary(net, again, stimulus, factory(schedule), PythonEngine(schedule), everything)
    if stimulus.n_cycles > 1:
        engine, reference = factory(schedule), PythonEngine(schedule)
        for part in (slice(0, 1), slice(1, None)):
            words = stimulus.words[part] if len(stimulus.words) > 1 else stimulus.words
            cycles = len(range(stimulus.n_cycles)[part])
            piece = Stimulus(words, stimulus.n_patterns, cycles)
            got, reference_got = (e.run(piece, watch=everything, record="last") for e in (engine, reference))
            checks += _same(net, got, reference_got, f"cycles {part.start}.. of a split run")
        ours, theirs = engine.state, reference.state
        assert ours is not None and theirs is not None
        checks += _same_state(net, ours, theirs)
        engine.reset()
        checks += _same(net, engine.run(stimulus, watch=everything), wanted, "after a reset")
        engine.state = theirs
        checks += _same_state(net, engine.state or theirs, theirs)
    return checks


def _same(net: Netlist, got: Result, wanted: Result, how: str) -> int:
    for name in got:
        if not np.array_equal(got.planes(name), wanted.planes(name)):
            cycle, lane = (int(k) for k in np.argwhere(got.planes(name) != wanted.planes(name))[0][[0, 2]])
            difference = int((got.planes(name) ^ wanted.planes(name))[cycle, :, lane].max())
            pattern = 64 * lane + (difference & -difference).bit_length() - 1
            raise EquivalenceError(
                f"engine {got.engine!r} disagrees with {wanted.engine!r} on {net.name!r} ({how}): "
                f"{name!r} in cycle {cycle}, pattern {pattern}"
            )
    return len(got)


def _same_summary(
    net: Netlist, generated: Stimulus, given: Stimulus, engine: Engine, reference: Engine, watch: list[int]
) -> int:
    """Both engines add up the same, with everything measured and the last two outputs compared."""
    names = [p.name for p in net.outputs]
    pair = (names[0], names[-1]) if len(names) > 2 else None
    got, wanted = (
        e.summarize(stimulus, measure=MEASURES, difference=pair, watch=watch)
        for e, stimulus in ((engine, generated), (reference, given))
    )
    for what in ("ones", "toggles", "signature", "largest", "smallest", "difference"):
        ours, theirs = getattr(got, what), getattr(wanted, what)
        same = np.array_equal(ours, theirs) if isinstance(theirs, np.ndarray) else ours == theirs
        if not same:
            raise EquivalenceError(
                f"engine {engine.name!r} adds up other {what} than {reference.name!r} on {net.name!r}"
            )
    return 6


def _same_state(net: Netlist, got, wanted) -> int:
    memories = all(np.array_equal(a, b) for a, b in zip(got.memories, wanted.memories, strict=True))
    if not np.array_equal(got.registers, wanted.registers) or not memories:
        raise EquivalenceError(f"the state of {net.name!r} differs from the reference engine's after a run")
    return 1


def _check_contract(factory: EngineFactory, generator: np.random.Generator) -> int:
    """Loops are refused, a wrong stimulus is refused, unused lanes read 0."""
    b = Builder("latch")
    q = b.wire("q")
    b.drive(q, b.nand(b.input("s"), b.nand(b.input("r"), q)))
    b.output("q", q)
    try:
        factory(compile_netlist(b.freeze()))
    except LoopError:
        pass
    else:
        raise EquivalenceError("a combinational loop must be refused with LoopError")
    net = random_netlist(generator, n_registers=3)
    engine = factory(compile_netlist(net))
    result = engine.run(Stimulus.random(net, 5, rng=generator))
    if (result.words >> np.uint64(5)).any():
        raise EquivalenceError("unused lanes must read 0")
    try:
        engine.run(Stimulus.random(net, 6, rng=generator))
    except ValueFitError:
        return 3
    raise EquivalenceError("a state of 5 instances must refuse a stimulus of 6 until reset()")


def random_netlist(
    rng: int | np.random.Generator,
    *,
    n_cells: int = 80,
    n_inputs: int = 6,
    n_outputs: int = 5,
    n_registers: int = 0,
    n_memories: int = 0,
) -> Netlist:
    """A random netlist that uses every gate of the table, constants, fan-out, registers and memories.

    Memories have one read and (except every third) one write port, depths that are no powers of two,
    and random contents; flip-flops have random enables, resets and initial values.
    """
    generator = np.random.default_rng(rng)
    b = Builder("random")
    pool: list[Bit] = [b.zero, b.one, *b.input_bus("x", n_inputs)]
    wires = [b.wire() for _ in range(n_registers)]
    for w in wires:
        enable, reset = (pool[int(generator.integers(len(pool)))] for _ in range(2))
        pool.append(b.flip_flop(w, enable=enable, reset=reset, init=int(generator.integers(2))))

    def pick(k: int) -> list[Bit]:
        # Recent nets are likelier, so that the netlist gets deep.
        low = max(0, len(pool) - 30) if generator.random() < 0.7 else 0
        return [pool[int(i)] for i in generator.integers(low, len(pool), size=k)]

    for i in range(n_memories):
        depth, width = int(generator.integers(3, 12)), int(generator.integers(1, 5))
        write = [] if i % 3 == 2 else [(Bus(pick(4)), Bus(pick(width)), pick(1)[0])]
        contents = generator.integers(0, 1 << width, size=depth)
        (data,) = b.memory(f"m{i}", depth=depth, width=width, read=[Bus(pick(4))], write=write, contents=contents)
        pool.extend(data)
    for _ in range(n_cells):
        g = LOGIC_GATES[int(generator.integers(len(LOGIC_GATES)))]
        pool.append(b.gate(g.name, *pick(g.arity)))
    for w in wires:
        b.drive(w, pick(1)[0])
    b.output("y", concat(*pick(n_outputs)))
    b.output("z", pool[-1])
    b.output("w", concat(*pick(n_outputs)))
    return b.freeze()
