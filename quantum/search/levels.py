"""Grover on real amplitudes over the inputs: with the oracle as a table of signs, or gate by gate on every branch.

A reversible circuit on a superposition of its inputs never has more than 2^inputs branches: each input's branch
holds one value on every other qubit. So amplitudes are kept over the inputs only, and all other qubits bit-sliced,
64 branches a word; every gate acts on every branch, and every branch has to end with its inputs as they were and
its ancillas at |0>.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from gatesim import Netlist
from gatesim.bits import n_words
from gatesim.errors import EquivalenceError, GatesimError, ValueFitError
from gatesim.kernels import grover as kernel

from ..circuit import Reversible
from ..rows import rows_of
from .predicate import Marks, n_input_bits, require_room, values_of

BYTES_A_STATE = 8 + 3 / 8
"""An amplitude, and three bits of marks."""

T = TypeVar("T")
Report = Callable[[int, int], object]
"""Called with iterations done and iterations in all."""


class Run(NamedTuple):
    """A run of some iterations.

    ``probabilities`` (iterations + 1,): that of a solution, before the first iteration and after each;
    ``weights`` (2^inputs,) float64: that of every input at the end.
    """

    probabilities: np.ndarray
    weights: np.ndarray


class Level(Protocol):
    """A way to run Grover's algorithm."""

    @property
    def n_qubits(self) -> int | None:
        """Qubits of one oracle call."""
        ...

    @property
    def n_gates(self) -> int | None:
        """Gates of one oracle call."""
        ...

    def run(self, iterations: int, report: Report | None = None) -> Run:
        """So many iterations from the uniform superposition."""
        ...


class Threads:
    """Parts of a range of chunks, each on a thread of its own; no result depends on how many."""

    def __init__(self, threads: int | None) -> None:
        if threads is not None and threads < 1:
            raise ValueFitError(f"{threads} threads cannot work")
        self.count = threads or os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self.count, thread_name_prefix="gatesim-grover") if self.count > 1 else None

    def split(self, work: Callable[[int, int], T], n: int) -> list[T]:
        """``work(first, last)`` on parts of ``range(n)``; what they return, in order."""
        if self._pool is None or n < 2 * self.count:
            return [work(0, n)]
        cuts = [n * k // self.count for k in range(self.count + 1)]
        return list(self._pool.map(work, cuts[:-1], cuts[1:]))


class _Amplitudes(ABC):
    """What both levels share; they differ in where the signs come from."""

    def __init__(self, net: Netlist, threads: int | None) -> None:
        require_room(net, BYTES_A_STATE)
        self.net, self.threads = net, Threads(threads)
        self.n_states = 1 << n_input_bits(net)
        nothing = np.zeros(0, np.uint64)
        kernel.step(np.empty(0), nothing, nothing, 0.0, 0, 0, np.empty((0, 2)))  # loads it: that is no search

    @abstractmethod
    def signs(self) -> np.ndarray:
        """(n_words,) uint64: a 1 for every input whose sign the oracle changes, now."""

    def run(self, iterations: int, report: Report | None = None) -> Run:
        """So many iterations from the uniform superposition."""
        start = self.n_states**-0.5
        amplitudes = np.full(self.n_states, start)
        n_chunks = -(-n_words(self.n_states) // kernel.CHUNK_WORDS)
        sums = np.empty((n_chunks, 2))
        before, twice_mean = np.zeros(n_words(self.n_states), np.uint64), 2 * start  # so the first pass changes nothing
        probabilities = np.empty(iterations + 1)
        for k in range(iterations + 1):
            after = self.signs()
            self.threads.split(
                lambda first, last, b=before, a=after, m=twice_mean: kernel.step(
                    amplitudes, b, a, m, first, last, sums
                ),
                n_chunks,
            )
            signed, probabilities[k] = sums.sum(axis=0)
            before, twice_mean = after, 2 * signed / self.n_states
            if report is not None:
                report(k, iterations)
        return Run(probabilities, np.square(amplitudes, out=amplitudes))


class OracleLevel(_Amplitudes):
    """The oracle is a table of signs."""

    n_qubits = n_gates = None

    def __init__(self, marks: Marks, threads: int | None = None) -> None:
        super().__init__(marks.net, threads)
        self.marks = marks

    def signs(self) -> np.ndarray:
        """The table."""
        return self.marks.words


class BranchLevel(_Amplitudes):
    """The oracle is a reversible circuit, run gate by gate on all branches in every iteration.

    Parameters
    ----------
    net : Netlist
        A predicate.
    circuit : Reversible
        One that shows the output of `net` as a sign: ``reversible(net, phase=True)``.
    threads : int, optional
        All cores when left out.

    Raises
    ------
    TooLargeError
        The amplitudes do not fit into memory.
    """

    def __init__(self, net: Netlist, circuit: Reversible, threads: int | None = None) -> None:
        super().__init__(net, threads)
        self.circuit = circuit
        if self.circuit.sign is None or {n: len(q) for n, q in self.circuit.inputs.items()} != {
            p.name: p.width for p in net.inputs
        }:
            raise ValueFitError(
                f"the circuit {self.circuit.name!r} is no phase oracle of {net.name!r}: reversible(net, phase=True) is"
            )
        self.n_qubits, self.n_gates = self.circuit.n_qubits, self.circuit.n_gates
        self._rows = rows_of(self.circuit)
        self._inputs = np.array([q + 1 for p in net.inputs for q in self.circuit.inputs[p.name]], np.int64)
        self._width = self._rows.slots().shape[1]
        self._branches(0, 0, np.zeros(0, np.uint64))  # loads the kernel

    def signs(self) -> np.ndarray:
        """Run the circuit on every branch.

        Raises
        ------
        EquivalenceError
            Some branch ends with an ancilla that is not |0>, or with another input; it says which.
        """
        signs = np.empty(n_words(self.n_states), np.uint64)
        blocks = -(-len(signs) // self._width)
        for wrong in self.threads.split(lambda first, last: self._branches(first, last, signs), blocks):
            if (wrong >= 0).any():
                self._complain(wrong)
        if self.n_states < 64:
            signs &= np.uint64((1 << self.n_states) - 1)
        return signs

    def _branches(self, first: int, last: int, signs: np.ndarray) -> np.ndarray:
        """Blocks of branches; for every slot the first that ends wrong, or -1."""
        rows = self._rows
        wrong = np.full(rows.sign, -1, np.int64)
        kernel.branches(
            rows.runs, rows.rows, rows.slots(), rows.ones, self._inputs, rows.sign, self._width * first,
            min(self._width * last, len(signs)), min(64, self.n_states), signs, wrong,
        )  # fmt: skip
        return wrong

    def _complain(self, wrong: np.ndarray) -> None:
        branch = int(wrong[wrong >= 0].min())
        slot = int(np.flatnonzero(wrong == branch)[0])
        values = values_of(self.net, branch)
        on = ", ".join(f"{name}={value}" for name, value in values.items())
        if (wrong[self._rows.broken] == branch) or slot > self.circuit.n_qubits:
            try:
                self.circuit.apply(values)
            except GatesimError as exc:
                raise EquivalenceError(f"{exc}, in the branch {on}") from None
        place = self.circuit.places[slot - 1]
        what = "input {} is not restored" if slot in self._inputs else "ancilla {} is left dirty"
        raise EquivalenceError(f"{self.circuit.name!r}: {what.format(place)} in the branch {on}")
