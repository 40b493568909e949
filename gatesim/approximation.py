"""How wrong is approximate arithmetic? Error metrics over all inputs, or over a random sample.

The metrics are those of the EvoApproxLib (Mrazek, Hrbacek, Vasicek, Sekanina, DATE 2017): with
``e = |circuit - exact|``, MAE is the mean of e, WCE its largest value, EP the share of inputs with e > 0,
MSE the mean of e squared; MRE and WCRE are the mean and the largest of ``e / |exact|`` over the inputs
whose exact value is not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import fsum
from os import cpu_count

import numpy as np

from .engines.logic2 import Logic2Engine
from .errors import UnsupportedError, ValueFitError, unknown_name
from .expression import Expression
from .kernels import approximation as kernel
from .netlist import Netlist, Port
from .schedule import Schedule
from .schedule import compile as compile_netlist
from .stimulus import MAX_EXHAUSTIVE_BITS, Stimulus

CHUNK_PATTERNS = 1 << 18
"""Patterns at a time: planes and exact values stay in cache."""

MAP_BITS = 5
"""High bits of each operand that name a cell of the map: 32 x 32 cells at most."""

MAX_OUTPUT_BITS = 62


@dataclass(frozen=True, eq=False)
class ErrorReport:
    """Error metrics of a circuit against an exact expression.

    Attributes
    ----------
    circuit, exact : str
    signed, exhaustive : bool
        Two's complement; all inputs rather than a random sample.
    n_patterns : int
    mae, wce, ep, mse, mre, wcre : float
        As in the module's text; ``ep``, ``mre`` and ``wcre`` are fractions, not per cent.
    mae_percent, wce_percent : float
        MAE and WCE in per cent of ``2**bits`` of the output.
    histogram : (64,) int64
        Patterns with error 0, 1, 2 to 3, 4 to 7, 8 to 15, ...
    heat : (rows, columns) float64, or None
        Mean error by the high bits of the first (down) and of the second operand (right); None unless
        the circuit has exactly two inputs.
    operands : tuple of str
    """

    circuit: str
    exact: str
    signed: bool
    exhaustive: bool
    n_patterns: int
    mae: float
    wce: int
    ep: float
    mse: float
    mre: float
    wcre: float
    mae_percent: float
    wce_percent: float
    histogram: np.ndarray
    heat: np.ndarray | None
    operands: tuple[str, ...]


def arithmetic_error(
    net: Netlist,
    exact: str,
    *,
    output: str | None = None,
    signed: bool = False,
    random: int | None = None,
    rng: int | np.random.Generator = 0,
    threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ErrorReport:
    """Compare a combinational circuit with an exact integer expression over its input ports.

    Parameters
    ----------
    net : Netlist
    exact : str
        For example ``"A * B"``: see :class:`gatesim.expression.Expression`.
    output : str, optional
        The output port to compare; needed when there are several.
    signed : bool
        Read all inputs and the output as two's complement.
    random : int, optional
        So many random patterns instead of all inputs.
    rng : int or Generator
    threads : int, optional
        Cores to use (all by default); never changes a result.
    progress : callable, optional
        Called with (patterns done, patterns in all).

    Raises
    ------
    UnsupportedError
        A circuit with state.
    UnknownNameError, ValueFitError, ParseError
        No such port; too many input bits for all inputs; numbers too wide; an expression that cannot be
        read.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("no carries"); x, y = b.input_bus("x", 4), b.input_bus("y", 4)
    >>> b.output("z", x ^ y)
    >>> report = arithmetic_error(b.freeze(), "x + y")
    >>> report.wce, report.ep == 1 - (3 / 4) ** 4
    (30, True)
    """
    if not net.is_combinational:
        raise UnsupportedError(f"{net.name!r} has state: errors are measured on combinational circuits")
    port = _output(net, output)
    expression = Expression(exact, {p.name: p.width for p in net.inputs}, signed=signed)
    n_bits = sum(p.width for p in net.inputs)
    if random is None and n_bits > MAX_EXHAUSTIVE_BITS:
        raise ValueFitError(
            f"{net.name!r} has {n_bits} input bits: all 2^{n_bits} inputs are too many (the limit is "
            f"2^{MAX_EXHAUSTIVE_BITS}); take a random sample instead"
        )
    stimulus = Stimulus.exhaustive(net) if random is None else Stimulus.random(net, random, rng=rng)
    work = _Comparison(net, port, expression, signed)
    n = stimulus.n_patterns
    pieces = [(low, min(CHUNK_PATTERNS, n - low)) for low in range(0, n, CHUNK_PATTERNS)]
    sums, done = _Sums(), 0
    for part in _in_threads(lambda piece: work.compare(stimulus.part(*piece)), pieces, threads):
        sums.add(part)
        done += part.n
        if progress is not None:
            progress(done, n)
    return sums.report(net, port, exact, signed, random is None)


def _output(net: Netlist, name: str | None) -> Port:
    known = {p.name: p for p in net.outputs}
    if name is not None and name not in known:
        raise unknown_name(f"output of {net.name!r}", name, known)
    if name is None and len(known) != 1:
        raise ValueFitError(f"{net.name!r} has outputs {', '.join(known)}: say which one to compare")
    port = known[name] if name is not None else next(iter(known.values()))
    if port.width > MAX_OUTPUT_BITS:
        raise ValueFitError(f"output {port.name!r} has {port.width} bits; errors are measured up to {MAX_OUTPUT_BITS}")
    return port


def _in_threads(function, pieces: list, threads: int | None) -> Iterator:
    """``map(function, pieces)`` over threads, in order, a few pieces ahead."""
    n_threads = min(threads or cpu_count() or 1, len(pieces))
    if n_threads <= 1:
        yield from map(function, pieces)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        waiting = []
        try:
            for piece in pieces:
                waiting.append(pool.submit(function, piece))
                if len(waiting) > 2 * n_threads:
                    yield waiting.pop(0).result()
            while waiting:
                yield waiting.pop(0).result()
        finally:
            for future in waiting:
                future.cancel()


@dataclass(frozen=True, eq=False)
class _Part:
    """Sums over one piece of the patterns."""

    n: int
    integers: np.ndarray
    fractions: np.ndarray
    histogram: np.ndarray
    heat: np.ndarray
    cells: np.ndarray


class _Comparison:
    """A circuit beside an expression."""

    def __init__(self, net: Netlist, port: Port, expression: Expression, signed: bool) -> None:
        self.net, self.port, self.expression, self.signed = net, port, expression, signed
        self.schedule: Schedule = compile_netlist(net)
        self.shifts = [max(0, p.width - MAP_BITS) for p in net.inputs]
        self.shape = tuple(1 << min(MAP_BITS, p.width) for p in net.inputs) if len(net.inputs) == 2 else (0, 0)

    def compare(self, stimulus: Stimulus) -> _Part:
        run = Logic2Engine(self.schedule, threads=1, tier="interpreting")
        planes = run.run(stimulus).planes(self.port.name)[0]
        given = {name: values[0] for name, values in stimulus.values(self.net).items()}
        exact = np.ascontiguousarray(np.broadcast_to(self.expression(given), stimulus.n_patterns))
        n_cells = self.shape[0] * self.shape[1]
        cell = np.zeros(0, np.int64)
        if n_cells:
            rows, columns = (v >> np.uint64(s) for v, s in zip(given.values(), self.shifts, strict=True))
            cell = (rows * np.uint64(self.shape[1]) + columns).astype(np.int64)
        part = _Part(
            stimulus.n_patterns,
            np.zeros(4, np.int64),
            np.zeros(3),
            np.zeros(kernel.BINS, np.int64),
            np.zeros(n_cells, np.int64),
            np.zeros(n_cells, np.int64),
        )
        kernel.accumulate(
            np.ascontiguousarray(planes), self.signed, exact, cell, part.integers, part.fractions, part.histogram,
            part.heat, part.cells,
        )  # fmt: skip
        return part


class _Sums:
    """Exact sums over all pieces."""

    def __init__(self) -> None:
        self.n = self.wrong = self.total = self.worst = self.comparable = 0
        self.relative: list[float] = []
        self.square: list[float] = []
        self.worst_relative = 0.0
        self.histogram = np.zeros(kernel.BINS, np.int64)
        self.heat: np.ndarray = np.zeros(0)
        self.cells: np.ndarray = np.zeros(0, np.int64)

    def add(self, part: _Part) -> None:
        self.n += part.n
        self.wrong += int(part.integers[0])
        self.total += int(part.integers[1])
        self.worst = max(self.worst, int(part.integers[2]))
        self.comparable += int(part.integers[3])
        self.relative.append(float(part.fractions[0]))
        self.worst_relative = max(self.worst_relative, float(part.fractions[1]))
        self.square.append(float(part.fractions[2]))
        self.histogram += part.histogram
        self.heat = part.heat.astype(np.float64) if not len(self.heat) else self.heat + part.heat
        self.cells = part.cells if not len(self.cells) else self.cells + part.cells

    def report(self, net: Netlist, port: Port, exact: str, signed: bool, exhaustive: bool) -> ErrorReport:
        largest = 1 << port.width
        heat = None
        if len(self.heat):
            rows = 1 << min(MAP_BITS, net.inputs[0].width)
            mean = np.divide(self.heat, self.cells, out=np.full(len(self.heat), np.nan), where=self.cells > 0)
            heat = mean.reshape(rows, -1)
            if signed:  # from the most negative to the largest operand
                heat = np.fft.fftshift(heat)
        mae = self.total / self.n
        return ErrorReport(
            net.name, exact, signed, exhaustive, self.n, mae, self.worst, self.wrong / self.n,
            fsum(self.square) / self.n, fsum(self.relative) / max(1, self.comparable), self.worst_relative,
            100 * mae / largest, 100 * self.worst / largest, self.histogram, heat,
            tuple(p.name for p in net.inputs),
        )  # fmt: skip
