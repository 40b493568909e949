"""Truth table and Karnaugh map of a net, as a function of the nets that its cone starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import TooLargeError, UnsupportedError
from ..gates import GATES, IS_LOGIC
from ..netlist import Netlist

MAX_INPUTS = 6


@dataclass(frozen=True, eq=False)
class Truth:
    """One net as a function of a few others.

    Attributes
    ----------
    net : int
    inputs : tuple of int
        Nets that the function reads, most significant first: ports, registers and read data.
    values : (2 ** len(inputs),) uint8
        The net for each combination, counting upward.
    """

    netlist: Netlist
    net: int
    inputs: tuple[int, ...]
    values: np.ndarray

    def table(self) -> list[list[str]]:
        """Rows of text, a heading first."""
        names = [self.netlist.net_name(k) for k in self.inputs]
        n = len(self.inputs)
        rows = [[*names, self.netlist.net_name(self.net)]]
        for index, value in enumerate(self.values.tolist()):
            rows.append([*(str(index >> (n - 1 - k) & 1) for k in range(n)), str(value)])
        return rows

    def map(self) -> tuple[list[str], list[str], np.ndarray]:
        """Karnaugh map: labels of rows, labels of columns, and (rows, columns) values, in Gray order.

        Examples
        --------
        >>> from gatesim import Builder
        >>> b = Builder("either"); b.output("z", b.input("x") | b.input("y")); net = b.freeze()
        >>> rows, columns, values = truth_of(net, net.net("z")).map()
        >>> rows, columns, values.tolist()
        (['0', '1'], ['0', '1'], [[0, 1], [1, 1]])
        """
        n = len(self.inputs)
        high = n // 2
        rows, cols = _gray(high), _gray(n - high)
        values = np.array([[self.values[r << (n - high) | c] for c in cols] for r in rows], np.uint8)
        label = lambda code, width: f"{code:0{width}b}" if width else ""  # noqa: E731 (one line, used twice)
        return [label(r, high) for r in rows], [label(c, n - high) for c in cols], values

    def row_names(self) -> tuple[str, str]:
        """Names of the inputs down the side, and of those along the top."""
        names = [self.netlist.net_name(k) for k in self.inputs]
        high = len(names) // 2
        return " ".join(names[:high]), " ".join(names[high:])


def _gray(width: int) -> list[int]:
    return [k ^ k >> 1 for k in range(1 << width)]


def truth_of(net: Netlist, target: int, cut: frozenset[int] = frozenset()) -> Truth:
    """The function of net `target`.

    Parameters
    ----------
    net : Netlist
    target : int
    cut : set of int
        Nets where the cone stops although something drives them (the selected ones).

    Raises
    ------
    TooLargeError
        It depends on more than six nets.
    UnsupportedError
        The cone has a loop.
    """
    cells: list[int] = []
    inputs: set[int] = set()
    state: dict[int, int] = {}
    todo = [(target, False)]
    while todo:
        k, ready = todo.pop()
        if ready:
            cells.append(k)
            state[k] = 2
            continue
        if state.get(k) == 1:
            raise UnsupportedError(f"{net.net_name(target)!r} depends on itself: a loop has no truth table")
        if k in state or k < 2:
            continue
        if not IS_LOGIC[net.op[k]] or (k in cut and k != target):
            inputs.add(k)
            state[k] = 2
            if len(inputs) > MAX_INPUTS:
                raise TooLargeError(
                    f"{net.net_name(target)!r} depends on more than {MAX_INPUTS} nets: select nets inside its cone "
                    "to stop there, or a net nearer to the inputs"
                )
            continue
        state[k] = 1
        todo.append((k, True))
        todo += [(int(pin), False) for pin in net.fanin_of(k) if state.get(int(pin)) != 2]
    ordered = tuple(sorted(inputs))
    found = np.zeros(1 << len(ordered), np.uint8)
    for index in range(len(found)):
        values = {0: 0, 1: 1} | {k: index >> (len(ordered) - 1 - i) & 1 for i, k in enumerate(ordered)}
        for cell in cells:
            pins = sum(values[int(k)] << i for i, k in enumerate(net.fanin_of(cell)))
            values[cell] = GATES[net.op[cell]].table >> pins & 1
        found[index] = values[target]
    return Truth(net, target, ordered, found)
