"""The small language of Digital's generic circuits: text to statements."""

from __future__ import annotations

import re
from typing import Any

from .dig_expression import LEVELS, MAX_DEPTH, parse_integer

_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<string>\"(?:[^\"\\]|\\.)*\")|(?P<quoted>'(?:[^'\\]|\\.)*')"
    r"|(?P<float>\d+\.\d+)|(?P<number>\d[0-9a-zA-Z]*)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op>>>>|<<|>>|<=|>=|!=|[-+*/%&|^~!<>=:;,.(){}\[\]])|(?P<bad>.)",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_RESERVED = {"if", "else", "for", "while", "repeat", "until", "func", "return", "export", "true", "false"}


class CodeError(Exception):
    """What is wrong with a piece of code; whoever runs it says where it stands."""


Node = tuple[Any, ...]


class CodeParser:
    """Recursive descent over the tokens of one piece of code; statements and values are tuples."""

    def __init__(self, code: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(code):
            kind = str(match.lastgroup)
            if kind == "bad":
                line = code.count("\n", 0, match.start()) + 1
                raise CodeError(f"cannot read {match[0]!r} in line {line}")
            if kind != "skip":
                self.tokens.append((kind, match[0]))
        self.tokens.append(("end", "the end"))
        self.at = self.depth = 0

    def program(self) -> list[Node]:
        """All statements of the code."""
        found = []
        while self.tokens[self.at][0] != "end":
            found.append(self.statement())
        return found

    def take(self) -> tuple[str, str]:
        """Read one token."""
        token = self.tokens[self.at]
        self.at += token[0] != "end"
        return token

    def accept(self, text: str) -> bool:
        """Read `text` if it comes next."""
        kind, found = self.tokens[self.at]
        if found == text and kind in ("op", "name"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        """Read `text`, which must come next."""
        if not self.accept(text):
            raise CodeError(f"expected {text!r}, found {self.tokens[self.at][1][:30]!r}")

    def name(self) -> str:
        """Read a name (or one in quotes)."""
        kind, text = self.take()
        if kind == "quoted":
            return _unescaped(text)
        if kind != "name":
            raise CodeError(f"expected a name, found {text[:30]!r}")
        return text

    def statement(self, ends: bool = True) -> Node:
        """Read one statement; inside the head of a loop it has no semicolon."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CodeError(f"blocks are nested more than {MAX_DEPTH} deep")
        try:
            return self._statement(ends)
        finally:
            self.depth -= 1

    def _statement(self, ends: bool) -> Node:
        if self.accept("{"):
            body = []
            while not self.accept("}"):
                if self.tokens[self.at][0] == "end":
                    raise CodeError("a block is still open: } is missing")
                body.append(self.statement())
            return ("block", body)
        if self.accept("if"):
            self.expect("(")
            condition = self.expression()
            self.expect(")")
            then = self.statement()
            return ("if", condition, then, self.statement() if self.accept("else") else ("block", []))
        if self.accept("for"):
            self.expect("(")
            first = self.statement(False)
            self.expect(";")
            condition = self.expression()
            self.expect(";")
            step = self.statement(False)
            self.expect(")")
            return ("for", first, condition, step, self.statement())
        if self.accept("while"):
            self.expect("(")
            condition = self.expression()
            self.expect(")")
            return ("for", ("block", []), condition, ("block", []), self.statement())
        if self.accept("repeat"):
            body = self.statement()
            self.expect("until")
            node: Node = ("repeat", body, self.expression())
        elif self.accept("return"):
            node = ("return", self.expression())
        elif self.accept("func"):
            name = self.name()
            return ("declare", name, self._function())
        else:
            node = self._assignment()
        if ends:
            self.expect(";")
        return node

    def _assignment(self) -> Node:
        exported = self.accept("export")
        target = self._reference(self.name())
        if self.accept(":"):
            self.expect("=")
            if target[0] != "name":
                return ("set", target, self.expression())
            return ("export" if exported else "declare", target[1], self.expression())
        if exported:
            raise CodeError("export goes with a declaration: export name := value;")
        if self.accept("="):
            return ("set", target, self.expression())
        for sign in "+-":
            if self.accept(sign):
                self.expect(sign)
                return ("set", target, ("binary", sign, target, ("value", 1)))
        return ("do", target)

    def _reference(self, name: str) -> Node:
        node: Node = ("name", name)
        while True:
            if self.accept("["):
                node = ("index", node, self.expression())
                self.expect("]")
            elif self.accept("("):
                node = ("call", node, self._list(")"))
            elif self.accept("."):
                node = ("member", node, self.name())
            else:
                return node

    def _list(self, close: str) -> list[Node]:
        found = []
        while not self.accept(close):
            found.append(self.expression())
            if not self.accept(","):
                self.expect(close)
                break
        return found

    def expression(self, level: int = 0) -> Node:
        """Read a value, from the weakest operator on."""
        self.depth += level == 0
        if self.depth > MAX_DEPTH:
            raise CodeError(f"brackets are nested more than {MAX_DEPTH} deep")
        node = self.expression(level + 1) if level + 1 < len(LEVELS) else self._operand()
        while self.tokens[self.at][0] == "op" and self.tokens[self.at][1] in LEVELS[level]:
            symbol = self.take()[1]
            right = self.expression(level + 1) if level + 1 < len(LEVELS) else self._operand()
            node = ("binary", symbol, node, right)
        self.depth -= level == 0
        return node

    def _operand(self) -> Node:
        kind, text = self.take()
        if kind == "string":
            return ("value", _unescaped(text))
        if kind == "float":
            return ("value", float(text))
        if kind == "number":
            number = parse_integer(text)
            if number is None:
                raise CodeError(f"{text[:30]!r} is no number")
            return ("value", number)
        if kind == "name":
            if text in ("true", "false"):
                return ("value", text == "true")
            if text == "func":
                return self._function()
            if text in _RESERVED:
                raise CodeError(f"expected a value, found {text!r}")
            return self._reference(text)
        if text in ("-", "!", "~"):
            signs = [text]
            while self.tokens[self.at][0] == "op" and self.tokens[self.at][1] in ("-", "!", "~"):
                signs.append(self.take()[1])
            node = self._operand()
            for sign in reversed(signs):
                node = ("unary", sign, node)
            return node
        if text == "(":
            node = self.expression()
            self.expect(")")
            return node
        if text == "[":
            return ("list", self._list("]"))
        if text == "{":
            return ("map", self._map())
        raise CodeError(f"expected a value, found {text[:30]!r}")

    def _map(self) -> list[tuple[str, Node]]:
        found = []
        while not self.accept("}"):
            key = self.name()
            self.expect(":")
            found.append((key, self.expression()))
            if not self.accept(","):
                self.expect("}")
                break
        return found

    def _function(self) -> Node:
        self.expect("(")
        names = []
        while not self.accept(")"):
            names.append(self.name())
            if not self.accept(","):
                self.expect(")")
                break
        return ("function", names, self.statement())


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text[1:-1], flags=re.DOTALL)
