"""The Hack assembler, and the reader of ``.hack`` files (one word of sixteen 0s and 1s a line)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from gatesim.errors import ParseError

from .hack_language import (
    DESTINATIONS,
    JUMPS,
    KEYBOARD,
    LARGEST_NUMBER,
    RAM_WORDS,
    ROM_WORDS,
    SCREEN,
    computation_word,
    disassemble,
)

FIRST_VARIABLE = 16
"""Where the assembler puts the first variable in memory."""

PREDEFINED: dict[str, int] = {
    **{f"R{k}": k for k in range(16)},
    **{name: k for k, name in enumerate(("SP", "LCL", "ARG", "THIS", "THAT"))},
    "SCREEN": SCREEN,
    "KBD": KEYBOARD,
}
"""Symbols that every program knows."""

_SYMBOL = re.compile(r"[A-Za-z_.$:][A-Za-z0-9_.$:]*")


@dataclass(frozen=True)
class HackProgram:
    """Machine code, and where it came from.

    Attributes
    ----------
    words : tuple of int
        Instructions from address 0 on.
    lines : tuple of int
        The line (from 1) of each instruction in the source.
    symbols : dict of str to int
        Labels and variables by name.
    source : str
        File name, for messages.
    """

    words: tuple[int, ...]
    lines: tuple[int, ...]
    symbols: dict[str, int] = field(default_factory=dict)
    source: str = "<text>"

    def where(self, address: int) -> str:
        """An instruction for a message: its address, its text, its line."""
        if address >= len(self.words):
            return f"address {address}, past the program's end"
        text = disassemble(self.words[address])
        return f"address {address} ({text}, {self.source}:{self.lines[address]})"


def assemble(text: str, source: str = "<text>") -> HackProgram:
    r"""Machine code of a program in Hack assembly.

    Parameters
    ----------
    text : str
        One instruction or label a line; ``//`` starts a comment; blanks mean nothing.
    source : str
        What messages call the text.

    Raises
    ------
    ParseError
        Says the line of what cannot be read, of a symbol defined twice, of a number too large.

    Examples
    --------
    >>> program = assemble("@2\nD=A\n@sum  // a variable\nM=D+M\n(END)\n@END\n0;JMP")
    >>> [f"{w:016b}" for w in program.words[:2]], program.symbols
    (['0000000000000010', '1110110000010000'], {'sum': 16, 'END': 4})
    """
    found: list[tuple[int, str]] = []
    labels: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        code = "".join(line.partition("//")[0].split())
        if code.startswith("("):
            _define(labels, code, len(found), source, number)
        elif code:
            found.append((number, code))
    _need_room(len(found), source)
    symbols: dict[str, int] = {}
    words: list[int] = []
    for number, code in found:
        if code.startswith("@"):
            words.append(_address(code[1:], labels, symbols, source, number))
        else:
            words.append(_computation(code, source, number))
    return HackProgram(tuple(words), tuple(n for n, _ in found), {**symbols, **labels}, source)


def _need_room(n_words: int, source: str) -> None:
    if n_words > ROM_WORDS:
        raise ParseError(f"{n_words} instructions: the ROM holds {ROM_WORDS}", source=source)
    if not n_words:
        raise ParseError("there is no instruction in this program", source=source)


def _define(labels: dict[str, int], code: str, address: int, source: str, line: int) -> None:
    name = code[1:-1]
    if not code.endswith(")") or not _SYMBOL.fullmatch(name):
        raise ParseError(f"cannot read the label {code!r}: write (NAME)", source=source, line=line)
    if name in PREDEFINED:
        raise ParseError(f"{name!r} has a meaning already: take another label", source=source, line=line)
    if name in labels:
        raise ParseError(f"label {name!r} is defined twice", source=source, line=line)
    labels[name] = address


def _address(text: str, labels: dict[str, int], variables: dict[str, int], source: str, line: int) -> int:
    if text.isascii() and text.isdigit():
        if len(text) > 9 or int(text) > LARGEST_NUMBER:
            raise ParseError(
                f"@{text[:20]} is too large: an A-instruction holds 0 to {LARGEST_NUMBER}", source=source, line=line
            )
        return int(text)
    if not _SYMBOL.fullmatch(text):
        raise ParseError(f"cannot read @{text}: write @number or @symbol", source=source, line=line)
    for table in (PREDEFINED, labels, variables):
        if text in table:
            return table[text]
    address = FIRST_VARIABLE + len(variables)
    if address >= RAM_WORDS:
        raise ParseError(f"no room for the variable {text!r}: the RAM is full", source=source, line=line)
    return variables.setdefault(text, address)


def _computation(code: str, source: str, line: int) -> int:
    stored, equals, rest = code.rpartition("=")
    symbol, semicolon, jump = rest.partition(";")
    places = [DESTINATIONS.find(name) for name in stored]
    if (equals and not stored) or -1 in places or len(set(places)) < len(places):
        raise ParseError(
            f"cannot store to {stored!r} in {code!r}: write some of A, D, M before '='", source=source, line=line
        )
    if (semicolon and not jump) or jump not in JUMPS:
        raise ParseError(f"unknown jump {jump!r} in {code!r}; known: {', '.join(JUMPS[1:])}", source=source, line=line)
    bits = computation_word(symbol)
    if bits is None:
        raise ParseError(
            f"the ALU cannot compute {symbol!r} in {code!r}: see the table of C-instructions", source=source, line=line
        )
    return 7 << 13 | bits << 6 | sum(1 << 3 + k for k in places) | JUMPS.index(jump)


def parse_hack(text: str, source: str = "<text>") -> HackProgram:
    """The program of a ``.hack`` text: a word of sixteen 0s and 1s on each line.

    Raises
    ------
    ParseError
        A line that is no such word, or a word that is no instruction.
    """
    words, lines = [], []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.strip()
        if not word:
            continue
        if not re.fullmatch("[01]{16}", word):
            raise ParseError(f"{word[:40]!r} is no word: sixteen 0s and 1s a line", source=source, line=number)
        if disassemble(int(word, 2)) is None:
            raise ParseError(
                f"{word} at address {len(words)} is no instruction: 0 and a number, or 111 and a computation "
                "that the language knows",
                source=source,
                line=number,
            )
        words.append(int(word, 2))
        lines.append(number)
    _need_room(len(words), source)
    return HackProgram(tuple(words), tuple(lines), {}, source)


def read_program(path: str | Path) -> HackProgram:
    """The program in a file: machine code (``.hack``) or assembly (any other suffix).

    Raises
    ------
    ParseError
        The file cannot be read, or what is in it.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise ParseError(f"cannot read this program: {reason}", source=str(path)) from None
    read = parse_hack if path.suffix == ".hack" else assemble
    return read(text, str(path))


def dump_hack(program: HackProgram) -> str:
    """The program as a ``.hack`` text."""
    return "".join(f"{word:016b}\n" for word in program.words)
