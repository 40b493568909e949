"""An own state vector: whole layers in few passes over memory, in double or single precision.

Amplitude k belongs to the basis state whose qubit i is bit i of k: Qiskit's order, and a bus's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from gatesim.bits import free_bytes
from gatesim.errors import TooLargeError, ValueFitError
from gatesim.kernels import amplitude_gates as gates
from gatesim.kernels.statevector import layer as run_layer

from .layers import Circuit, Layer

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

_LEAST_QUBITS = 4
"""The kernel works on 64 bytes at once: up to 16 amplitudes. Smaller states carry idle qubits."""
_APART = 5 * 64
"""Bytes between the two arrays, so that equal places of both do not fight for one place of the cache."""
_STATES = {"0": (1.0, 0.0), "1": (0.0, 1.0), "+": (0.5**0.5, 0.5**0.5), "-": (0.5**0.5, -(0.5**0.5))}


def require_state_bytes(n_qubits: int, dtype: Any = np.float64, copies: int = 1) -> int:
    """Bytes of a state vector; refused before anything is allocated.

    Raises
    ------
    TooLargeError
        More than is free; the message says how many bytes it would be.

    Examples
    --------
    >>> require_state_bytes(10)
    16384
    """
    n_bytes = copies * 2 * np.dtype(dtype).itemsize << n_qubits
    free = free_bytes()
    if free is not None and n_bytes > free:
        raise TooLargeError(
            f"a state of {n_qubits} qubits has 2^{n_qubits} amplitudes and needs {n_bytes:,} bytes here, and "
            f"{free:,} are free: take fewer qubits"
        )
    return n_bytes


class StateVector:
    """2^n amplitudes, to be changed by circuits.

    Parameters
    ----------
    n_qubits : int
    start : str
        A letter of ``01+-`` a qubit, qubit 0 first (a Qiskit label reads the other way); all 0 when left out.
    dtype : float64 or float32
        Type of the two parts of an amplitude.

    Raises
    ------
    TooLargeError
        It does not fit into the memory that is free; said before anything is allocated.
    ValueFitError
        A start of another length, or with another letter.

    Examples
    --------
    >>> from quantum.layers import Circuit, Layer
    >>> state = StateVector(2).run(Circuit(2, (Layer("rx", [0], [np.pi]),)))
    >>> state.probabilities().round(12).tolist(), state.z().round(12).tolist()
    ([0.0, 1.0, 0.0, 0.0], [-1.0, 1.0])
    """

    def __init__(self, n_qubits: int, start: str = "", dtype: Any = np.float64) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float64, np.float32):
            raise ValueFitError(f"amplitudes of type {self.dtype}: float64 and float32 are known")
        if n_qubits < 1:
            raise ValueFitError(f"a state of {n_qubits} qubits: at least 1 is wanted")
        self.n_qubits = n_qubits
        check_start(start, n_qubits)
        require_state_bytes(n_qubits, dtype)
        self._n = max(n_qubits, _LEAST_QUBITS)
        self._re, self._im = _two_arrays(1 << self._n, self.dtype)
        amplitudes = np.ones(1)
        for letter in (start or "0" * n_qubits) + "0" * (self._n - n_qubits):
            amplitudes = np.multiply.outer(np.array(_STATES[letter]), amplitudes).ravel()
        self._re[:], self._im[:] = amplitudes, 0.0

    # -- changing --------------------------------------------------------------------------------

    def run(self, circuit: Circuit) -> StateVector:
        """Apply a circuit of layers; neighbouring layers are done together. Returns the state itself."""
        if circuit.n_qubits != self.n_qubits:
            raise ValueFitError(f"a circuit of {circuit.n_qubits} qubits on a state of {self.n_qubits}")
        for step in _steps(circuit, self._n):
            if isinstance(step, _Fused):
                self._fused(step)
            elif isinstance(step, _Bonds):
                for (a, b), (xx, yy, zz) in zip(step.edges.tolist(), step.angles.tolist(), strict=True):
                    gates.bond(self._re, self._im, a, b, xx / 2, yy / 2, zz / 2)
            else:
                for (qubit,) in step.qubits.tolist():
                    if step.gate == "x":
                        gates.flip(self._re, self._im, qubit, 0)
                    else:
                        self.one_qubit(qubit, np.array([[1, 1], [1, -1]]) * 0.5**0.5)
        return self

    def _fused(self, step: _Fused) -> None:
        # cos and tan of quarter angles stay tame: a half turn is done as two quarter turns.
        halves = np.remainder(step.rotations / 2 + np.pi, 2 * np.pi) - np.pi
        times = 1 if np.abs(halves).max(initial=0.0) <= np.pi / 4 else 2 if np.abs(halves).max() <= np.pi / 2 else 4
        halves = halves / times
        nothing = np.zeros((self._n, self._n)), np.zeros(self._n)
        slope = np.tan(halves).astype(self.dtype) if halves.any() else np.zeros(0, self.dtype)
        for k in range(times):
            phases = (step.quadratic, step.linear) if k == times - 1 else nothing
            run_layer(self._re, self._im, slope, float(np.prod(np.cos(halves))), *phases)

    def one_qubit(self, qubit: int, matrix: np.ndarray) -> None:
        """Apply a (2, 2) complex matrix to one qubit."""
        m = np.asarray(matrix, np.complex128)
        gates.one_qubit(
            self._re, self._im, qubit, np.real(m).astype(self.dtype), np.imag(m).astype(self.dtype)
        )  # fmt: skip

    def run_qiskit(self, circuit: QuantumCircuit) -> StateVector:
        """Apply a Qiskit circuit of one-qubit gates, (multi-)controlled X, Z and phases, SWAP, and RXX, RYY, RZZ.

        Raises
        ------
        UnsupportedError
            Another instruction, named with its index.
        """
        from .instructions import apply

        apply(self, circuit)
        return self

    def flip(self, qubit: int, controls: Sequence[int] = ()) -> None:
        """X on a qubit where all `controls` are 1: X, CX, CCX, MCX."""
        gates.flip(self._re, self._im, qubit, _mask(controls))

    def swap(self, first: int, second: int, controls: Sequence[int] = ()) -> None:
        """Swap two qubits where all `controls` are 1: SWAP, Fredkin's gate."""
        gates.exchange(self._re, self._im, first, second, _mask(controls))

    def phase(self, qubits: Sequence[int], angle: float) -> None:
        """Multiply by exp(i angle) where all `qubits` are 1: P, CZ, CCZ, controlled phases."""
        real = self.dtype.type
        gates.phase(self._re, self._im, _mask(qubits), real(np.cos(angle)), real(np.sin(angle)))

    # -- reading ---------------------------------------------------------------------------------

    @property
    def amplitudes(self) -> np.ndarray:
        """(2^n,) complex copy."""
        size = 1 << self.n_qubits
        return self._re[:size] + 1j * self._im[:size]

    def set_amplitudes(self, values: np.ndarray) -> None:
        """Replace the state by (2^n,) complex amplitudes."""
        size = 1 << self.n_qubits
        if values.shape != (size,):
            raise ValueFitError(f"amplitudes of shape {values.shape} for {self.n_qubits} qubits: ({size},) is wanted")
        self._re[:size], self._im[:size] = np.real(values), np.imag(values)
        self._re[size:], self._im[size:] = 0.0, 0.0

    def probabilities(self) -> np.ndarray:
        """(2^n,) float64."""
        size = 1 << self.n_qubits
        found = self._re[:size].astype(np.float64) ** 2
        found += self._im[:size].astype(np.float64) ** 2
        return found

    def x(self) -> np.ndarray:
        """(n,) float64: <X> of every qubit."""
        return np.array([gates.x_of_qubit(self._re, self._im, i) for i in range(self.n_qubits)])

    def z(self) -> np.ndarray:
        """(n,) float64: <Z> of every qubit."""
        return self._walsh()[1 << np.arange(self.n_qubits)]

    def zz(self) -> np.ndarray:
        """(n, n) float64: <Z_i Z_j> of every two qubits."""
        bit = 1 << np.arange(self.n_qubits)
        return self._walsh()[bit[:, None] ^ bit[None, :]]

    def zz_with(self, qubit: int) -> np.ndarray:
        """(n,) float64: <Z_i Z_qubit> for every i."""
        return self._walsh()[1 << np.arange(self.n_qubits) ^ 1 << qubit]

    def _walsh(self) -> np.ndarray:
        """Entry m is the expectation of the product of Z over the bits of m."""
        values = self.probabilities()
        gates.walsh(values)
        return values

    def sample(self, shots: int, rng: int | np.random.Generator = 0) -> np.ndarray:
        """(shots,) int64: numbers of basis states, as a measurement of all qubits gives them."""
        p = self.probabilities()
        return np.random.default_rng(rng).choice(len(p), size=shots, p=p / p.sum())


def check_start(start: str, n: int) -> None:
    """ValueFitError when `start` is not empty and not `n` letters of ``01+-``."""
    if start and (len(start) != n or set(start) - set(_STATES)):
        raise ValueFitError(f"the start {start[:40]!r} is not {n} letters of 01+-")


def _mask(qubits: Sequence[int]) -> int:
    return sum(1 << int(q) for q in qubits)


def _two_arrays(size: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays that begin on cache lines, not a multiple of 4 KiB apart."""
    apart = _APART // dtype.itemsize
    memory = np.empty(2 * size + apart + 64 // dtype.itemsize, dtype)
    first = -memory.ctypes.data % 64 // dtype.itemsize
    return memory[first : first + size], memory[first + size + apart : first + 2 * size + apart]


# -- layers done together ------------------------------------------------------------------------


class _Fused:
    """Rotations about X of all qubits, then phases."""

    def __init__(self, n: int) -> None:
        self.rotations, self.quadratic, self.linear = np.zeros(n), np.zeros((n, n)), np.zeros(n)
        self.diagonal = False

    def add(self, layer: Layer) -> None:
        if layer.gate == "rx":
            self.rotations[layer.qubits[:, 0]] += layer.angles
        elif layer.gate == "rz":
            self.diagonal = True
            self.linear[layer.qubits[:, 0]] += layer.angles / 2
        else:
            self.diagonal = True
            a, b = layer.qubits.T
            self.quadratic[a, b] += layer.angles / 2
            self.quadratic[b, a] += layer.angles / 2


class _Bonds:
    """XX, YY and ZZ on the same bonds."""

    def __init__(self, edges: np.ndarray) -> None:
        self.edges, self.angles = edges, np.zeros((len(edges), 3))

    def add(self, layer: Layer) -> None:
        self.angles[:, ("rxx", "ryy", "rzz").index(layer.gate)] += layer.angles


def _steps(circuit: Circuit, n: int) -> Iterator[_Fused | _Bonds | Layer]:
    """Layers joined: bonds on equal pairs if one is XX or YY; RX followed by whatever is diagonal."""
    fused = None
    for _, run in groupby(enumerate(circuit.layers), key=lambda item: _pairs(item[1]) or item[0]):
        layers = [layer for _, layer in run]
        if {layer.gate for layer in layers} & {"rxx", "ryy"}:
            if fused:
                yield fused
            fused, bonds = None, _Bonds(layers[0].qubits)
            for layer in layers:
                bonds.add(layer)
            yield bonds
            continue
        for layer in layers:
            if layer.gate not in ("rx", "rz", "rzz"):
                if fused:
                    yield fused
                fused = None
                yield layer
                continue
            if fused is None or (layer.gate == "rx" and fused.diagonal):
                if fused:
                    yield fused
                fused = _Fused(n)
            fused.add(layer)
    if fused:
        yield fused


def _pairs(layer: Layer) -> bytes:
    """Equal for two-qubit layers on equal pairs; empty for others."""
    return layer.qubits.tobytes() if layer.qubits.shape[1] == 2 else b""
