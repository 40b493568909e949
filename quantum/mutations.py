"""Circuits with one fault put in: does a check see it?"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from gatesim import Netlist

from .circuit import NOT, Reversible
from .proof import prove
from .verification import verify

Verdict = Literal["seen by simulation", "seen by proof", "harmless, proven", "undecided"]


def without_gate(circuit: Reversible, index: int) -> Reversible:
    """`circuit` with one gate deleted.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from quantum import reversible
    >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b"))
    >>> without_gate(reversible(b.freeze()), 1).counts()
    {'AND': 1, 'UNAND': 1}
    """
    keep, sizes = np.arange(circuit.n_gates) != index, np.diff(circuit.ptr)
    ptr = np.concatenate(([0], np.cumsum(sizes[keep])))
    return replace(circuit, op=circuit.op[keep], ptr=ptr, qubits=circuit.qubits[np.repeat(keep, sizes)])


def with_cx(circuit: Reversible, index: int, control: int, target: int) -> Reversible:
    """`circuit` with one CX added before gate `index`."""
    ptr = np.concatenate((circuit.ptr[: index + 1], circuit.ptr[index:] + 2))
    qubits = np.insert(circuit.qubits, circuit.ptr[index], [control, target])
    return replace(circuit, op=np.insert(circuit.op, index, NOT), ptr=ptr, qubits=qubits)


def verdict(mutant: Reversible, net: Netlist, *, states: int = 1 << 14, seconds: float = 60.0) -> Verdict:
    """What becomes of a mutant.

    Parameters
    ----------
    mutant : Reversible
    net : Netlist
        What it should compute. That of the circuit before the mutation (:func:`quantum.to_netlist`) is quickest,
        for then all is equal but what the mutation touched.
    states : int
        Basis states to simulate before a proof is tried.
    seconds : float
        For the proof.

    Returns
    -------
    str
        "harmless, proven": it is right on every basis state all the same (a CX whose control is always |0>, an AND
        that is always 0), so that nothing is wrong with it.
    """
    if not verify(mutant, net, states=states):
        return "seen by simulation"
    found = prove(mutant, net, seconds=seconds)
    if found.status == "undecided":
        return "undecided"
    return "harmless, proven" if found else "seen by proof"
