"""``reversible``: from a netlist to a reversible circuit, by one of several strategies."""

from __future__ import annotations

from gatesim import Netlist
from gatesim.errors import unknown_name
from gatesim.passes.multiplicative import Effort

from .bennett import bennett
from .circuit import Reversible
from .forms import Forms
from .inplace import inplace

STRATEGIES: dict[str, str] = {
    "bennett": "every AND once on an ancilla of its own; outputs copied, everything uncomputed",
    "inplace": "outputs replace inputs where the function allows: a, b -> a, a + b",
}
"""Ways to compile, with what each does."""


def reversible(
    net: Netlist, strategy: str = "bennett", *, phase: bool = False, effort: Effort | None = "quick"
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

    effort : {"quick", "normal", "high"} or None
        What :func:`gatesim.minimise_ands` spends on having few ANDs; None: full adders are joined, no more.

    Returns
    -------
    Reversible
        Its ancillas are |0> before and after.

    Raises
    ------
    UnsupportedError
        Registers or memories.
    LoopError
        A combinational loop.
    UnknownNameError
        No such strategy or effort.
    ValueFitError
        A phase oracle of a netlist with several output bits.

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
    if strategy == "inplace":
        return inplace(net, Forms(net, effort))
    return bennett(net, Forms(net, effort), phase=phase)
