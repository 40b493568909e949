"""The model behind the window: time travel, runs, breakpoints, probes, sessions; held against the reference engine."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from gatesim import Builder, Stimulus, build, compile, engine
from gatesim.errors import ParseError, TooLargeError, UnknownNameError, UnsupportedError, ValueFitError
from gatesim.timing import load_technology, static_timing
from gatesim.viewer.breakpoints import Breakpoint
from gatesim.viewer.circuit import Circuit
from gatesim.viewer.inspection import Inspector
from gatesim.viewer.naming import Names
from gatesim.viewer.numbers import Radix, parse, shown
from gatesim.viewer.probes import Probe, Waveforms, next_change, previous_change
from gatesim.viewer.runner import Runner
from gatesim.viewer.session import Session, SessionError, dump, load, restore, save
from gatesim.viewer.session import parse as parse_session
from gatesim.viewer.slow import SlowMotion
from gatesim.viewer.timeline import Timeline
from gatesim.viewer.truth import truth_of


def counter(b: Builder, width: int = 12) -> dict:
    following = b.wires(width)
    count = b.register(following)
    carry, total = b.input("run"), []
    for bit in count:
        total.append(bit ^ carry)
        carry = carry & bit
    b.drive(following, total)
    count.named("count")
    return {"out": count}


def machine():
    """Registers, a RAM written every cycle, a ROM, logic on both."""
    b = Builder("machine")
    run, data = b.input("run"), b.input_bus("data", 4)
    following = b.wires(3)
    at = b.register(following).named("at")
    one, carry = [], run
    for bit in at:
        one.append(bit ^ carry)
        carry = carry & bit
    b.drive(following, one)
    stored = b.wires(4)
    (word,) = b.memory("ram", depth=8, width=4, read=[at], write=[(at, stored, run)])
    b.drive(stored, word ^ data)
    (fixed,) = b.memory("rom", depth=8, width=4, read=[at], contents=[3, 1, 4, 1, 5, 9, 2, 6])
    b.output("y", word ^ fixed)
    b.output("where", at)
    return b.freeze()


def latch():
    b = Builder("latch")
    s, r = b.input("s"), b.input("r")
    q, p = b.wire("q"), b.wire("p")
    b.drive(q, b.gate("NOR", r, p))
    b.drive(p, b.gate("NOR", s, q))
    b.output("q", q)
    b.output("p", p)
    return b.freeze()


def reference(net, changes, cycles):
    """(cycles, n_nets) of the reference engine, for inputs that change at some cycles."""
    found, run = [], engine("python")(compile(net))
    for k, (cycle, values) in enumerate(changes):
        until = changes[k + 1][0] if k + 1 < len(changes) else cycles
        if until > cycle:
            stimulus = Stimulus.from_values(net, values, n_cycles=until - cycle)
            result = run.run(stimulus, watch=np.arange(net.n_nets, dtype=np.int32))
            skip = sum(p.width for p in net.outputs)
            found.append(result.words[:, skip:, 0] & np.uint64(1))
    return np.concatenate(found).astype(np.uint8)


def test_every_net_in_every_cycle_equals_the_reference():
    net = machine()
    changes = [
        (0, {"run": 0, "data": 0}),
        (3, {"run": 1, "data": 5}),
        (17, {"run": 1, "data": 12}),
        (30, {"run": 0, "data": 1}),
    ]
    truth = reference(net, changes, 40)
    line = Timeline(Circuit(net))
    for cycle in range(40):
        for at, values in changes[1:]:
            if at == cycle:
                line.set_inputs(values)
        np.testing.assert_array_equal(line.values, truth[cycle], err_msg=f"cycle {cycle}")
        line.step()
    for cycle in (0, 39, 2, 17, 16, 31, 5):  # and at any of them again
        line.go_to(cycle)
        np.testing.assert_array_equal(line.values, truth[cycle])
    np.testing.assert_array_equal(line.seen(range(net.n_nets), 0, 40), truth)


def test_a_million_cycles_back_is_a_short_replay():
    line = Timeline(Circuit(build(counter)))
    line.set_inputs({"run": 1})
    line.step(1_000_000)
    assert line.number("out") == 1_000_000 % 4096
    for cycle in (0, 999_999, 123_457, 700_001):
        line.go_to(cycle)
        assert (line.now, line.number("out"), line.horizon) == (cycle, cycle % 4096, 1_000_000)
    # Snapshots are taken by time, so that how far apart they lie depends on the machine.
    assert max(line._snapshots.distance(c) for c in range(0, 1_000_000, 1000)) < 900_000


def test_snapshots_share_what_did_not_change():
    b = Builder("store")
    at, data = b.input_bus("at", 14), b.input_bus("data", 16)
    (word,) = b.memory("ram", depth=1 << 14, width=16, read=[at], write=[(at, data, b.input("we"))])
    b.output("y", b.register(word))
    line = Timeline(Circuit(b.freeze()))
    line.set_inputs({"at": 9, "data": 77, "we": 1})
    for cycle in range(50):
        line.step()
        line._snapshots.add(line.now, line.state)
        line.set_inputs({"at": 1000 * (cycle % 10), "data": cycle, "we": 1})
    assert line._snapshots.n_bytes < 60 * 10_000, "a page of 4 kB a step, not 128 kB"
    line.go_to(1)
    assert int(line.state.memories[0][0, 9]) == 77
    line.go_to(0)
    assert not line.state.memories[0].any()


def test_undo_and_redo_bring_back_what_was():
    line = Timeline(Circuit(build(counter)))
    line.step(10)
    line.toggle("run")
    line.step(20)
    line.set_inputs({"run": 0})
    line.step(5)
    assert line.number("out") == 20
    assert line.undo() and (line.now, line.number("out"), line.inputs) == (30, 20, b"\1")
    line.step(7)
    assert line.number("out") == 27
    assert line.undo() and (line.now, line.number("out")) == (10, 0)
    assert line.redo() and (line.now, line.number("out")) == (37, 27)
    assert line.redo() and (line.now, line.number("out")) == (35, 20)
    assert not line.redo()
    line.undo(), line.undo()
    assert line.now == 10 and not line.undo()


def test_a_change_in_the_past_makes_another_future():
    line = Timeline(Circuit(build(counter)))
    line.set_inputs({"run": 1})
    line.step(1000)
    line.go_to(100)
    line.set_inputs({"run": 0})
    assert line.horizon == 100
    line.step(50)
    assert line.number("out") == 100
    line.undo()
    assert line.horizon == 1000 and (line.go_to(1000), line.number("out"))[1] == 1000


def test_without_state_time_is_the_list_of_inputs_tried():
    b = Builder("both")
    b.output("z", b.input("x") & b.input("y"))
    line = Timeline(Circuit(b.freeze()))
    for name in ("x", "y", "x"):
        line.toggle(name)
    assert line.now == 3
    assert line.seen([line.net.net("z")], 0, 4)[:, 0].tolist() == [0, 0, 1, 0]


def test_gate_delays_settle_level_by_level():
    b = Builder("chain")
    x = b.input("x")
    y = x
    for _ in range(5):
        y = ~y
    b.output("y", y)
    line = Timeline(Circuit(b.freeze()))
    line.toggle("x", gently=True)
    assert line.is_moving and line.values[2] == 1 and line.number("y") == 1
    changed = []
    while line.is_moving:
        changed.append(line.step_gate())
    assert changed == [1, 1, 1, 1, 1, 0] and line.number("y") == 0
    clocked = Timeline(Circuit(build(counter, width=4)))
    clocked.set_inputs({"run": 1})
    clocked.step(7)  # the next edge turns 0111 into 1000, and the carries follow
    steps = [clocked.step_gate()]
    assert clocked.now == 8 and clocked.number("out") == 8
    while clocked.is_moving:
        steps.append(clocked.step_gate())
    settled = clocked.values.copy()
    clocked.go_to(0), clocked.go_to(8)
    np.testing.assert_array_equal(settled, clocked.values)
    assert steps[0] == 4 and len(steps) > 3


def test_loops_hold_what_they_were_given():
    line = Timeline(Circuit(latch()))
    line.set_inputs({"s": 1})
    line.set_inputs({"s": 0})
    assert (line.number("q"), line.number("p")) == (1, 0)
    line.set_inputs({"r": 1})
    line.set_inputs({"r": 0})
    assert (line.number("q"), line.number("p")) == (0, 1)
    line.undo()
    assert line.inputs == b"\0\1"
    line.go_to(2)
    assert line.number("q") == 1
    b = Builder("ring")
    q = b.wire("q")
    b.drive(q, b.gate("NAND", b.input("run"), q))
    b.output("out", q)
    ring = Timeline(Circuit(b.freeze()))
    ring.set_inputs({"run": 1})
    assert len(ring.circuit.restless(ring.values, ring.state)) == 1


def test_x_and_z_are_shown_and_typed():
    b = Builder("bus")
    a, en = b.input("a"), b.input("en")
    wire = b.gate("TRI", a, en)
    b.output("y", wire)
    b.output("q", b.flip_flop(wire))
    line = Timeline(Circuit(b.freeze()))
    assert line.number("y") == "Z"
    line.step()
    assert line.number("q") == "X"
    line.set_inputs({"en": 1, "a": "X"})
    assert line.number("y") == "X"
    line.set_inputs({"a": 1})
    line.step()
    assert line.number("q") == 1
    line.go_to(1)
    assert line.number("q") == "X"
    with pytest.raises(ValueFitError, match="only circuits with tri-state cells know X"):
        Timeline(Circuit(build(counter))).set_inputs({"run": "X"})
    loop = Builder("loop")
    q = loop.wire("q")
    loop.drive(q, loop.gate("TRI", ~q, loop.input("en")))
    loop.output("q", q)
    with pytest.raises(UnsupportedError, match="combinational loops and tri-state"):
        Circuit(loop.freeze())


def test_numbers_as_people_write_them():
    assert [parse(t, 8) for t in ("12", "0x1f", "0b11", "-1", "007", "1_0")] == [12, 31, 3, -1, 7, 10]
    assert [shown(200, 8, r) for r in Radix] == ["0xc8", "200", "-56", "11001000"]
    line = Timeline(Circuit(machine()))
    line.set_inputs({"data": -1})
    assert line.number("data") == 15
    with pytest.raises(ParseError, match="is no number"):
        parse("twelve", 8)
    with pytest.raises(ValueFitError, match=r"16 does not fit into the 4 bits of input 'data' \(0 to 15\)"):
        line.set_inputs({"data": 16})
    with pytest.raises(UnknownNameError, match="did you mean 'data'"):
        line.set_inputs({"dat": 1})


def test_a_run_stops_at_breakpoints():
    net = build(counter)
    names = Names(net)
    with Runner(Timeline(Circuit(net))) as runner:
        runner.do(lambda line: line.set_inputs({"run": 1}))
        runner.add_breakpoint(Breakpoint.parse("count == 0x123", names))
        runner.run()
        runner.wait()
        assert (runner.sample().cycle, runner.sample().stopped_by) == (0x123, "count == 0x123")
        runner.run()
        runner.wait()
        assert runner.sample().cycle == 0x123 + 4096, "true again only after it was not"
        runner.remove_breakpoint(0)
        runner.add_breakpoint(Breakpoint.parse("changes out[11]", names))
        runner.run()
        runner.wait()
        assert runner.sample().cycle == 4096 + 2048
        runner.remove_breakpoint(0)
        runner.run_until(20_000)
        runner.wait()
        assert runner.sample().cycle == 20_000
    with pytest.raises(UnknownNameError, match="did you mean 'count'"):
        Breakpoint.parse("cout > 3", names)
    with pytest.raises(ParseError, match="breakpoint"):
        Breakpoint.parse("count ==", names)
    with pytest.raises(ParseError, match="empty"):
        Breakpoint.parse("  ", names)


def test_commands_reach_a_run_and_closing_leaves_no_thread():
    net = build(counter)
    before = set(threading.enumerate())
    runner = Runner(Timeline(Circuit(net)))
    runner.run()
    assert any(t.name == "gatesim-run" for t in threading.enumerate())
    runner.do(lambda line: line.set_inputs({"run": 1}))
    while runner.sample().cycle < 5000:
        pass
    sample = runner.sample()
    assert sample.running and runner.do(lambda line: line.inputs) == b"\1"
    runner.close()
    left = [t for t in set(threading.enumerate()) - before if t.is_alive()]
    assert not left
    line = runner._timeline
    assert line.number("out") == (line.now - line.changes[-1].cycle) % 4096
    with pytest.raises(ValueFitError, match=r"the clock must be 0\.1 Hz to 1 GHz"):
        runner.run(0.0)


def test_waveforms_show_the_time_before_the_probe_was_set():
    net = build(counter)
    names = Names(net)
    line = Timeline(Circuit(net))
    line.step(3)
    line.set_inputs({"run": 1})
    line.step(100)
    probes = [Probe.on("count[2]", names), Probe.on("out", names)]
    bit, bus = Waveforms().window(line, probes, 0, 20, 400)
    assert [(s.first, s.last, s.codes) for s in bit] == [
        (0, 7, (0,)),
        (7, 11, (1,)),
        (11, 15, (0,)),
        (15, 19, (1,)),
        (19, 20, (0,)),
    ]
    assert [probes[1].text(np.array(s.codes)) for s in bus[:3]] == ["0x000", "0x001", "0x002"]
    (wide,) = Waveforms().window(line, probes[:1], 0, 104, 10)
    assert not all(s.steady for s in wide) and wide[0].first == 0 and wide[-1].last == 104
    assert next_change(line, probes[0].nets, 0) == 7
    assert previous_change(line, probes[0].nets, 11) == 7
    assert previous_change(line, probes[0].nets, 7) is None
    assert next_change(line, probes[0].nets, 103) is None


def test_sessions_come_back_and_tell_another_circuit(tmp_path):
    net = build(counter)
    names = Names(net)
    line = Timeline(Circuit(net))
    line.step(5)
    line.set_inputs({"run": 1})
    line.step(40)
    session = Session(
        list(line.changes), line.now, [Probe.on("out", names)], [Breakpoint.parse("out == 3", names)], {"zoom": 2.0}
    )
    save(session, net, tmp_path / "s.json")
    found = load(tmp_path / "s.json", net, names)
    again = Timeline(Circuit(net))
    restore(found, again)
    assert (again.now, again.number("out"), again.changes) == (45, 40, line.changes)
    assert again.undo() and again.now == 0
    assert (found.probes[0].name, found.breakpoints[0].text, found.view) == ("out", "out == 3", {"zoom": 2.0})
    other = build(counter, width=8)
    with pytest.raises(
        SessionError, match=r"'out' was output of 12 bits, is output of 8; 12 AND then, 8 now; 12 DFF then"
    ):
        load(tmp_path / "s.json", other, Names(other))
    with pytest.raises(ParseError, match="this is no session"):
        parse_session("[]", net, names)
    broken = json.loads(dump(session, net)) | {"inputs": [{"cycle": 3}]}
    with pytest.raises(ParseError, match="damaged"):
        parse_session(json.dumps(broken), net, names)


def test_facts_of_a_net():
    b = Builder("two")
    x, y = b.input("x"), b.input("y")
    z = b.gate("NAND", x, y)
    b.output("z", b.gate("NAND", z, y))
    net = b.freeze()
    technology = load_technology("ttl7400")
    line = Timeline(Circuit(net))
    found = Inspector(net, Names(net), technology)
    line.set_inputs({"x": 1})
    line.set_inputs({"y": 1})
    facts = found.facts(4, line.values, line)
    assert facts.driver == "NAND(a = x, b = y)" and facts.readers == ("NAND z (a)",)
    assert (facts.value, facts.level, facts.toggles, facts.toggle_cycles) == ("0", 1, 1, 2)
    timing = static_timing(net, technology)
    assert facts.arrival_ps == timing.arrival_ps[4].max() and facts.slack_ps == 0
    assert found.facts(5, line.values, line).readers == ("output z",)
    heat = found.heat(line, "slack")
    assert heat[2:].min() >= 0 and heat[4] == 1 and found.heat(line, "activity").max() == 1


def test_truth_table_and_map():
    b = Builder("majority")
    x, y, z = (b.input(k) for k in "xyz")
    inner = x & y
    b.output("m", b.gate("OR", inner, z))
    net = b.freeze()
    found = truth_of(net, net.net("m"))
    assert found.table()[0] == ["x", "y", "z", "m"] and found.values.tolist() == [0, 1, 0, 1, 0, 1, 1, 1]
    rows, columns, values = found.map()
    assert (rows, columns) == (["0", "1"], ["00", "01", "11", "10"]) and values.tolist() == [[0, 1, 1, 0], [0, 1, 1, 1]]
    assert truth_of(net, net.net("m"), frozenset({5})).inputs == (4, 5)
    wide = Builder("wide")
    total = wide.input("a0")
    for k in range(1, 7):
        total = total ^ wide.input(f"a{k}")
    wide.output("p", total)
    seven = wide.freeze()
    with pytest.raises(TooLargeError, match="more than 6 nets"):
        truth_of(seven, seven.net("p"))
    with pytest.raises(UnsupportedError, match="depends on itself"):
        truth_of(latch(), latch().net("q"))


def test_slow_motion_equals_the_timed_engine_and_ends_settled():
    from circuits.adders import ripple_carry

    net = build(ripple_carry, a=4, b=4)
    technology = load_technology("cmos74hc")
    from gatesim.timing import prepare

    net = prepare(net, technology)
    line = Timeline(Circuit(net))
    before = line.values.copy()
    line.set_inputs({"a": 15, "b": 1})
    slow = SlowMotion(net, technology, before, line.values)
    np.testing.assert_array_equal(slow.values(-1), before)
    np.testing.assert_array_equal(slow.values(slow.end_ps), line.values)
    assert slow.end_ps <= static_timing(net, technology).worst_ps
    half = slow.values(slow.end_ps // 2)
    assert (half != before).any() and (half != line.values).any()
