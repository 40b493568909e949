"""Graphviz DOT, written: gates as boxes from left to right, one cluster a scope."""

from __future__ import annotations

import json

from ..gates import CONST0, CONST1, GATES, INPUT
from ..netlist import Netlist

SUFFIXES = (".dot", ".gv")


def dump(net: Netlist) -> str:
    """`net` as a Graphviz graph.

    Wires of several bits between ports and gates are drawn bit by bit; a pin's name stands at the head of
    its edge where the order of the pins matters.

    Examples
    --------
    >>> from gatesim import Builder
    >>> b = Builder("inverter"); b.output("y", ~b.input("x"))
    >>> print(dump(b.freeze()))
    digraph "inverter" {
      rankdir=LR; fontname="sans-serif"; node [shape=box, fontname="sans-serif"]; edge [arrowsize=0.6];
      n2 [label="x", shape=cds];
      n3 [label="NOT"];
      n2 -> n3;
      o0 [label="y", shape=cds, style=bold];
      n3 -> o0;
    }
    <BLANKLINE>
    """
    lines = [f"digraph {_quoted(net.name)} {{"]
    lines.append('  rankdir=LR; fontname="sans-serif"; node [shape=box, fontname="sans-serif"]; edge [arrowsize=0.6];')
    labels = {k: _bit(p.name, p.width, i) for p in net.inputs for i, k in enumerate(p.nets)}
    lines += [f"  n{k} [label={_quoted(label)}, shape=cds];" for k, label in labels.items()]
    read = set(net.fanin.tolist()) | {k for p in net.outputs for k in p.nets}
    read |= {k for m in net.memories for w in m.writes for k in (*w.address, *w.data, w.enable)}
    lines += [f'  n{k} [label="{k}", shape=plaintext];' for k in (0, 1) if k in read]
    lines += _scopes(net)
    for i in range(2, net.n_nets):
        gate = GATES[net.op[i]]
        names = gate.pins if len(set(gate.pins)) > 1 and not _symmetric(gate.op) else ()
        for pin, k in enumerate(net.fanin_of(i).tolist()):
            mark = f" [headlabel={_quoted(names[pin])}, fontsize=9]" if names else ""
            lines.append(f"  n{k} -> n{i}{mark};")
    lines += _memories(net)
    at = 0
    for p in net.outputs:
        for i, k in enumerate(p.nets):
            lines.append(f"  o{at} [label={_quoted(_bit(p.name, p.width, i))}, shape=cds, style=bold];")
            lines.append(f"  n{k} -> o{at};")
            at += 1
    return "\n".join(lines) + "\n}\n"


def _scopes(net: Netlist) -> list[str]:
    """The cells inside the clusters of their scopes."""
    cells: dict[int, list[int]] = {}
    for i, scope in enumerate(net.scope_of.tolist()):
        if net.op[i] not in (CONST0, CONST1, INPUT):
            cells.setdefault(scope, []).append(i)
    below: dict[int, list[int]] = {}
    for k, scope in enumerate(net.scopes):
        below.setdefault(scope.parent, []).append(k)
    lines: list[str] = []
    # Scopes come after their parents: a stack walks them depth first without recursion.
    todo: list[tuple[int, int, bool]] = [(0, 1, False)]
    while todo:
        scope, depth, closing = todo.pop()
        pad = "  " * depth
        if closing:
            lines.append("  " * (depth - 1) + "}")
            continue
        if scope:
            lines.append(f"{'  ' * (depth - 1)}subgraph cluster_{scope} {{ label={_quoted(net.scopes[scope].name)};")
            todo.append((scope, depth, True))
        lines += [f"{pad}n{i} [label={_quoted(_label(net, i))}];" for i in cells.get(scope, [])]
        todo += [(k, depth + 1, False) for k in reversed(below.get(scope, []))]
    return lines


def _memories(net: Netlist) -> list[str]:
    lines = []
    for number, m in enumerate(net.memories):
        lines.append(f"  m{number} [label={_quoted(f'{m.name}: {m.depth} x {m.width}')}, shape=box3d];")
        lines += [f"  m{number} -> n{k} [style=dotted];" for r in m.reads for k in r.data]
        lines += [f"  n{k} -> m{number};" for w in m.writes for k in (*w.address, *w.data, w.enable)]
    return lines


def _label(net: Netlist, cell: int) -> str:
    kind = GATES[net.op[cell]].name
    return f"{kind}\n{net.names[cell]}" if cell in net.names else kind


def _symmetric(op: int) -> bool:
    return GATES[op].name.rstrip("0123456789") in ("AND", "NAND", "OR", "NOR", "XOR", "XNOR", "MAJ")


def _bit(name: str, width: int, i: int) -> str:
    return name if width == 1 else f"{name}[{i}]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
