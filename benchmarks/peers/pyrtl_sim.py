"""PyRTL's CompiledSimulation (C through gcc), every wire 64 bits wide: 64 patterns a step."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from gatesim import Netlist

from ..harness import core_seconds, has, has_package
from . import Peer
from .source import assignments


def prepare(net: Netlist, words: np.ndarray, *, n_words: int = 256) -> Peer | None:
    """The first `n_words` of `words`: values pass through Python integers, so it gets fewer patterns."""
    if not has_package("pyrtl") or not has("gcc"):
        return None
    import pyrtl

    started = perf_counter()
    pyrtl.reset_working_block()
    wires: dict[str, object] = {"zero": pyrtl.Const(0, 64)}
    wires |= {f"i{k}": pyrtl.Input(64, f"i{k}") for k in range(words.shape[0])}
    lines, outputs = assignments(net, "zero")
    for name, expression in lines:
        wires[name] = eval(expression, {"__builtins__": {}}, wires)  # only names and operators that we wrote
    for k, name in enumerate(outputs):
        out = pyrtl.Output(64, f"o{k}")
        out <<= wires[name]
    simulation = pyrtl.CompiledSimulation(
        tracer=pyrtl.SimulationTrace(wires_to_track=pyrtl.working_block().wirevector_subset(pyrtl.Output))
    )
    prepared = perf_counter() - started
    some = words[:, :n_words]
    steps = [{f"i{k}": int(x) for k, x in enumerate(column)} for column in some.T]

    def run() -> float:
        for trace in simulation.tracer.trace.values():
            del trace[:]
        # One by one: run() of PyRTL 1.0.3 records the first step in place of every step.
        return core_seconds(lambda: [simulation.run([step]) for step in steps])

    def planes() -> np.ndarray:
        trace = simulation.tracer.trace
        return np.array([trace[f"o{k}"][: len(steps)] for k in range(len(outputs))], np.uint64)

    return Peer("PyRTL compiled, 64 bits a wire", prepared, 64 * len(steps), run, planes)
