"""Cells collected one by one on numbered nets: the sink of readers that number their nets."""

from __future__ import annotations

from collections.abc import Sequence

from .flat import ALIAS, CellArrays


class NumberedCells:
    """Cells on nets that are integers (0 and 1: the constants); inner nets are numbered on from `n_nets`.

    Each cell carries the place (row) of the file that made it, so that cells can be sorted by it.
    """

    zero, one = 0, 1

    def __init__(self, n_nets: int) -> None:
        self.n_nets = n_nets
        self.place = 0
        self.places: list[int] = []
        self._rows: list[tuple[int, int, Sequence[int], int]] = []

    def cell(self, op: int, output: int, inputs: Sequence[int], line: int) -> None:
        """A cell of a gate with exactly these pins."""
        self._rows.append((op, output, tuple(inputs), line))
        self.places.append(self.place)

    def alias(self, output: int, driver: int, line: int) -> None:
        """The net `output` is the net `driver` under another name: no gate."""
        self.cell(ALIAS, output, (driver,), line)

    def inner(self) -> int:
        """A net that the file does not name."""
        self.n_nets += 1
        return self.n_nets - 1

    def arrays(self) -> CellArrays:
        """All cells, in the order of their collection."""
        return CellArrays.from_rows(self._rows)
