"""The only door to networkx: netlists as graphs, for export, oracles and cycle reports."""

from __future__ import annotations

import networkx as nx
import numpy as np

from .gates import GATES, IS_REGISTER
from .netlist import Netlist


def to_networkx(net: Netlist, *, through_registers: bool = True) -> nx.DiGraph:
    """A directed graph of nets: an edge runs from a driver to each cell that reads it.

    Node attributes: ``name`` and ``gate``. With ``through_registers=False`` the edges into flip-flops
    are left out, so that the graph is acyclic exactly when the netlist has no combinational loop.
    """
    g: nx.DiGraph = nx.DiGraph(name=net.name)
    g.add_nodes_from((i, {"name": net.net_name(i), "gate": GATES[o].name}) for i, o in enumerate(net.op.tolist()))
    reader = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
    keep = np.ones(len(reader), bool) if through_registers else ~IS_REGISTER[net.op[reader]]
    g.add_edges_from(zip(net.fanin[keep].tolist(), reader[keep].tolist(), strict=True))
    return g


def combinational_cycles(net: Netlist) -> list[list[int]]:
    """One shortest-found cycle, in driving order, for each strongly connected group of cells."""
    reader = np.repeat(np.arange(net.n_nets), np.diff(net.fanin_ptr))
    keep = ~IS_REGISTER[net.op[reader]]
    g: nx.DiGraph = nx.DiGraph()
    g.add_edges_from(zip(net.fanin[keep].tolist(), reader[keep].tolist(), strict=True))
    cycles = []
    for group in nx.strongly_connected_components(g):
        start = min(group)
        if len(group) > 1 or g.has_edge(start, start):
            cycle = nx.find_cycle(g.subgraph(group), start)
            cycles.append([edge[0] for edge in cycle])
    return sorted(cycles)
