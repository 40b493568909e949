"""What tests/test_cuda.py runs in a process of its own: NUMBA_ENABLE_CUDASIM must be set before Numba loads.

``python tests/cuda_checks.py NAME ROUNDS``: the conformance suite on one way of running the cuda engine.
"""

from __future__ import annotations

import sys

import numpy as np
from ptx_machine import PtxMachine
from test_tiling import LINKS, random_cell

from gatesim import Builder, Stimulus, check_engine, compile, conformance
from gatesim.conformance import random_netlist
from gatesim.engines import cuda as engine
from gatesim.engines import cuda_grid, ptx
from gatesim.engines.python import PythonEngine
from gatesim.kernels import cuda as kernel
from gatesim.tiling import Tile

conformance.PATTERN_COUNTS = (1, 31, 33, 64, 65, 1100)
"""Around the edges of a word of 32 lanes, and into the second block of threads."""


def ring(factory) -> int:
    """Flip-flops that take each other's values, in both orders: none may be overwritten before it is read."""
    checks = 0
    for step in (1, -1):
        b = Builder("ring")
        wires = [b.wire() for _ in range(5)]
        held = [b.flip_flop(w, init=k & 1) for k, w in enumerate(wires)]
        for k, w in enumerate(wires):
            b.drive(w, ~held[(k + step) % 5] if k == 3 else held[(k + step) % 5])
        b.output("q", held)
        net = b.freeze()
        checks += conformance.compare(factory, net, Stimulus.random(net, 40, n_cycles=7))
    return checks


def interpreting(rounds: int) -> int:
    """Slots in shared memory."""
    return ring(engine.CudaEngine) + check_engine(engine.CudaEngine, rng=1, rounds=rounds)


def sliced(rounds: int) -> int:
    """Slots in global memory, many launches: few words and few cycles each."""
    kernel.DEFAULT_SHARED_BYTES = 0
    engine.SLICE_BYTES, engine.SLICE_ROWS = 1 << 14, 500
    return check_engine(engine.CudaEngine, rng=2, rounds=rounds)


def load_on_machine(_kernel, text: str, _parameters):
    """What ``load_ptx`` gives, on the machine of ptx_machine.py."""
    machine = PtxMachine(text)

    def plain(given):
        if isinstance(given, tuple):
            return given[0]._ary, given[1]
        return given if isinstance(given, int) else given._ary

    return lambda blocks, threads, *given: machine.launch(blocks, threads, *map(plain, given))


def compiled(rounds: int) -> int:
    """The PTX, from the same arguments that a device would get."""
    engine.load_ptx = load_on_machine
    engine.PTX_BLOCK = ptx.BLOCK = 32
    checks = 0
    for held in (48, 2):  # flip-flops in registers, and in local memory
        ptx.HELD_REGISTERS = held

        def factory(schedule):
            return engine.CudaEngine(schedule, tier="compiled")

        checks += ring(factory) + check_engine(factory, rng=3, rounds=rounds)
    return checks


def sums(_: int) -> int:
    """What is added up on the device, over several launches; exhaustive, random and given stimulus."""
    engine.SLICE_BYTES = 1 << 11
    checks = 0
    for seed, registers in ((1, 0), (2, 4)):
        net = random_netlist(seed, n_inputs=9, n_registers=registers)
        stimuli = [Stimulus.random(net, 200, n_cycles=3, rng=seed)]
        stimuli += [Stimulus(stimuli[0].words, 200, 3)]
        stimuli += [] if registers else [Stimulus.exhaustive(net), Stimulus.exhaustive(net).part(128, 300)]
        for stimulus in stimuli:
            ours, theirs = (
                e(compile(net)).summarize(stimulus, measure=["ones", "signature"])
                for e in (engine.CudaEngine, PythonEngine)
            )
            assert ours.metadata["device"] == "CUDA simulator" and theirs.ones.any()
            assert np.array_equal(ours.ones, theirs.ones) and np.array_equal(ours.signature, theirs.signature)
            checks += 2
    return checks


def tile(_: int) -> int:
    """Grids of one word of cells and of several, in batches of cycles, against the reference engine's steps."""
    engine.load_ptx = load_on_machine
    cuda_grid.BATCH_CYCLES = 2
    checks = 0
    for rows, columns in ((1, 1), (3, 4), (4, 40)):
        g = np.random.default_rng(rows)
        grid = Tile(random_cell(rows), rows, columns, LINKS)
        inputs = {"free": g.integers(0, 4, (6, rows, columns) if rows > 1 else 6)}
        inputs |= {k.input: g.integers(0, 4, (6, len(grid.feed_cells(k.input)))) for k in LINKS[:3]}
        theirs = grid.run(6, inputs, engine=PythonEngine(compile(grid.cell)))
        for tier in ("interpreting", "compiled"):
            run = engine.CudaEngine(compile(grid.cell), tier=tier)
            ours = grid.run(6, inputs, engine=run)
            for name, wanted in theirs.drained.items():
                assert np.array_equal(ours.drained[name], wanted), name
                checks += 1
            assert np.array_equal(ours.cells["seen"], theirs.cells["seen"])
    return checks


if __name__ == "__main__":
    assert kernel.SIMULATED
    print(globals()[sys.argv[1]](int(sys.argv[2])))
