"""A JSON document whose parts know their path, so that a fault can be said with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..errors import ParseError


class Place:
    """A value of a JSON document and the path to it; asks for parts by type."""

    __slots__ = ("document", "path", "value")

    def __init__(self, value: Any, path: tuple[str, ...], document: Document) -> None:
        self.value, self.path, self.document = value, path, document

    def fail(self, message: str) -> ParseError:
        """The error to raise about this value."""
        return self.document.fail(message, self.path)

    def _typed(self, kind: type, wanted: str) -> Any:
        if not isinstance(self.value, kind) or (kind is int and isinstance(self.value, bool)):
            raise self.fail(f"expected {wanted}, found {json.dumps(self.value)[:40]}")
        return self.value

    def get(self, key: str) -> Place | None:
        """The entry of an object, or None."""
        found = self._typed(dict, "an object {...}")
        return Place(found[key], (*self.path, key), self.document) if key in found else None

    def need(self, key: str) -> Place:
        """The entry of an object; an error if it is missing."""
        found = self.get(key)
        if found is None:
            raise self.fail(f"entry {key!r} is missing")
        return found

    def items(self) -> Iterator[tuple[str, Place]]:
        """The entries of an object."""
        for key, value in self._typed(dict, "an object {...}").items():
            yield key, Place(value, (*self.path, key), self.document)

    def texts(self) -> str:
        """A string."""
        return self._typed(str, "a string")

    def elements(self) -> list[Any]:
        """An array."""
        return self._typed(list, "an array [...]")


class Document:
    """The whole of a JSON text.

    Raises
    ------
    ParseError
        It is no JSON, nested too deep, or has a number that is too long.
    """

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        try:
            self.root = Place(json.loads(text), (), self)
        except json.JSONDecodeError as exc:
            cut = " (the file may be cut off here)" if exc.pos >= len(text.rstrip()) else ""
            raise ParseError(
                f"this is no JSON: {exc.msg}{cut}", source=source, line=exc.lineno, column=exc.colno
            ) from None
        except RecursionError:
            raise ParseError("this JSON is nested too deep", source=source) from None
        except ValueError as exc:
            raise ParseError(f"this is no JSON: {exc}", source=source) from None

    def fail(self, message: str, path: tuple[str, ...]) -> ParseError:
        """The error to raise about a path; its line is where the keys of the path stand, one after another."""
        at = 0
        for key in path:
            found = self.text.find(json.dumps(key), at)
            at = found if found >= 0 else at
        line = self.text.count("\n", 0, at) + 1 if path else 0
        column = at - self.text.rfind("\n", 0, at)
        where = ".".join(path)
        return ParseError(f"{where}: {message}" if where else message, source=self.source, line=line, column=column)
