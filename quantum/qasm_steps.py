"""Steps of an OpenQASM text, and those of them that together are a temporary AND or its measured uncomputation."""

from __future__ import annotations

from typing import NamedTuple

from .circuit import AND_STEPS


class Step(NamedTuple):
    """One operation; ``index`` and ``called`` say which instruction of the file it belongs to."""

    name: str
    qubits: tuple[int, ...]
    index: int
    called: str
    line: int
    more: object = None
    """Controls that are 0 instead of 1; the bit of a measurement; bit and body of an ``if``."""


def joined(steps: list[Step]) -> list[Step]:
    """`steps` with temporary ANDs and their measured uncomputations as one step each."""
    if not any(s.name == "h" for s in steps):
        return steps
    made: list[Step] = []
    at = 0
    while at < len(steps):
        step = steps[at]
        if step.name == "h":
            for name, length, match in (("AND", len(AND_STEPS), _temporary_and), ("UNAND", 3, _measured)):
                qubits = match(steps[at : at + length])
                if qubits is not None:
                    made.append(step._replace(name=name, qubits=qubits, more=None))
                    at += length
                    break
            else:
                made.append(step)
                at += 1
            continue
        made.append(step)
        at += 1
    return made


def _temporary_and(window: list[Step]) -> tuple[int, int, int] | None:
    if len(window) < len(AND_STEPS) or len(window[2].qubits) != 2 or len(window[3].qubits) != 2:
        return None
    operands = (window[2].qubits[0], window[3].qubits[0], window[0].qubits[0])
    for step, (name, qubits) in zip(window, AND_STEPS, strict=True):
        if step.name != name or step.qubits != tuple(operands[k] for k in qubits):
            return None
    return operands


def _measured(window: list[Step]) -> tuple[int, int, int] | None:
    if [s.name for s in window] != ["h", "measure", "if"] or window[1].qubits != window[0].qubits:
        return None
    bit, body = window[2].more  # pyright: ignore[reportGeneralTypeIssues]
    (target,) = window[0].qubits
    named = {s.name: s.qubits for s in body}
    if bit != window[1].more or len(body) != 2 or set(named) - {"x", "reset"} != {"cz"}:
        return None
    a, b = named.pop("cz")
    return (a, b, target) if target not in (a, b) and (target,) in named.values() else None
