"""ISCAS ``.bench``: ``INPUT(a)``, ``OUTPUT(y)``, ``y = NAND(a, b)``, ``q = DFF(d)``.

Read: AND, OR, NAND, NOR, XOR, XNOR of any number of pins, NOT, BUF(F), MUX(s, d0, d1), DFF, LUT 0x...
(first pin least significant), and the constants vdd and gnd; keywords in any case. Each INPUT and OUTPUT
line is a port of one bit; consecutive lines ``name[0]``, ``name[1]``, ... are joined into a bus.

Written: gates that the format lacks become LUTs. A flip-flop powers up to 0 and has neither enable nor
reset in this format: enables and resets become gates before D, and one that powers up to 1 is stored
inverted between two inverters.
"""

from __future__ import annotations

import re

from .. import gates
from ..errors import ParseError, UnsupportedError, unknown_name
from ..gates import GATES, IS_LOGIC
from ..netlist import Netlist
from .named import ONE, ZERO, NamedCells, bit_names

SUFFIXES = (".bench",)

_LINE = re.compile(
    r"\s*(?:(?P<port>INPUT|OUTPUT)\s*\(\s*(?P<bit>[^\s(),=]+)\s*\)"
    r"|(?P<out>[^\s(),=]+)\s*=\s*(?:(?P<kind>\w+)\s*(?P<table>0x[0-9a-f]+)?\s*\((?P<pins>[^()]*)\)"
    r"|(?P<constant>vdd|gnd|[01])))\s*$",
    re.IGNORECASE,
)
_WIDE = frozenset({"AND", "OR", "NAND", "NOR", "XOR", "XNOR"})
_ONE_PIN = {"NOT": gates.NOT, "INV": gates.NOT, "BUF": gates.BUF, "BUFF": gates.BUF}
_KNOWN = (*sorted(_WIDE), "NOT", "BUF", "BUFF", "DFF", "MUX", "LUT")
_LEGAL = re.compile(r"[^\s(),=#]+")
_CONSTANTS = {"vdd": ONE, "gnd": ZERO, "1": ONE, "0": ZERO}
MAX_LUT_PINS = 16


def parse(text: str, source: str = "<text>") -> Netlist:
    """The netlist of a ``.bench`` text.

    Raises
    ------
    ParseError
        With the line: a line that cannot be read, an unknown gate, a wrong number of pins; or all
        undriven and doubly driven nets.
    """
    cells = NamedCells(_title(source), source)
    outputs: list[tuple[str, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0]
        if not content.strip():
            continue
        match = _LINE.match(content)
        if match is None:
            raise ParseError(_complaint(content), source=source, line=number)
        port, bit, out, kind, table, pins, constant = match.groups()
        if port:
            if port.upper() == "INPUT":
                cells.input_bit(bit, number)
            else:
                outputs.append((bit, number))
        elif constant:
            cells.alias(out, _CONSTANTS[constant.lower()], number)
        else:
            _gate(cells, out, kind.upper(), table, [p.strip() for p in pins.split(",")], source, number)
    for bit, number in outputs:
        cells.output_bit(bit, _CONSTANTS.get(bit, bit) if bit in ("vdd", "gnd") else bit, number)
    return cells.finish()


def _gate(cells: NamedCells, out: str, kind: str, table: str | None, pins: list[str], source: str, line: int) -> None:
    if pins == [""]:
        pins = []
    if "" in pins:
        raise ParseError(f"a pin of {out!r} has no name", source=source, line=line)
    if kind in _WIDE:
        if not pins:
            raise ParseError(f"{kind} {out!r} has no pins", source=source, line=line)
        cells.wide(kind, out, pins, line)
    elif kind in _ONE_PIN:
        _expect(len(pins), 1, kind, out, source, line)
        cells.cell(_ONE_PIN[kind], out, pins, line)
    elif kind == "DFF":
        _expect(len(pins), 1, kind, out, source, line)
        cells.flip_flop(out, pins[0], line)
    elif kind == "MUX":
        _expect(len(pins), 3, kind, out, source, line)
        cells.cell(gates.MUX, out, pins, line)
    elif kind == "LUT" and table is not None:
        if len(pins) > MAX_LUT_PINS:
            raise ParseError(
                f"LUT {out!r} has {len(pins)} pins; at most {MAX_LUT_PINS} are read", source=source, line=line
            )
        value = int(table, 16)
        if value >> (1 << len(pins)):
            raise ParseError(f"table {table} of LUT {out!r} is too long for {len(pins)} pins", source=source, line=line)
        cells.function(value, out, pins, line)
    else:
        raise ParseError(f"{unknown_name('gate', kind, _KNOWN)} (it drives {out!r})", source=source, line=line)


def _expect(given: int, wanted: int, kind: str, out: str, source: str, line: int) -> None:
    if given != wanted:
        raise ParseError(f"{kind} {out!r} has {given} pins; it takes {wanted}", source=source, line=line)


def _complaint(content: str) -> str:
    shown = content.strip()
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    hint = " (the file may be cut off here)" if shown.count("(") > shown.count(")") else ""
    return f"cannot read {shown!r}{hint}: expected INPUT(a), OUTPUT(y) or y = GATE(a, b)"


def _title(source: str) -> str:
    name = re.sub(r"\.gz$", "", source.replace("\\", "/").rsplit("/", 1)[-1])
    return name.rsplit(".", 1)[0] or "bench"


# -- writing ---------------------------------------------------------------------------------

_WRITTEN = {g.op: re.sub(r"\d$", "", g.name) for g in GATES if re.sub(r"\d$", "", g.name) in _WIDE}
_WRITTEN |= {gates.NOT: "NOT", gates.BUF: "BUFF"}


def dump(net: Netlist) -> str:
    """`net` as ``.bench`` text.

    Raises
    ------
    UnsupportedError
        The netlist has memories.
    """
    if net.memories:
        raise UnsupportedError(f".bench has no memories: {net.memories[0].name!r} of {net.name!r} cannot be written")
    reserved = frozenset(("vdd", "gnd", "const0", "const1"))
    name = bit_names(net, _LEGAL, reserved)
    taken = set(name)

    def fresh(stem: str) -> str:
        candidate, i = stem, 0
        while candidate in taken:
            i += 1
            candidate = f"{stem}_{i}"
        taken.add(candidate)
        return candidate

    body: list[str] = []
    for k, constant in ((0, "gnd"), (1, "vdd")):
        if k in net.fanin or any(k in p.nets for p in net.outputs):
            body.append(f"{name[k]} = {constant}")
    for i in range(2, net.n_nets):
        op = int(net.op[i])
        pins = [name[int(k)] for k in net.fanin_of(i)]
        if op in _WRITTEN:
            body.append(f"{name[i]} = {_WRITTEN[op]}({', '.join(pins)})")
        elif IS_LOGIC[op]:
            body.append(f"{name[i]} = LUT {GATES[op].table:#x} ({', '.join(pins)})")
        elif op in (gates.DFF, gates.DFF1):
            body += _flip_flop(net, i, name, fresh)
    head = [f"# {net.name}: {net.n_gates} gates, {len(net.registers)} flip-flops"]
    head += [f"INPUT({name[k]})" for p in net.inputs for k in p.nets]
    for p in net.outputs:
        for b, k in enumerate(p.nets):
            wanted = p.name if p.width == 1 else f"{p.name}[{b}]"
            if name[k] != wanted:
                shown = fresh(wanted if _LEGAL.fullmatch(wanted) else re.sub(r"\W", "_", wanted))
                body.append(f"{shown} = BUFF({name[k]})")
                wanted = shown
            head.append(f"OUTPUT({wanted})")
    return "\n".join([*head, *body]) + "\n"


def _flip_flop(net: Netlist, cell: int, name: list[str], fresh) -> list[str]:
    d, enable, reset = (int(k) for k in net.fanin_of(cell))
    lines: list[str] = []
    data, init = name[d], int(net.op[cell] == gates.DFF1)
    if enable != 1:
        kept = fresh(f"{name[cell]}_kept")
        lines.append(f"{kept} = LUT 0xca ({name[cell]}, {data}, {name[enable]})")
        data = kept
    if reset != 0:
        cleared = fresh(f"{name[cell]}_next")
        gate = f"OR({data}, {name[reset]})" if init else f"LUT 0x2 ({data}, {name[reset]})"
        lines.append(f"{cleared} = {gate}")
        data = cleared
    if not init:
        return [*lines, f"{name[cell]} = DFF({data})"]
    inverted, stored = fresh(f"{name[cell]}_not_next"), fresh(f"{name[cell]}_not")
    return [*lines, f"{inverted} = NOT({data})", f"{stored} = DFF({inverted})", f"{name[cell]} = NOT({stored})"]
