"""The visible sheet in words: for tests, for scripts, for readers who do not see."""

from __future__ import annotations

import numpy as np

from .numbers import shown, value_of
from .panels.computer import dump as dump_computer
from .scene import Kind
from .viewer import Viewer


def dump(viewer: Viewer) -> str:
    """What the window shows, a line each: where, time, boxes with the values at their pins, probes, panels."""
    sheet, values = viewer.places.sheet, viewer.values()
    sample = viewer.runner.sample()
    path = " > ".join(name or viewer.net.name for _, name in viewer.places.crumbs)
    lines = [f"{path}, cycle {sample.cycle} of {sample.horizon}"]

    def text(nets: tuple[int, ...]) -> str:
        return shown(value_of(values[list(nets)]), len(nets), viewer.radix)

    for i in visible_boxes(viewer).tolist():
        box = sheet.box(i)
        parts = []
        for pin in sheet.pins_of(i):
            if pin.nets:
                name = pin.label or ("" if box.kind in (Kind.INPUT, Kind.OUTPUT) else "out" if pin.is_output else "in")
                parts.append(f"{name} = {text(pin.nets)}" if name else f"= {text(pin.nets)}")
        mark = " (selected)" if i == viewer.selected_box else ""
        lines.append(f"  {box.kind.name.lower()} {box.label}{mark}: {', '.join(parts)}")
    if viewer.selected:
        lines.append(f"selected: {viewer.name_of(viewer.selected)} = {viewer.selected_value()}")
    if viewer.hovered:
        lines.append(f"under the mouse: {viewer.name_of(viewer.hovered)} = {text(viewer.hovered)}")
    for nets, shown_here in ((viewer.hovered, True), (viewer.selected, "facts" in viewer.shows)):
        if nets and shown_here:
            line = None if sample.running else viewer.line
            lines += [f"  {head}: {fact}" for head, fact in viewer.inspector.facts(nets[0], values, line).lines()[1:]]
    if viewer.heat:
        lines.append(f"heat map: {viewer.heat}")
    if viewer.slow is not None:
        lines.append(f"slow motion: {viewer.slow_ps:,} ps of {viewer.slow.end_ps:,} ps")
    lines += [f"probe: {p.name} = {p.text(values[list(p.nets)])}" for p in viewer.probes]
    lines += [f"breakpoint: {b.text}" for b in viewer.runner.breakpoints]
    if viewer.truth is not None and "truth" in viewer.shows:
        lines += ["table: " + " ".join(row) for row in viewer.truth.table()]
    if viewer.water is not None:
        lines.append(viewer.water.text())
    if "computer" in viewer.shows:
        lines += dump_computer(viewer)
    if viewer.prompt is not None:
        lines.append(f"asks: {viewer.prompt.title}: {viewer.prompt.text}")
        lines += [f"  offers: {text}" for text in viewer.prompt.offered]
    lines.append(f"says: {f'stopped: {sample.stopped_by}' if sample.stopped_by else viewer.message}")
    return "\n".join(lines) + "\n"


def visible_boxes(viewer: Viewer) -> np.ndarray:
    """(k,) int: boxes of the sheet that touch the view."""
    rect, camera = viewer.places.sheet.box_rect, viewer.places.camera
    right, bottom = camera.to_sheet(camera.width, camera.height)
    touching = (rect[:, 0] <= right) & (rect[:, 0] + rect[:, 2] >= camera.left)
    touching &= (rect[:, 1] <= bottom) & (rect[:, 1] + rect[:, 3] >= camera.top)
    return np.flatnonzero(touching)
