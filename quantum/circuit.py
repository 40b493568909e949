"""Reversible circuits as frozen arrays, without Qiskit.

Bit order, stated once: **bit i of a bus is qubit i of its register**, registers lie one after the other from
qubit 0, and qubit 0 is the least significant bit of a basis state's number, as in Qiskit. So the bus value 6 is
the register's basis state 6, in circuits, in searches and in results.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np

from gatesim.errors import GatesimError, ValueFitError, unknown_name

NOT, AND, UNAND, SWAP, PHASE = range(5)
"""What a gate does to its qubits (controls first, the target last):

* NOT flips the target where all controls are 1: X, CX, CCX, MCX by the number of controls;
* AND writes the product of two controls onto a target that is |0> (four T gates; Gidney 2018, arXiv 1709.06648);
* UNAND takes it off again by measuring the target (no T gate), which then is |0>;
* SWAP exchanges two qubits;
* PHASE changes the sign where all its qubits are 1: Z, CZ, CCZ; without qubits, that of everything.
"""

AND_STEPS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("h", (2,)), ("t", (2,)), ("cx", (0, 2)), ("cx", (1, 2)), ("cx", (2, 0)), ("cx", (2, 1)), ("tdg", (0,)),
    ("tdg", (1,)), ("t", (2,)), ("cx", (2, 0)), ("cx", (2, 1)), ("h", (2,)), ("s", (2,)),
)  # fmt: skip
"""The temporary AND of qubits 0 and 1 onto 2 with four T gates (Gidney 2018, arXiv 1709.06648, figure 3)."""

Kind = Literal["input", "output", "ancilla"]


class Register(NamedTuple):
    """Qubits ``first .. first + width``, named after a port, or ancillas (|0> before and after)."""

    name: str
    first: int
    width: int
    kind: Kind

    @property
    def qubits(self) -> tuple[int, ...]:
        """Qubit numbers, least significant bit first."""
        return tuple(range(self.first, self.first + self.width))


@dataclass(frozen=True, eq=False)
class Reversible:
    """A circuit of gates that permute basis states (and may change signs).

    Attributes
    ----------
    name : str
    registers : tuple of Register
        All qubits, in order.
    inputs, outputs : mapping of str to tuple of int
        Qubits of each port, LSB first. An output on qubits of its own receives ``y ^ f(x)``; one on the
        qubits of an input replaces it (in place).
    op : (n,) uint8
        See the module's codes.
    ptr : (n + 1,) int32, qubits : (m,) int32
        Gate ``i`` acts on ``qubits[ptr[i]:ptr[i + 1]]``: controls, then the target.
    sign : str, optional
        The output port (of one bit) that is shown as a sign instead of on a qubit.
    """

    name: str
    registers: tuple[Register, ...]
    inputs: Mapping[str, tuple[int, ...]]
    outputs: Mapping[str, tuple[int, ...]]
    op: np.ndarray
    ptr: np.ndarray
    qubits: np.ndarray
    sign: str | None = None

    def __post_init__(self) -> None:
        put = lambda name, value: object.__setattr__(self, name, value)  # noqa: E731 (frozen dataclass)
        for name, dtype in (("op", np.uint8), ("ptr", np.int32), ("qubits", np.int32)):
            array = np.array(getattr(self, name), dtype=dtype)
            array.flags.writeable = False
            put(name, array)
        put("inputs", MappingProxyType(dict(self.inputs)))
        put("outputs", MappingProxyType(dict(self.outputs)))
        if len(self.qubits) and not 0 <= self.qubits.min() <= self.qubits.max() < self.n_qubits:
            raise GatesimError(f"{self.name!r}: a gate acts on a qubit outside 0 .. {self.n_qubits - 1}")

    @property
    def n_qubits(self) -> int:
        """Number of qubits."""
        return sum(r.width for r in self.registers)

    @property
    def n_gates(self) -> int:
        """Number of gates."""
        return len(self.op)

    @cached_property
    def ancillas(self) -> np.ndarray:
        """(k,) int32: qubits that are |0> before and after."""
        return np.array([q for r in self.registers if r.kind == "ancilla" for q in r.qubits], np.int32)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """A name for every qubit: ``sum[3]``."""
        return tuple(r.name if r.width == 1 else f"{r.name}[{i}]" for r in self.registers for i in range(r.width))

    def register(self, name: str) -> Register:
        """The register called `name`; UnknownNameError (with the nearest name) if there is none."""
        for r in self.registers:
            if r.name == name:
                return r
        raise unknown_name(f"register of {self.name!r}", name, (r.name for r in self.registers))

    def gate(self, index: int) -> tuple[int, tuple[int, ...]]:
        """Code and qubits of gate `index`."""
        return int(self.op[index]), tuple(self.qubits[self.ptr[index] : self.ptr[index + 1]].tolist())

    def counts(self) -> dict[str, int]:
        """Gates by name, the usual first; zero counts left out.

        Examples
        --------
        >>> from gatesim import Builder
        >>> from quantum import reversible
        >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b"))
        >>> reversible(b.freeze()).counts()
        {'CX': 1, 'AND': 1, 'UNAND': 1}
        """
        sizes = np.diff(self.ptr)
        found: dict[str, int] = {}
        for code, names in ((NOT, ("X", "CX", "CCX", "MCX")), (PHASE, ("Z", "CZ", "CCZ", "MCZ"))):
            tally = np.bincount(np.minimum(sizes[self.op == code], 4), minlength=5)
            found |= dict(zip(names, tally[1:].tolist(), strict=True))
        found |= {name: int((self.op == code).sum()) for name, code in (("AND", AND), ("UNAND", UNAND), ("SWAP", SWAP))}
        order = ("X", "CX", "AND", "UNAND", "CCX", "MCX", "SWAP", "Z", "CZ", "CCZ", "MCZ")
        return {name: found[name] for name in order if found[name]}

    def with_toffolis(self) -> Reversible:
        """The same circuit with a Toffoli gate for every AND and every UNAND: no measurement."""
        op = np.where((self.op == AND) | (self.op == UNAND), NOT, self.op)
        return replace(self, op=op)

    def inverse(self) -> Reversible:
        """All gates undone, last first: outputs are taken off again.

        Raises
        ------
        ValueFitError
            The circuit works in place: what it leaves is no input of the inverse by these names.
        """
        shared = {q for qubits in self.inputs.values() for q in qubits}
        if any(q in shared for qubits in self.outputs.values() for q in qubits):
            raise ValueFitError(f"{self.name!r} works in place: its inverse computes another function")
        undone = self.op[::-1].copy()
        undone[self.op[::-1] == AND], undone[self.op[::-1] == UNAND] = UNAND, AND
        sizes = np.diff(self.ptr)[::-1]
        ptr = np.concatenate(([0], np.cumsum(sizes)))
        starts = self.ptr[:-1][::-1]
        qubits = self.qubits[np.repeat(starts - ptr[:-1], sizes) + np.arange(len(self.qubits))]
        return replace(self, op=undone, ptr=ptr, qubits=qubits)

    def apply(self, values: Mapping[str, int]) -> tuple[dict[str, int], int]:
        """One basis state through every gate, one after another: slow, obvious, the definition.

        Parameters
        ----------
        values : mapping of register name to unsigned integer
            Registers left out are 0.

        Returns
        -------
        dict, int
            Every register afterwards; 1 where the sign changed.

        Raises
        ------
        GatesimError
            An AND on a target that is not |0>, or an UNAND on one that does not hold the product.
        """
        bits = [0] * self.n_qubits
        for name, value in values.items():
            r = self.register(name)
            if not 0 <= value < 1 << r.width:
                raise ValueFitError(f"{value} does not fit into register {name!r} of {r.width} qubits")
            for i, q in enumerate(r.qubits):
                bits[q] = value >> i & 1
        sign = 0
        for index in range(self.n_gates):
            op, qubits = self.gate(index)
            if op == PHASE:
                sign ^= int(all(bits[q] for q in qubits))
            elif op == SWAP:
                a, b = qubits
                bits[a], bits[b] = bits[b], bits[a]
            else:
                *controls, target = qubits
                product = int(all(bits[q] for q in controls))
                if op != NOT and bits[target] != (product if op == UNAND else 0):
                    raise GatesimError(self.broken_promise(index))
                bits[target] ^= product
        return {r.name: sum(bits[q] << i for i, q in enumerate(r.qubits)) for r in self.registers}, sign

    def broken_promise(self, index: int) -> str:
        """What is wrong where gate `index` (AND or UNAND) does not find its target as it must."""
        op, (a, b, t) = self.gate(index)
        places = self.places
        if op == AND:
            return f"gate {index}: AND of {places[a]} and {places[b]} onto {places[t]}, which is not |0>"
        of = f"UNAND of {places[a]} and {places[b]}"
        return f"gate {index}: {of} measures {places[t]}, which does not hold their product"

    def __repr__(self) -> str:
        named = ", ".join(f"{r.name}[{r.width}]" for r in self.registers[:8])
        return f"<Reversible {self.name!r}: {self.n_qubits} qubits, {self.n_gates} gates; {named}>"


@dataclass
class Gates:
    """A growing list of gates."""

    op: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    qubits: list[int] = field(default_factory=list)

    def add(self, op: int, *qubits: int) -> None:
        """Append one gate: controls, then the target."""
        self.op.append(op)
        self.sizes.append(len(qubits))
        self.qubits.extend(qubits)

    def extend(self, gates: Iterable[tuple[int, ...]]) -> None:
        """Append gates given as (op, qubit, ...)."""
        for op, *qubits in gates:
            self.add(op, *qubits)

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``op, ptr, qubits`` of a :class:`Reversible`."""
        ptr = np.concatenate(([0], np.cumsum(self.sizes, dtype=np.int64)))
        return np.array(self.op, np.uint8), ptr, np.array(self.qubits, np.int32)
