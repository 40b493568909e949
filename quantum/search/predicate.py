"""What is searched for: the inputs where one output bit of a combinational netlist is 1.

Bit order, as everywhere (:mod:`quantum.circuit`): the input bits of the netlist, port after port and LSB first, are
bits 0, 1, ... of the number of an input, of a basis state and of a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np

from gatesim import Builder, Netlist, Stimulus, compile, engine
from gatesim.bits import free_bytes
from gatesim.errors import TooLargeError, UnsupportedError, ValueFitError, unknown_name
from gatesim.instances import instantiate
from gatesim.netlist import Port
from gatesim.signals import Bit
from gatesim.stimulus import MAX_EXHAUSTIVE_BITS

OUTPUT = "marked"


def predicate(net: Netlist, output: str | None = None, value: int | None = None) -> Netlist:
    """A netlist with one output bit, which says whether an input is searched for.

    Parameters
    ----------
    net : Netlist
        Combinational, with at least one input.
    output : str, optional
        The output that decides, where there are several.
    value : int, optional
        What that output must show; 1 for a single bit.

    Raises
    ------
    UnsupportedError
        Registers or memories.
    UnknownNameError
        No such output.
    ValueFitError
        No input; several outputs and none named; several bits and no value; a value that does not fit.

    Examples
    --------
    >>> from circuits.multipliers import array_multiplier
    >>> from gatesim import build
    >>> [(p.name, p.width) for p in predicate(build(array_multiplier, a=3, b=3), value=35).outputs]
    [('marked', 1)]
    """
    if len(net.registers) or net.memories:
        raise UnsupportedError(
            f"{net.name!r} has registers or memories: a search needs a combinational netlist; one clock cycle of it is "
            "one (gatesim.passes.clock_cycle)"
        )
    if not net.inputs:
        raise ValueFitError(f"{net.name!r} has no inputs: there is nothing to search")
    port = _output(net, output)
    if value is None:
        if port.width > 1:
            raise ValueFitError(
                f"output {port.name!r} of {net.name!r} has {port.width} bits, not one: say which value to search for"
            )
        value = 1
    if not 0 <= value < 1 << port.width:
        raise ValueFitError(f"{value} does not fit into output {port.name!r} of {port.width} bits")
    if value == 1 and port.width == 1 and len(net.outputs) == 1:
        return net
    b = Builder(f"{net.name} = {value}" if port.width > 1 else net.name)
    ports = {p.name: b.input_bus(p.name, p.width) if p.width > 1 else b.input(p.name) for p in net.inputs}
    shown = instantiate(b, net, ports)[port.name]
    b.output(OUTPUT, _all([x if value >> i & 1 else ~x for i, x in enumerate(shown)]))
    return b.freeze()


def _output(net: Netlist, name: str | None) -> Port:
    known = {p.name: p for p in net.outputs}
    if name is not None:
        if name not in known:
            raise unknown_name(f"output of {net.name!r}", name, known)
        return known[name]
    if len(known) != 1:
        there = ", ".join(f"{p.name}[{p.width}]" for p in net.outputs) or "none"
        raise ValueFitError(
            f"{net.name!r} does not have one output but {len(known)} ({there}): name the one that decides"
        )
    return net.outputs[0]


def _all(bits: list[Bit]) -> Bit:
    while len(bits) > 1:
        bits = [bits[i] & bits[i + 1] for i in range(0, len(bits) - 1, 2)] + bits[len(bits) // 2 * 2 :]
    return bits[0]


def n_input_bits(net: Netlist) -> int:
    """Input bits of a netlist."""
    return sum(p.width for p in net.inputs)


def values_of(net: Netlist, state: int) -> dict[str, int]:
    """The value of every input port in the input of that number.

    Examples
    --------
    >>> b = Builder("two"); a, c = b.input_bus("a", 2), b.input("c"); b.output("y", a[0] & c)
    >>> values_of(b.freeze(), 6)
    {'a': 2, 'c': 1}
    """
    found = {}
    for p in net.inputs:
        found[p.name] = state & ((1 << p.width) - 1)
        state >>= p.width
    return found


def state_of(net: Netlist, values: dict[str, int]) -> int:
    """The number of an input: the inverse of :func:`values_of`."""
    state = low = 0
    for p in net.inputs:
        state |= values[p.name] << low
        low += p.width
    return state


def require_room(net: Netlist, bytes_a_state: float) -> None:
    """TooLargeError, before anything is allocated, when the states of all inputs do not fit."""
    n = n_input_bits(net)
    free = free_bytes()
    if n <= MAX_EXHAUSTIVE_BITS and (free is None or bytes_a_state * 2**n <= free):
        return
    exponent = n + int(np.log2(bytes_a_state))
    needed = f"{int(bytes_a_state * 2**n):,}" if n < 60 else f"more than 2^{exponent}"
    here = "" if free is None else f", {free:,} are free"
    raise TooLargeError(
        f"{net.name!r} has {n} input bits: the amplitudes of 2^{n} inputs need {needed} bytes{here}, and "
        f"{MAX_EXHAUSTIVE_BITS} bits are the most; search fewer, with the other inputs fixed"
    )


@dataclass(frozen=True, eq=False)
class Marks:
    """Which inputs are solutions: the classical search through all of them, bit-parallel.

    Attributes
    ----------
    net : Netlist
        A :func:`predicate`.
    words : (n_words,) uint64
        Bit ``k & 63`` of word ``k >> 6`` belongs to input k.
    seconds : float
        What the search took.
    """

    net: Netlist
    words: np.ndarray
    seconds: float

    @classmethod
    def of(cls, net: Netlist) -> Marks:
        """Try every input.

        Raises
        ------
        TooLargeError
            More than 32 input bits.
        """
        require_room(net, 1 / 8)
        stimulus = Stimulus.exhaustive(net)
        run = engine("logic2")(compile(net)).run
        run(stimulus.part(0, min(64, stimulus.n_patterns)))  # loads the kernels: that is no search
        began = perf_counter()
        words = np.ascontiguousarray(run(stimulus).planes(net.outputs[0].name)[0, 0])
        return cls(net, words, perf_counter() - began)

    @property
    def n_states(self) -> int:
        """Inputs, solutions or not."""
        return 1 << n_input_bits(self.net)

    @cached_property
    def count(self) -> int:
        """Number of solutions."""
        return int(np.unpackbits(self.words.view(np.uint8)).sum(dtype=np.int64))

    def first(self, most: int) -> list[int]:
        """Numbers of the first solutions."""
        found: list[int] = []
        for w in np.flatnonzero(self.words)[:most].tolist():
            found += [64 * w + i for i in range(64) if int(self.words[w]) >> i & 1]
        return found[:most]

    def __contains__(self, state: int) -> bool:
        return bool(int(self.words[state >> 6]) >> (state & 63) & 1)
