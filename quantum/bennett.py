"""Compute, copy, uncompute (Bennett 1973): every AND once onto an ancilla of its own, outputs copied with CX."""

from __future__ import annotations

from gatesim import Netlist

from .circuit import Reversible
from .forms import Forms, one_output
from .forward import Forward, finished
from .wiring import Ancillas, Wiring


def bennett(net: Netlist, forms: Forms, *, phase: bool = False) -> Reversible:
    """The circuit ``|x>|y>|0> -> |x>|y ^ f(x)>|0>``, or with `phase` ``|x>|0> -> (-1)^f(x) |x>|0>``."""
    wiring = Wiring()
    given = wiring.add_inputs(forms.net)
    sign = one_output(net) if phase else None
    targets = [] if phase else [q for p in net.outputs for q in wiring.add(p.name, p.width, "output")]
    ancillas = Ancillas(wiring.size)
    forward = Forward(forms, given, forms.output_nets, ancillas)
    for n in forms.output_nets:
        forward.require(n)
        if sign is None:
            forward.copy(n, targets.pop(0))
        else:
            forward.sign(n)
    return finished(wiring, ancillas, forward.computing() + forward.undoing(), net.name, sign)
