"""Where the pins of Digital's elements lie, their names, directions and widths.

Connections in a drawing are geometric: a pin belongs to the wire that ends at its position. Positions
are those of Digital's shapes in default orientation, on a grid of 20; an element's ``mirror`` flips them
up to down, its ``rotation`` turns them by quarters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .dig_xml import MAX_BITS, Element, Point

GRID = 20


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin: name, position beside the anchor, whether it drives (``out``) and reads (``in``), width."""

    name: str
    at: Point
    reads: bool
    drives: bool
    width: int


def placed(element: Element, at: Point) -> Point:
    """The position in the drawing of a point of a shape."""
    x, y = at
    if element.flag("mirror"):
        y = -y
    turn = element.number("rotation", 0, 0, 3)
    cos, sin = ((1, 0), (0, 1), (-1, 0), (0, -1))[turn]
    return x * cos + y * sin + element.x, -x * sin + y * cos + element.y


def reader(name: str, x: int, y: int, width: int = 1) -> Pin:
    """An input pin at grid position (x, y)."""
    return Pin(name, (x * GRID, y * GRID), True, False, width)


def driver(name: str, x: int, y: int, width: int = 1) -> Pin:
    """An output pin at grid position (x, y)."""
    return Pin(name, (x * GRID, y * GRID), False, True, width)


def both(name: str, x: int, y: int, width: int = 1) -> Pin:
    """A pin that drives and reads its net."""
    return Pin(name, (x * GRID, y * GRID), True, True, width)


NamedWidths = Sequence[tuple[str, int]]


def box(
    inputs: NamedWidths, outputs: NamedWidths, *, width: int = 3, inverted: frozenset[str] = frozenset(), shift: int = 0
) -> list[Pin]:
    """Pins of the rectangle that most elements are: inputs on the left, outputs on the right.

    With a single output that one lies in the middle, and an even number of inputs leaves a gap there.
    An inverted input sticks out by one grid step; `shift` does so for all outputs.
    """
    single = len(outputs) == 1
    half = len(inputs) // 2
    pins = []
    for i, (name, bits) in enumerate(inputs):
        gap = 1 if single and len(inputs) % 2 == 0 and i >= half else 0
        pins.append(reader(name, -1 if name in inverted else 0, i + gap, bits))
    for i, (name, bits) in enumerate(outputs):
        pins.append(driver(name, width + shift, i + (half if single else 0), bits))
    return pins


def _gate(invert: bool) -> Callable[[Element], list[Pin]]:
    def pins(e: Element) -> list[Pin]:
        bits = e.bits()
        inputs = [(f"In_{i + 1}", bits) for i in range(e.number("Inputs", 2, 1, 1024))]
        width = 4 if e.flag("wideShape") else 3
        return box(inputs, [("out", bits)], width=width, inverted=e.inverted(), shift=int(invert))

    return pins


def _not(e: Element) -> list[Pin]:
    bits = e.bits()
    return [reader("in", 0, 0, bits), driver("out", 3 if e.flag("wideShape") else 2, 0, bits)]


def _fixed(inputs: str, outputs: str, width: int = 3) -> Callable[[Element], list[Pin]]:
    """A box whose pins are written ``name`` (1 bit), ``name:B`` (Bits) or ``name:A`` (AddrBits)."""

    def pins(e: Element) -> list[Pin]:
        def one(text: str) -> tuple[str, int]:
            name, _, size = text.partition(":")
            return name, {"": 1, "B": e.bits(), "A": address_bits(e) if size == "A" else 1}[size]

        sides = [[one(t) for t in side.split()] for side in (inputs, outputs)]
        wide = len(sides[0]) == 1 and len(sides[1]) == 1 and width == 3
        return box(*sides, width=e.number("Width", 3, 1, 1000) if wide else width, inverted=e.inverted())

    return pins


def address_bits(e: Element) -> int:
    """Address width of a memory (at most 24)."""
    return e.number("AddrBits", 2, 1, 24)


def selector_bits(e: Element) -> int:
    """Selector width of a multiplexer and its kin (at most 8)."""
    return e.number("Selector Bits", 1, 1, 8)


def _with_data(inputs: str) -> Callable[[Element], list[Pin]]:
    """A box of a memory whose data pin D, the only one on the right, reads and drives."""

    def pins(e: Element) -> list[Pin]:
        *left, data = _fixed(inputs, "D:B")(e)
        return [*left, Pin("D", data.at, True, True, data.width)]

    return pins


def _multiplexer(e: Element) -> list[Pin]:
    bits, n = e.bits(), 1 << selector_bits(e)
    rows = (0, 2) if n == 2 else range(n)
    select = reader("sel", 1, 0 if e.flag("flipSelPos") else n, selector_bits(e))
    return [select, *(reader(f"in_{i}", 0, y, bits) for i, y in enumerate(rows)), driver("out", 2, n // 2, bits)]


def _demultiplexer(has_input: bool) -> Callable[[Element], list[Pin]]:
    def pins(e: Element) -> list[Pin]:
        bits, n = e.bits() if has_input else 1, 1 << selector_bits(e)
        height = n if has_input or n <= 2 else n - 1
        rows = (0, 2) if n == 2 else range(n)
        found = [reader("sel", 1, 0 if e.flag("flipSelPos") else height, selector_bits(e))]
        if has_input:
            found.append(reader("in", 0, n // 2, bits))
        return found + [driver(f"out_{i}", 2, y, bits) for i, y in enumerate(rows)]

    return pins


def _bit_selector(e: Element) -> list[Pin]:
    bits = e.number("Selector Bits", 1, 1, 6)
    at = -1 if e.flag("flipSelPos") else 1
    return [reader("sel", 1, at, bits), reader("in", 0, 0, 1 << bits), driver("out", 2, 0)]


def _priority(e: Element) -> list[Pin]:
    bits = selector_bits(e)
    return box([(f"in{i}", 1) for i in range(1 << bits)], [("num", bits), ("any", 1)], width=4)


def _driver(e: Element) -> list[Pin]:
    bits = e.bits()
    select = reader("sel", 0, 1 if e.flag("flipSelPos") else -1)
    return [reader("in", -1, 0, bits), select, driver("out", 2 if e.flag("invertDriverOutput") else 1, 0, bits)]


def split_ports(e: Element, key: str, default: str) -> list[tuple[int, int]]:
    """(first bit, width) of each port of a splitter: ``4,4``, ``1*8``, ``0-3``."""
    found: list[tuple[int, int]] = []
    top = 0
    for part in e.text(key, default).split(","):
        text = part.strip()
        if not text:
            continue
        star, dash = text.partition("*"), text.partition("-")
        numbers = star[::2] if star[1] else dash[::2] if dash[1] else (text,)
        if not all(n.strip().isdigit() and len(n.strip()) <= 4 for n in numbers):
            raise e.fail(f"cannot read {text[:20]!r} in {key!r}: expected 4, 1*8 or 0-3")
        values = [int(n) for n in numbers]
        if star[1]:
            if values[1] > MAX_BITS:
                raise e.fail(f"{text!r} in {key!r} asks for more than {MAX_BITS} ports")
            ports = [(top + i * values[0], values[0]) for i in range(values[1])]
        elif dash[1]:
            ports = [(min(values), abs(values[0] - values[1]) + 1)]
        else:
            ports = [(top, values[0])]
        found += ports
        top = max([top, *(low + width for low, width in ports)])
        if top > MAX_BITS or any(width < 1 for _, width in ports):
            raise e.fail(f"{key!r} is {e.text(key, default)[:40]!r}: 1 to {MAX_BITS} bits can be split")
    return found or [(0, 1)]


def _splitter(e: Element) -> list[Pin]:
    step = e.number("splitterSpreading", 1, 1, 1000)
    left, right = split_ports(e, "Input Splitting", "4,4"), split_ports(e, "Output Splitting", "8")
    return [
        *(reader(f"i{k}", 0, k * step, width) for k, (_, width) in enumerate(left)),
        *(driver(f"o{k}", 1, k * step, width) for k, (_, width) in enumerate(right)),
    ]


def _bus_splitter(e: Element) -> list[Pin]:
    bits, step = e.bits(), e.number("splitterSpreading", 1, 1, 1000)
    return [both("D", 0, 0, bits), reader("OE", 0, 1), *(both(f"D{i}", 1, i * step) for i in range(bits))]


def _switch(e: Element) -> list[Pin]:
    bits, poles = e.bits(), e.number("poles", 1, 1, 64)
    return [both(f"{end}{p}", x, 2 * p, bits) for p in range(poles) for end, x in (("A", 0), ("B", 2))]


def _switch_two_ways(e: Element) -> list[Pin]:
    bits, poles = e.bits(), e.number("poles", 1, 1, 64)
    ends = (("A", 0, 0), ("B", 2, 0), ("C", 2, 1))
    return [both(f"{end}{p}", x, y + 2 * p, bits) for p in range(poles) for end, x, y in ends]


def _lut(e: Element) -> list[Pin]:
    inputs = [(str(i), 1) for i in range(e.number("Inputs", 2, 1, 20))]
    return box(inputs, [("out", e.bits())], width=e.number("Width", 3, 1, 1000))


def _graphic_card(e: Element) -> list[Pin]:
    words = 2 * e.number("graphicWidth", 160, 1, 4096) * e.number("graphicHeight", 100, 1, 4096)
    left = [("A", max(1, (words - 1).bit_length())), ("str", 1), ("C", 1), ("ld", 1), ("B", 1)]
    *inputs, data = box(left, [("D", e.bits())], width=e.number("Width", 3, 1, 1000))
    return [*inputs, Pin("D", data.at, True, True, data.width)]


def _toggle(e: Element) -> list[Pin]:
    return _fixed("T C" if e.flag("withEnable", True) else "C", "Q ~Q")(e)


def _multiplier(e: Element) -> list[Pin]:
    return box([("a", e.bits()), ("b", e.bits())], [("mul", min(64, 2 * e.bits()))])


def _shifter(e: Element) -> list[Pin]:
    bits = e.bits()
    return box([("in", bits), ("shift", bits.bit_length() + e.flag("barrelSigned"))], [("out", bits)])


def _extender(e: Element) -> list[Pin]:
    width = e.number("Width", 3, 1, 1000)
    return box([("in", e.bits("inputBits", 8))], [("out", e.bits("outputBits", 16))], width=width)


def _bit_count(e: Element) -> list[Pin]:
    return box([("in", e.bits())], [("out", e.bits().bit_length())], width=e.number("Width", 3, 1, 1000))


def _pin_control(e: Element) -> list[Pin]:
    bits = e.bits()
    return [reader("wr", 0, 0, bits), reader("oe", 1, -1), driver("rd", 2, 1, bits), both("pin", 3, 0, bits)]


def _source(name: str = "out") -> Callable[[Element], list[Pin]]:
    return lambda e: [driver(name, 0, 0, e.bits())]


def _bit(name: str) -> Callable[[Element], list[Pin]]:
    return lambda e: [driver(name, 0, 0)]


PINS: dict[str, Callable[[Element], list[Pin]]] = {
    "And": _gate(False), "Or": _gate(False), "XOr": _gate(False),
    "NAnd": _gate(True), "NOr": _gate(True), "XNOr": _gate(True), "Not": _not,
    "In": lambda e: [both("out", 0, 0, e.bits()) if e.flag("isHighZ") or e.attributes.get("InDefault") == "Z"
                     else driver("out", 0, 0, e.bits())],
    "Out": lambda e: [reader("in", 0, 0, e.bits())],
    "Clock": _bit("C"), "Button": _bit("out"), "DipSwitch": _bit("out"), "Reset": _bit("Reset"),
    "Const": _source(), "Ground": _source(), "VDD": _source(), "PullUp": _source(), "PullDown": _source(),
    "NotConnected": _source(),
    "Tunnel": lambda e: [], "LED": lambda e: [reader("in", 0, 0)], "Probe": lambda e: [reader("in", 0, 0, 0)],
    "Splitter": _splitter, "BusSplitter": _bus_splitter,
    "Multiplexer": _multiplexer, "Demultiplexer": _demultiplexer(True), "Decoder": _demultiplexer(False),
    "BitSelector": _bit_selector, "PriorityEncoder": _priority,
    "Driver": _driver, "DriverInvSel": _driver,
    "Delay": lambda e: [reader("in", 0, 0, e.bits()), driver("out", 2, 0, e.bits())],
    "D_FF": _fixed("D:B C", "Q:B ~Q:B"), "D_FF_AS": _fixed("Set D:B C Clr", "Q:B ~Q:B"),
    "JK_FF": _fixed("J C K", "Q ~Q"), "JK_FF_AS": _fixed("Set J C K Clr", "Q ~Q"),
    "RS_FF": _fixed("S C R", "Q ~Q"), "RS_FF_AS": _fixed("S R", "Q ~Q"), "T_FF": _toggle,
    "Register": _fixed("D:B C en", "Q:B"), "Counter": _fixed("en C clr", "out:B ovf"),
    "CounterPreset": _fixed("en C dir in:B ld clr", "out:B ovf"),
    "LookUpTable": _lut, "ROM": _fixed("A:A sel", "D:B"), "ROMDualPort": _fixed("A1:A s1 A2:A s2", "D1:B D2:B"),
    "RAMDualPort": _fixed("A:A Din:B str C ld", "D:B"), "EEPROMDualPort": _fixed("A:A Din:B str C ld", "D:B"),
    "RAMSinglePort": _with_data("A:A str C ld"), "RAMSinglePortSel": _with_data("A:A CS WE OE"),
    "EEPROM": _with_data("A:A CS WE OE"),
    "RAMDualAccess": _fixed("str C ld 1A:A 1Din:B 2A:A", "1D:B 2D:B"),
    "RegisterFile": _fixed("Din:B we Rw:A C Ra:A Rb:A", "Da:B Db:B", 4),
    "BlockRAMDualPort": _fixed("A:A Din:B str C", "D:B"), "RAMAsync": _fixed("A:A D:B we", "Q:B"),
    "Add": _fixed("a:B b:B c_i", "s:B c_o"), "Sub": _fixed("a:B b:B c_i", "s:B c_o"),
    "Mul": _multiplier, "Div": _fixed("a:B b:B", "q:B r:B"), "Neg": _fixed("in:B", "out:B"),
    "Comparator": _fixed("a:B b:B", "> = <"), "BarrelShifter": _shifter, "BitExtender": _extender,
    "GraphicCard": _graphic_card,
    "Keyboard": lambda e: box([("C", 1), ("en", 1)], [("D", 16), ("av", 1)], inverted=e.inverted()),
    "BitCount": _bit_count, "PinControl": _pin_control,
    "Diode": lambda e: [both("cathode", 0, 0), both("anode", 0, -1)],
    "DiodeForward": lambda e: [reader("in", 0, 0), driver("out", 0, 1)],
    "DiodeBackward": lambda e: [reader("in", 0, 0), driver("out", 0, -1)],
    "Switch": _switch, "SwitchDT": _switch_two_ways,
    "Fuse": lambda e: [both("A0", 0, 0), both("B0", 1, 0)],
}  # fmt: skip
"""Pins of every element that is read, by element name."""

SHOWN_ONLY = frozenset({
    "Text", "Rectangle", "Testcase", "Data", "ScopeTrigger", "PowerSupply", "LightBulb", "Seven-Seg",
    "Seven-Seg-Hex", "Sixteen-Seg", "RGBLED", "PolarityAwareLED", "Break", "Stop", "GenericInitCode",
    "GenericCode", "AsyncSeq", "LedMatrix", "Terminal", "VGA", "StepperMotorUnipolar", "StepperMotorBipolar", "MIDI",
})  # fmt: skip
"""Elements that show or describe something and drive no net: they are passed over."""
