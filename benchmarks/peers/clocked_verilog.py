"""Verilator and Icarus Verilog on clocked netlists, one instance: a bit a net, cycle after cycle.

Inputs and outputs are files of a byte a cycle and bit. A run can keep the outputs of every cycle, to be
compared, or only those of the last, to be timed.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from gatesim import Netlist
from gatesim.formats.verilog import dump
from gatesim.netlist import Port

from ..harness import child_seconds, has
from .memory_verilog import around, without_memories

_MAIN = """
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>
#include "verilated.h"
#include "Vdut.h"
double sc_time_stamp() {{ return 0; }}
int main(int, char **argv) {{
  const long cycles = atol(argv[1]);
  const bool all = atoi(argv[2]);
  std::vector<unsigned char> in(cycles * {n_in} + 1), out((all ? cycles : 1) * {n_out} + 1);
  FILE *f = fopen("in.bin", "rb");
  if (!f || fread(in.data(), 1, cycles * {n_in}, f) != size_t(cycles * {n_in})) return 1;
  fclose(f);
  Vdut *top = new Vdut;
  top->clk = 0;
  std::clock_t began = std::clock();
  for (long c = 0; c < cycles; ++c) {{
    const unsigned char *x = &in[c * {n_in}];
{sets}
    top->clk = 0;
    top->eval();
    if (all || c == cycles - 1) {{
      unsigned char *y = &out[all ? c * {n_out} : 0];
{gets}
    }}
    top->clk = 1;
    top->eval();
  }}
  double took = double(std::clock() - began) / CLOCKS_PER_SEC;
  f = fopen("out.bin", "wb");
  if (!f || fwrite(out.data(), 1, out.size() - 1, f) != out.size() - 1) return 1;
  fclose(f);
  printf("%.9f\\n", took);
}}
"""

_BENCH = """
module bench;
  reg clk = 0;
  reg [{n_in}-1:0] x;
  wire [{n_out}-1:0] y;
  integer cycles, c, f, in, got;
  dut d({connections});
  initial begin
    got = $value$plusargs("cycles=%d", cycles);
    in = $fopen("in.txt", "r");
    f = $fopen("out.txt", "w");
    for (c = 0; c < cycles; c = c + 1) begin
      got = $fscanf(in, "%b", x);
      #1 $fdisplay(f, "%b", y);
      clk = 1;
      #1 clk = 0;
    end
    $finish;
  end
endmodule
"""


@dataclass(frozen=True)
class ClockedPeer:
    """Another simulator, ready to run one instance.

    Attributes
    ----------
    name : str
    prepare_seconds : float
        Processor time from the netlist to the moment when the first cycle can run.
    run : callable
        ``run(inputs, all=...)`` of (cycles, input bits) uint8: processor seconds of the cycles.
    outputs : callable
        (cycles or 1, output bits) uint8 of the last run.
    """

    name: str
    prepare_seconds: float
    run: Callable[..., float]
    outputs: Callable[[], np.ndarray]


def verilator(net: Netlist, folder: Path) -> ClockedPeer | None:
    """Verilator -O3 and the C++ compiler at -O3, one thread.

    Every cycle takes two evaluations: one lets the inputs settle, so that the outputs are those before
    the clock edge, and one makes the edge.
    """
    if not has("verilator"):
        return None
    n_in, n_out = _bits(net.inputs), _bits(net.outputs)
    sets = "\n".join(line for p, at in _placed(net.inputs) for line in _sets(p, at))
    gets = "\n".join(line for p, at in _placed(net.outputs) for line in _gets(p, at))
    _write_module(net, folder)
    (folder / "main.cpp").write_text(_MAIN.format(n_in=n_in, n_out=n_out, sets=sets, gets=gets), encoding="utf-8")
    options = ["--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert"]
    flags = ["-Wno-fatal", "-Wno-lint", "-CFLAGS", "-O3", "-MAKEFLAGS", "OPT_FAST=-O3", "--top-module", "dut"]
    prepared = child_seconds(lambda: _call(["verilator", *options, *flags, "dut.v", "main.cpp"], folder))

    def run(inputs: np.ndarray, *, all: bool) -> float:
        inputs.tofile(folder / "in.bin")
        return float(_call(["obj_dir/Vdut", str(len(inputs)), str(int(all))], folder))

    def outputs() -> np.ndarray:
        return np.fromfile(folder / "out.bin", np.uint8).reshape(-1, n_out)

    return ClockedPeer("Verilator -O3", prepared, run, outputs)


def icarus(net: Netlist, folder: Path) -> ClockedPeer | None:
    """Icarus Verilog; what a run without cycles takes is taken off."""
    if not has("iverilog"):
        return None
    n_in, n_out = _bits(net.inputs), _bits(net.outputs)
    connections = [".clk(clk)"]
    connections += [f".{p.name}(x[{at + p.width - 1}:{at}])" for p, at in _placed(net.inputs)]
    connections += [f".{p.name}(y[{at + p.width - 1}:{at}])" for p, at in _placed(net.outputs)]
    _write_module(net, folder)
    text = _BENCH.format(n_in=n_in, n_out=n_out, connections=", ".join(connections))
    (folder / "bench.v").write_text(text, encoding="utf-8")
    started = perf_counter()
    _call(["iverilog", "-o", "dut.vvp", "bench.v", "dut.v"], folder)
    prepared = perf_counter() - started

    def once(inputs: np.ndarray) -> float:
        lines = ["".join(map(str, row[::-1])) for row in inputs.tolist()]
        (folder / "in.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")
        return child_seconds(lambda: _call(["vvp", "-n", "dut.vvp", f"+cycles={len(inputs)}"], folder))

    def run(inputs: np.ndarray, *, all: bool) -> float:
        empty = once(inputs[:0])
        return once(inputs) - empty

    def outputs() -> np.ndarray:
        rows = (folder / "out.txt").read_text(encoding="utf-8").split()
        return np.array([[int(bit) for bit in row[::-1]] for row in rows], np.uint8)

    return ClockedPeer("Icarus", prepared, run, outputs)


def _write_module(net: Netlist, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    assert all(p.name.isidentifier() and "__" not in p.name for p in net.ports), "ports must be plain names"
    inside = without_memories(net) if net.memories else replace(net, names={})
    # Instances are renamed: a port may bear the name that the writer gives to one.
    text = re.sub(r"(?m)^(  \w+) ([gr]\d+)\(", r"\1 cell_\2(", dump(inside))
    head, rest = text.split("(", 1)
    assert head.startswith("module ")
    outside = around(net, folder) if net.memories else ""
    text = f"{outside}module {'core' if net.memories else 'dut'}({rest}"
    (folder / "dut.v").write_text(text, encoding="utf-8")


def _bits(ports: tuple[Port, ...]) -> int:
    return sum(p.width for p in ports)


def _placed(ports: tuple[Port, ...]):
    at = 0
    for p in ports:
        yield p, at
        at += p.width


def _sets(port: Port, at: int) -> list[str]:
    """C++ that puts bytes into a port: an integer up to 64 bits, words of 32 bits past that."""
    if port.width == 1:
        return [f"    top->{port.name} = x[{at}];"]
    if port.width <= 64:
        return [f"    top->{port.name} = {_joined(at, 0, port.width)};"]
    return [
        f"    top->{port.name}[{low // 32}] = {_joined(at, low, min(32, port.width - low))};"
        for low in range(0, port.width, 32)
    ]


def _joined(at: int, low: int, n: int) -> str:
    return " | ".join(f"(unsigned long long)x[{at + low + k}] << {k}" for k in range(n))


def _gets(port: Port, at: int) -> list[str]:
    def bit(k: int) -> str:
        return f"top->{port.name} >> {k}" if port.width <= 64 else f"top->{port.name}[{k // 32}] >> {k % 32}"

    return [f"      y[{at + k}] = ({bit(k)}) & 1;" for k in range(port.width)]


def _call(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout
