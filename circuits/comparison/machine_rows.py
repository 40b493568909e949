"""Rows of the comparison: computers that run a program, scalar (RV32I) and with many lanes (SIMT)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from gatesim import Stimulus, compile
from gatesim.engines.logic2 import Logic2Engine
from gatesim.errors import GatesimError, ValueFitError
from gatesim.timing import Switching, Technology, static_timing

from ..computers import riscv_int8, simt_matmul
from ..computers.machine import Machine
from ..computers.riscv import riscv_machine
from ..computers.session import Session
from ..computers.simt_gates import simt_machine
from .logic import Logic, toggles
from .row import Row
from .sram import sram

WARM_UP, WINDOW = 200, 1000
"""Cycles before toggles are counted, and cycles in which they are."""


MOST_WORK = 1_000_000_000
"""Cycles times gates of a product's program that is simulated whole; of a longer one, its first rows are."""


@dataclass(frozen=True, eq=False)
class Run:
    """What a program did: its machine, how a session of it starts, and counts.

    `counted` are cycles and bytes of what was simulated, `closed` those that the closed forms give for it and
    `whole` for all of the product.
    """

    machine: Machine
    start: Callable[[], Session]
    counted: tuple[int, int]
    closed: tuple[int, int]
    whole: tuple[int, int]
    bit_exact: bool
    seconds: float


class NotSimulatedError(GatesimError):
    """A product that a computer cannot hold, or of which not even the first rows can be simulated in seconds."""


def scalar_row(
    a: np.ndarray, b: np.ndarray, technology: Technology, multiply: bool, *, iso_area: str = "", whole: bool = False
) -> Row:
    """``a @ b`` by a program on RV32I: one instruction a cycle, with a multiplier or by shifting and adding.

    A product past :data:`MOST_WORK` is simulated in part, unless `whole` is asked for: its cycles are those of
    the closed form, which must agree with what was counted in the part.

    Raises
    ------
    NotSimulatedError
        One row of the product is too much; a size that the program does not take.
    """
    (m, k), n = a.shape, b.shape[1]
    with _not_simulated():
        riscv_int8.check_sizes(m, k, n)

    def counts(rows: int) -> tuple[int, int]:
        cycles = riscv_int8.matmul_cycles(rows, k, n) if multiply else riscv_int8.shifting_cycles(rows, b)
        return cycles, 4 * cycles + 2 * rows * k * n + 4 * rows * n

    machine = riscv_machine(riscv_int8.matmul_layout(m, k, n, multiply=multiply))
    rows = m if whole else _rows(m, 1, lambda rows: counts(rows)[0], machine)
    done = riscv_int8.matmul(a[:rows], b, multiply=multiply, room=m)
    run = Run(
        done.program.machine,
        done.program.start,
        (done.cycles, 4 * done.cycles + done.data_bytes),
        counts(rows),
        counts(m),
        bool(np.array_equal(done.c, _exact(a[:rows], b))),
        done.seconds,
    )
    name = "CPU RV32IM" if multiply else "CPU RV32I, no multiplier"
    row = _product_row(name, run, rows, a, b, technology, riscv_int8.CYCLES_FORMULA[multiply])
    return replace(row, **SCALAR_PEAK[multiply], iso_area=iso_area)


SCALAR_PEAK = {
    True: {"peak_macs": 1.0, "port_bytes": 12.0},
    False: {"peak_macs": 1 / 8, "port_bytes": 12.0},
}
"""The multiplier could work in every cycle; without one, the adder could add a row of eight. The memory has two
ports that read a word and one that writes."""


def simt_row(
    a: np.ndarray,
    b: np.ndarray,
    technology: Technology,
    lanes: int,
    kind: simt_matmul.Kind,
    *,
    iso_area: str = "",
    whole: bool = False,
) -> Row:
    """``a @ b`` by a kernel on the SIMT machine; on fp32 lanes the same numbers as floats, exact while they fit.

    `whole` and errors as for :func:`scalar_row`.
    """
    (m, k), n = a.shape, b.shape[1]
    element = np.int64 if kind == "int8" else np.float32
    panels = kind == "int8"

    def counts(rows: int) -> tuple[int, int]:
        cycles = simt_matmul.matmul_cycles(rows, k, n, lanes, kind, panels)
        return cycles, 4 * cycles + simt_matmul.matmul_bytes(rows, k, n, lanes, kind, panels)

    with _not_simulated():
        machine = simt_machine(simt_matmul.shape_for(m, k, n, lanes, kind, panels=panels))
    step = simt_matmul.PANEL if panels else 1
    rows = m if whole else _rows(m, step, lambda rows: counts(rows)[0], machine)
    x, y = a[:rows].astype(element), b.astype(element)
    done = simt_matmul.matmul(x, y, lanes, panels=panels, room=m)
    run = Run(
        machine,
        lambda: simt_matmul.start_matmul(x, y, lanes, panels=panels, room=m),
        (done.run.cycles, 4 * done.run.cycles + done.run.bytes_read + done.run.bytes_written),
        counts(rows),
        counts(m),
        bool(np.array_equal(done.c.astype(np.int64), _exact(a[:rows], b))),
        done.run.seconds,
    )
    formula = simt_matmul.CYCLES_FORMULA[kind, panels]
    row = _product_row(f"SIMT {kind} {lanes} lanes", run, rows, a, b, technology, formula)
    return replace(row, **simt_peak(lanes, kind), bits=kind, iso_area=iso_area)


def simt_peak(lanes: int, kind: simt_matmul.Kind) -> dict[str, float]:
    """Each lane multiplies in every cycle, reads an element and writes a word; the scalar unit reads a word."""
    return {"peak_macs": float(lanes), "port_bytes": 4 + (4 + (1 if kind == "int8" else 4)) * float(lanes)}


@contextmanager
def _not_simulated() -> Iterator[None]:
    """A size that does not fit concerns this computer only."""
    try:
        yield
    except ValueFitError as exc:
        raise NotSimulatedError(f"not simulated: {exc}") from None


def _rows(m: int, step: int, cycles: Callable[[int], int], machine: Machine) -> int:
    """How many of `m` rows are simulated: all, or as many steps of rows as :data:`MOST_WORK` allows."""
    gates = machine.netlist.n_gates
    if cycles(m) * gates <= MOST_WORK:
        return m
    rows = max((r for r in range(step, m, step) if cycles(r) * gates <= MOST_WORK), default=0)
    if not rows:
        first = "its first row" if step == 1 else f"its first {step} rows"
        raise NotSimulatedError(f"not simulated: {cycles(m):,} cycles, {cycles(min(step, m)):,} of them for {first}")
    return rows


def _product_row(
    name: str, run: Run, rows: int, a: np.ndarray, b: np.ndarray, technology: Technology, formula: str
) -> Row:
    if run.counted != run.closed:
        raise GatesimError(
            f"{name} took {run.counted[0]:,} cycles and {run.counted[1]:,} bytes, its closed forms say "
            f"{run.closed[0]:,} and {run.closed[1]:,}: please report it"
        )
    row = program_row(name, run.machine, run.start, run.counted[0], technology, cycles=run.whole[0])
    return replace(
        row,
        formula=formula,
        macs=a.shape[0] * a.shape[1] * b.shape[1],
        bytes_moved=run.whole[1],
        bit_exact=run.bit_exact,
        seconds=run.seconds,
        simulated_rows=rows if rows < len(a) else None,
    )


def program_row(
    name: str,
    machine: Machine,
    start: Callable[[], Session],
    simulated: int,
    technology: Technology,
    *,
    cycles: int,
) -> Row:
    """A machine and its program of `cycles`, weighed: what it computes and moves is for the caller to fill in.

    Toggles are counted in a window of the `simulated` cycles of the session that `start` gives.
    """
    logic = Logic(machine.netlist, technology)
    period = static_timing(logic.ready, technology).worst_ps
    window = min(WINDOW, simulated)
    done = _switching(start, logic, min(WARM_UP, simulated - window), window)
    scale = cycles / window
    memory = sum(m.depth * m.width for m in machine.netlist.memories)
    return Row(
        design=name,
        nands=logic.nands,
        flip_flops=logic.flip_flops,
        sram_bits=memory,
        path_nands=logic.path_nands,
        path_ps=period,
        area=logic.area,
        cycles=cycles,
        formula="",
        macs=0,
        peak_macs=1.0,
        port_bytes=1.0,
        bytes_moved=0,
        toggles=toggles(logic.ready, done) * scale,
        glitch_factor=None,
        logic_fj=logic.spent_fj(done, cycles, period, scale),
        sram=sram(memory // 8, technology),
        bit_exact=False,
        window=window if window < cycles else None,
    )


def _switching(start: Callable[[], Session], logic: Logic, first: int, cycles: int) -> Switching:
    """What the nets of a machine in the technology's gates did in some cycles of its program.

    The technology's netlist has the flip-flops and memories of the machine's own in the same order, so it can
    take over where that one has warmed up.
    """
    session = start()
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
