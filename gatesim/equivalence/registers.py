"""Clocked netlists: which registers go together, and a proof by induction that they do.

Registers that agree in simulation from power-up form classes; those of one name are a class of their own
at first. If, from every state in which each class has one value, all classes get one value again, then they agree
for ever (van Eijk, "Sequential equivalence checking based on structural similarities", IEEE TCAD 19, 2000).
A class that does not is split, and the proof starts again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import count

import numpy as np

from ..engines import engine
from ..kernels import sweep as kernel
from ..memory import Memory, WritePort
from ..netlist import Netlist
from ..schedule import compile as compile_netlist
from ..stimulus import Stimulus
from .graph import Cut, Graph

SIGNATURE_PATTERNS, SIGNATURE_CYCLES = 256, 64

Class = tuple[list[int], list[int]]
"""Registers of both netlists, by their position in ``Netlist.registers``."""


def register_names(net: Netlist) -> list[str]:
    """The names of the registers, in the order of ``Netlist.registers``; empty where nobody gave one."""
    named = set(net.names) | {k for p in net.ports for k in p.nets}
    return [net.net_name(q) if int(q) in named else "" for q in net.registers]


def by_behaviour(a: Netlist, b: Netlist, both: Netlist, stimulus: Stimulus) -> list[Class]:
    """Registers that agree in simulation of `both` (the miter of the two)."""
    watch = np.concatenate((a.registers, b.registers + a.n_nets))
    summary = engine("logic2")(compile_netlist(both, keep=watch)).summarize(
        stimulus, measure=["signature"], watch=watch
    )
    assert summary.signature is not None
    # A proof starts from equal values at power-up: signatures are hashes, so these are compared as well.
    power_up = np.concatenate((a.op[a.registers], b.op[b.registers])).tolist()
    alike: dict[tuple[int, int], Class] = defaultdict(lambda: ([], []))
    for i, key in enumerate(zip(summary.signature[-len(watch) :].tolist(), power_up, strict=True)):
        which = int(i >= len(a.registers))
        alike[key][which].append(i - which * len(a.registers))
    return list(alike.values())


def by_name(a: Netlist, b: Netlist, alike: list[Class], names: Mapping[str, str]) -> list[Class]:
    """Two registers of one name in a class become a class of their own.

    Parameters
    ----------
    names : mapping of str to str
        Register of `a` to the register of `b` that goes with it, where they have different names.
    """
    called_a = [names.get(name, name) for name in register_names(a)]
    called_b = register_names(b)
    found: list[Class] = []
    for mine, theirs in alike:
        of_name = {called_b[j]: j for j in theirs if called_b[j]}
        pairs = [(i, of_name.pop(called_a[i])) for i in mine if called_a[i] in of_name]
        taken_a, taken_b = {i for i, _ in pairs}, {j for _, j in pairs}
        found += [([i], [j]) for i, j in pairs]
        rest = ([i for i in mine if i not in taken_a], [j for j in theirs if j not in taken_b])
        if rest[0] or rest[1]:
            found.append(rest)
    return found


def split(members: list[Class], graph: Graph, n_outputs: int, word: np.ndarray) -> list[Class]:
    """The classes parted by what becomes of them in a step from the states in `word` (first,) uint64."""
    values = np.zeros((graph.n_nodes, 1), np.uint64)
    values[: graph.first, 0] = word
    values[0] = 0
    kernel.simulate(graph.first, graph.is_xor, graph.pin, values)
    x, y = graph.goals.T
    off = values[x >> 1, 0] ^ values[y >> 1, 0] ^ (np.uint64(0) - ((x ^ y) & 1).astype(np.uint64))
    found: list[Class] = []
    row = n_outputs
    for mine, theirs in members:
        n = len(mine) + len(theirs)
        parts: dict[int, Class] = defaultdict(lambda: ([], []))
        for k, difference in enumerate([0, *off[row : row + n - 1].tolist()]):
            which = int(k >= len(mine))
            parts[difference][which].append((mine, theirs)[which][k - which * len(mine)])
        found += parts.values()
        row += n - 1
    return found


def cut(a: Netlist, b: Netlist, members: list[Class]) -> Cut:
    """Each class is one free variable; so is every read-data bit of memories that go together by name."""
    source_a, source_b = np.full(a.n_nets, -1, np.int64), np.full(b.n_nets, -1, np.int64)
    number = count()
    for mine, theirs in members:
        variable = next(number)
        source_a[a.registers[mine]] = variable
        source_b[b.registers[theirs]] = variable
    nets: list[tuple[int, int]] = []
    others = {m.name: m for m in b.memories}
    for memory in a.memories:
        twin = others.get(memory.name)
        if twin is None or not _alike(memory, twin):
            continue
        del others[memory.name]
        for mine, theirs in zip(memory.reads, twin.reads, strict=True):
            nets += zip(mine.address, theirs.address, strict=True)
            for p, q in zip(mine.data, theirs.data, strict=True):
                source_a[p] = source_b[q] = next(number)
        for mine, theirs in zip(memory.writes, twin.writes, strict=True):
            nets += zip(_pins(mine), _pins(theirs), strict=True)
    for net, source in ((a, source_a), (b, source_b)):
        for memory in net.memories:
            for k in (k for r in memory.reads for k in r.data if source[k] < 0):
                source[k] = next(number)
    return Cut(source_a, source_b, next(number), members, nets)


def _pins(port: WritePort) -> tuple[int, ...]:
    return (*port.address, *port.data, port.enable)


def _alike(mine: Memory, theirs: Memory) -> bool:
    """Whether two memories behave alike when their ports see the same."""

    def shape(m: Memory):
        return m.depth, m.width, [len(r.address) for r in m.reads], [len(w.address) for w in m.writes]

    return shape(mine) == shape(theirs) and np.array_equal(mine.contents, theirs.contents)
