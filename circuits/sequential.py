"""Clocked circuits: registers, counters, shift registers, register files, memories."""

from __future__ import annotations

from collections.abc import Sequence
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


TAPS: dict[int, tuple[int, ...]] = {
    2: (2, 1), 3: (3, 2), 4: (4, 3), 5: (5, 3), 6: (6, 5), 7: (7, 6), 8: (8, 6, 5, 4), 9: (9, 5), 10: (10, 7),
    11: (11, 9), 12: (12, 6, 4, 1), 13: (13, 4, 3, 1), 14: (14, 5, 3, 1), 15: (15, 14), 16: (16, 15, 13, 4),
    17: (17, 14), 18: (18, 11), 19: (19, 6, 2, 1), 20: (20, 17), 21: (21, 19), 22: (22, 21), 23: (23, 18),
    24: (24, 23, 22, 17), 25: (25, 22), 26: (26, 6, 2, 1), 27: (27, 5, 2, 1), 28: (28, 25), 29: (29, 27),
    30: (30, 6, 4, 1), 31: (31, 28), 32: (32, 22, 2, 1), 33: (33, 20), 34: (34, 27, 2, 1), 35: (35, 33),
    36: (36, 25), 37: (37, 5, 4, 3, 2, 1), 38: (38, 6, 5, 1), 39: (39, 35), 40: (40, 38, 21, 19), 41: (41, 38),
    42: (42, 41, 20, 19), 43: (43, 42, 38, 37), 44: (44, 43, 18, 17), 45: (45, 44, 42, 41), 46: (46, 45, 26, 25),
    47: (47, 42), 48: (48, 47, 21, 20), 49: (49, 40), 50: (50, 49, 24, 23), 51: (51, 50, 36, 35), 52: (52, 49),
    53: (53, 52, 38, 37), 54: (54, 53, 18, 17), 55: (55, 31), 56: (56, 55, 35, 34), 57: (57, 50), 58: (58, 39),
    59: (59, 58, 38, 37), 60: (60, 59), 61: (61, 60, 46, 45), 62: (62, 61, 6, 5), 63: (63, 62),
    64: (64, 63, 61, 60),
}  # fmt: skip
"""Taps of maximal-length Fibonacci LFSRs by width, 2 to 64; tap 1 is the first stage (Xilinx XAPP 052, table 3)."""


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
        raise ValueFitError(f"lfsr() knows taps for widths {min(TAPS)} to {max(TAPS)}, not {width}")
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


class Words(NamedTuple):
    """One word for each read address."""

    out: list[Bus]


def _file_model(x, args):
    n, reads = args["n_words"], range(len(args["read"]))
    words = [0] * n
    seen: dict[str, list[int]] = {f"out{k}": [] for k in reads}
    for cycle, (write, data, enable) in enumerate(zip(x["write"], x["data"], x["enable"], strict=True)):
        for k in reads:
            address = x[f"read{k}"][cycle]
            seen[f"out{k}"].append(words[address] if address < n else 0)
        if enable and write < n and not (args["zero"] and write == 0):
            words[write] = data
    return seen


def _file_sizes(width: int):
    bits = 3 if width <= 16 else 5
    n_words = 6 if width == 3 else 1 << bits
    n_reads = {1: 1, 16: 3}.get(width, 2)
    ports = {"read": (bits,) * n_reads, "write": bits, "data": width, "enable": 1}
    return {**ports, "n_words": n_words, "zero": width == 8}


@circuit(_file_model, _file_sizes, clocked=True)
def register_file(
    read: Sequence[Bus],
    write: Bus,
    data: Bus,
    enable: Bit,
    n_words: int,
    zero: bool = False,
    name: str | None = None,
) -> Words:
    """Register file of flip-flops: any number of read ports, one write port; with `zero`, word 0 always reads 0.

    A read shows the word before this cycle's write. An address past the last word reads 0 and writes
    nothing. Words get names where a `name` is given: ``x1``, ``x2``, ...

    Raises
    ------
    WidthError
        No read port, no word, or an address too narrow to name every word.
    """
    if not len(read) or n_words < 1:
        raise WidthError(f"register_file() needs at least one read port and one word, not {len(read)} and {n_words}")
    if n_words > 1 << min(len(address) for address in (*read, write)):
        raise WidthError(f"register_file(): these addresses cannot name {n_words} words")
    b = data.builder
    lines = decoder(write, enable)
    # Word 0 of a `zero` file is a constant, and the multiplexers write no gate for its half.
    first = b.constant(0, len(data)) if zero else b.register(data, enable=lines[0])
    words = [first, *(b.register(data, enable=line) for line in lines[1:n_words])]
    for k, word in enumerate(words if name is not None else ()):
        if not (zero and k == 0):
            word.named(f"{name}{k}")
    return Words([multiplexer(words, address) for address in read])


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
