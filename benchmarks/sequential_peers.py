"""Verilator and Icarus Verilog on the netlists of the sequential benchmark: the same cycles, all outputs kept.

Both read a file of one byte a cycle and input bit, and give back one byte a cycle and output bit, so
that every bit of every cycle can be compared.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

from gatesim import Netlist
from gatesim.formats.verilog import dump

TOP = "dut"


class Built(NamedTuple):
    """A peer ready to run: ``run(inputs)`` takes (cycles, input bits) uint8 and gives (seconds, outputs)."""

    name: str
    seconds_to_build: float
    run: Callable[[np.ndarray], tuple[float, np.ndarray]]


def installed(program: str) -> bool:
    """Whether `program` can be called."""
    return shutil.which(program) is not None


def verilator(net: Netlist, folder: Path) -> Built:
    """`net` through Verilator -O3 and the C++ compiler at -O3, one thread."""
    _write_netlist(net, folder)
    reads = [_cpp(f"top->{_port(p)}", p.width, "row", at) for p, at in _placed(net.inputs)]
    writes = [_cpp_back(f"top->{_port(p)}", p.width, "kept", at) for p, at in _placed(net.outputs)]
    n_in, n_out = (sum(p.width for p in ports) for ports in (net.inputs, net.outputs))
    (folder / "main.cpp").write_text(
        _MAIN.replace("N_IN", str(n_in))
        .replace("N_OUT", str(n_out))
        .replace("FEED", "\n".join(reads))
        .replace("KEEP", "\n".join(writes)),
        encoding="utf-8",
    )
    started = perf_counter()
    flags = ["-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert", "-Wno-fatal", "-Wno-lint"]
    _call(["verilator", "--cc", "--exe", *flags, "-CFLAGS", "-O3", "--top-module", TOP, "dut.v", "main.cpp"], folder)
    _call(["make", "-C", "obj_dir", "-f", f"V{TOP}.mk", "OPT_FAST=-O3", f"V{TOP}"], folder)
    seconds = perf_counter() - started

    def run(inputs: np.ndarray) -> tuple[float, np.ndarray]:
        inputs.tofile(folder / "inputs.bin")
        printed = _call([f"obj_dir/V{TOP}", str(len(inputs))], folder)
        return float(printed), np.fromfile(folder / "outputs.bin", np.uint8).reshape(len(inputs), n_out)

    return Built("Verilator -O3", seconds, run)


def icarus(net: Netlist, folder: Path) -> Built:
    """`net` through Icarus Verilog; the time of a run without cycles is taken off."""
    _write_netlist(net, folder)
    n_in, n_out = (sum(p.width for p in ports) for ports in (net.inputs, net.outputs))
    ports = [f".{p.name}(x[{at + p.width - 1}:{at}])" for p, at in _placed(net.inputs)]
    ports += [f".{p.name}(y[{at + p.width - 1}:{at}])" for p, at in _placed(net.outputs)]
    clock = [".clk(clk)"] if len(net.registers) else []
    text = _BENCH.replace("N_IN", str(n_in)).replace("N_OUT", str(n_out)).replace("PORTS", ", ".join(clock + ports))
    (folder / "bench.v").write_text(text, encoding="utf-8")
    started = perf_counter()
    _call(["iverilog", "-o", "dut.vvp", "bench.v", "dut.v"], folder)
    seconds = perf_counter() - started

    def once(inputs: np.ndarray) -> float:
        lines = ["".join(map(str, row[::-1])) for row in inputs.tolist()]
        (folder / "inputs.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        before = perf_counter()
        _call(["vvp", "dut.vvp", f"+cycles={len(inputs)}"], folder)
        return perf_counter() - before

    def run(inputs: np.ndarray) -> tuple[float, np.ndarray]:
        empty = once(inputs[:0])
        whole = once(inputs)
        found = (folder / "outputs.txt").read_text(encoding="utf-8").split()
        outputs = np.array([[int(c) for c in line[::-1]] for line in found], np.uint8)
        return whole - empty, outputs

    return Built("Icarus Verilog", seconds, run)


def _write_netlist(net: Netlist, folder: Path) -> None:
    text = dump(net)
    head, rest = text.split("(", 1)
    assert head.startswith("module ")
    (folder / "dut.v").write_text(f"module {TOP}({rest}", encoding="utf-8")


def _placed(ports):
    at = 0
    for p in ports:
        yield p, at
        at += p.width


def _port(port) -> str:
    assert port.name.isidentifier() and "__" not in port.name, port.name
    return port.name


def _cpp(target: str, width: int, array: str, at: int) -> str:
    """Lines that put `width` bytes into a port of Verilator (words of 32 bits past 64)."""
    if width == 1:
        return f"{target} = {array}[{at}];"
    if width <= 64:
        bits = " | ".join(f"(uint64_t){array}[{at + i}] << {i}" for i in range(width))
        return f"{target} = {bits};"
    lines = []
    for word in range(-(-width // 32)):
        bits = " | ".join(
            f"(uint32_t){array}[{at + i}] << {i - 32 * word}" for i in range(32 * word, min(width, 32 * word + 32))
        )
        lines.append(f"{target}[{word}] = {bits};")
    return "\n".join(lines)


def _cpp_back(source: str, width: int, array: str, at: int) -> str:
    if width <= 64:
        return "\n".join(f"{array}[{at + i}] = ({source} >> {i}) & 1;" for i in range(width))
    return "\n".join(f"{array}[{at + i}] = ({source}[{i // 32}] >> {i % 32}) & 1;" for i in range(width))


def _call(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


_MAIN = """
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>
#include "verilated.h"
#include "Vdut.h"
double sc_time_stamp() { return 0; }
int main(int argc, char** argv) {
    long cycles = atol(argv[1]);
    std::vector<unsigned char> in(cycles * N_IN + 1), out(cycles * N_OUT + 1);
    FILE* f = fopen("inputs.bin", "rb");
    if (fread(in.data(), 1, cycles * N_IN, f) != (size_t)(cycles * N_IN)) return 1;
    fclose(f);
    Vdut* top = new Vdut;
    top->clk = 0;
    clock_t started = clock();
    for (long c = 0; c < cycles; c++) {
        unsigned char *row = &in[c * N_IN], *kept = &out[c * N_OUT];
        FEED
        top->clk = 0; top->eval();
        KEEP
        top->clk = 1; top->eval();
    }
    double seconds = double(clock() - started) / CLOCKS_PER_SEC;
    f = fopen("outputs.bin", "wb");
    fwrite(out.data(), 1, cycles * N_OUT, f);
    fclose(f);
    printf("%.9f", seconds);
}
"""
# Two evaluations a cycle: without a settled eval() before the edge, outputs would not show the inputs of this cycle.

_BENCH = """
module bench;
  reg clk = 0; reg [N_IN-1:0] x; wire [N_OUT-1:0] y;
  integer cycles, c, f, in, got;
  dut d(PORTS);
  initial begin
    got = $value$plusargs("cycles=%d", cycles);
    in = $fopen("inputs.txt", "r");
    f = $fopen("outputs.txt", "w");
    for (c = 0; c < cycles; c = c + 1) begin
      got = $fscanf(in, "%b", x);
      #1 $fdisplay(f, "%b", y);
      clk = 1; #1 clk = 0;
    end
    $finish;
  end
endmodule
"""
