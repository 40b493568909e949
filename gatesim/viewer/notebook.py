"""Netlists and waveforms as SVG, as notebooks show them."""

from __future__ import annotations

import numpy as np

from ..netlist import Netlist
from ..waveforms import Trace, Waves
from .draw import draw
from .picture import LETTER, Mark, Picture, Text
from .svg import svg
from .themes import LIGHT, Theme

ROWS = 32
"""Waveforms shown at most."""

_ROW, _HIGH, _WIDTH, _TICKS = 24, 14, 640, 8


def netlist_svg(net: Netlist) -> str:
    """The whole netlist as one sheet; a large one shows its parts."""
    return svg(draw(net))


def trace_svg(trace: Trace) -> str:
    """The watched nets of a run of the event engine, over its whole time."""
    names, rows = [], []
    for place, net in enumerate(trace.watched[:ROWS]):
        names.append(trace.netlist.net_name(net))
        rows.append((int(trace.before[place]), trace.transitions(net)[0].tolist()))
    return svg(waveforms(trace.netlist.name, names, rows, int(trace.begun_ps[-1]), len(trace.watched)))


def waves_svg(waves: Waves) -> str:
    """The watched nets of the first operation of a run of many."""
    events = waves.events()
    names, rows, last = [], [], 0
    for place, net in enumerate(waves.watched[:ROWS]):
        times = events.time_ps[(events.pattern == 0) & (events.net == net)].tolist()
        names.append(waves.netlist.net_name(net))
        rows.append((int(waves.before[place, 0] & np.uint64(1)), times))
        last = max(last, *times, 0)
    return svg(waveforms(f"{waves.netlist.name}, operation 0", names, rows, last, len(waves.watched)))


def waveforms(
    title: str, names: list[str], rows: list[tuple[int, list[int]]], end_ps: int, watched: int, theme: Theme = LIGHT
) -> Picture:
    """Waveforms below one another: each row a first value and the times (ps) at which it changes.

    High is thick and low is thin, as everywhere; `watched` says how many there would be to show.
    """
    end = max(end_ps, 1) * 1.03
    left = 16 + max((len(n) for n in names), default=0) * 11 * LETTER
    marks: list[Mark] = []
    texts = [Text(8, 14, title, 11, "start", True, theme.text)]
    bottom = 28 + _ROW * len(rows)
    step = _round_step(end / _TICKS)
    for tick in range(int(end // step) + 1):
        x = left + _WIDTH * tick * step / end
        marks.append(Mark((("M", x, 26), ("L", x, bottom)), theme.faint, 0.5, (2, 3), None))
        texts.append(Text(x, bottom + 9, f"{tick * step:,} ps", 8.5, "middle", False, theme.text))
    for k, (name, (first, times)) in enumerate(zip(names, rows, strict=True)):
        low = 28 + _ROW * k + _ROW - 5
        texts.append(Text(8, low - _HIGH / 2, name, 11, "start", False, theme.text))
        begun, value = left, first
        for time in [*times, None]:
            x = left + _WIDTH * (1 if time is None else time / end)
            ink, y = theme.value_ink(value), low - _HIGH * value
            marks.append(Mark((("M", begun, y), ("L", x, y)), ink.colour, ink.width, (), None, name))
            if time is not None:
                marks.append(Mark((("M", x, low), ("L", x, low - _HIGH)), theme.wire.colour, 1.0, (), None))
            begun, value = x, 1 - value
    if watched > len(rows):
        texts.append(Text(8, bottom + 24, f"{watched - len(rows):,} more nets", 9, "start", False, theme.text))
    height = bottom + (34 if watched > len(rows) else 20)
    return Picture(title, round(left + _WIDTH + 24), height, theme.background, tuple(marks), tuple(texts))


def _round_step(wanted: float) -> int:
    """The next of 1, 2, 5, 10, 20 ... from `wanted` on."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= wanted:
                return digit * power
        power *= 10
