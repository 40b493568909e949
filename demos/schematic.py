"""Schematics of small netlists as SVG: distinctive gate shapes, levels left to right, orthogonal wires.

Meant for up to about thirty gates. Each net runs in its own track of the channel between two levels;
nets that pass several levels get a free row in each of them, so that no wire crosses a gate.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from html import escape

from gatesim import Netlist, levels
from gatesim.gates import GATES, IS_LOGIC

GATE_W, PITCH, TRACK, MARGIN = 56, 64, 12, 14
INK = "#16202a"


@dataclass
class _Node:
    """A box of one column: an input, a gate, an output, or the passage of a net (``kind`` "pass")."""

    kind: str
    net: int
    pins: list[int]
    label: str
    y: float = 0.0


def schematic(net: Netlist) -> str:
    """The drawing as an ``<svg>`` element.

    Only combinational netlists; constants are drawn as 0 and 1.
    """
    columns = _columns(net)
    _order(columns)
    return _draw(columns)


def _columns(net: Netlist) -> list[list[_Node]]:
    level = levels(net).level
    last = int(level.max()) + 1
    columns: list[list[_Node]] = [[] for _ in range(last + 1)]
    used = {int(k) for i in range(net.n_nets) if IS_LOGIC[net.op[i]] for k in net.fanin_of(i)}
    used |= {k for p in net.outputs for k in p.nets}
    for p in net.inputs:
        columns[0] += [_Node("in", k, [], net.net_name(k)) for k in p.nets]
    columns[0] += [_Node("in", k, [], str(k)) for k in (0, 1) if k in used]
    for i in range(net.n_nets):
        if IS_LOGIC[net.op[i]]:
            columns[level[i]].append(_Node(GATES[net.op[i]].name, i, [int(k) for k in net.fanin_of(i)], ""))
    for p in net.outputs:
        for b, k in enumerate(p.nets):
            columns[last].append(_Node("out", -1, [k], p.name if p.width == 1 else f"{p.name}[{b}]"))
    reach: dict[int, int] = {}
    for c, column in enumerate(columns):
        for node in column:
            for k in node.pins:
                reach[k] = max(reach.get(k, 0), c)
    for k, furthest in reach.items():
        columns_between = range((0 if k < 2 else int(level[k])) + 1, furthest)
        for c in columns_between:
            columns[c].append(_Node("pass", k, [k], ""))
    return columns


def _order(columns: list[list[_Node]]) -> None:
    """Barycentre sweeps to and fro, then rows: each column is centred on the tallest."""
    tallest = max(map(len, columns))

    def place(column: list[_Node]) -> None:
        offset = (tallest - len(column)) / 2
        for i, node in enumerate(column):
            node.y = offset + i

    for column in columns:
        place(column)
    for sweep in range(8):
        forward = sweep % 2 == 0
        pairs = list(itertools.pairwise(columns))
        for left, right in pairs if forward else reversed(pairs):
            drivers = {n.net: n.y for n in left if n.net >= 0}
            if forward:
                right.sort(key=lambda n: sum(drivers.get(k, n.y) for k in n.pins) / max(1, len(n.pins)))
                place(right)
            else:
                readers: dict[int, list[float]] = defaultdict(list)
                for n in right:
                    for k in n.pins:
                        readers[k].append(n.y)
                left.sort(key=lambda n: sum(readers[n.net]) / len(readers[n.net]) if readers[n.net] else n.y)
                place(left)


def _out_y(node: _Node) -> float:
    """Where a node's output leaves; a passing net keeps off the heights of gate outputs and pins."""
    return node.y * PITCH + (0 if node.kind != "pass" else 6 if node.net % 2 else -6)


def _pin_y(node: _Node, pin: int) -> float:
    """Centre of a pin, spread over the gate's height."""
    n = len(node.pins)
    return _out_y(node) + (0 if n == 1 else (pin - (n - 1) / 2) * min(22, 44 / (n - 1)))


def _draw(columns: list[list[_Node]]) -> str:
    parts: list[str] = []
    x = MARGIN + max((7.5 * len(n.label) for n in columns[0]), default=0)
    height = max(n.y for c in columns for n in c) * PITCH + PITCH
    top = PITCH / 2
    starts: list[float] = []
    for c, column in enumerate(columns):
        starts.append(x)
        body = 0 if c == 0 or c == len(columns) - 1 else GATE_W
        x += body
        if c + 1 < len(columns):
            x += _channel(parts, column, columns[c + 1], x, top)
    for c, column in enumerate(columns):
        for node in column:
            _node(parts, node, starts[c], top)
    width = x + MARGIN + max(7.5 * len(n.label) for n in columns[-1])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" font-family="system-ui, DejaVu Sans, sans-serif" font-size="13">'
        f'<g fill="none" stroke="{INK}" stroke-width="1.6">{"".join(parts)}</g></svg>'
    )


def _channel(parts: list[str], left: list[_Node], right: list[_Node], x: float, top: float) -> float:
    """Wire one column to the next; returns the channel's width."""
    drivers = {n.net: n for n in left if n.net >= 0}
    readers: dict[int, list[float]] = defaultdict(list)
    for node in right:
        for i, k in enumerate(node.pins):
            readers[k].append(_pin_y(node, i) + top)
    nets = [k for k in drivers if k in readers]
    bent = [k for k in nets if any(abs(y - _out_y(drivers[k]) - top) > 0.5 for y in readers[k])]
    row = {k: _out_y(drivers[k]) + top for k in bent}
    # Where a net leaves its driver at the height at which another arrives, it must turn first.
    before = {k: {j for j in bent if j != k and any(abs(row[j] - y) < 1 for y in readers[k])} for k in bent}
    tracks: dict[int, float] = {}
    waiting = sorted(bent, key=lambda k: (max(readers[k]) <= row[k], -row[k] if max(readers[k]) > row[k] else row[k]))
    while waiting:
        ready = next((k for k in waiting if before[k] <= tracks.keys()), waiting[0])
        tracks[ready] = x + 16 + len(tracks) * TRACK
        waiting.remove(ready)
    end = x + 32 + max(0, len(tracks) - 1) * TRACK if tracks else x + 32
    for k in nets:
        y0 = _out_y(drivers[k]) + top
        if k not in tracks:
            parts.append(f'<path d="M{x:.1f} {y0:.1f}H{end:.1f}"/>')
            continue
        t = tracks[k]
        ys = readers[k]
        low, high = min([*ys, y0]), max([*ys, y0])
        parts.append(f'<path d="M{x:.1f} {y0:.1f}H{t:.1f}M{t:.1f} {low:.1f}V{high:.1f}"/>')
        for y in ys:
            parts.append(f'<path d="M{t:.1f} {y:.1f}H{end:.1f}"/>')
        for y in {*ys, y0}:
            arms = (y in ys) + (y == y0) + (y > low) + (y < high)
            if arms > 2:
                parts.append(f'<circle cx="{t:.1f}" cy="{y:.1f}" r="2.8" fill="{INK}"/>')
    return end - x


def _node(parts: list[str], node: _Node, x: float, top: float) -> None:
    y = _out_y(node) + top
    if node.kind in ("in", "out"):
        anchor, at = ("end", x - 6) if node.kind == "in" else ("start", x + 6)
        parts.append(
            f'<text x="{at:.1f}" y="{y + 4.5:.1f}" text-anchor="{anchor}" fill="{INK}" stroke="none">'
            f"{escape(node.label)}</text>"
        )
    elif node.kind == "pass":
        parts.append(f'<path d="M{x:.1f} {y:.1f}H{x + GATE_W:.1f}"/>')
    else:
        _gate(parts, node, x, y, top)


def _gate(parts: list[str], node: _Node, x: float, y: float, top: float) -> None:
    name = node.kind.rstrip("0123456789")
    inverted = name in ("NAND", "NOR", "XNOR", "NOT")
    base = {"NAND": "AND", "NOR": "OR", "XNOR": "XOR", "NOT": "BUF"}.get(name, name)
    h, body = 20, 40
    tip = x + 4 + body
    shapes = {
        "AND": f"M{x + 4} {y - h}H{x + 24}A{h} {h} 0 0 1 {x + 24} {y + h}H{x + 4}Z",
        "OR": f"M{x + 4} {y - h}Q{x + 30} {y - h} {tip} {y}Q{x + 30} {y + h} {x + 4} {y + h}"
        f"Q{x + 16} {y} {x + 4} {y - h}Z",
        "BUF": f"M{x + 8} {y - 15}L{x + 36} {y}L{x + 8} {y + 15}Z",
    }
    shapes["XOR"] = shapes["OR"] + f"M{x - 1} {y - h}Q{x + 11} {y} {x - 1} {y + h}"
    if base not in shapes:
        parts.append(f'<rect x="{x + 4}" y="{y - h}" width="{body}" height="{2 * h}" rx="4" fill="#f1f4f7"/>')
        parts.append(
            f'<text x="{x + 24}" y="{y + 4}" text-anchor="middle" font-size="10" fill="{INK}" stroke="none">'
            f"{node.kind}</text>"
        )
        edge = tip
    else:
        edge = {"AND": x + 44, "OR": tip, "XOR": tip, "BUF": x + 36}[base]
    inner = {"AND": 4, "OR": 10, "XOR": 10, "BUF": 8}.get(base, 4)
    for i in range(len(node.pins)):
        pin = _pin_y(node, i) + top
        parts.append(f'<path d="M{x:.1f} {pin:.1f}H{x + inner:.1f}"/>')
    if base in shapes:
        parts.append(f'<path d="{shapes[base]}" fill="#f1f4f7"/>')
    if inverted:
        parts.append(f'<circle cx="{edge + 4}" cy="{y}" r="4" fill="#ffffff"/>')
        edge += 8
    parts.append(f'<path d="M{edge:.1f} {y:.1f}H{x + GATE_W:.1f}"/>')
