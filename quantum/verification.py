"""Is a circuit right? Every gate on millions of basis states, bit-parallel, thousands of qubits.

A circuit of X, CX, Toffoli and SWAP gates permutes basis states, so it is checked by running basis states: do the
outputs equal those of the netlist, are the inputs as before, is every ancilla back at |0>? AND and UNAND gates are
checked for what they promise in every lane, for then a measurement changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from gatesim import Netlist, Stimulus, compile, engine
from gatesim.bits import last_word_mask, n_words
from gatesim.errors import EquivalenceError, GatesimError, ValueFitError
from gatesim.kernels import reversible as kernel

from .circuit import Reversible
from .forms import require_combinational
from .rows import Rows, rows_of

CHUNK_WORDS = 2048
"""Words of basis states at once: 2^17 states."""

DEPTHS = 12
"""Half of the random states are biased: a bit is 1 (or 0) with probability 2^-2 to 2^-DEPTHS."""


@dataclass(frozen=True)
class Verification:
    """What a check found. True where everything was right.

    Attributes
    ----------
    circuit : str
    n_qubits, n_gates, n_ancillas : int
    states : int
        Basis states that every gate was run on.
    exhaustive : bool
        Whether they hold every input (outputs start at random values all the same).
    fault : str or None
        What went wrong first, and on which input.
    seconds : float
    """

    circuit: str
    n_qubits: int
    n_gates: int
    n_ancillas: int
    states: int
    exhaustive: bool
    fault: str | None
    seconds: float

    def __bool__(self) -> bool:
        return self.fault is None

    def __str__(self) -> str:
        how = "every input" if self.exhaustive else f"{self.states:,} basis states"
        if self.fault:
            return self.fault
        return f"right on {how}: outputs equal, inputs restored, {self.n_ancillas:,} ancillas clean"


def verify(circuit: Reversible, net: Netlist, *, states: int = 1 << 20, rng: int = 0) -> Verification:
    """Run basis states through `circuit` and compare with what `net` computes.

    Parameters
    ----------
    circuit : Reversible
        With the ports of `net` as inputs and outputs.
    net : Netlist
        Combinational.
    states : int
        Basis states. All inputs where there are no more than that; else random ones, half of them uniform, the
        others biased (few ones, few zeros, ports nearly equal), so that rare conditions occur.
    rng : int
        Seed.

    Raises
    ------
    ValueFitError
        Ports of circuit and netlist do not match, or less than one state.
    UnsupportedError
        `net` has registers or memories.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from quantum import reversible, verify
    >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b")); net = b.freeze()
    >>> print(verify(reversible(net), net))
    right on every input: outputs equal, inputs restored, 1 ancillas clean
    """
    started = perf_counter()
    if states < 1:
        raise ValueFitError(f"a check needs at least one basis state, not {states}")
    require_comparable(circuit, net)
    n_inputs = sum(p.width for p in net.inputs)
    exhaustive = n_inputs < 63 and 1 << n_inputs <= states
    total = 1 << n_inputs if exhaustive else states
    check = Check(circuit, net)
    fault, done = None, 0
    for first in range(0, n_words(total), CHUNK_WORDS):
        n = min(64 * CHUNK_WORDS, total - 64 * first)
        inputs = _inputs(net, first, n, rng, exhaustive)
        fault = check.run(inputs, _random(len(check.fresh), n, _seed(rng, first, 1)), n)
        done += n
        if fault is not None:
            break
    return Verification(
        circuit.name, circuit.n_qubits, circuit.n_gates, len(circuit.ancillas), done, exhaustive and fault is None,
        fault, perf_counter() - started,
    )  # fmt: skip


def assert_verified(circuit: Reversible, net: Netlist, *, states: int = 1 << 20, rng: int = 0) -> Verification:
    """:func:`verify`, with an EquivalenceError where something is wrong."""
    found = verify(circuit, net, states=states, rng=rng)
    if not found:
        raise EquivalenceError(found.fault)
    return found


def require_comparable(circuit: Reversible, net: Netlist) -> None:
    """Refuse a netlist that is not combinational, or whose ports are not those of the circuit."""
    require_combinational(net)
    for what, ports, qubits in (("input", net.inputs, circuit.inputs), ("output", net.outputs, circuit.outputs)):
        wanted = {p.name: p.width for p in ports if what == "input" or p.name != circuit.sign}
        given = {name: len(q) for name, q in qubits.items()}
        for name in sorted(set(wanted) | set(given)):
            if wanted.get(name) != given.get(name):
                raise ValueFitError(
                    f"{what} {name!r}: {net.name!r} has {wanted.get(name, 'no')} bits there, the circuit "
                    f"{circuit.name!r} has {given.get(name, 'no')} qubits; registers are matched by name"
                )


class Check:
    """A circuit and a netlist made ready to run side by side.

    Attributes
    ----------
    fresh : list of int
        Output qubits that are no inputs: what they hold before is added to.
    """

    def __init__(self, circuit: Reversible, net: Netlist) -> None:
        self.circuit, self.net = circuit, net
        self.rows: Rows = rows_of(circuit)
        self.slots = self.rows.slots()
        self.engine = engine("logic2")(compile(net))
        self.given = [q for p in net.inputs for q in circuit.inputs[p.name]]
        shown = [p.name for p in net.outputs if p.name != circuit.sign]
        self.results = [q for name in shown for q in circuit.outputs[name]]
        self.shown = shown
        self.fresh = [q for q in self.results if q not in set(self.given)]
        self.own = frozenset(self.fresh)

    def run(self, inputs: np.ndarray, before: np.ndarray, n: int) -> str | None:
        """What is wrong in `n` lanes, if anything.

        ``inputs`` (input bits, words) uint64 in the order of the netlist's ports; ``before`` (fresh qubits, words).
        """
        circuit, width = self.circuit, inputs.shape[1]
        result = self.engine.run(Stimulus(inputs[None], n))
        outputs = {name: result.words[0, where] for name, where in result.fields.items()}
        start = dict(zip(self.given, inputs, strict=True)) | dict(zip(self.fresh, before, strict=True))
        end = dict(start)
        for name in self.shown:
            for q, plane in zip(circuit.outputs[name], outputs[name], strict=True):
                end[q] = plane ^ start[q] if q in self.own else plane
        slots = [q + 1 for q in start]
        begins, ends = (
            np.array([table[q] for q in start], np.uint64).reshape(len(slots), width) for table in (start, end)
        )
        if circuit.sign is not None:
            slots.append(self.rows.sign)
            begins = np.concatenate((begins, np.zeros((1, width), np.uint64)))
            ends = np.concatenate((ends, outputs[circuit.sign]))
        wrong = np.full(self.rows.sign + 1, -1, np.int64)
        kernel.check(
            self.rows.runs, self.rows.rows, self.slots, self.rows.ones, np.array(slots, np.int64), begins, ends,
            0, width, n, wrong,
        )  # fmt: skip
        if (wrong < 0).all():
            return None
        return self._describe(wrong, dict(zip(slots, zip(begins, ends, strict=True), strict=True)), n)

    def _describe(self, wrong: np.ndarray, planes: dict, n: int) -> str:
        """The fault in the lowest lane that shows one, in words."""
        lane = int(wrong[wrong >= 0].min())
        slots = np.flatnonzero(wrong == lane).tolist()
        bit = lambda plane: int(plane[lane >> 6]) >> (lane & 63) & 1  # noqa: E731
        value = lambda qubits: sum(bit(planes[q + 1][0]) << i for i, q in enumerate(qubits))  # noqa: E731
        circuit = self.circuit
        on = ", ".join(f"{p.name}={value(circuit.inputs[p.name])}" for p in self.net.inputs)
        if self.rows.broken in slots:
            registers = {r.name: value(r.qubits) for r in circuit.registers if r.kind != "ancilla"}
            return f"{_broken_promise(circuit, registers)}, on input {on}"
        slot = slots[0]
        if slot == self.rows.sign:
            return f"the sign is wrong on input {on}"
        place, expected = circuit.places[slot - 1], bit(planes[slot][1]) if slot in planes else 0
        if slot not in planes:
            return f"ancilla {place} is left dirty (1 instead of |0>) on input {on}"
        role = "output" if slot - 1 in set(self.results) else "input"
        if slot - 1 in self.own:  # an output starts anywhere: say what was added to it
            expected ^= bit(planes[slot][0])
        what = "is wrong" if role == "output" else "is not restored"
        return f"{role} {place} {what} ({1 - expected} instead of {expected}) on input {on}"


def _broken_promise(circuit: Reversible, registers: Mapping[str, int]) -> str:
    """Which AND or UNAND finds its target wrong, on one basis state."""
    try:
        circuit.apply(registers)
    except GatesimError as exc:
        return str(exc)
    raise AssertionError("the kernel saw a broken promise that one state does not show")


def _random(rows: int, n: int, seed: int) -> np.ndarray:
    planes = np.random.default_rng(seed).integers(0, 1 << 64, (rows, n_words(n)), dtype=np.uint64)
    planes[:, -1:] &= last_word_mask(n)
    return planes


def _seed(rng: int, first: int, stream: int) -> int:
    return int(np.random.SeedSequence((rng, first, stream)).generate_state(1, np.uint64)[0])


def _inputs(net: Netlist, first: int, n: int, rng: int, exhaustive: bool) -> np.ndarray:
    """(input bits, words) planes of `n` lanes from word `first` on."""
    if exhaustive:
        return Stimulus.exhaustive(net).part(64 * first, n).words[0].copy()
    bits = sum(p.width for p in net.inputs)
    words = n_words(n)
    source = np.random.default_rng(_seed(rng, first, 0))
    random = lambda: source.integers(0, 1 << 64, (bits, words), dtype=np.uint64)  # noqa: E731
    planes, sparse = random(), random()
    kinds = np.arange(words) % 8  # 0 to 3 uniform, 4 and 5 few ones, 6 few zeros, 7 ports nearly equal
    depth = source.integers(1, DEPTHS, words)
    for level in range(1, DEPTHS):
        sparse &= np.where(level <= depth, random(), ~np.uint64(0))
    planes = np.where(np.isin(kinds, (4, 5)), sparse, planes)
    planes = np.where(kinds == 6, ~sparse, planes)
    low, of_width = 0, {}
    for p in net.inputs:
        own = slice(low, low + p.width)
        alike = of_width.setdefault(p.width, own)
        if alike != own:
            planes[own] = np.where(kinds == 7, planes[alike] ^ sparse[own], planes[own])
        low += p.width
    if words:
        planes[:, -1] &= last_word_mask(n)
    return np.ascontiguousarray(planes)
