"""Verilog's compiler directives: ``define``, ``ifdef`` and its kin, ``include``; others are passed over.

Lines keep their numbers; a file that is included reports faults under its own name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import ParseError
from .files import as_text, load

MAX_INCLUDES = 200
MAX_DEPTH = 16
MAX_TEXT = 1 << 28
"""Characters after all includes and macros."""
MAX_MACRO = 1 << 16

_DIRECTIVE = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:[^\"\\\n]|\\.)*\"|\\\S+|`(\w+)", re.DOTALL)
_PASSED_OVER = frozenset(
    """timescale default_nettype resetall celldefine endcelldefine nounconnected_drive unconnected_drive line pragma
    suppress_faults enable_portfaults disable_portfaults delay_mode_path delay_mode_unit delay_mode_zero
    delay_mode_distributed begin_keywords end_keywords protect endprotect""".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text and where it comes from."""

    text: str
    source: str
    line: int
    column: int


@dataclass(slots=True)
class Preprocessor:
    """One run over a file and those that it includes."""

    pieces: list[Piece] = field(default_factory=list)
    macros: dict[str, str] = field(default_factory=dict)
    includes: int = 0
    length: int = 0

    def run(self, text: str, source: str, depth: int = 0) -> list[Piece]:
        """The pieces of a text after its directives."""
        if "`" not in text:
            self._add(text, source, 1, 1)
            return self.pieces
        state = _Place(text, source)
        branches: list[tuple[bool, bool, int]] = []  # (this branch is read, one was read already, line)
        at = 0
        for match in _DIRECTIVE.finditer(text):
            word = match[1]
            if word is None or match.start() < at:
                continue
            reading = all(b[0] for b in branches)
            if reading:
                self._add(text[at : match.start()], source, *state.of(at))
            at = match.end()
            line, column = state.of(match.start())

            def fail(message: str, line: int = line, column: int = column) -> ParseError:
                return ParseError(message, source=source, line=line, column=column)

            if word in ("ifdef", "ifndef", "elsif"):
                name, at = state.word(at)
                if not name:
                    raise fail(f"expected a name after `{word}")
                holds = (name in self.macros) != (word == "ifndef")
                if word == "elsif":
                    if not branches:
                        raise fail("`elsif without `ifdef")
                    _, taken, begun = branches.pop()
                    branches.append((holds and not taken, taken or holds, begun))
                else:
                    branches.append((holds, holds, line))
            elif word == "else":
                if not branches:
                    raise fail("`else without `ifdef")
                _, taken, begun = branches.pop()
                branches.append((not taken, True, begun))
            elif word == "endif":
                if not branches:
                    raise fail("`endif without `ifdef")
                branches.pop()
            elif reading:
                at = self._directive(word, at, state, depth, fail)
        if branches:
            raise ParseError("this `ifdef has no `endif", source=source, line=branches[-1][2])
        self._add(text[at:], source, *state.of(at))
        return self.pieces

    def _add(self, text: str, source: str, line: int, column: int) -> None:
        if text:
            self.length += len(text)
            if self.length > MAX_TEXT:
                raise ParseError(f"the file is longer than {MAX_TEXT:,} characters", source=source, line=line)
            self.pieces.append(Piece(text, source, line, column))

    def _directive(self, word: str, at: int, state: _Place, depth: int, fail) -> int:
        if word == "define":
            name, at = state.word(at)
            body, at = state.rest_of_line(at)
            if body.startswith("("):
                raise fail(f"macro {name!r} takes arguments: only plain macros are read")
            if not name:
                raise fail("expected a name after `define")
            self.macros[name] = self._expanded(body.strip(), fail)
        elif word == "undef":
            name, at = state.word(at)
            self.macros.pop(name, None)
        elif word == "include":
            quoted, at = state.rest_of_line(at)
            self._include(quoted.strip(), state.source, depth, fail)
        elif word in self.macros:
            line, column = state.of(at)
            self._add(f" {self.macros[word]} ", state.source, line, column)
        elif word in _PASSED_OVER:
            _, at = state.rest_of_line(at)
        else:
            raise fail(f"macro `{word} is not defined")
        return at

    def _expanded(self, body: str, fail) -> str:
        def value(match: re.Match[str]) -> str:
            if match[1] not in self.macros:
                raise fail(f"macro `{match[1]} is not defined")
            return self.macros[match[1]]

        made = re.sub(r"`(\w+)", value, body)
        if len(made) > MAX_MACRO:
            raise fail(f"this macro is longer than {MAX_MACRO:,} characters")
        return made

    def _include(self, quoted: str, source: str, depth: int, fail) -> None:
        match = re.match(r'"([^"]+)"', quoted)
        if match is None:
            raise fail('expected `include "file"')
        if source.startswith("<"):
            raise fail(f"`include {match[0]}: this text has no folder of its own; read it from a file")
        self.includes += 1
        if depth >= MAX_DEPTH or self.includes > MAX_INCLUDES:
            raise fail(f"`include {match[0]}: files include each other without end")
        path = Path(source).parent / match[1]
        try:
            content, name = load(path)
        except OSError as exc:
            raise fail(f"`include {match[0]}: {exc.strerror or exc}") from None
        self.run(as_text(content, name), name, depth + 1)


class _Place:
    """Lines and columns of a text, asked for in rising order."""

    def __init__(self, text: str, source: str) -> None:
        self.text, self.source = text, source
        self._at, self._line, self._start = 0, 1, 0

    def of(self, at: int) -> tuple[int, int]:
        """Line and column of a character."""
        if at < self._at:
            self._at, self._line, self._start = 0, 1, 0
        self._line += self.text.count("\n", self._at, at)
        newline = self.text.rfind("\n", self._at, at)
        self._start = newline + 1 if newline >= 0 else self._start
        self._at = at
        return self._line, at - self._start + 1

    def word(self, at: int) -> tuple[str, int]:
        """The name that follows on this line, and where it ends."""
        match = re.compile(r"[ \t]*([A-Za-z_]\w*)?").match(self.text, at)
        assert match is not None
        return match[1] or "", match.end()

    def rest_of_line(self, at: int) -> tuple[str, int]:
        r"""The rest of the line (``\`` at its end joins the next), comments left out, and where it ends."""
        end = at
        while True:
            newline = self.text.find("\n", end)
            if newline < 0:
                end = len(self.text)
                break
            if self.text[newline - 1] != "\\":
                end = newline
                break
            end = newline + 1
        body = re.sub(r"//[^\n]*|/\*.*?\*/", " ", self.text[at:end], flags=re.DOTALL).replace("\\\n", "\n")
        return body, end
