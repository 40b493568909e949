"""DIMACS CNF: a formula of clauses as a netlist, read only.

Variables 1 to V are bits 0 to V - 1 of the input ``x``; the output ``satisfied`` is 1 where every clause is.
Each clause is a tree of ORs, their conjunction a tree of ANDs; a variable has one inverter, whoever reads it.

Source: "Satisfiability: Suggested Format", DIMACS Challenge, 1993. Files of SATLIB end in a line ``%``: what
follows it is no clause.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..builder import Builder
from ..errors import ParseError
from ..netlist import Netlist
from ..signals import Bit
from .ports import MAX_PORT_BITS, title

SUFFIXES = (".cnf", ".dimacs")

INPUT, OUTPUT = "x", "satisfied"
"""The ports."""


def parse(text: str, source: str = "<text>") -> Netlist:
    r"""The netlist of a DIMACS text.

    Raises
    ------
    ParseError
        With the line: no ``p cnf`` line, a word that is no integer, a variable that the header does not promise, a
        last clause without its 0, or another number of clauses than promised.

    Examples
    --------
    >>> parse("p cnf 2 2\n1 -2 0\n2 0\n").counts()
    {'INPUT': 2, 'NOT': 1, 'AND': 1, 'OR': 1}
    """
    n_variables, clauses = _clauses(text, source)
    b = Builder(title(source, "cnf"))
    x = b.input_bus(INPUT, n_variables) if n_variables else ()
    inverted: dict[int, Bit] = {}

    def literal(number: int) -> Bit:
        if number > 0:
            return x[number - 1]
        if number not in inverted:
            inverted[number] = ~x[-number - 1]
        return inverted[number]

    met = [_joined([literal(k) for k in clause], "OR", b.zero) for clause in clauses]
    b.output(OUTPUT, _joined(met, "AND", b.one))
    return b.freeze()


def _joined(bits: list[Bit], gate: str, empty: Bit) -> Bit:
    """A balanced tree of two-input gates; `empty` where there is nothing to join."""
    if not bits:
        return empty
    while len(bits) > 1:
        pairs = [bits[i].builder.gate(gate, bits[i], bits[i + 1]) for i in range(0, len(bits) - 1, 2)]
        bits = pairs + bits[2 * len(pairs) :]
    return bits[0]


def _clauses(text: str, source: str) -> tuple[int, list[list[int]]]:
    header: tuple[int, int] | None = None
    clauses: list[list[int]] = []
    clause: list[int] = []
    last = 0
    for number, line in _lines(text):
        last = number
        if line.startswith("p"):
            if header is not None:
                raise ParseError("a second 'p cnf' line", source=source, line=number)
            header = _header(line, source, number)
            continue
        if header is None:
            raise ParseError("a clause before the line 'p cnf VARIABLES CLAUSES'", source=source, line=number)
        for word in line.split():
            value = _integer(word, source, number)
            if value == 0:
                clauses.append(clause)
                clause = []
            elif abs(value) > header[0]:
                raise ParseError(f"variable {abs(value)}: the header promises {header[0]}", source=source, line=number)
            else:
                clause.append(value)
    if header is None:
        raise ParseError("no line 'p cnf VARIABLES CLAUSES'", source=source)
    if clause:
        raise ParseError("the last clause has no 0 at its end (the file may be cut off)", source=source, line=last)
    if len(clauses) != header[1]:
        raise ParseError(
            f"the header promises {header[1]:,} clauses; the file has {len(clauses):,} (it may be cut off)",
            source=source,
        )
    return header[0], clauses


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that hold something, with their numbers; none from a ``%`` on."""
    for number, written in enumerate(text.splitlines(), 1):
        line = written.strip()
        if line.startswith("%"):
            return
        if line and not line.startswith("c"):
            yield number, line


def _header(line: str, source: str, number: int) -> tuple[int, int]:
    words = line.split()
    if len(words) != 4 or words[:2] != ["p", "cnf"]:
        raise ParseError(f"expected 'p cnf VARIABLES CLAUSES', found {line[:60]!r}", source=source, line=number)
    n_variables, n_clauses = (_integer(w, source, number) for w in words[2:])
    if n_variables < 0 or n_clauses < 0 or n_variables > MAX_PORT_BITS:
        raise ParseError(
            f"{n_variables} variables and {n_clauses} clauses: 0 to {MAX_PORT_BITS:,} variables can be read",
            source=source, line=number,
        )  # fmt: skip
    return n_variables, n_clauses


def _integer(word: str, source: str, line: int) -> int:
    if not word.isascii() or not word.removeprefix("-").isdigit() or len(word) > 12:
        raise ParseError(f"expected an integer, found {word[:40]!r}", source=source, line=line)
    return int(word)
