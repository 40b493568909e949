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
from .dig_code_syntax import CodeError, CodeParser, Node
from .dig_expression import INTEGER, MAX_DEPTH, wrap

MAX_STEPS = 2_000_000
"""Statements and operations that one piece of code may carry out."""

MAX_TEXT = 10_000
"""Characters of a string that a program may make."""


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
        program = CodeParser(code).program()
        scope = Scope(None, names)
        machine = _Machine()
        for statement in program:
            machine.run(statement, scope)
        return scope.names
    except _Return:
        return names
    except CodeError as exc:
        raise where(f"in its generic code: {exc}") from None
    except RecursionError:
        raise where("in its generic code: calls or brackets are nested too deeply") from None


class _Machine:
    """Runs parsed code, counting steps."""

    def __init__(self) -> None:
        self.steps = self.calls = 0

    def _step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise CodeError(f"it does not end within {MAX_STEPS} steps")

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
            raise CodeError(f"a condition is {str(value)[:30]!r}, not true or false")
        return bool(value)

    def _set(self, target: Node, value: object, scope: Scope) -> None:
        if target[0] == "name":
            home = scope.find(target[1])
            if home is None:
                raise CodeError(f"there is no variable {target[1]!r}: declare it with :=")
            home.names[target[1]] = value
        elif target[0] == "member":
            record = self.value(target[1], scope)
            if not isinstance(record, dict):
                raise CodeError(f"{target[2]!r} cannot be set: what stands before the dot has no members")
            record[target[2]] = value
        elif target[0] == "index":
            items, index = self.value(target[1], scope), self.value(target[2], scope)
            if not isinstance(items, list) or not isinstance(index, int) or not 0 <= index <= len(items):
                raise CodeError(f"there is no place [{str(index)[:20]}] to set")
            items[index : index + 1] = [value]
        else:
            raise CodeError("the result of a call cannot be set")

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
                raise CodeError(f"there is no variable or function {node[1]!r}")
            case "member":
                record = self.value(node[1], scope)
                if not isinstance(record, dict) or node[2] not in record:
                    raise CodeError(f"there is no {node[2]!r}: a generic circuit needs that argument")
                return record[node[2]]
            case "index":
                items, index = self.value(node[1], scope), self.value(node[2], scope)
                if not isinstance(items, (list, str)) or not isinstance(index, int) or not 0 <= index < len(items):
                    raise CodeError(f"there is no element [{str(index)[:20]}]")
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
            raise CodeError(f"{sign} does not go with {str(value)[:30]!r}")
        return -value if sign == "-" else ~int(value)

    def _call(self, node: Node, scope: Scope) -> Any:
        function = self.value(node[1], scope)
        arguments = [self.value(n, scope) for n in node[2]]
        if isinstance(function, tuple) and function and function[0] == "closure":
            _, names, body, home = function
            if len(names) != len(arguments):
                raise CodeError(f"a function takes {len(names)} values, not {len(arguments)}")
            self.calls += 1
            if self.calls > MAX_DEPTH:
                raise CodeError(f"calls are nested more than {MAX_DEPTH} deep")
            try:
                self.run(body, Scope(home, dict(zip(names, arguments, strict=True))))
            except _Return as result:
                return result.value
            finally:
                self.calls -= 1
            return None
        if not callable(function):
            raise CodeError("something is called that is no function")
        try:
            return function(*arguments)
        except (TypeError, ValueError, OverflowError) as exc:
            raise CodeError(f"a function is called wrongly: {exc}") from None


def _binary(symbol: str, a: Any, b: Any) -> Any:
    if symbol in ("=", "!="):
        return (a == b) == (symbol == "=")
    if symbol == "+" and (isinstance(a, str) or isinstance(b, str)):
        text = _text(a) + _text(b)
        if len(text) > MAX_TEXT:
            raise CodeError(f"a text grows beyond {MAX_TEXT} characters")
        return text
    if symbol in "&|^" and isinstance(a, bool) and isinstance(b, bool):
        return {"&": a and b, "|": a or b, "^": a != b}[symbol]
    if isinstance(a, str) and isinstance(b, str) and symbol in ("<", "<=", ">", ">="):
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol]
    numbers = all(isinstance(v, (int, float)) for v in (a, b))
    if not numbers:
        raise CodeError(f"{symbol} does not go with {str(a)[:30]!r} and {str(b)[:30]!r}")
    if isinstance(a, float) or isinstance(b, float):
        return _on_floats(symbol, float(a), float(b))
    if symbol in "/%" and b == 0:
        raise CodeError("division by zero")
    result = INTEGER[symbol](int(a), int(b))
    return bool(result) if symbol in ("<", "<=", ">", ">=") else result


def _on_floats(symbol: str, a: float, b: float) -> float | bool:
    if symbol in "+-*/" and not (symbol == "/" and b == 0):
        return {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else 0.0}[symbol]
    if symbol in ("<", "<=", ">", ">="):
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[symbol]
    raise CodeError(f"{symbol} does not go with {a} and {b}")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_random = random.Random(0)  # Digital's own is different in every run


def _panic(*message: object) -> None:
    raise CodeError("it gives up: " + " ".join(map(_text, message))[:200])


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
