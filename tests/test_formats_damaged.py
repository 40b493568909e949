"""Damaged and hostile files: read, or refused with one clear error, within bounded time and memory.

``GATESIM_FUZZ=100000 pytest tests/test_formats_damaged.py -k damaged`` runs so many cases a format
(2,000 in all otherwise); ``GATESIM_FUZZ_SEED`` chooses others.
"""

from __future__ import annotations

import gzip
import os
import random
import time
import tracemalloc

import pytest
from format_samples import damaged, parse_any, samples

from gatesim import read
from gatesim.errors import GatesimError, ParseError

FORMATS = sorted(samples())
CASES = int(os.environ.get("GATESIM_FUZZ", 2000 // len(FORMATS)))
SEED = int(os.environ.get("GATESIM_FUZZ_SEED", "1"))


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_files_read_or_fail_with_one_clear_error(format):
    files = samples()[format]
    for data in files:
        parse_any(format, data)  # whole, they are read
    rng = random.Random(SEED)
    read_well = 0
    for case in range(CASES):
        data = damaged(rng, files)
        began = time.perf_counter()
        try:
            parse_any(format, data)
            read_well += 1
        except GatesimError as exc:
            assert str(exc) and len(str(exc)) < 5000, (case, data)
        except Exception as exc:
            raise AssertionError(f"case {case} of {format} (seed {SEED}) ends in {exc!r}: {data!r}") from exc
        assert time.perf_counter() - began < 20, (case, data)
    assert read_well < CASES


MODULES_THAT_DOUBLE = "".join(
    f"module m{k}(input a, output y); wire t; m{k + 1} u(a, t); m{k + 1} v(t, y); endmodule\n" for k in range(40)
)
BLIF_THAT_DOUBLES = "".join(
    f".model m{k}\n.inputs a\n.outputs y\n.subckt m{k + 1} a=a y=t\n.subckt m{k + 1} a=t y=y\n.end\n" for k in range(60)
)
HOSTILE = [
    ("verilog", f"module t(input [{'9' * 1_000_000}:0] a);\nendmodule", "is too large"),
    ("verilog", "module t(input [99999999:0] a); endmodule", "bits wide; at most"),
    ("verilog", "module t(input a, output y); assign y = {999999999{a}}; endmodule", "replication of 999999999"),
    ("verilog", "module t(output y); assign y = 1 << 99999999; endmodule", None),
    ("verilog", "module t(input [2**99999999:0] a); endmodule", "out of bounds"),
    ("verilog", "module t(output y); assign y = " + "(" * 100_000 + "a", "nested more than"),
    ("verilog", "module t(output y); assign y = " + "~" * 100_000 + "a;", "more than 40 operators"),
    ("verilog", "module t(input a, output y); assign y = a" + " & a" * 20_000 + "; endmodule", None),
    ("verilog", "module t(input a, output y); assign y = " + "a ? a : " * 20_000 + "a; endmodule", None),
    ("verilog", MODULES_THAT_DOUBLE + "module m40(input a, output y); not(y, a); endmodule", "expands to more than"),
    ("verilog", "module t(input a, output y); t u(a, y); endmodule", "there is no top module"),
    ("verilog", "module s(input a); t u(a); endmodule\nmodule t(input a); s u(a); endmodule\nmodule z(input a); t u(a); endmodule",
     "contains itself"),
    ("verilog", "module t(input a, output y); not g[99999999:0](y, a); endmodule", "100000000 copies"),
    ("verilog", "`define A `B\n", "macro `B is not defined"),
    ("verilog", "(*" * 200_000, "attribute without an end"),
    ("verilog", "/*" * 200_000, "comment or attribute without an end"),
    ("blif", BLIF_THAT_DOUBLES + ".model m60\n.inputs a\n.outputs y\n.names a y\n0 1\n.end\n", "expands to more than"),
    ("blif", ".model a\n.inputs x\n.outputs y\n.subckt a x=x y=y\n.end", "contain each other in a circle"),
    ("blif", ".model a\n.search b.blif\n", r"<text>:2:1: .search: other files are not read"),
    ("blif", ".model a\n.inputs x\n.outputs y\n.names x y\n11 1\n.end", "<text>:5:1: this row does not fit"),
    ("blif", ".model a\n.inputs x\n.outputs y\n.latch x y ah c 0\n.end", "<text>:4:12: a latch of type 'ah'"),
    ("blif", ".model a\n.inputs x\n.outputs y\n.name x y\n.end", "unknown BLIF command '.name'; did you mean '.names'"),
    ("aiger", "aig 1000000000 1000000000 0 0 0\n", "more than 1,048,576 inputs"),
    ("aiger", "aig 999999999 0 0 0 999999999\n", "promises more than it can hold"),
    ("aiger_ascii", "aag 999999999 0 0 0 1\n4 3000000 2\n", "literal 3000000 is read but not defined"),
    ("aiger_ascii", "aag 1 1 0 1 0\n2\n4\n", "literal 4 is read but not defined"),
    ("aiger_ascii", "aag 1 1 0 1 0\n2\nx\n", "<text>:3:1: expected a number; found 'x'"),
    ("aiger_ascii", "aag 2 1 1 0 0\n2\n4 2 3\n", "latch 4 is reset to 3"),
    ("yosys_json", "[" * 200_000, "nested too deep"),
    ("yosys_json", '{"modules": {"t": {"cells": {"c": {"type": "$add", "connections": {}}}}}}', r"modules.t.cells.c: cell type '\$add' is not gates"),
    ("yosys_json", '{"modules": {"t": {"ports": {"a": {"direction": "input", "bits": ["2"]}}}}}', "expected the number of a net"),
    ("yosys_json", '{"modules": {"t": {"cells": ' + "9" * 5000 + "}}}", "no JSON"),
    ("bristol", "1 99999999999\n1 1\n1 1\n\n1 1 0 1 INV\n", "expected the numbers of gates and wires"),
    ("bristol", "1 2\n1 1\n1 1\n\n1 1 0 7 INV\n", "<text>:5: wire 7 does not exist"),
    ("vcd", "$var wire 99999999 ! a $end", "99999999 bits wide"),
]  # fmt: skip


@pytest.mark.parametrize(("format", "text", "message"), HOSTILE, ids=lambda v: str(v)[:24])
def test_hostile_files_are_refused_in_bounded_time(format, text, message):
    began = time.perf_counter()
    if message is None:
        parse_any(format, text.encode())
    else:
        with pytest.raises(ParseError, match=message) as caught:
            parse_any(format, text.encode())
        assert len(str(caught.value)) < 2000
    assert time.perf_counter() - began < 60


def test_a_decompression_bomb_is_refused(tmp_path):
    bomb = gzip.compress(b"# " + bytes(300 << 20), 9)
    (tmp_path / "bomb.blif.gz").write_bytes(bomb)
    del bomb
    tracemalloc.start()
    with pytest.raises(ParseError, match=r"unpacks to more than .* unpack it yourself"):
        read(tmp_path / "bomb.blif.gz")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 << 20


def test_includes_are_bounded(tmp_path):
    (tmp_path / "a.v").write_text('`include "b.vh"\nmodule t(input x, output y); `GATE(y, x); endmodule\n')
    (tmp_path / "b.vh").write_text("`define GATE not\n")
    assert read(tmp_path / "a.v").counts() == {"INPUT": 1, "NOT": 1}
    (tmp_path / "b.vh").write_text('`include "b.vh"\n')
    with pytest.raises(ParseError, match=r"b.vh:1:1: `include \"b.vh\": files include each other without end"):
        read(tmp_path / "a.v")
    (tmp_path / "b.vh").write_text("`define GATE not\nwire 5;\n")
    with pytest.raises(ParseError, match=r"b.vh:2:1: expected 'module'"):
        read(tmp_path / "a.v")
    with pytest.raises(ParseError, match="has no folder of its own"):
        read('`include "b.vh"\n', format="verilog")
