"""Making a netlist fit a technology: its gate set, then its fan-out limit."""

from __future__ import annotations

import heapq
from functools import cache

import numpy as np

from ..analysis import fanout, levels
from ..errors import LoopError, UnsupportedError
from ..gates import BUF, CONST1, GATES, LOGIC_GATES, READ, gate
from ..netlist import Netlist, Port
from ..passes import BASES, map_to, strash
from ..passes.mapping import Template, expand, templates
from .static import ALWAYS, static_timing
from .technology import Technology, missing_gates


def prepare(net: Netlist, technology: Technology) -> Netlist:
    """`net` built from the gates that `technology` has, no output driving more pins than it can.

    Gates that the technology lacks are replaced by the fastest template that it can build; where it has
    NAND or NOR, mapping everything to these is tried too, and the faster netlist is taken (the smaller
    one where they are equally fast). An output that drives too many pins gets a tree of buffers, the
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
    candidates = [strash(expand(net, _fastest_templates(technology, names, bases))[0], names)]
    candidates += [strash(map_to(net, basis), names) for basis in bases if basis in ("nand", "nor")]
    if names <= frozenset(BASES["xag"]) | {"BUF"}:
        candidates.append(map_to(net, "xag"))
    return min(candidates, key=lambda n: (static_timing(n, technology).worst_ps, area(n, technology)))


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
    crowded = np.flatnonzero(fanout(net) > limits[net.op])
    if not len(crowded):
        return net
    if "BUF" not in technology.gates or limits[BUF] < 2:
        worst = int(crowded[np.argmax(fanout(net)[crowded])])
        raise UnsupportedError(
            f"net {net.net_name(worst)!r} of {net.name!r} drives {fanout(net)[worst]} pins; {technology.name!r} allows "
            f"{limits[net.op[worst]]} and has no BUF that drives two or more"
        )
    return _Buffering(net, limits, _urgency(net, technology)).result(crowded)


def _urgency(net: Netlist, technology: Technology) -> np.ndarray:
    """(n,) int64: latest time at which the cell of each net may start; by number where there is a loop."""
    try:
        timing = static_timing(net, technology)
    except LoopError:  # no levels, no required times: any order is as good as another
        return np.arange(net.n_nets, dtype=np.int64)
    late = timing.required_ps.min(axis=1)
    late[net.registers] = timing.clock_ps
    return np.where(late == ALWAYS, ALWAYS, late - timing.delay_ps.max(axis=1))


class _Buffering:
    """Buffers added to one netlist: new cells at the end, readers moved over to them."""

    def __init__(self, net: Netlist, limits: np.ndarray, urgency: np.ndarray) -> None:
        self.net, self.limits = net, limits
        self.fanin = net.fanin.copy()
        self.ports = {p.name: list(p.nets) for p in net.outputs}
        self.buffers: list[tuple[int, int]] = []  # driver and scope of each new cell
        pin_of = np.argsort(net.fanin, kind="stable")
        self.pins = pin_of
        self.first = np.searchsorted(net.fanin[pin_of], np.arange(net.n_nets + 1))
        self.owner = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
        self.urgency = urgency
        self.written = [k for m in net.memories for w in m.writes for k in (*w.address, *w.data, w.enable)]
        self.bits: dict[int, list[tuple[str, int]]] = {}
        for p in net.outputs:
            for i, k in enumerate(p.nets):
                self.bits.setdefault(k, []).append((p.name, i))

    def result(self, crowded: np.ndarray) -> Netlist:
        for k in crowded.tolist():
            self._grow(k)
        net = self.net
        n_new = len(self.buffers)
        drivers = np.array([d for d, _ in self.buffers], np.int32)
        return Netlist(
            net.name,
            np.concatenate((net.op, np.full(n_new, BUF, np.uint8))),
            np.concatenate((net.fanin_ptr, net.fanin_ptr[-1] + np.arange(1, n_new + 1))),
            np.concatenate((self.fanin, drivers)),
            tuple(
                p if p.direction == "input" else Port(p.name, p.direction, tuple(self.ports[p.name])) for p in net.ports
            ),
            net.names,
            net.scopes,
            np.concatenate((net.scope_of, np.array([s for _, s in self.buffers], np.int32))),
            net.memories,
        )

    def _grow(self, root: int) -> None:
        """A tree of buffers under `root`, as shallow as can be, its nearest places for the most urgent."""
        pins = self.pins[self.first[root] : self.first[root + 1]]
        memory = self.net.op[self.owner[pins]] == READ  # a memory's pins stay: they name the root
        movable = sorted(pins[~memory].tolist(), key=lambda p: (int(self.urgency[self.owner[p]]), p))
        fixed = int(memory.sum()) + self.written.count(root)
        bits = self.bits.get(root, [])
        root_limit = int(self.limits[self.net.op[root]])
        free = root_limit - fixed
        if free < 1:
            raise UnsupportedError(
                f"net {self.net.net_name(root)!r} of {self.net.name!r} drives {fixed} pins of memories, more than the "
                f"{root_limit} that its gate can"
            )
        wanted = len(movable) + len(bits)
        width = int(self.limits[BUF])
        places: list[tuple[int, int, int]] = [(0, i, root) for i in range(free)]  # depth, order, driver
        heapq.heapify(places)
        order = free
        while len(places) < wanted:
            depth, _, driver = heapq.heappop(places)
            cell = self.net.n_nets + len(self.buffers)
            self.buffers.append((driver, int(self.net.scope_of[root])))
            for _ in range(width):
                heapq.heappush(places, (depth + 1, order, cell))
                order += 1
        drivers = [driver for _, _, driver in sorted(places)]
        for pin, driver in zip(movable, drivers, strict=False):
            self.fanin[pin] = driver
        for (name, i), driver in zip(bits, drivers[len(movable) :], strict=False):
            self.ports[name][i] = driver
