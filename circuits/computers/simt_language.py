"""The instructions of the SIMT machine: names, words of 32 bits, operands.

One instruction a cycle goes to all lanes. ``s0`` to ``s7`` are scalar registers, one for the machine
(``s0`` reads 0); ``v0`` to ``v7`` are vector registers, one a lane; all have 32 bits. A word holds, from
bit 0 on: operation (6 bits), immediate flag, rd, ra (3 bits each), and then rb (3), scalar flag (1), rc
(3), or with the flag (and in branches and scalar loads) a signed number of 19 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["int8", "fp32"]

N_REGISTERS = 8
IMMEDIATE_BITS = 19
STACK_DEPTH = 4
"""How deep ``if`` may be nested."""

CONTROL, SCALAR, MASK, MEMORY, ALU, SHIFT, MULTIPLY = range(7)
"""Groups of operations: the upper three bits of the operation."""


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes
    ----------
    name : str
    group, number : int
        The operation's code is ``8 * group + number``.
    form : str
        Operands: ``S`` and ``V`` registers, ``O`` a vector register, a scalar register or a number, ``#`` a
        number, ``L`` a label, ``(S)+#`` and ``(S+V)+S`` memory.
    help : str
    kind : {"int8", "fp32"} or None
        The lanes that have it; None: all.
    size : int
        Bytes that it moves in each lane (or for the machine); 0 where none.
    """

    name: str
    group: int
    number: int
    form: str
    help: str
    kind: Kind | None = None
    size: int = 0

    @property
    def code(self) -> int:
        """Six bits."""
        return 8 * self.group + self.number

    @property
    def stores(self) -> bool:
        """Whether it writes to memory."""
        return self.group == MEMORY and self.number >= 4

    @property
    def loads(self) -> bool:
        """Whether it reads memory."""
        return bool(self.size) and not self.stores


OPERATIONS: tuple[Operation, ...] = (
    Operation("halt", CONTROL, 0, "", "stop"),
    Operation("loop", CONTROL, 1, "S,L", "rd -= 1; jump unless it is 0 then"),
    Operation("beq", CONTROL, 2, "S,S,L", "jump if equal"),
    Operation("bne", CONTROL, 3, "S,S,L", "jump unless equal"),
    Operation("blt", CONTROL, 4, "S,S,L", "jump if the first is less (signed)"),
    Operation("bany", CONTROL, 5, "L", "jump if any lane is active"),
    Operation("bnone", CONTROL, 6, "L", "jump if no lane is active"),
    Operation("add", SCALAR, 0, "S,S,SO", "rd = ra + operand"),
    Operation("sub", SCALAR, 1, "S,S,SO", "rd = ra - operand"),
    Operation("lb", SCALAR, 4, "S,(S)+#", "rd = signed byte at ra; ra += number", "int8", 1),
    Operation("lbu", SCALAR, 5, "S,(S)+#", "rd = byte at ra; ra += number", "int8", 1),
    Operation("lw", SCALAR, 6, "S,(S)+#", "rd = word at ra; ra += number", None, 4),
    Operation("iflt", MASK, 0, "V,O", "push the mask; lanes stay active where va < operand (signed)"),
    Operation("ifeq", MASK, 1, "V,O", "push the mask; lanes stay active where equal"),
    Operation("keeplt", MASK, 2, "V,O", "lanes stay active where va < operand (signed)"),
    Operation("keepeq", MASK, 3, "V,O", "lanes stay active where equal"),
    Operation("else", MASK, 4, "", "active: those of the pushed mask that are not"),
    Operation("end", MASK, 5, "", "pop the mask"),
    Operation("vlb", MEMORY, 0, "V,(S+V)+S", "vd = signed byte at ra + vb; ra += rc", "int8", 1),
    Operation("vlbu", MEMORY, 1, "V,(S+V)+S", "vd = byte at ra + vb; ra += rc", "int8", 1),
    Operation("vlw", MEMORY, 2, "V,(S+V)+S", "vd = word at ra + vb; ra += rc", None, 4),
    Operation("vsb", MEMORY, 4, "V,(S+V)+S", "byte at ra + vb = vd; ra += rc", "int8", 1),
    Operation("vsw", MEMORY, 6, "V,(S+V)+S", "word at ra + vb = vd; ra += rc", None, 4),
    Operation("vadd", ALU, 0, "V,V,O", "vd = va + operand"),
    Operation("vsub", ALU, 1, "V,V,O", "vd = va - operand"),
    Operation("vand", ALU, 2, "V,V,O", "vd = va and operand"),
    Operation("vor", ALU, 3, "V,V,O", "vd = va or operand"),
    Operation("vxor", ALU, 4, "V,V,O", "vd = va xor operand"),
    Operation("vmov", ALU, 5, "V,O", "vd = operand"),
    Operation("vlane", ALU, 6, "V", "vd = number of the lane"),
    Operation("vshl", SHIFT, 0, "V,V,O", "vd = va moved up (by the operand modulo 32)"),
    Operation("vshr", SHIFT, 1, "V,V,O", "vd = va moved down, 0 enters"),
    Operation("vsar", SHIFT, 2, "V,V,O", "vd = va moved down, the sign enters"),
    Operation("mac", MULTIPLY, 0, "V,V,O", "vd += signed byte of va * signed byte of operand", "int8"),
    Operation("macu", MULTIPLY, 1, "V,V,O", "vd += signed byte of va * unsigned byte of operand", "int8"),
    Operation("mul", MULTIPLY, 2, "V,V,O", "vd = signed byte of va * signed byte of operand", "int8"),
    Operation("mulu", MULTIPLY, 3, "V,V,O", "vd = signed byte of va * unsigned byte of operand", "int8"),
    Operation("fmac", MULTIPLY, 0, "V,V,O", "vd += va * operand", "fp32"),
    Operation("fmul", MULTIPLY, 2, "V,V,O", "vd = va * operand", "fp32"),
    Operation("fadd", MULTIPLY, 3, "V,V,O", "vd = va + operand", "fp32"),
)
"""Every operation."""


def operations(kind: Kind) -> dict[str, Operation]:
    """The operations of a machine whose lanes are of that kind, by name."""
    return {o.name: o for o in OPERATIONS if o.kind in (None, kind)}


@dataclass(frozen=True)
class Fields:
    """The fields of a word; ``number`` shares its bits with rb, ``scalar`` and rc."""

    code: int
    immediate: bool
    rd: int
    ra: int
    rb: int
    scalar: bool
    rc: int
    number: int

    @classmethod
    def of(cls, word: int) -> Fields:
        """Take a word apart.

        Examples
        --------
        >>> Fields.of(encode(OPERATIONS[7], rd=1, ra=2, number=-5)).number
        -5
        """
        number = word >> 13
        return cls(
            code=word & 63,
            immediate=bool(word >> 6 & 1),
            rd=word >> 7 & 7,
            ra=word >> 10 & 7,
            rb=word >> 13 & 7,
            scalar=bool(word >> 16 & 1),
            rc=word >> 17 & 7,
            number=number - (number >> (IMMEDIATE_BITS - 1) << IMMEDIATE_BITS),
        )


def encode(
    operation: Operation, rd: int = 0, ra: int = 0, rb: int = 0, scalar: bool = False, rc: int = 0,
    number: int | None = None,
) -> int:  # fmt: skip
    """The word of an instruction; a `number` sets the immediate flag and takes the place of rb and rc.

    Examples
    --------
    >>> hex(encode(OPERATIONS[0])), hex(encode(OPERATIONS[7], rd=1, number=1))
    ('0x0', '0x20c8')
    """
    word = operation.code | rd << 7 | ra << 10
    if number is None:
        return word | rb << 13 | scalar << 16 | rc << 17
    return word | 1 << 6 | (number & ((1 << IMMEDIATE_BITS) - 1)) << 13


def operation_of(word: int, kind: Kind) -> Operation | None:
    """The operation of a word on lanes of a kind; None for none."""
    return _BY_CODE[kind].get(word & 63)


def disassemble(word: int, kind: Kind) -> str | None:
    """An instruction in the assembler's form, jumps to ``@address``; None for a word that is none.

    Examples
    --------
    >>> disassemble(encode(OPERATIONS[33], rd=4, ra=3, rb=5, scalar=True), "int8")
    'mac v4, v3, s5'
    """
    operation = operation_of(word, kind)
    if operation is None:
        return None
    f = Fields.of(word)
    operand = str(f.number) if f.immediate else f"{'s' if f.scalar else 'v'}{f.rb}"
    shown = {
        "": [],
        "S,L": [f"s{f.rd}", f"@{f.number}"],
        "S,S,L": [f"s{f.rd}", f"s{f.ra}", f"@{f.number}"],
        "L": [f"@{f.number}"],
        "S,S,SO": [f"s{f.rd}", f"s{f.ra}", str(f.number) if f.immediate else f"s{f.rb}"],
        "S,(S)+#": [f"s{f.rd}", f"(s{f.ra})+{f.number}"],
        "V,O": [f"v{f.rd if operation.name == 'vmov' else f.ra}", operand],
        "V,(S+V)+S": [f"v{f.rd}", f"(s{f.ra}+v{f.rb})+s{f.rc}"],
        "V,V,O": [f"v{f.rd}", f"v{f.ra}", operand],
        "V": [f"v{f.rd}"],
    }[operation.form]
    return " ".join([operation.name, ", ".join(shown)]).strip()


_BY_CODE: dict[Kind, dict[int, Operation]] = {
    kind: {o.code: o for o in operations(kind).values()} for kind in ("int8", "fp32")
}
