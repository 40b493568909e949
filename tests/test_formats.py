from __future__ import annotations

import gzip
import io
import os
import random
import re
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, Stimulus, compile, engine, map_to, read, simulate, write
from gatesim.conformance import random_netlist
from gatesim.equivalence import assert_equivalent
from gatesim.errors import GatesimError, ParseError, UnknownNameError, UnsupportedError
from gatesim.formats import bench, verilog

SEEDS = st.integers(0, 2**32)
MODULES = {"bench": bench, "verilog": verilog}


@given(SEEDS, st.sampled_from(sorted(MODULES)))
@settings(max_examples=60, deadline=None)
def test_round_trip_keeps_the_function(seed, name):
    net = random_netlist(seed, n_registers=seed % 5)
    text = MODULES[name].dump(net)
    again = MODULES[name].parse(text)
    assert [(p.name, p.direction, p.width) for p in again.ports] == [(p.name, p.direction, p.width) for p in net.ports]
    assert_equivalent(net, again, patterns=100, cycles=6, rng=seed)
    assert MODULES[name].dump(MODULES[name].parse(MODULES[name].dump(again))) == MODULES[name].dump(again)


@given(SEEDS, st.sampled_from(sorted(MODULES)))
@settings(max_examples=30, deadline=None)
def test_round_trip_keeps_the_structure_of_nand_netlists(seed, name):
    net = map_to(random_netlist(seed), "nand")
    again = MODULES[name].parse(MODULES[name].dump(net))
    assert {k: v for k, v in again.counts().items() if k != "BUF"} == net.counts()


# -- outside files ---------------------------------------------------------------------------

ISCAS = {  # gates without buffers as printed in the files' own headers, flip-flops, inputs, outputs
    "iscas85/c17": (6, 0, 5, 2),
    "iscas85/c432": (160, 0, 36, 7),
    "iscas85/c880": (383, 0, 60, 26),
    "iscas85/c6288": (2416, 0, 32, 32),
    "iscas89/s27": (10, 3, 4, 1),
    "iscas89/s298": (119, 14, 3, 6),
    "iscas89/s5378": (2779, 179, 35, 49),
    "iscas89/s9234": (5597, 228, 19, 22),
    "iscas89/s15850.1": (9772, 534, 77, 150),
    "iscas89/s35932": (16065, 1728, 35, 320),
}


@pytest.mark.parametrize("name", ISCAS)
def test_iscas_sizes(shared_data, name):
    net = read(shared_data / f"{name}.bench")
    gates, flops, inputs, outputs = ISCAS[name]
    assert (len(net.registers), len(net.inputs), len(net.outputs)) == (flops, inputs, outputs)
    wide = net.n_gates - gates  # gates of more than four pins are trees here
    assert 0 <= wide <= 20


def test_every_iscas_file_round_trips_in_both_formats(shared_data):
    for path in sorted(shared_data.glob("iscas8?/*.bench")):
        net = read(path)
        assert_equivalent(net, bench.parse(bench.dump(net)), patterns=300, cycles=4)
        if net.n_gates < 3000:
            again = verilog.parse(verilog.dump(net))
            values = Stimulus.random(net, 200, n_cycles=4)
            one, two = (engine("logic2")(compile(n)).run(values) for n in (net, again))
            assert np.array_equal(one.words, two.words), path.name


def test_evoapprox_headers_are_reproduced(shared_data):
    files = sorted(shared_data.glob("evoapprox/*/*.v"))
    assert len(files) >= 30
    for path in files:
        text = path.read_text(encoding="utf-8")
        net = read(path)
        stimulus = Stimulus.exhaustive(net)
        given_values = stimulus.values(net)
        a, b = (given_values[k][0].astype(np.int64) for k in "AB")
        out = engine("logic2")(compile(net)).run(stimulus)["O"][0].astype(np.int64)
        error = np.abs(out - (a * b if path.name.startswith("mul") else a + b))
        stated = {k: re.search(rf"// {k} = ([\d.]+)", text)[1] for k in ("MAE", "WCE")}
        assert error.max() == float(stated["WCE"]), path.name
        digits = len(stated["MAE"].partition(".")[2])
        assert abs(error.mean() - float(stated["MAE"])) < 10.0**-digits, path.name  # some headers cut, some round


# -- rules of the formats --------------------------------------------------------------------


def test_bench_buses_and_safe_names():
    net = bench.parse(
        "INPUT(G17)\nINPUT(6287)\nINPUT(a[0])\nINPUT(a[1])\nOUTPUT(y)\nINPUT(b[1])\ny = AND(a[0], a[1], 6287, G17, b[1])\n"
    )
    assert [(p.name, p.width) for p in net.ports] == [("G17", 1), ("6287", 1), ("a", 2), ("b[1]", 1), ("y", 1)]
    assert int(simulate(net, {"G17": 1, "6287": 1, "a": 3, "b[1]": 1})["y"]) == 1
    assert int(simulate(net, {"G17": 1, "6287": 1, "a": 2, "b[1]": 1})["y"]) == 0


def test_bench_wide_gates_luts_and_constants():
    pins = [f"i{k}" for k in range(11)]
    head = "".join(f"INPUT({p})\n" for p in pins)
    for kind, fold in (
        ("NAND", lambda v: not all(v)),
        ("NOR", lambda v: not any(v)),
        ("XNOR", lambda v: sum(v) % 2 == 0),
    ):
        net = bench.parse(f"{head}OUTPUT(y)\ny = {kind.lower()}({', '.join(pins)})")
        x = np.arange(2048)
        values = {p: x >> k & 1 for k, p in enumerate(pins)}
        assert simulate(net, values)["y"].tolist() == [fold([v >> k & 1 for k in range(11)]) for v in x]
    net = bench.parse(f"{head}OUTPUT(y)\nOUTPUT(z)\nt = vdd\ny = LUT 0x8E96 (i0, i1, i2, i3)\nz = AND(t, i0)")
    x = np.arange(16)
    values = {p: (x >> k & 1 if k < 4 else 0) for k, p in enumerate(pins)}
    assert simulate(net, values)["y"].tolist() == [0x8E96 >> v & 1 for v in x]


def test_bench_lowers_enables_resets_and_ones_honestly():
    b = Builder("regs")
    d, en, rst = b.input_bus("d", 2), b.input("en"), b.input("rst")
    b.output("q", b.register(d, enable=en, reset=rst, init=2))
    net = b.freeze()
    again = bench.parse(bench.dump(net))
    assert set(again.counts()) >= {"DFF"} and "DFF1" not in again.counts()
    assert_equivalent(net, again, patterns=500, cycles=12)


def test_memories_are_refused_by_name():
    b = Builder("m")
    (data,) = b.memory("table", depth=4, width=2, read=[b.input_bus("a", 2)])
    b.output("d", data)
    for module in MODULES.values():
        with pytest.raises(UnsupportedError, match="'table' of 'm' cannot be written"):
            module.dump(b.freeze())


VERILOG = """
// a comment (* and *) \\escaped
`timescale 1ns/1ps
(* top = 1 *) module top(a, b, s, y, z, \\odd.name );
  input [3:0] a, b; input s;
  output [3:0] y; output [7:0] z; output \\odd.name ;
  wire [0:3] reversed = a; /* most significant first */
  wire c;
  supply1 vcc;
  parameter W = 2;
  half h0(.x(a[0]), .y(b[0]), .sum(y[0]), .carry(c)), h1(a[1], c, y[1], );
  assign y[3:W] = s ? a[3:2] : ~b[3:2];
  assign z = {reversed[1:2], {2{s}}, ^a, &b, a == b, a != 4'd3};
  nand #(1) g1(\\odd.name , a[0], b[1], vcc);
endmodule
module half(input x, y, output sum, carry);
  xor (sum, x, y); and a1(carry, x, y);
endmodule
"""


def test_verilog_as_people_write_it():
    net = verilog.parse(VERILOG)
    a, b = np.divmod(np.arange(256), 16)
    for s in (0, 1):
        got = simulate(net, a=a, b=b, s=s)
        bit = lambda v, k: v >> k & 1  # noqa: E731
        c = bit(a, 0) & bit(b, 0)
        high = (a >> 2) if s else (~b >> 2 & 3)
        y = (bit(a, 0) ^ bit(b, 0)) | (bit(a, 1) ^ c) << 1 | high << 2
        assert np.array_equal(got["y"], y)
        parity = np.array([int(v).bit_count() & 1 for v in a])
        # reversed[0] is bit 3 of a: reversed[1:2] are bits 2 and 1.
        z = (a >> 1 & 3) << 6 | (3 * s) << 4 | parity << 3 | (b == 15) << 2 | (a == b) << 1 | (a != 3)
        assert np.array_equal(got["z"], z)
        assert np.array_equal(got["odd.name"], 1 - (bit(a, 0) & bit(b, 1)))
    assert {s.name for s in net.scopes} == {"", "h0", "h1"}


def test_yosys_cells_and_the_implicit_clock():
    net = verilog.parse(
        """module t(input clk, d, e, r, output q, p);
        wire n, k; assign k = clk;
        \\$_SDFFE_PN1P_ f(.C(k), .D(n), .E(e), .R(r), .Q(q));
        \\$_DFF_P_ g(.C(clk), .D(q), .Q(p));
        \\$_AOI3_ h(.A(d), .B(p), .C(q), .Y(n)); endmodule"""
    )
    assert [p.name for p in net.inputs] == ["d", "e", "r"]
    rng = np.random.default_rng(0)
    d, e, r = rng.integers(0, 2, (3, 200))
    got, q, p = simulate(net, d=d, e=e, r=r), 1, 0
    for t in range(200):
        assert (got["q"][t], got["p"][t]) == (q, p)
        n = 1 - ((d[t] & p) | q)
        q, p = (1 if r[t] == 0 else n if e[t] else q), q


BAD = [
    (bench, "INPUT(a)\nOUTPUT(y)\ny = NADN(a, a)\n", r"<text>:3: unknown gate 'NADN'; did you mean 'NAND'\? \(it drives 'y'\)"),
    (bench, "INPUT(a)\nOUTPUT(y)\ny = NOT(b)\n", "<text>:3: net 'b' is undriven: line 3 reads it"),
    (bench, "INPUT(a)\nOUTPUT(a)\na = NOT(a)\n", "<text>:3: net 'a' is driven twice: on line 1 and on line 3"),
    (bench, "INPUT(a)\nOUTPUT(y)\ny = NAND(a, ", r"<text>:3: cannot read .*the file may be cut off here"),
    (bench, "INPUT(a)\nOUTPUT(y)\ny = NOT(a, a)\n", "NOT 'y' has 2 pins; it takes 1"),
    (bench, "OUTPUT(y)\ny = AND()\n", "AND 'y' has no pins"),
    (verilog, "module t(input a, output y);\n  assign y = b;\nendmodule", "<text>:2: net 'b' is undriven"),
    (verilog, "module t(input a, output y);\n  assign y = a; not(y, a);\nendmodule", "net 'y' is driven twice: on line 2"),
    (verilog, "module t(input [3:0] a, output y);\n  not(y, a);\nendmodule", "is one bit wide; 4 bits are connected"),
    (verilog, "module t(input a, output y);\n  sub s(.p(a), .q(y));\nendmodule\nmodule sub(input x, output q); not(q, x); endmodule",
     "<text>:2:3: unknown port of sub 'p'"),
    (verilog, "module t(input [1:0] a, output y);\n  sub s(.x(a), .q(y));\nendmodule\nmodule sub(input x, output q); not(q, x); endmodule",
     "port 'x' of sub 's' is one bit wide; 2 bits are connected"),
    (verilog, "module t(input a, output y);\n  nadn g(y, a);\nendmodule", "unknown module or cell 'nadn'; did you mean 'nand'"),
    (verilog, "module t(input a, output reg y);\n always @(posedge a) y <= 1;\nendmodule", r"<text>:1:\d+: behavioural Verilog \('reg'\)"),
    (verilog, "module t(input a, output y);\n  always @* y = a;\nendmodule", r"<text>:2:3: behavioural Verilog \('always'\) .*synth"),
    (verilog, "module t(input a, output y);\n  assign y = a +", "expected an expression, found 'end of file' .*cut off"),
    (verilog, "module t(inout a); endmodule", "inout ports are not supported"),
    (verilog, "module t(input a, output y); assign y = a[3]; endmodule", r"bit 3 of 'a' is outside its range \[0:0\]"),
    (verilog, "module t(input [9999999:0] a); endmodule", "bits wide; at most"),
    (verilog, "module t(output y); assign y = 1'bx; endmodule", "has x or z"),
    (verilog, "module t(input a, output y); t u(a, y); endmodule", "there is no top module"),
    (verilog, "module t(input a, output [1:0] y); assign y = y; endmodule", "is assigned to itself"),
    (verilog, "module t(input c, k, d, output q, p);\n \\$_DFF_P_ f(.C(c), .D(d), .Q(q)), g(.C(k), .D(d), .Q(p)); endmodule",
     "flip-flops have several clocks"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "text", "message"), BAD)
def test_bad_files_say_where_and_what(module, text, message):
    with pytest.raises(ParseError, match=message):
        module.parse(text)


def test_all_faults_are_reported_at_once():
    with pytest.raises(ParseError) as caught:
        bench.parse("INPUT(a)\nOUTPUT(y)\nOUTPUT(z)\ny = NOT(p)\nz = NOT(q)\nz = NOT(a)\n", "x.bench")
    text = str(caught.value)
    assert "'p' is undriven" in text and "'q' is undriven" in text and "'z' is driven twice" in text


SMALL = {
    bench: "INPUT(a)\nINPUT(b)\nOUTPUT(y)\nq = DFF(y)\nt = NAND(a, q)\ny = LUT 0x6 (t, b)\n",
    verilog: VERILOG,
}


@pytest.mark.parametrize("module", SMALL, ids=lambda m: m.__name__.rpartition(".")[2])
def test_damaged_files_fail_with_one_clear_error(module):
    rng = random.Random(1)
    text = SMALL[module]
    for case in range(1000):
        damaged = list(text)
        if case % 3 == 0:
            damaged = damaged[: rng.randrange(len(damaged))]
        else:
            for _ in range(rng.randint(1, 4)):
                at = rng.randrange(len(damaged))
                damaged[at] = chr(rng.randrange(1, 127)) if case % 3 == 1 else damaged[rng.randrange(len(damaged))]
        try:
            module.parse("".join(damaged))
        except GatesimError as exc:
            assert str(exc)


# -- files -----------------------------------------------------------------------------------


def test_paths_gzip_and_file_objects(tmp_path):
    net = map_to(random_netlist(1), "nand")
    for name in ("a.bench", "a.bench.gz", "b.v", "b.v.gz"):
        write(net, tmp_path / name)
        assert_equivalent(net, read(tmp_path / name), patterns=64)
    assert gzip.decompress((tmp_path / "a.bench.gz").read_bytes()) == (tmp_path / "a.bench").read_bytes()
    buffer = io.StringIO()
    write(net, buffer, format="bench")
    assert read(io.StringIO(buffer.getvalue()), format="bench").counts()["NAND"] == net.n_gates
    with pytest.raises(UnknownNameError, match=r"unknown file type '.blifx'"):
        read(tmp_path / "x.blifx")
    with pytest.raises(UnknownNameError, match="unknown format 'bensch'; did you mean 'bench'"):
        read(tmp_path / "a.bench", format="bensch")
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing.bench")
    (tmp_path / "cut.bench.gz").write_bytes((tmp_path / "a.bench.gz").read_bytes()[:50])
    with pytest.raises(ParseError, match="damaged or cut off"):
        read(tmp_path / "cut.bench.gz")
    (tmp_path / "binary.bench").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(ParseError, match="no text file"):
        read(tmp_path / "binary.bench")


def test_nothing_is_half_written(tmp_path):
    target = tmp_path / "kept.bench"
    target.write_text("old")
    b = Builder("m")
    (data,) = b.memory("rom", depth=2, width=1, read=[[b.input("a")]])
    b.output("d", data)
    with pytest.raises(UnsupportedError):
        write(b.freeze(), target)
    assert target.read_text() == "old" and os.listdir(tmp_path) == ["kept.bench"]


@pytest.mark.skipif(shutil.which("iverilog") is None, reason="Icarus Verilog is not installed (apt install iverilog)")
def test_icarus_runs_what_we_write(tmp_path):
    net = random_netlist(8, n_cells=120, n_registers=6)
    cycles = 40
    stimulus = Stimulus.random(net, 1, n_cycles=cycles, rng=2)
    values = stimulus.values(net)["x"][:, 0]
    wanted = engine("python")(compile(net)).run(stimulus)
    (tmp_path / "net.v").write_text(verilog.dump(net).replace("module random(", "module random_net("))
    bench_text = f"""module tb; reg clk = 0; reg [5:0] x; wire [4:0] y; wire z; integer i;
      reg [5:0] mem [0:{cycles - 1}]; random_net u(.clk(clk), .x(x), .y(y), .z(z));
      initial begin $readmemh("{tmp_path}/in.hex", mem);
        for (i = 0; i < {cycles}; i = i + 1) begin
          x = mem[i]; #1 $display("%h %h", y, z); clk = 1; #1 clk = 0; #1; end end endmodule"""
    (tmp_path / "tb.v").write_text(bench_text)
    (tmp_path / "in.hex").write_text("\n".join(f"{int(v):x}" for v in values))
    subprocess.run(["iverilog", "-g2005", "-o", "sim", "tb.v", "net.v"], cwd=tmp_path, check=True, timeout=60)
    done = subprocess.run(["vvp", "sim"], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    seen = [tuple(int(v, 16) for v in line.split()) for line in done.stdout.split("\n") if line.strip()]
    assert seen == list(zip(wanted["y"][:, 0].tolist(), wanted["z"][:, 0].tolist(), strict=True))
