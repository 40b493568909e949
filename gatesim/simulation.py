"""``simulate``: arrays of integers in, arrays of integers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from .bits import as_array
from .engines import Record
from .engines import engine as engine_class
from .errors import ValueFitError
from .netlist import Netlist
from .results import Result
from .schedule import Schedule
from .schedule import compile as compile_netlist
from .stimulus import Stimulus


def simulate(
    net: Netlist,
    values: Mapping[str, object] | None = None,
    /,
    *,
    cycles: int | None = None,
    watch: Sequence[str | int] = (),
    record: Record = "all",
    engine: str = "logic2",
    threads: int | None = None,
    **ports: object,
) -> Result:
    """Run a netlist on integers.

    Parameters
    ----------
    net : Netlist
    values, **ports : array of int by input port name
        Unsigned integers, or negative ones in two's complement, of any width (object arrays past 64
        bits). Use the dict for names that are no Python identifiers. A combinational netlist takes
        arrays of one shape, its patterns. A netlist with state reads **axis 0 as time**: shape
        (cycles,) runs one instance, (cycles, patterns) that many at once. A scalar is held.
    cycles : int, optional
        Number of clock cycles when no array gives it. Only for netlists with state.
    watch : sequence of net names or ids
        Inner nets to record too.
    record : {"all", "last"}
        Keep every cycle, or only the last (which then drops axis 0).
    engine : str
        ``"logic2"`` (fast), ``"cuda"`` (on a GPU) or ``"python"`` (the definition).
    threads : int, optional
        Cores that may share the patterns; all when the work is large enough. Never changes a result.

    Returns
    -------
    Result
        ``result["port"]`` has the shape of the inputs: a scalar, (patterns, ...), (cycles,) or
        (cycles, patterns). Values are those before the clock edge of each cycle.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("half_adder"); x, y = b.input("x"), b.input("y")
    >>> b.output("sum", x ^ y); b.output("carry", x & y)
    >>> r = simulate(b.freeze(), x=[0, 0, 1, 1], y=[0, 1, 0, 1])
    >>> r["sum"].tolist(), r["carry"].tolist()
    ([0, 1, 1, 0], [0, 0, 0, 1])

    Raises
    ------
    UnknownNameError, ValueFitError, LoopError
        A wrong port name, a value or shape that does not fit, a combinational loop.
    """
    given = {**(values or {}), **ports}
    arrays = {name: as_array(v) for name, v in given.items()}
    arrays = {k: a.astype(object) if a.dtype.kind not in "biufO" else a for k, a in arrays.items()}
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays.values()))
    except ValueError:
        shown = ", ".join(f"{k} {a.shape}" for k, a in arrays.items())
        raise ValueFitError(f"the inputs of {net.name!r} have shapes that do not go together: {shown}") from None
    run = engine_class(engine)(_compiled(net, tuple(watch)), threads=threads)
    if net.is_combinational:
        if cycles is not None:
            raise ValueFitError(f"{net.name!r} has no state: cycles= is for clocked netlists")
        n = int(np.prod(shape, dtype=np.int64))
        flat = {k: np.broadcast_to(a, shape).reshape(-1) if a.ndim else a for k, a in arrays.items()}
        result = run.run(Stimulus.from_values(net, flat, n_patterns=n), watch=watch)
        return replace(result, shape=shape)
    if len(shape) > 2:
        raise ValueFitError(
            f"{net.name!r} has state: its inputs are (cycles,) or (cycles, patterns), not {len(shape)}-D"
        )
    n_cycles = _cycles(net, shape, cycles)
    n_patterns = shape[1] if len(shape) == 2 else 1
    timed = {k: a[:, None] if a.ndim == 1 else a for k, a in arrays.items()}
    stimulus = Stimulus.from_values(net, timed, n_patterns=n_patterns, n_cycles=n_cycles)
    result = run.run(stimulus, watch=watch, record=record)
    outer = (len(result.words),) if record == "all" else ()
    return replace(result, shape=outer + ((n_patterns,) if len(shape) == 2 else ()))


@lru_cache(maxsize=4)
def _compiled(net: Netlist, keep: tuple[str | int, ...]) -> Schedule:
    """The schedule of a netlist: simulating one again and again compiles it once."""
    return compile_netlist(net, keep=keep)


def _cycles(net: Netlist, shape: tuple[int, ...], cycles: int | None) -> int:
    from_inputs = shape[0] if shape else 1
    if cycles is None:
        if not shape:
            raise ValueFitError(f"{net.name!r} is clocked: give cycles=, or arrays whose axis 0 is time")
        return from_inputs
    if cycles < 0 or from_inputs not in (1, cycles):
        raise ValueFitError(f"cycles={cycles} does not go with inputs of {from_inputs} cycles")
    return cycles


def toggles(net: Netlist, stimulus: Stimulus, *, engine: str = "logic2", threads: int | None = None) -> np.ndarray:
    """How often each net of the netlist as written changes, without glitches.

    Parameters
    ----------
    net : Netlist
    stimulus : Stimulus
        Patterns one after another or, with several cycles, cycles one after another in each pattern.

    Returns
    -------
    (n_nets,) int64
        Changes of each net, summed over all patterns and cycles.

    Examples
    --------
    >>> from gatesim import Builder, Stimulus
    >>> b = Builder("and"); b.output("z", b.input("x") & b.input("y")); net = b.freeze()
    >>> toggles(net, Stimulus.exhaustive(net)).tolist()  # x = 0 1 0 1, y = 0 0 1 1
    [0, 0, 3, 1, 1]
    """
    everything = np.arange(net.n_nets)
    run = engine_class(engine)(compile_netlist(net, keep=everything), threads=threads)
    summary = run.summarize(stimulus, measure=["toggles"], watch=everything)
    assert summary.toggles is not None
    return summary.toggles[-net.n_nets :]
