"""Cells collected one by one on numbered nets: the sink of readers that number their nets."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from .flat import ALIAS, CellArrays


class NumberedCells:
    """Cells on nets that are integers (0 and 1: the constants); inner nets are numbered on from `n_nets`.

    Each cell carries the ``place`` at which it was collected: whatever the reader sets it to.
    """

    zero, one = 0, 1

    def __init__(self, n_nets: int = 2) -> None:
        self.n_nets = n_nets
        self.place = 0
        self._places = array("l")
        self._op, self._net, self._line = array("h"), array("l"), array("l")
        self._pins, self._counts = array("l"), array("b")

    def cell(self, op: int, output: int, inputs: Sequence[int], line: int) -> None:
        """A cell of a gate with exactly these pins."""
        self._op.append(op)
        self._net.append(output)
        self._line.append(line)
        self._pins.extend(inputs)
        self._counts.append(len(inputs))
        self._places.append(self.place)

    def bulk(self, op: np.ndarray, net: np.ndarray, counts: np.ndarray, pins: np.ndarray, line: np.ndarray) -> None:
        """Many cells at one place; each has as many of the `pins` as `counts` says."""
        added = (self._op, op), (self._net, net), (self._line, line), (self._pins, pins), (self._counts, counts)
        for column, values in added:
            column.frombytes(values.astype(column.typecode).tobytes())
        self._places.extend([self.place] * len(op))

    def alias(self, output: int, driver: int, line: int) -> None:
        """The net `output` is the net `driver` under another name: no gate."""
        self.cell(ALIAS, output, (driver,), line)

    def inner(self) -> int:
        """A net that the file does not name."""
        self.n_nets += 1
        return self.n_nets - 1

    def __len__(self) -> int:
        """Number of cells so far."""
        return len(self._op)

    def aliases(self) -> dict[int, int]:
        """Nets that are other nets under another name, and those."""
        return self.arrays().aliases()

    @property
    def places(self) -> np.ndarray:
        """(m,) int64: the place of each cell."""
        return np.array(self._places, np.int64)

    def arrays(self) -> CellArrays:
        """All cells, in the order of their collection."""
        counts = np.array(self._counts, np.int8)
        most = max(4, int(counts.max(initial=0)))
        pins = np.full((len(counts), most), -1, np.int32)
        pins[np.arange(most) < counts[:, None]] = np.array(self._pins, np.int32)
        op, net, line = np.array(self._op, np.int16), np.array(self._net, np.int32), np.array(self._line, np.int32)
        return CellArrays(op, net, pins, line)
