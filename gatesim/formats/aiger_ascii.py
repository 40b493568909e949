"""AIGER in its ASCII encoding (``.aag``); see :mod:`gatesim.formats.aiger`."""

from __future__ import annotations

from ..netlist import Netlist
from .aiger import parse
from .aiger_write import ands_of, encoded_symbols

SUFFIXES = (".aag",)
BINARY = True

__all__ = ["BINARY", "SUFFIXES", "dump", "parse"]


def dump(net: Netlist) -> str:
    """`net` as an ASCII AIGER file; raises what :func:`gatesim.formats.aiger.dump` raises."""
    parts = ands_of(net)
    lines = [str(2 * k) for k in range(1, parts.n_inputs + 1)]
    lines += [f"{2 * (parts.n_inputs + 1 + k)} {row}" for k, row in enumerate(parts.latch_rows(binary=False))]
    lines += parts.output_rows()
    first = 2 * parts.first_and
    lines += [f"{first + 2 * k} {a} {b}" for k, (a, b) in enumerate(parts.ands.tolist())]
    return parts.header("aag") + "".join(f"{line}\n" for line in lines) + encoded_symbols(parts)
