"""Making a netlist fit a technology: its gate set, then its fan-out limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from weakref import WeakKeyDictionary

import numpy as np

from ..analysis import levels
from ..errors import LoopError, UnsupportedError
from ..gates import BUF, CONST1, GATES, LOGIC_GATES, READ, gate
from ..kernels import fanout as kernel
from ..netlist import Netlist, Port
from ..passes import BASES, map_to, strash
from ..passes.mapping import Template, expand, templates
from .static import ALWAYS, static_timing
from .technology import Technology, memory_pins, missing_gates


def prepare(net: Netlist, technology: Technology) -> Netlist:
    """`net` built from the gates that `technology` has, no output driving more pins than it can.

    Gates that the technology lacks are replaced by the fastest template that it can build; where it has
    NAND or NOR, mapping everything to the faster of the two is tried as well, and the faster netlist is
    taken (the smaller one where they are equally fast). An output that drives too many pins gets a tree of buffers, the
    most urgent readers nearest to it. A netlist that fits already is returned as it is, loops and all.

    Raises
    ------
    UnsupportedError
        The technology cannot build a gate of `net` (it says which is missing), or it needs a buffer that
        it has not.
    LoopError
        `net` has a combinational loop and gates that the technology lacks.

    Examples
    --------
    >>> from gatesim import Builder
    >>> from gatesim.timing import load_technology
    >>> b = Builder("either"); b.output("z", b.input("x") | b.input("y"))
    >>> prepare(b.freeze(), load_technology("siphon")).counts()
    {'INPUT': 2, 'AND': 1, 'XOR': 2}
    """
    missing = list(missing_gates(net, technology))
    if missing:
        net = _in_gate_set(net, technology, missing)
    return _within_fan_out(net, technology)


def _in_gate_set(net: Netlist, technology: Technology, missing: list[str]) -> Netlist:
    for name in missing:
        if gate(name).kind != "logic":
            raise UnsupportedError(
                f"technology {technology.name!r} has no {name}: "
                + ("it cannot remember" if gate(name).kind == "register" else "it gives no access time for memories")
                + f", so {net.name!r} cannot be timed on it; add a [[gate]] section for it, or build it from gates"
            )
    levels(net)  # a loop is refused by name before any work
    names = frozenset(g for g in technology.gates if gate(g).kind == "logic")
    bases = _bases(technology, names)
    if not bases:
        raise UnsupportedError(
            f"technology {technology.name!r} cannot build {missing[0]} from its gates ({', '.join(sorted(names))}): "
            + ("no gate of it inverts" if not technology.constant_one else "they are not universal")
        )
    timed = [
        (static_timing(n, technology).worst_ps, area(n, technology), n)
        for n in _candidates(net, technology, names, bases)
    ]
    return min(timed, key=lambda t: t[:2])[2]


_candidates_of: WeakKeyDictionary[Netlist, dict[object, Netlist]] = WeakKeyDictionary()


def _candidates(net: Netlist, technology: Technology, names: frozenset[str], bases: list[str]) -> list[Netlist]:
    """`net` in the gates `names`, in a few ways; remembered, because many technologies share them."""
    known = _candidates_of.setdefault(net, {})

    def once(key: object, make: Callable[[], Netlist]) -> Netlist:
        if key not in known:
            known[key] = make()
        return known[key]

    by_op = _fastest_templates(technology, names, bases)
    key = tuple(by_op.items())  # in table order
    found = [once((names, key), lambda: strash(expand(net, by_op)[0], names))]
    inverting = [b for b in ("nand", "nor") if b in bases]
    if inverting:
        basis = min(inverting, key=lambda b: _cost(templates(b)[gate("NOT").op], technology))
        whole = once(basis, lambda: map_to(net, basis))
        few = names & {basis.upper(), "NOT"}  # all that can come of it: technologies share the result
        found.append(once((few, basis), lambda: strash(whole, few)))
    if names <= {*BASES["xag"], "BUF"}:
        found.append(once("xag", lambda: map_to(net, "xag")))
    return found


def area(net: Netlist, technology: Technology) -> float:
    """Area of `net` in the technology's ``area_unit``: the sum of its cells."""
    return float(technology.column("area")[net.op].sum())


def _bases(technology: Technology, names: frozenset[str]) -> list[str]:
    """Bases of ``map_to`` that the gate set can build; XOR inverts only where there is a 1."""
    return [b for b, ops in BASES.items() if names.issuperset(ops) and (b != "xag" or technology.constant_one)]


def _fastest_templates(technology: Technology, names: frozenset[str], bases: list[str]) -> dict[int, Template]:
    """A template of every logic op: itself where the technology has it, else the fastest one."""
    chosen: dict[int, Template] = {}
    for g in LOGIC_GATES:
        if g.name in names:
            chosen[g.op] = Template(((g.op, tuple(range(g.arity))),))
        else:
            chosen[g.op] = min((templates(b)[g.op] for b in bases), key=lambda t: _cost(t, technology))
    return chosen


def _cost(template: Template, technology: Technology) -> tuple[float, float]:
    """Mean delay of the slowest path through a template, and its area."""
    arrival: list[float] = []
    total = 0.0
    for op, inputs in template.rows:
        figures = technology.figures(GATES[op].name)
        before = max((arrival[~x] for x in inputs if x < 0), default=0.0)
        arrival.append(before + (figures.rise_ps + figures.fall_ps) / 2)
        total += figures.area
    return (arrival[-1] if arrival else 0.0), total


# -- fan-out -------------------------------------------------------------------------------------


@cache
def _limits(technology: Technology) -> np.ndarray:
    """(n_ops,) int64: how many pins the output of each op can drive; constants and no limit: very many."""
    many = np.iinfo(np.int32).max
    limits = np.full(len(GATES), technology.fan_out or many, np.int64)
    for name, cell in technology.gates.items():
        if cell.fan_out is not None:
            limits[gate(name).op] = cell.fan_out
    limits[: CONST1 + 1] = many
    return limits


def _within_fan_out(net: Netlist, technology: Technology) -> Netlist:
    limits = _limits(technology)
    pins = _driven_pins(net)
    crowded = np.flatnonzero(pins > limits[net.op])
    if not len(crowded):
        return net
    if "BUF" not in technology.gates or limits[BUF] < 2:
        worst = int(crowded[np.argmax(pins[crowded])])
        raise UnsupportedError(
            f"net {net.net_name(worst)!r} of {net.name!r} drives {pins[worst]} pins; {technology.name!r} allows "
            f"{limits[net.op[worst]]} and has no BUF that drives two or more"
        )
    return _with_buffers(net, crowded, pins, limits, _urgency(net, technology))


def _driven_pins(net: Netlist) -> np.ndarray:
    """(n,) int64: pins of cells and memories and bits of output ports that each net drives."""
    reader = np.repeat(net.op, np.diff(net.fanin_ptr))
    pins = np.bincount(net.fanin[reader != READ], minlength=net.n_nets) + memory_pins(net)
    for p in net.outputs:
        np.add.at(pins, list(p.nets), 1)
    return pins


def _urgency(net: Netlist, technology: Technology) -> np.ndarray:
    """(n,) int64: latest time at which the cell of each net may start; by number where there is a loop."""
    try:
        timing = static_timing(net, technology)
    except LoopError:  # no levels, no required times: any order is as good as another
        return np.arange(net.n_nets, dtype=np.int64)
    late = timing.required_ps.min(axis=1)
    late[net.registers] = timing.clock_ps
    return np.where(late == ALWAYS, ALWAYS, late - timing.delay_ps.max(axis=1))


def _with_buffers(
    net: Netlist, crowded: np.ndarray, pins: np.ndarray, limits: np.ndarray, urgency: np.ndarray
) -> Netlist:
    """`net` with trees of buffers under the nets `crowded`, the most urgent readers nearest to the root.

    A memory names the nets of its pins, so these stay where they are; output ports come last.
    """
    bits = np.array([k for p in net.outputs for k in p.nets], np.int32)
    fanin = np.concatenate((net.fanin, bits))
    owner = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
    rank = np.concatenate((urgency[owner], np.full(len(bits), ALWAYS)))
    movable = np.concatenate((net.op[owner] != READ, np.ones(len(bits), np.bool_)))
    movable &= np.isin(fanin, crowded)
    readers = np.flatnonzero(movable)
    readers = readers[np.lexsort((readers, rank[readers], fanin[readers]))]
    first = np.append(np.searchsorted(fanin[readers], crowded), len(readers))
    free = limits[net.op[crowded]] - (pins[crowded] - np.diff(first))
    if (free < 1).any():
        root = int(crowded[np.argmin(free)])
        raise UnsupportedError(
            f"net {net.net_name(root)!r} of {net.name!r} drives more pins of memories than the "
            f"{limits[net.op[root]]} that its gate can"
        )
    drivers, roots = kernel.grow_trees(crowded, free, int(limits[BUF]), readers, first, fanin, net.n_nets)
    n_pins = len(net.fanin)
    ports, at = [], n_pins
    for p in net.ports:
        if p.direction == "output":
            ports.append(Port(p.name, p.direction, tuple(fanin[at : at + p.width].tolist())))
            at += p.width
        else:
            ports.append(p)
    return replace(
        net,
        op=np.concatenate((net.op, np.full(len(drivers), BUF, np.uint8))),
        fanin_ptr=np.concatenate((net.fanin_ptr, n_pins + np.arange(1, len(drivers) + 1))),
        fanin=np.concatenate((fanin[:n_pins], drivers)),
        ports=tuple(ports),
        scope_of=np.concatenate((net.scope_of, net.scope_of[roots])),
    )
