"""Every gate as a few two-input ANDs and XORs with inversions: what a netlist is lowered to.

A *program* is a list of steps (is_xor, literal, literal). A literal is ``2 * value + inverted``; values 0
to 3 are the pins, value ``4 + s`` is the result of step ``s``. The programs are derived from the truth
tables, not typed in. A flip-flop's program is its next state, on the pins (d, en, q, rst).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .gates import DFF, DFF1, GATES, IS_LOGIC, MAX_ARITY

Step = tuple[int, int, int]


def _cofactors(table: int, n: int, v: int) -> tuple[int, int]:
    halves = [0, 0]
    for index in range(1 << n):
        small = (index & ((1 << v) - 1)) | (index >> (v + 1) << v)
        halves[index >> v & 1] |= (table >> index & 1) << small
    return halves[0], halves[1]


def _support_size(table: int, n: int) -> int:
    return sum(zero != one for zero, one in (_cofactors(table, n, v) for v in range(n)))


class _Program:
    """Steps under construction; equal steps are shared."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def _step(self, is_xor: int, a: int, b: int) -> int:
        step = (is_xor, min(a, b), max(a, b))
        if step not in self.steps:
            self.steps.append(step)
        return 2 * (MAX_ARITY + self.steps.index(step))

    def and_(self, a: int, b: int) -> int:
        return self._step(0, a, b)

    def or_(self, a: int, b: int) -> int:
        return self._step(0, a ^ 1, b ^ 1) ^ 1

    def xor(self, a: int, b: int) -> int:
        return self._step(1, a & ~1, b & ~1) ^ (a & 1) ^ (b & 1)

    def literal(self, table: int, inputs: Sequence[int]) -> int:
        """Steps that compute `table` of the literals `inputs` (a function that is not constant)."""
        n, inputs = len(inputs), list(inputs)
        for v in range(n):
            zero, one = _cofactors(table, n, v)
            if zero == one:
                return self.literal(zero, inputs[:v] + inputs[v + 1 :])
        if n == 1:
            return inputs[0] ^ (table & 1)
        ones = (1 << (1 << (n - 1))) - 1
        for v in range(n):
            zero, one = _cofactors(table, n, v)
            x, rest = inputs[v], inputs[:v] + inputs[v + 1 :]
            if zero == 0:
                return self.and_(x, self.literal(one, rest))
            if one == 0:
                return self.and_(x ^ 1, self.literal(zero, rest))
            if zero == ones:
                return self.or_(x ^ 1, self.literal(one, rest))
            if one == ones:
                return self.or_(x, self.literal(zero, rest))
            if zero == one ^ ones:
                return self.xor(x, self.literal(zero, rest))
        for i in range(n):
            for j in range(i + 1, n):
                parts = _disjoint(table, n, i, j)
                if parts is not None:
                    inner, outer = parts
                    rest = [x for k, x in enumerate(inputs) if k not in (i, j)]
                    return self.literal(outer, [self.literal(inner, [inputs[i], inputs[j]]), *rest])
        v = min(range(n), key=lambda v: sum(_support_size(half, n - 1) for half in _cofactors(table, n, v)))
        zero, one = _cofactors(table, n, v)
        x, rest = inputs[v], inputs[:v] + inputs[v + 1 :]
        return self.or_(self.and_(x, self.literal(one, rest)), self.and_(x ^ 1, self.literal(zero, rest)))


def _disjoint(table: int, n: int, i: int, j: int) -> tuple[int, int] | None:
    """(h, g) with f = g(h(x_i, x_j), the rest), when x_i and x_j act through one value only."""
    rest = [k for k in range(n) if k not in (i, j)]
    columns = []
    for x in range(4):
        column = 0
        for y in range(1 << len(rest)):
            index = (x & 1) << i | (x >> 1) << j | sum((y >> p & 1) << k for p, k in enumerate(rest))
            column |= (table >> index & 1) << y
        columns.append(column)
    distinct = list(dict.fromkeys(columns))
    if len(distinct) != 2:
        return None
    inner = sum(1 << x for x in range(4) if columns[x] == distinct[1])
    outer = sum((distinct[h] >> y & 1) << (2 * y + h) for y in range(1 << len(rest)) for h in range(2))
    return inner, outer


def _next_state(init: int) -> int:
    """Truth table of a flip-flop's next state over (d, en, q, rst)."""
    table = 0
    for index in range(16):
        d, en, q, rst = (index >> k & 1 for k in range(4))
        table |= (init if rst else (d if en else q)) << index
    return table


def _programs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    steps: list[Step] = []
    start, result = [0], []
    tables = {g.op: (g.table, g.arity) for g in GATES if IS_LOGIC[g.op]}
    tables |= {DFF: (_next_state(0), 4), DFF1: (_next_state(1), 4)}
    for g in GATES:
        program = _Program()
        table, arity = tables.get(g.op, (0, 0))
        result.append(program.literal(table, [2 * k for k in range(arity)]) if table else -1)
        steps += program.steps
        start.append(len(steps))
    arrays = (np.array(start, np.int32), np.array(steps, np.int32).reshape(-1, 3), np.array(result, np.int32))
    for a in arrays:
        a.flags.writeable = False
    return arrays


STEP_START, STEPS, RESULT = _programs()
"""(n_ops + 1,) int32: steps of each op; (n_steps, 3) int32: (is_xor, literal, literal); (n_ops,) int32:
the literal that an op's program ends with, -1 where it has none."""
