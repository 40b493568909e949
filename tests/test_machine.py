"""Machines run until they halt: state by name, many instances, a console, cycles counted."""

from __future__ import annotations

import numpy as np
import pytest

from circuits.adders import brent_kung
from circuits.computers.machine import Console, Machine
from circuits.folding import or_gate, tree
from gatesim import Builder
from gatesim.errors import UnknownNameError, ValueFitError

DEPTH = 4


def printer() -> Machine:
    """Prints the text in its memory, then halts: a character each second cycle, and waits while its console is full."""
    b = Builder("printer")
    pc_next, count_next, phase_next = b.wires(8), b.wires(3), b.wire()
    pc, count, phase = b.register(pc_next).named("pc"), b.register(count_next).named("count"), b.flip_flop(phase_next)
    loud = b.input("loud")
    never = (pc, b.constant(0, 8), b.zero)
    (letter,) = b.memory("text", depth=256, width=8, read=[pc], write=[never])
    letter.named("letter")
    halted = ~tree(or_gate, list(letter))
    waiting = phase & ~halted & count[2]
    put = phase & ~halted & ~count[2]
    cased = [*letter[:5], letter[5] & ~loud, *letter[6:]]
    (shown,) = b.memory("console", depth=DEPTH, width=8, read=[count[:2]], write=[(count[:2], cased, put)])
    b.drive(phase_next, ~phase & ~halted | waiting)
    b.drive(pc_next, brent_kung(pc, b.constant(0, 8), put).sum)
    b.drive(count_next, brent_kung(count, b.constant(0, 3), put).sum)
    b.output("halted", halted)
    b.output("put", put)
    b.output("shown", shown)
    b.output("waiting", waiting)
    return Machine(b.freeze(), "halted", "put", Console("console", "count", "waiting"))


@pytest.mark.parametrize("tier", ["interpreting", "compiled"])
@pytest.mark.parametrize("basis", [None, "nand"])
def test_it_prints_and_halts(tier, basis):
    machine = printer() if basis is None else printer().mapped(basis)
    session = machine.start({"text": list(b"gates")}, tier=tier)
    assert session.run(3).halted.tolist() == [False]
    done = session.run(1000)
    # The console takes four characters; it is emptied between calls of the engine, after 3 cycles the first time.
    assert done.console == (b"gates",)
    assert (done.cycles.tolist(), done.instructions.tolist(), done.halted.tolist()) == ([10], [5], [True])
    assert session.register("pc").tolist() == [5]
    assert session.memory("text")[0, :6].tolist() == [*b"gates", 0]
    assert done.tier == tier


@pytest.mark.parametrize("pieces", [1, 7, 10_000])
def test_waiting_for_a_full_console_costs_no_cycles_whenever_it_is_read(pieces):
    session = printer().start({"text": list(b"hello world")})
    done = session.outcome()
    while not done.halted.all():
        done = session.run(pieces)
    assert done.console == (b"hello world",)
    assert (done.cycles.tolist(), done.instructions.tolist()) == ([22], [11])


@pytest.mark.parametrize("instances", [3, 70, 600])
def test_every_instance_runs_its_own_program(instances):
    rng = np.random.default_rng(instances)
    lengths = rng.integers(0, 40, instances)
    text = np.zeros((instances, 64), np.int64)
    for lane, n in enumerate(lengths):
        text[lane, :n] = rng.integers(97, 123, n)
    loud = np.arange(instances) % 2
    session = printer().start({"text": text}, instances=instances, inputs={"loud": loud})
    done = session.run(100_000)
    assert done.halted.all()
    for lane, n in enumerate(lengths):
        wanted = bytes(text[lane, :n].astype(np.uint8))
        assert done.console[lane] == (wanted.upper() if loud[lane] else wanted), lane
    assert np.array_equal(session.register("pc"), lengths)
    assert np.array_equal(done.instructions, lengths)


def test_a_trace_shows_named_signals_cycle_by_cycle():
    session = printer().start({"text": list(b"abc")})
    trace = session.trace(5, ["pc", "letter", "put"])
    assert trace["pc"].ravel().tolist() == [0, 0, 1, 1, 2]
    assert bytes(trace["letter"].ravel().astype(np.uint8).tolist()) == b"aabbc"
    assert trace["put"].ravel().tolist() == [0, 1, 0, 1, 0]
    assert session.run(100).console == (b"abc",)
    with pytest.raises(UnknownNameError, match="unknown traced signal 'pd'; known: pc, letter, put"):
        trace["pd"]


def test_sessions_that_take_turns_do_not_disturb_each_other():
    machine = printer()
    first, second = (machine.start({"text": list(text)}) for text in (b"first one", b"the second"))
    for _ in range(30):
        first.run(1)
        second.run(1)
        assert second.output("put").tolist() == [(int(second.cycles[0]) % 2) & (not second.output("halted")[0])]
    assert (first.run(10).console, second.run(10).console) == ((b"first one",), (b"the second",))


def test_registers_and_inputs_can_be_set():
    session = printer().start({"text": list(b"abcdef")}, {"pc": 3}, inputs={"loud": 1})
    assert session.run(3).console == (b"D",)
    session.set_inputs(loud=0)
    session.set_register("pc", 5)
    assert session.run(100).console == (b"Df",)


def test_bad_input_is_refused():
    machine = printer()
    with pytest.raises(UnknownNameError, match="unknown memory of 'printer' 'txt'; did you mean 'text'"):
        machine.start({"txt": [1]})
    with pytest.raises(ValueFitError, match="memory 'text' has 256 words: 0 to 299 are not all there"):
        machine.start({"text": [1] * 300})
    with pytest.raises(ValueFitError, match=r"value 256 .* does not fit into memory 'text' of 8 bits"):
        machine.start({"text": [256]})
    with pytest.raises(ValueFitError, match=r"memory 'text' takes \(words,\) or \(2, words\), not .* \(3, 1\)"):
        machine.start({"text": [[1], [2], [3]]}, instances=2)
    with pytest.raises(UnknownNameError, match="unknown register of 'printer' 'sp'"):
        machine.start(registers={"sp": 1})
    with pytest.raises(UnknownNameError, match="unknown input of 'printer' 'key'"):
        machine.start(inputs={"key": 1})
    with pytest.raises(ValueFitError, match="at least 1 instance"):
        machine.start(instances=0)
    with pytest.raises(ValueFitError, match="cannot run -1 cycles"):
        machine.start().run(-1)
    with pytest.raises(UnknownNameError, match="unknown signal of 'printer' 'lettre'"):
        machine.start().trace(1, ["lettre"])
