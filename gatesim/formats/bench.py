"""ISCAS ``.bench``: ``INPUT(a)``, ``OUTPUT(y)``, ``y = NAND(a, b)``, ``q = DFF(d)``.

Read: AND, OR, NAND, NOR, XOR, XNOR of any number of pins, NOT, BUF(F), MUX(s, d0, d1), DFF, LUT 0x...
(first pin least significant), and the constants vdd and gnd; keywords in any case. Each INPUT and OUTPUT
line is a port of one bit; consecutive lines ``name[0]``, ``name[1]``, ... are joined into a bus.

Written: gates that the format lacks become LUTs. A flip-flop powers up to 0 and has neither enable nor
reset in this format: enables and resets become gates before D, and one that powers up to 1 is stored
inverted between two inverters.
"""

from __future__ import annotations

import os
import re
from functools import cache

import numpy as np

from .. import gates
from ..errors import ParseError, UnsupportedError, unknown_name
from ..gates import GATES, IS_LOGIC
from ..kernels import bench as kernel
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
SMALL_TEXT = 20_000
"""Characters up to which a text is read line by line: loading the kernel would take longer."""
_LINE_ENDS = "\r\x0b\x0c\x1c\x1d\x1e"
"""What ``str.splitlines`` takes for the end of a line besides the line feed."""


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
    if not _by_kernel(text, cells, outputs):
        for number, line in enumerate(text.splitlines(), 1):
            _line(line, number, cells, outputs)
    for bit, number in outputs:
        cells.output_bit(bit, _CONSTANTS.get(bit, bit) if bit in ("vdd", "gnd") else bit, number)
    return cells.finish()


def _line(line: str, number: int, cells: NamedCells, outputs: list[tuple[str, int]]) -> None:
    content, source = line.partition("#")[0], cells.source
    if not content.strip():
        return
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


def _by_kernel(text: str, cells: NamedCells, outputs: list[tuple[str, int]]) -> bool:
    """Collect all rows, the common ones in compiled code; False where the text is not of that kind."""
    if len(text) < SMALL_TEXT or not text.isascii() or any(c in text for c in _LINE_ENDS):
        return False
    seed = np.uint64(int.from_bytes(os.urandom(8), "little"))  # no file can be made to collide
    data = np.frombuffer(text.encode(), np.uint8)
    op, net, line, begin, end, ptr, pins, starts, ends = kernel.scan(data, *_keywords(), seed)
    others = np.flatnonzero(op == kernel.OTHER).tolist()
    if len(others) > len(op) // 8:
        return False
    names = list(map(text.__getitem__, map(slice, starts.tolist(), ends.tolist())))
    cells.declare(names)
    shown = op == kernel.OUTPUT
    op[op == kernel.FLIP_FLOP] = gates.DFF
    low = 0
    for high in [*others, len(op)]:
        rows = low + np.flatnonzero(~shown[low:high])
        counts = ptr[rows + 1] - ptr[rows]  # an output has no pins
        cuts = np.concatenate(([0], np.cumsum(counts)))
        cells.bulk(op[rows], net[rows], cuts, pins[ptr[low] : ptr[high]], line[rows])
        if high < len(op):
            _line(text[begin[high] : end[high]], int(line[high]), cells, outputs)
        low = high + 1
    outputs += zip((names[k - 2] for k in net[shown].tolist()), line[shown].tolist(), strict=True)
    outputs.sort(key=lambda bit: bit[1])
    return True


@cache
def _keywords() -> tuple[np.ndarray, np.ndarray]:
    """Keywords and codes for the kernel."""
    codes: dict[str, dict[int, int]] = {kind: {1: op} for kind, op in _ONE_PIN.items()}
    codes |= {"INPUT": {0: gates.INPUT}, "OUTPUT": {0: kernel.OUTPUT}, "DFF": {1: kernel.FLIP_FLOP}}
    codes["MUX"] = {3: gates.MUX}
    for kind in _WIDE:
        codes[kind] = {n: gates.gate(kind if n == 2 else f"{kind}{n}").op for n in (2, 3, 4)}
    words = np.zeros((len(codes), max(map(len, codes))), np.uint8)
    table = np.full((len(codes), kernel.MAX_PINS + 1), kernel.OTHER, np.int16)
    for row, (word, ops) in enumerate(codes.items()):
        words[row, : len(word)] = list(word.encode())
        for n, op in ops.items():
            table[row, n] = op
    return words, table


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
