"""Rows of the comparison: computers that run a program, scalar (RV32I) and with many lanes (SIMT)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gatesim import Stimulus, compile
from gatesim.engines.logic2 import Logic2Engine
from gatesim.timing import Switching, Technology, static_timing

from ..computers import riscv_int8, simt_matmul
from ..computers.machine import Machine
from ..computers.session import Session
from ..computers.simt_gates import simt_machine
from .logic import Logic, toggles
from .row import Row
from .sram import sram

WARM_UP, WINDOW = 200, 1000
"""Cycles before toggles are counted, and cycles in which they are."""


@dataclass(frozen=True, eq=False)
class Run:
    """What a program did: its machine, how a session of other gates of it starts, and counts."""

    machine: Machine
    start: Callable[[Machine], Session]
    cycles: int
    bytes_moved: int
    bit_exact: bool
    seconds: float


def scalar_row(a: np.ndarray, b: np.ndarray, technology: Technology, multiply: bool, *, iso_area: str = "") -> Row:
    """``a @ b`` by a program on RV32I: one instruction a cycle, with a multiplier or by shifting and adding."""
    done = riscv_int8.matmul(a, b, multiply=multiply)
    run = Run(
        done.program.machine,
        lambda machine: done.program.start(machine=machine),
        done.cycles,
        4 * done.cycles + done.data_bytes,
        bool(np.array_equal(done.c, _exact(a, b))),
        done.seconds,
    )
    name = "CPU RV32IM" if multiply else "CPU RV32I, no multiplier"
    row = _row(name, run, a, b, technology, riscv_int8.CYCLES_FORMULA[multiply])
    # The multiplier could work in every cycle; without one, the adder could add a row of eight. The memory has two
    # ports that read a word and one that writes.
    return replace(row, peak_macs=1.0 if multiply else 1 / 8, port_bytes=12.0, iso_area=iso_area)


def simt_row(
    a: np.ndarray,
    b: np.ndarray,
    technology: Technology,
    lanes: int,
    kind: simt_matmul.Kind,
    *,
    iso_area: str = "",
) -> Row:
    """``a @ b`` by a kernel on the SIMT machine; on fp32 lanes the same numbers as floats, exact while they fit."""
    element = np.int64 if kind == "int8" else np.float32
    x, y = a.astype(element), b.astype(element)
    panels = kind == "int8"
    done = simt_matmul.matmul(x, y, lanes, panels=panels)
    run = Run(
        simt_machine(done.shape),
        lambda machine: simt_matmul.start_matmul(x, y, lanes, panels=panels, machine=machine),
        done.run.cycles,
        done.run.bytes_read + done.run.bytes_written + 4 * done.run.cycles,
        bool(np.array_equal(done.c.astype(np.int64), _exact(a, b))),
        done.run.seconds,
    )
    formula = simt_matmul.CYCLES_FORMULA[kind, panels]
    row = _row(f"SIMT {kind} {lanes} lanes", run, a, b, technology, formula)
    word = 1 if kind == "int8" else 4
    return replace(row, bits=kind, peak_macs=float(lanes), port_bytes=4 + (4 + word) * float(lanes), iso_area=iso_area)


def _row(name: str, run: Run, a: np.ndarray, b: np.ndarray, technology: Technology, formula: str) -> Row:
    logic = Logic(run.machine.netlist, technology)
    period = static_timing(logic.ready, technology).worst_ps
    window = min(WINDOW, run.cycles)
    done = _switching(run, logic, min(WARM_UP, run.cycles - window), window)
    scale = run.cycles / window
    memory = sum(m.depth * m.width for m in run.machine.netlist.memories)
    return Row(
        design=name,
        nands=logic.nands,
        flip_flops=logic.flip_flops,
        sram_bits=memory,
        path_nands=logic.path_nands,
        path_ps=period,
        area=logic.area,
        cycles=run.cycles,
        formula=formula,
        macs=a.shape[0] * a.shape[1] * b.shape[1],
        peak_macs=1.0,
        port_bytes=1.0,
        bytes_moved=run.bytes_moved,
        toggles=toggles(logic.ready, done) * scale,
        glitch_factor=None,
        logic_fj=logic.spent_fj(done, run.cycles, period, scale),
        sram=sram(memory // 8, technology),
        bit_exact=run.bit_exact,
        window=window if window < run.cycles else None,
        seconds=run.seconds,
    )


def _switching(run: Run, logic: Logic, first: int, cycles: int) -> Switching:
    """What the nets of the machine in the technology's gates did in some cycles of the program."""
    machine = replace(run.machine, netlist=logic.ready)
    session = run.start(machine)
    session.run(first)
    nets = np.arange(logic.ready.n_nets)
    engine = Logic2Engine(compile(logic.ready, keep=nets))
    engine.state = session.state
    words = np.zeros((1, sum(p.width for p in logic.ready.inputs), 1), np.uint64)
    summary = engine.summarize(Stimulus(words, 1, cycles), measure=("ones", "toggles"), watch=nets)
    assert summary.toggles is not None and summary.ones is not None  # asked for above
    n = logic.ready.n_nets
    return Switching(summary.toggles[-n:], summary.ones[-n:], cycles - 1, cycles)


def _exact(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a.astype(np.int64) @ b.astype(np.int64)
