"""Clocked circuits: registers, counters, shift registers, register files, memories."""

from __future__ import annotations

from typing import NamedTuple

from gatesim import Bit, Builder, Bus, concat
from gatesim.errors import ValueFitError, WidthError

from .adders import brent_kung
from .catalog import circuit, mask
from .folding import and_not_gate, tree
from .selectors import decoder, multiplexer


def _register_model(x, args):
    q, seen = 0, []
    for d, enable, reset in zip(x["d"], x["enable"], x["reset"], strict=True):
        seen.append(q)
        q = 0 if reset else d if enable else q
    return {"out": seen}


@circuit(_register_model, lambda width: {"d": width, "enable": 1, "reset": 1}, clocked=True)
def register(d: Bus, enable: Bit | None = None, reset: Bit | None = None) -> Bus:
    """Register with enable and synchronous reset (which wins)."""
    return d.builder.register(d, enable=enable, reset=reset)


# -- counters --------------------------------------------------------------------------------


def _counter_model(x, args):
    count, seen = 0, []
    for enable, reset in zip(x["enable"], x["reset"], strict=True):
        seen.append(count)
        count = 0 if reset else (count + enable) & mask(args["width"])
    return {"out": seen}


@circuit(_counter_model, lambda width: {"width": width, "enable": 1, "reset": 1}, clocked=True)
def counter(enable: Bit, reset: Bit, width: int) -> Bus:
    """Counter: up by one while enabled, modulo ``2**width``, synchronous reset."""
    b = enable.builder
    following = b.wires(width)
    count = b.register(following, reset=reset)
    b.drive(following, brent_kung(count, b.constant(0, width), enable).sum)
    return count


def _up_down_model(x, args):
    count, seen = 0, []
    for up, down in zip(x["up"], x["down"], strict=True):
        seen.append(count)
        count = (count + up - down) & mask(args["width"])
    return {"out": seen}


@circuit(_up_down_model, lambda width: {"width": width, "up": 1, "down": 1}, clocked=True)
def up_down_counter(up: Bit, down: Bit, width: int) -> Bus:
    """Counter: up by one, down by one, or (both or neither) unchanged."""
    b = up.builder
    following = b.wires(width)
    count = b.register(following)
    falling = and_not_gate(down, up)
    b.drive(following, brent_kung(count, falling.repeat(width), and_not_gate(up, down)).sum)
    return count


def _johnson_model(x, args):
    value, seen, width = 0, [], args["width"]
    for enable in x["enable"]:
        seen.append(value)
        if enable:
            value = ((value << 1) & mask(width)) | (1 - (value >> (width - 1)))
    return {"out": seen}


@circuit(_johnson_model, lambda width: {"width": width, "enable": 1}, clocked=True)
def johnson_counter(enable: Bit, width: int) -> Bus:
    """Johnson (twisted ring) counter: ``2 * width`` states, one bit changes a step."""
    b = enable.builder
    following = b.wires(width)
    state = b.register(following, enable=enable)
    b.drive(following, concat(~state[-1], state[:-1]))
    return state


# Tap positions (1 is the first stage) of maximal-length Fibonacci LFSRs: Xilinx XAPP 052, table 3.
TAPS: dict[int, tuple[int, ...]] = {
    2: (2, 1), 3: (3, 2), 4: (4, 3), 5: (5, 3), 6: (6, 5), 7: (7, 6), 8: (8, 6, 5, 4), 9: (9, 5),
    10: (10, 7), 11: (11, 9), 12: (12, 6, 4, 1), 13: (13, 4, 3, 1), 14: (14, 5, 3, 1), 15: (15, 14),
    16: (16, 15, 13, 4), 17: (17, 14), 18: (18, 11), 19: (19, 6, 2, 1), 20: (20, 17), 24: (24, 23, 22, 17),
    32: (32, 22, 2, 1), 48: (48, 47, 21, 20), 64: (64, 63, 61, 60),
}  # fmt: skip
"""Taps by width."""


def _lfsr_model(x, args):
    width = args["width"]
    value, seen = 1, []
    for enable in x["enable"]:
        seen.append(value)
        if enable:
            new = 0
            for tap in TAPS[width]:
                new ^= value >> (tap - 1) & 1
            value = ((value << 1) & mask(width)) | new
    return {"out": seen}


@circuit(_lfsr_model, lambda width: {"width": width, "enable": 1} if width in TAPS else None, clocked=True)
def lfsr(enable: Bit, width: int) -> Bus:
    """Linear feedback shift register of maximal length: ``2**width - 1`` states, from 1 on."""
    if width not in TAPS:
        raise ValueFitError(f"lfsr() knows taps for widths {', '.join(map(str, TAPS))}, not {width}")
    b = enable.builder
    following = b.wires(width)
    state = b.register(following, enable=enable, init=1)
    b.drive(following, concat(tree(lambda p, q: p ^ q, [state[t - 1] for t in TAPS[width]]), state[:-1]))
    return state


# -- moving and collecting -------------------------------------------------------------------


class Shifted(NamedTuple):
    """All stages, and the bit that leaves next."""

    out: Bus
    serial: Bit


def _shift_model(x, args):
    width = args["width"]
    value, seen = 0, []
    for bit, enable in zip(x["serial_in"], x["enable"], strict=True):
        seen.append(value)
        if enable:
            value = ((value << 1) & mask(width)) | bit
    return {"out": seen, "serial": [v >> (width - 1) for v in seen]}


@circuit(_shift_model, lambda width: {"width": width, "serial_in": 1, "enable": 1}, clocked=True)
def shift_register(serial_in: Bit, enable: Bit, width: int) -> Shifted:
    """Shift register: a bit enters at the bottom, the top one leaves."""
    b = serial_in.builder
    following = b.wires(width)
    state = b.register(following, enable=enable)
    b.drive(following, concat(serial_in, state[:-1]))
    return Shifted(state, state[-1])


def _accumulator_model(x, args):
    total, seen = 0, []
    for a, reset in zip(x["a"], x["reset"], strict=True):
        seen.append(total)
        total = 0 if reset else (total + a) & mask(args["a"])
    return {"out": seen}


@circuit(_accumulator_model, lambda width: {"a": width, "reset": 1}, clocked=True)
def accumulator(a: Bus, reset: Bit) -> Bus:
    """Adds its input to itself every cycle, modulo ``2**width``."""
    b = a.builder
    following = b.wires(len(a))
    total = b.register(following, reset=reset)
    b.drive(following, brent_kung(total, a).sum)
    return total


# -- words by address ------------------------------------------------------------------------


class TwoWords(NamedTuple):
    """The two words read."""

    a: Bus
    b: Bus


def _file_model(x, args):
    n = args["n_words"]
    words, a, b = [0] * n, [], []
    rows = zip(x["read_a"], x["read_b"], x["write"], x["data"], x["enable"], strict=True)
    for read_a, read_b, write, data, enable in rows:
        a.append(words[read_a] if read_a < n else 0)
        b.append(words[read_b] if read_b < n else 0)
        if enable and write < n and not (args["zero"] and write == 0):
            words[write] = data
    return {"a": a, "b": b}


def _file_sizes(width: int):
    bits = 3 if width <= 16 else 5
    n_words = 6 if width == 3 else 1 << bits
    ports = {"read_a": bits, "read_b": bits, "write": bits, "data": width, "enable": 1}
    return {**ports, "n_words": n_words, "zero": width == 8}


@circuit(_file_model, _file_sizes, clocked=True)
def register_file(
    read_a: Bus, read_b: Bus, write: Bus, data: Bus, enable: Bit, n_words: int, zero: bool = False
) -> TwoWords:
    """Register file of flip-flops: two read ports, one write port; with `zero`, word 0 always reads 0.

    A read shows the word before this cycle's write. An address past the last word reads 0 and writes
    nothing.
    """
    if n_words > 1 << min(len(read_a), len(read_b), len(write)):
        raise WidthError(f"register_file(): these addresses cannot name {n_words} words")
    b = data.builder
    lines = decoder(write, enable)
    words = [b.register(data, enable=line) for line in lines[:n_words]]
    if zero:
        words[0] = b.constant(0, len(data))
    return TwoWords(multiplexer(words, read_a), multiplexer(words, read_b))


def _ram_model(x, args):
    words, seen = [0] * args["depth"], []
    for address, data, enable in zip(x["address"], x["data"], x["enable"], strict=True):
        inside = address < args["depth"]
        seen.append(words[address] if inside else 0)
        if enable and inside:
            words[address] = data
    return {"out": seen}


@circuit(
    _ram_model,
    lambda width: {"address": 4, "data": width, "enable": 1, "depth": 13 if width == 3 else 16},
    clocked=True,
)
def ram(address: Bus, data: Bus, enable: Bit, depth: int) -> Bus:
    """One-port RAM as a memory macro: read in the cycle, write at its end."""
    b = address.builder
    (out,) = b.memory("ram", depth=depth, width=len(data), read=[address], write=[(address, data, enable)])
    return out


def rom(b: Builder, address: Bus, contents: list[int], width: int, name: str = "rom") -> Bus:
    """Read-only memory as a macro: the word at an address, 0 past the last one."""
    (out,) = b.memory(name, depth=len(contents), width=width, read=[address], contents=contents)
    return out
