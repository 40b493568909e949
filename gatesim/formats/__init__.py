"""Files: one module a format, behind ``read`` and ``write``.

A format module gives ``parse(content, source) -> Netlist`` or ``dump(net) -> str`` (``bytes`` where
``BINARY`` is true), or both. ``parse`` gets text, or bytes where ``BINARY`` is true.
"""

from __future__ import annotations

import os
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from ..errors import GatesimError, UnsupportedError, unknown_name
from ..netlist import Netlist
from .files import as_bytes, as_text, load, save

FORMATS: dict[str, tuple[str, ...]] = {
    "aiger": (".aig",),
    "aiger_ascii": (".aag",),
    "bench": (".bench",),
    "blif": (".blif",),
    "dig": (".dig",),
    "hdl": (".hdl",),
    "bristol": (".bristol",),
    "dimacs": (".cnf", ".dimacs"),
    "dot": (".dot", ".gv"),
    "qasm": (".qasm",),
    "verilog": (".v", ".verilog"),
    "yosys_json": (".json",),
}
"""Formats and their suffixes; each may carry ``.gz`` after it. A format is the module of its name."""


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


def read(
    source: str | bytes | os.PathLike[str] | IO[Any],
    format: str | None = None,
    *,
    library: str | os.PathLike[str] | None = None,
    top: str | None = None,
) -> Netlist:
    r"""The netlist in a file.

    Parameters
    ----------
    source : path, file object or content
        A string with a line break, and bytes, are the content itself. gzip is unpacked.
    format : str, optional
        One of :data:`FORMATS`; by the path's suffix when left out (needed for content, and for a file
        object without a name).
    library : path, optional
        A TOML file that describes library cells (:mod:`gatesim.formats.cells`), for formats with cells.
    top : str, optional
        The top module, for formats with hierarchy.

    Raises
    ------
    ParseError
        The file cannot be read; file, line and names are said.
    UnsupportedError
        The format is written only, or has no such option.
    UnknownNameError
        No such format.
    OSError
        No such file, no permission.

    Examples
    --------
    >>> read("INPUT(a)\nOUTPUT(y)\ny = NOT(a)\n", format="bench").counts()
    {'INPUT': 1, 'NOT': 1}
    """
    if isinstance(source, (str, os.PathLike)) and not (isinstance(source, str) and "\n" in source):
        format = format or format_of(source)  # an unknown suffix is said before a missing file
    elif format is None:
        format = format_of(str(getattr(source, "name", "<content>")))
    module = _module(format)
    if not hasattr(module, "parse"):
        raise UnsupportedError(f"format {format!r} can be written only")
    options: dict[str, Any] = {}
    if library is not None:
        from .cells import Library

        options["library"] = Library(library)
    if top is not None:
        options["top"] = top
    for option in options:
        if option not in signature(module.parse).parameters:
            raise UnsupportedError(f"format {format!r} takes no {option}")
    content, name = load(source)
    return module.parse(as_bytes(content) if _is_binary(module) else as_text(content, name), name, **options)


def write(net: Netlist, target: str | os.PathLike[str] | IO[Any], format: str | None = None) -> None:
    """Write `net` to a path (whole or not at all) or a file object; see :func:`read`.

    Raises
    ------
    UnsupportedError
        The format cannot hold something of the netlist, or is read only.
    """
    if hasattr(target, "write"):
        content = dumps(net, format or format_of(str(getattr(target, "name", "<content>"))))
        target.write(content)  # type: ignore[union-attr]
        return
    path = Path(target)  # type: ignore[arg-type]
    save(dumps(net, format or format_of(path)), path)


def dumps(net: Netlist, format: str) -> str | bytes:
    """`net` in a format: text, or bytes for a binary one.

    Raises
    ------
    UnsupportedError
        The format cannot hold something of the netlist, or is read only.
    """
    module = _module(format)
    if not hasattr(module, "dump"):
        raise UnsupportedError(f"format {format!r} can be read only")
    net.require_two_valued(f"format {format!r}")
    return module.dump(net)


def _is_binary(module: ModuleType) -> bool:
    return getattr(module, "BINARY", False)


__all__ = ["FORMATS", "dumps", "format_of", "is_known", "read", "write"]
