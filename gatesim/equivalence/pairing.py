"""Which port of one netlist is which of the other, and both netlists side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import ValueFitError, WidthError, unknown_name
from ..gates import BUF, OR, XOR
from ..memory import moved_memory
from ..netlist import Netlist, Port


def paired(a: Netlist, b: Netlist, names: Mapping[str, str] | None = None) -> Netlist:
    """`b` with its ports called and ordered as those of `a`.

    Parameters
    ----------
    a, b : Netlist
    names : mapping of str to str, optional
        Port of `a` to the port of `b` that goes with it, where they have different names.

    Raises
    ------
    UnknownNameError
        A port that one of them lacks, or a name in `names` that is no port.
    ValueFitError
        Two ports of `a` mapped to one of `b`.
    WidthError
        A port of another width.
    """
    names = dict(names or {})
    mine = {p.name for p in a.ports}
    other = {p.name for p in b.ports}
    for own, theirs in names.items():
        if own not in mine:
            raise unknown_name(f"port of {a.name!r}", own, mine)
        if theirs not in other:
            raise unknown_name(f"port of {b.name!r}", theirs, other)
    if len(set(names.values())) < len(names):
        raise ValueFitError(f"two ports of {a.name!r} are mapped to one of {b.name!r}: {names}")
    called = {theirs: own for own, theirs in names.items()}
    ports: list[Port] = []
    for direction, ports_a, ports_b in (("input", a.inputs, b.inputs), ("output", a.outputs, b.outputs)):
        twin = {called.get(p.name, p.name): p for p in ports_b}
        known = {p.name: p for p in ports_a}
        for first, second, owner in ((known, twin, b), (twin, known, a)):
            for name in first:
                if name not in second:
                    raise unknown_name(f"{direction} of {owner.name!r}", name, second)
        for name, p in known.items():
            if twin[name].width != p.width:
                raise WidthError(
                    f"{direction} {name!r} has {p.width} bits in {a.name!r}, {twin[name].width} in {b.name!r}"
                )
            ports.append(replace(twin[name], name=name))
    return replace(b, ports=tuple(ports))


def miter(a: Netlist, b: Netlist) -> Netlist:
    """Both netlists on shared inputs, with one output ``differs``: 1 where any output bit does.

    Parameters
    ----------
    a, b : Netlist
        As :func:`paired` gives them.
    """
    n = a.n_nets
    inputs = np.array([k for p in a.inputs for k in p.nets], np.int64)
    shared = np.array([k for p in b.inputs for k in p.nets], np.int64)
    op_b = b.op.copy()
    # The constants and inputs of b become buffers of those of a.
    op_b[[0, 1, *shared]] = BUF
    pins_b = np.diff(b.fanin_ptr)
    pins_b[[0, 1, *shared]] = 1
    ptr_b = np.concatenate(([0], np.cumsum(pins_b)))
    fanin_b = np.zeros(ptr_b[-1], np.int64)
    own = np.ones(len(fanin_b), np.bool_)
    own[ptr_b[[0, 1, *shared]]] = False
    fanin_b[own] = b.fanin + n
    fanin_b[ptr_b[[0, 1, *shared]]] = [0, 1, *inputs]

    outputs_a = np.array([k for p in a.outputs for k in p.nets], np.int64)
    outputs_b = np.array([k for p in b.outputs for k in p.nets], np.int64) + n
    ops, pairs, low = [XOR] * len(outputs_a), [np.stack((outputs_a, outputs_b), axis=1)], n + b.n_nets
    row = low + np.arange(len(outputs_a))
    while len(row) > 1:
        following = low + len(ops)
        half = len(row) // 2
        pairs.append(row[: 2 * half].reshape(-1, 2))
        ops += [OR] * half
        row = np.concatenate((following + np.arange(half), row[2 * half :]))
    added = np.concatenate(pairs)
    fanin = np.concatenate((a.fanin, fanin_b, added.reshape(-1)))
    counts = np.concatenate((np.diff(a.fanin_ptr), pins_b, np.full(len(ops), 2)))
    result = int(row[0]) if len(row) else 0
    return Netlist(
        f"{a.name} against {b.name}",
        np.concatenate((a.op, op_b, np.array(ops, np.uint8))),
        np.concatenate(([0], np.cumsum(counts))),
        fanin,
        (*a.inputs, Port("differs", "output", (result,))),
        memories=(*a.memories, *(moved_memory(m, lambda nets: tuple(k + n for k in nets)) for m in b.memories)),
    )
