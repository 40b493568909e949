"""The cheapest schedule for a budget of ancillas: products made again where they cannot be kept.

The nets of a circuit, in an order of computation, are cut into stretches. What a cut leaves to later stretches
(its *live* nets) can be had in two ways: **hold** the products of the stretches before it, to be uncomputed at no
cost (measured) when everything behind them is done, or **keep** copies of the live nets only, and make the
stretches' products once more to take the copies off again. The best mixture is found by dynamic programming over
all pairs of cuts and all budgets at once. (Bennett 1989 for keeping; pebble games on netlists: Meuli, Soeken,
Roetteler, Bjorner, De Micheli, arXiv 1904.02121.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from .forms import Forms

STRETCHES = 32
"""Stretches at most; time grows with the third power, and more of them hardly find better schedules."""
NEVER = 1 << 60


class Step(NamedTuple):
    """What to do first on the way from one cut to another."""

    how: Literal["direct", "hold", "keep"]
    middle: int


@dataclass(frozen=True)
class Course:
    """Nets in an order of computation, with cuts.

    Attributes
    ----------
    nets : tuple of int
        ANDs and roots, drivers first.
    cuts : tuple of int
        Ascending places between nets, from 0 to their number.
    live : tuple of frozenset of int
        Of every cut: nets made before and read after it.
    products : tuple of int
        Of every cut: ANDs before it.
    """

    nets: tuple[int, ...]
    cuts: tuple[int, ...]
    live: tuple[frozenset[int], ...]
    products: tuple[int, ...]

    @classmethod
    def of(cls, forms: Forms, order: Sequence[int], stretches: int = STRETCHES) -> Course:
        """Cut `order` into stretches of about equally many ANDs, where few nets are live."""
        n = len(order)
        place = {net: k for k, net in enumerate(order)}
        last = list(range(n))  # place of the last reader of each net
        for k, net in enumerate(order):
            for below in forms.below(net):
                if below in place:
                    last[place[below]] = k
        ands = np.concatenate(([0], np.cumsum([forms.is_and[net] for net in order])))
        change = np.zeros(n + 2, np.int64)
        for k, end in enumerate(last):  # live at the cuts k + 1 .. end
            change[k + 1] += 1
            change[end + 1] -= 1
        width = np.cumsum(change)[: n + 1]
        cuts = [0]
        for s in range(1, stretches):
            window = np.flatnonzero(
                (ands > ands[-1] * (s - 0.5) / stretches) & (ands <= ands[-1] * (s + 0.5) / stretches)
            )
            if len(window) and (at := int(window[width[window].argmin()])) > cuts[-1] and at < n:
                cuts.append(at)
        cuts.append(n)
        live = [set[int]() for _ in cuts]
        for k, end in enumerate(last):
            first = int(np.searchsorted(cuts, k + 1))
            for c in range(first, len(cuts)):
                if cuts[c] > end:
                    break
                live[c].add(order[k])
        return cls(tuple(order), tuple(cuts), tuple(map(frozenset, live)), tuple(int(ands[c]) for c in cuts))


class Plan:
    """Best schedules over a :class:`Course` for every budget up to `most` ancillas.

    Attributes
    ----------
    course : Course
    cost : (most + 1,) int64
        ANDs computed with each budget, ``NEVER`` where none suffices.
    """

    def __init__(self, course: Course, most: int) -> None:
        self.course, self.most = course, most
        k = len(course.cuts) - 1
        ands, live = course.products, course.live
        width = [[len(live[j] - live[i]) for j in range(k + 1)] for i in range(k + 1)]
        self._width = width
        # reach[i][j]: from the nets of cut i alone, put copies of those of cut j; finish[i]: do the rest.
        self._reach: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}
        self._finish: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for length in range(1, k):
            for i in range(k - length):
                j = i + length
                own = ands[j] - ands[i]
                options = [(Step("direct", j), self._from(width[i][j] + own, own))]
                for m in range(i + 1, j):
                    held, tail = ands[m] - ands[i], self._reach[m, j][0]
                    passing = width[i][j] - width[m][j]
                    options.append((Step("hold", m), held + _shifted(tail, held + passing)))
                    head = self._reach[i, m][0]
                    cost = head + _shifted(tail, width[i][m]) + _shifted(head, width[m][j])
                    options.append((Step("keep", m), cost))
                self._reach[i, j] = self._best(options)
        for i in range(k - 1, -1, -1):
            own = ands[k] - ands[i]
            options = [(Step("direct", k), self._from(own, own))]
            for m in range(i + 1, k):
                held, tail = ands[m] - ands[i], self._finish[m][0]
                options.append((Step("hold", m), held + _shifted(tail, held)))
                options.append((Step("keep", m), 2 * self._reach[i, m][0] + _shifted(tail, width[i][m])))
            self._finish[i] = self._best(options)
        self.cost = self._finish[0][0]

    def _from(self, room: int, cost: int) -> np.ndarray:
        found = np.full(self.most + 1, NEVER, np.int64)
        found[room:] = cost
        return found

    def _best(self, options: list[tuple[Step, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
        costs = np.minimum([cost for _, cost in options], NEVER)
        best = costs.argmin(axis=0)
        codes = np.array([(("direct", "hold", "keep").index(s.how), s.middle) for s, _ in options], np.int16)
        return costs.min(axis=0), codes[best]

    @property
    def least(self) -> int | None:
        """The smallest budget that suffices, if any up to `most` does."""
        found = np.flatnonzero(self.cost < NEVER)
        return int(found[0]) if len(found) else None

    def reach(self, i: int, j: int, room: int) -> Step:
        """What to do first to put copies of the live nets of cut `j`, from those of `i`, in `room` ancillas."""
        return _step(self._reach[i, j][1][room])

    def finish(self, i: int, room: int) -> Step:
        """What to do first to make everything after cut `i` in `room` ancillas."""
        return _step(self._finish[i][1][room])

    def products(self, i: int, j: int) -> int:
        """ANDs between two cuts."""
        return self.course.products[j] - self.course.products[i]

    def width(self, i: int, j: int) -> int:
        """Nets live at cut `j` but not at cut `i`."""
        return self._width[i][j]


def _shifted(cost: np.ndarray, by: int) -> np.ndarray:
    found = np.full(len(cost), NEVER, np.int64)
    found[by:] = cost[: max(0, len(cost) - by)]
    return found


def _step(code: np.ndarray) -> Step:
    return Step(("direct", "hold", "keep")[code[0]], int(code[1]))
