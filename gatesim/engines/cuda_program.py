"""A schedule as the interpreting GPU kernel reads it: unsigned arrays, slots times the block size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..kernels.functions import KINDS, READ_KIND, support
from ..schedule import ReadPorts, Schedule, WritePorts


class _Moves(NamedTuple):
    pairs: list[tuple[int, int]]
    flips: list[int]
    n_staged: int


def program(block: int, schedule: Schedule, observe: np.ndarray) -> tuple[tuple[np.ndarray, ...], int]:
    """The fields of ``kernels.cuda.Program``, and the number of slots."""
    rows, runs, masks = [], [], []
    for kind, start, stop in schedule.runs.tolist():
        at = 2 * len(rows)
        if kind == READ_KIND:
            rows += [[port, 0, 0, 0] for port in schedule.rows[start:stop, 0]]
            masks.append([0] * 8)
        else:
            rows_of_run = schedule.rows[start:stop] * np.array([*support(KINDS[kind]), True]) * block
            rows += [*rows_of_run, rows_of_run[-1]] if len(rows_of_run) & 1 else [*rows_of_run]
            values = [-(KINDS[kind] >> i & 1) & 0xFFFFFFFF for i in range(8)]
            masks.append([v ^ (values[i - 1] if i & 1 else 0) for i, v in enumerate(values)])
        runs.append([int(kind != READ_KIND), at, 2 * len(rows)])
    wide = np.array(rows, np.uint64).reshape(-1, 2, 2)
    inputs = [(k, slot * block) for k, slot in enumerate(schedule.input_slot) if slot >= 0]
    moves = _moves(schedule)
    fields = (
        _unsigned(inputs, 2),
        _unsigned(runs, 3),
        _unsigned(masks, 8),
        (wide[..., 0] | wide[..., 1] << np.uint64(32)).reshape(-1),
        *_slots_and_flips(block, observe),
        _unsigned(moves.pairs, 2) * np.uint32(block),
        _unsigned(moves.flips),
        _unsigned(schedule.register_slot * block),
    )
    return fields, schedule.n_slots + moves.n_staged


def _moves(schedule: Schedule) -> _Moves:
    """The clock edge, one copy after another: what another flip-flop would overwrite is staged first."""
    targets = schedule.register_slot.tolist()
    literals = schedule.next_literal.tolist()
    overwritten = [k for k, lit in enumerate(literals) if lit >> 1 in set(targets) - {0} and lit != 2 * targets[k]]
    stage = {k: schedule.n_slots + i for i, k in enumerate(overwritten)}
    steps = [(literals[k], stage[k]) for k in overwritten]
    steps += [(lit, targets[k]) for k, lit in enumerate(literals) if k not in stage and lit != 2 * targets[k]]
    steps += [(2 * stage[k], targets[k]) for k in overwritten]
    pairs = [(literal >> 1, slot) for literal, slot in steps]
    return _Moves(pairs, [-(literal & 1) & 0xFFFFFFFF for literal, _ in steps], len(stage))


def ports(block: int, given: ReadPorts | WritePorts) -> tuple[np.ndarray, ...]:
    """The fields of ``kernels.cuda.Ports``. Data of a read port are slots, of a write port literals."""
    writing = isinstance(given, WritePorts)
    data = given.data if writing else 2 * given.data
    enable = given.enable if writing else np.zeros(0, np.int32)
    return (
        _unsigned(given.memory),
        _unsigned(given.address_ptr),
        *_slots_and_flips(block, given.address),
        _unsigned(given.data_ptr),
        *_slots_and_flips(block, data),
        *_slots_and_flips(block, enable),
    )


def _slots_and_flips(block, literals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    literals = literals.astype(np.int64)
    return _unsigned((literals >> 1) * block), _unsigned(-(literals & 1) & 0xFFFFFFFF)


def _unsigned(values, columns: int = 0) -> np.ndarray:
    array = np.array(values, np.int64).astype(np.uint32)
    return array.reshape(-1, columns) if columns else array
