"""A combinational netlist as a reversible circuit: compute, copy, uncompute (Bennett 1973).

Every gate becomes its algebraic normal form, an XOR of ANDs of its pins: X, CX and multi-controlled X
onto an ancilla of its own. Outputs are then copied with CX and the ancillas returned to |0>, so that
``|x>|y>|0>`` goes to ``|x>|y ^ f(x)>|0>``. Qubit 0 of a register is the least significant bit of its
port, the same order that Qiskit uses for registers.
"""

from __future__ import annotations

from qiskit.circuit import AncillaRegister, QuantumCircuit, QuantumRegister, Qubit

from gatesim import Netlist, levels
from gatesim.errors import UnsupportedError
from gatesim.gates import ARITY, IS_LOGIC, TABLE


def to_circuit(net: Netlist) -> QuantumCircuit:
    """The reversible circuit of `net`: one register a port, one ancilla a gate, ancillas clean at the end.

    Parameters
    ----------
    net : Netlist
        Combinational, without memories.

    Raises
    ------
    UnsupportedError
        The netlist has registers or memories.
    LoopError
        It has a combinational loop.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("and"); b.output("y", b.input("a") & b.input("b"))
    >>> dict(to_circuit(b.freeze()).count_ops())
    {'ccx': 2, 'cx': 1}
    """
    if len(net.registers) or net.memories:
        raise UnsupportedError(f"{net.name!r} has registers or memories: only combinational netlists become circuits")
    order = [int(i) for i in levels(net).order if IS_LOGIC[net.op[i]]]
    inputs = {p.name: QuantumRegister(p.width, p.name) for p in net.inputs}
    outputs = {p.name: QuantumRegister(p.width, p.name) for p in net.outputs}
    ancillas = AncillaRegister(len(order), "ancilla")
    holder: dict[int, Qubit] = {net_id: inputs[p.name][i] for p in net.inputs for i, net_id in enumerate(p.nets)}
    holder.update({cell: ancillas[k] for k, cell in enumerate(order)})
    compute = QuantumCircuit(*inputs.values(), *outputs.values(), ancillas, name=net.name)
    for cell in order:
        _append_gate(compute, net, cell, holder)
    circuit = compute.copy()
    for p in net.outputs:
        for i, net_id in enumerate(p.nets):
            if net_id == 1:
                circuit.x(outputs[p.name][i])
            elif net_id != 0:
                circuit.cx(holder[net_id], outputs[p.name][i])
    return circuit.compose(compute.inverse())  # type: ignore[return-value]


def normal_form(table: int, arity: int) -> list[int]:
    """Algebraic normal form of a truth table: the products, each a bit mask of pins (0 is the constant 1).

    Examples
    --------
    >>> normal_form(0b1110, 2)  # a or b = a ^ b ^ ab
    [1, 2, 3]
    """
    coefficients = [table >> i & 1 for i in range(1 << arity)]
    for k in range(arity):
        for i in range(1 << arity):
            if i >> k & 1:
                coefficients[i] ^= coefficients[i ^ (1 << k)]
    return [i for i, c in enumerate(coefficients) if c]


def _append_gate(circuit: QuantumCircuit, net: Netlist, cell: int, holder: dict[int, Qubit]) -> None:
    """XOR the gate's function into its ancilla."""
    op, pins = net.op[cell], net.fanin_of(cell)
    for product in normal_form(int(TABLE[op]), int(ARITY[op])):
        nets = {int(pins[k]) for k in range(len(pins)) if product >> k & 1}
        if 0 in nets:
            continue
        controls = [holder[k] for k in sorted(nets - {1})]
        if not controls:
            circuit.x(holder[cell])
        elif len(controls) == 1:
            circuit.cx(controls[0], holder[cell])
        elif len(controls) == 2:
            circuit.ccx(controls[0], controls[1], holder[cell])
        else:
            circuit.mcx(controls, holder[cell])
