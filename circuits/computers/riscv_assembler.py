"""A small, complete assembler for RV32IM: labels, sections, data, expressions, pseudo-instructions.

The text is that of the GNU assembler (without macros and relaxation): what it assembles it assembles to the
same bytes. Sections are laid out one after another from the start of the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gatesim.errors import ParseError, unknown_name

from . import riscv_encoding as code
from .riscv_encoding import BY_NAME, Instruction, encode, signed
from .riscv_model import Layout
from .riscv_program import Program, Segment
from .riscv_pseudo import PREVIOUS, PSEUDO, Written, expand
from .riscv_syntax import Expression, Operand, Place, Statement, Value, statements, unquoted

SECTION_ORDER = (".text", ".rodata", ".data", ".bss")
SECTION_ALIGNMENT = 16
_SIZES = {".byte": 1, ".half": 2, ".2byte": 2, ".short": 2, ".word": 4, ".4byte": 4, ".long": 4}
_WITHOUT_EFFECT = frozenset(
    (".type", ".size", ".file", ".ident", ".option", ".attribute", ".globl", ".global", ".local")
)
"""Directives that tell linkers and debuggers something, and change no byte."""


@dataclass(frozen=True)
class _Item:
    """Bytes to be made when all symbols are known."""

    section: str
    offset: int
    place: Place
    make: Callable[[int], bytes]


def assemble(text: str, layout: Layout = Layout(), source: str = "<text>") -> Program:  # noqa: B008 (frozen)
    """Assemble a program; it starts at ``_start`` where there is one, else at the first instruction.

    Raises
    ------
    ParseError
        Anything that cannot be assembled, with line and column.

    Examples
    --------
    >>> program = assemble("li a0, 5; loop: addi a0, a0, -1; bnez a0, loop; ebreak")
    >>> program.words(Layout())[:4].tolist() == [0x00500513, 0xfff50513, 0xfe051ee3, 0x00100073]
    True
    """
    return _Assembler(layout, source).assemble(text)


class _Assembler:
    def __init__(self, layout: Layout, source: str) -> None:
        self.layout, self.source = layout, source
        self.section = ".text"
        self.sizes: dict[str, int] = {".text": 0}
        self.symbols: dict[str, Value] = {}
        self.constants: dict[str, tuple[Expression, Value]] = {}
        self.numbered: dict[str, list[tuple[int, Value]]] = {}
        self.items: list[_Item] = []
        self.bases: dict[str, int] = {}
        self.upper: dict[int, int] = {}
        self.sequence = 0

    def assemble(self, text: str) -> Program:
        for statement in statements(text, self.source):
            self.sequence += 1
            self._take(statement)
        at = self.layout.base
        order = [*SECTION_ORDER, *(s for s in self.sizes if s not in SECTION_ORDER)]
        for name in (s for s in order if self.sizes.get(s)):
            self.bases[name] = at
            at += -(-self.sizes[name] // SECTION_ALIGNMENT) * SECTION_ALIGNMENT
        self.bases.setdefault(".text", self.layout.base)
        image = {name: bytearray(size) for name, size in self.sizes.items()}
        # Twice: the low half of an address is that of the high half, which the first time finds.
        for _ in range(2):
            for item in self.items:
                data = item.make(self.bases[item.section] + item.offset)
                image[item.section][item.offset : item.offset + len(data)] = data
        found = {name: self._final(value) for name, value in self.symbols.items()}
        found |= {name: self._final(self._constant(name)) for name in list(self.constants)}
        segments = tuple(Segment(self.bases[name], bytes(image[name])) for name in order if self.sizes.get(name))
        return Program(self.source, segments, found.get("_start", self.bases[".text"]), found)

    # -- symbols -----------------------------------------------------------------------------

    def _lookup(self, here: Value, sequence: int) -> Callable[[str, Place], Value]:
        def lookup(name: str, place: Place) -> Value:
            if name == ".":
                return here
            if name == PREVIOUS:
                return Value(here.section, here.number - 4)
            if name[0].isdigit():
                return self._numbered(name, sequence, place)
            if name in self.constants:
                return self._constant(name)
            if name not in self.symbols:
                known = [*self.symbols, *self.constants]
                place.fail(str(unknown_name("symbol", name, known)))
            return self.symbols[name]

        return lookup

    def _constant(self, name: str) -> Value:
        expression, here = self.constants[name]
        taken = self.constants.pop(name)  # a constant that needs itself is unknown
        try:
            return expression.value(self._lookup(here, self.sequence))
        finally:
            self.constants[name] = taken

    def _numbered(self, name: str, sequence: int, place: Place) -> Value:
        places = self.numbered.get(name[:-1], [])
        if name[-1] == "b":
            found = [value for when, value in places if when <= sequence]
            if found:
                return found[-1]
        else:
            found = [value for when, value in places if when > sequence]
            if found:
                return found[0]
        return place.fail(f"there is no label {name[:-1]} {'before' if name[-1] == 'b' else 'after'} this")

    def _final(self, value: Value) -> int:
        return value.number if value.section is None else self.bases.get(value.section, self.layout.base) + value.number

    # -- statements --------------------------------------------------------------------------

    def _here(self) -> Value:
        return Value(self.section, self.sizes[self.section])

    def _take(self, s: Statement) -> None:
        if s.name.endswith(":"):
            self._label(s)
        elif s.name.startswith("."):
            self._directive(s)
        else:
            self._instruction(s)

    def _label(self, s: Statement) -> None:
        name = s.name[:-1]
        if name[0].isdigit():
            self.numbered.setdefault(name, []).append((self.sequence, self._here()))
        elif name in self.symbols or name in self.constants:
            s.place.fail(f"{name!r} is defined twice")
        else:
            self.symbols[name] = self._here()

    def _now(self, expression: Expression | None, place: Place, what: str) -> int:
        """A number that must be known already."""
        if expression is None:
            place.fail(f"{what} must be a number")
        value = expression.value(self._lookup(self._here(), self.sequence))
        if value.section is not None:
            place.fail(f"{what} must be a number that is known here, not an address: use la for addresses")
        return value.number

    def _directive(self, s: Statement) -> None:
        name, operands = s.name, s.operands
        if name in _WITHOUT_EFFECT:
            return
        if name in SECTION_ORDER or name == ".section":
            self.section = name if name != ".section" else self._section(s)
            self.sizes.setdefault(self.section, 0)
        elif name in _SIZES:
            for operand in operands:
                self._data(operand, _SIZES[name])
        elif name in (".ascii", ".asciz", ".string"):
            for operand in operands:
                if operand.text is None or operand.text[0] != '"':
                    operand.place.fail(f"{name} takes strings in double quotes")
                data = unquoted(operand.text, operand.place) + (b"" if name == ".ascii" else b"\0")
                self._put(operand.place, len(data), lambda address, data=data: data)
        elif name in (".space", ".zero", ".skip"):
            size = self._now(operands[0].expression if operands else None, s.place, f"the size of {name}")
            fill = self._now(operands[1].expression, s.place, "the fill") if len(operands) > 1 else 0
            if not 0 <= size <= self.layout.size:
                s.place.fail(f"{size} bytes do not fit into the memory of {self.layout.size}")
            self._put(s.place, size, lambda address: bytes([fill & 0xFF]) * size)
        elif name in (".align", ".p2align", ".balign"):
            amount = self._now(operands[0].expression if operands else None, s.place, f"the operand of {name}")
            self._align(s.place, amount if name == ".balign" else 1 << min(max(amount, 0), 31))
        elif name in (".equ", ".set"):
            if len(operands) != 2 or operands[0].text is None or operands[1].expression is None:
                s.place.fail(f"{name} takes a name and a value")
            self.constants[operands[0].text] = (operands[1].expression, self._here())
        else:
            known = [*_SIZES, *SECTION_ORDER, *_WITHOUT_EFFECT, ".section", ".ascii", ".asciz", ".string", ".space",
                     ".zero", ".skip", ".align", ".p2align", ".balign", ".equ", ".set"]  # fmt: skip
            s.place.fail(str(unknown_name("directive", name, known)))

    def _section(self, s: Statement) -> str:
        name = s.operands[0].text if s.operands else None
        if not name:
            s.place.fail(".section takes a name")
        name = name.strip('"')
        # .text.main, .rodata.str1.4: parts that a linker would put beside each other.
        return next((known for known in SECTION_ORDER if name.startswith(known + ".")), name)

    def _put(self, place: Place, size: int, make: Callable[[int], bytes]) -> None:
        self.items.append(_Item(self.section, self.sizes[self.section], place, make))
        self.sizes[self.section] += size

    def _data(self, operand: Operand, size: int) -> None:
        if operand.expression is None:
            operand.place.fail("a number or a symbol expected")
        here, sequence, expression = self._here(), self.sequence, operand.expression

        def make(address: int) -> bytes:
            value = self._final(expression.value(self._lookup(here, sequence)))
            if not -(1 << (8 * size - 1)) <= value < 1 << 8 * size:
                operand.place.fail(f"{value} does not fit into {size} byte{'s' * (size > 1)}")
            return (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")

        self._put(operand.place, size, make)

    def _align(self, place: Place, size: int) -> None:
        if size < 1 or size & (size - 1) or size > self.layout.size:
            place.fail(f"cannot align to {size} bytes: a power of two, at most {self.layout.size}")
        gap = -self.sizes[self.section] % size
        if size > SECTION_ALIGNMENT:
            place.fail(f"alignment to {size} bytes: sections start at multiples of {SECTION_ALIGNMENT} only")
        nop = encode(BY_NAME["addi"]).to_bytes(4, "little")
        filling = bytes(gap & 3) + (nop if self.section == ".text" else bytes(4)) * (gap >> 2)
        self._put(place, gap, lambda address: filling)

    # -- instructions ------------------------------------------------------------------------

    def _instruction(self, s: Statement) -> None:
        if s.name not in BY_NAME and s.name not in PSEUDO:
            s.place.fail(str(unknown_name("instruction", s.name, [*BY_NAME, *PSEUDO])))
        if s.name in BY_NAME and BY_NAME[s.name].funct7 == 1 and not self.layout.multiply:
            s.place.fail(f"{s.name} belongs to the M extension, which this machine does not have")
        if self.sizes[self.section] & 3:
            s.place.fail("an instruction at an address that is no multiple of 4: put .align 2 before it")
        constant = lambda expression: self._now(expression, s.place, "the constant of li")  # noqa: E731
        for written in expand(s.name, s.operands, s.place, constant):
            here, sequence = self._here(), self.sequence
            make = lambda address, w=written, h=here, q=sequence: self._word(w, h, q, s.place, address)  # noqa: E731
            self._put(s.place, 4, make)

    def _word(self, w: Written, here: Value, sequence: int, place: Place, address: int) -> bytes:
        i = BY_NAME[w.name]
        fields = _Fields(self, i, w.operands, here, sequence, place, address).all()
        return (fields if isinstance(fields, int) else encode(i, **fields)).to_bytes(4, "little")


class _Fields:
    """The operands of one instruction as the fields of its word."""

    def __init__(
        self,
        owner: _Assembler,
        i: Instruction,
        operands: tuple[Operand, ...],
        here: Value,
        sequence: int,
        place: Place,
        address: int,
    ) -> None:
        self.owner, self.i, self.operands, self.place, self.address = owner, i, operands, place, address
        self.lookup = owner._lookup(here, sequence)

    def all(self) -> dict[str, int] | int:
        """Fields for ``encode``, or a whole word."""
        i, format = self.i, self.i.format
        if format == "none":
            return self._whole()
        if format == "jalr" and len(self.operands) == 2 and self.operands[1].expression is None:
            register = self._register(1)
            return {"rd": self._register(0), "rs1": register, "imm": 0}
        wanted = {"R": 3, "I": 3, "shift": 3, "B": 3, "load": 2, "S": 2, "U": 2, "J": 2, "jalr": 2}[format]
        if format == "jalr" and len(self.operands) == 3:
            format, wanted = "I", 3
        if len(self.operands) != wanted:
            self.place.fail(f"{i.name} takes {wanted} operands, not {len(self.operands)}")
        if format == "R":
            return {"rd": self._register(0), "rs1": self._register(1), "rs2": self._register(2)}
        if format in ("I", "shift"):
            low, high = (0, 31) if format == "shift" else (-2048, 2047)
            return {"rd": self._register(0), "rs1": self._register(1), "imm": self._number(2, low, high)}
        if format in ("load", "jalr"):
            base, offset = self._memory(1)
            return {"rd": self._register(0), "rs1": base, "imm": offset}
        if format == "S":
            base, offset = self._memory(1)
            return {"rs2": self._register(0), "rs1": base, "imm": offset}
        if format == "B":
            return {"rs1": self._register(0), "rs2": self._register(1), "imm": self._target(2, 12)}
        if format == "U":
            return {"rd": self._register(0), "imm": self._number(1, 0, 0xFFFFF)}
        return {"rd": self._register(0), "imm": self._target(1, 20)}

    def _register(self, k: int) -> int:
        operand = self.operands[k]
        if operand.register is None or operand.expression is not None:
            operand.place.fail(f"operand {k + 1} of {self.i.name} must be a register")
        return operand.register

    def _number(self, k: int, low: int, high: int) -> int:
        operand = self.operands[k]
        if operand.expression is None or operand.register is not None:
            operand.place.fail(f"operand {k + 1} of {self.i.name} must be a number")
        value = self._value(operand.expression)
        if not low <= value <= high:
            operand.place.fail(f"{value} does not fit: {self.i.name} takes {low} to {high}")
        return value

    def _memory(self, k: int) -> tuple[int, int]:
        operand = self.operands[k]
        if operand.register is None or (operand.expression is None and operand.text is not None):
            operand.place.fail(f"operand {k + 1} of {self.i.name} must be written offset(register)")
        offset = 0 if operand.expression is None else self._value(operand.expression)
        if not -2048 <= offset <= 2047:
            operand.place.fail(f"offset {offset} does not fit: -2048 to 2047")
        return operand.register, offset

    def _target(self, k: int, bits: int) -> int:
        operand = self.operands[k]
        if operand.expression is None or operand.register is not None:
            operand.place.fail(f"operand {k + 1} of {self.i.name} must be a label or an address")
        distance = self._value(operand.expression) - self.address
        if not -(1 << bits) <= distance < 1 << bits:
            operand.place.fail(f"{self.i.name} cannot reach {distance} bytes away (at most {(1 << bits) - 2})")
        if distance & 1:
            operand.place.fail(f"{self.i.name} to an odd address")
        return distance

    def _value(self, expression: Expression) -> int:
        if expression.operator not in ("%hi", "%lo", "%pcrel_hi", "%pcrel_lo"):
            return self.owner._final(expression.value(self.lookup))
        value = self.owner._final(expression.parts[0].value(self.lookup))
        if expression.operator == "%pcrel_hi":
            self.owner.upper[self.address] = value = value - self.address
        elif expression.operator == "%pcrel_lo":
            value = self.owner.upper.get(value, 0)
        if expression.operator.endswith("hi"):
            return (value + 0x800) >> 12 & 0xFFFFF
        return signed(value, 12)

    def _whole(self) -> int:
        word = self.i.word
        assert word is not None
        if self.i.name != "fence" or not self.operands:
            if self.operands:
                self.place.fail(f"{self.i.name} takes no operands")
            return word
        sets = [operand.text or "" for operand in self.operands]
        if len(sets) != 2 or any(not s or not set(s) <= set("iorw") for s in sets):
            self.place.fail("fence takes two sets out of i, o, r and w, such as fence rw, rw")
        before, after = (sum(8 >> "iorw".index(letter) for letter in set(s)) for s in sets)
        return code.MISC_MEM | before << 24 | after << 20


__all__ = ["ParseError", "assemble"]
