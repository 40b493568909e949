"""Verilog's expressions, from tokens to a tree."""

from __future__ import annotations

import re

from ..errors import ParseError
from .verilog_tokens import Token, tokens
from .verilog_tree import Expr

MAX_BITS = 1 << 16
"""Widest net, constant or replication that is accepted."""
MAX_NESTING = 40
"""Brackets inside brackets, at most."""

_PRECEDENCE = {
    op: level
    for level, ops in enumerate(
        (("||",), ("&&",), ("|",), ("^", "~^", "^~"), ("&",), ("==", "!=", "===", "!=="), ("<", "<=", ">", ">="),
         ("<<", ">>", "<<<", ">>>"), ("+", "-"), ("*", "/", "%"), ("**",))
    )
    for op in ops
}  # fmt: skip
_UNARY = ("~", "!", "&", "|", "^", "~&", "~|", "~^", "^~", "-", "+")
_CUT = " (the file may be cut off here)"


class ExpressionParser:
    """Recursive descent over the tokens of one file."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.tokens = tokens(text, source)
        self.at = 0
        self._depth = 0

    # -- helpers -----------------------------------------------------------------------------

    @property
    def now(self) -> Token:
        """The token that comes next."""
        return self.tokens[self.at]

    def fail(self, message: str, token: Token | None = None) -> ParseError:
        """The error to raise, at a token."""
        token = token or self.now
        return ParseError(message, source=token.source or self.source, line=token.line, column=token.column)

    def take(self) -> Token:
        """Consume a token."""
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def comes(self, *texts: str) -> bool:
        """Whether a keyword or operator comes next."""
        return self.now.text in texts and self.now.kind in ("op", "id") and not self.now.escaped

    def accept(self, text: str) -> bool:
        """Consume `text` if it comes next."""
        found = self.comes(text)
        self.at += found
        return found

    def expect(self, text: str) -> Token:
        """Consume `text` or fail."""
        if not self.comes(text):
            raise self.fail(f"expected {text!r}, found {self.shown()}")
        return self.take()

    def shown(self, token: Token | None = None) -> str:
        """A token in quotes, for a message (the next one when left out)."""
        token = token or self.now
        text = token.text if len(token.text) <= 60 else token.text[:57] + "..."
        return repr(text) + (_CUT if token.kind == "end" else "")

    def identifier(self) -> Token:
        """Consume a name or fail."""
        if self.now.kind != "id":
            raise self.fail(f"expected a name, found {self.shown()}")
        return self.take()

    def behavioural(self, token: Token) -> ParseError:
        """The error for what is no structural Verilog."""
        return self.fail(
            f"behavioural Verilog ({token.text!r}) is not read: turn the design into gates first, "
            "for example with Yosys: synth; write_verilog -noexpr gates.v",
            token,
        )

    # -- expressions -------------------------------------------------------------------------

    def expression(self) -> Expr:
        """A conditional expression or what binds tighter."""
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise self.fail(f"brackets are nested more than {MAX_NESTING} deep")
        branches: list[tuple[Token, Expr, Expr]] = []
        while True:
            token = self.now
            last = self._binary(0)
            if not self.accept("?"):
                break
            yes = self.expression()
            self.expect(":")
            branches.append((token, last, yes))
        for token, condition, yes in reversed(branches):
            last = Expr("cond", token, parts=(condition, yes, last))
        self._depth -= 1
        return last

    def _binary(self, least: int) -> Expr:
        left = self._unary()
        while self.now.kind == "op" and _PRECEDENCE.get(self.now.text, -1) >= least:
            token = self.take()
            left = Expr("binary", token, token.text, (left, self._binary(_PRECEDENCE[token.text] + 1)))
        return left

    def _unary(self) -> Expr:
        operators: list[Token] = []
        while self.now.kind == "op" and self.now.text in _UNARY:
            operators.append(self.take())
            if len(operators) > MAX_NESTING:
                raise self.fail(f"more than {MAX_NESTING} operators stand before one operand")
        operand = self._primary()
        for token in reversed(operators):
            operand = Expr("unary", token, token.text, (operand,))
        return operand

    def _primary(self) -> Expr:
        token = self.take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "id":
            if self.comes("(") and token.text in ("$signed", "$unsigned"):
                self.take()
                inside = self.expression()
                self.expect(")")
                return Expr("unary", token, token.text, (inside,))
            if self.comes("("):
                raise self.behavioural(token)  # a function call
            if not self.accept("["):
                return Expr("id", token, token.text)
            return self._select(token)
        if token.text == "(" and token.kind == "op":
            inside = self.expression()
            self.expect(")")
            return inside
        if token.text == "{" and token.kind == "op":
            return self._braces(token)
        raise self.fail(f"expected an expression, found {self.shown(token)}", token)

    def _select(self, token: Token) -> Expr:
        first = self.expression()
        found = Expr("select", token, token.text, (first,))
        if self.accept(":"):
            found = Expr("select", token, token.text, (first, self.expression()))
        elif self.comes("+:", "-:"):
            step = 1 if self.take().text == "+:" else -1
            found = Expr("indexed", token, token.text, (first, self.expression()), step)
        self.expect("]")
        return found

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
            return Expr("const", token, value=int(size), signed=True)
        if len(size) > 7 or (size and not 1 <= int(size) <= MAX_BITS):
            raise self.fail(f"a constant of {size[:20]} bits is too wide (1 to {MAX_BITS})", token)
        signed = digits.startswith("s")
        digits = digits.removeprefix("s")
        base = {"b": 2, "o": 8, "d": 10, "h": 16}[digits[0]]
        body = digits[1:]
        if any(c in "xz?" for c in body):
            raise self.fail(
                f"constant {self.shown(token)} has x or z: two-valued netlists need 0 and 1 (Yosys: setundef -zero)",
                token,
            )
        if len(body) > MAX_BITS or (base == 10 and len(body) > 1000):
            raise self.fail("this constant is too long", token)
        try:
            value = int(body, base)
        except ValueError:
            raise self.fail(f"constant {self.shown(token)} has a digit that its base has not", token) from None
        width = int(size) if size else None
        if width is not None and value >> width:
            raise self.fail(f"constant {self.shown(token)} does not fit into {width} bits", token)
        return Expr("const", token, value=value, width=width, signed=signed)
