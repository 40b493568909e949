"""Pictures of water: levels over time, yield against tolerance, and a film of the machine."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .adder import Yield
from .machine import Machine, Outlet
from .pouring import Poured
from .vessel import VesselError

if TYPE_CHECKING:
    from PIL.Image import Image

VISIBLE_M3S = 0.5e-6
"""A jet is drawn when it carries more."""
INK, WATER, GLASS, PIPE, PAPER, LINE, DARK = (
    (22, 32, 42), (38, 120, 190), (120, 134, 148), (205, 213, 220), (255, 255, 255), (163, 35, 27), (11, 107, 58),
)  # fmt: skip


def _figure(width: float, height: float, rows: int = 1) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]


def levels_figure(
    poured: Poured, experiment: int = 0, *, time: str = "time (s)", level: str = "level (mm)", unit: str = "units"
) -> Any:
    """A matplotlib figure: the level of every vessel over time, one panel a stage, and the buckets below.

    Raises
    ------
    VesselError
        No samples were kept: pour with ``every``.
    """
    machine, seen = poured.machine, poured.samples
    _need_samples(poured)
    stages = [s for s in machine.stages if s]
    figure, panels = _figure(9.0, 2.4 * len(stages) + 2.6, len(stages) + 1)
    for axes, stage in zip(panels, stages, strict=False):
        for k, i in enumerate(stage):
            height = seen.volume_m3[experiment, :, i] / machine.vessels[i].total_area_m2 * 1e3
            axes.plot(seen.time_s, height, label=machine.labels[i], linewidth=_line_width(k, len(stage)))
        crests = {round(machine.vessels[i].crest_m * 1e3, 2) for i in stage if machine.vessels[i].siphon_diameter_m}
        for crest in crests:
            axes.axhline(crest, color="#a3231b", linestyle=":", linewidth=1.2)
        axes.set_ylabel(level)
        axes.set_ylim(0, None)
        axes.legend(fontsize=10, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    axes = panels[-1]
    for k, name in enumerate(machine.bucket_names):
        axes.plot(
            seen.time_s,
            seen.bucket_m3[experiment, :, k] / machine.unit_m3,
            label=name,
            linewidth=_line_width(k, machine.n_buckets),
        )
    axes.axhline(machine.line_units, color="#a3231b", linestyle=":", linewidth=1.2)
    axes.set_ylabel(unit)
    axes.set_xlabel(time)
    axes.set_ylim(0, None)
    axes.legend(fontsize=10, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(0, seen.time_s[-1])
        axes.grid(True, alpha=0.25)
    return figure


def _line_width(k: int, count: int) -> float:
    """Wide first, thin last, so that equal curves show through each other."""
    return 1.4 + 3.0 * (count - 1 - k) / max(count - 1, 1)


def yield_figure(
    found: Yield, *, tolerance: str = "build tolerance (%)", share: str = "machines that\nadd everything (%)",
    wrong: str = "wrong sums of\na machine (%)",
) -> Any:  # fmt: skip
    """A matplotlib figure: machines that add every pair, and wrong sums of each, against tolerance."""
    figure, (upper, lower) = _figure(8.5, 6.0, 2)
    percent = found.tolerances * 100
    upper.plot(percent, found.perfect * 100, "o-", color="#0b6b3a", markersize=8)
    upper.set_ylabel(share)
    upper.set_ylim(-5, 105)
    lower.set_xticks(percent)
    for x, wrongs in zip(percent, found.wrong / found.n_sums * 100, strict=True):
        lower.plot(np.full(len(wrongs), x), wrongs, "o", color="#a3231b", alpha=0.35, markersize=7)
    lower.set_ylabel(wrong)
    lower.set_xlabel(tolerance)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, alpha=0.25)
    return figure


def _need_samples(poured: Poured) -> None:
    if not len(poured.samples.time_s):
        raise VesselError("no samples were kept: pour with every=1 or more (and for long enough)")


# -- the film --------------------------------------------------------------------------------


class _Box(NamedTuple):
    """Where a vessel or bucket stands in a frame, in pixels; `floor` is its inside bottom."""

    left: int
    floor: int


CELL_W, CELL_H, BUCKET_H, MARGIN = 132, 150, 78, 24
CHAMBER_W, MM = 76, 0.78
"""Inside width of a chamber in pixels, and pixels a millimetre of height."""


class Stage:
    """Draws one frame after another of one machine."""

    def __init__(self, machine: Machine) -> None:
        from matplotlib import get_data_path
        from PIL import ImageFont

        self.machine = machine
        font = f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"
        self.small, self.large = ImageFont.truetype(font, 13), ImageFont.truetype(font, 20)
        stages = machine.stages
        columns = max([machine.n_buckets, *(len(s) for s in stages)])
        self.size = (columns * CELL_W + 2 * MARGIN, len(stages) * CELL_H + BUCKET_H + 3 * MARGIN + 30)
        place = lambda column, floor: _Box(self.size[0] - MARGIN - (column + 1) * CELL_W + 28, floor)  # noqa: E731
        self.boxes = {
            i: place(column, 56 + row * CELL_H + 84)
            for row, stage in enumerate(stages)
            for column, i in enumerate(stage)
        }
        floor = 56 + len(stages) * CELL_H + BUCKET_H
        self.buckets = [place(k, floor) for k in range(machine.n_buckets)]

    def frame(self, poured: Poured, experiment: int, sample: int, title: str) -> Image:
        """One picture of the machine at one moment."""
        from PIL import Image, ImageDraw

        seen = poured.samples
        time_s, bucket = float(seen.time_s[sample]), seen.bucket_m3[experiment, sample]
        volume, siphon = seen.volume_m3[experiment, sample], seen.siphon[experiment, sample]
        image = Image.new("RGB", self.size, PAPER)
        draw = ImageDraw.Draw(image)
        draw.text((MARGIN, 12), title, INK, self.large)
        draw.text((self.size[0] - MARGIN, 12), f"{time_s:5.1f} s", INK, self.large, anchor="ra")
        flows = [
            (self.machine.vessels[i].leak_flow_m3s(volume[i] / self.machine.vessels[i].total_area_m2),
             self.machine.vessels[i].siphon_flow_m3s(0.0) if siphon[i] else 0.0)
            for i in range(self.machine.n_vessels)
        ]  # fmt: skip
        pipes = [(flows[p.vessel][p.outlet] * p.share > VISIBLE_M3S, p) for p in self.machine.pipes]
        for wet, p in sorted(pipes, key=lambda pair: pair[0]):  # wet ones on top
            self._pipe(draw, p, wet)
        for i, box in self.boxes.items():
            self._vessel(draw, i, box, float(volume[i]), bool(siphon[i]), flows[i][0] > VISIBLE_M3S)
        for k, (p, amount) in enumerate(zip(self.machine.pours, poured.syringe_m3[experiment], strict=True)):
            since = time_s - p.start_s
            if p.target in self.boxes and 0 <= since < amount / (self.machine.pour_m3s * p.units):
                box, x = self.boxes[p.target], 30 + 12 * (k % 2)
                draw.line([(box.left + x, box.floor - 88), (box.left + x, box.floor - 4)], fill=WATER, width=6)
        for k, box in enumerate(self.buckets):
            self._bucket(draw, k, box, float(bucket[k]) / self.machine.unit_m3)
        return image

    def _outlet(self, vessel: int, outlet: Outlet) -> tuple[int, int]:
        box = self.boxes[vessel]
        return (box.left + CHAMBER_W - 12, box.floor + 10) if outlet is Outlet.XOR else (box.left - 10, box.floor + 22)

    def _inlet(self, target: int, outlet: Outlet) -> tuple[int, int]:
        n = self.machine.n_vessels
        box = self.boxes[target] if target < n else self.buckets[target - n]
        height = 88 if target < n else 62
        return box.left + (20 if outlet is Outlet.AND else CHAMBER_W - 12), box.floor - height

    def _pipe(self, draw, p, wet: bool) -> None:
        (x0, y0), (x1, y1) = self._outlet(p.vessel, p.outlet), self._inlet(p.target, p.outlet)
        colour, width = (WATER, 5 if p.outlet is Outlet.AND else 3) if wet else (PIPE, 3)
        if p.outlet is Outlet.XOR or 0 < y1 - y0 < CELL_H:
            middle = y1 - 8
            path = [(x0, y0), (x0, middle), (x1, middle), (x1, y1)]
        elif p.target >= self.machine.n_vessels and y1 - y0 > CELL_H:  # past the stages below
            path = [(x0, y0), (x0 - 26, y0), (x0 - 26, y1 - 8), (x1, y1 - 8), (x1, y1)]
        else:  # sideways: out on the left, up beside the next vessel, and in at the top
            path = [(x0, y0), (x0 - 14, y0), (x0 - 14, y1 - 8), (x1, y1 - 8), (x1, y1)]
        draw.line(path, fill=colour, width=width, joint="curve")

    def _vessel(self, draw, i: int, box: _Box, volume: float, running: bool, leaking: bool) -> None:
        vessel = self.machine.vessels[i]
        level = volume / vessel.total_area_m2 * 1e3 * MM
        rim, crest, inlet = (h * 1e3 * MM for h in (vessel.rim_m, vessel.crest_m, vessel.inlet_m))
        left, right, floor = box.left, box.left + CHAMBER_W, box.floor
        if level >= 1:
            draw.rectangle((left, floor - level, right, floor), fill=WATER)
        draw.line([(left, floor - rim), (left, floor), (right, floor), (right, floor - rim)], fill=GLASS, width=3)
        if vessel.siphon_diameter_m:
            tube = [
                (left + 20, floor - inlet),
                (left + 20, floor - crest),
                (left - 10, floor - crest),
                (left - 10, floor + 22),
            ]
            draw.line(tube, fill=WATER if running else GLASS, width=6, joint="curve")
            if not running:
                draw.line(tube, fill=PAPER, width=2, joint="curve")
        if vessel.leak_diameter_m:
            x = right - 12
            draw.line([(x, floor - 1), (x, floor + 10)], fill=WATER if leaking else PIPE, width=3)
        label = self._fitting(_short(self.machine.labels[i]))
        draw.text((left + 2, floor + 6), label, INK, self.small, anchor="lt")

    def _fitting(self, label: str) -> str:
        """A label cut where the next vessel's begins."""
        room = CELL_W - 18
        if self.small.getlength(label) <= room:
            return label
        while label and self.small.getlength(label + "…") > room:
            label = label[:-1]
        return label.rstrip() + "…"

    def _bucket(self, draw, k: int, box: _Box, units: float) -> None:
        left, right, floor, per_unit = box.left, box.left + CHAMBER_W, box.floor, 34
        reads_one = units >= self.machine.line_units
        water = min(units * per_unit, 60)
        if water >= 1:
            draw.rectangle((left, floor - water, right, floor), fill=WATER)
        draw.line([(left, floor - 60), (left, floor), (right, floor), (right, floor - 60)], fill=INK, width=3)
        line = floor - self.machine.line_units * per_unit
        draw.line([(left - 6, line), (right + 6, line)], fill=LINE, width=2)
        draw.text(((left + right) // 2, floor + 4), self.machine.bucket_names[k], INK, self.small, anchor="mt")
        draw.text((right + 10, floor - 8), str(int(reads_one)), DARK if reads_one else INK, self.large, anchor="ls")


def _short(label: str) -> str:
    """A label that fits under a vessel; none where a name is that of an inner net."""
    names = label.split(" + ")
    return "" if any("/" in n for n in names) else label


def frame(poured: Poured, sample: int, experiment: int = 0, title: str = "") -> Image:
    """A picture of the machine at one sample.

    Raises
    ------
    VesselError
        No samples were kept: pour with ``every``.
    """
    _need_samples(poured)
    return Stage(poured.machine).frame(poured, experiment, sample, title)


def film(
    poured: Poured, experiment: int = 0, *, title: str = "", times_s: Sequence[float] | None = None,
    frame_ms: int = 120, hold_ms: int = 4000,
) -> bytes:  # fmt: skip
    """An animated GIF of one experiment, as bytes.

    Parameters
    ----------
    poured : Poured
        With samples.
    experiment : int
    title : str
        Stands above the machine.
    times_s : sequence of float, optional
        Moments to show; when left out, every quarter of a second while siphons fire, then slowly
        faster, 90 frames or so.
    frame_ms, hold_ms : int
        How long a frame stands, and the last one.
    """
    from PIL.Image import Dither

    _need_samples(poured)
    seen = poured.samples
    if times_s is None:
        end = float(seen.time_s[-1])
        moments = np.concatenate((np.arange(0.25, min(14.0, end), 0.25), np.linspace(min(14.0, end), end, 36)))
    else:
        moments = np.asarray(times_s, np.float64)
    stage = Stage(poured.machine)
    picked = np.unique(np.searchsorted(seen.time_s, moments).clip(0, len(seen.time_s) - 1))
    frames = [stage.frame(poured, experiment, int(s), title) for s in picked]
    colours = frames[-1].quantize(24)
    images = [f.quantize(palette=colours, dither=Dither.NONE) for f in frames]
    buffer = io.BytesIO()
    durations = [frame_ms] * (len(images) - 1) + [hold_ms]
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=durations, loop=0, optimize=True)
    return buffer.getvalue()


__all__ = ["film", "frame", "levels_figure", "yield_figure"]
