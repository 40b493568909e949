"""Clocked circuits: one instance beside Verilator and Icarus on the same gate-level netlist, and 512 instances.

All contenders get the same inputs from memory, cycle after cycle, on one core, and are charged its
processor time; the outputs of every cycle are compared first, and only the last are kept when time is
taken. Registers that no output can ever see are swept from the netlists: Verilator drops them, and
gatesim keeps the state of every register that a netlist has.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from circuits.alu import alu
from circuits.selectors import decoder
from circuits.sequential import register_file
from circuits.shifters import shift_left, shift_right
from gatesim import Builder, Netlist, Stimulus, compile, engine, read, sweep
from gatesim.schedule import Schedule

from .harness import Record, core_seconds, in_turn, skip
from .peers import clocked_verilog
from .peers.clocked_verilog import ClockedPeer

DATA = Path(__file__).parents[2] / "shared" / "data" / "iscas89"
"""Outside circuits, beside the checkout; a clone does not carry them."""

CIRCUITS = ("s5378", "s9234", "s15850.1", "s35932")
QUICK_CIRCUITS = ("s5378",)
UNIT = "cycles/s"
N_CYCLES = 100_000
N_CHECKED = 5_000
ICARUS_WORK = 12_000_000
"""Gates x cycles that Icarus gets: about a second, many ticks of the clock that counts its time."""

HELD_CYCLES = 50
"""With low activity, inputs change once in so many cycles."""

N_INSTANCES = 512
TURN_ROUNDS = 7


def run(quick: bool) -> list[Record]:
    workloads = [w for name in (QUICK_CIRCUITS if quick else CIRCUITS) for w in _outside(name)]
    workloads += [*_processor()]
    records = []
    for net, inputs in workloads:
        with TemporaryDirectory(prefix="gatesim-sequential-") as folder:
            records += _measure(net, inputs, Path(folder), quick)
    return records


# -- netlists and their inputs ---------------------------------------------------------------


@dataclass(frozen=True)
class Inputs:
    """(cycles, input bits) uint8 of one instance, and whether little changes from cycle to cycle."""

    label: str
    bits: np.ndarray
    low: bool


def _outside(name: str):
    path = DATA / f"{name}.bench"
    if not path.exists():
        skip(name, f"{path.name} is absent: outside circuits are test data that a clone does not carry")
        return
    net = sweep(read(path))
    n_bits = sum(p.width for p in net.inputs)
    random = np.random.default_rng(1).integers(0, 2, (N_CYCLES, n_bits)).astype(np.uint8)
    held = np.repeat(random[::HELD_CYCLES], HELD_CYCLES, axis=0)[:N_CYCLES]
    yield net, [Inputs("random inputs", random, False), Inputs(f"inputs held {HELD_CYCLES} cycles", held, True)]


def processor() -> Netlist:
    """What an RV32I core is made of, in gates: 32 registers of 32 bits, an ALU, shifters, flags, a program counter.

    The instruction comes in as fields: registers, a constant and whether to take it, the operation, and
    whether to write, to shift, to jump. About 9,000 gates and 1,100 flip-flops.
    """
    b = Builder("processor")
    source, second, target = (b.input_bus(name, 5) for name in ("rs1", "rs2", "rd"))
    constant, op = b.input_bus("constant", 32), b.input_bus("op", 4)
    use_constant, write, shift, left, jump = (b.input(n) for n in ("use_constant", "write", "shift", "left", "jump"))
    result, next_pc, next_carry = b.wires(32), b.wires(32), b.wire()
    file = register_file([source, second], target, result, write, 32, zero=True)
    x, y = file.out
    operand = b.mux(use_constant, y, constant)
    pc, carry = b.register(next_pc), b.flip_flop(next_carry)
    done = alu(x, operand, op, carry)
    amount = operand[:5]
    shifted = b.mux(left, shift_right(x, amount), shift_left(x, amount))
    b.drive(result, b.mux(shift, done.out, shifted))
    b.drive(next_carry, done.carry)
    four = alu(pc, b.constant(4, 32), b.constant(0, 4), b.zero)
    b.drive(next_pc, b.mux(jump & done.zero, four.out, done.out))
    b.output("pc", pc)
    b.output("result", result)
    b.output("flags", [done.carry, done.zero, done.negative, done.overflow])
    b.output("lines", decoder(op, b.one))
    return b.freeze()


def _processor():
    net = sweep(processor())
    n_bits = sum(p.width for p in net.inputs)
    random = np.random.default_rng(2).integers(0, 2, (N_CYCLES, n_bits)).astype(np.uint8)
    slow = np.repeat(random[::8], 8, axis=0)[:N_CYCLES]
    yield net, [Inputs("an instruction a cycle", random, False), Inputs("an instruction in 8 cycles", slow, True)]


# -- measuring -------------------------------------------------------------------------------


def _measure(net: Netlist, inputs: list[Inputs], folder: Path, quick: bool) -> list[Record]:
    size = f"{net.name}, {net.n_gates:,} gates, {len(net.registers):,} flip-flops"
    schedule = compile(net)
    peer, slow = clocked_verilog.verilator(net, folder / "verilator"), clocked_verilog.icarus(net, folder / "icarus")
    with _own_cache(folder):
        ours = engine("logic2")(schedule, tier="compiled", threads=1)
        making = core_seconds(lambda: ours.run(_stimulus(inputs[0].bits[:1])))
        assert ours.clocked is not None and not ours.clocked.compiled(1).code.from_cache
        making = ours.clocked.compiled(1).code.seconds
    records = []
    one = 0.0
    for given in inputs:
        found, rate = _one_instance(schedule, ours, given, [p for p in (peer, slow) if p], size)
        records += found
        one = one or rate
    if peer is not None:
        note = "processor time of Verilator and the C++ compiler; ours from rows to machine code, nothing cached"
        records.append(
            Record(
                "compiling",
                size,
                making,
                "s",
                peer=peer.name,
                peer_value=peer.prepare_seconds,
                ratio_goal=10,
                note=note,
            )
        )
    return [*records, _many_instances(schedule, one, size, quick)]


def _one_instance(schedule: Schedule, ours, given: Inputs, peers: list[ClockedPeer], size: str):
    """Records of one instance on given inputs, and our cycles a second."""
    few = _stimulus(given.bits[:N_CHECKED])
    n_icarus = max(1_000, min(N_CHECKED, ICARUS_WORK // schedule.netlist.n_gates))
    interpreting = engine("logic2")(schedule, tier="interpreting", threads=1)
    ours.reset()
    wanted = ours.run(few).words[:, :, 0]
    assert np.array_equal(interpreting.run(few).words[:, :, 0], wanted), "the tiers disagree"
    for peer in peers:
        n = n_icarus if peer.name == "Icarus" else N_CHECKED
        peer.run(given.bits[:n], all=True)
        assert np.array_equal(peer.outputs(), wanted[:n]), f"{peer.name} computes something else"
    whole = _stimulus(given.bits)
    activity = []

    def pass_of(fast) -> float:
        fast.reset()
        return core_seconds(lambda: activity.append(fast.run(whole, record="last").metadata["activity"]))

    contenders = {"compiled": lambda: pass_of(ours), "interpreting": lambda: pass_of(interpreting)}
    fast_peers = [p for p in peers if p.name != "Icarus"]
    contenders |= {p.name: lambda p=p: p.run(given.bits, all=False) for p in fast_peers}
    times = in_turn(contenders, TURN_ROUNDS)
    ratios = {
        p.name: float(np.median(np.array(times[p.name].seconds) / np.array(times["compiled"].seconds)))
        for p in fast_peers
    }
    rates = times["compiled"].rates(N_CYCLES)
    label = f"{size}, {given.label}"
    note = f"{activity[-1]:.0%} of the blocks ran"
    records = [
        Record("one instance", label, **rates, unit=UNIT, peer=name, peer_value=rates["value"] / ratio,
               ratio_goal=2.0 if given.low else 1.0, note=note)
        for name, ratio in ratios.items()
    ]  # fmt: skip
    for p in peers:
        if p.name == "Icarus":
            peer_rate = n_icarus / p.run(given.bits[:n_icarus], all=True)
            records.append(
                Record("one instance", label, **rates, unit=UNIT, peer=p.name, peer_value=peer_rate, ratio_goal=200)
            )
    slow = times["interpreting"].rates(N_CYCLES)
    records.append(
        Record("one instance, interpreting", label, **slow, unit=UNIT, peer="compiled", peer_value=rates["value"])
    )
    return records, rates["value"]


def _many_instances(schedule: Schedule, one: float, size: str, quick: bool) -> Record:
    """512 instances, every one with inputs of its own, beside one instance."""
    n_cycles = 200 if quick else 2_000
    net = schedule.netlist
    stimulus = Stimulus(Stimulus.random(net, N_INSTANCES, n_cycles=n_cycles, rng=3).words, N_INSTANCES, n_cycles)
    many = engine("logic2")(schedule, tier="compiled", threads=1)
    words = many.run(stimulus).words
    alone = engine("logic2")(schedule, tier="compiled", threads=1)
    for lane in (0, 77, N_INSTANCES - 1):
        bits = (stimulus.words[:, :, lane >> 6] >> np.uint64(lane & 63)) & np.uint64(1)
        alone.reset()
        wanted = alone.run(_stimulus(bits)).words[:, :, 0]
        assert np.array_equal((words[:, :, lane >> 6] >> np.uint64(lane & 63)) & np.uint64(1), wanted), lane

    def once() -> float:
        many.reset()
        return core_seconds(lambda: many.run(stimulus, record="last"))

    rates = in_turn({"many": once}, TURN_ROUNDS)["many"].rates(n_cycles * N_INSTANCES)
    return Record(
        f"{N_INSTANCES} instances", f"{size}, random inputs", **rates, unit="instance-cycles/s", peer="one instance",
        peer_value=one, ratio_goal=100,
    )  # fmt: skip


def _stimulus(bits: np.ndarray) -> Stimulus:
    return Stimulus(np.ascontiguousarray(bits[:, :, None]).astype(np.uint64), 1, len(bits))


@contextmanager
def _own_cache(folder: Path):
    """No machine code from earlier runs."""
    before = os.environ.get("GATESIM_CACHE_DIR")
    os.environ["GATESIM_CACHE_DIR"] = str(folder / "code")
    try:
        yield
    finally:
        if before is None:
            del os.environ["GATESIM_CACHE_DIR"]
        else:
            os.environ["GATESIM_CACHE_DIR"] = before
