"""One test for every circuit of the library: gates against the integer model beside them."""

from __future__ import annotations

from functools import cache, reduce

import numpy as np
import pytest

from circuits import catalog
from circuits.catalog import Circuit
from gatesim import GATES, Netlist, Stimulus, compile, engine, map_to, simulate
from gatesim.analysis import levels
from gatesim.errors import LoopError

EXHAUSTIVE_BITS = 22
RANDOM_PATTERNS = 1_000_000
CYCLES, RESTARTS = 256, 8

CIRCUITS = catalog()
CASES = [(c.name, w) for c in CIRCUITS.values() if c.model is not None for w in c.widths()]


def run(net: Netlist, stimulus: Stimulus):
    return engine("logic2")(compile(net)).run(stimulus)


# -- patterns --------------------------------------------------------------------------------


def corner_values(width: int) -> list[int]:
    """0, all ones, alternating, least and greatest signed, one, every single bit, every missing bit."""
    full = (1 << width) - 1
    alternating = sum(1 << i for i in range(0, width, 2))
    values = [0, full, alternating, full ^ alternating, 1 << (width - 1), full >> 1, 1]
    values += [1 << i for i in range(width)] + [full ^ (1 << i) for i in range(width)]
    return list(dict.fromkeys(values))


def random_column(width: int, count: int, rng: np.random.Generator) -> np.ndarray:
    if width <= 64:
        return rng.integers(0, (1 << width) - 1, count, dtype=np.uint64, endpoint=True)
    parts = [rng.integers(0, 1 << 64, count, dtype=np.uint64).astype(object) << s for s in range(0, width, 64)]
    return reduce(lambda a, b: a | b, parts) & ((1 << width) - 1)


def many_values(net: Netlist, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A million random patterns, then corners: the same kind on every port, and kinds mixed."""
    values = {}
    for port in net.inputs:
        corners = np.array(corner_values(port.width), dtype=np.uint64 if port.width <= 64 else object)
        same_kind = corners[np.arange(200) % len(corners)]
        mixed = corners[rng.integers(0, len(corners), 8192)]
        values[port.name] = np.concatenate([random_column(port.width, RANDOM_PATTERNS, rng), same_kind, mixed])
    return values


def patterns(net: Netlist, seed: int = 1) -> tuple[Stimulus, dict[str, np.ndarray]]:
    n_bits = sum(p.width for p in net.inputs)
    if n_bits <= EXHAUSTIVE_BITS:
        stimulus = Stimulus.exhaustive(net)
        return stimulus, {name: v[0] for name, v in stimulus.values(net).items()}
    values = many_values(net, np.random.default_rng(seed))
    count = len(next(iter(values.values())))
    return Stimulus.from_values(net, values, n_patterns=count), values


def for_model(net: Netlist, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """int64 when everything fits into 62 bits, else Python integers (the promise of the catalogue)."""
    widest = max(sum(p.width for p in net.inputs), sum(p.width for p in net.outputs))
    return {k: v.astype(np.int64 if widest <= 62 else object) for k, v in values.items()}


def assert_same(what: str, name: str, width: int, got: np.ndarray, want, values: dict[str, np.ndarray]) -> None:
    want = np.broadcast_to(np.asarray(want), got.shape)
    if want.dtype == np.bool_:
        want = want.astype(np.uint8)
    low, high = int(want.min()), int(want.max())
    assert low >= 0 and high < 1 << width, f"{what}: the model of {name} gives {low} to {high} for {width} bits"
    wrong = np.flatnonzero(got != want.astype(got.dtype))
    if len(wrong):
        p = wrong[0]
        at = ", ".join(f"{k}={int(v[p])}" for k, v in values.items())
        pytest.fail(f"{what}: {name} is {int(got[p])}, the model says {int(want[p])} at {at} ({len(wrong)} wrong)")


# -- the generic tests -----------------------------------------------------------------------


def check_combinational(c: Circuit, width: int) -> None:
    net, arguments = c.build(width), c.sizes(width)
    assert net.is_combinational
    stimulus, values = patterns(net)
    result = run(net, stimulus)
    expected = c.model(for_model(net, values), arguments)
    assert set(expected) == {p.name for p in net.outputs}
    for port in net.outputs:
        assert_same(f"{c.name} at {width}", port.name, port.width, result[port.name][0], expected[port.name], values)
    # The model must work on plain integers too, and say the same.
    some = {k: int(v[-1]) for k, v in values.items()}
    for port, value in c.model(some, arguments).items():
        assert int(value) == int(result[port][0, -1]), f"{c.name} at {width}: model on integers, {port} at {some}"


def check_clocked(c: Circuit, width: int) -> None:
    net, arguments = c.build(width), c.sizes(width)
    assert net.inputs and not net.is_combinational
    rng = np.random.default_rng(width)
    values = {}
    for port in net.inputs:
        column = random_column(port.width, CYCLES * RESTARTS, rng)
        if port.width == 1:  # a control: mostly one way in one restart, mostly the other way in the next
            often = np.tile([0.5, 0.9, 0.1, 0.02], RESTARTS)[:RESTARTS]
            column = (rng.random((CYCLES, RESTARTS)) < rng.permutation(often)).astype(np.uint64).reshape(-1)
        values[port.name] = column.reshape(CYCLES, RESTARTS)
    # Every lane is a start from power-up of its own.
    result = simulate(net, values)
    for lane in range(RESTARTS):
        sequences = {k: [int(x) for x in v[:, lane]] for k, v in values.items()}
        expected = c.model(sequences, arguments)
        assert set(expected) == {p.name for p in net.outputs}
        for port, want in expected.items():
            got = [int(x) for x in result[port][:, lane]]
            for cycle, (g, w) in enumerate(zip(got, want, strict=True)):
                assert g == w, f"{c.name} at {width}: {port} is {g}, the model says {w} in cycle {cycle}, start {lane}"


@pytest.mark.parametrize(("name", "width"), CASES, ids=[f"{n}-{w}" for n, w in CASES])
def test_gates_equal_the_model(name, width):
    c = CIRCUITS[name]
    (check_clocked if c.clocked else check_combinational)(c, width)


def test_every_circuit_is_tested_or_is_a_latch():
    tested = {name for name, _ in CASES}
    untested = [c.name for c in CIRCUITS.values() if c.name not in tested]
    assert all(CIRCUITS[name].module == "latches" for name in untested), untested
    assert len(CIRCUITS) > 30
    assert all(c.help.endswith((".", ")")) for c in CIRCUITS.values()), "one line of help each"


# -- NAND only, NOR only ---------------------------------------------------------------------

MAP_WIDTH = 8
MAPPED = [c.name for c in CIRCUITS.values() if c.widths()]


@cache
def small(name: str) -> Netlist:
    widths = CIRCUITS[name].widths()
    return CIRCUITS[name].build(MAP_WIDTH if MAP_WIDTH in widths else widths[-1])


@pytest.mark.parametrize("basis", ["nand", "nor"])
@pytest.mark.parametrize("name", MAPPED)
def test_mapped_to_one_gate_is_equal(name, basis):
    net = small(name)
    try:
        levels(net)
    except LoopError:
        pytest.skip("a latch is a loop: its own tests run it")
    mapped = map_to(net, basis)
    used = {g for g in mapped.counts() if GATES[[x.name for x in GATES].index(g)].kind == "logic"}
    assert used <= {basis.upper()}, f"{name} mapped to {basis} uses {used}"
    assert [(p.name, p.direction, p.width) for p in mapped.ports] == [(p.name, p.direction, p.width) for p in net.ports]
    if net.is_combinational:
        n_bits = sum(p.width for p in net.inputs)
        stimulus = Stimulus.exhaustive(net) if n_bits <= 18 else Stimulus.random(net, 200_000, rng=5)
    else:
        stimulus = Stimulus.random(net, 128, n_cycles=200, rng=5)
    before, after = run(net, stimulus), run(mapped, stimulus)
    for port in net.outputs:
        assert (before.planes(port.name) == after.planes(port.name)).all(), f"{name} as {basis}: {port.name} differs"
