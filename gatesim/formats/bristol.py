"""Bristol Fashion: circuits of AND, XOR and INV for secure computation, read and written.

Read: the "Fashion" of 2020 (any number of inputs and outputs, gates XOR, AND, INV, EQ, EQW, MAND) and the
older "Format" (two inputs, one output). The format has no names: ports are ``in0``, ``in1``, ..., ``out0``,
..., least significant bit first.

Written: AND, XOR and NOT as they are, a buffer as no gate; a netlist with other gates is mapped onto those
first. EQW and EQ are added where an output is an input, a constant, or shown twice.

Source: D. Archer and others, "'Bristol Fashion' MPC Circuits", homes.esat.kuleuven.be/~nsmart/MPC/.
"""

from __future__ import annotations

from .. import gates
from ..analysis import levels
from ..errors import ParseError, UnsupportedError
from ..netlist import Direction, Netlist
from ..passes import map_to
from .flat import Flat, resolved
from .limits import check_gates_and_registers
from .numbered import NumberedCells
from .ports import MAX_PORT_BITS, title

SUFFIXES = (".bristol",)
MAX_WIRES = 1 << 28

_SHAPES = {"XOR": (2, 1), "AND": (2, 1), "INV": (1, 1), "NOT": (1, 1), "EQW": (1, 1), "EQ": (1, 1)}
_OPS = {"XOR": gates.XOR, "AND": gates.AND, "INV": gates.NOT, "NOT": gates.NOT}


class _Lines:
    """The lines of a file that hold something, with their numbers."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.lines = [(k, line.split()) for k, line in enumerate(text.splitlines(), 1) if line.strip()]

    def fail(self, message: str, line: int) -> ParseError:
        return ParseError(message, source=self.source, line=line)

    def counts(self, at: int, what: str) -> tuple[int, list[int]]:
        """The numbers of a line of the header."""
        if at >= len(self.lines):
            raise self.fail(f"expected {what}, found the end of the file (it may be cut off)", 0)
        line, words = self.lines[at]
        return line, [self.number(w, line, what) for w in words]

    def number(self, word: str, line: int, what: str) -> int:
        if not (word.isascii() and word.isdigit()) or len(word) > 10:
            raise self.fail(f"expected {what}, found {word[:40]!r}", line)
        return int(word)


def parse(text: str, source: str = "<text>") -> Netlist:
    """The netlist of a Bristol text.

    Raises
    ------
    ParseError
        With the line: a header that does not fit, an unknown gate, a wrong number of wires, a wire that is
        driven twice, or read and never driven.
    """
    lines = _Lines(text, source)
    line, counts = lines.counts(0, "the numbers of gates and wires")
    if len(counts) != 2:
        raise lines.fail(f"expected the numbers of gates and wires, found {len(counts)} numbers", line)
    n_gates, n_wires = counts
    inputs, outputs, start = _widths(lines)
    body = lines.lines[start:]
    if len(body) != n_gates:
        raise lines.fail(f"the header promises {n_gates:,} gates; the file has {len(body):,} (it may be cut off)", line)
    if max(sum(inputs), sum(outputs)) > MAX_PORT_BITS or n_wires > MAX_WIRES:
        raise lines.fail(f"more than {MAX_PORT_BITS:,} input or output bits, or {MAX_WIRES:,} wires", line)
    if sum(inputs) + sum(outputs) > n_wires + min(sum(inputs), sum(outputs)):
        raise lines.fail(f"{n_wires:,} wires do not hold {sum(inputs):,} inputs and {sum(outputs):,} outputs", line)
    return _netlist(lines, body, n_wires, inputs, outputs)


def _widths(lines: _Lines) -> tuple[list[int], list[int], int]:
    """Widths of inputs and outputs, and the line where the gates begin."""
    line, second = lines.counts(1, "the numbers of inputs and their widths")
    third = lines.lines[2][1] if len(lines.lines) > 2 else []
    is_fashion = bool(second) and len(second) == second[0] + 1 and all(w.isdigit() for w in third)
    if not is_fashion and len(second) == 3:  # the older format: two inputs and an output
        return [w for w in second[:2] if w], second[2:], 2
    if len(second) != second[0] + 1:
        raise lines.fail(f"expected the number of inputs and {second[0]} widths, found {len(second)} numbers", line)
    line, outputs = lines.counts(2, "the number of outputs and their widths")
    if len(outputs) != outputs[0] + 1:
        raise lines.fail(f"expected the number of outputs and {outputs[0]} widths, found {len(outputs)} numbers", line)
    if 0 in second[1:] or 0 in outputs[1:]:
        raise lines.fail("an input or output has no bits", line)
    return second[1:], outputs[1:], 3


def _netlist(lines: _Lines, body, n_wires: int, inputs: list[int], outputs: list[int]) -> Netlist:
    number_of: dict[int, int] = {}  # the wires that are used: the header may promise any number
    cells = NumberedCells()

    def net(wire: int, line: int) -> int:
        if wire >= n_wires:
            raise lines.fail(f"wire {wire} does not exist: the header promises {n_wires:,}", line)
        if wire not in number_of:
            number_of[wire] = cells.inner()
        return number_of[wire]

    input_nets = [net(k, 1) for k in range(sum(inputs))]
    output_nets = [net(n_wires - sum(outputs) + k, 1) for k in range(sum(outputs))]
    for line, words in body:
        kind = words[-1].upper()
        numbers = [lines.number(w, line, "numbers and the name of a gate") for w in words[:-1]]
        n_in, n_out = numbers[:2] if len(numbers) > 1 else (0, 0)
        if kind not in _SHAPES and kind != "MAND":
            raise lines.fail(f"unknown gate {words[-1][:40]!r}; known: XOR, AND, INV, EQ, EQW, MAND", line)
        fits = n_in == 2 * n_out if kind == "MAND" else (n_in, n_out) == _SHAPES[kind]
        if not fits or len(numbers) != 2 + n_in + n_out:
            raise lines.fail(
                f"a gate {kind} does not have {n_in} inputs, {n_out} outputs and {len(numbers) - 2} wires", line
            )
        wires = numbers[2:]
        if kind == "EQ":
            if wires[0] > 1:
                raise lines.fail(f"EQ sets a wire to 0 or 1, not {wires[0]}", line)
            cells.alias(net(wires[1], line), wires[0], line)
        elif kind == "EQW":
            cells.alias(net(wires[1], line), net(wires[0], line), line)
        elif kind == "MAND":
            for k in range(n_out):
                pins = (net(wires[k], line), net(wires[n_out + k], line))
                cells.cell(gates.AND, net(wires[n_in + k], line), pins, line)
        else:
            cells.cell(_OPS[kind], net(wires[-1], line), [net(w, line) for w in wires[:-1]], line)
    wire_of = {v: k for k, v in number_of.items()}
    ports: list[tuple[str, Direction, int]] = []
    ports.extend((f"in{k}", "input", w) for k, w in enumerate(inputs))
    ports.extend((f"out{k}", "output", w) for k, w in enumerate(outputs))
    flat = Flat(
        title(lines.source, "bristol"), lines.source, cells.n_nets, cells.arrays(),
        [(f"w{wire_of[k]}", k, 1) for k in input_nets], [(f"w{wire_of[k]}", k, 1) for k in output_nets], ports=ports,
    )  # fmt: skip
    return resolved(flat, lambda k: f"wire {wire_of[k]}" if k > 1 else f"constant {k}", lambda nets: [None] * len(nets))


_WRITTEN = {gates.XOR: "XOR", gates.AND: "AND", gates.NOT: "INV"}


def dump(net: Netlist) -> str:
    """`net` as Bristol Fashion text.

    Raises
    ------
    UnsupportedError
        The netlist has flip-flops, memories or tri-state cells.
    LoopError
        It has a combinational loop.
    """
    check_gates_and_registers(net, "Bristol Fashion")
    if len(net.registers):
        where = net.net_name(int(net.registers[0]))
        raise UnsupportedError(f"Bristol Fashion has no flip-flops: {where!r} of {net.name!r} cannot be written")
    logic = {g.op for g in gates.GATES if g.kind == "logic"}
    if set(net.op.tolist()) & (logic - {*_WRITTEN, gates.BUF}):
        net = map_to(net, "xag")
    source = list(range(net.n_nets))  # a buffer is its pin
    cells = []
    for i in levels(net).order.tolist():
        if net.op[i] == gates.BUF:
            source[i] = source[int(net.fanin_of(i)[0])]
        elif int(net.op[i]) in _WRITTEN:
            cells.append(i)
    shown = [source[k] for p in net.outputs for k in p.nets]
    inputs = [k for p in net.inputs for k in p.nets]
    last: dict[int, int] = {}  # the output that a gate drives itself
    for position, k in enumerate(shown):
        if int(net.op[k]) in _WRITTEN:
            last.setdefault(k, position)
    pins_of = {i: _pins(_WRITTEN[int(net.op[i])], [source[k] for k in net.fanin_of(i).tolist()]) for i in cells}
    used = sorted({k for _, pins in pins_of.values() for k in pins if k < 2})
    wire = {k: i for i, k in enumerate(inputs)}
    inner = [k for k in (*used, *cells) if k not in last]
    wire.update((k, len(inputs) + i) for i, k in enumerate(inner))
    first = len(inputs) + len(inner)
    wire.update((k, first + position) for k, position in last.items())
    rows = [f"1 1 {k} {wire[k]} EQ" for k in used]
    for i in cells:
        kind, pins = pins_of[i]
        rows.append(f"{len(pins)} 1 {' '.join(str(wire[k]) for k in pins)} {wire[i]} {kind}")
    for position, k in enumerate(shown):
        if last.get(k) != position:
            rows.append(f"1 1 {k} {first + position} EQ" if k < 2 else f"1 1 {wire[k]} {first + position} EQW")
    widths = [[p.width for p in ports] for ports in (net.inputs, net.outputs)]
    head = [f"{len(rows)} {first + len(shown)}", *(" ".join(map(str, [len(w), *w])) for w in widths)]
    return "\n".join([*head, "", *rows]) + "\n"


def _pins(kind: str, pins: list[int]) -> tuple[str, list[int]]:
    """Gate and pins as written: XOR with 1 is an inverter."""
    if kind == "XOR" and 1 in pins and pins != [1, 1]:
        return "INV", [pins[1 - pins.index(1)]]
    return kind, pins
