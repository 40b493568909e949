"""Reversible circuits as Qiskit's, and Qiskit's as ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from qiskit.circuit import (
    AncillaRegister,
    ClassicalRegister,
    ControlledGate,
    Gate,
    IfElseOp,
    Instruction,
    QuantumCircuit,
    QuantumRegister,
)
from qiskit.circuit.library import SwapGate, XGate, ZGate

from gatesim.errors import UnsupportedError, ValueFitError

from .circuit import AND, AND_STEPS, NOT, PHASE, SWAP, UNAND, Gates, Kind, Register, Reversible


@cache
def temporary_and() -> Gate:
    """``|a, b, 0> -> |a, b, ab>`` with four T gates, as a Qiskit gate with a definition."""
    definition = QuantumCircuit(3, name="temporary_and")
    for name, qubits in AND_STEPS:
        getattr(definition, name)(*qubits)
    gate = Gate("temporary_and", 3, [])
    gate.definition = definition
    return gate


# -- out -------------------------------------------------------------------------------------


def to_qiskit(circuit: Reversible) -> QuantumCircuit:
    """The circuit with one Qiskit register a register.

    AND becomes :func:`temporary_and`; UNAND a measurement in the X basis and, where it shows 1, a CZ of the
    operands. For a circuit without measurements take ``circuit.with_toffolis()``.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from quantum import reversible
    >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b"))
    >>> dict(to_qiskit(reversible(b.freeze()).with_toffolis()).count_ops())
    {'ccx': 2, 'cx': 1}
    """
    registers = [
        (AncillaRegister if r.kind == "ancilla" else QuantumRegister)(r.width, r.name) for r in circuit.registers
    ]
    made = QuantumCircuit(*registers, name=circuit.name)
    measured: dict[int, int] = {}
    for index in range(circuit.n_gates):
        op, qubits = circuit.gate(index)
        if op == UNAND:
            measured.setdefault(qubits[2], len(measured))
    bits = ClassicalRegister(len(measured), "measured") if measured else []
    if measured:
        made.add_register(bits)
    for index in range(circuit.n_gates):
        op, qubits = circuit.gate(index)
        if op == NOT:
            *controls, target = qubits
            _append(made, (made.x, made.cx, made.ccx), controls, target)
        elif op == AND:
            made.append(temporary_and(), qubits)
        elif op == UNAND:
            a, b, t = qubits
            bit = bits[measured[t]]
            made.h(t)
            made.measure(t, bit)
            with made.if_test((bit, 1)):
                made.cz(a, b)
                made.x(t)
        elif op == SWAP:
            made.swap(qubits[0], qubits[1])
        elif not qubits:
            made.global_phase += 3.141592653589793
        elif len(qubits) == 1:
            made.z(qubits[0])
        elif len(qubits) == 2:
            made.cz(qubits[0], qubits[1])
        else:
            made.append(ZGate().control(len(qubits) - 1, annotated=False), qubits)
    return made


def _append(made: QuantumCircuit, flips, controls: list[int], target: int) -> None:
    if len(controls) < len(flips):
        flips[len(controls)](*controls, target)
    else:
        made.mcx(controls, target)


# -- in --------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """One instruction without a definition of its own; ``outer`` is what it belongs to in the outermost circuit:
    the number of the instruction, its name and its qubits.
    """

    outer: tuple[int, str, tuple[int, ...]]
    operation: Instruction
    qubits: tuple[int, ...]
    bits: tuple[object, ...]


def from_qiskit(
    circuit: QuantumCircuit, *, inputs: Mapping[str, str], outputs: Mapping[str, str], sign: str | None = None
) -> Reversible:
    """A circuit of classical gates (X, controlled X, SWAP, signs, temporary ANDs) from Qiskit's.

    Parameters
    ----------
    circuit : QuantumCircuit
        Gates with a definition are opened. A temporary AND and its measured uncomputation are recognised by what
        they are made of, not by a name.
    inputs, outputs : mapping of port name to register name
        All other registers are ancillas: |0> before and after.
    sign : str, optional
        The output port that the circuit shows as a sign.

    Raises
    ------
    UnsupportedError
        A gate that does not permute basis states, named, with its index.
    ValueFitError
        No such register.
    """
    found: dict[str, tuple[int, ...]] = {}
    number = {q: i for i, q in enumerate(circuit.qubits)}
    for r in circuit.qregs:
        found[r.name] = tuple(number[q] for q in r)
    for port, name in {**inputs, **outputs}.items():
        if name not in found:
            raise ValueFitError(
                f"port {port!r}: the circuit {circuit.name!r} has no register {name!r}; it has {', '.join(found)}"
            )
    gates = Gates()
    steps = list(_flat(circuit, number))
    at = 0
    while at < len(steps):
        at = _read(steps, at, gates, circuit)
    if abs(float(circuit.global_phase)) > 1e-9:
        gates.add(PHASE)
    # Qubits get their places register by register, in the order of the circuit.
    kinds: dict[str, Kind] = {}
    for name in found:
        kinds[name] = "input" if name in inputs.values() else "output" if name in outputs.values() else "ancilla"
    place: dict[int, int] = {}
    registers = []
    for name, qubits in found.items():
        if any(q in place for q in qubits):
            raise UnsupportedError(f"{circuit.name!r}: register {name!r} shares qubits with another one")
        registers.append(Register(name, len(place), len(qubits), kinds[name]))
        place |= {q: len(place) + i for i, q in enumerate(qubits)}
    loose = [q for q in range(circuit.num_qubits) if q not in place]
    if loose:
        registers.append(Register("loose", len(place), len(loose), "ancilla"))
        place |= {q: len(place) + i for i, q in enumerate(loose)}
    op, ptr, qubits = gates.arrays()
    moved = np.array([place[int(q)] for q in qubits], np.int32)
    of = {r.name: r.qubits for r in registers}
    return Reversible(
        circuit.name, tuple(registers), {p: of[r] for p, r in inputs.items()}, {p: of[r] for p, r in outputs.items()},
        op, ptr, moved, sign,
    )  # fmt: skip


def _is_flip(operation: Instruction) -> bool:
    return isinstance(operation, ControlledGate) and isinstance(operation.base_gate, XGate | ZGate | SwapGate)


def _flat(
    circuit: QuantumCircuit, number: Mapping, outer: tuple[int, str, tuple[int, ...]] | None = None
) -> Iterator[_Step]:
    for k, instruction in enumerate(circuit.data):
        operation = instruction.operation
        qubits = tuple(number[q] for q in instruction.qubits)
        here = (k, operation.name, qubits) if outer is None else outer
        primitive = operation.name in _NAMES or _is_flip(operation) or isinstance(operation, IfElseOp)
        inner = None if primitive else getattr(operation, "definition", None)
        if inner is None or not inner.data:
            yield _Step(here, operation, qubits, tuple(instruction.clbits))
        else:
            yield from _flat(inner, dict(zip(inner.qubits, qubits, strict=True)), here)


_NAMES = frozenset({"x", "z", "swap", "id", "barrier", "h", "t", "tdg", "s", "measure", "reset", "sdg", "y"})


def _read(steps: list[_Step], at: int, gates: Gates, circuit: QuantumCircuit) -> int:
    """Translate what starts at step `at`; returns the step after it."""
    outer, operation, qubits, _ = steps[at]
    name = operation.name
    if name in ("id", "barrier"):
        return at + 1
    if name == "x":
        gates.add(NOT, *qubits)
    elif name == "z":
        gates.add(PHASE, *qubits)
    elif name == "swap":
        gates.add(SWAP, *qubits)
    elif isinstance(operation, ControlledGate) and _is_flip(operation):
        _controlled(operation, qubits, gates)
    elif name == "h" and (qubits_of := _temporary_and(steps, at)) is not None:
        gates.add(AND, *qubits_of)
        return at + len(AND_STEPS)
    elif name == "h" and (qubits_of := _measured(steps, at)) is not None:
        gates.add(UNAND, *qubits_of)
        return at + 3
    else:
        places = {q: f"{r.name}[{i}]" for r in circuit.qregs for i, q in enumerate(r)}
        where = ", ".join(places.get(circuit.qubits[q], str(q)) for q in outer[2])
        raise UnsupportedError(
            f"{circuit.name!r}: instruction {outer[0]} ({outer[1]} on {where}) does not permute basis states: only X, "
            "controlled X, SWAP, Z and temporary ANDs with their measured uncomputation can be verified"
        )
    return at + 1


def _controlled(operation: ControlledGate, qubits: tuple[int, ...], gates: Gates) -> None:
    n = operation.num_ctrl_qubits
    zeros = [q for k, q in enumerate(qubits[:n]) if not int(operation.ctrl_state) >> k & 1]  # pyright: ignore[reportArgumentType]
    for q in zeros:
        gates.add(NOT, q)
    if isinstance(operation.base_gate, SwapGate):
        *controls, a, b = qubits
        gates.add(NOT, b, a)
        gates.add(NOT, *controls, a, b)
        gates.add(NOT, b, a)
    else:
        gates.add(NOT if isinstance(operation.base_gate, XGate) else PHASE, *qubits)
    for q in zeros:
        gates.add(NOT, q)


def _temporary_and(steps: list[_Step], at: int) -> tuple[int, int, int] | None:
    """Operands and target where the steps from `at` on are a temporary AND."""
    window = steps[at : at + len(AND_STEPS)]
    if len(window) < len(AND_STEPS) or len(window[2].qubits) != 2 or len(window[3].qubits) != 2:
        return None
    operands = (window[2].qubits[0], window[3].qubits[0], window[0].qubits[0])
    for step, (name, qubits) in zip(window, AND_STEPS, strict=True):
        if step.operation.name != name or step.qubits != tuple(operands[k] for k in qubits):
            return None
    return operands


def _measured(steps: list[_Step], at: int) -> tuple[int, int, int] | None:
    """Operands and target where the steps from `at` on measure a temporary AND away."""
    if at + 3 > len(steps):
        return None
    (h, measure, branch), target = steps[at : at + 3], steps[at].qubits[0]
    operation = branch.operation
    if measure.operation.name != "measure" or measure.qubits != (target,) or not isinstance(operation, IfElseOp):
        return None
    del h
    condition, blocks = operation.condition, operation.blocks
    if not isinstance(condition, tuple) or len(blocks) != 1:
        return None
    bit, value = condition
    bits = [bit] if bit in measure.bits else list(bit) if isinstance(bit, ClassicalRegister) else []
    if not value or bits != list(measure.bits):
        return None
    inner = blocks[0]
    number = dict(zip(inner.qubits, branch.qubits, strict=True))
    todo = {(i.operation.name, frozenset(number[q] for q in i.qubits)) for i in inner.data}
    pairs = [q for name, q in todo if name == "cz"]
    clean = {("x", frozenset({target})), ("reset", frozenset({target}))} & todo
    if len(inner.data) != 2 or len(pairs) != 1 or len(clean) != 1 or target in pairs[0]:
        return None
    a, b = sorted(pairs[0])
    return a, b, target
