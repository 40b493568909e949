"""Pseudo-instructions of RISC-V assembly (RISC-V assembly programmer's manual), as real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .riscv_encoding import signed
from .riscv_syntax import Expression, Operand, Place


class Written(NamedTuple):
    """A real instruction as it would be written: mnemonic and operands."""

    name: str
    operands: tuple[Operand, ...]


def register(number: int, place: Place) -> Operand:
    """A register as an operand."""
    return Operand(number, None, None, place)


def number(value: int, place: Place) -> Operand:
    """A number as an operand."""
    return Operand(None, Expression("number", (value,), place), None, place)


def _based(operator: str, inner: Expression, base: int | None, place: Place) -> Operand:
    return Operand(base, Expression(operator, (inner,), place), None, place)


def load_constant(rd: Operand, value: int) -> list[Written]:
    """``li``: one or two instructions, as the GNU assembler writes them."""
    place = rd.place
    value = signed(value, 32)
    low = signed(value, 12)
    if low == value:
        return [Written("addi", (rd, register(0, place), number(value, place)))]
    upper = Written("lui", (rd, number((value - low) >> 12 & 0xFFFFF, place)))
    assert rd.register is not None
    return [upper, Written("addi", (rd, register(rd.register, place), number(low, place)))] if low else [upper]


def load_address(rd: Operand, symbol: Operand) -> list[Written]:
    """``la``: the address from the program counter, two instructions."""
    return _relative(rd.register, symbol, lambda low: Written("addi", (rd, register(rd.register or 0, rd.place), low)))


def _relative(temporary: int | None, symbol: Operand, last: Callable[[Operand], Written]) -> list[Written]:
    """Auipc into a register, then an instruction with the low part."""
    place, target = symbol.place, symbol.expression
    assert target is not None and temporary is not None
    upper = Written("auipc", (register(temporary, place), _based("%pcrel_hi", target, None, place)))
    # The low part refers to the auipc before it: the assembler's own name for that place.
    here = Expression("symbol", (PREVIOUS,), place)
    return [upper, last(_based("%pcrel_lo", here, None, place))]


PREVIOUS = "the instruction before"
"""A symbol that no source can write: the address of the instruction before this one."""

_TWO = {
    "mv": ("addi", "{0} {1} 0"),
    "not": ("xori", "{0} {1} -1"),
    "neg": ("sub", "{0} zero {1}"),
    "seqz": ("sltiu", "{0} {1} 1"),
    "snez": ("sltu", "{0} zero {1}"),
    "sltz": ("slt", "{0} {1} zero"),
    "sgtz": ("slt", "{0} zero {1}"),
    "beqz": ("beq", "{0} zero {1}"),
    "bnez": ("bne", "{0} zero {1}"),
    "blez": ("bge", "zero {0} {1}"),
    "bgez": ("bge", "{0} zero {1}"),
    "bltz": ("blt", "{0} zero {1}"),
    "bgtz": ("blt", "zero {0} {1}"),
}
_OTHERS = {
    "nop": ("addi", "zero zero 0"),
    "ret": ("jalr", "zero ra 0"),
    "j": ("jal", "zero {0}"),
    "jr": ("jalr", "zero {0} 0"),
    "bgt": ("blt", "{1} {0} {2}"),
    "ble": ("bge", "{1} {0} {2}"),
    "bgtu": ("bltu", "{1} {0} {2}"),
    "bleu": ("bgeu", "{1} {0} {2}"),
    "sgt": ("slt", "{0} {2} {1}"),
    "sgtu": ("sltu", "{0} {2} {1}"),
}
_COUNT = dict.fromkeys(_TWO, 2) | {"nop": 0, "ret": 0, "j": 1, "jr": 1} | dict.fromkeys(
    ("bgt", "ble", "bgtu", "bleu", "sgt", "sgtu"), 3
)  # fmt: skip
_LOADS = ("lb", "lh", "lw", "lbu", "lhu")
_STORES = ("sb", "sh", "sw")
_NAMES = {"zero": 0, "ra": 1}

PSEUDO = frozenset((*_TWO, *_OTHERS, "li", "la", "lla", "call", "tail"))
"""Mnemonics that are no instruction of their own."""


def _need(name: str, operands: tuple[Operand, ...], count: int, place: Place) -> None:
    if len(operands) != count:
        place.fail(f"{name} takes {count} operand{'s' * (count != 1)}, not {len(operands)}")


def expand(
    name: str, operands: tuple[Operand, ...], place: Place, constant: Callable[[Expression], int]
) -> list[Written]:
    """The real instructions of a statement; `constant` evaluates what must be known already."""
    if name in _COUNT:
        _need(name, operands, _COUNT[name], place)
        real, pattern = (_TWO | _OTHERS)[name]
        return [Written(real, tuple(_filled(part, operands, place) for part in pattern.split()))]
    if name == "li":
        _need(name, operands, 2, place)
        rd, value = operands
        if rd.register is None or rd.expression is not None or value.expression is None:
            place.fail("li takes a register and a number")
        found = constant(value.expression)
        if not -(1 << 31) <= found < 1 << 32:
            value.place.fail(f"{found} does not fit into 32 bits")
        return load_constant(rd, found)
    if name in ("la", "lla"):
        _need(name, operands, 2, place)
        if operands[0].register is None or operands[1].expression is None:
            place.fail(f"{name} takes a register and a symbol")
        return load_address(*operands)
    if name in ("call", "tail"):
        _need(name, operands, 1, place)
        link, temporary = (1, 1) if name == "call" else (0, 6)
        if operands[0].expression is None:
            place.fail(f"{name} takes a symbol")
        jump = lambda low: Written(  # noqa: E731
            "jalr", (register(link, place), low._replace(register=temporary))
        )
        return _relative(temporary, operands[0], jump)
    if name in _LOADS and len(operands) == 2 and operands[1].register is None and operands[0].register is not None:
        rd = operands[0]
        return _relative(rd.register, operands[1], lambda low: Written(name, (rd, low._replace(register=rd.register))))
    if name in _STORES and len(operands) == 3 and operands[2].register is not None:
        base = operands[2].register
        return _relative(base, operands[1], lambda low: Written(name, (operands[0], low._replace(register=base))))
    if name == "jal" and len(operands) == 1:
        return [Written("jal", (register(1, place), *operands))]
    if name == "jalr" and len(operands) == 1:
        base = operands[0] if operands[0].expression is not None else operands[0]._replace(
            expression=Expression("number", (0,), place)
        )  # fmt: skip
        return [Written("jalr", (register(1, place), base))]
    return [Written(name, operands)]


def _filled(part: str, operands: tuple[Operand, ...], place: Place) -> Operand:
    if part[0] == "{":
        return operands[int(part[1:-1])]
    return register(_NAMES[part], place) if part in _NAMES else number(int(part), place)
