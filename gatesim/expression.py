"""Integer expressions over named inputs, such as ``A * B + 1``, evaluated on arrays."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from .errors import ParseError, ValueFitError, unknown_name

MAX_BITS = 62
"""Widest magnitude of any value on the way: everything is computed in int64."""

MAX_LENGTH = 1000


class _Range(NamedTuple):
    """The smallest and the largest value that a part of an expression can take."""

    low: int
    high: int


def _corners(function: Callable[[int, int], int]) -> Callable[[_Range, _Range], _Range]:
    def bounds(a: _Range, b: _Range) -> _Range:
        found = [function(x, y) for x in a for y in b]
        return _Range(min(found), max(found))

    return bounds


def _bitwise(a: _Range, b: _Range) -> _Range:
    bits = max(v.bit_length() for v in (*a, *b))
    return _Range(-(1 << bits) if min(a.low, b.low) < 0 else 0, (1 << bits) - 1)


def _shifted_up(a: _Range, b: _Range) -> _Range:
    return _corners(lambda x, y: x << min(y, 2 * MAX_BITS))(a, b)


def _divided(a: _Range, b: _Range) -> _Range:
    size = max(abs(a.low), abs(a.high))
    return _Range(-size - 1, size)


def _remainder(a: _Range, b: _Range) -> _Range:
    return _Range(min(0, b.low), max(0, b.high))


_BINARY: dict[type, tuple[Callable, Callable[[_Range, _Range], _Range]]] = {
    ast.Add: (operator.add, _corners(operator.add)),
    ast.Sub: (operator.sub, _corners(operator.sub)),
    ast.Mult: (operator.mul, _corners(operator.mul)),
    ast.FloorDiv: (operator.floordiv, _divided),
    ast.Mod: (operator.mod, _remainder),
    ast.BitAnd: (operator.and_, _bitwise),
    ast.BitOr: (operator.or_, _bitwise),
    ast.BitXor: (operator.xor, _bitwise),
    ast.LShift: (operator.lshift, _shifted_up),
    ast.RShift: (operator.rshift, _bitwise),
}
_COMPARISONS: dict[type, Callable] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable] = {"abs": np.abs, "min": np.minimum, "max": np.maximum}


class Expression:
    """An integer expression over input ports.

    Operators ``+ - * // % & | ^ ~ << >>`` and ``abs``, ``min``, ``max``, as in Python; comparisons of two
    values (1 or 0); integers; names of inputs. Nothing else is accepted.

    Parameters
    ----------
    text : str
    widths : mapping of str to int
        Width of every input that may be named.
    signed : bool
        Inputs are read as two's complement.

    Raises
    ------
    ParseError, UnknownNameError
        A text that is no such expression; a name that is no input.
    ValueFitError
        A value on the way could need more than 62 bits.

    Examples
    --------
    >>> Expression("A * B - 1", {"A": 4, "B": 4})({"A": np.array([3, 15]), "B": np.array([5, 15])}).tolist()
    [14, 224]
    """

    def __init__(self, text: str, widths: Mapping[str, int], *, signed: bool = False) -> None:
        self.text, self._widths, self._signed = text, dict(widths), signed
        if len(text) > MAX_LENGTH:
            raise ParseError(f"longer than {MAX_LENGTH} characters", source="expression")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as exc:
            column = getattr(exc, "offset", 0) or 0
            raise ParseError(
                f"cannot read {text!r}: {getattr(exc, 'msg', exc)}", source="expression", line=1, column=column
            ) from None
        self.range = self._bounds(self._tree)

    def __call__(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """int64 values of the expression on unsigned `values` of the inputs.

        Raises
        ------
        ValueFitError
            A division by zero.
        """
        return np.asarray(self._value(self._tree, values), np.int64)

    def _refuse(self, node: ast.AST, what: str) -> ParseError:
        part = ast.get_source_segment(self.text.strip(), node) or self.text
        return ParseError(
            f"{part!r} {what}: use input names, integers, + - * // % & | ^ ~ << >>, == != < <= > >=, abs, min and max",
            source="expression", line=1, column=getattr(node, "col_offset", 0) + 1,
        )  # fmt: skip

    def _bounds(self, node: ast.AST) -> _Range:
        """The range of a part, checked to fit; refuses what is no part of the language."""
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found = _Range(node.value, node.value)
        elif isinstance(node, ast.Name):
            if node.id not in self._widths:
                raise unknown_name("input in the expression", node.id, self._widths)
            width = self._widths[node.id]
            found = _Range(-(1 << width - 1), (1 << width - 1) - 1) if self._signed else _Range(0, (1 << width) - 1)
        elif isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            left, right = self._bounds(node.left), self._bounds(node.right)
            if isinstance(node.op, ast.LShift | ast.RShift) and right.low < 0:
                raise self._refuse(node, "can shift by a negative number")
            found = _BINARY[type(node.op)][1](left, right)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd | ast.Invert):
            inner = self._bounds(node.operand)
            found = _Range(-inner.high - 1, -inner.low) if not isinstance(node.op, ast.UAdd) else inner
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
            if node.keywords or len(node.args) != (1 if node.func.id == "abs" else 2):
                raise self._refuse(node, "takes another number of arguments")
            parts = [self._bounds(a) for a in node.args]
            size = max(abs(v) for r in parts for v in r)
            found = _Range(min(0, *(r.low for r in parts)), size)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
            self._bounds(node.left)
            self._bounds(node.comparators[0])
            found = _Range(0, 1)
        else:
            raise self._refuse(node, "is not allowed here")
        if max(abs(found.low), abs(found.high)) >= 1 << MAX_BITS:
            part = ast.get_source_segment(self.text.strip(), node)
            raise ValueFitError(f"{part!r} can need more than {MAX_BITS} bits")
        return found

    def _value(self, node: ast.AST, values: Mapping[str, np.ndarray]):
        if isinstance(node, ast.Constant):
            return np.int64(node.value)  # pyright: ignore[reportArgumentType]
        if isinstance(node, ast.Name):
            shift = 64 - self._widths[node.id]
            given = np.asarray(values[node.id])
            if not self._signed:
                return given.astype(np.int64)
            return (given.astype(np.uint64) << np.uint64(shift)).view(np.int64) >> np.int64(shift)
        if isinstance(node, ast.BinOp):
            left, right = self._value(node.left, values), self._value(node.right, values)
            if isinstance(node.op, ast.FloorDiv | ast.Mod) and np.any(right == 0):
                raise ValueFitError(f"{self.text!r} divides by zero for some inputs")
            if isinstance(node.op, ast.RShift):
                right = np.minimum(right, 63)
            return _BINARY[type(node.op)][0](left, right)
        if isinstance(node, ast.UnaryOp):
            inner = self._value(node.operand, values)
            return ~inner if isinstance(node.op, ast.Invert) else -inner if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.Compare):
            left, right = self._value(node.left, values), self._value(node.comparators[0], values)
            return np.asarray(_COMPARISONS[type(node.ops[0])](left, right)).astype(np.int64)
        assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        return _FUNCTIONS[node.func.id](*(self._value(a, values) for a in node.args))
