"""Pictures of what is open: PNG of the window, SVG or PNG of the whole sheet with its present values."""

from __future__ import annotations

from pathlib import Path

from .draw import check_path, save
from .picture import picture
from .viewer import Viewer

SUFFIXES = (".png", ".svg")


def save_sheet(viewer: Viewer, path: Path) -> None:
    """The whole sheet with its present values, as SVG or PNG.

    Raises
    ------
    GatesimError
        An unknown suffix, or a folder that does not exist.
    """
    check_path(path, SUFFIXES)
    save(picture(viewer.net, viewer.places.sheet, viewer.theme, viewer.style, viewer.values()), path)
