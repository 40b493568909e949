"""Verilog's tokens: comments and attributes are left out, compiler directives are obeyed."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import ParseError
from .verilog_preprocess import Piece, Preprocessor


class Token(NamedTuple):
    """A token with where it starts; ``kind`` is id, number, real, string, op or end.

    An escaped name is an ``id`` like any other, whatever it spells: ``escaped`` tells it from a keyword.
    """

    kind: str
    text: str
    line: int
    column: int
    source: str = ""
    escaped: bool = False


_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/|\(\*\s*(?!\)).*?\*\))"
    r"|(?P<escaped>\\[^\s]+)"
    r"|(?P<id>[A-Za-z_$][\w$]*)"
    r"|(?P<real>\d[\d_]*(?:\.\d[\d_]*(?:[eE][+-]?\d+)?|[eE][+-]?\d+))"
    r"|(?P<number>(?:\d[\d_]*)?\s*'[sS]?[bBoOdDhH]\s*[0-9a-fA-F_xXzZ?]+|\d[\d_]*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<op>===|!==|<<<|>>>|~&|~\||~\^|\^~|&&|\|\||<<|>>|==|!=|<=|>=|\+:|-:|\*\*|[()\[\]{}.,;:=#~&|^?@*/%+\-<>!])",
    re.DOTALL,
)
_OPEN = re.compile(r"/\*|\(\*(?!\s*\))")
"""The beginning of a comment or attribute; met as operators, it has no end."""


def tokens(text: str, source: str) -> list[Token]:
    """All tokens of a text and of the files that it includes."""
    found: list[Token] = []
    for piece in Preprocessor().run(text, source):
        _add_tokens(piece, found)
    last = found[-1] if found else Token("end", "", 1, 1, source)
    line = text.count("\n") + 1
    found.append(Token("end", "end of file", line if last.source == source else last.line, 1, source))
    return found


def _add_tokens(piece: Piece, found: list[Token]) -> None:
    text, source, line = piece.text, piece.source, piece.line
    at, line_start = 0, 1 - piece.column
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or (match.lastgroup == "op" and _OPEN.match(text, at)):
            rest = f"character {text[at]!r}" if match is None else "comment or attribute without an end"
            raise ParseError(f"unexpected {rest}", source=source, line=line, column=at - line_start + 1)
        kind, content = str(match.lastgroup), match.group()
        if kind == "escaped":
            found.append(Token("id", content[1:], line, at - line_start + 1, source, True))
        elif kind != "space":
            found.append(Token(kind, content, line, at - line_start + 1, source))
        newlines = content.count("\n")
        if newlines:
            line += newlines
            line_start = at + content.rfind("\n") + 1
        at = match.end()
