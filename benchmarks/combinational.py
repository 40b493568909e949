"""logic2 on many patterns, both tiers, beside every other simulator at hand.

A rate is AND-ge/s: AND nodes of the circuit's and-inverter graph x patterns / seconds, so that tools are
measured alike, however they cover the graph. All contenders of a circuit take turns on one core and are
charged its processor time; outputs are moved out by all that have outputs (ABC's simulators keep none),
and equal answers are asserted. Two threads are held against one by the clock on the wall.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Literal

import numpy as np

from gatesim import Stimulus, compile, engine
from gatesim.engines.base import Engine
from gatesim.engines.logic2 import block_words
from gatesim.schedule import Schedule

from .circuits import Circuit, generated, outside, stored_random
from .harness import Record, Times, core_seconds, in_turn, skip
from .peers import Peer, berkeley_abc, check, kyupy_sim, pyrtl_sim, straight_c, verilog

CIRCUITS = ("c6288", "c7552", "multiplier", "sin", "max", "cavlc", "arbiter")
QUICK_CIRCUITS = ("c6288", "cavlc")
N_PATTERNS = 1 << 20
TIERS: tuple[Literal["interpreting", "compiled"], ...] = ("interpreting", "compiled")
UNIT = "G AND-ge/s"
LONG_SECONDS = 0.5
"""About how long a run takes whose patterns are made inside the engine."""
TURN_SECONDS = 0.2
"""A contender passes over the patterns again and again for so long whenever it is its turn."""

MAX_VERILATOR_ANDS = 30_000
"""Past that the C++ compiler needs many minutes."""

RATIO_GOALS = {"interpreting": {"ABC": 4.0, "KyuPy": 30.0}, "compiled": {"ABC": 10.0, "Verilator": 5.0}}
COMPILE_GOALS = {27_000: 2.0, 200_000: 15.0}


def run(quick: bool) -> list[Record]:
    records = []
    for name in QUICK_CIRCUITS if quick else CIRCUITS:
        circuit = outside(name)
        if circuit is not None:
            records += _measure(circuit, quick)
    if not records:
        records += _measure(generated(16), quick)
    return [*records, *_compiling(quick)]


# -- one circuit -----------------------------------------------------------------------------


def _measure(circuit: Circuit, quick: bool) -> list[Record]:
    net = circuit.netlist
    stimulus = stored_random(net, N_PATTERNS)
    schedule = compile(net)
    ours = {tier: engine("logic2")(schedule, threads=1, tier=tier) for tier in TIERS}
    small = generated(4).netlist
    engine("logic2")(compile(small), threads=1, tier="interpreting").run(stored_random(small, 4096))  # loads kernels
    started = perf_counter()
    wanted = engine("logic2")(compile(net), threads=1, tier="interpreting").run(stimulus).words[0]
    first_pass = perf_counter() - started
    for fast in ours.values():
        assert np.array_equal(fast.run(stimulus).words[0], wanted), "the tiers disagree"
    peers = _peers(circuit, stimulus.words[0], quick)
    for peer in peers:
        peer.run()
        check(peer, wanted)
    contenders = {
        tier: _again(lambda fast=fast: core_seconds(lambda: fast.run(stimulus))) for tier, fast in ours.items()
    }
    contenders |= {peer.name: _again(peer.run) for peer in peers}
    times = in_turn(contenders, 2 if quick else 5)
    label = f"{circuit.name}, {circuit.n_ands:,} ANDs, 2^20 patterns"
    planes = sum(p.width for p in net.ports)
    note = f"{len(schedule.rows)} rows, {planes} planes in and out"
    records = []
    for tier in TIERS:
        for peer in peers or [None]:
            records.append(_record(tier, label, circuit, peer, times, note))
    work = circuit.n_ands * N_PATTERNS / 1e9
    records += _long_runs(circuit, schedule, {tier: work / times[tier].median for tier in TIERS}, quick)
    for peer in peers:
        records.append(
            Record(
                "before the first pass is done",
                label,
                first_pass,
                "s",
                peer=peer.name,
                peer_value=peer.prepare_seconds + times[peer.name].median,
                note=f"the peer's pass is over {peer.n_patterns:,} patterns",
            )
        )
    return records


def _record(tier: str, label: str, circuit: Circuit, peer: Peer | None, times: dict[str, Times], note: str) -> Record:
    name = f"{tier} tier"
    goal, ratios = _goal(tier, circuit), RATIO_GOALS[tier]
    record = {"goal": goal, "unit": UNIT, "note": note, **times[tier].rates(circuit.n_ands * N_PATTERNS / 1e9)}
    if peer is None:
        return Record(name, label, **record)
    rate = circuit.n_ands * peer.n_patterns / times[peer.name].median / 1e9
    wanted = ratios.get(peer.name.split()[0])
    return Record(name, label, **record, peer=peer.name, peer_value=rate, ratio_goal=wanted)


def _goal(tier: str, circuit: Circuit) -> float:
    if tier == "interpreting":
        return 300.0 if circuit.arithmetic else 150.0
    return 1500.0 if circuit.name in ("c6288", "multiplier") else 600.0


def _long_runs(circuit: Circuit, schedule: Schedule, rate: dict[str, float], quick: bool) -> list[Record]:
    """One thread and two on patterns made, and signatures taken, inside the blocks: no plane is in memory.

    `rate` is what each tier reached with stored planes, in G AND-ge/s.
    """
    records = []
    for tier in TIERS:
        n_patterns = 1 << max(20, (int(rate[tier] * 1e9 * LONG_SECONDS) // circuit.n_ands).bit_length())
        stimulus = Stimulus.random(circuit.netlist, n_patterns, rng=1)
        one, two = (_signature(engine("logic2")(schedule, threads=n, tier=tier), stimulus) for n in (1, 2))
        assert np.array_equal(one(), two()), "the thread count changed the answers"
        same = Stimulus.random(circuit.netlist, N_PATTERNS, rng=1), stored_random(circuit.netlist, N_PATTERNS)
        signatures = [_signature(engine("logic2")(schedule, threads=1, tier=tier), s)() for s in same]
        assert np.array_equal(*signatures), "patterns made in the block are others than those stored"
        wall = in_turn({"1": one, "2": two}, 3 if quick else 7)
        label = f"{circuit.name}, {circuit.n_ands:,} ANDs, 2^{n_patterns.bit_length() - 1} patterns"
        work = circuit.n_ands * n_patterns / 1e9
        alone = in_turn({"1": lambda one=one: core_seconds(one)}, 3)["1"]
        records.append(
            Record(f"{tier} tier, all in the block", label, unit=UNIT, goal=_goal(tier, circuit), **alone.rates(work))
        )
        figures = {"peer": "1 thread", "peer_value": work / wall["1"].median, "ratio_goal": 1.8}
        records.append(Record(f"{tier} tier, 2 threads", label, unit=UNIT, **wall["2"].rates(work), **figures))
    return records


def _signature(fast: Engine, stimulus: Stimulus) -> Callable[[], np.ndarray | None]:
    return lambda: fast.summarize(stimulus, measure=["signature"]).signature


def _peers(circuit: Circuit, words: np.ndarray, quick: bool) -> list[Peer]:
    net = circuit.netlist
    made = [straight_c.prepare(net, words), *berkeley_abc.prepare(net, words, N_PATTERNS, source=circuit.path)]
    made += [pyrtl_sim.prepare(net, words), verilog.icarus(net, words)]
    if quick:
        skip("KyuPy and Verilator", "both compile for long before their first answer (left out by --quick)")
    else:
        made.append(kyupy_sim.prepare(circuit.plain_gates, words))
        if circuit.n_ands <= MAX_VERILATOR_ANDS:
            made.append(verilog.verilator(net, words))
    return [peer for peer in made if peer is not None]


def _again(run: Callable[[], float]) -> Callable[[], float]:
    """Mean seconds of a pass, over passes that fill a turn."""

    def turn() -> float:
        began, spent, passes = perf_counter(), 0.0, 0
        while not passes or perf_counter() - began < TURN_SECONDS:
            spent += run()
            passes += 1
        return spent / passes

    return turn


# -- compiling to machine code ---------------------------------------------------------------


def _compiling(quick: bool) -> list[Record]:
    """Seconds from schedule to machine code, nothing in the disk cache."""
    records = []
    nets = [generated(59)]  # 27,000 ANDs
    if not quick:
        multiplier = outside("multiplier")
        nets = [*([multiplier] if multiplier else []), *nets, generated(160)]  # 200,000
    for circuit in nets:
        goal = COMPILE_GOALS[min(COMPILE_GOALS, key=lambda n: abs(n - circuit.n_ands))]
        schedule = compile(circuit.netlist)
        width = block_words(schedule, N_PATTERNS // 64)
        with _empty_code_cache():
            began = process_time()
            code = engine("logic2")(schedule, tier="compiled").compiled(width)
            spent = process_time() - began
        label = f"{circuit.name}, {circuit.n_ands:,} ANDs"
        note = f"{len(schedule.rows):,} rows, slots of {width} words"
        name = "compiling to machine code"
        records.append(Record(name, label, code.seconds, "s", goal=goal, note=note))
        records.append(Record(f"{name}, processor time", label, spent, "s", goal=goal, note=note))
    return records


@contextmanager
def _empty_code_cache():
    before = os.environ.get("GATESIM_CACHE_DIR")
    with TemporaryDirectory() as folder:
        os.environ["GATESIM_CACHE_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["GATESIM_CACHE_DIR"]
            else:
                os.environ["GATESIM_CACHE_DIR"] = before
