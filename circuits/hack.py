"""The chips of the Hack computer (Nisan and Schocken, "The Elements of Computing Systems", MIT Press 2021).

Every chip of the course's projects 1, 2, 3 and 5 as a generator with its integer model; the HDL reader
takes its built-in chips from :data:`CHIPS`. Interfaces are the course's (appendix A.6): 16-bit words,
``in`` spelled ``in_``. Memories from 64 words on are macros. Registers and memories carry the names by
which a test script peeks at them (``DRegister[]``, ``RAM16K[17]``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gatesim import Bit, Bus, as_bus

from .adders import brent_kung, ripple_carry
from .catalog import CATALOG, circuit, mask, where
from .folding import tree
from .hack_models import (
    WORD,
    alu_model,
    alu_value,
    bit_sum_model,
    computer_model,
    cpu_model,
    memory_model,
    pc_model,
    ram_model,
    register_model,
    select_model,
    ways_model,
)
from .selectors import decoder, multiplexer


def _fixed(**sizes: int) -> Callable[[int], dict[str, Any] | None]:
    """A chip has one size only; the catalogue files it at the width of a Hack word."""
    return lambda width: dict(sizes) if width == WORD else None


# -- project 1: gates ------------------------------------------------------------------------


class Two(NamedTuple):
    """The two ways out of a demultiplexer."""

    a: Bit
    b: Bit


class Four(NamedTuple):
    """The four ways out of a demultiplexer."""

    a: Bit
    b: Bit
    c: Bit
    d: Bit


class Eight(NamedTuple):
    """The eight ways out of a demultiplexer."""

    a: Bit
    b: Bit
    c: Bit
    d: Bit
    e: Bit
    f: Bit
    g: Bit
    h: Bit


@circuit(lambda x, args: {"out": 1 - (x["a"] & x["b"])}, _fixed(a=1, b=1))
def nand(a: Bit, b: Bit) -> Bit:
    """Nand: the gate that everything is made of."""
    return a.builder.nand(a, b)


@circuit(lambda x, args: {"out": 1 - x["in"]}, _fixed(in_=1))
def not_(in_: Bit) -> Bit:
    """Not."""
    return ~in_


@circuit(lambda x, args: {"out": x["a"] & x["b"]}, _fixed(a=1, b=1))
def and_(a: Bit, b: Bit) -> Bit:
    """And."""
    return a & b


@circuit(lambda x, args: {"out": x["a"] | x["b"]}, _fixed(a=1, b=1))
def or_(a: Bit, b: Bit) -> Bit:
    """Or."""
    return a | b


@circuit(lambda x, args: {"out": x["a"] ^ x["b"]}, _fixed(a=1, b=1))
def xor(a: Bit, b: Bit) -> Bit:
    """Xor."""
    return a ^ b


@circuit(lambda x, args: {"out": where(x["sel"] == 1, x["b"], x["a"])}, _fixed(a=1, b=1, sel=1))
def mux(a: Bit, b: Bit, sel: Bit) -> Bit:
    """Mux: b when sel, else a."""
    return a.builder.mux(sel, a, b)


@circuit(ways_model("ab"), _fixed(in_=1, sel=1))
def dmux(in_: Bit, sel: Bit) -> Two:
    """DMux: in goes to b when sel, else to a."""
    return Two(*decoder(as_bus(sel), in_))


@circuit(lambda x, args: {"out": x["in"] ^ mask(WORD)}, _fixed(in_=WORD))
def not16(in_: Bus) -> Bus:
    """Not16: bit by bit."""
    return ~in_


@circuit(lambda x, args: {"out": x["a"] & x["b"]}, _fixed(a=WORD, b=WORD))
def and16(a: Bus, b: Bus) -> Bus:
    """And16: bit by bit."""
    return a & b


@circuit(lambda x, args: {"out": x["a"] | x["b"]}, _fixed(a=WORD, b=WORD))
def or16(a: Bus, b: Bus) -> Bus:
    """Or16: bit by bit."""
    return a | b


@circuit(lambda x, args: {"out": where(x["sel"] == 1, x["b"], x["a"])}, _fixed(a=WORD, b=WORD, sel=1))
def mux16(a: Bus, b: Bus, sel: Bit) -> Bus:
    """Mux16: the word b when sel, else a."""
    return a.builder.mux(sel, a, b)


@circuit(lambda x, args: {"out": where(x["in"] == 0, 0, 1)}, _fixed(in_=8))
def or8way(in_: Bus) -> Bit:
    """Or8Way: 1 when any of the eight bits is."""
    return tree(lambda p, q: p | q, list(in_))


@circuit(select_model("abcd"), _fixed(a=WORD, b=WORD, c=WORD, d=WORD, sel=2))
def mux4way16(a: Bus, b: Bus, c: Bus, d: Bus, sel: Bus) -> Bus:
    """Mux4Way16: one of four words."""
    return multiplexer([a, b, c, d], sel)


@circuit(select_model("abcdefgh"), _fixed(**dict.fromkeys("abcdefgh", WORD), sel=3))
def mux8way16(a: Bus, b: Bus, c: Bus, d: Bus, e: Bus, f: Bus, g: Bus, h: Bus, sel: Bus) -> Bus:
    """Mux8Way16: one of eight words."""
    return multiplexer([a, b, c, d, e, f, g, h], sel)


@circuit(ways_model("abcd"), _fixed(in_=1, sel=2))
def dmux4way(in_: Bit, sel: Bus) -> Four:
    """DMux4Way: in goes to one of four ways."""
    return Four(*decoder(sel, in_))


@circuit(ways_model("abcdefgh"), _fixed(in_=1, sel=3))
def dmux8way(in_: Bit, sel: Bus) -> Eight:
    """DMux8Way: in goes to one of eight ways."""
    return Eight(*decoder(sel, in_))


# -- project 2: arithmetic -------------------------------------------------------------------


class BitSum(NamedTuple):
    """Sum and carry of single bits."""

    sum: Bit
    carry: Bit


@circuit(bit_sum_model, _fixed(a=1, b=1))
def half_adder(a: Bit, b: Bit) -> BitSum:
    """HalfAdder: two bits."""
    return BitSum(a ^ b, a & b)


@circuit(bit_sum_model, _fixed(a=1, b=1, c=1))
def full_adder(a: Bit, b: Bit, c: Bit) -> BitSum:
    """FullAdder: three bits."""
    first = half_adder(a, b)
    second = half_adder(first.sum, c)
    return BitSum(second.sum, first.carry | second.carry)


@circuit(lambda x, args: {"out": (x["a"] + x["b"]) & mask(WORD)}, _fixed(a=WORD, b=WORD))
def add16(a: Bus, b: Bus) -> Bus:
    """Add16: the sum of two words, the carry dropped."""
    return ripple_carry(a, b).sum


@circuit(lambda x, args: {"out": (x["in"] + 1) & mask(WORD)}, _fixed(in_=WORD))
def inc16(in_: Bus) -> Bus:
    """Inc16: one more."""
    b = in_.builder
    return brent_kung(in_, b.constant(0, len(in_)), b.one).sum


class AluResult(NamedTuple):
    """Result and its two flags: zero, negative."""

    out: Bus
    zr: Bit
    ng: Bit


_ALU_SIZES = {"x": WORD, "y": WORD, "zx": 1, "nx": 1, "zy": 1, "ny": 1, "f": 1, "no": 1}


@circuit(alu_model, _fixed(**_ALU_SIZES))
def alu(x: Bus, y: Bus, zx: Bit, nx: Bit, zy: Bit, ny: Bit, f: Bit, no: Bit) -> AluResult:
    """ALU: each operand zeroed, then inverted; their sum or And; then inverted; two flags."""
    p = (x & (~zx).repeat(WORD)) ^ nx.repeat(WORD)
    q = (y & (~zy).repeat(WORD)) ^ ny.repeat(WORD)
    out = mux16(p & q, add16(p, q), f) ^ no.repeat(WORD)
    return AluResult(out, ~tree(lambda s, t: s | t, list(out)), out[-1])


@circuit(lambda x, args: {"out": alu_value(x)}, _fixed(**_ALU_SIZES))
def alu_no_stat(x: Bus, y: Bus, zx: Bit, nx: Bit, zy: Bit, ny: Bit, f: Bit, no: Bit) -> Bus:
    """ALU of the course's first step: without the two flags."""
    return alu(x, y, zx, nx, zy, ny, f, no).out


# -- project 3: memory -----------------------------------------------------------------------


@circuit(lambda x, args: {"out": [0, *x["in"][:-1]]}, _fixed(in_=1), clocked=True)
def dff(in_: Bit) -> Bit:
    """DFF: out is what in was one clock cycle earlier."""
    return in_.builder.flip_flop(in_)


@circuit(register_model, _fixed(in_=1, load=1), clocked=True)
def bit(in_: Bit, load: Bit) -> Bit:
    """Bit: a one-bit register."""
    return in_.builder.flip_flop(in_, enable=load)


@circuit(register_model, _fixed(in_=WORD, load=1), clocked=True)
def register(in_: Bus, load: Bit, name: str = "Register") -> Bus:
    """Register: a word, kept until load."""
    return in_.builder.register(in_, enable=load).named(name)


@circuit(pc_model, _fixed(in_=WORD, load=1, inc=1, reset=1), clocked=True)
def pc(in_: Bus, load: Bit, inc: Bit, reset: Bit) -> Bus:
    """PC: a counter that can be reset, else loaded, else incremented."""
    b = in_.builder
    following = b.wires(WORD)
    count = b.register(following, reset=reset).named("PC")
    b.drive(following, mux16(mux16(count, inc16(count), inc), in_, load))
    return count


def _ram(in_: Bus, load: Bit, address: Bus, name: str) -> Bus:
    b = in_.builder
    (out,) = b.memory(
        b.fresh_memory(name), depth=1 << len(address), width=WORD, read=[address], write=[(address, in_, load)]
    )
    return out


@circuit(ram_model, _fixed(in_=WORD, load=1, address=3), clocked=True)
def ram8(in_: Bus, load: Bit, address: Bus) -> Bus:
    """RAM8: eight registers."""
    lines = decoder(address, load)
    return multiplexer([register(in_, line) for line in lines], address)


@circuit(ram_model, _fixed(in_=WORD, load=1, address=6), clocked=True)
def ram64(in_: Bus, load: Bit, address: Bus) -> Bus:
    """RAM64: 64 words."""
    return _ram(in_, load, address, "RAM64")


@circuit(ram_model, _fixed(in_=WORD, load=1, address=9), clocked=True)
def ram512(in_: Bus, load: Bit, address: Bus) -> Bus:
    """RAM512: 512 words."""
    return _ram(in_, load, address, "RAM512")


@circuit(ram_model, _fixed(in_=WORD, load=1, address=12), clocked=True)
def ram4k(in_: Bus, load: Bit, address: Bus) -> Bus:
    """RAM4K: 4,096 words."""
    return _ram(in_, load, address, "RAM4K")


@circuit(ram_model, _fixed(in_=WORD, load=1, address=14), clocked=True)
def ram16k(in_: Bus, load: Bit, address: Bus) -> Bus:
    """RAM16K: 16,384 words."""
    return _ram(in_, load, address, "RAM16K")


# -- project 5: the computer -----------------------------------------------------------------


@circuit(ram_model, _fixed(in_=WORD, load=1, address=13), clocked=True)
def screen(in_: Bus, load: Bit, address: Bus) -> Bus:
    """Screen: 8,192 words of 16 pixels."""
    return _ram(in_, load, address, "Screen")


@circuit(lambda x, args: {"out": [0] * len(x["address"])}, _fixed(address=15), clocked=True)
def rom32k(address: Bus) -> Bus:
    """ROM32K: 32,768 instructions; a test script loads the program."""
    b = address.builder
    # A write port that is never enabled makes the words part of the state, where a program can be put.
    nothing = (address, b.constant(0, WORD), b.zero)
    (out,) = b.memory(b.fresh_memory("ROM32K"), depth=1 << 15, width=WORD, read=[address], write=[nothing])
    return out


@circuit(memory_model, _fixed(in_=WORD, load=1, address=15, Keyboard=WORD), clocked=True)
def memory(in_: Bus, load: Bit, address: Bus, Keyboard: Bus) -> Bus:
    """Memory: RAM16K, the screen above it, and the pressed key at 24576 (its own port here)."""
    ram_load, screen_load = dmux(load, address[14])
    ram = ram16k(in_, ram_load, address[:14])
    pixels = screen(in_, screen_load & ~address[13], address[:13])
    is_key = ~tree(lambda p, q: p | q, list(address[:13]))
    return mux4way16(ram, ram, pixels, Keyboard & is_key.repeat(WORD), address[13:])


class CpuResult(NamedTuple):
    """What the CPU tells the data memory, and the address of the next instruction."""

    outM: Bus
    writeM: Bit
    addressM: Bus
    pc: Bus


@circuit(cpu_model, _fixed(inM=WORD, instruction=WORD, reset=1), clocked=True)
def cpu(inM: Bus, instruction: Bus, reset: Bit) -> CpuResult:
    """CPU: one Hack instruction a clock cycle."""
    b = inM.builder
    computes = instruction[15]
    result = b.wires(WORD)
    a_load = ~computes | instruction[5]
    a = register(mux16(instruction, result, computes), a_load, name="ARegister")
    d = register(result, computes & instruction[4], name="DRegister")
    out = alu(d, mux16(a, inM, instruction[12]), *(instruction[k] for k in (11, 10, 9, 8, 7, 6)))
    b.drive(result, out.out)
    positive = ~(out.zr | out.ng)
    taken = tree(lambda p, q: p | q, [instruction[0] & positive, instruction[1] & out.zr, instruction[2] & out.ng])
    count = pc(a, computes & taken, b.one, reset)
    return CpuResult(out.out, computes & instruction[3], a[:15], count[:15])


@circuit(computer_model, _fixed(reset=1, Keyboard=WORD), clocked=True)
def computer(reset: Bit, Keyboard: Bus) -> dict[str, Bus]:
    """Computer: CPU, data memory and instruction memory; shows the program counter."""
    b = reset.builder
    in_m, counted = b.wires(WORD), b.wires(15)
    done = cpu(in_m, rom32k(counted), reset)
    b.drive(counted, done.pc)
    b.drive(in_m, memory(done.outM, done.writeM, done.addressM, Keyboard))
    return {"pc": done.pc}


# -- the chips by their names in the hardware description language ---------------------------


@circuit(lambda x, args: {"out": x["Keyboard"]}, _fixed(Keyboard=WORD))
def keyboard(Keyboard: Bus) -> Bus:
    """Keyboard: the code of the pressed key, which comes in from outside."""
    return Keyboard


def a_register(in_: Bus, load: Bit) -> Bus:
    """A register that a test script knows as ``ARegister[]``."""
    return register(in_, load, name="ARegister")


def d_register(in_: Bus, load: Bit) -> Bus:
    """A register that a test script knows as ``DRegister[]``."""
    return register(in_, load, name="DRegister")


CHIPS: dict[str, Callable] = {
    "Nand": nand, "Not": not_, "And": and_, "Or": or_, "Xor": xor, "Mux": mux, "DMux": dmux,
    "Not16": not16, "And16": and16, "Or16": or16, "Mux16": mux16, "Or8Way": or8way, "Mux4Way16": mux4way16,
    "Mux8Way16": mux8way16, "DMux4Way": dmux4way, "DMux8Way": dmux8way,
    "HalfAdder": half_adder, "FullAdder": full_adder, "Add16": add16, "Inc16": inc16, "ALU": alu,
    "ALUNoStat": alu_no_stat,
    "DFF": dff, "Bit": bit, "Register": register, "ARegister": a_register, "DRegister": d_register, "PC": pc,
    "RAM8": ram8, "RAM64": ram64, "RAM512": ram512, "RAM4K": ram4k, "RAM16K": ram16k, "ROM32K": rom32k,
    "Screen": screen, "Keyboard": keyboard, "Memory": memory, "CPU": cpu, "Computer": computer,
}  # fmt: skip
"""Generator of each built-in chip, by its name in HDL."""


def chip_widths(name: str) -> dict[str, int]:
    """Width of every input of the chip called `name`, by parameter."""
    function = CHIPS[name]
    known = CATALOG.get(f"hack.{function.__name__}")
    return dict(known.sizes(WORD) or {}) if known is not None else {"in_": WORD, "load": 1}
