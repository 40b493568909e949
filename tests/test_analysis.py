from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatesim import Builder, analysis, levels, statistics
from gatesim.conformance import random_netlist
from gatesim.errors import LoopError
from gatesim.gates import INPUT, IS_REGISTER
from gatesim.graph import to_networkx

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_levels_against_networkx_longest_paths(seed):
    net = random_netlist(seed, n_registers=seed % 5, n_memories=seed % 3)
    g = to_networkx(net, through_registers=False)
    wanted = dict.fromkeys(g, 0)
    for node in nx.topological_sort(g):
        wanted[node] = max((wanted[p] + 1 for p in g.predecessors(node)), default=0)
    level, order = levels(net)
    assert level.tolist() == [wanted[i] for i in range(net.n_nets)]
    place = np.empty(net.n_nets, int)
    place[order] = np.arange(net.n_nets)
    assert all(place[a] < place[b] for a, b in g.edges)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_cones_and_liveness_against_networkx(seed):
    net = random_netlist(seed, n_registers=seed % 5)
    within, through = to_networkx(net, through_registers=False), to_networkx(net)
    some = seed % net.n_nets
    assert set(np.flatnonzero(analysis.fanin_cone(net, some))) == nx.ancestors(within, some) | {some}
    assert set(np.flatnonzero(analysis.fanout_cone(net, some))) == nx.descendants(within, some) | {some}
    wanted = {0, 1, *np.flatnonzero(net.op == INPUT)}
    for p in net.outputs:
        for k in p.nets:
            wanted |= nx.ancestors(through, k) | {k}
    assert set(np.flatnonzero(analysis.live(net))) == wanted


def test_levels_of_cells_in_any_order():
    # Written readers first: the forward sweep alone cannot settle these.
    b = Builder("backwards")
    w = b.wires(5)
    x = b.input("x")
    b.output("y", ~w[0])
    for i in range(4):
        b.drive(w[i], ~w[i + 1])
    b.drive(w[4], x)
    net = b.freeze()
    assert analysis.depth(net) == 5


def test_loops_are_named_in_driving_order():
    b = Builder("two_loops")
    x = b.input("x")
    p, q = b.wire(), b.wire()
    n1 = b.nand(p, x).named("n1")
    n2 = (~n1).named("n2")
    b.drive(p, n2)
    m1 = (~q).named("m1")
    b.drive(q, b.nor(m1, n2).named("m2"))
    b.output("o", m1)
    net = b.freeze()
    found = [[net.net_name(i) for i in cycle] for cycle in analysis.loops(net)]
    assert sorted(map(sorted, found)) == [["m1", "m2"], ["n1", "n2"]]
    for cycle in analysis.loops(net):
        for a, c in zip(cycle, cycle[1:] + cycle[:1], strict=True):
            assert a in net.fanin_of(c)
    with pytest.raises(LoopError, match="n1 -> n2 -> n1") as caught:
        levels(net)
    assert set(caught.value.nets) == {"n1", "n2"}


def test_a_register_breaks_a_loop():
    b = Builder("toggle")
    w = b.wire()
    q = b.flip_flop(w)
    b.drive(w, ~q)
    b.output("q", q)
    net = b.freeze()
    assert analysis.loops(net) == []
    assert analysis.depth(net) == 1
    assert IS_REGISTER[net.op[net.registers]].all()


def test_statistics_of_a_small_circuit():
    b = Builder("s")
    x, y = b.input_bus("x", 2), b.input("y")
    z = x[0] & y
    b.output("o", concat3(b, z, x[1]))
    (data,) = b.memory("m", depth=8, width=4, read=[b.register([z, y, x[0]])])
    b.output("d", data)
    s = statistics(b.freeze())
    assert (s.gates, s.depth, s.inputs, s.outputs, s.registers, s.memory_bits) == (3, 3, 3, 5, 3, 32)
    assert s.cells["AND"] == 2 and s.cells["READ"] == 4
    assert s.max_fanout == 4  # each address bit of the memory is read by its four data bits


def concat3(b, z, x):
    return (z & x) ^ b.zero


def test_fanout_counts_pins_and_ports():
    b = Builder("f")
    x = b.input("x")
    b.output("y", x & x)
    b.output("x_again", x)
    net = b.freeze()
    assert analysis.fanout(net)[2] == 3
