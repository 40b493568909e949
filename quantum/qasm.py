"""OpenQASM 3: written from the arrays; the whole language read through Qiskit (see ``qasm_reader`` for ours)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from gatesim import Netlist
from gatesim.errors import ParseError, UnsupportedError

from .circuit import AND, AND_STEPS, NOT, PHASE, SWAP, Reversible
from .synthesis import reversible

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

_WORDS = (
    "OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end return for while in "
    "switch case default nop pragma input output const readonly mutable qreg qubit creg bool bit int uint float angle "
    "complex array void duration stretch gphase inv pow ctrl negctrl dim durationof delay reset measure barrier true "
    "false pi euler tau x y z h s t id p u cx cy cz ccx swap sdg tdg sx rx ry rz measured temporary_and"
)
_RESERVED = frozenset(_WORDS.split())


def dumps(circuit: Reversible) -> str:
    """The circuit as OpenQASM 3 text: one qubit register a register.

    Names that OpenQASM does not allow are written with underscores. AND and UNAND appear as the gate
    ``temporary_and`` and as a measurement with a conditional CZ.
    """
    names = _names(circuit)
    place = [f"{names[r.name]}[{i}]" for r in circuit.registers for i in range(r.width)]
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', *_port_notes(circuit, names)]
    codes = set(circuit.op.tolist())
    if AND in codes:
        lines.append(_definition())
    lines += [f"qubit[{r.width}] {names[r.name]};" for r in circuit.registers if r.width]
    at_measure = len(lines)
    measured: dict[int, int] = {}
    flips = ("x", "cx", "ccx")
    sizes, starts = (circuit.ptr[1:] - circuit.ptr[:-1]).tolist(), circuit.ptr.tolist()
    qubits = circuit.qubits.tolist()
    for op, size, start in zip(circuit.op.tolist(), sizes, starts, strict=False):
        on = [place[q] for q in qubits[start : start + size]]
        joined = ", ".join(on)
        if op == NOT:
            lines.append(f"{flips[size - 1]} {joined};" if size <= 3 else f"ctrl({size - 1}) @ x {joined};")
        elif op == AND:
            lines.append(f"temporary_and {joined};")
        elif op == SWAP:
            lines.append(f"swap {joined};")
        elif op == PHASE:
            lines.append(_phase(on))
        else:
            bit = measured.setdefault(qubits[start + 2], len(measured))
            lines += [
                f"h {on[2]};",
                f"measured[{bit}] = measure {on[2]};",
                f"if (measured[{bit}]) {{ cz {on[0]}, {on[1]}; x {on[2]}; }}",
            ]
    if measured:
        lines.insert(at_measure, f"bit[{len(measured)}] measured;")
    return "\n".join(lines) + "\n"


def compiled(net: Netlist) -> str:
    """A combinational netlist as an OpenQASM 3 circuit, compiled as :func:`quantum.reversible` does by itself."""
    return dumps(reversible(net))


def _port_notes(circuit: Reversible, names: dict[str, str]) -> list[str]:
    """Comments by which :mod:`quantum.qasm_reader` knows the ports again."""
    register = {r.qubits: names[r.name] for r in circuit.registers}
    notes = []
    for role, ports in (("input", circuit.inputs), ("output", circuit.outputs)):
        known = {port: register[qubits] for port, qubits in ports.items() if qubits in register}
        if len(known) < len(ports):  # a port on parts of registers: nothing is better than half of it
            return []
        notes += [f"// {role} {json.dumps(port)} is register {name}" for port, name in known.items()]
    if circuit.sign is not None:
        notes.append(f"// output {json.dumps(circuit.sign)} is the sign")
    return notes


def _definition() -> str:
    wires = "abc"
    body = " ".join(f"{name} {', '.join(wires[q] for q in qubits)};" for name, qubits in AND_STEPS)
    return f"gate temporary_and a, b, c {{ {body} }}"


def _phase(on: list[str]) -> str:
    if not on:
        return "gphase(pi);"
    if len(on) <= 2:
        return f"{('z', 'cz')[len(on) - 1]} {', '.join(on)};"
    return f"ctrl({len(on) - 1}) @ z {', '.join(on)};"


def register_name(port: str) -> str:
    """`port` as OpenQASM may call a register.

    Examples
    --------
    >>> register_name("sum"), register_name("in.0"), register_name("x")
    ('sum', 'in_0', '_x')
    """
    name = re.sub(r"\W", "_", port, flags=re.ASCII)
    return f"_{name}" if not name or name[0].isdigit() or name in _RESERVED else name


def _names(circuit: Reversible) -> dict[str, str]:
    found: dict[str, str] = {}
    for r in circuit.registers:
        name = register_name(r.name)
        while name in found.values():
            name += "_"
        found[r.name] = name
    return found


def loads(text: str, source: str = "<text>") -> QuantumCircuit:
    """The Qiskit circuit of an OpenQASM 2 or 3 text; version 3 needs the package qiskit-qasm3-import.

    Raises
    ------
    ParseError
        The text cannot be read.
    UnsupportedError
        OpenQASM 3 without that package.
    """
    from qiskit import qasm2
    from qiskit.exceptions import QiskitError

    version = re.search(r"^\s*OPENQASM\s+([0-9.]+)\s*;", text, re.MULTILINE)
    if version is None:
        raise ParseError("no line 'OPENQASM 3.0;' or 'OPENQASM 2.0;'", source=source)
    if version[1].startswith("3"):
        return _loads_three(text, source)
    try:
        return qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    except QiskitError as exc:
        raise ParseError(str(exc).strip("'\""), source=source) from None


def _loads_three(text: str, source: str) -> QuantumCircuit:
    try:
        from openqasm3.parser import QASM3ParsingError
        from qiskit_qasm3_import import ConversionError, parse
    except ModuleNotFoundError:
        raise UnsupportedError(
            f"{source}: reading OpenQASM 3 needs the package qiskit-qasm3-import: pip install 'gatesim[quantum]'"
        ) from None
    try:
        return parse(text)
    except QASM3ParsingError as exc:
        cause = exc.__cause__.args[0] if exc.__cause__ is not None and exc.__cause__.args else None
        token = getattr(cause, "offendingToken", None)
        if token is None:
            raise ParseError(str(exc) or "not OpenQASM 3", source=source) from None
        message = f"{token.text!r} does not belong here"
        raise ParseError(message, source=source, line=token.line, column=token.column + 1) from None
    except ConversionError as exc:
        raise ParseError(str(exc), source=source) from None
