"""BLIF as rows of tokens, cut into models; covers become cells for the whole file at once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from ..errors import ParseError, unknown_name
from ..gates import BUF
from ..kernels import blif as kernels
from .cells import place_recipe
from .flat import ALIAS, CellArrays
from .numbered import NumberedCells
from .recipes import FALSE, TRUE, Kitchen, Recipe, recipe

_WORD = np.frombuffer(b".names", np.uint8)
_PAIRS = np.array([list(w.ljust(8, b"\0")) for w in (b".subckt", b".gate", b".mlatch")], np.uint8)

IGNORED = frozenset(
    """.area .delay .wire_load_slope .wire .input_arrival .default_input_arrival .output_required
    .default_output_required .input_drive .default_input_drive .output_load .default_output_load .max_input_load
    .default_max_input_load .clock_event .cycle .attr .param .cname .latch_order .code .input_required
    .default_input_required .inputs_delay .register""".split()  # noqa: SIM905
)
"""Commands about timing, areas and origins, which say nothing of the function."""
_REFUSED = {
    ".search": "other files are not read from here: put all models into one file",
    ".start_kiss": "state machines in KISS form are not read: encode them first (SIS: state_assign; ABC: read_kiss)",
    ".blackbox": "a black box has no function: give its model, or a cell library",
}
_KNOWN = (".model", ".inputs", ".outputs", ".names", ".latch", ".subckt", ".gate", ".end", ".clock", ".exdc")

_FAULTS = {
    kernels.NOT_A_CUBE: "a cover has 0, 1 and - only",
    kernels.WRONG_LENGTH: "this row does not fit: one 0, 1 or - for each input of .names, a blank, and 0 or 1",
    kernels.NOT_A_BIT: "the output of a cover row is 0 or 1",
    kernels.BOTH_PHASES: "the rows of one cover must all end in 1, or all in 0",
}


@dataclass(slots=True)
class Model:
    """One ``.model``: names by number, and the rows of its commands."""

    name: str
    row: int
    line: int
    end: int = 0
    """Row after its last one."""
    inputs: list[tuple[int, int]] = field(default_factory=list)
    """(name number, line)."""
    outputs: list[tuple[int, int]] = field(default_factory=list)
    clocks: list[tuple[int, int]] = field(default_factory=list)
    latches: list[int] = field(default_factory=list)
    cells: list[int] = field(default_factory=list)
    """Rows of ``.subckt``, ``.gate`` and ``.mlatch``."""
    aliases: list[int] = field(default_factory=list)
    has_inputs: bool = False
    black_box: bool = False


class Rows:
    """A BLIF text as numbered tokens."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data, self.source = data, source
        array = np.frombuffer(data, np.uint8)
        none = np.empty(0, np.int32)
        n_tokens, n_rows = kernels.scan(array, none, none, none, none)
        self.starts, self.ends, self.lines = (np.empty(n_tokens, np.int32) for _ in range(3))
        self.rows = np.empty(n_rows, np.int32)
        kernels.scan(array, self.starts, self.ends, self.lines, self.rows)
        self.kinds = kernels.classify(array, self.starts, self.ends, self.rows, _WORD, _PAIRS)
        seed = np.uint64(int.from_bytes(os.urandom(8), "little"))  # no file can be made to collide
        self.number, self.name_start, self.name_end = kernels.number_names(
            array, self.starts, self.ends, self.rows, self.kinds, seed
        )
        self.array = array
        self.text = data.decode("ascii") if data.isascii() else None

    @property
    def n_names(self) -> int:
        """Number of distinct names; name ``k`` is net ``k + 2``."""
        return len(self.name_start)

    def fail(self, message: str, token: int) -> ParseError:
        """The error to raise at a token."""
        start = int(self.starts[token]) if token < len(self.starts) else len(self.data)
        line = int(self.lines[token]) if token < len(self.lines) else 0
        column = start - self.data.rfind(b"\n", 0, start)
        return ParseError(message, source=self.source, line=line, column=column)

    def span(self, row: int) -> range:
        """The tokens of a row."""
        last = self.rows[row + 1] if row + 1 < len(self.rows) else len(self.starts)
        return range(int(self.rows[row]), int(last))

    def words(self, row: int) -> list[str]:
        """The tokens of a row as text."""
        return [self._piece(int(self.starts[t]), int(self.ends[t])) for t in self.span(row)]

    def _piece(self, start: int, end: int) -> str:
        if self.text is not None:
            return self.text[start:end]
        return self.data[start:end].decode("utf-8", "backslashreplace")

    def name(self, number: int) -> str:
        """The name of a number."""
        return self._piece(int(self.name_start[number]), int(self.name_end[number]))

    def name_list(self, numbers: np.ndarray) -> list[str]:
        """The names of many numbers."""
        bounds = zip(self.name_start[numbers].tolist(), self.name_end[numbers].tolist(), strict=True)
        if self.text is not None:
            text = self.text
            return [text[start:end] for start, end in bounds]
        return [self._piece(start, end) for start, end in bounds]

    def line_of(self, row: int) -> int:
        """The line that a row begins on."""
        return int(self.lines[self.rows[row]])


def models(rows: Rows) -> list[Model]:
    """The models of a file, in order."""
    kinds = rows.kinds
    commands = np.flatnonzero(kinds != kernels.COVER)
    _check_covers(rows, kinds)
    found: list[Model] = []
    current: Model | None = None
    skipping = False  # after .exdc: a network of don't-cares, which the function need not know
    for row in commands[kinds[commands] != kernels.NAMES].tolist():
        words = rows.words(row)
        command, first = words[0], int(rows.rows[row])
        if command == ".model":
            if current is not None:
                current.end = current.end or row
            current = Model(words[1] if len(words) > 1 else "", row, rows.line_of(row))
            found.append(current)
            skipping = False
            continue
        if skipping or command in IGNORED:
            skipping = skipping and command != ".end"
            continue
        if current is None or (current.end and command != ".end"):
            if command == ".end":
                continue
            raise rows.fail(f"expected .model before {command!r}", first)
        _command(rows, current, row, command, words, first)
        if command in (".end", ".exdc"):
            current.end = current.end or row
            skipping = command == ".exdc"
    if not found:
        raise rows.fail("there is no .model in this file (is it BLIF?)", 0)
    found[-1].end = found[-1].end or len(rows.rows)
    return found


def _check_covers(rows: Rows, kinds: np.ndarray) -> None:
    """Every row of a cover follows ``.names``."""
    place = np.where(kinds != kernels.COVER, np.arange(len(kinds)), -1)
    owner = np.maximum.accumulate(place) if len(place) else place
    stray = np.flatnonzero((place < 0) & ((owner < 0) | (kinds[owner] != kernels.NAMES)))
    if len(stray):
        row = int(stray[0])
        before = rows.words(int(owner[row]))[0] if owner[row] >= 0 else ""
        if before in _REFUSED:
            raise rows.fail(f"{before}: {_REFUSED[before]}", int(rows.rows[owner[row]]))
        shown = rows.words(row)[0][:40]
        raise rows.fail(f"expected a command such as .names, found {shown!r}", int(rows.rows[row]))


def _command(rows: Rows, model: Model, row: int, command: str, words: list[str], first: int) -> None:
    span = rows.span(row)
    listed = [(int(rows.number[t]), int(rows.lines[t])) for t in span[1:]]
    if command == ".inputs":
        model.inputs += listed
        model.has_inputs = True
    elif command == ".outputs":
        model.outputs += listed
    elif command == ".clock":
        model.clocks += listed
    elif command == ".latch":
        if not 3 <= len(words) <= 6:
            raise rows.fail(f"expected .latch INPUT OUTPUT [TYPE CONTROL] [INIT], found {len(words) - 1} words", first)
        model.latches.append(row)
    elif command in (".subckt", ".gate", ".mlatch"):
        if len(words) < 2:
            raise rows.fail(f"{command} needs the name of a model or cell", first)
        model.cells.append(row)
    elif command == ".conn":
        if len(words) != 3:
            raise rows.fail("expected .conn FROM TO", first)
        model.aliases.append(row)
    elif command == ".blackbox":
        model.black_box = True
    elif command in _REFUSED:
        raise rows.fail(f"{command}: {_REFUSED[command]}", first)
    elif command not in (".end", ".exdc"):
        raise rows.fail(str(unknown_name("BLIF command", command, _KNOWN)), first)


# -- covers ----------------------------------------------------------------------------------


def cover_cells(rows: Rows, which: np.ndarray, sink: NumberedCells) -> tuple[CellArrays, np.ndarray]:
    """Cells of the ``.names`` rows `which`, and the row that each comes from.

    A cover ``1 1`` is a wire; ``0 0`` is a buffer. Covers of many inputs go to `sink`.
    """
    n_pins, table, report, place = kernels.tables(
        rows.array, rows.starts, rows.ends, rows.rows, rows.kinds, which.astype(np.int32)
    )
    short = np.flatnonzero(n_pins < 0)
    if len(short):
        raise rows.fail(".names needs at least the name of its output", int(place[short[0]]))
    bad = np.flatnonzero(report > kernels.WIDE)
    if len(bad):
        raise rows.fail(_FAULTS[int(report[bad[0]])], int(place[bad[0]]))
    for k in np.flatnonzero(report == kernels.WIDE).tolist():
        _wide_cover(rows, int(which[k]), int(n_pins[k]), sink)
    small = np.flatnonzero(report == kernels.GOOD)
    order = small[np.lexsort((table[small], n_pins[small]))]
    if not len(order):
        return CellArrays.joined([]), np.empty(0, np.int64)
    starts = np.flatnonzero((np.diff(table[order]) != 0) | (np.diff(n_pins[order]) != 0)) + 1
    parts, places = [], []
    first = rows.rows[which]
    line = rows.lines[first]
    for group in np.split(order, starts):
        n, value = int(n_pins[group[0]]), int(table[group[0]])
        nets: list[np.ndarray] = [rows.number[first[group] + 1 + k] + 2 for k in range(n)]
        output = rows.number[first[group] + 1 + n] + 2
        steps = _steps(value, n)
        for k, (op, pins) in enumerate(steps):
            if k == len(steps) - 1:
                driven = output
            else:
                driven = np.arange(sink.n_nets, sink.n_nets + len(group))
                sink.n_nets += len(group)
            read = [{FALSE: 0, TRUE: 1}[p] if p < 0 else nets[p] for p in pins]
            parts.append(CellArrays.of(op, driven, read, line[group]))
            places.append(which[group])
            nets.append(driven)
    return CellArrays.joined(parts), np.concatenate(places)


def _steps(table: int, n: int) -> Recipe:
    if n == 1 and table == kernels.OFF_SET_BUFFER:
        return ((BUF, (0,)),)
    steps = recipe(table, n)
    if len(steps) == 1 and steps[0][0] == BUF:
        return ((ALIAS, steps[0][1]),)
    return steps


def _wide_cover(rows: Rows, row: int, n: int, sink: NumberedCells) -> None:
    """A cover of many inputs, as a sum of products."""
    first = int(rows.rows[row])
    inputs = [int(rows.number[t]) + 2 for t in range(first + 1, first + 1 + n)]
    kitchen = Kitchen(n)
    products: list[int] = []
    phase = ""
    at = row + 1
    while at < len(rows.rows) and rows.kinds[at] == kernels.COVER:
        words, token = rows.words(at), int(rows.rows[at])
        if len(words) != 2 or len(words[0]) != n:
            raise rows.fail(_FAULTS[kernels.WRONG_LENGTH], token)
        if words[0].strip("01-"):
            raise rows.fail(_FAULTS[kernels.NOT_A_CUBE], token)
        if words[1] not in ("0", "1"):
            raise rows.fail(_FAULTS[kernels.NOT_A_BIT], token + 1)
        if phase and words[1] != phase:
            raise rows.fail(_FAULTS[kernels.BOTH_PHASES], token + 1)
        phase = words[1]
        ones = [k for k, c in enumerate(words[0]) if c == "1"]
        zeros = [k for k, c in enumerate(words[0]) if c == "0"]
        parts = [kitchen.wide("AND", ones)] if ones else []
        if zeros:
            parts.append(kitchen.wide("NOR", zeros))
        products.append(kitchen.wide("AND", parts) if parts else TRUE)
        at += 1
    if TRUE in products:
        shown = TRUE if phase == "1" else FALSE
    elif not products:
        shown = FALSE
    else:
        shown = kitchen.wide("OR" if phase == "1" else "NOR", products)
    sink.place = row
    place_recipe(sink, kitchen.finished(shown), int(rows.number[first + 1 + n]) + 2, inputs, rows.line_of(row))
