"""Smallest netlists of the sixteen functions, by exhaustion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from ..builder import Builder
from ..errors import UnsupportedError
from ..gates import LOGIC_GATES
from ..netlist import Netlist
from .post import TWO_INPUT_FUNCTIONS, apply_table, as_function, closure, variable


@dataclass(frozen=True, slots=True)
class Smallest:
    """The smallest netlist of one function from one kind of gate.

    Attributes
    ----------
    name, table
        The function of two inputs, as in :data:`TWO_INPUT_FUNCTIONS`.
    gates, depth : int
        Fewest gates; and the least depth among the netlists of that many gates.
    ruled_out : int
        Sets of functions that fewer gates can compute. All were looked at, none holds this function:
        that is the proof that `gates` is least.
    netlist : Netlist
        Inputs ``a`` and ``b``, output ``out``.
    """

    name: str
    table: int
    gates: int
    depth: int
    ruled_out: int
    netlist: Netlist


class _Search:
    """Breadth first over sets of functions, one more gate a layer.

    A netlist with the fewest gates never computes a function twice (merge the two gates), nor one of
    its sources again (use the wire). So it *is* a set of functions, each the gate applied to others,
    and walking through all such sets of 1, 2, 3, ... gates misses no netlist. Sets are bit masks over
    the sixteen truth tables.
    """

    def __init__(self, gate: tuple[int, int], sources: Iterable[int]) -> None:
        self.sources = tuple(sources)
        self.arity = gate[1]
        self.out = {pins: apply_table(gate[0], pins, 15) for pins in product(range(16), repeat=gate[1])}

    def larger(self, layer: set[int]) -> set[int]:
        """The sets of one more function."""
        found = set()
        for members in layer:
            functions = [t for t in range(16) if members >> t & 1]
            found.update(members | 1 << self.out[pins] for pins in product(functions, repeat=self.arity))
        return found - layer

    def levels(self, members: int) -> tuple[dict[int, int], dict[int, tuple[int, ...]]]:
        """The least level of each function of a set, and the pins that give it."""
        level = dict.fromkeys(self.sources, 0)
        pins_of: dict[int, tuple[int, ...]] = {}
        while len(level) < members.bit_count():
            at = max(level.values()) + 1
            for pins in product(tuple(level), repeat=self.arity):
                t = self.out[pins]
                if members >> t & 1 and t not in level and t not in pins_of:
                    pins_of[t] = pins
            level.update({t: at for t in pins_of if t not in level})
        return level, pins_of


def smallest_netlists(gate: str = "nand", *, constants: bool = False) -> dict[str, Smallest]:
    """The smallest netlist of each function of two inputs from copies of one gate alone.

    Fewest gates first, then least depth; both by exhaustion over all circuits, so they are proven
    least and not only good.

    Parameters
    ----------
    gate : str
        A logic gate of the gate table; the universal ``"nand"`` and ``"nor"`` give all sixteen.
    constants : bool
        Whether the gates may also read the constants 0 and 1. By default only `a` and `b`.

    Returns
    -------
    dict of str to Smallest
        By function name, in the order of :data:`TWO_INPUT_FUNCTIONS`; functions that the gate cannot
        build are absent. `a` and `b` themselves are wires of 0 gates.

    Raises
    ------
    UnknownNameError, UnsupportedError
        No such gate; or one without truth table or without pins.

    Examples
    --------
    >>> found = smallest_netlists("nand")
    >>> {name: found[name].gates for name in ("NOT_A", "AND", "OR", "XOR", "XNOR")}
    {'NOT_A': 1, 'AND': 2, 'OR': 3, 'XOR': 4, 'XNOR': 5}
    >>> found["XOR"].netlist
    <Netlist 'xor_from_nand': 4 gates, 0 registers; in a[1], in b[1], out out[1]>
    """
    row = next((g for g in LOGIC_GATES if g.name == gate.upper()), None)
    if row is None:
        as_function(gate)  # an unknown name, or a gate without truth table, is refused here
        raise UnsupportedError(f"{gate.upper()} is a function, not a logic gate of the gate table: it builds nothing")
    sources = {variable(0, 2): "a", variable(1, 2): "b"} | ({0: "0", 15: "1"} if constants else {})
    search = _Search((row.table, row.arity), sources)
    wanted = closure(row.name, constants=constants)
    layer = {sum(1 << t for t in sources)}
    n_gates = ruled_out = 0
    found: dict[int, Smallest] = {}
    while True:
        for t in sorted(wanted - found.keys()):
            fitting = sorted(members for members in layer if members >> t & 1)
            if fitting:
                depth, members = min((search.levels(m)[0][t], m) for m in fitting)
                net = _netlist(row.name, t, sources, search.levels(members))
                found[t] = Smallest(TWO_INPUT_FUNCTIONS[t].name, t, n_gates, depth, ruled_out, net)
        if len(found) == len(wanted):
            return {f.name: found[f.table] for f in TWO_INPUT_FUNCTIONS if f.table in found}
        ruled_out += len(layer)
        n_gates, layer = n_gates + 1, search.larger(layer)


def _netlist(
    gate: str, target: int, sources: dict[int, str], levels: tuple[dict[int, int], dict[int, tuple[int, ...]]]
) -> Netlist:
    b = Builder(f"{TWO_INPUT_FUNCTIONS[target].name.lower()}_from_{gate.lower()}")
    given = {"a": b.input("a"), "b": b.input("b"), "0": b.zero, "1": b.one}
    bits = {t: given[name] for t, name in sources.items()}
    level, pins_of = levels
    for t in sorted(pins_of, key=lambda t: level[t]):
        bits[t] = b.gate(gate, *(bits[p] for p in pins_of[t]))
    b.output("out", bits[target])
    return b.freeze()
