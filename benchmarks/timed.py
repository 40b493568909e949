"""The timed engines beside Icarus Verilog and KyuPy's WaveSim: same vectors, same delays, one core each.

Rates are vectors a second in processor time; all contenders of a line take turns. Every transition of every
net is asserted equal between both of our engines and Icarus. KyuPy has rules of its own for short pulses and
sees fewer changes, so it is compared by vector and by change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatesim import Builder, Netlist, Stimulus, read
from gatesim.engines.timed import TimedEngine
from gatesim.engines.waves import WaveEngine

from .circuits import DATA, outside
from .harness import Record, core_seconds, in_turn, skip
from .peers import delayed

UNIT = "vectors/s"
ROUNDS = 5


@dataclass(frozen=True)
class _Case:
    """A netlist with delays, and how many vectors each contender gets in a turn."""

    label: str
    net: Netlist
    rise: np.ndarray
    fall: np.ndarray
    small_delays: bool
    waves: int
    events: int
    icarus: tuple[int, int]
    kyupy: int
    capacity: int
    checked: int


def run(quick: bool) -> list[Record]:
    records = _ring()
    for case in _cases(quick):
        records += _measure(case)
    return records


def _cases(quick: bool) -> list[_Case]:
    cases = []
    path = DATA / "iscas85" / "c6288.bench"
    if path.exists():
        net = read(path)
        n, rng = net.n_nets, np.random.default_rng(0)
        for label, rise, fall, small in (
            ("unit delay", np.full(n, 1), np.full(n, 1), True),
            ("rise 2, fall 3", np.full(n, 2), np.full(n, 3), True),
            ("10 to 30 ps", rng.integers(10, 31, n), rng.integers(10, 31, n), False),
        ):
            size = (1 << 15 if small else 1 << 13), (200 if quick else 1000)
            cases.append(_Case(f"c6288, {label}", net, rise, fall, small, *size, (10, 110), 64, 256, 5))
    else:
        skip("c6288", "iscas85/c6288.bench is absent: outside circuits are test data that a clone does not carry")
    circuit = None if quick else outside("multiplier")
    if circuit is not None:
        net, rng = circuit.netlist, np.random.default_rng(0)
        delays = (rng.integers(10, 31, net.n_nets) for _ in range(2))
        cases.append(_Case("EPFL multiplier, 10 to 30 ps", net, *delays, False, 2048, 40, (1, 9), 8, 512, 1))
    return cases


def _ring() -> list[Record]:
    b = Builder("ring of 101 inverters")
    q = b.wire("q")
    x = b.nand(b.input("run"), q)
    for _ in range(100):
        x = ~x
    b.drive(q, x)
    b.output("out", q)
    engine = TimedEngine(b.freeze(), (11, 13))
    events, seconds = [], []
    for _ in range(ROUNDS + 1):
        found: list = []
        seconds.append(core_seconds(lambda: found.append(engine.run({"run": [1]}, period_ps=60_000_000))))  # noqa: B023
        events.append(found[0].metadata["events"])
    assert len(set(events)) == 1
    ours = sorted(events[0] / s / 1e6 for s in seconds[1:])
    return [
        Record(
            "event engine",
            "ring of 101 inverters",
            ours[len(ours) // 2],
            "M events/s",
            goal=20.0,
            low=ours[0],
            high=ours[-1],
        )
    ]


def _measure(case: _Case) -> list[Record]:
    net, delays = case.net, (case.rise, case.fall)
    most = Stimulus.random(net, max(case.waves, case.events, case.icarus[1]), rng=1)
    some, few = (
        Stimulus(np.ascontiguousarray(most.words[:, :, : -(-n // 64)]), n) for n in (case.events, case.checked)
    )
    some, few = (Stimulus(_first(s.words, s.n_patterns), s.n_patterns) for s in (some, few))
    event, wave = TimedEngine(net, delays), WaveEngine(net, delays, threads=1)
    icarus = delayed.icarus(net, *delays, most.words[0], case.icarus[1])
    _assert_equal(event, wave, icarus, few, some)
    bits = np.unpackbits(most.words[0].view(np.uint8), axis=1, bitorder="little")
    before = np.concatenate((np.zeros_like(bits[:, :1]), bits[:, :-1]), axis=1)
    kyupy = delayed.kyupy(net, *delays, before, bits, case.kyupy, case.capacity)

    contenders = {
        "event": lambda: core_seconds(lambda: event.run(some)),
        "wave": lambda: core_seconds(lambda: wave.run(most)),
    }
    vectors = {"event": some.n_patterns, "wave": most.n_patterns}
    if icarus is not None:
        contenders["Icarus"], vectors["Icarus"] = icarus.contender(*case.icarus), case.icarus[1] - case.icarus[0]
    if kyupy is not None:
        contenders["KyuPy"], vectors["KyuPy"] = kyupy.contender, case.kyupy
    times = in_turn(contenders, ROUNDS)
    rates = {name: times[name].rates(vectors[name]) for name in times}
    result = wave.run(most)
    cells = result.activity.cells
    ours = result.activity.toggles[cells].sum() / most.n_patterns
    changes = f"{ours:,.0f} changes a vector"
    records = []

    def against(name: str, engine: str, goal: float | None, note: str, scale: float = 1.0) -> None:
        if name in rates:
            # The median of the ratios of one turn, as the contenders met the same load.
            pairs = zip(times[name].seconds, times[engine].seconds, strict=True)
            ratio = float(np.median([p / vectors[name] / (s / vectors[engine]) for p, s in pairs])) * scale
            records.append(
                Record(
                    f"{engine} engine",
                    case.label,
                    **rates[engine],
                    unit=UNIT,
                    peer=name,
                    peer_value=rates[engine]["value"] / ratio,
                    ratio_goal=goal,
                    note=note,
                )
            )

    against("Icarus", "event", 10.0, changes)
    against("Icarus", "wave", 80.0, changes)
    if kyupy is not None:
        theirs = kyupy.changes / case.kyupy
        note = f"KyuPy saw {theirs:,.0f} changes a vector, we {ours:,.0f}; it overflowed at {kyupy.overflows} outputs"
        goal = 200.0 if case.small_delays else 20.0
        against("KyuPy", "wave", goal, note)
        against("KyuPy", "wave", None, f"by change: {note}", ours / theirs)
    return records


def _first(words: np.ndarray, n: int) -> np.ndarray:
    kept = words.copy()
    if n & 63:
        kept[:, :, -1] &= np.uint64((1 << (n & 63)) - 1)
    return kept


def _assert_equal(event, wave, icarus, few: Stimulus, some: Stimulus) -> None:
    """Every transition of `few` in all three; the counts of `some` in both of ours."""
    ours = event.run(few, watch=None).events()
    for other in (wave.run(few, watch=None).events(), *([icarus.events(few.n_patterns)] if icarus else [])):
        assert all(np.array_equal(x, y) for x, y in zip(ours, other, strict=True)), "transitions differ"
    one, two = event.run(some).activity, wave.run(some).activity
    assert np.array_equal(one.toggles, two.toggles) and np.array_equal(one.last_ps, two.last_ps)
