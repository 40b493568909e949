"""nand2tetris test scripts on a chip: from a file of HDL, or built in Python.

The two-phase clock of the course: at ``tick`` registers and memories take what they will show, but
outputs still show the old; ``tock`` shows the new. A script looks into parts by name (``DRegister[]``,
``RAM16K[3]``): it sees the taken value from ``tick`` on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from .. import formats
from ..errors import GatesimError, ParseError, UnknownNameError
from ..netlist import Netlist
from .clocked_chip import ClockedChip
from .outcome import Outcome
from .script_syntax import Column, Command, ScriptParser, Target

MAX_COMMANDS = 1_000_000
"""Commands that one script may carry out, loops included."""

MAX_TEXT = 1 << 26
"""Bytes of a script, a comparison file or a program, at most."""

BUILTIN = "builtin"
"""Chip argument: take the built-in chip that the script loads, though no file of it is there."""


class _Failure(Exception):
    """The first difference between what came and what was expected."""


def run_script(path: str | Path, chip: Netlist | str | None = None, keys: Sequence[int] = ()) -> Outcome:
    """Run one script and compare its output lines with the file that it names.

    Parameters
    ----------
    path : path of the ``.tst`` file
    chip : Netlist or "builtin", optional
        What to test instead of the ``.hdl`` file that the script loads.
    keys : sequence of int
        Codes of keys to press, one each time that the script waits for one.

    Returns
    -------
    Outcome
        *refused* when the script, the chip or the comparison file cannot be read.

    Raises
    ------
    OSError
        No such script.
    """
    path = Path(path)
    started = perf_counter()
    run = _Run(path, chip, list(keys))
    try:
        commands = ScriptParser(_text(path), str(path)).parse()
        own = path.with_suffix(".cmp")
        if "compare-to" not in {c.word for c in commands} and own.is_file():
            run.expect(own)
        run.carry_out(commands)
        run.compare_rest()
    except _Failure as exc:
        return Outcome(str(path), path.stem, "failed", run.compared, str(exc), perf_counter() - started)
    except GatesimError as exc:
        return Outcome(str(path), path.stem, "refused", run.compared, str(exc), perf_counter() - started)
    return Outcome(str(path), path.stem, "passed", run.compared, "", perf_counter() - started)


def _text(path: Path) -> str:
    with open(path, "rb") as file:
        data = file.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise ParseError(f"the file is longer than {MAX_TEXT} bytes", source=str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise ParseError(f"this is no text file ({exc.reason} at byte {exc.start})", source=str(path)) from None


class _Run:
    """One script at work."""

    def __init__(self, path: Path, chip: Netlist | str | None, keys: list[int]) -> None:
        self.path, self.given, self.keys = path, chip, keys
        self.compared = 0
        self._chip: ClockedChip | None = None
        self._columns: tuple[Column, ...] = ()
        self._expected: list[str] | None = None
        self._expected_from = ""
        self._done = 0

    @property
    def chip(self) -> ClockedChip:
        """The chip under test."""
        if self._chip is None:
            # A script without "load" means the chip that it is named after (ALU-basic.tst tests ALU).
            self._chip = self._find_chip(f"{self.path.stem.partition('-')[0]}.hdl")
        return self._chip

    def carry_out(self, commands: Sequence[Command]) -> None:
        """Every command in turn; an error says the line."""
        for command in commands:
            self._done += 1
            if self._done > MAX_COMMANDS:
                raise self._at(command, f"the script has carried out {MAX_COMMANDS} commands: it is given up here")
            try:
                self._one(command)
            except ParseError:
                raise
            except (GatesimError, OSError) as exc:
                reason = exc.strerror if isinstance(exc, OSError) else str(exc)
                name = f"{exc.filename}: " if isinstance(exc, OSError) and exc.filename else ""
                raise self._at(command, f"{name}{reason}") from None

    def _at(self, command: Command, message: str) -> ParseError:
        return ParseError(message, source=str(self.path), line=command.line)

    def expect(self, file: Path) -> None:
        """Compare what is output from now on with the lines of `file`."""
        self._expected, self._expected_from = _text(file).split("\n"), str(file)
        while self._expected and not self._expected[-1].strip():
            self._expected.pop()

    def _one(self, command: Command) -> None:
        match command.word:
            case "load":
                name = command.arguments[0] if command.arguments else f"{self.path.stem}.hdl"
                self._beside(command, name)
                self._chip = self._find_chip(name)
            case "compare-to":
                self.expect(self._beside(command, command.arguments[0]))
            case "output-list":
                self._columns = tuple(self._sized(c) for c in command.arguments)
                self._emit(command, [_centred(c) for c in self._columns])
            case "set":
                self.chip.write(*command.arguments)
            case "eval":
                self.chip.settle()
            case "tick":
                self.chip.tick()
            case "tock" | "ticktock":
                if command.word == "ticktock":
                    self.chip.tick()
                self.chip.tock()
            case "output":
                self._emit(command, [self._cell(c) for c in self._columns])
            case "ROM32K":
                self._program(command)
            case "resetRam":
                for m in self.chip.net.memories:
                    if m.name.startswith("RAM"):
                        for address in range(m.depth):
                            self.chip.write(Target(m.name, address), 0)
            case "repeat":
                self._repeat(command)
            case "while":
                self._while(command)
            # output-file, echo and clear-echo only tell a person something: nothing is written beside the script

    def _beside(self, command: Command, name: str) -> Path:
        """A file that the script names: beside it, not somewhere else."""
        if any(c in name for c in "/\\\0") or name in ("", ".", ".."):
            raise self._at(command, f"{name[:60]!r} must be the name of a file beside the script")
        return self.path.parent / name

    def _find_chip(self, name: str) -> ClockedChip:
        if isinstance(self.given, Netlist):
            return ClockedChip(self.given)
        from ..formats.hdl import builtin_chip

        if self.given == BUILTIN:
            return ClockedChip(builtin_chip(name.removesuffix(".hdl")))
        file = self.path.parent / name
        if not file.is_file():
            raise GatesimError(
                f"there is no {file}: put it there, or say which chip to test with --chip "
                "(circuits.hack:alu, or builtin for the library's chip of that name)"
            )
        return ClockedChip(formats.read(file))

    def _program(self, command: Command) -> None:
        file = self._beside(command, command.arguments[1])
        words = []
        for number, line in enumerate(_text(file).split(), 1):
            if len(line) != 16 or line.strip("01"):
                raise ParseError(f"{line[:40]!r} is no instruction: 16 digits 0 and 1", source=str(file), line=number)
            words.append(int(line, 2))
        self.chip.load_words("ROM32K", words)

    def _repeat(self, command: Command) -> None:
        (count,) = command.arguments
        if count is None or count * max(1, len(command.body)) > MAX_COMMANDS:
            many = "for ever" if count is None else f"{count} times"
            raise self._at(
                command, f"repeat {many} is more than the {MAX_COMMANDS} commands that a script may carry out"
            )
        for _ in range(count):
            self.carry_out(command.body)

    def _while(self, command: Command) -> None:
        left, compare, right = command.arguments
        before: tuple = ()
        while self._holds(left, compare, right):
            self.carry_out(command.body)
            self._done += 1
            now = self.chip.fingerprint()
            if now != before:
                before = now
                continue
            before = ()
            if not self.keys or "Keyboard" not in self.chip.values:
                raise self._at(
                    command, "this loop never ends: nothing changes in it. If it waits for a key, give --key CODE"
                )
            self.chip.values["Keyboard"] = self.keys.pop(0)
            self.chip.settle()

    def _holds(self, left: Target | int, compare: str, right: Target | int) -> bool:
        a, b = (x if isinstance(x, int) else self._signed(x) for x in (left, right))
        return {"=": a == b, "<>": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[compare]

    def _signed(self, target: Target) -> int:
        value, width = self.chip.read(target), self.chip.width(target)
        return value - (1 << width) if width == 16 and value >> 15 else value

    def _sized(self, column: Column) -> Column:
        """A column without a format is as wide as its pin, in binary; time takes seven letters."""
        if column.width:
            return column
        if column.target.name == "time":
            return replace(column, style="S", width=7)
        return replace(column, width=self.chip.width(column.target))

    def _cell(self, column: Column) -> str:
        target = column.target
        if target.name == "time":
            text = self.chip.time
        elif column.style == "D":
            text = str(self._signed(target))
        else:
            value = self.chip.read(target)
            digits = f"{value:b}" if column.style == "B" else f"{value:X}" if column.style == "X" else str(value)
            text = digits.rjust(column.width, "0")[-column.width :] if column.style != "S" else digits
        text = text[: column.width]
        padded = text.rjust(column.width) if column.style == "D" else text.ljust(column.width)
        return " " * column.left + padded + " " * column.right

    def _emit(self, command: Command, cells: list[str]) -> None:
        if not cells:
            raise self._at(command, "nothing to output: an output-list must come first")
        line = "|" + "|".join(cells) + "|"
        if self._expected is None:
            return
        number = self.compared
        if number >= len(self._expected):
            raise _Failure(
                f"{self.path}:{command.line}: {self._expected_from} ends before this line\n  got      {line}"
            )
        wanted = self._expected[number].strip()
        self.compared += 1
        if len(wanted) != len(line) or any(w not in (g, "*") for w, g in zip(wanted, line, strict=True)):
            raise _Failure(
                f"{self.path}:{command.line}: line {number + 1} of {self._expected_from} differs\n"
                f"  expected {wanted}\n  got      {line}"
            )

    def compare_rest(self) -> None:
        """Whatever the script did not output must not be expected either; a script that compares nothing fails."""
        if self._expected is None:
            raise UnknownNameError(f"{self.path}: the script compares nothing: it has no compare-to")
        if self.compared < len(self._expected):
            raise _Failure(
                f"{self.path}: the script ends, but line {self.compared + 1} of {self._expected_from} is expected"
            )


def _centred(column: Column) -> str:
    space = column.left + column.width + column.right
    title = column.title[:space]
    left = (space - len(title)) // 2
    return " " * left + title + " " * (space - left - len(title))
