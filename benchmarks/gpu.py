"""Engine cuda: the limits counted for a data-centre GPU, and with a GPU at hand the share of them reached.

``python -m benchmarks gpu --json FILE`` gives all figures. Without a device only the limits are given,
counted from the schedule and, where NVIDIA's assembler is installed, from the machine code.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from gatesim import Netlist, Schedule, Stimulus, compile, engine, gates
from gatesim.engines.cuda import missing
from gatesim.engines.ptx import straight_line
from gatesim.passes import map_to
from gatesim.tiling import Tile

from . import tile
from .circuits import array_multiplier, outside
from .harness import Record, median_seconds, skip

GOAL = 100.0
UNIT = "T AND-ge/s"

LOGIC_LANES = 64
"""32-bit logic operations a clock and multiprocessor, compute capability 7.0 to 9.0: CUDA C++ Programming
Guide, Throughput of Native Arithmetic Instructions. A ``lop3`` counts as one."""

ISSUE_LANES = 128
"""Instructions of a thread that a multiprocessor issues a clock: four schedulers, a warp of 32 each."""

PASSES_A_ROW = 6
"""Passes of a warp through the load-store unit in a row of the interpreting kernel: two to fetch the row,
three slots read, one written. A pass moves 32 banks x 4 bytes of shared memory a clock (same guide, Shared Memory)."""

_ALU = ("LOP3", "IADD3", "VIADD", "ISETP", "LEA", "SHF", "SEL", "PRMT", "PLOP3", "VIMNMX", "LOP")
"""Instructions that share the half-rate unit with LOP3."""


@dataclass(frozen=True)
class Device:
    """What limits a kernel: multiprocessors, clock, and bytes a second to and from device memory."""

    name: str
    multiprocessors: int
    clock_ghz: float
    memory_tb: float

    def logic(self, operations: float, ands: int) -> float:
        """T AND-ge/s at so many logic operations for 32 patterns."""
        return self.multiprocessors * self.clock_ghz * LOGIC_LANES * 32 / operations * ands / 1e3

    def shared(self, rows: int, ands: int) -> float:
        """T AND-ge/s at the bandwidth of shared memory, every slot read and written there."""
        return self.multiprocessors * self.clock_ghz * 32 * 32 / (PASSES_A_ROW * rows) * ands / 1e3

    def memory(self, planes: int, ands: int) -> float:
        """T AND-ge/s when so many bits a pattern are written and read once each in device memory."""
        return self.memory_tb * 1e12 / (2 * planes / 8) * ands / 1e12


H200 = Device("H200 SXM (data sheet: 4.8 TB/s)", 132, 1.98, 4.8)
H100 = Device("H100 SXM (data sheet: 3.35 TB/s)", 132, 1.98, 3.35)


def run(quick: bool) -> list[Record]:
    lacking = missing()
    if lacking:
        skip("measuring on a GPU, only the limits are counted", lacking)
    records: list[Record] = []
    for name, net, ands in _circuits(quick):
        schedule = compile(net)
        label = f"{name}, {ands:,} ANDs, {len(schedule.rows):,} rows"
        if lacking:
            for device in (H200, H100):
                records += _limits(device, schedule, ands, label)
        else:
            records += _measured(schedule, ands, label, 1 << (26 if quick else 32))
    return records if lacking else [*records, _tile(64 if quick else 256)]


def _tile(size: int) -> Record:
    """The product of benchmark ``tile`` on the GPU, a launch a clock edge, beside the same on one core."""
    net = tile.cell()
    grid = Tile(net, size, size, tile.LINKS)
    rng = np.random.default_rng(0)
    a, w = rng.integers(-128, 128, (2, size, size))
    inputs = tile.stimulus(a, w)
    seconds = {}
    for name in ("cuda", "logic2"):
        run_on = engine(name)(compile(net), threads=1)
        seconds[name], result = median_seconds(lambda run_on=run_on: grid.run(4 * size - 1, inputs, engine=run_on), 3)
        assert np.array_equal(tile.product(result.drained["sum_out"]), a @ w)
    label = f"{size}x{size} int8 cells, {4 * size - 2:,} clock edges"
    note = f"the whole run; {_this_device().name}"
    return Record("cuda, tile", label, seconds["cuda"], "s", peer="logic2", peer_value=seconds["logic2"], note=note)


def _circuits(quick: bool) -> list[tuple[str, Netlist, int]]:
    found = [
        (c.name, c.netlist, c.n_ands) for c in map(outside, ("c6288", "c7552", "multiplier")[: 1 if quick else 3]) if c
    ]
    net = array_multiplier(16)  # what c6288 is, for a clone without outside circuits
    return [*found, (net.name, net, int((map_to(net, "aig").op == gates.gate("AND").op).sum()))]


def _limits(device: Device, schedule: Schedule, ands: int, label: str) -> list[Record]:
    rows, net = len(schedule.rows), schedule.netlist
    planes = sum(p.width for p in net.ports)
    found = {
        "compiled, logic units": device.logic(rows, ands),
        "interpreting, shared memory": device.shared(rows, ands),
        "device memory, stimulus and sums made there": device.memory(planes, ands),
    }
    counts = machine_code(straight_line(schedule, np.array([k for p in net.outputs for k in p.nets])))
    if counts is not None:
        busy = max(sum(counts[k] for k in _ALU), sum(counts.values()) * LOGIC_LANES / ISSUE_LANES)
        found["compiled, all instructions of the machine code"] = device.logic(busy, ands)
    note = f"counted for an {device.name}, not measured"
    return [Record(f"limit: {name}", label, value, UNIT, note=note) for name, value in found.items()]


def machine_code(ptx: str, arch: str = "sm_90") -> Counter[str] | None:
    """How often each instruction stands in the machine code of a kernel; None without the assembler."""
    ptxas, nvdisasm = _tool("ptxas"), _tool("nvdisasm")
    if ptxas is None or nvdisasm is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        source.write_text(ptx, encoding="ascii")
        subprocess.run([ptxas, f"-arch={arch}", str(source), "-o", str(binary)], check=True)
        listing = subprocess.run([nvdisasm, "-c", str(binary)], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9]+)", listing)
    return Counter(name for name in names if name != "NOP")


def _tool(name: str) -> str | None:
    """A tool of the CUDA toolkit, on the path or in a wheel (nvidia-cuda-nvcc, nvidia-cuda-nvdisasm)."""
    found = shutil.which(name)
    spec = find_spec("nvidia")
    for place in spec.submodule_search_locations if spec and spec.submodule_search_locations else ():
        found = found or next((str(p) for p in Path(place).rglob(name) if p.is_file()), None)
    return found


def _measured(schedule: Schedule, ands: int, label: str, n_patterns: int) -> list[Record]:
    device = _this_device()
    rows, net = len(schedule.rows), schedule.netlist
    small, large = Stimulus.random(net, 1 << 18, rng=1), Stimulus.random(net, n_patterns, rng=1)
    reference = engine("logic2")(schedule)
    wanted, sums = reference.run(small), reference.summarize(small)
    where = f"{label}, {n_patterns:,} patterns"
    records = []
    for tier, limit, what in (
        ("compiled", device.logic(rows, ands), "logic-unit limit"),
        ("interpreting", device.shared(rows, ands), "shared-memory limit"),
    ):
        run_on = engine("cuda")(schedule, tier=tier)
        assert np.array_equal(run_on.run(small).words, wanted.words)
        assert np.array_equal(run_on.summarize(small).signature, sums.signature)
        seconds, summary = median_seconds(lambda run_on=run_on: run_on.summarize(large), 3)
        work = ands * n_patterns / 1e12
        for part, rate in (("kernel", work / summary.metadata["kernel_seconds"]), ("whole run", work / seconds)):
            goal = GOAL if (tier, part) == ("compiled", "kernel") else None
            note = f"ratio: share of the limit reached; {device.name}"
            records.append(
                Record(f"cuda, {tier}, {part}", where, rate, UNIT, goal, peer=what, peer_value=limit, note=note)
            )
    return records


def _this_device() -> Device:
    """The present device, by what its driver says."""
    from gatesim.kernels import cuda as kernel

    d = kernel.device.get_current_device()
    name = d.name.decode() if isinstance(d.name, bytes) else str(d.name)
    memory = 2 * d.MEMORY_CLOCK_RATE * 1e3 * d.GLOBAL_MEMORY_BUS_WIDTH / 8 / 1e12
    return Device(f"{name} at {d.CLOCK_RATE / 1e6:.2f} GHz", d.MULTIPROCESSOR_COUNT, d.CLOCK_RATE / 1e6, memory)
