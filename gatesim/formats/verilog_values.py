"""Verilog's expressions as nets: constants, sizes, signs, operators.

Widths and signs follow IEEE 1364-2005, section 5.4: operands of an operator are extended to the width of
the whole expression before it acts, by their sign where every operand is signed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .. import gates
from ..errors import ParseError
from .named import ONE, ZERO, NamedCells
from .verilog_expressions import MAX_BITS
from .verilog_tokens import Token
from .verilog_tree import Expr

INTEGER_BITS = 32
"""Width of a constant that states none."""

_BITWISE = {"&": gates.AND, "|": gates.OR, "^": gates.XOR, "~^": gates.XNOR, "^~": gates.XNOR}
_REDUCE = {"&": "AND", "|": "OR", "^": "XOR", "~&": "NAND", "~|": "NOR", "~^": "XNOR", "^~": "XNOR"}
_COMPARE = {"==": "AND", "===": "AND", "!=": "NAND", "!==": "NAND"}
_SHARED = frozenset((*_BITWISE, "+", "-", "*"))
"""Operators whose lowest bits depend on the lowest bits of their operands only."""
_SHIFTS = ("<<", ">>", "<<<", ">>>")

_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b,
    "&": lambda a, b: a & b, "|": lambda a, b: a | b, "^": lambda a, b: a ^ b,
    "==": lambda a, b: int(a == b), "!=": lambda a, b: int(a != b), "===": lambda a, b: int(a == b),
    "!==": lambda a, b: int(a != b), "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b), ">": lambda a, b: int(a > b), ">=": lambda a, b: int(a >= b),
    "&&": lambda a, b: int(bool(a and b)), "||": lambda a, b: int(bool(a or b)),
}  # fmt: skip


def spine(e: Expr) -> tuple[Expr, list[Expr]]:
    """The leftmost operand of a chain of binary operators, and the operators from the left (no recursion)."""
    operators: list[Expr] = []
    while e.kind == "binary":
        operators.append(e)
        e = e.parts[0]
    return e, operators[::-1]


def branches(e: Expr) -> tuple[list[Expr], Expr]:
    """The conditionals of ``a ? b : c ? d : ...`` from the left, and the last alternative (no recursion)."""
    found: list[Expr] = []
    while e.kind == "cond":
        found.append(e)
        e = e.parts[2]
    return found, e


def unsized(e: Expr) -> bool:
    """Whether a constant states no width."""
    return e.kind == "const" and e.width is None


class Values:
    """The nets and constants of one instance of a module, and its expressions."""

    def __init__(self, cells: NamedCells, fail: Callable[[str, Token], ParseError], path: str) -> None:
        self.cells, self.fail, self.path = cells, fail, path
        self.constants: dict[str, Expr] = {}
        self.ranges: dict[str, tuple[int, int]] = {}
        self.signed_nets: set[str] = set()
        self._bits: dict[str, list[str]] = {}

    # -- nets --------------------------------------------------------------------------------

    def declare(self, name: str, bounds: tuple[int, int] | None, token: Token, supply: int | None = None) -> None:
        """A net of a range, or of one bit."""
        self.ranges[name] = bounds or (0, 0)
        high, low = self.ranges[name]
        if abs(high - low) >= MAX_BITS:
            raise self.fail(f"{name[:60]!r} is {abs(high - low) + 1} bits wide; at most {MAX_BITS} are read", token)
        if supply is not None:
            self._bits[name] = [ONE if supply else ZERO]
        elif bounds is None:
            self._bits[name] = [f"{self.path}{name}"]
        else:
            step = 1 if high >= low else -1
            self._bits[name] = [f"{self.path}{name}[{i}]" for i in range(low, high + step, step)]

    def bits(self, name: str, token: Token) -> list[str]:
        """All bits of a net, least significant first; an unknown name is a wire of one bit."""
        if name not in self._bits:
            self.declare(name, None, token)
        return self._bits[name]

    def _bit(self, name: str, index: int, token: Token) -> str:
        found = self.bits(name, token)
        high, low = self.ranges[name]
        if not min(high, low) <= index <= max(high, low):
            raise self.fail(f"bit {index} of {name!r} is outside its range [{high}:{low}]", token)
        return found[abs(index - low)]

    def _selected(self, e: Expr) -> list[str]:
        if e.kind == "select" and len(e.parts) == 1:
            return [self._bit(e.name, self.constant(e.parts[0]), e.token)]
        found = self.bits(e.name, e.token)
        declared = self.ranges[e.name]
        if e.kind == "indexed":
            base, width = (self.constant(p) for p in e.parts)
            if width < 1:
                raise self.fail(f"a part of {width} bits of {e.name!r} is not possible", e.token)
            other = base + e.value * (width - 1)
            high, low = (max(base, other), min(base, other))
            if declared[0] < declared[1]:
                high, low = low, high
        else:
            high, low = (self.constant(p) for p in e.parts)
        if (high - low) * (declared[0] - declared[1]) < 0:
            raise self.fail(f"part-select [{high}:{low}] of {e.name!r} runs against its range", e.token)
        for index in (high, low):
            self._bit(e.name, index, e.token)
        return found[abs(low - declared[1]) : abs(high - declared[1]) + 1]

    # -- constants ---------------------------------------------------------------------------

    def constant(self, e: Expr) -> int:
        """The integer of a constant expression."""
        value = self._folded(e)
        if value is None:
            raise self.fail("a constant is expected here", e.token)
        return value

    def _folded(self, e: Expr) -> int | None:
        first, operators = spine(e)
        value = self._folded_operand(first)
        for op in operators:
            if value is None:
                return None
            other = self._folded(op.parts[1])
            if other is None:
                return None
            value = self._computed(op, value, other)
        return value

    def _folded_operand(self, e: Expr) -> int | None:
        if e.kind == "const":
            if e.signed and e.width and e.value >> (e.width - 1):
                return e.value - (1 << e.width)
            return e.value
        if e.kind == "id" and e.name in self.constants:
            return self._folded(self.constants[e.name])
        if e.kind == "cond":
            found, last = branches(e)
            for branch in found:
                condition = self._folded(branch.parts[0])
                if condition is None:
                    return None
                if condition:
                    return self._folded(branch.parts[1])
            return self._folded(last)
        if e.kind == "unary" and e.name in "+-!":
            value = self._folded(e.parts[0])
            return None if value is None else {"+": value, "-": -value, "!": int(not value)}[e.name]
        return None

    def _computed(self, op: Expr, a: int, b: int) -> int:
        if op.name in ("/", "%"):
            if b == 0:
                raise self.fail("division by zero", op.token)
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return quotient if op.name == "/" else a - b * quotient
        if op.name in (*_SHIFTS, "**"):
            grown = b * max(1, a.bit_length()) if op.name == "**" else a.bit_length() + b
            if b < 0 or (op.name[0] != ">" and grown > MAX_BITS):
                raise self.fail(f"the constant {a} {op.name} {b} is out of bounds", op.token)
            return a**b if op.name == "**" else a << b if op.name[0] == "<" else a >> min(b, MAX_BITS)
        if op.name not in _ARITHMETIC:
            raise self.fail(f"{op.name!r} is not computed on constants", op.token)
        value = _ARITHMETIC[op.name](a, b)
        if value.bit_length() > MAX_BITS:
            raise self.fail("this constant is too long", op.token)
        return value

    # -- sizes and signs ---------------------------------------------------------------------

    def size(self, e: Expr) -> int:
        """Bits of an expression by itself."""
        first, operators = spine(e)
        width = self._operand_size(first)
        for op in operators:
            if op.name in _COMPARE or op.name in ("&&", "||", "<", "<=", ">", ">="):
                width = 1
            elif op.name not in (*_SHIFTS, "**"):
                width = max(width, self.size(op.parts[1]))
        return width

    def _operand_size(self, e: Expr) -> int:
        if e.kind == "const":
            return e.width or max(INTEGER_BITS, e.value.bit_length())
        if e.kind == "id":
            if e.name in self.constants:
                return self.size(self.constants[e.name])
            return len(self.bits(e.name, e.token))
        if e.kind in ("select", "indexed"):
            return len(self._selected(e))
        if e.kind == "concat":
            return sum(self._part_size(p) for p in e.parts)
        if e.kind == "repeat":
            count, width = self.constant(e.parts[0]), self.size(e.parts[1])
            if not 0 < count * width <= MAX_BITS:
                raise self.fail(f"a replication of {count} x {width} bits is not possible", e.token)
            return count * width
        if e.kind == "cond":
            found, last = branches(e)
            return max(self.size(last), *(self.size(b.parts[1]) for b in found))
        if e.kind == "string":
            raise self.fail(f"a string ({e.name[:40]}) is no value of a net", e.token)
        return 1 if e.name in _REDUCE or e.name == "!" else self.size(e.parts[0])

    def _part_size(self, e: Expr) -> int:
        value = self.constants.get(e.name, e) if e.kind == "id" else e
        if unsized(value):
            raise self.fail("a constant in a concatenation needs a width, such as 4'd3", e.token)
        return self.size(e)

    def signed(self, e: Expr) -> bool:
        """Whether an expression is signed by itself."""
        first, operators = spine(e)
        found = self._operand_signed(first)
        for op in operators:
            if op.name in _COMPARE or op.name in ("&&", "||", "<", "<=", ">", ">="):
                found = False
            elif op.name not in (*_SHIFTS, "**"):
                found = found and self.signed(op.parts[1])
        return found

    def _operand_signed(self, e: Expr) -> bool:
        if e.kind == "const":
            return e.signed
        if e.kind == "id":
            return self.signed(self.constants[e.name]) if e.name in self.constants else e.name in self.signed_nets
        if e.kind == "cond":
            found, last = branches(e)
            return self.signed(last) and all(self.signed(b.parts[1]) for b in found)
        if e.kind == "unary" and e.name in ("~", "+", "-"):
            return self.signed(e.parts[0])
        return e.kind == "unary" and e.name == "$signed"

    # -- expressions -------------------------------------------------------------------------

    def value(self, e: Expr, width: int | None = None) -> list[str]:
        """Nets that carry an expression, LSB first: cut or extended to `width` (its own size if None)."""
        own = self.size(e)
        n = own if width is None else width
        return self._low(e, n, max(own, n), self.signed(e))

    def _low(self, e: Expr, n: int, context: int, signed: bool) -> list[str]:
        """The lowest `n` bits of an expression in a context of `context` bits."""
        if not n:
            return []
        if e.kind == "binary":
            return self._binary(e, n, context, signed)
        if e.kind == "cond":
            return self._conditional(e, n, context, signed)
        if e.kind == "unary" and e.name == "~":
            return [self._gate(gates.NOT, [b], e.token) for b in self._low(e.parts[0], n, context, signed)]
        if e.kind == "unary" and e.name == "+":
            return self._low(e.parts[0], n, context, signed)
        if e.kind == "unary" and e.name == "-":
            return self._number_bits(-self._number(e.parts[0], n, context, signed, e), n)
        if e.kind == "id" and e.name in self.constants:
            return self._low(self.constants[e.name], n, context, signed)
        found = self._operand(e)
        fill = found[-1] if signed else ZERO
        return found[:n] + [fill] * (n - len(found))

    def _number(self, e: Expr, n: int, context: int, signed: bool, operator: Expr) -> int:
        """The value of an operand of arithmetic, which must be constant."""
        bits = self._low(e, n, context, signed)
        if any(b not in (ZERO, ONE) for b in bits):
            raise self._arithmetic(operator)
        return sum((b == ONE) << i for i, b in enumerate(bits))

    @staticmethod
    def _number_bits(value: int, n: int) -> list[str]:
        return [ONE if value >> i & 1 else ZERO for i in range(n)]

    def _operand(self, e: Expr) -> list[str]:
        """An operand whose width is its own."""
        if e.kind == "const":
            return self._number_bits(e.value, self.size(e))
        if e.kind == "id":
            return self.bits(e.name, e.token)
        if e.kind in ("select", "indexed"):
            return self._selected(e)
        if e.kind == "concat":
            self.size(e)
            return [bit for part in reversed(e.parts) for bit in self.value(part)]
        if e.kind == "repeat":
            self.size(e)
            return self.value(e.parts[1]) * self.constant(e.parts[0])
        if e.kind == "unary" and e.name in ("$signed", "$unsigned"):
            return self.value(e.parts[0])
        if e.kind == "unary" and e.name == "!":
            return [self._gate(gates.NOT, [self._truth(e.parts[0])], e.token)]
        if e.kind == "unary" and e.name in _REDUCE:
            return [self._reduced(_REDUCE[e.name], self.value(e.parts[0]), e.token)]
        raise self._arithmetic(e)

    def _arithmetic(self, e: Expr) -> ParseError:
        return self.fail(
            f"arithmetic ({e.name!r}) is not structural: turn the design into gates first, "
            "for example with Yosys: synth; write_verilog -noexpr gates.v",
            e.token,
        )

    def _gate(self, op: int, inputs: list[str], token: Token) -> str:
        name = self.cells.inner()
        self.cells.cell(op, name, inputs, token.line)
        return name

    def _reduced(self, kind: str, bits: list[str], token: Token) -> str:
        name = self.cells.inner()
        self.cells.wide(kind, name, bits, token.line)
        return name

    def _truth(self, e: Expr) -> str:
        bits = self.value(e)
        return bits[0] if len(bits) == 1 else self._reduced("OR", bits, e.token)

    def _conditional(self, e: Expr, n: int, context: int, signed: bool) -> list[str]:
        found, last = branches(e)
        value = self._low(last, n, context, signed)
        for branch in reversed(found):
            condition = self._truth(branch.parts[0])
            yes = self._low(branch.parts[1], n, context, signed)
            value = [self._gate(gates.MUX, [condition, no, y], e.token) for no, y in zip(value, yes, strict=True)]
        return value

    def _binary(self, e: Expr, n: int, context: int, signed: bool) -> list[str]:
        first, operators = spine(e)
        # The operators after the last one that makes a single bit share the context; those before do not.
        start = next((k for k in range(len(operators) - 1, -1, -1) if operators[k].name not in _SHARED), -1)
        if start >= 0:
            value = self._single(operators[start], n, context, signed)
        else:
            value = self._low(first, n, context, signed)
        for op in operators[start + 1 :]:
            other = self._low(op.parts[1], n, context, signed)
            if op.name in _BITWISE:
                value = [self._gate(_BITWISE[op.name], [x, y], op.token) for x, y in zip(value, other, strict=True)]
            elif any(b not in (ZERO, ONE) for b in (*value, *other)):
                raise self._arithmetic(op)
            else:
                left, right = (sum((b == ONE) << i for i, b in enumerate(bits)) for bits in (value, other))
                value = self._number_bits(_ARITHMETIC[op.name](left, right), n)
        return value

    def _single(self, e: Expr, n: int, context: int, signed: bool) -> list[str]:
        """A comparison, a logical operator, or a shift."""
        left, right = e.parts
        if e.name in ("&&", "||"):
            inputs = [self._truth(left), self._truth(right)]
            return [self._gate(gates.AND if e.name == "&&" else gates.OR, inputs, e.token)] + [ZERO] * (n - 1)
        if e.name in _COMPARE:
            width, both = max(self.size(left), self.size(right)), self.signed(left) and self.signed(right)
            pairs = zip(self._low(left, width, width, both), self._low(right, width, width, both), strict=True)
            same = [self._gate(gates.XNOR, [x, y], e.token) for x, y in pairs if not (x == y and x in (ZERO, ONE))]
            return [self._reduced(_COMPARE[e.name], same or [ONE], e.token)] + [ZERO] * (n - 1)
        if e.name in _SHIFTS:
            by = self._folded(right)
            if by is None:
                raise self.fail("a shift by a value that changes is not structural: write the multiplexers", e.token)
            by = max(0, min(by, context))
            if e.name[0] == "<":
                return ([ZERO] * by + self._low(left, max(0, n - by), context, signed))[:n]
            kept = self._low(left, min(n + by, context), context, signed)
            fill = self._low(left, context, context, signed)[-1] if e.name == ">>>" and signed else ZERO
            return (kept[by:] + [fill] * n)[:n]
        value = self._folded(e)
        if value is None:
            raise self._arithmetic(e)
        return self._number_bits(value, n)
