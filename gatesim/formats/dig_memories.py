"""What Digital's memories do: look-up tables, ROMs, RAMs."""

from __future__ import annotations

from ..signals import Bus
from .dig_cell import Cell
from .dig_elements import Function
from .dig_generic import load_hex
from .dig_pins import address_bits


def _size(c: Cell) -> tuple[int, int]:
    return 1 << address_bits(c.e), c.e.bits()


def _lut(c: Cell) -> None:
    n = c.e.number("Inputs", 2, 1, 20)
    depth, width = 1 << n, c.e.bits()
    address = Bus([c.bit(str(i)) for i in range(n)])
    c.out("out", c.memory(depth, width, [address], contents=c.data(depth, width))[0])


def _rom_words(c: Cell, depth: int, width: int) -> list[int]:
    if not c.e.flag("autoReload"):
        return c.data(depth, width)
    return load_hex(c.e, c.e.text("lastDataFile"))[:depth]


def _rom(c: Cell) -> None:
    depth, width = _size(c)
    words = [w & ((1 << width) - 1) for w in _rom_words(c, depth, width)]
    c.out("D", c.memory(depth, width, [c.bus("A")], contents=words)[0], enable=c.bit("sel"))


def _rom_two_ports(c: Cell) -> None:
    depth, width = _size(c)
    words = [w & ((1 << width) - 1) for w in _rom_words(c, depth, width)]
    first, second = c.memory(depth, width, [c.bus("A1"), c.bus("A2")], contents=words)
    c.out("D1", first, enable=c.bit("s1"))
    c.out("D2", second, enable=c.bit("s2"))


def _ram(data_pin: str, kept: bool) -> Function:
    """A RAM that stores at the rising edge where str is 1, and shows its word while ld is 1."""

    def make(c: Cell) -> None:
        depth, width = _size(c)
        store = c.b.gate("AND", c.rising(), c.bit("str"))
        contents = c.data(depth, width) if kept else ()
        address = c.bus("A")
        (word,) = c.memory(depth, width, [address], [(address, c.bus(data_pin), store)], contents)
        c.out("D", word, enable=c.bit("ld"))

    return make


def _graphic_card(c: Cell) -> None:
    """The memory of a screen; nobody looks at it."""
    depth = 2 * c.e.number("graphicWidth", 160, 1, 4096) * c.e.number("graphicHeight", 100, 1, 4096)
    store = c.b.gate("AND", c.rising(), c.bit("str"))
    address = c.bus("A")
    (word,) = c.memory(depth, c.e.bits(), [address], [(address, c.bus("D"), store)])
    c.out("D", word, enable=c.bit("ld"))


def _keyboard(c: Cell) -> None:
    """A keyboard that nobody touches."""
    c.out("D", c.b.zero.repeat(16), enable=c.bit("en"))
    c.wire("av", c.b.zero)


def _static_ram(c: Cell) -> None:
    c.need_steps("stores without a clock")
    depth, width = _size(c)
    chosen, write, address = c.bit("CS"), c.bit("WE"), c.bus("A")
    store = c.b.gate("AND", chosen, write)
    (word,) = c.memory(depth, width, [address], [(address, c.bus("D"), store)])
    c.out("D", word, enable=c.b.gate("ANDNOT", c.b.gate("AND", chosen, c.bit("OE")), write))


def _eeprom(c: Cell) -> None:
    """The address is taken when writing begins, the data when it ends."""
    c.need_steps("stores without a clock")
    depth, width = _size(c)
    chosen, write, address = c.bit("CS"), c.bit("WE"), c.bus("A")
    writing = c.b.gate("AND", chosen, write)
    before = c.b.flip_flop(writing)
    target = c.b.register(address, enable=c.b.gate("ANDNOT", writing, before))
    ends = c.b.gate("ANDNOT", before, writing)
    (word,) = c.memory(depth, width, [address], [(target, c.bus("D"), ends)], c.data(depth, width))
    c.out("D", word, enable=c.b.gate("ANDNOT", c.b.gate("AND", chosen, c.bit("OE")), write))


def _two_ports(c: Cell) -> None:
    depth, width = _size(c)
    store = c.b.gate("AND", c.rising(), c.bit("str"))
    first = c.bus("1A")
    one, two = c.memory(depth, width, [first, c.bus("2A")], [(first, c.bus("1Din"), store)])
    c.out("1D", one, enable=c.bit("ld"))
    c.out("2D", two)


def _register_file(c: Cell) -> None:
    depth, width = _size(c)
    store = c.b.gate("AND", c.rising(), c.bit("we"))
    one, two = c.memory(depth, width, [c.bus("Ra"), c.bus("Rb")], [(c.bus("Rw"), c.bus("Din"), store)])
    c.out("Da", one)
    c.out("Db", two)


def _block_ram(c: Cell) -> None:
    depth, width = _size(c)
    edge, address = c.rising(), c.bus("A")
    store = c.b.gate("AND", edge, c.bit("str"))
    (word,) = c.memory(depth, width, [address], [(address, c.bus("Din"), store)])
    c.wire("D", c.b.register(word, enable=edge))


def _asynchronous(c: Cell) -> None:
    """While we is 1 the stored word is what the data pin reads."""
    c.need_steps("stores without a clock")
    depth, width = _size(c)
    write, address, data = c.bit("we"), c.bus("A"), c.bus("D")
    (word,) = c.memory(depth, width, [address], [(address, data, write)])
    c.out("Q", c.b.mux(write, word, data))


MEMORIES: dict[str, Function] = {
    "LookUpTable": _lut, "ROM": _rom, "ROMDualPort": _rom_two_ports,
    "RAMDualPort": _ram("Din", False), "EEPROMDualPort": _ram("Din", True), "RAMSinglePort": _ram("D", False),
    "RAMSinglePortSel": _static_ram, "EEPROM": _eeprom,
    "RAMDualAccess": _two_ports,
    "GraphicCard": _graphic_card, "Keyboard": _keyboard,
    "RegisterFile": _register_file, "BlockRAMDualPort": _block_ram, "RAMAsync": _asynchronous,
}  # fmt: skip
"""What becomes of each memory."""
