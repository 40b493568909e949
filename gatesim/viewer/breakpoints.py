"""Where a run stops: an expression becomes true, or a net changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..errors import ParseError
from ..expression import Expression
from .naming import Names

Kind = Literal["true", "changes"]
_NAME = re.compile(r"\{(?P<quoted>[^}]+)\}|(?<!\w)(?P<plain>[A-Za-z_]\w*(?:\[\d+\])?)|#(?P<number>\d+)")
_FUNCTIONS = {"abs", "min", "max"}


@dataclass(frozen=True, eq=False)
class Breakpoint:
    """A condition on nets, looked at in every cycle.

    Attributes
    ----------
    text : str
        As it was typed: an expression such as ``pc == 7`` or ``carry``, or ``changes NAME``.
    kind : {"true", "changes"}
        Stop in the cycle in which the expression becomes true (nonzero) after it was not, or in which the
        net differs from the cycle before.
    nets : tuple of int
        What has to be watched.
    """

    text: str
    kind: Kind
    nets: tuple[int, ...]
    _names: tuple[tuple[str, tuple[int, ...]], ...]
    _expression: Expression | None

    @classmethod
    def parse(cls, text: str, names: Names) -> Breakpoint:
        """Read a condition; names with other than letters, digits and brackets stand in braces: ``{alu/out} > 3``.

        Raises
        ------
        ParseError, UnknownNameError, ValueFitError

        Examples
        --------
        >>> from gatesim import Builder
        >>> b = Builder("wires"); b.output("y", b.input_bus("x", 8))
        >>> found = Breakpoint.parse("(y >= 3) & x[0]", Names(b.freeze()))
        >>> found.first(np.array([[0] * 8, [1, 1] + [0] * 6], np.uint8), None)
        1
        """
        plain = text.strip()
        if not plain:
            raise ParseError("empty: write an expression such as count == 7, or: changes NAME", source="breakpoint")
        if plain.startswith("changes "):
            name = plain.removeprefix("changes ").strip().strip("{}")
            return cls(plain, "changes", names.nets(name), (), None)
        found: dict[str, tuple[str, tuple[int, ...]]] = {}

        def replaced(match: re.Match) -> str:
            name = match["quoted"] or match["plain"] or f"#{match['number']}"
            if name in _FUNCTIONS:
                return name
            if name not in found:
                found[name] = (f"v{len(found)}", names.nets(name))
            return found[name][0]

        rewritten = _NAME.sub(replaced, plain)
        widths = {symbol: len(nets) for symbol, nets in found.values()}
        try:
            expression = Expression(rewritten, widths)
        except ParseError as exc:
            raise ParseError(f"{plain!r}: {str(exc).partition(': ')[2]}", source="breakpoint") from None
        nets = tuple(dict.fromkeys(k for _, part in found.values() for k in part))
        return cls(plain, "true", nets, tuple(found.values()), expression)

    def holds(self, seen: np.ndarray) -> np.ndarray:
        """(cycles,) bool: where the condition is true, from (cycles, len(nets)) codes; X and Z count as 0."""
        if self._expression is None:
            return np.zeros(len(seen), np.bool_)
        bits = (seen == 1).astype(np.int64)
        place = {net: i for i, net in enumerate(self.nets)}
        values = {
            symbol: (bits[:, [place[k] for k in part]] << np.arange(len(part))).sum(axis=1)
            for symbol, part in self._names
        }
        value = self._expression(values)
        return np.broadcast_to(value != 0, (len(seen),))

    def first(self, seen: np.ndarray, before: np.ndarray | None) -> int | None:
        """The first of the seen cycles to stop in.

        Parameters
        ----------
        seen : (cycles, len(nets)) uint8
        before : (len(nets),) uint8, optional
            Codes in the cycle before the first one; None where there is none.
        """
        if before is not None:
            seen = np.concatenate((before[None], seen))
        if self.kind == "changes":
            hit = np.concatenate(([False], (seen[1:] != seen[:-1]).any(axis=1)))
        else:
            now = self.holds(seen)
            hit = now & ~np.concatenate(([False], now[:-1]))
        if before is not None:
            hit = hit[1:]
        return int(hit.argmax()) if hit.any() else None
