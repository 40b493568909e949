"""The nand2tetris hardware description language: text to chips (appendix A of the course's book)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import ParseError

MAX_WIDTH = 1024
"""Bits of the widest pin that is read (the course uses 16)."""

_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<open>/\*)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)|(?P<number>\d+)"
    r"|(?P<op>\.\.|[{}()\[\];:,=])|(?P<bad>.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text and where it stands (1-based)."""

    kind: str
    text: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a connection: a pin or wire name, and the bits of it (None: all)."""

    name: str
    low: int | None
    high: int | None
    at: Token


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a chip and its connections (inner side, outer side)."""

    name: str
    wires: tuple[tuple[Side, Side], ...]
    at: Token


@dataclass(slots=True)
class Chip:
    """A chip as written."""

    name: str
    source: str
    at: Token
    inputs: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    builtin: str | None = None


def tokens(text: str, source: str) -> list[Token]:
    """The words of `text`; comments dropped.

    Raises
    ------
    ParseError
        A character that no word starts with, or a comment that does not end.
    """
    found: list[Token] = []
    line, start = 1, 0
    for match in _TOKEN.finditer(text):
        kind, column = str(match.lastgroup), match.start() - start + 1
        if kind == "open":
            raise ParseError("this comment does not end: write */ behind it", source=source, line=line, column=column)
        if kind == "bad":
            raise ParseError(f"cannot read {match[0]!r} here", source=source, line=line, column=column)
        if kind != "skip":
            found.append(Token(kind, match[0], line, column))
        newlines = match[0].count("\n")
        if newlines:
            line += newlines
            start = match.start() + match[0].rindex("\n") + 1
    found.append(Token("end", "the end of the file", line, len(text) - start + 1))
    return found


class Parser:
    """Recursive descent over the tokens of one file."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._tokens = tokens(text, source)
        self._at = 0

    @property
    def now(self) -> Token:
        """The token to be read next."""
        return self._tokens[self._at]

    def fail(self, message: str, at: Token | None = None) -> ParseError:
        """The error to raise, at a token (the present one by default)."""
        at = at or self.now
        return ParseError(message, source=self.source, line=at.line, column=at.column)

    def take(self) -> Token:
        """Read one token."""
        token = self.now
        self._at += token.kind != "end"
        return token

    def accept(self, text: str) -> bool:
        """Read `text` if it comes next."""
        if self.now.text == text and self.now.kind != "end":
            self._at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Read `text`, which must come next."""
        token = self.now
        if not self.accept(text):
            raise self.fail(f"expected {text!r}, found {token.text[:40]!r}")
        return token

    def name(self, what: str) -> Token:
        """Read a name."""
        if self.now.kind != "name":
            raise self.fail(f"expected {what}, found {self.now.text[:40]!r}")
        return self.take()

    def number(self, what: str, most: int) -> int:
        """Read a number from 0 to `most`."""
        token = self.now
        if token.kind != "number":
            raise self.fail(f"expected {what}, found {token.text[:40]!r}")
        if len(token.text) > 9 or int(token.text) > most:
            raise self.fail(f"{what} {token.text[:20]} is too large: at most {most}")
        return int(self.take().text)

    def chip(self) -> Chip:
        """The whole file: one chip."""
        self.expect("CHIP")
        head = self.name("the name of the chip")
        chip = Chip(head.text, self.source, head)
        self.expect("{")
        if self.accept("IN"):
            self._pins(chip, chip.inputs)
        if self.accept("OUT"):
            self._pins(chip, chip.outputs)
        while not self.accept("}"):
            if self.accept("PARTS"):
                self.expect(":")
                while self.now.kind == "name" and self.now.text not in ("CLOCKED", "BUILTIN"):
                    chip.parts.append(self._part())
            elif self.accept("BUILTIN"):
                chip.builtin = self.name("the name of a built-in chip").text if self.now.text != ";" else chip.name
                self.expect(";")
            elif self.accept("CLOCKED"):
                while not self.accept(";"):
                    self.name("the name of a clocked pin")
                    self.accept(",")
            else:
                raise self.fail(f"expected PARTS:, BUILTIN, CLOCKED or '}}', found {self.now.text[:40]!r}")
        if self.now.kind != "end":
            raise self.fail(f"one file holds one chip; found {self.now.text[:40]!r} behind it")
        return chip

    def _pins(self, chip: Chip, pins: dict[str, int]) -> None:
        while not self.accept(";"):
            token = self.name("the name of a pin")
            width = 1
            if self.accept("["):
                width = self.number("a width", MAX_WIDTH)
                self.expect("]")
            if width < 1:
                raise self.fail(f"pin {token.text!r} needs at least 1 bit", token)
            if token.text in chip.inputs or token.text in chip.outputs:
                raise self.fail(f"pin {token.text!r} is declared twice", token)
            pins[token.text] = width
            if self.now.text != ";":
                self.expect(",")

    def _part(self) -> Part:
        head = self.name("the name of a part")
        self.expect("(")
        wires: list[tuple[Side, Side]] = []
        while not self.accept(")"):
            inner = self._side("a pin of the part")
            self.expect("=")
            wires.append((inner, self._side("a pin or wire of the chip")))
            if self.now.text != ")":
                self.expect(",")
        self.expect(";")
        return Part(head.text, tuple(wires), head)

    def _side(self, what: str) -> Side:
        token = self.name(what)
        if not self.accept("["):
            return Side(token.text, None, None, token)
        low = self.number("a bit", MAX_WIDTH - 1)
        high = self.number("a bit", MAX_WIDTH - 1) if self.accept("..") else low
        self.expect("]")
        if high < low:
            raise self.fail(f"bits {low}..{high} of {token.text!r} are empty: the lower bit comes first", token)
        return Side(token.text, low, high, token)
