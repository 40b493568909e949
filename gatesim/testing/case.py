"""The test cases inside Digital's drawings, run on the drawing as a netlist.

Each row sets inputs, lets the circuit settle, and compares outputs. A ``C`` is a clock pulse: the other
inputs first, then up, then down again. A drawing without state runs thousands of rows as lanes at once;
one with state runs row after row in steps of one gate delay, as Digital itself counts time.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from .. import bits
from ..engines.logic4 import Logic4Engine
from ..errors import GatesimError, ParseError
from ..formats.dig import RESET, Machine, machine
from ..formats.dig_flat import read_drawing
from ..formats.dig_generic import arguments_of, initial_arguments, is_generic
from ..formats.dig_xml import Drawing, Element
from ..schedule import compile as compile_netlist
from ..stimulus import Stimulus
from .case_rows import Values, rows
from .case_syntax import Case, CaseParser, Names
from .outcome import Outcome
from .stepped import CaseFailure, Stepped

BATCH = 1 << 14
"""Rows run as lanes at once."""

MAX_DONT_CARES = 16
"""Inputs of one row that may be X: the row is run for every combination."""

SECONDS = 60.0
"""Time that one test case may take."""


def run_cases(
    path: str | Path, library: Sequence[str | os.PathLike[str]] = (), seconds: float = SECONDS
) -> list[Outcome]:
    """Run every test case of a drawing.

    Parameters
    ----------
    path : path of the ``.dig`` file
    library : sequence of folders
        Where to look for sub-circuits besides the drawing's own folder.
    seconds : float
        Time that one test case may take.

    Returns
    -------
    list of Outcome
        One for each enabled test case, or a single *refused* one when the drawing cannot be read.

    Raises
    ------
    OSError
        No such drawing.
    """
    path = Path(path)
    try:
        drawing = read_drawing(path)
    except GatesimError as exc:
        return [Outcome(str(path), path.stem, "refused", message=str(exc))]
    cases = [e for e in drawing.elements if e.kind == "Testcase" and e.flag("enabled", True)]
    if not cases:
        return [Outcome(str(path), path.stem, "refused", message=f"{path}: the drawing has no test case")]
    return [_run_case(drawing, element, path, library, seconds) for element in cases]


def _run_case(
    drawing: Drawing, element: Element, path: Path, library: Sequence[str | os.PathLike[str]], seconds: float
) -> Outcome:
    name = element.label or f"test at ({element.x}, {element.y})"
    started = perf_counter()
    count = 0
    try:
        case = CaseParser(element.text("Testdata"), f"{path} ({name})").parse()
        args = None
        if is_generic(drawing):
            code = element.text("generic").strip()
            args = arguments_of(element, code) if code else initial_arguments(drawing)
        made = machine(
            drawing, args=args, library=library, presets=case.presets, program=case.program, words=case.words
        )
        if not made.steps and not made.netlist.is_combinational:
            made = machine(
                drawing, args=args, library=library, presets=case.presets, program=case.program, words=case.words,
                steps=True,
            )  # fmt: skip
        run = _Run(case, made, f"{path} ({name})", started + seconds)
        for _ in run.compared():
            count += 1
        if not count:
            raise ParseError("the test case has no rows", source=f"{path} ({name})")
    except CaseFailure as exc:
        return Outcome(str(path), name, "failed", count, str(exc), perf_counter() - started)
    except GatesimError as exc:
        return Outcome(str(path), name, "refused", count, str(exc), perf_counter() - started)
    return Outcome(str(path), name, "passed", count, "", perf_counter() - started)


class _Run:
    """One test case on one machine."""

    def __init__(self, case: Case, made: Machine, source: str, until: float) -> None:
        self.case, self.machine, self.source, self.until = case, made, source, until
        net = made.netlist
        self.inputs = {p.name: p.width for p in net.inputs}
        self.outputs = {p.name: p.width for p in net.outputs}
        self._low = dict(zip(self.outputs, np.cumsum([0, *self.outputs.values()]).tolist(), strict=False))
        self.columns = [made.pin_numbers.get(n[1:], n) if n.startswith("/") else n for n in case.names]
        for name in self.columns:
            if name not in self.inputs and name not in self.outputs and name not in case.virtual:
                known = ", ".join([*self.inputs, *self.outputs])[:300]
                raise ParseError(
                    f"the test case names {name!r}, which is no input or output; there are {known}", source=source
                )
        self.into = [i for i, n in enumerate(self.columns) if n in self.inputs]
        self.out_of = [i for i, n in enumerate(self.columns) if n not in self.inputs]
        self.engine = Logic4Engine(compile_netlist(net))

    def compared(self) -> Iterator[None]:
        """Run all rows, in order; one item for each row that is as expected.

        Raises
        ------
        CaseFailure
            A row that is not; or the circuit oscillates.
        """
        if self.machine.netlist.is_combinational and not self._reads_outputs():
            yield from self._as_lanes()
        else:
            yield from self._one_by_one()

    def _reads_outputs(self) -> bool:
        """Whether some expression may read an output while the rows are made."""
        outputs = set(self.outputs)
        used: set[str] = set()
        for _ in itertools.islice(rows(self.case, self.source, _Watched(outputs, used)), 1000):
            if used:
                return True
        return bool(used)

    def _all_rows(self, names: Names) -> Iterator[Values]:
        """The rows with every X of an input replaced by 0 and by 1."""
        for row in rows(self.case, self.source, names):
            if perf_counter() > self.until:
                raise ParseError(
                    "the test case is not finished in its time; give more with --timeout", source=self.source
                )
            open_columns = [i for i in self.into if row.columns[i] == "X"]
            if len(open_columns) > MAX_DONT_CARES:
                raise ParseError(
                    f"the row leaves {len(open_columns)} inputs open: "
                    f"{2 ** len(open_columns)} combinations are too many",
                    source=self.source, line=row.line,
                )  # fmt: skip
            for choice in range(1 << len(open_columns)):
                columns = list(row.columns)
                for k, i in enumerate(open_columns):
                    columns[i] = choice >> k & 1
                yield Values(row.line, tuple(columns), row.variables)

    # -- without state: rows are lanes -------------------------------------------------------

    def _as_lanes(self) -> Iterator[None]:
        source = self._all_rows(Names())
        while batch := list(itertools.islice(source, BATCH)):
            columns = list(zip(*(row.columns for row in batch), strict=True))
            value, unknown = [], []
            for port in self.machine.netlist.inputs:
                given = columns[self.columns.index(port.name)] if port.name in self.columns else None
                words, doubt = self._lanes(port.name, port.width, given, len(batch))
                value.append(words)
                unknown.append(doubt)
            empty = np.zeros((0, bits.n_words(len(batch))), np.uint64)
            stimulus = Stimulus(
                np.concatenate([empty, *value])[None], len(batch), 1, np.concatenate([empty, *unknown])[None]
            )
            self.engine.reset()
            result = self.engine.run(stimulus)
            assert result.unknown is not None
            doubtful = self._doubtful(columns, len(batch), result.words[0], result.unknown[0])
            for lane, row in enumerate(batch):
                if doubtful[lane]:
                    self._compare(row, result.words[0], result.unknown[0], lane)
                yield

    def _doubtful(
        self, columns: Sequence[Sequence[int | str]], n: int, value: np.ndarray, unknown: np.ndarray
    ) -> np.ndarray:
        """(n,) bool: rows that may not be as expected; those that certainly are need no second look."""
        doubtful = np.zeros(n, np.bool_)
        for i in self.out_of:
            name = self.columns[i]
            numbers = [v for v in columns[i] if not isinstance(v, str)]
            if name not in self.outputs or len(numbers) < n:
                return np.ones(n, np.bool_)
            width = self.outputs[name]
            part = slice(self._low[name], self._low[name] + width)
            wanted = np.array([v % (1 << width) for v in numbers], dtype=np.uint64)
            doubtful |= bits.unpack(value[part], n) != wanted
            doubtful |= bits.unpack(unknown[part], n) != 0
        return doubtful

    def _lanes(self, name: str, width: int, given: Sequence[int | str] | None, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Planes of one input for a batch of rows; a clock that pulsed is low again."""
        idle = self._idle(name)
        numbers = [idle if v in ("Z", "C") else int(v) % (1 << width) for v in given] if given else [idle] * n
        floats = [v == "Z" for v in given] if given else [self.machine.initial.get(name) == "Z"] * n
        value = bits.pack(np.array(numbers, dtype=np.uint64), width)
        mask = bits.pack(np.array(floats, dtype=np.uint64) * np.uint64((1 << width) - 1), width)
        return value | mask, mask

    def _idle(self, name: str) -> int:
        value = self.machine.initial.get(name, 0)
        return 0 if isinstance(value, str) or name in (RESET,) else value

    # -- with state: row after row -----------------------------------------------------------

    def _one_by_one(self) -> Iterator[None]:
        circuit = Stepped(self.engine, self.machine, self.source)
        circuit.power_up()

        def outside(name: str) -> int | None:
            return self._number(name, circuit.out, circuit.out_unknown) if name in self.outputs else None

        for row in self._all_rows(Names(outside=outside)):
            pulsed = []
            for i in self.into:
                if row.columns[i] == "C":
                    pulsed.append(self.columns[i])
                else:
                    circuit.set(self.columns[i], row.columns[i])
            if pulsed:
                circuit.settle(row)
                for level in (1, 0):
                    for name in pulsed:
                        circuit.set(name, level)
                    circuit.settle(row)
            else:
                circuit.settle(row)
            self._compare(row, circuit.out, circuit.out_unknown, 0)
            yield

    # -- comparing ---------------------------------------------------------------------------

    def _compare(self, row: Values, value: np.ndarray, unknown: np.ndarray, lane: int) -> None:
        for i in self.out_of:
            wanted = row.columns[i]
            if wanted == "X":
                continue
            name = self.columns[i]
            if name in self.case.virtual and name not in self.outputs:
                got = self._virtual(name, value, unknown, lane)
                right, width, shown = got is not None and wanted == got, 64, "X" if got is None else str(got)
            else:
                width = self.outputs[name]
                letters = self._letters(name, value, unknown, lane)
                if wanted == "Z":
                    right = "Z" in letters
                else:
                    right = "X" not in letters and "Z" not in letters and int(letters, 2) == int(wanted) % (1 << width)
                shown = letters
            if not right:
                inputs = " ".join(f"{self.columns[k]}={row.columns[k]}" for k in self.into)
                asked = wanted if isinstance(wanted, str) else f"{wanted % (1 << width):0{min(width, len(shown))}b}"
                variables = f" ({row.variables})" if row.variables else ""
                raise CaseFailure(
                    f"{self.source}: row in line {row.line}{variables}: {name} is {shown}, expected {asked}; "
                    f"inputs {inputs}"
                )

    def _virtual(self, name: str, value: np.ndarray, unknown: np.ndarray, lane: int) -> int | None:
        """A declared signal; outputs that are partly unknown count when they do not matter for it."""
        texts: dict[str, str] = {}

        def outside(output: str) -> int | None:
            if output not in self.outputs:
                return None
            texts.setdefault(output, self._letters(output, value, unknown, lane))
            open_bits = [(o, i) for o, text in texts.items() for i, letter in enumerate(text) if letter in "XZ"]
            bits_now = list(texts[output])
            for k, (o, i) in enumerate(open_bits):
                if o == output:
                    bits_now[i] = str(choice >> k & 1)
            return int("".join(bits_now), 2)

        found: set[int] = set()
        choice, count = 0, 1
        while choice < count:
            found.add(self.case.virtual[name](Names(outside=outside)))
            count = 1 << min(10, sum(text.count("X") + text.count("Z") for text in texts.values()))
            choice += 1
            if len(found) > 1:
                return None
        return found.pop()

    def _letters(self, name: str, value: np.ndarray, unknown: np.ndarray, lane: int = 0) -> str:
        """An output as 0, 1, X, Z, most significant bit first."""
        low = self._low[name]
        word, bit = lane >> 6, np.uint64(lane & 63)
        letters = []
        for k in range(low, low + self.outputs[name]):
            v, u = ((int(p[k, word] >> bit)) & 1 for p in (value, unknown))
            letters.append("01XZ"[v + 2 * u])
        return "".join(reversed(letters))

    def _number(self, name: str, value: np.ndarray, unknown: np.ndarray, lane: int = 0) -> int | None:
        letters = self._letters(name, value, unknown, lane)
        return int(letters, 2) if not set(letters) - set("01") else None


class _Watched(Names):
    """Names that note which outputs an expression reads."""

    def __init__(self, outputs: set[str], used: set[str]) -> None:
        def outside(name: str) -> int | None:
            if name in outputs:
                used.add(name)
                return 0
            return None

        super().__init__(outside=outside)
