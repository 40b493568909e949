"""Value change dump (IEEE 1364-2005, section 18) of a trace, for GTKWave, Surfer and their like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..errors import ValueFitError
from ..netlist import Netlist
from ..waveforms import Trace

_FIRST, _LAST = 33, 126  # printable characters, of which identifier codes are made


def dump(trace: Trace, *, clock: str | None = None) -> str:
    """The watched nets of a trace as text.

    Ports whose bits are all watched become vectors; other nets stand in the scope that made them. One unit
    of time is a picosecond.

    Parameters
    ----------
    trace : Trace
    clock : str, optional
        Add a wire of this name that rises where an operation begins and falls halfway to the next.

    Raises
    ------
    ValueFitError
        Nothing was watched, or the clock has the name of a port.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.engines.timed import TimedEngine
    >>> b = Builder("inverter"); b.output("y", ~b.input("x"))
    >>> text = dump(TimedEngine(b.freeze(), 5).run({"x": [1]}, watch=["x", "y"]))
    >>> text.splitlines()[-6:]
    ['$end', '#0', '1!', '#5', '0"', '#10']
    """
    net = trace.netlist
    if not trace.watched:
        raise ValueFitError(f"no net of {net.name!r} was watched: run with watch=None for all nets")
    if clock is not None and clock in {p.name for p in net.ports}:
        raise ValueFitError(f"the clock cannot be called {clock!r}: a port of {net.name!r} is")
    signals = _signals(net, trace.watched)
    lines = ["$version gatesim $end", "$timescale 1ps $end", *_declarations(net, signals, clock)]
    lines += _changes(trace, signals, clock)
    return "\n".join(lines) + "\n"


class _Signal:
    """A vector or a single net, with its identifier code."""

    def __init__(self, number: int, scope: tuple[str, ...], name: str, nets: tuple[int, ...]) -> None:
        self.code, self.scope, self.name, self.nets = _code(number), scope, name, nets

    def line(self, value: np.ndarray) -> str:
        """The change record for the present values of all nets."""
        if len(self.nets) == 1:
            return f"{value[self.nets[0]]}{self.code}"
        return f"b{''.join(str(value[k]) for k in reversed(self.nets))} {self.code}"


def _code(number: int) -> str:
    base = _LAST - _FIRST + 1
    text = chr(_FIRST + number % base)
    while number >= base:
        number = number // base - 1
        text += chr(_FIRST + number % base)
    return text


def _signals(net: Netlist, watched: tuple[int, ...]) -> list[_Signal]:
    found: list[_Signal] = []
    seen, left = set(), set(watched)
    for p in net.ports:
        if left.issuperset(p.nets):
            found.append(_Signal(len(found), (), p.name, p.nets))
            seen.update(p.nets)
    for k in watched:
        if k not in seen and k > 1:
            path = net.scope_path(int(net.scope_of[k]))
            scope = tuple(path.split("/")) if path else ()
            name = net.net_name(k).rsplit("/", 1)[-1]
            found.append(_Signal(len(found), scope, name, (k,)))
    return found


def _plain(name: str) -> str:
    """A name without white space, which would end it."""
    return "_".join(name.split()) or "_"


def _declarations(net: Netlist, signals: list[_Signal], clock: str | None) -> Iterator[str]:
    yield f"$scope module {_plain(net.name)} $end"
    if clock is not None:
        yield f"$var wire 1 {_code(len(signals))} {_plain(clock)} $end"
    here: tuple[str, ...] = ()
    for s in sorted(signals, key=lambda s: s.scope):
        common = 0
        while common < min(len(here), len(s.scope)) and here[common] == s.scope[common]:
            common += 1
        yield from ["$upscope $end"] * (len(here) - common)
        for part in s.scope[common:]:
            yield f"$scope module {_plain(part)} $end"
        here = s.scope
        width = len(s.nets)
        name = _plain(s.name) + (f" [{width - 1}:0]" if width > 1 else "")
        yield f"$var wire {width} {s.code} {name} $end"
    yield from ["$upscope $end"] * (len(here) + 1)
    yield "$enddefinitions $end"


def _changes(trace: Trace, signals: list[_Signal], clock: str | None) -> Iterator[str]:
    value = np.zeros(trace.netlist.n_nets, np.uint8)
    value[list(trace.watched)] = trace.before
    shown_by: dict[int, list[_Signal]] = {}
    for s in signals:
        for k in s.nets:
            shown_by.setdefault(k, []).append(s)
    code = _code(len(signals))
    yield "$dumpvars"
    if clock is not None:
        yield f"0{code}"
    for s in signals:
        yield s.line(value)
    yield "$end"
    ticks = np.zeros((0, 2), np.int64)
    if clock is not None:
        rises = trace.begun_ps[:-1]
        ticks = np.concatenate(
            (
                np.stack([rises, np.ones_like(rises)], axis=1),
                np.stack([(rises + trace.begun_ps[1:]) // 2, np.zeros_like(rises)], axis=1),
            )
        )
        ticks = ticks[np.argsort(ticks[:, 0], kind="stable")]
    times = np.unique(np.concatenate((trace.time_ps, ticks[:, 0])))
    at, tick = np.searchsorted(trace.time_ps, times), np.searchsorted(ticks[:, 0], times)
    ends, tick_ends = np.append(at[1:], len(trace.time_ps)), np.append(tick[1:], len(ticks))
    nets, became = trace.net.tolist(), trace.value.tolist()
    for now, low, high, low_tick, high_tick in zip(
        times.tolist(), at.tolist(), ends.tolist(), tick.tolist(), tick_ends.tolist(), strict=True
    ):
        yield f"#{now}"
        changed: dict[str, _Signal] = {}
        for i in range(low, high):
            value[nets[i]] = became[i]
            for s in shown_by.get(nets[i], ()):
                changed[s.code] = s
        for s in changed.values():
            yield s.line(value)
        if high_tick > low_tick:
            yield f"{ticks[high_tick - 1, 1]}{code}"
    if trace.begun_ps[-1] > (times[-1] if len(times) else 0):
        yield f"#{trace.begun_ps[-1]}"
