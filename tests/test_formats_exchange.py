"""AIGER, BLIF, Verilog, Yosys JSON, Bristol, VCD, DOT, WaveDrom: round trips, one another, and other tools."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess

import numpy as np
import pytest
from format_samples import BRISTOL, HIERARCHY, VCD, VERILOG
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, Netlist, Stimulus, compile, engine, map_to, read, simulate, write
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent
from gatesim.errors import ParseError, UnsupportedError
from gatesim.formats import FORMATS, dumps
from gatesim.formats.recipes import recipe
from gatesim.formats.vcd_reader import read_vcd
from gatesim.formats.wavedrom import dump_waves
from gatesim.gates import GATES
from gatesim.netlist import Port

SEEDS = st.integers(0, 2**32)
CLOCKED = ("aiger", "aiger_ascii", "bench", "blif", "verilog", "yosys_json")
needs_yosys = pytest.mark.skipif(shutil.which("yosys") is None, reason="Yosys is not installed (apt install yosys)")


def renamed(net: Netlist, names: dict[str, str]) -> Netlist:
    ports = tuple(Port(names.get(p.name, p.name), p.direction, p.nets) for p in net.ports)
    return Netlist(net.name, net.op, net.fanin_ptr, net.fanin, ports)


def shape(net: Netlist) -> list[tuple]:
    """Cells as (function, positions of the drivers) in order, mirrored gates alike."""
    place = {int(k): i for i, k in enumerate(k for k in range(net.n_nets))}
    return [(GATES[net.op[i]].name, tuple(place[int(k)] for k in net.fanin_of(i))) for i in range(2, net.n_nets)]


# -- round trips -----------------------------------------------------------------------------


@given(SEEDS, st.sampled_from(CLOCKED))
@settings(max_examples=80, deadline=None)
def test_every_format_keeps_function_and_ports(seed, format):
    net = random_netlist(seed, n_cells=40, n_registers=seed % 5)
    again = read(io.BytesIO(_bytes(dumps(net, format))), format)
    assert [(p.name, p.direction, p.width) for p in again.ports] == [(p.name, p.direction, p.width) for p in net.ports]
    assert_equivalent(net, again, patterns=100, cycles=6, rng=seed)
    once = dumps(again, format)
    assert dumps(read(_bytes(once), format), format) == once  # stable from the first reading on


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


@given(SEEDS, st.sampled_from(("blif", "yosys_json", "verilog")))
@settings(max_examples=30, deadline=None)
def test_structure_survives(seed, format):
    net = map_to(random_netlist(seed, n_cells=40), ("nand", "nor", "aig")[seed % 3])
    again = read(_bytes(dumps(net, format)), format)
    assert shape(again) == shape(net)


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_aiger_keeps_every_and(seed):
    net = map_to(random_netlist(seed, n_cells=60), "aig")
    for format in ("aiger", "aiger_ascii"):
        again = read(_bytes(dumps(net, format)), format)
        ands = sum(n for name, n in again.counts().items() if name not in ("INPUT", "NOT"))
        assert ands == net.counts().get("AND", 0)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_formats_of_one_netlist_are_equal(seed):
    net = random_netlist(seed, n_cells=40, n_registers=3)
    read_back = [read(_bytes(dumps(net, format)), format) for format in CLOCKED]
    for other in read_back[1:]:
        assert_equivalent(read_back[0], other, patterns=64, cycles=5, rng=seed)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_bristol_keeps_the_function(seed):
    net = random_netlist(seed, n_cells=40)
    text = dumps(net, "bristol")
    again = read(text, "bristol")
    names = {f"in{k}": p.name for k, p in enumerate(net.inputs)} | {
        f"out{k}": p.name for k, p in enumerate(net.outputs)
    }
    assert_equivalent(net, renamed(again, names))
    assert dumps(again, "bristol") == text


@given(st.integers(1, 6), st.integers(0, 2**64 - 1))
@settings(max_examples=150, deadline=None)
def test_recipes_compute_their_table(n, bits):
    table = bits & ((1 << (1 << n)) - 1)
    for index in range(1 << n):
        values = [index >> k & 1 for k in range(n)]
        for op, pins in recipe(table, n):
            read_bits = [{-1: 0, -2: 1}[p] if p < 0 else values[p] for p in pins]
            values.append(GATES[op].table >> sum(b << k for k, b in enumerate(read_bits)) & 1)
        assert values[-1] == table >> index & 1


# -- rules of the formats --------------------------------------------------------------------


def test_blif_hierarchy_gates_latches_and_the_clock():
    net = read(HIERARCHY, "blif")
    assert [(p.name, p.width) for p in net.ports] == [("a", 1), ("b", 1), ("c", 1), ("y", 1), ("q", 1)]
    assert [s.name for s in net.scopes] == ["", "half", "half_1"]
    rng = np.random.default_rng(0)
    a, b, c = rng.integers(0, 2, (3, 50))
    got = simulate(net, a=a, b=b, c=c)
    total = a + b + c
    assert got["y"].tolist() == (total & 1).tolist()
    carry = total >> 1
    assert got["q"].tolist() == [1, *(1 - (carry & (total & 1)))[:-1].tolist()]  # powers up to 1


def test_blif_covers():
    rows = ["1-- 1", "-11 1"], ["0-- 0", "-00 0"], ["--- 1"], [], ["000 0"]
    wanted = [
        lambda x, y, z: x or (y and z),
        lambda x, y, z: x and (y or z),
        lambda *v: 1,
        lambda *v: 0,
        lambda *v: any(v),
    ]
    for cover, function in zip(rows, wanted, strict=True):
        net = read(".model m\n.inputs x y z\n.outputs o\n.names x y z o\n" + "\n".join(cover) + "\n.end\n", "blif")
        v = np.arange(8)
        got = simulate(net, x=v & 1, y=v >> 1 & 1, z=v >> 2)["o"]
        assert got.tolist() == [int(bool(function(k & 1, k >> 1 & 1, k >> 2))) for k in range(8)]
    names = " ".join(f"i{k}" for k in range(9))
    wide = read(f".model m\n.inputs {names}\n.outputs o\n.names {names} o\n11111---- 1\n----00001 1\n.end\n", "blif")
    v = np.arange(512)
    got = simulate(wide, {f"i{k}": v >> k & 1 for k in range(9)})["o"]
    assert got.tolist() == [int(x & 31 == 31 or x >> 4 == 16) for x in range(512)]


def test_aiger_properties_are_kept():
    text = (
        "aag 4 1 1 1 2 1 1 1 1\n2\n4 6 1\n6\n8\n4\n2\n2\n6\n7\n6 2 5\n8 3 4\n"
        "i0 x\nl0 state\no0 y\nb0 overflow\nj0 live\nc\nanything\n"
    )
    net = read(text, "aiger_ascii")
    assert [(p.name, p.width) for p in net.outputs] == [
        ("y", 1), ("bad:overflow", 1), ("constraint:0", 1), ("justice:live", 2), ("fairness:0", 1),
    ]  # fmt: skip
    assert net.counts()["DFF1"] == 1 and net.net_name(int(net.registers[0])) == "state"
    again = read(dumps(net, "aiger"), "aiger")
    assert [(p.name, p.width) for p in again.ports] == [(p.name, p.width) for p in net.ports]
    assert_equivalent(net, again, patterns=64, cycles=4)
    assert dumps(net, "aiger_ascii").startswith("aag 4 1 1 1 2 1 1 1 1\n")


def test_verilog_parameters_arrays_and_library_cells():
    net = read(VERILOG, "verilog")
    assert [(p.name, p.width) for p in net.ports] == [("a", 4), ("b", 4), ("s", 1), ("y", 4), ("q", 1), ("par", 1)]
    a, b = np.divmod(np.arange(256), 16)
    got = simulate(net, a=a, b=b, s=1)
    assert got["y"].tolist() == (a ^ b).tolist()
    assert got["par"].tolist() == [
        (int(x).bit_count() + (y >> 1 & 3).bit_count() + (y & 3).bit_count()) & 1
        for x, y in zip(a, b.tolist(), strict=True)
    ]


@pytest.mark.parametrize("names", [("clk", "clk_1", "q"), ("g3", "r5", "y"), ("r4", "g5", "clk")])
def test_verilog_names_meet_neither_the_clock_nor_instances(names, tmp_path):
    b = Builder("gatesim_dff")
    x, y = b.input(names[0]), b.input(names[1])
    b.output(names[2], b.flip_flop(x & y))
    net = b.freeze()
    text = dumps(net, "verilog")
    again = read(text, "verilog")
    assert [(p.name, p.direction) for p in again.ports] == [(p.name, p.direction) for p in net.ports]
    assert_equivalent(net, again, patterns=64, cycles=6)
    if shutil.which("iverilog"):  # it refuses an instance and a net of one name
        (tmp_path / "a.v").write_text(text)
        subprocess.run(["iverilog", "-o", tmp_path / "a", tmp_path / "a.v"], check=True)


def test_users_own_cells(tmp_path):
    (tmp_path / "cells.toml").write_text(
        '[MYNAND]\noutputs = {Z = "~(P & Q)"}\n[MYFF]\nclock = "CK"\nnext = "SE ? SI : D"\n'
        'async_reset = "~RN"\noutputs = {Q = "state", QN = "~state"}\n'
    )
    text = """module t(input a, b, ck, rn, output y, q, qn);
      MYNAND g(.P(a), .Q(b), .Z(y)); MYFF f(.CK(ck), .D(y), .SE(1'b0), .SI(a), .RN(rn), .Q(q), .QN(qn)); endmodule"""
    (tmp_path / "t.v").write_text(text)
    net = read(tmp_path / "t.v", library=tmp_path / "cells.toml")
    rng = np.random.default_rng(0)
    a, b, rn = rng.integers(0, 2, (3, 100))
    got, state = simulate(net, a=a, b=b, rn=rn), 0
    for t in range(100):
        assert got["q"][t] == (state if rn[t] else 0) and got["qn"][t] == 1 - got["q"][t]
        state = (1 - (a[t] & b[t])) if rn[t] else 0
    with pytest.raises(ParseError, match=r"t.v:2:7: unknown module or cell 'MYNAND'"):
        read(tmp_path / "t.v")
    with pytest.raises(UnsupportedError, match="format 'bench' takes no library"):
        read("INPUT(a)\n", "bench", library=tmp_path / "cells.toml")
    (tmp_path / "cells.toml").write_text('[X]\noutputs = {Z = "A +"}\n')
    with pytest.raises(ParseError, match=r"cells.toml, cell 'X':1:.*expected"):
        read(tmp_path / "t.v", library=tmp_path / "cells.toml")


LIBRARY_FUNCTIONS = {  # from the liberty files of the libraries
    "AOI221_X1": ("ZN", lambda p: not (p["A"] or (p["B1"] and p["B2"]) or (p["C1"] and p["C2"]))),
    "OAI33_X1": ("ZN", lambda p: not ((p["A1"] or p["A2"] or p["A3"]) and (p["B1"] or p["B2"] or p["B3"]))),
    "sky130_fd_sc_hd__a2bb2oi_1": ("Y", lambda p: not ((not p["A1_N"] and not p["A2_N"]) or (p["B1"] and p["B2"]))),
    "sky130_fd_sc_hd__o21ba_2": ("X", lambda p: (p["A1"] or p["A2"]) and not p["B1_N"]),
    "sky130_fd_sc_hd__nor4bb_1": ("Y", lambda p: not (p["A"] or p["B"] or not p["C_N"] or not p["D_N"])),
    "AOI333xp33_ASAP7_75t_R": ("Y", lambda p: not any(all(p[f"{g}{k}"] for k in "123") for g in "ABC")),
    "A2O1A1O1Ixp25_ASAP7_75t_R": ("Y", lambda p: not ((((p["A1"] and p["A2"]) or p["B"]) and p["C"]) or p["D"])),
    "PDKGENMUX2X1": ("Y", lambda p: p["A"] if p["S"] else p["B"]),
    "$_ORNOT_": ("Y", lambda p: p["A"] or not p["B"]),
}


@pytest.mark.parametrize("name", LIBRARY_FUNCTIONS)
def test_library_cells_do_what_their_libraries_say(name):
    from gatesim.formats.cells import Library

    out, function = LIBRARY_FUNCTIONS[name]
    cell = Library().find(name)
    assert cell is not None
    pins = ", ".join(f".{p}(x[{k}])" for k, p in enumerate(cell.inputs))
    net = read(
        f"module t(input [{len(cell.inputs) - 1}:0] x, output y);\n \\{name} g({pins}, .{out}(y)); endmodule", "verilog"
    )
    v = np.arange(1 << len(cell.inputs))
    wanted = [int(bool(function({p: k >> i & 1 for i, p in enumerate(cell.inputs)}))) for k in v.tolist()]
    assert simulate(net, x=v)["y"].tolist() == wanted


def test_bristol_of_both_ages():
    net = read(BRISTOL, "bristol")
    assert [(p.name, p.width) for p in net.ports] == [("in0", 2), ("in1", 1), ("out0", 2)]
    old = read("1 5\n2 2 1\n\n2 1 0 3 4 AND\n", "bristol")
    assert [(p.name, p.width) for p in old.ports] == [("in0", 2), ("in1", 2), ("out0", 1)]
    many = read("1 6\n1 4\n1 2\n\n4 2 0 1 2 3 4 5 MAND\n", "bristol")
    assert int(simulate(many, in0=0b0101)["out0"]) == 1
    b = Builder("r")
    b.output("q", b.flip_flop(b.input("d")))
    with pytest.raises(UnsupportedError, match="Bristol Fashion has no flip-flops"):
        dumps(b.freeze(), "bristol")


def test_memories_live_in_json_and_are_refused_elsewhere():
    net = random_netlist(2, n_registers=3, n_memories=3)
    again = read(dumps(net, "yosys_json"), "yosys_json")
    assert [(m.name, m.depth, m.width) for m in again.memories] == [(m.name, m.depth, m.width) for m in net.memories]
    assert_equivalent(net, again, patterns=100, cycles=8)
    for format in ("aiger", "bench", "blif", "bristol", "verilog"):
        with pytest.raises(UnsupportedError, match="'m0' of 'random' cannot be written"):
            dumps(net, format)


def test_vcd_values_over_time():
    vcd = read_vcd(VCD)
    bus = vcd["top.bus"]
    assert (bus.width, vcd.time_unit_ps, vcd.end) == (4, 1000.0, 10)
    assert bus.at([0, 4, 5, 9]).tolist() == [0, 0, 0b1001, 0b1001]
    assert bus.unknown.tolist() == [0, 0b0010] and vcd["top.clk"].at([0, 5, 10]).tolist() == [0, 1, 0]


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed (apt install iverilog)")
def test_vcd_of_icarus(tmp_path):
    (tmp_path / "t.v").write_text(
        'module t; reg [6:0] n = 0; wire p = ^n; initial begin $dumpfile("t.vcd"); $dumpvars; '
        "repeat (50) #10 n = n * 5 + 3; end endmodule\n"
    )
    subprocess.run(["iverilog", "-o", "t", "t.v"], cwd=tmp_path, check=True, timeout=60)
    subprocess.run(["vvp", "t"], cwd=tmp_path, check=True, timeout=60, capture_output=True)
    vcd, n = read_vcd(tmp_path / "t.vcd"), 0
    times = np.arange(51) * 10 * round(1e12 / vcd.time_unit_ps) if vcd.time_unit_ps > 1 else np.arange(51) * 10
    values = vcd["t.n"].at(vcd["t.n"].times)
    for value, parity in zip(values.tolist(), vcd["t.p"].at(vcd["t.n"].times).tolist(), strict=True):
        assert (value, parity) == (n, n.bit_count() & 1)
        n = (n * 5 + 3) & 127
    assert len(values) == len(times) == 51


def test_wavedrom_and_dot_are_well_formed():
    document = json.loads(dump_waves({"a": [0, 1, 1], "b": [3, "x", 10]}, {"a": 1, "b": 4}, title="t"))
    assert [row["wave"] for row in document["signal"]] == ["p..", "01.", "=x="]
    net = random_netlist(3, n_registers=2, n_memories=1)
    text = dumps(net, "dot")
    assert text == dumps(net, "dot") and text.count("->") >= len(net.fanin)
    with pytest.raises(UnsupportedError, match="format 'dot' can be written only"):
        read("digraph {}\n", "dot")
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tdot"], input=text, text=True, check=True, capture_output=True, timeout=60)


def test_content_paths_and_packed_files(tmp_path):
    net = random_netlist(1, n_cells=20)
    for suffix in (".aig", ".aag", ".blif", ".json", ".aig.gz", ".blif.gz", ".json.gz", ".v.gz"):
        write(net, tmp_path / f"n{suffix}")
        assert_equivalent(net, read(tmp_path / f"n{suffix}"), patterns=64)
        with open(tmp_path / f"n{suffix}", "rb") as file:
            assert_equivalent(net, read(file), patterns=64)
    text = dumps(net, "blif")
    assert read(text, "blif").fingerprint == read(gzip.compress(text.encode()), "blif").fingerprint
    assert set(FORMATS) >= {"aiger", "aiger_ascii", "bench", "blif", "bristol", "dot", "verilog", "yosys_json"}


# -- outside files and tools -----------------------------------------------------------------


def test_epfl_aig_equals_blif(shared_data):
    pairs = [(p, p.with_suffix(".aig")) for p in sorted(shared_data.glob("epfl/*/*.blif"))]
    assert len(pairs) >= 9
    for blif, aig in pairs:
        one, two = read(blif), read(aig)
        assert_equivalent(one, two, patterns=512)
        assert read(dumps(one, "blif"), "blif").fingerprint == one.fingerprint
        assert dumps(read(dumps(two, "aiger"), "aiger"), "aiger") == dumps(two, "aiger")
    adder = read(shared_data / "epfl/arithmetic/adder.aig")
    a, b = (
        np.array([int.from_bytes(np.random.default_rng(s).bytes(16), "little") for s in range(k, k + 50)], object)
        for k in (0, 50)
    )
    got = simulate(adder, a=a, b=b)
    assert [int(f) + (int(c) << 128) for f, c in zip(got["f"], got["cOut"], strict=True)] == (a + b).tolist()


def test_aiger_samples(shared_data):
    for path in sorted(shared_data.glob("aiger/**/*.a?g")):
        net = read(path)
        assert dumps(read(dumps(net, "aiger"), "aiger"), "aiger") == dumps(net, "aiger")
    toggle = read(shared_data / "aiger/toggle-re.aag")
    assert simulate(toggle, enable=[1, 1, 0, 1, 1], reset=[1, 1, 1, 0, 1])["Q"].tolist() == [0, 1, 0, 0, 0]
    i10 = read(shared_data / "aiger/aigverse/i10.aig")
    assert (i10.n_gates - i10.counts()["NOT"], len(i10.inputs), len(i10.outputs)) == (2675, 257, 224)


DESIGN = """module sub(input clk, input [3:0] a, input en, output reg [3:0] q);
 always @(posedge clk) if (en) q <= q + a;
endmodule
module rst(input clk, input rn, input [3:0] d, output reg [3:0] q);
 always @(posedge clk or negedge rn) if (!rn) q <= 4'd0; else q <= d ^ 4'd3;
endmodule
module top(input clk, input rn, input [3:0] a, b, input en, s, output [3:0] y, z, output [7:0] p);
 wire [3:0] q1, q2;
 sub u1(clk, a, en, q1); sub u2(.clk(clk), .a(b), .en(s), .q(q2)); rst r(clk, rn, q1, z);
 assign y = s ? q1 - q2 : q1 & ~b; assign p = a * b;
endmodule
"""


@needs_yosys
def test_what_yosys_writes_is_read(tmp_path):
    (tmp_path / "d.v").write_text(DESIGN)
    script = """read_verilog d.v; synth -top top; write_verilog -noattr -noexpr h.v; write_blif h.blif; write_json h.json;
      flatten; opt; write_verilog -noattr -noexpr f.v; write_blif -icells f.blif; write_json f.json"""
    subprocess.run(["yosys", "-q", "-p", script.replace("\n", " ")], cwd=tmp_path, check=True, timeout=120)
    first = read(tmp_path / "f.json")
    rng = np.random.default_rng(1)
    a, b, en, s = (rng.integers(0, n, 60) for n in (16, 16, 2, 2))
    rn = (rng.random(60) < 0.8).astype(int)
    got, q1, q2, z = simulate(first, a=a, b=b, en=en, s=s, rn=rn), 0, 0, 0
    for t in range(60):
        z = z if rn[t] else 0
        assert (got["p"][t], got["z"][t]) == (a[t] * b[t], z)
        assert got["y"][t] == ((q1 - q2) & 15 if s[t] else q1 & ~b[t] & 15)
        z = q1 ^ 3 if rn[t] else 0
        q1, q2 = (q1 + a[t]) & 15 if en[t] else q1, (q2 + b[t]) & 15 if s[t] else q2
    for name in ("h.v", "h.blif", "h.json", "f.v", "f.blif"):
        assert_equivalent(first, read(tmp_path / name), patterns=200, cycles=12)


@needs_yosys
def test_yosys_reads_what_is_written(tmp_path):
    net = random_netlist(6, n_cells=50, n_registers=4)
    b = Builder("ram")
    at, word, on = b.input_bus("at", 3), b.input_bus("word", 4), b.input("on")
    (data,) = b.memory("m", depth=8, width=4, read=[at], write=[(at, word, on)], contents=range(8))
    b.output("data", data)
    for name, circuit in (("net", net), ("ram", b.freeze())):
        write(circuit, tmp_path / f"{name}.json")
        script = f"read_json {name}.json; check -assert; memory_map; techmap; simplemap; opt; write_json {name}2.json"
        subprocess.run(["yosys", "-q", "-p", script], cwd=tmp_path, check=True, timeout=120)
        assert_equivalent(circuit, read(tmp_path / f"{name}2.json"), patterns=200, cycles=8)


@pytest.mark.skipif(shutil.which("berkeley-abc") is None, reason="ABC is not installed (apt install berkeley-abc)")
def test_abc_finds_our_files_equal(tmp_path):
    net = random_netlist(11, n_cells=120)
    for format, suffix in (("blif", "blif"), ("aiger", "aig"), ("verilog", "v")):
        if format != "verilog":
            write(net, tmp_path / f"n.{suffix}")
    done = subprocess.run(
        ["berkeley-abc", "-q", "cec n.blif n.aig"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60
    )
    assert "Networks are equivalent" in done.stdout


def test_fast_engine_agrees_on_a_read_netlist(shared_data):
    net = read(shared_data / "epfl/random_control/router.blif")
    stimulus = Stimulus.random(net, 128, rng=3)
    one, two = (engine(name)(compile(net)).run(stimulus) for name in ("python", "logic2"))
    assert np.array_equal(one.words, two.words)


def test_convert_on_the_command_line(gatesim, tmp_path):
    (tmp_path / "top.blif").write_text(HIERARCHY)
    source, packed = str(tmp_path / "top.blif"), tmp_path / "top.json.gz"
    status, out, _ = gatesim("convert", source, str(packed))
    assert status == 0 and "written:" in out
    assert_equivalent(read(source), read(packed), patterns=64, cycles=8)
    status, _, err = gatesim("convert", source, str(tmp_path / "top.bristol"))
    assert status == 2 and "Bristol Fashion has no flip-flops" in err
    assert not (tmp_path / "top.bristol").exists()
    status, _, _ = gatesim("convert", source, str(tmp_path / "half.aag"), "--top", "half")
    assert status == 0 and [p.name for p in read(tmp_path / "half.aag").ports] == ["x", "y", "s", "c"]
