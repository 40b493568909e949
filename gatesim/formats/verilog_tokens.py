"""Verilog's tokens: comments, attributes and compiler directives are left out."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..errors import ParseError


class Token(NamedTuple):
    """A token with where it starts; ``kind`` is id, number, string, op or end."""

    kind: str
    text: str
    line: int
    column: int


_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/|\(\*\s*(?!\)).*?\*\)|`[^\n]*)"
    r"|(?P<escaped>\\[^\s]+)"
    r"|(?P<id>[A-Za-z_$][\w$]*)"
    r"|(?P<number>(?:\d[\d_]*)?\s*'[sS]?[bBoOdDhH]\s*[0-9a-fA-F_xXzZ?]+|\d[\d_]*)"
    r"|(?P<string>\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<op>~&|~\||~\^|\^~|&&|\|\||<<|>>|==|!=|<=|>=|[()\[\]{}.,;:=#~&|^?@*/+\-<>!])",
    re.DOTALL,
)


def tokens(text: str, source: str) -> list[Token]:
    """All tokens; comments, attributes and compiler directives are left out."""
    found: list[Token] = []
    at, line, line_start = 0, 1, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            rest = "comment" if text.startswith("/*", at) else f"character {text[at]!r}"
            raise ParseError(f"unexpected {rest}", source=source, line=line, column=at - line_start + 1)
        kind, content = str(match.lastgroup), match.group()
        if kind == "escaped":
            found.append(Token("id", content[1:], line, at - line_start + 1))
        elif kind != "space":
            found.append(Token(kind, content, line, at - line_start + 1))
        newlines = content.count("\n")
        if newlines:
            line += newlines
            line_start = at + content.rfind("\n") + 1
        at = match.end()
    found.append(Token("end", "end of file", line, at - line_start + 1))
    return found
