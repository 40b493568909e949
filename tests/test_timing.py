"""Static timing against networkx, brute force and its own identities."""

from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.adders import ripple_carry
from circuits.sequential import counter
from gatesim import Builder, Bus, Netlist, Port, build, map_to
from gatesim.conformance import random_netlist
from gatesim.errors import LoopError, UnsupportedError, ValueFitError
from gatesim.gates import GATES, INPUT, IS_LOGIC, IS_REGISTER, LOGIC_GATES, READ
from gatesim.timing import Delays, delays, load_technology, static_timing
from gatesim.timing.static import ALWAYS, NEVER, sense_table

SEEDS = st.integers(0, 2**32)


def random_delays(net, rng, *, equal=False):
    timed = IS_LOGIC[net.op] | IS_REGISTER[net.op] | (net.op == READ)
    rise, fall = (np.where(timed, rng.integers(1, 1000, net.n_nets), 0).astype(np.int64) for _ in range(2))
    return Delays(rise, rise if equal else fall)


def causes(op, pin):
    """(edge in, edge out) pairs that the truth table allows, from its definition; READ: all four."""
    g = GATES[op]
    if g.kind == "memory":
        return set(product((0, 1), repeat=2))
    found = set()
    for others in product((0, 1), repeat=g.arity):
        values = []
        for level in (0, 1):
            bits = [level if k == pin else v for k, v in enumerate(others)]
            values.append(g.table >> sum(v << k for k, v in enumerate(bits)) & 1)
        if values[0] != values[1]:
            # A rise of the pin (edge 0) takes the output from values[0] to values[1]; a fall takes it back.
            found |= {(0, 0 if values[1] else 1), (1, 1 if values[1] else 0)}
    return found


def edge_graph(net, d):
    """Nodes (net, edge); an edge weighs the delay of the cell that it enters. Starts hang on "start"."""
    g = nx.DiGraph()
    for cell in range(net.n_nets):
        delay = (int(d.rise_ps[cell]), int(d.fall_ps[cell]))
        if net.op[cell] == INPUT or IS_REGISTER[net.op[cell]]:
            for edge in range(2):
                g.add_edge("start", (cell, edge), weight=delay[edge])
            continue
        for pin, source in enumerate(net.fanin_of(cell).tolist()):
            for before, after in causes(int(net.op[cell]), pin):
                g.add_edge((source, before), (cell, after), weight=delay[after])
    return g


def longest_from_start(g):
    reach = nx.descendants(g, "start") | {"start"}
    found = {"start": 0}
    for node in nx.topological_sort(g.subgraph(reach)):
        if node != "start":
            found[node] = max(found[p] + g.edges[p, node]["weight"] for p in g.predecessors(node) if p in found)
    return found


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_arrivals_are_longest_paths(seed):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=60, n_registers=3, n_memories=1)
    d = random_delays(net, rng)
    timing = static_timing(net, d)
    longest = longest_from_start(edge_graph(net, d))
    for cell, edge in product(range(net.n_nets), range(2)):
        assert int(timing.arrival_ps[cell, edge]) == longest.get((cell, edge), NEVER)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_the_worst_arrival_is_networkx_longest_path(seed):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=80)
    d = random_delays(net, rng)
    g = edge_graph(net, d)
    ends = [(k, e) for p in net.outputs for k in p.nets for e in range(2) if g.has_node((k, e))]
    keep = {"start"} | nx.descendants(g, "start")
    keep &= set(ends).union(*(nx.ancestors(g, n) for n in ends)) if ends else set()
    wanted = nx.dag_longest_path_length(g.subgraph(keep)) if keep else 0
    assert static_timing(net, d).worst_ps == wanted


def every_path(net, d):
    """Delay of every path from an input or a register to an output bit, by walking them all."""
    found = {}

    def walk(chain, times):
        head = chain[0]
        if net.op[head] == INPUT or IS_REGISTER[net.op[head]]:
            start = (int(d.rise_ps[head]), int(d.fall_ps[head]))
            live = [start[e] + times[e] for e in range(2) if times[e] is not None]
            if live:
                found[tuple(chain)] = max(live)
            return
        delay = (int(d.rise_ps[head]), int(d.fall_ps[head]))
        for source in set(net.fanin_of(head).tolist()):
            before = [None, None]
            for pin, driver in enumerate(net.fanin_of(head).tolist()):
                if driver == source:
                    for a, b in causes(int(net.op[head]), pin):
                        if times[b] is not None:
                            before[a] = max(before[a] or 0, times[b] + delay[b])
            if before != [None, None]:
                walk([source, *chain], before)

    results = []
    for k in (k for p in net.outputs for k in p.nets):
        found = {}
        walk([k], [0, 0])
        results += [(total, chain) for chain, total in found.items()]
    return sorted(results, key=lambda r: -r[0])


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_k_worst_paths_are_those_of_brute_force(seed):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=14, n_inputs=3, n_outputs=2, n_registers=1)
    d = random_delays(net, rng)
    wanted = every_path(net, d)[:200]
    found = [p for p in static_timing(net, d).paths(10_000) if p.end.startswith("output")][: len(wanted)]
    assert [p.total_ps for p in found] == [total for total, _ in wanted]
    last = wanted[-1][0] if wanted else 0
    chains = {tuple(s.net for s in p.steps) for p in found if p.total_ps > last}
    assert chains == {chain for total, chain in wanted if total > last}


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_path_adds_up_edge_by_edge(seed):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=60, n_registers=2)
    d = random_delays(net, rng)
    t = static_timing(net, d)
    paths = t.paths(20)
    assert [p.total_ps for p in paths] == sorted((p.total_ps for p in paths), reverse=True)
    for p in paths:
        assert p.slack_ps == t.clock_ps - p.total_ps
        assert p.steps[0].arrival_ps == p.steps[0].delay_ps
        for before, after in zip(p.steps, p.steps[1:], strict=False):
            assert after.arrival_ps == before.arrival_ps + after.delay_ps
            edges = (int(before.edge == "fall"), int(after.edge == "fall"))
            pins = [k for k, s in enumerate(net.fanin_of(after.net).tolist()) if s == before.net]
            assert any(edges in causes(int(net.op[after.net]), pin) for pin in pins)
            assert after.delay_ps == (d.rise_ps, d.fall_ps)[edges[1]][after.net]


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_slack_identities(seed):
    rng = np.random.default_rng(seed)
    net = random_netlist(rng, n_cells=80, n_registers=3)
    d = random_delays(net, rng)
    t = static_timing(net, d)
    path = t.critical_path
    if path is None:
        assert t.worst_ps == 0
        return
    assert t.worst_slack_ps == 0 and path.slack_ps == 0 and path.total_ps == t.worst_ps
    for s in path.steps:  # nothing on a critical path has time to spare
        edge = int(s.edge == "fall")
        assert t.slack_ps[s.net, edge] == 0 and t.arrival_ps[s.net, edge] == s.arrival_ps
    shifted = static_timing(net, d, clock_ps=t.worst_ps + 500)
    assert shifted.worst_slack_ps == 500
    finite = t.slack_ps < ALWAYS
    assert (shifted.slack_ps[finite] == t.slack_ps[finite] + 500).all()
    # The slack of a net is that of the worst path through it: longest way there plus longest way on.
    g = edge_graph(net, d)
    ends = {(int(k), e): t.clock_ps for k in t.end_net for e in range(2)}
    needed = {}
    for node in reversed(list(nx.topological_sort(g))):
        options = [needed[b] - g.edges[node, b]["weight"] for b in g.successors(node) if b in needed]
        if node in ends:
            options.append(ends[node])
        if options:
            needed[node] = min(options)
    for (cell, edge), time in ((n, v) for n, v in needed.items() if n != "start"):
        assert t.required_ps[cell, edge] == time


def test_senses_come_from_the_truth_table():
    for g in LOGIC_GATES:
        for pin in range(g.arity):
            pairs = causes(g.op, pin)
            way = (1 if (0, 0) in pairs else 0) | (2 if (0, 1) in pairs else 0)
            assert sense_table()[g.op, pin] == way
    by_name = {g.name: sense_table()[g.op, : g.arity].tolist() for g in LOGIC_GATES}
    assert by_name["AOI21"] == [2, 2, 2] and by_name["MAJ"] == [1, 1, 1] and by_name["ANDNOT"] == [1, 2]


def test_rise_and_fall_alternate_through_nands():
    b = Builder("chain")
    x = b.input("x")
    for _ in range(9):
        x = b.gate("NAND", x, x)
    b.output("z", x)
    t = static_timing(b.freeze(), load_technology("ttl7400"))
    assert t.worst_ps == 5 * 11_000 + 4 * 7_000  # the output rises last, every second gate with it
    assert [s.edge for s in t.critical_path.steps][-2:] == ["fall", "rise"]


def test_a_clocked_circuit_has_a_period():
    tech = load_technology("ttl7400")
    net = map_to(build(counter, width=4), "nand")
    t = static_timing(net, tech)
    longest = longest_from_start(edge_graph(net, delays(net, tech)))
    registers = net.registers.tolist()
    pins = [k for r in registers for k in net.fanin_of(r).tolist() if k > 1]
    arrivals = {k: max(longest.get((k, e), 0) for e in range(2)) for k in {*pins, *net.outputs[0].nets}}
    wanted = max([arrivals[k] + 20_000 for k in pins] + [arrivals[k] for k in net.outputs[0].nets])
    assert t.worst_ps == wanted
    assert t.fmax_hz == pytest.approx(1e12 / wanted)
    path = t.critical_path
    assert path.margin_ps == 20_000 and " of register " in path.end
    assert static_timing(map_to(build(ripple_carry, a=4, b=4), "nand"), tech).fmax_hz is None


def test_a_constant_never_arrives():
    b = Builder("tied")
    b.output("z", b.gate("AND", b.one, b.zero))
    t = static_timing(b.freeze(), load_technology("siphon"))
    assert t.worst_ps == 0 and t.critical_path is None and t.paths(5) == []


def test_a_memory_changes_at_the_clock_even_where_its_address_is_fixed():
    b = Builder("mailbox")
    x = b.input_bus("x", 4)
    (data,) = b.memory(
        "m", depth=2, width=4, read=[Bus([b.one])], write=[(Bus([b.one]), x, b.input("we"))], contents=[0, 0]
    )
    b.output("y", ~data[0] & data[1])
    net = b.freeze()
    rise, fall = (np.where(net.fanin_ptr[1:] > net.fanin_ptr[:-1], d, 0).astype(np.int64) for d in (100, 70))
    t = static_timing(net, Delays(rise, fall))
    assert t.worst_ps == 270 and [s.gate for s in t.critical_path.steps] == ["READ", "NOT", "AND"]
    assert any(p.end == "write port of memory 'm'" for p in t.paths(50))


def test_what_cannot_be_timed():
    b = Builder("latch")
    q = b.wire()
    b.drive(q, b.gate("NAND", b.input("set"), b.gate("NAND", b.input("reset"), q)))
    b.output("q", q)
    tech = load_technology("ttl7400")
    with pytest.raises(LoopError, match="combinational loop"):
        static_timing(b.freeze(), tech)
    net = build(ripple_carry, a=2, b=2)
    with pytest.raises(UnsupportedError, match=r"technology 'siphon' has no gate OR .*prepare\(netlist, technology\)"):
        static_timing(net, load_technology("siphon"))
    fine = np.ones(net.n_nets, np.int64)
    with pytest.raises(ValueFitError, match="must not be negative"):
        static_timing(net, Delays(fine, -fine))
    with pytest.raises(ValueFitError, match="delays were given for 3"):
        static_timing(net, Delays(fine[:3], fine[:3]))
    with pytest.raises(ValueFitError, match="do not fit into 63 bits"):
        static_timing(net, Delays(fine << 60, fine << 60))
    with pytest.raises(ValueFitError, match="clock period must be positive, not 0 ps"):
        static_timing(net, Delays(fine, fine), clock_ps=0)


def test_any_numbering_of_the_nets_gives_the_same_times():
    rng = np.random.default_rng(7)
    net = random_netlist(rng, n_cells=200, n_registers=4)
    d = random_delays(net, rng)
    wanted = static_timing(net, d)
    moved = np.concatenate(([0, 1], 2 + rng.permutation(net.n_nets - 2)))  # old number of each new net
    new = np.argsort(moved)
    counts = np.diff(net.fanin_ptr)[moved]
    shuffled = Netlist(
        net.name,
        net.op[moved],
        np.concatenate(([0], np.cumsum(counts))),
        np.concatenate([new[net.fanin_of(k)] for k in moved]),
        tuple(Port(p.name, p.direction, tuple(new[list(p.nets)].tolist())) for p in net.ports),
    )
    found = static_timing(shuffled, Delays(d.rise_ps[moved], d.fall_ps[moved]))
    assert (found.arrival_ps == wanted.arrival_ps[moved]).all()
    assert (found.required_ps == wanted.required_ps[moved]).all()
    assert found.worst_ps == wanted.worst_ps
