"""Files: one module a format, behind ``read`` and ``write``.

A format module gives ``SUFFIXES``, ``parse(text, source) -> Netlist`` and ``dump(net) -> str``.
"""

from __future__ import annotations

import gzip
import os
import tempfile
from importlib import import_module
from io import TextIOBase
from pathlib import Path
from types import ModuleType
from typing import IO

from ..errors import GatesimError, ParseError, unknown_name
from ..netlist import Netlist

FORMATS: dict[str, tuple[str, ...]] = {"bench": (".bench",), "verilog": (".v", ".verilog")}
"""Formats and their suffixes; each may carry ``.gz`` after it."""

MAX_TEXT = 1 << 30
"""Characters that a file may have once it is unpacked."""


def format_of(path: str | os.PathLike[str]) -> str:
    """The format that a path's suffix names; UnknownNameError if none."""
    suffixes = Path(path).suffixes
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    suffix = suffixes[-1].lower() if suffixes else ""
    for name, known in FORMATS.items():
        if suffix in known:
            return name
    raise unknown_name("file type", suffix or str(path), [s for known in FORMATS.values() for s in known])


def is_known(path: str | os.PathLike[str]) -> bool:
    """Whether the suffix names a format."""
    try:
        format_of(path)
    except GatesimError:
        return False
    return True


def _module(name: str) -> ModuleType:
    if name not in FORMATS:
        raise unknown_name("format", name, FORMATS)
    return import_module(f".{name}", __name__)


def read(source: str | os.PathLike[str] | IO[str], format: str | None = None) -> Netlist:
    """The netlist in a file.

    Parameters
    ----------
    source : path or text file object
        ``.gz`` is unpacked.
    format : str, optional
        One of :data:`FORMATS`; by the path's suffix when left out (needed for a file object without a
        name).

    Raises
    ------
    ParseError
        The file cannot be read; file, line and names are said.
    UnknownNameError
        No such format.
    OSError
        No such file, no permission.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        chosen = _module(format or format_of(path))
        return chosen.parse(_text(path), str(path))
    name = getattr(source, "name", "<text>")
    return _module(format or format_of(str(name))).parse(source.read(), str(name))


def _text(path: Path) -> str:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="strict") as file:
            text = file.read(MAX_TEXT + 1)
    except UnicodeDecodeError as exc:
        raise ParseError(f"this is no text file ({exc.reason} at byte {exc.start})", source=str(path)) from None
    except (gzip.BadGzipFile, EOFError) as exc:
        raise ParseError(f"this gzip file is damaged or cut off: {exc}", source=str(path)) from None
    if len(text) > MAX_TEXT:
        raise ParseError(f"the file is longer than {MAX_TEXT} characters", source=str(path))
    return text


def write(net: Netlist, target: str | os.PathLike[str] | IO[str], format: str | None = None) -> None:
    """Write `net` to a path (whole or not at all) or a text file object; see :func:`read`.

    Raises
    ------
    UnsupportedError
        The format cannot hold something of the netlist.
    """
    if isinstance(target, TextIOBase) or hasattr(target, "write"):
        name = getattr(target, "name", "<text>")
        target.write(_module(format or format_of(str(name))).dump(net))  # type: ignore[union-attr]
        return
    path = Path(target)  # type: ignore[arg-type]
    text = _module(format or format_of(path)).dump(net)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            data = text.encode()
            file.write(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


__all__ = ["FORMATS", "format_of", "is_known", "read", "write"]
