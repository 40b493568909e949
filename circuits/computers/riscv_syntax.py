"""Assembly source as statements: labels, mnemonics, operands, and expressions whose symbols may come later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from gatesim.errors import ParseError

from .riscv_encoding import REGISTERS

REGISTER_NUMBERS = {f"x{k}": k for k in range(32)} | {name: k for k, name in enumerate(REGISTERS)} | {"fp": 8}

_TOKEN = re.compile(
    r"""\s*(?:(?P<modifier>%(?:hi|lo|pcrel_hi|pcrel_lo)\b)
    |(?P<number>0[xX][0-9a-fA-F]+\b|0[bB][01]+\b|\d+(?![\w.$]))
    |(?P<local>\d+[fb]\b)
    |(?P<char>'(?:\\.|[^\\'])')
    |(?P<string>"(?:\\.|[^"\\])*")
    |(?P<name>[A-Za-z_.$][\w.$]*)
    |(?P<symbol><<|>>|[-+*/%&|^~(),=@]))""",
    re.VERBOSE,
)
_LABEL = re.compile(r"\s*([A-Za-z_.$][\w.$]*|\d+)\s*:(?!:)")
_ESCAPES = {"n": 10, "t": 9, "r": 13, "0": 0, "\\": 92, "'": 39, '"': 34, "a": 7, "b": 8, "f": 12, "v": 11}
_LEVELS = (("+", "-"), ("|", "&", "^"), ("*", "/", "%", "<<", ">>"))
"""Binary operators, the loosest first, as the GNU assembler binds them (which is not as C does)."""


class Place(NamedTuple):
    """Where something stands in the source."""

    source: str
    line: int
    column: int

    def fail(self, message: str) -> NoReturn:
        """Raise a ParseError here."""
        raise ParseError(message, source=self.source, line=self.line, column=self.column)


class Token(NamedTuple):
    """A word of the source."""

    kind: str
    text: str
    place: Place


class Value(NamedTuple):
    """A number, or an offset into a section (None: a plain number)."""

    section: str | None
    number: int


Lookup = Callable[[str, Place], Value]


@dataclass(frozen=True)
class Expression:
    """A sum of things: ``value(lookup)`` when the symbols are known."""

    operator: str
    parts: tuple
    place: Place

    def value(self, lookup: Lookup) -> Value:
        """Evaluate; `lookup` finds symbols (``.`` is the place of the statement)."""
        if self.operator == "number":
            return Value(None, self.parts[0])
        if self.operator == "symbol":
            return lookup(self.parts[0], self.place)
        if self.operator in ("%hi", "%lo", "%pcrel_hi", "%pcrel_lo"):
            self.place.fail(f"{self.operator} is for the immediate of an instruction, not inside an expression")
        values = [part.value(lookup) for part in self.parts]
        if len(values) == 2 and self.operator in ("+", "-"):
            return self._moved(*values)
        if any(v.section is not None for v in values):
            self.place.fail(f"'{self.operator}' of an address: only numbers can be added to one or taken from it")
        return Value(None, self._computed(*(v.number for v in values)))

    def _moved(self, a: Value, b: Value) -> Value:
        sign = 1 if self.operator == "+" else -1
        if b.section is None:
            return Value(a.section, a.number + sign * b.number)
        if sign == 1 and a.section is None:
            return Value(b.section, a.number + b.number)
        if sign == -1 and a.section == b.section:
            return Value(None, a.number - b.number)
        return self.place.fail(f"'{self.operator}' of addresses in {a.section} and {b.section} has no fixed value")

    def _computed(self, a: int, b: int | None = None) -> int:
        if b is None:
            return -a if self.operator == "-" else ~a
        if self.operator in "/%":
            if b == 0:
                self.place.fail("division by zero")
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return quotient if self.operator == "/" else a - quotient * b
        if self.operator in ("<<", ">>"):
            if not 0 <= b < 64:
                self.place.fail(f"shift by {b}")
            return a << b if self.operator == "<<" else a >> b
        return {"|": a | b, "^": a ^ b, "&": a & b, "*": a * b}[self.operator]


class Operand(NamedTuple):
    """A register, an expression, or ``expression(register)``."""

    register: int | None
    expression: Expression | None
    text: str | None
    place: Place


@dataclass(frozen=True)
class Statement:
    """A label (``name`` ends in a colon), an assignment (``=``), a directive or an instruction."""

    name: str
    operands: tuple[Operand, ...]
    place: Place


def statements(text: str, source: str) -> Iterator[Statement]:
    """All statements of a source text; ParseError with line and column where it cannot be read."""
    plain = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)
    for number, line in enumerate(plain.splitlines(), 1):
        for start, part in _parts(line):
            at = 0
            while (label := _LABEL.match(part, at)) is not None:
                yield Statement(label[1] + ":", (), Place(source, number, start + label.start(1) + 1))
                at = label.end()
            tokens = list(_tokens(part, at, start, source, number))
            if tokens:
                yield _statement(tokens)


def _parts(line: str) -> Iterator[tuple[int, str]]:
    """Statements of a line, split at ``;`` and cut at ``#`` or ``//``, but not inside of quotes."""
    start, at = 0, 0
    quoted = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\\\'])\'')
    while at < len(line):
        if (inside := quoted.match(line, at)) is not None:
            at = inside.end()
        elif line[at] == "#" or line.startswith("//", at):
            break
        elif line[at] == ";":
            yield start, line[start:at]
            start = at = at + 1
        else:
            at += 1
    yield start, line[start:at]


def _tokens(part: str, at: int, start: int, source: str, line: int) -> Iterator[Token]:
    while part[at:].strip():
        found = _TOKEN.match(part, at)
        column = start + at + len(part[at:]) - len(part[at:].lstrip()) + 1
        place = Place(source, line, column)
        if found is None or found.lastgroup is None:
            place.fail(f"cannot read {part[at:].strip()!r}")
        yield Token(found.lastgroup, found[found.lastgroup], place)
        at = found.end()


def _statement(tokens: list[Token]) -> Statement:
    first = tokens[0]
    if first.kind != "name":
        first.place.fail(f"{first.text!r} is no mnemonic, directive or label")
    reader = _Reader(tokens)
    reader.at = 1
    if reader.peek() == "=":
        reader.at = 2
        name = Operand(None, None, first.text, first.place)
        statement = Statement(".equ", (name, reader.operand()), first.place)
    else:
        statement = Statement(first.text, tuple(reader.operands()), first.place)
    return statement


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def next(self) -> Token:
        if self.at >= len(self.tokens):
            last = self.tokens[-1]
            end = last.place._replace(column=last.place.column + len(last.text))
            end.fail("something is missing at the end of this statement")
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, text: str) -> None:
        token = self.next()
        if token.text != text:
            token.place.fail(f"{text!r} expected, not {token.text!r}")

    def operands(self) -> Iterator[Operand]:
        if self.at < len(self.tokens):
            yield self.operand()
        while self.at < len(self.tokens):
            self.expect(",")
            yield self.operand()

    def operand(self) -> Operand:
        token = self.next()
        if token.kind == "string":
            return Operand(None, None, token.text, token.place)
        if token.text == "@":
            return Operand(None, None, self.next().text, token.place)
        if token.kind == "name" and token.text in REGISTER_NUMBERS:
            return Operand(REGISTER_NUMBERS[token.text], None, token.text, token.place)
        self.at -= 1
        if token.text == "(" and self._register_follows():
            return Operand(self._base(), None, None, token.place)
        expression = self.expression(0)
        base = self._base() if self.peek() == "(" else None
        name = expression.parts[0] if expression.operator == "symbol" else None
        return Operand(base, expression, name, token.place)

    def _register_follows(self) -> bool:
        following = self.tokens[self.at + 1 : self.at + 3]
        return len(following) == 2 and following[0].text in REGISTER_NUMBERS and following[1].text == ")"

    def _base(self) -> int:
        self.expect("(")
        token = self.next()
        if token.text not in REGISTER_NUMBERS:
            token.place.fail(f"a register expected, not {token.text!r}")
        self.expect(")")
        return REGISTER_NUMBERS[token.text]

    def expression(self, level: int) -> Expression:
        if level == len(_LEVELS):
            return self.unary()
        left = self.expression(level + 1)
        while self.peek() in _LEVELS[level]:
            operator = self.next()
            left = Expression(operator.text, (left, self.expression(level + 1)), operator.place)
        return left

    def unary(self) -> Expression:
        token = self.next()
        if token.text in ("-", "~"):
            return Expression(token.text, (self.unary(),), token.place)
        if token.text == "+":
            return self.unary()
        if token.text == "(":
            inner = self.expression(0)
            self.expect(")")
            return inner
        if token.kind == "modifier":
            self.expect("(")
            inner = self.expression(0)
            self.expect(")")
            return Expression(token.text, (inner,), token.place)
        if token.kind == "number":
            return Expression("number", (_integer(token.text),), token.place)
        if token.kind == "char":
            return Expression("number", (unquoted(token.text, token.place)[0],), token.place)
        if token.kind in ("name", "local"):
            return Expression("symbol", (token.text,), token.place)
        return token.place.fail(f"a number, a symbol or a register expected, not {token.text!r}")


def _integer(text: str) -> int:
    """An integer as assemblers write it: 0x, 0b, octal behind a 0, else decimal."""
    is_octal = text.isdigit() and text[0] == "0" and set(text) <= set("01234567")
    return int(text, 8 if is_octal else 0 if text[1:2].isalpha() else 10)


def unquoted(text: str, place: Place) -> bytes:
    """The bytes of a quoted string, UTF-8."""
    out, at, inner = bytearray(), 0, text[1:-1]
    while at < len(inner):
        if inner[at] != "\\":
            out += inner[at].encode()
            at += 1
        elif (hexadecimal := re.compile(r"\\x([0-9a-fA-F]{1,2})").match(inner, at)) is not None:
            out.append(int(hexadecimal[1], 16))
            at = hexadecimal.end()
        elif inner[at + 1] in _ESCAPES:
            out.append(_ESCAPES[inner[at + 1]])
            at += 2
        else:
            place.fail(f"unknown escape \\{inner[at + 1]}; known: \\n \\t \\r \\0 \\\\ \\' \\\" \\a \\b \\f \\v \\xHH")
    return bytes(out)
