"""Against Icarus Verilog: every transition of every net, and a VCD that other programs read."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pytest

from circuits.adders import ripple_carry
from gatesim import Builder, Stimulus, build, read
from gatesim.engines.timed import TimedEngine
from gatesim.engines.waves import WaveEngine
from gatesim.errors import ValueFitError
from gatesim.formats import vcd
from gatesim.gates import GATES, IS_LOGIC


def delayed_verilog(net, rise, fall, bits, period, *, dump):
    """Gate primitives with delays, and a test bench that applies the rows of `bits` one after another."""
    inputs = [k for p in net.inputs for k in p.nets]
    lines = ["`timescale 1ps/1ps", "module t;", f"reg [{len(inputs) - 1}:0] v;", "wire n0 = 0;", "wire n1 = 1;"]
    lines += [f"wire n{k};" for k in range(2, net.n_nets)]
    lines += [f"assign n{k} = v[{i}];" for i, k in enumerate(inputs)]
    for k in np.flatnonzero(IS_LOGIC[net.op]).tolist():
        primitive = GATES[net.op[k]].name.lower().rstrip("234")
        pins = ", ".join(f"n{d}" for d in net.fanin_of(k))
        lines.append(f"{primitive} #({rise[k]},{fall[k]}) g{k}(n{k}, {pins});")
    lines.append("initial begin")
    lines += ['$dumpfile("out.vcd");', "$dumpvars(0, t);"] if dump else []
    lines.append(f"v = 0; #{period};")
    lines += [f"v = {len(inputs)}'b{''.join(map(str, row[::-1]))}; #{period};" for row in bits.tolist()]
    return "\n".join([*lines, "$finish;", "end", "endmodule", ""])


def parsed_vcd(text):
    """({code: (name, width)}, [(time, code, value text)]), by the grammar of IEEE 1364."""
    head, _, body = text.partition("$enddefinitions $end")
    declared = {m[2]: (m[3], int(m[1])) for m in re.finditer(r"\$var \w+ (\d+) (\S+) (.*?) \$end", head)}
    assert head.count("$scope") == head.count("$upscope")
    now, changes = 0, []
    for line in body.split("\n"):
        if line.startswith("#"):
            assert int(line[1:]) >= now
            now = int(line[1:])
        elif line.startswith("b"):
            value, code = line[1:].split()
            changes.append((now, code, value))
        elif line and not line.startswith("$"):
            changes.append((now, line[1:], line[0]))
    return declared, changes


@pytest.mark.parametrize("delays", ["unit", "rise 2 fall 3", "picoseconds"])
def test_every_transition_of_c6288_is_that_of_icarus(shared_data, tmp_path, delays):
    if shutil.which("iverilog") is None:
        pytest.skip("iverilog is not installed")
    net = read(shared_data / "iscas85" / "c6288.bench")
    rng = np.random.default_rng(4)
    rise, fall = {
        "unit": (np.full(net.n_nets, 1), np.full(net.n_nets, 1)),
        "rise 2 fall 3": (np.full(net.n_nets, 2), np.full(net.n_nets, 3)),
        "picoseconds": (rng.integers(5, 40, net.n_nets), rng.integers(5, 40, net.n_nets)),
    }[delays]
    n, period = 12, 10_000
    stimulus = Stimulus.random(net, n, rng=9)
    bits = np.unpackbits(stimulus.words[0].view(np.uint8), axis=1, bitorder="little", count=n).T
    (tmp_path / "t.v").write_text(delayed_verilog(net, rise, fall, bits, period, dump=True))
    for command in (["iverilog", "-o", "t.vvp", "t.v"], ["vvp", "t.vvp"]):
        subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    declared, changes = parsed_vcd((tmp_path / "out.vcd").read_text())
    net_of = {code: int(name[1:]) for code, (name, _) in declared.items() if re.fullmatch(r"n\d+", name)}
    icarus = sorted(
        ((time - period) // period, (time - period) % period, net_of[code], int(value))
        for time, code, value in changes
        if code in net_of and time >= period
    )
    timed = TimedEngine(net, (rise, fall)).run(stimulus, period_ps=period, watch=None).events()
    waves = WaveEngine(net, (rise, fall)).run(stimulus, watch=None).events()
    assert len(icarus) > 50_000
    for ours in (timed, waves):
        assert [tuple(row) for row in zip(*(c.tolist() for c in ours), strict=True)] == icarus


def test_a_vcd_says_what_the_trace_says(tmp_path):
    net = build(ripple_carry, a=4, b=4)
    rng = np.random.default_rng(0)
    delays = tuple(np.where(IS_LOGIC[net.op], rng.integers(3, 9, net.n_nets), 0) for _ in range(2))
    trace = TimedEngine(net, delays).run({"a": [3, 15, 8], "b": [1, 1, 7]}, period_ps=200, watch=None)
    text = vcd.dump(trace, clock="clk")
    declared, changes = parsed_vcd(text)
    names = {name.split(" ")[0]: code for code, (name, _) in declared.items()}
    assert {"a", "b", "sum", "clk"} <= set(names)
    sums = [(t, int(value, 2)) for t, code, value in changes if code == names["sum"]]
    assert [max((t, v) for t, v in sums if t < end)[1] for end in (200, 400, 600)] == trace["sum"].tolist()
    for k in trace.watched:
        name = net.net_name(k).rsplit("/", 1)[-1]
        if name in names and declared[names[name]][1] == 1 and k > 1 and int(IS_LOGIC[net.op[k]]):
            times, values = trace.transitions(k)
            mine = [(t, int(v)) for t, code, v in changes if code == names[name]][1:]
            assert mine == list(zip(times.tolist(), values.tolist(), strict=True))
    rises = [t for t, code, value in changes if code == names["clk"] and value == "1"]
    assert rises == [0, 200, 400]
    if shutil.which("vcd2fst"):
        (tmp_path / "x.vcd").write_text(text)
        subprocess.run(["vcd2fst", "x.vcd", "x.fst"], cwd=tmp_path, check=True, capture_output=True)
        back = subprocess.run(["fst2vcd", "x.fst"], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
        assert sorted(v for _, _, v in parsed_vcd(back)[1]) == sorted(v for _, _, v in changes)


def test_vcd_refuses_what_it_cannot_say():
    b = Builder("inverter")
    b.output("y", ~b.input("x"))
    trace = TimedEngine(b.freeze(), 5).run({"x": [1]})
    with pytest.raises(ValueFitError, match="watch=None"):
        vcd.dump(trace)
    trace = TimedEngine(b.freeze(), 5).run({"x": [1]}, watch=None)
    with pytest.raises(ValueFitError, match="cannot be called 'y'"):
        vcd.dump(trace, clock="y")


def test_identifier_codes_are_unique():
    codes = [vcd._code(i) for i in range(100_000)]
    assert len(set(codes)) == len(codes) and all(c.isprintable() and " " not in c for c in codes)


def test_c6288_is_famous_for_its_glitches(shared_data):
    """Under unit delay most outputs switch many times; a count of 1 a vector would be enough."""
    net = read(shared_data / "iscas85" / "c6288.bench")
    activity = WaveEngine(net, 1).run(Stimulus.random(net, 4000, rng=1)).activity
    table = activity.per_output()
    assert [row.net for row in table] == [p.name for p in net.outputs]
    assert max(row.glitches for row in table) > 15 and table[0].glitches == 0
    assert 25_000 < activity.toggles.sum() / 4000 < 40_000  # 32,474 were counted with another tool
    assert all(abs(row.toggles - row.glitches) <= 1 for row in table)
