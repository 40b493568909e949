"""The exception tree.

Every error that a caller can cause is a :class:`GatesimError`; each class also inherits the
builtin that a caller would expect. A message says what, where, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class GatesimError(Exception):
    """Base of every error that gatesim raises for bad input."""

    def __str__(self) -> str:
        # KeyError would show the repr of the message; a person should read the message itself.
        return str(self.args[0]) if self.args else ""


class NetlistError(GatesimError, ValueError):
    """A netlist that is not well formed. ``problems`` lists every fault found, one line each."""

    def __init__(self, netlist_name: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        many = f"{len(self.problems)} problems" if len(self.problems) > 1 else "1 problem"
        lines = "\n".join(f"  - {p}" for p in self.problems)
        super().__init__(f"netlist {netlist_name!r} has {many}:\n{lines}")


class LoopError(GatesimError, ValueError):
    """A combinational loop met by something that needs levels. ``nets`` names the loop in order."""

    def __init__(self, netlist_name: str, nets: Sequence[str]) -> None:
        self.nets = tuple(nets)
        shown = list(nets[:12]) + (["..."] if len(nets) > 12 else [])
        path = " -> ".join([*shown, nets[0]])
        super().__init__(
            f"netlist {netlist_name!r} has a combinational loop of {len(nets)} cells: {path}. "
            "A levelised engine cannot order it: break the loop with a flip-flop."
        )


class OscillationError(GatesimError, RuntimeError):
    """A circuit with delays that does not come to rest. ``nets`` names those that keep switching."""

    def __init__(self, netlist_name: str, nets: Sequence[str], events: int, operation: int) -> None:
        self.nets = tuple(nets)
        shown = ", ".join([*nets[:12], *(["..."] if len(nets) > 12 else [])])
        super().__init__(
            f"netlist {netlist_name!r} does not come to rest: {events:,} transitions in operation {operation}, and "
            f"{len(nets)} nets keep switching: {shown}. Give a period to watch it run, or break the loop."
        )


class WidthError(GatesimError, ValueError):
    """Buses whose widths do not agree."""


class UnknownNameError(GatesimError, KeyError):
    """A port, net, gate, engine or circuit name that does not exist."""


class ValueFitError(GatesimError, ValueError):
    """A value that does not fit into its port."""


class BuildError(GatesimError, TypeError):
    """A circuit description used wrongly (mixed builders, a bus where a bit is wanted, ...)."""


class ParseError(GatesimError, ValueError):
    """A file that cannot be read. Carries ``source``, ``line`` and ``column`` (1-based, 0 = unknown)."""

    def __init__(self, message: str, *, source: str = "<text>", line: int = 0, column: int = 0) -> None:
        self.source, self.line, self.column = source, line, column
        where = source + (f":{line}" if line else "") + (f":{column}" if line and column else "")
        super().__init__(f"{where}: {message}")


class UnsupportedError(GatesimError, NotImplementedError):
    """Something well formed that this part of gatesim does not handle (it says what does)."""


class TooLargeError(GatesimError, MemoryError):
    """Something that would not fit into this machine's memory; said before anything is allocated."""


class NoSolutionError(GatesimError, LookupError):
    """A search for an input that does not exist."""


class EquivalenceError(GatesimError, AssertionError):
    """Two things that should compute the same function and do not."""


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Build the error for an unknown name, with the nearest known names suggested.

    Examples
    --------
    >>> print(unknown_name("gate", "NADN", ["AND", "NAND"]))
    unknown gate 'NADN'; did you mean 'NAND'?
    """
    candidates = [str(k) for k in known]
    close = difflib.get_close_matches(str(name), candidates, n=1)
    if close:
        hint = f"; did you mean {close[0]!r}?"
    elif candidates:
        shown = ", ".join(candidates[:16]) + (", ..." if len(candidates) > 16 else "")
        hint = f"; known: {shown}"
    else:
        hint = "; there is none"
    return UnknownNameError(f"unknown {kind} {name!r}{hint}")
