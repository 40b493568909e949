"""A reversible circuit as the netlist of what it computes: the way back from ``reversible``."""

from __future__ import annotations

from gatesim import Netlist
from gatesim.netlist import Port

from .circuit import Reversible
from .contents import Contents


def to_netlist(circuit: Reversible) -> Netlist:
    """What `circuit` computes, as a combinational netlist of AND and XOR gates.

    Parameters
    ----------
    circuit : Reversible
        AND and UNAND count as Toffoli gates: whether they are promised rightly, and whether inputs are restored
        and ancillas clean, is for :func:`quantum.verify` and :func:`quantum.prove` to say.

    Returns
    -------
    Netlist
        Ports as the circuit's inputs and outputs; outputs on qubits of their own start at |0>, as ancillas do.
        Equal contents of qubits are one net, and what nobody reads is gone, so uncomputing leaves no trace.

    Examples
    --------
    >>> from circuits.adders import ripple_carry
    >>> from gatesim import build, equivalent
    >>> from quantum import reversible
    >>> net = build(ripple_carry, a=8, b=8)
    >>> back = to_netlist(reversible(net)); back.counts()["AND"], equivalent(net, back).status
    (8, 'equal')
    """
    given = [q for qubits in circuit.inputs.values() for q in qubits]
    contents = Contents(len(given))
    start = [0] * circuit.n_qubits
    for k, q in enumerate(given):
        start[q] = contents.input(k)
    end, sign, _ = contents.run(circuit, start)
    ports = [Port(name, "input", contents.nets([start[q] for q in on])) for name, on in circuit.inputs.items()]
    ports += [Port(name, "output", contents.nets([end[q] for q in on])) for name, on in circuit.outputs.items()]
    if circuit.sign is not None:
        ports.append(Port(circuit.sign, "output", contents.nets([sign])))
    return contents.netlist(circuit.name, tuple(ports))
