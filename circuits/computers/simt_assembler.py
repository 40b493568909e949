"""The assembler of the SIMT machine: instructions, labels, data, and what goes wrong with them, by line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatesim.errors import ParseError

from .simt_language import (
    IMMEDIATE_BITS,
    STACK_DEPTH,
    Kind,
    Operation,
    disassemble,
    encode,
    operations,
)

PSEUDO = {"li": "add {0}, s0, {1}", "mov": "add {0}, {1}, 0", "jmp": "beq s0, s0, {0}"}
"""Instructions that are others: load a number, copy a scalar register, jump always."""

MOST_DATA = 1 << 24

_NAME = re.compile(r"[A-Za-z_.][A-Za-z0-9_.]*")
_POINTER = re.compile(r"\(\s*s([0-7])\s*\)(?:\s*\+\s*([^+\s].*))?")
_LANES = re.compile(r"\(\s*s([0-7])\s*\+\s*v([0-7])\s*\)(?:\s*\+\s*s([0-7]))?")


@dataclass(frozen=True)
class SimtProgram:
    """Machine code and data of a kernel.

    Attributes
    ----------
    kind : {"int8", "fp32"}
        The lanes that it is for.
    words, lines : tuple of int
        Instructions, and the line of each in the source.
    data : bytes
        What the shared memory holds at first, from address 0 on.
    labels : dict of str to int
        Addresses of instructions and of data by name.
    source : str
    """

    kind: Kind
    words: tuple[int, ...]
    lines: tuple[int, ...]
    data: bytes = b""
    labels: dict[str, int] = field(default_factory=dict)
    source: str = "<text>"

    def where(self, address: int) -> str:
        """An instruction for a message: its address, its text, its line."""
        if address >= len(self.words):
            return f"address {address}, past the program's end"
        text = disassemble(self.words[address], self.kind)
        return f"address {address} ({text}, {self.source}:{self.lines[address]})"


@dataclass
class _Line:
    """An instruction on its way: its line, name, operands, and the blocks of ``if`` that it stands in."""

    number: int
    name: str
    operands: list[str]
    block: tuple[int, ...] = ()


def assemble_simt(text: str, kind: Kind = "int8", source: str = "<text>") -> SimtProgram:
    r"""Machine code of a kernel.

    One instruction a line (see :data:`~circuits.computers.simt_language.OPERATIONS`); ``;`` starts a
    comment; ``name:`` is a label. ``.kind fp32`` says which lanes a kernel is for, ``.word``, ``.byte`` and
    ``.space`` put data into the shared memory, from address 0 on, and ``.set name, number`` names a number.
    ``li``, ``mov`` and ``jmp`` are short for other instructions.

    Raises
    ------
    ParseError
        Says the line of what cannot be read; of an ``if`` without ``end``, or a jump into or out of one.

    Examples
    --------
    >>> program = assemble_simt("li s1, 3\nagain: vadd v0, v0, 1\nloop s1, again\nhalt")
    >>> len(program.words), program.labels
    (4, {'again': 1})
    """
    return _Assembly(text, kind, source).program()


def read_simt(path: str | Path) -> SimtProgram:
    """The kernel in a file; ParseError where it cannot be read."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is no text"
        raise ParseError(f"cannot read this kernel: {reason}", source=str(path)) from None
    return assemble_simt(text, source=str(path))


class _Assembly:
    def __init__(self, text: str, kind: Kind, source: str) -> None:
        self.kind: Kind = kind
        self.source, self.at = source, 0
        self.labels: dict[str, int] = {}
        self.label_blocks: dict[str, tuple[int, ...]] = {}
        self.numbers: dict[str, int] = {}
        self.data = bytearray()
        self.lines: list[_Line] = []
        for number, line in enumerate(text.splitlines(), 1):
            self.at = number
            self._read(line.partition(";")[0].strip())
        self.known = operations(self.kind)
        self._nest()

    def fail(self, message: str) -> ParseError:
        """An error at the present line."""
        return ParseError(message, source=self.source, line=self.at)

    # -- first pass: lines, labels, data -----------------------------------------------------

    def _read(self, code: str) -> None:
        while (colon := code.find(":")) >= 0:
            self._label(code[:colon].strip())
            code = code[colon + 1 :].strip()
        if not code:
            return
        name, _, rest = code.partition(" ")
        operands = [part.strip() for part in rest.split(",")] if rest.strip() else []
        if name.startswith("."):
            self._directive(name, operands)
            return
        if name in PSEUDO:
            wanted = PSEUDO[name].count("{")
            if len(operands) != wanted:
                raise self.fail(f"{name} takes {wanted} operands, not {len(operands)}")
            name, _, rest = PSEUDO[name].format(*operands).partition(" ")
            operands = [part.strip() for part in rest.split(",")]
        self.lines.append(_Line(self.at, name, operands))

    def _label(self, name: str) -> None:
        if not _NAME.fullmatch(name) or re.fullmatch("[sv][0-7]", name):
            raise self.fail(f"cannot read the label {name!r}: write name:")
        if name in self.labels or name in self.numbers:
            raise self.fail(f"{name!r} is defined twice")
        self.labels[name] = len(self.lines)
        self.numbers[name] = len(self.data)

    def _directive(self, name: str, operands: list[str]) -> None:
        if name == ".kind" and operands in (["int8"], ["fp32"]):
            self.kind = "int8" if operands == ["int8"] else "fp32"
        elif name in (".word", ".byte"):
            size = 4 if name == ".word" else 1
            if len(self.data) % size:
                raise self.fail(f".word at address {len(self.data)}: a multiple of 4 is wanted, put .space before it")
            for operand in operands:
                value = self._number(operand)
                if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
                    raise self.fail(f"{operand} does not fit into {name}")
                self.data += (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
        elif name == ".space" and len(operands) == 1:
            size = self._number(operands[0])
            if not 0 <= size <= MOST_DATA - len(self.data):
                raise self.fail(f".space {operands[0]}: there is room for {MOST_DATA} bytes of data")
            self.data += bytes(size)
        elif name == ".set" and len(operands) == 2:
            if operands[0] in self.numbers or not _NAME.fullmatch(operands[0]):
                raise self.fail(f"cannot define {operands[0]!r}: it is no name, or defined already")
            self.numbers[operands[0]] = self._number(operands[1])
        else:
            shown = " ".join([name, ", ".join(operands)]).strip()
            raise self.fail(f"cannot read {shown!r}; known: .kind int8|fp32, .word, .byte, .space, .set")

    def _number(self, text: str) -> int:
        if text in self.numbers:
            return self.numbers[text]
        try:
            if len(text) > 40:
                raise ValueError
            return int(text, 0)
        except ValueError:
            raise self.fail(f"{text[:40]!r} is no number, and no name of one") from None

    # -- blocks of if ------------------------------------------------------------------------

    def _nest(self) -> None:
        """Give every instruction and every label the blocks it stands in; refuse what does not nest."""
        block: tuple[int, ...] = ()
        opened: list[_Line] = []
        at_address: list[tuple[int, ...]] = []
        for k, line in enumerate(self.lines):
            self.at = line.number
            at_address.append(block)
            line.block = block
            if line.name in ("iflt", "ifeq"):
                if len(opened) == STACK_DEPTH:
                    raise self.fail(f"if is nested more than {STACK_DEPTH} deep")
                opened.append(line)
                block = (*block, k)
            elif line.name in ("else", "end"):
                if not opened:
                    raise self.fail(f"{line.name} without an if")
                block = (*block[:-1], k) if line.name == "else" else block[:-1]
                if line.name == "end":
                    opened.pop()
        if opened:
            self.at = opened[-1].number
            raise self.fail(f"{opened[-1].name} has no end")
        at_address.append(block)
        self.label_blocks = {name: at_address[address] for name, address in self.labels.items()}

    # -- second pass: words ------------------------------------------------------------------

    def program(self) -> SimtProgram:
        """The assembled program."""
        words = []
        for line in self.lines:
            self.at = line.number
            words.append(self._word(line))
        if not words:
            raise ParseError("there is no instruction in this kernel", source=self.source)
        last = self.lines[-1]
        if last.name != "halt" and not (last.name == "beq" and last.operands[0] == last.operands[1]):
            self.at = last.number
            raise self.fail("the program runs past its end here: end it with halt")
        names = {**self.labels, **{k: v for k, v in self.numbers.items() if k not in self.labels}}
        return SimtProgram(
            self.kind, tuple(words), tuple(n.number for n in self.lines), bytes(self.data), names, self.source
        )

    def _word(self, line: _Line) -> int:
        if line.name not in self.known:
            other = operations("fp32" if self.kind == "int8" else "int8")
            where = f" on {self.kind} lanes" if line.name in other else ""
            raise self.fail(f"unknown instruction {line.name!r}{where}; known: {', '.join(self.known)}")
        operation = self.known[line.name]
        form = [part for part in operation.form.split(",") if part]
        if len(line.operands) != len(form):
            shown = f" ({operation.form})" if form else ""
            raise self.fail(f"{line.name} takes {len(form)} operands{shown}, not {len(line.operands)}")
        return _FORMS[operation.form](self, operation, line)

    def _register(self, letter: str, text: str) -> int:
        if not re.fullmatch(f"{letter}[0-7]", text):
            raise self.fail(f"{text!r} is no register {letter}0 to {letter}7")
        return int(text[1])

    def _immediate(self, text: str) -> int:
        value = self._number(text)
        if not -(1 << IMMEDIATE_BITS - 1) <= value < 1 << IMMEDIATE_BITS - 1:
            raise self.fail(f"{text} does not fit into the {IMMEDIATE_BITS} bits of an instruction: load a .word")
        return value

    def _operand(self, text: str, vector: bool = True) -> dict[str, Any]:
        if vector and re.fullmatch("v[0-7]", text):
            return {"rb": int(text[1])}
        if re.fullmatch("s[0-7]", text):
            return {"rb": int(text[1]), "scalar": vector}
        return {"number": self._immediate(text)}

    def _target(self, line: _Line) -> int:
        name = line.operands[-1]
        if name not in self.labels:
            raise self.fail(f"there is no label {name!r}")
        if self.label_blocks[name] != line.block:
            raise self.fail(f"{line.name} jumps to {name!r} into or out of an if: masks would be wrong there")
        return self.labels[name]

    def _branch(self, o: Operation, line: _Line) -> int:
        registers = [self._register("s", text) for text in line.operands[:-1]]
        rd, ra = (*registers, 0, 0)[:2]
        return encode(o, rd, ra, number=self._target(line))

    def _scalar(self, o: Operation, line: _Line) -> int:
        rd, ra = (self._register("s", text) for text in line.operands[:2])
        return encode(o, rd, ra, **self._operand(line.operands[2], vector=False))

    def _scalar_load(self, o: Operation, line: _Line) -> int:
        rd, place = self._register("s", line.operands[0]), _POINTER.fullmatch(line.operands[1])
        if place is None:
            raise self.fail(f"cannot read {line.operands[1]!r}: write (s1) or (s1)+4")
        step = self._immediate(place[2] or "0")
        if rd == int(place[1]) and rd and step:
            raise self.fail(f"s{rd} cannot be loaded and moved on in one instruction")
        return encode(o, rd, int(place[1]), number=step)

    def _vector(self, o: Operation, line: _Line) -> int:
        rd, ra = (self._register("v", text) for text in line.operands[:2])
        return encode(o, rd, ra, **self._operand(line.operands[2]))

    def _one_vector(self, o: Operation, line: _Line) -> int:
        register = self._register("v", line.operands[0])
        operand = self._operand(line.operands[1])
        return encode(o, rd=register, **operand) if o.name == "vmov" else encode(o, ra=register, **operand)

    def _vector_memory(self, o: Operation, line: _Line) -> int:
        rd, place = self._register("v", line.operands[0]), _LANES.fullmatch(line.operands[1])
        if place is None:
            raise self.fail(f"cannot read {line.operands[1]!r}: write (s1+v2) or (s1+v2)+s3")
        return encode(o, rd, int(place[1]), int(place[2]), rc=int(place[3] or 0))


_FORMS: dict[str, Callable[[_Assembly, Operation, _Line], int]] = {
    "": lambda a, o, line: encode(o),
    "S,L": _Assembly._branch,
    "S,S,L": _Assembly._branch,
    "L": _Assembly._branch,
    "S,S,SO": _Assembly._scalar,
    "S,(S)+#": _Assembly._scalar_load,
    "V,V,O": _Assembly._vector,
    "V,O": _Assembly._one_vector,
    "V": lambda a, o, line: encode(o, a._register("v", line.operands[0])),
    "V,(S+V)+S": _Assembly._vector_memory,
}
