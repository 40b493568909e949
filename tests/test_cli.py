from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from gatesim import __version__, read


def test_truth_table_of_a_full_adder(gatesim):
    status, out, _ = gatesim("sim", "circuits.adders:full_adder", "--json")
    table = json.loads(out)
    assert status == 0 and table["patterns"] == 8
    columns = {**table["inputs"], **table["outputs"]}
    for a, b, c, s, k in zip(*(columns[n] for n in ("a", "b", "cin", "sum", "carry")), strict=True):
        assert a + b + c == s + 2 * k


@pytest.mark.parametrize("name", ["kogge_stone[8]", "adders.kogge_stone[8]", "circuits.adders:kogge_stone[a=8,b=8]"])
def test_values_in_values_out(gatesim, name):
    status, out, _ = gatesim("sim", name, "--in", "a=200,b=0x64", "--json")
    assert status == 0 and json.loads(out)["outputs"] == {"sum": [44], "carry": [1]}
    status, out, _ = gatesim("sim", name, "--in", "a=-1,b=0b11", "--radix", "hex")
    assert status == 0 and "02" in out


def test_both_engines_and_watching(gatesim):
    outs = [json.loads(gatesim("sim", "adders.half_adder", "--engine", e, "--json")[1]) for e in ("python", "logic2")]
    assert outs[0]["outputs"] == outs[1]["outputs"]
    status, out, _ = gatesim("sim", "adders.half_adder", "--watch", "a", "--random", "3", "--rows", "2")
    assert status == 0 and "1 more rows" in out


def test_clocked_circuits_run_cycles(gatesim):
    _, out, _ = gatesim("sim", "sequential.counter[4]", "--cycles", "20", "--in", "enable=1,reset=0", "--json")
    assert json.loads(out)["outputs"]["out"] == [k % 16 for k in range(20)]


def test_a_module_of_the_users_own(gatesim, tmp_path):
    (tmp_path / "mine.py").write_text(
        "from gatesim import Bit, Bus\ndef mix(a: Bus, b: Bus, swap: Bit | None = None) -> Bus:\n    return a ^ b\n"
    )
    status, out, _ = gatesim("sim", "mine:mix[4]", "--in", "a=12,b=10", "--json")
    assert status == 0 and json.loads(out)["outputs"]["out"] == [6]
    status, _, err = gatesim("sim", "mine:mx[4]", "--in", "a=1")
    assert status == 2 and "unknown function of mine 'mx'; did you mean 'mix'" in err


def test_map_writes_an_equal_file(gatesim, tmp_path):
    status, out, _ = gatesim("map", "adders.ripple_carry[4]", "--to", "nand", "-o", "nand.bench")
    assert status == 0 and "equal, proven: all 256 input patterns were simulated" in out
    assert set(read(tmp_path / "nand.bench").counts()) <= {"INPUT", "NAND", "BUF"}


def test_info_list_doctor(gatesim):
    _, out, _ = gatesim("info", "multipliers.wallace_multiplier[8]", "--json")
    facts = json.loads(out)
    assert facts["inputs"] == 16 and facts["gates"] == sum(facts["cells"].values()) - 16
    assert "depth" in gatesim("info", "multipliers.wallace_multiplier[8]")[1]
    names = {row["name"] for row in json.loads(gatesim("list", "--json")[1])}
    assert {"adders.kogge_stone", "alu.alu_74181", "tensor.argmax", "latches.d_flip_flop"} <= names
    facts = json.loads(gatesim("doctor", "--json")[1])
    assert facts["gatesim"] == __version__ and facts["GPU"]
    assert gatesim("--version")[1].strip() == f"gatesim {__version__}"


BAD_FILES = {
    "loop.bench": "INPUT(s)\nINPUT(r)\nOUTPUT(q)\nq = NAND(s, p)\np = NAND(r, q)\n",
    "undriven.bench": "INPUT(a)\nOUTPUT(y)\ny = AND(a, missing)\n",
    "double.bench": "INPUT(a)\nOUTPUT(y)\ny = NOT(a)\ny = BUFF(a)\n",
    "gate.bench": "INPUT(a)\nOUTPUT(y)\ny = NANND(a, a)\n",
    "cut.bench": "INPUT(a)\nOUTPUT(y)\ny = NAND(a",
    "width.v": "module t(input [3:0] a, output y);\n  sub s(.x(a), .y(y));\nendmodule\n"
    "module sub(input [2:0] x, output y); assign y = &x; endmodule\n",
    "behave.v": "module t(input a, output y);\n  always @* y = a;\nendmodule\n",
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sim", "loop.bench", "--exhaustive"], "combinational loop of 2 cells: q -> p -> q"),
        (["sim", "undriven.bench"], "undriven.bench:3: net 'missing' is undriven"),
        (["sim", "double.bench"], "double.bench:4: net 'y' is driven twice: on line 3 and on line 4"),
        (["sim", "gate.bench"], "gate.bench:3: unknown gate 'NANND'; did you mean 'NAND'"),
        (["info", "cut.bench"], "cut.bench:3: cannot read 'y = NAND(a' (the file may be cut off here)"),
        (["info", "width.v"], "width.v:2:3: port 'x' of sub 's' is 3 bits wide; 4 bits are connected"),
        (["info", "behave.v"], "behave.v:2:3: behavioural Verilog ('always') is not read"),
        (["sim", "missing.bench"], "missing.bench: No such file or directory"),
        (["sim", "adders.kogge_stone[8]", "--in", "a=3,c=5"], "unknown input of 'kogge_stone' 'c'"),
        (["sim", "adders.kogge_stone[8]", "--in", "a=3"], "no value for input 'b' of 'kogge_stone'"),
        (["sim", "adders.kogge_stone[8]", "--in", "a=300,b=1"], "value 300 does not fit into input 'a' of 8 bits"),
        (["sim", "adders.kogge_stone[8]", "--in", "a=x,b=1"], "cannot read 'a=x' in --in"),
        (["sim", "adders.kogge_stone[64]", "--exhaustive"], "2^128 patterns are too many"),
        (["sim", "adders.kogge_stone[64]"], "give --in name=value,..., --random N or --exhaustive"),
        (["sim", "adders.kogge_stone[8]", "--random", "2", "--exhaustive"], "exclude each other"),
        (["sim", "adders.kogge_stone[8]", "--random", "2", "--cycles", "2"], "has no state: --cycles"),
        (["sim", "adders.kogge_ston[8]", "--random", "2"], "did you mean 'adders.kogge_stone'"),
        (["sim", "adders.kogge_stone[8", "--random", "2"], "unknown file type"),
        (["sim", "adders.kogge_stone[a=]", "--random", "2"], "cannot read the arguments of"),
        (["sim", "adders.kogge_stone[a=8,b=7]", "--random", "2"], "8 and 7"),
        (["sim", "nowhere:f[8]", "--random", "2"], "there is no module 'nowhere'"),
        (["sim", "adders.half_adder", "--engine", "logic3"], "unknown engine 'logic3'; did you mean 'logic4'"),
        (["sim", "adders.half_adder", "--watch", "nothing"], "unknown net of 'half_adder' 'nothing'"),
        (["map", "adders.half_adder", "--to", "nands"], "unknown basis 'nands'; did you mean 'nand'"),
        (["map", "adders.half_adder", "-o", "x.vhd"], "unknown file type '.vhd'"),
        (["map", "adders.half_adder", "-o", "no/such/x.v"], "No such file or directory"),
        (["tour", "--only", "digit"], "unknown chapter 'digit'; did you mean 'digits'"),
        (["tour", "--lang", "de"], "'de'"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_bad_input_is_one_clear_message_and_status_2(gatesim, tmp_path, arguments, message):
    for name, text in BAD_FILES.items():
        (tmp_path / name).write_text(text)
    before = set(os.listdir(tmp_path))
    status, out, err = gatesim(*arguments)
    flat = " ".join(err.replace("│", " ").split())
    assert status == 2 and message in flat, (status, err)
    assert "Traceback" not in err and not out.strip()
    assert set(os.listdir(tmp_path)) == before  # nothing half-written


def test_the_first_compilation_is_announced(tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    lines = []
    for _ in range(2):
        command = [sys.executable, "-m", "gatesim", "info", "adders.full_adder", "--json"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=True)
        assert json.loads(done.stdout)["gates"] == 5
        lines.append(done.stderr)
    assert "compiling kernels for the first time" in lines[0] and "kernels were compiled in" in lines[0]
    assert lines[1] == ""


def test_as_a_process(tmp_path):
    def call(*arguments, **options):
        command = [sys.executable, "-m", "gatesim", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False, **options
        )

    done = call("sim", "nothing.bench")
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert "Usage" in call().stdout
    quiet = subprocess.run(
        f"{sys.executable} -m gatesim sim adders.kogge_stone[8] --random 5000 --rows 5000 | head -1",
        shell=True, capture_output=True, text=True, cwd=tmp_path, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in quiet.stderr


def test_an_interrupt_is_one_line_and_status_130(monkeypatch, capsys):
    from gatesim import cli

    def interrupted(path):
        raise KeyboardInterrupt

    monkeypatch.setattr("gatesim.formats.read", interrupted)
    monkeypatch.setattr("sys.argv", ["gatesim", "info", "some.bench"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert stopped.value.code == 130
    assert capsys.readouterr().err.strip() == "gatesim: interrupted"


def test_functions_that_make_a_netlist_are_circuits_too(gatesim):
    cell = "circuits.systolic.cells:weight_stationary_cell"
    status, out, _ = gatesim("info", cell)
    assert status == 0 and "weight-stationary int8 cell" in out
    for arguments, message in (("[8]", "takes no width"), ("[size=8]", "unexpected keyword argument 'size'")):
        status, _, err = gatesim("info", cell + arguments)
        assert status == 2 and message in err.replace("\n", " ")
