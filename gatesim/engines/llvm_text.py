"""How slots and the functions of rows look in LLVM text."""

from __future__ import annotations

from functools import cache

from ..kernels.functions import KINDS, expression, support


class Words:
    """How values look in LLVM text: type, loads, stores, and three-input functions."""

    def __init__(self, width: int, ternary: bool) -> None:
        self.width, self.ternary = width, ternary
        self.count = 2 if width == 1 and ternary else width  # the upper lane repeats the lower one
        self.type = "i64" if self.count == 1 else f"<{self.count} x i64>"
        self.ones = "-1" if self.count == 1 else "<" + ", ".join(["i64 -1"] * self.count) + ">"
        self.intrinsic = f"@llvm.x86.avx512.pternlog.q.{64 * self.count}"
        self.forms = _forms(self.count, ternary)

    def declarations(self) -> str:
        """What the module needs from outside."""
        t = self.type
        return f"declare {t} {self.intrinsic}({t}, {t}, {t}, i32)\n" if self.ternary else ""

    def load(self, name: str, pointer: str) -> str:
        """Lines that load a slot."""
        if self.width == self.count:
            return f"  {name} = load {self.type}, ptr {pointer}, align {8 * self.width}\n"
        return (
            f"  {name}_w = load i64, ptr {pointer}, align 8\n"
            f"  {name}_i = insertelement {self.type} undef, i64 {name}_w, i32 0\n"
            f"  {name} = shufflevector {self.type} {name}_i, {self.type} undef, <2 x i32> zeroinitializer\n"
        )

    def store(self, value: str, pointer: str, spare: str) -> str:
        """Lines that store a value; `spare` is a name that they may use."""
        if self.width == self.count:
            return f"  store {self.type} {value}, ptr {pointer}, align {8 * self.width}\n"
        return f"  {spare} = extractelement {self.type} {value}, i32 0\n  store i64 {spare}, ptr {pointer}, align 8\n"


class _TextOps:
    """The operations of ``expression`` as lines of LLVM text, with ``{p}`` for the row's number."""

    def __init__(self, kind: str, ones: str) -> None:
        self.kind, self.ones, self.lines = kind, ones, []

    def _emit(self, op: str, x: str, y: str) -> str:
        name = f"%t{{p}}_{len(self.lines)}"
        self.lines.append(f"  {name} = {op} {self.kind} {x}, {y}\n")
        return name

    def and_(self, x: str, y: str) -> str:
        return self._emit("and", x, y)

    def or_(self, x: str, y: str) -> str:
        return self._emit("or", x, y)

    def xor(self, x: str, y: str) -> str:
        return self._emit("xor", x, y)

    def not_(self, x: str) -> str:
        return self._emit("xor", x, self.ones)


@cache
def _forms(count: int, ternary: bool) -> list[tuple[str, str]]:
    """(lines, result) of each kind of row, with ``{a} {b} {c} {p}`` to fill in."""
    kind = "i64" if count == 1 else f"<{count} x i64>"
    ones = "-1" if count == 1 else "<" + ", ".join(["i64 -1"] * count) + ">"
    forms = []
    for table in KINDS:
        if ternary and all(support(table)):
            name = "%t{p}"
            # Bit a + 2b + 4c of a table is bit z + 2y + 4x of the instruction's.
            call = f"call {kind} @llvm.x86.avx512.pternlog.q.{64 * count}"
            line = f"  {name} = {call}({kind} {{c}}, {kind} {{b}}, {kind} {{a}}, i32 {table})\n"
            forms.append((line, name))
        else:
            ops = _TextOps(kind, ones)
            result = expression(ops, table, ["{a}", "{b}", "{c}"]) if table else ""
            forms.append(("".join(ops.lines), result))
    return forms
