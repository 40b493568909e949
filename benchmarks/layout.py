"""Layout of flat sheets: time with routing, and how many wires cross, next to graphviz dot and ELK.

Crossings are counted on the finished drawing by geometry, never from the layers that made it, in two ways.
*Straight*: a line from box to box for every reader, whatever wire is drawn, so that drawings of different
kinds compare (ELK's figures were counted so). *Drawn*: pieces of two nets that cross on the paper; a net's
wire forks only where its readers part, while dot draws every edge from its beginning.
"""

from __future__ import annotations

import shutil
import subprocess

import numpy as np

from gatesim import Netlist, read

from .circuits import DATA
from .harness import Record, Times, core_seconds, in_turn, skip

TIMED = {
    "c7552": "iscas85/c7552.bench",
    "c6288": "iscas85/c6288.bench",
    "c1355": "iscas85/c1355.bench",
    "c432": "iscas85/c432.bench",
    "cavlc": "epfl/random_control/cavlc.aig",
    "router": "epfl/random_control/router.aig",
    "priority": "epfl/random_control/priority.aig",
    "max": "epfl/arithmetic/max.aig",
    "sin": "epfl/arithmetic/sin.aig",
}
QUICK = ("c1355", "c432")

SECONDS = {"c7552": 0.15}
"""Goals of time."""

DOT_FACTOR = {"c1355": 1.5}
"""Crossings at most, as a multiple of dot's."""

ELK = {"c432": 1_635, "c1355": 10_205, "c6288": 45_353, "c7552": 186_913}
"""Straight crossings of elkjs' layered drawings of the same netlists, measured once while this project was
planned (elkjs under node: 2.5, 5.7, 32 and 40 s); node is no dependency, so it is not run again here."""

ELK_FACTOR = {"c6288": 1.1}

DOT_EDGES = 3_000
"""Edges that dot is asked to draw at most: it needs minutes for more."""

Lines = tuple[np.ndarray, np.ndarray]
"""(k, 4) float: x0, y0, x1, y1 of pieces; (k,) int: the net that each is of."""


def crossings(lines: Lines) -> int:
    """Pairs of pieces of different nets that cross in a point inside both."""
    at, net = lines
    at = np.where((at[:, :1] > at[:, 2:3]), at[:, [2, 3, 0, 1]], at)
    order = np.argsort(at[:, 0], kind="stable")
    at, net = at[order], net[order]
    last = np.searchsorted(at[:, 0], at[:, 2], side="right")
    total = 0
    for i in range(len(at)):
        near = at[i + 1 : last[i]]
        x, y, dx, dy = at[i, 0], at[i, 1], at[i, 2] - at[i, 0], at[i, 3] - at[i, 1]
        ends = dx * (near[:, 1::2] - y) - dy * (near[:, 0::2] - x)  # which side of piece i each end is on
        ex, ey = near[:, 2] - near[:, 0], near[:, 3] - near[:, 1]
        mine = np.stack((ex * (y - near[:, 1]) - ey * (x - near[:, 0]),
                         ex * (y + dy - near[:, 1]) - ey * (x + dx - near[:, 0])))  # fmt: skip
        apart = (ends[:, 0] * ends[:, 1] < 0) & (mine[0] * mine[1] < 0)
        total += int((apart & (net[i + 1 : last[i]] != net[i])).sum())
    return total


def edges(sheet) -> np.ndarray:
    """(m, 3) int: driving box, reading box and wire of every reader on a sheet."""
    wired = sheet.pin_wire >= 0
    out = wired & sheet.pin_is_output
    driver = np.empty(sheet.n_wires, np.int64)
    driver[sheet.pin_wire[out]] = sheet.pin_box[out]
    reads = wired & ~sheet.pin_is_output
    wire = sheet.pin_wire[reads]
    return np.stack((driver[wire], sheet.pin_box[reads], wire), axis=1)


def straight(centre: np.ndarray, ends: np.ndarray) -> Lines:
    """A line from box to box for every reader."""
    return np.concatenate((centre[ends[:, 0]], centre[ends[:, 1]]), axis=1).astype(float), ends[:, 2]


def dot_drawing(ends: np.ndarray) -> tuple[np.ndarray, Lines]:
    """Centres of the boxes and pieces of the splines as dot draws the same graph from left to right."""
    text = "digraph g { rankdir=LR; node [shape=box];\n" + "\n".join(f"{a} -> {b};" for a, b, _ in ends) + "\n}"
    plain = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True).stdout
    centre = np.zeros((int(ends[:, :2].max()) + 1, 2))
    wire_of = {int(a): int(w) for a, _, w in ends}
    pieces, owner = [], []
    t = np.linspace(0, 1, 9)[:, None]
    for fields in map(str.split, plain.splitlines()):
        if fields[0] == "node":
            centre[int(fields[1])] = float(fields[2]), float(fields[3])
        elif fields[0] == "edge":
            bends = np.array(fields[4 : 4 + 2 * int(fields[3])], float).reshape(-1, 2)
            for k in range(0, len(bends) - 1, 3):
                a, b, c, d = bends[k : k + 4]
                line = (1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d
                pieces.append(np.concatenate((line[:-1], line[1:]), axis=1))
                owner += [wire_of[int(fields[1])]] * (len(line) - 1)
    return centre, (np.concatenate(pieces), np.array(owner))


def run(quick: bool) -> list[Record]:
    from gatesim.viewer.contents import contents
    from gatesim.viewer.grouping import hierarchy
    from gatesim.viewer.layout import FLAT, arrange, lay_out

    records: list[Record] = []
    asks_dot = shutil.which("dot") is not None
    if not asks_dot:
        skip("graphviz dot", "not installed")
    for name, file in TIMED.items():
        if quick and name not in QUICK:
            continue
        path = DATA / file
        if not path.exists():
            skip(name, f"{file} is absent: outside circuits are test data that a clone does not carry")
            continue
        net = read(path)

        def whole(circuit: Netlist = net) -> None:
            """From a netlist to a finished sheet, nothing remembered."""
            c = circuit
            lay_out(Netlist(c.name, c.op, c.fanin_ptr, c.fanin, c.ports, c.names), depth=FLAT)

        inside = contents(net, hierarchy(net), 0, FLAT)
        ways = {"sheet": whole, "places": lambda inside=inside: arrange(inside)}
        times = in_turn({k: lambda f=f: core_seconds(f) for k, f in ways.items()}, 3 if quick else 9)
        sheet = lay_out(net, depth=FLAT)
        what = f"{name}: {sheet.n_boxes:,} boxes, {sheet.n_wires:,} wires"
        records.append(_seconds("layout: sheet with routing", what, times["sheet"], SECONDS.get(name)))
        records.append(_seconds("layout: of it layers, order, places, routes", what, times["places"], None))
        ends = edges(sheet)
        centre = sheet.box_rect[:, :2] + sheet.box_rect[:, 2:] / 2
        lines = crossings(straight(centre, ends))
        drawn = crossings((sheet.segments.astype(float), sheet.segment_wire))
        for peer, counts, factor in _peers(name, ends, asks_dot):
            ratio = {k: None if k == "drawn" or factor is None else 1 / factor for k in counts}
            found = {"straight": lines, "drawn": drawn}
            records += [
                Record(f"layout: crossings, {k}", what, found[k], "crossings",
                       peer=peer, peer_value=float(value), ratio_goal=ratio[k])
                for k, value in counts.items()
            ]  # fmt: skip
        if not any(r.circuit == what and r.unit == "crossings" for r in records):
            records.append(Record("layout: crossings, drawn", what, drawn, "crossings"))
        size = sheet.segments[:, 2:] - sheet.segments[:, :2]
        note = f"{len(sheet.segments) / sheet.n_wires:.2f} pieces a wire"
        records.append(Record("layout: length of wires", what, float(size.sum()) / 1e3, "kpx", note=note))
    return records


def _peers(name: str, ends: np.ndarray, asks_dot: bool):
    """(peer, crossings by way of counting, the multiple of them that is allowed) of every peer of a circuit."""
    if asks_dot and len(ends) <= DOT_EDGES:
        centre, splines = dot_drawing(ends)
        counts = {"straight": crossings(straight(centre, ends)), "drawn": crossings(splines)}
        yield "graphviz dot", counts, DOT_FACTOR.get(name)
    if name in ELK:
        yield "ELK layered (figure kept)", {"straight": ELK[name]}, ELK_FACTOR.get(name)


def _seconds(name: str, circuit: str, times: Times, goal: float | None) -> Record:
    return Record(name, circuit, times.median, "s", goal, low=min(times.seconds), high=max(times.seconds))
