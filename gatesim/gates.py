"""The gate table: one row a gate, and the bit conventions that everything shares.

Conventions, stated once
------------------------
* A bus is LSB first: index 0 is the least significant bit.
* Pin ``k`` of a gate is bit ``k`` of the index into its truth table, and the table is an integer
  whose bit ``i`` is the output for index ``i``. AND is ``0b1000``, NAND ``0b0111``.
* Pattern ``p`` is bit ``p & 63`` of word ``p >> 6``; unused lanes read 0.
* Net 0 is constant 0 and net 1 is constant 1 in every netlist.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import Literal

import numpy as np

from .errors import unknown_name

Kind = Literal["source", "logic", "register", "memory", "tristate"]

VARIADIC = 255
"""Arity of a memory read-data cell: as many pins as its read port has address bits."""

MAX_ARITY = 4
"""The most pins that a logic gate has."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One row of the gate table.

    Attributes
    ----------
    op : int
        Code stored in ``Netlist.op``.
    name : str
        Upper-case name, as used by ``Builder.gate`` and in statistics.
    pins : tuple of str
        Pin names in pin order; empty for sources and for the variadic ``READ``.
    table : int
        Truth table of a logic gate (see the module's conventions); 0 for other kinds.
    kind : {"source", "logic", "register", "memory", "tristate"}
        Only ``logic`` cells are evaluated from their table within a cycle. ``tristate`` cells know a
        third value, Z (nobody drives): they need a four-valued engine (see :mod:`gatesim.four`).
    delay : int
        Default delay in unit gate delays.
    help : str
        One line for people.
    """

    op: int
    name: str
    pins: tuple[str, ...]
    table: int
    kind: Kind
    delay: int
    help: str

    @property
    def arity(self) -> int:
        """Number of pins, or ``VARIADIC`` for a memory read-data cell."""
        return VARIADIC if self.kind == "memory" else len(self.pins)


def _table_of(arity: int, function) -> int:
    table = 0
    for index in range(1 << arity):
        bits = [(index >> k) & 1 for k in range(arity)]
        table |= (function(*bits) & 1) << index
    return table


def _rows() -> tuple[Gate, ...]:
    rows: list[Gate] = []

    def row(name: str, pins: str, function, text: str, *, kind: Kind = "logic", delay: int = 1) -> None:
        names = tuple(pins.split())
        table = _table_of(len(names), function) if function is not None else 0
        rows.append(Gate(len(rows), name, names, table, kind, delay, text))

    row("CONST0", "", None, "constant 0 (net 0)", kind="source", delay=0)
    row("CONST1", "", None, "constant 1 (net 1)", kind="source", delay=0)
    row("INPUT", "", None, "a bit of an input port", kind="source", delay=0)
    row("BUF", "a", lambda a: a, "a")
    row("NOT", "a", lambda a: 1 - a, "not a")
    row("AND", "a b", lambda a, b: a & b, "a and b")
    row("NAND", "a b", lambda a, b: 1 - (a & b), "not (a and b)")
    row("OR", "a b", lambda a, b: a | b, "a or b")
    row("NOR", "a b", lambda a, b: 1 - (a | b), "not (a or b)")
    row("XOR", "a b", lambda a, b: a ^ b, "a differs from b")
    row("XNOR", "a b", lambda a, b: 1 - (a ^ b), "a equals b")
    row("ANDNOT", "a b", lambda a, b: a & (1 - b), "a and not b")
    row("NOTAND", "a b", lambda a, b: (1 - a) & b, "b and not a")
    row("ORNOT", "a b", lambda a, b: a | (1 - b), "a or not b (b implies a)")
    row("NOTOR", "a b", lambda a, b: (1 - a) | b, "b or not a (a implies b)")
    for arity, pins in ((3, "a b c"), (4, "a b c d")):
        word = " and ".join(pins.split()), " or ".join(pins.split())
        row(f"AND{arity}", pins, lambda *v: int(all(v)), word[0])
        row(f"NAND{arity}", pins, lambda *v: 1 - int(all(v)), f"not ({word[0]})")
        row(f"OR{arity}", pins, lambda *v: int(any(v)), word[1])
        row(f"NOR{arity}", pins, lambda *v: 1 - int(any(v)), f"not ({word[1]})")
        row(f"XOR{arity}", pins, lambda *v: sum(v) & 1, "parity of the pins")
        row(f"XNOR{arity}", pins, lambda *v: 1 - (sum(v) & 1), "inverted parity of the pins")
    row("MUX", "s d0 d1", lambda s, d0, d1: d1 if s else d0, "d1 when s, else d0")
    row("MAJ", "a b c", lambda a, b, c: int(a + b + c > 1), "majority of the pins")
    row("AOI21", "a b c", lambda a, b, c: 1 - ((a & b) | c), "not ((a and b) or c)")
    row("OAI21", "a b c", lambda a, b, c: 1 - ((a | b) & c), "not ((a or b) and c)")
    row("AOI22", "a b c d", lambda a, b, c, d: 1 - ((a & b) | (c & d)), "not ((a and b) or (c and d))")
    row("OAI22", "a b c d", lambda a, b, c, d: 1 - ((a | b) & (c | d)), "not ((a or b) and (c or d))")
    row("AOI211", "a b c d", lambda a, b, c, d: 1 - ((a & b) | c | d), "not ((a and b) or c or d)")
    row("OAI211", "a b c d", lambda a, b, c, d: 1 - ((a | b) & c & d), "not ((a or b) and c and d)")
    flop = "D flip-flop: at the clock edge q becomes {0} if rst, else d if en, else stays; powers up to {0}"
    row("DFF", "d en rst", None, flop.format(0), kind="register")
    row("DFF1", "d en rst", None, flop.format(1), kind="register")
    row("READ", "", None, "a read-data bit of a memory; its pins are the read address", kind="memory")
    row("TRI", "a en", None, "a while en is 1, else Z (drives nothing)", kind="tristate")
    row("RESOLVE", "a b", None, "two drivers on one net: Z yields, a conflict is X", kind="tristate", delay=0)
    row("PULLUP", "a", None, "1 where a is Z, else a", kind="tristate", delay=0)
    row("PULLDOWN", "a", None, "0 where a is Z, else a", kind="tristate", delay=0)
    return tuple(rows)


GATES: tuple[Gate, ...] = _rows()
"""Every gate, indexed by op code."""

_BY_NAME = {g.name: g for g in GATES}

ARITY = np.array([g.arity for g in GATES], dtype=np.uint8)
"""(n_ops,) uint8: pins of each op; ``VARIADIC`` for READ."""
TABLE = np.array([g.table for g in GATES], dtype=np.uint16)
"""(n_ops,) uint16: truth table of each op; 0 where the op is not logic."""
IS_LOGIC = np.array([g.kind == "logic" for g in GATES], dtype=np.bool_)
"""(n_ops,) bool: the op is evaluated from its truth table."""
IS_REGISTER = np.array([g.kind == "register" for g in GATES], dtype=np.bool_)
"""(n_ops,) bool: the op is a flip-flop."""
IS_TRISTATE = np.array([g.kind == "tristate" for g in GATES], dtype=np.bool_)
"""(n_ops,) bool: the op can give or read Z, so that two-valued engines refuse it."""
for _array in (ARITY, TABLE, IS_LOGIC, IS_REGISTER, IS_TRISTATE):
    _array.flags.writeable = False

CONST0, CONST1, INPUT, BUF, NOT = (_BY_NAME[n].op for n in ("CONST0", "CONST1", "INPUT", "BUF", "NOT"))
AND, NAND, OR, NOR, XOR, XNOR = (_BY_NAME[n].op for n in ("AND", "NAND", "OR", "NOR", "XOR", "XNOR"))
MUX, MAJ, XOR3 = (_BY_NAME[n].op for n in ("MUX", "MAJ", "XOR3"))
DFF, DFF1, READ = (_BY_NAME[n].op for n in ("DFF", "DFF1", "READ"))
TRI, RESOLVE, PULLUP, PULLDOWN = (_BY_NAME[n].op for n in ("TRI", "RESOLVE", "PULLUP", "PULLDOWN"))

LOGIC_GATES: tuple[Gate, ...] = tuple(g for g in GATES if g.kind == "logic")
"""The rows that have a truth table."""


def gate(name: str) -> Gate:
    """Return the gate called `name` (any case).

    Raises
    ------
    UnknownNameError
        No such gate; the message suggests the nearest name.

    Examples
    --------
    >>> gate("nand").table == 0b0111
    True
    """
    try:
        return _BY_NAME[name.upper()]
    except (KeyError, AttributeError):
        raise unknown_name("gate", name, _BY_NAME) from None


def permute_table(table: int, arity: int, order: tuple[int, ...]) -> int:
    """Truth table after wiring: new pin ``j`` feeds old pin ``order[j]``.

    Examples
    --------
    >>> bin(permute_table(gate("ANDNOT").table, 2, (1, 0))) == bin(gate("NOTAND").table)
    True
    """
    result = 0
    for index in range(1 << arity):
        old = 0
        for j in range(arity):
            old |= ((index >> j) & 1) << order[j]
        result |= ((table >> old) & 1) << index
    return result


@cache
def gates_by_table(ops: frozenset[int] | None = None) -> dict[tuple[int, int], tuple[int, tuple[int, ...]]]:
    """Map ``(arity, table)`` to ``(op, order)``: which gate has that function, with which wiring.

    ``order[k]`` is the pin of the wanted function that feeds pin ``k`` of the gate. Only gates whose
    op is in `ops` are used (all logic gates when None); where several fit, the lowest op and the
    identity wiring win.
    """
    found: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {}
    for g in LOGIC_GATES:
        if ops is not None and g.op not in ops:
            continue
        for order in permutations(range(g.arity)):
            # The gate's pin k receives wanted pin order[k], so wanted pin j feeds gate pin inverse[j].
            inverse = tuple(order.index(j) for j in range(g.arity))
            found.setdefault((g.arity, permute_table(g.table, g.arity, inverse)), (g.op, order))
    return found
