"""Removing gates that undo each other."""

from __future__ import annotations

from .circuit import NOT, PHASE

ROUNDS = 8
"""Times that the gates are looked through: a pair may hide another pair around it."""


def cancel(gates: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """`gates` (op, qubit, ...) without pairs of X or CX that meet with nothing of theirs in between.

    Two equal CX gates cancel where the control was not written and the target not read meanwhile; other flips
    of the target commute with both.
    """
    for _ in range(ROUNDS):
        fewer = _cancel_once(gates)
        if len(fewer) == len(gates):
            break
        gates = fewer
    return gates


def _cancel_once(gates: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    written: dict[int, int] = {}  # how often each qubit was written
    read: dict[int, int] = {}  # how often each qubit was read
    seen: dict[tuple[int, ...], tuple[int, int, int]] = {}
    dead: set[int] = set()
    for index, gate in enumerate(gates):
        op, *qubits = gate
        if op == PHASE:
            for q in qubits:
                read[q] = read.get(q, 0) + 1
            continue
        *controls, target = qubits
        if op == NOT and len(controls) < 2:
            state = (written.get(controls[0], 0) if controls else 0, read.get(target, 0))
            before = seen.pop(gate, None)
            if before is not None and before[1:] == state:
                dead |= {before[0], index}
                continue
            seen[gate] = (index, *state)
        for q in controls:
            read[q] = read.get(q, 0) + 1
        written[target] = written.get(target, 0) + 1
        if op != NOT:  # an AND wants its target clean, an UNAND wants the product: both read it
            read[target] = read.get(target, 0) + 1
        if len(qubits) == 2 and op != NOT:  # SWAP writes both
            written[qubits[0]] = written.get(qubits[0], 0) + 1
    return [g for i, g in enumerate(gates) if i not in dead]
