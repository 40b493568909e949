"""The small language of Digital's generic circuits: an interpreter, with a bound on what it may do.

``this.Bits = int(args.bits);`` sets an attribute of an element, ``export addrBits := args.addrBits - 1;``
hands an argument to a sub-circuit, loops place elements and wires.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

from ..errors import ParseError
from .dig_expression import INTEGER, LEVELS, MAX_DEPTH, parse_integer, wrap

MAX_STEPS = 200_000
"""Statements and operations that one piece of code may carry out."""

MAX_TEXT = 10_000
"""Characters of a string that a program may make."""

_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*|/\*.*?\*/)|(?P<string>\"(?:[^\"\\]|\\.)*\")|(?P<quoted>'(?:[^'\\]|\\.)*')"
    r"|(?P<float>\d+\.\d+)|(?P<number>\d[0-9a-zA-Z]*)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<op>>>>|<<|>>|<=|>=|!=|[-+*/%&|^~!<>=:;,.(){}\[\]])|(?P<bad>.)",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_RESERVED = {"if", "else", "for", "while", "repeat", "until", "func", "return", "export", "true", "false"}


class _Return(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


class Scope:
    """Variables of a block, those of the blocks around it behind them."""

    def __init__(self, outer: Scope | None = None, names: dict[str, object] | None = None) -> None:
        self.outer, self.names = outer, dict(names or {})

    def find(self, name: str) -> Scope | None:
        """The innermost scope that declares `name`."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.outer
        return scope

    @property
    def outermost(self) -> Scope:
        """The scope that lasts: exported variables go there."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope


def run_code(code: str, names: dict[str, object], where: Callable[[str], ParseError]) -> dict[str, object]:
    """Run a piece of code on `names` and return all variables that it leaves.

    Values are int, float, bool, str, list, dict and Python callables; a dict is changed in place.

    Raises
    ------
    ParseError
        Made by `where` from a message: the code cannot be read, uses what does not exist, or does not
        end within ``MAX_STEPS`` steps.
    """
    try:
        program = _Parser(code).program()
        scope = Scope(None, names)
        machine = _Machine()
        for statement in program:
            machine.run(statement, scope)
        return scope.names
    except _Return:
        return names
    except _CodeError as exc:
        raise where(f"in its generic code: {exc}") from None
    except RecursionError:
        raise where("in its generic code: calls or brackets are nested too deeply") from None


class _CodeError(Exception):
    pass


Node = tuple[Any, ...]


class _Parser:
    def __init__(self, code: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        for match in _TOKEN.finditer(code):
            kind = str(match.lastgroup)
            if kind == "bad":
                line = code.count("\n", 0, match.start()) + 1
                raise _CodeError(f"cannot read {match[0]!r} in line {line}")
            if kind != "skip":
                self.tokens.append((kind, match[0]))
        self.tokens.append(("end", "the end"))
        self.at = self.depth = 0

    def program(self) -> list[Node]:
        found = []
        while self.tokens[self.at][0] != "end":
            found.append(self.statement())
        return found

    def take(self) -> tuple[str, str]:
        token = self.tokens[self.at]
        self.at += token[0] != "end"
        return token

    def accept(self, text: str) -> bool:
        kind, found = self.tokens[self.at]
        if found == text and kind in ("op", "name"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.accept(text):
            raise _CodeError(f"expected {text!r}, found {self.tokens[self.at][1][:30]!r}")

    def name(self) -> str:
        kind, text = self.take()
        if kind == "quoted":
            return _unescaped(text)
        if kind != "name":
            raise _CodeError(f"expected a name, found {text[:30]!r}")
        return text

    def statement(self, ends: bool = True) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _CodeError(f"blocks are nested more than {MAX_DEPTH} deep")
        try:
            return self._statement(ends)
        finally:
            self.depth -= 1

    def _statement(self, ends: bool) -> Node:
        if self.accept("{"):
            body = []
            while not self.accept("}"):
                if self.tokens[self.at][0] == "end":
                    raise _CodeError("a block is still open: } is missing")
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
            raise _CodeError("export goes with a declaration: export name := value;")
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
        self.depth += level == 0
        if self.depth > MAX_DEPTH:
            raise _CodeError(f"brackets are nested more than {MAX_DEPTH} deep")
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
                raise _CodeError(f"{text[:30]!r} is no number")
            return ("value", number)
        if kind == "name":
            if text in ("true", "false"):
                return ("value", text == "true")
            if text == "func":
                return self._function()
            if text in _RESERVED:
                raise _CodeError(f"expected a value, found {text!r}")
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
        raise _CodeError(f"expected a value, found {text[:30]!r}")

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


class _Machine:
    """Runs parsed code, counting steps."""

    def __init__(self) -> None:
        self.steps = self.calls = 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise _CodeError(f"it does not end within {MAX_STEPS} steps")

    def run(self, node: Node, scope: Scope) -> None:
        self._step()
        match node[0]:
            case "block":
                for statement in node[1]:
                    self.run(statement, scope)
            case "if":
                inner = Scope(scope)
                self.run(node[2] if self._true(node[1], inner) else node[3], inner)
            case "for":
                inner = Scope(scope)
                self.run(node[1], inner)
                while self._true(node[2], inner):
                    self.run(node[4], Scope(inner))
                    self.run(node[3], inner)
            case "repeat":
                while True:
                    self.run(node[1], Scope(scope))
                    if self._true(node[2], scope):
                        break
            case "return":
                raise _Return(self.value(node[1], scope))
            case "declare":
                scope.names[node[1]] = self.value(node[2], scope)
            case "export":
                scope.outermost.names[node[1]] = self.value(node[2], scope)
            case "set":
                self._set(node[1], self.value(node[2], scope), scope)
            case _:
                self.value(node[1], scope)

    def _true(self, node: Node, scope: Scope) -> bool:
        value = self.value(node, scope)
        if not isinstance(value, (bool, int)):
            raise _CodeError(f"a condition is {str(value)[:30]!r}, not true or false")
        return bool(value)

    def _set(self, target: Node, value: object, scope: Scope) -> None:
        if target[0] == "name":
            home = scope.find(target[1])
            if home is None:
                raise _CodeError(f"there is no variable {target[1]!r}: declare it with :=")
            home.names[target[1]] = value
        elif target[0] == "member":
            record = self.value(target[1], scope)
            if not isinstance(record, dict):
                raise _CodeError(f"{target[2]!r} cannot be set: what stands before the dot has no members")
            record[target[2]] = value
        elif target[0] == "index":
            items, index = self.value(target[1], scope), self.value(target[2], scope)
            if not isinstance(items, list) or not isinstance(index, int) or not 0 <= index <= len(items):
                raise _CodeError(f"there is no place [{str(index)[:20]}] to set")
            items[index : index + 1] = [value]
        else:
            raise _CodeError("the result of a call cannot be set")

    def value(self, node: Node, scope: Scope) -> Any:
        self._step()
        match node[0]:
            case "value":
                return node[1]
            case "name":
                home = scope.find(node[1])
                if home is not None:
                    return home.names[node[1]]
                if node[1] in FUNCTIONS:
                    return FUNCTIONS[node[1]]
                raise _CodeError(f"there is no variable or function {node[1]!r}")
            case "member":
                record = self.value(node[1], scope)
                if not isinstance(record, dict) or node[2] not in record:
                    raise _CodeError(f"there is no {node[2]!r}: a generic circuit needs that argument")
                return record[node[2]]
            case "index":
                items, index = self.value(node[1], scope), self.value(node[2], scope)
                if not isinstance(items, (list, str)) or not isinstance(index, int) or not 0 <= index < len(items):
                    raise _CodeError(f"there is no element [{str(index)[:20]}]")
                return items[index]
            case "call":
                return self._call(node, scope)
            case "list":
                return [self.value(n, scope) for n in node[1]]
            case "map":
                return {key: self.value(n, scope) for key, n in node[1]}
            case "function":
                return ("closure", node[1], node[2], scope)
            case "unary":
                return self._unary(node[1], self.value(node[2], scope))
            case _:
                return _binary(node[1], self.value(node[2], scope), self.value(node[3], scope))

    def _unary(self, sign: str, value: Any) -> Any:
        if isinstance(value, bool):
            return not value
        if not isinstance(value, (int, float)) or (sign != "-" and isinstance(value, float)):
            raise _CodeError(f"{sign} does not go with {str(value)[:30]!r}")
        return -value if sign == "-" else ~value

    def _call(self, node: Node, scope: Scope) -> Any:
        function = self.value(node[1], scope)
        arguments = [self.value(n, scope) for n in node[2]]
        if isinstance(function, tuple) and function and function[0] == "closure":
            _, names, body, home = function
            if len(names) != len(arguments):
                raise _CodeError(f"a function takes {len(names)} values, not {len(arguments)}")
            self.calls += 1
            if self.calls > MAX_DEPTH:
                raise _CodeError(f"calls are nested more than {MAX_DEPTH} deep")
            try:
                self.run(body, Scope(home, dict(zip(names, arguments, strict=True))))
            except _Return as result:
                return result.value
            finally:
                self.calls -= 1
            return None
        if not callable(function):
            raise _CodeError("something is called that is no function")
        try:
            return function(*arguments)
        except (TypeError, ValueError, OverflowError) as exc:
            raise _CodeError(f"a function is called wrongly: {exc}") from None


def _binary(symbol: str, a: Any, b: Any) -> Any:
    if symbol in ("=", "!="):
        return (a == b) == (symbol == "=")
    if symbol == "+" and (isinstance(a, str) or isinstance(b, str)):
        text = _text(a) + _text(b)
        if len(text) > MAX_TEXT:
            raise _CodeError(f"a text grows beyond {MAX_TEXT} characters")
        return text
    if symbol in "&|^" and isinstance(a, bool) and isinstance(b, bool):
        return {"&": a and b, "|": a or b, "^": a != b}[symbol]
    if isinstance(a, str) and isinstance(b, str) and symbol in ("<", "<=", ">", ">="):
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol]
    numbers = all(isinstance(v, (int, float)) for v in (a, b))
    if not numbers:
        raise _CodeError(f"{symbol} does not go with {str(a)[:30]!r} and {str(b)[:30]!r}")
    if isinstance(a, float) or isinstance(b, float):
        if symbol in "+-*/" and not (symbol == "/" and b == 0):
            return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[symbol]
        if symbol in ("<", "<=", ">", ">="):
            return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol]
        raise _CodeError(f"{symbol} does not go with {a} and {b}")
    if symbol in "/%" and b == 0:
        raise _CodeError("division by zero")
    result = INTEGER[symbol](int(a), int(b))
    return bool(result) if symbol in ("<", "<=", ">", ">=") else result


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_random = random.Random(0)  # Digital's own is different in every run


def _panic(*message: object) -> None:
    raise _CodeError("it gives up: " + " ".join(map(_text, message))[:200])


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "int": lambda v: wrap(int(v)),
    "float": float,
    "floor": lambda v: int(v // 1),
    "ceil": lambda v: int(-(-v // 1)),
    "round": lambda v: int(v + 0.5 if v >= 0 else v - 0.5),
    "abs": abs,
    "random": _random.randrange,
    "min": min,
    "max": max,
    "bitsNeededFor": lambda v: max(1, int(v).bit_length()),
    "sizeOf": len,
    "panic": _panic,
    "print": lambda *v: None,
    "println": lambda *v: None,
    "printf": lambda *v: None,
    "log": lambda *v: None,
    "splitString": lambda text: re.split(r"[\s,;:]+", str(text).strip()),
    "identifier": lambda text: re.sub(r"\W", "_", str(text)),
}
"""Functions that the code may call."""
