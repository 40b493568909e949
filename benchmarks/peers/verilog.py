"""Verilator and Icarus Verilog on one module in which every net is 64 bits wide: 64 patterns at once."""

from __future__ import annotations

import subprocess
from time import perf_counter

import numpy as np

from gatesim import Netlist

from ..harness import child_seconds, has
from . import Peer, new_folder
from .source import assignments

SMALL_CELLS = 10_000
"""Cells up to which the C++ that Verilator writes is compiled with -O3; -O1 above, which ends sooner."""

_MAIN = """
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>
#include "Vwide.h"
int main(int argc, char **argv) {{
  const long words = atol(argv[1]);
  std::vector<unsigned long long> in({n_in} * words), out({n_out} * words);
  FILE *f = fopen("in.bin", "rb");
  if (!f || fread(in.data(), 8, in.size(), f) != in.size()) return 1;
  fclose(f);
  Vwide top;
  std::clock_t began = std::clock();
  for (long w = 0; w < words; ++w) {{
{sets}
    top.eval();
{gets}
  }}
  double took = double(std::clock() - began) / CLOCKS_PER_SEC;
  f = fopen("out.bin", "wb");
  if (!f || fwrite(out.data(), 8, out.size(), f) != out.size()) return 1;
  fclose(f);
  printf("%.9f\\n", took);
}}
"""

_BENCH = """
module bench;
  reg [63:0] in [0:{n_in} * {words} - 1];
  reg [63:0] {registers};
  wire [63:0] {wires};
  integer w, f;
  wide it({connections});
  initial begin
    $readmemh("in.hex", in);
    f = $fopen("out.hex", "w");
    for (w = 0; w < {words}; w = w + 1) begin
{sets}
      #1;
      $fwrite(f, "{format}\\n", {gets});
    end
    $finish;
  end
endmodule
"""


def module(net: Netlist) -> tuple[str, int, int]:
    """Verilog text of a combinational netlist, 64 bits a net; the numbers of inputs and outputs."""
    lines, outputs = assignments(net, "64'd0")
    n_in = sum(p.width for p in net.inputs)
    ports = [f"input [63:0] i{k}" for k in range(n_in)] + [f"output [63:0] o{k}" for k in range(len(outputs))]
    body = [f"wire [63:0] {name} = {expression};" for name, expression in lines]
    body += [f"assign o{k} = {name};" for k, name in enumerate(outputs)]
    return "module wide(" + ", ".join(ports) + ");\n" + "\n".join(body) + "\nendmodule\n", n_in, len(outputs)


def verilator(net: Netlist, words: np.ndarray, *, optimise: str | None = None) -> Peer | None:
    """`words`: (input bits, words) uint64; `optimise`: of the C++ compiler, by size where it is None."""
    if not has("verilator"):
        return None
    folder = new_folder("verilator")
    np.ascontiguousarray(words).tofile(folder / "in.bin")
    n_words = words.shape[1]
    level = optimise or ("-O3" if net.n_gates <= SMALL_CELLS else "-O1")
    started = perf_counter()
    text, n_in, n_out = module(net)
    (folder / "wide.v").write_text(text)
    sets = "\n".join(f"    top.i{k} = in[{k} * words + w];" for k in range(n_in))
    gets = "\n".join(f"    out[{k} * words + w] = top.o{k};" for k in range(n_out))
    (folder / "main.cpp").write_text(_MAIN.format(n_in=n_in, n_out=n_out, sets=sets, gets=gets))
    options = ["--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--noassert", "-Wno-fatal", "-Wno-lint"]
    flags = ["-CFLAGS", f"{level} -march=native", "-MAKEFLAGS", f"OPT_FAST={level}"]
    made = subprocess.run(
        ["verilator", *options, *flags, "--top-module", "wide", "wide.v", "main.cpp"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not made.returncode, made.stderr[-2000:]
    prepared = perf_counter() - started

    def run() -> float:
        done = subprocess.run(["obj_dir/Vwide", str(n_words)], cwd=folder, capture_output=True, text=True, check=True)
        return float(done.stdout)

    def outputs() -> np.ndarray:
        return np.fromfile(folder / "out.bin", np.uint64).reshape(n_out, n_words)

    return Peer(f"Verilator {level}, 64 bits a net", prepared, 64 * n_words, run, outputs)


def icarus(net: Netlist, words: np.ndarray) -> Peer | None:
    """Icarus interprets, and gets fewer patterns: the first few words of `words`."""
    if not has("iverilog"):
        return None
    n_words = max(1, min(8, 50_000 // net.n_nets))
    folder = new_folder("icarus")
    some = np.ascontiguousarray(words[:, :n_words])
    n_words = some.shape[1]
    (folder / "in.hex").write_text("\n".join(f"{int(x):x}" for x in some.ravel()))
    started = perf_counter()
    text, n_in, n_out = module(net)
    ins, outs = [f"i{k}" for k in range(n_in)], [f"o{k}" for k in range(n_out)]
    bench = _BENCH.format(
        n_in=n_in,
        words=n_words,
        registers=", ".join(ins),
        wires=", ".join(outs),
        connections=", ".join(ins + outs),
        sets="\n".join(f"      {name} = in[{k} * {n_words} + w];" for k, name in enumerate(ins)),
        format=" ".join(["%h"] * n_out),
        gets=", ".join(outs),
    )
    (folder / "all.v").write_text(text + bench)
    subprocess.run(["iverilog", "-g2012", "-o", "all.vvp", "all.v"], cwd=folder, check=True)
    prepared = perf_counter() - started

    def run() -> float:
        command = ["vvp", "-n", "all.vvp"]
        return child_seconds(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))

    def outputs() -> np.ndarray:
        rows = (folder / "out.hex").read_text().split()
        return np.array([int(x, 16) for x in rows], np.uint64).reshape(n_words, n_out).T

    return Peer("Icarus, 64 bits a net", prepared, 64 * n_words, run, outputs)
