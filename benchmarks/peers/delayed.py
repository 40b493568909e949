"""Simulators that know delays: Icarus Verilog on gate primitives, and KyuPy's WaveSim."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from gatesim import Netlist
from gatesim.gates import GATES, IS_LOGIC
from gatesim.waveforms import Events

from ..harness import child_seconds, core_seconds, has, has_package

_BENCH = """`timescale 1ps/1ps
module t;
reg [{last}:0] v, rows [0:{n_rows} - 1];
integer i, n;
{wires}
{gates}
initial begin
  $readmemb("rows.txt", rows);
  if (!$value$plusargs("vectors=%d", n)) n = 0;
  if ($test$plusargs("dump")) begin $dumpfile("out.vcd"); $dumpvars(0, t); end
  v = 0;
  #{period};
  for (i = 0; i < n; i = i + 1) begin v = rows[i]; #{period}; end
  $finish;
end
endmodule
"""


@dataclass(frozen=True)
class Icarus:
    """A compiled test bench: vectors are applied one after another, each to the settled circuit."""

    folder: Path
    period: int

    def run(self, vectors: int, *options: str) -> float:
        """Processor time of a run, start of the program included."""
        command = ["vvp", "t.vvp", f"+vectors={vectors}", *options]
        return child_seconds(lambda: subprocess.run(command, cwd=self.folder, check=True, stdout=subprocess.DEVNULL))

    def contender(self, few: int, many: int) -> Callable[[], float]:
        """Seconds for ``many - few`` vectors, the start of the program taken off."""
        return lambda: self.run(many) - self.run(few)

    def events(self, vectors: int) -> Events:
        """Every transition of every net, from its value change dump."""
        self.run(vectors, "+dump")
        head, _, body = (self.folder / "out.vcd").read_text().partition("$enddefinitions $end")
        net_of = {code: int(k) for code, k in re.findall(r"\$var wire +1 (\S+) n(\d+) \$end", head)}
        now, rows = 0, []
        for line in body.split("\n"):
            if line.startswith("#"):
                now = int(line[1:])
            elif now >= self.period and line[1:] in net_of:
                rows.append((now // self.period - 1, now % self.period, net_of[line[1:]], int(line[0])))
        return Events.sorted(*np.array(rows).T)


def icarus(net: Netlist, rise: np.ndarray, fall: np.ndarray, planes: np.ndarray, n_rows: int) -> Icarus | None:
    """`net` with delays and the first `n_rows` patterns of `planes` (input bits, words), compiled."""
    if not has("iverilog"):
        return None
    folder = Path(mkdtemp(prefix="gatesim-icarus-"))
    inputs = [k for p in net.inputs for k in p.nets]
    bits = np.unpackbits(np.ascontiguousarray(planes).view(np.uint8), axis=1, bitorder="little")[::-1, :n_rows]
    (folder / "rows.txt").write_text("\n".join("".join(map(str, row)) for row in bits.T.tolist()))
    wires = ["wire n0 = 0;", "wire n1 = 1;", *(f"wire n{k};" for k in range(2, net.n_nets))]
    wires += [f"assign n{k} = v[{i}];" for i, k in enumerate(inputs)]
    primitives = [
        f"{GATES[net.op[k]].name.lower().rstrip('234')} #({rise[k]},{fall[k]}) g{k}"
        f"(n{k}, {', '.join(f'n{d}' for d in net.fanin_of(k))});"
        for k in np.flatnonzero(IS_LOGIC[net.op]).tolist()
    ]
    period = int(max(rise.max(), fall.max())) * net.n_gates
    text = _BENCH.format(
        last=len(inputs) - 1, n_rows=n_rows, wires="\n".join(wires), gates="\n".join(primitives), period=period
    )
    (folder / "t.v").write_text(text)
    subprocess.run(["iverilog", "-o", "t.vvp", "t.v"], cwd=folder, check=True)
    return Icarus(folder, period)


@dataclass(frozen=True)
class WaveSim:
    """KyuPy's simulator with a batch of patterns in it."""

    contender: Callable[[], float]
    changes: int
    overflows: int
    outputs: np.ndarray


def kyupy(
    net: Netlist, rise: np.ndarray, fall: np.ndarray, before: np.ndarray, after: np.ndarray, sims: int, capacity: int
) -> WaveSim | None:
    """`before`, `after`: (input bits, patterns) of 0 and 1, of which the first `sims` are used.

    KyuPy gives a delay to each pin and each direction of the output; here they are those of the cell.
    `capacity` is how many times a waveform can hold: KyuPy drops the latest glitch where that is not enough.
    """
    if not has_package("kyupy"):
        return None
    from kyupy.circuit import Circuit, Line, Node
    from kyupy.wave_sim import WaveSim as Simulator

    circuit = Circuit(net.name)
    driver, fork = {}, {}
    for k in range(2, net.n_nets):
        kind = GATES[net.op[k]].name.lower()
        driver[k], fork[k] = Node(circuit, f"g{k}", kind), Node(circuit, f"n{k}")
    own_line = {k: Line(circuit, driver[k], fork[k]).index for k in driver}
    pin_line = {}
    for k, cell in driver.items():
        pin_line[k] = [Line(circuit, fork[int(d)], (cell, i)).index for i, d in enumerate(net.fanin_of(k))]
    circuit.io_nodes.extend(driver[k] for p in net.inputs for k in p.nets)
    for i, k in enumerate(k for p in net.outputs for k in p.nets):
        shown = Node(circuit, f"o{i}", "output")
        Line(circuit, fork[k], shown)
        circuit.io_nodes.append(shown)
    delays = np.zeros((len(circuit.lines), 2, 2), np.float32)
    counted = np.zeros((len(circuit.lines) + 3, 3), np.int32)
    counted[:, 0] = -1
    for k in np.flatnonzero(IS_LOGIC[net.op]).tolist():
        delays[pin_line[k], :, 0], delays[pin_line[k], :, 1] = rise[k], fall[k]
        counted[own_line[k]] = 0, 1, 1

    def made(**options):
        sim = Simulator(circuit, delays, sims=sims, c_caps=capacity, c_reuse=True, strip_forks=True, **options)
        n_in = len(before)
        sim.s[0, :n_in], sim.s[2, :n_in] = before[:, :sims], after[:, :sims]
        return sim

    def propagate(sim) -> None:
        sim.s_to_c()
        sim.c_prop()

    counting = made(a_ctrl=counted)
    propagate(counting)
    counting.c_to_s()
    n_in, n_out = len(before), sum(p.width for p in net.outputs)
    overflows = int((counting.s[10, n_in : n_in + n_out] != 0).sum())
    timed = made()
    propagate(timed)
    return WaveSim(
        lambda: core_seconds(lambda: propagate(timed)),
        int(counting.abuf.sum()),
        overflows,
        counting.s[6, n_in : n_in + n_out] != 0,
    )
