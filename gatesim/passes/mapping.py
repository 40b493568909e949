"""Technology mapping onto a few gates: ``map_to(net, "nand")``.

Every gate has a template, derived from its formula over and, or, xor and not in the chosen basis. The
NOR template of a gate is the NAND template of its dual with every NAND replaced by a NOR.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from .. import gates
from ..analysis import levels
from ..errors import unknown_name
from ..gates import ARITY, BUF, GATES, IS_LOGIC, LOGIC_GATES, Gate, gates_by_table
from ..netlist import Netlist
from .adders import join_full_adders
from .rewrite import rebuild
from .strash import strash_map

BASES: dict[str, tuple[str, ...]] = {
    "nand": ("NAND",),
    "nor": ("NOR",),
    "aig": ("AND", "NOT"),
    "xag": ("AND", "XOR"),
}
"""Gates of each basis. In ``nand`` and ``nor`` an inverter is a gate on (x, x), in ``xag`` XOR(x, 1)."""

# A signal of a template: a pin (0, 1, ...), a row (~0, ~1, ...), or constant 1.
_ONE = 99


@dataclass(frozen=True)
class Template:
    """Rows of (op, inputs); the last row is the gate's output. No row: the output is pin 0 (a buffer)."""

    rows: tuple[tuple[int, tuple[int, ...]], ...]


class _Basis:
    """Writes and, or, xor and not as rows of a basis; equal rows are shared, double inversions vanish."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, tuple[int, ...]]] = []
        self.inverse: dict[int, int] = {}

    def row(self, op: int, *inputs: int) -> int:
        wanted = (op, tuple(sorted(inputs)))
        if wanted not in self.rows:
            self.rows.append(wanted)
        return ~self.rows.index(wanted)

    def invert(self, x: int) -> int:
        raise TypeError("a basis says how it inverts")

    def not_(self, x: int) -> int:
        if x not in self.inverse:
            y = self.invert(x)
            self.inverse[x], self.inverse[y] = y, x
        return self.inverse[x]

    def and_(self, x: int, y: int) -> int:
        raise TypeError("a basis says how it multiplies")

    def or_(self, x: int, y: int) -> int:
        return self.not_(self.and_(self.not_(x), self.not_(y)))

    def xor(self, x: int, y: int) -> int:
        # As not-both and not-neither: a half adder then shares its AND.
        return self.and_(self.not_(self.and_(x, y)), self.not_(self.and_(self.not_(x), self.not_(y))))

    def xnor(self, x: int, y: int) -> int:
        return self.and_(self.not_(self.and_(x, self.not_(y))), self.not_(self.and_(self.not_(x), y)))

    def mux(self, s: int, d0: int, d1: int) -> int:
        return self.or_(self.and_(self.not_(s), d0), self.and_(s, d1))

    def maj(self, a: int, b: int, c: int) -> int:
        return self.or_(self.and_(a, b), self.and_(c, self.xor(a, b)))  # shares the XOR of a full adder


class _Nand(_Basis):
    def nand(self, x: int, y: int) -> int:
        return self.row(gates.NAND, x, y)

    def invert(self, x: int) -> int:
        return self.nand(x, x)

    def and_(self, x: int, y: int) -> int:
        low = self.nand(x, y)
        if low not in self.inverse:
            # Promise the inverter without writing it: most readers want the NAND itself.
            high = ~(10_000 + ~low)
            self.inverse[low], self.inverse[high] = high, low
        return self.inverse[low]

    def real(self, x: int) -> int:
        """The row of a promised inverter, written now."""
        if x <= ~10_000:
            low = self.inverse[x]
            return self.nand(low, low)
        return x

    def xor(self, x: int, y: int) -> int:
        x, y = self.real(x), self.real(y)
        both = self.nand(x, y)
        return self.nand(self.nand(x, both), self.nand(y, both))

    def xnor(self, x: int, y: int) -> int:
        # Five rows like XOR and an inverter, but shared with NAND(x, y) and OR(x, y); its dual, the
        # XOR of NORs, is then shared with the AND of a half adder.
        return self.or_(self.and_(x, y), self.and_(self.not_(x), self.not_(y)))

    def row(self, op: int, *inputs: int) -> int:
        return super().row(op, *(self.real(x) for x in inputs))


class _Aig(_Basis):
    def invert(self, x: int) -> int:
        return self.row(gates.NOT, x)

    def and_(self, x: int, y: int) -> int:
        return self.row(gates.AND, x, y)


class _Xag(_Basis):
    def invert(self, x: int) -> int:
        return self.row(gates.XOR, x, _ONE)

    def and_(self, x: int, y: int) -> int:
        return self.row(gates.AND, x, y)

    def xor(self, x: int, y: int) -> int:
        return self.row(gates.XOR, x, y)

    def xnor(self, x: int, y: int) -> int:
        return self.not_(self.xor(x, y))

    def or_(self, x: int, y: int) -> int:
        return self.xor(self.xor(x, y), self.and_(x, y))

    def mux(self, s: int, d0: int, d1: int) -> int:
        return self.xor(d0, self.and_(s, self.xor(d0, d1)))

    def maj(self, a: int, b: int, c: int) -> int:
        return self.xor(a, self.and_(self.xor(a, b), self.xor(a, c)))


class _XagByDeMorgan(_Xag):
    """OR as the inverse of an AND: one row less where its pins or its result are inverted."""

    def or_(self, x: int, y: int) -> int:
        return _Basis.or_(self, x, y)


_KINDS: dict[str, tuple[type[_Basis], ...]] = {"nand": (_Nand,), "aig": (_Aig,), "xag": (_Xag, _XagByDeMorgan)}


def _tree(join: Callable[[int, int], int], parts: list[int]) -> int:
    while len(parts) > 1:
        parts = [join(*parts[i : i + 2]) if i + 1 < len(parts) else parts[i] for i in range(0, len(parts), 2)]
    return parts[0]


def _formula(g: Gate, t: _Basis) -> int:
    """The gate's output as a signal of the basis `t`."""
    pins = list(range(g.arity))
    name = g.name.rstrip("0123456789")
    joins = {"AND": t.and_, "OR": t.or_, "XOR": t.xor}
    if name in joins:
        return _tree(joins[name], pins)
    if name == "XNOR":
        return t.xnor(_tree(t.xor, pins[: (g.arity + 1) // 2]), _tree(t.xor, pins[(g.arity + 1) // 2 :]))
    inverted = {"NAND": t.and_, "NOR": t.or_}
    if name in inverted:
        return t.not_(_tree(inverted[name], pins))
    if name in ("AOI", "OAI"):
        inner, outer = (t.and_, t.or_) if name == "AOI" else (t.or_, t.and_)
        groups, at = [], 0
        for size in map(int, g.name[3:]):
            groups.append(_tree(inner, pins[at : at + size]))
            at += size
        return t.not_(_tree(outer, groups))
    a, b, c = [*pins, 0, 0][:3]
    forms: dict[str, Callable[[], int]] = {
        "BUF": lambda: a,
        "NOT": lambda: t.not_(a),
        "ANDNOT": lambda: t.and_(a, t.not_(b)),
        "NOTAND": lambda: t.and_(t.not_(a), b),
        "ORNOT": lambda: t.or_(a, t.not_(b)),
        "NOTOR": lambda: t.or_(t.not_(a), b),
        "MUX": lambda: t.mux(a, b, c),
        "MAJ": lambda: t.maj(a, b, c),
    }
    return forms[name]()


def _template(g: Gate, basis: _Basis) -> Template:
    out = _formula(g, basis)
    if isinstance(basis, _Nand):
        out = basis.real(out)
    if out >= 0:
        return Template(())
    # Keep what the output needs, in order, the output last.
    needed: list[int] = []

    def visit(signal: int) -> None:
        if signal < 0 and ~signal not in needed:
            for source in basis.rows[~signal][1]:
                visit(source)
            needed.append(~signal)

    visit(out)
    place = {row: ~k for k, row in enumerate(needed)}
    rows = [basis.rows[row] for row in needed]
    return Template(tuple((op, tuple(place[~x] if x < 0 else x for x in inputs)) for op, inputs in rows))


def _dual(g: Gate) -> tuple[Gate, tuple[int, ...]]:
    """The gate that computes not g(not x), and its wiring."""
    top = (1 << (1 << g.arity)) - 1
    table = sum((g.table >> i & 1 ^ 1) << ((1 << g.arity) - 1 - i) for i in range(1 << g.arity)) & top
    op, order = gates_by_table()[g.arity, table]
    return GATES[op], order


@cache
def templates(basis: str) -> dict[int, Template]:
    """Template of every logic op in `basis`."""
    if basis == "nor":
        found: dict[int, Template] = {}
        for g in LOGIC_GATES:
            dual, order = _dual(g)
            rows = templates("nand")[dual.op].rows
            found[g.op] = Template(
                tuple((gates.NOR, tuple(order[x] if 0 <= x < _ONE else x for x in inputs)) for _, inputs in rows)
            )
        return found
    return {g.op: min((_template(g, kind()) for kind in _KINDS[basis]), key=_n_rows) for g in LOGIC_GATES}


def _n_rows(template: Template) -> int:
    return len(template.rows)


def map_to(net: Netlist, basis: str, *, optimise: bool = True) -> Netlist:
    """`net` built from the gates of one basis only; flip-flops and memories stay.

    Parameters
    ----------
    net : Netlist
        Without combinational loops.
    basis : {"nand", "nor", "aig", "xag"}
        See :data:`BASES`.
    optimise : bool
        Join full adders before (so that each costs nine NANDs or nine NORs), and fold constants, share
        equal gates and drop dead ones afterwards (``strash``). Without it every gate becomes its
        template and nothing else.

    Raises
    ------
    UnknownNameError
        No such basis.
    LoopError
        A combinational loop.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("xor"); b.output("z", b.input("x") ^ b.input("y"))
    >>> map_to(b.freeze(), "nand").counts()
    {'INPUT': 2, 'NAND': 4}
    """
    return map_to_map(net, basis, optimise=optimise)[0]


def map_to_map(net: Netlist, basis: str, *, optimise: bool = True) -> tuple[Netlist, np.ndarray]:
    """:func:`map_to`, and (n_nets,) int32: the new net of every old one, -1 where it is gone."""
    if basis not in BASES:
        raise unknown_name("basis", basis, BASES)
    levels(net)
    expanded, final = expand(join_full_adders(net) if optimise else net, templates(basis))
    if not optimise:
        return expanded, final
    clean, swept = strash_map(expanded, BASES[basis])
    return clean, swept[final].astype(np.int32)


def expand(net: Netlist, by_op: dict[int, Template]) -> tuple[Netlist, np.ndarray]:
    """Replace every logic cell by its template, all cells of one op at a time."""
    net.require_two_valued("mapping onto gates")
    size_of_op = np.ones(len(GATES), np.int64)
    for op, template in by_op.items():
        size_of_op[op] = len(template.rows)
    size = size_of_op[net.op]
    base = np.concatenate(([0], np.cumsum(size)))
    final = base[1:] - 1
    source = np.arange(net.n_nets)
    buffers = np.flatnonzero(net.op == BUF)
    source[buffers] = net.fanin[net.fanin_ptr[buffers]]
    while not np.array_equal(further := source[source], source):  # chains of buffers
        source = further
    final = final[source]
    owner = np.repeat(np.arange(net.n_nets), size)
    op = net.op[owner].copy()
    n_pins = np.diff(net.fanin_ptr)[owner]
    for logic_op, template in by_op.items():
        cells = np.flatnonzero(net.op == logic_op)
        for j, (row_op, inputs) in enumerate(template.rows):
            op[base[cells] + j] = row_op
            n_pins[base[cells] + j] = len(inputs)
    ptr = np.concatenate(([0], np.cumsum(n_pins)))
    fanin = np.zeros(int(ptr[-1]), np.int64)
    for logic_op, template in by_op.items():
        cells = np.flatnonzero(net.op == logic_op)
        if not len(cells):
            continue
        pins = [final[net.fanin[net.fanin_ptr[cells] + k]] for k in range(int(ARITY[logic_op]))]
        for j, (_, inputs) in enumerate(template.rows):
            for k, x in enumerate(inputs):
                value = 1 if x == _ONE else pins[x] if x >= 0 else base[cells] + ~x
                fanin[ptr[base[cells] + j] + k] = value
    fanin[np.repeat(~IS_LOGIC[net.op[owner]], n_pins)] = final[
        net.fanin[np.repeat(~IS_LOGIC[net.op], np.diff(net.fanin_ptr))]
    ]
    return rebuild(net, op, ptr, fanin, net.scope_of[owner], final, net.op != BUF), final.astype(np.int32)
