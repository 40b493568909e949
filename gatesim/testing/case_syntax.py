"""The language of the test cases in Digital's drawings: text to a small program."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import GatesimError, ParseError
from ..formats.dig_expression import INTEGER, LEVELS, MAX_DEPTH, parse_integer, wrap

MAX_ITERATIONS = 4_000_000
"""Rows and turns of loops that one test case may have."""

_SEED = 0x5DEECE66D
_TOKEN = re.compile(
    r"(?P<skip>[ \t\r\f]+|#[^\n]*)|(?P<line>\n)|(?P<number>(?:0[xX][0-9a-fA-F]+|\d[\w.:]*)|'.)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op><<|>>|<=|>=|!=|[-+*/%&|^~!<>=;,()])|(?P<bad>.)"
)
STATEMENTS = frozenset(
    ("end", "loop", "repeat", "bits", "let", "resetRandom", "while", "declare", "program", "init", "memory")
)


class Names:
    """Variables, innermost first, and what lies behind them: the outputs of the circuit now."""

    def __init__(self, outer: Names | None = None, outside: Callable[[str], int | None] | None = None) -> None:
        self.outer, self.values = outer, dict[str, int]()
        self.outside = outside if outside is not None or outer is None else outer.outside

    def __getitem__(self, name: str) -> int:
        scope: Names | None = self
        while scope is not None:
            if name in scope.values:
                return scope.values[name]
            scope = scope.outer
        found = self.outside(name) if self.outside is not None else None
        if found is None:
            raise UnknownVariable(name)
        return found


class UnknownVariable(GatesimError, KeyError):
    """A name in an expression that is no variable and no output."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no variable or output {name!r} with a value here")


Expression = Callable[[Names], int]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of values: each item gives one or more columns."""

    line: int
    items: tuple[int | str | Expression | tuple[int, Expression], ...]


@dataclass(frozen=True, slots=True)
class Let:
    """``let name = expression;``"""

    line: int
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Loop:
    """``loop(name, count)``, ``repeat(count)`` (one row), or ``while(condition)``."""

    line: int
    name: str
    count: int
    condition: Expression | None
    body: tuple[Row | Let | Loop, ...]


@dataclass(slots=True)
class Case:
    """A test case: columns, statements, and what is to be prepared."""

    names: list[str]
    body: tuple[Row | Let | Loop, ...] = ()
    virtual: dict[str, Expression] = field(default_factory=dict)
    presets: dict[str, int] = field(default_factory=dict)
    words: dict[tuple[str, int], int] = field(default_factory=dict)
    program: list[int] | None = None


class CaseParser:
    """Recursive descent over the tokens of one test case."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self._tokens: list[tuple[str, str, int]] = []
        self._at = self._depth = 0
        self._seed = _SEED
        self._names, line, start = self._header(text)
        for match in _TOKEN.finditer(text, start):
            kind = str(match.lastgroup)
            if kind == "bad":
                raise ParseError(f"cannot read {match[0]!r} in a test case", source=source, line=line)
            if kind != "skip":
                self._tokens.append((kind, match[0], line))
            line += match[0].count("\n")
        self._tokens.append(("end", "the end of the test case", line))

    def fail(self, message: str, line: int | None = None) -> ParseError:
        """The error to raise, at the present line of the test case."""
        return ParseError(message, source=self.source, line=self._tokens[self._at][2] if line is None else line)

    def _take(self) -> tuple[str, str, int]:
        token = self._tokens[self._at]
        self._at += token[0] != "end"
        return token

    def _peek(self, text: str) -> bool:
        return self._tokens[self._at][1] == text and self._tokens[self._at][0] != "end"

    def _accept(self, text: str) -> bool:
        found = self._peek(text)
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise self.fail(f"expected {text!r}, found {self._tokens[self._at][1][:40]!r}")

    def _name(self) -> str:
        kind, text, line = self._take()
        if kind != "name":
            raise self.fail(f"expected a name, found {text[:40]!r}", line)
        return text

    def _number(self) -> int:
        negative = self._accept("-")
        kind, text, line = self._take()
        value = parse_integer(text) if kind == "number" else None
        if value is None:
            raise self.fail(f"{text[:40]!r} is no number", line)
        return -value if negative else value

    def parse(self) -> Case:
        """The whole test case."""
        case = Case(self._names)
        case.body = self._statements(case, None)
        return case

    def _header(self, text: str) -> tuple[list[str], int, int]:
        """Names of the first line that is not empty, separated by blanks; the line and place after it."""
        start = 0
        for number, line in enumerate(text.split("\n"), 1):
            start += len(line) + 1
            names = line.partition("#")[0].split()
            if names:
                double = [n for n in names if names.count(n) > 1]
                if double:
                    raise ParseError(f"{double[0]!r} is named twice", source=self.source, line=number)
                return names, number + 1, start
        raise ParseError(
            "the test case is empty: its first line must name inputs and outputs", source=self.source, line=1
        )

    def _statements(self, case: Case, ends: str | None) -> tuple[Row | Let | Loop, ...]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.fail(f"loops are nested more than {MAX_DEPTH} deep here")
        found: list[Row | Let | Loop] = []
        while True:
            kind, text, line = self._tokens[self._at]
            if kind == "end":
                if ends:
                    raise self.fail(f"the {ends} is still open: 'end {ends}' is missing")
                break
            if kind == "line":
                self._at += 1
            elif text == "end" and kind == "name":
                self._at += 1
                if ends is None:
                    raise self.fail("'end' without a loop", line)
                self._expect(ends)
                break
            else:
                statement = self._statement(case, kind, text, line)
                if statement is not None:
                    found.append(statement)
        self._depth -= 1
        return tuple(found)

    def _statement(self, case: Case, kind: str, text: str, line: int) -> Row | Let | Loop | None:
        word = text if kind == "name" and text in STATEMENTS and text != "bits" else ""
        if not word:
            return self._row(line)
        self._at += 1
        if word == "let":
            name = self._name()
            self._expect("=")
            statement = Let(line, name, self._expression())
            self._expect(";")
            return statement
        if word in ("loop", "repeat"):
            self._expect("(")
            name = "n"
            if word == "loop":
                name = self._name()
                self._expect(",")
            count = self._constant(line)
            self._expect(")")
            if not 0 <= count <= MAX_ITERATIONS:
                raise self.fail(f"{word} {count} times is more than the {MAX_ITERATIONS} turns that are run", line)
            body = (self._row(line),) if word == "repeat" else self._statements(case, "loop")
            return Loop(line, name, count, None, body)
        if word == "while":
            self._expect("(")
            condition = self._expression()
            self._expect(")")
            return Loop(line, "", 0, condition, self._statements(case, "while"))
        if word == "resetRandom":
            self._expect(";")
            return Let(line, "\0", self._reset_random)
        self._preparation(case, word, line)
        return None

    def _preparation(self, case: Case, word: str, line: int) -> None:
        if word == "declare":
            name = self._name()
            self._expect("=")
            if name in case.virtual:
                raise self.fail(f"{name!r} is declared twice", line)
            case.virtual[name] = self._expression()
            self._expect(";")
        elif word == "init":
            name = self._name()
            self._expect("=")
            case.presets[name] = self._number()
            self._expect(";")
        elif word == "memory":
            name = self._name()
            self._expect("(")
            address = self._number()
            self._expect(")")
            self._expect("=")
            case.words[name, address] = self._number()
            self._expect(";")
        else:  # program
            self._expect("(")
            case.program = []
            while True:
                while self._tokens[self._at][0] == "line":
                    self._at += 1
                case.program.append(self._number())
                while self._tokens[self._at][0] == "line":
                    self._at += 1
                if not self._accept(","):
                    break
            self._expect(")")

    def _reset_random(self, names: Names) -> int:
        self._seed = _SEED
        return 0

    def _row(self, line: int) -> Row:
        items: list[int | str | Expression | tuple[int, Expression]] = []
        while True:
            kind, text, _ = self._take()
            if kind in ("line", "end"):
                return Row(line, tuple(items))
            if kind == "number":
                value = parse_integer(text)
                if value is None:
                    raise self.fail(f"{text[:40]!r} is no number", line)
                items.append(value)
            elif text == "bits":
                self._expect("(")
                count = self._constant(line)
                if not 1 <= count <= 64:
                    raise self.fail(f"bits({count}, ...): 1 to 64 bits are possible", line)
                self._expect(",")
                items.append((count, self._expression()))
                self._expect(")")
            elif text == "(":
                items.append(self._expression())
                self._expect(")")
            elif kind == "name" and text.upper() in ("X", "Z", "C"):
                items.append(text.upper())
            elif text == "-" and self._tokens[self._at][0] == "number":
                items.append(-self._number())
            else:
                raise self.fail(
                    f"{text[:40]!r} is no value: numbers, X, Z, C, (expression) and bits(n, expression) are", line
                )

    def _constant(self, line: int) -> int:
        try:
            return self._expression()(Names())
        except UnknownVariable as exc:
            raise self.fail(f"{exc}; a number of times must be a constant", line) from None

    # -- expressions -------------------------------------------------------------------------

    def _expression(self, level: int = 0) -> Expression:
        if level == 0:
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise self.fail(f"brackets are nested more than {MAX_DEPTH} deep here")
        value = self._operand() if level == len(LEVELS) else self._expression(level + 1)
        while level < len(LEVELS) and self._tokens[self._at][0] == "op" and self._tokens[self._at][1] in LEVELS[level]:
            function = INTEGER[self._take()[1]]
            right = self._expression(level + 1)
            value = _applied(function, value, right)
        if level == 0:
            self._depth -= 1
        return value

    def _operand(self) -> Expression:
        kind, text, line = self._take()
        if kind == "number":
            value = parse_integer(text)
            if value is None:
                raise self.fail(f"{text[:40]!r} is no number", line)
            return lambda names: value
        if text == "(":
            inner = self._expression()
            self._expect(")")
            return inner
        if text in ("-", "~", "!") and kind == "op":
            signs = [text]
            while self._tokens[self._at][1] in ("-", "~", "!"):
                signs.append(self._take()[1])
            operand = self._operand()
            for sign in reversed(signs):
                operand = _signed(sign, operand)
            return operand
        if kind == "name":
            if self._accept("("):
                arguments = [self._expression()]
                while self._accept(","):
                    arguments.append(self._expression())
                self._expect(")")
                return self._function(text, arguments, line)
            return lambda names: names[text]
        raise self.fail(f"expected a value, found {text[:40]!r}", line)

    def _function(self, name: str, arguments: list[Expression], line: int) -> Expression:
        sizes = {"signExt": 2, "random": 1, "ite": 3}
        if name not in sizes:
            raise self.fail(f"there is no function {name!r}; there are signExt, random and ite", line)
        if len(arguments) != sizes[name]:
            raise self.fail(f"{name} takes {sizes[name]} values, not {len(arguments)}", line)
        if name == "ite":
            condition, yes, no = arguments
            return lambda names: yes(names) if condition(names) else no(names)
        if name == "signExt":
            return lambda names: _sign_extended(arguments[0](names), arguments[1](names))

        def random(names: Names) -> int:
            limit = arguments[0](names) % (1 << 64)
            self._seed = (self._seed * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            return (self._seed >> 16) % limit if limit else 0

        return random


def _applied(function: Callable[[int, int], int], left: Expression, right: Expression) -> Expression:
    return lambda names: function(left(names), right(names))


def _signed(sign: str, operand: Expression) -> Expression:
    if sign == "-":
        return lambda names: wrap(-operand(names))
    if sign == "~":
        return lambda names: ~operand(names)
    return lambda names: int(operand(names) == 0)


def _sign_extended(bits: int, value: int) -> int:
    if not 1 <= bits <= 63:
        raise GatesimError(f"signExt({bits}, ...): 1 to 63 bits are possible")
    value %= 1 << bits
    return value - (1 << bits) if value >> (bits - 1) else value
