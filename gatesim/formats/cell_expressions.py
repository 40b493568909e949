"""Expressions over the pins of a cell, as gates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ..errors import ParseError
from ..gates import gate, gates_by_table
from .recipes import FALSE, TRUE, Kitchen, Recipe
from .verilog_expressions import ExpressionParser
from .verilog_tree import Expr

MAX_PINS = 16


@dataclass(frozen=True, slots=True)
class Function:
    """A function of named pins; the inputs of ``recipe`` are ``inputs``, in order."""

    inputs: tuple[str, ...]
    recipe: Recipe
    is_pin: bool
    """Whether it is one pin, and no gate."""


_OPERATORS = {"unary": "~!", "binary": "&|^", "cond": ("",)}
_WIDE = {"&": "AND", "|": "OR", "^": "XOR"}
_INVERSE = {"AND": "NAND", "OR": "NOR", "XOR": "XNOR"}


@lru_cache(maxsize=4096)
def function_of(text: str, source: str) -> Function:
    """The function that an expression writes (``~ ! & | ^ ?:``, parentheses, 0 and 1).

    Raises
    ------
    ParseError
        With the column: what is not such an expression.

    Examples
    --------
    >>> f = function_of("~(A & B | C)", "example")
    >>> f.inputs, [(gate("AOI21").op, (0, 1, 2))] == list(f.recipe)
    (('A', 'B', 'C'), True)
    """
    parser = ExpressionParser(text, source)
    tree = parser.expression()
    if parser.now.kind != "end":
        raise parser.fail(f"expected an operator or the end, found {parser.now.text!r}")
    pins: list[str] = []
    _collect(tree, pins, parser)
    if len(pins) > MAX_PINS:
        raise ParseError(f"{text!r} reads {len(pins)} pins; at most {MAX_PINS} are possible", source=source)
    kitchen = Kitchen(len(pins))
    shown = _Cook(kitchen, pins).value(tree)
    is_pin = tree.kind == "id"
    return Function(tuple(pins), kitchen.finished(shown), is_pin)


def _collect(e: Expr, pins: list[str], parser: ExpressionParser) -> None:
    if e.kind == "id":
        if e.name not in pins:
            pins.append(e.name)
    elif e.kind == "const":
        if e.value not in (0, 1):
            raise parser.fail(f"the constants are 0 and 1, not {e.value}", e.token)
    elif e.kind not in ("unary", "binary", "cond") or e.name not in _OPERATORS[e.kind]:
        raise parser.fail("expected pins, 0, 1, ~ ! & | ^ ?: and parentheses only", e.token)
    for part in e.parts:
        _collect(part, pins, parser)


class _Cook:
    """Turns a tree into gates: a whole subtree of up to four pins into one where the table has it."""

    def __init__(self, kitchen: Kitchen, pins: list[str]) -> None:
        self.kitchen, self.pins = kitchen, pins

    def value(self, e: Expr) -> int:
        """A reference to the value of a tree."""
        if e.kind == "id":
            return self.pins.index(e.name)
        if e.kind == "const":
            return TRUE if e.value else FALSE
        whole = self._as_one_gate(e)
        if whole is not None:
            return whole
        if e.kind == "unary":
            (inner,) = e.parts
            if inner.kind == "binary":
                return self.kitchen.wide(_INVERSE[_WIDE[inner.name]], self._operands(inner, inner.name))
            return self.kitchen.wide("NAND", [self.value(inner)])
        if e.kind == "binary":
            return self.kitchen.wide(_WIDE[e.name], self._operands(e, e.name))
        condition, yes, no = (self.value(p) for p in e.parts)
        return self.kitchen.add(gate("MUX").op, condition, no, yes)

    def _operands(self, e: Expr, operator: str) -> list[int]:
        found = []
        for part in e.parts:
            if part.kind == "binary" and part.name == operator:
                found += self._operands(part, operator)
            else:
                found.append(self.value(part))
        return found

    def _as_one_gate(self, e: Expr) -> int | None:
        used: list[int] = []

        def visit(x: Expr) -> None:
            if x.kind == "id" and (k := self.pins.index(x.name)) not in used:
                used.append(k)
            for part in x.parts:
                visit(part)

        visit(e)
        if not 0 < len(used) <= 4:
            return None
        table = 0
        for index in range(1 << len(used)):
            bits = {self.pins[k]: index >> i & 1 for i, k in enumerate(used)}
            table |= _evaluated(e, bits) << index
        found = gates_by_table().get((len(used), table))
        if found is None:
            return None
        op, order = found
        return self.kitchen.add(op, *(used[k] for k in order))


def _evaluated(e: Expr, bits: dict[str, int]) -> int:
    if e.kind == "id":
        return bits[e.name]
    if e.kind == "const":
        return e.value
    values = [_evaluated(p, bits) for p in e.parts]
    if e.kind == "unary":
        return 1 - values[0]
    if e.kind == "cond":
        return values[1] if values[0] else values[2]
    return {"&": values[0] & values[1], "|": values[0] | values[1], "^": values[0] ^ values[1]}[e.name]
