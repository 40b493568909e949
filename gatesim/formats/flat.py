"""From arrays of cells whose pins are net numbers of a file to a netlist.

A reader collects cells (`CellArrays`) in any order; nets 0 and 1 are the
constants. :func:`resolved` follows aliases, numbers the nets, and reports every undriven and doubly
driven net at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .. import gates
from ..errors import ParseError
from ..memory import Memory, moved_memory
from ..netlist import Direction, Netlist, Scope
from .ports import known_ports, made_ports

ALIAS = -1
"""Op of a cell that is no gate: its net is its pin's net under another name."""

MAX_CELLS = 1 << 24
"""Cells that a file may stand for once its hierarchy is expanded."""

MAX_SHOWN = 20


@dataclass(slots=True)
class CellArrays:
    """Cells of one piece of a file.

    Attributes
    ----------
    op : (m,) int16
        Op code, or `ALIAS`.
    net : (m,) int32
        The net that each drives.
    pins : (m, k) int32
        Nets read, -1 where there is no pin; k is 4, or more where the cells of a memory need it.
    line : (m,) int32
        Line of the file, for messages.
    """

    op: np.ndarray
    net: np.ndarray
    pins: np.ndarray
    line: np.ndarray

    @classmethod
    def of(cls, op: int, net, pins: Sequence, line) -> CellArrays:
        """Cells of one op: `net`, each of `pins` and `line` are arrays of one length."""
        n = len(net)
        made = np.full((n, 4), -1, np.int32)
        for k, pin in enumerate(pins):
            made[:, k] = pin
        return cls(np.full(n, op, np.int16), np.asarray(net, np.int32), made, np.broadcast_to(line, n).astype(np.int32))

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[int, int, Sequence[int], int]]) -> CellArrays:
        """Cells from (op, net, pins, line) one by one."""
        pins = np.full((len(rows), 4), -1, np.int32)
        for row, (_, _, given, _) in enumerate(rows):
            pins[row, : len(given)] = given
        column = lambda k, dtype: np.fromiter((r[k] for r in rows), dtype, len(rows))  # noqa: E731
        return cls(column(0, np.int16), column(1, np.int32), pins, column(3, np.int32))

    @classmethod
    def joined(cls, parts: Sequence[CellArrays]) -> CellArrays:
        """One after the other."""
        if not parts:
            return cls.from_rows(())
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("op", "net", "pins", "line")))

    def aliases(self) -> dict[int, int]:
        """Nets that are other nets under another name, and those."""
        those = self.op == ALIAS
        return dict(zip(self.net[those].tolist(), self.pins[those, 0].tolist(), strict=True))

    def taken(self, order: np.ndarray) -> CellArrays:
        """The cells in another order, or some of them."""
        return CellArrays(self.op[order], self.net[order], self.pins[order], self.line[order])

    def moved(self, base: int) -> CellArrays:
        """The same cells on other nets: every net but the constants is `base` higher."""
        shift = lambda nets: np.where(nets > 1, nets + np.int32(base), nets)  # noqa: E731
        return CellArrays(self.op, shift(self.net), shift(self.pins), self.line)


@dataclass(slots=True)
class Flat:
    """A whole file as cells; ``inputs`` and ``outputs`` are (name, net, line) a bit."""

    name: str
    source: str
    n_nets: int
    cells: CellArrays
    inputs: list[tuple[str, int, int]]
    outputs: list[tuple[str, int, int]]
    scopes: tuple[Scope, ...] = (Scope("", -1),)
    scope_of: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    """(m,) int32, or empty: all at the root."""
    ports: Sequence[tuple[str, Direction, int]] | None = None
    """(name, direction, width) where they are known; their bits stand in this order, LSB first."""
    memories: Sequence[Memory] = ()
    """On the nets of the file; every bit that one reads is a ``READ`` cell of the address."""


def resolved(flat: Flat, label: Callable[[int], str], names: Callable[[np.ndarray], list[str | None]]) -> Netlist:
    """The netlist of a file's cells.

    Parameters
    ----------
    flat : Flat
    label : callable
        What to call a net in a message.
    names : callable
        The user's names for an array of nets of the file (None: it has none).

    Raises
    ------
    ParseError
        Lists every undriven and doubly driven net, with lines.
    """
    cells, sources = flat.cells, _Sources(flat)
    op = np.concatenate([sources.op, cells.op])
    net = np.concatenate([sources.net, cells.net])
    line = np.concatenate([sources.line, cells.line])
    pins = np.concatenate([np.full((len(sources.op), cells.pins.shape[1]), -1, np.int32), cells.pins])
    driver = np.full(flat.n_nets, -1, np.int32)
    driver[net[::-1]] = np.arange(len(net) - 1, -1, -1)  # of two drivers, the first
    root = _roots(flat, op, pins, driver, label, net, line)
    keep = op != ALIAS
    _check(flat, keep, net, pins, line, driver, root, label)
    place = np.cumsum(keep, dtype=np.int32) - 1
    of_net = np.where(driver[root] >= 0, place[driver[root]], -1)
    kept = pins[keep]
    used = kept >= 0
    scope_of = flat.scope_of if len(flat.scope_of) else np.zeros(len(cells.op), np.int32)
    scope_of = np.concatenate([np.zeros(len(sources.op), np.int32), scope_of])[keep]
    inputs, outputs = ([(name, int(of_net[k])) for name, k, _ in bits] for bits in (flat.inputs, flat.outputs))
    ports = made_ports(inputs, outputs) if flat.ports is None else known_ports(inputs, outputs, flat.ports)
    return Netlist(
        flat.name,
        op[keep],
        np.concatenate([[0], np.cumsum(used.sum(axis=1))]),
        of_net[kept[used]],
        ports,
        _given_names(flat, driver, of_net, op, names),
        flat.scopes,
        scope_of,
        tuple(moved_memory(m, lambda nets: tuple(int(of_net[k]) for k in nets)) for m in flat.memories),
    )


class _Sources:
    """The constants and the input cells, which come first."""

    def __init__(self, flat: Flat) -> None:
        n = len(flat.inputs)
        self.op = np.array([gates.CONST0, gates.CONST1] + [gates.INPUT] * n, np.int16)
        self.net = np.array([0, 1, *(k for _, k, _ in flat.inputs)], np.int32)
        self.line = np.array([0, 0, *(line for _, _, line in flat.inputs)], np.int32)


def _roots(flat: Flat, op, pins, driver, label, net, line) -> np.ndarray:
    """For every net, the net that it is an alias of in the end (itself if it is none)."""
    root = np.arange(flat.n_nets, dtype=np.int32)
    alias = np.flatnonzero(op == ALIAS)
    alias = alias[driver[net[alias]] == alias]
    if len(alias):
        own = net[alias]
        root[own] = pins[alias, 0]
        for _ in range(len(alias).bit_length() + 1):  # each round doubles the length of chain resolved
            root[own] = root[root[own]]
        last = driver[root[own]]
        circular = alias[(last >= 0) & (op[last] == ALIAS)]
        if len(circular):
            cell = int(circular[0])
            raise ParseError(
                f"net {label(int(net[cell]))!r} is assigned to itself", source=flat.source, line=int(line[cell])
            )
    return root


def _check(flat: Flat, keep, net, pins, line, driver, root, label) -> None:
    """Doubly driven nets, and undriven ones that a cell or an output reads (a loose wire is no fault)."""
    problems: list[tuple[int, str]] = []
    if (np.bincount(net, minlength=1) > 1).any():
        first = driver[net]
        for cell in np.flatnonzero(first != np.arange(len(net)))[:MAX_SHOWN].tolist():
            k = int(net[cell])
            here, before = int(line[cell]), int(line[first[cell]])
            where = "it is a constant" if k < 2 else f"on line {before} and on line {here}"
            problems.append((here, f"net {label(k)!r} is driven twice: {where}"))
    real = np.where(keep[:, None], pins, -1)
    read = np.zeros(flat.n_nets, bool)
    read[root[real[real >= 0]]] = True
    shown = {int(root[k]): here for _, k, here in reversed(flat.outputs)}
    shown |= {int(root[k]): 0 for m in flat.memories for w in m.writes for k in (*w.address, *w.data, w.enable)}
    read[list(shown)] = True
    missing = np.flatnonzero(read & (driver < 0))
    for k in missing[:MAX_SHOWN].tolist():
        readers = np.flatnonzero((pins == k).any(axis=1))
        here = int(line[readers[0]]) if len(readers) else shown[k]
        problems.append((here, f"net {label(k)!r} is undriven: line {here} reads it and nothing drives it"))
    if problems:
        problems.sort()
        more = [text for _, text in problems[1:MAX_SHOWN]]
        total = len(missing) + len(problems) - min(len(missing), MAX_SHOWN)
        if total > len(more) + 1:
            more.append(f"... and {total - len(more) - 1:,} more")
        raise ParseError("\n  ".join([problems[0][1], *more]), source=flat.source, line=problems[0][0])


def _given_names(flat: Flat, driver, of_net, op, names) -> dict[int, str]:
    """Names of inner nets: the one of the cell itself before those of its aliases; ports name their own."""
    ports = {k for _, k, _ in (*flat.inputs, *flat.outputs)}
    named_by_port = np.zeros(len(op), bool)
    named_by_port[of_net[[k for _, k, _ in flat.inputs]]] = True
    nets = np.flatnonzero(of_net > 1).astype(np.int32)
    nets = nets[~named_by_port[of_net[nets]]]
    if ports:
        nets = nets[~np.isin(nets, list(ports))]
    nets = nets[np.argsort((driver[nets] < 0) | (op[driver[nets]] == ALIAS), kind="stable")]
    first = np.full(len(op), -1, np.int32)
    first[of_net[nets][::-1]] = nets[::-1]
    final = np.flatnonzero(first >= 0)
    given = names(first[final])
    named = zip(final.tolist(), given, strict=True)
    return dict(named) if all(given) else {k: name for k, name in named if name}
