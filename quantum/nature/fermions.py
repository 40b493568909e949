"""The transverse-field chain as free fermions: thousands of spins, exactly, gate by gate.

With the Majorana modes a_2j = X_0 ... X_(j-1) Z_j and a_2j+1 = X_0 ... X_(j-1) Y_j (Jordan and Wigner 1928; Lieb,
Schultz and Mattis 1961; Pfeuty 1970), X_j = i a_2j a_2j+1 and Z_j Z_j+1 = i a_2j+1 a_2j+2. So RX and RZZ rotate two
neighbouring modes, and a state is the matrix of <i a_p a_q>. What has an even number of modes follows from it: <X>
is an entry, products of Z are Pfaffians (Wick). A single Z is odd; a spectator, spin -1 that nothing acts on and
that points up, makes it even: <Z_j> = <Z_-1 Z_j>.
"""

from __future__ import annotations

import numpy as np

from gatesim.errors import UnsupportedError, ValueFitError
from gatesim.kernels import fermions as kernel

from ..layers import Circuit
from ..statevector import check_start
from .hamiltonian import Hamiltonian

_BLOCK = 16
"""Pairs of modes that :func:`leading_pfaffians` eliminates together."""
_SMALL = 1e-2


class FreeFermions:
    """A chain of `n` spins in a state that RX and RZZ between neighbours reach from a simple start.

    Parameters
    ----------
    n : int
    start : str
        `n` letters, all of ``01`` or all of ``+-``, spin 0 first; all 0 when left out.

    Raises
    ------
    UnsupportedError
        A start that mixes the two kinds.

    Examples
    --------
    >>> from quantum.nature import chain, ising, trotter
    >>> h = ising(chain(200), field=0.7)
    >>> state = FreeFermions(200, "+" * 200).run(trotter(h, time=1.0, steps=10))
    >>> float(state.x()[100].round(6))
    0.370252
    """

    def __init__(self, n: int, start: str = "") -> None:
        check_start(start, n)
        start = start or "0" * n
        if set(start) & set("01") and set(start) & set("+-"):
            raise UnsupportedError("free fermions start with spins all along Z or all along X: this start mixes them")
        self.n = n
        modes = 2 * n + 2
        self._rows = np.eye(modes)
        self._left, self._right = np.arange(modes), np.arange(1, modes + 1)
        # Pairs of modes with <i a_p a_q> = sign: every bond with the spin before, or every spin itself.
        signs = np.array([1.0] + [-1.0 if letter in "1-" else 1.0 for letter in start])
        along_x = start[0] in "+-"
        self._first = np.arange(0, modes, 2) if along_x else np.arange(1, modes - 1, 2)
        self._signs = signs if along_x else signs[1:] * signs[:-1]

    def run(self, circuit: Circuit) -> FreeFermions:
        """Apply a circuit, gate by gate; every gate rotates two modes. Returns the state itself.

        Raises
        ------
        UnsupportedError
            A gate that is neither RX nor RZZ between neighbours.
        """
        if circuit.n_qubits != self.n:
            raise ValueFitError(f"a circuit of {circuit.n_qubits} qubits on {self.n} spins")
        for index, layer in enumerate(circuit.layers):
            low = layer.qubits.min(axis=1)
            if layer.gate == "rx":
                mode = 2 * low + 2
            elif layer.gate == "rzz" and (np.ptp(layer.qubits, axis=1) == 1).all():
                mode = 2 * low + 3
            else:
                raise UnsupportedError(
                    f"layer {index} ({layer.gate}) is no rotation of fermions: RX, and RZZ between neighbours, are"
                )
            kernel.rotate_modes(
                self._rows, self._left, self._right, mode, np.cos(layer.angles), np.sin(layer.angles)
            )  # fmt: skip
        return self

    def evolve(self, h: Hamiltonian, time: float) -> FreeFermions:
        """exp(-i H time), exactly; by the singular values of the matrix that joins even and odd modes.

        Raises
        ------
        UnsupportedError
            Not a transverse-field chain.
        """
        if not h.is_free or h.n != self.n:
            raise UnsupportedError(f"{h.name}: free fermions need a chain of {self.n} spins with ZZ and X only")
        odd_of_even = np.diag(np.append(0.0, h.x))
        odd_of_even[np.arange(2, self.n + 1), np.arange(1, self.n)] = -h.zz
        u, s, v = np.linalg.svd(odd_of_even)
        c, s = np.cos(2 * time * s), np.sin(2 * time * s)
        turn = np.empty_like(self._rows)
        turn[0::2, 0::2], turn[0::2, 1::2] = (u * c) @ u.T, (u * s) @ v
        turn[1::2, 0::2], turn[1::2, 1::2] = -(v.T * s) @ u.T, (v.T * c) @ v
        self._rows = turn @ self._rows
        self._left[:], self._right[:] = 0, len(self._left)
        return self

    # -- reading ---------------------------------------------------------------------------------

    def _paired(self) -> np.ndarray:
        """Rows times the pairing of the first modes: <i a_p a_q> is its row p times row q."""
        paired = np.zeros_like(self._rows)
        paired[:, self._first + 1] = self._rows[:, self._first] * self._signs
        paired[:, self._first] = -self._rows[:, self._first + 1] * self._signs
        return paired

    def covariance(self) -> np.ndarray:
        """(2 n + 2, 2 n + 2) float64: <i a_p a_q>, the spectator's two modes first."""
        return self._paired() @ self._rows.T

    def x(self) -> np.ndarray:
        """(n,) float64: <X> of every spin."""
        at = np.arange(2, 2 * self.n + 2, 2)
        return kernel.dots(self._rows, self._paired(), self._left, self._right, at, at + 1)

    def z(self) -> np.ndarray:
        """(n,) float64: <Z> of every spin, a Pfaffian each, of twice as many modes as lie before."""
        return leading_pfaffians(self.covariance()[1 : 2 * self.n + 1, 1 : 2 * self.n + 1])

    def zz_with(self, spin: int) -> np.ndarray:
        """(n,) float64: <Z_i Z_spin> for every i."""
        return self._zz_row(self.covariance(), spin)

    def zz(self) -> np.ndarray:
        """(n, n) float64: <Z_i Z_j> of every two spins."""
        matrix = self.covariance()
        return np.stack([self._zz_row(matrix, i) for i in range(self.n)])

    def _zz_row(self, matrix: np.ndarray, spin: int) -> np.ndarray:
        own = 2 * spin + 3  # the mode after which bonds lead to the right
        right = leading_pfaffians(matrix[own : 2 * self.n + 1, own : 2 * self.n + 1])
        left = leading_pfaffians(matrix[3:own, 3:own][::-1, ::-1])
        left *= (-1.0) ** np.arange(1, len(left) + 1)  # 2 m modes in reverse order
        return np.concatenate((left[::-1], [1.0], right))

    def xx(self) -> np.ndarray:
        """(n, n) float64: <X_i X_j> of every two spins, by Wick's theorem."""
        m = self.covariance()[2:, 2:]
        even, odd, mixed = m[0::2, 0::2], m[1::2, 1::2], m[0::2, 1::2]
        own = np.diag(mixed)
        found = np.outer(own, own) - even * odd - mixed * mixed.T
        np.fill_diagonal(found, 1.0)
        return found


def leading_pfaffians(matrix: np.ndarray) -> np.ndarray:
    """Pfaffians of the leading 2, 4, 6, ... rows and columns of a skew-symmetric matrix, O(n^3) together.

    Blocks of rows are eliminated in turn; a block ends where its own Pfaffian is not small beside those before, so
    that nothing is divided by what is nearly singular.

    Returns
    -------
    ndarray
        (rows / 2,) float64.
    """
    rest, n, done, before = matrix.copy(), len(matrix) // 2, 0, 1.0
    found = np.zeros(n)
    while done < n:
        block = min(_BLOCK, n - done)
        own = np.array([kernel.pfaffian(rest[: 2 * k, : 2 * k].copy()) for k in range(1, block + 1)])
        found[done : done + block] = before * own
        if done + block == n:
            break
        largest = np.abs(own).max()
        if not largest:  # every further one starts anew, on the whole matrix
            ends = range(done + block + 1, n + 1)
            found[done + block :] = [kernel.pfaffian(matrix[: 2 * k, : 2 * k].copy()) for k in ends]
            break
        k = int(np.flatnonzero(np.abs(own) >= _SMALL * largest)[-1]) + 1
        head, side = rest[: 2 * k, : 2 * k], rest[: 2 * k, 2 * k :]
        rest = rest[2 * k :, 2 * k :] + side.T @ np.linalg.solve(head, side)
        rest = (rest - rest.T) / 2
        done, before = done + k, before * own[k - 1]
    return found
