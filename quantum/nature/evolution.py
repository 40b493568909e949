"""Exact time evolution without gates: by all eigenvectors, or by Chebyshev polynomials of H.

Every H here is real, so exp(-i H t) acts on the real and imaginary parts of a state by themselves.
"""

from __future__ import annotations

import numpy as np

from gatesim.errors import TooLargeError, ValueFitError
from gatesim.kernels import amplitude_gates as kernel

from ..statevector import StateVector, require_state_bytes
from .hamiltonian import Hamiltonian

MOST_DENSE = 12
"""Spins whose matrix is still diagonalised: 2^24 numbers are 134 MB, and each spin more is eight times slower."""
_ACCURACY = 1e-15
"""Chebyshev terms are summed until their coefficients stay below."""


class Evolution:
    """exp(-i H t) of one Hamiltonian on any state.

    Parameters
    ----------
    h : Hamiltonian
    method : str
        "dense": all eigenvectors, up to ``MOST_DENSE`` spins. "sparse": H is applied, never stored; the
        exponential is a sum of Chebyshev polynomials (Tal-Ezer and Kosloff, J. Chem. Phys. 81, 3967, 1984).

    Raises
    ------
    TooLargeError
        More spins than the method can hold; said before anything is allocated.

    Examples
    --------
    >>> from quantum.nature import chain, ising
    >>> state = StateVector(6, "+" * 6)
    >>> Evolution(ising(chain(6), field=0.7)).advance(state, 1.0).x().mean().round(6).item()
    0.326319
    """

    def __init__(self, h: Hamiltonian, method: str = "sparse") -> None:
        if method not in ("dense", "sparse"):
            raise ValueFitError(f"exact evolution {method!r}: known are 'dense' and 'sparse'")
        self.h, self.method = h, method
        if method == "dense":
            if h.n > MOST_DENSE:
                raise TooLargeError(
                    f"a matrix of {h.n} spins has 4^{h.n} entries and needs {8 << (2 * h.n):,} bytes: at most "
                    f"{MOST_DENSE} spins are diagonalised, use the sparse method"
                )
            self._energies, self._vectors = np.linalg.eigh(dense_matrix(h))
        else:
            require_state_bytes(h.n, copies=4)
            self._diagonal = np.empty(1 << h.n)
            kernel.energies(self._diagonal, h.quadratic, h.z)
            bound = float(np.abs(h.x).sum() + np.abs(h.xx).sum() + np.abs(h.yy).sum())
            low, high = float(self._diagonal.min()) - bound, float(self._diagonal.max()) + bound
            self._middle, self._half = (low + high) / 2, max((high - low) / 2, 1e-300)

    def advance(self, state: StateVector, time: float) -> StateVector:
        """Evolve a state (of double precision) for `time`; returns the state itself."""
        if state.n_qubits != self.h.n:
            raise ValueFitError(f"a state of {state.n_qubits} spins under {self.h.name}")
        parts = state.amplitudes
        if self.method == "dense":
            turned = np.exp(-1j * time * self._energies) * (self._vectors.T @ parts)
            state.set_amplitudes(self._vectors @ turned)
        else:
            state.set_amplitudes(
                self._chebyshev(np.real(parts).copy(), time) + 1j * self._chebyshev(np.imag(parts).copy(), time)
            )
        return state

    def _chebyshev(self, vector: np.ndarray, time: float) -> np.ndarray:
        """exp(-i H time) on a real vector: sum of (2 -) (-i)^k J_k(half time) T_k((H - middle) / half)."""
        coefficients = bessel(self._half * abs(time))
        even, odd = coefficients[0] * vector, np.zeros_like(vector)
        before, now = vector, self._scaled(vector)
        for k in range(1, len(coefficients)):
            target = odd if k & 1 else even
            target += (2 * (-1) ** ((k + 1) // 2) * coefficients[k]) * now
            before, now = now, 2 * self._scaled(now) - before
        sign = 1 if time >= 0 else -1
        return np.exp(-1j * self._middle * time) * (even + sign * 1j * odd)

    def _scaled(self, vector: np.ndarray) -> np.ndarray:
        out = np.empty_like(vector)
        first, second = self.h.graph.edges.T
        kernel.hamiltonian(out, vector, self._diagonal, self.h.x, first.copy(), second.copy(), self.h.xx, self.h.yy)
        return (out - self._middle * vector) / self._half


def dense_matrix(h: Hamiltonian) -> np.ndarray:
    """(2^n, 2^n) float64."""
    size = 1 << h.n
    matrix, diagonal = np.empty((size, size)), np.empty(size)
    kernel.energies(diagonal, h.quadratic, h.z)
    first, second = h.graph.edges.T.copy()
    unit = np.zeros(size)
    for k in range(size):
        unit[k] = 1.0
        kernel.hamiltonian(matrix[k], unit, diagonal, h.x, first, second, h.xx, h.yy)
        unit[k] = 0.0
    return matrix


def bessel(z: float) -> np.ndarray:
    """J_0(z), J_1(z), ... until they stay negligible, as Fourier coefficients of exp(i z sin t).

    Examples
    --------
    >>> bessel(1.0)[:3].round(9).tolist()  # Abramowitz and Stegun, table 9.1
    [0.765197687, 0.440050586, 0.114903485]
    """
    n = 2 * int(z + 20 * z ** (1 / 3) + 40)
    angle = 2 * np.pi * np.arange(n) / n
    found = np.fft.fft(np.exp(1j * z * np.sin(angle))).real[: n // 2] / n
    large = np.flatnonzero(np.abs(found) > _ACCURACY)
    return found[: large[-1] + 1]
