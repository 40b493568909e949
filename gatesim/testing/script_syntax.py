"""nand2tetris test scripts: text to commands (appendix B of the course's book)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ParseError

MAX_NESTING = 32
"""Loops inside loops, at most."""

_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<open>/\*)|(?P<string>\"[^\"\n]*\")|(?P<compare><>|<=|>=|=|<|>)"
    r"|(?P<stop>[,;!])|(?P<brace>[{}])|(?P<word>[^\s,;!{}\"<>=]+)|(?P<bad>.)",
    re.DOTALL,
)
_FORMAT = re.compile(
    r"(?P<name>[A-Za-z_][\w.$]*)(?:\[(?P<index>\d*)\])?(?:%(?P<style>[BDXS])(?P<left>\d+)\.(?P<width>\d+)\.(?P<right>\d+))?$"
)
_TARGET = re.compile(r"(?P<name>[A-Za-z_][\w.$]*)(?:\[(?P<index>\d*)\])?$")
_NUMBER = re.compile(r"(?:%D)?(?P<dec>-?\d+)$|%B(?P<bin>-?[01]+)$|%X(?P<hex>-?[0-9A-Fa-f]+)$")
_WORDS = {
    "load": 1, "output-file": 1, "compare-to": 1, "ROM32K": 2, "eval": 0, "tick": 0, "tock": 0, "ticktock": 0,
    "output": 0, "echo": 1, "clear-echo": 0, "set": 2, "resetRam": 0,
}  # fmt: skip
"""Commands and how many words follow each (``output-list`` takes any number)."""


@dataclass(frozen=True, slots=True)
class Target:
    """A pin, or a word of a part (``index`` -1: written ``[]``, None: no brackets)."""

    name: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an output line: blanks, ``width`` characters (0: as many as the pin has bits), blanks."""

    target: Target
    style: str
    left: int
    width: int
    right: int
    title: str


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its word, what follows, its line; loops carry a body."""

    word: str
    line: int
    arguments: tuple = ()
    body: tuple[Command, ...] = ()


def parse_number(text: str) -> int | None:
    """The integer of ``12``, ``-3``, ``%B101``, ``%XFF``, ``%D12``; None for anything else or over 64 bits."""
    match = _NUMBER.match(text)
    if match is None or len(text) > 70:
        return None
    for kind, base in (("dec", 10), ("bin", 2), ("hex", 16)):
        if match[kind] is not None:
            return int(match[kind], base)
    return None


class ScriptParser:
    """Reads one script."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._tokens = self._words(text)
        self._at = 0

    def _words(self, text: str) -> list[tuple[str, str, int]]:
        found, line = [], 1
        for match in _TOKEN.finditer(text):
            kind = str(match.lastgroup)
            if kind == "open":
                raise ParseError("this comment does not end: write */ behind it", source=self.source, line=line)
            if kind == "bad":
                raise ParseError(f"cannot read {match[0]!r} here", source=self.source, line=line)
            if kind != "skip":
                found.append((kind, match[0], line))
            line += match[0].count("\n")
        found.append(("end", "the end of the script", line))
        return found

    @property
    def _now(self) -> tuple[str, str, int]:
        return self._tokens[self._at]

    def _take(self) -> tuple[str, str, int]:
        token = self._now
        self._at += token[0] != "end"
        return token

    def _fail(self, message: str, line: int | None = None) -> ParseError:
        return ParseError(message, source=self.source, line=self._now[2] if line is None else line)

    def parse(self) -> tuple[Command, ...]:
        """All commands of the script."""
        return self._commands(0)

    def _commands(self, nesting: int) -> tuple[Command, ...]:
        if nesting > MAX_NESTING:
            raise self._fail(f"loops are nested more than {MAX_NESTING} deep here")
        found: list[Command] = []
        while True:
            kind, text, _ = self._now
            if kind == "end":
                if nesting:
                    raise self._fail("a loop is still open: write } behind its last command")
                return tuple(found)
            if text == "}" and kind == "brace" and nesting:
                self._take()
                return tuple(found)
            if kind == "stop":  # the course's scripts end some loops with "};"
                self._take()
                continue
            found.append(self._command(nesting))

    def _command(self, nesting: int) -> Command:
        kind, word, line = self._take()
        if kind != "word":
            raise self._fail(f"expected a command, found {word[:40]!r}", line)
        if word in ("repeat", "while"):
            return self._loop(word, line, nesting)
        if word == "output-list":
            columns = []
            while self._now[0] == "word":
                columns.append(self._column(*self._take()[1:]))
            if not columns:
                raise self._fail("output-list names no pin", line)
            self._end_of(word)
            return Command(word, line, tuple(columns))
        if word not in _WORDS:
            known = ", ".join([*_WORDS, "output-list", "repeat", "while"])
            raise self._fail(f"unknown command {word[:40]!r}; known: {known}", line)
        arguments = []
        while self._now[0] in ("word", "string") and len(arguments) < _WORDS[word]:
            arguments.append(self._take()[1])
        if len(arguments) < _WORDS[word] and not (word == "load" and not arguments):
            raise self._fail(f"{word} takes {_WORDS[word]} more words, found {self._now[1][:40]!r}", line)
        self._end_of(word)
        return Command(word, line, self._checked(word, arguments, line))

    def _checked(self, word: str, arguments: list[str], line: int) -> tuple:
        if word == "set":
            match, number = _TARGET.match(arguments[0]), parse_number(arguments[1])
            if match is None:
                raise self._fail(f"cannot set {arguments[0][:40]!r}: expected a pin, or part[address]", line)
            if number is None:
                raise self._fail(f"{arguments[1][:40]!r} is no number: write 12, -3, %B0101 or %XFF", line)
            return (_target(match), number)
        if word == "ROM32K" and arguments[0] != "load":
            raise self._fail(f"expected ROM32K load FILE, found ROM32K {arguments[0][:40]}", line)
        return tuple(a.strip('"') for a in arguments)

    def _end_of(self, word: str) -> None:
        if self._now[0] != "stop" and self._now[:2] != ("brace", "}") and self._now[0] != "end":
            raise self._fail(f"{word} must end with , or ; but {self._now[1][:40]!r} follows")

    def _loop(self, word: str, line: int, nesting: int) -> Command:
        arguments: tuple = (None,)
        if word == "repeat":
            if self._now[0] == "word":
                number = parse_number(self._take()[1])
                if number is None or number < 0:
                    raise self._fail("repeat takes a number of times", line)
                arguments = (number,)
        else:
            left, (kind, compare, _), right = self._take(), self._take(), self._take()
            if (left[0], kind, right[0]) != ("word", "compare", "word"):
                raise self._fail("while takes a comparison such as out <> 75", line)
            arguments = (self._operand(left[1], line), compare, self._operand(right[1], line))
        if self._take()[1] != "{":
            raise self._fail(f"{word} needs {{ before its commands", line)
        return Command(word, line, arguments, self._commands(nesting + 1))

    def _operand(self, text: str, line: int) -> Target | int:
        number, match = parse_number(text), _TARGET.match(text)
        if number is not None:
            return number
        if match is None:
            raise self._fail(f"cannot compare {text[:40]!r}: expected a pin or a number", line)
        return _target(match)

    def _column(self, text: str, line: int) -> Column:
        match = _FORMAT.match(text)
        sizes = [match[k] or "1" for k in ("left", "width", "right")] if match else []
        if match is None or any(len(size) > 4 for size in sizes):
            raise self._fail(
                f"cannot read the column {text[:60]!r}: expected pin, or pin%B1.16.1 "
                "(B, D, X or S; blanks, digits, blanks)",
                line,
            )
        left, width, right = map(int, sizes)
        if not match["style"]:
            width = 0
        title = text.partition("%")[0]
        return Column(_target(match), match["style"] or "B", left, width, right, title)


def _target(match: re.Match[str]) -> Target:
    index = match["index"]
    return Target(match["name"], None if index is None else int(index[:9]) if index else -1)
