"""What tests/test_cuda.py runs in a process of its own: NUMBA_ENABLE_CUDASIM must be set before Numba loads.

``python tests/cuda_checks.py NAME ROUNDS``: the conformance suite on one way of running the cuda engine.
"""

from __future__ import annotations

import sys
import warnings

from ptx_machine import PtxMachine

from gatesim import check_engine
from gatesim.engines import cuda as engine
from gatesim.engines import ptx
from gatesim.kernels import cuda as kernel

warnings.simplefilter("error")


def interpreting(rounds: int) -> int:
    """Slots in shared memory."""
    return check_engine(engine.CudaEngine, rng=1, rounds=rounds)


def sliced(rounds: int) -> int:
    """Slots in global memory, many launches: few words and few cycles each."""
    kernel.DEFAULT_SHARED_BYTES = 0
    engine.SLICE_BYTES, engine.SLICE_ROWS = 1 << 14, 500
    return check_engine(engine.CudaEngine, rng=2, rounds=rounds)


def compiled(rounds: int) -> int:
    """The PTX, on the machine of ptx_machine.py, from the same arguments that a device would get."""

    def load(_, text: str):
        machine = PtxMachine(text)
        return lambda blocks, threads, *given: machine.launch(
            blocks, threads, *(a if isinstance(a, int) else a._ary for a in given)
        )

    engine.load_ptx = load
    checks = 0
    for held in (48, 2):  # flip-flops in registers, and in local memory
        ptx.HELD_REGISTERS = held
        checks += check_engine(lambda s: engine.CudaEngine(s, tier="compiled"), rng=3, rounds=rounds)
    return checks


if __name__ == "__main__":
    assert kernel.SIMULATED
    print(globals()[sys.argv[1]](int(sys.argv[2])))
