"""A viewer to and from a session file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .numbers import Radix
from .session import Session, load, restore, save
from .themes import theme

if TYPE_CHECKING:
    from .viewer import Viewer

MIN_SCALE, MAX_SCALE = 0.75, 4.0
"""Of text and lines."""


def save_view(viewer: Viewer, path: Path) -> None:
    """Write probes, breakpoints, camera, inputs and time to a file."""
    line, camera = viewer.still(), viewer.places.camera
    view = {
        "scope": "/".join(name for _, name in viewer.places.crumbs[1:]),
        "x": camera.x, "y": camera.y, "zoom": camera.zoom,
        "theme": viewer.theme.name, "scale": viewer.scale, "radix": viewer.radix.value, "clock_hz": viewer.clock,
    }  # fmt: skip
    session = Session(list(line.changes), line.now, viewer.probes, list(viewer.runner.breakpoints), view)
    save(session, viewer.net, path)
    viewer.message = f"saved {path}"


def load_view(viewer: Viewer, path: Path) -> None:
    """Go on with a saved session; SessionError where it belongs to another circuit."""
    session = load(path, viewer.net, viewer.names)
    line = viewer.still()
    restore(session, line)
    viewer.probes, viewer.runner.breakpoints = session.probes, session.breakpoints
    view = session.view
    viewer.places.open(viewer.places.scope_named(view.get("scope", "")))
    camera = viewer.places.camera
    viewer.places.camera = replace(
        camera, x=float(view.get("x", camera.x)), y=float(view.get("y", camera.y)),
        zoom=float(view.get("zoom", camera.zoom)),
    )  # fmt: skip
    viewer.theme = theme(view.get("theme", viewer.theme.name))
    viewer.scale = min(max(float(view.get("scale", viewer.scale)), MIN_SCALE), MAX_SCALE)
    viewer.radix = Radix(view.get("radix", viewer.radix.value))
    viewer.clock = view.get("clock_hz")
    viewer.select(())
    if viewer.probes:
        viewer.shows.add("waves")
    viewer.message = f"loaded {path}"
