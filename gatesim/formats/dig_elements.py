"""What Digital's elements do, in gates: logic, plexers, arithmetic, flip-flops, counters."""

from __future__ import annotations

from collections.abc import Callable

from ..signals import Bit, Bus
from . import dig_arithmetic as arithmetic
from .dig_cell import Cell
from .dig_pins import selector_bits, split_ports

Function = Callable[[Cell], None]


def _gate(two: str, inverted: bool) -> Function:
    def make(c: Cell) -> None:
        words = [c.bus(f"In_{i + 1}") for i in range(c.e.number("Inputs", 2, 1, 1024))]
        result = words[0]
        for word in words[1:]:
            result = Bus([c.b.gate(two, x, y) for x, y in zip(result, word, strict=True)])
        c.out("out", ~result if inverted else result)

    return make


def _not(c: Cell) -> None:
    c.out("out", ~c.bus("in"))


def _constant(c: Cell) -> None:
    value = c.e.attributes.get("Value", 1)
    bits = c.e.bits()
    if not isinstance(value, int):
        raise c.e.fail(f"its value is {str(value)[:30]!r}, not a number")
    c.wire("out", c.b.constant(value % (1 << bits), bits))


def _delay(c: Cell) -> None:
    signal = c.bus("in")
    for _ in range(c.e.number("delayTime", 1, 0, 10_000) or 1):
        signal = c.later(signal)
    c.wire("out", signal)


def _splitter(c: Cell) -> None:
    bits: dict[int, Bit] = {}
    for k, (low, width) in enumerate(split_ports(c.e, "Input Splitting", "4,4")):
        bits.update(zip(range(low, low + width), c.bus(f"i{k}"), strict=True))
    for k, (low, width) in enumerate(split_ports(c.e, "Output Splitting", "8")):
        missing = [i for i in range(low, low + width) if i not in bits]
        if missing:
            raise c.e.fail(f"bit {missing[0]} leaves the splitter, but no input brings it")
        c.wire(f"o{k}", [bits[i] for i in range(low, low + width)])


def _bus_splitter(c: Cell) -> None:
    bits, apart = c.e.bits(), c.bit("OE")
    whole = c.bus("D")
    c.out("D", [c.bit(f"D{i}") for i in range(bits)], enable=~apart)
    for i in range(bits):
        c.out(f"D{i}", whole[i], enable=apart)


def _multiplexer(c: Cell) -> None:
    words = [c.bus(f"in_{i}") for i in range(1 << selector_bits(c.e))]
    c.out("out", arithmetic.select(c.b, words, c.bus("sel")))


def _demultiplexer(c: Cell) -> None:
    bits = c.e.bits()
    default = c.e.attributes.get("Default", 0)
    idle = c.b.constant((default if isinstance(default, int) else 0) % (1 << bits), bits)
    for i, line in enumerate(arithmetic.lines(c.b, c.bus("sel"))):
        c.out(f"out_{i}", c.b.mux(line, idle, c.bus("in")), init=default if isinstance(default, int) else 0)


def _decoder(c: Cell) -> None:
    for i, line in enumerate(arithmetic.lines(c.b, c.bus("sel"))):
        c.out(f"out_{i}", line)


def _bit_selector(c: Cell) -> None:
    c.out("out", arithmetic.select(c.b, [Bus((x,)) for x in c.bus("in")], c.bus("sel")))


def _priority(c: Cell) -> None:
    bits = selector_bits(c.e)
    inputs = [c.bit(f"in{i}") for i in range(1 << bits)]
    number = c.b.constant(0, bits)
    for i, x in enumerate(inputs):
        number = c.b.mux(x, number, c.b.constant(i, bits))
    c.out("num", number)
    c.out("any", arithmetic.any_of(c.b, inputs))


def _driver(inverted: bool) -> Function:
    def make(c: Cell) -> None:
        value, enable = c.bus("in"), c.bit("sel")
        c.out("out", ~value if c.e.flag("invertDriverOutput") else value, enable=~enable if inverted else enable)

    return make


def _pin_control(c: Cell) -> None:
    value, enable = c.bus("wr"), c.bit("oe")
    c.out("rd", c.b.mux(enable, c.bus("pin"), value))
    c.out("pin", value, enable=enable)


def _diode(c: Cell) -> None:
    """Where a resistor says which way the signal goes the other end drives nothing."""
    blown = c.e.flag("blown") or c.e.flag("Blown")
    if not blown and c.pulled("cathode"):
        c.wire("cathode", c.b.one, enable=c.b.gate("PULLDOWN", c.bit("anode")))
        c.wire("anode", c.board.floating)
    elif not blown and c.pulled("anode"):
        c.wire("anode", c.b.zero, enable=~c.b.gate("PULLUP", c.bit("cathode")))
        c.wire("cathode", c.board.floating)
    elif not blown:
        c.out("cathode", c.b.one, enable=c.b.gate("PULLDOWN", c.bit("anode")))
        c.out("anode", c.b.zero, enable=~c.b.gate("PULLUP", c.bit("cathode")))
    else:
        c.wire("cathode", c.board.floating)
        c.wire("anode", c.board.floating)


def _one_way_diode(passes: int) -> Function:
    def make(c: Cell) -> None:
        if c.e.flag("blown") or c.e.flag("Blown"):
            c.wire("out", c.board.floating)
        elif passes:
            c.wire("out", c.b.one, enable=c.b.gate("PULLDOWN", c.bit("in")))
        else:
            c.wire("out", c.b.zero, enable=~c.b.gate("PULLUP", c.bit("in")))

    return make


# -- arithmetic ------------------------------------------------------------------------------


def _add(c: Cell) -> None:
    total, carry = arithmetic.add(c.b, c.bus("a"), c.bus("b"), c.bit("c_i"))
    c.out("s", total)
    c.out("c_o", carry)


def _sub(c: Cell) -> None:
    total, borrow = arithmetic.subtract(c.b, c.bus("a"), c.bus("b"), c.bit("c_i"))
    c.out("s", total)
    c.out("c_o", borrow)


def _mul(c: Cell) -> None:
    if c.e.bits() > 32:
        raise c.e.fail("a multiplier takes words of at most 32 bits")
    c.out("mul", arithmetic.multiply(c.b, c.bus("a"), c.bus("b"), c.e.flag("Signed")))


def _div(c: Cell) -> None:
    a, b = c.bus("a"), c.bus("b")
    if c.e.flag("Signed"):
        quotient, rest = arithmetic.divide_signed(c.b, a, b, c.e.flag("remainderPositive", True))
    else:
        quotient, rest = arithmetic.divide(c.b, a, b)
    c.out("q", quotient)
    c.out("r", rest)


def _neg(c: Cell) -> None:
    c.out("out", arithmetic.negate(c.b, c.bus("in")))


def _comparator(c: Cell) -> None:
    a, b, signed = c.bus("a"), c.bus("b"), c.e.flag("Signed")
    c.out(">", arithmetic.less(c.b, b, a, signed))
    c.out("=", arithmetic.equal(c.b, a, b))
    c.out("<", arithmetic.less(c.b, a, b, signed))


def _barrel(c: Cell) -> None:
    word, amount = c.bus("in"), c.bus("shift")
    mode, right = c.e.text("barrelShifterMode", "logical"), c.e.text("direction", "left") == "right"
    if not c.e.flag("barrelSigned"):
        c.out("out", arithmetic.shift(c.b, word, amount, right, mode))
        return
    # A negative amount moves the other way: by its size, which is at most 2 ** (bits - 1).
    back = arithmetic.shift(c.b, word, arithmetic.negate(c.b, amount), not right, mode)
    c.out("out", c.b.mux(amount[-1], arithmetic.shift(c.b, word, amount[:-1], right, mode), back))


def _extend(c: Cell) -> None:
    word, wanted = c.bus("in"), c.e.bits("outputBits", 16)
    if len(word) >= wanted:
        raise c.e.fail(f"{len(word)} bits cannot be extended to {wanted}")
    c.wire("out", [*word, *[word[-1]] * (wanted - len(word))])


def _count(c: Cell) -> None:
    word = c.bus("in")
    c.out("out", arithmetic.count_ones(c.b, word, len(word).bit_length()))


# -- flip-flops and counters -----------------------------------------------------------------


def _default(c: Cell) -> int:
    value = c.e.attributes.get("Default", 0)
    return value if isinstance(value, int) else 0


def _two_outputs(c: Cell, held: Bus) -> None:
    c.wire("Q", held)
    c.wire("~Q", ~held)


def _flip_flop(width_of: Callable[[Cell], int], following: Callable[[Cell, Bus], Bus], asynchronous: bool) -> Function:
    """A flip-flop that takes `following` at the rising edge; Set and Clr act at once and win."""

    def make(c: Cell) -> None:
        width = width_of(c)
        if asynchronous:
            c.need_steps("acts without a clock")
        held = c.b.wires(width)
        taken, edge = following(c, held), c.rising()
        if asynchronous:
            taken = c.b.mux(edge, held, taken)
            cleared = c.b.mux(c.bit("Clr"), taken, c.b.zero.repeat(width))
            taken, edge = c.b.mux(c.bit("Set"), cleared, c.b.one.repeat(width)), c.b.one
        c.b.drive(held, c.state(taken, edge, _default(c)))
        _two_outputs(c, held)

    return make


def _jk(c: Cell, q: Bus) -> Bus:
    j, k = c.bit("J"), c.bit("K")
    return Bus((c.b.mux(q[0], j, ~k),))


def _toggled(c: Cell, q: Bus) -> Bus:
    return Bus((q[0] ^ c.bit("T"),)) if c.e.flag("withEnable", True) else ~q


def _set_reset(c: Cell, q: Bus) -> Bus:
    s, r = c.bit("S"), c.bit("R")
    alone = c.b.gate("OR", s, c.b.gate("ANDNOT", q[0], r))
    return Bus((c.b.mux(c.b.gate("AND", s, r), alone, c.board.unknown),))


def _latch(c: Cell) -> None:
    c.need_steps("is a latch")
    s, r = c.bit("S"), c.bit("R")
    q, qn = c.b.wire(), c.b.wire()
    idle = c.b.gate("NOR", s, r)
    lost = c.b.gate("AND", idle, c.b.gate("NOR", q, qn))  # both were 0 and are let go: either may win
    start = c.board.preset(c.full_name, _default(c)) & 1
    for wire, on, off, init in ((q, s, r, start), (qn, r, s, 1 - start)):
        kept = c.b.mux(idle, c.b.gate("ANDNOT", on, off), wire)
        c.b.drive(wire, c.b.flip_flop(c.b.mux(lost, kept, c.board.unknown), init=init))
    if c.full_name and c.e.flag("valueIsProbe"):
        c.board.probes.setdefault(c.full_name, Bus((q,)))
    c.wire("Q", q)
    c.wire("~Q", qn)


def _register(c: Cell) -> None:
    c.wire("Q", c.state(c.bus("D"), c.b.gate("AND", c.rising(), c.bit("en"))))


def _counter(c: Cell) -> None:
    bits = c.e.bits()
    held = c.b.wires(bits)
    up = arithmetic.add(c.b, held, [c.b.zero] * bits, c.bit("en"))[0]
    cleared = c.b.mux(c.bit("clr"), up, c.b.zero.repeat(bits))
    following = c.b.mux(c.rising(), held, cleared)
    c.b.drive(held, c.state(following))
    shown = following if c.steps else held
    c.wire("out", held)
    c.out("ovf", c.b.gate("AND", arithmetic.all_of(c.b, shown), c.bit("en")))


def _counter_preset(c: Cell) -> None:
    bits = c.e.bits()
    top = c.e.number("maxValue", 0, -(1 << 63), (1 << 64) - 1) % (1 << bits) or (1 << bits) - 1
    held = c.b.wires(bits)
    zero, last = c.b.constant(0, bits), c.b.constant(top, bits)
    down, enable = c.bit("dir"), c.bit("en")
    up = c.b.mux(arithmetic.is_value(c.b, held, top), arithmetic.add(c.b, held, zero, c.b.one)[0], zero)
    back = c.b.mux(arithmetic.is_value(c.b, held, 0), arithmetic.subtract(c.b, held, zero, c.b.one)[0], last)
    counted = c.b.mux(enable, held, c.b.mux(down, up, back))
    loaded = c.b.mux(c.bit("clr"), c.b.mux(c.bit("ld"), counted, c.bus("in")), zero)
    following = c.b.mux(c.rising(), held, loaded)
    c.b.drive(held, c.state(following))
    shown = following if c.steps else held
    at_end = c.b.mux(down, arithmetic.is_value(c.b, shown, top), arithmetic.is_value(c.b, shown, 0))
    c.wire("out", held)
    c.out("ovf", c.b.gate("AND", at_end, enable))


ELEMENTS: dict[str, Function] = {
    "And": _gate("AND", False), "Or": _gate("OR", False), "XOr": _gate("XOR", False),
    "NAnd": _gate("AND", True), "NOr": _gate("OR", True), "XNOr": _gate("XOR", True), "Not": _not,
    "Const": _constant, "Delay": _delay, "Splitter": _splitter, "BusSplitter": _bus_splitter,
    "Ground": lambda c: c.wire("out", c.b.zero.repeat(c.e.bits())),
    "VDD": lambda c: c.wire("out", c.b.one.repeat(c.e.bits())),
    "Multiplexer": _multiplexer, "Demultiplexer": _demultiplexer, "Decoder": _decoder,
    "BitSelector": _bit_selector, "PriorityEncoder": _priority,
    "Driver": _driver(False), "DriverInvSel": _driver(True), "PinControl": _pin_control,
    "Diode": _diode, "DiodeForward": _one_way_diode(1), "DiodeBackward": _one_way_diode(0),
    "Add": _add, "Sub": _sub, "Mul": _mul, "Div": _div, "Neg": _neg, "Comparator": _comparator,
    "BarrelShifter": _barrel, "BitExtender": _extend, "BitCount": _count,
    "D_FF": _flip_flop(lambda c: c.e.bits(), lambda c, q: c.bus("D"), False),
    "D_FF_AS": _flip_flop(lambda c: c.e.bits(), lambda c, q: c.bus("D"), True),
    "JK_FF": _flip_flop(lambda c: 1, _jk, False), "JK_FF_AS": _flip_flop(lambda c: 1, _jk, True),
    "T_FF": _flip_flop(lambda c: 1, _toggled, False), "RS_FF": _flip_flop(lambda c: 1, _set_reset, False),
    "RS_FF_AS": _latch, "Register": _register, "Counter": _counter, "CounterPreset": _counter_preset,
}  # fmt: skip
"""What becomes of each element (memories: :mod:`gatesim.formats.dig_memories`)."""
