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
from .engines.base import Engine, Stepper, initial_state
from .engines.links import Free, Grid, Move
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
        return np.flatnonzero((r < 0) | (r >= self.rows) | (c < 0) | (c >= self.columns)).astype(np.int64)

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
        grid, feeds = self._prepared(cycles, inputs or {})
        drains = np.zeros((cycles, grid.drains.n_words), np.uint64)
        registers = initial_state(self.cell, self.n_cells).registers
        runner = run.grid(grid)
        # Free outputs are seen in the last cycle only: it is left to the stepper.
        done = max(0, cycles - bool(self.free_outputs)) if runner is not None else 0
        if runner is not None and done:
            registers = runner.run(registers, grid, feeds, drains, done)
            registers[:, -1:] &= bits.last_word_mask(self.n_cells)  # a state's unused lanes are 0
        cells = self._step(run, grid, registers, feeds, drains, range(done, cycles))
        run.reset()
        return TileResult(self._drained(grid, drains), cells)

    def cell_stimulus(
        self, cycles: int, inputs: Mapping[str, object] | None = None, *, engine: Engine | None = None
    ) -> Stimulus:
        """What every cell sees in every cycle of a run from power-up: cells are patterns, row by row.

        The cell alone, run on this stimulus, does what it does in the grid: so its activity can be counted.
        Parameters and errors as in :meth:`run`.

        Examples
        --------
        >>> from gatesim import Builder
        >>> b = Builder("stage"); b.output("q", b.register(b.input_bus("d", 4))); cell = b.freeze()
        >>> line = Tile(cell, 1, 3, [Link("q", "d", 0, 1)])
        >>> line.cell_stimulus(3, {"d": [[7], [8], [9]]}).values(cell)["d"].tolist()
        [[7, 0, 0], [8, 7, 0], [9, 8, 7]]
        """
        run = engine or engine_class("logic2")(compile_netlist(self.cell))
        grid, feeds = self._prepared(cycles, inputs or {})
        drains = np.zeros((cycles, grid.drains.n_words), np.uint64)
        words = bits.n_words(self.n_cells)
        shape = (cycles, sum(p.width for p in self.cell.inputs), words)
        seen = bits.empty_planes(shape, f"what the cells of {self.cell.name!r} see in {cycles:,} cycles")
        registers = initial_state(self.cell, self.n_cells).registers
        self._step(run, grid, registers, feeds, drains, range(cycles), seen)
        run.reset()
        seen &= bits.lane_mask(self.n_cells)
        return Stimulus(seen, self.n_cells, cycles)

    def _step(
        self,
        run: Engine,
        grid: Grid,
        registers: np.ndarray,
        feeds: np.ndarray,
        drains: np.ndarray,
        cycles: range,
        seen: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Cycle after cycle with a stepper; returns the free outputs of the last one, and fills `seen`."""
        if not cycles and not self.free_outputs:
            return {}
        n = _spread_lanes(self.n_cells)
        start = initial_state(self.cell, n)
        start.registers[:, : registers.shape[1]] = registers
        run.state = start
        stimulus = Stimulus(np.zeros((1, sum(p.width for p in self.cell.inputs), bits.n_words(n)), np.uint64), n)
        planes = stimulus.words[0]
        ports = [p.name for p in self.free_outputs]
        # A stepper of the engine's own may compile code: not for a single cycle.
        stepper = run.stepper(stimulus, ports) if len(cycles) > 1 else Stepper(run, stimulus, ports)
        fed = grid.feeds.rows.copy()
        fed[:, 0] = [k for m in grid.moves if m.fed for k in m.targets]
        keeps = [_keep(m, self.n_cells, n) for m in grid.moves]
        for cycle in cycles:
            for free in grid.frees:
                values = free.at(cycle)
                planes[free.targets, : values.shape[1] if values.shape[1] > 1 else None] = values
            for m, keep in zip(grid.moves, keeps, strict=True):
                kernel.shift(stepper.registers, m.sources, planes, m.targets, m.distance, keep)
            kernel.feed(feeds[cycle], planes, fed, grid.feeds.lanes)
            kernel.drain(stepper.registers, 0, grid.drains.rows, grid.drains.lanes, drains[cycle])
            if seen is not None:
                seen[cycle] = planes[:, : seen.shape[2]]
            stepper.step()
        last = stepper.outputs() if ports else {}
        return {k: bits.unpack(v, self.n_cells).reshape(self.rows, self.columns) for k, v in last.items()}

    def _drained(self, grid: Grid, drains: np.ndarray) -> dict[str, np.ndarray]:
        """(cycles, n_drain_cells) integers by linked output."""
        found, word = {}, 0
        for link, move in zip(self.links, grid.moves, strict=True):
            n, width = len(move.drain_lanes), len(move.sources)
            size = width * bits.n_words(n)
            planes = drains[:, word : word + size].reshape(len(drains), width, -1)
            found[link.output] = _unpacked(planes, n)
            word += size
        return found

    def _prepared(self, cycles: int, inputs: Mapping[str, object]) -> tuple[Grid, np.ndarray]:
        """The grid as lanes, and what enters at its edges: (cycles, packed words)."""
        known = {p.name: p for p in self.cell.inputs}
        for name in inputs:
            if name not in known:
                raise unknown_name(f"input of the cell {self.cell.name!r}", name, known)
        place = {k: i for i, k in enumerate(k for p in self.cell.inputs for k in p.nets)}
        feeds, moves = [np.zeros((cycles, 0), np.uint64)], []
        for link in self.links:
            source, target = self.cell.port(link.output), known[link.input]
            move = Move(
                sources=np.array([self._register_row[k] for k in source.nets], np.int64),
                targets=np.array([place[k] for k in target.nets], np.int64),
                distance=link.down * self.columns + link.right,
                feed_lanes=self._lanes(link, -1),
                drain_lanes=self._lanes(link, 1),
                fed=link.input in inputs,
            )
            moves.append(move)
            if move.fed:
                values = bits.as_unsigned(inputs[link.input], target.width, f"input {link.input!r}")
                shape = (cycles, len(move.feed_lanes))
                if values.shape != shape:
                    raise ValueFitError(f"linked input {link.input!r} has shape {values.shape}, not {shape}")
                feeds.append(_packed(values, target.width).reshape(cycles, -1))
        frees = []
        for p in self.free_inputs:
            if p.name not in inputs:
                raise ValueFitError(f"no value for input {p.name!r} of the cell {self.cell.name!r}")
            values = bits.as_unsigned(inputs[p.name], p.width, f"input {p.name!r}")
            frees.append(Free(np.array([place[k] for k in p.nets], np.int64), self._spread(p, values, cycles)))
        return Grid(self.n_cells, tuple(moves), tuple(frees)), np.concatenate(feeds, axis=1)

    def _spread(self, port: Port, values: np.ndarray, cycles: int) -> np.ndarray:
        """What a free input sees, as :class:`~gatesim.engines.links.Free` takes it."""
        grid = (self.rows, self.columns)
        if values.shape == grid:
            return _packed(values.reshape(1, -1), port.width)
        if values.shape in ((), (cycles,)):
            ones = [[-(int(v) >> i & 1) & 0xFFFFFFFFFFFFFFFF for i in range(port.width)] for v in values.reshape(-1)]
            return np.array(ones, np.uint64).reshape(-1, port.width)
        if values.shape == (cycles, *grid):
            return _packed(values.reshape(cycles, -1), port.width)
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


def _keep(move: Move, n_cells: int, n_lanes: int) -> np.ndarray:
    """(words,) uint64 with a 1 in every lane that sees another cell."""
    inside = np.zeros(n_lanes, np.uint64)
    inside[:n_cells] = 1
    inside[move.feed_lanes] = 0
    return bits.pack(inside, 1)[0]


def _spread_lanes(n_cells: int) -> int:
    """Lanes for so many cells: a few idle ones more where planes would lie a multiple of 2 KiB apart.

    At such a distance the same words of all planes compete for the same few lines of the cache.
    """
    words = bits.n_words(n_cells)
    return n_cells if words % 256 else 64 * (words + 8)


def _packed(values: np.ndarray, width: int) -> np.ndarray:
    """(cycles, width, words) planes of (cycles, lanes) integers."""
    cycles, lanes = values.shape
    words = bits.n_words(lanes)
    padded = np.zeros((cycles, 64 * words), values.dtype)
    padded[:, :lanes] = values
    return np.ascontiguousarray(bits.pack(padded.reshape(-1), width).reshape(width, cycles, words).transpose(1, 0, 2))


def _unpacked(planes: np.ndarray, lanes: int) -> np.ndarray:
    """(cycles, lanes) integers of (cycles, width, words) planes."""
    cycles, width, words = planes.shape
    flat = np.ascontiguousarray(planes.transpose(1, 0, 2)).reshape(width, cycles * words)
    return np.ascontiguousarray(bits.unpack(flat, 64 * cycles * words).reshape(cycles, 64 * words)[:, :lanes])
