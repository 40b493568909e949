"""Bytes from and to files: gzip, bounds against decompression bombs, nothing half-written."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from pathlib import Path
from typing import IO, Any

from ..errors import ParseError

MAX_BYTES = 1 << 30
"""Bytes that a file may have once it is unpacked."""
SMALL_BYTES = 1 << 26
MAX_RATIO = 200
"""A packed file may grow to `SMALL_BYTES`; beyond that, to this many times its size on disk."""
_CHUNK = 1 << 23


def load(source: str | bytes | os.PathLike[str] | IO[Any]) -> tuple[bytes | str, str]:
    """What a path, file object or text holds, and what to call it in messages.

    A string with a line break, and bytes, are taken as the content itself. A path that ends in ``.gz``,
    and bytes that begin like gzip, are unpacked.

    Raises
    ------
    ParseError
        Longer than `MAX_BYTES`; damaged gzip data; or packed so well that it must be a trap.
    OSError
        No such file, no permission.
    """
    if isinstance(source, bytes):
        return _unpacked(source, "<text>"), "<text>"
    if isinstance(source, str) and "\n" in source:
        return source, "<text>"
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        with open(path, "rb") as file:
            _check_length(os.fstat(file.fileno()).st_size, str(path))
            return _unpacked(file.read(), str(path)), str(path)
    name = str(getattr(source, "name", "<text>"))
    content = source.read(MAX_BYTES + 1)
    if isinstance(content, str):
        _check_length(len(content), name)
        return content, name
    return _unpacked(content, name), name


def _check_length(length: int, source: str) -> None:
    if length > MAX_BYTES:
        raise ParseError(f"the file is longer than {MAX_BYTES:,} bytes: split it", source=source)


def _unpacked(data: bytes, source: str) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        if source.endswith(".gz") and data:
            raise ParseError("this file ends in .gz but holds no gzip data", source=source)
        _check_length(len(data), source)
        return data
    limit = min(MAX_BYTES, max(SMALL_BYTES, MAX_RATIO * len(data)))
    parts: list[bytes] = []
    total = 0
    rest = data
    try:
        while rest.startswith(b"\x1f\x8b"):  # a gzip file may have several members
            unpacker = zlib.decompressobj(wbits=31)
            while not unpacker.eof:
                part = unpacker.decompress(rest, _CHUNK)
                rest = unpacker.unconsumed_tail
                total += len(part)
                if total > limit:
                    raise ParseError(
                        f"this gzip file of {len(data):,} bytes unpacks to more than {limit:,} bytes: "
                        "unpack it yourself if you trust it",
                        source=source,
                    )
                if not part and not rest and not unpacker.eof:
                    raise EOFError("it ends before its end mark")
                parts.append(part)
            rest = unpacker.unused_data
    except (zlib.error, EOFError) as exc:
        raise ParseError(f"this gzip file is damaged or cut off: {exc}", source=source) from None
    return b"".join(parts)


def as_text(content: bytes | str, source: str) -> str:
    """The content as text (UTF-8)."""
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ParseError(f"this is no text file ({exc.reason} at byte {exc.start})", source=source) from None


def as_bytes(content: bytes | str) -> bytes:
    """The content as bytes (UTF-8)."""
    return content.encode() if isinstance(content, str) else content


def save(content: bytes | str, path: Path) -> None:
    """Write a file whole or not at all; packed where its name ends in ``.gz``."""
    data = as_bytes(content)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
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
