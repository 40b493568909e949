"""OpenQASM 2 and 3 of classical circuits, read without Qiskit: a microsecond or two a gate.

What is read: qubit and bit registers, ``include``, gate definitions without parameters, calls of X, controlled X,
SWAP, Z and their controlled forms, whole registers as operands, the modifiers ``ctrl``, ``negctrl`` and ``inv``,
barriers, temporary ANDs and their measured uncomputation. Anything else is refused, with its line; the whole
language is read by :func:`quantum.qasm.loads`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from gatesim import Netlist
from gatesim.errors import ParseError, UnsupportedError, ValueFitError

from .circuit import AND, NOT, PHASE, SWAP, UNAND, Gates, Kind, Register, Reversible
from .netlists import to_netlist
from .qasm_steps import Step, joined

_CLASSICAL: dict[str, tuple[int, int]] = {
    "x": (NOT, 1), "cx": (NOT, 2), "CX": (NOT, 2), "ccx": (NOT, 3), "c3x": (NOT, 4), "c4x": (NOT, 5),
    "z": (PHASE, 1), "cz": (PHASE, 2), "ccz": (PHASE, 3), "swap": (SWAP, 2), "cswap": (SWAP, 3), "id": (-1, 1),
}  # fmt: skip
"""Op and number of qubits of the gates that permute basis states; -1: nothing is done."""
_PARTS = {"h": 1, "t": 1, "tdg": 1, "s": 1, "reset": 1}
"""Gates that are read as parts of a temporary AND and its uncomputation."""
_STATEMENT = re.compile(r"([^;{}]*)([;{}])")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_REGISTER = re.compile(r"(?:qubit|bit)\s*(?:\[\s*(\d+)\s*\])?\s*(\w+)|[qc]reg\s+(\w+)\s*(?:\[\s*(\d+)\s*\])?")
_MODIFIER = re.compile(r"(ctrl|negctrl|inv)\s*(?:\(\s*(\d+)\s*\))?\s*@\s*")
_MEASURE = re.compile(
    r"(?:(?P<bit>[\w\[\]\s]+?)\s*=\s*)?measure\s+(?P<qubit>[\w\[\]]+)(?:\s*->\s*(?P<late>[\w\[\]]+))?"
)
_CONDITION = re.compile(r"if\s*\(\s*([\w\[\]]+)\s*(?:==\s*(?:1|true)\s*)?\)\s*(.*)", re.DOTALL)
_GATE = re.compile(r"gate\s+(\w+)\s*(\([^)]*\))?\s*([\w\s,]*)")
_PORT = re.compile(r'^// (input|output) ("(?:[^"\\]|\\.)*") is (?:register (\w+)|the sign)\s*$', re.MULTILINE)
MAX_STEPS = 1 << 20
"""Steps that gate definitions may expand to, and qubits of a register: a small file can ask for any number."""


class _Macro(NamedTuple):
    n_qubits: int
    steps: list[Step] | None
    """None: the gate has parameters, so that it is none of ours."""


def read(
    text: str,
    source: str = "<text>",
    *,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    sign: str | None = None,
) -> Reversible:
    """The reversible circuit in an OpenQASM text.

    Parameters
    ----------
    text, source : str
        The source is named in messages.
    inputs, outputs : mapping of port name to register name
        All other registers are ancillas: |0> before and after.
    sign : str, optional
        The output port that the circuit shows as a sign.

    Raises
    ------
    UnsupportedError
        A gate that does not permute basis states, with its index, its qubits and its line.
    ParseError
        Not OpenQASM, or beyond what this reader knows; with its line.
    ValueFitError
        No such register.

    Examples
    --------
    >>> text = "OPENQASM 3.0; qubit[2] a; qubit c; ccx a[0], a[1], c;"
    >>> read(text, inputs={"a": "a"}, outputs={"y": "c"}).counts()
    {'CCX': 1}
    """
    found = _File(text, source)
    known = ", ".join(found.widths)
    for port, name in {**inputs, **outputs}.items():
        if name not in found.widths:
            raise ValueFitError(f"port {port!r}: {source} has no register {name!r}; it has {known}")
    registers: list[Register] = []
    first = 0
    for name, width in found.widths.items():
        kind: Kind = "input" if name in inputs.values() else "output" if name in outputs.values() else "ancilla"
        registers.append(Register(name, first, width, kind))
        first += width
    of = {r.name: r.qubits for r in registers}
    return Reversible(
        re.sub(r"\.qasm$", "", source.rsplit("/", 1)[-1]), tuple(registers), {p: of[r] for p, r in inputs.items()},
        {p: of[r] for p, r in outputs.items()}, *found.gates().arrays(), sign,
    )  # fmt: skip


def ports(text: str) -> tuple[dict[str, str], dict[str, str], str | None] | None:
    """Registers of the input and output ports, and the port shown as a sign, as :func:`quantum.qasm.dumps` notes them
    in comments; None where it says nothing. ParseError where a name in them is damaged.
    """
    inputs, outputs, sign = {}, {}, None
    for role, quoted, register in _PORT.findall(text):
        try:
            name = json.loads(quoted)
        except json.JSONDecodeError:
            raise ParseError(f"the comment names a port {quoted}, which is no text in JSON") from None
        if not register:
            sign = name
        else:
            (inputs if role == "input" else outputs)[name] = register
    return (inputs, outputs, sign) if inputs or outputs or sign else None


def netlist(text: str, source: str = "<text>") -> Netlist:
    """What the circuit in an OpenQASM text computes.

    A file that does not say which registers are its ports is read as a permutation: every register ``r`` is an input,
    and what it holds afterwards the output ``r_after``.
    """
    given = ports(text)
    if given is not None:
        inputs, outputs, sign = given
        return to_netlist(read(text, source, inputs=inputs, outputs=outputs, sign=sign))
    names = list(_File(text, source).widths)
    return to_netlist(
        read(text, source, inputs={n: n for n in names}, outputs={f"{n}_after": n for n in names}),
    )


class _File:
    """Registers and steps of a text."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.widths: dict[str, int] = {}
        self.place: dict[str, tuple[int, ...]] = {}  # qubits by the words that name them: a, a[0], a[1], ...
        self.names: list[str] = []
        self.bits: dict[str, tuple[str, ...]] = {}
        self.macros: dict[str, _Macro] = {}
        self.steps: list[Step] = []
        self.index = 0
        # Comments keep their line breaks, so that lines can be counted.
        plain = _COMMENT.sub(lambda m: "\n" * m[0].count("\n") or " ", text)
        if not re.match(r"\s*OPENQASM\s+[23](\.\d+)?\s*;", plain):
            raise ParseError("no line 'OPENQASM 3.0;' or 'OPENQASM 2.0;' at its beginning", source=source)
        self._read(plain)

    def _error(self, message: str, line: int) -> ParseError:
        return ParseError(message, source=self.source, line=line)

    def _beyond(self, what: str, line: int) -> ParseError:
        return self._error(
            f"{what!r} is beyond the reader of classical circuits; Qiskit's importer reads the whole language "
            "(--importer qiskit, quantum.qasm.loads)",
            line,
        )

    def _statements(self, text: str) -> Iterator[tuple[str, str, int]]:
        line, end = 1, 0
        for match in _STATEMENT.finditer(text):
            body, mark = match.groups()
            late = body.lstrip()
            line += body.count("\n") - late.count("\n")
            yield late.rstrip(), mark, line
            line += late.count("\n")
            end = match.end()
        rest = text[end:].strip()
        if rest:
            raise self._error(f"{rest.split()[0]!r} is not ended by ';'", line + text[end:].rstrip().count("\n"))

    def _read(self, text: str) -> None:
        statements = self._statements(text)
        place = self.place
        for body, mark, line in statements:
            word = body.split(None, 1)[0] if body else ""
            if mark == "}":
                raise self._error("'}' closes nothing", line)
            if mark == "{":
                inner = self._block(statements, line)
                if word == "gate":
                    self._define(body, inner, line)
                elif word.startswith("if"):
                    self._branch(body, inner, line)
                else:
                    raise self._beyond(word or "{", line)
            elif word.startswith("if") and body[2:].lstrip().startswith("("):
                condition = _CONDITION.fullmatch(body)
                self._branch(body, [(condition[2] if condition else "", line)], line)
            elif not self._declared(body, word, line) and body:
                self._call(body, line, place, self.steps)
                self.index += 1

    def _block(self, statements: Iterator[tuple[str, str, int]], line: int) -> list[tuple[str, int]]:
        inner = []
        for body, mark, at in statements:
            if mark == "{":
                raise self._beyond(body.split(None, 1)[0] if body else "{", at)
            if mark == "}":
                if body:
                    raise self._error(f"{body.split()[0]!r} is not ended by ';'", at)
                return inner
            if body:
                inner.append((body, at))
        raise self._error("'{' is never closed", line)

    def _declared(self, body: str, word: str, line: int) -> bool:
        """Take a declaration; False where `body` is none."""
        if word in ("OPENQASM", "include", "barrier", "opaque"):
            self.index += word == "barrier"
            return True
        if not re.match(r"qubit\b|bit\b|qreg\b|creg\b", body):
            return False
        match = _REGISTER.fullmatch(body)
        if match is None:
            raise self._error(f"cannot read the declaration {body!r}", line)
        name, width = match[2] or match[3], int(match[1] or match[4] or 1)
        if name in self.widths or name in self.bits:
            raise self._error(f"{name!r} is declared twice", line)
        words = [f"{name}[{i}]" for i in range(width)]
        if body[0] in "bc":
            self.bits[name] = tuple(words)
            return True
        first = len(self.names)
        if first + width > MAX_STEPS:
            raise self._error(f"{name!r} makes more than {MAX_STEPS:,} qubits", line)
        self.widths[name] = width
        self.names += words
        self.place[name] = tuple(range(first, first + width))
        self.place |= {w: (first + i,) for i, w in enumerate(words)}
        return True

    def _define(self, body: str, inner: list[tuple[str, int]], line: int) -> None:
        match = _GATE.fullmatch(body)
        if match is None:
            raise self._error(f"cannot read the gate definition {body!r}", line)
        wires = [w.strip() for w in match[3].split(",")]
        if match[2] and match[2].strip("() \t"):
            self.macros[match[1]] = _Macro(len(wires), None)
            return
        steps: list[Step] = []
        local = {w: (i,) for i, w in enumerate(wires)}
        for statement, at in inner:
            self._call(statement, at, local, steps)
        self.macros[match[1]] = _Macro(len(wires), joined(steps))

    def _branch(self, body: str, inner: list[tuple[str, int]], line: int) -> None:
        match = _CONDITION.fullmatch(body)
        bit = self._bit(match[1]) if match else None
        if match is None or bit is None:
            raise self._beyond(body, line)
        steps: list[Step] = []
        for statement, at in inner:
            self._call(statement, at, self.place, steps)
        qubits = tuple(dict.fromkeys(q for s in steps for q in s.qubits))
        self.steps.append(Step("if", qubits, self.index, "if", line, (bit, steps)))
        self.index += 1

    def _bit(self, word: str) -> str | None:
        word = word.replace(" ", "")
        if word in self.bits:
            return self.bits[word][0] if len(self.bits[word]) == 1 else None
        return word if word in self.bits.get(word.partition("[")[0], ()) else None

    def _call(self, body: str, line: int, place: Mapping[str, tuple[int, ...]], steps: list[Step]) -> None:
        """Append what one statement does to `steps`."""
        name, _, rest = body.partition(" ")
        known = _CLASSICAL.get(name)
        if known is not None and name not in self.macros:  # by far the most common
            try:
                (*qubits,) = (q for word in rest.split(",") for (q,) in (place[word.strip()],))
            except (KeyError, ValueError):
                pass
            else:
                if len(qubits) == known[1] and len(set(qubits)) == known[1]:
                    steps.append(Step(name, tuple(qubits), self.index, name, line))
                    return
        self._odd_call(body, line, place, steps)

    def _odd_call(self, body: str, line: int, place: Mapping[str, tuple[int, ...]], steps: list[Step]) -> None:
        if "measure" in body and (match := _MEASURE.fullmatch(body)):
            bit = self._bit(match["bit"] or match["late"] or "")
            on = self._operands(match["qubit"], line, place)
            if bit is None or len(on) != 1:
                raise self._beyond(body, line)
            steps.append(Step("measure", on[0], self.index, "measure", line, bit))
            return
        controls: list[bool] = []
        rest = body
        while match := _MODIFIER.match(rest):
            controls += [match[1] == "ctrl"] * (int(match[2] or 1) if match[1] != "inv" else 0)
            inverted = match[1] == "inv"
            rest = rest[match.end() :]
            if inverted and rest.split(None, 1)[0] not in _CLASSICAL:
                raise self._beyond(body, line)
        match = re.fullmatch(r"(\w+)\s*(\([^)]*\))?\s*(.*)", rest, re.DOTALL)
        if match is None:
            raise self._error(f"cannot read {body!r}", line)
        name, parameters, words = match[1], match[2], match[3]
        if name == "gphase" and parameters and not words and not controls:
            self._phase(parameters, line, steps)
            return
        macro = self.macros.get(name)
        if macro is None and name not in _CLASSICAL and name not in _PARTS and not words:
            raise self._beyond(name, line)
        n_qubits = macro.n_qubits if macro else _CLASSICAL[name][1] if name in _CLASSICAL else _PARTS.get(name)
        for on in self._operands(words, line, place):
            if n_qubits is not None and len(on) != n_qubits + len(controls):
                raise self._error(f"{name} takes {n_qubits + len(controls)} qubits here, not {len(on)}", line)
            if len(set(on)) < len(on):
                raise self._error(f"{body!r} names one qubit twice", line)
            if macro is not None and macro.steps is not None and not controls:
                if len(steps) + len(macro.steps) > MAX_STEPS:
                    raise self._error(f"this file expands to more than {MAX_STEPS:,} gates", line)
                index = self.index
                steps += [
                    Step(s.name, tuple([on[q] for q in s.qubits]), index, name, line, s.more) for s in macro.steps
                ]
            else:
                readable = macro is None and not parameters and (name in _CLASSICAL or not controls)
                steps.append(Step(name if readable else "?", on, self.index, name, line, tuple(controls)))

    def _phase(self, parameters: str, line: int, steps: list[Step]) -> None:
        angle = parameters.strip("() ").replace(" ", "")
        if angle not in ("pi", "-pi", "π", "-π", "0"):
            raise UnsupportedError(
                f"{self.source}:{line}: instruction {self.index} (gphase({angle})) does not permute basis states"
            )
        if angle != "0":
            steps.append(Step("gphase", (), self.index, "gphase", line))

    def _operands(self, words: str, line: int, place: Mapping[str, tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Qubits of every call: one, or one a qubit of whole registers."""
        found = []
        for word in re.sub(r"\s", "", words).split(","):
            if word not in place:
                base = word.partition("[")[0]
                if base in self.widths and "[" in word:
                    raise self._error(f"{word!r}: register {base!r} has {self.widths[base]} qubits, from 0", line)
                raise self._error(f"{word!r} is no qubit" if word else "a qubit is missing", line)
            found.append(place[word])
        wide = {len(q) for q in found if len(q) > 1}
        if len(wide) > 1:
            raise self._error(f"registers of {' and '.join(map(str, sorted(wide)))} qubits in one call", line)
        n = max(wide, default=1)
        return list(zip(*(q if len(q) == n else q * n for q in found), strict=True))

    # -- gates -------------------------------------------------------------------------------

    def gates(self) -> Gates:
        """The gates of all steps; UnsupportedError where one does not permute basis states."""
        made = Gates()
        for step in joined(self.steps):
            name, qubits = step.name, step.qubits
            known = _CLASSICAL.get(name)
            if known is None:
                if name in ("AND", "UNAND"):
                    made.add(AND if name == "AND" else UNAND, *qubits)
                elif name == "gphase":
                    made.add(PHASE)
                else:
                    self._refuse(step)
                continue
            op, own = known
            controls = qubits[: len(qubits) - own]
            zeros = [q for q, one in zip(controls, step.more or (), strict=False) if not one]  # pyright: ignore[reportArgumentType]
            for q in zeros:
                made.add(NOT, q)
            if op == SWAP and len(qubits) > 2:
                *others, a, b = qubits
                made.extend(((NOT, b, a), (NOT, *others, a, b), (NOT, b, a)))
            elif op != -1:
                made.add(op, *qubits)
            for q in zeros:
                made.add(NOT, q)
        return made

    def _refuse(self, step: Step) -> None:
        where = ", ".join(self.names[q] for q in step.qubits)
        inside = f", in which {step.name}" if step.name not in (step.called, "?") else ""
        raise UnsupportedError(
            f"{self.source}:{step.line}: instruction {step.index} ({step.called} on {where}{inside}) does not permute "
            "basis states: only X, controlled X, SWAP, Z and temporary ANDs with their measured uncomputation can be "
            "verified"
        )
