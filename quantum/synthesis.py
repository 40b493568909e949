"""``reversible``: from a netlist to a reversible circuit, by one of several strategies."""

from __future__ import annotations

from gatesim import Netlist
from gatesim.errors import ValueFitError, unknown_name
from gatesim.passes.multiplicative import Effort

from .bennett import bennett
from .circuit import Reversible
from .forms import Forms
from .inplace import inplace
from .pebble import pebble

STRATEGIES: dict[str, str] = {
    "bennett": "every AND once on an ancilla of its own; outputs copied, everything uncomputed",
    "inplace": "outputs replace inputs where the function allows: a, b -> a, a + b",
    "pebble": "within a budget of ancillas: products made again where they cannot be kept",
}
"""Ways to compile, with what each does."""


def reversible(
    net: Netlist,
    strategy: str = "bennett",
    *,
    phase: bool = False,
    ancillas: int | None = None,
    effort: Effort | None = "quick",
) -> Reversible:
    """A combinational netlist as a reversible circuit, registers named after its ports.

    Parameters
    ----------
    net : Netlist
        Combinational; see :func:`gatesim.passes.clock_cycle` for clocked ones.
    strategy : str
        One of :data:`STRATEGIES`.
    phase : bool
        Show the only output bit as a sign, ``|x> -> (-1)^f(x) |x>``, instead of on a qubit.
    ancillas : int, optional
        Budget of the strategy "pebble"; left out, it takes the fewest that it finds.
    effort : {"quick", "normal", "high"} or None
        What :func:`gatesim.minimise_ands` spends on having few ANDs; None: full adders are joined, no more.

    Returns
    -------
    Reversible
        Its ancillas are |0> before and after.

    Raises
    ------
    UnsupportedError
        Registers or memories; in place, no output replaces an input.
    LoopError
        A combinational loop.
    UnknownNameError
        No such strategy or effort.
    ValueFitError
        A phase oracle of a netlist with several output bits, or in place; a budget of ancillas that is too small,
        or that the strategy does not take.

    Examples
    --------
    >>> from circuits.adders import ripple_carry
    >>> from gatesim import build
    >>> circuit = reversible(build(ripple_carry, a=4, b=4))
    >>> circuit
    <Reversible 'ripple_carry': 17 qubits, 34 gates; a[4], b[4], sum[4], carry[1], ancilla[4]>
    >>> circuit.apply({"a": 9, "b": 12})[0]
    {'a': 9, 'b': 12, 'sum': 5, 'carry': 1, 'ancilla': 0}
    """
    if strategy not in STRATEGIES:
        raise unknown_name("strategy", strategy, STRATEGIES)
    if ancillas is not None and strategy != "pebble":
        raise ValueFitError(f"the strategy {strategy} takes the ancillas that it needs; a budget is for pebble")
    if ancillas is not None and ancillas < 0:
        raise ValueFitError(f"a budget of {ancillas} ancillas makes no sense")
    if phase and strategy == "inplace":
        raise ValueFitError("a phase oracle leaves its inputs as they are: nothing to compute in place")
    forms = Forms(net, effort)
    if strategy == "inplace":
        return inplace(net, forms)
    if strategy == "pebble":
        return pebble(net, forms, phase=phase, ancillas=ancillas)
    return bennett(net, forms, phase=phase)
