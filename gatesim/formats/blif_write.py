"""BLIF written: one ``.names`` a gate."""

from __future__ import annotations

import re
from functools import cache
from itertools import combinations

from .. import gates
from ..gates import GATES, IS_LOGIC
from ..netlist import Netlist
from .limits import check_gates_and_registers
from .named import bit_names
from .ports import FreshNames

_LEGAL = re.compile(r"[^\s#=\\.][^\s#=\\]*")


@cache
def cover(table: int, arity: int) -> str:
    r"""The rows of a cover: all prime cubes that are needed, largest first.

    Examples
    --------
    >>> cover(0b1000, 2), cover(0b0111, 2)
    ('11 1\n', '-0 1\n0- 1\n')
    """
    wanted = [i for i in range(1 << arity) if table >> i & 1]
    cubes: list[tuple[str, set[int]]] = []
    for free in range(arity, -1, -1):
        for dashes in combinations(range(arity), free):
            for start in wanted:
                covered = {start}
                for k in dashes:
                    covered |= {i ^ 1 << k for i in covered}
                text = "".join("-" if k in dashes else "01"[start >> k & 1] for k in range(arity))
                if covered <= set(wanted) and not any(covered <= other for _, other in cubes):
                    cubes.append((text, covered))
    left, chosen = set(wanted), []
    while left:
        text, covered = max(cubes, key=lambda cube: (len(cube[1] & left), cube[0]))
        chosen.append(text)
        left -= covered
    return "".join(f"{text} 1\n" for text in sorted(chosen, key=lambda t: (-t.count("-"), t)))


def dump(net: Netlist) -> str:
    """`net` as BLIF text.

    Raises
    ------
    UnsupportedError
        The netlist has memories or tri-state cells.
    """
    check_gates_and_registers(net, "BLIF")
    name = bit_names(net, _LEGAL, frozenset(("const0", "const1")))
    name[0], name[1] = "const0", "const1"
    fresh = FreshNames(name)
    inputs = [name[k] for p in net.inputs for k in p.nets]
    outputs, links = [], []
    for p in net.outputs:
        for b, k in enumerate(p.nets):
            wanted = p.name if p.width == 1 else f"{p.name}[{b}]"
            if name[k] != wanted:
                wanted = fresh(wanted if _LEGAL.fullmatch(wanted) else re.sub(r"[^\w\[\]]", "_", f"_{wanted}"))
                links.append(f".names {name[k]} {wanted}\n1 1\n")
            outputs.append(wanted)
    covers = [cover(g.table, g.arity) if g.kind == "logic" else "" for g in GATES]
    covers[gates.BUF] = "0 0\n"
    body: list[str] = []
    shown = {k for p in net.outputs for k in p.nets}
    for k in (0, 1):
        if k in shown or (net.fanin == k).any():
            body.append(f".names {name[k]}\n" + ("1\n" if k else ""))
    op, fanin, ptr = net.op.tolist(), net.fanin.tolist(), net.fanin_ptr.tolist()
    logic = IS_LOGIC.tolist()
    for i in range(2, net.n_nets):
        kind = op[i]
        if logic[kind]:
            pins = " ".join([name[k] for k in fanin[ptr[i] : ptr[i + 1]]])
            body.append(f".names {pins} {name[i]}\n{covers[kind]}")
        elif kind in (gates.DFF, gates.DFF1):
            body.append(_latch(fanin[ptr[i] : ptr[i + 1]], name, i, int(kind == gates.DFF1), fresh))
    title = re.sub(r"\s", "_", net.name) or "top"
    head = f".model {title}\n" + _wrapped(".inputs", inputs) + _wrapped(".outputs", outputs)
    return "".join([head, *body, *links, ".end\n"])


def _wrapped(command: str, names: list[str]) -> str:
    lines, line = [], command
    for name in names:
        if len(line) + len(name) > 100:
            lines.append(line + " \\\n")
            line = " "
        line += f" {name}"
    return "".join(lines) + line + "\n"


def _latch(pins: list[int], name: list[str], cell: int, init: int, fresh: FreshNames) -> str:
    d, enable, reset = pins
    text, data, q = "", name[d], name[cell]
    if enable != 1:
        kept = fresh(f"{q}_kept")
        text += f".names {name[enable]} {q} {data} {kept}\n{cover(gates.gate('MUX').table, 3)}"
        data = kept
    if reset != 0:
        cleared = fresh(f"{q}_next")
        text += f".names {data} {name[reset]} {cleared}\n" + ("-1 1\n1- 1\n" if init else "10 1\n")
        data = cleared
    return f"{text}.latch {data} {q} {init}\n"
