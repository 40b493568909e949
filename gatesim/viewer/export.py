"""Pictures of what is open: PNG of the window, SVG or PNG of the whole sheet with its present values."""

from __future__ import annotations

from pathlib import Path

from ..errors import GatesimError
from .draw import save
from .picture import picture
from .viewer import Viewer

SUFFIXES = (".png", ".svg")


def check_path(path: Path, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Refuse, before any work, a file that could not be written.

    Raises
    ------
    GatesimError
        An unknown suffix, or a folder that does not exist.
    """
    if path.suffix.lower() not in suffixes:
        raise GatesimError(f"cannot write {str(path)!r}: the name must end in {' or '.join(suffixes)}")
    if not path.resolve().parent.is_dir():
        raise GatesimError(f"cannot write {str(path)!r}: the folder {str(path.parent)!r} does not exist")


def save_sheet(viewer: Viewer, path: Path) -> None:
    """The whole sheet with its present values, as SVG or PNG.

    Raises
    ------
    GatesimError
        See :func:`check_path`.
    """
    check_path(path)
    save(picture(viewer.net, viewer.places.sheet, viewer.theme, viewer.style, viewer.values()), path)
