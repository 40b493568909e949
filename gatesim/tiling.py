"""Tile: one cell netlist repeated over a grid, run as lanes.

A systolic array is one small netlist, rows x columns times, with links between neighbours. It is never
flattened: each grid position is a lane of the cell's schedule, and a link is a shift of lanes. What
enters at an edge is fed through the linked input port, what leaves at an edge is drained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from . import bits
from .builder import Builder
from .engines import engine as engine_class
from .engines.base import Engine, initial_state
from .errors import UnsupportedError, ValueFitError, WidthError, unknown_name
from .gates import IS_REGISTER
from .instances import instantiate
from .kernels import lanes as kernel
from .netlist import Netlist, Port
from .schedule import compile as compile_netlist
from .signals import Bit, Bus
from .stimulus import Stimulus


class Link(NamedTuple):
    """Output port `output` of cell (r, c) feeds input port `input` of cell (r + down, c + right)."""

    output: str
    input: str
    down: int
    right: int


@dataclass(frozen=True, eq=False)
class TileResult:
    """What a run of a tile gave.

    Attributes
    ----------
    drained : dict of str to (cycles, n_edge_cells) array
        By linked output port: values that left the grid, cells in the order of ``Tile.drain_cells``.
    cells : dict of str to (rows, columns) array
        By free output port: the value in every cell in the last cycle.
    """

    drained: dict[str, np.ndarray]
    cells: dict[str, np.ndarray]


class Tile:
    """A grid of equal cells.

    Parameters
    ----------
    cell : Netlist
    rows, columns : int
    links : sequence of Link
        The linked outputs must come straight from flip-flops, so that a cycle needs no order among
        the cells; each input has one source at most.

    Raises
    ------
    UnknownNameError, WidthError, ValueFitError, UnsupportedError
        A link that names no port, joins ports of different widths, feeds an input twice or goes
        nowhere, or takes an output that is not a register's.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("stage"); b.output("q", b.register(b.input_bus("d", 4)))
    >>> line = Tile(b.freeze(), 1, 3, [Link("q", "d", 0, 1)])
    >>> line.run(5, {"d": [[7], [8], [9], [0], [0]]}).drained["q"].ravel().tolist()
    [0, 0, 0, 7, 8]
    """

    def __init__(self, cell: Netlist, rows: int, columns: int, links: Sequence[Link]) -> None:
        if rows < 1 or columns < 1:
            raise ValueFitError(f"a tile needs at least one row and one column, not {rows} x {columns}")
        self.cell, self.rows, self.columns, self.links = cell, rows, columns, tuple(links)
        fed: set[str] = set()
        for link in self.links:
            source, target = self._port(link.output, "output"), self._port(link.input, "input")
            if source.width != target.width:
                raise WidthError(f"link {link.output!r} ({source.width} bits) -> {link.input!r} ({target.width} bits)")
            if link.input in fed:
                raise ValueFitError(f"input {link.input!r} of the cell is linked twice")
            if (link.down, link.right) == (0, 0):
                raise ValueFitError(f"link {link.output!r} -> {link.input!r} goes from a cell to itself")
            if not all(IS_REGISTER[cell.op[k]] for k in source.nets):
                raise UnsupportedError(
                    f"linked output {link.output!r} is not driven by flip-flops: register it, or the grid has no order"
                )
            fed.add(link.input)
        self._register_row = {int(k): i for i, k in enumerate(cell.registers)}

    def _port(self, name: str, direction: str) -> Port:
        known = {p.name: p for p in self.cell.ports if p.direction == direction}
        if name not in known:
            raise unknown_name(f"{direction} of the cell {self.cell.name!r}", name, known)
        return known[name]

    @property
    def n_cells(self) -> int:
        """Number of grid positions."""
        return self.rows * self.columns

    # -- edges -------------------------------------------------------------------------------

    def _lanes(self, link: Link, sign: int) -> np.ndarray:
        r, c = np.divmod(np.arange(self.n_cells), self.columns)
        r, c = r + sign * link.down, c + sign * link.right
        return np.flatnonzero((r < 0) | (r >= self.rows) | (c < 0) | (c >= self.columns))

    def _link(self, name: str, end: str) -> Link:
        for link in self.links:
            if getattr(link, end) == name:
                return link
        raise unknown_name(f"linked {end}", name, (getattr(k, end) for k in self.links))

    def feed_cells(self, input: str) -> list[tuple[int, int]]:
        """Cells (row, column) whose linked `input` comes from outside, row by row."""
        lanes = self._lanes(self._link(input, "input"), -1)
        return [(int(k) // self.columns, int(k) % self.columns) for k in lanes]

    def drain_cells(self, output: str) -> list[tuple[int, int]]:
        """Cells (row, column) whose linked `output` goes outside, row by row."""
        lanes = self._lanes(self._link(output, "output"), 1)
        return [(int(k) // self.columns, int(k) % self.columns) for k in lanes]

    @cached_property
    def free_inputs(self) -> tuple[Port, ...]:
        """Input ports of the cell that no link feeds."""
        linked = {link.input for link in self.links}
        return tuple(p for p in self.cell.inputs if p.name not in linked)

    @cached_property
    def free_outputs(self) -> tuple[Port, ...]:
        """Output ports of the cell that no link takes."""
        linked = {link.output for link in self.links}
        return tuple(p for p in self.cell.outputs if p.name not in linked)

    # -- running -----------------------------------------------------------------------------

    def run(
        self, cycles: int, inputs: Mapping[str, object] | None = None, *, engine: Engine | None = None
    ) -> TileResult:
        """Run the grid from power-up.

        Parameters
        ----------
        cycles : int
        inputs : mapping of port name to integers
            For a linked input: (cycles, n_feed_cells), what enters at the edge (0 when left out). For a
            free input: a scalar, (cycles,) for all cells alike, (rows, columns) held, or (cycles, rows,
            columns).
        engine : Engine, optional
            An engine on the cell's schedule (logic2 by default). It is reset first and can be used
            again.

        Raises
        ------
        UnknownNameError, ValueFitError
            A name that is no input, an input that is missing, a shape or a value that does not fit.
        """
        run = engine or engine_class("logic2")(compile_netlist(self.cell))
        n = _spread_lanes(self.n_cells)
        planes = np.zeros((1, sum(p.width for p in self.cell.inputs), bits.n_words(n)), np.uint64)
        feeds, frees = self._prepared(cycles, inputs or {})
        moves = [_Move(self, link, n) for link in self.links]
        drains = {m.link.output: np.zeros((cycles, *m.drained_shape), np.uint64) for m in moves}
        run.state = initial_state(self.cell, n)
        stepper = run.stepper(Stimulus(planes, n), [p.name for p in self.free_outputs])
        for cycle in range(cycles):
            for rows, values in frees:
                if cycle < len(values):
                    planes[0, rows, : values.shape[2]] = values[cycle]
            for m in moves:
                kernel.shift(stepper.registers, m.sources, planes[0], m.targets, m.distance, m.keep)
                if m.link.input in feeds:
                    kernel.feed(feeds[m.link.input][cycle], planes[0], m.targets, m.feed_lanes)
                kernel.drain(stepper.registers, m.sources, m.drain_lanes, drains[m.link.output][cycle])
            stepper.step()
        run.state = stepper.state()
        last = stepper.outputs()
        grid = (self.rows, self.columns)
        cells = {name: bits.unpack(planes, self.n_cells).reshape(grid) for name, planes in last.items()}
        drained = {m.link.output: bits.unpack_cycles(drains[m.link.output], len(m.drain_lanes)) for m in moves}
        return TileResult(drained, cells)

    def _prepared(self, cycles: int, inputs: Mapping[str, object]):
        known = {p.name: p for p in self.cell.inputs}
        for name in inputs:
            if name not in known:
                raise unknown_name(f"input of the cell {self.cell.name!r}", name, known)
        feeds: dict[str, np.ndarray] = {}
        for link in self.links:
            if link.input in inputs:
                width = known[link.input].width
                values = bits.as_unsigned(inputs[link.input], width, f"input {link.input!r}")
                shape = (cycles, len(self.feed_cells(link.input)))
                if values.shape != shape:
                    raise ValueFitError(f"linked input {link.input!r} has shape {values.shape}, not {shape}")
                feeds[link.input] = _packed(values, width)
        frees = []
        low = {p.name: sum(q.width for q in self.cell.inputs[:i]) for i, p in enumerate(self.cell.inputs)}
        for p in self.free_inputs:
            if p.name not in inputs:
                raise ValueFitError(f"no value for input {p.name!r} of the cell {self.cell.name!r}")
            values = bits.as_unsigned(inputs[p.name], p.width, f"input {p.name!r}")
            frees.append((slice(low[p.name], low[p.name] + p.width), _packed(self._spread(p, values, cycles), p.width)))
        return feeds, frees

    def _spread(self, port: Port, values: np.ndarray, cycles: int) -> np.ndarray:
        """(1 or cycles, n_cells) values of a free input."""
        grid = (self.rows, self.columns)
        if values.ndim == 0 or values.shape == grid:
            return np.broadcast_to(values, grid).reshape(1, -1)
        if values.shape == (cycles,):
            return np.repeat(values[:, None], self.n_cells, axis=1)
        if values.shape == (cycles, *grid):
            return values.reshape(cycles, -1)
        raise ValueFitError(
            f"input {port.name!r} has shape {values.shape}; "
            f"it may be a scalar, ({cycles},), {grid} or {(cycles, *grid)}"
        )

    # -- the same as an ordinary netlist -----------------------------------------------------

    def flatten(self) -> Netlist:
        """The grid as one netlist, for small grids.

        Ports: ``input_k`` for the k-th feed cell of a linked input, ``input_r_c`` for a free input of
        cell (r, c), ``output_k`` for the k-th drain cell, ``output_r_c`` for a free output.
        """
        b = Builder(f"{self.cell.name} {self.rows}x{self.columns}")
        outputs: dict[tuple[int, int], dict[str, Bus]] = {}
        pending: list[tuple[Link, int, int, Bus]] = []
        for r in range(self.rows):
            for c in range(self.columns):
                given: dict[str, Bit | Sequence[Bit]] = {
                    p.name: b.input_bus(f"{p.name}_{r}_{c}", p.width) for p in self.free_inputs
                }
                for link in self.links:
                    wires = b.wires(self._port(link.input, "input").width)
                    given[link.input] = wires
                    pending.append((link, r, c, wires))
                outputs[r, c] = instantiate(b, self.cell, given, name=f"cell_{r}_{c}")
        fed: dict[str, int] = {}
        for link, r, c, wires in pending:
            source = outputs.get((r - link.down, c - link.right))
            if source is not None:
                b.drive(wires, source[link.output])
            else:
                k = fed[link.input] = fed.get(link.input, -1) + 1
                b.drive(wires, b.input_bus(f"{link.input}_{k}", len(wires)))
        for link in self.links:
            for k, cell in enumerate(self.drain_cells(link.output)):
                b.output(f"{link.output}_{k}", outputs[cell][link.output])
        for p in self.free_outputs:
            for (r, c), made in outputs.items():
                b.output(f"{p.name}_{r}_{c}", made[p.name])
        return b.freeze()

    def __repr__(self) -> str:
        return f"<Tile of {self.rows} x {self.columns} cells {self.cell.name!r}>"


class _Move:
    """One link as lanes: which register planes go to which input planes, how far, and the edges."""

    def __init__(self, tile: Tile, link: Link, n_lanes: int) -> None:
        self.link = link
        source, target = tile.cell.port(link.output), tile.cell.port(link.input)
        self.sources = np.array([tile._register_row[k] for k in source.nets], np.int64)
        flat = [k for p in tile.cell.inputs for k in p.nets]
        self.targets = np.array([flat.index(k) for k in target.nets], np.int64)
        self.distance = link.down * tile.columns + link.right
        self.feed_lanes = tile._lanes(link, -1).astype(np.int64)
        self.drain_lanes = tile._lanes(link, 1).astype(np.int64)
        inside = np.zeros(n_lanes, np.uint64)
        inside[: tile.n_cells] = 1
        inside[self.feed_lanes] = 0
        self.keep = bits.pack(inside, 1)[0]
        self.drained_shape = (source.width, bits.n_words(len(self.drain_lanes)))


def _spread_lanes(n_cells: int) -> int:
    """Lanes for so many cells: a few idle ones more where planes would lie a multiple of 2 KiB apart.

    At such a distance the same words of all planes compete for the same few lines of the cache.
    """
    words = bits.n_words(n_cells)
    return n_cells if words % 256 else 64 * (words + 8)


def _packed(values: np.ndarray, width: int) -> np.ndarray:
    """(cycles, width, words) planes of (cycles, lanes) integers."""
    return np.stack([bits.pack(np.ascontiguousarray(row), width) for row in values])
