"""OpenQASM of classical circuits, as netlists: what a reversible circuit computes.

Reading and compiling are done by modules that this one knows by name only (:data:`READER`, :data:`COMPILER`), as a
plug-in is, so that no import points upward.
"""

from __future__ import annotations

from importlib import import_module

from ..netlist import Netlist

READER = "quantum.qasm_reader"
"""Module with ``netlist(text, source)``."""

COMPILER = "quantum.qasm"
"""Module with ``compiled(net) -> str``."""


def parse(text: str, source: str = "<text>") -> Netlist:
    """The netlist of what the circuit in an OpenQASM 2 or 3 text computes.

    Ports are the registers that comments of our own files name; in other files every register ``r`` is an input, and
    what it holds afterwards the output ``r_after``.

    Raises
    ------
    ParseError
        Not OpenQASM, or beyond the classical part that is read.
    UnsupportedError
        A gate that does not permute basis states.
    """
    return import_module(READER).netlist(text, source)


def dump(net: Netlist) -> str:
    """`net` compiled into a reversible circuit (compute, copy, uncompute), as OpenQASM 3.

    Raises
    ------
    UnsupportedError
        Registers or memories.
    LoopError
        A combinational loop.
    """
    return import_module(COMPILER).compiled(net)
