"""Structural Verilog-2005 as a syntax tree. No meaning here; that is ``verilog_elaborate``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import ParseError
from .verilog_tokens import Token, tokens

MAX_BITS = 1 << 20
"""Widest constant or replication that is accepted."""


# -- the tree --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression.

    ``kind``: id (``name``), select (``name``, parts msb and lsb or only msb), const (``value``,
    ``width`` or None), concat (parts), repeat (parts: count, then the concatenation), unary, binary
    (``name`` is the operator) and cond (three parts).
    """

    kind: str
    token: Token
    name: str = ""
    parts: tuple[Expr, ...] = ()
    value: int = 0
    width: int | None = None


@dataclass(slots=True)
class Assign:
    """A continuous assignment."""

    left: Expr
    right: Expr
    token: Token


@dataclass(slots=True)
class Instance:
    """A gate or module instance; ``connections`` are (port name or None, expression or None)."""

    module: str
    name: str
    connections: list[tuple[str | None, Expr | None]]
    token: Token


@dataclass(slots=True)
class Declared:
    """A declared net or port: its range, or None for one bit."""

    range: tuple[Expr, Expr] | None
    token: Token


@dataclass(slots=True)
class Module:
    """One module as written."""

    name: str
    token: Token
    ports: list[str] = field(default_factory=list)
    direction: dict[str, str] = field(default_factory=dict)
    nets: dict[str, Declared] = field(default_factory=dict)
    constants: dict[str, Expr] = field(default_factory=dict)
    supplies: dict[str, int] = field(default_factory=dict)
    items: list[Assign | Instance] = field(default_factory=list)


_BEHAVIOURAL = frozenset(("always", "initial", "task", "function", "generate", "for", "case", "if", "reg", "integer"))
_REFUSED = frozenset(
    ("inout", "tri", "tri0", "tri1", "wand", "wor", "trireg", "real", "specify", "primitive", "genvar")
)
OWN_CELLS = frozenset(("gatesim_dff", "gatesim_dff1"))
"""Flip-flop modules that gatesim writes: known by name, their bodies are not read."""


class Parser:
    """Recursive descent over the tokens of one file."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.tokens = tokens(text, source)
        self.at = 0

    # -- helpers -----------------------------------------------------------------------------

    @property
    def now(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    def fail(self, message: str, token: Token | None = None) -> ParseError:
        """The error to raise, at a token."""
        token = token or self.now
        return ParseError(message, source=self.source, line=token.line, column=token.column)

    def take(self) -> Token:
        """Consume a token."""
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def accept(self, text: str) -> bool:
        """Consume `text` if it comes next."""
        if self.now.text == text and self.now.kind in ("op", "id"):
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Consume `text` or fail."""
        if self.now.text != text or self.now.kind == "string":
            cut = " (the file may be cut off here)" if self.now.kind == "end" else ""
            raise self.fail(f"expected {text!r}, found {self.now.text!r}{cut}")
        return self.take()

    def identifier(self) -> Token:
        """Consume a name or fail."""
        if self.now.kind != "id":
            raise self.fail(f"expected a name, found {self.now.text!r}")
        return self.take()

    # -- modules -----------------------------------------------------------------------------

    def modules(self) -> dict[str, Module]:
        """Every module of the file, in order."""
        found: dict[str, Module] = {}
        while self.now.kind != "end":
            self.expect("module")
            module = self._module()
            if module.name in found:
                raise self.fail(f"module {module.name!r} is declared twice", module.token)
            if module.name not in OWN_CELLS:
                found[module.name] = module
        if not found:
            raise self.fail("there is no module in this file")
        return found

    def _module(self) -> Module:
        token = self.identifier()
        module = Module(token.text, token)
        if token.text in OWN_CELLS:
            while self.now.kind != "end" and self.now.text != "endmodule":
                self.take()
            self.expect("endmodule")
            return module
        if self.accept("#"):
            self._balanced()
        if self.accept("("):
            self._port_list(module)
        self.expect(";")
        while not self.accept("endmodule"):
            self._item(module)
        return module

    def _balanced(self) -> None:
        self.expect("(")
        depth = 1
        while depth:
            token = self.take()
            if token.kind == "end":
                raise self.fail("expected ')', found end of file (the file may be cut off here)")
            depth += (token.text == "(") - (token.text == ")")

    def _port_list(self, module: Module) -> None:
        direction, bits = "", None
        while not self.accept(")"):
            if self.now.text in ("input", "output", "inout"):
                direction = self._direction()
                self._skip_kind()
                bits = self._range()
            name = self.identifier()
            module.ports.append(name.text)
            if direction:
                module.direction[name.text] = direction
                module.nets[name.text] = Declared(bits, name)
            if self.now.text != ")":
                self.expect(",")

    def _direction(self) -> str:
        token = self.take()
        if token.text == "inout":
            raise self.fail("inout ports are not supported: split them into an input and an output", token)
        return token.text

    def _skip_kind(self) -> None:
        if self.now.text == "reg":
            raise self._behavioural(self.now)
        self.accept("wire")
        self.accept("signed")

    def _behavioural(self, token: Token) -> ParseError:
        return self.fail(
            f"behavioural Verilog ({token.text!r}) is not read: turn the design into gates first, "
            "for example with Yosys: synth; write_verilog -noattr gates.v",
            token,
        )

    def _range(self) -> tuple[Expr, Expr] | None:
        if not self.accept("["):
            return None
        high = self.expression()
        self.expect(":")
        low = self.expression()
        self.expect("]")
        return high, low

    def _item(self, module: Module) -> None:
        token = self.now
        word = token.text
        if token.kind != "id":
            cut = " (the file may be cut off here)" if token.kind == "end" else ""
            raise self.fail(f"expected a declaration, an assign or an instance, found {word!r}{cut}")
        if word in ("input", "output", "inout"):
            direction = self._direction()
            self._skip_kind()
            self._names(module, direction)
        elif word == "wire":
            self.take()
            self.accept("signed")
            self._names(module, "")
        elif word in ("supply0", "supply1"):
            self.take()
            while True:
                module.supplies[self.identifier().text] = int(word[-1])
                if not self.accept(","):
                    break
            self.expect(";")
        elif word in ("parameter", "localparam"):
            self.take()
            self._range()
            while True:
                name = self.identifier().text
                self.expect("=")
                module.constants[name] = self.expression()
                if not self.accept(","):
                    break
            self.expect(";")
        elif word == "assign":
            self.take()
            while True:
                left = self.expression()
                self.expect("=")
                module.items.append(Assign(left, self.expression(), token))
                if not self.accept(","):
                    break
            self.expect(";")
        elif word in _BEHAVIOURAL:
            raise self._behavioural(token)
        elif word in _REFUSED:
            raise self.fail(f"{word!r} is not supported by this reader", token)
        else:
            self._instances(module)

    def _names(self, module: Module, direction: str) -> None:
        bits = self._range()
        while True:
            name = self.identifier()
            if direction:
                if name.text not in module.ports:
                    raise self.fail(
                        f"{name.text!r} is declared as {direction} but is not in the module's port list", name
                    )
                module.direction[name.text] = direction
            if direction or name.text not in module.nets or bits is not None:
                module.nets[name.text] = Declared(bits, name)
            if self.accept("="):
                left = Expr("id", name, name.text)
                module.items.append(Assign(left, self.expression(), name))
            if not self.accept(","):
                break
        self.expect(";")

    def _instances(self, module: Module) -> None:
        kind = self.take()
        if self.accept("#"):
            if self.now.text == "(":
                self._balanced()
            else:
                self.take()
        while True:
            token = self.now
            name = self.take().text if token.kind == "id" else ""
            self._range()
            self.expect("(")
            connections: list[tuple[str | None, Expr | None]] = []
            while not self.accept(")"):
                if self.accept("."):
                    port = self.identifier().text
                    self.expect("(")
                    value = None if self.now.text == ")" else self.expression()
                    self.expect(")")
                    connections.append((port, value))
                elif self.now.text == ",":
                    connections.append((None, None))
                else:
                    connections.append((None, self.expression()))
                if self.now.text != ")":
                    self.expect(",")
            module.items.append(Instance(kind.text, name, connections, kind))
            if not self.accept(","):
                break
        self.expect(";")

    # -- expressions, lowest precedence first ------------------------------------------------

    def expression(self) -> Expr:
        """A conditional expression or what binds tighter."""
        token = self.now
        condition = self._binary(0)
        if not self.accept("?"):
            return condition
        yes = self.expression()
        self.expect(":")
        return Expr("cond", token, parts=(condition, yes, self.expression()))

    _LEVELS = (("||",), ("&&",), ("|",), ("^", "~^", "^~"), ("&",), ("==", "!="), ("+", "-"), ("*",))

    def _binary(self, level: int) -> Expr:
        if level == len(self._LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self.now.kind == "op" and self.now.text in self._LEVELS[level]:
            token = self.take()
            left = Expr("binary", token, token.text, (left, self._binary(level + 1)))
        return left

    def _unary(self) -> Expr:
        token = self.now
        if token.kind == "op" and token.text in ("~", "!", "&", "|", "^", "~&", "~|", "~^", "^~", "-", "+"):
            self.take()
            return Expr("unary", token, token.text, (self._unary(),))
        return self._primary()

    def _primary(self) -> Expr:
        token = self.take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "id":
            if not self.accept("["):
                return Expr("id", token, token.text)
            high = self.expression()
            parts = (high, self.expression()) if self.accept(":") else (high,)
            self.expect("]")
            return Expr("select", token, token.text, parts)
        if token.text == "(":
            inside = self.expression()
            self.expect(")")
            return inside
        if token.text == "{":
            return self._braces(token)
        cut = " (the file may be cut off here)" if token.kind == "end" else ""
        raise self.fail(f"expected an expression, found {token.text!r}{cut}", token)

    def _braces(self, token: Token) -> Expr:
        first = self.expression()
        if self.accept("{"):
            inner = self._concatenation(self.expression(), token)
            self.expect("}")
            return Expr("repeat", token, parts=(first, inner))
        return self._concatenation(first, token)

    def _concatenation(self, first: Expr, token: Token) -> Expr:
        parts = [first]
        while self.accept(","):
            parts.append(self.expression())
        self.expect("}")
        return Expr("concat", token, parts=tuple(parts))

    def _number(self, token: Token) -> Expr:
        text = re.sub(r"[\s_]", "", token.text).lower()
        size, quote, digits = text.partition("'")
        if not quote:
            if len(size) > 20:
                raise self.fail(f"number {size[:20]}... is too large", token)
            return Expr("const", token, value=int(size))
        if len(size) > 7 or (size and not 1 <= int(size) <= MAX_BITS):
            raise self.fail(f"a constant of {size} bits is too wide (1 to {MAX_BITS})", token)
        digits = digits.removeprefix("s")
        base = {"b": 2, "o": 8, "d": 10, "h": 16}[digits[0]]
        body = digits[1:]
        if any(c in "xz?" for c in body):
            raise self.fail(f"constant {token.text!r} has x or z: two-valued netlists need 0 and 1", token)
        if len(body) > MAX_BITS or (base == 10 and len(body) > 1000):
            raise self.fail("this constant is too long", token)
        try:
            value = int(body, base)
        except ValueError:
            raise self.fail(f"constant {token.text!r} has a digit that its base has not", token) from None
        width = int(size) if size else None
        if width is not None and value >> width:
            raise self.fail(f"constant {token.text!r} does not fit into {width} bits", token)
        return Expr("const", token, value=value, width=width)
